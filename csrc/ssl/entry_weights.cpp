// Owns the weights per entry; what they multiply is the method's.
#include "ssl/entry_weights.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace sslact
{

at::Tensor distribution_balanced_weights(const at::Tensor &labels, const at::Tensor &count,
                                         at::ScalarType type)
{
    const at::Tensor n = count.to(at::kDouble);
    const at::Tensor inverse = at::where(n.gt(0), n.reciprocal(), at::zeros_like(n)); // 1 / n_j
    const at::Tensor sum = (labels.eq(1) * inverse).sum(1, true);                     // [N, 1]
    const at::Tensor weight = 0.1 + at::sigmoid(10 * (inverse / sum - 0.2));
    const at::Tensor corrected = sum.gt(0).logical_and(n.gt(0)); // [N, C]
    return at::where(corrected, weight, at::ones_like(weight)).to(type);
}

at::Tensor find_bins(const at::Tensor &probabilities, int64_t bin_count)
{
    // In double, so that every caller puts the same float into the same bin.
    return (probabilities.to(at::kDouble).nan_to_num(0.0) * static_cast<double>(bin_count))
        .floor()
        .clamp(0, static_cast<double>(bin_count - 1))
        .to(at::kLong);
}

at::Tensor look_up_precision(const at::Tensor &probabilities, const at::Tensor &precision)
{
    const at::Tensor bins = find_bins(probabilities, precision.size(1));
    return precision.gather(1, bins.t()).t().contiguous(); // [C, N] to [N, C]
}

} // namespace sslact
