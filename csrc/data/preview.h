// What training makes of one clip, for a person to look at: the clip as it is read, and its weak
// and strong view, with words for what was drawn.
#ifndef DATA_PREVIEW_H
#define DATA_PREVIEW_H

#include "data/dataset.h"
#include "data/loader_recipe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct preview_view {
    const char *name; // "original", "weak", "strong"; static
    char *purpose;    // who gets it
    char *changes;    // what was drawn, a line each; "" where nothing changed
    clip *clip;
    uint8_t *visible; // [box_count], as in the batch
} preview_view;

typedef struct preview {
    size_t index; // of the clip
    preview_view views[3];
    size_t view_count;   // 1 for the validation split: evaluation changes nothing
    double step_seconds; // between two frames; 0: the data set does not say
} preview;

// The clip that is sample number `sample` of a run with this config, from 0 over all iterations, in
// the half of the batch that the data set serves.
size_t preview_pick(const config *c, dataset *d, uint64_t sample);

// The views are those that place `sample` of the run gives, whatever the clip: for the clip of
// preview_pick exactly what the network gets. (The clips of ssl.ucb_mode=resample are others.)
sslact_status preview_make(const config *c, dataset *d, size_t index, uint64_t sample,
                           preview *out);
void preview_free(preview *p); // clears it too; a zeroed one is fine

// What a view did to a box of the original: "", "cut at the border", "masked: ...". Static.
const char *preview_judge_box(const preview *p, size_t view, int32_t box);

#ifdef __cplusplus
}
#endif
#endif
