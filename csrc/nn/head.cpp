#include "nn/head.h"

#include "nn/acar_head.h"
#include "ops/roi_align.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

namespace sslact
{
namespace
{

// [N, C, T, h, w] to [N, C, h, w]; from here on nothing is narrower than float.
at::Tensor average_time(const at::Tensor &x)
{
    bool narrow = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;

    return x.mean(2, false, narrow ? at::kFloat : x.scalar_type());
}

} // namespace

at::Tensor RoiHead::place_boxes(const at::Tensor &rois, const at::Tensor &map, int64_t height,
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

at::Tensor RoiHead::pool_boxes(const at::Tensor &map, const at::Tensor &boxes) const
{
    at::Tensor pooled = roi_align(map, boxes, 1.0, options_.roi_resolution, options_.roi_resolution,
                                  0, options_.roi_aligned);

    // The maximum hands its gradient to one cell, as max-pooling does.
    return std::get<0>(pooled.flatten(2).max(2));
}

at::Tensor RoiHead::forward(const Pathways &features, const at::Tensor &rois, int64_t height,
                            int64_t width, const DropoutStream &stream,
                            const Observer &observe) const
{
    // The mean over time, RoIAlign and the concatenation commute.
    at::Tensor map = at::cat({average_time(features.slow), average_time(features.fast)}, 1);

    if (rois.size(0) == 0) {
        return forward_empty(map);
    }
    at::Tensor boxes = place_boxes(rois.to(map.scalar_type()), map, height, width);
    return score(map, boxes, stream, observe);
}

Projection::Projection(int64_t inputs, int64_t outputs, bool with_bias)
{
    weight_ = register_parameter("weight", at::zeros({outputs, inputs}));
    if (with_bias) {
        bias_ = register_parameter("bias", at::zeros({outputs}));
    }
}

at::Tensor Projection::forward(const at::Tensor &x) const
{
    return bias_.defined() ? at::linear(x, weight_, bias_) : at::linear(x, weight_);
}

LinearRoiHead::LinearRoiHead(const NetworkOptions &options) : RoiHead(options)
{
    projection_ = register_module(
        "projection", std::make_shared<Projection>(get_feature_count(options), options.class_count,
                                                   options.head_bias));
}

at::Tensor LinearRoiHead::score(const at::Tensor &map, const at::Tensor &boxes,
                                const DropoutStream &stream, const Observer &) const
{
    at::Tensor actors = pool_boxes(map, boxes); // [K, F]

    if (is_training() && options_.head_dropout > 0.0) {
        actors = drop_out(actors, options_.head_dropout, stream);
    }
    return projection_->forward(actors);
}

at::Tensor LinearRoiHead::forward_empty(const at::Tensor &like) const
{
    return projection_->forward(at::zeros({0, get_feature_count(options_)}, like.options()));
}

std::shared_ptr<RoiHead> make_head(const NetworkOptions &options)
{
    if (options.head == HeadKind::acar) {
        return std::make_shared<AcarHead>(options);
    }
    return std::make_shared<LinearRoiHead>(options);
}

} // namespace sslact
