// Rows as they stand in the files of a split: what the tables of a run no longer show.
#include "data/check_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/overlap.h"

// In 20,020 real people the two of a key frame who overlap most do so by 0.82.
#define NEAR_OVERLAP 0.95
// More rows on one key frame are a broken file, and comparing them would be quadratic.
#define MOST_ROWS 1024

typedef struct row_check {
    checker *k;
    const split_view *view;
    bool ids_tell;         // person ids differ within the file: they tell people apart
    int64_t *dropped;      // [AVA_ACTION_MAX_ID + 1] rows whose action is not on the list
    int64_t *dropped_line; // of the first of them
    int64_t excluded, excluded_line;
    int64_t repeated, repeated_line;
} row_check;

static bool is_same_box(const ava_row *a, const ava_row *b)
{
    return a->x1 == b->x1 && a->y1 == b->y1 && a->x2 == b->x2 && a->y2 == b->y2;
}

static bool is_same_key(const ava_row *a, const ava_row *b)
{
    return a->video == b->video && a->time_us == b->time_us;
}

// The end of the key frame that begins with row first.
static size_t find_end(const ava_rows *rows, size_t first)
{
    size_t end = first + 1;
    while (end < rows->count && is_same_key(&rows->rows[first], &rows->rows[end])) {
        end++;
    }
    return end;
}

// --- people of one key frame ---

static sslact_status report_pair(row_check *c, data_problem kind, const ava_row *row,
                                 const ava_row *before, const char *what)
{
    char time[32];
    const split_table *t = c->view->table;
    data_place place = split_locate(t, false, row->video, row->time_us, row->line);
    if (!t->labels_have_lines) {
        return check_report(c->k, kind, place.text, "tube %" PRId64 ": %s tube %" PRId64,
                            row->person, what, before->person);
    }
    ava_render_time(row->time_us, time);
    return check_report(c->k, kind, place.text, "video \"%s\" at %s%s: %s line %" PRId64,
                        t->videos.names[row->video], t->counts_frames ? "frame " : "",
                        t->counts_frames ? time : strcat(time, " s"), what, before->line);
}

static sslact_status compare_people(row_check *c, const ava_row *row, const ava_row *before)
{
    const overlap_corners own = {row->x1, row->y1, row->x2, row->y2};
    const overlap_corners other = {before->x1, before->y1, before->x2, before->y2};
    if (c->ids_tell && row->person >= 0 && row->person == before->person) {
        return report_pair(c, DATA_PROBLEM_TWO_BOXES, row, before,
                           "the person has another box than on");
    }
    return overlap_measure(&own, &other) >= NEAR_OVERLAP
               ? report_pair(c, DATA_PROBLEM_NEAR_DUPLICATE, row, before,
                             "the box is almost the one of")
               : SSLACT_OK;
}

// firsts [*count] are the rows that stand for the different boxes so far.
static sslact_status check_person(row_check *c, const ava_row *row, const ava_row **firsts,
                                  size_t *count)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; i < *count; i++) {
        if (is_same_box(row, firsts[i])) {
            return c->ids_tell && row->person != firsts[i]->person
                       ? report_pair(c, DATA_PROBLEM_TWO_PEOPLE, row, firsts[i],
                                     "the box belongs to another person than on")
                       : SSLACT_OK;
        }
    }
    for (size_t i = 0; status >= 0 && i < *count; i++) {
        status = compare_people(c, row, firsts[i]);
    }
    firsts[(*count)++] = row;
    return status;
}

static sslact_status check_people(row_check *c, size_t first, size_t end)
{
    const ava_row *firsts[MOST_ROWS];
    size_t count = 0;
    sslact_status status = SSLACT_OK;
    for (size_t i = first; status >= 0 && i < end && end - first <= MOST_ROWS; i++) {
        status = check_person(c, &c->view->labels->rows[i], firsts, &count);
    }
    return status;
}

// --- labels ---

static void note_label(row_check *c, const ava_row *row)
{
    checker *k = c->k;
    int32_t j = ava_actions_find(&c->view->table->actions, row->action_id);
    if (j >= 0) {
        if (k->in_file != NULL) {
            k->in_file[j] = 1;
        }
    } else if (row->action_id > 0 && row->action_id <= AVA_ACTION_MAX_ID) {
        if (c->dropped[row->action_id]++ == 0) {
            c->dropped_line[row->action_id] = row->line;
        }
    }
}

static bool have_ids_meaning(const ava_rows *rows)
{
    for (size_t i = 1; i < rows->count; i++) {
        if (rows->rows[i].person != rows->rows[0].person) {
            return true;
        }
    }
    return false;
}

static sslact_status check_labels(row_check *c)
{
    const ava_rows *labels = c->view->labels;
    sslact_status status = SSLACT_OK;
    // Two tubes of UCF101-24 with one box are a repeated label already.
    c->ids_tell = !c->view->table->counts_frames && have_ids_meaning(labels);
    for (size_t first = 0, end; status >= 0 && first < labels->count; first = end) {
        end = find_end(labels, first);
        for (size_t i = first; i < end; i++) {
            note_label(c, &labels->rows[i]);
        }
        status = check_people(c, first, end);
    }
    return status;
}

static sslact_status report_dropped(const row_check *c)
{
    const char *path = c->view->table->labels_path;
    sslact_status status = SSLACT_OK;
    for (int32_t id = 1; status >= 0 && id <= AVA_ACTION_MAX_ID; id++) {
        if (c->dropped[id] > 0) {
            status = check_report(c->k, DATA_NOTE_UNLISTED_LABEL,
                                  data_problems_locate(path, c->dropped_line[id]).text,
                                  "the first of %" PRId64
                                  " labels %d, which is not on the action list: they are dropped",
                                  c->dropped[id], id);
        }
    }
    return status;
}

// --- excluded key frames ---

static int compare_keys(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

// Both ascend.
static void count_excluded(row_check *c, const ava_rows *rows, const int64_t *keys, size_t count)
{
    for (size_t i = 0, at = 0; i < rows->count; i++) {
        int64_t key = ava_make_key(rows->rows[i].video, rows->rows[i].time_us);
        while (at < count && keys[at] < key) {
            at++;
        }
        if (at < count && keys[at] == key && c->excluded++ == 0) {
            c->excluded_line = rows->rows[i].line;
        }
    }
}

static sslact_status check_excluded(row_check *c, const ava_rows *rows, const char *path)
{
    const ava_keys *excluded = c->view->excluded;
    if (excluded->count == 0 || rows->count == 0) {
        return SSLACT_OK;
    }
    int64_t *keys = array_create(excluded->count, sizeof *keys);
    if (keys == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < excluded->count; i++) {
        keys[i] = ava_make_key(excluded->keys[i].video, excluded->keys[i].time_us);
    }
    qsort(keys, excluded->count, sizeof *keys, compare_keys);
    c->excluded = 0;
    count_excluded(c, rows, keys, excluded->count);
    free(keys);
    return c->excluded == 0
               ? SSLACT_OK
               : check_report(c->k, DATA_NOTE_EXCLUDED,
                              data_problems_locate(path, c->excluded_line).text,
                              "the first of %" PRId64 " rows on excluded key frames", c->excluded);
}

// --- boxes ---

static void count_repeats(row_check *c, size_t first, size_t end)
{
    const ava_row *rows = c->view->boxes->rows;
    for (size_t i = first + 1; i < end; i++) {
        size_t from = i > first + 64 ? i - 64 : first;
        for (size_t j = from; j < i; j++) {
            if (is_same_box(&rows[i], &rows[j]) && rows[i].score == rows[j].score &&
                rows[i].action_id == rows[j].action_id) {
                c->repeated_line = c->repeated++ == 0 ? rows[i].line : c->repeated_line;
                break;
            }
        }
    }
}

static sslact_status check_boxes(row_check *c)
{
    const ava_rows *boxes = c->view->boxes;
    for (size_t first = 0, end; first < boxes->count; first = end) {
        end = find_end(boxes, first);
        count_repeats(c, first, end);
    }
    return c->repeated == 0
               ? SSLACT_OK
               : check_report(
                     c->k, DATA_NOTE_REPEATED_BOX,
                     data_problems_locate(c->view->table->boxes_path, c->repeated_line).text,
                     "the first of %" PRId64 " rows that repeat another one", c->repeated);
}

// --- all of it ---

static sslact_status run(row_check *c)
{
    const split_table *t = c->view->table;
    sslact_status status = check_labels(c);
    if (status >= 0) {
        status = report_dropped(c);
    }
    if (status >= 0) {
        status = check_excluded(c, c->view->labels, t->labels_path);
    }
    if (status >= 0) {
        status = check_excluded(c, c->view->boxes, t->boxes_path);
    }
    return status < 0 ? status : check_boxes(c);
}

sslact_status check_rows(checker *k, const split_view *view)
{
    row_check c = {.k = k, .view = view};
    c.dropped = array_create(AVA_ACTION_MAX_ID + 1, sizeof *c.dropped);
    c.dropped_line = array_create(AVA_ACTION_MAX_ID + 1, sizeof *c.dropped_line);
    sslact_status status =
        c.dropped == NULL || c.dropped_line == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    if (status >= 0 && view->table->kind == SPLIT_TRAIN) {
        k->in_file = array_create(view->table->actions.count, 1);
        status = k->in_file == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    }
    if (status >= 0) {
        status = run(&c);
    }
    free(c.dropped);
    free(c.dropped_line);
    return status;
}
