// Writes a video file: RGB frames in, H.264 (libx264) where the build has it, else MPEG-4.
#ifndef MEDIA_ENCODER_H
#define MEDIA_ENCODER_H

#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encoder encoder;

typedef struct encoder_options {
    int32_t width, height;        // even
    int32_t rate_numerator, rate_denominator; // frames a second
    int32_t key_frame_interval;   // frames; 0 = one second
    int32_t quality;              // crf of H.264; 0 = 20
} encoder_options;

// The file appears under its name only after encoder_finish: whole or not at all.
sslact_status encoder_open(const char *path, const encoder_options *options, encoder **out);
sslact_status encoder_write(encoder *e, const uint8_t *rgb); // [height][width][3]
sslact_status encoder_finish(encoder *e); // flushes, commits, frees (also on failure)
void encoder_discard(encoder *e);         // drops the file; NULL is fine
const char *encoder_get_codec(void);      // name of the encoder this build uses

#ifdef __cplusplus
}
#endif
#endif
