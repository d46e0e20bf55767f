// A settings file as a list of assignments to known keys; private to this room.
#ifndef CONFIG_YAML_READER_H
#define CONFIG_YAML_READER_H

#include "base/error.h"

typedef struct assignment {
    size_t key; // row of the schema
    char *value;
    size_t line; // from 1
} assignment;

typedef struct assignments {
    assignment *items;
    size_t count;
    size_t capacity;
    char *base; // the file that this one is laid over; NULL: none
    size_t base_line;
} assignments;

// The word "base" in front of a file's name, outside any section, is no key of the table.
#define YAML_BASE "base"

// Sections become dotted keys. Every message begins with "origin:line: ".
sslact_status yaml_read(const char *content, size_t size, const char *origin, assignments *out);
void assignments_free(assignments *list);

#endif
