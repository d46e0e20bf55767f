// Owns the order in which the rules of section 11 see a step, and what of them is saved.
#include "ssl/adaptation.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>

#include "base/error.hpp"

namespace sslact
{

Adaptation::Adaptation(const MethodOptions &options, const balance &start, Method &method)
    : options_(options), method_(method), type_(method.thresholds().scalar_type()),
      class_count_(start.class_count), instance_count_(start.instance_count),
      count_(start.count, start.count + start.class_count)
{
    if (options.mpl_mode == ThresholdMode::cap) {
        cap_ = std::make_unique<CapThresholds>(options.cap, class_count_);
    }
    if (options.mpl_mode == ThresholdMode::flex) {
        flex_ = std::make_unique<FlexThresholds>(options.mpl_tau_pos, options.mpl_mapping,
                                                 class_count_);
    }
    if (options.online.enabled) {
        online_ = std::make_unique<OnlineCounts>(options.online, start);
        online_counts_ = online_->counts();
    }
}

Adaptation::~Adaptation() = default;

bool Adaptation::looks_at_labeled(int64_t iteration) const
{
    const bool wanted = options_.mpl_mode == ThresholdMode::metric ||
                        options_.positive_weight == PositiveWeight::calibrated;
    return wanted && iteration % options_.score.every == 0;
}

LabeledTally Adaptation::make_tally() const
{
    return {class_count_, options_.score.calibration_bins, type_};
}

void Adaptation::take(const LabeledTally &tally)
{
    if (options_.mpl_mode == ThresholdMode::metric) {
        at::Tensor positive = method_.thresholds().detach().clone();
        tally.choose_thresholds(options_.score.metric_beta, positive);
        method_.set_thresholds(positive, method_.negative_thresholds());
    }
    if (options_.positive_weight == PositiveWeight::calibrated) {
        method_.set_precision(tally.precision());
    }
}

// eta, p, s and w of the counts in force.
void Adaptation::refresh_counts()
{
    const int64_t *counts = online_counts_.const_data_ptr<int64_t>();
    for (size_t j = 0; j < count_.size(); j++) {
        count_[j] = counts[j * (count_.size() + 1)];
    }
    const balance_options wanted = make_balance_options(options_);
    balance *fitted = nullptr;
    check(
        balance_fit_counts(count_.data(), counts, instance_count_, class_count_, &wanted, &fitted));
    const std::unique_ptr<balance, decltype(&balance_free)> holder(fitted, &balance_free);
    method_.set_balance(*fitted);
}

void Adaptation::observe(int64_t iteration, const at::Tensor &teacher_logits,
                         const at::Tensor &pseudo_labels, const std::vector<InstanceKey> &instances)
{
    const at::NoGradGuard no_grad;
    if (online_) {
        online_->observe(pseudo_labels);
        if ((iteration + 1) % options_.online.every == 0) {
            online_counts_ = online_->counts();
            refresh_counts();
        }
    }
    if (!cap_ && !flex_) {
        return;
    }
    const at::Tensor probabilities = at::sigmoid(teacher_logits.to(type_));
    at::Tensor positive = method_.thresholds().detach().clone();
    at::Tensor negative = method_.negative_thresholds().clone();
    if (cap_) {
        cap_->update(probabilities, count_, instance_count_, positive, negative);
    } else {
        flex_->observe(probabilities, instances);
        positive.copy_(at::tensor(flex_->thresholds(), at::kDouble));
    }
    method_.set_thresholds(positive, negative);
}

bool Adaptation::moves_negative() const
{
    return cap_ || (online_ && options_.mpl_t_neg == NegativeThreshold::class_related);
}

std::vector<Adaptation::Memory> Adaptation::list_memory() const
{
    std::vector<Memory> out;
    if (moves_negative()) {
        out.push_back({"ssl.negative_thresholds", method_.negative_thresholds()});
    }
    if (method_.precision().defined()) {
        out.push_back({"ssl.precision", method_.precision()});
    }
    if (online_) {
        out.push_back({"ssl.online_rates", online_->rates()});
        out.push_back({"ssl.online_counts", online_counts_});
    }
    if (cap_) {
        out.push_back({"ssl.cap_scores", cap_->scores(), true});
    }
    if (flex_) {
        const auto [instances, sure] = flex_->state();
        out.push_back({"ssl.flex_instances", instances, true});
        out.push_back({"ssl.flex_sure", sure, true});
    }
    return out;
}

void Adaptation::restore(const std::vector<at::Tensor> &arrays)
{
    // The growing ones first: they alone can be refused.
    if (flex_) {
        flex_->restore(arrays[arrays.size() - 2], arrays.back());
    }
    if (cap_) {
        cap_->restore(arrays.back());
    }
    const std::vector<Memory> memory = list_memory();
    for (size_t at = 0; at < memory.size() && !memory[at].grows; at++) {
        at::Tensor target = memory[at].array;
        target.copy_(arrays[at]);
    }
    if (online_) {
        refresh_counts();
    }
}

} // namespace sslact
