// The annotation of the demo world in AVA's file forms: label rows, detector-like person boxes,
// the excluded key frames and the action list.
#ifndef DEMO_ANNOTATION_H
#define DEMO_ANNOTATION_H

#include "demo/figure.h"
#include "demo/plan.h"

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

// A person on a key frame: the box in thousandths of the picture's sides, clipped to it, as the
// files write it.
typedef struct demo_instance {
    const demo_person *person;
    demo_actions actions;
    int32_t box[4]; // x1 y1 x2 y2
} demo_instance;

// The people on the key frame that is frame number `frame`; returns how many.
size_t demo_find_instances(const demo_video *video, int64_t frame,
                           demo_instance instances[DEMO_MAX_PEOPLE]);

typedef struct demo_tables {
    text labels[DEMO_SPLIT_COUNT]; // those of DEMO_UNLABELED are the hidden ones
    text boxes[DEMO_SPLIT_COUNT];
    text excluded;                        // of the training split
    int64_t key_frames[DEMO_SPLIT_COUNT]; // excluded ones left out, like people and their labels
    int64_t excluded_count, person_count, label_count;
} demo_tables;

// Appends the rows of a video. In long scenes the half seconds of training videos go to
// DEMO_UNLABELED.
void demo_tables_append(demo_tables *tables, const demo_world *world, const demo_video *video);
sslact_status demo_tables_status(const demo_tables *tables);
void demo_tables_free(demo_tables *tables);

// The action list, `label { name label_id label_type }` as in AVA's own.
void demo_write_actions(int class_count, text *out);

#ifdef __cplusplus
}
#endif
#endif
