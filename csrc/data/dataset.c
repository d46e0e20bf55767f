// The common part of every data set: references, classes, and the way to the kind's own functions.
#include "data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/dataset_kind.h"

static sslact_status copy_class_name(dataset *d, int32_t j, const char *const *names)
{
    char made[32];
    snprintf(made, sizeof made, "class %d", j);
    if (names != NULL && names[j] == NULL) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "class_names[%d] is NULL", j);
    }
    d->class_names[j] = text_copy(names != NULL ? names[j] : made);
    return d->class_names[j] == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

sslact_status dataset_set_up(dataset *d, const dataset_kind *kind, int32_t class_count,
                             const char *const *names, const int32_t *ids)
{
    if (class_count < 1 || class_count > DATASET_MAX_CLASSES) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "class_count is %d, accepted are 1 to %d",
                         class_count, DATASET_MAX_CLASSES);
    }
    atomic_init(&d->references, 1);
    d->kind = kind;
    d->class_count = class_count;
    d->split = "memory";
    d->class_names = array_create((size_t)class_count, sizeof *d->class_names);
    d->class_ids = array_create((size_t)class_count, sizeof *d->class_ids);
    sslact_status status =
        d->class_names == NULL || d->class_ids == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (int32_t j = 0; status >= 0 && j < class_count; j++) {
        d->class_ids[j] = ids != NULL ? ids[j] : j + 1;
        status = copy_class_name(d, j, names);
    }
    if (status < 0) {
        dataset_clear_classes(d);
    }
    return status;
}

void dataset_clear_classes(dataset *d)
{
    for (int32_t j = 0; d->class_names != NULL && j < d->class_count; j++) {
        free(d->class_names[j]);
    }
    free(d->class_names);
    free(d->class_ids);
    d->class_names = NULL;
    d->class_ids = NULL;
}

const char *dataset_get_split(const dataset *d)
{
    return d->split;
}

dataset *dataset_retain(dataset *d)
{
    atomic_fetch_add_explicit(&d->references, 1, memory_order_relaxed);
    return d;
}

void dataset_release(dataset *d)
{
    if (d == NULL || atomic_fetch_sub_explicit(&d->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    dataset_clear_classes(d);
    d->kind->destroy(d);
}

sslact_status dataset_append(dataset *d, const sslact_clip *source)
{
    if (d->kind->append == NULL) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "clips can be appended only to a data set made empty in memory");
    }
    return d->kind->append(d, source);
}

size_t dataset_count_clips(const dataset *d)
{
    return d->kind->count_clips(d);
}

int32_t dataset_count_classes(const dataset *d)
{
    return d->class_count;
}

const char *dataset_get_class_name(const dataset *d, int32_t j)
{
    return j >= 0 && j < d->class_count ? d->class_names[j] : NULL;
}

int32_t dataset_get_class_id(const dataset *d, int32_t j)
{
    return j >= 0 && j < d->class_count ? d->class_ids[j] : 0;
}

bool dataset_counts_frames(const dataset *d)
{
    return d->counts_frames;
}

int dataset_is_labeled(dataset *d)
{
    return d->kind->is_labeled(d);
}

sslact_status dataset_collect_labels(dataset *d, uint8_t **labels, size_t *count)
{
    return d->kind->collect_labels(d, labels, count);
}

sslact_status dataset_collect_people(dataset *d, bool with_labels, people_table *out)
{
    people_table made;
    sslact_status status =
        people_table_create(dataset_count_clips(d), d->class_count, with_labels, &made);
    if (status >= 0) {
        status = d->kind->collect_people(d, &made);
    }
    if (status < 0) {
        people_table_free(&made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

static sslact_status check_index(const dataset *d, size_t index)
{
    size_t count = d->kind->count_clips(d);
    if (index < count) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "clip %zu does not exist, the data set has %zu",
                     index, count);
}

sslact_status dataset_read(dataset *d, size_t index, clip **out)
{
    return dataset_read_sized(d, index, DATASET_OWN_SIZE, out);
}

sslact_status dataset_read_sized(dataset *d, size_t index, int32_t short_side, clip **out)
{
    sslact_status status = check_index(d, index);
    return status < 0 ? status : d->kind->read(d, index, short_side, DATASET_TRAINS, out);
}

sslact_status dataset_read_evaluated(dataset *d, size_t index, clip **out)
{
    sslact_status status = check_index(d, index);
    return status < 0 ? status : d->kind->read(d, index, DATASET_OWN_SIZE, DATASET_EVALUATES, out);
}

const char *dataset_get_cache(const dataset *d, dataset_use use)
{
    return d->kind->get_cache != NULL ? d->kind->get_cache(d, use) : "";
}

sslact_status dataset_collect_truth(dataset *d, truth_row **rows, size_t *count)
{
    return d->kind->collect_truth(d, rows, count);
}

sslact_status dataset_locate(dataset *d, size_t index, const char **video, double *timestamp)
{
    return d->kind->locate(d, index, video, timestamp);
}

sslact_status dataset_find_clip(dataset *d, const char *video, double timestamp, size_t *index)
{
    size_t count = dataset_count_clips(d), nearest = count;
    double nearest_distance = INFINITY;
    for (size_t i = 0; i < count; i++) {
        const char *name = NULL;
        double seconds = 0;
        sslact_status status = dataset_locate(d, i, &name, &seconds);
        if (status < 0) {
            return status;
        }
        double distance = fabs(seconds - timestamp);
        if (distance < nearest_distance && strcmp(name, video) == 0) {
            nearest = i;
            nearest_distance = distance;
        }
    }
    if (nearest == count) {
        return error_set(SSLACT_ERROR_NOT_FOUND,
                         "video \"%s\" has no clip in the data set \"%s\" of %zu clips", video,
                         dataset_get_split(d), count);
    }
    *index = nearest;
    return SSLACT_OK;
}

// --- walking over clips ---

sslact_status label_matrix_add(label_matrix *m, const clip *c)
{
    size_t rows = (size_t)c->box_count, row_bytes = (size_t)c->class_count;
    if (c->labels == NULL) {
        return SSLACT_OK;
    }
    sslact_status status =
        array_reserve((void **)&m->labels, &m->capacity, m->count + rows, row_bytes);
    if (status >= 0 && rows > 0) {
        memcpy(m->labels + m->count * row_bytes, c->labels, rows * row_bytes);
        m->count += rows;
    }
    return status;
}

sslact_status truth_list_add(truth_list *list, size_t index, const clip *c)
{
    size_t class_count = (size_t)c->class_count;
    for (size_t k = 0; c->labels != NULL && k < (size_t)c->box_count * class_count; k++) {
        if (c->labels[k] == 0) {
            continue;
        }
        sslact_status status = array_reserve((void **)&list->rows, &list->capacity, list->count + 1,
                                             sizeof *list->rows);
        if (status < 0) {
            return status;
        }
        list->rows[list->count++] = (truth_row){.clip = index,
                                                .box = c->boxes[k / class_count],
                                                .class_index = (int32_t)(k % class_count),
                                                .person = -1};
    }
    return SSLACT_OK;
}
