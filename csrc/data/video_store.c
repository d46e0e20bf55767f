// A least-recently-used list of open videos. Opening indexes the whole file, which is the cost that
// keeping saves.
#include "data/video_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/text.h"

typedef struct kept_video {
    video *handle;
    size_t index;
    uint64_t used; // larger is later
} kept_video;

typedef struct bad_video {
    sslact_status status; // SSLACT_OK: not known to be bad
    char *message;
} bad_video;

struct video_store {
    pthread_mutex_t lock;
    const char *const *paths;
    size_t count;
    video_options options;
    char *index_folder; // what options points to
    kept_video *kept;   // [capacity], kept_count in use
    size_t kept_count, capacity;
    size_t lent;
    uint64_t clock;
    bad_video *bad; // [count]
};

// A quarter of the descriptors this process may have, and no more than 64: a decoder holds some
// megabytes.
static size_t choose_capacity(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 8;
    }
    size_t quarter = limit.rlim_cur > 1024 ? 256 : (size_t)limit.rlim_cur / 4;
    return quarter < 4 ? 4 : quarter > 64 ? 64 : quarter;
}

sslact_status video_store_create(const char *const *paths, size_t count,
                                 const video_options *options, video_store **out)
{
    video_store *s = array_create(1, sizeof *s);
    if (s == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    s->paths = paths;
    s->count = count;
    s->options = *options;
    bool has_folder = options->index_folder != NULL;
    s->index_folder = has_folder ? text_copy(options->index_folder) : NULL;
    s->options.index_folder = s->index_folder;
    s->capacity = choose_capacity();
    s->kept = array_create(s->capacity, sizeof *s->kept);
    s->bad = array_create(count, sizeof *s->bad);
    pthread_mutex_init(&s->lock, NULL);
    if (s->kept == NULL || s->bad == NULL || (has_folder && s->index_folder == NULL)) {
        video_store_free(s);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = s;
    return SSLACT_OK;
}

static video *take_at(video_store *s, size_t place)
{
    video *v = s->kept[place].handle;
    s->kept[place] = s->kept[--s->kept_count];
    return v;
}

static video *take_kept(video_store *s, size_t index)
{
    for (size_t i = 0; i < s->kept_count; i++) {
        if (s->kept[i].index == index) {
            return take_at(s, i);
        }
    }
    return NULL;
}

static video *take_oldest(video_store *s)
{
    size_t oldest = 0;
    for (size_t i = 1; i < s->kept_count; i++) {
        if (s->kept[i].used < s->kept[oldest].used) {
            oldest = i;
        }
    }
    return s->kept_count == 0 ? NULL : take_at(s, oldest);
}

static void close_if_any(video *v)
{
    if (v != NULL) {
        video_close(v);
    }
}

// The lock is free while files are opened and closed.
static void close_oldest(video_store *s)
{
    pthread_mutex_lock(&s->lock);
    video *v = take_oldest(s);
    pthread_mutex_unlock(&s->lock);
    close_if_any(v);
}

static bool is_fault_of_file(sslact_status status)
{
    return status == SSLACT_ERROR_FORMAT || status == SSLACT_ERROR_DECODE ||
           status == SSLACT_ERROR_UNSUPPORTED;
}

static void remember_bad(video_store *s, size_t index, sslact_status status)
{
    pthread_mutex_lock(&s->lock);
    if (s->bad[index].status == SSLACT_OK && is_fault_of_file(status)) {
        s->bad[index].message = text_copy(sslact_error_get_message());
        s->bad[index].status = s->bad[index].message != NULL ? status : SSLACT_OK;
    }
    pthread_mutex_unlock(&s->lock);
    // Copying may have failed and replaced the message; the status is what counts then.
}

static sslact_status open_video(video_store *s, size_t index, video **out)
{
    sslact_status status = video_open(s->paths[index], &s->options, out);
    if (status == SSLACT_ERROR_IO) {
        // Perhaps out of descriptors: give one back and try once more.
        close_oldest(s);
        status = video_open(s->paths[index], &s->options, out);
    }
    if (status < 0) {
        remember_bad(s, index, status);
    }
    return status;
}

sslact_status video_store_acquire(video_store *s, size_t index, video **out)
{
    pthread_mutex_lock(&s->lock);
    if (s->bad[index].status < 0) {
        sslact_status status = error_set(s->bad[index].status, "%s", s->bad[index].message);
        pthread_mutex_unlock(&s->lock);
        return status;
    }
    video *v = take_kept(s, index);
    video *evicted = NULL;
    if (v == NULL && s->kept_count + s->lent >= s->capacity) {
        evicted = take_oldest(s);
    }
    s->lent++;
    pthread_mutex_unlock(&s->lock);

    close_if_any(evicted);
    sslact_status status = v != NULL ? SSLACT_OK : open_video(s, index, &v);
    if (status < 0) {
        pthread_mutex_lock(&s->lock);
        s->lent--;
        pthread_mutex_unlock(&s->lock);
        return status;
    }
    *out = v;
    return SSLACT_OK;
}

void video_store_release(video_store *s, size_t index, video *v, bool keep)
{
    video *evicted = v;
    pthread_mutex_lock(&s->lock);
    s->lent--;
    if (keep) {
        evicted = s->kept_count == s->capacity ? take_oldest(s) : NULL;
        s->kept[s->kept_count++] = (kept_video){v, index, ++s->clock};
    }
    pthread_mutex_unlock(&s->lock);
    close_if_any(evicted);
}

size_t video_store_count_open(video_store *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->kept_count + s->lent;
    pthread_mutex_unlock(&s->lock);
    return count;
}

size_t video_store_get_capacity(video_store *s)
{
    return s->capacity;
}

void video_store_free(video_store *s)
{
    if (s == NULL) {
        return;
    }
    while (s->kept_count > 0) {
        video_close(take_oldest(s));
    }
    for (size_t i = 0; s->bad != NULL && i < s->count; i++) {
        free(s->bad[i].message);
    }
    free(s->bad);
    free(s->index_folder);
    free(s->kept);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
