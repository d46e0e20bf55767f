// Opens every video once, on several threads, and looks for the frames of every clip: in its index,
// or by decoding them. Problems are told in the order of the videos, by the thread that checks.
#include "data/check_videos.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "data/lines.h"
#include "data/video_settings.h"

#define MOST_THREADS 64
// Frames decoded by one call: a stop is heard between calls.
#define DEEP_FRAMES 256

// --- problems ---

static sslact_status add_problem(video_job *job, data_problem kind, const data_place *place,
                                 const char *what)
{
    sslact_status status = array_reserve((void **)&job->problems, &job->problem_capacity,
                                         job->problem_count + 1, sizeof *job->problems);
    if (status < 0) {
        return status;
    }
    char *copy = text_copy(what);
    if (copy == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    job->problems[job->problem_count++] = (found_problem){kind, *place, copy};
    return SSLACT_OK;
}

static sslact_status add_clip_problem(video_job *job, const clip_range *range, size_t clip,
                                      data_problem kind)
{
    const split_table *t = range->table;
    const split_frame *frame = &t->frames[clip];
    const data_place place = check_locate(t, frame);
    char what[DATA_PROBLEM_TEXT];
    snprintf(what, sizeof what, "video \"%.200s\": %s", t->videos.names[frame->video],
             check_skip_place(check_skip_place(sslact_error_get_message(), place.text), job->path));
    return add_problem(job, kind, &place, what);
}

// --- one video ---

// Frames [frame_count] of a clip; what is wrong with them becomes a problem, *found says whether.
static sslact_status find_frames(const video_work *w, video_job *job, const clip_range *range,
                                 size_t clip, const video *v, int64_t *frames, bool *found)
{
    sslact_status status =
        sampling_choose(&w->k->sampling, v, clip_range_get_seconds(range, clip), job->path, frames);
    *found = status >= 0;
    if (status >= 0 || status == SSLACT_ERROR_OUT_OF_MEMORY) {
        return status;
    }
    return add_clip_problem(job, range, clip,
                            status == SSLACT_ERROR_MISMATCH ? DATA_PROBLEM_KEY_FRAME
                                                            : DATA_PROBLEM_FRAMES);
}

// --- decoding ---

// Clips of neighbouring key frames share most of their frames: they are decoded together, each
// frame once, and one by one where that fails.
typedef struct clip_batch {
    size_t *clips;   // [clip_count]
    int64_t *frames; // [frame_count] of all of them
    size_t clip_count, clip_capacity, frame_count, frame_capacity;
} clip_batch;

static sslact_status add_to_batch(clip_batch *b, size_t clip, const int64_t *frames, size_t count)
{
    sslact_status status =
        array_reserve((void **)&b->clips, &b->clip_capacity, b->clip_count + 1, sizeof *b->clips);
    if (status >= 0) {
        status = array_reserve((void **)&b->frames, &b->frame_capacity, b->frame_count + count,
                               sizeof *b->frames);
    }
    if (status >= 0) {
        b->clips[b->clip_count++] = clip;
        memcpy(b->frames + b->frame_count, frames, count * sizeof *frames);
        b->frame_count += count;
    }
    return status;
}

static int compare_frames(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void sort_frames(clip_batch *b)
{
    size_t kept = 0;
    qsort(b->frames, b->frame_count, sizeof *b->frames, compare_frames);
    for (size_t i = 0; i < b->frame_count; i++) {
        if (i == 0 || b->frames[i] != b->frames[i - 1]) {
            b->frames[kept++] = b->frames[i];
        }
    }
    b->frame_count = kept;
}

static sslact_status drop_picture(const picture *p, size_t position, void *user)
{
    (void)p;
    (void)position;
    (void)user;
    return SSLACT_OK;
}

static sslact_status decode_alone(video_work *w, video_job *job, const clip_range *range,
                                  size_t clip, video *v, int64_t *frames)
{
    bool found = false;
    sslact_status status = find_frames(w, job, range, clip, v, frames, &found);
    if (status < 0 || !found || atomic_load(&w->stop)) {
        return status;
    }
    status = video_read(v, frames, (size_t)w->k->sampling.frame_count, drop_picture, NULL);
    return status >= 0 || status == SSLACT_ERROR_OUT_OF_MEMORY
               ? status
               : add_clip_problem(job, range, clip, DATA_PROBLEM_DECODING);
}

static sslact_status decode_batch(video_work *w, video_job *job, const clip_range *range,
                                  clip_batch *b, video *v, int64_t *frames)
{
    if (b->frame_count == 0) {
        return SSLACT_OK;
    }
    sort_frames(b);
    sslact_status status = video_read(v, b->frames, b->frame_count, drop_picture, NULL);
    bool failed = status < 0 && status != SSLACT_ERROR_OUT_OF_MEMORY;
    status = failed ? SSLACT_OK : status;
    for (size_t i = 0; failed && status >= 0 && i < b->clip_count; i++) {
        status = decode_alone(w, job, range, b->clips[i], v, frames);
    }
    b->clip_count = b->frame_count = 0;
    return status;
}

static sslact_status check_range(video_work *w, video_job *job, const clip_range *range, video *v,
                                 int64_t *frames)
{
    const bool deep = w->k->options->deep;
    const size_t count = (size_t)w->k->sampling.frame_count;
    clip_batch batch = {0};
    sslact_status status = SSLACT_OK;
    for (size_t clip = range->first; status >= 0 && clip < range->end; clip++) {
        bool found = false;
        if (atomic_load(&w->stop)) {
            break;
        }
        status = find_frames(w, job, range, clip, v, frames, &found);
        if (status >= 0 && found && deep) {
            status = add_to_batch(&batch, clip, frames, count);
        }
        if (status >= 0 && batch.frame_count >= DEEP_FRAMES) {
            status = decode_batch(w, job, range, &batch, v, frames);
        }
    }
    if (status >= 0 && !atomic_load(&w->stop)) {
        status = decode_batch(w, job, range, &batch, v, frames);
    }
    free(batch.clips);
    free(batch.frames);
    return status;
}

static sslact_status open_video(const video_work *w, video_job *job, video **out)
{
    const split_table *t = job->ranges[0].table;
    const size_t video_index = (size_t)t->frames[job->ranges[0].first].video;
    sslact_status status = split_open_video(t, video_index, &w->options, out);
    job->end = NAN;
    if (status >= 0) {
        job->end = sampling_get_end(&w->k->sampling, *out);
        job->frame_count = video_count_frames(*out);
        return SSLACT_OK;
    }
    if (status == SSLACT_ERROR_OUT_OF_MEMORY) {
        return status;
    }
    data_place place;
    snprintf(place.text, sizeof place.text, "%s", job->path);
    const char *what = check_skip_place(sslact_error_get_message(), job->path);
    return add_problem(job, DATA_PROBLEM_VIDEO, &place, what);
}

// UCF101-24's annotation says how many frames a video has: another file of it may be cut otherwise.
static sslact_status check_frame_count(video_job *job, const clip_range *range)
{
    const split_table *t = range->table;
    const int32_t id = t->frames[range->first].video;
    const int64_t annotated = t->frame_counts != NULL ? t->frame_counts[id] : 0;
    char what[DATA_PROBLEM_TEXT];
    data_place place;
    if (annotated == 0 || annotated == job->frame_count) {
        return SSLACT_OK;
    }
    snprintf(place.text, sizeof place.text, "%s", job->path);
    snprintf(what, sizeof what, "the annotation of video \"%.200s\" has %lld frames, the file %lld",
             t->videos.names[id], (long long)annotated, (long long)job->frame_count);
    return add_problem(job, DATA_PROBLEM_FRAME_COUNT, &place, what);
}

// Opening looks at the first picture of a frame list only.
static sslact_status check_pictures(video_job *job)
{
    const split_table *t = job->ranges[0].table;
    const size_t video_index = (size_t)t->frames[job->ranges[0].first].video;
    int64_t count = 0;
    text path = {0};
    data_place place;
    char what[DATA_PROBLEM_TEXT];
    if (t->pictures == NULL) {
        return SSLACT_OK;
    }
    sslact_status status = frame_list_find_missing(t->pictures, video_index, &count, &path);
    if (status >= 0 && count > 0) {
        snprintf(place.text, sizeof place.text, "%s", text_get(&path));
        snprintf(what, sizeof what,
                 "no such picture; %lld of the %lld pictures of video \"%.200s\" are missing",
                 (long long)count, (long long)job->frame_count, t->videos.names[video_index]);
        status = add_problem(job, DATA_PROBLEM_FRAMES, &place, what);
    }
    text_free(&path);
    return status;
}

static sslact_status check_video(video_work *w, video_job *job)
{
    video *v = NULL;
    int64_t *frames = array_create((size_t)w->k->sampling.frame_count, sizeof *frames);
    if (frames == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = open_video(w, job, &v);
    if (v != NULL) {
        status = check_pictures(job);
    }
    for (int32_t i = 0; status >= 0 && v != NULL && i < job->range_count; i++) {
        status = check_frame_count(job, &job->ranges[i]);
        if (status >= 0) {
            status = check_range(w, job, &job->ranges[i], v, frames);
        }
    }
    if (v != NULL) {
        video_close(v);
    }
    free(frames);
    return status;
}

// --- threads ---

static void *work(void *user)
{
    video_work *w = user;
    for (;;) {
        size_t i = atomic_fetch_add(&w->next, 1);
        if (i >= w->job_count || atomic_load(&w->stop)) {
            return NULL;
        }
        video_job *job = &w->jobs[i];
        job->status = check_video(w, job);
        job->message = job->status < 0 ? text_copy(sslact_error_get_message()) : NULL;
        pthread_mutex_lock(&w->lock);
        job->done = true;
        pthread_cond_signal(&w->changed);
        pthread_mutex_unlock(&w->lock);
    }
}

static sslact_status tell_problems(video_work *w, const video_job *job)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < job->problem_count; i++) {
        status = check_report(w->k, job->problems[i].kind, job->problems[i].place.text, "%s",
                              job->problems[i].text);
    }
    if (status >= 0 && job->status < 0) {
        status = error_set(job->status, "%s", job->message != NULL ? job->message : job->path);
    }
    return status;
}

// In the order of the jobs, whichever thread is faster.
static sslact_status tell_all(video_work *w)
{
    sslact_status status = check_progress(w->k, "videos", 0, (int64_t)w->job_count);
    for (size_t i = 0; status >= 0 && i < w->job_count; i++) {
        pthread_mutex_lock(&w->lock);
        while (!w->jobs[i].done) {
            pthread_cond_wait(&w->changed, &w->lock);
        }
        pthread_mutex_unlock(&w->lock);
        status = tell_problems(w, &w->jobs[i]);
        if (status >= 0) {
            status = check_progress(w->k, "videos", (int64_t)i + 1, (int64_t)w->job_count);
        }
    }
    return status;
}

static int32_t count_threads(const video_work *w)
{
    int32_t wanted = w->k->options->threads;
    wanted = wanted > 0 ? wanted : clock_count_processors();
    wanted = wanted < MOST_THREADS ? wanted : MOST_THREADS;
    return (size_t)wanted < w->job_count ? wanted : (int32_t)w->job_count;
}

static sslact_status run_jobs(video_work *w)
{
    pthread_t threads[MOST_THREADS];
    int32_t started = 0, wanted = count_threads(w);
    sslact_status status = SSLACT_OK;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    while (started < wanted && pthread_create(&threads[started], NULL, work, w) == 0) {
        started++;
    }
    if (started == 0 && w->job_count > 0) {
        status = error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no thread can be started");
    }
    if (status >= 0) {
        status = tell_all(w);
    }
    atomic_store(&w->stop, true);
    for (int32_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    return status;
}

// --- jobs ---

static sslact_status add_range(video_work *w, const split_table *t, size_t first, size_t end)
{
    const char *path = t->paths[t->frames[first].video];
    size_t known = w->paths.count;
    int32_t index;
    if (path == NULL) {
        return SSLACT_OK;
    }
    sslact_status status = name_table_add(&w->paths, path, strlen(path), &index);
    if (status >= 0) {
        status =
            array_reserve((void **)&w->jobs, &w->job_capacity, w->paths.count, sizeof *w->jobs);
    }
    if (status < 0) {
        return status;
    }
    if ((size_t)index == known) {
        w->jobs[index] = (video_job){.path = path};
        w->job_count = w->paths.count;
    }
    video_job *job = &w->jobs[index];
    if (job->range_count < CHECK_SPLITS) {
        job->ranges[job->range_count++] = (clip_range){t, first, end};
    }
    return SSLACT_OK;
}

// Clips are sorted by video.
static sslact_status list_jobs(video_work *w, const split_table *t)
{
    sslact_status status = SSLACT_OK;
    for (size_t first = 0, end; status >= 0 && first < t->clip_count; first = end) {
        end = first + 1;
        while (end < t->clip_count && t->frames[end].video == t->frames[first].video) {
            end++;
        }
        status = add_range(w, t, first, end);
    }
    return status;
}

static void free_work(video_work *w)
{
    for (size_t i = 0; i < w->job_count; i++) {
        for (size_t n = 0; n < w->jobs[i].problem_count; n++) {
            free(w->jobs[i].problems[n].text);
        }
        free(w->jobs[i].problems);
        free(w->jobs[i].message);
    }
    free(w->jobs);
    name_table_free(&w->paths);
}

// --- all of it ---

static sslact_status check_all(video_work *w)
{
    sslact_status status = SSLACT_OK;
    for (int i = 0; status >= 0 && i < CHECK_SPLITS; i++) {
        const split_table *t = w->k->tables[i];
        status = t != NULL && t->paths != NULL ? list_jobs(w, t) : SSLACT_OK;
    }
    if (status < 0 || w->job_count == 0) {
        return status;
    }
    status = run_jobs(w);
    for (int i = 0; status >= 0 && i < CHECK_SPLITS; i++) {
        const split_table *t = w->k->tables[i];
        status = t != NULL && !t->counts_frames ? check_start(w, t) : SSLACT_OK;
    }
    return status < 0 ? status : check_same_videos(w);
}

sslact_status check_videos(checker *k)
{
    video_work *w = array_create(1, sizeof *w);
    video_settings settings = {0};
    if (w == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    w->k = k;
    sslact_status status = video_settings_read(k->config, &settings);
    if (status >= 0) {
        w->options = settings.options;
        status = check_all(w);
    }
    video_settings_clear(&settings);
    free_work(w);
    free(w);
    return status;
}
