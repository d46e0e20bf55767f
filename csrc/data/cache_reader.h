// The copies that one split's clips are read from.
#ifndef DATA_CACHE_READER_H
#define DATA_CACHE_READER_H

#include "data/cache_settings.h"
#include "media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cache_reader cache_reader;

// Looks at the entry of every video with clips: there must be one, made as the config says, of the
// file that is the original now. MISMATCH with the first that is not so, how many there are, and
// what to do about it. The table must outlive the reader.
sslact_status cache_reader_open(const config *c, const split_table *t, cache_reader **out);
// Whether there is a copy of video number `index`; of others the original is to be read.
bool cache_reader_has(const cache_reader *r, size_t index);
// Paths of the copies [videos of the table], NULL where there is none; the reader's own.
const char *const *cache_reader_get_paths(const cache_reader *r);
// A video_opener; user is the reader.
sslact_status cache_reader_open_copy(size_t index, const video_options *options, void *user,
                                     video **out);
// "h264 quality 18, short side 256, from /data/cache".
const char *cache_reader_describe(const cache_reader *r);
void cache_reader_free(cache_reader *r); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
