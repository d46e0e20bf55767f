// What the files of the pickle reader share. Not for other rooms.
#ifndef PICKLE_MACHINE_H
#define PICKLE_MACHINE_H

#include "pickle/pickle.h"

// Reading one pickle: the stack machine of the format.
typedef struct machine {
    pickle *owner;
    const unsigned char *bytes;
    size_t size;
    size_t place;  // of the next byte
    size_t opcode; // place of the opcode being run, for messages
    bool stopped;
    pickle_value **stack;
    size_t stack_count;
    size_t stack_capacity;
    size_t *marks; // stack heights
    size_t mark_count;
    size_t mark_capacity;
    pickle_value **memo; // NULL where nothing was put
    size_t memo_capacity;
    size_t memo_next; // of MEMOIZE
} machine;

typedef struct opcode {
    sslact_status (*run)(machine *, int argument);
    int argument; // bytes of a number, length of a tuple
} opcode;

// FORMAT with "path: byte N: ...", N the place of the opcode.
sslact_status machine_refuse(const machine *m, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

const pickle_options *machine_get_options(const machine *m);

// ---- stack.c ----

// The next bytes of the pickle.
sslact_status machine_take_bytes(machine *m, size_t count, const unsigned char **out);
// A little-endian number of `width` bytes.
sslact_status machine_take_number(machine *m, size_t width, uint64_t *out);
// Up to the next line end, which is left out.
sslact_status machine_take_line(machine *m, const char **out, size_t *size);
// value may be NULL: an allocation failed and said so.
sslact_status machine_push(machine *m, pickle_value *value);
// The height below which the values belong to an outer mark.
size_t machine_get_floor(const machine *m);
sslact_status machine_pop(machine *m, pickle_value **out);
sslact_status machine_peek(machine *m, pickle_value **out);
// Takes away the last mark and everything above it; the values stay readable until the next push.
sslact_status machine_pop_mark(machine *m, pickle_value ***items, size_t *count);
sslact_status machine_put_memo(machine *m, uint64_t index);
sslact_status machine_get_memo(machine *m, uint64_t index);
sslact_status machine_push_integer(machine *m, int64_t number);
// A text or bytes whose size is a number of `width` bytes.
sslact_status machine_push_text(machine *m, pickle_kind kind, size_t width);
// A tuple, list or dict of the items.
sslact_status machine_push_list(machine *m, pickle_kind kind, pickle_value **items, size_t count);

// ---- values.c ----

extern const opcode pickle_value_opcodes[256]; // by byte; run is NULL elsewhere

// ---- text_opcodes.c ----

extern const opcode pickle_text_opcodes[256]; // of protocols 0 and 1 alone

// ---- scalars.c ----

// scalar(dtype, bytes) of numpy as a number or a text; of other types it is opaque.
sslact_status scalars_make(machine *m, const pickle_value *arguments, pickle_value **out);
// Appends a code point to UTF-8 text with room for four bytes; false if it is none.
bool scalars_append_code_point(char *text, size_t *size, uint32_t code);

// ---- memory.c ----

// Zeroed memory that lives as long as the pickle; NULL with the error set.
void *pickle_allocate(machine *m, size_t size);
pickle_value *pickle_make(machine *m, pickle_kind kind);
sslact_status pickle_append(machine *m, pickle_value *list, pickle_value *item);
// A NUL-terminated copy; a NUL inside is refused.
char *pickle_copy_text(machine *m, const pickle_value *source);
void pickle_add_storage(machine *m, pickle_storage *storage);
// The pickle's memory may grow by the size of what is read.
void pickle_raise_limit(pickle *p, size_t size);

// ---- symbols.c ----

// The tag of a global; refuses those that reach the system.
sslact_status symbols_find(machine *m, const char *module, size_t module_size, const char *name,
                           size_t name_size, pickle_value **out);
// What calling a tag with a tuple of arguments gives.
sslact_status symbols_call(machine *m, const pickle_value *symbol, const pickle_value *arguments,
                           pickle_value **out);
// An instance of a class.
sslact_status symbols_instantiate(machine *m, const pickle_value *symbol, pickle_value **out);
// The storage behind a persistent id.
sslact_status symbols_make_storage(machine *m, const pickle_value *id, pickle_value **out);

// ---- arrays.c ----

// An empty array, which BUILD fills.
sslact_status arrays_make(machine *m, pickle_value **out);
sslact_status arrays_rebuild_tensor(machine *m, const pickle_value *arguments, pickle_number dtype,
                                    pickle_value **out);
sslact_status arrays_make_dtype(machine *m, const pickle_value *arguments, pickle_value **out);
sslact_status arrays_set_dtype(machine *m, pickle_value *dtype, const pickle_value *state);
sslact_status arrays_set_numpy(machine *m, pickle_value *array, const pickle_value *state);
sslact_status arrays_from_buffer(machine *m, const pickle_value *arguments, pickle_value **out);

#endif
