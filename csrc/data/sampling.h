// Which frames of a video make a clip: datasets-and-evaluation.md section 2.
#ifndef DATA_SAMPLING_H
#define DATA_SAMPLING_H

#include "config/config.h"
#include "media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sampling {
    int32_t frame_count;      // T, data.frame_count
    double step_seconds;      // data.frame_stride / data.sampling_rate
    double frame_gap_seconds; // data.max_frame_gap_seconds
    // UCF101-24: places are frame numbers, from 0, in all that follows, and frame times play no
    // part.
    bool counts_frames;
    int64_t step_frames; // data.frame_stride
} sampling;

void sampling_read(const config *c, sampling *out);

// Time of the last frame, or its number.
double sampling_get_end(const sampling *s, const video *v);
// Key frames lie in a video that ends at end_seconds, or no further outside than a missing frame
// may be away. SSLACT_ERROR_MISMATCH with both times otherwise; `place` begins the message.
sslact_status sampling_check_key_frame(const sampling *s, double end_seconds, double seconds,
                                       const char *place);

// frames [T]: entry k is the frame shown at seconds + (k - T/2) * step, clamped to the first and
// last frame. SSLACT_ERROR_DECODE where the frame that stands in for a missing one is too far away.
sslact_status sampling_choose(const sampling *s, const video *v, double seconds, const char *place,
                              int64_t *frames);

#ifdef __cplusplus
}
#endif
#endif
