#include "ops/roi_align.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace sslact
{

at::Tensor roi_align(const at::Tensor &input, const at::Tensor &rois, double spatial_scale,
                     int64_t pooled_height, int64_t pooled_width, int64_t sampling_ratio,
                     bool aligned)
{
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("sslact::roi_align", "")
                               .typed<at::Tensor(const at::Tensor &, const at::Tensor &, double,
                                                 int64_t, int64_t, int64_t, bool)>();

    return op.call(input, rois, spatial_scale, pooled_height, pooled_width, sampling_ratio,
                   aligned);
}

at::Tensor roi_align_backward(const at::Tensor &grad, const at::Tensor &rois, double spatial_scale,
                              int64_t pooled_height, int64_t pooled_width, int64_t batch_size,
                              int64_t channels, int64_t height, int64_t width,
                              int64_t sampling_ratio, bool aligned)
{
    static const auto op =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("sslact::_roi_align_backward", "")
            .typed<at::Tensor(const at::Tensor &, const at::Tensor &, double, int64_t, int64_t,
                              int64_t, int64_t, int64_t, int64_t, int64_t, bool)>();

    return op.call(grad, rois, spatial_scale, pooled_height, pooled_width, batch_size, channels,
                   height, width, sampling_ratio, aligned);
}

} // namespace sslact
