// Foreign text in our files; the UTF-8 rules are those of Unicode table 3-7 (no overlong forms, no
// surrogates, nothing above U+10FFFF).
#include "report/escape.h"

#include <math.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; // U+FFFD

static bool is_continuation(unsigned char byte)
{
    return byte >= 0x80 && byte <= 0xbf;
}

// The range of the second byte narrows after some lead bytes.
static bool is_second(unsigned char lead, unsigned char byte)
{
    switch (lead) {
    case 0xe0:
        return byte >= 0xa0 && byte <= 0xbf;
    case 0xed:
        return byte >= 0x80 && byte <= 0x9f;
    case 0xf0:
        return byte >= 0x90 && byte <= 0xbf;
    case 0xf4:
        return byte >= 0x80 && byte <= 0x8f;
    default:
        return is_continuation(byte);
    }
}

// Bytes of the character at `at`, 0 where it is not valid UTF-8. Stops at the NUL by itself: a NUL
// is no continuation byte.
static size_t measure(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;
    if (bytes[0] < 0x80) {
        return 1;
    }
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || !is_second(bytes[0], bytes[1])) {
        return 0;
    }
    if (bytes[0] < 0xe0) {
        return 2;
    }
    if (!is_continuation(bytes[2])) {
        return 0;
    }
    if (bytes[0] < 0xf0) {
        return 3;
    }
    return is_continuation(bytes[3]) ? 4 : 0;
}

// C0 and C1 control characters; the latter are two bytes, c2 80 .. c2 9f.
static bool is_control(const char *at, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)at;
    return (size == 1 && (bytes[0] < 0x20 || bytes[0] == 0x7f)) ||
           (size == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

static const char *find_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void escape_html(text *out, const char *source)
{
    for (const char *at = source; *at != '\0';) {
        size_t size = measure(at);
        const char *entity = find_entity(*at);
        if (entity != NULL) {
            text_append(out, entity);
        } else if (size == 0 || (is_control(at, size) && *at != '\n' && *at != '\t')) {
            text_append(out, replacement);
        } else {
            text_append_bytes(out, at, size);
        }
        at += size > 0 ? size : 1;
    }
}

void escape_json(text *out, const char *source)
{
    text_append(out, "\"");
    for (const char *at = source; *at != '\0';) {
        size_t size = measure(at);
        if (size == 0) {
            text_append(out, replacement);
        } else if (*at == '"' || *at == '\\') {
            text_append_format(out, "\\%c", *at);
        } else if (size == 1 && is_control(at, size)) {
            text_append_format(out, "\\u%04x", (unsigned)(unsigned char)*at);
        } else {
            text_append_bytes(out, at, size);
        }
        at += size > 0 ? size : 1;
    }
    text_append(out, "\"");
}

void escape_csv(text *out, const char *source)
{
    if (strpbrk(source, ",\"\r\n") == NULL) {
        text_append(out, source);
        return;
    }
    text_append(out, "\"");
    for (const char *at = source; *at != '\0'; at++) {
        text_append_bytes(out, at, 1);
        if (*at == '"') {
            text_append(out, "\"");
        }
    }
    text_append(out, "\"");
}

void escape_line(text *out, const char *source)
{
    for (const char *at = source; *at != '\0';) {
        size_t size = measure(at);
        if (*at == '\n' || *at == '\r' || *at == '\t') {
            text_append(out, " ");
        } else if (size == 0 || is_control(at, size)) {
            text_append(out, replacement);
        } else {
            text_append_bytes(out, at, size);
        }
        at += size > 0 ? size : 1;
    }
}

void json_append_number(text *out, double value)
{
    if (isfinite(value)) {
        text_append_double(out, value);
    } else {
        text_append(out, "null");
    }
}

size_t count_characters(const char *source)
{
    size_t count = 0;
    for (const char *at = source; *at != '\0'; count++) {
        size_t size = measure(at);
        at += size > 0 ? size : 1;
    }
    return count;
}

char *shorten(const char *source, size_t limit)
{
    text out = {0};
    size_t total = count_characters(source);
    const char *at = source;
    for (size_t i = 0; *at != '\0' && (total <= limit || i + 1 < limit); i++) {
        size_t size = measure(at);
        size = size > 0 ? size : 1;
        text_append_bytes(&out, at, size);
        at += size;
    }
    if (*at != '\0') {
        text_append(&out, "\xe2\x80\xa6"); // …
    }
    char *copy = text_status(&out) < 0 ? NULL : text_copy(text_get(&out));
    text_free(&out);
    return copy;
}
