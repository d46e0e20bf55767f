// Counting, and the pass itself.

#include "train/baseline_pass.h"

#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "base/clock.h"
#include "base/error.hpp"
#include "base/log.h"
#include "feed/feed.h"
#include "train/trainer.h"

namespace sslact
{

BaselinePass::BaselinePass(size_t clip_count, int32_t class_count)
    : clip_count_(clip_count), class_count_(class_count),
      shown_(at::zeros({static_cast<int64_t>(clip_count), class_count}, at::kByte))
{
}

void BaselinePass::add(size_t clip, const at::Tensor &labels)
{
    uint8_t *row = shown_.mutable_data_ptr<uint8_t>() + clip * static_cast<size_t>(class_count_);
    const auto *label = labels.const_data_ptr<int8_t>();
    for (int64_t i = 0; i < labels.size(0); ++i, label += class_count_) {
        std::string set(static_cast<size_t>(class_count_), '\0');
        for (int32_t j = 0; j < class_count_; ++j) {
            set[static_cast<size_t>(j)] = label[j] == 1;
            row[j] |= label[j] == 1;
        }
        ++sets_[set];
    }
}

int64_t BaselinePass::instance_count() const
{
    int64_t count = 0;
    for (const auto &[set, people] : sets_) {
        count += people;
    }
    return count;
}

balance *BaselinePass::fit(const balance_options &options) const
{
    std::vector<uint8_t> labels;
    std::vector<int64_t> counts;
    for (const auto &[set, people] : sets_) {
        labels.insert(labels.end(), set.begin(), set.end());
        counts.push_back(people);
    }
    balance *fitted = nullptr;
    if (!counts.empty()) {
        check(balance_fit(labels.data(), counts.data(), counts.size(), class_count_, &options,
                          &fitted));
    }
    return fitted;
}

// ---- checkpoints ----

NamedArrays BaselinePass::list() const
{
    const auto rows = static_cast<int64_t>(sets_.size());
    at::Tensor done = at::empty({1}, at::kLong);
    at::Tensor sets = at::empty({rows, class_count_}, at::kByte);
    at::Tensor counts = at::empty({rows}, at::kLong);
    *done.mutable_data_ptr<int64_t>() = static_cast<int64_t>(done_);
    uint8_t *set = sets.mutable_data_ptr<uint8_t>();
    int64_t *count = counts.mutable_data_ptr<int64_t>();
    for (const auto &[labels, people] : sets_) {
        set = std::copy(labels.begin(), labels.end(), set);
        *count++ = people;
    }
    return {{"ssl.pass.done", done},
            {"ssl.pass.shown", shown_},
            {"ssl.pass.sets", sets},
            {"ssl.pass.counts", counts}};
}

BaselinePass BaselinePass::read(const ArrayFile &file) const
{
    BaselinePass out(clip_count_, class_count_);
    const int64_t done = file.read_like("ssl.pass.done", at::empty({1}, at::kLong)).item<int64_t>();
    out.shown_ = file.read_like("ssl.pass.shown", shown_);
    const at::Tensor sets =
        file.read_rows_like("ssl.pass.sets", at::empty({0, class_count_}, at::kByte));
    const at::Tensor counts = file.read_rows_like("ssl.pass.counts", at::empty({0}, at::kLong));
    if (done < 0 || static_cast<size_t>(done) > clip_count_ || counts.size(0) != sets.size(0)) {
        throw Error(SSLACT_ERROR_FORMAT, file.path() + ": ssl.pass: " + std::to_string(done) +
                                             " of " + std::to_string(clip_count_) + " clips, " +
                                             std::to_string(sets.size(0)) + " label sets with " +
                                             std::to_string(counts.size(0)) + " counts");
    }
    out.done_ = static_cast<size_t>(done);
    const uint8_t *set = sets.const_data_ptr<uint8_t>();
    for (int64_t i = 0; i < sets.size(0); ++i, set += class_count_) {
        out.sets_[std::string(set, set + class_count_)] = counts[i].item<int64_t>();
    }
    return out;
}

// ---- the pass ----

namespace
{

constexpr double seconds_between_lines = 10.0;

void log_progress(const BaselinePass &pass, double *last)
{
    const double now = clock_seconds();
    if (pass.is_complete() || now - *last > seconds_between_lines) {
        log_write(SSLACT_LOG_INFO, "train",
                  "baseline pass: %zu of %zu unlabelled clips, %lld people", pass.done(),
                  pass.clip_count(), static_cast<long long>(pass.instance_count()));
        *last = now;
    }
}

} // namespace

// The data set of the unlabelled half.
dataset *Trainer::unlabeled_source() const
{
    const std::string source = config_get_text(settings_.get(), "ssl.unlabeled_source");
    return source == "labeled" || !unlabeled_ ? labeled_.get() : unlabeled_.get();
}

void Trainer::count_batch(const batch_half &half)
{
    std::vector<const clip *> clips;
    for (size_t i = 0; i < half.count; ++i) {
        if (half.clips[i] != nullptr) {
            clips.push_back(half.clips[i]);
        }
    }
    const c10::AutoGradMode no_gradient(false);
    const at::Tensor labels =
        ops::pseudo_labels(predict_rows(*teacher_, clips), method_->thresholds().detach(),
                           method_->negative_thresholds())
            .cpu();
    int64_t row = 0;
    for (size_t i = 0; i < half.count; ++i) {
        if (half.clips[i] != nullptr) {
            const int64_t people = half.clips[i]->box_count;
            pass_->add(static_cast<size_t>(half.indices[i]), labels.narrow(0, row, people));
            row += people;
        }
    }
}

// Before the first step. A stop leaves what was counted; a further call, or a run that goes on from
// a checkpoint, counts on.
void Trainer::finish_pass()
{
    if (!pass_ || pass_->is_complete()) {
        return;
    }
    const auto step =
        static_cast<size_t>(config_get_int(settings_.get(), "solver.batch_unlabeled"));
    loader *made = nullptr;
    check(loader_create_pass(settings_.get(), unlabeled_source(),
                             static_cast<int64_t>(pass_->done() / step), &made));
    const Holder<loader> source(made);
    double last = clock_seconds();
    while (!pass_->is_complete()) {
        check_stop();
        batch *next = nullptr;
        check(loader_next(source.get(), &next));
        const Holder<batch> data(next);
        count_batch(data->unlabeled_weak);
        pass_->advance(std::min(pass_->done() + step, pass_->clip_count()));
        log_progress(*pass_, &last);
    }
    use_pass();
}

// Frequencies and clips by class from a complete pass.
void Trainer::use_pass()
{
    if (counts_unlabeled_) {
        pass_balance_.reset(pass_->fit(make_balance_options(method_options_)));
        if (!pass_balance_) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "the unlabelled data set has no person, ssl.freq_source unlabeled needs at "
                        "least one");
        }
        reset_method();
    }
    if (resamples_unlabeled_) {
        class_clips *table = nullptr;
        check(class_clips_create(pass_->shown(), pass_->clip_count(), class_count_, &table));
        unlabeled_classes_.reset(table);
        if (class_clips_count_classes(table) == 0) {
            log_write(SSLACT_LOG_WARNING, "train",
                      "no class has a pseudo-positive on the unlabelled clips: they are drawn as "
                      "they come (ssl.ucb_mode=resample)");
        }
    }
}

// Another pass in place of this one; until it is complete the labelled data set is in force.
void Trainer::take_pass(const BaselinePass &counted)
{
    *pass_ = counted;
    loader_.reset(); // it borrows the table
    unlabeled_classes_.reset();
    pass_balance_.reset();
    reset_method();
    if (pass_->is_complete()) {
        use_pass();
    }
}

// ssl.ucb_mode and ssl.freq_source: what is drawn by class, and whether a pass is needed for it.
void Trainer::choose_sampling()
{
    const std::string source = config_get_text(settings_.get(), "ssl.freq_source");
    const std::string mode = config_get_text(settings_.get(), "ssl.ucb_mode");
    const BalancedHalves halves = method_options_.ucb;
    const bool both = halves == BalancedHalves::both;
    const bool taught = options_.teacher != TeacherKind::none;
    counts_unlabeled_ = taught && source == "unlabeled";
    resamples_unlabeled_ =
        taught && mode == "resample" && (both || halves == BalancedHalves::unlabeled);
    if (counts_unlabeled_ || resamples_unlabeled_) {
        pass_ =
            std::make_unique<BaselinePass>(dataset_count_clips(unlabeled_source()), class_count_);
    }
    if (mode == "resample" && (both || halves == BalancedHalves::labeled)) {
        class_clips *table = nullptr;
        check(class_clips_create_from_labels(labeled_.get(), &table));
        labeled_classes_.reset(table);
    }
}

} // namespace sslact
