// How the kernels reach into their arrays, and the parts of the method they share: label,
// coefficient, penalty of one entry.
#ifndef KERNELS_ACCESS_H
#define KERNELS_ACCESS_H

#include "kernels/kernels.h"
#include "kernels/stable.h"

// Columns whose sums are gathered at a time: their accumulators live on the stack, and a row's
// part of the block is read in one go.
#define KERNEL_COLUMN_BLOCK 64

static inline double source_get(kernel_source source, size_t index)
{
    return source.type == KERNEL_FLOAT32 ? (double)((const float *)source.data)[index]
                                         : ((const double *)source.data)[index];
}

static inline void target_set(kernel_target target, size_t index, double value)
{
    if (target.data == NULL) {
        return;
    }
    if (target.type == KERNEL_FLOAT32) {
        ((float *)target.data)[index] = (float)value;
    } else {
        ((double *)target.data)[index] = value;
    }
}

// Eq. (2); the positive test comes first, so it wins where the thresholds overlap.
static inline int8_t entry_label(double t, double positive, double negative)
{
    return t > positive ? 1 : t < negative ? 0 : -1;
}

// Whether pc of this entry is sigmoid(a (t - T)): A_ij of method section 4.1.
static inline bool entry_is_weighed(int8_t y, kernel_label_mode mode)
{
    return (mode == KERNEL_LABEL_HARD && y == 1) || (mode == KERNEL_LABEL_SOFT && y != 0);
}

typedef struct entry_weight {
    double positive; // pc
    double negative; // nc
    double slope;    // d pc / d T
} entry_weight;

static inline entry_weight entry_weigh(double t, int8_t y, double positive, double slope,
                                       kernel_label_mode mode)
{
    // NaN compares false with everything, so a broken teacher or threshold would only look ignored.
    entry_weight out = {0.0, 0.0, 0.0};
    if (isnan(t) || isnan(positive)) {
        out.positive = out.negative = out.slope = NAN;
    } else if (entry_is_weighed(y, mode)) {
        const double x = slope * (t - positive);
        out.positive = stable_sigmoid(x);
        out.slope = -slope * out.positive * stable_sigmoid(-x);
    } else if (y == 1) {
        out.positive = 1.0;
    }
    if (y == 0) {
        out.negative = 1.0;
    }
    return out;
}

// Eq. (7) for one threshold, and its derivative.
static inline double threshold_penalty(double positive)
{
    return 2.0 * positive - log(positive);
}
static inline double threshold_penalty_slope(double positive)
{
    return 2.0 - 1.0 / positive;
}

// How often w_j (-log T_j + 2 T_j) counts for an entry with label y.
static inline double penalty_share(kernel_penalty_scope scope, int8_t y)
{
    return scope == KERNEL_PENALTY_ALL || (scope == KERNEL_PENALTY_POSITIVES && y == 1) ? 1.0 : 0.0;
}

#endif
