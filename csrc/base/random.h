// Counter-based random numbers: a draw is a pure function of (seed, purpose, iteration, index,
// which). Nothing to save but the iteration; the same numbers on every device and thread count.
//
// The generator is Philox 4x32 with 10 rounds (Salmon et al., SC 2011): key = seed, counter =
// (which, index low, iteration low, purpose | iteration high | index high folded in); it is
// written in plain integer C so that a CUDA twin gives the same bits.
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What a stream of numbers is for; part of the key, so that no two uses share numbers.
typedef enum random_purpose {
    RANDOM_INITIALISATION = 1,
    RANDOM_ORDER_LABELED = 2,
    RANDOM_ORDER_UNLABELED = 3,
    RANDOM_WEAK_LABELED = 4,    // flips and box jitter of the labelled view
    RANDOM_WEAK_UNLABELED = 5,  // the teacher's view
    RANDOM_STRONG_LABELED = 6,
    RANDOM_STRONG_UNLABELED = 7, // the student's view
    RANDOM_MASK_LABELED = 8,    // class balancing, method section 3.2
    RANDOM_MASK_UNLABELED = 9,
    RANDOM_DROPOUT = 10,
    RANDOM_CHANCE = 11,         // scores of the chance-level evaluation
    RANDOM_DEMO = 12,           // the demo world
    RANDOM_ORDER_SCORED = 13,   // labelled clips that the teacher scores, method section 11
    RANDOM_CLASS_LABELED = 14,  // class-aware clips, method section 9 row 44
    RANDOM_CLASS_UNLABELED = 15,
    RANDOM_BASELINE_PASS = 16   // views of the pass over the unlabelled clips, row 10
} random_purpose;

// Names one stream; draws are numbered by `which` from 0 up to 2^32 - 1.
typedef struct random_stream {
    uint64_t seed;
    uint32_t purpose; // random_purpose
    uint64_t iteration;
    uint64_t index; // sample, box, parameter, ...
    uint32_t next;  // draws taken so far by the sequential functions below
} random_stream;

random_stream random_open(uint64_t seed, uint32_t purpose, uint64_t iteration, uint64_t index);

// The four 32-bit words of block number `block` of a stream: stateless.
void random_block(const random_stream *stream, uint32_t block, uint32_t out[4]);

// Draw number `which` of a stream as a double in [0, 1) with 53 bits: stateless.
double random_at(const random_stream *stream, uint32_t which);

// Sequential draws; each advances `next` by one.
double random_uniform(random_stream *stream);                              // [0, 1)
double random_range(random_stream *stream, double low, double high);       // [low, high)
uint64_t random_integer(random_stream *stream, uint64_t count);            // 0 .. count - 1
double random_normal(random_stream *stream);                               // mean 0, deviation 1
int random_sign(random_stream *stream);                                    // -1 or 1

// Place number `position` of a keyed permutation of 0 .. count - 1 (a Feistel network over the
// next power of four, walked until it lands inside): no memory, a bijection for every key.
uint64_t random_permute(uint64_t key, uint64_t count, uint64_t position);

// Mixes two 64-bit words into one (splitmix64 finaliser over their sum); for making keys.
uint64_t random_mix(uint64_t a, uint64_t b);

#ifdef __cplusplus
}
#endif
#endif
