// A person at a time as a list of simple shapes in the order of drawing, and the box around it.
#ifndef DEMO_FIGURE_H
#define DEMO_FIGURE_H

#include "demo/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DEMO_MAX_SHAPES = 40 };

typedef enum demo_shape_kind {
    DEMO_SHAPE_LIMB,  // all points within `radius` of the line from (x1, y1) to (x2, y2)
    DEMO_SHAPE_BLOCK, // the rectangle with these corners
    DEMO_SHAPE_SHADE  // darkens the ellipse in the rectangle with these corners
} demo_shape_kind;

typedef struct demo_shape {
    demo_shape_kind kind;
    double x1, y1, x2, y2; // pixels
    double radius;
    demo_color color;
    bool is_body; // inside the person's box; things held or sat on are not
} demo_shape;

typedef struct demo_figure {
    size_t count;
    demo_shape shapes[DEMO_MAX_SHAPES];
} demo_figure;

// Without the camera's drift: as on the middle frame of the scene.
void demo_figure_build(const demo_person *person, double seconds, demo_figure *out);

typedef struct demo_rectangle {
    double x1, y1, x2, y2;
} demo_rectangle;

// Around the body shapes, in pixels.
demo_rectangle demo_figure_bound(const demo_figure *figure);
// Around what of the body lies in the picture when the figure is moved by (dx, dy).
demo_rectangle demo_figure_bound_visible(const demo_figure *figure, double dx, double dy);

#ifdef __cplusplus
}
#endif
#endif
