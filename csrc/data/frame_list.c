// Reads a frame list once from front to back, and single lines of it afterwards.
#include "data/frame_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "data/ava_files.h"
#include "data/lines.h"
#include "media/video.h"

// Of a kept line, so that one read gives all of it. A path has at most 4096.
#define PICTURE_LINE_BYTES 8192
#define SUGGESTION_MAX_NAMES 5000

enum { COLUMN_VIDEO, COLUMN_NUMBER, COLUMN_FRAME, COLUMN_PATH, COLUMN_LABELS, COLUMNS };

struct frame_list {
    char *path, *root;
    const name_table *videos;
    int file;
    size_t *starts;    // [videos->count + 1] in offsets
    int32_t *firsts;   // [videos->count] the first frame_id; -1: no pictures, or not all of them
    int64_t *offsets;  // [starts[videos->count]] of lines, by video and frame
    name_table listed; // the videos of the file
};

typedef struct listed_picture {
    int64_t offset;
    int32_t video, frame;
} listed_picture;

typedef struct list_reading {
    frame_list *list;
    data_problems *problems;
    line_reader lines;
    listed_picture *pictures; // in the order of the file
    size_t count, capacity;
    int32_t *numbers; // [list->listed.count] in list->videos, -1: not needed
    size_t number_capacity;
} list_reading;

// --- one line ---

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

// The number of fields, of which the first COLUMNS are stored.
static size_t split_blanks(const line *l, field *fields)
{
    const char *at = l->data, *end = l->data + l->length;
    size_t count = 0;
    for (;;) {
        while (at < end && is_blank(*at)) {
            at++;
        }
        if (at == end) {
            return count;
        }
        const char *begin = at;
        while (at < end && !is_blank(*at)) {
            at++;
        }
        if (count < COLUMNS) {
            fields[count] = (field){begin, (size_t)(at - begin)};
        }
        count++;
    }
}

static bool has_columns(size_t count)
{
    return count == COLUMNS || count == COLUMN_LABELS; // a line without labels is whole
}

static bool parse_frame(field f, int32_t *out)
{
    int64_t value = 0;
    if (!text_parse_int64(f.data, f.length, &value) || value < 0 || value > INT32_MAX) {
        return false;
    }
    *out = (int32_t)value;
    return true;
}

static bool is_word(field f, const char *word)
{
    return f.length == strlen(word) && memcmp(f.data, word, f.length) == 0;
}

// SlowFast's lists have always spelt the first column so; a corrected one is meant the same.
static bool is_header(const field *fields, size_t count)
{
    return has_columns(count) &&
           (is_word(fields[COLUMN_VIDEO], "original_vido_id") ||
            is_word(fields[COLUMN_VIDEO], "original_video_id")) &&
           is_word(fields[COLUMN_FRAME], "frame_id") && is_word(fields[COLUMN_PATH], "path");
}

// --- reading the file ---

static sslact_status report_line(list_reading *r, data_problem kind, const char *what, field f,
                                 const char *expected)
{
    return data_problems_report(r->problems, kind,
                                data_problems_locate(r->list->path, r->lines.number).text,
                                "%s \"%s\", expected %s", what, show_field(f).text, expected);
}

static sslact_status read_header(list_reading *r)
{
    line l = {0};
    field fields[COLUMNS];
    sslact_status status = line_reader_next(&r->lines, &l);
    if (status < 0) {
        return status;
    }
    if (status == SSLACT_DONE || l.broken || !is_header(fields, split_blanks(&l, fields))) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s:1: header \"%s\", expected original_vido_id video_id frame_id path "
                         "labels (a frame list, data.frame_list)",
                         r->list->path, show_field((field){l.data, l.length}).text);
    }
    return SSLACT_OK;
}

// The video's number in the annotation, -1 where it has none.
static sslact_status find_number(list_reading *r, field name, int32_t *number)
{
    int32_t listed;
    const size_t known = r->list->listed.count;
    sslact_status status = name_table_add(&r->list->listed, name.data, name.length, &listed);
    if (status >= 0) {
        status = array_reserve((void **)&r->numbers, &r->number_capacity, r->list->listed.count,
                               sizeof *r->numbers);
    }
    if (status < 0) {
        return status;
    }
    if ((size_t)listed == known) {
        r->numbers[listed] = name_table_find(r->list->videos, name.data, name.length);
    }
    *number = r->numbers[listed];
    return SSLACT_OK;
}

static bool is_safe(field path)
{
    char copy[PICTURE_LINE_BYTES];
    memcpy(copy, path.data, path.length);
    copy[path.length] = '\0';
    return ava_is_safe_path(copy);
}

static sslact_status keep_picture(list_reading *r, const line *l, const field *fields,
                                  int32_t index)
{
    int32_t frame;
    if (l->length >= PICTURE_LINE_BYTES) {
        return report_line(r, DATA_PROBLEM_LINE, "path", fields[COLUMN_PATH],
                           "a line of less than 8192 bytes");
    }
    if (!parse_frame(fields[COLUMN_FRAME], &frame)) {
        return report_line(r, DATA_PROBLEM_COLUMNS, "frame_id", fields[COLUMN_FRAME],
                           "a whole number from 0");
    }
    if (!is_safe(fields[COLUMN_PATH])) {
        return report_line(r, DATA_PROBLEM_NAME, "path", fields[COLUMN_PATH],
                           "a path below data.video_root, without \"..\"");
    }
    sslact_status status =
        array_reserve((void **)&r->pictures, &r->capacity, r->count + 1, sizeof *r->pictures);
    if (status >= 0) {
        r->pictures[r->count++] =
            (listed_picture){line_reader_get_offset(&r->lines, l), index, frame};
    }
    return status;
}

static sslact_status read_line(list_reading *r, const line *l)
{
    field fields[COLUMNS];
    int32_t index = -1;
    if (l->broken) {
        return data_problems_report(r->problems, DATA_PROBLEM_LINE,
                                    data_problems_locate(r->list->path, r->lines.number).text,
                                    "the line is too long, or holds a NUL byte");
    }
    size_t count = split_blanks(l, fields);
    if (!has_columns(count)) {
        return data_problems_report(r->problems, DATA_PROBLEM_COLUMNS,
                                    data_problems_locate(r->list->path, r->lines.number).text,
                                    "%zu columns, expected original_vido_id video_id frame_id "
                                    "path labels between blanks",
                                    count);
    }
    sslact_status status = find_number(r, fields[COLUMN_VIDEO], &index);
    return status < 0 || index < 0 ? status : keep_picture(r, l, fields, index);
}

static sslact_status read_lines(list_reading *r)
{
    line l = {0};
    sslact_status status = line_reader_open(r->list->path, &r->lines);
    if (status >= 0) {
        status = read_header(r);
    }
    while (status >= 0 && (status = line_reader_next(&r->lines, &l)) == SSLACT_OK) {
        status = read_line(r, &l);
    }
    line_reader_close(&r->lines);
    return status < 0 ? status : SSLACT_OK;
}

// --- frames in order ---

// The number of the line at an offset, for messages.
static sslact_status count_lines(const char *path, int64_t offset, int64_t *number)
{
    line_reader lines = {0};
    line l = {0};
    sslact_status status = line_reader_open(path, &lines);
    while (status >= 0 && (status = line_reader_next(&lines, &l)) == SSLACT_OK &&
           line_reader_get_offset(&lines, &l) < offset) {
    }
    *number = lines.number;
    line_reader_close(&lines);
    return status < 0 ? status : SSLACT_OK;
}

static sslact_status report_video(list_reading *r, int32_t index, int64_t offset, int64_t frame,
                                  const char *what)
{
    int64_t number = 0;
    frame_list *list = r->list;
    sslact_status status = count_lines(list->path, offset, &number);
    list->firsts[index] = -1;
    return status < 0 ? status
                      : data_problems_report(r->problems, DATA_PROBLEM_VIDEO,
                                             data_problems_locate(list->path, number).text,
                                             "video \"%.200s\", frame_id %" PRId64 " %s",
                                             list->videos->names[index], frame, what);
}

static void count_pictures(const list_reading *r)
{
    frame_list *list = r->list;
    for (size_t i = 0; i < list->videos->count; i++) {
        list->firsts[i] = -1;
    }
    for (size_t i = 0; i < r->count; i++) {
        const listed_picture *p = &r->pictures[i];
        int32_t *first = &list->firsts[p->video];
        *first = *first < 0 || p->frame < *first ? p->frame : *first;
        list->starts[p->video + 1]++;
    }
    for (size_t i = 0; i < list->videos->count; i++) {
        list->starts[i + 1] += list->starts[i];
    }
}

// A frame_id too large for the number of pictures leaves a gap before it, which is found later.
static sslact_status place_pictures(list_reading *r)
{
    frame_list *list = r->list;
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; i < r->count; i++) {
        list->offsets[i] = -1;
    }
    for (size_t i = 0; status >= 0 && i < r->count; i++) {
        const listed_picture *p = &r->pictures[i];
        const size_t start = list->starts[p->video];
        const int32_t first = list->firsts[p->video];
        const size_t frame = (size_t)(p->frame - first);
        if (first < 0 || frame >= list->starts[p->video + 1] - start) {
            continue; // reported already, or behind a gap
        }
        if (list->offsets[start + frame] >= 0) {
            status =
                report_video(r, p->video, p->offset, p->frame, "a second time, expected each once");
        } else {
            list->offsets[start + frame] = p->offset;
        }
    }
    return status;
}

static sslact_status check_gaps(list_reading *r, int32_t index)
{
    const frame_list *list = r->list;
    const int32_t first = list->firsts[index];
    const size_t start = list->starts[index], end = list->starts[index + 1];
    if (first > 1) {
        return report_video(r, index, list->offsets[start], first,
                            "is the first, expected numbers from 0 or from 1");
    }
    for (size_t i = start; i < end; i++) {
        if (list->offsets[i] < 0) { // never the first
            return report_video(r, index, list->offsets[i - 1], first + (int64_t)(i - start) - 1,
                                "has no successor although later ones are listed, expected "
                                "numbers without gaps");
        }
    }
    return SSLACT_OK;
}

static sslact_status arrange(list_reading *r)
{
    frame_list *list = r->list;
    const size_t count = list->videos->count;
    list->starts = array_create(count + 1, sizeof *list->starts);
    list->firsts = array_create(count, sizeof *list->firsts);
    list->offsets = array_create(r->count, sizeof *list->offsets);
    if (list->starts == NULL || list->firsts == NULL || list->offsets == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    count_pictures(r);
    sslact_status status = place_pictures(r);
    for (size_t i = 0; status >= 0 && i < count; i++) {
        status = list->firsts[i] < 0 ? SSLACT_OK : check_gaps(r, (int32_t)i);
    }
    return status;
}

static sslact_status read_list(frame_list *list, data_problems *problems)
{
    list_reading r = {.list = list, .problems = problems};
    sslact_status status = read_lines(&r);
    if (status >= 0) {
        status = arrange(&r);
    }
    free(r.pictures);
    free(r.numbers);
    return status;
}

sslact_status frame_list_open(const char *path, const char *root, const name_table *videos,
                              data_problems *problems, frame_list **out)
{
    frame_list *list = array_create(1, sizeof *list);
    if (list == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    list->path = text_copy(path);
    list->root = text_copy(root);
    list->videos = videos;
    list->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    sslact_status status = SSLACT_OK;
    if (list->path == NULL || list->root == NULL) {
        status = SSLACT_ERROR_OUT_OF_MEMORY;
    } else if (list->file < 0) {
        status = error_set_errno(path, "cannot be opened");
    } else {
        status = read_list(list, problems);
    }
    if (status < 0) {
        frame_list_free(list);
        return status;
    }
    *out = list;
    return SSLACT_OK;
}

void frame_list_free(frame_list *list)
{
    if (list == NULL) {
        return;
    }
    if (list->file >= 0) {
        close(list->file);
    }
    name_table_free(&list->listed);
    free(list->starts);
    free(list->firsts);
    free(list->offsets);
    free(list->path);
    free(list->root);
    free(list);
}

// --- a video ---

// The listed name nearest to one that is not listed; NULL when none is near.
static const char *suggest(const frame_list *list, const char *name)
{
    const char *best = NULL;
    size_t least = strlen(name) / 3 > 2 ? strlen(name) / 3 : 2;
    for (size_t i = 0; list->listed.count <= SUGGESTION_MAX_NAMES && i < list->listed.count; i++) {
        size_t distance = text_distance(name, list->listed.names[i]);
        if (distance <= least && (best == NULL || distance < least)) {
            least = distance;
            best = list->listed.names[i];
        }
    }
    return best;
}

sslact_status frame_list_find(const frame_list *list, size_t index, text *name)
{
    const char *id = list->videos->names[index];
    if (list->firsts[index] >= 0) {
        text_clear(name);
        text_append_format(name, "%s: video \"%s\"", list->path, id);
        return text_status(name);
    }
    if (name_table_find(&list->listed, id, strlen(id)) >= 0) {
        return error_set(SSLACT_ERROR_NOT_FOUND,
                         "video \"%s\" has no usable pictures in the frame list %s", id,
                         list->path);
    }
    const char *near = suggest(list, id);
    return error_set(SSLACT_ERROR_NOT_FOUND, "video \"%s\" is not in the frame list %s%s%s%s", id,
                     list->path, near != NULL ? ", did you mean \"" : "", near != NULL ? near : "",
                     near != NULL ? "\"" : "");
}

// The line as it is now; its end is searched in one block.
static sslact_status read_again(const frame_list *list, int64_t offset, char *buffer, line *out)
{
    ssize_t got;
    do {
        got = pread(list->file, buffer, PICTURE_LINE_BYTES, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return error_set_errno(list->path, "cannot be read");
    }
    const char *end = memchr(buffer, '\n', (size_t)got);
    *out = (line){.data = buffer, .length = end != NULL ? (size_t)(end - buffer) : (size_t)got};
    if (out->length > 0 && buffer[out->length - 1] == '\r') {
        out->length--;
    }
    return SSLACT_OK;
}

static sslact_status get_picture_path(const void *user, size_t index, int64_t frame, text *path)
{
    const frame_list *list = user;
    char buffer[PICTURE_LINE_BYTES + 1], name[PICTURE_LINE_BYTES + 1];
    line l = {0};
    field fields[COLUMNS];
    int32_t number = -1;
    sslact_status status =
        read_again(list, list->offsets[list->starts[index] + (size_t)frame], buffer, &l);
    if (status < 0) {
        return status;
    }
    bool same = has_columns(split_blanks(&l, fields)) &&
                is_word(fields[COLUMN_VIDEO], list->videos->names[index]) &&
                parse_frame(fields[COLUMN_FRAME], &number) &&
                number == list->firsts[index] + frame && fields[COLUMN_PATH].length < sizeof name;
    if (same) {
        memcpy(name, fields[COLUMN_PATH].data, fields[COLUMN_PATH].length);
        name[fields[COLUMN_PATH].length] = '\0';
    }
    if (!same || !ava_is_safe_path(name)) {
        return error_set(SSLACT_ERROR_IO,
                         "%s: was changed while it is in use, the line of video \"%s\", frame_id "
                         "%" PRId64 " is another one",
                         list->path, list->videos->names[index], list->firsts[index] + frame);
    }
    return path_join(list->root, name, path);
}

static int64_t count_frames(const frame_list *list, size_t index)
{
    return (int64_t)(list->starts[index + 1] - list->starts[index]);
}

sslact_status frame_list_open_video(size_t index, const video_options *options, void *user,
                                    video **out)
{
    const frame_list *list = user;
    const video_pictures pictures = {count_frames(list, index), get_picture_path, list, index};
    text name = {0};
    sslact_status status = frame_list_find(list, index, &name);
    if (status >= 0) {
        status = video_open_pictures(text_get(&name), &pictures, options, out);
    }
    text_free(&name);
    return status;
}

sslact_status frame_list_find_missing(const frame_list *list, size_t index, int64_t *count,
                                      text *first)
{
    text path = {0};
    sslact_status status = SSLACT_OK;
    *count = 0;
    for (int64_t i = 0; status >= 0 && i < count_frames(list, index); i++) {
        status = get_picture_path(list, index, i, &path);
        if (status < 0 || file_exists(text_get(&path))) {
            continue;
        }
        if (++*count == 1) {
            text_clear(first);
            text_append(first, text_get(&path));
            status = text_status(first);
        }
    }
    text_free(&path);
    return status;
}
