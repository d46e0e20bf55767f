// Groups rows into people and boxes: an instance is one unique (video, timestamp, box), its labels
// are the union over its rows; a detected box takes the labels of the person it overlaps best.
#include "data/split_frames.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/overlap.h"

// Rows of one key frame.
typedef struct row_span {
    const ava_row *rows;
    size_t count;
} row_span;

// A group of rows with equal boxes.
typedef struct row_group {
    const ava_row *row; // the one that stands for the group
    int64_t first_line;
    size_t sorted_first, row_count; // its rows among the sorted ones
} row_group;

typedef struct group_list { // by first line
    const char *path;       // of the file the rows come from
    row_group *groups;
    size_t count, capacity;
} group_list;

typedef struct builder {
    split_table *table;
    const split_rules *rules;
    data_problems *problems;
    size_t frame_capacity, person_capacity, label_capacity, box_capacity, box_label_capacity;
    const ava_row **sorted; // scratch
    size_t sorted_capacity;
    group_list people, detections; // of the key frame in work
} builder;

// --- grouping ---

static int compare_doubles(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_boxes(const ava_row *a, const ava_row *b)
{
    int order = compare_doubles(a->x1, b->x1);
    order = order != 0 ? order : compare_doubles(a->y1, b->y1);
    order = order != 0 ? order : compare_doubles(a->x2, b->x2);
    return order != 0 ? order : compare_doubles(a->y2, b->y2);
}

// Equal boxes together, the best score first.
static int compare_rows(const void *a, const void *b)
{
    const ava_row *left = *(const ava_row *const *)a, *right = *(const ava_row *const *)b;
    int order = compare_boxes(left, right);
    order = order != 0 ? order : compare_doubles(right->score, left->score);
    order = order != 0
                ? order
                : (left->action_id > right->action_id) - (left->action_id < right->action_id);
    return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

static int compare_lines(const void *a, const void *b)
{
    int64_t left = ((const row_group *)a)->first_line, right = ((const row_group *)b)->first_line;
    return (left > right) - (left < right);
}

static sslact_status sort_rows(builder *b, row_span span)
{
    sslact_status status =
        array_reserve((void **)&b->sorted, &b->sorted_capacity, span.count, sizeof *b->sorted);
    if (status < 0 || span.count == 0) {
        return status;
    }
    for (size_t i = 0; i < span.count; i++) {
        b->sorted[i] = &span.rows[i];
    }
    qsort(b->sorted, span.count, sizeof *b->sorted, compare_rows);
    return SSLACT_OK;
}

static sslact_status refuse_crowd(const builder *b, row_span span, const char *path,
                                  const char *what, size_t count, int limit)
{
    char time[32];
    const ava_row *row = &span.rows[0];
    data_place place =
        split_locate(b->table, path == b->table->boxes_path, row->video, row->time_us, row->line);
    ava_render_time(row->time_us, time);
    return error_set(SSLACT_ERROR_FORMAT, "%s: %zu %s on key frame %s,%s, at most %d", place.text,
                     count, what, b->table->videos.names[row->video], time, limit);
}

static sslact_status add_to_groups(group_list *list, const ava_row *row, size_t sorted_index)
{
    row_group *last = list->count > 0 ? &list->groups[list->count - 1] : NULL;
    if (last != NULL && compare_boxes(row, last->row) == 0) {
        last->first_line = row->line < last->first_line ? row->line : last->first_line;
        last->row_count++;
        return SSLACT_OK;
    }
    sslact_status status = array_reserve((void **)&list->groups, &list->capacity, list->count + 1,
                                         sizeof *list->groups);
    if (status >= 0) {
        list->groups[list->count++] = (row_group){row, row->line, sorted_index, 1};
    }
    return status;
}

static sslact_status group_rows(builder *b, row_span span, group_list *list)
{
    list->count = 0;
    if (span.count > SPLIT_MAX_ROWS) {
        return refuse_crowd(b, span, list->path, "rows", span.count, SPLIT_MAX_ROWS);
    }
    sslact_status status = sort_rows(b, span);
    for (size_t i = 0; status >= 0 && i < span.count; i++) {
        status = add_to_groups(list, b->sorted[i], i);
    }
    if (status >= 0 && list->count > SPLIT_MAX_PEOPLE) {
        status =
            refuse_crowd(b, span, list->path, "different boxes", list->count, SPLIT_MAX_PEOPLE);
    }
    if (status >= 0 && list->count > 0) {
        qsort(list->groups, list->count, sizeof *list->groups, compare_lines);
    }
    return status;
}

static sslact_status report_duplicate(builder *b, const ava_row *row, const ava_row *before)
{
    const split_table *t = b->table;
    data_place place = split_locate(t, false, row->video, row->time_us, row->line);
    if (!t->labels_have_lines) {
        return data_problems_report(b->problems, DATA_PROBLEM_DUPLICATE, place.text,
                                    "tubes %" PRId64 " and %" PRId64 " have one box and class",
                                    before->person, row->person);
    }
    return data_problems_report(b->problems, DATA_PROBLEM_DUPLICATE, place.text,
                                "repeats the label of line %" PRId64, before->line);
}

// b->sorted still holds the label rows of the key frame.
static sslact_status report_duplicates(builder *b, row_span span)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 1; status >= 0 && i < span.count; i++) {
        const ava_row *before = b->sorted[i - 1], *row = b->sorted[i];
        if (compare_boxes(before, row) == 0 && before->action_id == row->action_id) {
            status = report_duplicate(b, row, before);
        }
    }
    return status;
}

// --- people and their labels ---

static sslact_box make_box(const ava_row *row)
{
    return (sslact_box){(float)row->x1, (float)row->y1, (float)row->x2, (float)row->y2};
}

static int32_t find_person(const builder *b, const ava_row *row)
{
    for (size_t i = 0; i < b->people.count; i++) {
        if (compare_boxes(b->people.groups[i].row, row) == 0) {
            return (int32_t)i;
        }
    }
    return SPLIT_NOBODY;
}

static sslact_status add_labels(builder *b, row_span span, split_frame *frame)
{
    split_table *t = b->table;
    frame->label_first = t->label_count;
    for (size_t i = 0; i < span.count; i++) {
        const ava_row *row = &span.rows[i];
        int32_t class_index = ava_actions_find(&t->actions, row->action_id);
        if (class_index < 0) {
            continue; // no label, or one that is not on the list in use
        }
        sslact_status status = array_reserve((void **)&t->labels, &b->label_capacity,
                                             t->label_count + 1, sizeof *t->labels);
        if (status < 0) {
            return status;
        }
        t->labels[t->label_count++] = (split_label){find_person(b, row), class_index, row->person};
    }
    frame->label_count = (int32_t)(t->label_count - frame->label_first);
    return SSLACT_OK;
}

static sslact_status add_people(builder *b, row_span span, split_frame *frame)
{
    split_table *t = b->table;
    sslact_status status = group_rows(b, span, &b->people);
    if (status >= 0) {
        status = report_duplicates(b, span);
    }
    if (status >= 0) {
        status = array_reserve((void **)&t->persons, &b->person_capacity,
                               t->person_count + b->people.count, sizeof *t->persons);
    }
    if (status < 0) {
        return status;
    }
    frame->person_first = t->person_count;
    frame->person_count = (int32_t)b->people.count;
    for (size_t i = 0; i < b->people.count; i++) {
        t->persons[t->person_count++] = make_box(b->people.groups[i].row);
    }
    return add_labels(b, span, frame);
}

// --- boxes ---

static overlap_corners get_corners(const ava_row *row)
{
    return (overlap_corners){row->x1, row->y1, row->x2, row->y2};
}

// The person a detected box overlaps best, the first of equals; *best receives the overlap.
static int32_t match_person(const builder *b, const ava_row *row, double *best)
{
    int32_t person = SPLIT_NOBODY;
    const overlap_corners own = get_corners(row);
    *best = 0;
    for (size_t i = 0; i < b->people.count; i++) {
        const overlap_corners other = get_corners(b->people.groups[i].row);
        double overlap = overlap_measure(&own, &other);
        if (overlap > *best) {
            *best = overlap;
            person = (int32_t)i;
        }
    }
    return person;
}

static sslact_status add_box(builder *b, const ava_row *row, double score, int32_t person)
{
    split_table *t = b->table;
    sslact_status status =
        array_reserve((void **)&t->boxes, &b->box_capacity, t->box_count + 1, sizeof *t->boxes);
    if (status >= 0) {
        t->boxes[t->box_count++] = (split_box){make_box(row), (float)score, person};
    }
    return status;
}

static sslact_status add_annotated_boxes(builder *b)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < b->people.count; i++) {
        status = add_box(b, b->people.groups[i].row, 1, (int32_t)i);
    }
    return status;
}

// Labels that the rows of a box in the box file carry; b->sorted holds the rows of the key frame.
static sslact_status add_file_labels(builder *b, const row_group *group, int32_t box, bool *any)
{
    split_table *t = b->table;
    int32_t last_id = 0;
    *any = false;
    for (size_t i = group->sorted_first; i < group->sorted_first + group->row_count; i++) {
        int32_t id = b->sorted[i]->action_id;
        int32_t class_index = ava_actions_find(&t->actions, id);
        *any = *any || id > 0;
        if (class_index < 0 || id == last_id) {
            continue;
        }
        sslact_status status = array_reserve((void **)&t->box_labels, &b->box_label_capacity,
                                             t->box_label_count + 1, sizeof *t->box_labels);
        if (status < 0) {
            return status;
        }
        t->box_labels[t->box_label_count++] = (split_label){box, class_index, -1};
        last_id = id;
    }
    return SSLACT_OK;
}

static sslact_status add_file_labeled_box(builder *b, const row_group *group,
                                          const split_frame *frame)
{
    bool any;
    int32_t box = (int32_t)(b->table->box_count - frame->box_first);
    sslact_status status = add_file_labels(b, group, box, &any);
    if (status < 0 || (!any && !b->rules->keep_unmatched)) {
        return status;
    }
    return add_box(b, group->row, group->row->score, SPLIT_NOBODY);
}

// Training: a box that someone drew exactly so is that person already, not a second one.
static sslact_status add_training_box(builder *b, const row_group *group, const split_frame *frame)
{
    const ava_row *row = group->row;
    double overlap;
    if (find_person(b, row) != SPLIT_NOBODY) {
        return SSLACT_OK;
    }
    if (b->rules->labels_in_file) {
        return add_file_labeled_box(b, group, frame);
    }
    int32_t person = match_person(b, row, &overlap);
    if (person != SPLIT_NOBODY && overlap >= b->rules->overlap) {
        return add_box(b, row, row->score, person);
    }
    return b->rules->keep_unmatched ? add_box(b, row, row->score, SPLIT_NOBODY) : SSLACT_OK;
}

// Detector boxes that are sure enough; where none is, the surest if the rules want one.
static bool has_score(const builder *b, double score)
{
    return b->table->kind == SPLIT_TRAIN ? score >= b->rules->score : score > b->rules->score;
}

static const row_group *find_best(const builder *b)
{
    const row_group *best = NULL;
    for (size_t i = 0; i < b->detections.count; i++) {
        const row_group *group = &b->detections.groups[i];
        best = best == NULL || group->row->score > best->row->score ? group : best;
    }
    return best == NULL || has_score(b, best->row->score) ? NULL : best;
}

static sslact_status add_detections(builder *b, const split_frame *frame)
{
    const row_group *best = b->rules->keep_best ? find_best(b) : NULL;
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < b->detections.count; i++) {
        const row_group *group = &b->detections.groups[i];
        if (!has_score(b, group->row->score) && group != best) {
            continue;
        }
        status = b->table->kind == SPLIT_TRAIN
                     ? add_training_box(b, group, frame)
                     : add_box(b, group->row, group->row->score, SPLIT_NOBODY);
    }
    return status;
}

static sslact_status add_boxes(builder *b, row_span span, split_frame *frame)
{
    split_table *t = b->table;
    bool is_training = t->kind == SPLIT_TRAIN;
    frame->box_first = t->box_count;
    frame->box_label_first = t->box_label_count;
    sslact_status status = is_training || !b->rules->has_boxes ? add_annotated_boxes(b) : SSLACT_OK;
    if (status >= 0) {
        status = group_rows(b, span, &b->detections);
    }
    if (status >= 0) {
        status = add_detections(b, frame);
    }
    frame->box_count = (int32_t)(t->box_count - frame->box_first);
    frame->box_label_count = (int32_t)(t->box_label_count - frame->box_label_first);
    return status;
}

// --- key frames ---

static sslact_status add_frame(builder *b, row_span labels, row_span boxes)
{
    split_table *t = b->table;
    const ava_row *first = labels.count > 0 ? labels.rows : boxes.rows;
    split_frame frame = {.video = first->video,
                         .time_us = first->time_us,
                         .line = first->line,
                         .from_boxes = labels.count == 0};
    sslact_status status = add_people(b, labels, &frame);
    if (status >= 0) {
        status = add_boxes(b, boxes, &frame);
    }
    if (status >= 0) {
        status = array_reserve((void **)&t->frames, &b->frame_capacity, t->frame_count + 1,
                               sizeof *t->frames);
    }
    if (status >= 0) {
        t->frames[t->frame_count++] = frame;
    }
    return status;
}

static int64_t get_key(const ava_rows *rows, size_t at)
{
    return at < rows->count ? ava_make_key(rows->rows[at].video, rows->rows[at].time_us)
                            : INT64_MAX;
}

// INT64_MAX: no row is left.
static int64_t get_next_key(const ava_rows *labels, size_t label_at, const ava_rows *boxes,
                            size_t box_at)
{
    int64_t label_key = get_key(labels, label_at), box_key = get_key(boxes, box_at);
    return label_key < box_key ? label_key : box_key;
}

// The rows of one key from *at on, which moves behind them.
static row_span take_span(const ava_rows *rows, size_t *at, int64_t key)
{
    row_span span = {rows->rows + *at, 0};
    while (get_key(rows, *at) == key) {
        span.count++;
        (*at)++;
    }
    return span;
}

// Clips first: a key frame left without any box yields no clip, but its labels stay to be found.
static sslact_status move_clips_first(split_table *t)
{
    size_t empty_count = 0, clips = 0;
    for (size_t i = 0; i < t->frame_count; i++) {
        empty_count += t->frames[i].box_count == 0;
    }
    split_frame *empty = array_create(empty_count, sizeof *empty);
    if (empty == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < t->frame_count; i++) {
        if (t->frames[i].box_count == 0) {
            empty[i - clips] = t->frames[i];
        } else {
            t->frames[clips++] = t->frames[i];
        }
    }
    for (size_t i = 0; i < empty_count; i++) {
        t->frames[clips + i] = empty[i];
    }
    t->clip_count = clips;
    free(empty);
    return SSLACT_OK;
}

// Rows that were turned into tables are not read again: without this both are in memory at once.
#define FORGET_ROWS ((size_t)1 << 16)

static void forget_used(ava_rows *rows, size_t used, size_t *forgotten)
{
    if (used - *forgotten >= FORGET_ROWS) {
        array_forget(rows->rows, *forgotten * sizeof *rows->rows, used * sizeof *rows->rows);
        *forgotten = used;
    }
}

// As large as the tables can become, so that none is copied while it grows; memory that is not
// written to is not used.
static sslact_status reserve_tables(builder *b, const ava_rows *labels, const ava_rows *boxes)
{
    split_table *t = b->table;
    size_t frame_count = 0, label_at = 0, box_at = 0;
    for (int64_t key; (key = get_next_key(labels, label_at, boxes, box_at)) != INT64_MAX;) {
        take_span(labels, &label_at, key);
        take_span(boxes, &box_at, key);
        frame_count++;
    }
    sslact_status status =
        array_reserve((void **)&t->frames, &b->frame_capacity, frame_count, sizeof *t->frames);
    if (status >= 0) {
        status = array_reserve((void **)&t->persons, &b->person_capacity, labels->count,
                               sizeof *t->persons);
    }
    if (status >= 0) {
        status = array_reserve((void **)&t->labels, &b->label_capacity, labels->count,
                               sizeof *t->labels);
    }
    if (status >= 0) {
        status = array_reserve((void **)&t->boxes, &b->box_capacity, labels->count + boxes->count,
                               sizeof *t->boxes);
    }
    return status;
}

static void shrink(void **data, size_t count, size_t element_size)
{
    void *less = realloc(*data, count > 0 ? count * element_size : 1);
    *data = less != NULL ? less : *data;
}

static void shrink_tables(split_table *t)
{
    shrink((void **)&t->frames, t->frame_count, sizeof *t->frames);
    shrink((void **)&t->persons, t->person_count, sizeof *t->persons);
    shrink((void **)&t->labels, t->label_count, sizeof *t->labels);
    shrink((void **)&t->boxes, t->box_count, sizeof *t->boxes);
}

sslact_status split_build_frames(split_table *t, const split_rules *rules, ava_rows *labels,
                                 ava_rows *boxes, data_problems *problems)
{
    builder b = {.table = t,
                 .rules = rules,
                 .problems = problems,
                 .people = {.path = t->labels_path},
                 .detections = {.path = t->boxes_path}};
    size_t label_at = 0, box_at = 0, labels_forgotten = 0, boxes_forgotten = 0;
    sslact_status status = reserve_tables(&b, labels, boxes);
    for (int64_t key;
         status >= 0 && (key = get_next_key(labels, label_at, boxes, box_at)) != INT64_MAX;) {
        row_span label_span = take_span(labels, &label_at, key);
        row_span box_span = take_span(boxes, &box_at, key);
        status = add_frame(&b, label_span, box_span);
        forget_used(labels, label_at, &labels_forgotten);
        forget_used(boxes, box_at, &boxes_forgotten);
    }
    free(b.sorted);
    free(b.people.groups);
    free(b.detections.groups);
    if (status >= 0) {
        status = move_clips_first(t);
    }
    shrink_tables(t);
    return status;
}
