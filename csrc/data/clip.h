// One clip in memory: frames, the people on its key frame, their labels.
#ifndef DATA_CLIP_H
#define DATA_CLIP_H

#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct clip {
    uint8_t *pixels;        // [frame_count][height][width][3], RGB
    int32_t frame_count, height, width;
    int32_t box_count;
    sslact_box *boxes;      // [box_count], relative to width and height
    float *box_scores;      // [box_count] detector confidence; 1 where unknown
    int32_t class_count;
    uint8_t *labels;        // [box_count, class_count] of 0 and 1; NULL: unlabelled
    char *name;             // "video,0902" for messages and detections
    char *video;            // video id
    double timestamp;       // key frame, seconds in the film
} clip;

sslact_status clip_create(int32_t frame_count, int32_t height, int32_t width, int32_t box_count,
                          int32_t class_count, int with_labels, clip **out); // zeroed
// Checks a caller's clip (pointers, counts, boxes finite with x2 > x1, labels 0 or 1) and copies
// it; `place` is the index path for messages ("clips[3]").
sslact_status clip_import(const sslact_clip *source, int32_t class_count, const char *place,
                          clip **out);
sslact_status clip_copy(const clip *source, clip **out);
void clip_free(clip *c); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
