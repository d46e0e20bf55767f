// Open videos, kept for the next clip; thread safe, each used by one thread at a time.
//
// Note [one pool]: descriptors and memory are the process's, so all stores share one pool of open
// videos and its limits: a quarter of the descriptors the process may have, 4 to 64 of them, and
// about a gigabyte of decoder memory. Beyond a limit the video longest unused is closed, whichever
// store kept it; when all that may be open are in use, the next caller waits for one. A video that
// one store has released serves another one that opens the same path in the same way: the
// unlabelled clips of a film find the decoder of its labelled ones.
#ifndef DATA_VIDEO_STORE_H
#define DATA_VIDEO_STORE_H

#include "media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct video_store video_store;

// paths [count] are borrowed for the store's life; number i is opened from paths[i].
// *options is copied.
sslact_status video_store_create(const char *const *paths, size_t count,
                                 const video_options *options, video_store **out);
// Opens number i by `open` instead, from any thread at any time: something else than the file's own
// frames, which no other store is served with. Before the first acquire; user is not NULL.
typedef sslact_status (*video_opener)(size_t index, const video_options *options, void *user,
                                      video **out);
void video_store_set_opener(video_store *s, video_opener open, void *user);
// The caller's alone until video_store_release; a thread holds at most a few at a time. A file
// that turned out not to be a video fails again with the same message, without being opened again.
sslact_status video_store_acquire(video_store *s, size_t index, video **out);
// keep = false closes the video: after damage its decoder is not to be trusted.
void video_store_release(video *v, bool keep);
void video_store_free(video_store *s); // NULL is fine; all videos have been released

// ---- the pool of the process ----

size_t video_pool_count_open(void);     // handed out and kept, all stores together
uint64_t video_pool_count_opened(void); // since the process began
size_t video_pool_get_capacity(void);   // open at most; by the limit on descriptors
// Estimated memory of one open video, in bytes: its decoder's pictures and its index.
int64_t video_pool_estimate(const video *v);
int64_t video_pool_count_bytes(void); // estimated, of all open videos
// Other limits than the ones by themselves, for tests; 0: those again.
void video_pool_limit(size_t capacity, int64_t bytes);

#ifdef __cplusplus
}
#endif
#endif
