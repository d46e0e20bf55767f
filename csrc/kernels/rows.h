// Moves pieces of rows between arrays of any floating type and float32 buffers, for the loops of
// lanes.h.
#ifndef KERNELS_ROWS_H
#define KERNELS_ROWS_H

#include "kernels/access.h"
#include "kernels/lanes.h"

static inline size_t block_width(size_t c, size_t column)
{
    return c - column < KERNEL_COLUMN_BLOCK ? c - column : KERNEL_COLUMN_BLOCK;
}

// The width rounded up to whole groups of lanes.
static inline size_t count_lanes(size_t width)
{
    return (width + LANES - 1) / LANES * LANES;
}

static inline bool is_narrower_than_double(kernel_source source)
{
    return source.type != KERNEL_FLOAT64;
}

static inline void load_lanes(kernel_source source, size_t first, size_t count, float *out)
{
    if (source.type == KERNEL_FLOAT32) {
        memcpy(out, (const float *)source.data + first, count * sizeof(*out));
        return;
    }
    for (size_t k = 0; k < count; k++) {
        out[k] = (float)source_get(source, first + k);
    }
}

static inline void store_lanes(kernel_target target, size_t first, size_t count,
                               const float *values)
{
    if (target.data == NULL) {
        return;
    }
    if (target.type == KERNEL_FLOAT32) {
        memcpy((float *)target.data + first, values, count * sizeof(*values));
        return;
    }
    for (size_t k = 0; k < count; k++) {
        target_set(target, first + k, (double)values[k]);
    }
}

#endif
