// The Meta key: the same checks, shapes and types of the results, no data.
#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include <string_view>
#include <tuple>

#include "plugin/torch_ops_check.h"

namespace sslact::torch_ops
{

namespace
{

at::Tensor make(const at::Tensor &device, at::SymIntArrayRef shape, at::ScalarType type)
{
    return device.new_empty_symint(shape, device.options().dtype(type));
}

at::Tensor make_like(const at::Tensor &tensor)
{
    return make(tensor, tensor.sym_sizes(), tensor.scalar_type());
}

at::Tensor make_sum(const at::Tensor &like)
{
    return make(like, {}, sum_type(like.scalar_type()));
}

// The fused loss's gradient for an input.
at::Tensor make_fused_gradient(const at::Tensor &like)
{
    return make(like, like.sym_sizes(), sum_type(like.scalar_type()));
}

at::Tensor pseudo_labels_meta(const at::Tensor &teacher_logits, const at::Tensor &positive,
                              const at::Tensor &negative)
{
    check_pseudo_labels(teacher_logits, positive, negative);
    return make(teacher_logits, teacher_logits.sym_sizes(), at::kChar);
}

std::tuple<at::Tensor, at::Tensor> label_weights_meta(const at::Tensor &teacher_logits,
                                                      const at::Tensor &labels,
                                                      const at::Tensor &positive, double slope,
                                                      std::string_view mode)
{
    check_label_weights(teacher_logits, labels, positive, slope, mode);
    return {make_like(teacher_logits), make_like(teacher_logits)};
}

at::Tensor label_weights_backward_meta(const at::Tensor &grad, const at::Tensor &teacher_logits,
                                       const at::Tensor &labels, const at::Tensor &positive,
                                       double slope, std::string_view mode)
{
    check_label_weights_backward(grad, teacher_logits, labels, positive, slope, mode);
    return make_like(positive);
}

at::Tensor rarest_class_meta(const at::Tensor &labels, const at::Tensor &count)
{
    check_rarest_class(labels, count);
    return make(labels, labels.sym_sizes().slice(0, 1), at::kInt);
}

at::Tensor sample_mask_meta(const at::Tensor &classes, const at::Tensor &probability,
                            int64_t /*seed*/, int64_t iteration, int64_t half, int64_t first_row)
{
    check_sample_mask(classes, probability, iteration, half, first_row);
    return make(classes, classes.sym_sizes(), at::kByte);
}

at::Tensor balanced_bce_meta(const at::Tensor &logits, const at::Tensor &positive_weight,
                             const at::Tensor &negative_weight, const at::Tensor &class_weight,
                             const at::Tensor &mask)
{
    check_balanced_bce(logits, positive_weight, negative_weight, class_weight, mask);
    return make_sum(logits);
}

std::tuple<at::Tensor, at::Tensor>
balanced_bce_backward_meta(const at::Tensor &grad, const at::Tensor &logits,
                           const at::Tensor &positive_weight, const at::Tensor &negative_weight,
                           const at::Tensor &class_weight, const at::Tensor &mask)
{
    check_balanced_bce_backward(grad, logits, positive_weight, negative_weight, class_weight, mask);
    return {make_like(logits), make_like(positive_weight)};
}

std::tuple<at::Tensor, at::Tensor>
unsupervised_loss_meta(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                       const at::Tensor &positive, const at::Tensor &negative,
                       const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                       std::string_view mode, std::string_view scope)
{
    check_unsupervised_loss(teacher_logits, student_logits, positive, negative, class_weight, mask,
                            slope, mode, scope);
    return {make_sum(student_logits), make_sum(student_logits)};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
unsupervised_loss_fused_meta(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                             const at::Tensor &positive, const at::Tensor &negative,
                             const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                             std::string_view mode, std::string_view scope)
{
    check_unsupervised_loss(teacher_logits, student_logits, positive, negative, class_weight, mask,
                            slope, mode, scope);
    return {make_sum(student_logits), make_sum(student_logits), make_fused_gradient(student_logits),
            make_fused_gradient(positive), make_fused_gradient(positive)};
}

} // namespace

TORCH_LIBRARY_IMPL(sslact, Meta, library)
{
    library.impl("pseudo_labels", pseudo_labels_meta);
    library.impl("label_weights", label_weights_meta);
    library.impl("_label_weights_backward", label_weights_backward_meta);
    library.impl("rarest_class", rarest_class_meta);
    library.impl("sample_mask", sample_mask_meta);
    library.impl("balanced_bce", balanced_bce_meta);
    library.impl("_balanced_bce_backward", balanced_bce_backward_meta);
    library.impl("unsupervised_loss", unsupervised_loss_meta);
    library.impl("_unsupervised_loss_fused", unsupervised_loss_fused_meta);
}

} // namespace sslact::torch_ops
