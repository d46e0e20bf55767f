// Frame mAP: which rows count, which truth box a detection takes, in which order detections of a
// class are ranked. Step numbers are those of datasets-and-evaluation.md section 8. Reading files
// and the area under the curve are elsewhere.
#include "metrics/frame_map.h"

#include "metrics/average_precision.h"
#include "metrics/overlap.h"
#include "metrics/row_limit.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct keyed_row { // a row of one of the files under its key
    int64_t key;
    int32_t class_index;
    double rank; // truth: order; detections: unused
    size_t row;
} keyed_row;

typedef struct kept_row { // a detection that passed the row limit
    int32_t class_index;
    double score;
    size_t row;
} kept_row;

typedef struct outcome { // a detection after matching
    int32_t class_index;
    double score;
    size_t frame; // first row of its key in the file: orders the frames
    size_t place; // within its class on that frame
    bool hit;
} outcome;

typedef struct evaluation {
    const metric_detection *detections;
    const metric_truth *truth;
    const frame_map_options *options;
    double overlap;
    int64_t *excluded; // sorted
    int64_t *listed;   // sorted
    size_t listed_count;
    keyed_row *truth_rows; // by key, class, descending order, row
    size_t truth_count;
    bool *taken;    // [truth_count]
    kept_row *kept; // of the key at hand
    size_t *held;
    outcome *outcomes;
    size_t outcome_count;
} evaluation;

static int compare_key(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int compare_keyed(const void *left, const void *right)
{
    const keyed_row *a = left, *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

// Step 5: the boxes of a key and class in descending order, equal ones as in the file.
static int compare_truth(const void *left, const void *right)
{
    const keyed_row *a = left, *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    if (a->class_index != b->class_index) {
        return a->class_index < b->class_index ? -1 : 1;
    }
    if (a->rank != b->rank) {
        return a->rank > b->rank ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

// Step 4, per class: descending score, equal ones as in the file.
static int compare_kept(const void *left, const void *right)
{
    const kept_row *a = left, *b = right;
    if (a->class_index != b->class_index) {
        return a->class_index < b->class_index ? -1 : 1;
    }
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

// Step 9: per class descending score; of equal scores the one that arrived last comes first.
static int compare_outcome(const void *left, const void *right)
{
    const outcome *a = left, *b = right;
    if (a->class_index != b->class_index) {
        return a->class_index < b->class_index ? -1 : 1;
    }
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    if (a->frame != b->frame) {
        return a->frame > b->frame ? -1 : 1;
    }
    return (a->place < b->place) - (a->place > b->place);
}

static bool has_key(const int64_t *keys, size_t count, int64_t key)
{
    return count > 0 && bsearch(&key, keys, count, sizeof *keys, compare_key) != NULL;
}

static bool is_excluded(const evaluation *e, int64_t key)
{
    return has_key(e->excluded, e->options->excluded_count, key);
}

static sslact_status check_class(const char *what, size_t row, int32_t class_index, int32_t count)
{
    if (class_index < -1 || class_index >= count) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s %zu: class index %d; -1 (not on the list) to %d are accepted", what,
                         row, class_index, count - 1);
    }
    return SSLACT_OK;
}

static sslact_status check_detection(const evaluation *e, size_t row)
{
    const metric_detection *d = &e->detections[row];
    if (!isfinite(d->score) || !isfinite(d->x1) || !isfinite(d->y1) || !isfinite(d->x2) ||
        !isfinite(d->y2)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "detection %zu: score %g, box %g %g %g %g; finite numbers are accepted",
                         row, d->score, d->x1, d->y1, d->x2, d->y2);
    }
    return check_class("detection", row, d->class_index, e->options->class_count);
}

static sslact_status check_truth(const evaluation *e, size_t row)
{
    const metric_truth *t = &e->truth[row];
    if (!isfinite(t->order) || !isfinite(t->x1) || !isfinite(t->y1) || !isfinite(t->x2) ||
        !isfinite(t->y2)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "truth %zu: order %g, box %g %g %g %g; finite numbers are accepted", row,
                         t->order, t->x1, t->y1, t->x2, t->y2);
    }
    if (t->x1 > t->x2 || t->y1 > t->y2) { // step 7
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "truth %zu: box %g %g %g %g; left <= right and top <= bottom are accepted",
                         row, t->x1, t->y1, t->x2, t->y2);
    }
    return check_class("truth", row, t->class_index, e->options->class_count);
}

static sslact_status check_options(const frame_map_options *options)
{
    if (options->class_count < 1) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "class count %d; at least 1 is accepted",
                         options->class_count);
    }
    if (!(options->overlap >= 0.0 && options->overlap <= 1.0)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "overlap %g; 0 (for 0.5) to 1 are accepted",
                         options->overlap);
    }
    if (options->row_limit < 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "row limit %lld; 0 (none) and more are accepted",
                         (long long)options->row_limit);
    }
    return SSLACT_OK;
}

static int64_t *sort_keys(const int64_t *keys, size_t count)
{
    int64_t *sorted = array_create(count, sizeof *sorted);
    if (sorted != NULL && count > 0) {
        memcpy(sorted, keys, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_key);
    }
    return sorted;
}

// The keys that the label file names: those without a box and those of every truth row, also of
// rows that are not on the class list (step 6: "does not occur in the ground-truth file at all").
static sslact_status collect_listed(evaluation *e, size_t truth_count)
{
    size_t given = e->options->listed_count;
    int64_t *all = array_create(given + truth_count, sizeof *all);
    if (all == NULL) {
        return sslact_error_get_status();
    }
    if (given > 0) {
        memcpy(all, e->options->listed, given * sizeof *all);
    }
    for (size_t row = 0; row < truth_count; row++) {
        all[given + row] = e->truth[row].key;
    }
    qsort(all, given + truth_count, sizeof *all, compare_key);
    e->listed = all;
    e->listed_count = given + truth_count;
    return SSLACT_OK;
}

// Steps 1, 5 and 6 for the truth; counts the positives of each class.
static sslact_status collect_truth(evaluation *e, size_t count, frame_map *map)
{
    e->truth_rows = array_create(count, sizeof *e->truth_rows);
    e->taken = array_create(count, sizeof *e->taken);
    if (e->truth_rows == NULL || e->taken == NULL) {
        return sslact_error_get_status();
    }
    for (size_t row = 0; row < count; row++) {
        const metric_truth *t = &e->truth[row];
        sslact_status status = check_truth(e, row);
        if (status < 0) {
            return status;
        }
        if (t->class_index >= 0 && !is_excluded(e, t->key)) {
            e->truth_rows[e->truth_count++] = (keyed_row){t->key, t->class_index, t->order, row};
            map->classes[t->class_index].positive_count++;
        }
    }
    qsort(e->truth_rows, e->truth_count, sizeof *e->truth_rows, compare_truth);
    return SSLACT_OK;
}

// Step 1 for the detections: rows on the class list, by key, in file order within a key.
static sslact_status collect_detections(const evaluation *e, size_t count, keyed_row **out,
                                        size_t *out_count)
{
    size_t found = 0;
    keyed_row *rows = array_create(count, sizeof *rows);
    if (rows == NULL) {
        return sslact_error_get_status();
    }
    for (size_t row = 0; row < count; row++) {
        const metric_detection *d = &e->detections[row];
        sslact_status status = check_detection(e, row);
        if (status < 0) {
            free(rows);
            return status;
        }
        if (d->class_index >= 0) {
            rows[found++] = (keyed_row){d->key, d->class_index, 0.0, row};
        }
    }
    qsort(rows, found, sizeof *rows, compare_keyed);
    *out = rows;
    *out_count = found;
    return SSLACT_OK;
}

// First place in truth_rows that is not before (key, class).
static size_t find_truth(const evaluation *e, int64_t key, int32_t class_index)
{
    size_t low = 0, high = e->truth_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const keyed_row *t = &e->truth_rows[middle];
        if (t->key < key || (t->key == key && t->class_index < class_index)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// Step 8: the truth box of the class with the greatest overlap, the first of equals, must reach the
// limit and be free; a taken box is not replaced by the second best.
static bool match(evaluation *e, const metric_detection *d, size_t begin)
{
    overlap_box box = {d->x1, d->y1, d->x2, d->y2};
    double best = -1.0;
    size_t best_place = 0;
    for (size_t place = begin; place < e->truth_count; place++) {
        const keyed_row *row = &e->truth_rows[place];
        if (row->key != d->key || row->class_index != d->class_index) {
            break;
        }
        const metric_truth *t = &e->truth[row->row];
        overlap_box other = {t->x1, t->y1, t->x2, t->y2};
        double overlap = overlap_compute(&box, &other);
        if (overlap > best) {
            best = overlap;
            best_place = place;
        }
    }
    if (best < e->overlap || e->taken[best_place]) {
        return false;
    }
    e->taken[best_place] = true;
    return true;
}

// Steps 3 and 7: the rows of one key that pass the limit and have a proper box.
static size_t keep_rows(evaluation *e, const keyed_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        e->held[i] = rows[i].row;
    }
    size_t held = row_limit_apply(e->detections, e->options->class_ids, e->held, count,
                                  e->options->row_limit);
    size_t kept = 0;
    for (size_t i = 0; i < held; i++) {
        const metric_detection *d = &e->detections[e->held[i]];
        if (d->x1 < d->x2 && d->y1 < d->y2) {
            e->kept[kept++] = (kept_row){d->class_index, d->score, e->held[i]};
        }
    }
    return kept;
}

static void evaluate_key(evaluation *e, const keyed_row *rows, size_t count)
{
    int64_t key = rows[0].key;
    size_t frame = rows[0].row;
    if (is_excluded(e, key) ||
        (e->options->only_listed_keys && !has_key(e->listed, e->listed_count, key))) {
        return; // step 6
    }
    size_t kept = keep_rows(e, rows, count);
    qsort(e->kept, kept, sizeof *e->kept, compare_kept);
    size_t begin = 0;
    for (size_t place = 0; place < kept; place++) {
        const kept_row *k = &e->kept[place];
        if (place == 0 || k->class_index != e->kept[place - 1].class_index) {
            begin = find_truth(e, key, k->class_index);
        }
        bool hit = match(e, &e->detections[k->row], begin);
        e->outcomes[e->outcome_count++] = (outcome){k->class_index, k->score, frame, place, hit};
    }
}

static sslact_status evaluate_detections(evaluation *e, size_t count)
{
    keyed_row *rows = NULL;
    size_t row_count = 0;
    sslact_status status = collect_detections(e, count, &rows, &row_count);
    if (status < 0) {
        return status;
    }
    e->held = array_create(row_count, sizeof *e->held);
    e->kept = array_create(row_count, sizeof *e->kept);
    e->outcomes = array_create(row_count, sizeof *e->outcomes);
    if (e->held == NULL || e->kept == NULL || e->outcomes == NULL) {
        free(rows);
        return sslact_error_get_status();
    }
    for (size_t begin = 0, end = 0; begin < row_count; begin = end) {
        while (end < row_count && rows[end].key == rows[begin].key) {
            end++;
        }
        evaluate_key(e, rows + begin, end - begin);
    }
    free(rows);
    qsort(e->outcomes, e->outcome_count, sizeof *e->outcomes, compare_outcome);
    return SSLACT_OK;
}

// Step 10 for one class; outcomes [count] are those of the class, best first.
static sslact_status finish_class(frame_map_class *result, const outcome *outcomes, size_t count)
{
    result->detection_count = (int64_t)count;
    size_t points = result->positive_count > 0 ? count : 0;
    bool *hits = array_create(count, sizeof *hits);
    result->precision = array_create(points, sizeof *result->precision);
    result->recall = array_create(points, sizeof *result->recall);
    if (hits == NULL || result->precision == NULL || result->recall == NULL) {
        free(hits);
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < count; i++) {
        hits[i] = outcomes[i].hit;
    }
    result->curve_count = points;
    result->average_precision = average_precision_compute(hits, count, result->positive_count,
                                                          result->precision, result->recall);
    free(hits);
    return SSLACT_OK;
}

// Step 11: the mean of the defined average precisions.
static sslact_status finish(const evaluation *e, frame_map *map)
{
    double sum = 0.0;
    int64_t defined = 0;
    size_t begin = 0;
    for (int32_t class_index = 0; class_index < map->class_count; class_index++) {
        frame_map_class *result = &map->classes[class_index];
        size_t end = begin;
        while (end < e->outcome_count && e->outcomes[end].class_index == class_index) {
            end++;
        }
        sslact_status status = finish_class(result, e->outcomes + begin, end - begin);
        if (status < 0) {
            return status;
        }
        if (result->positive_count > 0) {
            sum += result->average_precision;
            defined++;
        }
        begin = end;
    }
    map->mean = defined > 0 ? sum / (double)defined : NAN;
    return SSLACT_OK;
}

static sslact_status create_map(int32_t class_count, frame_map **out)
{
    frame_map *map = array_create(1, sizeof *map);
    if (map == NULL) {
        return sslact_error_get_status();
    }
    map->classes = array_create((size_t)class_count, sizeof *map->classes);
    if (map->classes == NULL) {
        free(map);
        return sslact_error_get_status();
    }
    map->class_count = class_count;
    *out = map;
    return SSLACT_OK;
}

static void release(evaluation *e)
{
    free(e->excluded);
    free(e->listed);
    free(e->truth_rows);
    free(e->taken);
    free(e->kept);
    free(e->held);
    free(e->outcomes);
}

sslact_status frame_map_compute(const metric_detection *detections, size_t detection_count,
                                const metric_truth *truth, size_t truth_count,
                                const frame_map_options *options, frame_map **out)
{
    frame_map *map = NULL;
    evaluation e = {.detections = detections, .truth = truth, .options = options};
    sslact_status status = check_options(options);
    if (status < 0) {
        return status;
    }
    e.overlap = options->overlap > 0.0 ? options->overlap : 0.5;
    e.excluded = sort_keys(options->excluded, options->excluded_count);
    if (e.excluded == NULL) {
        return sslact_error_get_status();
    }
    if ((status = create_map(options->class_count, &map)) < 0 ||
        (status = collect_listed(&e, truth_count)) < 0 ||
        (status = collect_truth(&e, truth_count, map)) < 0 ||
        (status = evaluate_detections(&e, detection_count)) < 0 || (status = finish(&e, map)) < 0) {
        goto out;
    }
    *out = map;
    map = NULL;
out:
    frame_map_free(map);
    release(&e);
    return status;
}

void frame_map_free(frame_map *m)
{
    if (m == NULL) {
        return;
    }
    for (int32_t i = 0; i < m->class_count; i++) {
        free(m->classes[i].precision);
        free(m->classes[i].recall);
    }
    free(m->classes);
    free(m);
}
