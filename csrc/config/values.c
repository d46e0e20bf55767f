// Holding values: defaults, presets, assignment. Nothing here knows about files.
//
// Note [presets]: setting a preset key puts the keys it names to the preset's values, whatever they
// were. A key that only an earlier preset had set, and the new one does not name, goes back to its
// default; what a person set there stays.
#include "config/values.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "config/presets.h"

static void replace(setting *v, char *canonical, value_source source)
{
    free(v->canonical);
    v->canonical = canonical;
    v->source = source;
}

// Sets a value of the program's own tables.
static sslact_status set_known(config *c, size_t index, const char *text_value, value_source source)
{
    text canonical = {0};
    sslact_status status = schema_read_value(schema_get(index), text_value, &canonical);
    char *copy = status == SSLACT_OK ? text_copy(text_get(&canonical)) : NULL;
    text_free(&canonical);
    if (status != SSLACT_OK) {
        return status;
    }
    if (!copy) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    replace(&c->values[index], copy, source);
    return SSLACT_OK;
}

sslact_status config_create(config **out)
{
    config *c = array_create(1, sizeof(*c));
    if (!c) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    c->values = array_create(schema_count(), sizeof(*c->values));
    sslact_status status = c->values ? SSLACT_OK : SSLACT_ERROR_OUT_OF_MEMORY;
    for (size_t index = 0; index < schema_count() && status == SSLACT_OK; index++) {
        status = set_known(c, index, schema_get(index)->default_value, SOURCE_DEFAULT);
    }
    if (status != SSLACT_OK) {
        config_free(c);
        return status;
    }
    *out = c;
    return SSLACT_OK;
}

sslact_status config_copy(const config *source, config **out)
{
    config *c = array_create(1, sizeof(*c));
    if (!c) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    c->values = array_create(schema_count(), sizeof(*c->values));
    bool complete = c->values != NULL;
    for (size_t index = 0; index < schema_count() && complete; index++) {
        replace(&c->values[index], text_copy(source->values[index].canonical),
                source->values[index].source);
        complete = c->values[index].canonical != NULL;
    }
    if (!complete) {
        config_free(c);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = c;
    return SSLACT_OK;
}

void config_free(config *c)
{
    if (!c) {
        return;
    }
    for (size_t index = 0; c->values && index < schema_count(); index++) {
        free(c->values[index].canonical);
    }
    free(c->values);
    free(c);
}

const char *values_get(const config *c, const char *key)
{
    return c->values[schema_find(key)].canonical;
}

static sslact_status make_path_absolute(const char *folder, text *path)
{
    if (path->length == 0) {
        return SSLACT_OK;
    }
    sslact_status status = path_join(folder, text_get(path), path);
    return status == SSLACT_OK ? path_make_absolute(text_get(path), path) : status;
}

sslact_status values_assign(config *c, size_t index, const char *text_value, const char *folder)
{
    const schema_key *key = schema_get(index);
    text canonical = {0};
    sslact_status status = schema_read_value(key, text_value, &canonical);
    if (status == SSLACT_OK && key->type == SCHEMA_PATH) {
        status = make_path_absolute(folder, &canonical);
    }
    if (status == SSLACT_OK) {
        char *copy = text_copy(text_get(&canonical));
        status = copy ? SSLACT_OK : SSLACT_ERROR_OUT_OF_MEMORY;
        if (copy) {
            replace(&c->values[index], copy, SOURCE_SET);
        }
    }
    text_free(&canonical);
    return status;
}

sslact_status values_apply_preset(config *c, const char *preset_key)
{
    const char *name = values_get(c, preset_key);
    const char *governed = NULL;
    sslact_status status = SSLACT_OK;
    for (size_t row = 0; (governed = preset_get_governed(preset_key, row)); row++) {
        const char *assigned = NULL;
        size_t index = schema_find(governed);
        preset_effect effect = preset_get_effect(preset_key, name, row, &assigned);
        if (effect == PRESET_LEAVES && c->values[index].source != SOURCE_PRESET) {
            continue;
        }
        bool assigns = effect == PRESET_ASSIGNS;
        status = set_known(c, index, assigns ? assigned : schema_get(index)->default_value,
                           assigns ? SOURCE_PRESET : SOURCE_DEFAULT);
        if (status != SSLACT_OK) {
            return status;
        }
    }
    return SSLACT_OK;
}

// Method section 7: tau_pos is 0.9, and 0.5 when the thresholds are fixed. Data sections 2, 4 and
// 9: clips of UCF101-24 are consecutive frames, boxes there take a class from half of overlap on
// and are tested whatever their score.
static const struct {
    const char *key;
    const char *decider;
    const char *value; // of the decider
    const char *default_value;
} derived[] = {
    {"ssl.mpl_tau_pos", "ssl.mpl_mode", "fixed", "0.5"},
    {"data.frame_stride", "data.dataset", "ucf101_24", "1"},
    {"data.box_overlap_train", "data.dataset", "ucf101_24", "0.5"},
    {"data.box_score_evaluate", "data.dataset", "ucf101_24", "0"},
    {"evaluate.row_limit", "data.dataset", "ucf101_24", "0"},
};

sslact_status values_derive(config *c)
{
    sslact_status status = SSLACT_OK;
    for (size_t k = 0; k < sizeof(derived) / sizeof(derived[0]) && status == SSLACT_OK; k++) {
        size_t index = schema_find(derived[k].key);
        if (c->values[index].source == SOURCE_DEFAULT) {
            bool applies = strcmp(values_get(c, derived[k].decider), derived[k].value) == 0;
            status = set_known(
                c, index, applies ? derived[k].default_value : schema_get(index)->default_value,
                SOURCE_DEFAULT);
        }
    }
    return status;
}
