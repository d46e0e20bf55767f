// Interned strings: open addressing over FNV-1a.
#include "data/names.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"

static uint64_t hash_bytes(const char *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    }
    return hash ^ (hash >> 29);
}

static bool is_name(const char *name, const char *bytes, size_t length)
{
    return strncmp(name, bytes, length) == 0 && name[length] == '\0';
}

// The slot that holds the name, or the free one where it belongs.
static size_t find_slot(const name_table *t, const char *bytes, size_t length)
{
    size_t slot = hash_bytes(bytes, length) & (t->slot_count - 1);

    while (t->slots[slot] != 0 && !is_name(t->names[t->slots[slot] - 1], bytes, length)) {
        slot = (slot + 1) & (t->slot_count - 1);
    }
    return slot;
}

static void fill_slots(name_table *t)
{
    memset(t->slots, 0, t->slot_count * sizeof *t->slots);
    for (size_t i = 0; i < t->count; i++) {
        t->slots[find_slot(t, t->names[i], strlen(t->names[i]))] = (int32_t)i + 1;
    }
}

// Keeps at least half of the slots free.
static sslact_status make_room(name_table *t)
{
    size_t wanted = t->slot_count == 0 ? 64 : t->slot_count * 2;
    int32_t *slots;

    if (t->slot_count > 0 && (t->count + 1) * 2 <= t->slot_count) {
        return SSLACT_OK;
    }
    slots = array_create(wanted, sizeof *slots);
    if (slots == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    free(t->slots);
    t->slots = slots;
    t->slot_count = wanted;
    fill_slots(t);
    return SSLACT_OK;
}

sslact_status name_table_add(name_table *t, const char *bytes, size_t length, int32_t *index)
{
    sslact_status status = make_room(t);
    size_t slot;
    char *name;

    if (status < 0) {
        return status;
    }
    slot = find_slot(t, bytes, length);
    if (t->slots[slot] == 0) {
        if (t->count >= NAME_TABLE_MAX) {
            return error_set(SSLACT_ERROR_FORMAT, "more than %d different names", NAME_TABLE_MAX);
        }
        status = array_reserve((void **)&t->names, &t->capacity, t->count + 1, sizeof *t->names);
        if (status < 0) {
            return status;
        }
        name = text_copy_bytes(bytes, length);
        if (name == NULL) {
            return SSLACT_ERROR_OUT_OF_MEMORY;
        }
        t->names[t->count++] = name;
        t->slots[slot] = (int32_t)t->count;
    }
    *index = t->slots[slot] - 1;
    return SSLACT_OK;
}

int32_t name_table_find(const name_table *t, const char *bytes, size_t length)
{
    if (t->slot_count == 0) {
        return -1;
    }
    return t->slots[find_slot(t, bytes, length)] - 1;
}

typedef struct numbered_name {
    char *name;
    int32_t index;
} numbered_name;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const numbered_name *)a)->name, ((const numbered_name *)b)->name);
}

sslact_status name_table_sort(name_table *t, int32_t **new_index)
{
    numbered_name *sorted = array_create(t->count, sizeof *sorted);
    int32_t *map = array_create(t->count, sizeof *map);

    if (sorted == NULL || map == NULL) {
        free(sorted);
        free(map);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < t->count; i++) {
        sorted[i] = (numbered_name){t->names[i], (int32_t)i};
    }
    qsort(sorted, t->count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < t->count; i++) {
        t->names[i] = sorted[i].name;
        map[sorted[i].index] = (int32_t)i;
    }
    if (t->slot_count > 0) {
        fill_slots(t);
    }
    free(sorted);
    *new_index = map;
    return SSLACT_OK;
}

void name_table_free(name_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->names[i]);
    }
    free(t->names);
    free(t->slots);
    *t = (name_table){0};
}
