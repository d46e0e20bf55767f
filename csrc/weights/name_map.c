// Owns: which of a file's arrays is which of ours, and telling whose names a file has.
#include "weights/names.h"

#include "base/array.h"
#include "weights/name_rules.h"

#include <stdlib.h>
#include <string.h>

#define CONVOLUTION_RANK 5

struct name_map {
    checkpoint *file;
    weights_layout layout;
    char *prefix;
    mapped_array *arrays;
    size_t count;
    char **names;    // ours, owned; NULL where there is none
    size_t *by_name; // those with a name, sorted
    size_t named;
};

static bool has_prefix(const checkpoint *file, const char *prefix)
{
    for (size_t i = 0; i < checkpoint_count(file); i++) {
        named_array facts;

        checkpoint_describe(file, i, &facts);
        if (strncmp(facts.name, prefix, strlen(prefix)) == 0) {
            return true;
        }
    }
    return false;
}

static const char *choose_prefix(const checkpoint *file)
{
    return has_prefix(file, "teacher.")   ? "teacher."
           : has_prefix(file, "student.") ? "student."
                                          : "";
}

static sslact_status list_arrays(name_map *map)
{
    const size_t count = checkpoint_count(map->file);
    const size_t length = strlen(map->prefix);

    map->arrays = array_create(count, sizeof(*map->arrays));
    map->names = array_create(count, sizeof(*map->names));
    map->by_name = array_create(count, sizeof(*map->by_name));
    if (map->arrays == NULL || map->names == NULL || map->by_name == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        named_array facts;

        checkpoint_describe(map->file, i, &facts);
        if (strncmp(facts.name, map->prefix, length) == 0) {
            map->arrays[map->count++] = (mapped_array){.file_name = facts.name, .index = i};
        }
    }
    return SSLACT_OK;
}

static size_t count_known(const name_map *map, weights_layout layout)
{
    text name = {0};
    size_t known = 0;

    for (size_t i = 0; i < map->count; i++) {
        known += weights_layout_translate(layout, map->arrays[i].file_name + strlen(map->prefix),
                                          &name, NULL);
    }
    text_free(&name);
    return known;
}

// AlphAction's blocks are called res_nl and res_; its lateral convolutions have a bias.
static bool is_alphaction(const name_map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        if (strstr(map->arrays[i].file_name, ".res_nl") != NULL &&
            strstr(map->arrays[i].file_name, ".btnk.") != NULL) {
            return true;
        }
    }
    return false;
}

// Whose names the most arrays of the file have.
static void tell_layout(name_map *map)
{
    const char *format = checkpoint_get_metadata(map->file, "format");
    size_t most = 0;

    for (int layout = WEIGHTS_LAYOUT_PYSLOWFAST; layout <= WEIGHTS_LAYOUT_MMACTION2; layout++) {
        size_t known = count_known(map, (weights_layout)layout);

        if (known > most) {
            most = known;
            map->layout = (weights_layout)layout;
        }
    }
    if (map->layout == WEIGHTS_LAYOUT_PYSLOWFAST &&
        (map->prefix[0] != '\0' || (format != NULL && strcmp(format, "sslact") == 0))) {
        map->layout = WEIGHTS_LAYOUT_SSLACT;
    }
    if (most == 0 && is_alphaction(map)) {
        map->layout = WEIGHTS_LAYOUT_ALPHACTION;
    }
}

static bool is_ignored(const name_layout *layout, const char *name)
{
    for (size_t i = 0; i < sizeof(layout->ignored) / sizeof(layout->ignored[0]); i++) {
        const char *part = layout->ignored[i];
        size_t length = part != NULL ? strlen(part) : 0;

        if (part == NULL) {
            continue;
        }
        if (part[0] == '.'
                ? strstr(name, part) != NULL
                : strlen(name) >= length && strcmp(name + strlen(name) - length, part) == 0 &&
                      (part[0] == '_' || strlen(name) == length)) {
            return true;
        }
    }
    return false;
}

static sslact_status translate_names(name_map *map)
{
    const name_layout *layout = &name_layouts[map->layout];
    text name = {0};
    sslact_status status = SSLACT_OK;

    for (size_t i = 0; i < map->count && status == SSLACT_OK; i++) {
        mapped_array *array = &map->arrays[i];
        const char *theirs = array->file_name + strlen(map->prefix);

        array->ignored = is_ignored(layout, theirs);
        if (array->ignored ||
            !weights_layout_translate(map->layout, theirs, &name, &array->drop_first)) {
            continue;
        }
        status = text_status(&name);
        if (status == SSLACT_OK) {
            map->names[i] = text_copy(text_get(&name));
            status = map->names[i] != NULL ? SSLACT_OK : SSLACT_ERROR_OUT_OF_MEMORY;
        }
        array->name = map->names[i];
        map->by_name[map->named++] = i;
    }
    text_free(&name);
    return status;
}

static int compare_names(const void *a, const void *b, void *arrays)
{
    const mapped_array *all = arrays;

    return strcmp(all[*(const size_t *)a].name, all[*(const size_t *)b].name);
}

static sslact_status sort_names(name_map *map)
{
    qsort_r(map->by_name, map->named, sizeof(*map->by_name), compare_names, map->arrays);
    for (size_t i = 1; i < map->named; i++) {
        const mapped_array *first = &map->arrays[map->by_name[i - 1]];
        const mapped_array *second = &map->arrays[map->by_name[i]];

        if (strcmp(first->name, second->name) == 0) {
            return error_set(SSLACT_ERROR_FORMAT, "%s: \"%.64s\" and \"%.64s\" are both \"%s\"",
                             checkpoint_get_path(map->file), first->file_name, second->file_name,
                             first->name);
        }
    }
    return SSLACT_OK;
}

sslact_status name_map_create(checkpoint *file, const char *prefix, name_map **out)
{
    name_map *map = array_create(1, sizeof(*map));
    sslact_status status = SSLACT_ERROR_OUT_OF_MEMORY;

    if (map == NULL) {
        return status;
    }
    map->file = file;
    map->prefix = text_copy(prefix != NULL ? prefix : choose_prefix(file));
    if (map->prefix != NULL) {
        status = list_arrays(map);
    }
    if (status == SSLACT_OK) {
        tell_layout(map);
        status = translate_names(map);
    }
    if (status == SSLACT_OK) {
        status = sort_names(map);
    }
    if (status != SSLACT_OK) {
        name_map_free(map);
        return status;
    }
    *out = map;
    return SSLACT_OK;
}

void name_map_free(name_map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; map->names != NULL && i < map->count; i++) {
        free(map->names[i]);
    }
    free(map->names);
    free(map->by_name);
    free(map->arrays);
    free(map->prefix);
    free(map);
}

weights_layout name_map_get_layout(const name_map *map)
{
    return map->layout;
}

const char *name_map_get_prefix(const name_map *map)
{
    return map->prefix;
}

size_t name_map_count(const name_map *map)
{
    return map->count;
}

const mapped_array *name_map_get(const name_map *map, size_t i)
{
    return &map->arrays[i];
}

const mapped_array *name_map_find(const name_map *map, const char *name)
{
    size_t low = 0;
    size_t high = map->named;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const mapped_array *array = &map->arrays[map->by_name[middle]];
        int order = strcmp(array->name, name);

        if (order == 0) {
            return array;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static bool drops_row(const mapped_array *array, const named_array *facts)
{
    return array->drop_first && facts->rank > 0 && facts->shape[0] > 0;
}

void name_map_describe(const name_map *map, const mapped_array *array, named_array *out)
{
    checkpoint_describe(map->file, array->index, out);
    if (drops_row(array, out)) {
        out->size -= out->size / (uint64_t)out->shape[0];
        out->shape[0]--;
    }
    if (array->name != NULL) {
        out->name = array->name;
    }
    // Caffe2 may leave out the last axes of a convolution of length 1.
    if (map->layout == WEIGHTS_LAYOUT_CAFFE2 && array->name != NULL && out->rank > 1 &&
        strncmp(array->name, "head.", 5) != 0) {
        while (out->rank < CONVOLUTION_RANK) {
            out->shape[out->rank++] = 1;
        }
    }
}

sslact_status name_map_read(const name_map *map, const mapped_array *array, void *buffer,
                            size_t size)
{
    named_array facts;
    char *all = NULL;
    sslact_status status = SSLACT_OK;

    checkpoint_describe(map->file, array->index, &facts);
    if (!drops_row(array, &facts)) {
        return checkpoint_read(map->file, array->index, buffer, size);
    }
    if (size != facts.size - facts.size / (uint64_t)facts.shape[0]) {
        return error_set(SSLACT_ERROR_BUFFER_TOO_SMALL, "%s: array \"%.64s\": buffer of %zu bytes",
                         checkpoint_get_path(map->file), array->name, size);
    }
    all = array_create((size_t)facts.size, 1);
    if (all == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    status = checkpoint_read(map->file, array->index, all, (size_t)facts.size);
    if (status == SSLACT_OK) {
        memcpy(buffer, all + (facts.size - size), size);
    }
    free(all);
    return status;
}
