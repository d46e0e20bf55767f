// A bounded line reader over a plain descriptor.
#include "data/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

// Room for the longest line with its line end.
#define BUFFER_BYTES (LINE_MAX_BYTES + 2)

sslact_status line_reader_open(const char *path, line_reader *out)
{
    struct stat facts;
    sslact_status status;
    char *buffer;
    // Not blocking: opening a pipe must not wait for its other end.
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0) {
        return error_set_errno(path, "cannot be opened");
    }
    if (fstat(file, &facts) != 0) {
        status = error_set_errno(path, "cannot be read");
    } else if (!S_ISREG(facts.st_mode)) {
        status = error_set(SSLACT_ERROR_IO, "%s: not a regular file", path);
    } else if (facts.st_size > LINE_FILE_MAX_BYTES) {
        status = error_set(SSLACT_ERROR_FORMAT, "%s: %" PRId64 " bytes, at most %" PRId64, path,
                           (int64_t)facts.st_size, LINE_FILE_MAX_BYTES);
    } else if ((buffer = array_create(BUFFER_BYTES, 1)) == NULL) {
        status = SSLACT_ERROR_OUT_OF_MEMORY;
    } else {
        *out = (line_reader){.path = path, .file = file, .size = facts.st_size, .buffer = buffer};
        return SSLACT_OK;
    }
    close(file);
    return status;
}

// Moves what is left to the front of the buffer and reads behind it.
static sslact_status fill(line_reader *r)
{
    ssize_t got;

    memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
    r->end -= r->begin;
    r->begin = 0;
    do {
        got = read(r->file, r->buffer + r->end, BUFFER_BYTES - r->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return error_set_errno(r->path, "cannot be read");
    }
    r->ended = got == 0;
    r->end += (size_t)got;
    r->taken += got;
    if (r->taken > LINE_FILE_MAX_BYTES) { // it grew while it was read
        return error_set(SSLACT_ERROR_FORMAT, "%s: more than %" PRId64 " bytes", r->path,
                         LINE_FILE_MAX_BYTES);
    }
    return SSLACT_OK;
}

// Takes the bytes up to the next line end; a line that does not fit is cut and marked as broken.
static sslact_status take_line(line_reader *r, line *out)
{
    size_t scanned = 0;
    const char *end;
    sslact_status status;

    *out = (line){0};
    for (;;) {
        end = memchr(r->buffer + r->begin + scanned, '\n', r->end - r->begin - scanned);
        if (end != NULL || r->ended) {
            break;
        }
        scanned = r->end - r->begin;
        if (scanned == BUFFER_BYTES) {
            out->broken = true;
            r->begin = r->end;
            scanned = 0;
        }
        status = fill(r);
        if (status < 0) {
            return status;
        }
    }
    if (end == NULL && r->begin == r->end && !out->broken) {
        return SSLACT_DONE;
    }
    out->data = r->buffer + r->begin;
    out->length = (end != NULL ? (size_t)(end - r->buffer) : r->end) - r->begin;
    r->begin += out->length + (end != NULL);
    r->number++;
    return SSLACT_OK;
}

static bool is_blank(const line *l)
{
    for (size_t i = 0; i < l->length; i++) {
        if (l->data[i] != ' ' && l->data[i] != '\t') {
            return false;
        }
    }
    return true;
}

sslact_status line_reader_next(line_reader *r, line *out)
{
    sslact_status status;

    do {
        status = take_line(r, out);
        if (status != SSLACT_OK) {
            return status;
        }
        if (out->length > 0 && out->data[out->length - 1] == '\r') {
            out->length--;
        }
        if (r->number == 1 && out->length >= 3 && memcmp(out->data, "\xef\xbb\xbf", 3) == 0) {
            out->data += 3;
            out->length -= 3;
        }
    } while (!out->broken && is_blank(out));
    if (out->length > LINE_MAX_BYTES || memchr(out->data, '\0', out->length) != NULL) {
        out->broken = true;
    }
    return SSLACT_OK;
}

int64_t line_reader_get_offset(const line_reader *r, const line *l)
{
    return r->taken - (int64_t)r->end + (int64_t)(l->data - r->buffer);
}

void line_reader_close(line_reader *r)
{
    if (r->buffer != NULL) {
        close(r->file);
    }
    free(r->buffer);
    *r = (line_reader){0};
}

size_t line_split(const line *l, field *fields, size_t capacity)
{
    const char *begin = l->data, *end = l->data + l->length;
    size_t count = 0;

    for (;;) {
        const char *comma = memchr(begin, ',', (size_t)(end - begin));
        const char *stop = comma != NULL ? comma : end;

        if (count < capacity) {
            fields[count] = (field){begin, (size_t)(stop - begin)};
        }
        count++;
        if (comma == NULL) {
            return count;
        }
        begin = comma + 1;
    }
}

shown show_field(field f)
{
    shown out = {{0}};
    size_t length = f.length < 44 ? f.length : 44;

    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)f.data[i];
        out.text[i] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
    }
    if (length < f.length) {
        memcpy(out.text + length, "...", 3);
    }
    return out;
}

// Six digits behind the point at most, without trailing zeros; printf would follow the locale.
shown show_number(double value)
{
    shown out = {{0}};
    double size = fabs(value);
    long long scaled;
    int length;

    if (!(size < 1e12)) {
        const char *word = value < 0 ? "below -1e12" : "above 1e12";

        if (isnan(value)) {
            word = "nan";
        } else if (isinf(value)) {
            word = value < 0 ? "-inf" : "inf";
        }
        snprintf(out.text, sizeof out.text, "%s", word);
        return out;
    }
    scaled = llround(size * 1e6);
    length = snprintf(out.text, sizeof out.text, "%s%lld.%06lld", value < 0 && scaled ? "-" : "",
                      scaled / 1000000, scaled % 1000000);
    while (out.text[length - 1] == '0') {
        out.text[--length] = '\0';
    }
    if (out.text[length - 1] == '.') {
        out.text[--length] = '\0';
    }
    return out;
}
