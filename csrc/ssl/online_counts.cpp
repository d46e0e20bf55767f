// Owns the running rates of pseudo-positives and of their pairs.
#include "ssl/online_counts.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

namespace sslact
{

OnlineCounts::OnlineCounts(const OnlineOptions &options, const balance &labeled)
    : options_(options), instance_count_(static_cast<double>(labeled.instance_count))
{
    const int64_t classes = labeled.class_count;
    labeled_ = at::empty({classes, classes}, at::kDouble);
    auto *rates = labeled_.mutable_data_ptr<double>();
    for (int64_t at = 0; at < classes * classes; at++) {
        const bool diagonal = at % (classes + 1) == 0;
        const int64_t count = diagonal ? labeled.count[at / (classes + 1)] : labeled.pair_count[at];
        rates[at] = static_cast<double>(count) / instance_count_;
    }
    rates_ = labeled_.clone();
}

void OnlineCounts::observe(const at::Tensor &pseudo_labels)
{
    const int64_t rows = pseudo_labels.size(0);
    if (rows == 0) {
        return;
    }
    // y' y: instances with both j and k; with j alone on the diagonal. Whole numbers, so exact.
    const at::Tensor positive = pseudo_labels.eq(1).to(at::kDouble); // [N, C]
    const at::Tensor batch = positive.t().mm(positive) / static_cast<double>(rows);
    rates_.mul_(options_.momentum).add_(batch, 1.0 - options_.momentum);
}

at::Tensor OnlineCounts::counts() const
{
    const at::Tensor rates = (1.0 - options_.mix) * labeled_ + options_.mix * rates_;
    const at::Tensor counts = (rates * instance_count_).round();
    const at::Tensor own = counts.diagonal();
    own.copy_(own.maximum(rates.diagonal().gt(0).to(at::kDouble)));
    return counts.to(at::kLong);
}

} // namespace sslact
