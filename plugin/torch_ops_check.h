// What every dispatch key asks of the arguments of the method's ops: one check an op, called by
// the CPU, CUDA and Meta kernels alike, so that all refuse the same inputs with the same words.
// Sizes are read as symbols, so that tracing with unknown sizes passes through. Values are not
// looked at here: kernels/check.h has their rules.
#ifndef PLUGIN_TORCH_OPS_CHECK_H
#define PLUGIN_TORCH_OPS_CHECK_H

#include <ATen/core/Tensor.h>

#include <string_view>

#include "kernels/kernels.h"

namespace sslact::torch_ops
{

// The words of the schemas; Error with the accepted ones for any other.
kernel_label_mode parse_mode(std::string_view mode);
kernel_penalty_scope parse_scope(std::string_view scope);

// The type of sums over logits of `type`: float32 for the 16-bit types, else the type itself.
// Losses have it, and the gradients that _unsupervised_loss_fused returns: a gradient of 1 / (N C)
// would lose its digits in float16 before the incoming gradient scales it.
at::ScalarType sum_type(at::ScalarType type);

void check_pseudo_labels(const at::Tensor &teacher_logits, const at::Tensor &positive,
                         const at::Tensor &negative);
void check_label_weights(const at::Tensor &teacher_logits, const at::Tensor &labels,
                         const at::Tensor &positive, double slope, std::string_view mode);
void check_label_weights_backward(const at::Tensor &grad, const at::Tensor &teacher_logits,
                                  const at::Tensor &labels, const at::Tensor &positive,
                                  double slope, std::string_view mode);
void check_rarest_class(const at::Tensor &labels, const at::Tensor &count);
void check_sample_mask(const at::Tensor &classes, const at::Tensor &probability, int64_t iteration,
                       int64_t half, int64_t first_row);
void check_balanced_bce(const at::Tensor &logits, const at::Tensor &positive_weight,
                        const at::Tensor &negative_weight, const at::Tensor &class_weight,
                        const at::Tensor &mask);
void check_balanced_bce_backward(const at::Tensor &grad, const at::Tensor &logits,
                                 const at::Tensor &positive_weight,
                                 const at::Tensor &negative_weight, const at::Tensor &class_weight,
                                 const at::Tensor &mask);
void check_unsupervised_loss(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                             const at::Tensor &positive, const at::Tensor &negative,
                             const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                             std::string_view mode, std::string_view scope);

} // namespace sslact::torch_ops

#endif
