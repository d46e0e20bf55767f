// A least-recently-used list of open videos. Opening indexes the whole file, which is the cost that
// keeping saves.
#include "data/video_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/text.h"

enum { POOL_LEAST = 4, POOL_MOST = 64 };
static const int64_t POOL_BYTES = INT64_C(1) << 30;

typedef struct pool_video {
    video *handle; // NULL: being opened
    bool lent;
    const video_store *keeper; // who uses it, or did so last: its path and options
    const char *path;
    int64_t bytes;
    uint64_t used; // larger is later
} pool_video;

typedef struct bad_video {
    sslact_status status; // SSLACT_OK: not known to be bad
    char *message;
} bad_video;

struct video_store {
    const char *const *paths;
    size_t count;
    video_opener open; // NULL: video_open
    void *open_user;
    video_options options;
    char *index_folder; // what options points to
    bad_video *bad;     // [count]
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;

// Everything below, and the stores' lists of bad videos, belongs to the lock.
static struct {
    pool_video videos[POOL_MOST]; // in no order
    size_t count;                 // at most the capacity
    uint64_t clock;
    uint64_t opened;        // videos in all
    size_t capacity_wanted; // 0: by the limit on descriptors
    int64_t bytes_wanted;   // 0: POOL_BYTES
} pool;

// Limits -------------------------------------------------------------------------------------

static size_t choose_capacity(void)
{
    struct rlimit limit;
    if (pool.capacity_wanted > 0) {
        return pool.capacity_wanted;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return POOL_LEAST;
    }
    size_t quarter = limit.rlim_cur / 4 > POOL_MOST ? POOL_MOST : (size_t)limit.rlim_cur / 4;
    return quarter < POOL_LEAST ? POOL_LEAST : quarter;
}

static int64_t count_bytes(void)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < pool.count; i++) {
        bytes += pool.videos[i].bytes;
    }
    return bytes;
}

// A decoder holds the pictures that others may refer to, up to 16 in H.264 and H.265, and a few
// on their way out, of about two bytes a pixel; the index takes some 64 bytes a picture. Measured
// on 33 files of ten codecs it is 1.0 to 4.4 times what malloc gave out.
int64_t video_pool_estimate(const video *v)
{
    enum { PICTURES = 18, BYTES_PIXEL = 2, BYTES_FRAME = 64, BYTES_HANDLE = 1 << 21 };
    video_info info;
    video_describe(v, &info);
    return (int64_t)info.stored_width * info.stored_height * PICTURES * BYTES_PIXEL +
           info.frame_count * BYTES_FRAME + BYTES_HANDLE;
}

// The list; the caller holds the lock -------------------------------------------------------

static void forget(size_t place)
{
    pool.videos[place] = pool.videos[--pool.count];
}

// Where a kept index lies matters to opening alone.
static bool gives_same_frames(const video_options *a, const video_options *b)
{
    return a->budget_seconds == b->budget_seconds && a->max_pixels == b->max_pixels &&
           a->folder_frame_rate == b->folder_frame_rate &&
           a->no_frame_skipping == b->no_frame_skipping;
}

static bool serves(const pool_video *kept, const video_store *s, const char *path)
{
    return !kept->lent && strcmp(kept->path, path) == 0 &&
           kept->keeper->open_user == s->open_user &&
           gives_same_frames(&kept->keeper->options, &s->options);
}

static pool_video *find_kept(const video_store *s, const char *path)
{
    for (size_t i = 0; i < pool.count; i++) {
        if (serves(&pool.videos[i], s, path)) {
            return &pool.videos[i];
        }
    }
    return NULL;
}

static pool_video *find_lent(const video *v)
{
    for (size_t i = 0; i < pool.count; i++) {
        if (pool.videos[i].handle == v) {
            return &pool.videos[i];
        }
    }
    return NULL;
}

// Takes the video longest unused off the list; NULL when all are lent. `but` stays.
static video *take_oldest(const video *but)
{
    size_t oldest = pool.count;
    for (size_t i = 0; i < pool.count; i++) {
        const pool_video *o = &pool.videos[i];
        if (!o->lent && o->handle != but &&
            (oldest == pool.count || o->used < pool.videos[oldest].used)) {
            oldest = i;
        }
    }
    if (oldest == pool.count) {
        return NULL;
    }
    video *v = pool.videos[oldest].handle;
    forget(oldest);
    return v;
}

// What must be closed so that `room` more videos fit; *count of them in out [POOL_MOST].
static void take_surplus(size_t room, const video *but, video **out, size_t *count)
{
    size_t capacity = choose_capacity();
    int64_t bytes = pool.bytes_wanted > 0 ? pool.bytes_wanted : POOL_BYTES;
    video *v = NULL;
    while ((pool.count + room > capacity || count_bytes() > bytes) &&
           (v = take_oldest(but)) != NULL) {
        out[(*count)++] = v;
    }
}

static bool has_room(void)
{
    size_t lent = 0;
    for (size_t i = 0; i < pool.count; i++) {
        lent += pool.videos[i].lent;
    }
    return lent < choose_capacity();
}

// The lock is free while files are opened and closed ----------------------------------------

static void close_all(video **videos, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        video_close(videos[i]);
    }
}

static void close_oldest(void)
{
    pthread_mutex_lock(&lock);
    video *v = take_oldest(NULL);
    pthread_mutex_unlock(&lock);
    video_close(v);
}

static bool is_fault_of_file(sslact_status status)
{
    return status == SSLACT_ERROR_FORMAT || status == SSLACT_ERROR_DECODE ||
           status == SSLACT_ERROR_UNSUPPORTED;
}

static void remember_bad(video_store *s, size_t index, sslact_status status)
{
    pthread_mutex_lock(&lock);
    if (s->bad[index].status == SSLACT_OK && is_fault_of_file(status)) {
        s->bad[index].message = text_copy(sslact_error_get_message());
        s->bad[index].status = s->bad[index].message != NULL ? status : SSLACT_OK;
    }
    pthread_mutex_unlock(&lock);
    // Copying may have failed and replaced the message; the status is what counts then.
}

static sslact_status open_once(const video_store *s, size_t index, video **out)
{
    return s->open != NULL ? s->open(index, &s->options, s->open_user, out)
                           : video_open(s->paths[index], &s->options, out);
}

static sslact_status open_video(video_store *s, size_t index, video **out)
{
    sslact_status status = open_once(s, index, out);
    if (status == SSLACT_ERROR_IO) {
        // Perhaps out of descriptors: give one back and try once more.
        close_oldest();
        status = open_once(s, index, out);
    }
    if (status < 0) {
        remember_bad(s, index, status);
    }
    return status;
}

// Opens the video for which a place in the list is kept, under the handle NULL of this path.
static sslact_status open_lent(video_store *s, size_t index, video **out)
{
    video *surplus[POOL_MOST];
    size_t surplus_count = 0;
    sslact_status status = open_video(s, index, out);
    int64_t bytes = status < 0 ? 0 : video_pool_estimate(*out);
    pthread_mutex_lock(&lock);
    size_t place = 0;
    while (pool.videos[place].handle != NULL || pool.videos[place].path != s->paths[index]) {
        place++;
    }
    if (status < 0) {
        forget(place);
        pthread_cond_signal(&released);
    } else {
        pool.videos[place].handle = *out;
        pool.opened++;
        pool.videos[place].bytes = bytes;
        take_surplus(0, NULL, surplus, &surplus_count);
    }
    pthread_mutex_unlock(&lock);
    close_all(surplus, surplus_count);
    return status;
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
    s->bad = array_create(count, sizeof *s->bad);
    if (s->bad == NULL || (has_folder && s->index_folder == NULL)) {
        video_store_free(s);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = s;
    return SSLACT_OK;
}

void video_store_set_opener(video_store *s, video_opener open, void *user)
{
    s->open = open;
    s->open_user = user;
}

sslact_status video_store_acquire(video_store *s, size_t index, video **out)
{
    video *surplus[POOL_MOST];
    size_t surplus_count = 0;
    pthread_mutex_lock(&lock);
    if (s->bad[index].status < 0) {
        sslact_status status = error_set(s->bad[index].status, "%s", s->bad[index].message);
        pthread_mutex_unlock(&lock);
        return status;
    }
    while (!has_room()) {
        pthread_cond_wait(&released, &lock);
    }
    pool_video *kept = find_kept(s, s->paths[index]);
    video *v = kept != NULL ? kept->handle : NULL;
    if (kept != NULL) {
        kept->lent = true;
        kept->keeper = s;
        kept->path = s->paths[index];
    } else {
        take_surplus(1, NULL, surplus, &surplus_count);
        pool.videos[pool.count++] =
            (pool_video){.lent = true, .keeper = s, .path = s->paths[index]};
    }
    pthread_mutex_unlock(&lock);

    close_all(surplus, surplus_count);
    sslact_status status = v != NULL ? SSLACT_OK : open_lent(s, index, &v);
    if (status >= 0) {
        *out = v;
    }
    return status;
}

void video_store_release(video *v, bool keep)
{
    video *surplus[POOL_MOST];
    size_t surplus_count = 0;
    pthread_mutex_lock(&lock);
    pool_video *own = find_lent(v);
    if (keep) {
        own->lent = false;
        own->used = ++pool.clock;
        take_surplus(0, v, surplus, &surplus_count);
    } else {
        forget((size_t)(own - pool.videos));
        surplus[surplus_count++] = v;
    }
    pthread_cond_signal(&released);
    pthread_mutex_unlock(&lock);
    close_all(surplus, surplus_count);
}

void video_store_free(video_store *s)
{
    video *own[POOL_MOST];
    size_t count = 0;
    if (s == NULL) {
        return;
    }
    pthread_mutex_lock(&lock);
    for (size_t i = pool.count; i-- > 0;) {
        if (pool.videos[i].keeper == s) {
            own[count++] = pool.videos[i].handle;
            forget(i);
        }
    }
    pthread_mutex_unlock(&lock);
    close_all(own, count);
    for (size_t i = 0; s->bad != NULL && i < s->count; i++) {
        free(s->bad[i].message);
    }
    free(s->bad);
    free(s->index_folder);
    free(s);
}

size_t video_pool_count_open(void)
{
    pthread_mutex_lock(&lock);
    size_t count = pool.count;
    pthread_mutex_unlock(&lock);
    return count;
}

uint64_t video_pool_count_opened(void)
{
    pthread_mutex_lock(&lock);
    uint64_t count = pool.opened;
    pthread_mutex_unlock(&lock);
    return count;
}

size_t video_pool_get_capacity(void)
{
    pthread_mutex_lock(&lock);
    size_t capacity = choose_capacity();
    pthread_mutex_unlock(&lock);
    return capacity;
}

int64_t video_pool_count_bytes(void)
{
    pthread_mutex_lock(&lock);
    int64_t bytes = count_bytes();
    pthread_mutex_unlock(&lock);
    return bytes;
}

void video_pool_limit(size_t capacity, int64_t bytes)
{
    pthread_mutex_lock(&lock);
    pool.capacity_wanted = capacity > POOL_MOST ? POOL_MOST : capacity;
    pool.bytes_wanted = bytes;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&lock);
}
