// Writing video files.
//
// The same pictures give the same bytes: one thread, no version strings, no dates, and only what
// libx264 computes alike on all processors. The file grows
// under a temporary name in the target's folder and is renamed when it is complete and on disk.
#include "media/encoder.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "media/compat.h"
#include "media/container.h"
#include "media/encoder_codec.h"

enum {
    MAX_TIME_STEP = INT32_MAX, // what MP4's table of times can hold
    TEMPORARY_ATTEMPTS = 100,
    UNIT = 1 << 16
};

struct encoder {
    text path, temporary;
    encoder_options options;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *source; // RGB with room behind its rows: swscale reads past the last pixel
    AVFrame *frame;  // YUV
    AVPacket *packet;
    struct SwsContext *convert;
    int64_t next;
    int64_t *times; // [next] of the frames, where they have times of their own
    size_t time_capacity;
    bool header_written;
    bool failed; // a write did not succeed: finish only cleans up
};

static sslact_status fail(const encoder *e, int error, const char *doing)
{
    sslact_status status = error == AVERROR(ENOMEM) ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_ERROR_IO;
    return error_set(status, "%s: cannot %s: %s", text_get(&e->path), doing,
                     describe_av_error(error));
}

static sslact_status open_codec(encoder *e)
{
    static const char *const wanted[] = {
        [ENCODER_ANY] = "libx264 or MPEG-4", [ENCODER_H264] = "libx264", [ENCODER_MJPEG] = "MJPEG"};
    const AVCodec *codec = encoder_codec_find(e->options.codec);
    if (codec == NULL) {
        return error_set(SSLACT_ERROR_UNSUPPORTED, "%s: this build of libav cannot write %s",
                         text_get(&e->path), wanted[e->options.codec]);
    }
    e->codec = avcodec_alloc_context3(codec);
    if (e->codec == NULL) {
        return fail(e, AVERROR(ENOMEM), "encode");
    }
    encoder_codec_fill(e->codec, &e->options);
    if ((e->format->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
        e->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    int error = avcodec_open2(e->codec, codec, NULL);
    return error < 0 ? fail(e, error, "open its encoder") : SSLACT_OK;
}

static int make_picture(AVFrame *frame, enum AVPixelFormat format, const encoder_options *o)
{
    frame->format = format;
    frame->width = o->width;
    frame->height = o->height;
    return av_frame_get_buffer(frame, 0);
}

static sslact_status open_convert(encoder *e)
{
    const encoder_options *o = &e->options;
    e->convert = sws_getContext(o->width, o->height, AV_PIX_FMT_RGB24, o->width, o->height,
                                AV_PIX_FMT_YUV420P, SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT,
                                NULL, NULL, NULL);
    if (e->convert == NULL) {
        return fail(e, AVERROR(ENOMEM), "convert its colours");
    }
    int matrix = encoder_codec_is_bt709(o) ? SWS_CS_ITU709 : SWS_CS_ITU601;
    sws_setColorspaceDetails(e->convert, sws_getCoefficients(SWS_CS_DEFAULT), 1,
                             sws_getCoefficients(matrix), encoder_codec_is_full_range(o), 0, UNIT,
                             UNIT);
    int error = make_picture(e->source, AV_PIX_FMT_RGB24, o);
    if (error >= 0) {
        error = make_picture(e->frame, AV_PIX_FMT_YUV420P, o);
    }
    return error < 0 ? fail(e, error, "hold a picture") : SSLACT_OK;
}

static sslact_status reserve_temporary(encoder *e, const char *path)
{
    static atomic_uint count;
    text_append(&e->path, path);
    for (int attempt = 0; attempt < TEMPORARY_ATTEMPTS; attempt++) {
        text_clear(&e->temporary);
        text_append_format(&e->temporary, "%s.tmp-%ld-%u", path, (long)getpid(),
                           atomic_fetch_add(&count, 1u));
        if (text_status(&e->path) < 0 || text_status(&e->temporary) < 0) {
            return SSLACT_ERROR_OUT_OF_MEMORY;
        }
        int descriptor =
            open(text_get(&e->temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0) {
            close(descriptor);
            return SSLACT_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    int code = errno;
    text_clear(&e->temporary); // nothing of ours to remove
    errno = code;
    return error_set_errno(path, "cannot be created");
}

static sslact_status open_format(encoder *e)
{
    const AVOutputFormat *kind = av_guess_format(NULL, text_get(&e->path), NULL);
    bool video =
        kind != NULL && kind->video_codec != AV_CODEC_ID_NONE && (kind->flags & AVFMT_NOFILE) == 0;
    if (!video) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: its extension names no video format, use .mp4", text_get(&e->path));
    }
    int error = avformat_alloc_output_context2(&e->format, kind, NULL, text_get(&e->temporary));
    if (error < 0) {
        return fail(e, error, "make a file of this kind");
    }
    e->format->flags |= AVFMT_FLAG_BITEXACT;
    return SSLACT_OK;
}

static sslact_status write_header(encoder *e)
{
    e->stream = avformat_new_stream(e->format, NULL);
    if (e->stream == NULL) {
        return fail(e, AVERROR(ENOMEM), "add a stream");
    }
    const encoder_options *o = &e->options;
    e->stream->time_base = o->time_denominator > 0
                               ? (AVRational){o->time_numerator, o->time_denominator}
                               : e->codec->time_base;
    e->stream->avg_frame_rate = e->codec->framerate;
    int error = avcodec_parameters_from_context(e->stream->codecpar, e->codec);
    if (error >= 0) {
        error = avio_open(&e->format->pb, text_get(&e->temporary), AVIO_FLAG_WRITE);
    }
    if (error >= 0) {
        AVDictionary *options = NULL;
        av_dict_set(&options, "movflags", "+faststart", 0);
        error = avformat_write_header(e->format, &options);
        av_dict_free(&options);
    }
    e->header_written = error >= 0;
    return error < 0 ? fail(e, error, "write its header") : SSLACT_OK;
}

static void free_encoder(encoder *e)
{
    if (e->format != NULL && e->format->pb != NULL) {
        avio_closep(&e->format->pb);
    }
    if (e->temporary.length > 0) {
        unlink(e->temporary.data);
    }
    avcodec_free_context(&e->codec);
    avformat_free_context(e->format);
    av_frame_free(&e->source);
    av_frame_free(&e->frame);
    av_packet_free(&e->packet);
    sws_freeContext(e->convert);
    text_free(&e->path);
    text_free(&e->temporary);
    free(e->times);
    free(e);
}

sslact_status encoder_open(const char *path, const encoder_options *options, encoder **out)
{
    compat_quieten();
    sslact_status status = encoder_codec_check(path, options);
    if (status < 0) {
        return status;
    }
    encoder *e = array_create(1, sizeof(*e));
    if (e == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    e->options = *options;
    e->source = av_frame_alloc();
    e->frame = av_frame_alloc();
    e->packet = av_packet_alloc();
    status = reserve_temporary(e, path);
    if (status >= 0 && (e->source == NULL || e->frame == NULL || e->packet == NULL)) {
        status = fail(e, AVERROR(ENOMEM), "encode");
    }
    status = status < 0 ? status : open_format(e);
    status = status < 0 ? status : open_codec(e);
    status = status < 0 ? status : open_convert(e);
    status = status < 0 ? status : write_header(e);
    if (status < 0) {
        free_encoder(e);
        return status;
    }
    *out = e;
    return SSLACT_OK;
}

// The codec counts frames; here they get their own times. The last one stays as long as the one
// before it.
static void set_times(const encoder *e, AVPacket *packet)
{
    int64_t n = packet->pts;
    int64_t end = n + 1 < e->next ? e->times[n + 1] : 0;
    packet->duration = end > 0 ? end - e->times[n] : n > 0 ? e->times[n] - e->times[n - 1] : 1;
    packet->pts = packet->dts = e->times[n];
    av_packet_rescale_ts(packet,
                         (AVRational){e->options.time_numerator, e->options.time_denominator},
                         e->stream->time_base);
}

// Moves what the codec has ready into the file.
static int write_packets(encoder *e)
{
    for (;;) { // ends when the codec is empty
        int error = avcodec_receive_packet(e->codec, e->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) {
            return 0;
        }
        if (error >= 0) {
            e->packet->stream_index = e->stream->index;
            if (e->times != NULL) {
                set_times(e, e->packet);
            } else {
                e->packet->duration = 1;
                av_packet_rescale_ts(e->packet, e->codec->time_base, e->stream->time_base);
            }
            error = av_interleaved_write_frame(e->format, e->packet);
        }
        if (error < 0) {
            return error;
        }
    }
}

static int send_picture(encoder *e, const uint8_t *rgb)
{
    int error = av_frame_make_writable(e->frame);
    if (error < 0) {
        return error;
    }
    int row_bytes = e->options.width * 3;
    av_image_copy_plane(e->source->data[0], e->source->linesize[0], rgb, row_bytes, row_bytes,
                        e->options.height);
    sws_scale(e->convert, (const uint8_t *const *)e->source->data, e->source->linesize, 0,
              e->options.height, e->frame->data, e->frame->linesize);
    e->frame->pts = e->next++;
    e->frame->quality = e->codec->global_quality;
    return avcodec_send_frame(e->codec, e->frame);
}

static sslact_status check_write(const encoder *e, bool timed)
{
    if (e->failed) {
        return error_set(SSLACT_ERROR_IO, "%s: an earlier frame could not be written",
                         text_get(&e->path));
    }
    if (e->next > 0 && timed != (e->times != NULL)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: frames with and without times of their own in one file",
                         text_get(&e->path));
    }
    return SSLACT_OK;
}

static sslact_status write_picture(encoder *e, const uint8_t *rgb)
{
    int error = send_picture(e, rgb);
    if (error >= 0) {
        error = write_packets(e);
    }
    if (error < 0) {
        e->failed = true;
        return fail(e, error, "write a frame");
    }
    return SSLACT_OK;
}

sslact_status encoder_write(encoder *e, const uint8_t *rgb)
{
    sslact_status status = check_write(e, false);
    return status < 0 ? status : write_picture(e, rgb);
}

sslact_status encoder_write_at(encoder *e, const uint8_t *rgb, int64_t time)
{
    sslact_status status = check_write(e, true);
    if (status < 0) {
        return status;
    }
    if (!e->options.random_access || e->options.time_denominator == 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: frames get times of their own only with random_access and a unit of "
                         "times",
                         text_get(&e->path));
    }
    int64_t last = e->next > 0 ? e->times[e->next - 1] : -1;
    if (time <= last || (e->next > 0 && time - last > MAX_TIME_STEP)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: frame %lld at time %lld behind one at %lld, at least 1 and at most "
                         "%d more is accepted",
                         text_get(&e->path), (long long)e->next, (long long)time, (long long)last,
                         (int)MAX_TIME_STEP);
    }
    status = array_reserve((void **)&e->times, &e->time_capacity, (size_t)e->next + 1,
                           sizeof(*e->times));
    if (status < 0) {
        return status;
    }
    e->times[e->next] = time;
    return write_picture(e, rgb);
}

static int finish_stream(encoder *e)
{
    int error = avcodec_send_frame(e->codec, NULL);
    if (error >= 0) {
        error = write_packets(e);
    }
    if (error >= 0) {
        error = av_write_trailer(e->format);
    }
    int closed = avio_closep(&e->format->pb);
    return error < 0 ? error : closed;
}

static int sync_path(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return -1;
    }
    int result = fsync(descriptor);
    close(descriptor);
    return result;
}

// Puts the complete file under its name: its bytes, then the name, then the folder on disk.
static sslact_status commit(encoder *e)
{
    const char *path = text_get(&e->path);
    text folder = {0};
    sslact_status status = path_get_folder(path, &folder);
    if (status < 0) {
        return status;
    }
    if (sync_path(e->temporary.data) != 0 || rename(e->temporary.data, path) != 0) {
        status = error_set_errno(path, "cannot be written");
    } else {
        text_clear(&e->temporary); // nothing to remove any more
        if (sync_path(text_get(&folder)) != 0) {
            status = error_set_errno(text_get(&folder), "cannot be written");
        }
    }
    text_free(&folder);
    return status;
}

sslact_status encoder_finish(encoder *e)
{
    sslact_status status = SSLACT_OK;
    if (e->failed) {
        status = error_set(SSLACT_ERROR_IO, "%s: a frame could not be written, the file is dropped",
                           text_get(&e->path));
    } else if (e->next == 0) {
        status = error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s: a video without frames",
                           text_get(&e->path));
    } else {
        int error = finish_stream(e);
        status = error < 0 ? fail(e, error, "finish it") : commit(e);
    }
    free_encoder(e);
    return status;
}

void encoder_discard(encoder *e)
{
    if (e != NULL) {
        free_encoder(e);
    }
}
