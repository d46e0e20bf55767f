// Files of rows: labels, person boxes, detections, ground truth, lists of key frames.
#include "data/ava_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"

int64_t ava_make_key(int32_t video, int64_t time_us)
{
    return (int64_t)video * AVA_TIME_LIMIT_US + time_us;
}

void ava_render_time(int64_t time_us, char out[32])
{
    int64_t seconds = time_us / 1000000, rest = time_us % 1000000;

    if (rest == 0) {
        snprintf(out, 32, "%04" PRId64, seconds);
    } else if (rest % 1000 == 0) {
        snprintf(out, 32, "%" PRId64 ".%03" PRId64, seconds, rest / 1000);
    } else {
        snprintf(out, 32, "%" PRId64 ".%06" PRId64, seconds, rest);
    }
}

// Follows whether times rise from row to row of one video.
typedef struct order_watch {
    int32_t video; // of the last row, -1 at the start
    int64_t time_us;
    int64_t first_line, breaks;
} order_watch;

static void watch_order(order_watch *w, const ava_row *row)
{
    if (row->video == w->video && row->time_us < w->time_us && w->breaks++ == 0) {
        w->first_line = row->line;
    }
    w->video = row->video;
    w->time_us = row->time_us;
}

static sslact_status report_order(const order_watch *w, const char *path, data_problems *problems)
{
    if (w->breaks == 0) {
        return SSLACT_OK;
    }
    return data_problems_report(
        problems, DATA_PROBLEM_ORDER, data_problems_locate(path, w->first_line).text,
        "the first of %" PRId64 " rows that stand behind a later key frame of their video",
        w->breaks);
}

static sslact_status check_columns(const field_place *place, ava_kind kind, size_t count)
{
    switch (kind) {
    case AVA_BOXES:
        if (count == 8) {
            return SSLACT_OK;
        }
        return field_refuse(place, DATA_PROBLEM_COLUMNS, "%zu columns, expected 8", count);
    case AVA_TRUTH:
        if (count == 2 || count == 7 || count == 8) {
            return SSLACT_OK;
        }
        return field_refuse(place, DATA_PROBLEM_COLUMNS, "%zu columns, expected 7 or 8, or 2",
                            count);
    default:
        if (count == 7 || count == 8) {
            return SSLACT_OK;
        }
        return field_refuse(place, DATA_PROBLEM_COLUMNS, "%zu columns, expected 7 or 8", count);
    }
}

// Columns 3 to 8.
static sslact_status parse_person(const field_place *place, const field *fields, size_t count,
                                  ava_kind kind, int32_t action_limit, ava_row *row)
{
    sslact_status status = field_read_box(place, fields + 2, kind, row);

    if (status == SSLACT_OK) {
        status = field_read_action(place, fields[6], kind, action_limit, &row->action_id);
    }
    if (status != SSLACT_OK || count < 8) {
        return status;
    }
    if (kind == AVA_LABELS) {
        return field_read_person(place, fields[7], &row->person);
    }
    return field_read_score(place, fields[7], kind, &row->score);
}

static sslact_status parse_row(const field_place *place, const line *l, ava_kind kind,
                               int32_t action_limit, name_table *videos, ava_row *row)
{
    field fields[8];
    size_t count;
    sslact_status status;

    if (l->broken) {
        return field_refuse(place, DATA_PROBLEM_LINE,
                            "a line of more than %d bytes or with NUL bytes, this is not a CSV row",
                            LINE_MAX_BYTES);
    }
    count = line_split(l, fields, 8);
    *row = (ava_row){.score = 1, .person = -1, .line = place->line};
    status = check_columns(place, kind, count);
    if (status == SSLACT_OK) {
        status = field_read_time(place, 2, fields[1], &row->time_us);
    }
    if (status == SSLACT_OK && count > 2) {
        status = parse_person(place, fields, count, kind, action_limit, row);
    }
    // Last, so that a row left out adds no video.
    if (status == SSLACT_OK) {
        status = field_read_video(place, fields[0], videos, &row->video);
    }
    return status;
}

// Rows read before the rest of a file is reckoned from them.
#define SAMPLED_ROWS 1024

// Room for the rows to come: growing by doubling would have most of a large table in memory twice.
// Memory that no row is written to is not used.
static void reserve_rest(ava_rows *rows, const line_reader *r)
{
    int64_t used = r->taken - (int64_t)(r->end - r->begin);
    size_t expected = (size_t)((double)rows->count * 1.02 * (double)r->size / (double)used);
    // Refused, the table grows by doubling.
    (void)array_reserve((void **)&rows->rows, &rows->capacity, expected, sizeof *rows->rows);
}

static sslact_status append_row(ava_rows *rows, const line_reader *r, const ava_row *row)
{
    if (rows->count == SAMPLED_ROWS) {
        reserve_rest(rows, r);
    }
    sslact_status status =
        array_reserve((void **)&rows->rows, &rows->capacity, rows->count + 1, sizeof *row);

    if (status >= 0) {
        rows->rows[rows->count++] = *row;
    }
    return status;
}

sslact_status ava_rows_read(const char *path, ava_kind kind, int32_t action_limit,
                            name_table *videos, data_problems *problems, ava_rows *out)
{
    line_reader reader = {0};
    ava_rows rows = {0};
    order_watch watch = {.video = -1};
    ava_row row;
    line l;
    sslact_status status = line_reader_open(path, &reader);

    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        field_place place = {path, reader.number, problems};

        status = parse_row(&place, &l, kind, action_limit, videos, &row);
        if (status != SSLACT_OK) {
            continue;
        }
        watch_order(&watch, &row);
        status = append_row(&rows, &reader, &row);
    }
    line_reader_close(&reader);
    // The order of rows means something to an evaluator and nothing else.
    if (status >= 0 && (kind == AVA_LABELS || kind == AVA_BOXES)) {
        status = report_order(&watch, path, problems);
    }
    if (status < 0) {
        ava_rows_free(&rows);
        return status;
    }
    *out = rows;
    return SSLACT_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const ava_row *left = a, *right = b;
    int64_t left_key = ava_make_key(left->video, left->time_us);
    int64_t right_key = ava_make_key(right->video, right->time_us);
    if (left_key != right_key) {
        return left_key < right_key ? -1 : 1;
    }
    return (left->line > right->line) - (left->line < right->line);
}

static bool are_sorted(const ava_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (compare_rows(&rows[i - 1], &rows[i]) > 0) {
            return false;
        }
    }
    return true;
}

// Puts the rows of each video together, in place and in linear time; [ends[v], end of v) must be
// the room of video v on entry, is filled from its back to its front.
static void gather_videos(ava_row *rows, const size_t *begins, size_t *ends, size_t video_count)
{
    for (size_t v = 0; v < video_count; v++) {
        while (ends[v] > begins[v]) {
            ava_row row = rows[ends[v] - 1];
            while (row.video != (int32_t)v) {
                ava_row *place = &rows[--ends[row.video]];
                ava_row there = *place;
                *place = row;
                row = there;
            }
            rows[--ends[v]] = row;
        }
    }
}

// By key, then line. Files come sorted by video and time as a rule, and one sort over everything
// would take memory for all rows a second time.
sslact_status ava_rows_sort(ava_rows *rows, size_t video_count)
{
    size_t *begins = array_create(video_count + 1, sizeof *begins);
    size_t *ends = array_create(video_count, sizeof *ends);
    if (begins == NULL || ends == NULL) {
        free(begins);
        free(ends);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < rows->count; i++) {
        begins[rows->rows[i].video + 1]++;
    }
    for (size_t v = 0; v < video_count; v++) {
        begins[v + 1] += begins[v];
        ends[v] = begins[v + 1];
    }
    if (!are_sorted(rows->rows, rows->count)) {
        gather_videos(rows->rows, begins, ends, video_count);
        for (size_t v = 0; v < video_count; v++) {
            ava_row *first = rows->rows + begins[v];
            size_t count = begins[v + 1] - begins[v];
            if (!are_sorted(first, count)) {
                qsort(first, count, sizeof *first, compare_rows);
            }
        }
    }
    free(begins);
    free(ends);
    return SSLACT_OK;
}

void ava_rows_free(ava_rows *rows)
{
    free(rows->rows);
    *rows = (ava_rows){0};
}
