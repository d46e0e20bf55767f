// What the loader makes of one clip, without threads: which clip is sample i of iteration k, and
// which views of it go into the batch. Everything here is a pure function of its arguments.
#ifndef DATA_LOADER_RECIPE_H
#define DATA_LOADER_RECIPE_H

#include "config/config.h"
#include "data/batch.h"
#include "data/dataset.h"
#include "data/view.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum labeled_view { LABELED_WEAK, LABELED_STRONG, LABELED_BOTH } labeled_view;

typedef struct loader_recipe {
    uint64_t seed;
    int32_t frame_count;          // what every clip must have
    labeled_view labeled;         // both: clips 0, 2, ... of the batch weak, the others strong
    view_options options_labeled; // `strong` decided per clip
    view_options options_teacher;
    view_options options_student;
} loader_recipe;

void loader_recipe_read(const config *c, loader_recipe *out);

// Clip of sample number `sample` (from 0, counted over all iterations) of a list of clip_count
// clips. Each epoch takes every clip once, in an order of its own. attempt 0 is that order; higher
// ones give another clip in place of one that could not be read.
size_t loader_recipe_pick(uint64_t seed, random_purpose purpose, size_t clip_count, uint64_t sample,
                          uint32_t attempt);

// Reads a clip in the size that its views start from.
sslact_status loader_recipe_read_clip(const loader_recipe *recipe, dataset *set, size_t index,
                                      clip **out);

// MISMATCH for a clip the network cannot take: "place: 16 frames, ...".
sslact_status loader_recipe_check(const loader_recipe *recipe, const clip *source, bool labeled,
                                  const char *place);

// Whose view of a clip.
typedef enum recipe_role {
    RECIPE_LABELED_WEAK,
    RECIPE_LABELED_STRONG,
    RECIPE_TEACHER, // of an unlabelled clip
    RECIPE_STUDENT
} recipe_role;

// The view that clip i of the labelled half is trained on.
recipe_role loader_recipe_choose_labeled(const loader_recipe *recipe, size_t i);
// What a view is drawn with: its options, and the random numbers of clip i of an iteration.
void loader_recipe_open_view(const loader_recipe *recipe, recipe_role role, int64_t iteration,
                             size_t i, view_options *options, random_stream *stream);

// Make clip i of one half; the batch is only touched at place i. The unlabelled half drops labels.
sslact_status loader_recipe_make_labeled(const loader_recipe *recipe, const clip *source, size_t i,
                                         batch *b);
sslact_status loader_recipe_make_unlabeled(const loader_recipe *recipe, clip *source, size_t i,
                                           batch *b);
// The teacher's view alone, drawn for the clip's number in its data set.
sslact_status loader_recipe_make_passed(const loader_recipe *recipe, clip *source, uint64_t index,
                                        size_t i, batch *b);

// Processor seconds of the calling thread.
double loader_thread_seconds(void);

#ifdef __cplusplus
}
#endif
#endif
