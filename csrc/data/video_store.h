// Open videos, kept for the next clip: a bounded number of them, thread safe, each used by one
// thread at a time.
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
// The caller's alone until video_store_release. A file that turned out not to be a video fails
// again with the same message, without being opened again.
sslact_status video_store_acquire(video_store *s, size_t index, video **out);
// keep = false closes the video: after damage its decoder is not to be trusted.
void video_store_release(video_store *s, size_t index, video *v, bool keep);
size_t video_store_count_open(video_store *s);   // handed out and kept
size_t video_store_get_capacity(video_store *s); // kept at most; by the limit on descriptors
void video_store_free(video_store *s);           // NULL is fine; all videos have been released

#ifdef __cplusplus
}
#endif
#endif
