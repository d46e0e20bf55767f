// Writes a video file: RGB frames in; H.264 (libx264), MPEG-4 or MJPEG out.
#ifndef MEDIA_ENCODER_H
#define MEDIA_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encoder encoder;

typedef enum encoder_codec {
    ENCODER_ANY, // H.264 where the build has libx264, else MPEG-4
    ENCODER_H264,
    ENCODER_MJPEG
} encoder_codec;

typedef struct encoder_options {
    int32_t width, height;        // even
    int32_t rate_numerator, rate_denominator; // frames a second
    int32_t key_frame_interval;   // frames; 0 = one second
    int32_t quality;              // crf of H.264, 1 to 51, 0 = 20; of MJPEG 2 to 31, 0 = 3
    encoder_codec codec;
    bool random_access;           // made to be read a few frames at a time: frames refer to earlier
                                  // ones only, by the parts of H.264 that decode fast
    int32_t time_numerator, time_denominator; // unit of encoder_write_at's times; 0 = one frame
} encoder_options;

// The file appears under its name only after encoder_finish: whole or not at all.
sslact_status encoder_open(const char *path, const encoder_options *options, encoder **out);
sslact_status encoder_write(encoder *e, const uint8_t *rgb); // [height][width][3]
// The same with a time of its own, greater than that of the frame before and at least 0, in units
// of time_numerator / time_denominator seconds. All frames of a file by this or all by the other;
// needs random_access.
sslact_status encoder_write_at(encoder *e, const uint8_t *rgb, int64_t time);
sslact_status encoder_finish(encoder *e); // flushes, commits, frees (also on failure)
void encoder_discard(encoder *e);         // drops the file; NULL is fine
const char *encoder_get_codec(void);      // name of the encoder this build uses for ENCODER_ANY
bool encoder_has(encoder_codec codec);    // whether this build can write it

#ifdef __cplusplus
}
#endif
#endif
