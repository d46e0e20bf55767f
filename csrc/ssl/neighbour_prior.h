// The neighbour prior of method.md section 11: what the labelled key frames on both sides of an
// unlabelled one say moves single entries, so thresholds differ from row to row.
#ifndef SSL_NEIGHBOUR_PRIOR_H
#define SSL_NEIGHBOUR_PRIOR_H

#include <ATen/core/Tensor.h>

namespace sslact
{

// T_j for every row, [N, C]: T_j - shift, but at least `floor`, where the class is on both sides
// (evidence 1), T_j elsewhere. Differentiable in positive [C]; evidence int8 [N, C].
at::Tensor shift_thresholds(const at::Tensor &positive, const at::Tensor &evidence, double shift,
                            double floor);

// y int8 [N, C] of section 2.2 by such thresholds; positives of classes that are on neither side
// (evidence -1) are ignored instead. teacher_logits [N, C], thresholds [N, C], negative [C].
at::Tensor label_with_neighbours(const at::Tensor &teacher_logits, const at::Tensor &thresholds,
                                 const at::Tensor &negative, const at::Tensor &evidence);

} // namespace sslact

#endif
