// RoIAlign through torch's dispatcher: any device with a kernel, gradients for the input.
#ifndef OPS_ROI_ALIGN_H
#define OPS_ROI_ALIGN_H

#include <ATen/core/Tensor.h>

namespace sslact
{

// input [N, C, H, W], rois [K, 5] of (map index, x1, y1, x2, y2), both float or both double;
// returns [K, C, pooled_height, pooled_width]. sampling_ratio 0 = adaptive. The boxes get no
// gradient. K = 0 is fine.
at::Tensor roi_align(const at::Tensor &input, const at::Tensor &rois, double spatial_scale,
                     int64_t pooled_height, int64_t pooled_width, int64_t sampling_ratio,
                     bool aligned);

// grad [K, C, pooled_height, pooled_width] to the gradient of the input, [batch_size, channels,
// height, width].
at::Tensor roi_align_backward(const at::Tensor &grad, const at::Tensor &rois, double spatial_scale,
                              int64_t pooled_height, int64_t pooled_width, int64_t batch_size,
                              int64_t channels, int64_t height, int64_t width,
                              int64_t sampling_ratio, bool aligned);

} // namespace sslact

#endif
