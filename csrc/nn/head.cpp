#include "nn/head.h"

#include "base/random.h"
#include "ops/roi_align.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace sslact
{

class Projection : public torch::nn::Module
{
public:
    Projection(int64_t inputs, int64_t outputs, bool with_bias)
    {
        weight_ = register_parameter("weight", at::zeros({outputs, inputs}));
        if (with_bias) {
            bias_ = register_parameter("bias", at::zeros({outputs}));
        }
    }

    at::Tensor forward(const at::Tensor &x) const
    {
        return bias_.defined() ? at::linear(x, weight_, bias_) : at::linear(x, weight_);
    }

private:
    at::Tensor weight_; // [C, F]
    at::Tensor bias_;   // [C]
};

namespace
{

// Rows of one iteration are numbered by (part, row), columns by the words of the stream.
void draw_mask_row(const DropoutStream &stream, int64_t row, uint32_t threshold, float scale,
                   float *mask, int64_t columns)
{
    uint64_t index = (static_cast<uint64_t>(stream.part) << 32) | static_cast<uint64_t>(row);
    random_stream numbers = random_open(stream.seed, RANDOM_DROPOUT, stream.iteration, index);

    for (int64_t column = 0; column < columns; column += 4) {
        uint32_t words[4];

        random_block(&numbers, static_cast<uint32_t>(column / 4), words);
        for (int64_t i = 0; i < 4 && column + i < columns; i++) {
            mask[column + i] = words[i] >= threshold ? scale : 0.0f;
        }
    }
}

} // namespace

at::Tensor drop_out(const at::Tensor &x, double probability, const DropoutStream &stream)
{
    at::Tensor mask = at::empty({x.size(0), x.size(1)}, at::kFloat);
    uint32_t threshold = static_cast<uint32_t>(std::floor(probability * 4294967296.0));
    float scale = static_cast<float>(1.0 / (1.0 - probability));

    for (int64_t row = 0; row < x.size(0); row++) {
        draw_mask_row(stream, row, threshold, scale,
                      mask.mutable_data_ptr<float>() + row * x.size(1), x.size(1));
    }
    return x * mask.to(x.device(), x.scalar_type());
}

LinearRoiHead::LinearRoiHead(const NetworkOptions &options) : options_(options)
{
    projection_ = register_module(
        "projection", std::make_shared<Projection>(get_feature_count(options), options.class_count,
                                                   options.head_bias));
}

at::Tensor LinearRoiHead::place_boxes(const at::Tensor &rois, const at::Tensor &map, int64_t height,
                                      int64_t width) const
{
    double across = static_cast<double>(map.size(3));
    double down = static_cast<double>(map.size(2));

    if (options_.roi_coords == RoiCoordinates::pixels_over_16) {
        double stride = static_cast<double>(get_total_stride(options_));
        across = static_cast<double>(width) / stride;
        down = static_cast<double>(height) / stride;
    }
    return rois * at::tensor({1.0, across, down, across, down}, rois.options());
}

at::Tensor LinearRoiHead::forward(const Pathways &features, const at::Tensor &rois, int64_t height,
                                  int64_t width, const DropoutStream &stream) const
{
    // The mean over time, RoIAlign and the concatenation commute.
    at::Tensor map = at::cat({features.slow.mean(2), features.fast.mean(2)}, 1); // [N, F, h, w]
    at::Tensor boxes = place_boxes(rois, map, height, width);
    at::Tensor pooled = roi_align(map, boxes, 1.0, options_.roi_resolution, options_.roi_resolution,
                                  0, options_.roi_aligned);
    // The maximum hands its gradient to one cell, as max-pooling does.
    at::Tensor actors = std::get<0>(pooled.flatten(2).max(2)); // [K, F]

    if (is_training() && options_.head_dropout > 0.0) {
        actors = drop_out(actors, options_.head_dropout, stream);
    }
    return project(actors);
}

at::Tensor LinearRoiHead::project(const at::Tensor &features) const
{
    return projection_->forward(features);
}

} // namespace sslact
