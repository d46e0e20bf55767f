// Pieces of an HTML page; private to this room. Every string given is escaped here.
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

void html_begin(text *out, const char *title);
void html_end(text *out, const char *note); // note: last line of the page

// A section with a heading; close with html_section_end.
void html_section(text *out, const char *id, const char *title);
void html_section_end(text *out);
// <tag class="style">words</tag>; style NULL = none.
void html_element(text *out, const char *tag, const char *style, const char *words);

// A table that scrolls sideways where it does not fit; caption is read aloud and shown above it.
void html_table(text *out, const char *caption);
void html_table_end(text *out);
void html_head(text *out, const char *words, bool number); // <th scope="col">
void html_row_head(text *out, const char *words);          // <th scope="row">
void html_cell(text *out, const char *words);
void html_cell_number(text *out, double value, int decimals); // an en dash where not finite
void html_cell_change(text *out, double value, double error); // with sign, green or red
void html_cell_count(text *out, int64_t value);               // an en dash where negative
// "0.512" or "0.512 ± 0.004"; a dash where not finite, no ± where the error is not.
void html_append_value(text *out, double value, double error);
// 12345 as "12 345" with thin spaces.
void html_append_count(text *out, int64_t value);
// "2026-03-01T10:00:00.000Z" as "2026-03-01 10:00 UTC"; any other text as it is.
void html_append_time(text *out, const char *stamp);
// "3 min 20 s".
void html_append_duration(text *out, double seconds);

#ifdef __cplusplus
}
#endif
#endif
