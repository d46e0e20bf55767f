// What a split is made from: rows of its files, read and then chosen from. For split*.c only.
#ifndef DATA_SPLIT_SOURCES_H
#define DATA_SPLIT_SOURCES_H

#include "data/split_frames.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct split_sources {
    ava_rows labels, boxes;
    ava_keys excluded;
    int64_t *frame_counts; // [frame_count_count] by number of the video, as split_table's
    size_t frame_count_count;
    int64_t *included; // [included_count] times in use, ascending; NULL: every time
    size_t included_count;
    // Unlabelled split: the labelled key frames of the training split, whose videos give an
    // unlabelled key frame behind each. None: the box file alone says which.
    ava_keys labeled;
    split_rules rules;
} split_sources;

typedef struct split_loading {
    const config *config;
    data_problems *problems;
    split_table *table;
    split_sources from;
} split_loading;

// For a check that reports everything, a file that cannot be read is one more problem.
sslact_status split_pass_file_problem(data_problems *problems, const char *path,
                                      sslact_status status);
// Reads what is not read yet by the common part: classes, labels and boxes of UCF101-24.
sslact_status split_read_ucf(split_loading *l);

// Numbers the videos in byte order and sorts the rows by (video, time, line).
sslact_status split_sort_sources(split_loading *l);
// Leaves out what is excluded or not chosen. The sources are sorted.
sslact_status split_select(split_loading *l);
// The key frames of a training split's labels, those of its exclusions left out.
sslact_status split_list_labeled(const split_sources *train, ava_keys *out);
// The part of it that depends on time: included times, one key frame an interval, and which key
// frames are unlabelled ones.
sslact_status split_choose_key_frames(split_loading *l);

// Key frames as ascending numbers (ava_make_key).
void split_sort_keys(int64_t *keys, size_t count);
bool split_find_key(const int64_t *keys, size_t count, int64_t key);
// Keeps the rows whose key is in keys [count], or those whose key is not; both ascend.
void split_keep_keys(ava_rows *rows, const int64_t *keys, size_t count, bool keep_listed);
// keep [videos]: 0 where the rows of a video go.
void split_keep_videos(ava_rows *rows, const uint8_t *keep);

#ifdef __cplusplus
}
#endif
#endif
