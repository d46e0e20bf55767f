// The functions of config.h over values.c: changing, reading, describing.
#include "config/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "config/presets.h"
#include "config/values.h"
#include "config/yaml_reader.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define BASE_LIMIT 8 // files under one another; a circle ends here too

// --- changing ---

// Takes over the content of `changed` and frees it.
static void take_over(config *c, config *changed)
{
    setting *values = c->values;
    c->values = changed->values;
    changed->values = values;
    config_free(changed);
}

// Presets of the file first, then its other lines: their order in the file does not matter.
static sslact_status apply(config *c, const assignments *list, const char *origin,
                           const char *folder)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < list->count; k++) {
            const assignment *a = &list->items[k];
            const char *name = schema_get(a->key)->name;
            if (preset_is_key(name) != (pass == 0)) {
                continue;
            }
            sslact_status status = values_assign(c, a->key, a->value, folder);
            if (status == SSLACT_OK && pass == 0) {
                status = values_apply_preset(c, name);
            }
            if (status != SSLACT_OK) {
                return error_prefix("%s:%zu: ", origin, a->line);
            }
        }
    }
    return values_derive(c);
}

static sslact_status load_under(config *c, const char *path, int depth);

// The base of a file comes first; its path is relative to the file's folder.
static sslact_status apply_base(config *c, const assignments *list, const char *origin,
                                const char *folder, int depth)
{
    text path = {0};
    if (list->base == NULL) {
        return SSLACT_OK;
    }
    if (list->base[0] != '/' && folder[0] != '\0') {
        text_append_format(&path, "%s/", folder);
    }
    text_append(&path, list->base);
    sslact_status status = text_status(&path);
    if (status == SSLACT_OK && depth == BASE_LIMIT) {
        status = error_set(SSLACT_ERROR_CONFIG, "more than %d files stand on one another",
                           BASE_LIMIT);
    }
    if (status == SSLACT_OK) {
        status = load_under(c, text_get(&path), depth + 1);
    }
    text_free(&path);
    return status == SSLACT_OK ? SSLACT_OK
                               : error_prefix("%s:%zu: base: ", origin, list->base_line);
}

static sslact_status lay_over(config *c, const char *content, size_t size, const char *origin,
                              const char *folder, int depth)
{
    assignments list = {0};
    config *changed = NULL;
    sslact_status status = yaml_read(content, size, origin, &list);
    if (status == SSLACT_OK) {
        status = config_copy(c, &changed);
    }
    if (status == SSLACT_OK) {
        status = apply_base(changed, &list, origin, folder, depth);
    }
    if (status == SSLACT_OK) {
        status = apply(changed, &list, origin, folder);
    }
    if (status == SSLACT_OK) {
        take_over(c, changed);
        changed = NULL;
    }
    config_free(changed);
    assignments_free(&list);
    return status;
}

static sslact_status load_under(config *c, const char *path, int depth)
{
    char *content = NULL;
    size_t size = 0;
    text folder = {0};
    sslact_status status = file_read(path, FILE_LIMIT, &content, &size);
    if (status == SSLACT_OK) {
        status = path_get_folder(path, &folder);
    }
    if (status == SSLACT_OK) {
        status = lay_over(c, content, size, path, text_get(&folder), depth);
    }
    text_free(&folder);
    free(content);
    return status;
}

sslact_status config_load(config *c, const char *path)
{
    return load_under(c, path, 0);
}

sslact_status config_parse(config *c, const char *content, const char *origin)
{
    const char *place = origin && *origin ? origin : "text";
    size_t size = strlen(content);
    if (size > FILE_LIMIT) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: %zu bytes, the limit is %zu", place, size,
                         FILE_LIMIT);
    }
    return lay_over(c, content, size, place, "", 0);
}

sslact_status config_set(config *c, const char *key, const char *text_value)
{
    size_t index = schema_find(key);
    if (index == SCHEMA_NOT_FOUND) {
        return schema_fail_unknown(SSLACT_ERROR_CONFIG, key);
    }
    config *changed = NULL;
    sslact_status status = config_copy(c, &changed);
    if (status == SSLACT_OK) {
        status = values_assign(changed, index, text_value, "");
    }
    if (status == SSLACT_OK && preset_is_key(key)) {
        status = values_apply_preset(changed, key);
    }
    if (status == SSLACT_OK) {
        status = values_derive(changed);
    }
    if (status == SSLACT_OK) {
        take_over(c, changed);
        changed = NULL;
    }
    config_free(changed);
    return status;
}

// --- typed reads ---

// A wrong key or type here is a slip in our own code, not in a file: debug builds stop, others say
// so in the log and go on with nothing.
static const char *read_typed(const config *c, const char *key, unsigned types)
{
    size_t index = schema_find(key);
    bool fits = index != SCHEMA_NOT_FOUND && (types >> schema_get(index)->type & 1u);
    assert(fits && "the key is not in the table, or has another type");
    if (!fits) {
        log_write(SSLACT_LOG_ERROR, "config", "\"%s\" is read as a type that it does not have",
                  key);
        return "";
    }
    return c->values[index].canonical;
}

int64_t config_get_int(const config *c, const char *key)
{
    int64_t number = 0;
    const char *canonical = read_typed(c, key, 1u << SCHEMA_INT);
    text_parse_int64(canonical, strlen(canonical), &number);
    return number;
}

double config_get_double(const config *c, const char *key)
{
    double number = 0.0;
    const char *canonical = read_typed(c, key, 1u << SCHEMA_FLOAT);
    text_parse_double(canonical, strlen(canonical), &number);
    return number;
}

bool config_get_bool(const config *c, const char *key)
{
    return strcmp(read_typed(c, key, 1u << SCHEMA_BOOL), "true") == 0;
}

const char *config_get_text(const config *c, const char *key)
{
    return read_typed(c, key, 1u << SCHEMA_TEXT | 1u << SCHEMA_PATH | 1u << SCHEMA_CHOICE);
}

size_t config_get_int_list(const config *c, const char *key, int64_t *values, size_t capacity)
{
    return schema_split_list(read_typed(c, key, 1u << SCHEMA_LIST), values, capacity);
}

// "data.<split>.<name>" if that has a value, else "data.<name>".
static void choose_split_key(const config *c, const char *split, const char *name, char key[128])
{
    snprintf(key, 128, "data.%s.%s", split, name);
    size_t index = schema_find(key);
    if (index == SCHEMA_NOT_FOUND || c->values[index].canonical[0] == '\0') {
        snprintf(key, 128, "data.%s", name);
    }
}

const char *config_get_split_text(const config *c, const char *split, const char *name)
{
    char key[128];
    choose_split_key(c, split, name, key);
    return config_get_text(c, key);
}

double config_get_split_double(const config *c, const char *split, const char *name)
{
    char key[128];
    choose_split_key(c, split, name, key);
    return config_get_double(c, key);
}

bool config_is_set(const config *c, const char *key)
{
    size_t index = schema_find(key);
    return index != SCHEMA_NOT_FOUND && c->values[index].source != SOURCE_DEFAULT &&
           c->values[index].canonical[0] != '\0';
}

bool config_describe(size_t index, config_key *out)
{
    const schema_key *key = schema_get(index);
    if (!key) {
        return false;
    }
    *out = (config_key){key->name, schema_get_type_name(key->type), key->default_value,
                        key->accepted, key->help};
    return true;
}
