// Owns: which arrays a converted file has, and which container its name asks for.
#include "weights/convert.h"

#include "base/array.h"
#include "base/file.h"
#include "weights/torch_write.h"

#include <stdlib.h>
#include <string.h>

#define RUNNING_VARIANCE "running_var"
#define COUNTER "num_batches_tracked"

typedef struct conversion {
    const char *out;
    weights_layout names;
    checkpoint *file;
    name_map *map;
    bool prefixed;
    named_array *arrays;
    size_t count;
    size_t capacity;
} conversion;

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);

    return length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static bool is_torch_name(const char *path)
{
    const char *extension = path_get_extension(path);

    return strcmp(extension, ".pyth") == 0 || strcmp(extension, ".pth") == 0 ||
           strcmp(extension, ".pt") == 0 || strcmp(extension, ".tar") == 0;
}

static sslact_status check_ending(const char *path)
{
    if (!is_torch_name(path) && strcmp(path_get_extension(path), ".safetensors") != 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: the ending says what is written: .safetensors, .pyth, .pth, .pt or "
                         ".tar",
                         path);
    }
    return SSLACT_OK;
}

// Takes over `data`.
static sslact_status add(conversion *c, const char *ours, const named_array *facts, void *data)
{
    text name = {0};
    sslact_status status = SSLACT_OK;

    if (!weights_layout_rename(c->names, ours, c->prefixed, &name)) {
        status = error_set(SSLACT_ERROR_MISMATCH, "%s: array \"%s\" has no name in %s",
                           checkpoint_get_path(c->file), ours, weights_layout_get_name(c->names));
    }
    if (status == SSLACT_OK) {
        status = text_status(&name);
    }
    if (status == SSLACT_OK) {
        status = array_reserve((void **)&c->arrays, &c->capacity, c->count + 1, sizeof(*c->arrays));
    }
    if (status != SSLACT_OK) {
        text_free(&name);
        free(data);
        return status;
    }
    c->arrays[c->count] = *facts;
    c->arrays[c->count].name = name.data;
    c->arrays[c->count++].data = data;
    return SSLACT_OK;
}

static sslact_status add_zeros(conversion *c, const char *ours, weights_dtype dtype, int32_t rank,
                               int64_t length)
{
    named_array facts = {.dtype = dtype, .rank = rank, .shape = {length}};
    void *zeros = array_create((size_t)length, weights_dtype_get_size(dtype));

    return zeros != NULL ? add(c, ours, &facts, zeros) : SSLACT_ERROR_OUT_OF_MEMORY;
}

// What torch's strict loading misses behind an array that was added.
static sslact_status add_absent(conversion *c, const mapped_array *array, const named_array *facts)
{
    char name[WEIGHTS_MAX_NAME + sizeof(COUNTER)];

    if (ends_with(array->name, RUNNING_VARIANCE)) {
        size_t stem = strlen(array->name) - strlen(RUNNING_VARIANCE);

        memcpy(name, array->name, stem);
        strcpy(name + stem, COUNTER);
        return name_map_find(c->map, name) == NULL ? add_zeros(c, name, WEIGHTS_I64, 0, 1)
                                                   : SSLACT_OK;
    }
    if (c->names == WEIGHTS_LAYOUT_PYSLOWFAST &&
        strcmp(array->name, "head.projection.weight") == 0 && facts->rank == 2 &&
        name_map_find(c->map, "head.projection.bias") == NULL) {
        return add_zeros(c, "head.projection.bias", facts->dtype, 1, facts->shape[0]);
    }
    return SSLACT_OK;
}

static sslact_status copy_array(conversion *c, const mapped_array *array)
{
    named_array facts;
    void *data = NULL;
    sslact_status status = SSLACT_OK;

    name_map_describe(c->map, array, &facts);
    if (c->names == WEIGHTS_LAYOUT_PYSLOWFAST && strncmp(array->name, "head.", 5) == 0 &&
        strncmp(array->name, "head.projection.", 16) != 0) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "%s: \"%s\" belongs to the ACAR head, which PySlowFast has not; expected "
                         "the names sslact or acar",
                         checkpoint_get_path(c->file), array->name);
    }
    data = array_create((size_t)facts.size, 1);
    if (data == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    status = name_map_read(c->map, array, data, (size_t)facts.size);
    if (status != SSLACT_OK) {
        free(data);
        return status;
    }
    status = add(c, array->name, &facts, data);
    return status == SSLACT_OK ? add_absent(c, array, &facts) : status;
}

static sslact_status copy_arrays(conversion *c)
{
    sslact_status status = SSLACT_OK;

    for (size_t i = 0; i < name_map_count(c->map); i++) {
        const mapped_array *array = name_map_get(c->map, i);

        c->prefixed |= array->name != NULL && strncmp(array->name, "head.", 5) == 0;
    }
    for (size_t i = 0; i < name_map_count(c->map) && status == SSLACT_OK; i++) {
        const mapped_array *array = name_map_get(c->map, i);

        if (array->name != NULL) {
            status = copy_array(c, array);
        }
    }
    if (status == SSLACT_OK && c->count == 0) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "%s: none of its %zu arrays is one of a SlowFast network%s",
                         checkpoint_get_path(c->file), checkpoint_count(c->file),
                         name_map_get_layout(c->map) == WEIGHTS_LAYOUT_ALPHACTION
                             ? " that we build: it is AlphAction's"
                             : "");
    }
    return status;
}

static sslact_status write_file(const conversion *c)
{
    const char *config = checkpoint_get_metadata(c->file, "config");
    const metadata_pair pairs[] = {
        {"format", "sslact"}, {"kind", "model"}, {"config", config != NULL ? config : ""}};

    if (is_torch_name(c->out)) {
        return torch_write(c->out, c->names == WEIGHTS_LAYOUT_PYSLOWFAST ? "model_state" : NULL,
                           c->arrays, c->count);
    }
    if (c->names != WEIGHTS_LAYOUT_SSLACT) {
        return weights_write(c->out, c->arrays, c->count, NULL, 0);
    }
    return weights_write(c->out, c->arrays, c->count, pairs, config != NULL ? 3 : 2);
}

static size_t count_left_out(const name_map *map)
{
    size_t count = 0;

    for (size_t i = 0; i < name_map_count(map); i++) {
        count += name_map_get(map, i)->name == NULL;
    }
    return count;
}

sslact_status weights_convert(const char *in, const char *out, weights_layout names,
                              size_t *written, size_t *left_out)
{
    conversion c = {.out = out, .names = names};
    sslact_status status = check_ending(out);

    if (status == SSLACT_OK) {
        status = checkpoint_open(in, &c.file);
    }
    if (status == SSLACT_OK) {
        status = name_map_create(c.file, NULL, &c.map);
    }
    if (status == SSLACT_OK) {
        status = copy_arrays(&c);
    }
    if (status == SSLACT_OK) {
        status = write_file(&c);
    }
    if (status == SSLACT_OK && written != NULL) {
        *written = c.count;
    }
    if (status == SSLACT_OK && left_out != NULL) {
        *left_out = count_left_out(c.map);
    }
    for (size_t i = 0; i < c.count; i++) {
        free((void *)c.arrays[i].name);
        free((void *)c.arrays[i].data);
    }
    free(c.arrays);
    name_map_free(c.map);
    checkpoint_close(c.file);
    return status;
}
