// Threads take videos by number until none is left; the calling thread waits and reports. A
// failure's message is carried from the thread that met it to the caller.
#include "demo/producer.h"

#include "demo/renderer.h"

#include "base/array.h"
#include "base/clock.h"
#include "media/encoder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_THREADS = 64,
    QUALITY = 30 // crf: noise is expensive, people look the same
};

typedef struct producer {
    const demo_world *world;
    const char *folder;
    atomic_bool stop;
    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t changed;
    int64_t next, done, total;
    int working; // threads that have not ended
    sslact_status status;
    char message[2048];
} producer;

sslact_status producer_get_path(const char *folder, const demo_video *video, char *path,
                                size_t capacity)
{
    int length = snprintf(path, capacity, "%s/%s.mp4", folder, video->name);
    if (length < 0 || (size_t)length >= capacity) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s: path is too long", folder);
    }
    return SSLACT_OK;
}

// --- one video ---

static sslact_status encode_frames(producer *p, renderer *r, const demo_video *video, encoder *e,
                                   uint8_t *pixels)
{
    for (int64_t frame = 0; frame < DEMO_VIDEO_FRAMES; frame++) {
        if (atomic_load(&p->stop)) {
            return error_set(SSLACT_ERROR_CANCELLED, "making the demo world was cancelled");
        }
        renderer_draw(r, video, frame, pixels);
        sslact_status status = encoder_write(e, pixels);
        if (status != SSLACT_OK) {
            return status;
        }
    }
    return SSLACT_OK;
}

static sslact_status make_video(producer *p, int64_t index, renderer *r, uint8_t *pixels)
{
    encoder_options options = {.width = DEMO_WIDTH,
                               .height = DEMO_HEIGHT,
                               .rate_numerator = DEMO_RATE,
                               .rate_denominator = 1,
                               .key_frame_interval = DEMO_RATE,
                               .quality = QUALITY};
    demo_video video = {0};
    encoder *e = NULL;
    char path[4096];
    sslact_status status = demo_video_plan(p->world, index, &video);
    if (status != SSLACT_OK) {
        return status;
    }
    renderer_forget(r); // the scene it remembers belonged to another plan
    status = producer_get_path(p->folder, &video, path, sizeof path);
    if (status != SSLACT_OK) {
        goto out;
    }
    status = encoder_open(path, &options, &e);
    if (status != SSLACT_OK) {
        goto out;
    }
    status = encode_frames(p, r, &video, e, pixels);
    if (status == SSLACT_OK) {
        status = encoder_finish(e);
    } else {
        encoder_discard(e);
    }
out:
    demo_video_clear(&video);
    return status;
}

// --- threads ---

static bool take(producer *p, int64_t *index)
{
    pthread_mutex_lock(&p->mutex);
    bool any = !atomic_load(&p->stop) && p->next < p->total;
    if (any) {
        *index = p->next++;
    }
    pthread_mutex_unlock(&p->mutex);
    return any;
}

// The first failure is kept and ends the work of all.
static void hand_in(producer *p, sslact_status status)
{
    pthread_mutex_lock(&p->mutex);
    if (status == SSLACT_OK) {
        p->done++;
    } else {
        if (p->status == SSLACT_OK) {
            p->status = status;
            snprintf(p->message, sizeof p->message, "%s", sslact_error_get_message());
        }
        atomic_store(&p->stop, true);
    }
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->mutex);
}

static void *work(void *argument)
{
    producer *p = argument;
    renderer *r = NULL;
    uint8_t *pixels = array_create(DEMO_HEIGHT * DEMO_WIDTH, 3);
    sslact_status status =
        pixels != NULL ? renderer_create(p->world, &r) : SSLACT_ERROR_OUT_OF_MEMORY;
    int64_t index;
    if (status != SSLACT_OK) {
        hand_in(p, status);
    }
    while (status == SSLACT_OK && take(p, &index)) {
        status = make_video(p, index, r, pixels);
        hand_in(p, status);
    }
    renderer_free(r);
    free(pixels);
    pthread_mutex_lock(&p->mutex);
    p->working--;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

// Waits for the threads; reports each step of `done` without holding the lock.
static void watch(producer *p, sslact_progress_callback callback, void *user)
{
    int64_t reported = 0;
    pthread_mutex_lock(&p->mutex);
    for (;;) {
        if (callback == NULL || p->done == reported || atomic_load(&p->stop)) {
            if (p->working == 0) {
                break;
            }
            pthread_cond_wait(&p->changed, &p->mutex);
            continue;
        }
        reported = p->done;
        sslact_progress progress;
        SSLACT_INIT(progress);
        progress.phase = "videos";
        progress.done = reported;
        progress.total = p->total;
        pthread_mutex_unlock(&p->mutex);
        int cancelled = callback(&progress, user);
        pthread_mutex_lock(&p->mutex);
        if (cancelled != 0) {
            atomic_store(&p->stop, true);
            p->status = SSLACT_ERROR_CANCELLED;
            snprintf(p->message, sizeof p->message, "making the demo world was cancelled");
        }
    }
    pthread_mutex_unlock(&p->mutex);
}

static int count_threads(int wanted, int64_t total)
{
    int count = wanted > 0 ? wanted : clock_count_processors();
    count = count < MAX_THREADS ? count : MAX_THREADS;
    return count < total ? count : (int)total;
}

sslact_status producer_run(const demo_world *world, const char *folder, int thread_count,
                           sslact_progress_callback progress, void *user)
{
    producer p = {.world = world, .folder = folder, .total = demo_world_count_videos(world)};
    pthread_t threads[MAX_THREADS];
    int wanted = count_threads(thread_count, p.total);
    int started = 0;
    pthread_mutex_init(&p.mutex, NULL);
    pthread_cond_init(&p.changed, NULL);

    for (; started < wanted; started++) {
        pthread_mutex_lock(&p.mutex);
        p.working++;
        pthread_mutex_unlock(&p.mutex);
        if (pthread_create(&threads[started], NULL, work, &p) != 0) {
            pthread_mutex_lock(&p.mutex);
            p.working--;
            pthread_mutex_unlock(&p.mutex);
            break; // fewer threads make the same videos
        }
    }
    watch(&p, progress, user);
    for (int t = 0; t < started; t++) {
        pthread_join(threads[t], NULL);
    }
    pthread_cond_destroy(&p.changed);
    pthread_mutex_destroy(&p.mutex);
    if (started == 0) {
        return error_set(SSLACT_ERROR_INTERNAL, "no thread could be started to draw videos");
    }
    return p.status == SSLACT_OK ? SSLACT_OK : error_set(p.status, "%s", p.message);
}
