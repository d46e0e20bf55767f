/* include/sslact/video.h : exactly the frames asked for, out of a video file or a frame folder.
 *
 * Frame n is the n-th frame in presentation order, from 0. Its time is its presentation time minus
 * that of the first frame; frame rates play no part.
 */
#ifndef SSLACT_VIDEO_H
#define SSLACT_VIDEO_H

#include "sslact/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_video sslact_video;

typedef struct sslact_video_info { /* growing */
    size_t struct_size;
    int32_t width;            /* pixels, as displayed: after rotation */
    int32_t height;
    int32_t rotation;         /* degrees clockwise that display applies: 0, 90, 180, 270 */
    int64_t frame_count;
    double duration_seconds;  /* time of the last frame */
    const char *codec;        /* valid while the video lives, as is the next */
    const char *pixel_format;
} sslact_video_info;

typedef struct sslact_frame { /* growing; everything valid during the callback */
    size_t struct_size;
    int64_t index;
    double pts_seconds;    /* presentation time as in the stream */
    const char *md5;       /* of the picture in its own pixel format, planes packed, not rotated */
    const uint8_t *pixels; /* RGB as displayed, [height][width][3]; NULL unless asked for */
    int32_t width;
    int32_t height;
} sslact_frame;

/* Non-zero ends the read with SSLACT_ERROR_CANCELLED. */
typedef int (*sslact_frame_callback)(const sslact_frame *frame, void *user);

/* Opens and indexes a file (any container FFmpeg reads), or a folder of pictures in the order of
 * their names at 30 frames a second. NOT_FOUND, FORMAT or DECODE with "path: ...". */
SSLACT_STATUS sslact_video_open(const char *path, sslact_video **out);
SSLACT_STATUS sslact_video_describe(const sslact_video *video, sslact_video_info *out);

/* The frames a clip of `count` frames around at_seconds (from the first frame) holds: entry k is
 * the frame shown at at_seconds + (k - count / 2) * stride_seconds, clamped to the video; with
 * stride_frames > 0 (then stride_seconds must be 0) entry k is that many frames apart instead.
 * count 1 or more. buffer takes count numbers. */
SSLACT_STATUS sslact_video_find_frames(const sslact_video *video, double at_seconds, int32_t count,
                                       double stride_seconds, int64_t stride_frames,
                                       int64_t *buffer, size_t capacity, size_t *needed);

/* Decodes frames (ascending, repeats allowed) and hands each to the callback in order. With
 * with_pixels not 0 the callback also gets RGB. DECODE names the first frame that could not be
 * had; those before it have been handed out. */
SSLACT_STATUS sslact_video_read_frames(sslact_video *video, const int64_t *frames, size_t count,
                                       int32_t with_pixels, sslact_frame_callback callback,
                                       void *user);

/* Writes RGB pixels [height][width][3] as a PNG, whole or not at all. */
SSLACT_STATUS sslact_video_save_png(const char *path, const uint8_t *pixels, int32_t width,
                                    int32_t height);

SSLACT_API void sslact_video_free(sslact_video *video);

#ifdef __cplusplus
}
#endif
#endif
