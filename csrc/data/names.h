// A table of distinct strings (video ids), each with a number; the readers of several files share
// one, so that equal ids have equal numbers.
#ifndef DATA_NAMES_H
#define DATA_NAMES_H

#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NAME_TABLE_MAX (1 << 20) // 2^20 names, so that a key frame fits in 64 bits

typedef struct name_table { // zero-initialise it
    char **names;           // [count]
    size_t count;
    size_t capacity;
    int32_t *slots; // [slot_count], a power of two: number + 1, 0 = free
    size_t slot_count;
} name_table;

// The number of a name, which is added when it is new.
sslact_status name_table_add(name_table *t, const char *bytes, size_t length, int32_t *index);
int32_t name_table_find(const name_table *t, const char *bytes, size_t length); // -1: absent
// Renumbers the names in byte order. new_index [count] maps old numbers to new ones; free() it.
sslact_status name_table_sort(name_table *t, int32_t **new_index);
void name_table_free(name_table *t);

#ifdef __cplusplus
}
#endif
#endif
