// The metrics file: appends whole lines, repairs a torn end. Reading it back is run_log.c.
#include "report/json_lines.h"

#include "report/escape.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

struct json_lines {
    int file;
    char *path;
    text line;
    text nonfinite; // keys of the line at hand, each quoted, comma between
    off_t whole;    // bytes of whole lines in the file
    double opened;  // clock_seconds
    int64_t lost;
};

// ---- the file ----

// Offset behind the last newline before `size`; 0 where there is none.
static sslact_status find_whole(const json_lines *lines, off_t size, off_t *out)
{
    char block[4096];
    off_t end = size;
    while (end > 0) {
        off_t begin = end > (off_t)sizeof block ? end - (off_t)sizeof block : 0;
        ssize_t got = pread(lines->file, block, (size_t)(end - begin), begin);
        if (got != end - begin) {
            return error_set_errno(lines->path, "read");
        }
        for (ssize_t i = got; i > 0; i--) {
            if (block[i - 1] == '\n') {
                *out = begin + i;
                return SSLACT_OK;
            }
        }
        end = begin;
    }
    *out = 0;
    return SSLACT_OK;
}

static sslact_status open_file(json_lines *lines)
{
    lines->file = open(lines->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (lines->file < 0) {
        return error_set_errno(lines->path, "open");
    }
    off_t size = lseek(lines->file, 0, SEEK_END);
    if (size < 0) {
        return error_set_errno(lines->path, "seek in");
    }
    sslact_status status = find_whole(lines, size, &lines->whole);
    if (status < 0) {
        return status;
    }
    if (lines->whole < size && ftruncate(lines->file, lines->whole) != 0) {
        return error_set_errno(lines->path, "shorten");
    }
    return SSLACT_OK;
}

static sslact_status write_line(json_lines *lines)
{
    const char *data = text_get(&lines->line);
    size_t left = lines->line.length;
    while (left > 0) {
        ssize_t written = write(lines->file, data, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            sslact_status status = error_set_errno(lines->path, "write");
            // Best effort: the next open repairs what this cannot.
            int repaired = ftruncate(lines->file, lines->whole);
            (void)repaired;
            return status;
        }
        data += written;
        left -= (size_t)written;
    }
    lines->whole += (off_t)lines->line.length;
    return SSLACT_OK;
}

// ---- lines ----

static void append_key(json_lines *lines, const char *key)
{
    text_append(&lines->line, lines->line.length > 1 ? "," : "");
    escape_json(&lines->line, key);
    text_append(&lines->line, ":");
}

void json_lines_begin(json_lines *lines, const char *event, int64_t iteration)
{
    char stamp[25];
    text_clear(&lines->line);
    text_clear(&lines->nonfinite);
    text_append(&lines->line, "{");
    json_lines_add_text(lines, "event", event);
    json_lines_add_count(lines, "iteration", iteration);
    clock_stamp(stamp, sizeof stamp);
    json_lines_add_text(lines, "time", stamp);
    // Milliseconds are enough and keep the line short.
    json_lines_add_number(lines, "elapsed_s",
                          round((clock_seconds() - lines->opened) * 1000.0) / 1000.0);
}

void json_lines_add_number(json_lines *lines, const char *key, double value)
{
    append_key(lines, key);
    json_append_number(&lines->line, value);
    if (!isfinite(value)) {
        text_append(&lines->nonfinite, lines->nonfinite.length > 0 ? "," : "");
        escape_json(&lines->nonfinite, key);
    }
}

void json_lines_add_count(json_lines *lines, const char *key, int64_t value)
{
    append_key(lines, key);
    text_append_format(&lines->line, "%lld", (long long)value);
}

void json_lines_add_text(json_lines *lines, const char *key, const char *value)
{
    append_key(lines, key);
    escape_json(&lines->line, value);
}

void json_lines_add_numbers(json_lines *lines, const char *key, const double *values, size_t count)
{
    append_key(lines, key);
    text_append(&lines->line, "[");
    for (size_t i = 0; i < count; i++) {
        text_append(&lines->line, i > 0 ? "," : "");
        json_append_number(&lines->line, values[i]);
    }
    text_append(&lines->line, "]");
}

void json_lines_add_counts(json_lines *lines, const char *key, const int64_t *values, size_t count)
{
    append_key(lines, key);
    for (size_t i = 0; i < count; i++) {
        text_append_format(&lines->line, "%s%lld", i > 0 ? "," : "[", (long long)values[i]);
    }
    text_append(&lines->line, count > 0 ? "]" : "[]");
}

void json_lines_add_texts(json_lines *lines, const char *key, const char *const *values,
                          size_t count)
{
    append_key(lines, key);
    text_append(&lines->line, "[");
    for (size_t i = 0; i < count; i++) {
        text_append(&lines->line, i > 0 ? "," : "");
        escape_json(&lines->line, values[i]);
    }
    text_append(&lines->line, "]");
}

sslact_status json_lines_end(json_lines *lines)
{
    if (lines->nonfinite.length > 0) {
        append_key(lines, "nonfinite");
        text_append_format(&lines->line, "[%s]", text_get(&lines->nonfinite));
    }
    text_append(&lines->line, "}\n");
    sslact_status status = text_status(&lines->line);
    if (status >= 0) {
        status = write_line(lines);
    }
    lines->lost += status < 0;
    return status;
}

int64_t json_lines_count_lost(const json_lines *lines)
{
    return lines->lost;
}

// ---- open and close ----

static sslact_status write_first(json_lines *lines, const json_fact *facts, size_t count,
                                 int64_t from)
{
    if (lines->whole > 0) {
        json_lines_begin(lines, "resume", from);
        json_lines_add_count(lines, "from", from);
        return json_lines_end(lines);
    }
    json_lines_begin(lines, "run", from);
    json_lines_add_text(lines, "schema", "sslact.metrics.1");
    for (size_t i = 0; i < count; i++) {
        json_lines_add_text(lines, facts[i].key, facts[i].value);
    }
    return json_lines_end(lines);
}

sslact_status json_lines_open(const char *path, const json_fact *facts, size_t fact_count,
                              int64_t from, json_lines **out)
{
    json_lines *lines = array_create(1, sizeof *lines);
    if (lines == NULL) {
        return sslact_error_get_status();
    }
    lines->file = -1;
    lines->opened = clock_seconds();
    lines->path = text_copy(path);
    sslact_status status = lines->path != NULL ? open_file(lines) : sslact_error_get_status();
    if (status >= 0) {
        status = write_first(lines, facts, fact_count, from);
    }
    if (status < 0) {
        json_lines_close(lines);
        return status;
    }
    *out = lines;
    return SSLACT_OK;
}

void json_lines_close(json_lines *lines)
{
    if (lines == NULL) {
        return;
    }
    if (lines->file >= 0) {
        close(lines->file);
    }
    text_free(&lines->line);
    text_free(&lines->nonfinite);
    free(lines->path);
    free(lines);
}
