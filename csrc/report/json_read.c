// Reading our own JSON files; the parser is jansson's, which bounds the depth by itself.
#include "report/json_read.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>

enum { file_limit = 64 << 20 };

sslact_status json_read_object(const char *path, json_t **out)
{
    char *data = NULL;
    size_t size = 0;
    sslact_status status = file_read(path, file_limit, &data, &size);
    if (status < 0) {
        return status;
    }
    json_error_t error;
    json_t *root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
    free(data);
    if (root == NULL) {
        return error_set(SSLACT_ERROR_FORMAT, "%s:%d: column %d: %s; JSON is accepted", path,
                         error.line, error.column, error.text);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(SSLACT_ERROR_FORMAT, "%s:1: no JSON object; one is accepted", path);
    }
    *out = root;
    return SSLACT_OK;
}

double json_read_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

int64_t json_read_integer(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

const char *json_read_text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}
