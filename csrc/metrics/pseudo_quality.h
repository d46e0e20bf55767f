// Pseudo-labels counted by class, what the counts say about their quality where the truth is known
// (method.md section 11), and how long a class has gone without a positive. docs/monitor.md has
// every formula. Nothing here goes back into training.
#ifndef METRICS_PSEUDO_QUALITY_H
#define METRICS_PSEUDO_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- counts ----

#define PSEUDO_BINS 15 // equal bins of t for the calibration error

enum { // places in pseudo_counts.totals
    PSEUDO_ITERATIONS,
    PSEUDO_BOXES,
    PSEUDO_BOXES_KEPT, // m = 1
    PSEUDO_TOTAL_COUNT
};

enum {                  // rows of pseudo_counts.labels, boxes of each class
    PSEUDO_POSITIVES,   // y = 1: they carry the class
    PSEUDO_NEGATIVES,   // y = 0
    PSEUDO_IGNORED,     // y = -1
    PSEUDO_KEPT,        // carry the class and m = 1
    PSEUDO_RAREST,      // it is their rarest class, k
    PSEUDO_RAREST_KEPT, // that, and m = 1
    PSEUDO_LABEL_COUNT
};

enum {                      // rows of pseudo_counts.truth, boxes of known truth
    PSEUDO_TRUE_POSITIVES,  // y = 1, truly in the class
    PSEUDO_FALSE_POSITIVES, // y = 1, not
    PSEUDO_TRUE_NEGATIVES,  // y = 0, not in the class
    PSEUDO_FALSE_NEGATIVES, // y = 0, truly in it
    PSEUDO_IGNORED_IN,      // y = -1, truly in it
    PSEUDO_IGNORED_OUT,     // y = -1, not
    PSEUDO_TRUTH_COUNT
};

// A view of the caller's arrays, all zero at the start. Whole numbers throughout but for the sums
// of t, so that counts can be saved, added and compared exactly.
typedef struct pseudo_counts {
    int32_t class_count; // C
    int64_t *totals;     // [PSEUDO_TOTAL_COUNT]
    int64_t *labels;     // [PSEUDO_LABEL_COUNT, C]
    int64_t *truth;      // [PSEUDO_TRUTH_COUNT, C]
    int64_t *bins;       // [2, C, PSEUDO_BINS]: boxes of known truth by t, and those in the class
    double *scores;      // [C, PSEUDO_BINS]: sums of t
} pseudo_counts;

// The unlabelled boxes of one iteration; everything borrowed.
typedef struct pseudo_rows {
    size_t count;                // N
    const int8_t *labels;        // y [N, C] of 1, 0, -1
    const int32_t *rarest;       // k [N], -1 where nothing is positive
    const uint8_t *mask;         // m [N], not 0 where kept
    const uint8_t *const *truth; // [N] pointers to [C] of 0 and 1, NULL where unknown; or NULL
    const float *logits;         // zt [N, C], needed with truth
} pseudo_rows;

// Adds one iteration.
void pseudo_counts_add(const pseudo_counts *counts, const pseudo_rows *rows);
void pseudo_counts_merge(const pseudo_counts *into, const pseudo_counts *from);
void pseudo_counts_clear(const pseudo_counts *counts);

// ---- what they say ----

typedef struct pseudo_quality { // shares 0 .. 1, NaN where the denominator is 0
    int64_t positives, negatives, ignored;
    int64_t known; // entries of known truth
    int64_t truth; // of them truly in the class
    double positive_share, negative_share, ignored_share;
    double kept_share;        // of the boxes that carry the class
    double rarest_kept_share; // of the boxes whose rarest class it is
    double precision;         // of positives
    double recall;            // of positives
    double negative_precision;
    double calibration_error; // of t
} pseudo_quality;

// class_index -1: the entries of all classes together.
pseudo_quality pseudo_quality_compute(const pseudo_counts *counts, int32_t class_index);

// The bin of t in 0 .. 1: floor(15 t), 1 in the last.
int32_t pseudo_quality_find_bin(double t);

// ---- classes without a positive ----

enum { PSEUDO_SILENT = 1, PSEUDO_HEARD = 2 };

// A view of the caller's arrays, all zero at the start; place C stands for all classes together.
typedef struct pseudo_silence {
    int32_t class_count;
    int64_t limit;   // iterations after which a class counts as silent
    int64_t *length; // [C + 1] iterations since the last positive
    int64_t *warned; // [C + 1] 1: its silence has been reported
} pseudo_silence;

// One iteration with at least one unlabelled box. positives [C] of it; labeled [C] or NULL: classes
// with 0 labelled instances are not expected to be heard. changes [C + 1] receives PSEUDO_SILENT
// where a stretch has just become too long, PSEUDO_HEARD where one that was reported has ended,
// else 0. While nothing at all is heard, place C speaks for the classes.
void pseudo_silence_step(const pseudo_silence *silence, const int64_t *positives,
                         const int64_t *labeled, uint8_t *changes);

#ifdef __cplusplus
}
#endif
#endif
