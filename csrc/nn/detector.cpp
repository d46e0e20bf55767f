#include "nn/detector.h"

#include "base/error.hpp"
#include "base/log.h"

#include <ATen/core/grad_mode.h>
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

// AVX512-BF16, which every processor with AMX has too.
bool has_fast_bfloat16()
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return false;
#endif
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
    if (options.precision == Precision::bfloat16 && !has_fast_bfloat16()) {
        log_write(SSLACT_LOG_WARNING, "nn",
                  "perf.precision is bfloat16, which this processor has no instructions for: on "
                  "it the network runs in float32");
    }
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
    at::Tensor x = prepare_input(fast);
    std::shared_ptr<const FoldedNetwork> folded = get_folded(x);
    Pathways features = backbone_->forward(x, {options_.fold_batch_norm, folded.get()}, observe);

    return head_->forward(features, rois, fast.size(3), fast.size(4), dropout_, observe_head);
}

// The type and layout the whole backbone runs in.
at::Tensor Detector::prepare_input(const at::Tensor &fast) const
{
    at::Tensor x = fast;

    if (options_.precision == Precision::bfloat16 && fast.scalar_type() == at::kFloat &&
        (!fast.is_cpu() || has_fast_bfloat16())) {
        x = x.to(at::kBFloat16);
    }
    return options_.channels_last ? x.contiguous(at::MemoryFormat::ChannelsLast3d) : x.contiguous();
}

void Detector::hold_folded_weights()
{
    holds_folded_ = true;
}

void Detector::weights_changed()
{
    const std::lock_guard<std::mutex> lock(folded_mutex_);
    folded_.reset();
}

// Null where the weights are to be folded on the way, or not at all.
std::shared_ptr<const FoldedNetwork> Detector::get_folded(const at::Tensor &x)
{
    if (!holds_folded_ || !options_.fold_batch_norm || is_training() ||
        at::GradMode::is_enabled()) {
        return nullptr;
    }
    const std::lock_guard<std::mutex> lock(folded_mutex_);
    if (!folded_ || folded_->type != x.scalar_type() || folded_->device != x.device()) {
        folded_ = std::make_shared<const FoldedNetwork>(backbone_->fold(x));
    }
    return folded_;
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
