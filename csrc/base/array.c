// Arrays on the heap; see array.h.
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

bool array_multiply(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

// No object may be larger than a pointer difference can say.
static bool measure(size_t count, size_t element_size, size_t *bytes)
{
    return array_multiply(count, element_size, bytes) && *bytes <= PTRDIFF_MAX;
}

static sslact_status fail(size_t count, size_t element_size)
{
    return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for %zu elements of %zu bytes", count,
                     element_size);
}

void *array_create(size_t count, size_t element_size)
{
    size_t bytes = 0;
    void *data = NULL;
    if (measure(count, element_size, &bytes)) {
        data = calloc(bytes ? bytes : 1, 1); // one byte keeps a success apart from NULL
    }
    if (!data) {
        fail(count, element_size);
    }
    return data;
}

sslact_status array_reserve(void **data, size_t *capacity, size_t count, size_t element_size)
{
    if (count <= *capacity) {
        return SSLACT_OK;
    }
    size_t wanted = *capacity < SIZE_MAX / 2 ? *capacity * 2 : count;
    if (wanted < 8) {
        wanted = 8;
    }
    if (wanted < count) {
        wanted = count;
    }
    size_t bytes = 0;
    if (!measure(wanted, element_size, &bytes)) {
        return fail(count, element_size);
    }
    void *grown = realloc(*data, bytes ? bytes : 1);
    if (!grown) {
        return fail(count, element_size);
    }
    *data = grown;
    *capacity = wanted;
    return SSLACT_OK;
}

void array_forget(void *data, size_t first, size_t last)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t)data + first + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)data + last) / page * page;
    if (begin < end) {
        // Heap memory is private and anonymous: the pages read as zero from here on. A system that
        // refuses keeps them, which costs memory and nothing else.
        (void)madvise((char *)data + (begin - (uintptr_t)data), end - begin, MADV_DONTNEED);
    }
}
