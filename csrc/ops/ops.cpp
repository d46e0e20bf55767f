// Owns the handles of the dispatcher's entries: each is looked up once, then called typed.
#include "ops/ops.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <string_view>

namespace sslact::ops
{

namespace
{

template <typename Signature> c10::TypedOperatorHandle<Signature> find(const char *name)
{
    return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

} // namespace

const char *name_of(LabelMode mode)
{
    switch (mode) {
    case LabelMode::soft:
        return "soft";
    case LabelMode::fixed:
        return "fixed";
    case LabelMode::hard:
        break;
    }
    return "hard";
}

const char *name_of(PenaltyScope scope)
{
    switch (scope) {
    case PenaltyScope::positives:
        return "positives";
    case PenaltyScope::per_class:
        return "per_class";
    case PenaltyScope::all:
        break;
    }
    return "all";
}

at::Tensor pseudo_labels(const at::Tensor &teacher_logits, const at::Tensor &positive,
                         const at::Tensor &negative)
{
    static const auto op =
        find<at::Tensor(const at::Tensor &, const at::Tensor &, const at::Tensor &)>(
            "sslact::pseudo_labels");
    return op.call(teacher_logits, positive, negative);
}

std::tuple<at::Tensor, at::Tensor> label_weights(const at::Tensor &teacher_logits,
                                                 const at::Tensor &labels,
                                                 const at::Tensor &positive, double slope,
                                                 LabelMode mode)
{
    static const auto op = find<std::tuple<at::Tensor, at::Tensor>(
        const at::Tensor &, const at::Tensor &, const at::Tensor &, double, std::string_view)>(
        "sslact::label_weights");
    return op.call(teacher_logits, labels, positive, slope, name_of(mode));
}

at::Tensor label_weights_backward(const at::Tensor &grad, const at::Tensor &teacher_logits,
                                  const at::Tensor &labels, const at::Tensor &positive,
                                  double slope, LabelMode mode)
{
    static const auto op =
        find<at::Tensor(const at::Tensor &, const at::Tensor &, const at::Tensor &,
                        const at::Tensor &, double, std::string_view)>(
            "sslact::_label_weights_backward");
    return op.call(grad, teacher_logits, labels, positive, slope, name_of(mode));
}

at::Tensor rarest_class(const at::Tensor &labels, const at::Tensor &count)
{
    static const auto op =
        find<at::Tensor(const at::Tensor &, const at::Tensor &)>("sslact::rarest_class");
    return op.call(labels, count);
}

at::Tensor sample_mask(const at::Tensor &classes, const at::Tensor &probability, uint64_t seed,
                       int64_t iteration, SampleHalf half, int64_t first_row)
{
    static const auto op = find<at::Tensor(const at::Tensor &, const at::Tensor &, int64_t, int64_t,
                                           int64_t, int64_t)>("sslact::sample_mask");
    return op.call(classes, probability, static_cast<int64_t>(seed), iteration,
                   static_cast<int64_t>(half), first_row);
}

at::Tensor balanced_bce(const at::Tensor &logits, const at::Tensor &positive_weight,
                        const at::Tensor &negative_weight, const at::Tensor &class_weight,
                        const at::Tensor &mask)
{
    static const auto op =
        find<at::Tensor(const at::Tensor &, const at::Tensor &, const at::Tensor &,
                        const at::Tensor &, const at::Tensor &)>("sslact::balanced_bce");
    return op.call(logits, positive_weight, negative_weight, class_weight, mask);
}

std::tuple<at::Tensor, at::Tensor>
balanced_bce_backward(const at::Tensor &grad, const at::Tensor &logits,
                      const at::Tensor &positive_weight, const at::Tensor &negative_weight,
                      const at::Tensor &class_weight, const at::Tensor &mask)
{
    static const auto op = find<std::tuple<at::Tensor, at::Tensor>(
        const at::Tensor &, const at::Tensor &, const at::Tensor &, const at::Tensor &,
        const at::Tensor &, const at::Tensor &)>("sslact::_balanced_bce_backward");
    return op.call(grad, logits, positive_weight, negative_weight, class_weight, mask);
}

std::tuple<at::Tensor, at::Tensor>
unsupervised_loss(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                  const at::Tensor &positive, const at::Tensor &negative,
                  const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                  LabelMode mode, PenaltyScope scope)
{
    static const auto op = find<std::tuple<at::Tensor, at::Tensor>(
        const at::Tensor &, const at::Tensor &, const at::Tensor &, const at::Tensor &,
        const at::Tensor &, const at::Tensor &, double, std::string_view, std::string_view)>(
        "sslact::unsupervised_loss");
    return op.call(teacher_logits, student_logits, positive, negative, class_weight, mask, slope,
                   name_of(mode), name_of(scope));
}

FusedLoss unsupervised_loss_fused(const at::Tensor &teacher_logits,
                                  const at::Tensor &student_logits, const at::Tensor &positive,
                                  const at::Tensor &negative, const at::Tensor &class_weight,
                                  const at::Tensor &mask, double slope, LabelMode mode,
                                  PenaltyScope scope)
{
    static const auto op =
        find<std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>(
            const at::Tensor &, const at::Tensor &, const at::Tensor &, const at::Tensor &,
            const at::Tensor &, const at::Tensor &, double, std::string_view, std::string_view)>(
            "sslact::_unsupervised_loss_fused");
    auto [pseudo, penalty, student, pseudo_positive, penalty_positive] =
        op.call(teacher_logits, student_logits, positive, negative, class_weight, mask, slope,
                name_of(mode), name_of(scope));
    return {pseudo, penalty, student, pseudo_positive, penalty_positive};
}

} // namespace sslact::ops
