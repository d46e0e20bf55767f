// Owns: the checks of boxes and sizes, and the typed loops over channels.
#include "kernels/roi_align.h"

#include "base/array.h"
#include "kernels/lanes.h"
#include "kernels/roi_axis.h"

#include <stdlib.h>
#include <string.h>

// Channels that a part of the work takes.
#define ROI_BLOCK 64

typedef struct roi_part {
    int64_t map;
    int64_t channel; // first
    int64_t width;   // number of them, up to ROI_BLOCK
} roi_part;

// Numbers of weights of one box; false where they are too many.
static bool roi_count_weights(const roi_align_shape *s, size_t *out)
{
    size_t rows = 0;
    size_t columns = 0;
    size_t bytes = 0;

    if (!array_multiply((size_t)s->pooled_height, (size_t)s->height, &rows) ||
        !array_multiply((size_t)s->pooled_width, (size_t)s->width, &columns) ||
        rows > SIZE_MAX / 4 || columns > SIZE_MAX / 4 ||
        !array_multiply(rows + columns, sizeof(double), &bytes)) {
        return false;
    }
    *out = rows + columns;
    return true;
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

// Expands the name before LANES_DEFINE pastes to it.
#define LANES_EXPAND(NAME, PARAMETERS, ARGUMENTS) LANES_DEFINE(NAME, PARAMETERS, ARGUMENTS)

#define REAL float
#define NAME(stem) stem##_float
#define BODY(stem) stem##_float_body
#include "kernels/roi_align.inc"
#undef REAL
#undef NAME
#undef BODY

#define REAL double
#define NAME(stem) stem##_double
#define BODY(stem) stem##_double_body
#include "kernels/roi_align.inc"
