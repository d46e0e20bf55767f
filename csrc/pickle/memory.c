// Owns: the memory behind the values of a pickle, given back all at once, and its limit.
#include "pickle/machine.h"

#include "base/array.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)64 << 10)

typedef struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    // Aligned for every type of a value.
    _Alignas(16) char data[];
} chunk;

struct pickle {
    char *path;
    pickle_options options;
    chunk *chunks;
    size_t allocated;
    size_t limit;
    const pickle_storage *storages; // of every persistent id, the last first
};

sslact_status pickle_create(const char *path, const pickle_options *options, pickle **out)
{
    pickle *p = array_create(1, sizeof(*p));

    if (p == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    p->limit = PICKLE_MAX_MEMORY;
    p->options = *options;
    p->path = text_copy(path);
    if (p->path == NULL) {
        pickle_free(p);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = p;
    return SSLACT_OK;
}

void pickle_free(pickle *p)
{
    if (p == NULL) {
        return;
    }
    while (p->chunks != NULL) {
        chunk *next = p->chunks->next;

        free(p->chunks);
        p->chunks = next;
    }
    free(p->path);
    free(p);
}

const pickle_options *machine_get_options(const machine *m)
{
    return &m->owner->options;
}

void pickle_raise_limit(pickle *p, size_t size)
{
    p->limit = PICKLE_MAX_MEMORY > SIZE_MAX - size ? SIZE_MAX : PICKLE_MAX_MEMORY + size;
}

void pickle_add_storage(machine *m, pickle_storage *storage)
{
    storage->next = m->owner->storages;
    m->owner->storages = storage;
}

const pickle_storage *pickle_get_storages(const pickle *p)
{
    return p->storages;
}

sslact_status machine_refuse(const machine *m, const char *format, ...)
{
    char what[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return error_set(SSLACT_ERROR_FORMAT, "%s: byte %zu of the pickle: %s", m->owner->path,
                     m->opcode, what);
}

static chunk *add_chunk(machine *m, size_t size)
{
    pickle *p = m->owner;
    chunk *fresh = NULL;

    if (size > p->limit || p->allocated > p->limit - size) {
        machine_refuse(m, "its values need more than %zu bytes of memory", p->limit);
        return NULL;
    }
    fresh = calloc(1, sizeof(*fresh) + size);
    if (fresh == NULL) {
        error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for %zu bytes", p->path, size);
        return NULL;
    }
    fresh->size = size;
    p->allocated += size;
    if (size > CHUNK_SIZE && p->chunks != NULL) { // full at once: the one in use stays in front
        fresh->next = p->chunks->next;
        p->chunks->next = fresh;
    } else {
        fresh->next = p->chunks;
        p->chunks = fresh;
    }
    return fresh;
}

void *pickle_allocate(machine *m, size_t size)
{
    chunk *head = m->owner->chunks;
    char *data = NULL;

    size = size > SIZE_MAX / 2 ? size : (size + 15) / 16 * 16;
    if (head == NULL || head->size - head->used < size) {
        head = add_chunk(m, size > CHUNK_SIZE ? size : CHUNK_SIZE);
        if (head == NULL) {
            return NULL;
        }
    }
    data = head->data + head->used;
    head->used += size;
    return data;
}

pickle_value *pickle_make(machine *m, pickle_kind kind)
{
    pickle_value *value = pickle_allocate(m, sizeof(*value));

    if (value != NULL) {
        value->kind = kind;
    }
    return value;
}

sslact_status pickle_append(machine *m, pickle_value *list, pickle_value *item)
{
    if (list->as.list.count == list->as.list.capacity) {
        size_t capacity = list->as.list.capacity == 0 ? 4 : list->as.list.capacity * 2;
        pickle_value **items = pickle_allocate(m, capacity * sizeof(*items));

        if (items == NULL) {
            return sslact_error_get_status();
        }
        if (list->as.list.count > 0) {
            memcpy(items, list->as.list.items, list->as.list.count * sizeof(*items));
        }
        list->as.list.items = items;
        list->as.list.capacity = capacity;
    }
    if (item->depth >= list->depth) {
        list->depth = item->depth + 1;
    }
    if (list->depth > PICKLE_MAX_DEPTH) {
        return machine_refuse(m, "values are nested deeper than %d", PICKLE_MAX_DEPTH);
    }
    list->as.list.items[list->as.list.count++] = item;
    return SSLACT_OK;
}

char *pickle_copy_text(machine *m, const pickle_value *source)
{
    char *copy = NULL;

    if (memchr(source->as.text.data, '\0', source->as.text.size) != NULL) {
        machine_refuse(m, "a name with a NUL in it");
        return NULL;
    }
    copy = pickle_allocate(m, source->as.text.size + 1);
    if (copy != NULL) {
        memcpy(copy, source->as.text.data, source->as.text.size);
    }
    return copy;
}

bool pickle_is_text(const pickle_value *value, const char *expected)
{
    return value->kind == PICKLE_TEXT && value->as.text.size == strlen(expected) &&
           memcmp(value->as.text.data, expected, value->as.text.size) == 0;
}

const pickle_value *pickle_find(const pickle_value *dict, const char *key)
{
    if (dict->kind != PICKLE_DICT) {
        return NULL;
    }
    for (size_t i = dict->as.list.count; i >= 2; i -= 2) {
        if (pickle_is_text(dict->as.list.items[i - 2], key)) {
            return dict->as.list.items[i - 1];
        }
    }
    return NULL;
}
