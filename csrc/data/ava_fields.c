// One column at a time: text to value, or a message that says what is accepted.
#include "data/ava_fields.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"

sslact_status field_refuse(const field_place *place, data_problem kind, const char *format, ...)
{
    char message[DATA_PROBLEM_TEXT];
    va_list arguments;
    sslact_status status;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    status = data_problems_report(
        place->problems, kind, data_problems_locate(place->path, place->line).text, "%s", message);
    return status < 0 ? status : SSLACT_DONE;
}

static bool has_control_or_quote(field f)
{
    for (size_t i = 0; i < f.length; i++) {
        unsigned char byte = (unsigned char)f.data[i];
        if (byte < 0x20 || byte == 0x7f || byte == '"') {
            return true;
        }
    }
    return false;
}

sslact_status field_read_video(const field_place *place, field f, name_table *videos, int32_t *out)
{
    if (f.length == 0) {
        return field_refuse(place, DATA_PROBLEM_NAME, "column 1: the video id is empty");
    }
    if (f.length > 1024 || has_control_or_quote(f)) {
        return field_refuse(place, DATA_PROBLEM_NAME,
                            "column 1: video id \"%s\", expected at most 1024 bytes without quotes "
                            "and control characters",
                            show_field(f).text);
    }
    return name_table_add(videos, f.data, f.length, out);
}

sslact_status field_read_time(const field_place *place, int column, field f, int64_t *time_us)
{
    double seconds;

    // Written as not in range, so that nothing that is not a number passes.
    if (!text_parse_double(f.data, f.length, &seconds) ||
        !(seconds >= 0 && seconds < (double)AVA_TIME_LIMIT_US / 1e6 - 1)) {
        return field_refuse(place, DATA_PROBLEM_TIME,
                            "column %d: timestamp \"%s\", expected seconds, 0 to 8000000", column,
                            show_field(f).text);
    }
    *time_us = llround(seconds * 1e6);
    return SSLACT_OK;
}

static const char *const corner_names[4] = {"x1", "y1", "x2", "y2"};

// Labels and boxes train a network; an evaluator takes detections and ground truth as they are.
static bool is_for_training(ava_kind kind)
{
    return kind == AVA_LABELS || kind == AVA_BOXES;
}

// along = 0: x, 1: y.
static sslact_status check_side(const field_place *place, const field fields[4], ava_kind kind,
                                const double corners[4], int along)
{
    double low = corners[along], high = corners[along + 2];

    if (is_for_training(kind) ? low < high : kind != AVA_TRUTH || low <= high) {
        return SSLACT_OK;
    }
    return field_refuse(place, DATA_PROBLEM_BOX_REVERSED, "%s %s is %s %s %s",
                        corner_names[along + 2], show_field(fields[along + 2]).text,
                        is_for_training(kind) ? "not greater than" : "less than",
                        corner_names[along], show_field(fields[along]).text);
}

sslact_status field_read_box(const field_place *place, const field fields[4], ava_kind kind,
                             ava_row *row)
{
    double corners[4];
    sslact_status status;

    for (int i = 0; i < 4; i++) {
        if (!text_parse_double(fields[i].data, fields[i].length, &corners[i])) {
            return field_refuse(place, DATA_PROBLEM_COORDINATE,
                                "column %d: %s \"%s\", expected a number from 0 to 1", i + 3,
                                corner_names[i], show_field(fields[i]).text);
        }
        if (is_for_training(kind) && !(corners[i] >= 0 && corners[i] <= 1)) {
            return field_refuse(place, DATA_PROBLEM_BOX_OUTSIDE,
                                "column %d: %s %s is outside the picture, expected 0 to 1", i + 3,
                                corner_names[i], show_field(fields[i]).text);
        }
    }
    for (int along = 0; along < 2; along++) {
        status = check_side(place, fields, kind, corners, along);
        if (status != SSLACT_OK) {
            return status;
        }
    }
    row->x1 = corners[0];
    row->y1 = corners[1];
    row->x2 = corners[2];
    row->y2 = corners[3];
    row->has_box = true;
    return SSLACT_OK;
}

sslact_status field_read_action(const field_place *place, field f, ava_kind kind, int32_t limit,
                                int32_t *out)
{
    int64_t id;

    *out = 0;
    if (f.length == 0 && kind != AVA_DETECTIONS) {
        return SSLACT_OK;
    }
    if (!text_parse_int64(f.data, f.length, &id)) {
        return field_refuse(place, DATA_PROBLEM_ACTION,
                            "column 7: action id \"%s\", expected an integer%s", show_field(f).text,
                            kind == AVA_DETECTIONS ? "" : " or nothing");
    }
    if (is_for_training(kind) ? id < 1 || id > limit : id < 0 || id > AVA_ACTION_MAX_ID) {
        return field_refuse(place, DATA_PROBLEM_ACTION,
                            "column 7: action id %lld, accepted are %d to %d", (long long)id,
                            is_for_training(kind) ? 1 : 0,
                            is_for_training(kind) ? limit : AVA_ACTION_MAX_ID);
    }
    *out = (int32_t)id;
    return SSLACT_OK;
}

sslact_status field_read_person(const field_place *place, field f, int64_t *out)
{
    if (!text_parse_int64(f.data, f.length, out)) {
        return field_refuse(place, DATA_PROBLEM_PERSON,
                            "column 8: person id \"%s\", expected an integer", show_field(f).text);
    }
    return SSLACT_OK;
}

sslact_status field_read_score(const field_place *place, field f, ava_kind kind, double *out)
{
    bool bounded = kind == AVA_BOXES;

    if (!text_parse_double(f.data, f.length, out) || (bounded && !(*out >= 0 && *out <= 1))) {
        return field_refuse(place, DATA_PROBLEM_SCORE,
                            "column 8: score \"%s\", expected a number%s", show_field(f).text,
                            bounded ? " from 0 to 1" : "");
    }
    return SSLACT_OK;
}
