// How the kernels reach into their arrays, and the parts of the method they share: label,
// coefficient, penalty of one entry. C and CUDA C++: a kernel and its twin share every formula.
#ifndef KERNELS_ACCESS_H
#define KERNELS_ACCESS_H

#include "kernels/inline.h"
#include "kernels/kernels.h"
#include "kernels/narrow.h"
#include "kernels/stable.h"

// Columns whose sums are gathered at a time: their accumulators live on the stack, and a row's
// part of the block is read in one go.
#define KERNEL_COLUMN_BLOCK 64

KERNEL_INLINE double source_get(kernel_source source, size_t index)
{
    switch (source.type) {
    case KERNEL_FLOAT32:
        return (double)((const float *)source.data)[index];
    case KERNEL_FLOAT16:
        return narrow_decode(((const uint16_t *)source.data)[index], NARROW_FLOAT16_FRACTION);
    case KERNEL_BFLOAT16:
        return narrow_decode(((const uint16_t *)source.data)[index], NARROW_BFLOAT16_FRACTION);
    case KERNEL_FLOAT64:
        break;
    }
    return ((const double *)source.data)[index];
}

KERNEL_INLINE void target_set(kernel_target target, size_t index, double value)
{
    if (target.data == NULL) {
        return;
    }
    switch (target.type) {
    case KERNEL_FLOAT32:
        ((float *)target.data)[index] = (float)value;
        break;
    case KERNEL_FLOAT16:
        ((uint16_t *)target.data)[index] = narrow_encode(value, NARROW_FLOAT16_FRACTION);
        break;
    case KERNEL_BFLOAT16:
        ((uint16_t *)target.data)[index] = narrow_encode(value, NARROW_BFLOAT16_FRACTION);
        break;
    case KERNEL_FLOAT64:
        ((double *)target.data)[index] = value;
        break;
    }
}

// Eq. (2); the positive test comes first, so it wins where the thresholds overlap.
KERNEL_INLINE int8_t entry_label(double t, double positive, double negative)
{
    return t > positive ? 1 : t < negative ? 0 : -1;
}

// Whether pc of this entry is sigmoid(a (t - T)): A_ij of method section 4.1.
KERNEL_INLINE bool entry_is_weighed(int8_t y, kernel_label_mode mode)
{
    return (mode == KERNEL_LABEL_HARD && y == 1) || (mode == KERNEL_LABEL_SOFT && y != 0);
}

typedef struct entry_weight {
    double positive; // pc
    double negative; // nc
    double slope;    // d pc / d T
} entry_weight;

KERNEL_INLINE entry_weight entry_weigh(double t, int8_t y, double positive, double slope,
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
KERNEL_INLINE double threshold_penalty(double positive)
{
    return 2.0 * positive - log(positive);
}
KERNEL_INLINE double threshold_penalty_slope(double positive)
{
    return 2.0 - 1.0 / positive;
}

// How often w_j (-log T_j + 2 T_j) counts for an entry with label y.
KERNEL_INLINE double penalty_share(kernel_penalty_scope scope, int8_t y)
{
    return scope == KERNEL_PENALTY_ALL || (scope == KERNEL_PENALTY_POSITIVES && y == 1) ? 1.0 : 0.0;
}

// 1 / (N C), 0 for an empty batch: its loss and gradients are 0, not NaN.
KERNEL_INLINE double mean_factor(size_t n, size_t c)
{
    return n > 0 && c > 0 ? 1.0 / ((double)n * (double)c) : 0.0;
}

// One threshold's part of L_reg.
typedef struct penalty_part {
    double loss;
    double gradient;
} penalty_part;

// `share` is sum_i m_i [entry in scope], still to be divided by N C.
KERNEL_INLINE penalty_part penalty_of_class(double positive, double class_weight, double share,
                                            kernel_penalty_scope scope, size_t n, size_t c)
{
    penalty_part out = {0.0, 0.0};
    if (n > 0) {
        // per_class: neither mask nor w
        const double factor = scope == KERNEL_PENALTY_PER_CLASS
                                  ? 1.0 / (double)c
                                  : share * class_weight * mean_factor(n, c);
        out.loss = factor * threshold_penalty(positive);
        out.gradient = factor * threshold_penalty_slope(positive);
    }
    return out;
}

// The same inside the unsupervised loss: thresholds that are not learned have no L_reg, section 4.
KERNEL_INLINE penalty_part penalty_of_mode(kernel_label_mode mode, double positive,
                                           double class_weight, double share,
                                           kernel_penalty_scope scope, size_t n, size_t c)
{
    const penalty_part none = {0.0, 0.0};
    return mode == KERNEL_LABEL_FIXED
               ? none
               : penalty_of_class(positive, class_weight, share, scope, n, c);
}

#endif
