// What turns feature maps and boxes into logits: the skeleton both heads share, and the linear one
// (models.md section 6): mean over time, RoIAlign, maximum over the box, one linear layer.
#ifndef NN_HEAD_H
#define NN_HEAD_H

#include "nn/backbone.h"
#include "nn/dropout.h"

#include <functional>
#include <memory>
#include <string>

namespace sslact
{

class RoiHead : public torch::nn::Module
{
public:
    explicit RoiHead(const NetworkOptions &options) : options_(options) {}

    // Called with the name of a step and what came out of it, before any activation.
    using Observer = std::function<void(const std::string &name, const at::Tensor &out)>;

    // rois [K, 5] are (clip, x1, y1, x2, y2), corners relative to the picture, height x width
    // pixels; returns logits [K, C]. Works in float where the features are bfloat16.
    at::Tensor forward(const Pathways &features, const at::Tensor &rois, int64_t height,
                       int64_t width, const DropoutStream &stream,
                       const Observer &observe = nullptr) const;

    // Logits [0, C] with a gradient for the last layer's weights, of the type and device of
    // `like`.
    virtual at::Tensor forward_empty(const at::Tensor &like) const = 0;

protected:
    // map [N, F, h, w]: both pathways' means over time; boxes [K, 5], K > 0, in cells of the map.
    virtual at::Tensor score(const at::Tensor &map, const at::Tensor &boxes,
                             const DropoutStream &stream, const Observer &observe) const = 0;

    // The largest value of each channel in each box, [K, channels of map].
    at::Tensor pool_boxes(const at::Tensor &map, const at::Tensor &boxes) const;

    NetworkOptions options_;

private:
    at::Tensor place_boxes(const at::Tensor &rois, const at::Tensor &map, int64_t height,
                           int64_t width) const;
};

// y = W x + b, or without b.
class Projection : public torch::nn::Module
{
public:
    Projection(int64_t inputs, int64_t outputs, bool with_bias);

    at::Tensor forward(const at::Tensor &x) const; // [K, inputs] to [K, outputs]

private:
    at::Tensor weight_; // [outputs, inputs]
    at::Tensor bias_;   // [outputs]
};

class LinearRoiHead : public RoiHead
{
public:
    explicit LinearRoiHead(const NetworkOptions &options);

    at::Tensor forward_empty(const at::Tensor &like) const override;

protected:
    at::Tensor score(const at::Tensor &map, const at::Tensor &boxes, const DropoutStream &stream,
                     const Observer &observe) const override;

private:
    std::shared_ptr<Projection> projection_;
};

// The head that options.head names.
std::shared_ptr<RoiHead> make_head(const NetworkOptions &options);

} // namespace sslact

#endif
