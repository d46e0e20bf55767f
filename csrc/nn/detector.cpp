#include "nn/detector.h"

#include "base/error.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>

#include <limits>

namespace sslact
{
namespace
{

std::string render_shape(const at::Tensor &x)
{
    std::string text = "[";
    for (int64_t i = 0; i < x.dim(); i++) {
        text += (i > 0 ? ", " : "") + std::to_string(x.size(i));
    }
    return text + "]";
}

// Of AVA's classes the first 14 are poses, 13 of them among the 60 that are evaluated.
int64_t get_pose_count(int64_t class_count)
{
    return class_count == 80 ? 14 : 13;
}

void collect(const torch::nn::Module &module, const std::string &prefix, NamedArrays &out)
{
    for (const auto &item : module.named_parameters(/*recurse=*/false)) {
        out.emplace_back(prefix + item.key(), item.value());
    }
    for (const auto &item : module.named_buffers(/*recurse=*/false)) {
        out.emplace_back(prefix + item.key(), item.value());
    }
    for (const auto &item : module.named_children()) {
        collect(*item.value(), prefix + item.key() + ".", out);
    }
}

} // namespace

Detector::Detector(const NetworkOptions &options) : options_(options)
{
    check_network_options(options);
    backbone_ = std::make_unique<Backbone>(options, *this);
    head_ = register_module("head", make_head(options));
}

void Detector::check_input(const at::Tensor &fast, const at::Tensor &rois) const
{
    if (fast.dim() != 5 || fast.size(1) != 3 || fast.size(3) < 1 || fast.size(4) < 1) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    "clips of shape " + render_shape(fast) + ", expected [N, 3, T, H, W]");
    }
    if (rois.dim() != 2 || rois.size(1) != 5) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    "rois of shape " + render_shape(rois) + ", expected [K, 5]");
    }
    if (fast.size(0) == 0 && rois.size(0) > 0) {
        throw Error(SSLACT_ERROR_MISMATCH, std::to_string(rois.size(0)) + " boxes without a clip");
    }
}

bool Detector::takes_batch_statistics() const
{
    return is_training() && !batch_norm_frozen_;
}

at::Tensor Detector::forward(const at::Tensor &fast, const at::Tensor &rois,
                             const Backbone::Observer &observe,
                             const RoiHead::Observer &observe_head)
{
    check_input(fast, rois);
    get_slow_frames(options_, fast.size(2)); // throws unless alpha divides T
    // Without boxes nothing depends on the pictures, except running statistics.
    if (fast.size(0) == 0 || (rois.size(0) == 0 && !observe && !takes_batch_statistics())) {
        return head_->forward_empty(fast);
    }
    Pathways features = backbone_->forward(fast, observe);

    return head_->forward(features, rois, fast.size(3), fast.size(4), dropout_, observe_head);
}

at::Tensor Detector::activate(const at::Tensor &logits) const
{
    if (options_.output_activation == OutputActivation::sigmoid) {
        return at::sigmoid(logits);
    }
    int64_t poses = get_pose_count(options_.class_count);

    return at::cat({at::softmax(logits.slice(1, 0, poses), 1), at::sigmoid(logits.slice(1, poses))},
                   1);
}

// A softmax over z is the sigmoid of z_j - log sum_{i != j} exp z_i.
at::Tensor Detector::separate_classes(const at::Tensor &logits) const
{
    if (options_.output_activation == OutputActivation::sigmoid) {
        return logits;
    }
    int64_t poses = get_pose_count(options_.class_count);
    at::Tensor z = logits.slice(1, 0, poses);
    at::Tensor itself = at::eye(poses, logits.options().dtype(at::kBool)); // [P, P]
    at::Tensor others = z.unsqueeze(1)
                            .expand({z.size(0), poses, poses})
                            .masked_fill(itself, -std::numeric_limits<double>::infinity());

    return at::cat({z - at::logsumexp(others, 2), logits.slice(1, poses)}, 1);
}

void Detector::freeze_batch_norm(bool frozen)
{
    batch_norm_frozen_ = frozen;
    apply([frozen](torch::nn::Module &module) {
        if (auto *norm = dynamic_cast<Normalization *>(&module)) {
            norm->freeze(frozen);
        }
    });
}

void Detector::set_dropout_stream(uint64_t seed, uint64_t iteration, uint32_t part)
{
    dropout_ = {seed, iteration, part};
}

NamedArrays named_arrays(const Detector &detector)
{
    NamedArrays arrays;

    collect(detector, "", arrays);
    return arrays;
}

} // namespace sslact
