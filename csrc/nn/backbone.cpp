#include "nn/backbone.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

namespace sslact
{

using torch::nn::Module;

namespace
{

// "s" and 2 to "s2".
std::string name_part(const char *before, size_t index, const char *after = "")
{
    std::string name = before;

    name += std::to_string(index);
    name += after;
    return name;
}

} // namespace

// conv, norm, ReLU, max-pool of one pathway.
class PathwayStem : public Module
{
public:
    PathwayStem(int64_t width, Triple kernel, bool pool) : pool_(pool)
    {
        conv_ = register_module("conv",
                                std::make_shared<Convolution>(3, width, kernel, Triple{1, 2, 2}));
        bn_ = register_module("bn", std::make_shared<Normalization>(width));
    }

    at::Tensor forward(const at::Tensor &x) const
    {
        at::Tensor y = bn_->forward(conv_->forward(x)).relu_();

        return pool_ ? at::max_pool3d(y, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}) : y;
    }

private:
    std::shared_ptr<Convolution> conv_;
    std::shared_ptr<Normalization> bn_;
    bool pool_;
};

class Stem : public Module
{
public:
    explicit Stem(const NetworkOptions &options)
    {
        int64_t k = options.stem_kernel;
        slow_ = register_module(
            "pathway0_stem",
            std::make_shared<PathwayStem>(options.width, Triple{1, k, k}, options.stem_pool));
        fast_ = register_module("pathway1_stem",
                                std::make_shared<PathwayStem>(options.width / options.beta_inverse,
                                                              Triple{std::min<int64_t>(5, k), k, k},
                                                              options.stem_pool));
    }

    Pathways forward(const Pathways &x) const
    {
        return {slow_->forward(x.slow), fast_->forward(x.fast)};
    }

private:
    std::shared_ptr<PathwayStem> slow_;
    std::shared_ptr<PathwayStem> fast_;
};

// The lateral connection: fast features, thinned in time, behind the slow channels.
class Fusion : public Module
{
public:
    Fusion(const NetworkOptions &options, int64_t fast_channels)
    {
        conv_ = register_module("conv_f2s",
                                std::make_shared<Convolution>(fast_channels, 2 * fast_channels,
                                                              Triple{options.fusion_kernel, 1, 1},
                                                              Triple{options.alpha, 1, 1}));
        if (options.lateral_norm_act) {
            bn_ = register_module("bn", std::make_shared<Normalization>(2 * fast_channels));
        }
    }

    Pathways forward(const Pathways &x) const
    {
        at::Tensor fused = conv_->forward(x.fast);

        if (bn_) {
            fused = bn_->forward(fused).relu_();
        }
        return {at::cat({x.slow, fused}, 1), x.fast};
    }

private:
    std::shared_ptr<Convolution> conv_;
    std::shared_ptr<Normalization> bn_;
};

struct BlockShape {
    int64_t inputs;
    int64_t inner;
    int64_t outputs;
    int64_t temporal_kernel;
    int64_t stride;
    int64_t dilation;
};

// a, b, c with their norms.
class Bottleneck : public Module
{
public:
    explicit Bottleneck(const BlockShape &shape)
    {
        a_ = register_module("a",
                             std::make_shared<Convolution>(shape.inputs, shape.inner,
                                                           Triple{shape.temporal_kernel, 1, 1}));
        a_bn_ = register_module("a_bn", std::make_shared<Normalization>(shape.inner));
        b_ = register_module("b", std::make_shared<Convolution>(
                                      shape.inner, shape.inner, Triple{1, 3, 3},
                                      Triple{1, shape.stride, shape.stride}, shape.dilation));
        b_bn_ = register_module("b_bn", std::make_shared<Normalization>(shape.inner));
        c_ = register_module(
            "c", std::make_shared<Convolution>(shape.inner, shape.outputs, Triple{1, 1, 1}));
        c_bn_ = register_module("c_bn", std::make_shared<Normalization>(shape.outputs));
    }

    at::Tensor forward(const at::Tensor &x) const
    {
        at::Tensor y = a_bn_->forward(a_->forward(x)).relu_();

        y = b_bn_->forward(b_->forward(y)).relu_();
        return c_bn_->forward(c_->forward(y));
    }

private:
    std::shared_ptr<Convolution> a_, b_, c_;
    std::shared_ptr<Normalization> a_bn_, b_bn_, c_bn_;
};

class Block : public Module
{
public:
    Block(const BlockShape &shape, bool first)
    {
        if (first) {
            branch1_ = register_module("branch1", std::make_shared<Convolution>(
                                                      shape.inputs, shape.outputs, Triple{1, 1, 1},
                                                      Triple{1, shape.stride, shape.stride}));
            branch1_bn_ =
                register_module("branch1_bn", std::make_shared<Normalization>(shape.outputs));
        }
        branch2_ = register_module("branch2", std::make_shared<Bottleneck>(shape));
    }

    at::Tensor forward(const at::Tensor &x) const
    {
        at::Tensor shortcut = branch1_ ? branch1_bn_->forward(branch1_->forward(x)) : x;

        return branch2_->forward(x).add_(shortcut).relu_();
    }

private:
    std::shared_ptr<Convolution> branch1_;
    std::shared_ptr<Normalization> branch1_bn_;
    std::shared_ptr<Bottleneck> branch2_;
};

class Stage : public Module
{
public:
    // `index` counts from 0 for s2.
    Stage(const NetworkOptions &options, size_t index)
    {
        int64_t fast_width = options.width / options.beta_inverse;
        bool last = index == 3;
        BlockShape shape = {};
        shape.stride = last ? options.res5_stride : options.stage_strides[index];
        shape.dilation = last ? options.res5_dilation : 1;

        // What the stem (width) or the stage before (4 inner) gave, plus the lateral channels.
        int64_t growth = index == 0 ? 1 : int64_t{2} << index;
        shape.temporal_kernel = index >= 2 ? 3 : 1;
        shape.inputs = growth * (options.width + 2 * fast_width);
        shape.inner = options.width << index;
        add_blocks("pathway0", shape, options.stage_blocks[index], slow_);
        shape.temporal_kernel = 3;
        shape.inputs = growth * fast_width;
        shape.inner = fast_width << index;
        add_blocks("pathway1", shape, options.stage_blocks[index], fast_);
    }

    Pathways forward(Pathways x) const
    {
        for (const auto &block : slow_) {
            x.slow = block->forward(x.slow);
        }
        for (const auto &block : fast_) {
            x.fast = block->forward(x.fast);
        }
        return x;
    }

private:
    void add_blocks(const std::string &pathway, BlockShape shape, int64_t count,
                    std::vector<std::shared_ptr<Block>> &blocks)
    {
        shape.outputs = 4 * shape.inner;
        for (int64_t i = 0; i < count; i++) {
            std::string name = pathway + name_part("_res", static_cast<size_t>(i));
            blocks.push_back(register_module(name, std::make_shared<Block>(shape, i == 0)));
            shape.inputs = shape.outputs;
            shape.stride = 1;
        }
    }

    std::vector<std::shared_ptr<Block>> slow_;
    std::vector<std::shared_ptr<Block>> fast_;
};

Backbone::Backbone(const NetworkOptions &options, Module &owner) : options_(options)
{
    stem_ = owner.register_module("s1", std::make_shared<Stem>(options));
    int64_t fast_channels = options.width / options.beta_inverse;
    for (size_t i = 0; i < options.stage_blocks.size(); i++) {
        fusions_.push_back(owner.register_module(name_part("s", i + 1, "_fuse"),
                                                 std::make_shared<Fusion>(options, fast_channels)));
        stages_.push_back(
            owner.register_module(name_part("s", i + 2), std::make_shared<Stage>(options, i)));
        fast_channels = options.width / options.beta_inverse * (int64_t{4} << i);
    }
}

Pathways Backbone::forward(const at::Tensor &fast, const Observer &observe) const
{
    std::vector<int64_t> frames = get_slow_frames(options_, fast.size(2));
    at::Tensor indices = at::tensor(frames, at::kLong).to(fast.device());
    auto see = [&](const std::string &name, const Pathways &out) {
        if (observe) {
            observe(name, out);
        }
    };

    Pathways x = stem_->forward({at::index_select(fast, 2, indices), fast});
    see("s1", x);
    for (size_t i = 0; i < stages_.size(); i++) {
        x = fusions_[i]->forward(x);
        see(name_part("s", i + 1, "_fuse"), x);
        x = stages_[i]->forward(x);
        see(name_part("s", i + 2), x);
    }
    return x;
}

} // namespace sslact
