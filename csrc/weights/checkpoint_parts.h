// What the files behind checkpoint.h share. Not for other rooms.
#ifndef WEIGHTS_CHECKPOINT_PARTS_H
#define WEIGHTS_CHECKPOINT_PARTS_H

#include "weights/checkpoint.h"
#include "pickle/pickle.h"
#include "weights/torch_zip.h"

// Where the bytes of a storage lie.
typedef struct storage_place {
    const char *key;     // the pickle's
    size_t element_size; // of the file's count, in the stream
    uint64_t place;      // in the file, or the member of the zip
    uint64_t size;
} storage_place;

typedef struct checkpoint_entry {
    const char *name;          // in the checkpoint's names
    const pickle_array *array; // the pickle's
    uint64_t size;             // packed
    uint64_t base;             // of the storage's first byte that the array counts from
    size_t storage;            // index, of a torch file
} checkpoint_entry;

struct checkpoint {
    char *path;
    int descriptor;
    uint64_t file_size;
    checkpoint_container container;
    weights_file *native; // safetensors
    pickle *values;       // the rest
    char *bytes;          // of the pickle
    torch_zip *zip;
    storage_place *storages; // sorted by key
    size_t storage_count;
    checkpoint_entry *entries;
    size_t count;
    char *names;
    const char *dict;
    char *loaded;         // the bytes of one storage
    size_t loaded_index;  // which
    uint64_t stream_data; // where the storages of a stream begin
};

sslact_status checkpoint_refuse(const checkpoint *file, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));
// Bytes of the file; FORMAT where it ends before.
sslact_status checkpoint_read_bytes(const checkpoint *file, void *buffer, size_t size,
                                    uint64_t offset);

// ---- checkpoint_open.c: the pickle of each container ----

sslact_status checkpoint_open_zip(checkpoint *file, const pickle_value **root);
sslact_status checkpoint_open_stream(checkpoint *file, const pickle_value **root,
                                     const pickle_value **keys);
sslact_status checkpoint_open_pickle(checkpoint *file, const pickle_value **root);

// ---- checkpoint_storages.c: where the numbers are ----

// Fills `storages`; keys: the order of the stream's, NULL for a zip.
sslact_status checkpoint_place_storages(checkpoint *file, const pickle_value *keys);
// Fills size, base and storage of an entry and compares them with what is there.
sslact_status checkpoint_check_entry(const checkpoint *file, checkpoint_entry *entry);
// Packed numbers of an entry.
sslact_status checkpoint_read_entry(checkpoint *file, const checkpoint_entry *entry, void *buffer);

#endif
