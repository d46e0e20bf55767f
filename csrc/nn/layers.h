// The two layers every part of the network is made of: 3D convolution and batch norm.
#ifndef NN_LAYERS_H
#define NN_LAYERS_H

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <array>

namespace sslact
{

using Triple = std::array<int64_t, 3>; // along time, height, width

struct ConvolutionGeometry {
    Triple stride;
    Triple padding;
    Triple dilation;
};

// Whether oneDNN computes on x: float and bfloat16 on a processor. torch's own choice would send
// some of them to slower loops.
bool is_for_onednn(const at::Tensor &x);

// The dilation to ask torch for, with the same result as the geometry's.
Triple choose_dilation(const at::Tensor &x, const at::Tensor &weight,
                       const ConvolutionGeometry &geometry);

// Convolution without bias; padding keeps the size at stride 1.
class Convolution : public torch::nn::Module
{
public:
    Convolution(int64_t inputs, int64_t outputs, Triple kernel, Triple stride = {1, 1, 1},
                int64_t spatial_dilation = 1);

    at::Tensor forward(const at::Tensor &x) const; // [N, C, T, H, W]

    const at::Tensor &weight() const { return weight_; } // [outputs, inputs, kT, kH, kW]
    const ConvolutionGeometry &geometry() const { return geometry_; }

private:
    at::Tensor weight_;
    ConvolutionGeometry geometry_;
};

// The numbers of a batch norm, [C] each.
struct NormTensors {
    at::Tensor weight;
    at::Tensor bias;
    at::Tensor mean;
    at::Tensor variance;
};

constexpr double norm_momentum = 0.1;
constexpr double norm_epsilon = 1e-5;

// Batch norm over N, T, H, W: eps 1e-5, momentum 0.1. Frozen, it normalises by its running
// statistics also in training, while weight and bias are trained on.
class Normalization : public torch::nn::Module
{
public:
    explicit Normalization(int64_t channels);

    at::Tensor forward(const at::Tensor &x);
    void freeze(bool frozen) { frozen_ = frozen; }
    // Whether the next forward normalises by the batch's own statistics.
    bool takes_batch_statistics() const { return is_training() && !frozen_; }
    NormTensors tensors() const { return {weight_, bias_, running_mean_, running_var_}; }

private:
    at::Tensor weight_;
    at::Tensor bias_;
    at::Tensor running_mean_;
    at::Tensor running_var_;
    at::Tensor num_batches_tracked_;
    bool frozen_ = false;
};

} // namespace sslact

#endif
