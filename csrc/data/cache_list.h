// The videos of which a config's cache holds copies.
#ifndef DATA_CACHE_LIST_H
#define DATA_CACHE_LIST_H

#include "data/cache_entry.h"
#include "data/names.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cache_video {
    char *source; // the original
    char *copy, *entry;
    int64_t bytes; // of the original
    bool is_new;   // there is no copy that can be used; else:
    bool touched;  // the original has another time of change than noted
    bool left_out; // it cannot be copied
    int64_t copy_bytes;
} cache_video;

typedef struct cache_list {
    name_table entries; // the videos' entry paths: splits may share videos
    cache_video *videos;
    size_t count, capacity;
    int64_t clips; // key frames in them
} cache_list;

// The videos with clips in the splits that read the cache and that training with this config reads.
// Reads the annotation, opens no video.
sslact_status cache_list_collect(const config *c, cache_list *out);
// Finds out of which video there is a copy that can be used. `stopped` as in cache_entry.h.
sslact_status cache_list_look(cache_list *list, const cache_recipe *recipe,
                              bool (*stopped)(void *user), void *user);
void cache_list_free(cache_list *list);

#ifdef __cplusplus
}
#endif
#endif
