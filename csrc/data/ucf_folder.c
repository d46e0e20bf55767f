// YOWO's annotation: a small text file for every frame with an action, "class x1 y1 x2 y2" a line,
// classes and frames from 1, pixels. Either a folder of them, or a list that names them.
//
//   Class/video/00070.txt      label folders
//   Class_video_00070.txt      evaluation folders
#include "data/ucf_builder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

#define FRAME_FILE_MAX_BYTES ((size_t)1 << 20)
#define FOLDER_MAX_ENTRIES (20 * 1000 * 1000)
#define COLUMN_COUNT 5

// --- one file ---

// Blank separated fields; returns how many there are, stores the first `capacity`.
static size_t split_at_blanks(field row, field *fields, size_t capacity)
{
    size_t count = 0, at = 0;
    while (at < row.length) {
        size_t begin = at;
        while (at < row.length && row.data[at] != ' ' && row.data[at] != '\t' &&
               row.data[at] != '\r') {
            at++;
        }
        if (at > begin) {
            if (count < capacity) {
                fields[count] = (field){row.data + begin, at - begin};
            }
            count++;
        } else {
            at++;
        }
    }
    return count;
}

static bool parse_whole(field f, int64_t *out)
{
    double value;
    if (text_parse_int64(f.data, f.length, out)) {
        return true;
    }
    // numpy.savetxt writes "7.000000".
    if (!text_parse_double(f.data, f.length, &value) || !(value > -1e9 && value < 1e9) ||
        value != (double)(int64_t)value) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static sslact_status read_line(ucf_builder *b, int64_t frame, int64_t number, field l)
{
    field fields[COLUMN_COUNT];
    size_t count = split_at_blanks(l, fields, COLUMN_COUNT);
    ucf_box box = {.frame = frame, .tube = -1, .line = number};
    double *corners[] = {&box.x1, &box.y1, &box.x2, &box.y2};
    bool numbers = count == COLUMN_COUNT && parse_whole(fields[0], &box.class_id);

    if (count == 0) {
        return SSLACT_OK;
    }
    for (size_t i = 0; i < 4 && numbers; i++) {
        numbers = text_parse_double(fields[i + 1].data, fields[i + 1].length, corners[i]);
    }
    if (!numbers) {
        return data_problems_report(
            b->problems, count == COLUMN_COUNT ? DATA_PROBLEM_COORDINATE : DATA_PROBLEM_COLUMNS,
            data_problems_locate(b->file, number).text,
            "\"%s\", expected the 5 numbers class x1 y1 x2 y2", show_field(l).text);
    }
    box.class_id--;
    return ucf_add_box(b, &box);
}

// The boxes of frame `frame` (from 0) of the video in work.
static sslact_status read_file(ucf_builder *b, const char *path, int64_t frame)
{
    char *data = NULL;
    size_t size, begin = 0;
    int64_t number = 0;
    sslact_status status = file_read(path, FRAME_FILE_MAX_BYTES, &data, &size);

    b->file = path;
    while (status >= 0 && begin < size) {
        const char *end = memchr(data + begin, '\n', size - begin);
        size_t length = end != NULL ? (size_t)(end - data) - begin : size - begin;

        status = read_line(b, frame, ++number, (field){data + begin, length});
        begin += length + 1;
    }
    free(data);
    b->file = b->path;
    return status;
}

// --- names ---

#define EXTENSION ".txt"

// "00070.txt" to 69; false for other names. Five digits and more where they are needed: so no frame
// has two names.
static bool parse_frame_name(const char *name, size_t length, int64_t *frame)
{
    size_t digits = length - (sizeof EXTENSION - 1);
    if (length < sizeof EXTENSION + 4 ||
        memcmp(name + digits, EXTENSION, sizeof EXTENSION - 1) != 0 || name[0] < '0' ||
        name[0] > '9' || (digits > 5 && name[0] == '0') || !text_parse_int64(name, digits, frame) ||
        *frame < 1) {
        return false;
    }
    *frame -= 1;
    return true;
}

static sslact_status refuse_name(const ucf_builder *b, const char *place, field name)
{
    return data_problems_report(b->problems, DATA_PROBLEM_NAME, place,
                                "\"%s\", expected Class/video/00001.txt or Class_video_00001.txt",
                                show_field(name).text);
}

// "Class_v_Class_g01_c01_00070.txt" becomes "Class/v_Class_g01_c01" and 69. A class has no "_v_".
static bool split_flat_name(const char *name, text *video, int64_t *frame)
{
    const char *cut = strstr(name, "_v_"), *last = strrchr(name, '_');
    if (cut == NULL || cut == name || last <= cut + 2 ||
        !parse_frame_name(last + 1, strlen(last + 1), frame)) {
        return false;
    }
    text_append_bytes(video, name, (size_t)(cut - name));
    text_append(video, "/");
    text_append_bytes(video, cut + 1, (size_t)(last - cut - 1));
    return true;
}

// The rows of a video stand together in a list and in a folder.
static sslact_status begin_video(ucf_builder *b, const char *place, const char *name, size_t length,
                                 text *now)
{
    if (now->length == length && memcmp(text_get(now), name, length) == 0) {
        return SSLACT_OK;
    }
    text_clear(now);
    text_append_bytes(now, name, length);
    sslact_status status = text_status(now);
    return status < 0 ? status : ucf_begin_video(b, place, name, length, 0);
}

// --- a folder ---

typedef struct walker {
    ucf_builder *builder;
    text folder; // of the files in work
    text video;  // in work
    int64_t entries;
} walker;

typedef sslact_status (*visitor)(walker *w, const char *name);

static sslact_status open_folder(const char *path, DIR **out)
{
    *out = opendir(path);
    return *out != NULL ? SSLACT_OK : error_set_errno(path, "cannot be read as a folder");
}

// Calls visit for every entry of `folder`, but for hidden ones.
static sslact_status walk(walker *w, const char *folder, visitor visit)
{
    DIR *stream = NULL;
    sslact_status status = open_folder(folder, &stream);

    while (status >= 0) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            status = errno != 0 ? error_set_errno(folder, "cannot be read") : SSLACT_OK;
            break;
        }
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (++w->entries > FOLDER_MAX_ENTRIES) {
            status = error_set(SSLACT_ERROR_FORMAT, "%s: more than %d files", w->builder->path,
                               FOLDER_MAX_ENTRIES);
        } else {
            status = visit(w, entry->d_name);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return status;
}

static sslact_status read_entry(walker *w, const char *name, int64_t frame)
{
    text path = {0};
    sslact_status status = path_join(text_get(&w->folder), name, &path);
    if (status >= 0 && w->builder->video >= 0) {
        status = read_file(w->builder, text_get(&path), frame);
    }
    text_free(&path);
    return status;
}

// Class/video/<name>
static sslact_status visit_frame(walker *w, const char *name)
{
    int64_t frame;
    if (!parse_frame_name(name, strlen(name), &frame)) {
        return refuse_name(w->builder, text_get(&w->folder), (field){name, strlen(name)});
    }
    return read_entry(w, name, frame);
}

// Goes into a folder below the one in work and comes back.
static sslact_status enter(walker *w, const char *name, visitor visit)
{
    text below = {0};
    sslact_status status = path_join(text_get(&w->folder), name, &below);
    if (status >= 0) {
        text above = w->folder;
        w->folder = below;
        status = walk(w, text_get(&below), visit);
        w->folder = above;
    }
    text_free(&below);
    return status;
}

// Class/<name>
static sslact_status visit_video(walker *w, const char *name)
{
    text id = {0};
    text_append_format(&id, "%s/%s", path_get_name(text_get(&w->folder)), name);
    sslact_status status = text_status(&id);
    if (status >= 0) {
        status = begin_video(w->builder, text_get(&w->folder), text_get(&id), id.length, &w->video);
    }
    text_free(&id);
    // The files of videos that nobody wants are not even listed.
    return status < 0 || w->builder->video < 0 ? status : enter(w, name, visit_frame);
}

static sslact_status visit_flat_file(walker *w, const char *name)
{
    text video = {0};
    int64_t frame;
    sslact_status status = SSLACT_OK;
    if (split_flat_name(name, &video, &frame)) {
        status = text_status(&video);
        if (status >= 0) {
            status = begin_video(w->builder, w->builder->path, text_get(&video), video.length,
                                 &w->video);
        }
        if (status >= 0) {
            status = read_entry(w, name, frame);
        }
    } else {
        status = refuse_name(w->builder, w->builder->path, (field){name, strlen(name)});
    }
    text_free(&video);
    return status;
}

static sslact_status visit_class(walker *w, const char *name)
{
    text below = {0};
    sslact_status status = path_join(text_get(&w->folder), name, &below);
    bool is_folder = status >= 0 && file_is_folder(text_get(&below));
    text_free(&below);
    if (status < 0) {
        return status;
    }
    return is_folder ? enter(w, name, visit_video) : visit_flat_file(w, name);
}

sslact_status ucf_folder_read(ucf_builder *b)
{
    walker w = {.builder = b};
    b->file = b->path;
    text_append(&w.folder, b->path);
    while (w.folder.length > 1 && w.folder.data[w.folder.length - 1] == '/') {
        w.folder.data[--w.folder.length] = '\0';
    }
    sslact_status status = text_status(&w.folder);
    if (status >= 0) {
        status = walk(&w, text_get(&w.folder), visit_class);
    }
    text_free(&w.folder);
    text_free(&w.video);
    return status;
}

// --- a list of files ---

// "labels/Class/video/00070.txt": the last three parts say what the file is about.
static bool split_listed_name(const char *name, field *video, int64_t *frame)
{
    const char *last = strrchr(name, '/'), *begin = last;
    if (last == NULL || !parse_frame_name(last + 1, strlen(last + 1), frame)) {
        return false;
    }
    for (int slashes = 0; begin > name; begin--) {
        slashes += begin[-1] == '/';
        if (slashes == 2) {
            break;
        }
    }
    *video = (field){begin, (size_t)(last - begin)};
    return memchr(begin, '/', video->length) != NULL;
}

static sslact_status read_listed(ucf_builder *b, const char *folder, int64_t number, const line *l,
                                 text *now)
{
    data_place place = data_problems_locate(b->path, number);
    text name = {0}, path = {0};
    field video;
    int64_t frame;
    sslact_status status = SSLACT_OK;

    text_append_bytes(&name, l->data, l->broken ? 0 : l->length);
    if (!ava_is_safe_path(text_get(&name)) || !split_listed_name(text_get(&name), &video, &frame)) {
        status = refuse_name(b, place.text, (field){l->data, l->broken ? 0 : l->length});
    } else {
        status = begin_video(b, place.text, video.data, video.length, now);
        if (status >= 0 && b->video >= 0) {
            status = path_join(folder, text_get(&name), &path);
        }
        if (status >= 0 && b->video >= 0) {
            status = read_file(b, text_get(&path), frame);
        }
    }
    text_free(&name);
    text_free(&path);
    return status;
}

sslact_status ucf_file_list_read(ucf_builder *b)
{
    line_reader reader = {0};
    line l;
    text folder = {0}, now = {0};
    sslact_status status = path_get_folder(b->path, &folder);

    b->file = b->path;
    if (status >= 0) {
        status = line_reader_open(b->path, &reader);
    }
    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        status = read_listed(b, text_get(&folder), reader.number, &l, &now);
    }
    line_reader_close(&reader);
    text_free(&folder);
    text_free(&now);
    return status < 0 ? status : SSLACT_OK;
}
