// What the labelled key frames on both sides say about the people of an unlabelled one (method.md
// section 11, neighbour prior). Only labels of the labelled data set are looked at: key frames that
// data.label_ratio or the exclusions leave out are no neighbours.
#ifndef DATA_NEIGHBOURS_H
#define DATA_NEIGHBOURS_H

#include "data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

// Boxes are matched from this overlap on.
#define NEIGHBOUR_OVERLAP 0.5

typedef struct neighbour_table {
    int32_t class_count;
    size_t clip_count;
    size_t *first;    // [clip_count + 1] row of each clip's first box
    int8_t *evidence; // [rows][class_count]: 1 on both sides, -1 on neither, 0 on one or unknown
    size_t matched;   // boxes with a person on both sides
} neighbour_table;

// The neighbours of a clip are the nearest key frames of `labeled` in its video before and after
// it, each at most reach_seconds away; where one is missing nothing is known. Boxes are matched one
// to one by falling overlap; a labelled person without any label is not there. Clips of a program's
// own have neighbours where they are named as those of files are, "video,seconds".
sslact_status neighbours_find(dataset *clips, dataset *labeled, double reach_seconds,
                              neighbour_table **out);
void neighbours_free(neighbour_table *t); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
