// Whether the files of a split are what their keys say and belong together. Where rows were
// refused, both files are read again with any numbers in them, to see what they hold instead.
#include "data/check_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/lines.h"
#include "data/pairing.h"

#define LEAST_ROWS 20 // fewer say nothing about a file
// Of 18 real AVA videos 3 of 100 people are wider than tall (of one video 10), 67 touch the lower
// border and 20 the right one (of one video 29 and 23).
#define LEAST_WIDE 0.85
#define LEAST_BORDER_RATIO 1.5

typedef struct pair_check {
    checker *k;
    const char *labels_path, *boxes_path;
    name_table videos; // of the rows below where they were read again
    ava_rows raw_labels, raw_boxes;
    const ava_rows *labels, *boxes;
    const name_table *names;
    double box_score;
    const char *people; // who the boxes are compared with, for messages
} pair_check;

// --- reading again ---

static int64_t count_refused(const check_refused *r)
{
    return r->counts[DATA_PROBLEM_COORDINATE] + r->counts[DATA_PROBLEM_BOX_REVERSED] +
           r->counts[DATA_PROBLEM_BOX_OUTSIDE] + r->counts[DATA_PROBLEM_ACTION] +
           r->counts[DATA_PROBLEM_PERSON] + r->counts[DATA_PROBLEM_SCORE];
}

// A row in ten, or more.
static bool is_damaged(const check_refused *r, const ava_rows *rows)
{
    int64_t refused = count_refused(r);
    return refused >= LEAST_ROWS && 9 * refused >= (int64_t)rows->count;
}

static sslact_status read_raw(pair_check *c, const char *path, ava_rows *out)
{
    if (path[0] == '\0') {
        return SSLACT_OK;
    }
    data_problems *problems = array_create(1, sizeof *problems); // too large for a small stack
    if (problems == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    problems->skip = true;
    sslact_status status =
        ava_rows_read(path, AVA_RAW, AVA_ACTION_MAX_ID, &c->videos, problems, out);
    free(problems);
    return status;
}

// A file that is no table of rows has been reported already.
static sslact_status read_again(pair_check *c)
{
    sslact_status status = read_raw(c, c->labels_path, &c->raw_labels);
    if (status >= 0) {
        status = read_raw(c, c->boxes_path, &c->raw_boxes);
    }
    if (status >= 0) {
        status = ava_rows_sort(&c->raw_labels, c->videos.count);
    }
    if (status >= 0) {
        status = ava_rows_sort(&c->raw_boxes, c->videos.count);
    }
    c->labels = &c->raw_labels;
    c->boxes = &c->raw_boxes;
    c->names = &c->videos;
    return status < 0 && status != SSLACT_ERROR_OUT_OF_MEMORY ? SSLACT_DONE : status;
}

static void free_again(pair_check *c)
{
    ava_rows_free(&c->raw_labels);
    ava_rows_free(&c->raw_boxes);
    name_table_free(&c->videos);
}

// --- one file ---

static sslact_status report(pair_check *c, const char *path, const char *what)
{
    return check_report(c->k, DATA_PROBLEM_PAIRING, path, "%s", what);
}

static sslact_status check_units(pair_check *c, const char *path, const file_shape *shape)
{
    char what[DATA_PROBLEM_TEXT];
    if (shape->share_outside < 0.5) {
        return SSLACT_OK;
    }
    snprintf(what, sizeof what,
             "%.0f %% of %zu rows have a corner above 1, the largest x is %s and y %s: these are "
             "pixels or per cent; divide x by the width of the picture and y by its height",
             100 * shape->share_outside, shape->rows, show_number(shape->largest_x).text,
             show_number(shape->largest_y).text);
    return report(c, path, what);
}

static sslact_status check_axes(pair_check *c, const char *path, const file_shape *shape)
{
    char what[DATA_PROBLEM_TEXT];
    if (shape->share_wide < LEAST_WIDE ||
        shape->share_right < LEAST_BORDER_RATIO * shape->share_bottom) {
        return SSLACT_OK;
    }
    snprintf(what, sizeof what,
             "%.0f %% of %zu boxes are wider than tall and %.0f %% touch the right border, %.0f %% "
             "the lower one; of real people 3 %%, 20 %% and 67 %% do: x and y are exchanged, "
             "columns 3 to 6 must be x1,y1,x2,y2",
             100 * shape->share_wide, shape->rows, 100 * shape->share_right,
             100 * shape->share_bottom);
    return report(c, path, what);
}

static sslact_status check_label_file(pair_check *c, bool again)
{
    char what[DATA_PROBLEM_TEXT];
    file_shape shape;
    file_shape_measure(c->labels, &shape);
    if (shape.rows < LEAST_ROWS) {
        return SSLACT_OK;
    }
    sslact_status status = check_units(c, c->labels_path, &shape);
    if (status >= 0) {
        status = check_axes(c, c->labels_path, &shape);
    }
    bool scores =
        again && shape.share_whole < 0.5 && shape.least_eighth >= 0 && shape.largest_eighth <= 1;
    if (status >= 0 && scores) {
        snprintf(what, sizeof what,
                 "column 8 holds numbers from %s to %s, which are scores and no person ids: a file "
                 "of boxes or detections stands where labels are expected",
                 show_number(shape.least_eighth).text, show_number(shape.largest_eighth).text);
        return report(c, c->labels_path, what);
    }
    if (status >= 0 && shape.share_action == 0) {
        return report(c, c->labels_path,
                      "no row has an action (column 7): a file of boxes stands where labels are "
                      "expected");
    }
    return status;
}

static sslact_status check_box_file(pair_check *c)
{
    char what[DATA_PROBLEM_TEXT];
    file_shape shape;
    file_shape_measure(c->boxes, &shape);
    if (shape.rows < LEAST_ROWS) {
        return SSLACT_OK;
    }
    sslact_status status = check_units(c, c->boxes_path, &shape);
    if (status >= 0) {
        status = check_axes(c, c->boxes_path, &shape);
    }
    bool ids = shape.share_whole == 1 && shape.least_eighth >= 0 &&
               (shape.largest_eighth > 1 ||
                (shape.share_action > 0.9 && shape.least_eighth < shape.largest_eighth));
    if (status >= 0 && ids) {
        snprintf(what, sizeof what,
                 "column 8 holds whole numbers from %s to %s, which are person ids and no scores: "
                 "a label file stands where a detector's boxes are expected",
                 show_number(shape.least_eighth).text, show_number(shape.largest_eighth).text);
        status = report(c, c->boxes_path, what);
    }
    return status;
}

// --- both files ---

static const char *get_first_video(const pair_check *c, const ava_rows *rows)
{
    return rows->count > 0 ? c->names->names[rows->rows[0].video] : "";
}

static void describe_change(const pair_check *c, const pairing_result *r, char *what, size_t room)
{
    const char *sign = r->offset_seconds < 0 ? "-" : "+";
    shown offset = show_number(r->offset_seconds < 0 ? -r->offset_seconds : r->offset_seconds);
    switch (r->verdict) {
    case PAIRING_OFFSET:
        snprintf(what, room,
                 "if its times are those of %s %s %s s: the files count seconds from different "
                 "starts",
                 c->people, sign, offset.text);
        break;
    case PAIRING_RATE:
        snprintf(what, room,
                 "if its times are those of %s times %s %s %s: one of the files holds frame "
                 "numbers or milliseconds",
                 c->people, show_number(r->rate).text, sign, offset.text);
        break;
    case PAIRING_CORNERS:
        snprintf(what, room, "if its columns 3 to 6 are %s, expected x1,y1,x2,y2",
                 pairing_get_corners_name(r->corners));
        break;
    default:
        snprintf(what, room, "if its x are divided by about %.4g and y by about %.4g: other units",
                 r->scale_x, r->scale_y);
        break;
    }
}

static sslact_status report_pairing(pair_check *c, const pairing_result *r)
{
    char what[DATA_PROBLEM_TEXT], change[DATA_PROBLEM_TEXT / 2];
    switch (r->verdict) {
    case PAIRING_TOO_FEW:
    case PAIRING_RIGHT:
        return SSLACT_OK;
    case PAIRING_NO_VIDEO:
        snprintf(what, sizeof what,
                 "none of its %zu videos (\"%.60s\", ...) is one of the %zu of %s (\"%.60s\", "
                 "...): boxes of another split, or other names",
                 r->box_videos, get_first_video(c, c->boxes), r->label_videos, c->people,
                 get_first_video(c, c->labels));
        break;
    case PAIRING_UNRELATED:
        if (r->people == 0) {
            snprintf(what, sizeof what,
                     "no key frame of %s has a box, and no offset or frame rate finds any",
                     c->people);
        } else {
            snprintf(what, sizeof what,
                     "its boxes overlap the people of %s by %.2f on average, right ones do by 0.7 "
                     "or more, and no offset, frame rate, order of corners or unit explains it: "
                     "boxes of other videos",
                     c->people, r->overlap);
        }
        break;
    default:
        describe_change(c, r, change, sizeof change);
        snprintf(what, sizeof what,
                 "its boxes overlap the people of %s by %.2f on average as they stand and by %.2f "
                 "%s",
                 c->people, r->overlap, r->best_overlap, change);
        break;
    }
    return report(c, c->boxes_path, what);
}

static sslact_status compare_files(pair_check *c)
{
    pairing_result result;
    if (c->labels->count == 0 || c->boxes->count == 0) {
        return SSLACT_OK;
    }
    sslact_status status =
        pairing_measure(c->labels, c->boxes, c->names->count, c->box_score, &result);
    return status < 0 ? status : report_pairing(c, &result);
}

sslact_status check_pairing(checker *k, const split_view *view)
{
    const split_table *t = view->table;
    pair_check c = {.k = k,
                    .labels_path = t->labels_path,
                    .boxes_path = t->boxes_path,
                    .labels = view->labels,
                    .boxes = view->boxes,
                    .names = &t->videos,
                    .box_score = view->box_score,
                    .people = "the labels"};
    bool again =
        is_damaged(&k->refused[0], view->labels) || is_damaged(&k->refused[1], view->boxes);
    sslact_status status = again ? read_again(&c) : SSLACT_OK;
    if (status == SSLACT_OK) {
        status = check_label_file(&c, again);
    }
    if (status == SSLACT_OK) {
        status = check_box_file(&c);
    }
    if (status == SSLACT_OK) {
        status = compare_files(&c);
    }
    free_again(&c);
    return status;
}

// --- hidden labels ---

// The hidden labels are of the unlabelled key frames: their people are the boxes' people.
static sslact_status compare_hidden(pair_check *c, const split_view *view)
{
    sslact_status status = SSLACT_OK;
    int32_t index;
    // Equal numbers for equal ids, so that the boxes need not be read again.
    for (size_t i = 0; status >= 0 && i < view->table->videos.count; i++) {
        const char *name = view->table->videos.names[i];
        status = name_table_add(&c->videos, name, strlen(name), &index);
    }
    if (status >= 0) {
        status = ava_rows_read(c->labels_path, AVA_LABELS, AVA_ACTION_MAX_ID, &c->videos,
                               &c->k->problems, &c->raw_labels);
    }
    if (status < 0) {
        return status;
    }
    status = ava_rows_sort(&c->raw_labels, c->videos.count);
    c->labels = &c->raw_labels;
    c->names = &c->videos;
    if (status == SSLACT_OK) {
        status = check_label_file(c, false);
    }
    return status == SSLACT_OK ? compare_files(c) : status;
}

sslact_status check_hidden_labels(checker *k, const split_view *view)
{
    pair_check c = {.k = k,
                    .labels_path = config_get_text(k->config, "monitor.hidden_labels"),
                    .boxes_path = view->table->boxes_path,
                    .boxes = view->boxes,
                    .box_score = view->box_score,
                    .people = "monitor.hidden_labels"};
    if (c.labels_path[0] == '\0') {
        return SSLACT_OK;
    }
    sslact_status status = compare_hidden(&c, view);
    free_again(&c);
    if (status >= 0 || status == SSLACT_ERROR_OUT_OF_MEMORY || status == SSLACT_ERROR_CANCELLED) {
        return status;
    }
    return check_report(k, DATA_PROBLEM_FILE, c.labels_path, "%s",
                        check_skip_place(sslact_error_get_message(), c.labels_path));
}
