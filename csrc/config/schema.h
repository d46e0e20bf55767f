// The one table of settings. Parsing, defaults, messages, `config list` and the rendering all come
// from it: a key exists where it has a row here and nowhere else.
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum schema_type {
    SCHEMA_INT,
    SCHEMA_FLOAT,
    SCHEMA_BOOL,
    SCHEMA_TEXT,
    SCHEMA_PATH,
    SCHEMA_CHOICE,
    SCHEMA_LIST // of integers
} schema_type;

// `accepted` is read by the program and shown to people:
//   int, float: an interval "[0, 1)", or ">= 0", "> 0"
//   choice:     words "hard, soft"; a word that ends in ":N" stands for a number behind the colon
//   list:       "3 integers in [1, 4]"
// An empty default of a number means that it may stay unset.
typedef struct schema_key {
    const char *name;
    schema_type type;
    const char *default_value;
    const char *accepted;
    const char *help;
} schema_key;

#define SCHEMA_NOT_FOUND ((size_t)-1)
#define SCHEMA_LIST_LIMIT 16    // elements of a list
#define SCHEMA_VALUE_LIMIT 4096 // bytes of any value

size_t schema_count(void);
const schema_key *schema_get(size_t index);
size_t schema_find(const char *name); // SCHEMA_NOT_FOUND if there is no such key
const char *schema_get_type_name(schema_type type);
// True when some key begins with `name` and a dot.
bool schema_is_section(const char *name);
// The known key that a misspelled one was most likely meant to be; NULL when none is near.
const char *schema_suggest(const char *name);
// The same for a section, written to a buffer; false when none is near.
bool schema_suggest_section(const char *name, char *section, size_t capacity);

// Checks a value against the row and appends its canonical text. SSLACT_ERROR_CONFIG with a
// message that begins with the key's name. Paths are left as they are.
sslact_status schema_read_value(const schema_key *key, const char *value, text *canonical);
// The message for an unknown key, with a suggestion.
sslact_status schema_fail_unknown(sslact_status status, const char *name);
// The elements of a canonical list; returns how many, writes at most capacity.
size_t schema_split_list(const char *canonical, int64_t *values, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
