// Which times are key frames: included ones, at most one an interval, and behind labelled ones the
// unlabelled (datasets-and-evaluation.md section 5).
#include "data/split_sources.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/log.h"
#include "data/lines.h"

// --- keys ---

static int compare_keys(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

void split_sort_keys(int64_t *keys, size_t count)
{
    if (count > 0) {
        qsort(keys, count, sizeof *keys, compare_keys);
    }
}

bool split_find_key(const int64_t *keys, size_t count, int64_t key)
{
    return count > 0 && bsearch(&key, keys, count, sizeof *keys, compare_keys) != NULL;
}

// --- included times ---

static bool is_included(const split_sources *from, int64_t time_us)
{
    return from->included == NULL || split_find_key(from->included, from->included_count, time_us);
}

static void keep_included_rows(const split_sources *from, ava_rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (is_included(from, rows->rows[i].time_us)) {
            rows->rows[kept++] = rows->rows[i];
        }
    }
    rows->count = kept;
}

// Unlabelled boxes lie between the included times: there the labelled key frames are looked at.
static sslact_status keep_included(split_loading *l)
{
    split_sources *from = &l->from;
    size_t before = from->labels.count, kept = 0;
    if (from->included == NULL) {
        return SSLACT_OK;
    }
    for (size_t i = 0; i < from->labeled.count; i++) {
        if (is_included(from, from->labeled.keys[i].time_us)) {
            from->labeled.keys[kept++] = from->labeled.keys[i];
        }
    }
    from->labeled.count = kept;
    if (l->table->kind == SPLIT_UNLABELED) {
        return SSLACT_OK;
    }
    keep_included_rows(from, &from->labels);
    keep_included_rows(from, &from->boxes);
    if (before > 0 && from->labels.count == 0) {
        return error_set(SSLACT_ERROR_MISMATCH, "%s: none of %zu rows is at one of the times of %s",
                         l->table->labels_path, before,
                         config_get_text(l->config, "data.included_timestamps"));
    }
    return SSLACT_OK;
}

// --- one key frame an interval ---

typedef struct candidate {
    int64_t key;
    bool labeled;
} candidate;

typedef struct candidate_list {
    candidate *items; // ascending, distinct
    size_t count, capacity;
} candidate_list;

static int64_t get_row_key(const ava_rows *rows, size_t at)
{
    return at < rows->count ? ava_make_key(rows->rows[at].video, rows->rows[at].time_us)
                            : INT64_MAX;
}

static void pass_key(const ava_rows *rows, size_t *at, int64_t key)
{
    while (get_row_key(rows, *at) == key) {
        (*at)++;
    }
}

static sslact_status list_candidates(const ava_rows *labels, const ava_rows *boxes,
                                     candidate_list *out)
{
    size_t label_at = 0, box_at = 0;
    sslact_status status = SSLACT_OK;
    while (status >= 0 && (label_at < labels->count || box_at < boxes->count)) {
        int64_t label_key = get_row_key(labels, label_at), box_key = get_row_key(boxes, box_at);
        int64_t key = label_key < box_key ? label_key : box_key;
        status =
            array_reserve((void **)&out->items, &out->capacity, out->count + 1, sizeof *out->items);
        if (status >= 0) {
            out->items[out->count++] = (candidate){key, key == label_key};
            pass_key(labels, &label_at, key);
            pass_key(boxes, &box_at, key);
        }
    }
    return status;
}

// The interval a time belongs to: the multiple that it is nearest to, the later one in the middle.
static int64_t find_slot(int64_t time_us, int64_t interval_us)
{
    return (2 * time_us + interval_us) / (2 * interval_us);
}

static bool is_same_slot(int64_t a, int64_t b, int64_t interval_us)
{
    return a / AVA_TIME_LIMIT_US == b / AVA_TIME_LIMIT_US &&
           find_slot(a % AVA_TIME_LIMIT_US, interval_us) ==
               find_slot(b % AVA_TIME_LIMIT_US, interval_us);
}

// A key frame with labels before one without, then the one nearest to the multiple, then the first.
static bool is_better(const candidate *a, const candidate *than, int64_t interval_us)
{
    int64_t middle = find_slot(a->key % AVA_TIME_LIMIT_US, interval_us) * interval_us;
    int64_t own = llabs(a->key % AVA_TIME_LIMIT_US - middle);
    int64_t other = llabs(than->key % AVA_TIME_LIMIT_US - middle);
    return a->labeled != than->labeled ? a->labeled : own < other;
}

// Leaves one candidate an interval of each video; keys [count] receives them.
static size_t choose_candidates(const candidate_list *list, int64_t interval_us, int64_t *keys)
{
    size_t used = 0;
    for (size_t first = 0; first < list->count;) {
        const candidate *best = &list->items[first];
        size_t at = first + 1;
        for (; at < list->count && is_same_slot(list->items[at].key, best->key, interval_us);
             at++) {
            best = is_better(&list->items[at], best, interval_us) ? &list->items[at] : best;
        }
        keys[used++] = best->key;
        first = at;
    }
    return used;
}

static int64_t get_interval(const split_loading *l)
{
    return llround(config_get_double(l->config, "data.key_frame_interval_seconds") * 1e6);
}

// The key frames that stay when there is one an interval; *keys [*count] belongs to the caller.
static sslact_status list_thinned(const ava_rows *labels, const ava_rows *boxes,
                                  int64_t interval_us, int64_t **keys, size_t *count)
{
    candidate_list list = {0};
    sslact_status status = list_candidates(labels, boxes, &list);
    *keys = array_create(list.count, sizeof **keys);
    status = *keys == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : status;
    *count = status < 0 ? 0 : choose_candidates(&list, interval_us, *keys);
    free(list.items);
    return status;
}

static sslact_status thin(split_loading *l)
{
    int64_t *keys = NULL;
    size_t count;
    if (get_interval(l) == 0) {
        return SSLACT_OK;
    }
    sslact_status status =
        list_thinned(&l->from.labels, &l->from.boxes, get_interval(l), &keys, &count);
    if (status >= 0) {
        split_keep_keys(&l->from.labels, keys, count, true);
        split_keep_keys(&l->from.boxes, keys, count, true);
    }
    free(keys);
    return status;
}

// --- unlabelled key frames ---

typedef struct behind_labels {
    uint8_t *covered; // [videos] 1: the video has labelled key frames
    int64_t *keys;    // [count] the unlabelled key frames of those videos, ascending
    size_t count;
    int64_t *thinned; // [thinned_count] key frames of the box file, one an interval
    size_t thinned_count;
} behind_labels;

static int compare_candidates(const void *a, const void *b)
{
    int64_t left = ((const candidate *)a)->key, right = ((const candidate *)b)->key;
    return (left > right) - (left < right);
}

// The labelled key frames, one an interval where that is asked for, moved by the offset.
static sslact_status list_behind(const split_loading *l, behind_labels *out)
{
    const ava_keys *labeled = &l->from.labeled;
    int64_t offset_us =
        llround(config_get_double(l->config, "data.unlabeled_offset_seconds") * 1e6);
    int64_t interval_us = get_interval(l) > 0 ? get_interval(l) : 1;
    candidate_list list = {.items = array_create(labeled->count, sizeof *list.items)};
    out->keys = array_create(labeled->count, sizeof *out->keys);
    out->covered = array_create(l->table->videos.count, 1);
    if (list.items == NULL || out->keys == NULL || out->covered == NULL) {
        free(list.items);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < labeled->count; i++) {
        const ava_key *key = &labeled->keys[i];
        out->covered[key->video] = 1;
        list.items[list.count++] = (candidate){ava_make_key(key->video, key->time_us), true};
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof *list.items, compare_candidates);
    }
    size_t chosen = choose_candidates(&list, interval_us, out->keys);
    for (size_t i = 0; i < chosen; i++) {
        if (out->keys[i] % AVA_TIME_LIMIT_US + offset_us >= 0) {
            out->keys[out->count++] = out->keys[i] + offset_us;
        }
    }
    free(list.items);
    return SSLACT_OK;
}

static bool is_unlabeled_key(const behind_labels *behind, const ava_row *row)
{
    int64_t key = ava_make_key(row->video, row->time_us);
    if (behind->covered[row->video]) {
        return split_find_key(behind->keys, behind->count, key);
    }
    return behind->thinned == NULL || split_find_key(behind->thinned, behind->thinned_count, key);
}

static sslact_status keep_behind(split_loading *l, const behind_labels *behind)
{
    ava_rows *boxes = &l->from.boxes;
    size_t before = boxes->count, kept = 0, left_out = 0;
    for (size_t i = 0; i < before; i++) {
        bool keep = is_unlabeled_key(behind, &boxes->rows[i]);
        left_out += !keep && behind->covered[boxes->rows[i].video];
        if (keep) {
            boxes->rows[kept++] = boxes->rows[i];
        }
    }
    boxes->count = kept;
    const shown offset = show_number(config_get_double(l->config, "data.unlabeled_offset_seconds"));
    if (left_out > 0 && left_out == before) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "%s: none of %zu rows is %s s behind a labelled key frame "
                         "(data.unlabeled_offset_seconds); data.unlabeled_key_frames=all takes "
                         "them all",
                         l->table->boxes_path, before, offset.text);
    }
    if (left_out > 0) {
        log_write(SSLACT_LOG_INFO, "data",
                  "%s: %zu of %zu rows are of videos with labels and not %s s behind a labelled "
                  "key frame, they are left out",
                  l->table->boxes_path, left_out, before, offset.text);
    }
    return SSLACT_OK;
}

static sslact_status choose_unlabeled(split_loading *l)
{
    behind_labels behind = {0};
    const ava_rows none = {0};
    sslact_status status = list_behind(l, &behind);
    if (status >= 0 && get_interval(l) > 0) {
        status = list_thinned(&none, &l->from.boxes, get_interval(l), &behind.thinned,
                              &behind.thinned_count);
    }
    if (status >= 0) {
        status = keep_behind(l, &behind);
    }
    free(behind.covered);
    free(behind.keys);
    free(behind.thinned);
    return status;
}

// --- all of it ---

sslact_status split_choose_key_frames(split_loading *l)
{
    sslact_status status = keep_included(l);
    if (status < 0) {
        return status;
    }
    return l->table->kind == SPLIT_UNLABELED ? choose_unlabeled(l) : thin(l);
}
