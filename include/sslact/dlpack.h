/* include/sslact/dlpack.h : an sslact_tensor from and to a DLTensor. Optional: not part of sslact.h,
 * empty where the header of DLPack is not found, calls nothing of the library. Include DLPack's own
 * header first if it is not <dlpack/dlpack.h>.
 *
 * Both are views: neither direction copies or owns, the memory stays with whoever made it. */
#ifndef SSLACT_DLPACK_H
#define SSLACT_DLPACK_H

#include "sslact/base.h"

#if !defined(DLPACK_VERSION) && !defined(DLPACK_MAJOR_VERSION) && defined(__has_include)
#if __has_include(<dlpack/dlpack.h>)
#include <dlpack/dlpack.h>
#endif
#endif

#if defined(DLPACK_VERSION) || defined(DLPACK_MAJOR_VERSION)

#ifdef __cplusplus
extern "C" {
#endif

/* The table between the two kinds of types: sslact_dtype, DLDataTypeCode, bits. One column of the row
 * of `dtype`, or of (code, bits); 0 where there is none, which is no dtype and no number of bits. */
static inline int sslact_dlpack_find(int dtype, int code, int bits, int column)
{
    static const int types[][3] = {{SSLACT_UINT8, kDLUInt, 8},     {SSLACT_INT8, kDLInt, 8},
                                   {SSLACT_INT32, kDLInt, 32},     {SSLACT_INT64, kDLInt, 64},
                                   {SSLACT_FLOAT32, kDLFloat, 32}, {SSLACT_FLOAT64, kDLFloat, 64},
                                   {SSLACT_FLOAT16, kDLFloat, 16}, {SSLACT_BFLOAT16, kDLBfloat, 16}};
    size_t row;

    for (row = 0; row < sizeof types / sizeof types[0]; row++) {
        if (types[row][0] == dtype || (types[row][1] == code && types[row][2] == bits)) {
            return types[row][column];
        }
    }
    return 0;
}

/* SSLACT_ERROR_INVALID_ARGUMENT for NULL, a rank above 8 or memory that is missing;
 * SSLACT_ERROR_UNSUPPORTED for a type or device that an sslact_tensor does not have, or one element
 * that stands for many along every dimension (all strides 0 mean packed there). No message. */
static inline sslact_status sslact_dlpack_read(const DLTensor *given, sslact_tensor *out)
{
    sslact_tensor made;
    int32_t d;
    int broadcast = 1, many = 0;

    if (given == NULL || out == NULL || given->ndim < 0 || given->ndim > SSLACT_MAX_RANK ||
        (given->ndim > 0 && given->shape == NULL)) {
        return SSLACT_ERROR_INVALID_ARGUMENT;
    }
    memset(&made, 0, sizeof made);
    made.dtype = sslact_dlpack_find(0, given->dtype.code, given->dtype.bits, 0);
    made.rank = given->ndim;
    made.device.type = given->device.device_type == kDLCPU    ? SSLACT_CPU
                       : given->device.device_type == kDLCUDA ? SSLACT_CUDA
                                                              : 0;
    made.device.index = made.device.type == SSLACT_CUDA ? given->device.device_id : 0;
    if (made.dtype == 0 || made.device.type == 0 || given->dtype.lanes != 1) {
        return SSLACT_ERROR_UNSUPPORTED;
    }
    for (d = 0; d < given->ndim; d++) {
        made.shape[d] = given->shape[d];
        made.stride[d] = given->strides != NULL ? given->strides[d] : 0;
        broadcast = broadcast && made.stride[d] == 0;
        many = many || made.shape[d] > 1;
    }
    if (given->strides != NULL && broadcast && many) {
        return SSLACT_ERROR_UNSUPPORTED;
    }
    if (given->data != NULL) {
        made.data = (char *)given->data + given->byte_offset;
    }
    *out = made;
    return SSLACT_OK;
}

/* The other way. shape and stride: the caller's memory of SSLACT_MAX_RANK numbers each, which `out`
 * points to. Strides are always written, packed ones too. */
static inline sslact_status sslact_dlpack_write(const sslact_tensor *given, int64_t *shape,
                                                int64_t *stride, DLTensor *out)
{
    DLTensor made;
    int64_t packed = 1;
    int32_t d;
    int none = 1;

    if (given == NULL || shape == NULL || stride == NULL || out == NULL || given->rank < 0 ||
        given->rank > SSLACT_MAX_RANK) {
        return SSLACT_ERROR_INVALID_ARGUMENT;
    }
    if (sslact_dlpack_find(given->dtype, -1, 0, 2) == 0 ||
        (given->device.type != SSLACT_CPU && given->device.type != SSLACT_CUDA)) {
        return SSLACT_ERROR_INVALID_ARGUMENT;
    }
    memset(&made, 0, sizeof made);
    made.data = given->data;
    made.device.device_type = given->device.type == SSLACT_CUDA ? kDLCUDA : kDLCPU;
    made.device.device_id = given->device.index;
    made.ndim = given->rank;
    made.dtype.code = (uint8_t)sslact_dlpack_find(given->dtype, -1, 0, 1);
    made.dtype.bits = (uint8_t)sslact_dlpack_find(given->dtype, -1, 0, 2);
    made.dtype.lanes = 1;
    made.shape = shape;
    made.strides = stride;
    for (d = given->rank - 1; d >= 0; d--) {
        none = none && given->stride[d] == 0;
    }
    for (d = given->rank - 1; d >= 0; d--) {
        shape[d] = given->shape[d];
        stride[d] = none ? packed : given->stride[d];
        packed *= given->shape[d] > 1 ? given->shape[d] : 1;
    }
    *out = made;
    return SSLACT_OK;
}

#ifdef __cplusplus
}
#endif
#endif
#endif
