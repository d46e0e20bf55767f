// The method's scalar functions in float32 for loops that the compiler turns into vector code:
// arithmetic and selections only, no call, no branch. Relative error below 1e-6 wherever the result
// is a normal number; NaN stays NaN.
//
// A loop is written once, as an inline function, and compiled for three levels of x86-64 (and once
// elsewhere) by LANES_DEFINE; the level is chosen at run time, so results are the same bits on
// every run on one machine, whatever the number of threads.
#ifndef KERNELS_LANES_H
#define KERNELS_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define LANES_INLINE static inline __attribute__((always_inline))
#else
#define LANES_INLINE static inline
#endif

// Numbers computed side by side: rows are padded to a multiple.
#define LANES 16

#if defined(__GNUC__) && defined(__x86_64__)
#define LANES_DEFINE(NAME, PARAMETERS, ARGUMENTS)                                                  \
    __attribute__((                                                                                \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))) static void NAME##_512 PARAMETERS  \
    {                                                                                              \
        NAME##_body ARGUMENTS;                                                                     \
    }                                                                                              \
    __attribute__((target("avx2,fma"))) static void NAME##_256 PARAMETERS                          \
    {                                                                                              \
        NAME##_body ARGUMENTS;                                                                     \
    }                                                                                              \
    static void NAME PARAMETERS                                                                    \
    {                                                                                              \
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&             \
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {            \
            NAME##_512 ARGUMENTS;                                                                  \
        } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {              \
            NAME##_256 ARGUMENTS;                                                                  \
        } else {                                                                                   \
            NAME##_body ARGUMENTS;                                                                 \
        }                                                                                          \
    }
#else
#define LANES_DEFINE(NAME, PARAMETERS, ARGUMENTS)                                                  \
    static void NAME PARAMETERS                                                                    \
    {                                                                                              \
        NAME##_body ARGUMENTS;                                                                     \
    }
#endif

LANES_INLINE float lane_abs(float x)
{
    return x < 0.0f ? -x : x;
}

// exp(-y) for y >= 0. y = n ln 2 - r with n whole and |r| <= ln 2 / 2, so exp(-y) = 2^-n exp(r);
// adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. Beyond 87 the result
// would leave the normal numbers: 0.
LANES_INLINE float lane_exp_minus(float y)
{
    const float round = 12582912.0f;
    const float bounded = y > 87.0f ? 87.0f : y;
    const float shifted = bounded * 1.44269504f + round;
    const float n = shifted - round;
    // ln 2 in two parts, the first with few digits, so that its product with n is exact.
    const float r = (n * 0.693359375f - bounded) + n * -2.12194440e-4f;
    // The series of exp to the 7th power: the next term is below 6e-9.
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof(bits));
    bits = (127u + 0x4b400000u - bits) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof(scale));
    return y > 87.0f ? 0.0f : p * scale;
}

// log(1 + e) for e in [0, 1]: 2 artanh(u) with u = e / (2 + e) <= 1/3, whose series converges fast;
// the next term is below 2e-8.
LANES_INLINE float lane_log1p(float e)
{
    const float u = e / (2.0f + e);
    const float q = u * u;
    float p = 1.0f / 13.0f;
    p = p * q + 1.0f / 11.0f;
    p = p * q + 1.0f / 9.0f;
    p = p * q + 1.0f / 7.0f;
    p = p * q + 1.0f / 5.0f;
    p = p * q + 1.0f / 3.0f;
    p = p * q + 1.0f;
    return 2.0f * u * p;
}

// sigmoid(x) and sigmoid(-x).
typedef struct lane_pair {
    float sigmoid;
    float complement;
} lane_pair;

LANES_INLINE lane_pair lane_sigmoid(float x)
{
    const float e = lane_exp_minus(lane_abs(x));
    const float larger = 1.0f / (1.0f + e);
    const float smaller = e * larger;
    const lane_pair out = {x < 0.0f ? smaller : larger, x < 0.0f ? larger : smaller};
    return out;
}

// Both sides of the cross entropy of one logit; stable_expand() in float32.
typedef struct lane_logit {
    float sigmoid;
    float complement;
    float softplus;          // sp(z)
    float softplus_of_minus; // sp(-z)
} lane_logit;

LANES_INLINE lane_logit lane_expand(float z)
{
    const float e = lane_exp_minus(lane_abs(z));
    const float larger = 1.0f / (1.0f + e);
    const float smaller = e * larger;
    const float tail = lane_log1p(e);
    const lane_logit out = {z < 0.0f ? smaller : larger, z < 0.0f ? larger : smaller,
                            (z < 0.0f ? 0.0f : z) + tail, (z < 0.0f ? -z : 0.0f) + tail};
    return out;
}

#endif
