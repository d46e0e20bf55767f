// RoIAlign on raw memory: forward and backward, float and double (models.md section 4).
//
// A bilinear sample is a product of a row weight and a column weight, and a sample is inside the
// map when both its coordinates are. So a box is two small matrices, rows [P, H] and columns
// [Q, W], and pooling one channel F [H, W] is rows * F * columns^T / count. A plan holds these
// matrices; they are made once, whatever the number of channels and sampling points.
//
// The work comes in parts that write apart from each other, in any order and on any thread. Every
// sum runs in a fixed order inside one part, so results are the same bits for any division.
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

// The weights of every box; read only once made, so that threads may share one.
typedef struct roi_plan_float roi_plan_float;
typedef struct roi_plan_double roi_plan_double;

// rois [K, 5] are (map index, x1, y1, x2, y2). INVALID_ARGUMENT for a map index outside 0 .. N - 1
// and for corners that are not finite. Free the plan with roi_plan_free_*.
sslact_status roi_plan_create_float(const roi_align_shape *shape, const float *rois,
                                    roi_plan_float **out);
sslact_status roi_plan_create_double(const roi_align_shape *shape, const double *rois,
                                     roi_plan_double **out);
void roi_plan_free_float(roi_plan_float *plan);
void roi_plan_free_double(roi_plan_double *plan);

// The parts that the work falls into, 0 .. count - 1.
int64_t roi_plan_count_parts_float(const roi_plan_float *plan);
int64_t roi_plan_count_parts_double(const roi_plan_double *plan);

// Parts first .. last - 1 of the forward: input [N, C, H, W] packed, or with channels last packed
// as [N, H, W, C]; all parts together overwrite output [K, C, P, Q].
sslact_status roi_align_forward_parts_float(const roi_plan_float *plan, const float *input,
                                            bool channels_last, int64_t first, int64_t last,
                                            float *output);
sslact_status roi_align_forward_parts_double(const roi_plan_double *plan, const double *input,
                                             bool channels_last, int64_t first, int64_t last,
                                             double *output);

// The same of the backward: gradient [K, C, P, Q] of the output; all parts together overwrite
// input_gradient [N, C, H, W]. Boxes are added in their order; they get no gradient themselves.
sslact_status roi_align_backward_parts_float(const roi_plan_float *plan, const float *gradient,
                                             int64_t first, int64_t last, float *input_gradient);
sslact_status roi_align_backward_parts_double(const roi_plan_double *plan, const double *gradient,
                                              int64_t first, int64_t last, double *input_gradient);

// All parts one after the other; packed memory. Nothing is written where the boxes are refused.
sslact_status roi_align_forward_float(const roi_align_shape *shape, const float *input,
                                      const float *rois, float *output);
sslact_status roi_align_forward_double(const roi_align_shape *shape, const double *input,
                                       const double *rois, double *output);
sslact_status roi_align_backward_float(const roi_align_shape *shape, const float *gradient,
                                       const float *rois, float *input_gradient);
sslact_status roi_align_backward_double(const roi_align_shape *shape, const double *gradient,
                                        const double *rois, double *input_gradient);

#ifdef __cplusplus
}
#endif
#endif
