// Sheets of a person's own boxes, cell by cell, with a message for each mistake that people make.
#include "data/own_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/sheet.h"

typedef struct row_reader {
    sheet table;
    own_units units;
    const ava_actions *actions; // NULL: not looked at
    name_table *videos;
    name_table people; // person ids that are no numbers
    ava_rows *rows;
    size_t fractions; // boxes that lie between 0 and 1
    size_t boxes;
} row_reader;

// --- video and time ---

// Minutes and hours, "1:02.5" and "1:00:02.5", as seconds; false where it is neither.
static bool parse_clock(field f, double *seconds)
{
    double total = 0;
    int parts = 0;
    for (const char *at = f.data, *end = f.data + f.length;; parts++) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        double part;
        if (!sheet_parse_number((field){at, (size_t)((colon != NULL ? colon : end) - at)}, &part) ||
            !(part >= 0)) {
            return false;
        }
        total = total * 60 + part;
        if (colon == NULL) {
            *seconds = total;
            return parts >= 1 && parts <= 2;
        }
        at = colon + 1;
    }
}

static sslact_status read_time(const sheet *s, const field_place *place, int64_t *time_us)
{
    field f = sheet_get(s, SHEET_TIME);
    double seconds;
    if (sheet_parse_number(f, &seconds) && seconds >= 0 &&
        seconds < (double)AVA_TIME_LIMIT_US / 1e6 - 1) {
        *time_us = llround(seconds * 1e6);
        return SSLACT_OK;
    }
    if (parse_clock(f, &seconds)) {
        return field_refuse(place, DATA_PROBLEM_TIME, "time \"%s\", expected seconds: %s",
                            show_field(f).text, show_number(seconds).text);
    }
    return field_refuse(place, DATA_PROBLEM_TIME,
                        "time \"%s\", expected seconds from the start of the video, 0 or more",
                        show_field(f).text);
}

// --- box ---

static sslact_status read_numbers(const row_reader *r, const field_place *place, sheet_column first,
                                  double numbers[4])
{
    for (int i = 0; i < 4; i++) {
        sheet_column column = (sheet_column)(first + (sheet_column)i);
        field f = sheet_get(&r->table, column);
        if (!sheet_parse_number(f, &numbers[i])) {
            return field_refuse(place, DATA_PROBLEM_COORDINATE,
                                "%s \"%s\", expected a number of %s", sheet_get_column_name(column),
                                show_field(f).text, r->units == OWN_PIXELS ? "pixels" : "0 to 1");
        }
    }
    return SSLACT_OK;
}

static const char *const corner_names[4] = {"x1", "y1", "x2", "y2"};

static sslact_status refuse_reversed(const field_place *place, const double c[4], int along)
{
    return field_refuse(place, DATA_PROBLEM_BOX_REVERSED,
                        "%s %s is not greater than %s %s: corners swapped, or width and height, "
                        "whose columns are called x, y, width, height",
                        corner_names[along + 2], show_number(c[along + 2]).text,
                        corner_names[along], show_number(c[along]).text);
}

// A picture's worth of pixels is checked once its size is known (own_scale_boxes).
static sslact_status check_fraction(const field_place *place, double value, int corner)
{
    if (value >= 0 && value <= 1) {
        return SSLACT_OK;
    }
    return field_refuse(place, DATA_PROBLEM_BOX_OUTSIDE,
                        "%s %s is outside the picture, expected 0 to 1%s", corner_names[corner],
                        show_number(value).text,
                        value > 2 ? "; boxes in pixels need data.box_units=pixels" : "");
}

static sslact_status read_box(row_reader *r, const field_place *place, ava_row *row)
{
    double c[4];
    bool sides = sheet_has(&r->table, SHEET_WIDTH);
    sslact_status status = read_numbers(r, place, sides ? SHEET_X : SHEET_X1, c);
    if (status != SSLACT_OK) {
        return status;
    }
    if (sides && !(c[2] > 0 && c[3] > 0)) {
        return field_refuse(place, DATA_PROBLEM_BOX_REVERSED,
                            "width %s, height %s, expected more than 0", show_number(c[2]).text,
                            show_number(c[3]).text);
    }
    c[2] += sides ? c[0] : 0;
    c[3] += sides ? c[1] : 0;
    for (int i = 0; status == SSLACT_OK && r->units == OWN_FRACTIONS && i < 4; i++) {
        status = check_fraction(place, c[i], i);
    }
    for (int along = 0; status == SSLACT_OK && along < 2; along++) {
        status = c[along + 2] > c[along] ? SSLACT_OK : refuse_reversed(place, c, along);
    }
    r->boxes++;
    r->fractions += c[0] >= 0 && c[1] >= 0 && c[2] <= 1 && c[3] <= 1;
    row->x1 = c[0];
    row->y1 = c[1];
    row->x2 = c[2];
    row->y2 = c[3];
    row->has_box = true;
    return status;
}

// --- person and score ---

static sslact_status read_person(row_reader *r, int64_t *out)
{
    field f = sheet_get(&r->table, SHEET_PERSON);
    int32_t index;
    if (f.length == 0 || text_parse_int64(f.data, f.length, out)) {
        return SSLACT_OK;
    }
    sslact_status status = name_table_add(&r->people, f.data, f.length, &index);
    *out = index;
    return status;
}

static sslact_status read_score(const row_reader *r, const field_place *place, double *out)
{
    field f = sheet_get(&r->table, SHEET_SCORE);
    if (f.length == 0 || (sheet_parse_number(f, out) && *out >= 0 && *out <= 1)) {
        return SSLACT_OK;
    }
    return field_refuse(place, DATA_PROBLEM_SCORE, "score \"%s\", expected a number from 0 to 1",
                        show_field(f).text);
}

// --- actions ---

static const ava_action *find_action(const ava_actions *actions, field name)
{
    for (size_t i = 0; i < actions->count; i++) {
        const char *known = actions->actions[i].name;
        if (strlen(known) == name.length && memcmp(known, name.data, name.length) == 0) {
            return &actions->actions[i];
        }
    }
    return NULL;
}

static sslact_status refuse_action(const row_reader *r, const field_place *place, field name)
{
    char wanted[256];
    const char *best = NULL;
    size_t least = SIZE_MAX;
    snprintf(wanted, sizeof wanted, "%.*s", (int)(name.length < 255 ? name.length : 255),
             name.data);
    for (size_t i = 0; i < r->actions->count; i++) {
        size_t distance = text_distance(wanted, r->actions->actions[i].name);
        if (distance < least) {
            least = distance;
            best = r->actions->actions[i].name;
        }
    }
    if (least <= 2 || least <= strlen(wanted) / 3) {
        return field_refuse(place, DATA_PROBLEM_ACTION,
                            "action \"%s\" is not on the list of actions, did you mean \"%s\"",
                            show_field(name).text, best);
    }
    return field_refuse(place, DATA_PROBLEM_ACTION,
                        "action \"%s\" is not on the list of actions, which has %zu names such as "
                        "\"%s\"",
                        show_field(name).text, r->actions->count, r->actions->actions[0].name);
}

static sslact_status append(row_reader *r, const ava_row *row)
{
    ava_rows *rows = r->rows;
    sslact_status status =
        array_reserve((void **)&rows->rows, &rows->capacity, rows->count + 1, sizeof *row);
    if (status >= 0) {
        rows->rows[rows->count++] = *row;
    }
    return status;
}

static field take_name(const char **at, const char *end)
{
    const char *joint = memchr(*at, OWN_ACTION_JOINT, (size_t)(end - *at));
    const char *stop = joint != NULL ? joint : end;
    const char *begin = *at;
    *at = joint != NULL ? joint + 1 : NULL;
    while (begin < stop && *begin == ' ') {
        begin++;
    }
    while (stop > begin && stop[-1] == ' ') {
        stop--;
    }
    return (field){begin, (size_t)(stop - begin)};
}

// One row an action; a wrong name costs its own row and no other.
static sslact_status append_actions(row_reader *r, const field_place *place, ava_row *row)
{
    field cell = r->actions != NULL ? sheet_get(&r->table, SHEET_ACTION) : (field){"", 0};
    const char *at = cell.data, *end = cell.data + cell.length;
    if (cell.length == 0) {
        return append(r, row);
    }
    while (at != NULL) {
        field name = take_name(&at, end);
        const ava_action *action = find_action(r->actions, name);
        row->action_id = action != NULL ? action->id : 0;
        sslact_status status = action != NULL ? append(r, row) : refuse_action(r, place, name);
        if (status < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

// --- rows ---

static sslact_status read_row(row_reader *r, const field_place *place)
{
    ava_row row = {.score = 1, .person = -1, .line = place->line};
    sslact_status status = read_time(&r->table, place, &row.time_us);
    if (status == SSLACT_OK) {
        status = read_box(r, place, &row);
    }
    if (status == SSLACT_OK) {
        status = read_score(r, place, &row.score);
    }
    if (status == SSLACT_OK) {
        status = read_person(r, &row.person);
    }
    // Last, so that a row left out adds no video.
    if (status == SSLACT_OK) {
        status = field_read_video(place, sheet_get(&r->table, SHEET_VIDEO), r->videos, &row.video);
    }
    return status == SSLACT_OK ? append_actions(r, place, &row) : status;
}

static sslact_status require_columns(const row_reader *r)
{
    static const sheet_column corners[] = {SHEET_X1, SHEET_Y1, SHEET_X2, SHEET_Y2};
    static const sheet_column sides[] = {SHEET_X, SHEET_Y, SHEET_WIDTH, SHEET_HEIGHT};
    bool by_sides = sheet_has(&r->table, SHEET_WIDTH);
    sslact_status status = sheet_require(&r->table, SHEET_VIDEO);
    if (status >= 0) {
        status = sheet_require(&r->table, SHEET_TIME);
    }
    for (int i = 0; status >= 0 && i < 4; i++) {
        status = sheet_require(&r->table, by_sides ? sides[i] : corners[i]);
    }
    if (status >= 0 && r->actions != NULL) {
        status = sheet_require(&r->table, SHEET_ACTION);
    }
    return status;
}

// Not a row of pixels among them: nobody draws boxes of one pixel all over.
static sslact_status check_units(const row_reader *r, const char *path, data_problems *problems)
{
    if (r->units != OWN_PIXELS || r->boxes == 0 || r->fractions < r->boxes) {
        return SSLACT_OK;
    }
    return data_problems_report(problems, DATA_PROBLEM_COORDINATE, path,
                                "all %zu boxes lie between 0 and 1: these are fractions, expected "
                                "data.box_units=fractions",
                                r->boxes);
}

static sslact_status read_rows(row_reader *r, const char *path, data_problems *problems)
{
    field_place place;
    sslact_status status = require_columns(r);
    while (status >= 0 && (status = sheet_next(&r->table, problems, &place)) == SSLACT_OK) {
        status = read_row(r, &place);
        status = status == SSLACT_DONE ? SSLACT_OK : status; // reported and left out
    }
    return status < 0 ? status : check_units(r, path, problems);
}

sslact_status own_rows_read(const char *path, own_units units, const ava_actions *actions,
                            name_table *videos, data_problems *problems, ava_rows *out)
{
    ava_rows rows = {0};
    row_reader r = {.units = units, .actions = actions, .videos = videos, .rows = &rows};
    sslact_status status = sheet_open(path, &r.table);
    if (status < 0) {
        return status;
    }
    status = read_rows(&r, path, problems);
    sheet_close(&r.table);
    name_table_free(&r.people);
    if (status < 0) {
        ava_rows_free(&rows);
        return status;
    }
    *out = rows;
    return SSLACT_OK;
}

static sslact_status read_key(const sheet *s, const field_place *place, name_table *videos,
                              ava_keys *keys)
{
    ava_key key = {.line = place->line};
    sslact_status status = read_time(s, place, &key.time_us);
    if (status == SSLACT_OK) {
        status = field_read_video(place, sheet_get(s, SHEET_VIDEO), videos, &key.video);
    }
    if (status == SSLACT_OK) {
        status = array_reserve((void **)&keys->keys, &keys->capacity, keys->count + 1, sizeof key);
    }
    if (status == SSLACT_OK) {
        keys->keys[keys->count++] = key;
    }
    return status;
}

sslact_status own_keys_read(const char *path, name_table *videos, data_problems *problems,
                            ava_keys *out)
{
    sheet s = {0};
    ava_keys keys = {0};
    field_place place;
    sslact_status status = sheet_open(path, &s);
    if (status >= 0) {
        status = sheet_require(&s, SHEET_VIDEO);
    }
    if (status >= 0) {
        status = sheet_require(&s, SHEET_TIME);
    }
    while (status >= 0 && (status = sheet_next(&s, problems, &place)) == SSLACT_OK) {
        status = read_key(&s, &place, videos, &keys);
        status = status == SSLACT_DONE ? SSLACT_OK : status;
    }
    sheet_close(&s);
    if (status < 0) {
        ava_keys_free(&keys);
        return status;
    }
    *out = keys;
    return SSLACT_OK;
}
