// Text that grows, and numbers out of text: strict, whole field, the same in every locale.
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// An owned, always NUL-terminated string; zero-initialise it. data is NULL until something was
// appended. After an allocation failure `failed` is set, later appends do nothing, and
// text_status() reports it, so that a long rendering needs one check at its end.
typedef struct text {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
} text;

void text_append(text *out, const char *piece);
void text_append_bytes(text *out, const char *bytes, size_t length);
void text_append_format(text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The shortest decimal that reads back as the same double; "nan", "inf", "-inf" for those.
void text_append_double(text *out, double value);
sslact_status text_status(const text *out);
// The string, "" when nothing was appended. Never NULL.
const char *text_get(const text *out);
void text_clear(text *out);
void text_free(text *out);

// A copy on the heap, NULL with the error set when memory is out.
char *text_copy(const char *source);
char *text_copy_bytes(const char *source, size_t length);

// Whole field or nothing: no blanks, no trailing characters, range checked. False on failure; no
// message is set, the caller knows the place.
bool text_parse_int64(const char *field, size_t length, int64_t *out);
bool text_parse_double(const char *field, size_t length, double *out); // finite only
bool text_parse_bool(const char *field, size_t length, bool *out);     // true, false, 1, 0

// Copies length bytes of source and a NUL into a caller's buffer under the public API's rule for
// text: needed is always set (bytes with the NUL), too little room writes nothing.
sslact_status text_hand_out(const char *source, size_t length, char *buffer, size_t capacity,
                            size_t *needed);

// How many bytes from the start are UTF-8 without control characters, broken or over-long sequences
// and surrogates; source[result] is the NUL where all of it is.
size_t text_measure_utf8(const char *source);

// Damerau-free edit distance (insert, delete, replace), for "did you mean".
size_t text_distance(const char *a, const char *b);

#ifdef __cplusplus
}
#endif
#endif
