// The 16-bit types: every bit pattern against its definition, rounding at and between neighbours.
#include "kernels/narrow.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace
{

// The definition: (-1)^s 2^(e - bias) (1 + d / 2^fraction), or 2^(1 - bias) d / 2^fraction.
double slow_decode(uint32_t bits, int fraction)
{
    const int exponent_bits = 15 - fraction, bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = static_cast<int>(bits >> fraction) & ((1 << exponent_bits) - 1);
    const double digits = std::ldexp(bits & ((1u << fraction) - 1), -fraction);
    const double sign = (bits & 0x8000u) != 0 ? -1 : 1;
    if (exponent == (1 << exponent_bits) - 1) {
        return digits == 0 ? sign * INFINITY : NAN;
    }
    return sign *
           (exponent == 0 ? std::ldexp(digits, 1 - bias) : std::ldexp(1 + digits, exponent - bias));
}

class Narrow : public testing::TestWithParam<int>
{
};

} // namespace

TEST_P(Narrow, ReadsEveryNumberOfTheTypeAndWritesItBack)
{
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const double value = narrow_decode(static_cast<uint16_t>(bits), GetParam());
        const double expected = slow_decode(bits, GetParam());
        if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(value)) << bits;
            EXPECT_TRUE(std::isnan(narrow_decode(narrow_encode(value, GetParam()), GetParam())));
        } else {
            ASSERT_EQ(value, expected) << bits;
            ASSERT_EQ(narrow_encode(value, GetParam()), bits);
        }
    }
}

TEST_P(Narrow, RoundsToTheNearestAndTiesToEven)
{
    // Between neighbours a and b, the last one being the largest finite number and infinity.
    const uint32_t infinite = 0x8000u - (1u << GetParam());
    for (uint32_t bits = 0; bits < infinite; bits++) {
        const double a = slow_decode(bits, GetParam());
        const double gap = bits + 1 < infinite ? slow_decode(bits + 1, GetParam()) - a
                                               : a - slow_decode(bits - 1, GetParam());
        const double middle = a + gap / 2;
        const uint32_t even = bits % 2 == 0 ? bits : bits + 1;
        ASSERT_EQ(narrow_encode(middle, GetParam()), even) << bits;
        ASSERT_EQ(narrow_encode(std::nextafter(middle, 0.0), GetParam()), bits);
        ASSERT_EQ(narrow_encode(std::nextafter(middle, INFINITY), GetParam()), bits + 1);
        ASSERT_EQ(narrow_encode(-middle, GetParam()), even | 0x8000u);
    }
}

TEST_P(Narrow, MakesHugeNumbersInfiniteAndTinyOnesZero)
{
    const auto infinite = static_cast<uint16_t>(0x8000u - (1u << GetParam()));
    EXPECT_EQ(narrow_encode(1e300, GetParam()), infinite);
    EXPECT_EQ(narrow_encode(INFINITY, GetParam()), infinite);
    EXPECT_EQ(narrow_encode(-INFINITY, GetParam()), infinite | 0x8000);
    EXPECT_EQ(narrow_encode(1e-300, GetParam()), 0);
    EXPECT_EQ(narrow_encode(-5e-324, GetParam()), 0x8000);
}

INSTANTIATE_TEST_SUITE_P(BothTypes, Narrow,
                         testing::Values(NARROW_FLOAT16_FRACTION, NARROW_BFLOAT16_FRACTION));
