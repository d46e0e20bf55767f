// sslact_loss_compute_*: the losses of method.md section 4 and their gradients.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "guard.h"
#include "loss_call.h"
#include "loss_settings.h"

#include "kernels/access.h"

using namespace sslact;

namespace
{

// The class weights and the mask of a call, with the defaults filled in and the divisor decided.
class Weighting
{
public:
    // Reads the two arguments; weight and mask may be NULL.
    Weighting(LossCall &call, const double *weight, const sslact_tensor *mask)
        : given_(weight), weights_(call.c(), 1.0)
    {
        if (weight != nullptr) {
            call.read_array(weight, call.c(), "class_weight", KERNEL_RULE_NOT_NEGATIVE);
        }
        if (mask != nullptr) {
            mask_ = &call.read_rows(mask, "mask", SSLACT_UINT8, KERNEL_RULE_BINARY);
        }
        rows_ = call.n();
    }

    // After the call's start. The kernels divide by N C; `kept` asks for sum(m) C, which a factor
    // on the weights makes of it. (The penalty per class has no weight and no rows in it.)
    void bring(LossCall &call, bool kept)
    {
        if (given_ != nullptr) {
            weights_.assign(given_, given_ + weights_.size());
        }
        if (mask_ == nullptr) {
            ones_.assign(rows_, 1);
        }
        const size_t kept_rows = mask_ != nullptr && kept ? count_kept(call) : rows_;
        empty_ = rows_ == 0 || (kept && kept_rows == 0);
        if (kept) {
            const double factor =
                empty_ ? 0.0 : static_cast<double>(rows_) / static_cast<double>(kept_rows);
            std::for_each(weights_.begin(), weights_.end(), [&](double &w) { w *= factor; });
        }
        weight_place_ = call.bring(weights_);
        mask_place_ =
            mask_ != nullptr ? static_cast<const uint8_t *>(mask_->place) : call.bring(ones_);
    }

    kernel_source weights() const { return {weight_place_, KERNEL_FLOAT64}; }
    const uint8_t *mask() const { return mask_place_; }
    bool empty() const { return empty_; } // no row counts: every loss is 0

private:
    size_t count_kept(LossCall &call) const
    {
        const auto *values = static_cast<const uint8_t *>(call.fetch(*mask_));
        return static_cast<size_t>(std::count(values, values + rows_, 1));
    }

    size_t rows_ = 0;
    const double *given_;
    std::vector<double> weights_; // w [C]
    LossArgument *mask_ = nullptr;
    std::vector<uint8_t> ones_; // m [N] where none was given
    const double *weight_place_ = nullptr;
    const uint8_t *mask_place_ = nullptr;
    bool empty_ = false;
};

// -log T of Eq. (7) needs T > 0. After the call's start, which has checked [0, 1].
void check_above_zero(LossCall &call, LossArgument &positive)
{
    const kernel_source values = {call.fetch(positive), positive.source().type};
    for (size_t j = 0; j < positive.rows(); ++j) {
        if (source_get(values, j) == 0.0) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, positive.view.name + "[" +
                                                           std::to_string(j) +
                                                           "]: 0, expected a number in (0, 1]");
        }
    }
}

void check_penalty_weight(double weight)
{
    if (!(weight >= 0.0 && std::isfinite(weight))) {
        char text[96];
        std::snprintf(text, sizeof text, "penalty_weight: %g, expected a finite number, 0 or more",
                      weight);
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, text);
    }
}

// ---- the fused loss ----

struct FusedArguments {
    FusedArguments(LossCall &call, const sslact_tensor *teacher_logits,
                   const sslact_tensor *student_logits, const sslact_tensor *positive_threshold,
                   const sslact_tensor *negative_threshold)
        : teacher(
              call.read_matrix(teacher_logits, "teacher_logits", float_types, KERNEL_RULE_FINITE)),
          student(
              call.read_matrix(student_logits, "student_logits", float_types, KERNEL_RULE_FINITE)),
          positive(call.read_thresholds(positive_threshold, "positive_threshold")),
          negative(call.read_thresholds(negative_threshold, "negative_threshold"))
    {
    }

    LossArgument &teacher, &student, &positive, &negative;
};

struct FusedResult {
    double pseudo = 0.0;
    double penalty = 0.0;
    std::vector<double> threshold_gradient; // of pseudo + penalty_weight * penalty
};

kernel_unsupervised make_task(const LossCall &call, const FusedArguments &given,
                              const Weighting &weighting, const LossSettings &settings)
{
    kernel_unsupervised task = {};
    task.teacher_logits = given.teacher.source();
    task.student_logits = given.student.source();
    task.positive = given.positive.source();
    task.negative = given.negative.source();
    task.class_weight = weighting.weights();
    task.mask = weighting.mask();
    task.slope = settings.slope;
    task.mode = settings.mode;
    task.scope = settings.scope;
    task.n = call.n();
    task.c = call.c();
    return task;
}

// Runs the task; `penalised` says whether there is a penalty at all.
FusedResult run_task(LossCall &call, kernel_unsupervised task, bool penalised,
                     double penalty_weight)
{
    const LossNumbers &pseudo = call.make_numbers(1);
    const LossNumbers &penalty = call.make_numbers(1);
    const LossNumbers &pseudo_slope = call.make_numbers(call.c());
    const LossNumbers &penalty_slope = call.make_numbers(call.c());
    task.pseudo = pseudo.target();
    task.penalty = penalty.target();
    task.pseudo_positive_gradient = pseudo_slope.target();
    task.penalty_positive_gradient = penalty_slope.target();
    call.run(kernel_unsupervised_loss, &cuda_functions::unsupervised_loss, &task);
    call.finish();

    FusedResult out = {pseudo.values[0], 0.0, pseudo_slope.values};
    if (penalised) {
        out.penalty = penalty.values[0];
        for (size_t j = 0; j < call.c(); ++j) {
            out.threshold_gradient[j] += penalty_weight * penalty_slope.values[j];
        }
    }
    return out;
}

} // namespace

sslact_status
sslact_loss_compute_bce(const sslact_tensor *logits, const sslact_tensor *positive_weight,
                        const sslact_tensor *negative_weight, const double *class_weight,
                        const sslact_tensor *mask, const sslact_loss_options *options, double *loss,
                        sslact_tensor *logits_gradient, sslact_tensor *positive_weight_gradient)
{
    return guard([&] {
        const LossSettings settings = read_loss_settings(options);
        LossCall call(settings.stream);
        const LossArgument &z = call.read_matrix(logits, "logits", float_types, KERNEL_RULE_FINITE);
        const LossArgument &positive = call.read_matrix(positive_weight, "positive_weight",
                                                        float_types, KERNEL_RULE_NOT_NEGATIVE);
        const LossArgument &negative = call.read_matrix(negative_weight, "negative_weight",
                                                        float_types, KERNEL_RULE_NOT_NEGATIVE);
        Weighting weighting(call, class_weight, mask);
        need(loss, "loss");
        const kernel_target z_gradient =
            call.write_matrix(logits_gradient, "logits_gradient", float_types).target();
        const kernel_target weight_gradient =
            call.write_matrix(positive_weight_gradient, "positive_weight_gradient", float_types)
                .target();
        call.start();
        weighting.bring(call, settings.kept);

        const LossNumbers &sum = call.make_numbers(1);
        call.run(kernel_balanced_bce, &cuda_functions::balanced_bce, z.source(), positive.source(),
                 negative.source(), weighting.weights(), weighting.mask(), call.n(), call.c(),
                 sum.target());
        const std::vector<double> one(1, 1.0);
        if (z_gradient.data != nullptr || weight_gradient.data != nullptr) {
            call.run(kernel_balanced_bce_backward, &cuda_functions::balanced_bce_backward,
                     kernel_source{call.bring(one), KERNEL_FLOAT64}, z.source(), positive.source(),
                     negative.source(), weighting.weights(), weighting.mask(), call.n(), call.c(),
                     z_gradient, weight_gradient);
        }
        call.finish();
        *loss = sum.values[0];
        return SSLACT_OK;
    });
}

sslact_status sslact_loss_compute_penalty(const sslact_tensor *positive_threshold,
                                          const sslact_tensor *labels, const double *class_weight,
                                          const sslact_tensor *mask,
                                          const sslact_loss_options *options, double *loss,
                                          sslact_tensor *threshold_gradient)
{
    return guard([&] {
        const LossSettings settings = read_loss_settings(options);
        LossCall call(settings.stream);
        LossArgument &positive = call.read_thresholds(positive_threshold, "positive_threshold");
        const LossArgument *marks = nullptr;
        if (labels != nullptr || settings.scope == KERNEL_PENALTY_POSITIVES) {
            marks = &call.read_matrix(labels, "labels", type_set(SSLACT_INT8), KERNEL_RULE_LABEL);
        } else if (mask == nullptr && settings.scope == KERNEL_PENALTY_ALL) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "labels is NULL and mask is NULL, one of them has to give the boxes");
        }
        Weighting weighting(call, class_weight, mask);
        need(loss, "loss");
        LossArgument &gradient = call.write_classes(threshold_gradient, "threshold_gradient");
        call.start();
        check_above_zero(call, positive);
        weighting.bring(call, settings.kept);

        const LossNumbers &sum = call.make_numbers(1);
        const LossNumbers &slopes = call.make_numbers(call.c());
        call.run(kernel_penalty, &cuda_functions::penalty, positive.source(),
                 static_cast<const int8_t *>(marks != nullptr ? marks->place : nullptr),
                 weighting.weights(), weighting.mask(), settings.scope,
                 weighting.empty() ? 0 : call.n(), call.c(), sum.target(), slopes.target());
        call.finish();
        call.store(slopes.values, gradient);
        *loss = sum.values[0];
        return SSLACT_OK;
    });
}

sslact_status sslact_loss_compute_unsupervised(
    const sslact_tensor *teacher_logits, const sslact_tensor *student_logits,
    const sslact_tensor *positive_threshold, const sslact_tensor *negative_threshold,
    const double *class_weight, const sslact_tensor *mask, double penalty_weight,
    const sslact_loss_options *options, double *loss_pseudo, double *loss_penalty,
    sslact_tensor *student_gradient, sslact_tensor *threshold_gradient)
{
    return guard([&] {
        const LossSettings settings = read_loss_settings(options);
        const bool learnable = settings.mode != KERNEL_LABEL_FIXED;
        LossCall call(settings.stream);
        const FusedArguments given(call, teacher_logits, student_logits, positive_threshold,
                                   negative_threshold);
        Weighting weighting(call, class_weight, mask);
        check_penalty_weight(penalty_weight);
        need(loss_pseudo, "loss_pseudo");
        need(loss_penalty, "loss_penalty");
        const LossArgument &z_gradient =
            call.write_matrix(student_gradient, "student_gradient", float_types);
        LossArgument &t_gradient = call.write_classes(threshold_gradient, "threshold_gradient");
        call.start();
        if (learnable) {
            check_above_zero(call, given.positive);
        }
        weighting.bring(call, settings.kept);

        kernel_unsupervised task = make_task(call, given, weighting, settings);
        task.student_gradient = z_gradient.target();
        const FusedResult found =
            run_task(call, task, learnable && !weighting.empty(), penalty_weight);
        call.store(found.threshold_gradient, t_gradient);
        *loss_pseudo = found.pseudo;
        *loss_penalty = found.penalty;
        return SSLACT_OK;
    });
}
