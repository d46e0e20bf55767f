// How every kernel of this folder is started, and the sizes that keep its sums in a fixed order.
// With nvcc this is CUDA; without it, tests/cuda/emulation.h runs the same sources on the CPU, one
// fiber a thread, so that they are tested where there is no GPU.
#ifndef CUDA_LAUNCH_CUH
#define CUDA_LAUNCH_CUH

#include <stddef.h>
#include <stdint.h>

#ifdef __CUDACC__
#include <cuda_runtime.h>
#else
#include "emulation.h"
#endif

#include "cuda/device.h"

// Threads of a block: 8 warps.
#define CUDA_BLOCK 256

// Blocks of a launch that walks over entries with a stride; more would only wait.
#define CUDA_MOST_BLOCKS 16384

// The grid of one thread an entry, as far as CUDA_MOST_BLOCKS reaches.
static inline unsigned int cuda_count_blocks(size_t entries)
{
    const size_t blocks = (entries + CUDA_BLOCK - 1) / CUDA_BLOCK;
    return (unsigned int)(blocks < CUDA_MOST_BLOCKS ? blocks : CUDA_MOST_BLOCKS);
}

// Starts kernel<<<blocks, threads>>>(arguments...) on the queue; nothing where there are no blocks,
// which CUDA would refuse.
template <typename Kernel, typename... Arguments>
cuda_error cuda_launch(Kernel kernel, unsigned int blocks, unsigned int threads,
                       const cuda_queue *queue, Arguments... arguments)
{
    if (blocks == 0) {
        return cudaSuccess;
    }
    // Torch's libraries hold a CUDA runtime of their own: this one is told the device each time.
    const cudaError_t set = cudaSetDevice(queue->device);
    if (set != cudaSuccess) {
        return set;
    }
#ifdef __CUDACC__
    kernel<<<blocks, threads, 0, (cudaStream_t)queue->stream>>>(arguments...);
#else
    emulation_launch(blocks, threads, [=] { kernel(arguments...); });
#endif
    return cudaGetLastError();
}

// The entries of a thread: its own number, then steps of the whole grid.
__device__ inline size_t cuda_first_entry()
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}
__device__ inline size_t cuda_entry_step()
{
    return (size_t)gridDim.x * blockDim.x;
}

#endif
