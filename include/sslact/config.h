/* include/sslact/config.h : typed settings as dotted keys */
#ifndef SSLACT_CONFIG_H
#define SSLACT_CONFIG_H
#include "sslact/base.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_config sslact_config;

typedef struct sslact_config_key {
    size_t struct_size;
    const char *name;          /* static text, all of these */
    const char *type;          /* "int", "float", "bool", "text", "list" */
    const char *default_value;
    const char *accepted;      /* range or words, as shown in messages */
    const char *help;
} sslact_config_key;

/* All defaults. */
SSLACT_STATUS sslact_config_create(sslact_config **out);
SSLACT_STATUS sslact_config_copy(const sslact_config *config, sslact_config **out);
/* Lay a file, or text in memory, over the current values; all or nothing. */
SSLACT_STATUS sslact_config_load(sslact_config *config, const char *path);
SSLACT_STATUS sslact_config_parse(sslact_config *config, const char *text, const char *origin);
SSLACT_STATUS sslact_config_set(sslact_config *config, const char *key, const char *value);
SSLACT_STATUS sslact_config_get(const sslact_config *config, const char *key,
                                char *buffer, size_t capacity, size_t *needed);
/* Checks what needs more than one key. */
SSLACT_STATUS sslact_config_validate(const sslact_config *config);
/* Every key in canonical order; parse(render(c)) equals c. */
SSLACT_STATUS sslact_config_render(const sslact_config *config,
                                   char *buffer, size_t capacity, size_t *needed);
/* Walk the schema: index 0, 1, ... until SSLACT_DONE. */
SSLACT_STATUS sslact_config_describe(size_t index, sslact_config_key *out);
SSLACT_API void sslact_config_free(sslact_config *config);
#ifdef __cplusplus
}
#endif
#endif
