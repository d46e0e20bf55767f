// Both thresholds are applied to every entry, the evidence picks one of the results: the ops keep
// their thresholds per class, and the gradients are theirs.

#include "ssl/neighbour_prior.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/where.h>

namespace sslact
{

at::Tensor lower_thresholds(const at::Tensor &positive, double shift, double floor)
{
    return (positive - shift).clamp_min(floor);
}

at::Tensor label_with_neighbours(const at::Tensor &teacher_logits, const at::Tensor &positive,
                                 const at::Tensor &lowered, const at::Tensor &negative,
                                 const at::Tensor &evidence)
{
    const at::Tensor usual = ops::pseudo_labels(teacher_logits, positive, negative);
    const at::Tensor low = ops::pseudo_labels(teacher_logits, lowered, negative);
    const at::Tensor labels = at::where(evidence.eq(1), low, usual);
    return labels.masked_fill(evidence.eq(-1).logical_and(labels.eq(1)), -1);
}

std::tuple<at::Tensor, at::Tensor>
weigh_with_neighbours(const at::Tensor &teacher_logits, const at::Tensor &labels,
                      const at::Tensor &positive, const at::Tensor &lowered,
                      const at::Tensor &evidence, double slope, LabelMode mode)
{
    const auto [usual, negative] =
        ops::label_weights(teacher_logits, labels, positive, slope, mode);
    const at::Tensor low =
        std::get<0>(ops::label_weights(teacher_logits, labels, lowered, slope, mode));
    const at::Tensor over = at::sigmoid(teacher_logits).gt(positive.detach());
    const at::Tensor taken_back = evidence.eq(-1).logical_and(over);
    return {at::where(evidence.eq(1), low, usual).masked_fill(taken_back, 0), negative};
}

} // namespace sslact
