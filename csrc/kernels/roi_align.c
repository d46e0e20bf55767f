// Owns: the weights of one box along each axis, and the typed loops over channels.
#include "kernels/roi_align.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// One axis of one box: bin p reads cells first[p] .. last[p] - 1 with weights [bins, cells].
typedef struct axis {
    int64_t bins;
    int64_t cells;
    int64_t *first;
    int64_t *last;
    double *weights;
} axis;

typedef struct box_weights {
    axis rows;
    axis columns;
    double scale;  // 1 / count of the formula
    double *line;  // [W] scratch
    int64_t begin; // cells that any column bin reads
    int64_t end;
} box_weights;

static void axis_free(axis *a)
{
    free(a->first);
    free(a->last);
    free(a->weights);
}

static sslact_status axis_create(int64_t bins, int64_t cells, axis *out)
{
    axis made = {.bins = bins, .cells = cells};
    size_t count = 0;

    if (!array_multiply((size_t)bins, (size_t)cells, &count)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%lld bins over %lld cells do not fit into memory", (long long)bins,
                         (long long)cells);
    }
    made.first = array_create((size_t)bins, sizeof(*made.first));
    made.last = array_create((size_t)bins, sizeof(*made.last));
    made.weights = array_create(count, sizeof(*made.weights));
    if (made.first == NULL || made.last == NULL || made.weights == NULL) {
        axis_free(&made);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = made;
    return SSLACT_OK;
}

static void box_weights_free(box_weights *box)
{
    axis_free(&box->rows);
    axis_free(&box->columns);
    free(box->line);
}

static sslact_status box_weights_create(const roi_align_shape *shape, box_weights *out)
{
    box_weights made = {0};
    sslact_status status = axis_create(shape->pooled_height, shape->height, &made.rows);

    if (status == SSLACT_OK) {
        status = axis_create(shape->pooled_width, shape->width, &made.columns);
    }
    if (status == SSLACT_OK) {
        made.line = array_create((size_t)shape->width, sizeof(*made.line));
        status = made.line == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    }
    if (status != SSLACT_OK) {
        box_weights_free(&made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

// Adds one sample at `place` (cells) to the weights of a bin; outside [-1, cells] it counts
// nothing. Step 5 of the definition, one axis of it.
static void axis_add_sample(axis *a, int64_t bin, double place)
{
    double *weights = a->weights + bin * a->cells;
    int64_t low = 0;
    double fraction = 0.0;

    if (!(place >= -1.0 && place <= (double)a->cells)) {
        return;
    }
    place = place > 0.0 ? place : 0.0;
    low = (int64_t)place;
    if (low >= a->cells - 1) {
        low = a->cells - 1;
    } else {
        fraction = place - (double)low;
        weights[low + 1] += fraction;
    }
    weights[low] += 1.0 - fraction;

    int64_t high = fraction > 0.0 ? low + 2 : low + 1;
    if (a->first[bin] == a->last[bin]) {
        a->first[bin] = low;
        a->last[bin] = high;
    } else {
        a->first[bin] = low < a->first[bin] ? low : a->first[bin];
        a->last[bin] = high > a->last[bin] ? high : a->last[bin];
    }
}

// Sampling points a bin of this size takes; none for reversed boxes of the aligned kind.
static double axis_get_sample_count(double bin_size, int32_t sampling_ratio)
{
    return sampling_ratio > 0 ? (double)sampling_ratio : ceil(bin_size);
}

static void axis_fill(axis *a, double start, double bin_size, double samples)
{
    double step = bin_size / samples;

    memset(a->weights, 0, (size_t)a->bins * (size_t)a->cells * sizeof(*a->weights));
    for (int64_t bin = 0; bin < a->bins; bin++) {
        double bin_start = start + (double)bin * bin_size;
        double from = 0.0;
        double to = samples;

        a->first[bin] = 0;
        a->last[bin] = 0;
        // A box far larger than the map has most samples outside: walk over the others only.
        if (step > 0.0) {
            from = fmax(from, floor((-1.0 - bin_start) / step) - 1.0);
            to = fmin(to, ceil(((double)a->cells - bin_start) / step) + 1.0);
        }
        for (double i = from; i < to; i += 1.0) {
            axis_add_sample(a, bin, bin_start + (i + 0.5) * step);
        }
    }
}

static sslact_status roi_align_check_box(const roi_align_shape *shape, int64_t index,
                                         const double roi[5])
{
    if (!(roi[0] >= 0.0 && roi[0] < (double)shape->batch)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "rois[%lld][0]: there is no map %g, only 0 to %lld", (long long)index,
                         roi[0], (long long)shape->batch - 1);
    }
    for (int i = 1; i < 5; i++) {
        double cell = roi[i] * shape->spatial_scale;

        // Written so that NaN is refused.
        if (!(fabs(cell) <= ROI_ALIGN_MAX_CELL)) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "rois[%lld][%d]: corner at cell %g, expected a number within +-%g",
                             (long long)index, i, cell, ROI_ALIGN_MAX_CELL);
        }
    }
    return SSLACT_OK;
}

// Steps 1 to 4 of the definition.
static void box_weights_fill(const roi_align_shape *shape, const double roi[5], box_weights *box)
{
    double offset = shape->aligned ? 0.5 : 0.0;
    double corner[4];

    for (int i = 0; i < 4; i++) {
        corner[i] = roi[i + 1] * shape->spatial_scale - offset;
    }
    double width = corner[2] - corner[0];
    double height = corner[3] - corner[1];
    if (!shape->aligned) {
        width = fmax(width, 1.0);
        height = fmax(height, 1.0);
    }
    double bin_width = width / (double)shape->pooled_width;
    double bin_height = height / (double)shape->pooled_height;
    double across = axis_get_sample_count(bin_width, shape->sampling_ratio);
    double down = axis_get_sample_count(bin_height, shape->sampling_ratio);

    axis_fill(&box->rows, corner[1], bin_height, down);
    axis_fill(&box->columns, corner[0], bin_width, across);
    box->scale = 1.0 / fmax(across * down, 1.0);
    box->begin = shape->width;
    box->end = 0;
    for (int64_t q = 0; q < shape->pooled_width; q++) {
        if (box->columns.first[q] < box->columns.last[q]) {
            box->begin = box->columns.first[q] < box->begin ? box->columns.first[q] : box->begin;
            box->end = box->columns.last[q] > box->end ? box->columns.last[q] : box->end;
        }
    }
}

static sslact_status roi_align_check(const roi_align_shape *shape)
{
    if (shape->pooled_height < 1 || shape->pooled_width < 1 || shape->height < 1 ||
        shape->width < 1) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "map of %lld x %lld cells pooled to %lld x %lld, all must be at least 1",
                         (long long)shape->height, (long long)shape->width,
                         (long long)shape->pooled_height, (long long)shape->pooled_width);
    }
    if (shape->sampling_ratio < 0 || shape->sampling_ratio > ROI_ALIGN_MAX_SAMPLING_RATIO) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "sampling ratio %d, expected 0 to %d",
                         (int)shape->sampling_ratio, ROI_ALIGN_MAX_SAMPLING_RATIO);
    }
    return SSLACT_OK;
}

#define REAL float
#define NAME(stem) stem##_float
#include "kernels/roi_align.inc"
#undef REAL
#undef NAME

#define REAL double
#define NAME(stem) stem##_double
#include "kernels/roi_align.inc"
