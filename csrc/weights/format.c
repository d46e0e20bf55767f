#include "weights/format.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [WEIGHTS_BOOL] = {"BOOL", 1}, [WEIGHTS_U8] = {"U8", 1},   [WEIGHTS_I8] = {"I8", 1},
    [WEIGHTS_U16] = {"U16", 2},   [WEIGHTS_I16] = {"I16", 2}, [WEIGHTS_F16] = {"F16", 2},
    [WEIGHTS_BF16] = {"BF16", 2}, [WEIGHTS_U32] = {"U32", 4}, [WEIGHTS_I32] = {"I32", 4},
    [WEIGHTS_F32] = {"F32", 4},   [WEIGHTS_U64] = {"U64", 8}, [WEIGHTS_I64] = {"I64", 8},
    [WEIGHTS_F64] = {"F64", 8},
};

static bool is_dtype(weights_dtype dtype)
{
    return dtype >= WEIGHTS_BOOL && dtype <= WEIGHTS_F64;
}

const char *weights_dtype_get_name(weights_dtype dtype)
{
    return is_dtype(dtype) ? dtypes[dtype].name : NULL;
}

size_t weights_dtype_get_size(weights_dtype dtype)
{
    return is_dtype(dtype) ? dtypes[dtype].size : 0;
}

bool format_find_dtype(const char *name, weights_dtype *out)
{
    for (int dtype = WEIGHTS_BOOL; dtype <= WEIGHTS_F64; dtype++) {
        if (strcmp(name, dtypes[dtype].name) == 0) {
            *out = (weights_dtype)dtype;
            return true;
        }
    }
    return false;
}

bool format_multiply_shape(const named_array *array, uint64_t *size)
{
    uint64_t product = weights_dtype_get_size(array->dtype);

    for (int32_t axis = 0; axis < array->rank; axis++) {
        if (array->shape[axis] < 0 ||
            __builtin_mul_overflow(product, (uint64_t)array->shape[axis], &product)) {
            return false;
        }
    }
    *size = product;
    return true;
}

uint64_t format_digest(uint64_t state, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        state = (state ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return state;
}

void format_render_digest(uint64_t digest, char digits[FORMAT_DIGEST_DIGITS + 1])
{
    snprintf(digits, FORMAT_DIGEST_DIGITS + 1, "%016llx", (unsigned long long)digest);
}

uint64_t format_digest_header(const char *header, size_t size, size_t place)
{
    static const char zeros[FORMAT_DIGEST_DIGITS + 1] = "0000000000000000";
    unsigned char length[8];
    uint64_t state = FORMAT_FNV_START;

    for (int i = 0; i < 8; i++) {
        length[i] = (unsigned char)((uint64_t)size >> (8 * i));
    }
    state = format_digest(state, length, sizeof(length));
    state = format_digest(state, header, place);
    state = format_digest(state, zeros, FORMAT_DIGEST_DIGITS);
    return format_digest(state, header + place + FORMAT_DIGEST_DIGITS,
                         size - place - FORMAT_DIGEST_DIGITS);
}
