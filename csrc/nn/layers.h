// The two layers every part of the network is made of: 3D convolution and batch norm.
#ifndef NN_LAYERS_H
#define NN_LAYERS_H

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <array>

namespace sslact
{

using Triple = std::array<int64_t, 3>; // along time, height, width

// Convolution without bias; padding keeps the size at stride 1.
class Convolution : public torch::nn::Module
{
public:
    Convolution(int64_t inputs, int64_t outputs, Triple kernel, Triple stride = {1, 1, 1},
                int64_t spatial_dilation = 1);

    at::Tensor forward(const at::Tensor &x) const; // [N, C, T, H, W]

private:
    at::Tensor weight_; // [outputs, inputs, kT, kH, kW]
    Triple stride_;
    Triple padding_;
    Triple dilation_;
};

// Batch norm over N, T, H, W: eps 1e-5, momentum 0.1. Frozen, it normalises by its running
// statistics also in training, while weight and bias are trained on.
class Normalization : public torch::nn::Module
{
public:
    explicit Normalization(int64_t channels);

    at::Tensor forward(const at::Tensor &x);
    void freeze(bool frozen) { frozen_ = frozen; }

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
