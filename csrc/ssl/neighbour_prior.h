// The neighbour prior of method.md section 11: what the labelled key frames on both sides of an
// unlabelled one say moves the labels of single entries.
#ifndef SSL_NEIGHBOUR_PRIOR_H
#define SSL_NEIGHBOUR_PRIOR_H

#include <ATen/core/Tensor.h>

#include <tuple>

#include "ops/ops.h"

namespace sslact
{

// evidence int8 [N, C]: 1 the class is on both sides, -1 on neither, 0 on one or unknown.

// T_j of the entries with evidence 1, [C]: T_j - shift, at least floor. Differentiable in T.
at::Tensor lower_thresholds(const at::Tensor &positive, double shift, double floor);

// y int8 [N, C] of section 2.2 with the lowered T_j where the class is on both sides; a positive of
// a class that is on neither is ignored. teacher_logits [N, C]; positive, lowered, negative [C].
at::Tensor label_with_neighbours(const at::Tensor &teacher_logits, const at::Tensor &positive,
                                 const at::Tensor &lowered, const at::Tensor &negative,
                                 const at::Tensor &evidence);

// (pc, nc) of section 2.3 for such labels, differentiable in both thresholds. Entries that were
// taken back (evidence -1, t over T) weigh nothing, in `soft` labels too.
std::tuple<at::Tensor, at::Tensor>
weigh_with_neighbours(const at::Tensor &teacher_logits, const at::Tensor &labels,
                      const at::Tensor &positive, const at::Tensor &lowered,
                      const at::Tensor &evidence, double slope, LabelMode mode);

} // namespace sslact

#endif
