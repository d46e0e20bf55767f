// What one training iteration reads: labelled clips, and the two views of the unlabelled clips.
// All bytes; the feed room turns them into tensors.
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "data/clip.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct batch_half {
    size_t count;      // clips
    clip **clips;      // [count]
    int64_t *indices;  // [count] number of the clip in its data set; -1: a clip of the caller's own
    uint8_t **visible; // [count][box_count]: 0 where a strong view pushed the box out
} batch_half;

typedef struct batch {
    int64_t iteration;           // from 0
    batch_half labeled;          // the student's labelled view
    batch_half unlabeled_weak;   // the teacher's view; same boxes in the same order as strong
    batch_half unlabeled_strong; // the student's view
    double seconds_data;         // processor time spent making it, all threads together
} batch;

// Halves of the given sizes, every clip still NULL. The unlabelled halves carry no labels.
sslact_status batch_create(int64_t iteration, size_t labeled_count, size_t unlabeled_count,
                           batch **out);
void batch_free(batch *b); // with its clips; NULL is fine

#ifdef __cplusplus
}
#endif
#endif
