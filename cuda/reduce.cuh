// Sums over the entries of an [N, C] array in an order that depends on N and C alone: blocks of
// rows by 32 columns first, each adding up in shared memory, then one block over their results.
#ifndef CUDA_REDUCE_CUH
#define CUDA_REDUCE_CUH

#include "cuda/launch.cuh"
#include "kernels/access.h"

// A block of threads is this many columns wide; its rows are the lanes.
#define REDUCE_WIDTH 32
#define REDUCE_LANES 8
#define REDUCE_FINISH_LANES 32
// Blocks of rows at most: the second stage reads one value of each.
#define REDUCE_ROW_BLOCKS 512

// What the entries add: to one sum over all, and to two sums of their column.
struct entry_sums {
    double total;
    double slope;
    double share;
};

// How N by C is cut, and where the blocks leave their sums.
struct row_sums {
    size_t n;
    size_t c;
    size_t rows; // of a block
    size_t row_blocks;
    size_t column_blocks;
    double *total; // [row_blocks, column_blocks]
    double *slope; // [row_blocks, C]
    double *share; // [row_blocks, C]
};

static inline row_sums row_sums_cut(size_t n, size_t c)
{
    row_sums out = {n, c, 0, 0, 0, NULL, NULL, NULL};
    const size_t lanes = (n + REDUCE_LANES - 1) / REDUCE_LANES;
    out.rows = REDUCE_LANES * ((lanes + REDUCE_ROW_BLOCKS - 1) / REDUCE_ROW_BLOCKS);
    out.row_blocks = n == 0 ? 0 : (n + out.rows - 1) / out.rows;
    out.column_blocks = (c + REDUCE_WIDTH - 1) / REDUCE_WIDTH;
    return out;
}

static inline size_t row_sums_count_bytes(const row_sums &sums)
{
    return sizeof(double) * sums.row_blocks * (sums.column_blocks + 2 * sums.c);
}

static inline row_sums row_sums_place(size_t n, size_t c, void *workspace)
{
    row_sums out = row_sums_cut(n, c);
    out.total = (double *)workspace;
    out.slope = out.total + out.row_blocks * out.column_blocks;
    out.share = out.slope + out.row_blocks * c;
    return out;
}

// The first stage. entry.add(i, j, sums) adds what entry (i, j) gives. One block a tile of
// sums.rows rows and REDUCE_WIDTH columns.
template <typename Entry> __global__ void row_sums_add(Entry entry, row_sums sums)
{
    __shared__ entry_sums shared[REDUCE_LANES][REDUCE_WIDTH];
    const size_t row_block = blockIdx.x / sums.column_blocks;
    const size_t column_block = blockIdx.x % sums.column_blocks;
    const unsigned int x = threadIdx.x % REDUCE_WIDTH;
    const unsigned int lane = threadIdx.x / REDUCE_WIDTH;
    const size_t j = column_block * REDUCE_WIDTH + x;
    const size_t first = row_block * sums.rows;
    const size_t end = sums.n - first < sums.rows ? sums.n : first + sums.rows;

    entry_sums own = {0.0, 0.0, 0.0};
    for (size_t i = first + lane; j < sums.c && i < end; i += REDUCE_LANES) {
        entry.add(i, j, own);
    }
    shared[lane][x] = own;
    __syncthreads();
    if (lane == 0) {
        for (unsigned int other = 1; other < REDUCE_LANES; other++) {
            own.total += shared[other][x].total;
            own.slope += shared[other][x].slope;
            own.share += shared[other][x].share;
        }
        shared[0][x].total = own.total;
        if (j < sums.c) {
            sums.slope[row_block * sums.c + j] = own.slope;
            sums.share[row_block * sums.c + j] = own.share;
        }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        for (unsigned int other = 1; other < REDUCE_WIDTH; other++) {
            own.total += shared[0][other].total;
        }
        sums.total[blockIdx.x] = own.total;
    }
}

// The sum of one value a thread, in threads 0 to 1023, known to thread 0.
__device__ inline double add_block(double value, double *shared)
{
    shared[threadIdx.x] = value;
    __syncthreads();
    for (unsigned int half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            shared[threadIdx.x] += shared[threadIdx.x + half];
        }
        __syncthreads();
    }
    const double sum = shared[0];
    __syncthreads(); // before the next use of `shared`
    return sum;
}

// The second stage, one block of REDUCE_WIDTH x REDUCE_FINISH_LANES threads. finish.column(j,
// slope, share) takes the sums of column j and returns its part of a further sum over the columns;
// finish.all(total, columns) takes the two sums over everything.
template <typename Finish>
__global__ void __launch_bounds__(REDUCE_WIDTH *REDUCE_FINISH_LANES)
    row_sums_finish(Finish finish, row_sums sums)
{
    __shared__ double slope[REDUCE_FINISH_LANES][REDUCE_WIDTH];
    __shared__ double share[REDUCE_FINISH_LANES][REDUCE_WIDTH];
    __shared__ double scratch[REDUCE_FINISH_LANES * REDUCE_WIDTH];
    const unsigned int x = threadIdx.x % REDUCE_WIDTH;
    const unsigned int lane = threadIdx.x / REDUCE_WIDTH;

    double columns = 0.0;
    for (size_t first = 0; first < sums.c; first += REDUCE_WIDTH) {
        const size_t j = first + x;
        double own_slope = 0.0;
        double own_share = 0.0;
        for (size_t block = lane; j < sums.c && block < sums.row_blocks;
             block += REDUCE_FINISH_LANES) {
            own_slope += sums.slope[block * sums.c + j];
            own_share += sums.share[block * sums.c + j];
        }
        slope[lane][x] = own_slope;
        share[lane][x] = own_share;
        __syncthreads();
        if (lane == 0 && j < sums.c) {
            for (unsigned int other = 1; other < REDUCE_FINISH_LANES; other++) {
                own_slope += slope[other][x];
                own_share += share[other][x];
            }
            columns += finish.column(j, own_slope, own_share);
        }
        __syncthreads();
    }

    double total = 0.0;
    const size_t blocks = sums.row_blocks * sums.column_blocks;
    for (size_t block = threadIdx.x; block < blocks; block += blockDim.x) {
        total += sums.total[block];
    }
    total = add_block(total, scratch);
    columns = add_block(columns, scratch);
    if (threadIdx.x == 0) {
        finish.all(total, columns);
    }
}

// Both stages, in the queue's workspace.
template <typename Entry, typename Finish>
cuda_error row_sums_run(Entry entry, Finish finish, size_t n, size_t c, const cuda_queue *queue)
{
    const row_sums sums = row_sums_place(n, c, queue->workspace);
    if (row_sums_count_bytes(sums) > queue->workspace_size) {
        return cudaErrorInvalidValue;
    }
    const cuda_error error =
        cuda_launch(row_sums_add<Entry>, (unsigned int)(sums.row_blocks * sums.column_blocks),
                    REDUCE_WIDTH * REDUCE_LANES, queue, entry, sums);
    return error != cudaSuccess
               ? error
               : cuda_launch(row_sums_finish<Finish>, 1, REDUCE_WIDTH * REDUCE_FINISH_LANES, queue,
                             finish, sums);
}

// ---- entries on their own ----

// body(i, j, ij) for every entry of [N, C].
template <typename Body> __global__ void each_entry(Body body, size_t n, size_t c)
{
    const size_t count = n * c;
    for (size_t ij = cuda_first_entry(); ij < count; ij += cuda_entry_step()) {
        // A division of 64 bits is many instructions on the device, one of 32 few.
        const size_t i = count >> 32 == 0 ? (uint32_t)ij / (uint32_t)c : ij / c;
        body(i, ij - i * c, ij);
    }
}

template <typename Body>
cuda_error each_entry_run(Body body, size_t n, size_t c, const cuda_queue *queue)
{
    return cuda_launch(each_entry<Body>, cuda_count_blocks(n * c), CUDA_BLOCK, queue, body, n, c);
}

#endif
