// The files of a scorer: detections, ground truth and lengths of videos, as in section 10 of
// datasets-and-evaluation.md.
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/ava_fields.h"
#include "data/ucf_files.h"

#define MAX_FRAME 8000000

// SSLACT_DONE: the row is reported and left out.
static sslact_status read_integer(const field_place *place, int column, field f, const char *what,
                                  data_problem kind, int64_t low, int64_t high, int64_t *out)
{
    if (text_parse_int64(f.data, f.length, out) && *out >= low && *out <= high) {
        return SSLACT_OK;
    }
    return field_refuse(place, kind,
                        "column %d: %s \"%s\", expected a whole number from %lld to %lld", column,
                        what, show_field(f).text, (long long)low, (long long)high);
}

// Pixels to fractions; corners [4] end in *row.
static sslact_status read_corners(const field_place *place, int column, const field *fields,
                                  bool ordered, ava_row *row)
{
    double corners[4];
    for (int i = 0; i < 4; i++) {
        if (!text_parse_double(fields[i].data, fields[i].length, &corners[i])) {
            return field_refuse(place, DATA_PROBLEM_COORDINATE,
                                "column %d: \"%s\", expected pixels", column + i,
                                show_field(fields[i]).text);
        }
    }
    if (ordered && (corners[0] > corners[2] || corners[1] > corners[3])) {
        return field_refuse(place, DATA_PROBLEM_BOX_REVERSED,
                            "x1 y1 x2 y2 are %s %s %s %s, expected x1 <= x2 and y1 <= y2",
                            show_field(fields[0]).text, show_field(fields[1]).text,
                            show_field(fields[2]).text, show_field(fields[3]).text);
    }
    row->x1 = corners[0] / UCF_PICTURE_WIDTH;
    row->y1 = corners[1] / UCF_PICTURE_HEIGHT;
    row->x2 = corners[2] / UCF_PICTURE_WIDTH;
    row->y2 = corners[3] / UCF_PICTURE_HEIGHT;
    row->has_box = true;
    return SSLACT_OK;
}

static sslact_status parse_row(const field_place *place, const line *l, bool detections,
                               name_table *videos, ava_row *row)
{
    const size_t columns = detections ? 8 : 7;
    field fields[8];
    int64_t frame = 0, class_id = 0;
    size_t count = l->broken ? 0 : line_split(l, fields, 8);

    *row = (ava_row){.score = 1, .person = -1, .line = place->line};
    if (count != columns) {
        return field_refuse(place, DATA_PROBLEM_COLUMNS, "%zu columns, expected the %zu of %s",
                            count, columns,
                            detections ? "video,frame,class_id,score,x1,y1,x2,y2"
                                       : "video,frame,class_id,x1,y1,x2,y2");
    }
    sslact_status status =
        read_integer(place, 2, fields[1], "frame", DATA_PROBLEM_TIME, 1, MAX_FRAME, &frame);
    if (status == SSLACT_OK) {
        status = read_integer(place, 3, fields[2], "class id", DATA_PROBLEM_ACTION, 0,
                              AVA_ACTION_MAX_ID, &class_id);
    }
    if (status == SSLACT_OK && detections) {
        status = field_read_score(place, fields[3], AVA_DETECTIONS, &row->score);
    }
    if (status == SSLACT_OK) {
        status = read_corners(place, detections ? 5 : 4, fields + columns - 4, !detections, row);
    }
    if (status == SSLACT_OK) {
        status = field_read_video(place, fields[0], videos, &row->video);
    }
    row->time_us = frame * 1000000;
    row->action_id = (int32_t)class_id;
    return status;
}

sslact_status ucf_rows_read(const char *path, bool detections, name_table *videos,
                            data_problems *problems, ava_rows *out)
{
    line_reader reader = {0};
    ava_rows rows = {0};
    ava_row row;
    line l;
    sslact_status status = line_reader_open(path, &reader);

    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        field_place place = {path, reader.number, problems};

        status = parse_row(&place, &l, detections, videos, &row);
        if (status != SSLACT_OK) {
            continue;
        }
        status = array_reserve((void **)&rows.rows, &rows.capacity, rows.count + 1, sizeof row);
        if (status >= 0) {
            rows.rows[rows.count++] = row;
        }
    }
    line_reader_close(&reader);
    if (status < 0) {
        ava_rows_free(&rows);
        return status;
    }
    *out = rows;
    return SSLACT_OK;
}

// --- lengths of videos ---

static sslact_status parse_count(const field_place *place, const line *l, name_table *videos,
                                 ava_key *key)
{
    field fields[2];
    int64_t number = 0;
    size_t count = l->broken ? 0 : line_split(l, fields, 2);

    *key = (ava_key){.line = place->line};
    if (count != 2) {
        return field_refuse(place, DATA_PROBLEM_COLUMNS,
                            "%zu columns, expected the 2 of video,number_of_frames", count);
    }
    sslact_status status = read_integer(place, 2, fields[1], "number of frames", DATA_PROBLEM_TIME,
                                        1, MAX_FRAME, &number);
    key->time_us = number * 1000000;
    return status == SSLACT_OK ? field_read_video(place, fields[0], videos, &key->video) : status;
}

sslact_status ucf_frame_counts_read(const char *path, name_table *videos, data_problems *problems,
                                    ava_keys *out)
{
    line_reader reader = {0};
    ava_keys keys = {0};
    ava_key key;
    line l;
    sslact_status status = line_reader_open(path, &reader);

    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        field_place place = {path, reader.number, problems};

        status = parse_count(&place, &l, videos, &key);
        if (status != SSLACT_OK) {
            continue;
        }
        status = array_reserve((void **)&keys.keys, &keys.capacity, keys.count + 1, sizeof key);
        if (status >= 0) {
            keys.keys[keys.count++] = key;
        }
    }
    line_reader_close(&reader);
    if (status < 0) {
        ava_keys_free(&keys);
        return status;
    }
    *out = keys;
    return SSLACT_OK;
}
