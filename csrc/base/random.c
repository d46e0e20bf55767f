// Philox 4x32-10 and what is drawn from it; see random.h.
//
// J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011.
#include "base/random.h"

#include <math.h>
#include <stddef.h>

static uint64_t finalise(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t random_mix(uint64_t a, uint64_t b)
{
    return finalise(a + b);
}

random_stream random_open(uint64_t seed, uint32_t purpose, uint64_t iteration, uint64_t index)
{
    random_stream stream = {seed, purpose, iteration, index, 0};
    return stream;
}

static void philox(uint32_t counter[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xd2511f53u * counter[0];
        uint64_t product1 = (uint64_t)0xcd9e8d57u * counter[2];
        uint32_t next[4] = {(uint32_t)(product1 >> 32) ^ counter[1] ^ key0, (uint32_t)product1,
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
void random_block(const random_stream *stream, uint32_t block, uint32_t out[4])
{
    uint64_t rest = (stream->iteration >> 44) | (stream->index >> 44) << 20 |
                    (uint64_t)(stream->purpose >> 8) << 40;
    uint64_t key =
        rest ? random_mix(random_mix(stream->seed, 0x9e3779b97f4a7c15u), rest) : stream->seed;

    out[0] = block;
    out[1] = (uint32_t)stream->index;
    out[2] = (uint32_t)stream->iteration;
    out[3] = (stream->purpose & 0xffu) << 24 | (uint32_t)(stream->iteration >> 32 & 0xfffu) << 12 |
             (uint32_t)(stream->index >> 32 & 0xfffu);
    philox(out, (uint32_t)key, (uint32_t)(key >> 32));
}

// Draw number `which` as 64 bits: a block holds two draws.
static uint64_t draw_word(const random_stream *stream, uint32_t which)
{
    uint32_t words[4];
    random_block(stream, which / 2, words);
    const uint32_t *pair = words + 2 * (which % 2);
    return (uint64_t)pair[1] << 32 | pair[0];
}

double random_at(const random_stream *stream, uint32_t which)
{
    return (double)(draw_word(stream, which) >> 11) * 0x1p-53;
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
    uint64_t word = draw_word(stream, stream->next++);
    return (uint64_t)((unsigned __int128)word * count >> 64);
}

// Box and Muller; both uniforms come out of one 64-bit draw. |result| stays below 6.8.
double random_normal(random_stream *stream)
{
    uint64_t word = draw_word(stream, stream->next++);
    double radius = ((double)(uint32_t)word + 0.5) * 0x1p-32; // never 0
    double turn = (double)(uint32_t)(word >> 32) * 0x1p-32;
    return sqrt(-2.0 * log(radius)) * cos(6.283185307179586476925287 * turn);
}

int random_sign(random_stream *stream)
{
    return draw_word(stream, stream->next++) >> 63 ? 1 : -1;
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
