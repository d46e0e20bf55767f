// What is written down beside a copy, in ID.facts: which file it was made from and how, and the
// original's times. A copy without this file does not count.
#ifndef DATA_CACHE_ENTRY_H
#define DATA_CACHE_ENTRY_H

#include "data/cache_settings.h"
#include "media/fingerprint.h"
#include "media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cache_entry {
    fingerprint source;
    cache_recipe recipe;
    char *made_with; // versions of libav, name of the encoder
    char *left_out;  // why there is no copy: the original is read; NULL: there is one
    int64_t copy_bytes;
    video_original original;
    int64_t *pts; // [original.frame_count], NULL for a folder of pictures; original.pts points here
} cache_entry;

#define CACHE_COPY_EXTENSION ".mp4"
#define CACHE_ENTRY_EXTENSION ".facts"

// NOT_FOUND where there is none; FORMAT ("path:line: ...") for what is no entry. Takes memory in
// proportion to the size of the copy that the entry tells of, which must be there in that size.
sslact_status cache_entry_read(const char *path, cache_entry *out);
// Whole or not at all.
sslact_status cache_entry_write(const char *path, const cache_entry *e);
void cache_entry_clear(cache_entry *e);

// Whether the original is still the file that the copy was made from. A file of the same size with
// another time of change is compared byte by byte, by checksum; then *touched is set.
// MISMATCH otherwise.
sslact_status cache_entry_check_source(const cache_entry *e, const char *source,
                                       bool (*stopped)(void *user), void *user, bool *touched);

#ifdef __cplusplus
}
#endif
#endif
