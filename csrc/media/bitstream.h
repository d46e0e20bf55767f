// What can be said about a compressed picture without decoding it.
#ifndef MEDIA_BITSTREAM_H
#define MEDIA_BITSTREAM_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>

typedef struct packet_kind {
    bool refresh;   // decoding may start here: every later picture in presentation order is exact
    bool droppable; // no other picture refers to it (H.264, HEVC, MPEG-4 Part 2)
    bool tangled;   // in streams with such a packet droppable means nothing
    bool uncertain; // may give no picture or several: ask the decoder
} packet_kind;

// How the pictures of this stream are laid out, read once from its parameters.
typedef struct bitstream {
    enum AVCodecID codec;
    int length_bytes; // of NAL units' length fields; 0 = start codes
} bitstream;

void bitstream_describe(const AVCodecParameters *parameters, bitstream *out);

// False for codecs of which we do not know that one packet is one picture.
bool bitstream_is_known(const bitstream *b);

packet_kind bitstream_examine(const bitstream *b, const AVPacket *packet);

#endif
