// Owns the counts of labelled entries by grid value and by bin.
#include "ssl/labeled_tally.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "ssl/entry_weights.h"

namespace sslact
{

LabeledTally::LabeledTally(int32_t class_count, int32_t bin_count, at::ScalarType type)
    : classes_(static_cast<size_t>(class_count)), bins_(static_cast<size_t>(bin_count)),
      below_(classes_ * (grid_size + 1)), bin_counts_(classes_ * bins_)
{
    for (size_t k = 0; k < grid_size; k++) {
        const double value = static_cast<double>(k) / 100.0;
        grid_.push_back(type == at::kFloat ? static_cast<double>(static_cast<float>(value))
                                           : value);
    }
}

void LabeledTally::add(const at::Tensor &probabilities, const at::Tensor &labels)
{
    const at::Tensor scores = probabilities.to(at::kDouble).contiguous();
    const at::Tensor bins = find_bins(probabilities, static_cast<int64_t>(bins_)).contiguous();
    const at::Tensor truth = labels.contiguous();
    const auto *scores_all = scores.const_data_ptr<double>();
    const auto *bins_all = bins.const_data_ptr<int64_t>();
    const auto *truth_all = truth.const_data_ptr<uint8_t>();
    for (size_t at = 0; at < static_cast<size_t>(scores.numel()); at++) {
        const size_t j = at % classes_;
        const auto over = static_cast<size_t>(
            std::lower_bound(grid_.begin(), grid_.end(), scores_all[at]) - grid_.begin());
        Count &by_grid = below_[j * (grid_size + 1) + over];
        Count &by_bin = bin_counts_[j * bins_ + static_cast<size_t>(bins_all[at])];
        for (Count *count : {&by_grid, &by_bin}) {
            (truth_all[at] != 0 ? count->positives : count->negatives)++;
        }
    }
}

// F_b = (1 + b^2) P R / (b^2 P + R) = (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP).
void LabeledTally::choose_thresholds(double beta, at::Tensor &positive) const
{
    const double square = beta * beta;
    for (size_t j = 0; j < classes_; j++) {
        const Count *counts = below_.data() + j * (grid_size + 1);
        Count over; // entries with t above the grid value, which falls as k does
        double missed = 0;
        for (size_t k = 0; k <= grid_size; k++) {
            missed += static_cast<double>(counts[k].positives);
        }
        double best = 0.0;
        double best_value = 0.0;
        for (size_t k = grid_size; k-- > 0;) {
            over.positives += counts[k + 1].positives;
            over.negatives += counts[k + 1].negatives;
            missed -= static_cast<double>(counts[k + 1].positives);
            const auto hits = static_cast<double>(over.positives);
            const double whole =
                (1 + square) * hits + square * missed + static_cast<double>(over.negatives);
            const double score = hits > 0 ? (1 + square) * hits / whole : 0.0;
            if (score > 0.0 && score >= best) {
                best = score;
                best_value = grid_[k];
            }
        }
        if (best > 0.0) {
            positive[static_cast<int64_t>(j)].fill_(best_value);
        }
    }
}

at::Tensor LabeledTally::precision() const
{
    at::Tensor out =
        at::empty({static_cast<int64_t>(classes_), static_cast<int64_t>(bins_)}, at::kDouble);
    auto *values = out.mutable_data_ptr<double>();
    for (size_t at = 0; at < bin_counts_.size(); at++) {
        const auto hits = static_cast<double>(bin_counts_[at].positives);
        const double entries = hits + static_cast<double>(bin_counts_[at].negatives);
        const double middle = (static_cast<double>(at % bins_) + 0.5) / static_cast<double>(bins_);
        values[at] = entries > 0 ? hits / entries : middle;
    }
    return out;
}

} // namespace sslact
