// Owns: what a written file looks like. The bytes depend on the arguments alone.
#include "weights/safetensors.h"

#include "base/file.h"
#include "weights/format.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static sslact_status refuse(const char *what, const char *name, const char *why)
{
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s \"%.64s\": %s", what, name, why);
}

// Takes over `value` (which may be NULL after a failed allocation).
static sslact_status add(json_t *object, const char *what, const char *key, json_t *value)
{
    if (json_object_get(object, key) != NULL) {
        json_decref(value);
        return refuse(what, key, "the name is taken");
    }
    if (json_object_set_new(object, key, value) != 0) {
        return refuse(what, key, "the text is not UTF-8, or memory is out");
    }
    return SSLACT_OK;
}

static sslact_status check_array(const named_array *array, uint64_t *size)
{
    if (array->name == NULL || array->name[0] == '\0') {
        return refuse("array", "", "an array needs a name");
    }
    if (strlen(array->name) > WEIGHTS_MAX_NAME) {
        return refuse("array", array->name, "the name is longer than 1024 bytes");
    }
    if (strcmp(array->name, FORMAT_METADATA) == 0) {
        return refuse("array", array->name, "the name belongs to the format");
    }
    if (array->rank < 0 || array->rank > SSLACT_MAX_RANK) {
        return refuse("array", array->name, "the rank is not 0 to 8");
    }
    if (weights_dtype_get_size(array->dtype) == 0 || !format_multiply_shape(array, size)) {
        return refuse("array", array->name, "dtype and shape give no size");
    }
    if (array->data == NULL && *size > 0) {
        return refuse("array", array->name, "there is no data");
    }
    return SSLACT_OK;
}

static sslact_status add_array(json_t *header, json_t *digests, const named_array *array,
                               uint64_t *offset)
{
    char digits[FORMAT_DIGEST_DIGITS + 1];
    json_t *shape = NULL;
    uint64_t size = 0;
    uint64_t end = 0;
    sslact_status status = check_array(array, &size);

    if (status != SSLACT_OK) {
        return status;
    }
    if (__builtin_add_overflow(*offset, size, &end) || end > INT64_MAX) {
        return refuse("array", array->name, "the file would be too large");
    }
    shape = json_array();
    for (int32_t axis = 0; axis < array->rank; axis++) {
        json_array_append_new(shape, json_integer(array->shape[axis]));
    }
    status = add(header, "array", array->name,
                 json_pack("{s:s, s:o, s:[I, I]}", "dtype", weights_dtype_get_name(array->dtype),
                           "shape", shape, "data_offsets", (json_int_t)*offset, (json_int_t)end));
    if (status != SSLACT_OK) {
        return status;
    }
    format_render_digest(format_digest(FORMAT_FNV_START, array->data, (size_t)size), digits);
    *offset = end;
    return add(digests, "array", array->name, json_string(digits));
}

static sslact_status add_metadata(json_t *metadata, const metadata_pair *pairs, size_t count)
{
    sslact_status status = SSLACT_OK;

    for (size_t i = 0; i < count && status == SSLACT_OK; i++) {
        status = add(metadata, "metadata", pairs[i].key, json_string(pairs[i].value));
    }
    return status;
}

// The header's text, padded with blanks so that the data begin at a multiple of 8.
static sslact_status render_header(json_t *header, char **out, size_t *out_size)
{
    size_t place = strlen(FORMAT_DIGEST_START);
    size_t size = json_dumpb(header, NULL, 0, JSON_COMPACT);
    size_t padded = (size + 7) / 8 * 8;
    char digits[FORMAT_DIGEST_DIGITS + 1];
    char *chars = malloc(padded + 1);

    if (chars == NULL || size == 0 || json_dumpb(header, chars, size, JSON_COMPACT) != size) {
        free(chars);
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for a header of %zu bytes", size);
    }
    memset(chars + size, ' ', padded - size);
    format_render_digest(format_digest_header(chars, padded, place), digits);
    memcpy(chars + place, digits, FORMAT_DIGEST_DIGITS);
    if (padded > WEIGHTS_MAX_HEADER) {
        free(chars);
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "a header of %zu bytes, at most %zu",
                         padded, WEIGHTS_MAX_HEADER);
    }
    *out = chars;
    *out_size = padded;
    return SSLACT_OK;
}

static sslact_status make_header(const named_array *arrays, size_t array_count,
                                 const metadata_pair *metadata, size_t metadata_count, char **out,
                                 size_t *out_size)
{
    json_t *header = json_object();
    json_t *digests = json_object();
    json_t *texts = json_object();
    char *digest_text = NULL;
    uint64_t offset = 0;
    sslact_status status =
        add(texts, "metadata", FORMAT_HEADER_DIGEST, json_string("0000000000000000"));

    if (status == SSLACT_OK) {
        status = add(header, "array", FORMAT_METADATA, json_incref(texts));
    }
    for (size_t i = 0; i < array_count && status == SSLACT_OK; i++) {
        status = add_array(header, digests, &arrays[i], &offset);
    }
    if (status == SSLACT_OK) {
        digest_text = json_dumps(digests, JSON_COMPACT);
        status = add(texts, "metadata", FORMAT_DIGESTS, json_string(digest_text));
    }
    if (status == SSLACT_OK) {
        status = add_metadata(texts, metadata, metadata_count);
    }
    if (status == SSLACT_OK) {
        status = render_header(header, out, out_size);
    }
    free(digest_text);
    json_decref(texts);
    json_decref(digests);
    json_decref(header);
    return status;
}

static sslact_status write_all(file_writer *writer, const char *header, size_t header_size,
                               const named_array *arrays, size_t array_count)
{
    unsigned char length[8];
    sslact_status status = SSLACT_OK;

    for (int i = 0; i < 8; i++) {
        length[i] = (unsigned char)((uint64_t)header_size >> (8 * i));
    }
    status = file_writer_write(writer, length, sizeof(length));
    if (status == SSLACT_OK) {
        status = file_writer_write(writer, header, header_size);
    }
    for (size_t i = 0; i < array_count && status == SSLACT_OK; i++) {
        uint64_t size = 0;

        format_multiply_shape(&arrays[i], &size);
        if (size > 0) {
            status = file_writer_write(writer, arrays[i].data, (size_t)size);
        }
    }
    return status;
}

sslact_status weights_write(const char *path, const named_array *arrays, size_t array_count,
                            const metadata_pair *metadata, size_t metadata_count)
{
    file_writer *writer = NULL;
    char *header = NULL;
    size_t header_size = 0;
    sslact_status status =
        make_header(arrays, array_count, metadata, metadata_count, &header, &header_size);

    if (status != SSLACT_OK) {
        return error_prefix("%s: ", path);
    }
    status = file_writer_open(path, &writer);
    if (status == SSLACT_OK) {
        status = write_all(writer, header, header_size, arrays, array_count);
    }
    free(header);
    if (status != SSLACT_OK) {
        file_writer_discard(writer);
        return status;
    }
    return file_writer_commit(writer);
}
