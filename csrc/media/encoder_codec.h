// The codec of a video that is written.
#ifndef MEDIA_ENCODER_CODEC_H
#define MEDIA_ENCODER_CODEC_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>

#include "media/encoder.h"

// NULL where this build has none.
const AVCodec *encoder_codec_find(encoder_codec wanted);
// INVALID_ARGUMENT with the path in front.
sslact_status encoder_codec_check(const char *path, const encoder_options *o);
// JPEG knows one matrix and the full range only.
bool encoder_codec_is_full_range(const encoder_options *o);
bool encoder_codec_is_bt709(const encoder_options *o);
// Sets the context up before it is opened.
void encoder_codec_fill(AVCodecContext *codec, const encoder_options *o);

#endif
