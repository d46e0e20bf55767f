// The names of a person's own actions: one a line, numbered from 1 in the order of the list.
#include "data/own_files.h"

#include <stdlib.h>
#include <strings.h>

#include "base/array.h"
#include "base/file.h"

#define NAME_MAX_BYTES 1024

// Blanks around a name, and the quotes that spreadsheets put around one with a comma.
static field trim(const line *l)
{
    field f = {l->data, l->length};
    while (f.length > 0 && (f.data[0] == ' ' || f.data[0] == '\t')) {
        f = (field){f.data + 1, f.length - 1};
    }
    while (f.length > 0 && strchr(" \t,;", f.data[f.length - 1]) != NULL) {
        f.length--;
    }
    if (f.length >= 2 && f.data[0] == '"' && f.data[f.length - 1] == '"') {
        f = (field){f.data + 1, f.length - 2};
    }
    return f;
}

// A column of a spreadsheet may bring its heading along.
static bool is_heading(const line_reader *reader, field name)
{
    static const char *const headings[] = {"action", "actions"};
    for (size_t k = 0; reader->number == 1 && k < 2; k++) {
        if (strlen(headings[k]) == name.length &&
            strncasecmp(headings[k], name.data, name.length) == 0) {
            return true;
        }
    }
    return false;
}

static sslact_status check_name(const line_reader *reader, const char *name)
{
    const char *path = reader->path;
    long long number = (long long)reader->number;
    size_t good = text_measure_utf8(name);
    if (name[good] != '\0') {
        return error_set(
            SSLACT_ERROR_FORMAT,
            "%s:%lld: byte %zu of the name is 0x%02x, expected UTF-8; save the list as "
            "UTF-8 text",
            path, number, good, (unsigned char)name[good]);
    }
    if (strchr(name, OWN_ACTION_JOINT) != NULL) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s:%lld: \"%s\", expected a name without \"%c\", which joins several "
                         "actions in one cell",
                         path, number, name, OWN_ACTION_JOINT);
    }
    return SSLACT_OK;
}

static sslact_status add_name(const line_reader *reader, field f, name_table *seen,
                              ava_actions *actions)
{
    size_t known = seen->count;
    int32_t index;
    if (f.length > NAME_MAX_BYTES || actions->count >= AVA_ACTION_MAX_ID) {
        return error_set(SSLACT_ERROR_FORMAT, "%s:%lld: more than %d bytes or names", reader->path,
                         (long long)reader->number,
                         f.length > NAME_MAX_BYTES ? NAME_MAX_BYTES : AVA_ACTION_MAX_ID);
    }
    sslact_status status = name_table_add(seen, f.data, f.length, &index);
    if (status >= 0 && seen->count == known) {
        status = error_set(SSLACT_ERROR_FORMAT, "%s:%lld: \"%s\" is on the list twice",
                           reader->path, (long long)reader->number, show_field(f).text);
    }
    if (status >= 0) {
        status = array_reserve((void **)&actions->actions, &actions->capacity, actions->count + 1,
                               sizeof *actions->actions);
    }
    if (status < 0) {
        return status;
    }
    char *name = text_copy_bytes(f.data, f.length);
    if (name == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    actions->actions[actions->count] =
        (ava_action){.id = (int32_t)actions->count + 1, .name = name};
    actions->count++;
    return check_name(reader, name);
}

static sslact_status read_names(line_reader *reader, name_table *seen, ava_actions *actions)
{
    line l;
    sslact_status status = SSLACT_OK;
    while (status >= 0 && (status = line_reader_next(reader, &l)) == SSLACT_OK) {
        if (l.broken) {
            return error_set(SSLACT_ERROR_FORMAT,
                             "%s:%lld: not a line of text, expected the name of an action",
                             reader->path, (long long)reader->number);
        }
        field name = trim(&l);
        if (name.length > 0 && !is_heading(reader, name)) {
            status = add_name(reader, name, seen, actions);
        }
    }
    return status;
}

sslact_status own_actions_read(const char *path, ava_actions *out)
{
    line_reader reader = {0};
    name_table seen = {0};
    ava_actions actions = {0};
    if (strcasecmp(path_get_extension(path), ".pbtxt") == 0) {
        return ava_actions_read(path, out);
    }
    sslact_status status = line_reader_open(path, &reader);
    if (status >= 0) {
        status = read_names(&reader, &seen, &actions);
    }
    if (status >= 0 && actions.count == 0) {
        status = error_set(SSLACT_ERROR_FORMAT, "%s: no name in the list of actions", path);
    }
    line_reader_close(&reader);
    name_table_free(&seen);
    if (status < 0) {
        ava_actions_free(&actions);
        return status;
    }
    *out = actions;
    return SSLACT_OK;
}
