// Owns: which implementation a convolution runs on, and when batch statistics are taken.

#include "nn/layers.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/mkldnn_convolution.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

namespace sslact
{
namespace
{

// torch sends a 3D convolution over a single small float clip to a naive loop, 5 to 10 times
// slower than oneDNN, which the same convolution over two clips gets. Asking by name avoids that.
bool is_single_clip(const at::Tensor &x)
{
    return x.size(0) == 1 && x.is_cpu() && x.scalar_type() == at::kFloat;
}

} // namespace

bool is_for_onednn(const at::Tensor &x)
{
    return x.is_cpu() && x.numel() > 0 &&
           (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

// With one thread torch sends a kernel of a single cell a frame to a slow loop, unless it is
// dilated: along axes on which a kernel has one cell, dilation changes nothing but that.
Triple choose_dilation(const at::Tensor &x, const at::Tensor &weight,
                       const ConvolutionGeometry &geometry)
{
    bool single = is_for_onednn(x) && weight.size(3) * weight.size(4) == 1;

    return single ? Triple{geometry.dilation[0], 2, 2} : geometry.dilation;
}

Convolution::Convolution(int64_t inputs, int64_t outputs, Triple kernel, Triple stride,
                         int64_t spatial_dilation)
    : geometry_{stride, {}, {1, spatial_dilation, spatial_dilation}}
{
    for (size_t axis = 0; axis < 3; axis++) {
        geometry_.padding[axis] = kernel[axis] / 2 * geometry_.dilation[axis];
    }
    weight_ =
        register_parameter("weight", at::zeros({outputs, inputs, kernel[0], kernel[1], kernel[2]}));
}

at::Tensor Convolution::forward(const at::Tensor &x) const
{
    at::Tensor weight = weight_.to(x.scalar_type()); // the same tensor but for bfloat16
    Triple dilation = choose_dilation(x, weight, geometry_);

    if (is_single_clip(x)) {
        return at::mkldnn_convolution(x, weight, {}, geometry_.padding, geometry_.stride, dilation,
                                      1);
    }
    return at::conv3d(x, weight, {}, geometry_.stride, geometry_.padding, dilation);
}

Normalization::Normalization(int64_t channels)
{
    weight_ = register_parameter("weight", at::ones({channels}));
    bias_ = register_parameter("bias", at::zeros({channels}));
    running_mean_ = register_buffer("running_mean", at::zeros({channels}));
    running_var_ = register_buffer("running_var", at::ones({channels}));
    num_batches_tracked_ = register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
}

at::Tensor Normalization::forward(const at::Tensor &x)
{
    bool from_batch = takes_batch_statistics();

    if (from_batch) {
        num_batches_tracked_.add_(1);
    }
    return at::batch_norm(x, weight_, bias_, running_mean_, running_var_, from_batch, norm_momentum,
                          norm_epsilon, /*cudnn_enabled=*/true);
}

} // namespace sslact
