// Operations of the strong view that change colours and leave boxes where they are, on one frame.
// AutoContrast, Equalize, Color, Contrast and Sharpness give what Pillow's functions of those
// names give for an RGB picture.
#ifndef DATA_VIEW_PIXELS_H
#define DATA_VIEW_PIXELS_H

#include "data/view.h"

#ifdef __cplusplus
extern "C" {
#endif

// Changes frame [height][width][3] in place. u is the severity over 30, in 0..1; scratch has the
// frame's size and is only used by Sharpness. Operations that move boxes change nothing here.
void pixels_apply(view_operation operation, double u, int sign, uint8_t *frame, int32_t height,
                  int32_t width, uint8_t *scratch);
// Mirrors left and right; source and target are different [height][width][3].
void pixels_flip(const uint8_t *source, int32_t height, int32_t width, uint8_t *target);

#ifdef __cplusplus
}
#endif
#endif
