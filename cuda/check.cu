// The twin of kernels/check.c: finds the first value that a rule refuses, for memory of a device.
#include "cuda/kernels.h"
#include "cuda/launch.cuh"

#include "kernels/access.h"

// Blocks that look through one array.
#define CHECK_BLOCKS 256

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

// partial [CHECK_BLOCKS]: the first bad index that each block saw.
__global__ void find_bad(kernel_check check, uint64_t count, uint64_t *partial)
{
    const kernel_interval allowed = kernel_rule_interval(check.rule, check.classes);
    uint64_t first = count;
    for (uint64_t at = cuda_first_entry(); at < count; at += cuda_entry_step()) {
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

__global__ void finish_bad(kernel_check check, uint64_t count, const uint64_t *partial,
                           unsigned int blocks, found *out)
{
    const uint64_t own = threadIdx.x < blocks ? partial[threadIdx.x] : count;
    const uint64_t first = smallest_of_block(own);
    if (threadIdx.x == 0) {
        out->index = first;
        out->value = first < count ? read_value(check, first) : 0.0;
    }
}

// One array's place in the workspace.
static found *place_found(const cuda_queue *queue)
{
    return (found *)queue->workspace;
}
static uint64_t *place_partial(const cuda_queue *queue, size_t checks)
{
    return (uint64_t *)(place_found(queue) + checks);
}

size_t cuda_check_workspace(size_t count)
{
    return count * sizeof(found) + CHECK_BLOCKS * sizeof(uint64_t);
}

static cuda_error look_through(const kernel_check *check, size_t number, size_t checks,
                               const cuda_queue *queue)
{
    const uint64_t count = kernel_check_count(check);
    const unsigned int wanted = cuda_count_blocks(count);
    const unsigned int blocks = wanted < CHECK_BLOCKS ? wanted : CHECK_BLOCKS;
    uint64_t *partial = place_partial(queue, checks);
    const cuda_error error =
        cuda_launch(find_bad, blocks, CUDA_BLOCK, queue, *check, count, partial);
    return error != cudaSuccess
               ? error
               : cuda_launch(finish_bad, 1, CUDA_BLOCK, queue, *check, count,
                             (const uint64_t *)partial, blocks, place_found(queue) + number);
}

cuda_error cuda_find_bad(const kernel_check *checks, size_t count, const cuda_queue *queue,
                         size_t *which, size_t *index, double *value)
{
    found results[CUDA_MAX_CHECKS];
    *which = count;
    if (count > CUDA_MAX_CHECKS || cuda_check_workspace(count) > queue->workspace_size) {
        return cudaErrorInvalidValue;
    }
    cuda_error error = cudaSuccess;
    for (size_t k = 0; k < count && error == cudaSuccess; k++) {
        error = look_through(&checks[k], k, count, queue);
    }
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
