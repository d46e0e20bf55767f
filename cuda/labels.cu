// The twins of kernels/labels.c: pseudo-labels, their weights, the class an instance is assigned
// to, and the sampling mask. method.md sections 2.2, 2.3 and 3.2.
#include "cuda/kernels.h"
#include "cuda/reduce.cuh"

#include "base/philox.h"

size_t cuda_method_workspace(size_t n, size_t c)
{
    return row_sums_count_bytes(row_sums_cut(n, c));
}

// ---- labels and weights ----

struct label_body {
    kernel_source teacher_logits;
    kernel_source positive;
    kernel_source negative;
    int8_t *labels;

    __device__ void operator()(size_t, size_t j, size_t ij) const
    {
        const double t = stable_sigmoid(source_get(teacher_logits, ij));
        labels[ij] = entry_label(t, source_get(positive, j), source_get(negative, j));
    }
};

cuda_error cuda_pseudo_labels(kernel_source teacher_logits, kernel_source positive,
                              kernel_source negative, size_t n, size_t c, int8_t *labels,
                              const cuda_queue *queue)
{
    const label_body body = {teacher_logits, positive, negative, labels};
    return each_entry_run(body, n, c, queue);
}

// The coefficients of one entry, for the forward and the backward.
struct weight_of_entry {
    kernel_source teacher_logits;
    const int8_t *labels;
    kernel_source positive;
    double slope;
    kernel_label_mode mode;

    __device__ entry_weight get(size_t j, size_t ij) const
    {
        const double t = stable_sigmoid(source_get(teacher_logits, ij));
        return entry_weigh(t, labels[ij], source_get(positive, j), slope, mode);
    }
};

struct weight_body {
    weight_of_entry entry;
    kernel_target positive_weight;
    kernel_target negative_weight;

    __device__ void operator()(size_t, size_t j, size_t ij) const
    {
        const entry_weight weight = entry.get(j, ij);
        target_set(positive_weight, ij, weight.positive);
        target_set(negative_weight, ij, weight.negative);
    }
};

cuda_error cuda_label_weights(kernel_source teacher_logits, const int8_t *labels,
                              kernel_source positive, double slope, kernel_label_mode mode,
                              size_t n, size_t c, kernel_target positive_weight,
                              kernel_target negative_weight, const cuda_queue *queue)
{
    const weight_body body = {
        {teacher_logits, labels, positive, slope, mode}, positive_weight, negative_weight};
    return each_entry_run(body, n, c, queue);
}

struct weight_backward_entry {
    weight_of_entry entry;
    kernel_source grad;
    size_t c;

    __device__ void add(size_t i, size_t j, entry_sums &sums) const
    {
        const size_t ij = i * c + j;
        sums.slope += source_get(grad, ij) * entry.get(j, ij).slope;
    }
};

struct weight_backward_finish {
    kernel_target positive_gradient;

    __device__ double column(size_t j, double slope, double) const
    {
        target_set(positive_gradient, j, slope);
        return 0.0;
    }
    __device__ void all(double, double) const {}
};

cuda_error cuda_label_weights_backward(kernel_source grad, kernel_source teacher_logits,
                                       const int8_t *labels, kernel_source positive, double slope,
                                       kernel_label_mode mode, size_t n, size_t c,
                                       kernel_target positive_gradient, const cuda_queue *queue)
{
    const weight_backward_entry entry = {{teacher_logits, labels, positive, slope, mode}, grad, c};
    const weight_backward_finish finish = {positive_gradient};
    return row_sums_run(entry, finish, n, c, queue);
}

// ---- classes and masks ----

#define WARP 32

// A warp a row: each lane finds the rarest of every 32nd class, then the lanes compare. The lower
// index wins a tie, so the order of the comparisons does not matter.
__global__ void rarest_of_rows(const uint8_t *labels, const int64_t *count, size_t n, size_t c,
                               int32_t *classes)
{
    const size_t lane = threadIdx.x % WARP;
    const size_t warps = cuda_entry_step() / WARP;

    for (size_t i = cuda_first_entry() / WARP; i < n; i += warps) {
        int64_t smallest = INT64_MAX;
        int32_t rarest = INT32_MAX; // none
        for (size_t j = lane; j < c; j += WARP) {
            if (labels[i * c + j] == 1 && (rarest == INT32_MAX || count[j] < smallest)) {
                smallest = count[j];
                rarest = (int32_t)j;
            }
        }
        for (int distance = WARP / 2; distance > 0; distance /= 2) {
            const int64_t other_count = __shfl_xor_sync(0xffffffffu, smallest, distance);
            const int32_t other = __shfl_xor_sync(0xffffffffu, rarest, distance);
            if (other_count < smallest || (other_count == smallest && other < rarest)) {
                smallest = other_count;
                rarest = other;
            }
        }
        if (lane == 0) {
            classes[i] = rarest == INT32_MAX ? -1 : rarest;
        }
    }
}

cuda_error cuda_rarest_class(const void *labels, const int64_t *count, size_t n, size_t c,
                             int32_t *classes, const cuda_queue *queue)
{
    return cuda_launch(rarest_of_rows, cuda_count_blocks(n * WARP), CUDA_BLOCK, queue,
                       (const uint8_t *)labels, count, n, c, classes);
}

// u_i < p_{k_i}, Eq. (8); the bits of u_i are those of the C kernel.
__global__ void draw_mask(const int32_t *classes, const double *probability, random_stream first,
                          size_t n, uint8_t *mask)
{
    for (size_t i = cuda_first_entry(); i < n; i += cuda_entry_step()) {
        random_stream stream = first;
        stream.index += i;
        const double p = classes[i] >= 0 ? probability[classes[i]] : 1.0;
        mask[i] = philox_uniform(&stream, 0) < p ? 1 : 0;
    }
}

cuda_error cuda_sample_mask(const int32_t *classes, const double *probability, uint64_t seed,
                            uint64_t iteration, kernel_half half, uint64_t first_row, size_t n,
                            uint8_t *mask, const cuda_queue *queue)
{
    const uint32_t purpose =
        half == KERNEL_HALF_LABELED ? RANDOM_MASK_LABELED : RANDOM_MASK_UNLABELED;
    const random_stream first = {seed, purpose, iteration, first_row, 0};
    return cuda_launch(draw_mask, cuda_count_blocks(n), CUDA_BLOCK, queue, classes, probability,
                       first, n, mask);
}
