// The CUDA twins of csrc/kernels: the same arguments and a queue, all pointers to device memory,
// except that structs of arguments are read before the call returns. The formulas are the C
// kernels' own (kernels/access.h, kernels/stable.h, base/philox.h). Sums have a fixed order that
// depends on N and C only: blocks of rows first, then the blocks' sums, no atomics. So a call
// repeats bit for bit, on every device.
#ifndef CUDA_KERNELS_H
#define CUDA_KERNELS_H

#include "cuda/device.h"
#include "kernels/check.h"
#include "kernels/kernels.h"
#include "kernels/roi_align.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- values ----

#define CUDA_MAX_CHECKS 16

size_t cuda_check_workspace(size_t count);

// Looks through arrays on the device, CUDA_MAX_CHECKS at most, and waits for the answer: the number
// of the first array that holds a bad element, that element's index and value, for kernel_refuse.
// *which is `count` where all are good.
cuda_error cuda_find_bad(const kernel_check *checks, size_t count, const cuda_queue *queue,
                         size_t *which, size_t *index, double *value);

// Bytes of workspace that any function of the next two sections needs for N by C.
size_t cuda_method_workspace(size_t n, size_t c);

// ---- labels, weights, mask ----

cuda_error cuda_pseudo_labels(kernel_source teacher_logits, kernel_source positive,
                              kernel_source negative, size_t n, size_t c, int8_t *labels,
                              const cuda_queue *queue);
cuda_error cuda_label_weights(kernel_source teacher_logits, const int8_t *labels,
                              kernel_source positive, double slope, kernel_label_mode mode,
                              size_t n, size_t c, kernel_target positive_weight,
                              kernel_target negative_weight, const cuda_queue *queue);
cuda_error cuda_label_weights_backward(kernel_source grad, kernel_source teacher_logits,
                                       const int8_t *labels, kernel_source positive, double slope,
                                       kernel_label_mode mode, size_t n, size_t c,
                                       kernel_target positive_gradient, const cuda_queue *queue);
cuda_error cuda_rarest_class(const void *labels, const int64_t *count, size_t n, size_t c,
                             int32_t *classes, const cuda_queue *queue);
cuda_error cuda_sample_mask(const int32_t *classes, const double *probability, uint64_t seed,
                            uint64_t iteration, kernel_half half, uint64_t first_row, size_t n,
                            uint8_t *mask, const cuda_queue *queue);

// ---- losses ----

cuda_error cuda_balanced_bce(kernel_source logits, kernel_source positive_weight,
                             kernel_source negative_weight, kernel_source class_weight,
                             const uint8_t *mask, size_t n, size_t c, kernel_target loss,
                             const cuda_queue *queue);
cuda_error cuda_balanced_bce_backward(kernel_source grad, kernel_source logits,
                                      kernel_source positive_weight, kernel_source negative_weight,
                                      kernel_source class_weight, const uint8_t *mask, size_t n,
                                      size_t c, kernel_target logits_gradient,
                                      kernel_target positive_weight_gradient,
                                      const cuda_queue *queue);
cuda_error cuda_penalty(kernel_source positive, const int8_t *labels, kernel_source class_weight,
                        const uint8_t *mask, kernel_penalty_scope scope, size_t n, size_t c,
                        kernel_target loss, kernel_target positive_gradient,
                        const cuda_queue *queue);
cuda_error cuda_unsupervised_loss(const kernel_unsupervised *task, const cuda_queue *queue);

// ---- RoIAlign ----

// Bytes of workspace: the weights of the boxes along each axis, of some boxes at a time where all
// would take more than 64 MiB. 0 for a shape that holds no boxes.
size_t cuda_roi_align_workspace(const roi_align_shape *shape);

// Floating arrays carry their type. Shapes and boxes are the caller's to check: a box whose map
// index or corners cuda_roi_align_check refuses is left out.
cuda_error cuda_roi_align_forward(const roi_align_shape *shape, kernel_source input,
                                  kernel_source rois, kernel_target output,
                                  const cuda_queue *queue);
cuda_error cuda_roi_align_backward(const roi_align_shape *shape, kernel_source gradient,
                                   kernel_source rois, kernel_target input_gradient,
                                   const cuda_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
