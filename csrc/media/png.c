// PNG files through libav's encoder.
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "media/compat.h"
#include "media/container.h"
#include "media/image.h"

static int open_encoder(AVCodecContext **context, int32_t width, int32_t height)
{
    const AVCodec *encoder = avcodec_find_encoder(AV_CODEC_ID_PNG);
    if (encoder == NULL) {
        return AVERROR_ENCODER_NOT_FOUND;
    }
    *context = avcodec_alloc_context3(encoder);
    if (*context == NULL) {
        return AVERROR(ENOMEM);
    }
    (*context)->width = width;
    (*context)->height = height;
    (*context)->pix_fmt = AV_PIX_FMT_RGB24;
    (*context)->time_base = (AVRational){1, 1};
    (*context)->thread_count = 1;
    (*context)->flags |= AV_CODEC_FLAG_BITEXACT;
    return avcodec_open2(*context, encoder, NULL);
}

static int fill_frame(AVFrame *frame, const uint8_t *rgb, int32_t width, int32_t height)
{
    frame->format = AV_PIX_FMT_RGB24;
    frame->width = width;
    frame->height = height;
    int error = av_frame_get_buffer(frame, 0);
    if (error < 0) {
        return error;
    }
    int bytes = width * 3;
    av_image_copy_plane(frame->data[0], frame->linesize[0], rgb, bytes, bytes, height);
    return 0;
}

static int encode(const uint8_t *rgb, int32_t width, int32_t height, AVPacket *packet)
{
    AVCodecContext *context = NULL;
    AVFrame *frame = av_frame_alloc();
    int error = frame == NULL ? AVERROR(ENOMEM) : open_encoder(&context, width, height);
    if (error >= 0) {
        error = fill_frame(frame, rgb, width, height);
    }
    if (error >= 0) {
        error = avcodec_send_frame(context, frame);
    }
    if (error >= 0) {
        error = avcodec_receive_packet(context, packet);
    }
    av_frame_free(&frame);
    avcodec_free_context(&context);
    return error;
}

sslact_status image_encode_png(const uint8_t *rgb, int32_t width, int32_t height, uint8_t **data,
                               size_t *size)
{
    compat_quieten();
    if (width < 1 || height < 1 || width > 65535 || height > 65535) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "a PNG picture of %d x %d: sides from 1 to 65535 are needed", width,
                         height);
    }
    AVPacket *packet = av_packet_alloc();
    if (packet == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for a PNG picture");
    }
    sslact_status status = SSLACT_OK;
    int error = encode(rgb, width, height, packet);
    uint8_t *copy = error < 0 ? NULL : array_create((size_t)packet->size, 1);
    if (error < 0) {
        status = error_set(SSLACT_ERROR_INTERNAL, "a PNG picture of %d x %d cannot be made: %s",
                           width, height, describe_av_error(error));
    } else if (copy == NULL) {
        status = SSLACT_ERROR_OUT_OF_MEMORY;
    } else {
        memcpy(copy, packet->data, (size_t)packet->size);
        *data = copy;
        *size = (size_t)packet->size;
    }
    av_packet_free(&packet);
    return status;
}

sslact_status image_write_png(const char *path, const uint8_t *rgb, int32_t width, int32_t height)
{
    uint8_t *data = NULL;
    size_t size = 0;
    sslact_status status = image_encode_png(rgb, width, height, &data, &size);
    if (status < 0) {
        return error_prefix("%s: ", path);
    }
    status = file_write(path, data, size);
    free(data);
    return status;
}
