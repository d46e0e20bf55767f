// Foreign text in our files: every string that was not written in this room goes through one of
// these. Bytes that are no UTF-8 and control characters become U+FFFD, so that a hostile class
// name can neither break a page nor a terminal.
#ifndef REPORT_ESCAPE_H
#define REPORT_ESCAPE_H

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

// For HTML and SVG, both as content and inside a double-quoted attribute. Line ends and tabs stay.
void escape_html(text *out, const char *source);
// A JSON string with its quotes; control characters as \u00XX.
void escape_json(text *out, const char *source);
// A CSV field, quoted where it must be (RFC 4180).
void escape_csv(text *out, const char *source);
// One line for a terminal or a table of text; line ends and tabs become blanks.
void escape_line(text *out, const char *source);

// A JSON number with the fewest digits that read back; null where it is not finite.
void json_append_number(text *out, double value);

// Code points of UTF-8 text, invalid bytes counted as one each.
size_t count_characters(const char *source);
// The first `limit` characters, the last one an ellipsis where something was cut; free() it.
char *shorten(const char *source, size_t limit);

#ifdef __cplusplus
}
#endif
#endif
