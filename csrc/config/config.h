// The settings of a run: typed values under dotted keys, from one table (schema.h).
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct config config;

sslact_status config_create(config **out); // all defaults
sslact_status config_copy(const config *source, config **out);
void config_free(config *c);

// Lays a YAML file, or YAML text, over the current values: all or nothing. Messages begin with
// "path:line: ". Values of keys of type path are made absolute against the file's folder (for
// text: against the working folder).
//
// "base: FILE" at the top of a file, relative to its folder, lays it over that file: the base comes
// first, and a preset of the file puts keys back that the base has set.
//
// Preset keys (model.preset, ssl.preset) give other keys their default. A preset that is set in a
// file or by config_set puts the keys it governs back to the preset's values, except those set in
// the same file (whatever the order of the lines) or afterwards.
sslact_status config_load(config *c, const char *path);
sslact_status config_parse(config *c, const char *text, const char *origin);
sslact_status config_set(config *c, const char *key, const char *value);

// The canonical text of any key's value (known or not: NOT_FOUND with the nearest key).
sslact_status config_render_value(const config *c, const char *key, text *out);
// Every key in canonical order as YAML; config_parse of it gives an equal config.
sslact_status config_render(const config *c, text *out);
// What needs more than one key.
sslact_status config_validate(const config *c);

// Typed reads for the rooms. The key must be in the table and of that type: anything else is a
// programming error and aborts in debug builds. Text is valid until the next change of the config.
int64_t config_get_int(const config *c, const char *key);
double config_get_double(const config *c, const char *key);
bool config_get_bool(const config *c, const char *key);
const char *config_get_text(const config *c,
                            const char *key); // types text, path, choice; "" = unset
// Values of a list of integers; returns how many, writes at most capacity.
size_t config_get_int_list(const config *c, const char *key, int64_t *values, size_t capacity);
// data.<split>.<name> where it is set, else data.<name>.
const char *config_get_split_text(const config *c, const char *split, const char *name);
double config_get_split_double(const config *c, const char *split, const char *name);
bool config_is_set(const config *c, const char *key); // by file, set or preset, not by default

// The table, for `config list` and the docs. False past the end.
typedef struct config_key {
    const char *name;
    const char *type; // "int", "float", "bool", "text", "path", "choice", "list"
    const char *default_value;
    const char *accepted;
    const char *help;
} config_key;
bool config_describe(size_t index, config_key *out);

#ifdef __cplusplus
}
#endif
#endif
