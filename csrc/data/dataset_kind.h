// What a data set of any kind must do. For the dataset*.c files only.
#ifndef DATA_DATASET_KIND_H
#define DATA_DATASET_KIND_H

#include <stdatomic.h>

#include "data/dataset.h"
#include "data/people.h"

#define DATASET_OWN_SIZE (-1)

typedef struct dataset_kind {
    size_t (*count_clips)(const dataset *d);
    int (*is_labeled)(dataset *d);
    sslact_status (*collect_labels)(dataset *d, uint8_t **labels, size_t *count);
    sslact_status (*collect_people)(dataset *d, people_table *people); // as many clips as made for
    // index in range; short_side is for kinds that decode, DATASET_OWN_SIZE: as the set is made
    sslact_status (*read)(dataset *d, size_t index, int32_t short_side, dataset_use use,
                          clip **out);
    // What clips of that use are read from in place of the videos, "" for these themselves; NULL:
    // always "".
    const char *(*get_cache)(const dataset *d, dataset_use use);
    sslact_status (*collect_truth)(dataset *d, truth_row **rows, size_t *count);
    sslact_status (*locate)(dataset *d, size_t index, const char **video, double *timestamp);
    sslact_status (*append)(dataset *d, const sslact_clip *source); // NULL: cannot
    void (*destroy)(dataset *d); // frees the memory of the set; the classes are gone already
} dataset_kind;

// The common part; each kind's struct begins with it.
struct dataset {
    atomic_size_t references;
    const dataset_kind *kind;
    int32_t class_count;
    char **class_names; // [class_count]
    int32_t *class_ids; // [class_count]
    bool counts_frames; // timestamps are frame numbers
    const char *split;  // static: "train", ...; "memory" where the program gave the clips
};

#define DATASET_MAX_CLASSES 10000

// Fills the common part with one reference; names may be NULL ("class 0", ...), ids too (j + 1).
sslact_status dataset_set_up(dataset *d, const dataset_kind *kind, int32_t class_count,
                             const char *const *names, const int32_t *ids);
void dataset_clear_classes(dataset *d);

// Rows of labels and of ground truth under construction, for the kinds that walk over clips.
typedef struct label_matrix {
    uint8_t *labels;
    size_t count, capacity; // rows
} label_matrix;
sslact_status label_matrix_add(label_matrix *m, const clip *c);

typedef struct truth_list {
    truth_row *rows;
    size_t count, capacity;
} truth_list;
sslact_status truth_list_add(truth_list *list, size_t index, const clip *c);

#endif
