// The ops of torch's dispatcher, namespace sslact, as typed functions. Callers in C++ and in
// Python reach the same kernels; shapes, types and ranges are checked there. Floating arguments
// may be float16, bfloat16, float32 or float64, also mixed; losses of 16-bit logits are float32.
// Meaning: method.md sections 2 to 4.
#ifndef OPS_OPS_H
#define OPS_OPS_H

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <tuple>

namespace sslact
{

enum class LabelMode { hard, soft, fixed };
enum class PenaltyScope { all, positives, per_class };
enum class SampleHalf { labeled = 0, unlabeled = 1 };

namespace ops
{

// The word of a mode or scope in the schemas.
const char *name_of(LabelMode mode);
const char *name_of(PenaltyScope scope);

// y int8 [N, C]: 1, 0, -1. positive, negative [C].
at::Tensor pseudo_labels(const at::Tensor &teacher_logits, const at::Tensor &positive,
                         const at::Tensor &negative);

// (pc, nc) [N, C] in the logits' type, differentiable in positive. labels int8 [N, C].
std::tuple<at::Tensor, at::Tensor> label_weights(const at::Tensor &teacher_logits,
                                                 const at::Tensor &labels,
                                                 const at::Tensor &positive, double slope,
                                                 LabelMode mode);
at::Tensor label_weights_backward(const at::Tensor &grad, const at::Tensor &teacher_logits,
                                  const at::Tensor &labels, const at::Tensor &positive,
                                  double slope, LabelMode mode);

// k int32 [N], -1 = none. labels int8 or uint8 [N, C], count int64 [C].
at::Tensor rarest_class(const at::Tensor &labels, const at::Tensor &count);

// m uint8 [N]. classes int32 [N], probability float64 [C]; row i is row first_row + i of the
// global batch.
at::Tensor sample_mask(const at::Tensor &classes, const at::Tensor &probability, uint64_t seed,
                       int64_t iteration, SampleHalf half, int64_t first_row = 0);

// Scalar, differentiable in the logits and the positive weights. weights [N, C], class_weight [C],
// mask uint8 [N].
at::Tensor balanced_bce(const at::Tensor &logits, const at::Tensor &positive_weight,
                        const at::Tensor &negative_weight, const at::Tensor &class_weight,
                        const at::Tensor &mask);
std::tuple<at::Tensor, at::Tensor>
balanced_bce_backward(const at::Tensor &grad, const at::Tensor &logits,
                      const at::Tensor &positive_weight, const at::Tensor &negative_weight,
                      const at::Tensor &class_weight, const at::Tensor &mask);

// (L_cls, L_reg), differentiable in the student's logits and in positive.
std::tuple<at::Tensor, at::Tensor>
unsupervised_loss(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                  const at::Tensor &positive, const at::Tensor &negative,
                  const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                  LabelMode mode, PenaltyScope scope);

// The same with the gradients: d L_cls / d zu [N, C], d L_cls / d T [C], d L_reg / d T [C].
struct FusedLoss {
    at::Tensor pseudo;
    at::Tensor penalty;
    at::Tensor student_gradient;
    at::Tensor pseudo_positive_gradient;
    at::Tensor penalty_positive_gradient;
};
FusedLoss unsupervised_loss_fused(const at::Tensor &teacher_logits,
                                  const at::Tensor &student_logits, const at::Tensor &positive,
                                  const at::Tensor &negative, const at::Tensor &class_weight,
                                  const at::Tensor &mask, double slope, LabelMode mode,
                                  PenaltyScope scope);

} // namespace ops
} // namespace sslact

#endif
