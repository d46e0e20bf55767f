// The restricted pickle reader: a pickle as plain data, for a file that may have been made to hurt.
//
// Nothing is ever looked up by name or run. A global is a tag: those of the fixed table
// (symbols.c) make torch tensors, numpy arrays and containers; a class outside of it makes
// an opaque value that holds nothing; a call of an unknown function, or any global of a module that
// reaches the system, is refused with its name and byte offset. Memory, stack, memo and depth are
// bounded, and every value is checked for the type an opcode needs.
#ifndef PICKLE_PICKLE_H
#define PICKLE_PICKLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PICKLE_MAX_STACK ((size_t)1000 * 1000)
#define PICKLE_MAX_MEMO ((size_t)1000 * 1000)
#define PICKLE_MAX_DEPTH 64
// Memory of values, on top of the pickle's own size.
#define PICKLE_MAX_MEMORY ((size_t)128 << 20)

// Types of the numbers in an array or a storage.
typedef enum pickle_number {
    PICKLE_NUMBER_BOOL = 1,
    PICKLE_NUMBER_U8,
    PICKLE_NUMBER_I8,
    PICKLE_NUMBER_U16,
    PICKLE_NUMBER_I16,
    PICKLE_NUMBER_F16,
    PICKLE_NUMBER_BF16,
    PICKLE_NUMBER_U32,
    PICKLE_NUMBER_I32,
    PICKLE_NUMBER_F32,
    PICKLE_NUMBER_U64,
    PICKLE_NUMBER_I64,
    PICKLE_NUMBER_F64
} pickle_number;

size_t pickle_number_get_size(pickle_number number); // bytes an element, 0 if it is no type

typedef enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_FLOAT,
    PICKLE_TEXT,  // str, and Python 2's str
    PICKLE_BYTES, // bytes, bytearray
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,
    PICKLE_SYMBOL,  // a global
    PICKLE_OPAQUE,  // an object that carries no numbers
    PICKLE_STORAGE, // of a torch file
    PICKLE_DTYPE,
    PICKLE_ARRAY // torch tensor or numpy array
} pickle_kind;

// A torch storage: its bytes lie elsewhere in the file under `key`.
typedef struct pickle_storage {
    const struct pickle_storage *next; // of all storages, in no useful order
    const char *key;                   // NUL-terminated
    pickle_number dtype;               // 0: a type without a number here, whose tensors are opaque
    bool untyped;                      // count is bytes, the tensor says its type
    uint64_t count;                    // elements
    size_t element_size;               // bytes
    const char *view_key; // of the legacy stream: a part of the storage `key`; NULL if none
    uint64_t view_offset; // elements
    uint64_t view_count;
} pickle_storage;

typedef struct pickle_array {
    pickle_number dtype; // 0: nothing known yet
    bool swapped;        // big-endian numbers
    int32_t rank;
    int64_t shape[SSLACT_MAX_RANK];
    int64_t stride[SSLACT_MAX_RANK]; // in elements
    uint64_t offset;                 // of the first element
    const pickle_storage *storage;   // NULL: the bytes below
    const char *bytes;
    uint64_t size;
} pickle_array;

typedef struct pickle_value pickle_value;
struct pickle_value {
    pickle_kind kind;
    int32_t depth; // nesting below this value when it was last changed
    union {
        bool truth;
        int64_t integer;
        double real;
        struct {
            const char *data; // not NUL-terminated
            size_t size;
        } text; // TEXT, BYTES
        struct {
            pickle_value **items; // of a dict: key, value, key, value, ...
            size_t count;
            size_t capacity;
        } list; // TUPLE, LIST, DICT
        int32_t symbol;
        pickle_storage *storage;
        struct {
            pickle_number dtype; // 0: no number of ours
            char text;           // 'U', 'S': text, and dtype is 0; else 0
            bool swapped;
        } type;
        pickle_array *array;
    } as;
};

typedef struct pickle_options {
    const char *what; // for messages: "a checkpoint"; static
    // numpy's scalars become numbers and texts; else they are opaque.
    bool scalars;
    // Protocols 0 and 1 too, which Python 2 wrote where nobody asked for another.
    bool text_opcodes;
} pickle_options;

// Owns the values of one or more pickles of a file; path for messages.
typedef struct pickle pickle;
sslact_status pickle_create(const char *path, const pickle_options *options, pickle **out);
void pickle_free(pickle *p); // NULL is fine

// Reads one pickle of bytes[0, size) from `start` on; end is the place behind its STOP. The bytes
// must live as long as the values. FORMAT with "path: byte N: what is wrong".
sslact_status pickle_parse(pickle *p, const char *bytes, size_t size, size_t start,
                           const pickle_value **out, size_t *end);

// The value under a text key, NULL if there is none (the last of several, as in Python).
const pickle_value *pickle_find(const pickle_value *dict, const char *key);
bool pickle_is_text(const pickle_value *value, const char *expected);
// Whether the numbers of an array lie in its bytes, all of them; that of a torch storage's do not.
bool pickle_array_is_complete(const pickle_array *array);
// Number [row, column] of a complete array of rank 2, as a double; whole numbers beyond 2^53 lose
// digits, half precision is NAN.
double pickle_array_get(const pickle_array *array, int64_t row, int64_t column);
// Every storage that was named, through `next`; NULL if none was.
const pickle_storage *pickle_get_storages(const pickle *p);

#ifdef __cplusplus
}
#endif
#endif
