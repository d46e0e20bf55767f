// The config as text: one value, or all of it as YAML that reads back equal.
#include <string.h>

#include "config/values.h"

sslact_status config_render_value(const config *c, const char *key, text *out)
{
    size_t index = schema_find(key);
    if (index == SCHEMA_NOT_FOUND) {
        return schema_fail_unknown(SSLACT_ERROR_NOT_FOUND, key);
    }
    text_append(out, c->values[index].canonical);
    return text_status(out);
}

// Values hold no control characters (value.c). Of the rest YAML's reader takes the line separators
// for line ends and refuses a byte order mark and the non-characters, so those are escaped.
static void append_quoted(text *out, const char *value)
{
    text_append(out, "\"");
    for (const char *at = value; *at; at++) {
        const unsigned char *byte = (const unsigned char *)at;
        bool has_two_more = byte[0] >= 0xe0 && byte[1] && byte[2];
        unsigned point =
            has_two_more ? (byte[0] & 0xfu) << 12 | (byte[1] & 0x3fu) << 6 | (byte[2] & 0x3fu) : 0;
        if (byte[0] == '"' || byte[0] == '\\') {
            text_append_format(out, "\\%c", *at);
        } else if (byte[0] < 0xf0 && (point == 0x2028 || point == 0x2029 || point == 0xfeff ||
                                      point == 0xfffe || point == 0xffff)) {
            text_append_format(out, "\\u%04X", point);
            at += 2;
        } else {
            text_append_bytes(out, at, 1);
        }
    }
    text_append(out, "\"");
}

// Opens the sections in which `name` stands and `previous` does not; returns the last part.
static const char *open_sections(text *out, const char *previous, const char *name, int *depth)
{
    const char *part = name;
    bool same = true;
    *depth = 0;
    for (const char *dot = strchr(part, '.'); dot; dot = strchr(part, '.')) {
        size_t end = (size_t)(dot - name) + 1;
        same = same && strncmp(previous, name, end) == 0;
        if (!same) {
            text_append_format(out, "%*s%.*s:\n", 2 * *depth, "", (int)(dot - part), part);
        }
        part = dot + 1;
        ++*depth;
    }
    return part;
}

sslact_status config_render(const config *c, text *out)
{
    const char *previous = "";
    for (size_t index = 0; index < schema_count(); index++) {
        const schema_key *key = schema_get(index);
        const char *canonical = c->values[index].canonical;
        int depth = 0;
        const char *part = open_sections(out, previous, key->name, &depth);
        text_append_format(out, "%*s%s: ", 2 * depth, "", part);
        if (key->type == SCHEMA_TEXT || key->type == SCHEMA_PATH || canonical[0] == '\0') {
            append_quoted(out, canonical);
        } else {
            text_append(out, canonical);
        }
        text_append(out, "\n");
        previous = key->name;
    }
    return text_status(out);
}
