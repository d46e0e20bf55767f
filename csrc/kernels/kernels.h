// The method's kernels on raw pointers: method.md sections 2 to 4. One signature list for the C
// kernels here and their CUDA twins, which take the same arguments and a stream.
//
// Arrays are packed, row-major, N instances by C classes, borrowed for the call. Floating arrays
// carry their type, each its own; arithmetic is in float32 at least, sums are doubles, a value is
// rounded once, when it is stored. Sums have a fixed order, so a call repeats bit for bit. N may be
// 0: sums are then 0. Nothing here can fail; sizes and types are the caller's to check, values too
// (kernels/check.h). A NaN is never hidden: it reaches the loss even from an entry that is ignored
// or masked.
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- types ----

// The 16-bit types are arrays of their bits.
typedef enum kernel_type {
    KERNEL_FLOAT32,
    KERNEL_FLOAT64,
    KERNEL_FLOAT16,
    KERNEL_BFLOAT16,
} kernel_type;

// A floating array that is read.
typedef struct kernel_source {
    const void *data;
    kernel_type type;
} kernel_source;

// A floating array that is written; data NULL = not wanted.
typedef struct kernel_target {
    void *data;
    kernel_type type;
} kernel_target;

// Which entries carry a coefficient, method section 2.3.
typedef enum kernel_label_mode {
    KERNEL_LABEL_HARD,  // learnable: sigmoid(a (t - T)) where y = 1
    KERNEL_LABEL_SOFT,  // learnable: the same where y != 0
    KERNEL_LABEL_FIXED, // fixed and class_related thresholds: 1 where y = 1
} kernel_label_mode;

typedef enum kernel_penalty_scope {
    KERNEL_PENALTY_ALL,
    KERNEL_PENALTY_POSITIVES,
    KERNEL_PENALTY_PER_CLASS,
} kernel_penalty_scope;

typedef enum kernel_half { KERNEL_HALF_LABELED, KERNEL_HALF_UNLABELED } kernel_half;

// ---- labels, weights, mask ----

// y [N, C] from teacher logits [N, C] and thresholds [C], Eq. (2): 1 where t > T, else 0 where
// t < Tn, else -1; both strict.
void kernel_pseudo_labels(kernel_source teacher_logits, kernel_source positive,
                          kernel_source negative, size_t n, size_t c, int8_t *labels);

// The coefficients pc and nc [N, C] of the two loss terms, Eqs. (3), (4), (6).
void kernel_label_weights(kernel_source teacher_logits, const int8_t *labels,
                          kernel_source positive, double slope, kernel_label_mode mode, size_t n,
                          size_t c, kernel_target positive_weight, kernel_target negative_weight);

// The gradient [C] for T of sum_ij grad_ij pc_ij; grad [N, C].
void kernel_label_weights_backward(kernel_source grad, kernel_source teacher_logits,
                                   const int8_t *labels, kernel_source positive, double slope,
                                   kernel_label_mode mode, size_t n, size_t c,
                                   kernel_target positive_gradient);

// k [N], Eq. (10): the class with the smallest count [C] among those whose label is 1, the lowest
// index on a tie, -1 where there is none. labels [N, C] may be int8 (-1, 0, 1) or uint8 (0, 1).
void kernel_rarest_class(const void *labels, const int64_t *count, size_t n, size_t c,
                         int32_t *classes);

// m [N], Eq. (8): u_i < p_{k_i} with u_i from the counter-based generator, keyed by (seed, half,
// iteration, first_row + i). Class -1 is kept. classes [N] in -1 .. C - 1, probability [C].
void kernel_sample_mask(const int32_t *classes, const double *probability, uint64_t seed,
                        uint64_t iteration, kernel_half half, uint64_t first_row, size_t n,
                        uint8_t *mask);

// ---- losses ----

// 1/(N C) sum_i m_i sum_j w_j [ pw_ij sp(-z_ij) + nw_ij sp(z_ij) ]; mask [N], w [C], loss [1].
void kernel_balanced_bce(kernel_source logits, kernel_source positive_weight,
                         kernel_source negative_weight, kernel_source class_weight,
                         const uint8_t *mask, size_t n, size_t c, kernel_target loss);

// Its gradients [N, C] for the logits and for the positive weights; grad [1].
void kernel_balanced_bce_backward(kernel_source grad, kernel_source logits,
                                  kernel_source positive_weight, kernel_source negative_weight,
                                  kernel_source class_weight, const uint8_t *mask, size_t n,
                                  size_t c, kernel_target logits_gradient,
                                  kernel_target positive_weight_gradient);

// L_reg [1] and its gradient [C], Eq. (7): -log T + 2 T over the entries of the scope; labels are
// read for `positives` only and may be NULL otherwise. N = 0 gives 0 in every scope.
void kernel_penalty(kernel_source positive, const int8_t *labels, kernel_source class_weight,
                    const uint8_t *mask, kernel_penalty_scope scope, size_t n, size_t c,
                    kernel_target loss, kernel_target positive_gradient);

// Labels, coefficients, both losses and their gradients in one pass, method section 4.2.
typedef struct kernel_unsupervised {
    kernel_source teacher_logits; // [N, C]
    kernel_source student_logits; // [N, C]
    kernel_source positive;       // T  [C]
    kernel_source negative;       // Tn [C]
    kernel_source class_weight;   // w  [C]
    const uint8_t *mask;          // m  [N]
    double slope;                 // a
    kernel_label_mode mode;
    kernel_penalty_scope scope;
    size_t n;
    size_t c;
    kernel_target pseudo;                    // L_cls [1]
    kernel_target penalty;                   // L_reg [1]; 0 where the mode is fixed
    kernel_target student_gradient;          // d L_cls / d zu [N, C]
    kernel_target pseudo_positive_gradient;  // d L_cls / d T [C]
    kernel_target penalty_positive_gradient; // d L_reg / d T [C]
} kernel_unsupervised;
void kernel_unsupervised_loss(const kernel_unsupervised *task);

// The same in parts, for several threads: each part leaves its sums [3, C] and its rows of the
// student's gradient; the finish takes the sums [parts, 3, C]. The parts depend on N alone, and the
// bits are those of kernel_unsupervised_loss().
#define KERNEL_PART_ROWS 256
size_t kernel_unsupervised_parts(const kernel_unsupervised *task);
void kernel_unsupervised_part(const kernel_unsupervised *task, size_t part, double *sums);
void kernel_unsupervised_finish(const kernel_unsupervised *task, const double *sums);

#ifdef __cplusplus
}
#endif
#endif
