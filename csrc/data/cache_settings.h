// The cache of training videos as a config asks for it: where it is, how its copies are made.
#ifndef DATA_CACHE_SETTINGS_H
#define DATA_CACHE_SETTINGS_H

#include "base/text.h"
#include "config/config.h"
#include "data/split.h"

#ifdef __cplusplus
extern "C" {
#endif

// How copies are made. Two copies of one video with equal recipes are equal, whoever made them.
typedef struct cache_recipe {
    char codec[8];              // "h264", "mjpeg"
    int32_t quality;            // crf, or quantiser of MJPEG
    int32_t key_frame_interval; // frames
    int32_t short_side;         // larger videos are reduced to it; 0: none is
} cache_recipe;

// False where data.cache is not set: the originals are read.
bool cache_is_wanted(const config *c);
// Whether a split reads copies: train and unlabeled do, validation where data.cache_evaluate says
// so. False without a cache.
bool cache_serves(const config *c, split_kind kind);
void cache_recipe_read(const config *c, cache_recipe *out);
// What the clips of a split are read from in place of the videos, for training or for evaluation:
// "h264 quality 18, short side 256, from /data/cache"; nothing where it is the videos. Appended.
sslact_status cache_describe(const config *c, split_kind kind, bool evaluates, text *out);
// MISMATCH with both values and the keys to change where the recipes differ.
sslact_status cache_recipe_compare(const cache_recipe *made, const cache_recipe *wanted,
                                   const char *place);

// Where the copy of a video of a split lies without extension: data.cache/train/ID. Splits that
// take their videos from the same folder share their copies.
sslact_status cache_locate(const config *c, split_kind kind, const char *video, text *path);

#ifdef __cplusplus
}
#endif
#endif
