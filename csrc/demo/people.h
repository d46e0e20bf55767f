// Who is in a scene and what they do: the probabilities of demo-world.md, section 1.
#ifndef DEMO_PEOPLE_H
#define DEMO_PEOPLE_H

#include "demo/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

// Fills the scene's people; its frames and background are set. stream is the scene's.
void demo_people_draw(const demo_world *world, int64_t video, int64_t number, random_stream *stream,
                      demo_scene *scene);

// A colour of that grey level (0.299 r + 0.587 g + 0.114 b) with an offset of its hue.
demo_color demo_color_make(double grey, double r, double g, double b);
double demo_color_get_grey(demo_color color);

#ifdef __cplusplus
}
#endif
#endif
