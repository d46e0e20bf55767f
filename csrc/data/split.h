// One split of a file-backed data set as tables: key frames with their people, labels and boxes.
// Made from the files that data.* names, by the rules of datasets-and-evaluation.md sections 4
// to 6. Opens no video.
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include "config/config.h"
#include "data/ava_files.h"
#include "data/frame_list.h"

#ifdef __cplusplus
extern "C" {
#endif

// More people than this on one key frame is a broken file, and pairing them would be quadratic.
#define SPLIT_MAX_PEOPLE 1024
#define SPLIT_MAX_ROWS (16 * SPLIT_MAX_PEOPLE)

typedef enum split_kind { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_UNLABELED } split_kind;

typedef struct split_label { // one label row on the list of classes
    int32_t person;          // within its key frame; the box within it for labels of boxes
    int32_t class_index;
    int64_t person_id; // -1 unknown
} split_label;

#define SPLIT_NOBODY (-1)

typedef struct split_box { // one box of a clip
    sslact_box box;
    float score;    // 1 for annotated boxes
    int32_t person; // within its key frame, whose labels the box carries; SPLIT_NOBODY: none
} split_box;

typedef struct split_frame { // one key frame
    int64_t time_us;         // in the film
    int64_t line;            // of its first row
    bool from_boxes;         // that row is in the box file: there is none in the label file
    size_t person_first, label_first, box_first, box_label_first;
    int32_t video;
    int32_t person_count, label_count, box_count, box_label_count;
} split_frame;

typedef struct split_table {
    split_kind kind;
    bool boxes_are_labeled;      // clips carry labels: train, and validation without a box file
    bool counts_frames;          // UCF101-24: "seconds" of time_us are frame numbers, from 1
    bool labels_have_lines;      // false: the label file is a pickle or a folder
    double start_offset_seconds; // of the first frame; 1 where frames are counted
    char *labels_path;           // for messages; "" where there is none
    char *boxes_path;
    name_table videos;     // in byte order
    int64_t *frame_counts; // [videos.count] as the annotation says, 0: it does not; may be NULL
    char **paths; // [videos.count], NULL where a video is not used; NULL without data.video_root
    frame_list *pictures; // data.frame_list, then paths are names for messages; else NULL
    ava_actions actions;

    split_frame *frames; // [frame_count], the first clip_count of them have boxes and are clips,
    size_t frame_count;  // sorted by (video bytes, time); those behind count as ground truth only
    size_t clip_count;
    sslact_box *persons; // annotated people of all frames
    size_t person_count;
    split_label *labels; // in file order within a frame
    size_t label_count;
    split_box *boxes;
    size_t box_count;
    split_label *box_labels; // labels that the box file gives its boxes; person is the box
    size_t box_label_count;
} split_table;

// split: "train", "validation" or "unlabeled".
sslact_status split_find_kind(const char *split, split_kind *out);
const char *split_get_name(split_kind kind);
// 1 when the config names the file that the split cannot do without.
bool split_is_configured(const config *c, split_kind kind);
sslact_status split_load(const config *c, split_kind kind, data_problems *problems,
                         split_table **out);

// Looks at the rows as they stand in the files, sorted by (video, time, line), before any is left
// out; t has its actions, paths and videos by then. What it returns ends the loading when negative.
typedef struct split_view {
    const split_table *table;
    const ava_rows *labels, *boxes;
    const ava_keys *excluded;
    double box_score; // the split's threshold
} split_view;
typedef struct split_observer {
    sslact_status (*look)(const split_view *view, void *user);
    void *user;
} split_observer;
sslact_status split_load_observed(const config *c, split_kind kind, data_problems *problems,
                                  const split_observer *observer, split_table **out);
void split_free(split_table *t); // NULL is fine
// Opens a used video: the file or folder of its path, or its listed pictures.
sslact_status split_open_video(const split_table *t, size_t index,
                               const struct video_options *options, struct video **out);
// Where a row of the label or the box file stands, for messages; number is its line.
data_place split_locate(const split_table *t, bool in_boxes, int32_t video, int64_t time_us,
                        int64_t number);

#ifdef __cplusplus
}
#endif
#endif
