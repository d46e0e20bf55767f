// Helpers for reading our own JSON files; private to this room.
#ifndef REPORT_JSON_READ_H
#define REPORT_JSON_READ_H

#include <jansson.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// Reads one object from a file of at most 64 MB; json_decref releases it.
sslact_status json_read_object(const char *path, json_t **out);
// A number, NaN for anything else.
double json_read_number(const json_t *object, const char *key);
// An integer, `otherwise` for anything else.
int64_t json_read_integer(const json_t *object, const char *key, int64_t otherwise);
// A text (borrowed), "" for anything else.
const char *json_read_text(const json_t *object, const char *key);

#ifdef __cplusplus
}
#endif
#endif
