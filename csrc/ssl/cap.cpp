// Owns the window of scores of `cap` and its quantiles.
#include "ssl/cap.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

namespace sslact
{

namespace
{

// Whole scores in a share of them; the slack keeps 0.3 * 10 at 3.
size_t count_whole(double share_of_rows)
{
    return static_cast<size_t>(std::floor(share_of_rows + 1e-9));
}

} // namespace

CapThresholds::CapThresholds(const CapOptions &options, int32_t class_count)
    : options_(options), classes_(static_cast<size_t>(class_count))
{
}

void CapThresholds::append(const at::Tensor &probabilities)
{
    const at::Tensor packed = probabilities.to(at::kFloat).contiguous();
    const float *scores = packed.const_data_ptr<float>();
    const auto window = static_cast<size_t>(options_.window);
    for (int64_t i = 0; i < packed.size(0); i++) {
        const float *scores_i = scores + static_cast<size_t>(i) * classes_;
        if (kept() < window) {
            scores_.insert(scores_.end(), scores_i, scores_i + classes_);
        } else {
            std::copy(scores_i, scores_i + classes_, scores_.data() + oldest_ * classes_);
            oldest_ = (oldest_ + 1) % window;
        }
    }
}

void CapThresholds::take_quantiles(const std::vector<int64_t> &count, int64_t instance_count,
                                   at::Tensor &positive, at::Tensor &negative) const
{
    const size_t rows = kept();
    std::vector<float> column(rows);
    for (size_t j = 0; j < classes_; j++) {
        for (size_t i = 0; i < rows; i++) {
            column[i] = scores_[i * classes_ + j];
        }
        const auto n = static_cast<double>(rows), total = static_cast<double>(instance_count);
        const auto n_j = static_cast<double>(count[j]);
        const size_t above = count_whole(n_j * n / total);
        const size_t below = count_whole(options_.negative_share * (total - n_j) * n / total);
        const auto at = [&](size_t place) {
            std::nth_element(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(place),
                             column.end());
            return column[place];
        };
        const auto index = static_cast<int64_t>(j);
        if (above > 0) {
            positive[index].fill_(above < rows ? at(rows - 1 - above) : 0.0f);
        }
        if (below > 0) {
            negative[index].fill_(below < rows ? at(below) : 1.0f);
        }
    }
}

// T_j += step (mean[t > T_j] - r_j), and the mirror image for Tn.
void CapThresholds::follow_shares(const at::Tensor &probabilities,
                                  const std::vector<int64_t> &count, int64_t instance_count,
                                  at::Tensor &positive, at::Tensor &negative) const
{
    const at::Tensor share =
        at::tensor(count, at::kDouble) / static_cast<double>(instance_count); // r [C]
    const at::Tensor above = probabilities.gt(positive).to(at::kDouble).mean(0);
    const at::Tensor below = probabilities.lt(negative).to(at::kDouble).mean(0);
    const at::Tensor wanted_below = options_.negative_share * (1 - share);
    positive.add_(options_.step * (above - share)).clamp_(0, 1);
    negative.add_(options_.step * (wanted_below - below)).clamp_(0, 1);
}

void CapThresholds::update(const at::Tensor &probabilities, const std::vector<int64_t> &count,
                           int64_t instance_count, at::Tensor &positive, at::Tensor &negative)
{
    if (probabilities.size(0) == 0) {
        return;
    }
    if (options_.streaming) {
        follow_shares(probabilities, count, instance_count, positive, negative);
        return;
    }
    append(probabilities);
    take_quantiles(count, instance_count, positive, negative);
}

at::Tensor CapThresholds::scores() const
{
    const auto columns = static_cast<int64_t>(classes_);
    at::Tensor out = at::empty({static_cast<int64_t>(kept()), columns}, at::kFloat);
    auto *values = out.mutable_data_ptr<float>();
    const auto first = scores_.begin() + static_cast<std::ptrdiff_t>(oldest_ * classes_);
    std::copy(scores_.begin(), first, std::copy(first, scores_.end(), values));
    return out;
}

void CapThresholds::restore(const at::Tensor &scores)
{
    scores_.clear();
    oldest_ = 0;
    append(scores);
}

} // namespace sslact
