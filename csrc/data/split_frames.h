// From sorted rows to the key frames of a split. For split.c only.
#ifndef DATA_SPLIT_FRAMES_H
#define DATA_SPLIT_FRAMES_H

#include "data/split.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct split_rules {
    bool has_boxes;      // a box file is configured
    double score;        // boxes below (training) or up to it (else) are not used
    double overlap;      // training: with a labelled person whose labels a box takes
    bool keep_unmatched; // training: boxes that match nobody stay, without any label
    bool labels_in_file; // training: a box has the labels of its own rows, nobody is matched
    bool keep_best;      // a key frame without a box of that score keeps its best one
} split_rules;

// labels and boxes are sorted by (video, time, line) and used up: their memory goes back while the
// tables grow. Fills frames, persons, labels and boxes of t.
sslact_status split_build_frames(split_table *t, const split_rules *rules, ava_rows *labels,
                                 ava_rows *boxes, data_problems *problems);

#ifdef __cplusplus
}
#endif
#endif
