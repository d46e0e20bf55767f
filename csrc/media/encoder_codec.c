// Which codec a file is written with, and how it is set up.
#include "media/encoder_codec.h"

#include <libavutil/opt.h>
#include <libavutil/pixfmt.h>

enum {
    DEFAULT_QUALITY = 20,
    DEFAULT_JPEG_QUALITY = 3,
    SIDE_LIMIT = 16384,
    RATE_LIMIT = 1000000,
    HD_HEIGHT = 720 // from here on players expect BT.709
};

const AVCodec *encoder_codec_find(encoder_codec wanted)
{
    if (wanted == ENCODER_MJPEG) {
        return avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    }
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    return codec != NULL || wanted == ENCODER_H264 ? codec
                                                   : avcodec_find_encoder(AV_CODEC_ID_MPEG4);
}

const char *encoder_get_codec(void)
{
    const AVCodec *codec = encoder_codec_find(ENCODER_ANY);
    return codec != NULL ? codec->name : "none";
}

bool encoder_has(encoder_codec codec)
{
    return encoder_codec_find(codec) != NULL;
}

sslact_status encoder_codec_check(const char *path, const encoder_options *o)
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
    if (o->codec == ENCODER_MJPEG && (o->quality == 1 || o->quality > 31)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: quality %d of MJPEG, 2 (best) to 31 and 0 (as 3) are accepted", path,
                         o->quality);
    }
    if (o->time_numerator < 0 || o->time_denominator < 0 ||
        (o->time_numerator == 0) != (o->time_denominator == 0)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: unit of times %d/%d, two positive numbers or 0 and 0 are accepted",
                         path, o->time_numerator, o->time_denominator);
    }
    return SSLACT_OK;
}

bool encoder_codec_is_full_range(const encoder_options *o)
{
    return o->codec == ENCODER_MJPEG;
}

bool encoder_codec_is_bt709(const encoder_options *o)
{
    return o->height >= HD_HEIGHT && o->codec != ENCODER_MJPEG;
}

static void fill_quality(AVCodecContext *codec, const encoder_options *o)
{
    if (codec->codec_id == AV_CODEC_ID_H264) {
        av_opt_set_int(codec->priv_data, "crf", o->quality > 0 ? o->quality : DEFAULT_QUALITY, 0);
        av_opt_set(codec->priv_data, "preset", "veryfast", 0);
        if (o->random_access) {
            av_opt_set(codec->priv_data, "tune", "fastdecode", 0);
        }
        // Without it the bytes depend on the processor, and with AVX-512 on what the heap held
        // before (libx264 164: nearly every run another file).
        av_opt_set(codec->priv_data, "x264-params", "cpu-independent=1", 0);
        return;
    }
    codec->flags |= AV_CODEC_FLAG_QSCALE;
    if (codec->codec_id == AV_CODEC_ID_MJPEG) {
        codec->global_quality = FF_QP2LAMBDA * (o->quality > 0 ? o->quality : DEFAULT_JPEG_QUALITY);
    } else {
        // crf 20 corresponds roughly to a quantiser of 4.
        int quality = o->quality > 0 ? o->quality : DEFAULT_QUALITY;
        codec->global_quality = FF_QP2LAMBDA * (1 + quality * 3 / 20);
    }
}

void encoder_codec_fill(AVCodecContext *codec, const encoder_options *o)
{
    int second = (o->rate_numerator + o->rate_denominator - 1) / o->rate_denominator;
    bool bt709 = encoder_codec_is_bt709(o);
    codec->width = o->width;
    codec->height = o->height;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->framerate = (AVRational){o->rate_numerator, o->rate_denominator};
    codec->time_base = av_inv_q(codec->framerate);
    codec->gop_size = o->key_frame_interval > 0 ? o->key_frame_interval : second;
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_BITEXACT;
    if (o->random_access) {
        codec->max_b_frames = 0;
    }
    codec->color_range = encoder_codec_is_full_range(o) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    codec->colorspace = bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    codec->color_primaries = bt709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    codec->color_trc = bt709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    fill_quality(codec, o);
}
