// A data set behind the program's own callbacks.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/dataset_kind.h"

typedef struct source_set {
    dataset base;
    sslact_clip_source source;
    pthread_mutex_t calls; // one call at a time, unless the source is concurrent
    pthread_mutex_t lock;  // of what follows
    char **names;          // [clip_count], made when asked for
    int labeled;           // -1: not looked yet
} source_set;

static size_t count_clips(const dataset *d)
{
    return ((const source_set *)d)->source.clip_count;
}

// The program's answer: zero, or a negative status that goes on to whoever asked for the clip.
static sslact_status check_answer(int answer, const char *place)
{
    if (answer == 0) {
        return SSLACT_OK;
    }
    if (answer < 0 && answer >= SSLACT_ERROR_FORKED) {
        return error_set((sslact_status)answer, "%s: the program's read callback returned %s",
                         place, sslact_status_get_name((sslact_status)answer));
    }
    return error_set(SSLACT_ERROR_INTERNAL,
                     "%s: the program's read callback returned %d, expected 0 or a status", place,
                     answer);
}

static sslact_status import_clip(source_set *set, size_t index, clip **out)
{
    sslact_clip borrowed;
    char place[48];
    SSLACT_INIT(borrowed);
    snprintf(place, sizeof place, "clips[%zu]", index);
    int answer = set->source.read(index, &borrowed, set->source.user);
    if (answer != 0) {
        return check_answer(answer, place);
    }
    sslact_status status = clip_import(&borrowed, set->base.class_count, place, out);
    if (set->source.release != NULL) {
        set->source.release(index, &borrowed, set->source.user);
    }
    return status;
}

static sslact_status read_clip(dataset *d, size_t index, int32_t short_side, dataset_use use,
                               clip **out)
{
    (void)short_side;
    (void)use;
    source_set *set = (source_set *)d;
    if (!set->source.concurrent) {
        pthread_mutex_lock(&set->calls);
    }
    sslact_status status = import_clip(set, index, out);
    if (!set->source.concurrent) {
        pthread_mutex_unlock(&set->calls);
    }
    if (status >= 0) {
        (*out)->timestamp = (double)index;
    }
    return status;
}

static int is_labeled(dataset *d)
{
    source_set *set = (source_set *)d;
    pthread_mutex_lock(&set->lock);
    int labeled = set->labeled;
    pthread_mutex_unlock(&set->lock);
    for (size_t i = 0; labeled < 0 && i < set->source.clip_count; i++) {
        clip *c = NULL;
        if (read_clip(d, i, DATASET_OWN_SIZE, DATASET_TRAINS, &c) >= 0 && c->labels != NULL) {
            labeled = 1;
        }
        clip_free(c);
    }
    labeled = labeled > 0;
    pthread_mutex_lock(&set->lock);
    set->labeled = labeled;
    pthread_mutex_unlock(&set->lock);
    return labeled;
}

static sslact_status collect_labels(dataset *d, uint8_t **labels, size_t *count)
{
    label_matrix m = {0};
    sslact_status status =
        array_reserve((void **)&m.labels, &m.capacity, 1, (size_t)d->class_count);
    for (size_t i = 0; status >= 0 && i < count_clips(d); i++) {
        clip *c = NULL;
        status = read_clip(d, i, DATASET_OWN_SIZE, DATASET_TRAINS, &c);
        if (status >= 0) {
            status = label_matrix_add(&m, c);
        }
        clip_free(c);
    }
    if (status < 0) {
        free(m.labels);
        return status;
    }
    *labels = m.labels;
    *count = m.count;
    return SSLACT_OK;
}

static sslact_status collect_people(dataset *d, people_table *people)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < people->clip_capacity; i++) {
        clip *c = NULL;
        status = read_clip(d, i, DATASET_OWN_SIZE, DATASET_TRAINS, &c);
        if (status >= 0) {
            status = people_table_add_clip(people, c);
        }
        clip_free(c);
    }
    return status;
}

static sslact_status collect_truth(dataset *d, truth_row **rows, size_t *count)
{
    truth_list list = {0};
    sslact_status status = array_reserve((void **)&list.rows, &list.capacity, 1, sizeof *list.rows);
    for (size_t i = 0; status >= 0 && i < count_clips(d); i++) {
        clip *c = NULL;
        status = read_clip(d, i, DATASET_OWN_SIZE, DATASET_TRAINS, &c);
        if (status >= 0) {
            status = truth_list_add(&list, i, c);
        }
        clip_free(c);
    }
    if (status < 0) {
        free(list.rows);
        return status;
    }
    *rows = list.rows;
    *count = list.count;
    return SSLACT_OK;
}

static sslact_status locate(dataset *d, size_t index, const char **video, double *timestamp)
{
    source_set *set = (source_set *)d;
    if (index >= set->source.clip_count) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "clip %zu does not exist, the data set has %zu", index,
                         set->source.clip_count);
    }
    pthread_mutex_lock(&set->lock);
    if (set->names[index] == NULL) {
        char name[40];
        snprintf(name, sizeof name, "clip %zu", index);
        set->names[index] = text_copy(name);
    }
    const char *name = set->names[index];
    pthread_mutex_unlock(&set->lock);
    if (name == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *video = name;
    *timestamp = (double)index;
    return SSLACT_OK;
}

static void destroy(dataset *d)
{
    source_set *set = (source_set *)d;
    if (set->source.destroy != NULL) {
        set->source.destroy(set->source.user);
    }
    for (size_t i = 0; i < set->source.clip_count; i++) {
        free(set->names[i]);
    }
    free(set->names);
    pthread_mutex_destroy(&set->calls);
    pthread_mutex_destroy(&set->lock);
    free(set);
}

static const dataset_kind source_kind = {
    .count_clips = count_clips,
    .is_labeled = is_labeled,
    .collect_labels = collect_labels,
    .collect_people = collect_people,
    .read = read_clip,
    .collect_truth = collect_truth,
    .locate = locate,
    .destroy = destroy,
};

sslact_status dataset_create_from_source(const sslact_clip_source *source, dataset **out)
{
    if (source->read == NULL) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "read is NULL, expected a function that fills in a clip");
    }
    source_set *set = array_create(1, sizeof *set);
    if (set == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    set->names = array_create(source->clip_count, sizeof *set->names);
    sslact_status status = set->names == NULL
                               ? SSLACT_ERROR_OUT_OF_MEMORY
                               : dataset_set_up(&set->base, &source_kind, source->class_count,
                                                source->class_names, NULL);
    if (status < 0) {
        free(set->names);
        free(set);
        return status;
    }
    set->source = *source;
    set->source.class_names = NULL; // copied; the caller's array may go
    set->labeled = -1;
    pthread_mutex_init(&set->calls, NULL);
    pthread_mutex_init(&set->lock, NULL);
    *out = &set->base;
    return SSLACT_OK;
}
