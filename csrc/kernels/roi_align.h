// RoIAlign on raw memory: forward and backward, float and double (models.md section 4).
//
// A bilinear sample is a product of a row weight and a column weight, and a sample is inside the
// map when both its coordinates are. So a box is two small matrices, rows [P, H] and columns
// [Q, W], and pooling one channel F [H, W] is rows * F * columns^T / count. Each box is reduced to
// these matrices once, whatever the number of channels and sampling points.
//
// One thread; every sum runs in a fixed order, so results are the same bits on every run.
#ifndef KERNELS_ROI_ALIGN_H
#define KERNELS_ROI_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// Corners beyond this many cells are refused: no picture has them.
#define ROI_ALIGN_MAX_CELL 1e9
#define ROI_ALIGN_MAX_SAMPLING_RATIO 64

typedef struct roi_align_shape {
    int64_t batch;          // N, maps
    int64_t channels;       // C
    int64_t height;         // H
    int64_t width;          // W
    int64_t boxes;          // K
    int64_t pooled_height;  // P
    int64_t pooled_width;   // Q
    double spatial_scale;   // from box coordinates to cells
    int32_t sampling_ratio; // samples a bin and axis; 0 = as many as the bin has cells, rounded up
    bool aligned;           // cell centres at half-integers
} roi_align_shape;

// INVALID_ARGUMENT where box number `index`, a row of rois, is one that the functions below refuse.
sslact_status roi_align_check_box(const roi_align_shape *shape, int64_t index, const double roi[5]);

// rois [K, 5] are (map index, x1, y1, x2, y2); output [K, C, P, Q] is overwritten. Packed memory.
// INVALID_ARGUMENT for a map index outside 0 .. N - 1 and for corners that are not finite; then
// nothing is written.
sslact_status roi_align_forward_float(const roi_align_shape *shape, const float *input,
                                      const float *rois, float *output);
sslact_status roi_align_forward_double(const roi_align_shape *shape, const double *input,
                                       const double *rois, double *output);

// gradient [K, C, P, Q] of the output; input_gradient [N, C, H, W] is overwritten. Boxes are
// added in their order. Boxes themselves get no gradient.
sslact_status roi_align_backward_float(const roi_align_shape *shape, const float *gradient,
                                       const float *rois, float *input_gradient);
sslact_status roi_align_backward_double(const roi_align_shape *shape, const double *gradient,
                                        const double *rois, double *input_gradient);

#ifdef __cplusplus
}
#endif
#endif
