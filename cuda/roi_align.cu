// The twin of kernels/roi_align.c. A first kernel turns each box into the weights of its bins along
// both axes; the forward then has a thread for each output, the backward one for each cell of the
// input that gathers from all boxes in their order: no atomics. models.md section 4.
#include "cuda/kernels.h"
#include "cuda/launch.cuh"

#include "kernels/access.h"
#include "kernels/roi_axis.h"

// The tables of the boxes at a time stay below this, unless one box alone needs more.
#define TABLE_BYTES ((size_t)64 << 20)

// Of `boxes` boxes; lies in the workspace.
struct box_tables {
    int64_t boxes;
    double *rows;            // [boxes, P, H]
    double *columns;         // [boxes, Q, W]
    roi_range *row_cells;    // [boxes, P]
    roi_range *column_cells; // [boxes, Q]
    int64_t *map;            // [boxes]; -1 = a bad box
    double *scale;           // [boxes]
};

static size_t count_box_bytes(const roi_align_shape *shape)
{
    const size_t bins = (size_t)(shape->pooled_height + shape->pooled_width);
    const size_t weights = (size_t)shape->pooled_height * (size_t)shape->height +
                           (size_t)shape->pooled_width * (size_t)shape->width;
    return sizeof(double) * weights + sizeof(roi_range) * bins + sizeof(int64_t) + sizeof(double);
}

// Boxes whose tables are in memory together.
static int64_t count_boxes_at_a_time(const roi_align_shape *shape)
{
    const size_t fit = TABLE_BYTES / count_box_bytes(shape);
    const int64_t boxes = fit < 1 ? 1 : (int64_t)fit;
    return boxes < shape->boxes ? boxes : shape->boxes;
}

size_t cuda_roi_align_workspace(const roi_align_shape *shape)
{
    return (size_t)count_boxes_at_a_time(shape) * count_box_bytes(shape);
}

static box_tables place_tables(const roi_align_shape *shape, int64_t boxes, void *workspace)
{
    box_tables out;
    out.boxes = boxes;
    out.rows = (double *)workspace;
    out.columns = out.rows + boxes * shape->pooled_height * shape->height;
    out.row_cells = (roi_range *)(out.columns + boxes * shape->pooled_width * shape->width);
    out.column_cells = out.row_cells + boxes * shape->pooled_height;
    out.map = (int64_t *)(out.column_cells + boxes * shape->pooled_width);
    out.scale = (double *)(out.map + boxes);
    return out;
}

// ---- boxes to weights ----

__device__ static bool read_box(const roi_align_shape &shape, kernel_source rois, int64_t box,
                                roi_box *out)
{
    double roi[5];
    bool good = true;
    for (int i = 0; i < 5; i++) {
        roi[i] = source_get(rois, (size_t)(box * 5 + i));
        good = good && (i == 0 ? roi_has_map(&shape, roi[0]) : roi_corner_is_sane(&shape, roi[i]));
    }
    if (good) {
        *out = roi_box_measure(&shape, roi);
    }
    return good;
}

// A thread a bin of either axis.
__global__ void weigh_bins(roi_align_shape shape, kernel_source rois, int64_t first,
                           box_tables tables)
{
    const int64_t bins = shape.pooled_height + shape.pooled_width;
    const size_t count = (size_t)(tables.boxes * bins);
    for (size_t at = cuda_first_entry(); at < count; at += cuda_entry_step()) {
        const int64_t box = (int64_t)at / bins;
        const int64_t p = (int64_t)at % bins;
        const int64_t q = p - shape.pooled_height;
        const roi_range nothing = {0, 0};
        roi_box measured;
        const bool good = read_box(shape, rois, first + box, &measured);
        if (q < 0) {
            const int64_t bin = box * shape.pooled_height + p;
            tables.row_cells[bin] = good ? roi_bin_weigh(measured.rows, p, shape.height,
                                                         tables.rows + bin * shape.height)
                                         : nothing;
        } else {
            const int64_t bin = box * shape.pooled_width + q;
            tables.column_cells[bin] = good ? roi_bin_weigh(measured.columns, q, shape.width,
                                                            tables.columns + bin * shape.width)
                                            : nothing;
        }
        if (p == 0) {
            tables.map[box] = good ? measured.map : -1;
            tables.scale[box] = good ? measured.scale : 0.0;
        }
    }
}

static cuda_error make_tables(const roi_align_shape *shape, kernel_source rois, int64_t first,
                              const box_tables &tables, const cuda_queue *queue)
{
    const size_t bins = (size_t)(shape->pooled_height + shape->pooled_width);
    return cuda_launch(weigh_bins, cuda_count_blocks((size_t)tables.boxes * bins), CUDA_BLOCK,
                       queue, *shape, rois, first, tables);
}

// ---- forward ----

// A thread an output (box, channel, p, q).
__global__ void pool_bins(roi_align_shape shape, kernel_source input, int64_t first,
                          box_tables tables, kernel_target output)
{
    const int64_t area = shape.pooled_height * shape.pooled_width;
    const size_t count = (size_t)(tables.boxes * shape.channels * area);
    for (size_t at = cuda_first_entry(); at < count; at += cuda_entry_step()) {
        const int64_t q = (int64_t)at % shape.pooled_width;
        const int64_t p = (int64_t)at / shape.pooled_width % shape.pooled_height;
        const int64_t channel = (int64_t)at / area % shape.channels;
        const int64_t box = (int64_t)at / area / shape.channels;
        const int64_t row_bin = box * shape.pooled_height + p;
        const int64_t column_bin = box * shape.pooled_width + q;
        const double *down = tables.rows + row_bin * shape.height;
        const double *across = tables.columns + column_bin * shape.width;
        const roi_range ys = tables.row_cells[row_bin];
        const roi_range xs = tables.column_cells[column_bin];
        const int64_t plane = (tables.map[box] * shape.channels + channel) * shape.height;

        double sum = 0.0;
        for (int64_t x = xs.first; x < xs.last; x++) {
            double line = 0.0;
            for (int64_t y = ys.first; y < ys.last; y++) {
                line += down[y] * source_get(input, (size_t)((plane + y) * shape.width + x));
            }
            sum += across[x] * line;
        }
        target_set(output, (size_t)(first * shape.channels * area) + at, sum * tables.scale[box]);
    }
}

cuda_error cuda_roi_align_forward(const roi_align_shape *shape, kernel_source input,
                                  kernel_source rois, kernel_target output, const cuda_queue *queue)
{
    if (cuda_roi_align_workspace(shape) > queue->workspace_size) {
        return cudaErrorInvalidValue;
    }
    const int64_t step = count_boxes_at_a_time(shape);
    const int64_t outputs = shape->channels * shape->pooled_height * shape->pooled_width;
    cuda_error error = cudaSuccess;
    for (int64_t first = 0; first < shape->boxes && error == cudaSuccess; first += step) {
        const int64_t boxes = shape->boxes - first < step ? shape->boxes - first : step;
        const box_tables tables = place_tables(shape, boxes, queue->workspace);
        error = make_tables(shape, rois, first, tables, queue);
        if (error == cudaSuccess) {
            error = cuda_launch(pool_bins, cuda_count_blocks((size_t)(boxes * outputs)), CUDA_BLOCK,
                                queue, *shape, input, first, tables, output);
        }
    }
    return error;
}

// ---- backward ----

__device__ static bool is_inside(roi_range range, int64_t cell)
{
    return cell >= range.first && cell < range.last;
}

// What one box gives the cell (y, x) of a channel; gradient [P, Q] starts at `start`.
__device__ static double gather_from_box(const roi_align_shape &shape, const box_tables &tables,
                                         int64_t box, kernel_source gradient, int64_t start,
                                         int64_t y, int64_t x)
{
    double sum = 0.0;
    for (int64_t p = 0; p < shape.pooled_height; p++) {
        const int64_t row_bin = box * shape.pooled_height + p;
        if (!is_inside(tables.row_cells[row_bin], y)) {
            continue;
        }
        double line = 0.0;
        for (int64_t q = 0; q < shape.pooled_width; q++) {
            const int64_t column_bin = box * shape.pooled_width + q;
            if (is_inside(tables.column_cells[column_bin], x)) {
                const size_t at = (size_t)(start + p * shape.pooled_width + q);
                line += tables.columns[column_bin * shape.width + x] *
                        (source_get(gradient, at) * tables.scale[box]);
            }
        }
        sum += tables.rows[row_bin * shape.height + y] * line;
    }
    return sum;
}

// A thread a cell of the input. Boxes after the first tables are added to what is there.
__global__ void gather_cells(roi_align_shape shape, kernel_source gradient, int64_t first,
                             box_tables tables, kernel_target input_gradient)
{
    const int64_t area = shape.height * shape.width;
    const int64_t bins = shape.pooled_height * shape.pooled_width;
    const size_t count = (size_t)(shape.batch * shape.channels * area);
    const kernel_source before = {input_gradient.data, input_gradient.type};
    for (size_t at = cuda_first_entry(); at < count; at += cuda_entry_step()) {
        const int64_t x = (int64_t)at % shape.width;
        const int64_t y = (int64_t)at / shape.width % shape.height;
        const int64_t channel = (int64_t)at / area % shape.channels;
        const int64_t map = (int64_t)at / area / shape.channels;

        double sum = first > 0 ? source_get(before, at) : 0.0;
        for (int64_t box = 0; box < tables.boxes; box++) {
            if (tables.map[box] == map) {
                const int64_t start = ((first + box) * shape.channels + channel) * bins;
                sum += gather_from_box(shape, tables, box, gradient, start, y, x);
            }
        }
        target_set(input_gradient, at, sum);
    }
}

cuda_error cuda_roi_align_backward(const roi_align_shape *shape, kernel_source gradient,
                                   kernel_source rois, kernel_target input_gradient,
                                   const cuda_queue *queue)
{
    if (cuda_roi_align_workspace(shape) > queue->workspace_size) {
        return cudaErrorInvalidValue;
    }
    const int64_t step = count_boxes_at_a_time(shape);
    const size_t cells = (size_t)(shape->batch * shape->channels * shape->height * shape->width);
    cuda_error error = cudaSuccess;
    int64_t first = 0;
    do { // at least once: without boxes the gradient is 0
        const int64_t boxes = shape->boxes - first < step ? shape->boxes - first : step;
        const box_tables tables = place_tables(shape, boxes, queue->workspace);
        error = make_tables(shape, rois, first, tables, queue);
        if (error == cudaSuccess) {
            error = cuda_launch(gather_cells, cuda_count_blocks(cells), CUDA_BLOCK, queue, *shape,
                                gradient, first, tables, input_gradient);
        }
        first += step;
    } while (first < shape->boxes && error == cudaSuccess);
    return error;
}
