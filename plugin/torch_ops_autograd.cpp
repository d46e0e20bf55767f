// The Autograd key: graphs for the differentiable ops, and an explicit "not differentiable" for the
// rest, so that no op loses a gradient in silence.
#include <ATen/TensorOperators.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd_not_implemented_fallback.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <string>
#include <string_view>
#include <tuple>

#include "ops/ops.h"
#include "plugin/torch_ops_check.h"

namespace sslact::torch_ops
{

namespace
{

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

LabelMode mode_of(std::string_view mode)
{
    switch (parse_mode(mode)) {
    case KERNEL_LABEL_SOFT:
        return LabelMode::soft;
    case KERNEL_LABEL_FIXED:
        return LabelMode::fixed;
    case KERNEL_LABEL_HARD:
        break;
    }
    return LabelMode::hard;
}

PenaltyScope scope_of(std::string_view scope)
{
    switch (parse_scope(scope)) {
    case KERNEL_PENALTY_POSITIVES:
        return PenaltyScope::positives;
    case KERNEL_PENALTY_PER_CLASS:
        return PenaltyScope::per_class;
    case KERNEL_PENALTY_ALL:
        break;
    }
    return PenaltyScope::all;
}

// ---- label_weights: differentiable in positive, through pc ----

struct LabelWeights : public torch::autograd::Function<LabelWeights> {
    static variable_list forward(AutogradContext *ctx, const at::Tensor &teacher_logits,
                                 const at::Tensor &labels, const at::Tensor &positive, double slope,
                                 const std::string &mode)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        auto [positive_weight, negative_weight] =
            ops::label_weights(teacher_logits, labels, positive, slope, mode_of(mode));
        ctx->save_for_backward({teacher_logits, labels, positive});
        ctx->saved_data["slope"] = slope;
        ctx->saved_data["mode"] = mode;
        ctx->mark_non_differentiable({negative_weight});
        return {positive_weight, negative_weight};
    }

    static variable_list backward(AutogradContext *ctx, const variable_list &grads)
    {
        const variable_list saved = ctx->get_saved_variables();
        const at::Tensor gradient = ops::label_weights_backward(
            grads[0], saved[0], saved[1], saved[2], ctx->saved_data["slope"].toDouble(),
            mode_of(ctx->saved_data["mode"].toStringRef()));
        return {at::Tensor(), at::Tensor(), gradient, at::Tensor(), at::Tensor()};
    }
};

std::tuple<at::Tensor, at::Tensor> label_weights_autograd(const at::Tensor &teacher_logits,
                                                          const at::Tensor &labels,
                                                          const at::Tensor &positive, double slope,
                                                          std::string_view mode)
{
    const variable_list out =
        LabelWeights::apply(teacher_logits, labels, positive, slope, std::string(mode));
    return {out[0], out[1]};
}

// ---- balanced_bce: differentiable in the logits and the positive weights ----

struct BalancedBce : public torch::autograd::Function<BalancedBce> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &logits,
                              const at::Tensor &positive_weight, const at::Tensor &negative_weight,
                              const at::Tensor &class_weight, const at::Tensor &mask)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        ctx->save_for_backward({logits, positive_weight, negative_weight, class_weight, mask});
        return ops::balanced_bce(logits, positive_weight, negative_weight, class_weight, mask);
    }

    static variable_list backward(AutogradContext *ctx, const variable_list &grads)
    {
        const variable_list saved = ctx->get_saved_variables();
        auto [logits_gradient, positive_gradient] =
            ops::balanced_bce_backward(grads[0], saved[0], saved[1], saved[2], saved[3], saved[4]);
        return {logits_gradient, positive_gradient, at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

at::Tensor balanced_bce_autograd(const at::Tensor &logits, const at::Tensor &positive_weight,
                                 const at::Tensor &negative_weight, const at::Tensor &class_weight,
                                 const at::Tensor &mask)
{
    return BalancedBce::apply(logits, positive_weight, negative_weight, class_weight, mask);
}

// ---- unsupervised_loss: the forward has the gradients already, the backward scales them ----

struct UnsupervisedLoss : public torch::autograd::Function<UnsupervisedLoss> {
    static variable_list forward(AutogradContext *ctx, const at::Tensor &teacher_logits,
                                 const at::Tensor &student_logits, const at::Tensor &positive,
                                 const at::Tensor &negative, const at::Tensor &class_weight,
                                 const at::Tensor &mask, double slope, const std::string &mode,
                                 const std::string &scope)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        const ops::FusedLoss loss =
            ops::unsupervised_loss_fused(teacher_logits, student_logits, positive, negative,
                                         class_weight, mask, slope, mode_of(mode), scope_of(scope));
        ctx->save_for_backward(
            {loss.student_gradient, loss.pseudo_positive_gradient, loss.penalty_positive_gradient});
        ctx->saved_data["student_type"] = student_logits.scalar_type();
        ctx->saved_data["positive_type"] = positive.scalar_type();
        return {loss.pseudo, loss.penalty};
    }

    static variable_list backward(AutogradContext *ctx, const variable_list &grads)
    {
        const variable_list saved = ctx->get_saved_variables();
        const at::Tensor &pseudo = grads[0];
        const at::Tensor &penalty = grads[1];
        variable_list out(9);
        // Scaled first, rounded to the input's type after.
        out[1] = (saved[0] * pseudo).to(ctx->saved_data["student_type"].toScalarType());
        out[2] = (saved[1] * pseudo.to(saved[1].scalar_type()) +
                  saved[2] * penalty.to(saved[2].scalar_type()))
                     .to(ctx->saved_data["positive_type"].toScalarType());
        return out;
    }
};

std::tuple<at::Tensor, at::Tensor>
unsupervised_loss_autograd(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                           const at::Tensor &positive, const at::Tensor &negative,
                           const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                           std::string_view mode, std::string_view scope)
{
    if (!at::GradMode::is_enabled() ||
        !(student_logits.requires_grad() || positive.requires_grad())) {
        // Nothing to differentiate: the plain op does not spend time on gradients.
        at::AutoDispatchBelowADInplaceOrView below;
        return ops::unsupervised_loss(teacher_logits, student_logits, positive, negative,
                                      class_weight, mask, slope, mode_of(mode), scope_of(scope));
    }
    const variable_list out =
        UnsupervisedLoss::apply(teacher_logits, student_logits, positive, negative, class_weight,
                                mask, slope, std::string(mode), std::string(scope));
    return {out[0], out[1]};
}

} // namespace

TORCH_LIBRARY_IMPL(sslact, Autograd, library)
{
    library.impl("label_weights", label_weights_autograd);
    library.impl("balanced_bce", balanced_bce_autograd);
    library.impl("unsupervised_loss", unsupervised_loss_autograd);

    // Labels, classes and masks are steps of their inputs; a second derivative is not offered. The
    // fallback lets them run and raises an error where a gradient would be asked of a result.
    for (const char *name :
         {"pseudo_labels", "rarest_class", "sample_mask", "_label_weights_backward",
          "_balanced_bce_backward", "_unsupervised_loss_fused"}) {
        library.impl(name, torch::autograd::autogradNotImplementedFallback());
    }
}

} // namespace sslact::torch_ops
