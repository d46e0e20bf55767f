// The counting itself is the metrics room's (pseudo_quality.h); here stand the tensors it works on,
// the windows, and the words of the warnings.

#include "train/monitor.h"

#include <cmath>
#include <limits>

#include <ATen/ops/zeros.h>

#include "base/error.hpp"
#include "base/log.h"

namespace sslact
{
namespace
{

constexpr size_t names_in_message = 10;

at::Tensor make_zeros(at::IntArrayRef shape, at::ScalarType type = at::kLong)
{
    return at::zeros(shape, type);
}

at::Tensor fetch(const at::Tensor &values, at::ScalarType type)
{
    return values.detach().to(at::kCPU, type).contiguous();
}

} // namespace

// ---- counts as tensors ----

Monitor::Counts::Counts(int32_t class_count)
    : totals(make_zeros({PSEUDO_TOTAL_COUNT})),
      labels(make_zeros({PSEUDO_LABEL_COUNT, class_count})),
      truth(make_zeros({PSEUDO_TRUTH_COUNT, class_count})),
      bins(make_zeros({2, class_count, PSEUDO_BINS})),
      scores(make_zeros({class_count, PSEUDO_BINS}, at::kDouble))
{
}

pseudo_counts Monitor::Counts::view() const
{
    return {static_cast<int32_t>(labels.size(1)),
            totals.data_ptr<int64_t>(),
            labels.data_ptr<int64_t>(),
            truth.data_ptr<int64_t>(),
            bins.data_ptr<int64_t>(),
            scores.data_ptr<double>()};
}

Monitor::Monitor(const config *settings, const balance &statistics,
                 const at::Tensor &start_thresholds, std::vector<std::string> class_names)
    : every_(config_get_int(settings, "monitor.every_iterations")),
      warn_after_(config_get_int(settings, "monitor.warn_iterations")),
      names_(std::move(class_names)),
      labeled_counts_(statistics.count, statistics.count + statistics.class_count),
      unlabeled_(statistics.class_count), labeled_(statistics.class_count),
      step_(statistics.class_count), silence_length_(make_zeros({statistics.class_count + 1})),
      silence_warned_(make_zeros({statistics.class_count + 1})),
      sampled_rate_(std::numeric_limits<double>::quiet_NaN())
{
    const at::Tensor values = fetch(start_thresholds, at::kDouble);
    start_thresholds_.assign(values.const_data_ptr<double>(),
                             values.const_data_ptr<double>() + values.numel());
}

NamedArrays Monitor::list_state() const
{
    NamedArrays all;
    const auto add = [&all](const std::string &prefix, const std::string &truth_prefix,
                            const Counts &counts) {
        all.emplace_back(prefix + "totals", counts.totals);
        all.emplace_back(prefix + "labels", counts.labels);
        all.emplace_back(truth_prefix + "truth", counts.truth);
        all.emplace_back(truth_prefix + "bins", counts.bins);
        all.emplace_back(truth_prefix + "scores", counts.scores);
    };
    // What hidden labels told stands under a prefix of its own.
    add("window.", "hidden.window.", unlabeled_.window);
    add("before.", "hidden.before.", unlabeled_.before);
    add("labeled.window.", "labeled.window.", labeled_.window);
    add("labeled.before.", "labeled.before.", labeled_.before);
    all.emplace_back("silence.length", silence_length_);
    all.emplace_back("silence.warned", silence_warned_);
    return all;
}

void Monitor::clear()
{
    for (auto &[name, array] : list_state()) {
        at::Tensor(array).zero_();
    }
}

// ---- one step ----

void Monitor::begin_window(int64_t iteration)
{
    if (iteration % every_ != 0) {
        return;
    }
    for (const Source *source : {&unlabeled_, &labeled_}) {
        const pseudo_counts window = source->window.view(), before = source->before.view();
        pseudo_counts_merge(&before, &window);
        pseudo_counts_clear(&window);
    }
}

std::vector<const uint8_t *> Monitor::find_truth(const batch_half &half, int64_t rows) const
{
    std::vector<const uint8_t *> truth;
    for (size_t n = 0; hidden_ && n < half.count; ++n) {
        for (int32_t i = 0; i < half.clips[n]->box_count; ++i) {
            truth.push_back(hidden_labels_find(hidden_.get(), half.indices[n], i));
        }
    }
    if (hidden_ && static_cast<int64_t>(truth.size()) != rows) {
        throw Error(SSLACT_ERROR_INTERNAL, "the monitor sees " + std::to_string(rows) +
                                               " pseudo-labelled boxes of " +
                                               std::to_string(truth.size()) + " in the batch");
    }
    return truth;
}

void Monitor::observe(int64_t iteration, const batch &data, const Method::Result &result,
                      const at::Tensor &logits)
{
    begin_window(iteration);
    messages_.clear();
    const at::Tensor labels = fetch(result.pseudo_labels, at::kChar);
    const at::Tensor rarest = fetch(result.unlabeled_classes, at::kInt);
    const at::Tensor mask = fetch(result.unlabeled_mask.ne(0), at::kByte);
    const std::vector<const uint8_t *> truth = find_truth(data.unlabeled_weak, labels.size(0));
    const at::Tensor scores = hidden_ ? fetch(logits, at::kFloat) : at::Tensor();
    const pseudo_rows rows = {
        static_cast<size_t>(labels.size(0)), labels.const_data_ptr<int8_t>(),
        rarest.const_data_ptr<int32_t>(),    mask.const_data_ptr<uint8_t>(),
        hidden_ ? truth.data() : nullptr,    hidden_ ? scores.const_data_ptr<float>() : nullptr};

    const pseudo_counts step = step_.view(), window = unlabeled_.window.view();
    pseudo_counts_clear(&step);
    pseudo_counts_add(&step, &rows);
    pseudo_counts_merge(&window, &step);
    sampled_rate_ = static_cast<double>(step.totals[PSEUDO_BOXES_KEPT]) /
                    static_cast<double>(step.totals[PSEUDO_BOXES]); // NaN without a box
    if (rows.count > 0) {
        listen(iteration, step);
    }
}

void Monitor::observe_labeled(const at::Tensor &logits, const at::Tensor &pseudo_labels,
                              const at::Tensor &labels)
{
    const at::Tensor scores = fetch(logits, at::kFloat);
    const at::Tensor given = fetch(pseudo_labels, at::kChar);
    const at::Tensor known = fetch(labels, at::kByte);
    const auto count = static_cast<size_t>(given.size(0));
    std::vector<const uint8_t *> truth(count);
    for (size_t i = 0; i < count; ++i) {
        truth[i] = known.const_data_ptr<uint8_t>() + i * names_.size();
    }
    const std::vector<int32_t> rarest(count, -1);
    const std::vector<uint8_t> mask(count, 1);
    const pseudo_rows rows = {count,         given.const_data_ptr<int8_t>(),
                              rarest.data(), mask.data(),
                              truth.data(),  scores.const_data_ptr<float>()};
    const pseudo_counts window = labeled_.window.view();
    pseudo_counts_add(&window, &rows);
}

MonitorTable Monitor::read(MonitorPeriod period, MonitorSource which) const
{
    const Source &source = which == MonitorSource::unlabeled ? unlabeled_ : labeled_;
    const Counts sum(class_count());
    const pseudo_counts counts = sum.view(), window = source.window.view();
    pseudo_counts_merge(&counts, &window);
    if (period == MonitorPeriod::run) {
        const pseudo_counts before = source.before.view();
        pseudo_counts_merge(&counts, &before);
    }
    MonitorTable table;
    table.iterations = counts.totals[PSEUDO_ITERATIONS];
    table.boxes = counts.totals[PSEUDO_BOXES];
    table.boxes_kept = counts.totals[PSEUDO_BOXES_KEPT];
    table.all = pseudo_quality_compute(&counts, -1);
    for (int32_t j = 0; j < class_count(); ++j) {
        table.classes.push_back(pseudo_quality_compute(&counts, j));
    }
    return table;
}

// ---- classes without a positive ----

std::string Monitor::list_names(const std::vector<int32_t> &classes) const
{
    std::string list;
    for (size_t i = 0; i < classes.size() && i < names_in_message; ++i) {
        list += (i > 0 ? ", " : "") + ("\"" + names_[static_cast<size_t>(classes[i])] + "\"");
    }
    if (classes.size() > names_in_message) {
        list += " and " + std::to_string(classes.size() - names_in_message) + " more";
    }
    return list;
}

void Monitor::say(const char *what, const std::vector<int32_t> &classes, int64_t iteration,
                  bool is_warning)
{
    std::string text = "iteration " + std::to_string(iteration + 1) + ": " + what;
    if (!classes.empty()) {
        text += (classes.size() == 1 ? ": class " : ": classes ") + list_names(classes);
    }
    log_write(is_warning ? SSLACT_LOG_WARNING : SSLACT_LOG_INFO, "monitor", "%s", text.c_str());
    messages_.push_back({is_warning, std::move(text)});
}

// One message for all classes that change at once, so that nobody is flooded.
void Monitor::listen(int64_t iteration, const pseudo_counts &step)
{
    const pseudo_silence silence = {class_count(), warn_after_, silence_length_.data_ptr<int64_t>(),
                                    silence_warned_.data_ptr<int64_t>()};
    std::vector<uint8_t> changes(names_.size() + 1);
    pseudo_silence_step(&silence, step.labels, labeled_counts_.data(), changes.data());
    std::vector<int32_t> silent, heard;
    for (int32_t j = 0; j < class_count(); ++j) {
        if (changes[static_cast<size_t>(j)] != 0) {
            (changes[static_cast<size_t>(j)] == PSEUDO_SILENT ? silent : heard).push_back(j);
        }
    }
    const std::string stretch =
        "no positive pseudo-label for " + std::to_string(warn_after_) + " iterations";
    if (changes.back() == PSEUDO_SILENT) {
        say((stretch + " in any class: thresholds may be too high for this teacher").c_str(), {},
            iteration, true);
    } else if (changes.back() == PSEUDO_HEARD) {
        say("positive pseudo-labels again", {}, iteration, false);
    }
    if (!silent.empty()) {
        say((stretch + " or more").c_str(), silent, iteration, true);
    }
    if (!heard.empty()) {
        say("positive pseudo-labels again", heard, iteration, false);
    }
}

} // namespace sslact
