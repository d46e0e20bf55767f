// The linear RoI head (models.md section 6): mean over time, RoIAlign, maximum over the box, one
// linear layer.
#ifndef NN_HEAD_H
#define NN_HEAD_H

#include "nn/backbone.h"

namespace sslact
{

// Names the numbers dropout draws: the same three give the same mask on every device.
struct DropoutStream {
    uint64_t seed = 0;
    uint64_t iteration = 0;
    uint32_t part = 0; // which forward of the iteration
};

// What at::dropout does, with a mask [K, C] that depends on the stream, row and column alone.
at::Tensor drop_out(const at::Tensor &x, double probability, const DropoutStream &stream);

class Projection;

class LinearRoiHead : public torch::nn::Module
{
public:
    explicit LinearRoiHead(const NetworkOptions &options);

    // rois [K, 5] are (clip, x1, y1, x2, y2), corners relative to the picture, height x width
    // pixels; returns logits [K, C].
    at::Tensor forward(const Pathways &features, const at::Tensor &rois, int64_t height,
                       int64_t width, const DropoutStream &stream) const;

    // The last step alone, features [K, F] to logits [K, C].
    at::Tensor project(const at::Tensor &features) const;

private:
    at::Tensor place_boxes(const at::Tensor &rois, const at::Tensor &map, int64_t height,
                           int64_t width) const;

    NetworkOptions options_;
    std::shared_ptr<Projection> projection_;
};

} // namespace sslact

#endif
