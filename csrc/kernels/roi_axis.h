// From a box to the weights of its bins along one axis: steps 1 to 5 of the definition of RoIAlign
// (models.md section 4). C and CUDA C++: the kernel and its twin share them.
#ifndef KERNELS_ROI_AXIS_H
#define KERNELS_ROI_AXIS_H

#include <math.h>

#include "kernels/inline.h"
#include "kernels/roi_align.h"

// One axis of a box, in cells of the map.
typedef struct roi_span {
    double start;
    double bin_size;
    double samples; // a bin
} roi_span;

typedef struct roi_box {
    int64_t map; // index of the map it lies on
    roi_span rows;
    roi_span columns;
    double scale; // 1 / count of the formula
} roi_box;

// Whether the first number of a roi names a map. Written, like the next, so that NaN does not pass.
KERNEL_INLINE bool roi_has_map(const roi_align_shape *shape, double index)
{
    return index >= 0.0 && index < (double)shape->batch;
}

KERNEL_INLINE bool roi_corner_is_sane(const roi_align_shape *shape, double corner)
{
    return fabs(corner * shape->spatial_scale) <= ROI_ALIGN_MAX_CELL;
}

// Sampling points a bin of this size takes; none for reversed boxes of the aligned kind.
KERNEL_INLINE double roi_count_samples(double bin_size, int32_t sampling_ratio)
{
    return sampling_ratio > 0 ? (double)sampling_ratio : ceil(bin_size);
}

KERNEL_INLINE roi_span roi_span_measure(const roi_align_shape *shape, double low, double high,
                                        int64_t bins)
{
    const double offset = shape->aligned ? 0.5 : 0.0;
    const double start = low * shape->spatial_scale - offset;
    const double end = high * shape->spatial_scale - offset;
    const double extent = shape->aligned ? end - start : fmax(end - start, 1.0);
    const double bin_size = extent / (double)bins;
    const roi_span out = {start, bin_size, roi_count_samples(bin_size, shape->sampling_ratio)};
    return out;
}

// roi is (map index, x1, y1, x2, y2).
KERNEL_INLINE roi_box roi_box_measure(const roi_align_shape *shape, const double roi[5])
{
    const roi_span rows = roi_span_measure(shape, roi[2], roi[4], shape->pooled_height);
    const roi_span columns = roi_span_measure(shape, roi[1], roi[3], shape->pooled_width);
    const roi_box out = {(int64_t)roi[0], rows, columns,
                         1.0 / fmax(columns.samples * rows.samples, 1.0)};
    return out;
}

// The cells that one bin reads: first .. last - 1.
typedef struct roi_range {
    int64_t first;
    int64_t last;
} roi_range;

// Adds one sample at `place` to the weights [cells] of a bin; outside [-1, cells] it counts
// nothing.
KERNEL_INLINE void roi_bin_add_sample(double *weights, int64_t cells, double place,
                                      roi_range *range)
{
    int64_t low = 0;
    double fraction = 0.0;

    if (!(place >= -1.0 && place <= (double)cells)) {
        return;
    }
    place = place > 0.0 ? place : 0.0;
    low = (int64_t)place;
    if (low >= cells - 1) {
        low = cells - 1;
    } else {
        fraction = place - (double)low;
        weights[low + 1] += fraction;
    }
    weights[low] += 1.0 - fraction;

    const int64_t high = fraction > 0.0 ? low + 2 : low + 1;
    if (range->first == range->last) {
        range->first = low;
        range->last = high;
    } else {
        range->first = low < range->first ? low : range->first;
        range->last = high > range->last ? high : range->last;
    }
}

// Overwrites the weights [cells] of one bin.
KERNEL_INLINE roi_range roi_bin_weigh(roi_span span, int64_t bin, int64_t cells, double *weights)
{
    const double step = span.bin_size / span.samples;
    const double bin_start = span.start + (double)bin * span.bin_size;
    double from = 0.0;
    double to = span.samples;
    roi_range range = {0, 0};

    for (int64_t cell = 0; cell < cells; cell++) {
        weights[cell] = 0.0;
    }
    // A box far larger than the map has most samples outside: walk over the others only.
    if (step > 0.0) {
        from = fmax(from, floor((-1.0 - bin_start) / step) - 1.0);
        to = fmin(to, ceil(((double)cells - bin_start) / step) + 1.0);
    }
    for (double i = from; i < to; i += 1.0) {
        roi_bin_add_sample(weights, cells, bin_start + (i + 0.5) * step, &range);
    }
    return range;
}

#endif
