// Weak and strong views of a clip: method.md sections 1 and 8.
//
// A view is drawn first (numbers only, from a random stream) and applied afterwards, so that the
// same plan can be tested, shown and repeated.
#ifndef DATA_VIEW_H
#define DATA_VIEW_H

#include <stdbool.h>

#include "base/random.h"
#include "config/config.h"
#include "data/clip.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum view_operation {
    VIEW_IDENTITY,
    VIEW_AUTOCONTRAST,
    VIEW_EQUALIZE,
    VIEW_INVERT,
    VIEW_BRIGHTNESS,
    VIEW_COLOR,
    VIEW_CONTRAST,
    VIEW_SHARPNESS,
    VIEW_POSTERIZE,
    VIEW_SOLARIZE,
    VIEW_ROTATE,
    VIEW_SHEAR_X,
    VIEW_SHEAR_Y,
    VIEW_TRANSLATE_X,
    VIEW_TRANSLATE_Y,
    VIEW_OPERATION_COUNT
} view_operation;

typedef struct view_options {
    bool flip;         // horizontal flip with probability 0.5
    double box_jitter; // share of the box side each edge may move; 0 = none
    bool strong;       // RandAugment over time on top of the weak view
    int32_t aug_n;     // operations a clip
    double aug_m;      // severity, 0..30
    double aug_range;  // spread of the severity over time
    bool aug_geometry; // operations that move boxes take part
    bool aug_temporal; // severity changes over the clip
    int32_t scale_min, scale_max; // short side in pixels, drawn for each view; 0: as it is
    int32_t crop;                 // side of a square part in pixels; 0: all of the picture
} view_options;

#define VIEW_MAX_OPERATIONS 8

typedef struct view_plan {
    bool flip;
    int32_t scale;         // short side in pixels
    double crop_x, crop_y; // place of the crop, shares of the room it has
    int32_t operation_count;
    struct {
        view_operation operation;
        double severity_first, severity_last; // e0, e1 in 0..30
        int sign;                             // -1 or 1
    } operations[VIEW_MAX_OPERATIONS];
} view_plan;

// Reads the augment.* keys; strong and box_jitter are set by the caller of the view.
void view_options_read(const config *c, view_options *out);
void view_draw(const view_options *options, random_stream *stream, view_plan *out);
// Applies the plan to frames and boxes: scale and crop, flip, operations. visible [box_count]
// receives 1, or 0 where less than a quarter of the box stays in the crop, or then of the mapped
// box in the picture. Box jitter draws from the stream.
sslact_status view_apply(const clip *source, const view_options *options, const view_plan *plan,
                         random_stream *stream, clip **out, uint8_t *visible);
const char *view_operation_get_name(view_operation operation);

#ifdef __cplusplus
}
#endif
#endif
