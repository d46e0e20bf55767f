// "Did you mean": the known key or section that is nearest to a misspelled one.
#include <stdio.h>
#include <string.h>

#include "config/schema.h"

static const char *get_last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

// Up to a third of the letters may be wrong, at least two.
static size_t allow_distance(const char *name)
{
    size_t third = strlen(name) / 3;
    return third > 2 ? third : 2;
}

// A right name in the wrong section first ("peak_lr"), then the least edit distance; of equals the
// first of the table.
const char *schema_suggest(const char *name)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    bool best_same_name = false;
    size_t allowed = allow_distance(name);

    for (size_t index = 0; index < schema_count(); index++) {
        const char *known = schema_get(index)->name;
        bool same_name = strcmp(get_last_part(known), get_last_part(name)) == 0;
        size_t distance = text_distance(name, known);
        if ((same_name || distance <= allowed) &&
            (same_name > best_same_name ||
             (same_name == best_same_name && distance < best_distance))) {
            best = known;
            best_distance = distance;
            best_same_name = same_name;
        }
    }
    return best;
}

bool schema_suggest_section(const char *name, char *section, size_t capacity)
{
    size_t best_distance = allow_distance(name) + 1;
    for (size_t index = 0; index < schema_count(); index++) {
        const char *key = schema_get(index)->name;
        for (const char *dot = strchr(key, '.'); dot; dot = strchr(dot + 1, '.')) {
            char prefix[64];
            snprintf(prefix, sizeof(prefix), "%.*s", (int)(dot - key), key);
            size_t distance = text_distance(name, prefix);
            if (distance < best_distance) {
                best_distance = distance;
                snprintf(section, capacity, "%s", prefix);
            }
        }
    }
    return best_distance <= allow_distance(name);
}

sslact_status schema_fail_unknown(sslact_status status, const char *name)
{
    const char *near = schema_suggest(name);
    if (near) {
        return error_set(status, "unknown key \"%.200s\", did you mean \"%s\"", name, near);
    }
    if (schema_is_section(name)) {
        return error_set(status, "\"%.200s\" is a section, expected one of its keys", name);
    }
    return error_set(status, "unknown key \"%.200s\", no known key is near it", name);
}
