// What the values of each op's arguments must be: the same list for every key that has values. The
// arguments are packed, and their shapes and types have passed torch_ops_check.h.
#ifndef PLUGIN_TORCH_OPS_VALUES_H
#define PLUGIN_TORCH_OPS_VALUES_H

#include <ATen/core/Tensor.h>

#include <array>

#include "kernels/check.h"

namespace sslact::torch_ops
{

inline kernel_type kernel_type_of(const at::Tensor &tensor)
{
    switch (tensor.scalar_type()) {
    case at::kHalf:
        return KERNEL_FLOAT16;
    case at::kBFloat16:
        return KERNEL_BFLOAT16;
    case at::kFloat:
        return KERNEL_FLOAT32;
    default:
        return KERNEL_FLOAT64;
    }
}

// A vector, or a matrix whose elements are named by two indices.
inline kernel_check rule_of(const char *name, const at::Tensor &tensor, kernel_rule rule)
{
    return {name,
            tensor.const_data_ptr(),
            kernel_type_of(tensor),
            rule,
            static_cast<size_t>(tensor.size(0)),
            tensor.dim() == 2 ? static_cast<size_t>(tensor.size(1)) : 0,
            0};
}

inline std::array<kernel_check, 3> rules_of_pseudo_labels(const at::Tensor &teacher_logits,
                                                          const at::Tensor &positive,
                                                          const at::Tensor &negative)
{
    return {rule_of("teacher_logits", teacher_logits, KERNEL_RULE_FINITE),
            rule_of("positive", positive, KERNEL_RULE_SHARE),
            rule_of("negative", negative, KERNEL_RULE_SHARE)};
}

// Of the backward too: an incoming gradient may be anything.
inline std::array<kernel_check, 3> rules_of_label_weights(const at::Tensor &teacher_logits,
                                                          const at::Tensor &labels,
                                                          const at::Tensor &positive)
{
    return {rule_of("teacher_logits", teacher_logits, KERNEL_RULE_FINITE),
            rule_of("labels", labels, KERNEL_RULE_LABEL),
            rule_of("positive", positive, KERNEL_RULE_SHARE)};
}

inline std::array<kernel_check, 2> rules_of_rarest_class(const at::Tensor &labels,
                                                         const at::Tensor &count)
{
    const bool is_signed = labels.scalar_type() == at::kChar;
    return {rule_of("labels", labels, is_signed ? KERNEL_RULE_LABEL : KERNEL_RULE_BINARY),
            rule_of("count", count, KERNEL_RULE_COUNT)};
}

inline std::array<kernel_check, 2> rules_of_sample_mask(const at::Tensor &classes,
                                                        const at::Tensor &probability)
{
    kernel_check in_range = rule_of("classes", classes, KERNEL_RULE_CLASS);
    in_range.classes = probability.size(0);
    return {in_range, rule_of("probability", probability, KERNEL_RULE_SHARE)};
}

inline std::array<kernel_check, 5> rules_of_balanced_bce(const at::Tensor &logits,
                                                         const at::Tensor &positive_weight,
                                                         const at::Tensor &negative_weight,
                                                         const at::Tensor &class_weight,
                                                         const at::Tensor &mask)
{
    return {rule_of("logits", logits, KERNEL_RULE_FINITE),
            rule_of("positive_weight", positive_weight, KERNEL_RULE_FINITE),
            rule_of("negative_weight", negative_weight, KERNEL_RULE_FINITE),
            rule_of("class_weight", class_weight, KERNEL_RULE_NOT_NEGATIVE),
            rule_of("mask", mask, KERNEL_RULE_BINARY)};
}

inline std::array<kernel_check, 6>
rules_of_unsupervised_loss(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                           const at::Tensor &positive, const at::Tensor &negative,
                           const at::Tensor &class_weight, const at::Tensor &mask)
{
    return {rule_of("teacher_logits", teacher_logits, KERNEL_RULE_FINITE),
            rule_of("student_logits", student_logits, KERNEL_RULE_FINITE),
            rule_of("positive", positive, KERNEL_RULE_SHARE),
            rule_of("negative", negative, KERNEL_RULE_SHARE),
            rule_of("class_weight", class_weight, KERNEL_RULE_NOT_NEGATIVE),
            rule_of("mask", mask, KERNEL_RULE_BINARY)};
}

} // namespace sslact::torch_ops

#endif
