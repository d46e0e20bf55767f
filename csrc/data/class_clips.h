// Clips by class, for class-aware sampling (method.md section 9, row 44): a class is drawn
// uniformly among those that some clip shows, then one of its clips.
#ifndef DATA_CLASS_CLIPS_H
#define DATA_CLASS_CLIPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct class_clips class_clips;

// shown [clip_count][class_count]: not 0 where some person of the clip carries the class.
sslact_status class_clips_create(const uint8_t *shown, size_t clip_count, int32_t class_count,
                                 class_clips **out);
// The same by the labels of a data set.
sslact_status class_clips_create_from_labels(dataset *d, class_clips **out);
void class_clips_free(class_clips *t); // NULL is fine

// Classes that some clip shows; with 0 there is nothing to draw.
size_t class_clips_count_classes(const class_clips *t);
size_t class_clips_count_clips(const class_clips *t);

// Clip of sample number `sample` (counted over all iterations): a pure function of its arguments.
// Higher attempts give another clip in place of one that could not be read, of the same class at
// first.
size_t class_clips_pick(const class_clips *t, uint64_t seed, random_purpose purpose,
                        uint64_t sample, uint32_t attempt);

#ifdef __cplusplus
}
#endif
#endif
