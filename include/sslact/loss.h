/* include/sslact/loss.h : the method's parts on plain arrays, N boxes by C classes.
 *
 * The kernels behind the torch ops and the trainer, without torch, clips or networks. What the
 * formulas mean, function by function, and a program that uses them: docs/losses.md.
 *
 * Rules of every function here:
 *   - Logits, weights and thresholds are float32, float64, float16 or bfloat16, each tensor in its
 *     own type; arithmetic is in float32 at least, sums are double, a value is rounded once, when
 *     it is stored. Losses are double.
 *   - Inputs may have any strides; outputs are packed. Outputs share no memory with inputs or with
 *     each other. Plain pointers (class_weight, probability, count) are host arrays of C values,
 *     also for CUDA tensors. All tensors of a call lie on one device.
 *   - Everything is checked before any work: a bad type, rank, shape, device or value is
 *     SSLACT_ERROR_INVALID_ARGUMENT with the index path and the value
 *     ("positive_threshold[3]: 1.2, expected a number in [0, 1]"), and nothing has been written.
 *     A CUDA tensor where there is no CUDA is SSLACT_ERROR_UNSUPPORTED.
 *   - options NULL = all defaults. class_weight NULL = 1 for every class; mask NULL = every box
 *     kept. A gradient NULL = not wanted.
 *   - N may be 0: losses and gradients are then 0. C is at least 1.
 *   - A call keeps nothing and repeats bit for bit; any number of threads may call at once. On
 *     CUDA memory the work has finished when the function returns.
 */
#ifndef SSLACT_LOSS_H
#define SSLACT_LOSS_H

#include "sslact/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- options; zero is the default everywhere ---- */

/* The weight of a positive, method.md 2.3. */
typedef enum sslact_label_mode {
    SSLACT_LABEL_HARD = 0, /* learnable thresholds: sigmoid(a (t - T)) where y = 1 */
    SSLACT_LABEL_SOFT = 1, /* learnable thresholds: the same where y != 0 */
    SSLACT_LABEL_FIXED = 2 /* fixed and class-related thresholds: 1 where y = 1 */
} sslact_label_mode;

/* The entries that L_reg runs over, method.md 4. */
typedef enum sslact_penalty_scope {
    SSLACT_PENALTY_ALL = 0,
    SSLACT_PENALTY_POSITIVES = 1, /* y = 1 only */
    SSLACT_PENALTY_PER_CLASS = 2  /* mean over the classes, no mask, no class weight */
} sslact_penalty_scope;

/* M of the thresholds, method.md 2.1: x^0.1, x, x / (2 - x). */
typedef enum sslact_mapping {
    SSLACT_MAPPING_CONCAVE = 0,
    SSLACT_MAPPING_LINEAR = 1,
    SSLACT_MAPPING_CONVEX = 2
} sslact_mapping;

typedef enum sslact_half { SSLACT_HALF_LABELED = 0, SSLACT_HALF_UNLABELED = 1 } sslact_half;

/* What a loss is divided by. */
typedef enum sslact_normalise {
    SSLACT_NORMALISE_ALL = 0, /* N C, masked boxes included */
    SSLACT_NORMALISE_KEPT = 1 /* sum(mask) C; nothing kept: loss and gradients are 0 */
} sslact_normalise;

typedef struct sslact_loss_options { /* growing */
    size_t struct_size;
    int32_t label_mode;       /* sslact_label_mode */
    int32_t penalty_scope;    /* sslact_penalty_scope */
    double slope;             /* a, positive; 0 = 20 */
    void *cuda_stream;        /* cudaStream_t, for CUDA tensors; NULL = default stream */
    int32_t normalise;        /* sslact_normalise; the three compute functions */
    int32_t drop_no_positive; /* sample_boxes: a box of class -1 is 0 = kept, 1 = dropped */
    int64_t first_row;        /* sample_boxes: row of the first box in the global batch */
    int64_t class_count;      /* sample_boxes: how many values `probability` has; 0 = not said */
} sslact_loss_options;

typedef struct sslact_balance_options { /* growing */
    size_t struct_size;
    const double *beta;             /* >= 0, NULL = 0.9; a pointer because 0 (no sampling) counts */
    const double *gamma;            /* >= 0, NULL = 0.05; 0 = no weights */
    double tau_positive;            /* (0, 1); 0 = 0.9 */
    int32_t mapping;                /* sslact_mapping */
    int32_t exact_cooccurrence;     /* 0 = pairwise, 1 = exact */
    const int64_t *instance_weight; /* [N] >= 0: row i stands for so many instances, so that a
                                       histogram of label sets can be given; NULL = 1 each */
    double tau_negative;            /* (0, 1); 0 = 0.1 */
    int32_t negative_class_related; /* Tn: 0 = tau_negative for all, 1 = M(eta) tau_negative */
    void *cuda_stream;              /* for labels in CUDA memory; NULL = default stream */
} sslact_balance_options;

/* The caller's arrays, C values each unless said otherwise, NULL where not wanted; and three
 * numbers that the library writes. Shapes row-major. */
typedef struct sslact_balance { /* growing */
    size_t struct_size;
    int64_t *count;             /* n: instances that carry the class */
    double *imbalance;          /* eta = n / max n */
    double *probability;        /* p: sampling probability */
    double *gap;                /* g = s / mean_count */
    double *weight;             /* w = g^-gamma, 1 for a class without instances */
    double *threshold;          /* T = M(eta) tau_positive: class-related, or learnable's start */
    double *sampled;            /* s: expected instances after sampling */
    int64_t *pair_count;        /* [C, C] n_jk: instances that carry both; 0 on the diagonal */
    int64_t *assigned;          /* [C, C] instances that contain row j, assigned to column k */
    double *negative_threshold; /* Tn */
    int64_t instance_count;     /* out: all instances, also those without a class */
    double mean_count;          /* out: nbar = sum(n) / C */
    double expected_kept_share; /* out: mean of p over the instances, 1 for one without a class */
} sslact_balance;

/* ---- before training ---- */

/* Class balance of the labelled instances, method.md 2.1 and 3.1. labels uint8 [N, C] of 0 and 1.
 * Fixed thresholds need no fit: fill an array with tau. */
SSLACT_STATUS sslact_loss_fit_balance(const sslact_tensor *labels,
                                      const sslact_balance_options *options, sslact_balance *out);

/* ---- each iteration: labels, weights, mask ---- */

/* Pseudo-labels, method.md 2.2. teacher_logits [N, C]; thresholds [C] in [0, 1];
 * labels, out: int8 [N, C], 1 where t > T, else 0 where t < Tn, else -1 (ignored). */
SSLACT_STATUS sslact_loss_assign_labels(const sslact_tensor *teacher_logits,
                                        const sslact_tensor *positive_threshold,
                                        const sslact_tensor *negative_threshold,
                                        const sslact_loss_options *options, sslact_tensor *labels);

/* Coefficients pc and nc of the two sides of the loss, method.md 2.3, by label_mode and slope.
 * labels int8 [N, C] of -1, 0, 1; positive_weight, negative_weight, out: [N, C]. */
SSLACT_STATUS sslact_loss_weigh_labels(const sslact_tensor *teacher_logits,
                                       const sslact_tensor *labels,
                                       const sslact_tensor *positive_threshold,
                                       const sslact_loss_options *options,
                                       sslact_tensor *positive_weight,
                                       sslact_tensor *negative_weight);

/* k of each box, method.md 3.2: the class with the smallest count among those whose label is 1,
 * the lowest index on a tie, -1 where there is none. labels [N, C], uint8 (0, 1) or int8
 * (-1, 0, 1); count [C] >= 0; classes, out: int32 [N]. */
SSLACT_STATUS sslact_loss_assign_classes(const sslact_tensor *labels, const int64_t *count,
                                         const sslact_loss_options *options,
                                         sslact_tensor *classes);

/* m of each box, method.md 3.2: 1 where u_i < probability[k_i], with u_i in [0, 1) a function of
 * (seed, iteration, half, first_row + i) alone, on every device; the trainer and the torch op draw
 * the same. classes int32 [N] of -1 to C - 1; probability [C] in [0, 1] (only the values of the
 * classes that occur are read while class_count is 0); iteration >= 0; mask, out: uint8 [N]. */
SSLACT_STATUS sslact_loss_sample_boxes(const sslact_tensor *classes, const double *probability,
                                       uint64_t seed, int64_t iteration, sslact_half half,
                                       const sslact_loss_options *options, sslact_tensor *mask);

/* ---- each iteration: losses and gradients ---- */

/* 1/(N C) sum_i m_i sum_j w_j [ pw_ij sp(-z_ij) + nw_ij sp(z_ij) ], method.md 4 and 4.1, and its
 * gradients [N, C] for the logits and for the positive weights. With the labels as positive and
 * 1 - labels as negative weight it is L_s; with those of weigh_labels it is L_cls; with sigmoid of
 * the teacher's logits and 1 minus it, the soft targets of section 11. logits, weights [N, C], the
 * weights >= 0; class_weight [C] >= 0; mask uint8 [N] of 0 and 1; loss, out: one number. */
SSLACT_STATUS sslact_loss_compute_bce(const sslact_tensor *logits,
                                      const sslact_tensor *positive_weight,
                                      const sslact_tensor *negative_weight,
                                      const double *class_weight, const sslact_tensor *mask,
                                      const sslact_loss_options *options, double *loss,
                                      sslact_tensor *logits_gradient,
                                      sslact_tensor *positive_weight_gradient);

/* L_reg, method.md 4, by penalty_scope, and its gradient [C]. The thresholds [C] lie in
 * (0, 1]. labels int8 [N, C] of -1, 0, 1 decide in scope `positives` and give N otherwise;
 * NULL where the mask gives N, or in scope `per_class`. */
SSLACT_STATUS sslact_loss_compute_penalty(const sslact_tensor *positive_threshold,
                                          const sslact_tensor *labels,
                                          const double *class_weight, const sslact_tensor *mask,
                                          const sslact_loss_options *options, double *loss,
                                          sslact_tensor *threshold_gradient);

/* Labels, weights, both losses and both gradients in one pass, method.md 4.2.
 * loss_pseudo, out: L_cls; loss_penalty, out: L_reg, not multiplied by penalty_weight.
 * student_gradient, out: d L_cls / d zu [N, C]; threshold_gradient, out: [C],
 * d (L_cls + penalty_weight L_reg) / d T. Lambda is not in them: multiply by it.
 * penalty_weight is lambda1, >= 0. With SSLACT_LABEL_FIXED the thresholds are no parameters:
 * loss_penalty and threshold_gradient are 0. Thresholds in [0, 1], positive ones in (0, 1] in the
 * other two modes. Everything else as in the functions above. */
SSLACT_STATUS sslact_loss_compute_unsupervised(const sslact_tensor *teacher_logits,
                                               const sslact_tensor *student_logits,
                                               const sslact_tensor *positive_threshold,
                                               const sslact_tensor *negative_threshold,
                                               const double *class_weight,
                                               const sslact_tensor *mask,
                                               double penalty_weight,
                                               const sslact_loss_options *options,
                                               double *loss_pseudo, double *loss_penalty,
                                               sslact_tensor *student_gradient,
                                               sslact_tensor *threshold_gradient);

#ifdef __cplusplus
}
#endif
#endif
