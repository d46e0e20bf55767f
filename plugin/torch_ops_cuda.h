// What every op of the CUDA key does around its launch: makes the tensors' device current, takes
// torch's stream there, borrows a workspace from torch's allocator, and turns an error code into an
// Error.
#ifndef PLUGIN_TORCH_OPS_CUDA_H
#define PLUGIN_TORCH_OPS_CUDA_H

#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAGuard.h>

#include "cuda/kernels.h"

namespace sslact::torch_ops
{

// The packed form of an input; a borrowed tensor where it is packed already.
using Packed = c10::MaybeOwned<at::Tensor>;

kernel_source source(const Packed &tensor);
kernel_target target(const at::Tensor &tensor);

class CudaCall
{
public:
    // Before anything is allocated: outputs belong to the device of the leader.
    explicit CudaCall(const at::Tensor &leader);

    // The queue with that much workspace, until the next call of this or the end of the object.
    const cuda_queue *queue(size_t workspace_bytes = 0);

    // Whether the stream is being recorded into a graph: then nothing may wait for it.
    bool is_capturing() const;

    // Refuses values as the CPU key does; left out while a graph is captured.
    void check_values(const kernel_check *checks, size_t count);

    // Throws where a launch was refused.
    void check(cuda_error error) const;

private:
    c10::cuda::CUDAGuard guard_;
    at::TensorOptions bytes_;
    at::Tensor workspace_;
    cuda_queue queue_ = {};
};

} // namespace sslact::torch_ops

#endif
