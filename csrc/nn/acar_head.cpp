// Owns: the steps of models.md section 7, for all clips of a batch at once; only the attention
// among actors goes clip by clip.

#include "nn/acar_head.h"

#include "base/error.hpp"

#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mkldnn_convolution.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sslact
{

using torch::nn::Module;

namespace
{

constexpr int64_t context_kernel = 3; // conv2 has no padding: a smaller map leaves nothing

void see(const RoiHead::Observer &observe, const std::string &name, const at::Tensor &out)
{
    if (observe) {
        observe(name, out);
    }
}

// The batch order of the boxes by clip, and how many each clip that has any has.
struct ActorOrder {
    std::vector<int64_t> rows;
    std::vector<int64_t> counts;
    bool sorted = true;
};

ActorOrder sort_by_clip(const at::Tensor &boxes)
{
    at::Tensor clips = boxes.select(1, 0).to(at::kCPU, at::kLong).contiguous();
    const int64_t *clip = clips.const_data_ptr<int64_t>();
    ActorOrder order;

    order.rows.resize(static_cast<size_t>(clips.numel()));
    std::iota(order.rows.begin(), order.rows.end(), 0);
    order.sorted = std::is_sorted(clip, clip + clips.numel());
    std::stable_sort(order.rows.begin(), order.rows.end(),
                     [clip](int64_t a, int64_t b) { return clip[a] < clip[b]; });
    for (size_t i = 0; i < order.rows.size(); i++) {
        if (i == 0 || clip[order.rows[i]] != clip[order.rows[i - 1]]) {
            order.counts.push_back(0);
        }
        order.counts.back()++;
    }
    return order;
}

at::Tensor make_indices(const std::vector<int64_t> &rows, const at::Tensor &like)
{
    return at::tensor(rows, at::kLong).to(like.device());
}

std::vector<int64_t> invert(const std::vector<int64_t> &rows)
{
    std::vector<int64_t> places(rows.size());

    for (size_t i = 0; i < rows.size(); i++) {
        places[static_cast<size_t>(rows[i])] = static_cast<int64_t>(i);
    }
    return places;
}

// [n, C, u, v] to [u v, n, C]: the actors of each position side by side.
at::Tensor group_by_position(const at::Tensor &x)
{
    return x.permute({2, 3, 0, 1}).reshape({x.size(2) * x.size(3), x.size(0), x.size(1)});
}

// A_ij = softmax_j q_i k_j / sqrt(C) at each position, G_i = sum_j A_ij v_j; [n, C, u, v] all.
at::Tensor attend(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v)
{
    if (v.size(0) == 1) {
        return v; // the softmax over one actor is 1
    }
    double scale = 1.0 / std::sqrt(static_cast<double>(v.size(1)));
    at::Tensor likeness = at::bmm(group_by_position(q), group_by_position(k).transpose(1, 2));
    at::Tensor mixed = at::bmm(at::softmax(likeness * scale, 2), group_by_position(v));

    return mixed.view({v.size(2), v.size(3), v.size(0), v.size(1)}).permute({2, 3, 0, 1});
}

} // namespace

// A 2D convolution without bias.
class PlaneConvolution : public Module
{
public:
    PlaneConvolution(int64_t inputs, int64_t outputs, int64_t kernel, int64_t padding)
        : padding_(padding)
    {
        weight_ = register_parameter("weight", at::zeros({outputs, inputs, kernel, kernel}));
    }

    at::Tensor forward(const at::Tensor &x) const
    {
        return at::conv2d(x, weight_, {}, 1, padding_);
    }

    const at::Tensor &weight() const { return weight_; } // [outputs, inputs, kernel, kernel]

private:
    at::Tensor weight_;
    int64_t padding_;
};

// Group norm of one group: over channels and positions of each actor.
class ActorNormalization : public Module
{
public:
    explicit ActorNormalization(int64_t channels)
    {
        weight_ = register_parameter("weight", at::ones({channels}));
        bias_ = register_parameter("bias", at::zeros({channels}));
    }

    at::Tensor forward(const at::Tensor &x) const
    {
        return at::group_norm(x, 1, weight_, bias_, norm_epsilon);
    }

private:
    at::Tensor weight_;
    at::Tensor bias_;
};

// HR2O_NL: the relations of each actor attend to those of all actors of its clip.
class RelationLayer : public Module
{
public:
    RelationLayer(int64_t channels, int64_t last_kernel)
    {
        auto make = [&](const char *name, int64_t kernel) {
            return register_module(
                name, std::make_shared<PlaneConvolution>(channels, channels, kernel, kernel / 2));
        };
        conv_q_ = make("conv_q", 3);
        conv_k_ = make("conv_k", 3);
        conv_v_ = make("conv_v", 3);
        conv_ = make("conv", last_kernel);
        norm_ = register_module("norm", std::make_shared<ActorNormalization>(channels));
    }

    // x [K, C, u, v], actors of a clip side by side, counts[i] of them in the i-th clip.
    at::Tensor forward(const at::Tensor &x, const std::vector<int64_t> &counts, double dropout,
                       const DropoutStream &stream) const
    {
        at::Tensor q = conv_q_->forward(x);
        at::Tensor k = conv_k_->forward(x);
        at::Tensor v = conv_v_->forward(x);
        std::vector<at::Tensor> mixed;
        int64_t first = 0;

        for (int64_t count : counts) {
            mixed.push_back(attend(q.narrow(0, first, count), k.narrow(0, first, count),
                                   v.narrow(0, first, count)));
            first += count;
        }
        at::Tensor change =
            conv_->forward(norm_->forward(at::cat(mixed).contiguous()).relu_()).contiguous();
        if (is_training() && dropout > 0.0) {
            change = drop_out(change, dropout, stream);
        }
        return x + change;
    }

private:
    std::shared_ptr<PlaneConvolution> conv_q_, conv_k_, conv_v_, conv_;
    std::shared_ptr<ActorNormalization> norm_;
};

// Holds the layers, so that their names are hr2o.0, hr2o.1 and so on.
class RelationStack : public Module
{
};

AcarHead::AcarHead(const NetworkOptions &options) : RoiHead(options)
{
    int64_t reduced = options.acar_reduce_dim;
    int64_t hidden = options.acar_hidden_dim;

    conv_reduce_ = register_module("conv_reduce", std::make_shared<PlaneConvolution>(
                                                      get_feature_count(options), reduced, 1, 0));
    conv1_ =
        register_module("conv1", std::make_shared<PlaneConvolution>(2 * reduced, hidden, 1, 0));
    conv2_ = register_module("conv2",
                             std::make_shared<PlaneConvolution>(hidden, hidden, context_kernel, 0));
    auto stack = register_module("hr2o", std::make_shared<RelationStack>());
    for (int64_t depth = 0; depth < options.acar_depth; depth++) {
        relations_.push_back(stack->register_module(
            std::to_string(depth),
            std::make_shared<RelationLayer>(hidden, options.acar_last_kernel)));
    }
    fc1_ = register_module("fc1", std::make_shared<Projection>(reduced, hidden, false));
    fc2_ = register_module("fc2",
                           std::make_shared<Projection>(2 * hidden, options.class_count, false));
}

AcarHead::~AcarHead() = default;

// conv1 of (context, actor spread over all positions) is a convolution of the context once a clip
// plus one vector an actor. context [N, R, h, w], actors [K, R], clips [K]; returns [K, H, u, v].
at::Tensor AcarHead::relate_to_context(const at::Tensor &context, const at::Tensor &actors,
                                       const at::Tensor &clips, const Observer &observe) const
{
    int64_t reduced = options_.acar_reduce_dim;
    const at::Tensor &weight = conv1_->weight(); // [H, 2 R, 1, 1], context first
    at::Tensor of_context = at::conv2d(context, weight.narrow(1, 0, reduced));
    at::Tensor of_actors = at::linear(actors, weight.narrow(1, reduced, reduced).flatten(1));
    at::Tensor x = of_context.index_select(0, clips) + of_actors.unsqueeze(2).unsqueeze(3);

    see(observe, "conv1", x);
    x = conv2_->forward(x.relu_());
    see(observe, "conv2", x);
    x = at::max_pool2d(x.relu_(), 3, 2, 1);
    see(observe, "max_pool", x);
    return x;
}

at::Tensor AcarHead::relate_to_actors(at::Tensor x, const std::vector<int64_t> &counts,
                                      const DropoutStream &stream, const Observer &observe) const
{
    DropoutStream numbers = stream;

    for (size_t depth = 0; depth < relations_.size(); depth++) {
        numbers.layer = static_cast<uint32_t>(depth) + 1; // layer 0 is the last dropout
        x = relations_[depth]->forward(x, counts, options_.acar_dropout, numbers);
        see(observe, "hr2o." + std::to_string(depth), x);
    }
    return x;
}

at::Tensor AcarHead::score(const at::Tensor &map, const at::Tensor &boxes,
                           const DropoutStream &stream, const Observer &observe) const
{
    if (map.size(2) < context_kernel || map.size(3) < context_kernel) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    "a feature map of " + std::to_string(map.size(2)) + " x " +
                        std::to_string(map.size(3)) +
                        " cells, model.head acar needs 3 x 3 or more: larger pictures");
    }
    at::Tensor context = conv_reduce_->forward(map); // [N, R, h, w]
    see(observe, "conv_reduce", context);
    ActorOrder order = sort_by_clip(boxes);
    at::Tensor placed =
        order.sorted ? boxes : boxes.index_select(0, make_indices(order.rows, boxes));
    at::Tensor actors = pool_boxes(context, placed); // [K, R]
    at::Tensor clips = placed.select(1, 0).to(at::kLong);
    at::Tensor x = relate_to_context(context, actors, clips, observe);

    at::Tensor relation = relate_to_actors(x, order.counts, stream, observe).mean({2, 3});
    see(observe, "mean", relation);
    at::Tensor actor = fc1_->forward(actors);
    see(observe, "fc1", actor);
    at::Tensor both = at::cat({actor.relu(), relation}, 1); // [K, 2 H], actor first
    if (is_training() && options_.head_dropout > 0.0) {
        both = drop_out(both, options_.head_dropout, stream);
    }
    at::Tensor logits = fc2_->forward(both);
    return order.sorted ? logits : logits.index_select(0, make_indices(invert(order.rows), boxes));
}

at::Tensor AcarHead::forward_empty(const at::Tensor &like) const
{
    return fc2_->forward(at::zeros({0, 2 * options_.acar_hidden_dim}, like.options()));
}

} // namespace sslact
