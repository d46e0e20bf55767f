// The pictures of a video, one after the other.
#ifndef DEMO_RENDERER_H
#define DEMO_RENDERER_H

#include "demo/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct renderer renderer;

// world is borrowed and outlives the renderer. One renderer serves one thread.
sslact_status renderer_create(const demo_world *world, renderer **out);
// Frame number `frame` of the video, pixels [DEMO_HEIGHT][DEMO_WIDTH][3]: a pure function of the
// world, the video and the frame, in whatever order frames are asked for.
void renderer_draw(renderer *r, const demo_video *video, int64_t frame, uint8_t *pixels);
// The same without light and noise, and without people where `people` is false: for tests.
void renderer_draw_plain(renderer *r, const demo_scene *scene, int64_t frame, bool people,
                         uint8_t *pixels);
// Before a plan is released or changed: the renderer remembers the background of its last scene.
void renderer_forget(renderer *r);
void renderer_free(renderer *r); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
