// The CPU key: check shapes, types and values, pack, allocate, call the C kernel. Inputs may be
// strided, outputs are packed and share no storage with inputs.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <string_view>
#include <tuple>
#include <vector>

#include "base/error.hpp"
#include "kernels/kernels.h"
#include "plugin/torch_ops_check.h"
#include "plugin/torch_ops_values.h"

namespace sslact::torch_ops
{

namespace
{

// The packed form of an input; a borrowed tensor where it is packed already.
using Packed = c10::MaybeOwned<at::Tensor>;

kernel_source source(const Packed &tensor)
{
    return {tensor->const_data_ptr(), kernel_type_of(*tensor)};
}

kernel_target target(const at::Tensor &tensor)
{
    return {tensor.mutable_data_ptr(), kernel_type_of(tensor)};
}

size_t rows(const at::Tensor &tensor)
{
    return static_cast<size_t>(tensor.size(0));
}
size_t columns(const at::Tensor &tensor)
{
    return static_cast<size_t>(tensor.size(1));
}

at::Tensor make_sum(const at::Tensor &like)
{
    return at::empty({}, like.options().dtype(sum_type(like.scalar_type())));
}
// The fused loss's gradient for an input.
at::Tensor make_fused_gradient(const at::Tensor &like)
{
    return at::empty(like.sizes(), like.options().dtype(sum_type(like.scalar_type())));
}
at::Tensor make_matrix(const at::Tensor &like)
{
    return at::empty(like.sizes(), like.options());
}

template <typename Rules> void check_values(const Rules &rules)
{
    check(kernel_check_values(rules.data(), rules.size()));
}

// ---- labels, weights, mask ----

at::Tensor pseudo_labels_cpu(const at::Tensor &teacher_logits, const at::Tensor &positive,
                             const at::Tensor &negative)
{
    check_pseudo_labels(teacher_logits, positive, negative);
    const Packed logits = teacher_logits.expect_contiguous();
    const Packed upper = positive.expect_contiguous();
    const Packed lower = negative.expect_contiguous();
    check_values(rules_of_pseudo_labels(*logits, *upper, *lower));
    at::Tensor labels =
        at::empty(teacher_logits.sizes(), teacher_logits.options().dtype(at::kChar));
    kernel_pseudo_labels(source(logits), source(upper), source(lower), rows(teacher_logits),
                         columns(teacher_logits), labels.mutable_data_ptr<int8_t>());
    return labels;
}

std::tuple<at::Tensor, at::Tensor> label_weights_cpu(const at::Tensor &teacher_logits,
                                                     const at::Tensor &labels,
                                                     const at::Tensor &positive, double slope,
                                                     std::string_view mode)
{
    check_label_weights(teacher_logits, labels, positive, slope, mode);
    const Packed logits = teacher_logits.expect_contiguous();
    const Packed marks = labels.expect_contiguous();
    const Packed upper = positive.expect_contiguous();
    check_values(rules_of_label_weights(*logits, *marks, *upper));
    at::Tensor positive_weight = make_matrix(teacher_logits);
    at::Tensor negative_weight = make_matrix(teacher_logits);
    kernel_label_weights(source(logits), marks->const_data_ptr<int8_t>(), source(upper), slope,
                         parse_mode(mode), rows(teacher_logits), columns(teacher_logits),
                         target(positive_weight), target(negative_weight));
    return {positive_weight, negative_weight};
}

at::Tensor label_weights_backward_cpu(const at::Tensor &grad, const at::Tensor &teacher_logits,
                                      const at::Tensor &labels, const at::Tensor &positive,
                                      double slope, std::string_view mode)
{
    check_label_weights_backward(grad, teacher_logits, labels, positive, slope, mode);
    const Packed incoming = grad.expect_contiguous();
    const Packed logits = teacher_logits.expect_contiguous();
    const Packed marks = labels.expect_contiguous();
    const Packed upper = positive.expect_contiguous();
    check_values(rules_of_label_weights(*logits, *marks, *upper));
    at::Tensor gradient = at::empty(positive.sizes(), positive.options());
    kernel_label_weights_backward(source(incoming), source(logits), marks->const_data_ptr<int8_t>(),
                                  source(upper), slope, parse_mode(mode), rows(teacher_logits),
                                  columns(teacher_logits), target(gradient));
    return gradient;
}

at::Tensor rarest_class_cpu(const at::Tensor &labels, const at::Tensor &count)
{
    check_rarest_class(labels, count);
    const Packed marks = labels.expect_contiguous();
    const Packed counts = count.expect_contiguous();
    check_values(rules_of_rarest_class(*marks, *counts));
    at::Tensor classes = at::empty({labels.size(0)}, labels.options().dtype(at::kInt));
    kernel_rarest_class(marks->const_data_ptr(), counts->const_data_ptr<int64_t>(), rows(labels),
                        columns(labels), classes.mutable_data_ptr<int32_t>());
    return classes;
}

at::Tensor sample_mask_cpu(const at::Tensor &classes, const at::Tensor &probability, int64_t seed,
                           int64_t iteration, int64_t half, int64_t first_row)
{
    check_sample_mask(classes, probability, iteration, half, first_row);
    const Packed members = classes.expect_contiguous();
    const Packed chances = probability.expect_contiguous();
    check_values(rules_of_sample_mask(*members, *chances));
    at::Tensor mask = at::empty(classes.sizes(), classes.options().dtype(at::kByte));
    kernel_sample_mask(members->const_data_ptr<int32_t>(), chances->const_data_ptr<double>(),
                       static_cast<uint64_t>(seed), static_cast<uint64_t>(iteration),
                       static_cast<kernel_half>(half), static_cast<uint64_t>(first_row),
                       rows(classes), mask.mutable_data_ptr<uint8_t>());
    return mask;
}

// ---- losses ----

// The packed arguments of the cross entropy, forward and backward.
struct EntropyCall {
    EntropyCall(const at::Tensor &logits_tensor, const at::Tensor &positive_weight,
                const at::Tensor &negative_weight, const at::Tensor &class_weight,
                const at::Tensor &mask_tensor)
        : logits(logits_tensor.expect_contiguous()), positive(positive_weight.expect_contiguous()),
          negative(negative_weight.expect_contiguous()), weights(class_weight.expect_contiguous()),
          mask(mask_tensor.expect_contiguous())
    {
        check_values(rules_of_balanced_bce(*logits, *positive, *negative, *weights, *mask));
    }

    Packed logits, positive, negative, weights, mask;
};

at::Tensor balanced_bce_cpu(const at::Tensor &logits, const at::Tensor &positive_weight,
                            const at::Tensor &negative_weight, const at::Tensor &class_weight,
                            const at::Tensor &mask)
{
    check_balanced_bce(logits, positive_weight, negative_weight, class_weight, mask);
    const EntropyCall call(logits, positive_weight, negative_weight, class_weight, mask);
    at::Tensor loss = make_sum(logits);
    kernel_balanced_bce(source(call.logits), source(call.positive), source(call.negative),
                        source(call.weights), call.mask->const_data_ptr<uint8_t>(), rows(logits),
                        columns(logits), target(loss));
    return loss;
}

std::tuple<at::Tensor, at::Tensor>
balanced_bce_backward_cpu(const at::Tensor &grad, const at::Tensor &logits,
                          const at::Tensor &positive_weight, const at::Tensor &negative_weight,
                          const at::Tensor &class_weight, const at::Tensor &mask)
{
    check_balanced_bce_backward(grad, logits, positive_weight, negative_weight, class_weight, mask);
    const Packed incoming = grad.expect_contiguous();
    const EntropyCall call(logits, positive_weight, negative_weight, class_weight, mask);
    at::Tensor logits_gradient = make_matrix(logits);
    at::Tensor positive_gradient = make_matrix(positive_weight);
    kernel_balanced_bce_backward(
        source(incoming), source(call.logits), source(call.positive), source(call.negative),
        source(call.weights), call.mask->const_data_ptr<uint8_t>(), rows(logits), columns(logits),
        target(logits_gradient), target(positive_gradient));
    return {logits_gradient, positive_gradient};
}

// Below so many entries a second thread costs more than it gives.
constexpr int64_t kEntriesPerThread = 8192;

// The arguments of both loss ops: packed inputs, and the task that borrows them.
struct LossCall {
    LossCall(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
             const at::Tensor &positive_tensor, const at::Tensor &negative_tensor,
             const at::Tensor &class_weight, const at::Tensor &mask_tensor, double slope,
             std::string_view mode, std::string_view scope)
        : teacher(teacher_logits.expect_contiguous()), student(student_logits.expect_contiguous()),
          positive(positive_tensor.expect_contiguous()),
          negative(negative_tensor.expect_contiguous()), weights(class_weight.expect_contiguous()),
          mask(mask_tensor.expect_contiguous()), pseudo(make_sum(student_logits)),
          penalty(make_sum(student_logits))
    {
        check_values(
            rules_of_unsupervised_loss(*teacher, *student, *positive, *negative, *weights, *mask));
        task.teacher_logits = source(teacher);
        task.student_logits = source(student);
        task.positive = source(positive);
        task.negative = source(negative);
        task.class_weight = source(weights);
        task.mask = mask->const_data_ptr<uint8_t>();
        task.slope = slope;
        task.mode = parse_mode(mode);
        task.scope = parse_scope(scope);
        task.n = rows(student_logits);
        task.c = columns(student_logits);
        task.pseudo = target(pseudo);
        task.penalty = target(penalty);
    }

    // The parts go to torch's threads; their sums are added in their order, whoever made them.
    void run() const
    {
        const auto parts = static_cast<int64_t>(kernel_unsupervised_parts(&task));
        const auto entries = static_cast<int64_t>(KERNEL_PART_ROWS * task.c);
        if (parts < 2 || at::get_num_threads() == 1) {
            kernel_unsupervised_loss(&task);
            return;
        }
        std::vector<double> sums(static_cast<size_t>(parts) * 3 * task.c);
        at::parallel_for(0, parts, at::divup(kEntriesPerThread, entries),
                         [&](int64_t first, int64_t last) {
                             for (int64_t part = first; part < last; part++) {
                                 const auto at = static_cast<size_t>(part);
                                 kernel_unsupervised_part(&task, at, &sums[at * 3 * task.c]);
                             }
                         });
        kernel_unsupervised_finish(&task, sums.data());
    }

    Packed teacher, student, positive, negative, weights, mask;
    at::Tensor pseudo, penalty;
    kernel_unsupervised task = {};
};

std::tuple<at::Tensor, at::Tensor>
unsupervised_loss_cpu(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                      const at::Tensor &positive, const at::Tensor &negative,
                      const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                      std::string_view mode, std::string_view scope)
{
    check_unsupervised_loss(teacher_logits, student_logits, positive, negative, class_weight, mask,
                            slope, mode, scope);
    LossCall call(teacher_logits, student_logits, positive, negative, class_weight, mask, slope,
                  mode, scope);
    call.run();
    return {call.pseudo, call.penalty};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
unsupervised_loss_fused_cpu(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                            const at::Tensor &positive, const at::Tensor &negative,
                            const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                            std::string_view mode, std::string_view scope)
{
    check_unsupervised_loss(teacher_logits, student_logits, positive, negative, class_weight, mask,
                            slope, mode, scope);
    LossCall call(teacher_logits, student_logits, positive, negative, class_weight, mask, slope,
                  mode, scope);
    at::Tensor student_gradient = make_fused_gradient(student_logits);
    at::Tensor pseudo_gradient = make_fused_gradient(positive);
    at::Tensor penalty_gradient = make_fused_gradient(positive);
    call.task.student_gradient = target(student_gradient);
    call.task.pseudo_positive_gradient = target(pseudo_gradient);
    call.task.penalty_positive_gradient = target(penalty_gradient);
    call.run();
    return {call.pseudo, call.penalty, student_gradient, pseudo_gradient, penalty_gradient};
}

} // namespace

TORCH_LIBRARY_IMPL(sslact, CPU, library)
{
    library.impl("pseudo_labels", pseudo_labels_cpu);
    library.impl("label_weights", label_weights_cpu);
    library.impl("_label_weights_backward", label_weights_backward_cpu);
    library.impl("rarest_class", rarest_class_cpu);
    library.impl("sample_mask", sample_mask_cpu);
    library.impl("balanced_bce", balanced_bce_cpu);
    library.impl("_balanced_bce_backward", balanced_bce_backward_cpu);
    library.impl("unsupervised_loss", unsupervised_loss_cpu);
    library.impl("_unsupervised_loss_fused", unsupervised_loss_fused_cpu);
}

} // namespace sslact::torch_ops
