// Where clips come from: annotation files and videos, memory, or a callback. Reference counted:
// a trainer may outlive the handle it was made from. Reading is thread safe.
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "sslact/dataset.h"

#include "config/config.h"
#include "data/clip.h"
#include "data/people.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dataset dataset;

// split: "train" (labelled, subset by data.label_ratio), "unlabeled", "validation".
sslact_status dataset_open(const config *c, const char *split, dataset **out);
sslact_status dataset_create(int32_t class_count, const char *const *class_names, dataset **out);
sslact_status dataset_create_from_source(const sslact_clip_source *source, dataset **out);
sslact_status dataset_append(dataset *d, const sslact_clip *source);
dataset *dataset_retain(dataset *d);
void dataset_release(dataset *d); // NULL is fine

size_t dataset_count_clips(const dataset *d);
int32_t dataset_count_classes(const dataset *d);
const char *dataset_get_class_name(const dataset *d, int32_t j); // NULL when out of range
// "train", "unlabeled", "validation"; "memory" for sets made by the program. Static.
const char *dataset_get_split(const dataset *d);
// The id of the annotation: AVA's, UCF101-24's from 0; j + 1 when made in memory.
int32_t dataset_get_class_id(const dataset *d, int32_t j);
// UCF101-24: timestamps are the numbers of frames, from 1, and boxes were pixels of 320 x 240.
bool dataset_counts_frames(const dataset *d);
// 1 when at least one clip carries labels. A callback set reads clips until it meets one.
int dataset_is_labeled(dataset *d);

// All labelled instances as one matrix, *labels [*count, classes] (free() releases it). Reads no
// pixels for file-backed sets, whose instances are the annotated people and not the detected boxes
// that take their labels; reads every clip of a callback set once.
sslact_status dataset_collect_labels(dataset *d, uint8_t **labels, size_t *count);

// The boxes of all clips, their labels too where with_labels and known. Reads no pixels for
// file-backed sets; reads every clip of a callback set once. Free with people_table_free.
sslact_status dataset_collect_people(dataset *d, bool with_labels, people_table *out);

// What a clip is read for. Training reads the copies of the cache where data.cache is set,
// evaluation the originals unless data.cache_evaluate is true; the validation split is there for
// evaluation only.
typedef enum dataset_use { DATASET_TRAINS, DATASET_EVALUATES } dataset_use;

// What clips of that use are read from in place of the videos: "h264 quality 18, short side 256,
// from /data/cache"; "" where it is the videos. Valid while the data set lives.
const char *dataset_get_cache(const dataset *d, dataset_use use);

// Decodes clip number index as the sampler would, before augmentation. For file-backed sets the
// result has data.frame_count frames, short side data.short_side.
sslact_status dataset_read(dataset *d, size_t index, clip **out);
// The same with another short side for file-backed sets (0: not resized); clips of a program's own
// keep their size.
sslact_status dataset_read_sized(dataset *d, size_t index, int32_t short_side, clip **out);
// The same as dataset_read for evaluation.
sslact_status dataset_read_evaluated(dataset *d, size_t index, clip **out);

// Ground truth of the split for evaluation: every label row of the key frames in use, by clip
// order; boxes are the *annotated* ones (clip boxes may come from a detector). A key frame on which
// no box is left is no clip, yet its labels count as missed: such key frames have the numbers from
// dataset_count_clips() on.
typedef struct truth_row {
    size_t clip; // number of the clip (key frame)
    sslact_box box;
    int32_t class_index;
    int64_t person; // person id of the row, -1 unknown
} truth_row;
// *rows is freed with free(). Sets made in memory give their clips' boxes and labels.
sslact_status dataset_collect_truth(dataset *d, truth_row **rows, size_t *count);
// Video id and timestamp of a clip, or of a key frame with ground truth and no clip, without
// decoding it; valid while the data set lives. For sets made in memory the clip's name ("clip 3"
// where it has none, and always for callback sets) and its number.
sslact_status dataset_locate(dataset *d, size_t index, const char **video, double *timestamp);

// The clip of a video whose key frame is nearest to `timestamp`, the earlier one of two; NOT_FOUND
// when the video has no clip.
sslact_status dataset_find_clip(dataset *d, const char *video, double timestamp, size_t *index);

#ifdef __cplusplus
}
#endif
#endif
