/* include/sslact/config.h : settings as text under dotted keys ("solver.peak_lr").
 *
 * One table holds every key with its type, default, accepted values and help; sslact_config_describe
 * walks it, `sslact_cli config list` prints it. A key that is not in the table, or a value out of
 * range, is SSLACT_ERROR_CONFIG with the place, the accepted values and the nearest known key.
 */
#ifndef SSLACT_CONFIG_H
#define SSLACT_CONFIG_H

#include "sslact/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_config sslact_config;

typedef struct sslact_config_key { /* growing; all text is static */
    size_t struct_size;
    const char *name;          /* "solver.peak_lr" */
    const char *type;          /* "int", "float", "bool", "text", "path", "choice", "list" */
    const char *default_value;
    const char *accepted;      /* range or words, as shown in messages */
    const char *help;
} sslact_config_key;

/* All defaults. */
SSLACT_STATUS sslact_config_create(sslact_config **out);
SSLACT_STATUS sslact_config_copy(const sslact_config *config, sslact_config **out);

/* Lays a YAML file over the current values: all of it or nothing. Paths inside are relative to the
 * file's folder. SSLACT_ERROR_CONFIG ("path:line: ..."), NOT_FOUND, IO. */
SSLACT_STATUS sslact_config_load(sslact_config *config, const char *path);
/* The same with text in memory; origin stands for the path in messages. Paths inside are relative
 * to the working folder. */
SSLACT_STATUS sslact_config_parse(sslact_config *config, const char *text, const char *origin);
/* One key. Setting a preset key (model.preset, ssl.preset) puts the keys it governs back to the
 * preset's values; set those afterwards to differ from it. */
SSLACT_STATUS sslact_config_set(sslact_config *config, const char *key, const char *value);
/* The value now in force, in its canonical spelling. SSLACT_ERROR_NOT_FOUND for an unknown key. */
SSLACT_STATUS sslact_config_get(const sslact_config *config, const char *key, char *buffer,
                                size_t capacity, size_t *needed);

/* Checks what needs more than one key. Every create and open function that takes a config does so
 * by itself. */
SSLACT_STATUS sslact_config_validate(const sslact_config *config);

/* How a run with this config divides the processors that this process may use (affinity, cgroup
 * quota): threads of one tensor operation and threads that read clips, each 1 or more. run.threads
 * and run.loader_threads where they are not 0. Else a network on the CPU leaves a quarter of the
 * processors, at most 8, to the reading of clips, one on a GPU all but two, at most 64; tensors get
 * the number in OMP_NUM_THREADS or MKL_NUM_THREADS if one is set, else the processors that are
 * left. Changes nothing: see sslact_runtime_set_threads. */
SSLACT_STATUS sslact_config_count_threads(const sslact_config *config, int32_t *tensor_threads,
                                          int32_t *loader_threads);

/* Every key in canonical order as YAML; parsing it gives an equal config. */
SSLACT_STATUS sslact_config_render(const sslact_config *config, char *buffer, size_t capacity,
                                   size_t *needed);

/* Walks the table: index 0, 1, ... until SSLACT_DONE. */
SSLACT_STATUS sslact_config_describe(size_t index, sslact_config_key *out);

SSLACT_API void sslact_config_free(sslact_config *config);

#ifdef __cplusplus
}
#endif
#endif
