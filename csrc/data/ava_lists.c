// Short lists: key frames to leave out, included timestamps, names of video files.
#include "data/ava_fields.h"

#include <stdlib.h>

#include "base/array.h"

static sslact_status refuse_broken(const field_place *place)
{
    return field_refuse(place, DATA_PROBLEM_LINE,
                        "a line of more than %d bytes or with NUL bytes, this is not a text list",
                        LINE_MAX_BYTES);
}

static sslact_status read_key(const field_place *place, const line *l, name_table *videos,
                              ava_keys *keys)
{
    field fields[2];
    ava_key key = {.line = place->line};
    size_t count;
    sslact_status status;

    if (l->broken) {
        return refuse_broken(place);
    }
    count = line_split(l, fields, 2);
    if (count != 2) {
        return field_refuse(place, DATA_PROBLEM_COLUMNS, "%zu columns, expected 2", count);
    }
    status = field_read_time(place, 2, fields[1], &key.time_us);
    if (status == SSLACT_OK) {
        status = field_read_video(place, fields[0], videos, &key.video);
    }
    if (status == SSLACT_OK) {
        status = array_reserve((void **)&keys->keys, &keys->capacity, keys->count + 1, sizeof key);
    }
    if (status == SSLACT_OK) {
        keys->keys[keys->count++] = key;
    }
    return status;
}

sslact_status ava_keys_read(const char *path, name_table *videos, data_problems *problems,
                            ava_keys *out)
{
    line_reader reader = {0};
    ava_keys keys = {0};
    line l;
    sslact_status status = line_reader_open(path, &reader);

    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        field_place place = {path, reader.number, problems};
        status = read_key(&place, &l, videos, &keys);
    }
    line_reader_close(&reader);
    if (status < 0) {
        ava_keys_free(&keys);
        return status;
    }
    *out = keys;
    return SSLACT_OK;
}

void ava_keys_free(ava_keys *keys)
{
    free(keys->keys);
    *keys = (ava_keys){0};
}

sslact_status ava_times_read(const char *path, data_problems *problems, int64_t **times_us,
                             size_t *count)
{
    line_reader reader = {0};
    int64_t *times = NULL;
    size_t used = 0, capacity = 0;
    line l;
    sslact_status status = line_reader_open(path, &reader);

    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        field_place place = {path, reader.number, problems};

        status = array_reserve((void **)&times, &capacity, used + 1, sizeof *times);
        if (status == SSLACT_OK) {
            status = l.broken ? refuse_broken(&place)
                              : field_read_time(&place, 1, (field){l.data, l.length}, &times[used]);
        }
        if (status == SSLACT_OK) {
            used++;
        }
    }
    line_reader_close(&reader);
    if (status < 0) {
        free(times);
        return status;
    }
    *times_us = times;
    *count = used;
    return SSLACT_OK;
}

bool ava_is_safe_path(const char *path)
{
    if (path[0] == '\0' || path[0] == '/') {
        return false;
    }
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return false;
        }
    }
    for (const char *part = path; part != NULL;) {
        const char *slash = strchr(part, '/');
        size_t length = slash != NULL ? (size_t)(slash - part) : strlen(part);

        if (length == 2 && part[0] == '.' && part[1] == '.') {
            return false;
        }
        part = slash != NULL ? slash + 1 : NULL;
    }
    return true;
}

static sslact_status read_file_name(const field_place *place, const line *l, name_table *files)
{
    char name[1025];
    int32_t index;

    if (l->broken) {
        return refuse_broken(place);
    }
    if (l->length < sizeof name) {
        memcpy(name, l->data, l->length);
        name[l->length] = '\0';
        if (ava_is_safe_path(name)) {
            return name_table_add(files, name, l->length, &index);
        }
    }
    return field_refuse(place, DATA_PROBLEM_NAME,
                        "file name \"%s\", expected a path below the video folder, without \"..\"",
                        show_field((field){l->data, l->length}).text);
}

sslact_status ava_file_names_read(const char *path, data_problems *problems, name_table *files)
{
    line_reader reader = {0};
    line l;
    sslact_status status = line_reader_open(path, &reader);

    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        field_place place = {path, reader.number, problems};
        status = read_file_name(&place, &l, files);
    }
    line_reader_close(&reader);
    return status < 0 ? status : SSLACT_OK;
}
