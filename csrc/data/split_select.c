// Puts the rows of a split in order and leaves out what is excluded or not in the chosen share.
#include "data/split_sources.h"

#include <stdlib.h>

#include "base/array.h"
#include "data/lines.h"
#include "data/subset.h"

// --- order ---

static sslact_status sort_rows(ava_rows *rows, const int32_t *new_index, size_t video_count)
{
    for (size_t i = 0; i < rows->count; i++) {
        rows->rows[i].video = new_index[rows->rows[i].video];
    }
    return ava_rows_sort(rows, video_count);
}

// What the annotation says of the videos, in their new order.
static sslact_status sort_frame_counts(split_loading *l, const int32_t *new_index)
{
    if (l->from.frame_count_count == 0) {
        return SSLACT_OK;
    }
    l->table->frame_counts = array_create(l->table->videos.count, sizeof(int64_t));
    if (l->table->frame_counts == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < l->from.frame_count_count; i++) {
        l->table->frame_counts[new_index[i]] = l->from.frame_counts[i];
    }
    return SSLACT_OK;
}

sslact_status split_sort_sources(split_loading *l)
{
    int32_t *new_index = NULL;
    sslact_status status = name_table_sort(&l->table->videos, &new_index);
    if (status < 0) {
        return status;
    }
    status = sort_frame_counts(l, new_index);
    if (status >= 0) {
        status = sort_rows(&l->from.labels, new_index, l->table->videos.count);
    }
    if (status >= 0) {
        status = sort_rows(&l->from.boxes, new_index, l->table->videos.count);
    }
    for (size_t i = 0; i < l->from.excluded.count; i++) {
        l->from.excluded.keys[i].video = new_index[l->from.excluded.keys[i].video];
    }
    for (size_t i = 0; i < l->from.labeled.count; i++) {
        l->from.labeled.keys[i].video = new_index[l->from.labeled.keys[i].video];
    }
    free(new_index);
    return status;
}

// --- leaving out ---

static int64_t get_key(const ava_row *row)
{
    return ava_make_key(row->video, row->time_us);
}

void split_keep_keys(ava_rows *rows, const int64_t *keys, size_t count, bool keep_listed)
{
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < rows->count; i++) {
        int64_t key = get_key(&rows->rows[i]);
        while (at < count && keys[at] < key) {
            at++;
        }
        bool listed = at < count && keys[at] == key;
        if (listed == keep_listed) {
            rows->rows[kept++] = rows->rows[i];
        }
    }
    rows->count = kept;
}

void split_keep_videos(ava_rows *rows, const uint8_t *keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (keep[rows->rows[i].video]) {
            rows->rows[kept++] = rows->rows[i];
        }
    }
    rows->count = kept;
}

// The keys as ascending numbers, which belong to the caller; NULL when memory is out.
static int64_t *make_numbers(const ava_keys *keys)
{
    int64_t *numbers = array_create(keys->count, sizeof *numbers);
    for (size_t i = 0; numbers != NULL && i < keys->count; i++) {
        numbers[i] = ava_make_key(keys->keys[i].video, keys->keys[i].time_us);
    }
    if (numbers != NULL) {
        split_sort_keys(numbers, keys->count);
    }
    return numbers;
}

static sslact_status drop_excluded(split_loading *l)
{
    size_t count = l->from.excluded.count;
    if (count == 0) {
        return SSLACT_OK;
    }
    int64_t *keys = make_numbers(&l->from.excluded);
    if (keys == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    split_keep_keys(&l->from.labels, keys, count, false);
    split_keep_keys(&l->from.boxes, keys, count, false);
    free(keys);
    return SSLACT_OK;
}

// The distinct key frames of sorted rows; both arrays belong to the caller.
static sslact_status list_keys(const ava_rows *rows, ava_key **keys, int64_t **numbers,
                               size_t *count)
{
    size_t distinct = 0;
    for (size_t i = 0; i < rows->count; i++) {
        distinct += i == 0 || get_key(&rows->rows[i - 1]) != get_key(&rows->rows[i]);
    }
    *keys = array_create(distinct, sizeof **keys);
    *numbers = array_create(distinct, sizeof **numbers);
    *count = 0;
    if (*keys == NULL || *numbers == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < rows->count; i++) {
        const ava_row *row = &rows->rows[i];
        if (*count == 0 || (*numbers)[*count - 1] != get_key(row)) {
            (*keys)[*count] = (ava_key){row->time_us, row->line, row->video};
            (*numbers)[(*count)++] = get_key(row);
        }
    }
    return SSLACT_OK;
}

// Moves the numbers of the chosen key frames to the front; returns how many.
static size_t keep_chosen(int64_t *numbers, const uint8_t *chosen, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (chosen[i]) {
            numbers[kept++] = numbers[i];
        }
    }
    return kept;
}

sslact_status split_list_labeled(const split_sources *train, ava_keys *out)
{
    ava_keys made = {0};
    int64_t *excluded = make_numbers(&train->excluded);
    sslact_status status = excluded == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < train->labels.count; i++) {
        const ava_row *row = &train->labels.rows[i];
        const ava_key *last = made.count > 0 ? &made.keys[made.count - 1] : NULL;
        bool repeats = last != NULL && last->video == row->video && last->time_us == row->time_us;
        if (repeats || split_find_key(excluded, train->excluded.count, get_key(row))) {
            continue;
        }
        status =
            array_reserve((void **)&made.keys, &made.capacity, made.count + 1, sizeof *made.keys);
        if (status >= 0) {
            made.keys[made.count++] = (ava_key){row->time_us, row->line, row->video};
        }
    }
    free(excluded);
    if (status < 0) {
        ava_keys_free(&made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

// Cuts keys and numbers [*count] down to those that data.label_ratio keeps.
static sslact_status choose_keys(split_loading *l, const ava_key *keys, int64_t *numbers,
                                 size_t *count)
{
    double ratio = config_get_double(l->config, "data.label_ratio");
    uint8_t *chosen = NULL;
    size_t all = *count;
    if (ratio >= 1) {
        return SSLACT_OK;
    }
    sslact_status status = subset_choose(&l->table->videos, keys, all, ratio,
                                         config_get_int(l->config, "data.subset_seed"), &chosen);
    if (status >= 0) {
        *count = keep_chosen(numbers, chosen, all);
        if (*count == 0 && all > 0) {
            status = error_set(SSLACT_ERROR_CONFIG,
                               "data.label_ratio %s of %zu labelled key frames leaves none",
                               show_number(ratio).text, all);
        }
    }
    free(chosen);
    return status;
}

// Training: the share of labelled key frames that keep their labels, and the boxes on those alone.
static sslact_status choose_subset(split_loading *l)
{
    double ratio = config_get_double(l->config, "data.label_ratio");
    ava_key *keys = NULL;
    int64_t *numbers = NULL;
    size_t count;
    if (ratio >= 1 && l->from.boxes.count == 0) {
        return SSLACT_OK;
    }
    sslact_status status = list_keys(&l->from.labels, &keys, &numbers, &count);
    if (status >= 0) {
        status = choose_keys(l, keys, numbers, &count);
    }
    if (status >= 0) {
        split_keep_keys(&l->from.labels, numbers, count, true);
        split_keep_keys(&l->from.boxes, numbers, count, true);
    }
    free(keys);
    free(numbers);
    return status;
}

// Validation: boxes of videos that the label file does not know are another subset's. A check says
// which; so does it for videos with labels and no box.
static sslact_status match_videos(split_loading *l)
{
    size_t count = l->table->videos.count;
    uint8_t *has_labels = array_create(count, 1), *has_boxes = array_create(count, 1);
    sslact_status status =
        has_labels == NULL || has_boxes == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < l->from.labels.count; i++) {
        has_labels[l->from.labels.rows[i].video] = 1;
    }
    for (size_t i = 0; status >= 0 && i < l->from.boxes.count; i++) {
        has_boxes[l->from.boxes.rows[i].video] = 1;
    }
    for (size_t i = 0; status >= 0 && i < count; i++) {
        if (has_labels[i] != has_boxes[i]) {
            status = data_problems_report(
                l->problems, has_labels[i] ? DATA_PROBLEM_MISMATCH : DATA_NOTE_UNUSED_BOXES,
                has_labels[i] ? l->table->boxes_path : l->table->labels_path,
                "video \"%s\" has no row here, but in %s", l->table->videos.names[i],
                has_labels[i] ? l->table->labels_path : l->table->boxes_path);
        }
    }
    if (status >= 0) {
        split_keep_videos(&l->from.boxes, has_labels);
    }
    free(has_labels);
    free(has_boxes);
    return status;
}

// UCF101-24 is tested on annotated frames alone; a detector looked at more of them.
static sslact_status keep_annotated_boxes(split_loading *l)
{
    ava_key *keys = NULL;
    int64_t *numbers = NULL;
    size_t count;
    sslact_status status = list_keys(&l->from.labels, &keys, &numbers, &count);
    if (status >= 0) {
        split_keep_keys(&l->from.boxes, numbers, count, true);
    }
    free(keys);
    free(numbers);
    return status;
}

sslact_status split_select(split_loading *l)
{
    sslact_status status = drop_excluded(l);
    if (status >= 0) {
        status = split_choose_key_frames(l);
    }
    if (status >= 0 && l->table->kind != SPLIT_UNLABELED && l->from.rules.has_boxes) {
        status = match_videos(l);
    }
    if (status >= 0 && l->table->kind == SPLIT_TRAIN) {
        status = choose_subset(l);
    }
    if (status >= 0 && l->table->kind == SPLIT_VALIDATION && l->table->counts_frames) {
        status = keep_annotated_boxes(l);
    }
    return status;
}
