// Class balance from the labelled instances, computed once before training; method.md section 3.1
// (paper section 3.3, Eqs. (9) to (13)) and the start thresholds of section 2.1 (Eq. (5)).
#ifndef STATS_BALANCE_H
#define STATS_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum balance_mapping { MAPPING_CONCAVE, MAPPING_LINEAR, MAPPING_CONVEX } balance_mapping;

typedef struct balance_options {
    double beta;         // >= 0; 0: no sampling
    double gamma;        // >= 0; 0: no weights
    double tau_positive; // (0, 1)
    balance_mapping mapping;
    bool exact_cooccurrence; // false: pairwise, Eq. (11)
} balance_options;

typedef struct balance {
    int32_t class_count;
    int64_t instance_count;
    double mean_count;   // nbar
    int64_t *count;      // n        [C]
    int64_t *pair_count; // n_jk     [C, C], diagonal 0
    int64_t *assigned;   // contains j, assigned to k [C, C], diagonal used
    double *imbalance;   // eta      [C]
    double *probability; // p        [C]
    double *sampled;     // s        [C]
    double *gap;         // g        [C]
    double *weight;      // w        [C]
    double *threshold;   // T at the start [C]
    // Mean of p over the instances, 1 without a class; NaN from counts alone, which do not tell.
    double expected_kept_share;
} balance;

// labels [N, C] of 0 and 1; row i stands for instance_weight[i] instances (NULL = 1 each), so that
// a histogram of label sets can be given.
sslact_status balance_fit(const uint8_t *labels, const int64_t *instance_weight, size_t n,
                          int32_t class_count, const balance_options *options, balance **out);
// The same from counts: n [C] and n_jk [C, C], whose diagonal is not read, of instance_count
// instances. Pairwise co-occurrence only: counts do not tell label sets apart (`assigned` stays 0).
sslact_status balance_fit_counts(const int64_t *count, const int64_t *pair_count,
                                 int64_t instance_count, int32_t class_count,
                                 const balance_options *options, balance **out);
void balance_free(balance *b); // NULL is fine

double balance_map(balance_mapping mapping, double eta); // M(eta), eta in [0, 1]
// M(eta_j) tau with the zero-count rule: a class without instances has M = 1.
double balance_threshold(const balance *b, balance_mapping mapping, double tau, int32_t j);

#ifdef __cplusplus
}
#endif
#endif
