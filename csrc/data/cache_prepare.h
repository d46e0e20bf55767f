// Makes the cache of training videos: a copy of every video that a run reads, on several threads.
#ifndef DATA_CACHE_PREPARE_H
#define DATA_CACHE_PREPARE_H

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cache_prepare_options {
    int thread_count; // 0: run.loader_threads, and where that is 0 too as the machine allows
    // Phase "prepare": bytes of the originals that are copied, of all that must be. Called on the
    // calling thread, several times a second; not 0 stops.
    sslact_progress_callback progress;
    void *progress_user;
} cache_prepare_options;

typedef struct cache_prepare_summary {
    int64_t clips;          // key frames of the splits that read the cache
    int64_t videos;         // that they lie in
    int64_t made, kept;     // copies made now, copies that were there
    int64_t left_out;       // videos that cannot be read to their end: their originals are read
    int64_t bytes;          // of the copies
    int64_t original_bytes; // of the videos
    double seconds;
} cache_prepare_summary;

// Copies that are there and still right are kept; each new one is there as a whole before it
// counts, so that stopping at any moment loses only the videos in work. CONFIG where data.cache is
// not set, IO when another process prepares the same folder, CANCELLED when stopped.
sslact_status cache_prepare(const config *c, const cache_prepare_options *options,
                            cache_prepare_summary *out);

#ifdef __cplusplus
}
#endif
#endif
