// Draws and encodes the videos of a world on several threads.
#ifndef DEMO_PRODUCER_H
#define DEMO_PRODUCER_H

#include "demo/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

// Writes folder/NAME.mp4 for every video of the world; thread_count 0 = as the machine allows.
// progress may be NULL and runs on the calling thread; non-zero ends the work with
// SSLACT_ERROR_CANCELLED. Videos that were finished before a failure stay.
sslact_status producer_run(const demo_world *world, const char *folder, int thread_count,
                           sslact_progress_callback progress, void *user);

// Where a video lies: folder/NAME.mp4.
sslact_status producer_get_path(const char *folder, const demo_video *video, char *path,
                                size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
