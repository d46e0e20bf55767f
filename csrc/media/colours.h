// Colours of the usual 8-bit planar pictures (YUV 4:2:0, 4:2:2, 4:4:0, 4:4:4) as packed RGB.
//
// A colour sample stands for all pixels that share it. The result is within one level of the
// matrix's formula in real numbers and the same on every machine.
#ifndef MEDIA_COLOURS_H
#define MEDIA_COLOURS_H

#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdint.h>

// Luma weights of red and blue.
typedef struct colour_matrix {
    double red, blue;
} colour_matrix;

// The matrix that a frame names; BT.601 when it names none, as FFmpeg's own tools do.
colour_matrix colours_get_matrix(const AVFrame *frame);

// Whether a pixel format is one of the above; *full_range is set for those that imply it.
bool colours_are_planar(int format, bool *full_range);

// out [height][stride], packed RGB; nothing is written between rows.
void colours_convert(const AVFrame *frame, colour_matrix matrix, bool full_range, uint8_t *out,
                     int64_t stride);

// The same without vector instructions: slow twin.
void colours_convert_slowly(const AVFrame *frame, colour_matrix matrix, bool full_range,
                            uint8_t *out, int64_t stride);

#endif
