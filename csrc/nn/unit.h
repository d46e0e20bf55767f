// A convolution, the norm behind it, and how one pass through the network runs them: unfolded as
// the modules stand, or folded; see fold.h.
#ifndef NN_UNIT_H
#define NN_UNIT_H

#include "nn/fold.h"
#include "nn/layers.h"

#include <memory>
#include <vector>

namespace sslact
{

// The folded weights of all units of a network, by their index. Never changed once made, so that
// threads may share one.
struct FoldedNetwork {
    at::ScalarType type = at::kFloat;
    at::Device device = at::kCPU;
    at::MemoryFormat layout = at::MemoryFormat::Contiguous;
    std::vector<FoldedWeights> units;
};

// What holds for one forward.
struct Pass {
    bool fold = false;                     // where the statistics are fixed
    const FoldedNetwork *folded = nullptr; // made before; else folded on the way
};

class ConvolutionUnit
{
public:
    ConvolutionUnit() = default;
    // norm may be null: then it is the convolution alone. `index` is its place in a FoldedNetwork.
    ConvolutionUnit(std::shared_ptr<Convolution> conv, std::shared_ptr<Normalization> norm,
                    size_t index);

    // relu(norm(conv(x)) + shortcut), either of them left out where the finish says so.
    at::Tensor forward(const at::Tensor &x, const Pass &pass, const Finish &finish = {}) const;

    FoldedWeights fold(at::ScalarType type, at::MemoryFormat layout) const;
    size_t index() const { return index_; }

private:
    at::Tensor forward_unfolded(const at::Tensor &x, const Finish &finish) const;

    std::shared_ptr<Convolution> conv_;
    std::shared_ptr<Normalization> norm_;
    size_t index_ = 0;
};

} // namespace sslact

#endif
