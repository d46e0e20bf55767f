// Nested random subsets without a random generator: a hash of the key frame's name ranks it.
#include "data/subset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return hash;
}

uint64_t subset_rank(int64_t seed, const char *video, int64_t time_us)
{
    char number[32];
    snprintf(number, sizeof number, "%" PRId64 "|", seed);
    uint64_t hash = hash_text(0xcbf29ce484222325u, number);
    hash = hash_text(hash, video);
    hash = hash_text(hash, "|");
    ava_render_time(time_us, number);
    uint64_t z = hash_text(hash, number) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

typedef struct ranked_key {
    uint64_t rank;
    const char *video;
    int64_t time_us;
    size_t index;
} ranked_key;

static int compare_ranked(const void *a, const void *b)
{
    const ranked_key *left = a, *right = b;
    if (left->rank != right->rank) {
        return left->rank < right->rank ? -1 : 1;
    }
    int order = strcmp(left->video, right->video);
    return order != 0 ? order : (left->time_us > right->time_us) - (left->time_us < right->time_us);
}

sslact_status subset_choose(const name_table *videos, const ava_key *keys, size_t count,
                            double ratio, int64_t seed, uint8_t **chosen)
{
    ranked_key *ranked = array_create(count, sizeof *ranked);
    uint8_t *flags = array_create(count, 1);
    if (ranked == NULL || flags == NULL) {
        free(ranked);
        free(flags);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const char *video = videos->names[keys[i].video];
        ranked[i] =
            (ranked_key){subset_rank(seed, video, keys[i].time_us), video, keys[i].time_us, i};
    }
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    // 0.29 * 100 is a hair below 29 in binary: the share is meant as written.
    size_t kept = (size_t)floor((double)count * ratio + 1e-6);
    for (size_t i = 0; i < kept && i < count; i++) {
        flags[ranked[i].index] = 1;
    }
    free(ranked);
    *chosen = flags;
    return SSLACT_OK;
}
