// Weights that differ from entry to entry, method.md section 11: they stand in for w_j and for wp.
#ifndef SSL_ENTRY_WEIGHTS_H
#define SSL_ENTRY_WEIGHTS_H

#include <ATen/core/Tensor.h>

namespace sslact
{

// Distribution-balanced weights (ECCV 2020) [N, C]: r_ij = (1 / n_j) / sum over k in J_i of 1 /
// n_k, weight 0.1 + sigmoid(10 (r_ij - 0.2)). 1 where J_i is empty. A class without instances (n =
// 0) is not corrected: its weight is 1, and J_i is taken without it. labels [N, C], 1 = in J_i;
// count int64 [C].
at::Tensor distribution_balanced_weights(const at::Tensor &labels, const at::Tensor &count,
                                         at::ScalarType type);

// Which of B equal bins of [0, 1] t lies in, int64: floor(t B), 1 belongs to the last.
at::Tensor find_bins(const at::Tensor &probabilities, int64_t bin_count);

// precision[j, bin of t_ij], [N, C]. probabilities t [N, C], precision [C, B].
at::Tensor look_up_precision(const at::Tensor &probabilities, const at::Tensor &precision);

} // namespace sslact

#endif
