// A data set of clips that the program appends.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/dataset_kind.h"

typedef struct memory_set {
    dataset base;
    pthread_mutex_t lock; // a trainer may read while the program appends
    clip **clips;         // [count]; a clip never changes and never goes
    size_t count, capacity;
} memory_set;

static size_t count_clips(const dataset *d)
{
    memory_set *set = (memory_set *)d;
    pthread_mutex_lock(&set->lock);
    size_t count = set->count;
    pthread_mutex_unlock(&set->lock);
    return count;
}

static const clip *get_clip(dataset *d, size_t index)
{
    memory_set *set = (memory_set *)d;
    pthread_mutex_lock(&set->lock);
    const clip *found = set->clips[index];
    pthread_mutex_unlock(&set->lock);
    return found;
}

static int is_labeled(dataset *d)
{
    size_t count = count_clips(d);
    for (size_t i = 0; i < count; i++) {
        if (get_clip(d, i)->labels != NULL) {
            return 1;
        }
    }
    return 0;
}

static sslact_status collect_labels(dataset *d, uint8_t **labels, size_t *count)
{
    label_matrix m = {0};
    size_t clip_count = count_clips(d);
    sslact_status status =
        array_reserve((void **)&m.labels, &m.capacity, 1, (size_t)d->class_count);
    for (size_t i = 0; status >= 0 && i < clip_count; i++) {
        status = label_matrix_add(&m, get_clip(d, i));
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
        status = people_table_add_clip(people, get_clip(d, i));
    }
    return status;
}

static sslact_status read_clip(dataset *d, size_t index, int32_t short_side, dataset_use use,
                               clip **out)
{
    (void)short_side;
    (void)use;
    return clip_copy(get_clip(d, index), out);
}

static sslact_status collect_truth(dataset *d, truth_row **rows, size_t *count)
{
    truth_list list = {0};
    size_t clip_count = count_clips(d);
    sslact_status status = array_reserve((void **)&list.rows, &list.capacity, 1, sizeof *list.rows);
    for (size_t i = 0; status >= 0 && i < clip_count; i++) {
        status = truth_list_add(&list, i, get_clip(d, i));
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
    size_t count = count_clips(d);
    if (index >= count) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "clip %zu does not exist, the data set has %zu", index, count);
    }
    *video = get_clip(d, index)->video;
    *timestamp = (double)index;
    return SSLACT_OK;
}

static sslact_status append(dataset *d, const sslact_clip *source)
{
    memory_set *set = (memory_set *)d;
    char place[40];
    clip *made = NULL;
    snprintf(place, sizeof place, "clip %zu", count_clips(d));
    sslact_status status = clip_import(source, d->class_count, place, &made);
    if (status < 0) {
        return status;
    }
    pthread_mutex_lock(&set->lock);
    status =
        array_reserve((void **)&set->clips, &set->capacity, set->count + 1, sizeof *set->clips);
    if (status >= 0) {
        made->timestamp = (double)set->count;
        set->clips[set->count++] = made;
    }
    pthread_mutex_unlock(&set->lock);
    if (status < 0) {
        clip_free(made);
    }
    return status;
}

static void destroy(dataset *d)
{
    memory_set *set = (memory_set *)d;
    for (size_t i = 0; i < set->count; i++) {
        clip_free(set->clips[i]);
    }
    free(set->clips);
    pthread_mutex_destroy(&set->lock);
    free(set);
}

static const dataset_kind memory_kind = {
    .count_clips = count_clips,
    .is_labeled = is_labeled,
    .collect_labels = collect_labels,
    .collect_people = collect_people,
    .read = read_clip,
    .collect_truth = collect_truth,
    .locate = locate,
    .append = append,
    .destroy = destroy,
};

sslact_status dataset_create(int32_t class_count, const char *const *class_names, dataset **out)
{
    memory_set *set = array_create(1, sizeof *set);
    if (set == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = dataset_set_up(&set->base, &memory_kind, class_count, class_names, NULL);
    if (status < 0) {
        free(set);
        return status;
    }
    pthread_mutex_init(&set->lock, NULL);
    *out = &set->base;
    return SSLACT_OK;
}
