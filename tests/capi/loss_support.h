// What the tests of loss.h share: numbers with the tensor that views them.
#ifndef TESTS_CAPI_LOSS_SUPPORT_H
#define TESTS_CAPI_LOSS_SUPPORT_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "capi_support.h"

namespace test
{

// A 16-bit number as its bits; the values of these tests are exact in both kinds.
template <sslact_dtype Type> struct Narrow {
    uint16_t bits = 0;

    Narrow() = default;
    explicit Narrow(double value)
    {
        const auto number = static_cast<float>(value);
        uint32_t wide;
        std::memcpy(&wide, &number, sizeof wide);
        if (Type == SSLACT_BFLOAT16) {
            bits = static_cast<uint16_t>(wide >> 16);
        } else if (value != 0.0) { // 5 bits of exponent with bias 15, 10 of fraction
            const uint32_t exponent = (wide >> 23 & 0xff) - 127 + 15;
            bits =
                static_cast<uint16_t>((wide >> 31) << 15 | exponent << 10 | (wide >> 13 & 0x3ff));
        }
    }
    explicit operator double() const
    {
        if (Type == SSLACT_FLOAT16) {
            const double fraction = bits & 0x3ff;
            const int exponent = bits >> 10 & 0x1f;
            const double size = exponent == 0 ? std::ldexp(fraction, -24)
                                              : std::ldexp(1024 + fraction, exponent - 25);
            return bits >> 15 != 0 ? -size : size;
        }
        const uint32_t wide = static_cast<uint32_t>(bits) << 16;
        float number;
        std::memcpy(&number, &wide, sizeof number);
        return static_cast<double>(number);
    }
};
using Float16 = Narrow<SSLACT_FLOAT16>;
using BFloat16 = Narrow<SSLACT_BFLOAT16>;

template <typename Number> struct TypeOf;
template <> struct TypeOf<uint8_t> {
    static constexpr sslact_dtype value = SSLACT_UINT8;
};
template <> struct TypeOf<int8_t> {
    static constexpr sslact_dtype value = SSLACT_INT8;
};
template <> struct TypeOf<int32_t> {
    static constexpr sslact_dtype value = SSLACT_INT32;
};
template <> struct TypeOf<int64_t> {
    static constexpr sslact_dtype value = SSLACT_INT64;
};
template <> struct TypeOf<float> {
    static constexpr sslact_dtype value = SSLACT_FLOAT32;
};
template <> struct TypeOf<double> {
    static constexpr sslact_dtype value = SSLACT_FLOAT64;
};
template <sslact_dtype Type> struct TypeOf<Narrow<Type>> {
    static constexpr sslact_dtype value = Type;
};

// A packed array with its tensor.
template <typename Number> class Array
{
public:
    // Zeros, or the values given (of any number type).
    explicit Array(std::vector<int64_t> shape) : shape_(std::move(shape))
    {
        size_t count = 1;
        for (const int64_t places : shape_) {
            count *= static_cast<size_t>(places);
        }
        values.resize(count);
        describe();
    }
    template <typename Given>
    Array(std::vector<int64_t> shape, const std::vector<Given> &given) : Array(std::move(shape))
    {
        EXPECT_EQ(given.size(), values.size());
        for (size_t k = 0; k < given.size(); ++k) {
            values[k] = static_cast<Number>(given[k]);
        }
    }
    Array(const Array &) = delete;
    Array &operator=(const Array &) = delete;

    operator sslact_tensor *() { return &view; }
    std::vector<double> doubles() const
    {
        std::vector<double> out;
        for (const Number &value : values) {
            out.push_back(static_cast<double>(value));
        }
        return out;
    }

    std::vector<Number> values;
    sslact_tensor view;

private:
    void describe()
    {
        EXPECT_DONE_WELL(sslact_tensor_describe(values.data(), TypeOf<Number>::value,
                                                static_cast<int32_t>(shape_.size()), shape_.data(),
                                                &view));
    }

    std::vector<int64_t> shape_;
};

} // namespace test

#endif
