// Goes through the splits as dataset_open would, with a tally that lets nothing stop it.
#include "data/check.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/names.h"
#include "data/sampling.h"
#include "data/split.h"
#include "data/video_settings.h"

typedef struct checker {
    const config *config;
    const data_check_options *options;
    data_problems problems;
    sampling sampling;
    video_settings video_settings;
    name_table ids;   // video ids seen
    name_table paths; // video files opened
    double *ends;     // [paths.count] time of the last frame, NaN: does not open
    size_t end_capacity;
    data_check_summary summary;
} checker;

static int forward_problem(data_problem kind, const char *place, const char *what, void *user)
{
    const data_check_options *options = ((const checker *)user)->options;
    return options->problem == NULL ? 0
                                    : options->problem(kind, place, what, options->problem_user);
}

static sslact_status report_progress(const checker *k, split_kind kind, size_t done, size_t total)
{
    sslact_progress progress;
    SSLACT_INIT(progress);
    progress.phase = split_get_name(kind);
    progress.done = (int64_t)done;
    progress.total = (int64_t)total;
    if (k->options->progress != NULL &&
        k->options->progress(&progress, k->options->progress_user) != 0) {
        return error_set(SSLACT_ERROR_CANCELLED, "cancelled by the caller");
    }
    return SSLACT_OK;
}

// --- videos ---

// What went wrong without the path, where the message begins with it.
static const char *skip_place(const char *message, const char *place)
{
    size_t length = strlen(place);
    bool starts = strncmp(message, place, length) == 0 && strncmp(message + length, ": ", 2) == 0;
    return starts ? message + length + 2 : message;
}

static sslact_status measure_video(checker *k, const char *path, double *end)
{
    video *v = NULL;
    *end = NAN;
    sslact_status status = video_open(path, &k->video_settings.options, &v);
    if (status == SSLACT_ERROR_OUT_OF_MEMORY) {
        return status;
    }
    if (status < 0) {
        return data_problems_report(&k->problems, DATA_PROBLEM_VIDEO, path, "%s",
                                    skip_place(sslact_error_get_message(), path));
    }
    *end = sampling_get_end(v);
    video_close(v);
    return SSLACT_OK;
}

// The length of a video, which several splits may share.
static sslact_status find_end(checker *k, const char *path, double *end)
{
    size_t known = k->paths.count;
    int32_t index;
    sslact_status status = name_table_add(&k->paths, path, strlen(path), &index);
    if (status >= 0) {
        status =
            array_reserve((void **)&k->ends, &k->end_capacity, k->paths.count, sizeof *k->ends);
    }
    if (status >= 0 && (size_t)index == known) {
        status = measure_video(k, path, &k->ends[index]);
    }
    if (status >= 0) {
        *end = k->ends[index];
    }
    return status;
}

static sslact_status check_key_frame(checker *k, const split_table *t, const split_frame *frame,
                                     double end)
{
    double seconds = (double)frame->time_us / 1e6 - t->start_offset_seconds;
    data_place place =
        data_problems_locate(frame->from_boxes ? t->boxes_path : t->labels_path, frame->line);
    sslact_status status =
        isnan(end) ? SSLACT_OK : sampling_check_key_frame(&k->sampling, end, seconds, place.text);
    if (status >= 0) {
        return SSLACT_OK;
    }
    return data_problems_report(&k->problems, DATA_PROBLEM_KEY_FRAME, place.text,
                                "video \"%s\": %s", t->videos.names[frame->video],
                                skip_place(sslact_error_get_message(), place.text));
}

// Clips are sorted by video: each is opened when its first clip comes.
static sslact_status check_videos(checker *k, const split_table *t)
{
    data_check_split *counts = &k->summary.splits[t->kind];
    int32_t video_now = -1, ignored;
    double end = NAN;
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < t->clip_count; i++) {
        const split_frame *frame = &t->frames[i];
        if (frame->video != video_now) {
            const char *id = t->videos.names[frame->video];
            video_now = frame->video;
            counts->videos++;
            status = name_table_add(&k->ids, id, strlen(id), &ignored);
            if (status >= 0 && t->paths != NULL) {
                status = find_end(k, t->paths[frame->video], &end);
            }
            if (status >= 0) {
                status = report_progress(k, t->kind, i, t->clip_count);
            }
        }
        if (status >= 0) {
            status = check_key_frame(k, t, frame, end);
        }
    }
    return status < 0 ? status : report_progress(k, t->kind, t->clip_count, t->clip_count);
}

// --- counts and classes ---

static void count_split(const split_table *t, data_check_split *counts)
{
    counts->clips = (int64_t)t->clip_count;
    counts->empty = (int64_t)(t->frame_count - t->clip_count);
    counts->people = (int64_t)t->box_count;
    counts->instances = (int64_t)t->person_count;
    counts->labels = (int64_t)t->label_count;
}

static sslact_status copy_classes(const ava_actions *actions, data_check_summary *out)
{
    out->class_ids = array_create(actions->count, sizeof *out->class_ids);
    out->class_names = array_create(actions->count, sizeof *out->class_names);
    out->instances_per_class = array_create(actions->count, sizeof *out->instances_per_class);
    if (out->class_ids == NULL || out->class_names == NULL || out->instances_per_class == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    out->class_count = (int32_t)actions->count;
    for (size_t j = 0; j < actions->count; j++) {
        out->class_ids[j] = actions->actions[j].id;
        out->class_names[j] = text_copy(actions->actions[j].name);
        if (out->class_names[j] == NULL) {
            return SSLACT_ERROR_OUT_OF_MEMORY;
        }
    }
    return SSLACT_OK;
}

static bool has_classes(const data_check_summary *summary, const ava_actions *actions)
{
    bool same = summary->class_count == (int32_t)actions->count;
    for (size_t j = 0; same && j < actions->count; j++) {
        same = summary->class_ids[j] == actions->actions[j].id;
    }
    return same;
}

static sslact_status check_classes(checker *k, const split_table *t)
{
    const char *path = config_get_split_text(k->config, split_get_name(t->kind), "actions");
    int64_t class_count = config_get_int(k->config, "model.class_count");
    if (k->summary.class_count > 0) {
        return has_classes(&k->summary, &t->actions)
                   ? SSLACT_OK
                   : data_problems_report(&k->problems, DATA_PROBLEM_CLASSES, path,
                                          "the classes of split %s are not those of another split",
                                          split_get_name(t->kind));
    }
    sslact_status status = copy_classes(&t->actions, &k->summary);
    if (status >= 0 && class_count != (int64_t)t->actions.count) {
        status = data_problems_report(&k->problems, DATA_PROBLEM_CLASSES, path,
                                      "%zu actions, model.class_count is %lld", t->actions.count,
                                      (long long)class_count);
    }
    return status;
}

// A person with a class on several rows counts once.
static void count_classes(const split_table *t, int64_t *instances_per_class)
{
    for (size_t f = 0; f < t->frame_count; f++) {
        const split_label *labels = &t->labels[t->frames[f].label_first];
        for (int32_t i = 0; i < t->frames[f].label_count; i++) {
            bool repeated = false;
            for (int32_t k = 0; k < i && !repeated; k++) {
                repeated = labels[k].person == labels[i].person &&
                           labels[k].class_index == labels[i].class_index;
            }
            instances_per_class[labels[i].class_index] += !repeated;
        }
    }
}

// --- all of it ---

static sslact_status check_table(checker *k, const split_table *t)
{
    count_split(t, &k->summary.splits[t->kind]);
    sslact_status status = check_classes(k, t);
    if (status >= 0 && t->kind == SPLIT_TRAIN) {
        count_classes(t, k->summary.instances_per_class);
    }
    return status < 0 ? status : check_videos(k, t);
}

static sslact_status check_split(checker *k, split_kind kind)
{
    split_table *table = NULL;
    k->summary.splits[kind].configured = true;
    sslact_status status = report_progress(k, kind, 0, 0);
    if (status >= 0) {
        status = split_load(k->config, kind, &k->problems, &table);
        if (status >= 0) {
            status = check_table(k, table);
        } else if (status != SSLACT_ERROR_OUT_OF_MEMORY && status != SSLACT_ERROR_CANCELLED) {
            status = data_problems_report(&k->problems, DATA_PROBLEM_FILE, split_get_name(kind),
                                          "%s", sslact_error_get_message());
        }
    }
    split_free(table);
    return status;
}

static sslact_status check_all(checker *k)
{
    bool any = false;
    sslact_status status = SSLACT_OK;
    for (int kind = 0; status >= 0 && kind < 3; kind++) {
        if (split_is_configured(k->config, (split_kind)kind)) {
            any = true;
            status = check_split(k, (split_kind)kind);
        }
    }
    if (status >= 0 && !any) {
        status = error_set(SSLACT_ERROR_CONFIG,
                           "no files to check: data.train.labels, data.validation.labels and "
                           "data.unlabeled.person_boxes are not set");
    }
    return status;
}

static void finish(checker *k)
{
    data_check_summary *summary = &k->summary;
    summary->videos = (int64_t)k->ids.count;
    for (int i = 0; i < 3; i++) {
        summary->key_frames += summary->splits[i].clips;
        summary->people += summary->splits[i].people;
    }
    for (int i = 0; i < DATA_PROBLEM_COUNT; i++) {
        summary->problem_counts[i] = k->problems.counts[i];
        summary->problems += k->problems.counts[i];
    }
}

sslact_status data_check(const config *c, const data_check_options *options,
                         data_check_summary *out)
{
    checker *k = array_create(1, sizeof *k);
    if (k == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    k->config = c;
    k->options = options;
    k->problems.callback = forward_problem;
    k->problems.user = k;
    sampling_read(c, &k->sampling);
    sslact_status status = video_settings_read(c, &k->video_settings);
    status = status < 0 ? status : check_all(k);
    if (status >= 0) {
        finish(k);
        *out = k->summary;
    } else {
        data_check_summary_clear(&k->summary);
    }
    name_table_free(&k->ids);
    name_table_free(&k->paths);
    free(k->ends);
    video_settings_clear(&k->video_settings);
    free(k);
    return status;
}

void data_check_summary_clear(data_check_summary *summary)
{
    for (int32_t j = 0; summary->class_names != NULL && j < summary->class_count; j++) {
        free(summary->class_names[j]);
    }
    free(summary->class_names);
    free(summary->class_ids);
    free(summary->instances_per_class);
    *summary = (data_check_summary){0};
}
