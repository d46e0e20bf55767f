// An RGB picture that is drawn into: areas, other pictures, frames, text. Everything is clipped to
// the picture.
#ifndef REPORT_DRAWING_H
#define REPORT_DRAWING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct drawing {
    uint8_t *pixels; // [height][width][3]
    int32_t width, height;
} drawing;

typedef struct drawing_color {
    uint8_t red, green, blue;
} drawing_color;

// Corners in pixels; the first pixel reaches from 0 to 1.
typedef struct drawing_area {
    double left, top, right, bottom;
} drawing_area;

sslact_status drawing_create(int32_t width, int32_t height, drawing_color background,
                             drawing **out);
void drawing_free(drawing *d); // NULL is fine

void drawing_fill(drawing *d, drawing_area area, drawing_color color);
// rgb [height][width][3] with its corner at (left, top).
void drawing_place(drawing *d, int32_t left, int32_t top, const uint8_t *rgb, int32_t width,
                   int32_t height);
// The border of an area, `thickness` pixels to its inside and as far as need be to the outside;
// dashed: every other piece of 6 pixels.
void drawing_frame(drawing *d, drawing_area area, int32_t thickness, bool dashed,
                   drawing_color color);
// One line of text whose capitals reach `top`; size as in lettering.h.
void drawing_write(drawing *d, double left, double top, double size, drawing_color color,
                   const char *words);

#ifdef __cplusplus
}
#endif
#endif
