// The training split's classes: how many people carry each, which go together, and which sets of
// labels there are. Balance is fitted from the sets by whoever asks.
#include "data/check_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

// A longer list is a mistake: pairs of its classes are not counted.
#define MOST_CLASSES 4096

// --- lists of classes ---

static sslact_status copy_classes(const ava_actions *actions, data_check_summary *out)
{
    size_t count = actions->count;
    out->class_ids = array_create(count, sizeof *out->class_ids);
    out->class_names = array_create(count, sizeof *out->class_names);
    out->instances_per_class = array_create(count, sizeof *out->instances_per_class);
    size_t paired = count <= MOST_CLASSES ? count : 0;
    out->pair_counts = array_create(paired * paired, sizeof *out->pair_counts);
    if (out->class_ids == NULL || out->class_names == NULL || out->instances_per_class == NULL ||
        out->pair_counts == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    out->class_count = (int32_t)count;
    for (size_t j = 0; j < count; j++) {
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

static sslact_status compare_lists(checker *k, const split_table *t)
{
    const char *path = config_get_split_text(k->config, split_get_name(t->kind), "actions");
    int64_t class_count = config_get_int(k->config, "model.class_count");
    if (k->summary.class_count > 0) {
        return has_classes(&k->summary, &t->actions)
                   ? SSLACT_OK
                   : check_report(k, DATA_PROBLEM_CLASSES, path,
                                  "the classes of split %s are not those of another split",
                                  split_get_name(t->kind));
    }
    sslact_status status = copy_classes(&t->actions, &k->summary);
    if (status >= 0 && class_count != (int64_t)t->actions.count) {
        status =
            check_report(k, DATA_PROBLEM_CLASSES, path, "%zu actions, model.class_count is %lld",
                         t->actions.count, (long long)class_count);
    }
    return status;
}

// --- sets of labels ---

typedef struct set_table {
    data_check_summary *summary;
    size_t set_capacity, instance_capacity;
    size_t *slots; // [slot_count], a power of two: number + 1, 0 = free
    size_t slot_count;
} set_table;

static uint64_t hash_set(const uint8_t *set, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t j = 0; j < count; j++) {
        hash = (hash ^ set[j]) * 0x100000001b3u;
    }
    return hash ^ (hash >> 29);
}

static size_t find_slot(const set_table *s, const uint8_t *set)
{
    size_t classes = (size_t)s->summary->class_count;
    size_t slot = hash_set(set, classes) & (s->slot_count - 1);
    while (s->slots[slot] != 0 &&
           memcmp(s->summary->sets + (s->slots[slot] - 1) * classes, set, classes) != 0) {
        slot = (slot + 1) & (s->slot_count - 1);
    }
    return slot;
}

static sslact_status grow_slots(set_table *s)
{
    data_check_summary *out = s->summary;
    if (2 * (out->set_count + 1) <= s->slot_count) {
        return SSLACT_OK;
    }
    size_t wanted = s->slot_count == 0 ? 1024 : 2 * s->slot_count;
    size_t *slots = array_create(wanted, sizeof *slots);
    if (slots == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    free(s->slots);
    s->slots = slots;
    s->slot_count = wanted;
    for (size_t i = 0; i < out->set_count; i++) {
        s->slots[find_slot(s, out->sets + i * (size_t)out->class_count)] = i + 1;
    }
    return SSLACT_OK;
}

static sslact_status add_set(set_table *s, const uint8_t *set)
{
    data_check_summary *out = s->summary;
    size_t classes = (size_t)out->class_count;
    sslact_status status = grow_slots(s);
    size_t slot = status >= 0 ? find_slot(s, set) : 0;
    if (status >= 0 && s->slots[slot] == 0) {
        status = array_reserve((void **)&out->sets, &s->set_capacity, out->set_count + 1, classes);
        if (status >= 0) {
            status = array_reserve((void **)&out->set_instances, &s->instance_capacity,
                                   out->set_count + 1, sizeof *out->set_instances);
        }
        if (status >= 0) {
            memcpy(out->sets + out->set_count * classes, set, classes);
            out->set_instances[out->set_count++] = 0;
            s->slots[slot] = out->set_count;
        }
    }
    if (status >= 0) {
        out->set_instances[s->slots[slot] - 1]++;
    }
    return status;
}

// matrix [SPLIT_MAX_PEOPLE, classes] is scratch, zero before and after.
static sslact_status add_frame(set_table *s, const split_table *t, const split_frame *frame,
                               uint8_t *matrix)
{
    size_t classes = (size_t)s->summary->class_count;
    const split_label *labels = t->labels + frame->label_first;
    sslact_status status = SSLACT_OK;
    for (int32_t i = 0; i < frame->label_count; i++) {
        matrix[(size_t)labels[i].person * classes + (size_t)labels[i].class_index] = 1;
    }
    for (int32_t i = 0; status >= 0 && i < frame->person_count; i++) {
        status = add_set(s, matrix + (size_t)i * classes);
    }
    memset(matrix, 0, (size_t)frame->person_count * classes);
    return status;
}

static sslact_status collect_sets(data_check_summary *out, const split_table *t)
{
    set_table s = {.summary = out};
    uint8_t *matrix = array_create(SPLIT_MAX_PEOPLE, (size_t)out->class_count);
    sslact_status status = matrix == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t f = 0; status >= 0 && f < t->frame_count; f++) {
        status = add_frame(&s, t, &t->frames[f], matrix);
    }
    free(matrix);
    free(s.slots);
    return status;
}

// --- counts ---

static void count_set(data_check_summary *out, size_t set)
{
    size_t classes = (size_t)out->class_count, labels = 0;
    const uint8_t *row = out->sets + set * classes;
    for (size_t j = 0; j < classes; j++) {
        if (row[j] == 0) {
            continue;
        }
        labels++;
        out->instances_per_class[j] += out->set_instances[set];
        for (size_t i = 0; i < classes; i++) {
            out->pair_counts[j * classes + i] += row[i] != 0 ? out->set_instances[set] : 0;
        }
    }
    labels = labels < DATA_CHECK_MOST_LABELS ? labels : DATA_CHECK_MOST_LABELS;
    out->labels_per_instance[labels] += out->set_instances[set];
}

static sslact_status report_absent(checker *k, const split_table *t)
{
    const data_check_summary *out = &k->summary;
    bool share = config_get_double(k->config, "data.label_ratio") < 1;
    sslact_status status = SSLACT_OK;
    for (int32_t j = 0; status >= 0 && t->person_count > 0 && j < out->class_count; j++) {
        if (out->instances_per_class[j] > 0) {
            continue;
        }
        bool in_file = share && k->in_file != NULL && k->in_file[j] != 0;
        status = check_report(k, in_file ? DATA_NOTE_SUBSET_CLASS : DATA_NOTE_EMPTY_CLASS,
                              t->labels_path, "class %d (%s) has no training instance%s",
                              out->class_ids[j], out->class_names[j],
                              in_file ? " in the share data.label_ratio, the file has some" : "");
    }
    return status;
}

sslact_status check_classes(checker *k, const split_table *t)
{
    data_check_summary *out = &k->summary;
    sslact_status status = compare_lists(k, t);
    if (status < 0 || t->kind != SPLIT_TRAIN || out->class_count > MOST_CLASSES) {
        return status;
    }
    status = collect_sets(out, t);
    for (size_t i = 0; status >= 0 && i < out->set_count; i++) {
        count_set(out, i);
    }
    return status < 0 ? status : report_absent(k, t);
}
