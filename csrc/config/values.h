// The values of a config behind the functions of config.h; private to this room.
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "config/config.h"
#include "config/schema.h"

typedef enum value_source {
    SOURCE_DEFAULT,
    SOURCE_PRESET,
    SOURCE_SET // by a file or by config_set
} value_source;

typedef struct setting {
    char *canonical; // never NULL
    value_source source;
} setting;

struct config {
    setting *values; // one for each row of the schema
};

// The canonical text of a key that is known to be in the table.
const char *values_get(const config *c, const char *key);
// Assigns one checked value. A relative path is joined to `folder`.
sslact_status values_assign(config *c, size_t index, const char *text_value, const char *folder);
// Gives the governed keys what the preset key's present value says.
sslact_status values_apply_preset(config *c, const char *preset_key);
// Defaults that follow from other keys; called after every change.
sslact_status values_derive(config *c);

#endif
