// Owns one evaluation of the loss: which thresholds are in force, who is masked, how the parts are
// added. The arithmetic on entries is the ops'; the counts behind p, w and T are the stats room's.
#include "ssl/method.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "ssl/entry_weights.h"
#include "ssl/neighbour_prior.h"

namespace sslact
{

namespace
{

template <typename Number>
at::Tensor copy_array(const Number *values, int32_t count, at::ScalarType type)
{
    at::Tensor out =
        at::empty({count}, at::TensorOptions().dtype(c10::CppTypeToScalarType<Number>::value));
    std::copy(values, values + count, out.mutable_data_ptr<Number>());
    return out.to(type);
}

at::Tensor make_thresholds(const MethodOptions &options, const balance &statistics,
                           at::ScalarType type)
{
    std::vector<double> values(static_cast<size_t>(statistics.class_count), options.mpl_tau_pos);
    if (options.mpl_mode == ThresholdMode::soft) {
        std::fill(values.begin(), values.end(), 0.5); // J_i = { j : q_ij > 0.5 }, section 11
    } else if (options.mpl_mode != ThresholdMode::fixed &&
               options.mpl_mode != ThresholdMode::flex) { // flex has counted nothing yet: M = 1
        for (int32_t j = 0; j < statistics.class_count; j++) {
            values[static_cast<size_t>(j)] =
                balance_threshold(&statistics, options.mpl_mapping, options.mpl_tau_pos, j);
        }
    }
    return copy_array(values.data(), statistics.class_count, type);
}

at::Tensor make_negative_thresholds(const MethodOptions &options, const balance &statistics,
                                    at::ScalarType type)
{
    std::vector<double> values(static_cast<size_t>(statistics.class_count), options.mpl_tau_neg);
    if (options.mpl_mode == ThresholdMode::soft) {
        std::fill(values.begin(), values.end(), 0.5);
    } else if (options.mpl_t_neg == NegativeThreshold::class_related) {
        for (int32_t j = 0; j < statistics.class_count; j++) {
            values[static_cast<size_t>(j)] =
                balance_threshold(&statistics, options.mpl_mapping, options.mpl_tau_neg, j);
        }
    }
    return copy_array(values.data(), statistics.class_count, type);
}

// The ops divide by the rows they see; this turns that into the divisor asked for. 0 where there is
// nothing to divide by: that loss is 0.
double rescale(int64_t rows, int64_t divisor)
{
    return divisor > 0 ? static_cast<double>(rows) / static_cast<double>(divisor) : 0.0;
}

bool is_finite(const at::Tensor &logits)
{
    return !logits.defined() || at::isfinite(logits).all().item<bool>();
}

// Until labelled clips say otherwise t is taken at its word: the middle of its bin. [C, B]
at::Tensor make_precision(const MethodOptions &options, int32_t class_count, at::ScalarType type)
{
    if (options.positive_weight != PositiveWeight::calibrated) {
        return {};
    }
    const int64_t bins = options.score.calibration_bins;
    const at::Tensor middle = (at::arange(bins, at::kDouble) + 0.5) / static_cast<double>(bins);
    return middle.to(type).repeat({class_count, 1});
}

at::Tensor scale(const at::Tensor &loss, double factor)
{
    return factor == 1.0 ? loss : loss * factor;
}

} // namespace

balance_options make_balance_options(const MethodOptions &options)
{
    balance_options out = {};
    out.beta = options.ucb_beta;
    out.gamma = options.ucb_gamma;
    out.tau_positive = options.mpl_tau_pos;
    out.mapping = options.mpl_mapping;
    out.exact_cooccurrence = options.ucb_exact;
    return out;
}

// One half of the batch with its balancing decided.
struct Method::Half {
    int64_t rows = 0;
    int64_t global_rows = 0;
    at::Tensor labels;       // y int8 or uint8 [N, C]
    at::Tensor classes;      // k int32 [N]
    at::Tensor mask;         // m uint8 [N], visibility included
    at::Tensor class_weight; // w [C], or ones
    at::Tensor entry_weight; // w [N, C] of weight_mode = db; undefined otherwise
    at::Tensor kept;         // sum of m on this device, int64 scalar
    double factor = 0.0;     // from the mean over local rows to the loss
};

// Coefficients [N, C] times the weights that differ from entry to entry.
at::Tensor Method::weigh(const Half &half, const at::Tensor &coefficients)
{
    return half.entry_weight.defined() ? coefficients * half.entry_weight : coefficients;
}

// The three losses as scalars of this device's share.
struct Method::Losses {
    at::Tensor supervised;
    at::Tensor pseudo;
    at::Tensor penalty;
};

Method::Method(const MethodOptions &options, const balance &statistics, at::ScalarType type)
    : options_(options), type_(type),
      count_(copy_array(statistics.count, statistics.class_count, at::kLong)),
      probability_(copy_array(statistics.probability, statistics.class_count, at::kDouble)),
      class_weight_(copy_array(statistics.weight, statistics.class_count, type)),
      unit_weight_(at::ones_like(class_weight_)),
      thresholds_(make_thresholds(options, statistics, type)),
      negative_thresholds_(make_negative_thresholds(options, statistics, type)),
      precision_(make_precision(options, statistics.class_count, type))
{
    thresholds_.set_requires_grad(learns_thresholds());
}

void Method::set_thresholds(const at::Tensor &positive, const at::Tensor &negative)
{
    const at::NoGradGuard no_grad;
    thresholds_.copy_(positive);
    negative_thresholds_.copy_(negative);
}

void Method::set_balance(const balance &statistics)
{
    count_.copy_(copy_array(statistics.count, statistics.class_count, at::kLong));
    probability_.copy_(copy_array(statistics.probability, statistics.class_count, at::kDouble));
    class_weight_.copy_(copy_array(statistics.weight, statistics.class_count, type_));
    if (options_.mpl_mode == ThresholdMode::class_related) {
        thresholds_.copy_(make_thresholds(options_, statistics, type_));
    }
    if (options_.mpl_t_neg == NegativeThreshold::class_related) {
        negative_thresholds_.copy_(make_negative_thresholds(options_, statistics, type_));
    }
}

void Method::set_precision(const at::Tensor &precision)
{
    precision_.copy_(precision);
}

bool Method::balances(SampleHalf which) const
{
    switch (options_.ucb) {
    case BalancedHalves::both:
        return true;
    case BalancedHalves::labeled:
        return which == SampleHalf::labeled;
    case BalancedHalves::unlabeled:
        return which == SampleHalf::unlabeled;
    case BalancedHalves::none:
        break;
    }
    return false;
}

at::Tensor Method::make_mask(const Inputs &inputs, SampleHalf which,
                             const at::Tensor &classes) const
{
    const bool labeled = which == SampleHalf::labeled;
    const at::Tensor &given = labeled ? inputs.labeled_mask : inputs.unlabeled_mask;
    const at::Tensor &visible = labeled ? inputs.labeled_visible : inputs.visible;
    at::Tensor mask;
    if (!balances(which) || options_.ucb_resample) {
        mask = at::ones_like(classes, classes.options().dtype(at::kByte));
    } else if (given.defined()) {
        mask = given;
    } else {
        mask = ops::sample_mask(classes, probability_, inputs.seed, inputs.iteration, which,
                                labeled ? inputs.labeled_first_row : inputs.unlabeled_first_row);
        if (options_.ucb_drop_no_positive) {
            mask = mask * classes.ge(0);
        }
    }
    return visible.defined() ? mask * visible.ne(0) : mask;
}

Method::Half Method::balance_half(const Inputs &inputs, SampleHalf which, const at::Tensor &labels,
                                  int64_t global_rows) const
{
    Half half;
    half.rows = labels.size(0);
    half.global_rows = global_rows >= 0 ? global_rows : half.rows;
    half.labels = labels;
    half.classes = ops::rarest_class(labels, count_);
    half.mask = make_mask(inputs, which, half.classes);
    half.class_weight = unit_weight_;
    if (balances(which) && options_.weight_mode == WeightMode::db) {
        half.entry_weight = distribution_balanced_weights(labels, count_, type_);
    } else if (balances(which)) {
        half.class_weight = class_weight_;
    }
    half.kept = half.mask.ne(0).sum();
    half.factor = rescale(half.rows, half.global_rows);
    return half;
}

// loss_normalise = kept: the divisor is sum(m) over the whole batch.
void Method::divide_by_kept(const Inputs &inputs, Half &labeled, Half &unlabeled) const
{
    const at::Tensor none = at::zeros({}, count_.options());
    at::Tensor kept = at::stack(
        {labeled.rows > 0 ? labeled.kept : none, unlabeled.rows > 0 ? unlabeled.kept : none});
    if (inputs.sum_over_devices) {
        inputs.sum_over_devices(kept);
    }
    kept = kept.cpu();
    labeled.factor = rescale(labeled.rows, kept[0].item<int64_t>());
    unlabeled.factor = rescale(unlabeled.rows, kept[1].item<int64_t>());
}

// L_s, Eq. (16).
at::Tensor Method::compute_supervised(const Inputs &inputs, const Half &half) const
{
    const at::Tensor labels = inputs.labels.to(type_);
    return scale(ops::balanced_bce(inputs.labeled_logits.to(type_), weigh(half, labels),
                                   weigh(half, 1 - labels), half.class_weight, half.mask),
                 half.factor);
}

// Targets q and 1 - q instead of labels, section 11.
void Method::compute_soft(const Inputs &inputs, const Half &half, Losses &out) const
{
    const at::Tensor teacher = inputs.teacher_logits.detach().to(type_);
    out.pseudo =
        scale(ops::balanced_bce(inputs.student_logits.to(type_), weigh(half, at::sigmoid(teacher)),
                                weigh(half, at::sigmoid(-teacher)), half.class_weight, half.mask),
              half.factor);
}

// L_reg, Eq. (7), where w differs from entry to entry; a mean over the rows given.
at::Tensor Method::compute_penalty(const Half &half) const
{
    const at::Tensor pull = 2 * thresholds_ - thresholds_.log(); // [C]
    if (options_.mpl_reg_scope == PenaltyScope::per_class) {
        return pull.mean();
    }
    at::Tensor entries = half.mask.ne(0).to(type_).unsqueeze(1) * half.class_weight; // [N, C]
    if (options_.mpl_reg_scope == PenaltyScope::positives) {
        entries = entries * half.labels.eq(1);
    }
    const int64_t count = half.rows * pull.size(0);
    return (weigh(half, entries).sum(0) * pull).sum() / std::max<double>(1.0, count);
}

// The same losses where the fused op does not reach: w per entry, or wp from a table.
void Method::compute_by_entry(const Inputs &inputs, const Half &half, Losses &out) const
{
    const at::Tensor teacher = inputs.teacher_logits.detach().to(type_);
    const LabelMode mode = learns_thresholds() ? options_.mpl_label : LabelMode::fixed;
    auto [positive, negative] =
        inputs.neighbours.defined()
            ? weigh_with_neighbours(
                  teacher, half.labels, thresholds_,
                  lower_thresholds(thresholds_, options_.neighbour_shift, options_.t_clamp),
                  inputs.neighbours, options_.mpl_a, mode)
            : ops::label_weights(teacher, half.labels, thresholds_, options_.mpl_a, mode);
    if (options_.positive_weight == PositiveWeight::calibrated) {
        const at::Tensor pulled = mode == LabelMode::soft ? half.labels.ne(0) : half.labels.eq(1);
        positive = look_up_precision(at::sigmoid(teacher), precision_) * pulled;
    }
    out.pseudo = scale(ops::balanced_bce(inputs.student_logits.to(type_), weigh(half, positive),
                                         weigh(half, negative), half.class_weight, half.mask),
                       half.factor);
    if (learns_thresholds()) {
        out.penalty = compute_penalty(half);
    }
}

// L_cls and L_reg, Eqs. (14), (15) and (7).
void Method::compute_unsupervised(const Inputs &inputs, const Half &half, Losses &out) const
{
    if (options_.mpl_mode == ThresholdMode::soft) {
        compute_soft(inputs, half, out);
        return;
    }
    if (half.entry_weight.defined() || options_.positive_weight == PositiveWeight::calibrated ||
        inputs.neighbours.defined()) {
        compute_by_entry(inputs, half, out);
    } else {
        const LabelMode mode = learns_thresholds() ? options_.mpl_label : LabelMode::fixed;
        const auto [pseudo, penalty] = ops::unsupervised_loss(
            inputs.teacher_logits.detach().to(type_), inputs.student_logits.to(type_), thresholds_,
            negative_thresholds_, half.class_weight, half.mask, options_.mpl_a, mode,
            options_.mpl_reg_scope);
        out.pseudo = scale(pseudo, half.factor);
        out.penalty = learns_thresholds() ? penalty : at::Tensor();
    }
    if (out.penalty.defined()) {
        // per_class has neither mask nor rows in it: the devices share it by their rows.
        const bool counts_rows = options_.mpl_reg_scope != PenaltyScope::per_class;
        out.penalty =
            scale(out.penalty, counts_rows ? half.factor : rescale(half.rows, half.global_rows));
    }
}

void Method::report(const Losses &losses, const Half &labeled, const Half &unlabeled,
                    Result &result) const
{
    const at::Tensor none = at::zeros({}, at::TensorOptions().dtype(at::kDouble));
    const auto number = [&](const at::Tensor &value) {
        return value.defined() ? value.detach().to(at::kDouble) : none;
    };
    // One copy from the device for all five.
    const at::Tensor numbers =
        at::stack({number(losses.supervised), number(losses.pseudo), number(losses.penalty),
                   number(labeled.kept), number(unlabeled.kept)})
            .cpu();
    const auto *values = numbers.const_data_ptr<double>();
    result.supervised = values[0];
    result.pseudo = values[1];
    result.penalty = values[2];
    result.labeled_kept = static_cast<int64_t>(values[3]);
    result.unlabeled_kept = static_cast<int64_t>(values[4]);
    result.labeled_classes = labeled.classes;
    result.unlabeled_classes = unlabeled.classes;
    result.labeled_mask = labeled.mask;
    result.unlabeled_mask = unlabeled.mask;

    const at::Tensor &labels = result.pseudo_labels;
    const auto count = [&](int64_t value) {
        return labels.defined() ? labels.eq(value).sum(0) : at::zeros_like(count_);
    };
    result.positives = count(1);
    result.negatives = count(0);
    result.ignored = count(-1);
}

// What a network that has diverged gives: the ops would refuse its logits as bad input.
Method::Result Method::make_broken_result() const
{
    Result result;
    result.supervised = result.pseudo = result.penalty = std::numeric_limits<double>::quiet_NaN();
    result.total = at::full({}, result.supervised, class_weight_.options());
    result.positives = result.negatives = result.ignored = at::zeros_like(count_);
    return result;
}

// y, section 2.2.
at::Tensor Method::label_unlabeled(const Inputs &inputs) const
{
    const at::Tensor teacher = inputs.teacher_logits.detach().to(type_);
    const at::Tensor positive = thresholds_.detach();
    if (!inputs.neighbours.defined()) {
        return ops::pseudo_labels(teacher, positive, negative_thresholds_);
    }
    const at::Tensor lowered =
        lower_thresholds(positive, options_.neighbour_shift, options_.t_clamp);
    return label_with_neighbours(teacher, positive, lowered, negative_thresholds_,
                                 inputs.neighbours);
}

Method::Result Method::compute(const Inputs &inputs) const
{
    if (!is_finite(inputs.labeled_logits) || !is_finite(inputs.teacher_logits) ||
        !is_finite(inputs.student_logits) || !is_finite(thresholds_)) {
        return make_broken_result();
    }
    Result result;
    Half labeled;
    Half unlabeled;
    if (inputs.labeled_logits.defined()) {
        labeled = balance_half(inputs, SampleHalf::labeled, inputs.labels, inputs.global_labeled);
    }
    if (inputs.teacher_logits.defined()) {
        result.pseudo_labels = label_unlabeled(inputs);
        unlabeled = balance_half(inputs, SampleHalf::unlabeled, result.pseudo_labels,
                                 inputs.global_unlabeled);
    }
    if (options_.loss_normalise_kept) {
        divide_by_kept(inputs, labeled, unlabeled);
    }

    Losses losses;
    result.total = at::zeros({}, class_weight_.options());
    if (labeled.mask.defined()) {
        losses.supervised = compute_supervised(inputs, labeled);
        result.total = result.total + losses.supervised;
    }
    if (unlabeled.mask.defined()) {
        compute_unsupervised(inputs, unlabeled, losses);
        at::Tensor sum = losses.pseudo;
        if (losses.penalty.defined()) {
            sum = sum + options_.mpl_lambda1 * losses.penalty;
        }
        result.total = result.total + options_.loss_lambda * sum;
    }
    report(losses, labeled, unlabeled, result);
    return result;
}

void Method::clamp_thresholds()
{
    if (!learns_thresholds()) {
        return;
    }
    const at::NoGradGuard no_grad;
    thresholds_.clamp_(options_.t_clamp, 1.0 - options_.t_clamp);
}

} // namespace sslact
