// Reads what a run would read and reports every problem with its place; trains nothing.
#ifndef DATA_CHECK_H
#define DATA_CHECK_H

#include "config/config.h"
#include "data/problems.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct data_check_options {
    data_problem_callback problem; // one call a problem, harmless ones too; may be NULL
    void *problem_user;
    sslact_progress_callback progress; // phases "train", "unlabeled", "validation"; may be NULL
    void *progress_user;
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

typedef struct data_check_summary {
    int64_t videos;     // different ids over all splits
    int64_t key_frames; // clips over all splits
    int64_t people;     // their boxes
    int64_t problems;   // all kinds
    int64_t problem_counts[DATA_PROBLEM_COUNT];
    data_check_split splits[3];   // train, validation, unlabeled
    int32_t class_count;          // of the first split that could be read, 0: none could
    int32_t *class_ids;           // [class_count]
    char **class_names;           // [class_count]
    int64_t *instances_per_class; // [class_count], annotated people of the train split
} data_check_summary;

// Every split that the config names is read, every video of its clips opened once and its key
// frames compared with its length. SSLACT_OK means that the check went through, with problems or
// without; CONFIG when no split is named; CANCELLED when a callback says so.
sslact_status data_check(const config *c, const data_check_options *options,
                         data_check_summary *out);
void data_check_summary_clear(data_check_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
