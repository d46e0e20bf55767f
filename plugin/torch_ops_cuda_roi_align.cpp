// roi_align and its backward for the CUDA key.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <vector>

#include "base/error.hpp"
#include "kernels/access.h"
#include "plugin/torch_ops_cuda.h"
#include "plugin/torch_ops_roi_align.h"
#include "plugin/torch_ops_values.h"

namespace sslact::torch_ops
{

namespace
{

// Boxes are few: they are read back and checked as on the CPU. In a graph the kernels leave a bad
// box out instead.
void check_boxes(CudaCall &call, const Packed &rois, const roi_align_shape &shape)
{
    if (call.is_capturing()) {
        return;
    }
    std::vector<char> copy(rois->nbytes());
    const cuda_queue *queue = call.queue();
    call.check(cuda_copy(copy.data(), rois->const_data_ptr(), copy.size(), queue));
    call.check(cuda_wait(queue));
    const kernel_source values = {copy.data(), kernel_type_of(*rois)};
    for (int64_t box = 0; box < shape.boxes; box++) {
        double roi[5];
        for (int64_t i = 0; i < 5; i++) {
            roi[i] = source_get(values, static_cast<size_t>(box * 5 + i));
        }
        sslact::check(roi_align_check_box(&shape, box, roi));
    }
}

at::Tensor roi_align_cuda(const at::Tensor &input, const at::Tensor &rois, double spatial_scale,
                          int64_t pooled_height, int64_t pooled_width, int64_t sampling_ratio,
                          bool aligned)
{
    const roi_align_shape shape = check_roi_align(input, rois, spatial_scale, pooled_height,
                                                  pooled_width, sampling_ratio, aligned);
    CudaCall call(input);
    const Packed maps = input.expect_contiguous();
    const Packed boxes = rois.expect_contiguous();
    check_boxes(call, boxes, shape);
    at::Tensor output = at::empty({shape.boxes, shape.channels, pooled_height, pooled_width},
                                  input.options().memory_format(at::MemoryFormat::Contiguous));
    call.check(cuda_roi_align_forward(&shape, source(maps), source(boxes), target(output),
                                      call.queue(cuda_roi_align_workspace(&shape))));
    return output;
}

at::Tensor roi_align_backward_cuda(const at::Tensor &grad, const at::Tensor &rois,
                                   double spatial_scale, int64_t pooled_height,
                                   int64_t pooled_width, int64_t batch_size, int64_t channels,
                                   int64_t height, int64_t width, int64_t sampling_ratio,
                                   bool aligned)
{
    const roi_align_shape shape =
        check_roi_align_backward(grad, rois, spatial_scale, pooled_height, pooled_width, batch_size,
                                 channels, height, width, sampling_ratio, aligned);
    CudaCall call(grad);
    const Packed packed = grad.expect_contiguous();
    const Packed boxes = rois.expect_contiguous();
    check_boxes(call, boxes, shape);
    at::Tensor gradient = at::empty({batch_size, channels, height, width}, grad.options());
    call.check(cuda_roi_align_backward(&shape, source(packed), source(boxes), target(gradient),
                                       call.queue(cuda_roi_align_workspace(&shape))));
    return gradient;
}

} // namespace

TORCH_LIBRARY_IMPL(sslact, CUDA, library)
{
    library.impl("roi_align", roi_align_cuda);
    library.impl("_roi_align_backward", roi_align_backward_cuda);
}

} // namespace sslact::torch_ops
