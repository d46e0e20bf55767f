// The names that five code bases give the arrays of one network, and ours (models.md section 13.5).
// Ours are PySlowFast's, with ACAR-Net's behind "head." for its head.
#ifndef WEIGHTS_NAMES_H
#define WEIGHTS_NAMES_H

#include <stdbool.h>

#include "base/text.h"
#include "weights/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weights_layout {
    WEIGHTS_LAYOUT_UNKNOWN,
    WEIGHTS_LAYOUT_SSLACT,
    WEIGHTS_LAYOUT_PYSLOWFAST,
    WEIGHTS_LAYOUT_CAFFE2,
    WEIGHTS_LAYOUT_ACAR,
    WEIGHTS_LAYOUT_PYTORCHVIDEO,
    WEIGHTS_LAYOUT_MMACTION2,
    WEIGHTS_LAYOUT_ALPHACTION, // told apart only to be refused
    WEIGHTS_LAYOUT_COUNT
} weights_layout;

// "pyslowfast"; "unknown" for WEIGHTS_LAYOUT_UNKNOWN.
const char *weights_layout_get_name(weights_layout layout);
// The config keys that a network of this code base needs beside the preset's, for messages; "" if
// none.
const char *weights_layout_get_keys(weights_layout layout);

// Our name of an array of that code base. False where it has none; then *out is empty.
// drop_first (may be NULL): row 0 is no class of ours.
bool weights_layout_translate(weights_layout layout, const char *name, text *out, bool *drop_first);
// The other way, with the prefixes of a whole model where `prefixed`. False where that code base
// has no such array; Caffe2's names cannot be made.
bool weights_layout_rename(weights_layout layout, const char *name, bool prefixed, text *out);

// The arrays of a checkpoint under our names.
typedef struct name_map name_map;

typedef struct mapped_array {
    const char *name;      // ours; NULL: the code base's name means nothing here
    const char *file_name; // in the file, prefix included
    size_t index;          // in the checkpoint
    bool ignored;          // known, and not of the network: momentum, counters of iterations
    bool drop_first;
} mapped_array;

// prefix: only names behind it count, without it ("student."); NULL: "teacher." where the file has
// it, else "student.", else "". The map borrows the checkpoint. FORMAT where two names mean one
// array; MISMATCH for a layout that cannot be read.
sslact_status name_map_create(checkpoint *file, const char *prefix, name_map **out);
void name_map_free(name_map *map); // NULL is fine
weights_layout name_map_get_layout(const name_map *map);
const char *name_map_get_prefix(const name_map *map);
size_t name_map_count(const name_map *map);
// The i-th of the file's arrays under the prefix.
const mapped_array *name_map_get(const name_map *map, size_t i);
// By our name; NULL if the file has none.
const mapped_array *name_map_find(const name_map *map, const char *name);
// Facts under our name, background row taken off.
void name_map_describe(const name_map *map, const mapped_array *array, named_array *out);
sslact_status name_map_read(const name_map *map, const mapped_array *array, void *buffer,
                            size_t size);

// AVA's evaluated classes: row j of a head of 60 is row weights_ava_rows[j] of one of 80.
#define WEIGHTS_AVA_EVALUATED 60
#define WEIGHTS_AVA_CLASSES 80
extern const int32_t weights_ava_rows[WEIGHTS_AVA_EVALUATED];

#ifdef __cplusplus
}
#endif
#endif
