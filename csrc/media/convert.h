// Decoded pictures to RGB as displayed: colours, rotation, size. Contexts and scratch memory are
// kept between pictures of one kind.
#ifndef MEDIA_CONVERT_H
#define MEDIA_CONVERT_H

#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// How a stored picture is turned for display: first transposed (rows become columns), then
// mirrored.
typedef struct orientation {
    bool transpose, mirror_x, mirror_y;
} orientation;

// From a display matrix (nine numbers of libavutil/display.h), NULL = as stored. Angles that are
// no multiple of 90 degrees count as the nearest one.
orientation orientation_from_matrix(const int32_t *matrix);
// Degrees clockwise, leaving mirroring aside.
int32_t orientation_get_degrees(orientation turn);

typedef struct converter converter;

sslact_status converter_create(converter **out);
void converter_free(converter *c);

// out [height][width][3] packed.
sslact_status converter_run(converter *c, const AVFrame *frame, orientation turn, int32_t width,
                            int32_t height, uint8_t *out);

#endif
