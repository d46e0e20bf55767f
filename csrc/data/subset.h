// Which labelled key frames keep their labels: datasets-and-evaluation.md section 6. The choice is
// reproducible, independent of file order and nested: a larger share contains a smaller one.
#ifndef DATA_SUBSET_H
#define DATA_SUBSET_H

#include "data/ava_files.h"

#ifdef __cplusplus
extern "C" {
#endif

// The place of a key frame in the order of choice.
uint64_t subset_rank(int64_t seed, const char *video, int64_t time_us);

// Keeps the first floor(count * ratio) of `count` distinct key frames by (rank, video, time).
// *chosen [count] of 0 and 1 belongs to the caller.
sslact_status subset_choose(const name_table *videos, const ava_key *keys, size_t count,
                            double ratio, int64_t seed, uint8_t **chosen);

#ifdef __cplusplus
}
#endif
#endif
