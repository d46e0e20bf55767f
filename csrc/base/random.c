// What is drawn from Philox; see random.h. The rounds themselves are in philox.h.
#include "base/random.h"

#include "base/philox.h"

#include <math.h>
#include <stddef.h>

uint64_t random_mix(uint64_t a, uint64_t b)
{
    return philox_mix(a, b);
}

random_stream random_open(uint64_t seed, uint32_t purpose, uint64_t iteration, uint64_t index)
{
    random_stream stream = {seed, purpose, iteration, index, 0};
    return stream;
}

void random_block(const random_stream *stream, uint32_t block, uint32_t out[4])
{
    philox_block(stream, block, out);
}

double random_at(const random_stream *stream, uint32_t which)
{
    return philox_uniform(stream, which);
}

double random_uniform(random_stream *stream)
{
    return random_at(stream, stream->next++);
}

double random_range(random_stream *stream, double low, double high)
{
    double u = random_uniform(stream);
    double value = low + (high - low) * u;
    // Rounding may lift the product onto the open end.
    return value < high || low >= high ? value : nextafter(high, low);
}

// The high word of the product: off by less than count / 2^64 from uniform, and without a loop.
uint64_t random_integer(random_stream *stream, uint64_t count)
{
    uint64_t word = philox_word(stream, stream->next++);
    return (uint64_t)((unsigned __int128)word * count >> 64);
}

// Box and Muller; both uniforms come out of one 64-bit draw. |result| stays below 6.8.
double random_normal(random_stream *stream)
{
    uint64_t word = philox_word(stream, stream->next++);
    double radius = ((double)(uint32_t)word + 0.5) * 0x1p-32; // never 0
    double turn = (double)(uint32_t)(word >> 32) * 0x1p-32;
    return sqrt(-2.0 * log(radius)) * cos(6.283185307179586476925287 * turn);
}

int random_sign(random_stream *stream)
{
    return philox_word(stream, stream->next++) >> 63 ? 1 : -1;
}

#define FEISTEL_ROUNDS 8

static uint64_t feistel(uint64_t key, uint32_t half_bits, uint64_t value)
{
    uint64_t mask = (1ull << half_bits) - 1;
    uint64_t left = value >> half_bits;
    uint64_t right = value & mask;
    for (uint64_t round = 1; round <= FEISTEL_ROUNDS; round++) {
        uint64_t round_key = random_mix(key, round * 0x9e3779b97f4a7c15u);
        uint64_t next = left ^ (random_mix(round_key, right) & mask);
        left = right;
        right = next;
    }
    return left << half_bits | right;
}

uint64_t random_permute(uint64_t key, uint64_t count, uint64_t position)
{
    if (count < 2 || position >= count) {
        return 0;
    }
    uint32_t half_bits = 1;
    while (half_bits < 32 && (count - 1) >> (2 * half_bits)) {
        half_bits++;
    }
    // A permutation of the larger range returns to 0 .. count - 1 along its cycle, after less
    // than four steps on average, because it starts there.
    do {
        position = feistel(key, half_bits, position);
    } while (position >= count);
    return position;
}
