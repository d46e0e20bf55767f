// Makes the copy of one video, and the entry beside it.
#ifndef DATA_CACHE_COPY_H
#define DATA_CACHE_COPY_H

#include "data/cache_entry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cache_job {
    const char *source; // the original, a file or a folder of pictures
    const char *copy;   // ID.mp4
    const char *entry;  // ID.facts
    cache_recipe recipe;
    const video_options *options;
    // Told of every few frames and of the end; true stops the work with SSLACT_ERROR_CANCELLED.
    bool (*advance)(double share_done, void *user);
    void *user;
} cache_job;

// The copy and then its entry appear whole or not at all; an entry that was there before goes away
// only when the new copy is complete. An original that cannot be read to its end gets an entry that
// says so (left_out) and no copy: SSLACT_OK. Negative: the cache cannot be written, or the work was
// stopped. *out is the entry as written, to be cleared.
sslact_status cache_copy_make(const cache_job *job, cache_entry *out);

#ifdef __cplusplus
}
#endif
#endif
