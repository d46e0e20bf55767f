// A small RGB picture and anti-aliased shapes drawn into it.
#ifndef DEMO_CANVAS_H
#define DEMO_CANVAS_H

#include "demo/figure.h"

#ifdef __cplusplus
extern "C" {
#endif

// pixels [DEMO_HEIGHT][DEMO_WIDTH][3]; the centre of pixel (0, 0) is at (0.5, 0.5). Shapes are
// shifted by (dx, dy) and clipped to the picture.
void canvas_draw_shape(uint8_t *pixels, const demo_shape *shape, double dx, double dy);

#ifdef __cplusplus
}
#endif
#endif
