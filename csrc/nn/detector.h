// The whole network: clips and boxes in, one row of class logits a box out.
#ifndef NN_DETECTOR_H
#define NN_DETECTOR_H

#include "nn/backbone.h"
#include "nn/head.h"
#include "nn/options.h"

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sslact
{

// A fresh network has zero convolutions: call initialise() or load_weights().
class Detector : public torch::nn::Module
{
public:
    explicit Detector(const NetworkOptions &options);

    // fast [N, 3, T, H, W], normalised RGB; rois [K, 5] of (clip index, x1, y1, x2, y2), corners
    // relative to the picture, 0 to 1; returns logits [K, C]. N = 0 and K = 0 are fine. Throws
    // Error(SSLACT_ERROR_MISMATCH) for shapes the network does not take.
    at::Tensor forward(const at::Tensor &fast, const at::Tensor &rois,
                       const Backbone::Observer &observe = nullptr,
                       const RoiHead::Observer &observe_head = nullptr);

    // Scores in 0 .. 1 from logits, per model.output_activation.
    at::Tensor activate(const at::Tensor &logits) const;

    // Logits whose sigmoid is activate(logits): what a loss over single classes takes. The same
    // tensor where the activation is the sigmoid.
    at::Tensor separate_classes(const at::Tensor &logits) const;

    // Frozen: batch norm keeps and uses its running statistics also in training mode; its weight
    // and bias stay trainable.
    void freeze_batch_norm(bool frozen);

    // Promises that weights and statistics change only where weights_changed() is called
    // afterwards, by nobody else at that time. Forwards without gradients then fold the weights
    // once, not each time; from several threads, too.
    void hold_folded_weights();
    void weights_changed();

    // Numbers of the next forward passes' dropout. part tells the forwards of one iteration apart.
    void set_dropout_stream(uint64_t seed, uint64_t iteration, uint32_t part = 0);

    const NetworkOptions &options() const { return options_; }

private:
    void check_input(const at::Tensor &fast, const at::Tensor &rois) const;
    bool takes_batch_statistics() const;
    at::Tensor prepare_input(const at::Tensor &fast) const;
    std::shared_ptr<const FoldedNetwork> get_folded(const at::Tensor &x);

    NetworkOptions options_;
    std::unique_ptr<Backbone> backbone_;
    std::shared_ptr<RoiHead> head_;
    DropoutStream dropout_;
    bool batch_norm_frozen_ = false;
    bool holds_folded_ = false;
    std::mutex folded_mutex_;
    std::shared_ptr<const FoldedNetwork> folded_; // guarded by folded_mutex_
};

// Parameters and buffers under their canonical names, in the order of the network.
using NamedArrays = std::vector<std::pair<std::string, at::Tensor>>;
NamedArrays named_arrays(const Detector &detector);

// Fills parameters by the recipe of model.initialisation (models.md section 3.6), running
// statistics with 0 and 1. A pure function of the seed and the parameter's place in the network.
void initialise(Detector &detector, uint64_t seed);

} // namespace sslact

#endif
