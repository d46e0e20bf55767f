// Native checkpoint files: the safetensors format, written whole or not at all and read as a
// hostile file (reliability.md section 2).
//
// The file is 8 bytes of header length, a JSON header, and the arrays one behind the other. The
// header's __metadata__ maps texts to texts; two of its keys are ours:
//   header_digest  FNV-1a 64 over length and header, with its own 16 digits taken as zeros
//   digests        JSON text, array name to the FNV-1a 64 of its bytes
// A file without both is read too (others write such files), only without that protection.
#ifndef WEIGHTS_SAFETENSORS_H
#define WEIGHTS_SAFETENSORS_H

#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIGHTS_MAX_HEADER ((size_t)100 * 1000 * 1000)
#define WEIGHTS_MAX_NAME 1024

typedef enum weights_dtype {
    WEIGHTS_BOOL = 1,
    WEIGHTS_U8,
    WEIGHTS_I8,
    WEIGHTS_U16,
    WEIGHTS_I16,
    WEIGHTS_F16,
    WEIGHTS_BF16,
    WEIGHTS_U32,
    WEIGHTS_I32,
    WEIGHTS_F32,
    WEIGHTS_U64,
    WEIGHTS_I64,
    WEIGHTS_F64
} weights_dtype;

// "F32"; NULL for a number that is no dtype.
const char *weights_dtype_get_name(weights_dtype dtype);
size_t weights_dtype_get_size(weights_dtype dtype); // bytes an element, 0 if it is no dtype

typedef struct named_array {
    const char *name; // borrowed: from the file until it is closed, or from the caller
    weights_dtype dtype;
    int32_t rank;
    int64_t shape[SSLACT_MAX_RANK];
    uint64_t offset;  // of the first byte behind the header; ignored when writing
    uint64_t size;    // bytes; ignored when writing
    const void *data; // packed, little-endian; NULL when read
} named_array;

typedef struct metadata_pair {
    const char *key;
    const char *value;
} metadata_pair;

typedef struct weights_file weights_file;

// Reads and checks the header; no array yet. NOT_FOUND, IO, or FORMAT with "path: what is wrong".
sslact_status weights_file_open(const char *path, weights_file **out);
void weights_file_close(weights_file *file); // NULL is fine

size_t weights_file_count(const weights_file *file);
// Facts of array `index`, in the order of the file.
void weights_file_describe(const weights_file *file, size_t index, named_array *out);
// The index of a name, count() if there is none.
size_t weights_file_find(const weights_file *file, const char *name);
// Reads a whole array into `size` bytes (describe() says how many) and checks its digest.
// FORMAT names the array; then buffer holds unspecified bytes.
sslact_status weights_file_read(const weights_file *file, size_t index, void *buffer, size_t size);
// A value of __metadata__, NULL if absent; valid until the file is closed.
const char *weights_file_get_metadata(const weights_file *file, const char *key);

// Writes arrays in the given order. Names must differ and metadata keys too.
sslact_status weights_write(const char *path, const named_array *arrays, size_t array_count,
                            const metadata_pair *metadata, size_t metadata_count);

#ifdef __cplusplus
}
#endif
#endif
