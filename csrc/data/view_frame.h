// Scale jitter and crop, the option of method.md section 9, row 33: the part of the picture that a
// view shows, before anything else is done to it.
#ifndef DATA_VIEW_FRAME_H
#define DATA_VIEW_FRAME_H

#include "data/view.h"

#ifdef __cplusplus
extern "C" {
#endif

// Draws scale and place of the crop. They come from numbers far behind those that the other parts
// of a view draw in order, so that the options change nothing but themselves.
void view_frame_draw(const view_options *options, const random_stream *stream, view_plan *out);

bool view_frame_changes(const view_options *options);
// The clip scaled and cropped. Boxes are mapped and clipped to the crop; visible [box_count] gets 0
// where less than a quarter of the box is left. SSLACT_ERROR_MISMATCH for a clip that is smaller
// than the crop.
sslact_status view_frame_apply(const clip *source, const view_options *options,
                               const view_plan *plan, clip **out, uint8_t *visible);

// A clip of another size with the same boxes, labels and names, and no pixels yet.
sslact_status view_copy_frameless(const clip *source, int32_t height, int32_t width, clip **out);

#ifdef __cplusplus
}
#endif
#endif
