// Owns the messages of the op arguments: argument name first, then what was seen, then what is
// accepted.
#include "plugin/torch_ops_check.h"

#include <cmath>
#include <initializer_list>
#include <sstream>
#include <string>

#include "base/error.hpp"

namespace sslact::torch_ops
{

namespace
{

template <typename... Parts> [[noreturn]] void refuse(const Parts &...parts)
{
    std::ostringstream text;
    (text << ... << parts);
    throw Error(SSLACT_ERROR_INVALID_ARGUMENT, text.str());
}

const char *name_of_type(at::ScalarType type)
{
    switch (type) {
    case at::kHalf:
        return "float16";
    case at::kBFloat16:
        return "bfloat16";
    case at::kBool:
        return "bool";
    case at::kFloat:
        return "float32";
    case at::kDouble:
        return "float64";
    case at::kLong:
        return "int64";
    case at::kInt:
        return "int32";
    case at::kChar:
        return "int8";
    case at::kByte:
        return "uint8";
    default:
        return at::toString(type);
    }
}

void check_type(const char *name, const at::Tensor &tensor,
                std::initializer_list<at::ScalarType> accepted)
{
    std::string words;
    size_t left = accepted.size();
    for (const at::ScalarType type : accepted) {
        if (tensor.scalar_type() == type) {
            return;
        }
        left--;
        words += std::string(name_of_type(type)) + (left > 1 ? ", " : left == 1 ? " or " : "");
    }
    refuse(name, ": type ", name_of_type(tensor.scalar_type()), ", expected ", words);
}

void check_float(const char *name, const at::Tensor &tensor)
{
    check_type(name, tensor, {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble});
}

// The tensor that gives an op its N, C and device.
void check_matrix(const char *name, const at::Tensor &tensor)
{
    if (tensor.dim() != 2) {
        refuse(name, ": ", tensor.dim(), " dimensions, expected 2: [N, C]");
    }
    if (tensor.sym_size(1) < 1) {
        refuse(name, ": shape ", tensor.sym_sizes(), ", expected at least one class");
    }
}

void check_layout(const char *name, const at::Tensor &tensor, at::SymIntArrayRef shape,
                  const at::Tensor &leader)
{
    if (tensor.sym_sizes() != shape) {
        refuse(name, ": shape ", tensor.sym_sizes(), ", expected ", shape);
    }
    if (tensor.device() != leader.device()) {
        refuse(name, ": on ", tensor.device().str(), ", expected ", leader.device().str());
    }
}

void check_like(const char *name, const at::Tensor &tensor, const at::Tensor &leader)
{
    check_layout(name, tensor, leader.sym_sizes(), leader);
}

void check_per_class(const char *name, const at::Tensor &tensor, const at::Tensor &leader)
{
    check_layout(name, tensor, leader.sym_sizes().slice(1), leader);
}

void check_per_row(const char *name, const at::Tensor &tensor, const at::Tensor &leader)
{
    check_layout(name, tensor, leader.sym_sizes().slice(0, 1), leader);
}

void check_scalar(const char *name, const at::Tensor &tensor, const at::Tensor &leader)
{
    check_float(name, tensor);
    check_layout(name, tensor, {}, leader);
}

void check_slope(double slope)
{
    // Not "<= 0", so that NaN is refused as well.
    if (!(slope > 0.0 && std::isfinite(slope))) {
        refuse("slope: ", slope, ", expected a positive number");
    }
}

} // namespace

kernel_label_mode parse_mode(std::string_view mode)
{
    if (mode == "hard") {
        return KERNEL_LABEL_HARD;
    }
    if (mode == "soft") {
        return KERNEL_LABEL_SOFT;
    }
    if (mode == "fixed") {
        return KERNEL_LABEL_FIXED;
    }
    refuse("mode: \"", mode, "\", expected hard, soft or fixed");
}

kernel_penalty_scope parse_scope(std::string_view scope)
{
    if (scope == "all") {
        return KERNEL_PENALTY_ALL;
    }
    if (scope == "positives") {
        return KERNEL_PENALTY_POSITIVES;
    }
    if (scope == "per_class") {
        return KERNEL_PENALTY_PER_CLASS;
    }
    refuse("scope: \"", scope, "\", expected all, positives or per_class");
}

at::ScalarType sum_type(at::ScalarType type)
{
    return type == at::kHalf || type == at::kBFloat16 ? at::kFloat : type;
}

void check_pseudo_labels(const at::Tensor &teacher_logits, const at::Tensor &positive,
                         const at::Tensor &negative)
{
    check_float("teacher_logits", teacher_logits);
    check_matrix("teacher_logits", teacher_logits);
    check_float("positive", positive);
    check_per_class("positive", positive, teacher_logits);
    check_float("negative", negative);
    check_per_class("negative", negative, teacher_logits);
}

void check_label_weights(const at::Tensor &teacher_logits, const at::Tensor &labels,
                         const at::Tensor &positive, double slope, std::string_view mode)
{
    check_float("teacher_logits", teacher_logits);
    check_matrix("teacher_logits", teacher_logits);
    check_type("labels", labels, {at::kChar});
    check_like("labels", labels, teacher_logits);
    check_float("positive", positive);
    check_per_class("positive", positive, teacher_logits);
    check_slope(slope);
    parse_mode(mode);
}

void check_label_weights_backward(const at::Tensor &grad, const at::Tensor &teacher_logits,
                                  const at::Tensor &labels, const at::Tensor &positive,
                                  double slope, std::string_view mode)
{
    check_label_weights(teacher_logits, labels, positive, slope, mode);
    check_float("grad", grad);
    check_like("grad", grad, teacher_logits);
}

void check_rarest_class(const at::Tensor &labels, const at::Tensor &count)
{
    check_type("labels", labels, {at::kChar, at::kByte});
    check_matrix("labels", labels);
    check_type("count", count, {at::kLong});
    check_per_class("count", count, labels);
}

void check_sample_mask(const at::Tensor &classes, const at::Tensor &probability, int64_t iteration,
                       int64_t half, int64_t first_row)
{
    check_type("classes", classes, {at::kInt});
    if (classes.dim() != 1) {
        refuse("classes: ", classes.dim(), " dimensions, expected 1: [N]");
    }
    check_type("probability", probability, {at::kDouble});
    if (probability.dim() != 1) {
        refuse("probability: ", probability.dim(), " dimensions, expected 1: [C]");
    }
    if (probability.device() != classes.device()) {
        refuse("probability: on ", probability.device().str(), ", expected ",
               classes.device().str());
    }
    if (iteration < 0) {
        refuse("iteration: ", iteration, ", expected 0 or more");
    }
    if (half != KERNEL_HALF_LABELED && half != KERNEL_HALF_UNLABELED) {
        refuse("half: ", half, ", expected 0 (labelled) or 1 (unlabelled)");
    }
    if (first_row < 0) {
        refuse("first_row: ", first_row, ", expected 0 or more");
    }
}

void check_balanced_bce(const at::Tensor &logits, const at::Tensor &positive_weight,
                        const at::Tensor &negative_weight, const at::Tensor &class_weight,
                        const at::Tensor &mask)
{
    check_float("logits", logits);
    check_matrix("logits", logits);
    check_float("positive_weight", positive_weight);
    check_like("positive_weight", positive_weight, logits);
    check_float("negative_weight", negative_weight);
    check_like("negative_weight", negative_weight, logits);
    check_float("class_weight", class_weight);
    check_per_class("class_weight", class_weight, logits);
    check_type("mask", mask, {at::kByte});
    check_per_row("mask", mask, logits);
}

void check_balanced_bce_backward(const at::Tensor &grad, const at::Tensor &logits,
                                 const at::Tensor &positive_weight,
                                 const at::Tensor &negative_weight, const at::Tensor &class_weight,
                                 const at::Tensor &mask)
{
    check_balanced_bce(logits, positive_weight, negative_weight, class_weight, mask);
    check_scalar("grad", grad, logits);
}

void check_unsupervised_loss(const at::Tensor &teacher_logits, const at::Tensor &student_logits,
                             const at::Tensor &positive, const at::Tensor &negative,
                             const at::Tensor &class_weight, const at::Tensor &mask, double slope,
                             std::string_view mode, std::string_view scope)
{
    check_pseudo_labels(teacher_logits, positive, negative);
    check_float("student_logits", student_logits);
    check_like("student_logits", student_logits, teacher_logits);
    check_float("class_weight", class_weight);
    check_per_class("class_weight", class_weight, teacher_logits);
    check_type("mask", mask, {at::kByte});
    check_per_row("mask", mask, teacher_logits);
    check_slope(slope);
    parse_mode(mode);
    parse_scope(scope);
}

} // namespace sslact::torch_ops
