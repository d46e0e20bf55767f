// sslact/dlpack.h with the DLPack header that torch brings (found as <dlpack/dlpack.h> here).

#include <dlpack/dlpack.h>

#include "sslact/dlpack.h"

#include "loss_support.h"

namespace
{

using namespace test;

DLTensor make_dlpack(void *data, uint8_t code, uint8_t bits, std::vector<int64_t> &shape,
                     int64_t *strides)
{
    DLTensor out = {};
    out.data = data;
    out.device = {kDLCPU, 0};
    out.ndim = static_cast<int32_t>(shape.size());
    out.dtype = {code, bits, 1};
    out.shape = shape.data();
    out.strides = strides;
    return out;
}

TEST(Dlpack, EveryTypeGoesBothWays)
{
    const struct {
        sslact_dtype dtype;
        uint8_t code, bits;
    } types[] = {{SSLACT_UINT8, kDLUInt, 8},     {SSLACT_INT8, kDLInt, 8},
                 {SSLACT_INT32, kDLInt, 32},     {SSLACT_INT64, kDLInt, 64},
                 {SSLACT_FLOAT32, kDLFloat, 32}, {SSLACT_FLOAT64, kDLFloat, 64},
                 {SSLACT_FLOAT16, kDLFloat, 16}, {SSLACT_BFLOAT16, kDLBfloat, 16}};
    for (const auto &type : types) {
        double memory[6];
        std::vector<int64_t> shape = {2, 3};
        const DLTensor given = make_dlpack(memory, type.code, type.bits, shape, nullptr);
        sslact_tensor view;
        ASSERT_EQ(sslact_dlpack_read(&given, &view), SSLACT_OK);
        EXPECT_EQ(view.dtype, type.dtype);
        EXPECT_EQ(view.data, memory);
        EXPECT_EQ(view.rank, 2);
        EXPECT_EQ(view.shape[1], 3);
        EXPECT_EQ(view.device.type, SSLACT_CPU);

        int64_t places[SSLACT_MAX_RANK], strides[SSLACT_MAX_RANK];
        DLTensor back;
        ASSERT_EQ(sslact_dlpack_write(&view, places, strides, &back), SSLACT_OK);
        EXPECT_EQ(back.dtype.code, type.code);
        EXPECT_EQ(back.dtype.bits, type.bits);
        EXPECT_EQ(back.dtype.lanes, 1);
        EXPECT_EQ(back.shape[0], 2);
        EXPECT_EQ(back.strides[0], 3);
        EXPECT_EQ(back.strides[1], 1);
        EXPECT_EQ(back.data, memory);
    }
}

TEST(Dlpack, ATransposedSliceOnADeviceIsTakenAsItIs)
{
    float memory[20];
    std::vector<int64_t> shape = {5, 2};
    int64_t strides[2] = {1, 10};
    DLTensor given = make_dlpack(memory, kDLFloat, 32, shape, strides);
    given.byte_offset = 8;
    given.device = {kDLCUDA, 3};
    sslact_tensor view;

    ASSERT_EQ(sslact_dlpack_read(&given, &view), SSLACT_OK);

    EXPECT_EQ(view.data, memory + 2);
    EXPECT_EQ(view.stride[0], 1);
    EXPECT_EQ(view.stride[1], 10);
    EXPECT_EQ(view.device.type, SSLACT_CUDA);
    EXPECT_EQ(view.device.index, 3);
    int64_t places[SSLACT_MAX_RANK], steps[SSLACT_MAX_RANK];
    DLTensor back;
    ASSERT_EQ(sslact_dlpack_write(&view, places, steps, &back), SSLACT_OK);
    EXPECT_EQ(back.strides[1], 10);
    EXPECT_EQ(back.device.device_type, kDLCUDA);
    EXPECT_EQ(back.device.device_id, 3);
}

TEST(Dlpack, WhatAViewCannotSayIsRefused)
{
    float memory[4];
    std::vector<int64_t> shape = {4}, deep(9, 1);
    int64_t zero[1] = {0};
    sslact_tensor view = {};
    DLTensor given = make_dlpack(memory, kDLComplex, 64, shape, nullptr);
    EXPECT_EQ(sslact_dlpack_read(&given, &view), SSLACT_ERROR_UNSUPPORTED);
    given = make_dlpack(memory, kDLFloat, 32, shape, zero);
    EXPECT_EQ(sslact_dlpack_read(&given, &view), SSLACT_ERROR_UNSUPPORTED);
    given = make_dlpack(memory, kDLFloat, 32, shape, nullptr);
    given.dtype.lanes = 4;
    EXPECT_EQ(sslact_dlpack_read(&given, &view), SSLACT_ERROR_UNSUPPORTED);
    given.dtype.lanes = 1;
    given.device.device_type = kDLMetal;
    EXPECT_EQ(sslact_dlpack_read(&given, &view), SSLACT_ERROR_UNSUPPORTED);
    given = make_dlpack(memory, kDLFloat, 32, deep, nullptr);
    EXPECT_EQ(sslact_dlpack_read(&given, &view), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_dlpack_read(nullptr, &view), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_dlpack_read(&given, nullptr), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(view.dtype, 0) << "written on failure";

    DLTensor out = {};
    int64_t places[SSLACT_MAX_RANK], steps[SSLACT_MAX_RANK];
    view.rank = 1;
    EXPECT_EQ(sslact_dlpack_write(&view, places, steps, &out), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_dlpack_write(nullptr, places, steps, &out), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(out.ndim, 0);
}

} // namespace
