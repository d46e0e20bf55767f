// Text files line by line in bounded memory, lines into comma separated fields, and values shown in
// messages. Knows nothing of what the columns mean.
#ifndef DATA_LINES_H
#define DATA_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LINE_MAX_BYTES 65536
// Twenty million rows of labels; the published AVA files are near 60 MB.
#define LINE_FILE_MAX_BYTES ((int64_t)1 << 30)

typedef struct line_reader {
    const char *path; // borrowed
    int file;
    int64_t size;   // of the file when it was opened
    int64_t taken;  // bytes read so far
    int64_t number; // of the current line, from 1
    char *buffer;
    size_t begin, end;
    bool ended;
} line_reader;

typedef struct line {
    const char *data; // without line end, not NUL-terminated; valid until the next call
    size_t length;
    bool broken; // longer than LINE_MAX_BYTES, or holds a NUL: not to be used
} line;

// Opens a regular file of at most LINE_FILE_MAX_BYTES.
sslact_status line_reader_open(const char *path, line_reader *out);
// The next line that is not blank; LF and CRLF end lines, a byte order mark in front is dropped.
// SSLACT_DONE at the end of the file.
sslact_status line_reader_next(line_reader *r, line *out);
// Where in the file the line that was read last begins, in bytes.
int64_t line_reader_get_offset(const line_reader *r, const line *l);
void line_reader_close(line_reader *r);

typedef struct field {
    const char *data;
    size_t length;
} field;

// Splits at every comma and returns the number of fields; only the first `capacity` are stored.
size_t line_split(const line *l, field *fields, size_t capacity);

typedef struct shown {
    char text[52];
} shown;
// A field or number for a message: printable, short, the same in every locale.
shown show_field(field f);
shown show_number(double value);

#ifdef __cplusplus
}
#endif
#endif
