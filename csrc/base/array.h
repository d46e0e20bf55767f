// Memory for arrays: sizes are multiplied with an overflow check, failure sets the error.
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// False when a * b does not fit.
bool array_multiply(size_t a, size_t b, size_t *out);

// Zeroed memory for count elements; never NULL on success, even for count 0. NULL with
// SSLACT_ERROR_OUT_OF_MEMORY set on failure. free() releases it.
void *array_create(size_t count, size_t element_size);

// Makes room for at least `count` elements in *data, growing geometrically; new memory is not
// zeroed. *data and *capacity are untouched on failure.
sslact_status array_reserve(void **data, size_t *capacity, size_t count, size_t element_size);

// Gives the memory of bytes first .. last - 1 of a large array back to the system where it makes
// whole pages: their content is lost, the array stays allocated. For tables used up front to back.
void array_forget(void *data, size_t first, size_t last);

#ifdef __cplusplus
}
#endif
#endif
