// The integer arithmetic of random.h, in one place for C and CUDA: Philox 4x32 with 10 rounds, and
// a draw from it as a double. Only random.c and the CUDA kernels include this.
//
// J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011.
#ifndef BASE_PHILOX_H
#define BASE_PHILOX_H

#include "base/random.h"

#include <stdint.h>

#ifdef __CUDACC__
#define PHILOX_INLINE static __host__ __device__ inline
#else
#define PHILOX_INLINE static inline
#endif

// The splitmix64 finaliser.
PHILOX_INLINE uint64_t philox_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a + b;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

PHILOX_INLINE void philox_rounds(uint32_t counter[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = (uint64_t)0xd2511f53u * counter[0];
        const uint64_t product1 = (uint64_t)0xcd9e8d57u * counter[2];
        const uint32_t next[4] = {
            (uint32_t)(product1 >> 32) ^ counter[1] ^ key0, (uint32_t)product1,
            (uint32_t)(product0 >> 32) ^ counter[3] ^ key1, (uint32_t)product0};
        for (int w = 0; w < 4; w++) {
            counter[w] = next[w];
        }
        key0 += 0x9e3779b9u; // golden ratio
        key1 += 0xbb67ae85u; // sqrt(3) - 1
    }
}

// Note [counter layout]: the last counter word holds 8 bits of the purpose, bits 32 to 43 of the
// iteration and bits 32 to 43 of the index, so streams below 2^44 in both share no counter. What
// lies above is mixed into the key.
PHILOX_INLINE void philox_block(const random_stream *stream, uint32_t block, uint32_t out[4])
{
    const uint64_t rest = (stream->iteration >> 44) | (stream->index >> 44) << 20 |
                          (uint64_t)(stream->purpose >> 8) << 40;
    const uint64_t key =
        rest ? philox_mix(philox_mix(stream->seed, 0x9e3779b97f4a7c15u), rest) : stream->seed;

    out[0] = block;
    out[1] = (uint32_t)stream->index;
    out[2] = (uint32_t)stream->iteration;
    out[3] = (stream->purpose & 0xffu) << 24 | (uint32_t)(stream->iteration >> 32 & 0xfffu) << 12 |
             (uint32_t)(stream->index >> 32 & 0xfffu);
    philox_rounds(out, (uint32_t)key, (uint32_t)(key >> 32));
}

// Draw number `which` as 64 bits: a block holds two draws.
PHILOX_INLINE uint64_t philox_word(const random_stream *stream, uint32_t which)
{
    uint32_t words[4];
    philox_block(stream, which / 2, words);
    const uint32_t *pair = words + 2 * (which % 2);
    return (uint64_t)pair[1] << 32 | pair[0];
}

// The same as a double in [0, 1) with 53 bits; both steps are exact.
PHILOX_INLINE double philox_uniform(const random_stream *stream, uint32_t which)
{
    return (double)(philox_word(stream, which) >> 11) * 0x1p-53;
}

#endif
