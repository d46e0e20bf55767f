// What the preset keys (model.preset, ssl.preset) set; one small table each.
#ifndef CONFIG_PRESETS_H
#define CONFIG_PRESETS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum preset_effect {
    PRESET_LEAVES, // the preset does not govern the key
    PRESET_RESETS, // back to its default
    PRESET_ASSIGNS // to *value
} preset_effect;

bool preset_is_key(const char *key); // "model.preset" and "ssl.preset"
// Row number `row` of a preset key's table: the key that some preset of it governs; NULL past the
// end.
const char *preset_get_governed(const char *preset_key, size_t row);
// What the preset called `name` does to that key.
preset_effect preset_get_effect(const char *preset_key, const char *name, size_t row,
                                const char **value);

#ifdef __cplusplus
}
#endif
#endif
