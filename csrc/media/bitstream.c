// Headers of H.264, HEVC, VP8, VP9 and MPEG-4 Part 2 pictures, just far enough to tell where
// decoding may start, which pictures nothing refers to and which packets hold no shown picture.
//
// Note [where decoding may start]: a container's key flag also stands on pictures from which a
// decoder recovers only gradually (H.264 periodic intra refresh). We start at IDR pictures and at
// recovery points with recovery_frame_cnt 0 (H.264), IRAP pictures (HEVC) and flagged key frames
// of codecs whose key frames reset everything. Pictures that precede such a start in presentation
// order but follow it in the file (open groups) belong to the group before.
#include "media/bitstream.h"

#include <stddef.h>
#include <stdint.h>

// An MPEG-4 "not coded" picture is never longer; a coded one of a useful size never as short.
enum { MPEG4_EMPTY_PICTURE_BYTES = 19 };

void bitstream_describe(const AVCodecParameters *parameters, bitstream *out)
{
    *out = (bitstream){.codec = parameters->codec_id};
    const uint8_t *extra = parameters->extradata;
    int size = parameters->extradata_size;
    if (out->codec == AV_CODEC_ID_H264 && size >= 7 && extra[0] == 1) {
        out->length_bytes = (extra[4] & 3) + 1;
    } else if (out->codec == AV_CODEC_ID_HEVC && size >= 23 &&
               (extra[0] != 0 || extra[1] != 0 || extra[2] > 1)) {
        out->length_bytes = (extra[21] & 3) + 1;
    }
}

bool bitstream_is_known(const bitstream *b)
{
    switch (b->codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_MSMPEG4V1:
    case AV_CODEC_ID_MSMPEG4V2:
    case AV_CODEC_ID_MSMPEG4V3:
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_MJPEG:
    case AV_CODEC_ID_PNG:
    case AV_CODEC_ID_PRORES:
    case AV_CODEC_ID_DNXHD:
    case AV_CODEC_ID_FFV1:
        return true;
    default:
        return false;
    }
}

// A walk over the NAL units of a packet.
typedef struct unit_walk {
    const uint8_t *at, *end;
    int length_bytes;
    bool malformed;
} unit_walk;

static const uint8_t *find_start_code(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 3; at++) {
        if (at[0] == 0 && at[1] == 0 && at[2] == 1) {
            return at;
        }
    }
    return end;
}

// The next unit in *unit; false at the end of the packet or at a malformed length.
static bool next_unit(unit_walk *walk, const uint8_t **unit, size_t *size)
{
    if (walk->length_bytes == 0) {
        const uint8_t *start = find_start_code(walk->at, walk->end);
        if (walk->end - start < 4) {
            return false;
        }
        *unit = start + 3;
        walk->at = find_start_code(*unit, walk->end);
        *size = (size_t)(walk->at - *unit);
        return true;
    }
    if (walk->end - walk->at < walk->length_bytes) {
        walk->malformed = walk->malformed || walk->at != walk->end;
        return false;
    }
    size_t length = 0;
    for (int k = 0; k < walk->length_bytes; k++) {
        length = length << 8 | walk->at[k];
    }
    walk->at += walk->length_bytes;
    if (length == 0 || length > (size_t)(walk->end - walk->at)) {
        walk->malformed = true;
        return false;
    }
    *unit = walk->at;
    *size = length;
    walk->at += length;
    return true;
}

// Whether an H.264 SEI unit holds a recovery point with recovery_frame_cnt 0, whose Exp-Golomb
// code is the single bit 1. Emulation prevention bytes cannot occur so early in such a unit
// unless another message precedes; then the answer is the safe one, false.
static bool has_exact_recovery_point(const uint8_t *unit, size_t size)
{
    size_t at = 1;
    while (at + 2 < size) {
        unsigned type = unit[at++];
        unsigned length = unit[at++];
        if (type == 255 || length == 255 || length > size - at) {
            return false;
        }
        if (type == 6) {
            return length > 0 && (unit[at] & 0x80) != 0;
        }
        at += length;
    }
    return false;
}

// A packet with malformed units holds a picture like any other until its decoding fails: then that
// frame is damaged, and the others keep their numbers.
static packet_kind examine_h264(const bitstream *b, const AVPacket *packet)
{
    unit_walk walk = {packet->data, packet->data + packet->size, b->length_bytes, false};
    const uint8_t *unit;
    size_t size;
    bool slices = false, plain = true, referred = false, refresh = false, recovery = false;
    while (next_unit(&walk, &unit, &size)) {
        unsigned type = unit[0] & 31;
        if (type == 1 || type == 5) {
            slices = true;
            referred = referred || (unit[0] & 0x60) != 0;
            refresh = refresh || type == 5;
            if (walk.length_bytes == 0) {
                break; // the other slices of the picture are of the same kind
            }
        } else if (type == 6) {
            recovery = recovery || has_exact_recovery_point(unit, size);
        } else if (type != 9 && type != 12) {
            plain = false; // parameter sets, partitions, layers: always to be sent
        }
    }
    bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    return (packet_kind){
        .refresh = key && (refresh || recovery),
        .droppable = slices && plain && !referred && !walk.malformed,
        .uncertain = !slices && !walk.malformed,
    };
}

// Pictures of the even types below 16 are not referred to within their own temporal layer; a higher
// layer may still do so, hence a stream with layers is tangled.
static packet_kind examine_hevc(const bitstream *b, const AVPacket *packet)
{
    unit_walk walk = {packet->data, packet->data + packet->size, b->length_bytes, false};
    const uint8_t *unit;
    size_t size;
    bool slices = false, plain = true, referred = false, refresh = false, tangled = false;
    while (next_unit(&walk, &unit, &size)) {
        unsigned type = unit[0] >> 1 & 63;
        if (type < 32) {
            slices = true;
            referred = referred || type >= 16 || (type & 1) != 0;
            refresh = refresh || (type >= 16 && type <= 23);
            tangled = tangled || size < 2 || (unit[0] & 1) != 0 || unit[1] != 1;
            if (walk.length_bytes == 0) {
                break;
            }
        } else if (type != 35 && type != 38 && type != 39 && type != 40) {
            plain = false; // all but delimiters, filler and messages: always to be sent
        }
    }
    return (packet_kind){
        .refresh = refresh && (packet->flags & AV_PKT_FLAG_KEY) != 0,
        .droppable = slices && plain && !referred && !walk.malformed,
        .tangled = tangled,
        .uncertain = !slices && !walk.malformed,
    };
}

// A packet that is one B picture and nothing else can be left out. Some old encoders put a B
// picture into the packet of the picture before it; there packets and pictures are shifted.
static packet_kind examine_mpeg4(const AVPacket *packet)
{
    const uint8_t *end = packet->data + packet->size;
    int pictures = 0, other = 0;
    bool bidirectional = false;
    for (const uint8_t *at = find_start_code(packet->data, end); end - at > 4;
         at = find_start_code(at + 3, end)) {
        bool is_picture = at[3] == 0xb6;
        pictures += is_picture ? 1 : 0;
        other += is_picture ? 0 : 1;
        bidirectional = is_picture && at[4] >> 6 == 2;
    }
    return (packet_kind){
        .refresh = (packet->flags & AV_PKT_FLAG_KEY) != 0,
        .droppable = pictures == 1 && other == 0 && bidirectional,
        .tangled = pictures > 1,
        .uncertain = packet->size <= MPEG4_EMPTY_PICTURE_BYTES,
    };
}

// Whether a VP9 frame is shown: its own show_frame bit, or a repeat of an earlier frame.
static bool vp9_is_shown(const uint8_t *frame, size_t size)
{
    if (size == 0) {
        return false;
    }
    int profile = (frame[0] >> 5 & 1) | (frame[0] >> 3 & 2);
    int bit = profile == 3 ? 2 : 3; // behind marker, profile and the reserved bit
    bool repeated = (frame[0] >> bit & 1) != 0;
    bool shown = (frame[0] >> (bit - 2) & 1) != 0;
    return repeated || shown;
}

// Counts the shown frames of a VP9 packet, which may be a superframe with hidden ones.
static int vp9_count_shown(const uint8_t *data, size_t size)
{
    uint8_t last = data[size - 1];
    size_t count = (size_t)(last & 7) + 1, width = (size_t)(last >> 3 & 3) + 1;
    size_t index_bytes = 2 + count * width;
    if ((last & 0xe0) != 0xc0 || size < index_bytes || data[size - index_bytes] != last) {
        return vp9_is_shown(data, size) ? 1 : 0;
    }
    const uint8_t *entry = data + size - index_bytes + 1;
    size_t at = 0;
    int shown = 0;
    for (size_t k = 0; k < count; k++, entry += width) {
        size_t length = 0;
        for (size_t n = 0; n < width; n++) {
            length |= (size_t)entry[n] << (8 * n);
        }
        if (length > size - index_bytes - at) {
            return 0;
        }
        shown += vp9_is_shown(data + at, length) ? 1 : 0;
        at += length;
    }
    return shown;
}

packet_kind bitstream_examine(const bitstream *b, const AVPacket *packet)
{
    packet_kind kind = {.refresh = (packet->flags & AV_PKT_FLAG_KEY) != 0};
    if (packet->size <= 0 || packet->data == NULL) {
        return (packet_kind){.uncertain = true};
    }
    switch (b->codec) {
    case AV_CODEC_ID_H264:
        return examine_h264(b, packet);
    case AV_CODEC_ID_HEVC:
        return examine_hevc(b, packet);
    case AV_CODEC_ID_VP8:
        kind.uncertain = (packet->data[0] & 0x10) == 0; // show_frame
        break;
    case AV_CODEC_ID_VP9:
        kind.uncertain = vp9_count_shown(packet->data, (size_t)packet->size) != 1;
        break;
    case AV_CODEC_ID_MPEG4:
        return examine_mpeg4(packet);
    default:
        break;
    }
    return kind;
}
