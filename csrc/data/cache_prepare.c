// Threads take videos by number until none is left; the calling thread waits and reports. The first
// failure ends the work of all and is carried to the caller.
#include "data/cache_prepare.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "data/cache_copy.h"
#include "data/cache_list.h"
#include "data/video_settings.h"

enum { MAX_THREADS = 64, REPORTS_A_SECOND = 5, OPEN_FOLDERS = 16 };

typedef struct preparer {
    const config *config;
    const cache_prepare_options *options;
    cache_list list;
    cache_recipe recipe;
    video_settings settings;
    int64_t total; // bytes of the originals to be copied
    atomic_bool stop;

    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t changed;
    size_t next;
    int64_t done; // bytes of the originals that are copied
    int64_t made, left_out;
    int working; // threads that have not ended
    sslact_status status;
    char *message; // NULL: none, or no memory for it
} preparer;

// --- one video ---

typedef struct piece {
    preparer *p;
    const cache_video *video;
    double share; // of this video that is counted in `done`
    double last;  // time of the last count
} piece;

static bool advance(double share, void *user)
{
    piece *work = user;
    preparer *p = work->p;
    double now = clock_seconds();
    if (share > work->share && (now - work->last > 0.1 || share >= 1)) {
        double bytes = (double)work->video->bytes;
        pthread_mutex_lock(&p->mutex);
        p->done += (int64_t)(share * bytes) - (int64_t)(work->share * bytes);
        pthread_mutex_unlock(&p->mutex);
        work->share = share;
        work->last = now;
    }
    return atomic_load(&p->stop);
}

static sslact_status copy_video(preparer *p, cache_video *v)
{
    cache_entry made = {0};
    piece work = {.p = p, .video = v};
    cache_job job = {.source = v->source,
                     .copy = v->copy,
                     .entry = v->entry,
                     .recipe = p->recipe,
                     .options = &p->settings.options,
                     .advance = advance,
                     .user = &work};
    sslact_status status = cache_copy_make(&job, &made);
    if (status < 0) {
        return status;
    }
    advance(1, &work);
    if (made.left_out != NULL) {
        log_write(SSLACT_LOG_WARNING, "data",
                  "%s: %s; it is not in the cache, the original is read", v->source, made.left_out);
    }
    v->left_out = made.left_out != NULL;
    v->copy_bytes = made.copy_bytes;
    cache_entry_clear(&made);
    return SSLACT_OK;
}

// The same bytes under another time of change: the new time is noted, so that nobody reads the
// whole file again to find out.
static sslact_status note_time(cache_video *v)
{
    fingerprint now;
    cache_entry entry = {0};
    sslact_status status = cache_entry_read(v->entry, &entry);
    if (status >= 0) {
        status = fingerprint_look(v->source, &now);
    }
    if (status >= 0) {
        entry.source.modified_ns = now.modified_ns;
        status = cache_entry_write(v->entry, &entry);
    }
    cache_entry_clear(&entry);
    return status;
}

// --- threads ---

static cache_video *take(preparer *p)
{
    cache_video *taken = NULL;
    pthread_mutex_lock(&p->mutex);
    while (taken == NULL && !atomic_load(&p->stop) && p->next < p->list.count) {
        cache_video *v = &p->list.videos[p->next++];
        taken = v->is_new || v->touched ? v : NULL;
    }
    pthread_mutex_unlock(&p->mutex);
    return taken;
}

static void fail(preparer *p, sslact_status status)
{
    if (p->status == SSLACT_OK) {
        p->status = status;
        p->message = text_copy(sslact_error_get_message());
    }
    atomic_store(&p->stop, true);
}

static void *work(void *argument)
{
    preparer *p = argument;
    for (cache_video *v = take(p); v != NULL; v = take(p)) {
        sslact_status status = v->is_new ? copy_video(p, v) : note_time(v);
        pthread_mutex_lock(&p->mutex);
        if (status < 0) {
            fail(p, status);
        } else if (v->is_new) {
            p->made += !v->left_out;
        }
        pthread_mutex_unlock(&p->mutex);
    }
    pthread_mutex_lock(&p->mutex);
    p->working--;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

// False when the caller says stop.
static bool report(const preparer *p, int64_t done)
{
    sslact_progress progress;
    SSLACT_INIT(progress);
    progress.phase = "prepare";
    progress.done = done;
    progress.total = p->total;
    return p->options->progress == NULL ||
           p->options->progress(&progress, p->options->progress_user) == 0;
}

static void wait_a_moment(preparer *p)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000000 / REPORTS_A_SECOND;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&p->changed, &p->mutex, &until);
}

static void watch(preparer *p)
{
    pthread_mutex_lock(&p->mutex);
    while (p->working > 0) {
        wait_a_moment(p);
        int64_t done = p->done;
        pthread_mutex_unlock(&p->mutex);
        bool go_on = atomic_load(&p->stop) || report(p, done);
        pthread_mutex_lock(&p->mutex);
        if (!go_on) {
            error_set(SSLACT_ERROR_CANCELLED,
                      "stopped; finished copies are kept, the same call goes on with the others");
            fail(p, SSLACT_ERROR_CANCELLED);
        }
    }
    pthread_mutex_unlock(&p->mutex);
}

static size_t count_threads(const preparer *p)
{
    size_t waiting = 0;
    for (size_t i = 0; i < p->list.count; i++) {
        waiting += p->list.videos[i].is_new || p->list.videos[i].touched;
    }
    int64_t count = p->options->thread_count;
    count = count > 0 ? count : config_get_int(p->config, "run.loader_threads");
    count = count > 0 ? count : clock_count_processors();
    count = count < MAX_THREADS ? count : MAX_THREADS;
    return (size_t)count < waiting ? (size_t)count : waiting;
}

// Signals go to the program's own threads, whose handlers expect them.
static size_t start_threads(preparer *p, pthread_t *threads, size_t wanted)
{
    sigset_t all, before;
    size_t started = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    p->working = (int)wanted;
    while (started < wanted && pthread_create(&threads[started], NULL, work, p) == 0) {
        started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_mutex_lock(&p->mutex);
    p->working -= (int)(wanted - started); // fewer threads make the same copies
    pthread_mutex_unlock(&p->mutex);
    return started;
}

static sslact_status run_threads(preparer *p)
{
    pthread_t threads[MAX_THREADS];
    size_t wanted = count_threads(p);
    size_t started = start_threads(p, threads, wanted);
    watch(p);
    for (size_t t = 0; t < started; t++) {
        pthread_join(threads[t], NULL);
    }
    if (wanted > 0 && started == 0) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no thread could be started to copy videos");
    }
    if (p->status < 0) {
        return error_set(p->status, "%s", p->message != NULL ? p->message : "out of memory");
    }
    return SSLACT_OK;
}

// --- the folder ---

// What a killed process left: files under construction have names of this kind, and nobody else
// works here while the lock is held.
static int remove_leftover(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)place;
    const char *name = path_get_name(path);
    bool ours = strstr(name, CACHE_COPY_EXTENSION ".tmp-") != NULL ||
                strstr(name, CACHE_ENTRY_EXTENSION ".tmp-") != NULL;
    if (kind == FTW_F && ours && unlink(path) != 0) {
        log_write(SSLACT_LOG_WARNING, "data",
                  "%s: left over from a stopped run, cannot be removed: %s", path, strerror(errno));
    }
    return 0;
}

static sslact_status take_folder(const char *folder, file_lock **lock)
{
    text path = {0}, holder = {0};
    sslact_status status = file_make_folder(folder);
    if (status >= 0) {
        status = path_join(folder, "prepare.lock", &path);
    }
    if (status >= 0) {
        status = file_lock_take(text_get(&path), &holder, lock);
    }
    if (status == SSLACT_ERROR_BUSY) {
        status = error_set(SSLACT_ERROR_IO,
                           "%s: is being prepared by %s; wait for it or use another folder "
                           "(data.cache)",
                           folder, text_get(&holder));
    }
    if (status >= 0) {
        nftw(folder, remove_leftover, OPEN_FOLDERS, FTW_PHYS);
    }
    text_free(&path);
    text_free(&holder);
    return status;
}

// How much room there is belongs to every failed write.
static sslact_status explain(const char *folder, sslact_status status)
{
    struct statvfs facts;
    if (status != SSLACT_ERROR_IO || statvfs(folder, &facts) != 0) {
        return status;
    }
    double free_bytes = (double)facts.f_bavail * (double)facts.f_frsize;
    char *message = text_copy(sslact_error_get_message());
    status = error_set(SSLACT_ERROR_IO,
                       "%s (%.1f MB are free in %s); finished copies are kept, the same call goes "
                       "on with the others",
                       message != NULL ? message : "out of memory", free_bytes / 1e6, folder);
    free(message);
    return status;
}

// --- all of it ---

static bool asks_to_stop(void *user)
{
    return !report(user, 0);
}

static sslact_status look(preparer *p)
{
    sslact_status status = cache_list_look(&p->list, &p->recipe, asks_to_stop, p);
    for (size_t i = 0; i < p->list.count; i++) {
        p->total += p->list.videos[i].is_new ? p->list.videos[i].bytes : 0;
    }
    return status;
}

static void sum_up(const preparer *p, cache_prepare_summary *out)
{
    out->clips = p->list.clips;
    out->videos = (int64_t)p->list.count;
    out->made = p->made;
    for (size_t i = 0; i < p->list.count; i++) {
        const cache_video *v = &p->list.videos[i];
        out->kept += !v->is_new && !v->left_out;
        out->left_out += v->left_out;
        out->bytes += v->copy_bytes;
        out->original_bytes += v->bytes;
    }
}

static sslact_status prepare(preparer *p)
{
    sslact_status status = cache_list_collect(p->config, &p->list);
    if (status >= 0) {
        status = video_settings_read(p->config, &p->settings);
    }
    if (status >= 0) {
        cache_recipe_read(p->config, &p->recipe);
        status = look(p);
    }
    if (status >= 0 && !report(p, 0)) {
        status = error_set(SSLACT_ERROR_CANCELLED, "stopped before the first copy");
    }
    return status < 0 ? status : run_threads(p);
}

sslact_status cache_prepare(const config *c, const cache_prepare_options *options,
                            cache_prepare_summary *out)
{
    double start = clock_seconds();
    const char *folder = config_get_text(c, "data.cache");
    if (!cache_is_wanted(c)) {
        return error_set(
            SSLACT_ERROR_CONFIG,
            "data.cache is not set, expected the folder for the copies of the training "
            "videos");
    }
    preparer p = {.config = c, .options = options};
    file_lock *lock = NULL;
    cache_prepare_summary summary = {0};
    pthread_mutex_init(&p.mutex, NULL);
    pthread_cond_init(&p.changed, NULL);
    sslact_status status = take_folder(folder, &lock);
    if (status >= 0) {
        status = explain(folder, prepare(&p));
    }
    if (status >= 0) {
        sum_up(&p, &summary);
        summary.seconds = clock_seconds() - start;
        report(&p, p.total);
        *out = summary;
    }
    file_lock_release(lock);
    video_settings_clear(&p.settings);
    cache_list_free(&p.list);
    pthread_cond_destroy(&p.changed);
    pthread_mutex_destroy(&p.mutex);
    free(p.message);
    return status;
}
