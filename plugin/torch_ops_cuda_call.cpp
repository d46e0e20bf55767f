// See torch_ops_cuda.h.
#include "plugin/torch_ops_cuda.h"

#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <c10/cuda/CUDAStream.h>

#include <string>

#include "base/error.hpp"
#include "plugin/torch_ops_values.h"

namespace sslact::torch_ops
{

kernel_source source(const Packed &tensor)
{
    return {tensor->const_data_ptr(), kernel_type_of(*tensor)};
}

kernel_target target(const at::Tensor &tensor)
{
    return {tensor.mutable_data_ptr(), kernel_type_of(tensor)};
}

CudaCall::CudaCall(const at::Tensor &leader)
    : guard_(leader.device()), bytes_(leader.options().dtype(at::kByte))
{
    const c10::cuda::CUDAStream stream =
        c10::cuda::getCurrentCUDAStream(guard_.current_device().index());
    queue_.stream = stream.stream();
    queue_.device = stream.device_index();
}

const cuda_queue *CudaCall::queue(size_t workspace_bytes)
{
    // Torch's allocator gives memory back in the order of the stream, so an earlier launch may
    // still be at work in the workspace that this replaces.
    workspace_ = at::empty({static_cast<int64_t>(workspace_bytes)}, bytes_);
    queue_.workspace = workspace_.mutable_data_ptr();
    queue_.workspace_size = workspace_bytes;
    return &queue_;
}

bool CudaCall::is_capturing() const
{
    return c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None;
}

void CudaCall::check_values(const kernel_check *checks, size_t count)
{
    if (is_capturing()) {
        return;
    }
    size_t which = count;
    size_t index = 0;
    double value = 0.0;
    check(cuda_find_bad(checks, count, queue(cuda_check_workspace(count)), &which, &index, &value));
    if (which < count) {
        sslact::check(kernel_refuse(&checks[which], index, value));
    }
}

void CudaCall::check(cuda_error error) const
{
    if (error != 0) {
        throw Error(cuda_is_out_of_memory(error) ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_ERROR_DEVICE,
                    "device \"cuda:" + std::to_string(queue_.device) +
                        "\": " + cuda_describe_error(error));
    }
}

} // namespace sslact::torch_ops
