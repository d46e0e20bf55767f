// YAML through libyaml's events, as much of it as settings need: mappings of mappings of scalars
// and flat lists. A file is data from anywhere: aliases, anchors, tags, repeated keys and further
// documents are refused, and nothing is read on behind the first key that is not in the table, so
// the work is bounded by the table and not by the file.
#include "config/yaml_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/array.h"
#include "base/text.h"
#include "config/schema.h"

#define DEPTH_LIMIT 16
#define NAME_LIMIT 128
#define SECTION_LIMIT 64

typedef struct reader {
    yaml_parser_t parser;
    const char *content;
    size_t size;
    const char *origin;
    assignments *list;
    size_t *key_lines; // [schema], line of the first assignment or 0
    struct {
        char name[NAME_LIMIT];
        size_t line;
    } sections[SECTION_LIMIT]; // those opened so far
    size_t section_count;
} reader;

// --- messages ---

#define FAIL(r, line, ...)                                                                         \
    (error_set(SSLACT_ERROR_CONFIG, __VA_ARGS__), error_prefix("%s:%zu: ", (r)->origin, (line)))

static size_t get_line(const yaml_event_t *event)
{
    return event->start_mark.line + 1;
}

static size_t count_lines(const reader *r, size_t offset)
{
    size_t line = 1;
    for (size_t k = 0; k < offset && k < r->size; k++) {
        line += r->content[k] == '\n';
    }
    return line;
}

// libyaml says "problem" and where; for bytes that are no text it says the offset only.
static sslact_status fail_parser(const reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "not YAML";
    switch (p->error) {
    case YAML_MEMORY_ERROR:
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory to read it", r->origin);
    case YAML_READER_ERROR:
        return FAIL(r, count_lines(r, p->problem_offset), "%s", problem);
    default:
        return FAIL(r, p->problem_mark.line + 1, "%s%s%s", problem, p->context ? " " : "",
                    p->context ? p->context : "");
    }
}

// --- events ---

static sslact_status refuse_decoration(const reader *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return FAIL(r, get_line(event), "alias \"*%.80s\", aliases are not accepted",
                    (const char *)event->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor) {
        return FAIL(r, get_line(event), "anchor \"&%.80s\", anchors are not accepted",
                    (const char *)anchor);
    }
    if (tag) {
        return FAIL(r, get_line(event), "tag \"%.80s\", tags are not accepted", (const char *)tag);
    }
    return SSLACT_OK;
}

// The next event; on success the caller deletes it.
static sslact_status next_event(reader *r, yaml_event_t *event)
{
    if (!yaml_parser_parse(&r->parser, event)) {
        return fail_parser(r);
    }
    sslact_status status = refuse_decoration(r, event);
    if (status != SSLACT_OK) {
        yaml_event_delete(event);
    }
    return status;
}

static bool is_plain(const yaml_event_t *event, const char *word)
{
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           strcmp((const char *)event->data.scalar.value, word) == 0;
}

// The scalar's text; an empty plain one, "~" and "null" are the empty text.
static sslact_status take_scalar(const reader *r, const yaml_event_t *event, const char **out)
{
    const char *content = (const char *)event->data.scalar.value;
    if (strlen(content) != event->data.scalar.length) {
        return FAIL(r, get_line(event), "a value holds a NUL character");
    }
    *out = is_plain(event, "~") || is_plain(event, "null") ? "" : content;
    return SSLACT_OK;
}

// --- assignments ---

static sslact_status take_base(reader *r, const char *value, size_t line)
{
    if (r->list->base != NULL) {
        return FAIL(r, line, "\"" YAML_BASE "\" was already given in line %zu",
                    r->list->base_line);
    }
    if (value[0] == '\0') {
        return FAIL(r, line, "\"" YAML_BASE "\" is empty, expected the path of a config");
    }
    r->list->base = text_copy(value);
    r->list->base_line = line;
    return r->list->base != NULL ? SSLACT_OK : SSLACT_ERROR_OUT_OF_MEMORY;
}

static sslact_status assign(reader *r, const char *name, const char *value, size_t line)
{
    if (strcmp(name, YAML_BASE) == 0) {
        return take_base(r, value, line);
    }
    size_t key = schema_find(name);
    if (key == SCHEMA_NOT_FOUND) {
        if (schema_is_section(name) && value[0] == '\0') {
            return SSLACT_OK; // a section whose lines are all commented out
        }
        schema_fail_unknown(SSLACT_ERROR_CONFIG, name);
        return error_prefix("%s:%zu: ", r->origin, line);
    }
    if (r->key_lines[key]) {
        return FAIL(r, line, "\"%s\" was already given in line %zu", name, r->key_lines[key]);
    }
    void *items = r->list->items;
    sslact_status status =
        array_reserve(&items, &r->list->capacity, r->list->count + 1, sizeof(*r->list->items));
    r->list->items = items;
    char *copy = status == SSLACT_OK ? text_copy(value) : NULL;
    if (!copy) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    r->list->items[r->list->count++] = (assignment){key, copy, line};
    r->key_lines[key] = line;
    return SSLACT_OK;
}

void assignments_free(assignments *list)
{
    for (size_t k = 0; k < list->count; k++) {
        free(list->items[k].value);
    }
    free(list->items);
    free(list->base);
    *list = (assignments){0};
}

// --- structure ---

// A flat list becomes the text "a, b, c".
static sslact_status read_sequence(reader *r, const char *name, size_t line)
{
    text joined = {0};
    sslact_status status = SSLACT_OK;
    size_t count = 0;
    for (bool open = true; open && status == SSLACT_OK;) {
        yaml_event_t event;
        status = next_event(r, &event);
        if (status != SSLACT_OK) {
            break;
        }
        const char *element = NULL;
        open = event.type != YAML_SEQUENCE_END_EVENT;
        if (open && event.type != YAML_SCALAR_EVENT) {
            status = FAIL(r, get_line(&event), "\"%s\" holds a list or section in a list", name);
        } else if (open && count++ == SCHEMA_LIST_LIMIT) {
            status = FAIL(r, get_line(&event), "\"%s\" has more than %d elements", name,
                          SCHEMA_LIST_LIMIT);
        } else if (open) {
            status = take_scalar(r, &event, &element);
        }
        if (element) {
            text_append(&joined, count > 1 ? ", " : "");
            text_append(&joined, element);
        }
        yaml_event_delete(&event);
    }
    if (status == SSLACT_OK) {
        status = text_status(&joined);
    }
    if (status == SSLACT_OK) {
        status = assign(r, name, text_get(&joined), line);
    }
    text_free(&joined);
    return status;
}

static sslact_status open_section(reader *r, const char *name, size_t line)
{
    if (schema_find(name) != SCHEMA_NOT_FOUND) {
        return FAIL(r, line, "\"%s\" is a key, expected a value and not a section", name);
    }
    if (!schema_is_section(name)) {
        char near[NAME_LIMIT];
        if (schema_suggest_section(name, near, sizeof(near))) {
            return FAIL(r, line, "unknown section \"%s\", did you mean \"%s\"", name, near);
        }
        return FAIL(r, line, "unknown section \"%s\", no known section is near it", name);
    }
    for (size_t k = 0; k < r->section_count; k++) {
        if (strcmp(r->sections[k].name, name) == 0) {
            return FAIL(r, line, "section \"%s\" was already given in line %zu", name,
                        r->sections[k].line);
        }
    }
    if (r->section_count == SECTION_LIMIT) {
        return FAIL(r, line, "more than %d sections", SECTION_LIMIT);
    }
    snprintf(r->sections[r->section_count].name, NAME_LIMIT, "%s", name);
    r->sections[r->section_count++].line = line;
    return SSLACT_OK;
}

static sslact_status read_mapping(reader *r, const char *prefix, int depth);

// What stands behind a key: a scalar, a list, or a section.
static sslact_status read_value(reader *r, const char *name, size_t line, int depth)
{
    yaml_event_t event;
    const char *scalar = NULL;
    sslact_status status = next_event(r, &event);
    if (status != SSLACT_OK) {
        return status;
    }
    yaml_event_type_t type = event.type;
    if (type == YAML_SCALAR_EVENT) {
        status = take_scalar(r, &event, &scalar);
        if (status == SSLACT_OK) {
            status = assign(r, name, scalar, line);
        }
    }
    yaml_event_delete(&event);
    if (type == YAML_SEQUENCE_START_EVENT) {
        // An unknown key is reported before its list is read.
        return schema_find(name) == SCHEMA_NOT_FOUND ? assign(r, name, "list", line)
                                                     : read_sequence(r, name, line);
    }
    if (type == YAML_MAPPING_START_EVENT) {
        status = open_section(r, name, line);
        return status == SSLACT_OK ? read_mapping(r, name, depth + 1) : status;
    }
    return status;
}

// Joins prefix and the key of this event into name.
static sslact_status take_name(const reader *r, const yaml_event_t *event, const char *prefix,
                               char name[NAME_LIMIT])
{
    const char *key = NULL;
    if (event->type != YAML_SCALAR_EVENT) {
        return FAIL(r, get_line(event), "a list or section stands where a key is expected");
    }
    sslact_status status = take_scalar(r, event, &key);
    if (status != SSLACT_OK) {
        return status;
    }
    int length = snprintf(name, NAME_LIMIT, "%s%s%s", prefix, *prefix ? "." : "", key);
    if (length < 0 || length >= NAME_LIMIT) {
        return FAIL(r, get_line(event), "the key \"%.40s...\" has %zu bytes, no key is that long",
                    key, strlen(key));
    }
    return SSLACT_OK;
}

static sslact_status read_mapping(reader *r, const char *prefix, int depth)
{
    for (;;) {
        yaml_event_t event;
        char name[NAME_LIMIT];
        sslact_status status = next_event(r, &event);
        if (status != SSLACT_OK) {
            return status;
        }
        bool ends = event.type == YAML_MAPPING_END_EVENT;
        size_t line = get_line(&event);
        if (!ends && depth > DEPTH_LIMIT) {
            status = FAIL(r, line, "sections are nested deeper than %d", DEPTH_LIMIT);
        } else if (!ends) {
            status = take_name(r, &event, prefix, name);
        }
        yaml_event_delete(&event);
        if (ends || status != SSLACT_OK) {
            return status;
        }
        status = read_value(r, name, line, depth);
        if (status != SSLACT_OK) {
            return status;
        }
    }
}

// The content of a document: a mapping, or nothing at all.
static sslact_status read_document(reader *r)
{
    yaml_event_t event;
    sslact_status status = next_event(r, &event);
    if (status != SSLACT_OK) {
        return status;
    }
    size_t line = get_line(&event);
    bool is_mapping = event.type == YAML_MAPPING_START_EVENT;
    bool is_empty = event.type == YAML_SCALAR_EVENT && is_plain(&event, "");
    yaml_event_delete(&event);
    if (is_mapping) {
        return read_mapping(r, "", 1);
    }
    return is_empty ? SSLACT_OK
                    : FAIL(r, line, "no \"key: value\" here, expected sections of keys");
}

static sslact_status read_stream(reader *r)
{
    size_t documents = 0;
    for (;;) {
        yaml_event_t event;
        sslact_status status = next_event(r, &event);
        if (status != SSLACT_OK) {
            return status;
        }
        yaml_event_type_t type = event.type;
        size_t line = get_line(&event);
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT) {
            return SSLACT_OK;
        }
        if (type == YAML_DOCUMENT_START_EVENT) {
            status = documents++ ? FAIL(r, line, "a second document, one is accepted")
                                 : read_document(r);
        }
        if (status != SSLACT_OK) {
            return status;
        }
    }
}

sslact_status yaml_read(const char *content, size_t size, const char *origin, assignments *out)
{
    reader r = {.content = content, .size = size, .origin = origin, .list = out};
    const char *nul = size ? memchr(content, '\0', size) : NULL;
    if (nul) {
        return FAIL(&r, count_lines(&r, (size_t)(nul - content)),
                    "a NUL byte, expected UTF-8 text");
    }
    r.key_lines = array_create(schema_count(), sizeof(*r.key_lines));
    if (!r.key_lines) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = SSLACT_OK;
    if (yaml_parser_initialize(&r.parser)) {
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)content, size);
        status = read_stream(&r);
        yaml_parser_delete(&r.parser);
    } else {
        status = error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory to read it", origin);
    }
    free(r.key_lines);
    return status;
}
