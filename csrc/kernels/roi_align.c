// Owns: the weights of one box along each axis, and the typed loops over channels.
#include "kernels/roi_align.h"

#include "base/array.h"
#include "kernels/roi_axis.h"

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

static void axis_fill(axis *a, roi_span span)
{
    for (int64_t bin = 0; bin < a->bins; bin++) {
        const roi_range range = roi_bin_weigh(span, bin, a->cells, a->weights + bin * a->cells);

        a->first[bin] = range.first;
        a->last[bin] = range.last;
    }
}

sslact_status roi_align_check_box(const roi_align_shape *shape, int64_t index, const double roi[5])
{
    if (!roi_has_map(shape, roi[0])) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "rois[%lld][0]: there is no map %g, only 0 to %lld", (long long)index,
                         roi[0], (long long)shape->batch - 1);
    }
    for (int i = 1; i < 5; i++) {
        if (!roi_corner_is_sane(shape, roi[i])) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "rois[%lld][%d]: corner at cell %g, expected a number within +-%g",
                             (long long)index, i, roi[i] * shape->spatial_scale,
                             ROI_ALIGN_MAX_CELL);
        }
    }
    return SSLACT_OK;
}

static void box_weights_fill(const roi_align_shape *shape, const double roi[5], box_weights *box)
{
    const roi_box measured = roi_box_measure(shape, roi);

    axis_fill(&box->rows, measured.rows);
    axis_fill(&box->columns, measured.columns);
    box->scale = measured.scale;
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
