// An open video file: demuxer and decoder of the one stream that is read.
#ifndef MEDIA_CONTAINER_H
#define MEDIA_CONTAINER_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/source.h"

// What is known about the stream that is read, whatever becomes of the demuxer.
typedef struct stream_facts {
    int stream_index, stream_count;
    AVRational time_base;
    AVCodecParameters *parameters;
    bool header_suffices; // the file's header alone gives the demuxer what it needs
} stream_facts;

typedef struct container {
    const char *path;      // borrowed
    const deadline *limit; // borrowed
    int64_t max_pixels;
    source bytes;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream; // the video stream with the most pixels, the first of equals
    stream_facts facts;
} container;

// Opens the file, nothing else yet. path and limit must outlive the container.
sslact_status container_open_source(container *c, const char *path, int64_t max_pixels,
                                    const deadline *limit);
// Opens the demuxer and the decoder. With `known` facts from an earlier opening of the same file,
// which are taken over (known->parameters becomes NULL), most files need no probing; MISMATCH when
// the file does not fit them. May be called again after it has failed.
sslact_status container_open(container *c, stream_facts *known);
// Finds out whether header_suffices holds and starts the demuxer anew at the first packet.
sslact_status container_try_header(container *c);
// Starts the demuxer anew at the first packet of the same open file.
sslact_status container_restart(container *c);
void container_close(container *c);

// The next packet of the chosen stream: 0, AVERROR_EOF or another libav error.
int container_read(container *c, AVPacket *packet);

// "what libav says" about an error number, in a buffer of the calling thread.
const char *describe_av_error(int error);

#endif
