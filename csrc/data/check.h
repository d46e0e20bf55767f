// Reads what a run would read and reports every problem with its place; trains nothing.
#ifndef DATA_CHECK_H
#define DATA_CHECK_H

#include "config/config.h"
#include "data/problems.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct data_check_options {
    data_problem_callback problem; // one call a problem, notes too; may be NULL
    void *problem_user;
    // Phases "train", "validation", "unlabeled" while their files are read, then "videos".
    sslact_progress_callback progress; // may be NULL
    void *progress_user;
    bool deep;       // decode the frames of every clip, instead of finding them in the index
    int32_t threads; // that open videos; 0: as many as there are processors
} data_check_options;

typedef struct data_check_split {
    bool configured;   // the others are 0 where it is not
    int64_t videos;    // different ones among the clips
    int64_t clips;     // key frames with at least one box
    int64_t empty;     // key frames with labels and no box
    int64_t people;    // boxes of clips
    int64_t instances; // annotated people
    int64_t labels;    // label rows on the list of classes
} data_check_split;

#define DATA_CHECK_MOST_LABELS 8

typedef struct data_check_summary {
    int64_t videos;     // different ids over all splits
    int64_t key_frames; // clips over all splits
    int64_t people;     // their boxes
    int64_t problems;   // of all kinds but notes
    int64_t notes;
    int64_t problem_counts[DATA_PROBLEM_COUNT];
    data_check_split splits[3]; // train, validation, unlabeled
    int32_t class_count;        // of the first split that could be read, 0: none could
    int32_t *class_ids;         // [class_count]
    char **class_names;         // [class_count]
    // Annotated people of the train split.
    int64_t *instances_per_class; // [class_count]
    int64_t *pair_counts;         // [class_count, class_count] people with both, diagonal: with one
    int64_t labels_per_instance[DATA_CHECK_MOST_LABELS + 1]; // people with 0, 1, ...; last: or more
    size_t set_count;                                        // different sets of labels
    uint8_t *sets;                                           // [set_count, class_count] of 0 and 1
    int64_t *set_instances;                                  // [set_count] people who carry it
} data_check_summary;

// Every split that the config names is read, every video of its clips opened once and the frames of
// its clips looked for. SSLACT_OK means that the check went through, with problems or
// without; CONFIG when no split is named; CANCELLED when a callback says so.
sslact_status data_check(const config *c, const data_check_options *options,
                         data_check_summary *out);
void data_check_summary_clear(data_check_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
