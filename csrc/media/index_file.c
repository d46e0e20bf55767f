// Kept frame indexes as bytes.
//
// Layout: magic, form, versions of libav, checksum of the rest; then the key, the stream's facts
// and the index. Numbers are variable-length, seven bits a byte; those that may be negative are
// folded, and what grows from packet to packet is kept as a difference, about eight bytes a packet.
#include "media/index_file.h"

#include <libavutil/crc.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static const char magic[8] = "SSLVIDX";

enum {
    FORM = 2,
    PREFIX_BYTES = 24, // magic, form, two versions, checksum
    LEAST_PACKET_BYTES = 6,
    EXTRADATA_LIMIT = 1 << 20,
    FLAGS_LIMIT = 32 // INDEX_... flags
};

// ---- writing ----

static void put_number(text *out, uint64_t value)
{
    char bytes[10];
    size_t count = 0;
    do {
        bytes[count++] = (char)((value & 127) | (value > 127 ? 128 : 0));
        value >>= 7;
    } while (value > 0);
    text_append_bytes(out, bytes, count);
}

// 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
static void put_signed(text *out, int64_t value)
{
    uint64_t twice = (uint64_t)value << 1;
    put_number(out, value < 0 ? ~twice : twice);
}

// Differences wrap around, so that any pair of times has one.
static void put_difference(text *out, int64_t value, int64_t base)
{
    put_signed(out, (int64_t)((uint64_t)value - (uint64_t)base));
}

static void put_fixed(text *out, uint32_t value)
{
    char bytes[4];
    for (int k = 0; k < 4; k++) {
        bytes[k] = (char)(value >> (8 * k));
    }
    text_append_bytes(out, bytes, sizeof(bytes));
}

enum { PARAMETER_COUNT = 18 };

// The numbers of a stream's parameters that its decoder is given.
static void list_parameters(AVCodecParameters *p, int *out[PARAMETER_COUNT])
{
    int *all[PARAMETER_COUNT] = {
        (int *)&p->codec_id,
        (int *)&p->codec_tag,
        &p->format,
        &p->bits_per_coded_sample,
        &p->bits_per_raw_sample,
        &p->profile,
        &p->level,
        &p->width,
        &p->height,
        &p->sample_aspect_ratio.num,
        &p->sample_aspect_ratio.den,
        (int *)&p->field_order,
        (int *)&p->color_range,
        (int *)&p->color_primaries,
        (int *)&p->color_trc,
        (int *)&p->color_space,
        (int *)&p->chroma_location,
        &p->video_delay,
    };
    memcpy(out, all, sizeof(all));
}

static void put_facts(text *out, const stream_facts *facts, orientation turn)
{
    put_number(out, (uint64_t)facts->stream_index);
    put_number(out, (uint64_t)facts->stream_count);
    put_number(out, (uint64_t)facts->time_base.num);
    put_number(out, (uint64_t)facts->time_base.den);
    put_number(out, facts->header_suffices ? 1 : 0);
    put_number(out,
               (turn.transpose ? 1u : 0) | (turn.mirror_x ? 2u : 0) | (turn.mirror_y ? 4u : 0));
    int *numbers[PARAMETER_COUNT];
    list_parameters(facts->parameters, numbers);
    for (int k = 0; k < PARAMETER_COUNT; k++) {
        put_signed(out, *numbers[k]);
    }
    put_number(out, (uint64_t)facts->parameters->extradata_size);
    text_append_bytes(out, (const char *)facts->parameters->extradata,
                      (size_t)facts->parameters->extradata_size);
}

static void put_packets(text *out, const frame_index *index)
{
    index_packet last = {.frame = -1};
    put_number(out, index->packet_count);
    for (size_t p = 0; p < index->packet_count; p++) {
        const index_packet *packet = &index->packets[p];
        put_difference(out, packet->pts, last.pts);
        put_difference(out, packet->dts, last.dts);
        put_difference(out, packet->position, last.position + last.size);
        put_number(out, (uint64_t)packet->size);
        put_signed(out, (int64_t)packet->frame - last.frame);
        put_number(out, packet->flags);
        last = *packet;
    }
}

static void put_index(text *out, const frame_index *index)
{
    put_number(out, (index->by_time ? 1u : 0) | (index->truncated ? 2u : 0));
    put_signed(out, index->damaged_frame);
    put_packets(out, index);
    put_number(out, index->known_count);
    put_number(out, index->frame_count);
    int64_t last = 0;
    for (size_t n = 0; n < index->known_count && !index->by_time; n++) {
        put_difference(out, index->frames[n].pts, last);
        last = index->frames[n].pts;
    }
}

static uint32_t sum_bytes(const uint8_t *data, size_t size)
{
    return av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), UINT32_MAX, data, size);
}

void index_file_encode(const index_key *key, const stream_facts *facts, orientation turn,
                       const frame_index *index, text *out)
{
    text body = {0};
    put_number(&body, strlen(key->path));
    text_append(&body, key->path);
    put_signed(&body, key->size);
    put_signed(&body, key->modified_ns);
    put_facts(&body, facts, turn);
    put_index(&body, index);

    text_append_bytes(out, magic, sizeof(magic));
    put_fixed(out, FORM);
    put_fixed(out, avformat_version());
    put_fixed(out, avcodec_version());
    put_fixed(out, sum_bytes((const uint8_t *)text_get(&body), body.length));
    text_append_bytes(out, text_get(&body), body.length);
    out->failed = out->failed || body.failed;
    text_free(&body);
}

// ---- reading ----

// After the first thing that is wrong everything reads as 0 and `failed` stays set.
typedef struct byte_reader {
    const uint8_t *at, *end;
    bool failed;
} byte_reader;

static uint64_t get_number(byte_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            return value;
        }
    }
    r->failed = true;
    r->at = r->end;
    return 0;
}

static int64_t get_signed(byte_reader *r)
{
    uint64_t folded = get_number(r);
    return (int64_t)(folded >> 1 ^ (0 - (folded & 1)));
}

static int64_t get_difference(byte_reader *r, int64_t base)
{
    return (int64_t)((uint64_t)get_signed(r) + (uint64_t)base);
}

static int64_t get_bounded(byte_reader *r, int64_t low, int64_t high)
{
    int64_t value = get_signed(r);
    if (value < low || value > high) {
        r->failed = true;
        return low;
    }
    return value;
}

static size_t get_count(byte_reader *r, size_t limit)
{
    uint64_t value = get_number(r);
    if (value > limit) {
        r->failed = true;
        return 0;
    }
    return (size_t)value;
}

static const uint8_t *get_bytes(byte_reader *r, size_t count)
{
    if (count > (size_t)(r->end - r->at)) {
        r->failed = true;
        r->at = r->end;
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += count;
    return bytes;
}

static bool check_key(byte_reader *r, const index_key *key)
{
    size_t length = get_count(r, INDEX_FILE_LIMIT);
    const uint8_t *path = get_bytes(r, length);
    int64_t size = get_signed(r), modified_ns = get_signed(r);
    return !r->failed && length == strlen(key->path) && memcmp(path, key->path, length) == 0 &&
           size == key->size && modified_ns == key->modified_ns;
}

static bool get_extradata(byte_reader *r, AVCodecParameters *p)
{
    size_t size = get_count(r, EXTRADATA_LIMIT);
    const uint8_t *bytes = get_bytes(r, size);
    if (r->failed || size == 0) {
        return !r->failed;
    }
    p->extradata = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (p->extradata == NULL) {
        return false;
    }
    memcpy(p->extradata, bytes, size);
    p->extradata_size = (int)size;
    return true;
}

static bool get_facts(byte_reader *r, kept_index *out)
{
    stream_facts *facts = &out->facts;
    facts->stream_index = (int)get_count(r, INT_MAX);
    facts->stream_count = (int)get_count(r, INT_MAX);
    facts->time_base.num = (int)get_count(r, INT_MAX);
    facts->time_base.den = (int)get_count(r, INT_MAX);
    facts->header_suffices = get_count(r, 1) != 0;
    size_t turn = get_count(r, 7);
    out->turn = (orientation){(turn & 1) != 0, (turn & 2) != 0, (turn & 4) != 0};
    facts->parameters = avcodec_parameters_alloc();
    if (r->failed || facts->parameters == NULL) {
        return false;
    }
    facts->parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    int *numbers[PARAMETER_COUNT];
    list_parameters(facts->parameters, numbers);
    for (int k = 0; k < PARAMETER_COUNT; k++) {
        *numbers[k] = (int)get_bounded(r, INT_MIN, INT_MAX);
    }
    const AVCodecParameters *p = facts->parameters;
    return get_extradata(r, facts->parameters) && p->width >= 0 && p->height >= 0 &&
           p->video_delay >= 0 && facts->stream_index < facts->stream_count &&
           facts->time_base.num > 0 && facts->time_base.den > 0;
}

static bool get_packets(byte_reader *r, frame_index *index)
{
    size_t count = get_count(r, (size_t)(r->end - r->at) / LEAST_PACKET_BYTES);
    if (r->failed || array_reserve((void **)&index->packets, &index->packet_capacity, count,
                                   sizeof(*index->packets)) < 0) {
        return false;
    }
    index_packet last = {.frame = -1};
    for (size_t p = 0; p < count; p++) {
        index_packet packet = {0};
        packet.pts = get_difference(r, last.pts);
        packet.dts = get_difference(r, last.dts);
        packet.position = get_difference(r, last.position + last.size);
        packet.size = (int32_t)get_count(r, INT32_MAX);
        packet.frame = (int32_t)(get_bounded(r, -(int64_t)count - 1, (int64_t)count) + last.frame);
        packet.flags = (uint8_t)get_count(r, FLAGS_LIMIT - 1);
        if (r->failed || packet.position < -1 || packet.position > INT64_MAX - INT32_MAX ||
            packet.frame < -1 || packet.frame >= (int64_t)count) {
            return false;
        }
        index->packets[p] = last = packet;
    }
    index->packet_count = count;
    return true;
}

// By time: every frame belongs to one packet, and times ascend.
static bool link_frames(frame_index *index)
{
    for (size_t n = 0; n < index->known_count; n++) {
        index->frames[n].packet = -1;
    }
    size_t linked = 0;
    for (size_t p = 0; p < index->packet_count; p++) {
        int32_t n = index->packets[p].frame;
        if (n < 0) {
            continue;
        }
        if ((size_t)n >= index->known_count || index->frames[n].packet >= 0) {
            return false;
        }
        index->frames[n] = (index_frame){.pts = index->packets[p].pts, .packet = (int32_t)p};
        linked++;
    }
    for (size_t n = 1; linked == index->known_count && n < linked; n++) {
        if (index->frames[n].pts <= index->frames[n - 1].pts) {
            return false;
        }
    }
    return linked == index->known_count;
}

static void get_frame_times(byte_reader *r, frame_index *index)
{
    int64_t last = 0;
    for (size_t n = 0; n < index->known_count; n++) {
        last = get_difference(r, last);
        index->frames[n] = (index_frame){.pts = last, .packet = -1};
    }
}

static bool get_frames(byte_reader *r, frame_index *index)
{
    size_t limit = index->by_time ? index->packet_count : (size_t)(r->end - r->at);
    size_t known = get_count(r, limit), count = get_count(r, known);
    if (r->failed || count == 0 ||
        array_reserve((void **)&index->frames, &index->frame_capacity, known,
                      sizeof(*index->frames)) < 0) {
        return false;
    }
    index->known_count = known;
    index->frame_count = count;
    if (!index->by_time) {
        get_frame_times(r, index);
        return !r->failed;
    }
    return link_frames(index) && index_assign_groups(index) >= 0;
}

static bool get_index(byte_reader *r, frame_index *index)
{
    size_t kind = get_count(r, 3);
    index->by_time = (kind & 1) != 0;
    index->truncated = (kind & 2) != 0;
    index->damaged_frame = get_bounded(r, -1, INT32_MAX);
    return !r->failed && get_packets(r, index) && get_frames(r, index);
}

static uint32_t get_fixed(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool check_prefix(const uint8_t *data, size_t size)
{
    return size > PREFIX_BYTES && memcmp(data, magic, sizeof(magic)) == 0 &&
           get_fixed(data + 8) == FORM && get_fixed(data + 12) == avformat_version() &&
           get_fixed(data + 16) == avcodec_version() &&
           get_fixed(data + 20) == sum_bytes(data + PREFIX_BYTES, size - PREFIX_BYTES);
}

void kept_index_clear(kept_index *kept)
{
    avcodec_parameters_free(&kept->facts.parameters);
    index_clear(&kept->index);
    *kept = (kept_index){.index.damaged_frame = -1};
}

bool index_file_decode(const uint8_t *data, size_t size, const index_key *key, kept_index *out)
{
    *out = (kept_index){.index.damaged_frame = -1};
    if (!check_prefix(data, size)) {
        return false;
    }
    byte_reader reader = {data + PREFIX_BYTES, data + size, false};
    if (check_key(&reader, key) && get_facts(&reader, out) && get_index(&reader, &out->index) &&
        reader.at == reader.end) {
        return true;
    }
    kept_index_clear(out);
    return false;
}
