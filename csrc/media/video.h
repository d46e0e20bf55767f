// A video, or a folder of frames, as a list of frames in presentation order; exactly the frames
// asked for come out, bit-identical to decoding the whole file from its start.
//
// A handle serves one thread at a time; different handles are independent. While the program has
// left libav's log level at its default, opening a video silences libav: messages come as errors.
//
// Note [frame times]: the time of frame n is its presentation time minus that of the first frame
// of the stream, never n divided by a frame rate. Frame n is the n-th frame in presentation order.
#ifndef MEDIA_VIDEO_H
#define MEDIA_VIDEO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct video video;

typedef struct video_options {
    double budget_seconds;     // wall-clock bound for one call; 0 = 20
    int64_t max_pixels;        // of one frame; 0 = 8192 * 4608
    double folder_frame_rate;  // frames a second of a frame folder; 0 = 30
    bool no_frame_skipping;    // slow twin: decode every frame on the way
    const char *index_folder;  // where frame indexes are kept; NULL = nowhere. Used while opening
    int64_t index_least_bytes; // smaller videos' indexes are not kept, making them is as fast
} video_options;

typedef struct video_info {
    int32_t width, height; // as displayed: after rotation
    int32_t stored_width, stored_height;
    int32_t rotation;        // degrees clockwise to display: 0, 90, 180, 270
    int64_t frame_count;     // decodable frames
    double duration_seconds; // time of the last frame
    const char *codec;       // static or valid while the video lives
    const char *pixel_format;
    bool truncated; // cut off: frames behind the last one are lost, not absent
} video_info;

// Opens a file or a folder of pictures (jpg, jpeg, png, bmp; in the byte order of their names) and
// indexes it: one pass over the packets, decoding once only where the packets do not tell the
// frames (no times, packets without pictures). A kept index saves the pass and most of the rest of
// opening; it is used only for the very state of the file (size, modification time) and the
// versions of libav it was made with, and gives the same frames. Errors begin with the path.
sslact_status video_open(const char *path, const video_options *options, video **out);

// Picture files in an order of their own, wherever they lie.
typedef struct video_pictures {
    int64_t count;
    // The path of picture `frame`, from 0, of video `video`; from any thread. What it returns when
    // negative ends the opening or the read.
    sslact_status (*get_path)(const void *user, size_t video, int64_t frame, text *path);
    const void *user; // borrowed for the video's life
    size_t video;
} video_pictures;

// The same of the pictures that get_path names, which all have the size of the first one:
// options->folder_frame_rate of them a second. name is for messages.
sslact_status video_open_pictures(const char *name, const video_pictures *pictures,
                                  const video_options *options, video **out);
void video_close(video *v);
void video_describe(const video *v, video_info *out);
int64_t video_count_frames(const video *v);
// Seconds from the first frame.
double video_get_time(const video *v, int64_t frame);
// Presentation time as in the stream, in seconds.
double video_get_stream_time(const video *v, int64_t frame);
// The same in units of *numerator / *denominator seconds; for a folder of pictures the frame's
// number, and 0 / 0.
int64_t video_get_pts(const video *v, int64_t frame);
void video_get_time_unit(const video *v, int32_t *numerator, int32_t *denominator);
// The frame shown at `seconds` after the first frame: the last one not after seconds + 1e-4; the
// first frame when there is none.
int64_t video_find_frame(const video *v, double seconds);

// What a copy of a video (smaller, in another codec) takes from its original to stand in for it.
typedef struct video_original {
    int64_t frame_count;
    const int64_t *pts; // [frame_count] never descending; NULL: those of a folder of pictures
    int32_t time_numerator, time_denominator; // seconds of one unit
    int32_t width, height;                    // as displayed
    // The part of each of the copy's pictures, from the top left corner, that is the picture: what
    // is outside was added to make the sides even.
    int32_t picture_width, picture_height;
} video_original;

// Opens a copy whose frame n shows the original's frame n: frames are found by the original's
// times, sizes are chosen from the original's, pixels come from the copy. The copy is stored as it
// is displayed. SSLACT_ERROR_MISMATCH when the copy has another number of frames, or smaller
// pictures than told.
sslact_status video_open_copy(const char *path, const video_options *options,
                              const video_original *original, video **out);

// A decoded picture in its own pixel format and orientation.
typedef struct picture {
    const uint8_t *planes[4];
    int32_t strides[4];
    int32_t width, height;
    int32_t format; // enum AVPixelFormat
    int64_t frame;  // index in presentation order
    void *native;   // the AVFrame, for code inside the media room
} picture;

// Decodes the wanted frames (ascending, repeats allowed) and hands each to `sink` in order; the
// picture is valid during the call. A negative status from sink ends the read with that status.
// Damage before a wanted frame, back to the key frame that its decoding starts from:
// SSLACT_ERROR_DECODE; the frames before it have been handed out. Frames of a truncated file that
// lie behind its last one: the same. The sink's own time does not count against the budget.
typedef sslact_status (*picture_sink)(const picture *p, size_t position, void *user);
sslact_status video_read(video *v, const int64_t *frames, size_t count, picture_sink sink,
                         void *user);

// The size that frames have after resizing so that the shorter side is short_side (0 = as they
// are); the longer side is floor((long / short) * short_side), as the baseline code does.
void video_fit(const video *v, int32_t short_side, int32_t *width, int32_t *height);

// The wanted frames as RGB, rotated for display, resized to width x height with an antialiased
// bilinear filter, out [count][height][width][3] packed. frames need not be ascending.
sslact_status video_read_rgb(video *v, const int64_t *frames, size_t count, int32_t width,
                             int32_t height, uint8_t *out);

// The picture that a sink was given as RGB, rotated for display, resized to width x height; out
// [height][width][3] packed.
sslact_status video_convert_rgb(video *v, const picture *p, int32_t width, int32_t height,
                                uint8_t *out);

// Hex MD5 (33 bytes with NUL) of a picture in its pixel format, planes packed: what ffmpeg's
// framemd5 prints.
sslact_status picture_md5(const picture *p, char out[33]);

// Versions of the libav libraries, compiled and running; MISMATCH when a major differs.
sslact_status media_check_versions(void);
const char *media_get_versions(void); // "libavformat 59.27.100, ..." static

#ifdef __cplusplus
}
#endif
#endif
