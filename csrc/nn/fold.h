// Batch norm by fixed statistics folded into the convolution before it: with
// k = gamma / sqrt(var + eps), BN(conv(x, W)) = conv(x, W k) + (beta - mean k). One convolution
// with bias, and what follows it (the sum with the shortcut, the ReLU) in the same step; half of
// the tensors that the unfolded pair keeps for its gradient are never made.
#ifndef NN_FOLD_H
#define NN_FOLD_H

#include "nn/layers.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <mutex>

namespace sslact
{

// A weight in the order that oneDNN's kernel for it reads, made at the first use, by whichever
// thread comes first: used more than once, it saves the reordering before every convolution.
class PackedWeight
{
public:
    // The packed form of `weight`, which must be the same each time, for inputs like x.
    const at::Tensor &get(const at::Tensor &weight, const at::Tensor &x,
                          const ConvolutionGeometry &geometry);

private:
    std::once_flag once_;
    at::Tensor packed_;
};

struct FoldedWeights {
    at::Tensor weight; // W k, [O, I, kT, kH, kW]
    at::Tensor bias;   // [O]; undefined without a norm
    // Whether no number is so large, or none, that a sum could be NaN. oneDNN's own ReLU makes
    // NaN 0, which would hide that a network is of no use; only here is it taken.
    bool ordinary = false;
    std::shared_ptr<PackedWeight> packed; // null: reorder at each use
};

// Computed in the weights' own type and rounded once to `type`, in `layout`; the bias stays wide.
FoldedWeights fold(const at::Tensor &weight, const NormTensors &norm, at::ScalarType type,
                   at::MemoryFormat layout);

// Looks at every number: worth it where the weights are used more than once.
bool are_ordinary(const FoldedWeights &folded);

// What follows a convolution.
struct Finish {
    at::Tensor shortcut; // added where defined, [N, O, T, H, W] of the output
    bool relu = false;
    bool overwrite = false; // without gradients: the result may take the shortcut's place
};

// conv(x, weight) + bias, then the finish. No gradient flows.
at::Tensor convolve_folded(const at::Tensor &x, const FoldedWeights &folded,
                           const ConvolutionGeometry &geometry, const Finish &finish);

// The same from the unfolded numbers, with gradients for x, W, gamma, beta and the shortcut. The
// weights may be wider than x: they are folded in their own type.
at::Tensor convolve_normalized(const at::Tensor &x, const at::Tensor &weight,
                               const NormTensors &norm, const ConvolutionGeometry &geometry,
                               const Finish &finish);

} // namespace sslact

#endif
