// A reader for comma separated values of any spreadsheet's dialect, one row at a time.
#include "data/sheet.h"

#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"

// Every name that a column may have; the first of each column is the one of messages.
static const struct {
    const char *name;
    sheet_column column;
} known_names[] = {
    {"video", SHEET_VIDEO},   {"file", SHEET_VIDEO},    {"time", SHEET_TIME},
    {"seconds", SHEET_TIME},  {"x1", SHEET_X1},         {"y1", SHEET_Y1},
    {"x2", SHEET_X2},         {"y2", SHEET_Y2},         {"left", SHEET_X1},
    {"top", SHEET_Y1},        {"right", SHEET_X2},      {"bottom", SHEET_Y2},
    {"x", SHEET_X},           {"y", SHEET_Y},           {"width", SHEET_WIDTH},
    {"height", SHEET_HEIGHT}, {"action", SHEET_ACTION}, {"actions", SHEET_ACTION},
    {"person", SHEET_PERSON}, {"score", SHEET_SCORE},
};
enum { KNOWN_COUNT = sizeof known_names / sizeof known_names[0] };

const char *sheet_get_column_name(sheet_column column)
{
    for (size_t k = 0; k < KNOWN_COUNT; k++) {
        if (known_names[k].column == column) {
            return known_names[k].name;
        }
    }
    return "";
}

// --- kind of file ---

// What is no table, by its first bytes, in words that say how to make one.
static const char *recognise(const unsigned char *head, size_t size)
{
    if (size >= 4 && memcmp(head, "PK\x03\x04", 4) == 0) {
        return "a spreadsheet file, save it as CSV";
    }
    if (size >= 4 && memcmp(head, "\xd0\xcf\x11\xe0", 4) == 0) {
        return "an old spreadsheet file, save it as CSV";
    }
    if (size >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0)) {
        return "UTF-16 text, save it as \"CSV UTF-8\"";
    }
    return NULL;
}

static sslact_status check_kind(const char *path, int file)
{
    unsigned char head[4];
    ssize_t size = pread(file, head, sizeof head, 0);
    const char *kind = size > 0 ? recognise(head, (size_t)size) : NULL;
    return kind == NULL ? SSLACT_OK : error_set(SSLACT_ERROR_FORMAT, "%s: this is %s", path, kind);
}

// --- cells ---

static field trim(field f)
{
    while (f.length > 0 && (f.data[0] == ' ' || f.data[0] == '\t')) {
        f = (field){f.data + 1, f.length - 1};
    }
    while (f.length > 0 && (f.data[f.length - 1] == ' ' || f.data[f.length - 1] == '\t')) {
        f.length--;
    }
    return f;
}

// The cell in quotes at *at, with doubled quotes made single in `room`, which moves on. False where
// the quotes do not end, or something follows them.
static bool take_quoted(const char **at, const char *end, char separator, char **room, field *out)
{
    char *begin = *room, *to = *room;
    const char *from = *at + 1;
    for (; from < end; from++) {
        if (*from == '"' && (from + 1 == end || from[1] != '"')) {
            break;
        }
        from += *from == '"';
        *to++ = *from;
    }
    if (from >= end) {
        return false;
    }
    from++;
    while (from < end && *from == ' ') {
        from++;
    }
    if (from < end && *from != separator) {
        return false;
    }
    *out = trim((field){begin, (size_t)(to - begin)});
    *room = to;
    *at = from;
    return true;
}

static void take_plain(const char **at, const char *end, char separator, field *out)
{
    const char *stop = memchr(*at, separator, (size_t)(end - *at));
    stop = stop != NULL ? stop : end;
    *out = trim((field){*at, (size_t)(stop - *at)});
    *at = stop;
}

// Cuts a line into cells; *count may be more than there is room for. False: quotes that do not end.
static bool cut(sheet *s, const line *l, size_t *count)
{
    const char *at = l->data, *end = l->data + l->length;
    char *room = s->unquoted;
    for (*count = 0;; at++) { // past the separator
        field cell;
        const char *begin = at;
        while (begin < end && *begin == ' ') {
            begin++;
        }
        if (begin < end && *begin == '"') {
            at = begin;
            if (!take_quoted(&at, end, s->separator, &room, &cell)) {
                return false;
            }
        } else {
            take_plain(&at, end, s->separator, &cell);
        }
        if (*count < SHEET_MAX_CELLS) {
            s->cells[*count] = cell;
        }
        (*count)++;
        if (at == end) {
            return true;
        }
    }
}

// --- header ---

// The sign that stands in the header most often, of equals the comma.
static char find_separator(const line *l)
{
    static const char signs[] = {',', ';', '\t'};
    size_t best = 0;
    char found = ',';
    for (size_t k = 0; k < sizeof signs; k++) {
        size_t count = 0;
        for (size_t i = 0; i < l->length; i++) {
            count += l->data[i] == signs[k];
        }
        if (count > best) {
            best = count;
            found = signs[k];
        }
    }
    return found;
}

// The known name nearest to a cell, NULL where none is near.
static const char *suggest(const char *cell)
{
    const char *best = NULL;
    size_t least = 3;
    for (size_t k = 0; k < KNOWN_COUNT; k++) {
        size_t distance = text_distance(cell, known_names[k].name);
        if (distance < least && distance < strlen(known_names[k].name)) {
            least = distance;
            best = known_names[k].name;
        }
    }
    return best;
}

static sslact_status refuse_column(const sheet *s, field cell)
{
    double number;
    const char *path = s->reader.path;
    long long row = (long long)s->reader.number;
    if (sheet_parse_number(cell, &number)) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s:%lld: \"%s\" is no column name; the first line names the columns, for "
                         "example video,time,x1,y1,x2,y2,action",
                         path, row, show_field(cell).text);
    }
    const char *near = suggest(show_field(cell).text);
    return error_set(SSLACT_ERROR_FORMAT,
                     "%s:%lld: column \"%s\" is unknown, %s%s%s; a column of notes has a name that "
                     "begins with #",
                     path, row, show_field(cell).text, near != NULL ? "did you mean \"" : "",
                     near != NULL ? near
                                  : "known are video, time, x1, y1, x2, y2 (or x, y, width, "
                                    "height), action, person, score",
                     near != NULL ? "\"" : "");
}

static sslact_status name_column(sheet *s, size_t place)
{
    field cell = s->cells[place];
    if (cell.length == 0 || cell.data[0] == '#') {
        return SSLACT_OK;
    }
    for (size_t k = 0; k < KNOWN_COUNT; k++) {
        const char *name = known_names[k].name;
        if (strlen(name) != cell.length || strncasecmp(name, cell.data, cell.length) != 0) {
            continue;
        }
        int32_t *where = &s->places[known_names[k].column];
        if (*where >= 0) {
            return error_set(SSLACT_ERROR_FORMAT, "%s:%lld: column \"%s\" stands there twice",
                             s->reader.path, (long long)s->reader.number, name);
        }
        *where = (int32_t)place;
        return SSLACT_OK;
    }
    return refuse_column(s, cell);
}

// "sep=;" in front of the header is what a spreadsheet program takes for itself.
static bool is_separator_line(const line *l, char *separator)
{
    if (l->length != 5 || strncasecmp(l->data, "sep=", 4) != 0) {
        return false;
    }
    *separator = l->data[4];
    return true;
}

static sslact_status read_header(sheet *s)
{
    line l;
    size_t count = 0;
    bool given = false;
    sslact_status status = line_reader_next(&s->reader, &l);
    if (status == SSLACT_OK && !l.broken && is_separator_line(&l, &s->separator)) {
        given = true;
        status = line_reader_next(&s->reader, &l);
    }
    if (status == SSLACT_DONE) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: the file is empty, expected a header line that names the columns",
                         s->reader.path);
    }
    if (status < 0) {
        return status;
    }
    s->separator = given || l.broken ? s->separator : find_separator(&l);
    if (l.broken || !cut(s, &l, &count) || count > SHEET_MAX_CELLS) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s:%lld: not a header line, expected at most %d column names",
                         s->reader.path, (long long)s->reader.number, SHEET_MAX_CELLS);
    }
    s->cell_count = count;
    for (size_t place = 0; status >= 0 && place < count; place++) {
        status = name_column(s, place);
    }
    return status;
}

sslact_status sheet_open(const char *path, sheet *out)
{
    sheet s = {.separator = ','};
    memset(s.places, -1, sizeof s.places);
    sslact_status status = line_reader_open(path, &s.reader);
    if (status < 0) {
        return status;
    }
    s.unquoted = array_create(LINE_MAX_BYTES, 1);
    status = s.unquoted == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : check_kind(path, s.reader.file);
    if (status >= 0) {
        status = read_header(&s);
    }
    if (status < 0) {
        sheet_close(&s);
        return status;
    }
    *out = s;
    return SSLACT_OK;
}

void sheet_close(sheet *s)
{
    line_reader_close(&s->reader);
    free(s->unquoted);
    *s = (sheet){0};
}

bool sheet_has(const sheet *s, sheet_column column)
{
    return s->places[column] >= 0;
}

sslact_status sheet_require(const sheet *s, sheet_column column)
{
    if (sheet_has(s, column)) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_FORMAT, "%s:%lld: the header names no column \"%s\"",
                     s->reader.path, (long long)s->reader.number, sheet_get_column_name(column));
}

// --- rows ---

static bool is_empty_row(const sheet *s, size_t count)
{
    for (size_t i = 0; i < count && i < SHEET_MAX_CELLS; i++) {
        if (s->cells[i].length > 0) {
            return false;
        }
    }
    return true;
}

// Cells behind the last column are fine while they are empty: spreadsheets write such.
static bool has_extra_cells(const sheet *s, size_t count)
{
    for (size_t i = s->cell_count; i < count && i < SHEET_MAX_CELLS; i++) {
        if (s->cells[i].length > 0) {
            return true;
        }
    }
    return count > SHEET_MAX_CELLS;
}

static sslact_status check_row(sheet *s, const field_place *place, const line *l)
{
    size_t count;
    if (l->broken) {
        return field_refuse(place, DATA_PROBLEM_LINE,
                            "a line of more than %d bytes or with NUL bytes, this is not a row",
                            LINE_MAX_BYTES);
    }
    if (!cut(s, l, &count)) {
        return field_refuse(place, DATA_PROBLEM_LINE,
                            "a quoted cell does not end on its line, or something follows it");
    }
    if (is_empty_row(s, count)) {
        return SSLACT_DONE;
    }
    if (count < s->cell_count || has_extra_cells(s, count)) {
        bool more = count > s->cell_count;
        return field_refuse(place, DATA_PROBLEM_COLUMNS, "%zu cells, the header has %zu%s", count,
                            s->cell_count,
                            more && s->separator == ','
                                ? " (decimal commas? then separate the columns with semicolons)"
                                : "");
    }
    return SSLACT_OK;
}

sslact_status sheet_next(sheet *s, data_problems *problems, field_place *place)
{
    line l;
    for (;;) {
        sslact_status status = line_reader_next(&s->reader, &l);
        if (status != SSLACT_OK) {
            return status;
        }
        *place = (field_place){s->reader.path, s->reader.number, problems};
        status = check_row(s, place, &l);
        if (status != SSLACT_DONE) {
            return status;
        }
    }
}

field sheet_get(const sheet *s, sheet_column column)
{
    static const field nothing = {"", 0};
    return sheet_has(s, column) ? s->cells[s->places[column]] : nothing;
}

bool sheet_parse_number(field f, double *out)
{
    char copy[64];
    const char *comma = memchr(f.data, ',', f.length);
    if (comma == NULL || f.length >= sizeof copy || memchr(f.data, '.', f.length) != NULL) {
        return text_parse_double(f.data, f.length, out);
    }
    memcpy(copy, f.data, f.length);
    copy[comma - f.data] = '.';
    return text_parse_double(copy, f.length, out);
}
