// Labels of the people on unlabelled clips, kept apart from the data sets: for the monitor alone.
//
// Rule: a box takes the labels of the person it overlaps best, the first of equals, where the
// overlap reaches monitor.box_overlap, as a detected box does in labelled training. A box that
// reaches nobody, and a clip that the labels do not name, stay unknown.
#ifndef DATA_HIDDEN_LABELS_H
#define DATA_HIDDEN_LABELS_H

#include "config/config.h"
#include "data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hidden_labels hidden_labels;

// From the label file that monitor.hidden_labels names, by video id and time of the clips of a
// file-backed set. MISMATCH where it names none of its key frames; CONFIG for a set without files.
sslact_status hidden_labels_read(const config *c, dataset *unlabeled, hidden_labels **out);
// From a labelled set whose clip n shows what clip n of `unlabeled` shows; may be the same set,
// whose boxes then take their own labels. MISMATCH where clips or classes differ in number.
sslact_status hidden_labels_take(const config *c, dataset *unlabeled, dataset *truth,
                                 hidden_labels **out);
void hidden_labels_free(hidden_labels *h); // NULL is fine

// Labels [C] of a box, borrowed; NULL where unknown. number: of the clip in the set, -1 for none.
const uint8_t *hidden_labels_find(const hidden_labels *h, int64_t number, int32_t box);
size_t hidden_labels_count_boxes(const hidden_labels *h);
size_t hidden_labels_count_known(const hidden_labels *h);

#ifdef __cplusplus
}
#endif
#endif
