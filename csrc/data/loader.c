// Threads that fill a ring of batches. The unit of work is one clip: whichever thread is free
// takes the next clip of the oldest batch that still has some, so one batch is made by all of
// them. Which clip and which views it gets does not depend on the thread (loader_recipe.h), nor on
// the order in which the clips of a batch are read: by film and time, so that a decoder that stands
// in a film goes on there. A clip takes its place in the batch all the same.
#include "data/loader.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "data/loader_order.h"
#include "data/loader_recipe.h"

// Batches in flight, and clips tried in place of a bad one.
enum { PREFETCH = 3, ATTEMPTS = 16 };
// The most threads of "as the machine allows".
enum { THREADS_BESIDE_CPU = 8, THREADS_BESIDE_GPU = 64 };

// Batch `iteration` under construction. Fields change under the loader's lock; a worker writes its
// own place of the batch without it.
typedef struct slot {
    int64_t iteration;
    batch *batch;
    size_t *order; // [items] in which they are read
    size_t taken;  // items that some worker has begun
    size_t done;
    sslact_status status; // of the first item, in batch order, that failed
    size_t failed_item;
    char *message;
    bool reported; // loader_next has returned the failure: try again when asked again
} slot;

// Where the clips of one half come from.
typedef struct half_source {
    dataset *set;               // NULL: no such half
    size_t count;               // clips a batch
    const class_clips *classes; // NULL: every clip once an epoch
    random_purpose order;       // what the numbers of the clips are drawn for
} half_source;

struct loader {
    loader_recipe recipe;
    half_source labeled;
    half_source unlabeled;
    bool passes; // over `unlabeled` once, in its order
    bool skip_bad_clips;

    pthread_mutex_t lock;
    pthread_cond_t work;  // something to take, or stop
    pthread_cond_t ready; // a batch is done
    slot slots[PREFETCH];
    int64_t next; // iteration that loader_next gives
    bool stop;
    double wait_seconds;

    pthread_t *threads;
    size_t thread_count;
};

static size_t count_items(const loader *l)
{
    return l->labeled.count + l->unlabeled.count;
}

static slot *get_slot(loader *l, int64_t iteration)
{
    return &l->slots[iteration % PREFETCH];
}

// Reading ------------------------------------------------------------------------------------

// A clip that is damaged or missing may be replaced; running out of memory or being told to stop
// says nothing about the clip.
static bool is_fault_of_clip(sslact_status status)
{
    return status != SSLACT_ERROR_OUT_OF_MEMORY && status != SSLACT_ERROR_CANCELLED &&
           status != SSLACT_ERROR_INTERNAL && status != SSLACT_ERROR_FORKED;
}

static size_t pick_clip(const loader *l, const half_source *half, uint64_t sample, uint32_t attempt)
{
    if (half->classes != NULL) {
        return class_clips_pick(half->classes, l->recipe.seed, half->order, sample, attempt);
    }
    return loader_recipe_pick(l->recipe.seed, half->order, dataset_count_clips(half->set), sample,
                              attempt);
}

static sslact_status read_sample(const loader *l, const half_source *half, uint64_t sample,
                                 size_t *index, clip **out)
{
    for (uint32_t attempt = 0;; attempt++) {
        *index = pick_clip(l, half, sample, attempt);
        sslact_status status = loader_recipe_read_clip(&l->recipe, half->set, *index, out);
        if (status == SSLACT_OK || !l->skip_bad_clips || !is_fault_of_clip(status)) {
            return status;
        }
        if (attempt + 1 == ATTEMPTS) {
            return error_prefix("%d clips in a row cannot be read, the last: ", ATTEMPTS);
        }
        log_write(SSLACT_LOG_WARNING, "data", "%s; taking another clip (data.on_bad_clip=skip)",
                  sslact_error_get_message());
    }
}

static sslact_status check_source(const loader *l, const clip *source, bool labeled)
{
    return loader_recipe_check(&l->recipe, source, labeled,
                               source->name != NULL ? source->name : "clip");
}

// Item number `item` of a batch: labelled clips first.
static sslact_status make_item(const loader *l, batch *b, size_t item)
{
    bool labeled = item < l->labeled.count;
    const half_source *half = labeled ? &l->labeled : &l->unlabeled;
    size_t i = labeled ? item : item - l->labeled.count;
    clip *source = NULL;
    size_t index = 0;
    sslact_status status =
        read_sample(l, half, (uint64_t)b->iteration * half->count + i, &index, &source);
    if (status != SSLACT_OK) {
        return status;
    }
    status = check_source(l, source, labeled);
    if (status == SSLACT_OK) {
        status = labeled ? loader_recipe_make_labeled(&l->recipe, source, i, b)
                         : loader_recipe_make_unlabeled(&l->recipe, source, i, b);
    }
    if (status == SSLACT_OK && labeled) {
        b->labeled.indices[i] = (int64_t)index;
    } else if (status == SSLACT_OK) {
        b->unlabeled_weak.indices[i] = b->unlabeled_strong.indices[i] = (int64_t)index;
    }
    clip_free(source);
    return status;
}

// Item number `item` of a batch of a pass over the whole set.
static sslact_status make_passed(const loader *l, batch *b, size_t item)
{
    size_t index = (size_t)b->iteration * l->unlabeled.count + item;
    clip *source = NULL;
    if (index >= dataset_count_clips(l->unlabeled.set)) {
        return SSLACT_OK;
    }
    sslact_status status = loader_recipe_read_clip(&l->recipe, l->unlabeled.set, index, &source);
    if (status != SSLACT_OK && l->skip_bad_clips && is_fault_of_clip(status)) {
        log_write(SSLACT_LOG_WARNING, "data", "%s; left out (data.on_bad_clip=skip)",
                  sslact_error_get_message());
        return SSLACT_OK;
    }
    if (status == SSLACT_OK) {
        status = check_source(l, source, false);
    }
    if (status == SSLACT_OK) {
        status = loader_recipe_make_passed(&l->recipe, source, index, item, b);
    }
    if (status == SSLACT_OK) {
        b->unlabeled_weak.indices[item] = (int64_t)index;
    }
    clip_free(source);
    return status;
}

// Order ---------------------------------------------------------------------------------------

static item_place locate_item(const loader *l, int64_t iteration, size_t item)
{
    bool labeled = item < l->labeled.count;
    const half_source *half = labeled ? &l->labeled : &l->unlabeled;
    size_t i = labeled ? item : item - l->labeled.count;
    item_place place = {item, "", 0};
    if (strcmp(dataset_get_split(half->set), "memory") == 0) {
        return place;
    }
    size_t index = pick_clip(l, half, (uint64_t)iteration * half->count + i, 0);
    bool found = dataset_locate(half->set, index, &place.video, &place.seconds) == SSLACT_OK;
    return found ? place : (item_place){item, "", 0};
}

// The items of a batch by film and time. Clips of the program's own have neither.
static sslact_status order_items(const loader *l, int64_t iteration, size_t **out)
{
    size_t count = count_items(l);
    item_place *places = array_create(count, sizeof(*places));
    if (places == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t item = 0; item < count; item++) {
        places[item] = l->passes ? (item_place){item, "", 0} : locate_item(l, iteration, item);
    }
    sslact_status status = loader_order_sort(places, count, out);
    free(places);
    return status;
}

// Threads ------------------------------------------------------------------------------------

static void fail_slot(slot *s, size_t item, sslact_status status, const char *message)
{
    if (s->status != SSLACT_OK && s->failed_item < item) {
        return;
    }
    free(s->message);
    s->status = status;
    s->failed_item = item;
    s->message = text_copy(message);
}

static void clear_slot(slot *s)
{
    batch_free(s->batch);
    free(s->order);
    free(s->message);
    memset(s, 0, sizeof(*s));
}

// Hands batch `iteration` to the workers.
static void begin_slot(loader *l, int64_t iteration)
{
    slot *s = get_slot(l, iteration);
    clear_slot(s);
    s->iteration = iteration;
    if (batch_create(iteration, l->labeled.count, l->unlabeled.count, &s->batch) != SSLACT_OK ||
        order_items(l, iteration, &s->order) != SSLACT_OK) {
        fail_slot(s, 0, SSLACT_ERROR_OUT_OF_MEMORY, sslact_error_get_message());
        s->taken = s->done = count_items(l);
    }
    pthread_cond_broadcast(&l->work);
}

static slot *find_work(loader *l)
{
    for (int64_t iteration = l->next; iteration < l->next + PREFETCH; iteration++) {
        slot *s = get_slot(l, iteration);
        if (s->taken < count_items(l)) {
            return s;
        }
    }
    return NULL;
}

static void *run_worker(void *argument)
{
    loader *l = argument;
    pthread_mutex_lock(&l->lock);
    while (!l->stop) {
        slot *s = find_work(l);
        if (s == NULL) {
            pthread_cond_wait(&l->work, &l->lock);
            continue;
        }
        size_t item = s->order[s->taken++];
        batch *b = s->batch;
        pthread_mutex_unlock(&l->lock);

        double start = loader_thread_seconds();
        sslact_status status = l->passes ? make_passed(l, b, item) : make_item(l, b, item);
        double seconds = loader_thread_seconds() - start;

        pthread_mutex_lock(&l->lock);
        b->seconds_data += seconds;
        if (status != SSLACT_OK) {
            fail_slot(s, item, status, sslact_error_get_message());
        }
        if (++s->done == count_items(l)) {
            pthread_cond_signal(&l->ready);
        }
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

// Signals go to the program's own threads, whose handlers expect them.
static sslact_status start_threads(loader *l, size_t count)
{
    sigset_t all, before;
    l->threads = array_create(count, sizeof(*l->threads));
    if (l->threads == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = 0;
    while (failure == 0 && l->thread_count < count) {
        failure = pthread_create(&l->threads[l->thread_count], NULL, run_worker, l);
        l->thread_count += failure == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY,
                         "loader: thread %zu of %zu does not start: %s (run.loader_threads)",
                         l->thread_count + 1, count, strerror(failure));
    }
    return SSLACT_OK;
}

// The public functions -----------------------------------------------------------------------

int32_t loader_divide_processors(int32_t processors, bool network_on_gpu)
{
    int32_t most = network_on_gpu ? THREADS_BESIDE_GPU : THREADS_BESIDE_CPU;
    int32_t count = network_on_gpu ? processors - 2 : processors / 4;
    count = count < most ? count : most;
    return count > 1 ? count : 1;
}

int32_t loader_choose_threads(const config *c)
{
    int32_t asked = (int32_t)config_get_int(c, "run.loader_threads");
    bool network_on_gpu = strncmp(config_get_text(c, "run.device"), "cuda", 4) == 0;
    return asked > 0 ? asked : loader_divide_processors(clock_count_processors(), network_on_gpu);
}

size_t loader_count_threads(const loader *l)
{
    return l->thread_count;
}

static sslact_status check_set(dataset *set, const char *name)
{
    if (dataset_count_clips(set) == 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s data set: no clips, needs at least one",
                         name);
    }
    return SSLACT_OK;
}

// Data sets and counts of both halves; `unlabeled` may be NULL.
static sslact_status read_halves(const config *c, dataset *labeled, dataset *unlabeled, loader *l)
{
    bool source_labeled = strcmp(config_get_text(c, "ssl.unlabeled_source"), "labeled") == 0;
    sslact_status status = check_set(labeled, "labelled");
    if (status != SSLACT_OK) {
        return status;
    }
    l->labeled.set = dataset_retain(labeled);
    l->labeled.count = (size_t)config_get_int(c, "solver.batch_labeled");
    if (unlabeled == NULL) {
        return SSLACT_OK;
    }
    unlabeled = source_labeled ? labeled : unlabeled;
    if ((status = check_set(unlabeled, "unlabelled")) != SSLACT_OK) {
        return status;
    }
    l->unlabeled.set = dataset_retain(unlabeled);
    l->unlabeled.count = (size_t)config_get_int(c, "solver.batch_unlabeled");
    return SSLACT_OK;
}

static void choose_order(half_source *half, const class_clips *classes, random_purpose shuffled,
                         random_purpose by_class)
{
    bool draws = classes != NULL && class_clips_count_classes(classes) > 0;
    half->classes = draws ? classes : NULL;
    half->order = draws ? by_class : shuffled;
}

static sslact_status create_idle(const config *c, int64_t first, loader **out)
{
    loader *l = array_create(1, sizeof(*l));
    if (l == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->ready, NULL);
    loader_recipe_read(c, &l->recipe);
    l->skip_bad_clips = strcmp(config_get_text(c, "data.on_bad_clip"), "skip") == 0;
    l->next = first;
    *out = l;
    return SSLACT_OK;
}

// Starts the threads and hands the loader over, or frees it when something failed before.
static sslact_status start(loader *l, const config *c, sslact_status status, loader **out)
{
    for (int64_t k = 0; status == SSLACT_OK && k < PREFETCH; k++) {
        begin_slot(l, l->next + k);
    }
    if (status == SSLACT_OK) {
        status = start_threads(l, (size_t)loader_choose_threads(c));
    }
    if (status != SSLACT_OK) {
        loader_free(l);
        return status;
    }
    *out = l;
    return SSLACT_OK;
}

sslact_status loader_create_by_class(const config *c, dataset *labeled, dataset *unlabeled,
                                     const class_clips *labeled_classes,
                                     const class_clips *unlabeled_classes, int64_t first,
                                     loader **out)
{
    loader *l = NULL;
    sslact_status status = create_idle(c, first, &l);
    if (status != SSLACT_OK) {
        return status;
    }
    choose_order(&l->labeled, labeled_classes, RANDOM_ORDER_LABELED, RANDOM_CLASS_LABELED);
    choose_order(&l->unlabeled, unlabeled_classes, RANDOM_ORDER_UNLABELED, RANDOM_CLASS_UNLABELED);
    return start(l, c, read_halves(c, labeled, unlabeled, l), out);
}

sslact_status loader_create(const config *c, dataset *labeled, dataset *unlabeled, int64_t first,
                            loader **out)
{
    return loader_create_by_class(c, labeled, unlabeled, NULL, NULL, first, out);
}

sslact_status loader_create_pass(const config *c, dataset *set, int64_t first, loader **out)
{
    loader *l = NULL;
    sslact_status status = create_idle(c, first, &l);
    if (status != SSLACT_OK) {
        return status;
    }
    l->passes = true;
    status = check_set(set, "unlabelled");
    if (status == SSLACT_OK) {
        l->unlabeled.set = dataset_retain(set);
        l->unlabeled.count = (size_t)config_get_int(c, "solver.batch_unlabeled");
    }
    return start(l, c, status, out);
}

// Gives the finished slot's batch, or its failure.
static sslact_status take_slot(loader *l, slot *s, batch **out)
{
    if (s->status != SSLACT_OK) {
        s->reported = true;
        return error_set(s->status, "%s", s->message != NULL ? s->message : "out of memory");
    }
    *out = s->batch;
    s->batch = NULL;
    l->next++;
    begin_slot(l, l->next + PREFETCH - 1);
    return SSLACT_OK;
}

sslact_status loader_next(loader *l, batch **out)
{
    pthread_mutex_lock(&l->lock);
    slot *s = get_slot(l, l->next);
    if (s->reported) {
        begin_slot(l, l->next);
    }
    double start = clock_seconds();
    while (s->done < count_items(l)) {
        pthread_cond_wait(&l->ready, &l->lock);
    }
    l->wait_seconds += clock_seconds() - start;
    sslact_status status = take_slot(l, s, out);
    pthread_mutex_unlock(&l->lock);
    return status;
}

double loader_get_wait_seconds(const loader *l)
{
    loader *unlocked = (loader *)l; // the lock is no part of what the caller sees as constant
    pthread_mutex_lock(&unlocked->lock);
    double seconds = l->wait_seconds;
    pthread_mutex_unlock(&unlocked->lock);
    return seconds;
}

void loader_free(loader *l)
{
    if (l == NULL) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->thread_count; i++) {
        pthread_join(l->threads[i], NULL);
    }
    for (size_t i = 0; i < PREFETCH; i++) {
        clear_slot(&l->slots[i]);
    }
    dataset_release(l->labeled.set);
    dataset_release(l->unlabeled.set);
    pthread_cond_destroy(&l->ready);
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
    free(l->threads);
    free(l);
}
