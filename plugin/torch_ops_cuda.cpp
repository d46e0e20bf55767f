// The CUDA key: check shapes, types and values, pack, allocate, launch the twin of the C kernel on
// torch's stream. Inputs may be strided, outputs are packed and share no storage with inputs.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <string_view>
#include <tuple>

#include "plugin/torch_ops_check.h"
#include "plugin/torch_ops_cuda.h"
#include "plugin/torch_ops_values.h"

namespace sslact::torch_ops
{

namespace
{

size_t rows(const at::Tensor &tensor)
{
    return static_cast<size_t>(tensor.size(0));
}
size_t columns(const at::Tensor &tensor)
{
    return static_cast<size_t>(tensor.size(1));
}
size_t workspace_of(const at::Tensor &matrix)
{
    return cuda_method_workspace(rows(matrix), columns(matrix));
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
at::Tensor make_like(const at::Tensor &like)
{
    return at::empty(like.sizes(), like.options());
}

template <typename Rules> void check_values(CudaCall &call, const Rules &rules)
{
    call.check_values(rules.data(), rules.size());
}

at::Tensor pseudo_labels_cuda(const at::Tensor &teacher_logits, const at::Tensor &positive,
                              const at::Tensor &negative)
{
    check_pseudo_labels(teacher_logits, positive, negative);
    CudaCall call(teacher_logits);
    const Packed logits = teacher_logits.expect_contiguous();
    const Packed upper = positive.expect_contiguous();
    const Packed lower = negative.expect_contiguous();
    check_values(call, rules_of_pseudo_labels(*logits, *upper, *lower));
    at::Tensor labels =
        at::empty(teacher_logits.sizes(), teacher_logits.options().dtype(at::kChar));
    call.check(cuda_pseudo_labels(source(logits), source(upper), source(lower),
                                  rows(teacher_logits), columns(teacher_logits),
                                  labels.mutable_data_ptr<int8_t>(), call.queue()));
    return labels;
}

std::tuple<at::Tensor, at::Tensor> label_weights_cuda(const at::Tensor &teacher_logits,
                                                      const at::Tensor &labels,
                                                      const at::Tensor &positive, double slope,
                                                      std::string_view mode)
{
    check_label_weights(teacher_logits, labels, positive, slope, mode);
    CudaCall call(teacher_logits);
    const Packed logits = teacher_logits.expect_contiguous();
    const Packed marks = labels.expect_contiguous();
    const Packed upper = positive.expect_contiguous();
    check_values(call, rules_of_label_weights(*logits, *marks, *upper));
    at::Tensor positive_weight = make_like(teacher_logits);
    at::Tensor negative_weight = make_like(teacher_logits);
    call.check(cuda_label_weights(source(logits), marks->const_data_ptr<int8_t>(), source(upper),
                                  slope, parse_mode(mode), rows(teacher_logits),
                                  columns(teacher_logits), target(positive_weight),
                                  target(negative_weight), call.queue()));
    return {positive_weight, negative_weight};
}

at::Tensor label_weights_backward_cuda(const at::Tensor &grad, const at::Tensor &teacher_logits,
                                       const at::Tensor &labels, const at::Tensor &positive,
                                       double slope, std::string_view mode)
{
    check_label_weights_backward(grad, teacher_logits, labels, positive, slope, mode);
    CudaCall call(teacher_logits);
    const Packed incoming = grad.expect_contiguous();
    const Packed logits = teacher_logits.expect_contiguous();
    const Packed marks = labels.expect_contiguous();
    const Packed upper = positive.expect_contiguous();
    check_values(call, rules_of_label_weights(*logits, *marks, *upper));
    at::Tensor gradient = make_like(positive);
    call.check(cuda_label_weights_backward(
        source(incoming), source(logits), marks->const_data_ptr<int8_t>(), source(upper), slope,
        parse_mode(mode), rows(teacher_logits), columns(teacher_logits), target(gradient),
        call.queue(workspace_of(teacher_logits))));
    return gradient;
}

at::Tensor rarest_class_cuda(const at::Tensor &labels, const at::Tensor &count)
{
    check_rarest_class(labels, count);
    CudaCall call(labels);
    const Packed marks = labels.expect_contiguous();
    const Packed counts = count.expect_contiguous();
    check_values(call, rules_of_rarest_class(*marks, *counts));
    at::Tensor classes = at::empty({labels.size(0)}, labels.options().dtype(at::kInt));
    call.check(cuda_rarest_class(marks->const_data_ptr(), counts->const_data_ptr<int64_t>(),
                                 rows(labels), columns(labels), classes.mutable_data_ptr<int32_t>(),
                                 call.queue()));
    return classes;
}

at::Tensor sample_mask_cuda(const at::Tensor &classes, const at::Tensor &probability, int64_t seed,
                            int64_t iteration, int64_t half, int64_t first_row)
{
    check_sample_mask(classes, probability, iteration, half, first_row);
    CudaCall call(classes);
    const Packed members = classes.expect_contiguous();
    const Packed chances = probability.expect_contiguous();
    check_values(call, rules_of_sample_mask(*members, *chances));
    at::Tensor mask = at::empty(classes.sizes(), classes.options().dtype(at::kByte));
    call.check(cuda_sample_mask(members->const_data_ptr<int32_t>(),
                                chances->const_data_ptr<double>(), static_cast<uint64_t>(seed),
                                static_cast<uint64_t>(iteration), static_cast<kernel_half>(half),
                                static_cast<uint64_t>(first_row), rows(classes),
                                mask.mutable_data_ptr<uint8_t>(), call.queue()));
    return mask;
}

at::Tensor balanced_bce_cuda(const at::Tensor &logits, const at::Tensor &positive_weight,
                             const at::Tensor &negative_weight, const at::Tensor &class_weight,
                             const at::Tensor &mask)
{
    check_balanced_bce(logits, positive_weight, negative_weight, class_weight, mask);
    CudaCall call(logits);
    const Packed z = logits.expect_contiguous();
    const Packed positives = positive_weight.expect_contiguous();
    const Packed negatives = negative_weight.expect_contiguous();
    const Packed weights = class_weight.expect_contiguous();
    const Packed kept = mask.expect_contiguous();
    check_values(call, rules_of_balanced_bce(*z, *positives, *negatives, *weights, *kept));
    at::Tensor loss = make_sum(logits);
    call.check(cuda_balanced_bce(source(z), source(positives), source(negatives), source(weights),
                                 kept->const_data_ptr<uint8_t>(), rows(logits), columns(logits),
                                 target(loss), call.queue(workspace_of(logits))));
    return loss;
}

std::tuple<at::Tensor, at::Tensor>
balanced_bce_backward_cuda(const at::Tensor &grad, const at::Tensor &logits,
                           const at::Tensor &positive_weight, const at::Tensor &negative_weight,
                           const at::Tensor &class_weight, const at::Tensor &mask)
{
    check_balanced_bce_backward(grad, logits, positive_weight, negative_weight, class_weight, mask);
    CudaCall call(logits);
    const Packed incoming = grad.expect_contiguous();
    const Packed z = logits.expect_contiguous();
    const Packed positives = positive_weight.expect_contiguous();
    const Packed negatives = negative_weight.expect_contiguous();
    const Packed weights = class_weight.expect_contiguous();
    const Packed kept = mask.expect_contiguous();
    check_values(call, rules_of_balanced_bce(*z, *positives, *negatives, *weights, *kept));
    at::Tensor logits_gradient = make_like(logits);
    at::Tensor positive_gradient = make_like(positive_weight);
    call.check(cuda_balanced_bce_backward(
        source(incoming), source(z), source(positives), source(negatives), source(weights),
        kept->const_data_ptr<uint8_t>(), rows(logits), columns(logits), target(logits_gradient),
        target(positive_gradient), call.queue()));
    return {logits_gradient, positive_gradient};
}

// The arguments of both loss ops: packed inputs, and the task that borrows them.
struct LossCall {
    LossCall(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
             const at::Tensor &positive_tensor, const at::Tensor &negative_tensor,
             const at::Tensor &class_weight, const at::Tensor &mask_tensor, double slope,
             std::string_view mode, std::string_view scope)
        : call(student_logits), teacher(teacher_logits.expect_contiguous()),
          student(student_logits.expect_contiguous()),
          positive(positive_tensor.expect_contiguous()),
          negative(negative_tensor.expect_contiguous()), weights(class_weight.expect_contiguous()),
          mask(mask_tensor.expect_contiguous()), pseudo(make_sum(student_logits)),
          penalty(make_sum(student_logits))
    {
        check_values(call, rules_of_unsupervised_loss(*teacher, *student, *positive, *negative,
                                                      *weights, *mask));
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

    void run()
    {
        call.check(
            cuda_unsupervised_loss(&task, call.queue(cuda_method_workspace(task.n, task.c))));
    }

    CudaCall call;
    Packed teacher, student, positive, negative, weights, mask;
    at::Tensor pseudo, penalty;
    kernel_unsupervised task = {};
};

std::tuple<at::Tensor, at::Tensor>
unsupervised_loss_cuda(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                       const at::Tensor &positive, const at::Tensor &negative,
                       const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                       std::string_view mode, std::string_view scope)
{
    check_unsupervised_loss(teacher_logits, student_logits, positive, negative, class_weight, mask,
                            slope, mode, scope);
    LossCall loss(teacher_logits, student_logits, positive, negative, class_weight, mask, slope,
                  mode, scope);
    loss.run();
    return {loss.pseudo, loss.penalty};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
unsupervised_loss_fused_cuda(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                             const at::Tensor &positive, const at::Tensor &negative,
                             const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                             std::string_view mode, std::string_view scope)
{
    check_unsupervised_loss(teacher_logits, student_logits, positive, negative, class_weight, mask,
                            slope, mode, scope);
    LossCall loss(teacher_logits, student_logits, positive, negative, class_weight, mask, slope,
                  mode, scope);
    at::Tensor student_gradient = make_fused_gradient(student_logits);
    at::Tensor pseudo_gradient = make_fused_gradient(positive);
    at::Tensor penalty_gradient = make_fused_gradient(positive);
    loss.task.student_gradient = target(student_gradient);
    loss.task.pseudo_positive_gradient = target(pseudo_gradient);
    loss.task.penalty_positive_gradient = target(penalty_gradient);
    loss.run();
    return {loss.pseudo, loss.penalty, student_gradient, pseudo_gradient, penalty_gradient};
}

} // namespace

TORCH_LIBRARY_IMPL(sslact, CUDA, library)
{
    library.impl("pseudo_labels", pseudo_labels_cuda);
    library.impl("label_weights", label_weights_cuda);
    library.impl("_label_weights_backward", label_weights_backward_cuda);
    library.impl("rarest_class", rarest_class_cuda);
    library.impl("sample_mask", sample_mask_cuda);
    library.impl("balanced_bce", balanced_bce_cuda);
    library.impl("_balanced_bce_backward", balanced_bce_backward_cuda);
    library.impl("unsupervised_loss", unsupervised_loss_cuda);
    library.impl("_unsupervised_loss_fused", unsupervised_loss_fused_cuda);
}

} // namespace sslact::torch_ops
