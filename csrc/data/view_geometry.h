// Operations of the strong view that move boxes: affine maps of one frame, and of the boxes.
//
// Coordinates are continuous: x runs from 0 to width, the centre of the first pixel is 0.5.
#ifndef DATA_VIEW_GEOMETRY_H
#define DATA_VIEW_GEOMETRY_H

#include "data/view.h"

#ifdef __cplusplus
extern "C" {
#endif

// What an empty pixel shows: the normalisation mean, 0.45 * 255.
enum { GEOMETRY_EMPTY = 115 };

// (x, y) -> (xx x + xy y + x0, yx x + yy y + y0)
typedef struct affine {
    double xx, xy, x0;
    double yx, yy, y0;
} affine;

bool geometry_moves(view_operation operation);
affine affine_identity(void);
// First `first`, then `second`.
affine affine_join(affine first, affine second);
affine affine_invert(affine map);

// Where a point of the picture goes at severity u in 0..1. Identity for other operations.
affine geometry_make(view_operation operation, double u, int sign, int32_t height, int32_t width);
// Moves the picture: source and target are different [height][width][3]. Bilinear; a pixel whose
// origin lies outside the picture is empty.
void geometry_resample(const uint8_t *source, int32_t height, int32_t width, affine map,
                       uint8_t *target);
// Corners through the map, bounding rectangle, clipped to the picture. False when less than a
// quarter of the rectangle stays.
bool geometry_map_box(affine map, int32_t height, int32_t width, sslact_box *box);

#ifdef __cplusplus
}
#endif
#endif
