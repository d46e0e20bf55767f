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
#include <libavutil/opt.h>
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

enum {
    DEFAULT_QUALITY = 20,
    SIDE_LIMIT = 16384,
    RATE_LIMIT = 1000000,
    HD_HEIGHT = 720, // from here on players expect BT.709
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
    bool header_written;
    bool failed; // a write did not succeed: finish only cleans up
};

static const AVCodec *find_codec(void)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    return codec != NULL ? codec : avcodec_find_encoder(AV_CODEC_ID_MPEG4);
}

const char *encoder_get_codec(void)
{
    const AVCodec *codec = find_codec();
    return codec != NULL ? codec->name : "none";
}

static sslact_status fail(const encoder *e, int error, const char *doing)
{
    sslact_status status = error == AVERROR(ENOMEM) ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_ERROR_IO;
    return error_set(status, "%s: cannot %s: %s", text_get(&e->path), doing,
                     describe_av_error(error));
}

static sslact_status check_options(const char *path, const encoder_options *o)
{
    if (o->width < 2 || o->height < 2 || o->width % 2 != 0 || o->height % 2 != 0 ||
        o->width > SIDE_LIMIT || o->height > SIDE_LIMIT) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: a video of %d x %d, even sides from 2 to %d are needed", path,
                         o->width, o->height, (int)SIDE_LIMIT);
    }
    if (o->rate_numerator < 1 || o->rate_denominator < 1 || o->rate_numerator > RATE_LIMIT ||
        o->rate_denominator > RATE_LIMIT || o->key_frame_interval < 0 || o->quality < 0 ||
        o->quality > 51) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: rate %d/%d, key frame interval %d, quality %d; the rate's parts are "
                         "from 1 to %d, the interval not negative, the quality from 0 to 51",
                         path, o->rate_numerator, o->rate_denominator, o->key_frame_interval,
                         o->quality, (int)RATE_LIMIT);
    }
    return SSLACT_OK;
}

static void fill_codec(AVCodecContext *codec, const encoder_options *o)
{
    int quality = o->quality > 0 ? o->quality : DEFAULT_QUALITY;
    int second = (o->rate_numerator + o->rate_denominator - 1) / o->rate_denominator;
    codec->width = o->width;
    codec->height = o->height;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->framerate = (AVRational){o->rate_numerator, o->rate_denominator};
    codec->time_base = av_inv_q(codec->framerate);
    codec->gop_size = o->key_frame_interval > 0 ? o->key_frame_interval : second;
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_BITEXACT;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->colorspace = o->height >= HD_HEIGHT ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    codec->color_primaries = o->height >= HD_HEIGHT ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    codec->color_trc = o->height >= HD_HEIGHT ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    if (codec->codec_id == AV_CODEC_ID_H264) {
        av_opt_set_int(codec->priv_data, "crf", quality, 0);
        av_opt_set(codec->priv_data, "preset", "veryfast", 0);
        // Without it the bytes depend on the processor, and with AVX-512 on what the heap held
        // before (libx264 164: nearly every run another file).
        av_opt_set(codec->priv_data, "x264-params", "cpu-independent=1", 0);
    } else {
        // crf 20 corresponds roughly to a quantiser of 4.
        codec->flags |= AV_CODEC_FLAG_QSCALE;
        codec->global_quality = FF_QP2LAMBDA * (1 + quality * 3 / 20);
    }
}

static sslact_status open_codec(encoder *e)
{
    const AVCodec *codec = find_codec();
    if (codec == NULL) {
        return error_set(SSLACT_ERROR_UNSUPPORTED,
                         "%s: this build of libav has neither libx264 nor MPEG-4",
                         text_get(&e->path));
    }
    e->codec = avcodec_alloc_context3(codec);
    if (e->codec == NULL) {
        return fail(e, AVERROR(ENOMEM), "encode");
    }
    fill_codec(e->codec, &e->options);
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
    int matrix = o->height >= HD_HEIGHT ? SWS_CS_ITU709 : SWS_CS_ITU601;
    sws_setColorspaceDetails(e->convert, sws_getCoefficients(SWS_CS_DEFAULT), 1,
                             sws_getCoefficients(matrix), 0, 0, UNIT, UNIT);
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
    e->stream->time_base = e->codec->time_base;
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
    free(e);
}

sslact_status encoder_open(const char *path, const encoder_options *options, encoder **out)
{
    compat_quieten();
    sslact_status status = check_options(path, options);
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
            e->packet->duration = 1;
            av_packet_rescale_ts(e->packet, e->codec->time_base, e->stream->time_base);
            error = av_interleaved_write_frame(e->format, e->packet);
        }
        if (error < 0) {
            return error;
        }
    }
}

sslact_status encoder_write(encoder *e, const uint8_t *rgb)
{
    if (e->failed) {
        return error_set(SSLACT_ERROR_IO, "%s: an earlier frame could not be written",
                         text_get(&e->path));
    }
    int error = av_frame_make_writable(e->frame);
    if (error >= 0) {
        int row_bytes = e->options.width * 3;
        av_image_copy_plane(e->source->data[0], e->source->linesize[0], rgb, row_bytes, row_bytes,
                            e->options.height);
        sws_scale(e->convert, (const uint8_t *const *)e->source->data, e->source->linesize, 0,
                  e->options.height, e->frame->data, e->frame->linesize);
        e->frame->pts = e->next;
        error = avcodec_send_frame(e->codec, e->frame);
    }
    if (error >= 0) {
        error = write_packets(e);
    }
    if (error < 0) {
        e->failed = true;
        return fail(e, error, "write a frame");
    }
    e->next++;
    return SSLACT_OK;
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
