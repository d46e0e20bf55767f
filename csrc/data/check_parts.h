// What the parts of a check share. For check*.c only.
#ifndef DATA_CHECK_PARTS_H
#define DATA_CHECK_PARTS_H

#include "data/check.h"
#include "data/names.h"
#include "data/sampling.h"
#include "data/split.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CHECK_SPLITS 3

// Rows of the file in work that were refused, by what was wrong with them.
typedef struct check_refused {
    const char *path;
    int64_t counts[DATA_PROBLEM_COUNT];
} check_refused;

typedef struct checker {
    const config *config;
    const data_check_options *options;
    data_problems problems;
    sampling sampling;
    split_table *tables[CHECK_SPLITS]; // NULL where a split is not configured or cannot be read
    check_refused refused[2];          // labels and boxes of the split in work
    uint8_t *in_file;                  // [classes] 1: some training row has the class
    data_check_summary summary;
} checker;

// A problem, or a note, of the check itself.
sslact_status check_report(checker *k, data_problem kind, const char *place, const char *format,
                           ...) __attribute__((format(printf, 4, 5)));
sslact_status check_progress(const checker *k, const char *phase, int64_t done, int64_t total);
// Where the first row of a key frame stands.
data_place check_locate(const split_table *t, const split_frame *frame);
// What went wrong without the path, where the message begins with it.
const char *check_skip_place(const char *message, const char *place);

// --- parts ---

// Rows as they stand in the files: people who contradict themselves, repeated boxes, labels off
// the list or on excluded key frames.
sslact_status check_rows(checker *k, const split_view *view);
// Whether the files of a split belong together and hold what their keys say.
sslact_status check_pairing(checker *k, const split_view *view);
// monitor.hidden_labels against the boxes of the unlabelled split.
sslact_status check_hidden_labels(checker *k, const split_view *view);
// Counts, co-occurrence and sets of labels of the training split; classes without instance.
sslact_status check_classes(checker *k, const split_table *t);
// Videos in more than one split, over all tables.
sslact_status check_leaks(checker *k);
// Opens the videos of all tables on several threads and looks for the frames of every clip.
sslact_status check_videos(checker *k);

#ifdef __cplusplus
}
#endif
#endif
