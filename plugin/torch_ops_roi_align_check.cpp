// Owns the messages of roi_align's arguments.
#include "plugin/torch_ops_roi_align.h"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

namespace sslact::torch_ops
{

roi_align_shape check_roi_align(const at::Tensor &input, const at::Tensor &rois,
                                double spatial_scale, int64_t pooled_height, int64_t pooled_width,
                                int64_t sampling_ratio, bool aligned)
{
    TORCH_CHECK(input.dim() == 4, "input: rank ", input.dim(), ", expected [N, C, H, W]");
    const at::ScalarType type = input.scalar_type();
    TORCH_CHECK(type == at::kFloat || type == at::kDouble || type == at::kHalf ||
                    type == at::kBFloat16,
                "input: ", type, ", expected float, double, half or bfloat16");
    TORCH_CHECK(rois.dim() == 2 && rois.size(1) == 5, "rois: shape ", rois.sizes(),
                ", expected [K, 5]");
    TORCH_CHECK(rois.scalar_type() == input.scalar_type(), "rois: ", rois.scalar_type(),
                ", the input is ", input.scalar_type());
    TORCH_CHECK(rois.device() == input.device(), "rois: on ", rois.device(), ", the input is on ",
                input.device());
    TORCH_CHECK(pooled_height > 0 && pooled_width > 0, "pooled size ", pooled_height, " x ",
                pooled_width, ", expected at least 1 x 1");
    TORCH_CHECK(input.size(2) > 0 && input.size(3) > 0, "input: map of ", input.size(2), " x ",
                input.size(3), " cells, expected at least 1 x 1");
    TORCH_CHECK(sampling_ratio >= 0 && sampling_ratio <= ROI_ALIGN_MAX_SAMPLING_RATIO,
                "sampling ratio ", sampling_ratio, ", expected 0 to ",
                ROI_ALIGN_MAX_SAMPLING_RATIO);
    return {input.size(0), input.size(1), input.size(2),
            input.size(3), rois.size(0),  pooled_height,
            pooled_width,  spatial_scale, static_cast<int32_t>(sampling_ratio),
            aligned};
}

roi_align_shape check_roi_align_backward(const at::Tensor &grad, const at::Tensor &rois,
                                         double spatial_scale, int64_t pooled_height,
                                         int64_t pooled_width, int64_t batch_size, int64_t channels,
                                         int64_t height, int64_t width, int64_t sampling_ratio,
                                         bool aligned)
{
    // An empty map of the input's shape carries the checks of the forward.
    at::Tensor input =
        at::empty({batch_size, channels, height, width}, grad.options().device(at::kMeta));
    TORCH_CHECK(grad.dim() == 4 && rois.dim() == 2 && grad.size(0) == rois.size(0) &&
                    grad.size(1) == channels && grad.size(2) == pooled_height &&
                    grad.size(3) == pooled_width,
                "grad: shape ", grad.sizes(), ", expected [", rois.size(0), ", ", channels, ", ",
                pooled_height, ", ", pooled_width, "]");
    TORCH_CHECK(rois.device() == grad.device(), "rois: on ", rois.device(), ", grad is on ",
                grad.device());
    at::Tensor described = at::empty(rois.sizes(), rois.options().device(at::kMeta));
    return check_roi_align(input, described, spatial_scale, pooled_height, pooled_width,
                           sampling_ratio, aligned);
}

} // namespace sslact::torch_ops
