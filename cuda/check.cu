// The twin of kernels/check.c: finds the first value that a rule refuses, for memory of a device.
#include "cuda/kernels.h"
#include "cuda/launch.cuh"

#include "kernels/access.h"

// Blocks that look through one array; at most CUDA_BLOCK, so that one block can end it.
#define CHECK_BLOCKS 64

// What was found in one array: the index, or the number of elements where all are good.
struct found {
    uint64_t index;
    double value;
};

__device__ static double read_value(const kernel_check &check, size_t index)
{
    switch (check.rule) {
    case KERNEL_RULE_LABEL:
        return (double)((const int8_t *)check.data)[index];
    case KERNEL_RULE_BINARY:
        return (double)((const uint8_t *)check.data)[index];
    case KERNEL_RULE_COUNT:
        return (double)((const int64_t *)check.data)[index];
    case KERNEL_RULE_CLASS:
        return (double)((const int32_t *)check.data)[index];
    case KERNEL_RULE_FINITE:
    case KERNEL_RULE_SHARE:
    case KERNEL_RULE_NOT_NEGATIVE:
        break;
    }
    const kernel_source source = {check.data, check.type};
    return source_get(source, index);
}

// The smallest of one index a thread, known to thread 0.
__device__ static uint64_t smallest_of_block(uint64_t index)
{
    __shared__ uint64_t shared[CUDA_BLOCK];
    shared[threadIdx.x] = index;
    __syncthreads();
    for (unsigned int half = CUDA_BLOCK / 2; half > 0; half /= 2) {
        if (threadIdx.x < half && shared[threadIdx.x + half] < shared[threadIdx.x]) {
            shared[threadIdx.x] = shared[threadIdx.x + half];
        }
        __syncthreads();
    }
    return shared[0];
}

// All arrays of a call, handed to the kernels by value.
struct check_list {
    kernel_check checks[CUDA_MAX_CHECKS];
};

// Block b looks through array b / CHECK_BLOCKS and leaves the first bad index it saw in partial[b].
__global__ void find_bad(check_list list, uint64_t *partial)
{
    const kernel_check &check = list.checks[blockIdx.x / CHECK_BLOCKS];
    const kernel_interval allowed = kernel_rule_interval(check.rule, check.classes);
    const uint64_t count = kernel_check_count(&check);
    const uint64_t start = (uint64_t)(blockIdx.x % CHECK_BLOCKS) * CUDA_BLOCK + threadIdx.x;
    uint64_t first = count;
    for (uint64_t at = start; at < count; at += (uint64_t)CHECK_BLOCKS * CUDA_BLOCK) {
        const double value = read_value(check, at);
        // Written so that NaN is bad; a later index of this thread cannot be the first.
        if (!(value >= allowed.low && value <= allowed.high)) {
            first = at;
            break;
        }
    }
    first = smallest_of_block(first);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = first;
    }
}

// Block b ends array b.
__global__ void finish_bad(check_list list, const uint64_t *partial, found *out)
{
    const kernel_check &check = list.checks[blockIdx.x];
    const uint64_t count = kernel_check_count(&check);
    const uint64_t own =
        threadIdx.x < CHECK_BLOCKS ? partial[blockIdx.x * CHECK_BLOCKS + threadIdx.x] : count;
    const uint64_t first = smallest_of_block(own);
    if (threadIdx.x == 0) {
        out[blockIdx.x].index = first;
        out[blockIdx.x].value = first < count ? read_value(check, first) : 0.0;
    }
}

// The workspace: what was found in each array, then the blocks' partial results.
size_t cuda_check_workspace(size_t count)
{
    return count * (sizeof(found) + CHECK_BLOCKS * sizeof(uint64_t));
}

static cuda_error look_through(const check_list &list, size_t count, const cuda_queue *queue)
{
    found *results = (found *)queue->workspace;
    uint64_t *partial = (uint64_t *)(results + count);
    const cuda_error error =
        cuda_launch(find_bad, (unsigned int)count * CHECK_BLOCKS, CUDA_BLOCK, queue, list, partial);
    return error != cudaSuccess ? error
                                : cuda_launch(finish_bad, (unsigned int)count, CUDA_BLOCK, queue,
                                              list, (const uint64_t *)partial, results);
}

cuda_error cuda_find_bad(const kernel_check *checks, size_t count, const cuda_queue *queue,
                         size_t *which, size_t *index, double *value)
{
    found results[CUDA_MAX_CHECKS];
    check_list list = {};
    *which = count;
    if (count > CUDA_MAX_CHECKS || cuda_check_workspace(count) > queue->workspace_size) {
        return cudaErrorInvalidValue;
    }
    for (size_t k = 0; k < count; k++) {
        list.checks[k] = checks[k];
    }
    cuda_error error = look_through(list, count, queue);
    if (error == cudaSuccess) {
        error = cuda_copy(results, queue->workspace, count * sizeof(found), queue);
    }
    if (error == cudaSuccess) {
        error = cuda_wait(queue);
    }
    for (size_t k = 0; k < count && error == cudaSuccess && *which == count; k++) {
        if (results[k].index < kernel_check_count(&checks[k])) {
            *which = k;
            *index = (size_t)results[k].index;
            *value = results[k].value;
        }
    }
    return error;
}
