// An open video file: demuxer and decoder of the one stream that is read.
#ifndef MEDIA_CONTAINER_H
#define MEDIA_CONTAINER_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/source.h"

typedef struct container {
    const char *path;      // borrowed
    const deadline *limit; // borrowed
    int64_t max_pixels;
    source bytes;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream; // the video stream with the most pixels, the first of equals
    // What stays known about that stream even when starting the demuxer anew fails.
    int stream_index;
    AVRational time_base;
    AVCodecParameters *parameters;
} container;

// Opens the demuxer and the decoder. path and limit must outlive the container.
sslact_status container_open(container *c, const char *path, int64_t max_pixels,
                             const deadline *limit);
// Starts the demuxer anew at the first packet of the same open file.
sslact_status container_restart(container *c);
void container_close(container *c);

// The next packet of the chosen stream: 0, AVERROR_EOF or another libav error.
int container_read(container *c, AVPacket *packet);

// "what libav says" about an error number, in a buffer of the calling thread.
const char *describe_av_error(int error);

#endif
