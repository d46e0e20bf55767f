// One sslact_tensor of a caller, checked: its type, shape, strides, device and memory are what a
// function takes before anything reads it. Knows nothing of what the numbers mean.
#ifndef PLUGIN_TENSOR_VIEW_H
#define PLUGIN_TENSOR_VIEW_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sslact/base.h"

namespace sslact
{

// A set of sslact_dtype.
using TypeSet = unsigned;
constexpr TypeSet type_set(sslact_dtype type)
{
    return 1u << type;
}
constexpr TypeSet float_types = type_set(SSLACT_FLOAT32) | type_set(SSLACT_FLOAT64) |
                                type_set(SSLACT_FLOAT16) | type_set(SSLACT_BFLOAT16);

// The shape that a function expects: rank 1 or 2, each place a number or open.
constexpr int64_t any_rows = -1;    // N: 0 or more
constexpr int64_t any_classes = -2; // C: 1 or more
struct ExpectedShape {
    explicit ExpectedShape(int64_t count) : rank(1), places{count, 0} {}
    ExpectedShape(int64_t rows, int64_t columns) : rank(2), places{rows, columns} {}

    int32_t rank;
    std::array<int64_t, 2> places;
};

// A checked tensor. Strides are those of the caller, or the packed ones where all were zero.
struct TensorView {
    std::string name;
    sslact_tensor tensor = {};
    size_t count = 0; // elements
    size_t element_size = 0;
    bool packed = true;
    // Bytes from tensor.data to the first byte of the view (0 or less) and past the last.
    ptrdiff_t begin = 0;
    ptrdiff_t end = 0;

    size_t bytes() const { return count * element_size; }
};

// Error for a tensor that is NULL, or is not of the types and the shape, or describes memory that
// cannot be.
TensorView view_tensor(const sslact_tensor *given, const char *name, TypeSet types,
                       const ExpectedShape &shape);

// Error for an output that is not packed.
void check_packed(const TensorView &view);
// Error where the two share memory.
void check_apart(const TensorView &output, const TensorView &other);

// Packs the elements into `out` (bytes()); `data` stands for tensor.data.
void gather(const TensorView &view, const void *data, void *out);

// "cpu", "cuda:1".
std::string name_of_device(const sslact_device &device);

} // namespace sslact

#endif
