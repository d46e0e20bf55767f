#include "nn/backbone.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

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

// Numbers the units of a network and makes them, under the names of their modules.
class UnitMaker
{
public:
    ConvolutionUnit make(Module &owner, const std::string &conv_name, const std::string &norm_name,
                         std::shared_ptr<Convolution> conv)
    {
        int64_t channels = conv->weight().size(0);
        std::shared_ptr<Normalization> norm;

        owner.register_module(conv_name, conv);
        if (!norm_name.empty()) {
            norm = owner.register_module(norm_name, std::make_shared<Normalization>(channels));
        }
        ConvolutionUnit unit(std::move(conv), std::move(norm), count_++);
        return unit;
    }

private:
    size_t count_ = 0;
};

using Units = std::vector<const ConvolutionUnit *>;

// conv, norm, ReLU, max-pool of one pathway.
class PathwayStem : public Module
{
public:
    PathwayStem(int64_t width, Triple kernel, bool pool, UnitMaker &maker)
        : unit_(maker.make(*this, "conv", "bn",
                           std::make_shared<Convolution>(3, width, kernel, Triple{1, 2, 2}))),
          pool_(pool)
    {
    }

    at::Tensor forward(const at::Tensor &x, const Pass &pass) const
    {
        at::Tensor y = unit_.forward(x, pass, {{}, true});

        return pool_ ? at::max_pool3d(y, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}) : y;
    }

    void list_units(Units &units) const { units.push_back(&unit_); }

private:
    ConvolutionUnit unit_;
    bool pool_;
};

class Stem : public Module
{
public:
    Stem(const NetworkOptions &options, UnitMaker &maker)
    {
        int64_t k = options.stem_kernel;
        slow_ = register_module("pathway0_stem",
                                std::make_shared<PathwayStem>(options.width, Triple{1, k, k},
                                                              options.stem_pool, maker));
        fast_ = register_module("pathway1_stem",
                                std::make_shared<PathwayStem>(options.width / options.beta_inverse,
                                                              Triple{std::min<int64_t>(5, k), k, k},
                                                              options.stem_pool, maker));
    }

    Pathways forward(const Pathways &x, const Pass &pass) const
    {
        return {slow_->forward(x.slow, pass), fast_->forward(x.fast, pass)};
    }

    void list_units(Units &units) const
    {
        slow_->list_units(units);
        fast_->list_units(units);
    }

private:
    std::shared_ptr<PathwayStem> slow_;
    std::shared_ptr<PathwayStem> fast_;
};

// The lateral connection: fast features, thinned in time, behind the slow channels.
class Fusion : public Module
{
public:
    Fusion(const NetworkOptions &options, int64_t fast_channels, UnitMaker &maker)
        : relu_(options.lateral_norm_act)
    {
        unit_ = maker.make(*this, "conv_f2s", options.lateral_norm_act ? "bn" : "",
                           std::make_shared<Convolution>(fast_channels, 2 * fast_channels,
                                                         Triple{options.fusion_kernel, 1, 1},
                                                         Triple{options.alpha, 1, 1}));
    }

    Pathways forward(const Pathways &x, const Pass &pass) const
    {
        return {at::cat({x.slow, unit_.forward(x.fast, pass, {{}, relu_})}, 1), x.fast};
    }

    void list_units(Units &units) const { units.push_back(&unit_); }

private:
    ConvolutionUnit unit_;
    bool relu_;
};

struct BlockShape {
    int64_t inputs;
    int64_t inner;
    int64_t outputs;
    int64_t temporal_kernel;
    int64_t stride;
    int64_t dilation;
};

// a, b, c with their norms; the shortcut is added before the last ReLU.
class Bottleneck : public Module
{
public:
    Bottleneck(const BlockShape &shape, UnitMaker &maker)
    {
        a_ = maker.make(*this, "a", "a_bn",
                        std::make_shared<Convolution>(shape.inputs, shape.inner,
                                                      Triple{shape.temporal_kernel, 1, 1}));
        b_ = maker.make(*this, "b", "b_bn",
                        std::make_shared<Convolution>(shape.inner, shape.inner, Triple{1, 3, 3},
                                                      Triple{1, shape.stride, shape.stride},
                                                      shape.dilation));
        c_ = maker.make(*this, "c", "c_bn",
                        std::make_shared<Convolution>(shape.inner, shape.outputs, Triple{1, 1, 1}));
    }

    at::Tensor forward(const at::Tensor &x, const at::Tensor &shortcut, const Pass &pass) const
    {
        at::Tensor y = a_.forward(x, pass, {{}, true});

        y = b_.forward(y, pass, {{}, true});
        // Without gradients nobody reads the shortcut again: it is this block's own, or the output
        // of the block before.
        return c_.forward(y, pass, {shortcut, true, !at::GradMode::is_enabled()});
    }

    void list_units(Units &units) const { units.insert(units.end(), {&a_, &b_, &c_}); }

private:
    ConvolutionUnit a_, b_, c_;
};

class Block : public Module
{
public:
    Block(const BlockShape &shape, bool first, UnitMaker &maker) : projects_(first)
    {
        if (first) {
            branch1_ = maker.make(
                *this, "branch1", "branch1_bn",
                std::make_shared<Convolution>(shape.inputs, shape.outputs, Triple{1, 1, 1},
                                              Triple{1, shape.stride, shape.stride}));
        }
        branch2_ = register_module("branch2", std::make_shared<Bottleneck>(shape, maker));
    }

    at::Tensor forward(const at::Tensor &x, const Pass &pass) const
    {
        return branch2_->forward(x, projects_ ? branch1_.forward(x, pass) : x, pass);
    }

    void list_units(Units &units) const
    {
        if (projects_) {
            units.push_back(&branch1_);
        }
        branch2_->list_units(units);
    }

private:
    bool projects_;
    ConvolutionUnit branch1_;
    std::shared_ptr<Bottleneck> branch2_;
};

class Stage : public Module
{
public:
    // `index` counts from 0 for s2.
    Stage(const NetworkOptions &options, size_t index, UnitMaker &maker)
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
        add_blocks("pathway0", shape, options.stage_blocks[index], slow_, maker);
        shape.temporal_kernel = 3;
        shape.inputs = growth * fast_width;
        shape.inner = fast_width << index;
        add_blocks("pathway1", shape, options.stage_blocks[index], fast_, maker);
    }

    Pathways forward(Pathways x, const Pass &pass) const
    {
        for (const auto &block : slow_) {
            x.slow = check_layout(block->forward(x.slow, pass), x.slow);
        }
        for (const auto &block : fast_) {
            x.fast = check_layout(block->forward(x.fast, pass), x.fast);
        }
        return x;
    }

    void list_units(Units &units) const
    {
        for (const auto &blocks : {slow_, fast_}) {
            for (const auto &block : blocks) {
                block->list_units(units);
            }
        }
    }

private:
    void add_blocks(const std::string &pathway, BlockShape shape, int64_t count,
                    std::vector<std::shared_ptr<Block>> &blocks, UnitMaker &maker)
    {
        shape.outputs = 4 * shape.inner;
        for (int64_t i = 0; i < count; i++) {
            std::string name = pathway + name_part("_res", static_cast<size_t>(i));
            blocks.push_back(register_module(name, std::make_shared<Block>(shape, i == 0, maker)));
            shape.inputs = shape.outputs;
            shape.stride = 1;
        }
    }

    // One operation that changed the layout would make every one behind it convert.
    static const at::Tensor &check_layout(const at::Tensor &out, const at::Tensor &in)
    {
        TORCH_INTERNAL_ASSERT_DEBUG_ONLY(out.is_contiguous(in.suggest_memory_format()));
        (void)in;
        return out;
    }

    std::vector<std::shared_ptr<Block>> slow_;
    std::vector<std::shared_ptr<Block>> fast_;
};

Backbone::Backbone(const NetworkOptions &options, Module &owner) : options_(options)
{
    UnitMaker maker;

    stem_ = owner.register_module("s1", std::make_shared<Stem>(options, maker));
    int64_t fast_channels = options.width / options.beta_inverse;
    for (size_t i = 0; i < options.stage_blocks.size(); i++) {
        fusions_.push_back(
            owner.register_module(name_part("s", i + 1, "_fuse"),
                                  std::make_shared<Fusion>(options, fast_channels, maker)));
        stages_.push_back(owner.register_module(name_part("s", i + 2),
                                                std::make_shared<Stage>(options, i, maker)));
        fast_channels = options.width / options.beta_inverse * (int64_t{4} << i);
    }
}

FoldedNetwork Backbone::fold(const at::Tensor &like) const
{
    Units units;
    FoldedNetwork folded = {like.scalar_type(), like.device(), like.suggest_memory_format(), {}};

    stem_->list_units(units);
    for (size_t i = 0; i < stages_.size(); i++) {
        fusions_[i]->list_units(units);
        stages_[i]->list_units(units);
    }
    folded.units.resize(units.size());
    for (const ConvolutionUnit *unit : units) {
        FoldedWeights &weights = folded.units[unit->index()];
        weights = unit->fold(folded.type, folded.layout);
        weights.ordinary = are_ordinary(weights);
        weights.packed = is_for_onednn(like) ? std::make_shared<PackedWeight>() : nullptr;
    }
    return folded;
}

Pathways Backbone::forward(const at::Tensor &fast, const Pass &pass, const Observer &observe) const
{
    std::vector<int64_t> frames = get_slow_frames(options_, fast.size(2));
    at::Tensor indices = at::tensor(frames, at::kLong).to(fast.device());
    at::Tensor slow = at::index_select(fast, 2, indices).contiguous(fast.suggest_memory_format());
    auto see = [&](const std::string &name, const Pathways &out) {
        if (observe) {
            observe(name, out);
        }
    };

    Pathways x = stem_->forward({slow, fast}, pass);
    see("s1", x);
    for (size_t i = 0; i < stages_.size(); i++) {
        x = fusions_[i]->forward(x, pass);
        see(name_part("s", i + 1, "_fuse"), x);
        x = stages_[i]->forward(x, pass);
        see(name_part("s", i + 2), x);
    }
    return x;
}

} // namespace sslact
