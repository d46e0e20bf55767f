// roi_align in torch's dispatcher: schema, CPU, Meta and Autograd. The arithmetic is the C
// kernel's.

#include "plugin/torch_ops_roi_align.h"
#include "base/error.hpp"
#include "kernels/roi_align.h"
#include "ops/roi_align.h"

#include <memory>

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace
{

void check_kernel(sslact_status status)
{
    if (status == SSLACT_ERROR_OUT_OF_MEMORY) {
        throw sslact::Error(status, sslact_error_get_message());
    }
    TORCH_CHECK(status >= 0, sslact_error_get_message());
}

// The plan and the loops of one type.
template <typename Real> struct Kernel;

template <> struct Kernel<float> {
    using Plan = roi_plan_float;
    static constexpr auto create = roi_plan_create_float;
    static constexpr auto release = roi_plan_free_float;
    static constexpr auto count_parts = roi_plan_count_parts_float;
    static constexpr auto forward = roi_align_forward_parts_float;
    static constexpr auto backward = roi_align_backward_parts_float;
};

template <> struct Kernel<double> {
    using Plan = roi_plan_double;
    static constexpr auto create = roi_plan_create_double;
    static constexpr auto release = roi_plan_free_double;
    static constexpr auto count_parts = roi_plan_count_parts_double;
    static constexpr auto forward = roi_align_forward_parts_double;
    static constexpr auto backward = roi_align_backward_parts_double;
};

// Calls run(plan, first, last) for all parts, on torch's threads. Parts write apart from each
// other, so the result does not depend on their number.
template <typename Real, typename Run>
void run_parts(const roi_align_shape &shape, const at::Tensor &boxes, Run run)
{
    typename Kernel<Real>::Plan *made = nullptr;
    check_kernel(Kernel<Real>::create(&shape, boxes.const_data_ptr<Real>(), &made));
    const std::unique_ptr<typename Kernel<Real>::Plan, decltype(Kernel<Real>::release)> plan(
        made, Kernel<Real>::release);
    at::parallel_for(0, Kernel<Real>::count_parts(made), 1,
                     [&](int64_t first, int64_t last) { check_kernel(run(made, first, last)); });
}

at::Tensor forward_meta(const at::Tensor &input, const at::Tensor &rois, double spatial_scale,
                        int64_t pooled_height, int64_t pooled_width, int64_t sampling_ratio,
                        bool aligned)
{
    sslact::torch_ops::check_roi_align(input, rois, spatial_scale, pooled_height, pooled_width,
                                       sampling_ratio, aligned);
    return at::empty({rois.size(0), input.size(1), pooled_height, pooled_width}, input.options());
}

at::Tensor forward_cpu(const at::Tensor &input, const at::Tensor &rois, double spatial_scale,
                       int64_t pooled_height, int64_t pooled_width, int64_t sampling_ratio,
                       bool aligned)
{
    roi_align_shape shape = sslact::torch_ops::check_roi_align(
        input, rois, spatial_scale, pooled_height, pooled_width, sampling_ratio, aligned);
    if (at::isReducedFloatingType(input.scalar_type())) { // computed in float32, rounded once
        return forward_cpu(input.to(at::kFloat), rois.to(at::kFloat), spatial_scale, pooled_height,
                           pooled_width, sampling_ratio, aligned)
            .to(input.scalar_type());
    }
    bool channels_last =
        input.is_contiguous(at::MemoryFormat::ChannelsLast) && !input.is_contiguous();
    at::Tensor packed = channels_last ? input : input.contiguous();
    at::Tensor boxes = rois.contiguous();
    at::Tensor output = at::empty({shape.boxes, shape.channels, pooled_height, pooled_width},
                                  packed.options().memory_format(at::MemoryFormat::Contiguous));

    AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "roi_align", [&] {
        const scalar_t *from = packed.const_data_ptr<scalar_t>();
        scalar_t *to = output.mutable_data_ptr<scalar_t>();
        run_parts<scalar_t>(shape, boxes, [&](auto *plan, int64_t first, int64_t last) {
            return Kernel<scalar_t>::forward(plan, from, channels_last, first, last, to);
        });
    });
    return output;
}

at::Tensor backward_meta(const at::Tensor &grad, const at::Tensor &rois, double spatial_scale,
                         int64_t pooled_height, int64_t pooled_width, int64_t batch_size,
                         int64_t channels, int64_t height, int64_t width, int64_t sampling_ratio,
                         bool aligned)
{
    sslact::torch_ops::check_roi_align_backward(grad, rois, spatial_scale, pooled_height,
                                                pooled_width, batch_size, channels, height, width,
                                                sampling_ratio, aligned);
    return at::empty({batch_size, channels, height, width}, grad.options());
}

at::Tensor backward_cpu(const at::Tensor &grad, const at::Tensor &rois, double spatial_scale,
                        int64_t pooled_height, int64_t pooled_width, int64_t batch_size,
                        int64_t channels, int64_t height, int64_t width, int64_t sampling_ratio,
                        bool aligned)
{
    roi_align_shape shape = sslact::torch_ops::check_roi_align_backward(
        grad, rois, spatial_scale, pooled_height, pooled_width, batch_size, channels, height, width,
        sampling_ratio, aligned);
    if (at::isReducedFloatingType(grad.scalar_type())) {
        return backward_cpu(grad.to(at::kFloat), rois.to(at::kFloat), spatial_scale, pooled_height,
                            pooled_width, batch_size, channels, height, width, sampling_ratio,
                            aligned)
            .to(grad.scalar_type());
    }
    at::Tensor packed = grad.contiguous();
    at::Tensor boxes = rois.contiguous();
    at::Tensor output = at::empty({batch_size, channels, height, width}, packed.options());

    AT_DISPATCH_FLOATING_TYPES(grad.scalar_type(), "_roi_align_backward", [&] {
        const scalar_t *from = packed.const_data_ptr<scalar_t>();
        scalar_t *to = output.mutable_data_ptr<scalar_t>();
        run_parts<scalar_t>(shape, boxes, [&](auto *plan, int64_t first, int64_t last) {
            return Kernel<scalar_t>::backward(plan, from, first, last, to);
        });
    });
    return output;
}

class RoiAlign : public torch::autograd::Function<RoiAlign>
{
public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &input,
                              const at::Tensor &rois, double spatial_scale, int64_t pooled_height,
                              int64_t pooled_width, int64_t sampling_ratio, bool aligned)
    {
        at::AutoDispatchBelowADInplaceOrView below;

        context->save_for_backward({rois});
        context->saved_data["input_sizes"] = input.sizes();
        context->saved_data["spatial_scale"] = spatial_scale;
        context->saved_data["pooled_height"] = pooled_height;
        context->saved_data["pooled_width"] = pooled_width;
        context->saved_data["sampling_ratio"] = sampling_ratio;
        context->saved_data["aligned"] = aligned;
        return sslact::roi_align(input, rois, spatial_scale, pooled_height, pooled_width,
                                 sampling_ratio, aligned);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   const torch::autograd::variable_list &grads)
    {
        auto &saved = context->saved_data;
        std::vector<int64_t> sizes = saved["input_sizes"].toIntVector();
        at::Tensor grad = sslact::roi_align_backward(
            grads[0], context->get_saved_variables()[0], saved["spatial_scale"].toDouble(),
            saved["pooled_height"].toInt(), saved["pooled_width"].toInt(), sizes[0], sizes[1],
            sizes[2], sizes[3], saved["sampling_ratio"].toInt(), saved["aligned"].toBool());

        return {grad, {}, {}, {}, {}, {}, {}};
    }
};

at::Tensor forward_autograd(const at::Tensor &input, const at::Tensor &rois, double spatial_scale,
                            int64_t pooled_height, int64_t pooled_width, int64_t sampling_ratio,
                            bool aligned)
{
    return RoiAlign::apply(input, rois, spatial_scale, pooled_height, pooled_width, sampling_ratio,
                           aligned);
}

// A second derivative is not offered: saying so beats a silent zero.
class RoiAlignBackward : public torch::autograd::Function<RoiAlignBackward>
{
public:
    static at::Tensor forward(torch::autograd::AutogradContext *, const at::Tensor &grad,
                              const at::Tensor &rois, double spatial_scale, int64_t pooled_height,
                              int64_t pooled_width, int64_t batch_size, int64_t channels,
                              int64_t height, int64_t width, int64_t sampling_ratio, bool aligned)
    {
        at::AutoDispatchBelowADInplaceOrView below;

        return sslact::roi_align_backward(grad, rois, spatial_scale, pooled_height, pooled_width,
                                          batch_size, channels, height, width, sampling_ratio,
                                          aligned);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                   const torch::autograd::variable_list &)
    {
        TORCH_CHECK(false, "roi_align has no second derivative");
    }
};

at::Tensor backward_autograd(const at::Tensor &grad, const at::Tensor &rois, double spatial_scale,
                             int64_t pooled_height, int64_t pooled_width, int64_t batch_size,
                             int64_t channels, int64_t height, int64_t width,
                             int64_t sampling_ratio, bool aligned)
{
    return RoiAlignBackward::apply(grad, rois, spatial_scale, pooled_height, pooled_width,
                                   batch_size, channels, height, width, sampling_ratio, aligned);
}

} // namespace

TORCH_LIBRARY_FRAGMENT(sslact, m)
{
    m.def("roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, "
          "int pooled_width, int sampling_ratio, bool aligned) -> Tensor");
    m.def("_roi_align_backward(Tensor grad, Tensor rois, float spatial_scale, int pooled_height, "
          "int pooled_width, int batch_size, int channels, int height, int width, "
          "int sampling_ratio, bool aligned) -> Tensor");
}

TORCH_LIBRARY_IMPL(sslact, CPU, m)
{
    m.impl("roi_align", forward_cpu);
    m.impl("_roi_align_backward", backward_cpu);
}

TORCH_LIBRARY_IMPL(sslact, Meta, m)
{
    m.impl("roi_align", forward_meta);
    m.impl("_roi_align_backward", backward_meta);
}

TORCH_LIBRARY_IMPL(sslact, Autograd, m)
{
    m.impl("roi_align", forward_autograd);
    m.impl("_roi_align_backward", backward_autograd);
}
