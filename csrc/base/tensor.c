// Views of packed memory: sslact_tensor_describe of the public header.
#include "base/array.h"

static size_t get_element_size(sslact_dtype dtype)
{
    switch (dtype) {
    case SSLACT_UINT8:
    case SSLACT_INT8:
        return 1;
    case SSLACT_FLOAT16:
    case SSLACT_BFLOAT16:
        return 2;
    case SSLACT_INT32:
    case SSLACT_FLOAT32:
        return 4;
    case SSLACT_INT64:
    case SSLACT_FLOAT64:
        return 8;
    }
    return 0;
}

sslact_status sslact_tensor_describe(void *data, sslact_dtype dtype, int32_t rank,
                                     const int64_t *shape, sslact_tensor *out)
{
    if (!out || (!shape && rank > 0)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s is NULL", out ? "shape" : "out");
    }
    size_t size = get_element_size(dtype);
    if (size == 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "dtype is %d, expected 1 to 8", (int)dtype);
    }
    if (rank < 0 || rank > SSLACT_MAX_RANK) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "rank is %d, expected 0 to %d", rank,
                         SSLACT_MAX_RANK);
    }
    bool empty = false;
    for (int32_t d = 0; d < rank; d++) {
        if (shape[d] < 0) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "shape[%d]: %lld is negative, expected 0 or more", d,
                             (long long)shape[d]);
        }
        empty = empty || shape[d] == 0;
    }
    for (int32_t d = 0; d < rank && !empty; d++) {
        if (!array_multiply(size, (size_t)shape[d], &size) || size > PTRDIFF_MAX) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "shape[%d]: the size in bytes does not fit", d);
        }
    }
    if (!data && !empty) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "data is NULL for a tensor with elements");
    }
    sslact_tensor view = {.data = data, .dtype = dtype, .rank = rank, .device = {SSLACT_CPU, 0}};
    for (int32_t d = 0; d < rank; d++) {
        view.shape[d] = shape[d];
    }
    *out = view;
    return SSLACT_OK;
}
