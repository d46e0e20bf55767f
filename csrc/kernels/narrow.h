// The two 16-bit floating types as bits: float16 (5 bits of exponent, 10 of fraction) and bfloat16
// (8 and 7). Reading is exact; writing rounds a double once, to nearest, ties to even.
#ifndef KERNELS_NARROW_H
#define KERNELS_NARROW_H

#include <stdint.h>
#include <string.h>

#include "kernels/inline.h"

KERNEL_INLINE double narrow_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

KERNEL_INLINE uint64_t narrow_to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

// The value of a 16-bit number with `fraction` bits of fraction.
KERNEL_INLINE double narrow_decode(uint16_t bits, int fraction)
{
    const int bias = (1 << (14 - fraction)) - 1;
    const uint64_t sign = (uint64_t)(bits >> 15) << 63;
    const uint64_t exponent = (uint64_t)(bits & 0x7fff) >> fraction;
    const uint64_t digits = (uint64_t)bits & ((1u << fraction) - 1);
    if (exponent == 0) { // zero and the subnormal numbers: digits * 2^(1 - bias - fraction)
        const double unit = narrow_from_bits((uint64_t)(1023 + 1 - bias - fraction) << 52);
        return sign != 0 ? -((double)digits * unit) : (double)digits * unit;
    }
    const uint64_t wide =
        exponent == (1u << (15 - fraction)) - 1 ? 2047u : exponent + 1023 - (uint64_t)bias;
    return narrow_from_bits(sign | wide << 52 | digits << (52 - fraction));
}

// The nearest 16-bit number with `fraction` bits of fraction; too large becomes infinite.
KERNEL_INLINE uint16_t narrow_encode(double value, int fraction)
{
    const int bias = (1 << (14 - fraction)) - 1;
    const uint64_t infinite = (uint64_t)((1u << (15 - fraction)) - 1) << fraction;
    const uint64_t bits = narrow_to_bits(value);
    const uint16_t sign = (uint16_t)(bits >> 63 << 15);
    const uint64_t magnitude = bits & 0x7fffffffffffffffu;
    if (magnitude > (uint64_t)2047 << 52) { // NaN stays one
        return (uint16_t)(sign | infinite | 1u << (fraction - 1));
    }
    // The lowest bit kept of the 53 digits; further up for a result below the normal numbers.
    const int exponent = (int)(magnitude >> 52) - 1023 + bias;
    const int drop = exponent > 0 ? 52 - fraction : 53 - fraction - exponent;
    if (drop > 54) {
        return sign; // below half of the smallest number
    }
    const uint64_t lead = (uint64_t)1 << 52;
    const uint64_t digits = exponent > 0 ? magnitude & (lead - 1) : (magnitude & (lead - 1)) | lead;
    uint64_t kept = digits >> drop;
    const uint64_t rest = digits - (kept << drop);
    const uint64_t half = (uint64_t)1 << (drop - 1);
    kept += rest > half || (rest == half && (kept & 1u) != 0) ? 1 : 0;
    // A carry out of the digits raises the exponent, as it should.
    kept += exponent > 0 ? (uint64_t)exponent << fraction : 0;
    return (uint16_t)(sign | (kept < infinite ? kept : infinite));
}

#define NARROW_FLOAT16_FRACTION 10
#define NARROW_BFLOAT16_FRACTION 7

#endif
