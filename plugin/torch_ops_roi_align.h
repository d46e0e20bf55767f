// What the CPU, CUDA and Meta keys ask of the arguments of roi_align alike: shapes and types, never
// a value.
#ifndef PLUGIN_TORCH_OPS_ROI_ALIGN_H
#define PLUGIN_TORCH_OPS_ROI_ALIGN_H

#include <ATen/core/Tensor.h>

#include "kernels/roi_align.h"

namespace sslact::torch_ops
{

roi_align_shape check_roi_align(const at::Tensor &input, const at::Tensor &rois,
                                double spatial_scale, int64_t pooled_height, int64_t pooled_width,
                                int64_t sampling_ratio, bool aligned);
roi_align_shape check_roi_align_backward(const at::Tensor &grad, const at::Tensor &rois,
                                         double spatial_scale, int64_t pooled_height,
                                         int64_t pooled_width, int64_t batch_size, int64_t channels,
                                         int64_t height, int64_t width, int64_t sampling_ratio,
                                         bool aligned);

} // namespace sslact::torch_ops

#endif
