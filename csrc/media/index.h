// The frame index: every packet of the stream in file order, every picture in presentation order.
//
// Note [two kinds of index]: most files are indexed from their packets alone (by_time): each
// packet has its own time and is one picture, decoding may start at any refresh packet, and a
// picture that comes out of the decoder is known by its time. Where packets do not tell
// (no times, equal times, packets without a picture, an unknown codec) the whole file is decoded
// once when it is opened. If then every picture carries the time of one packet, the index is by
// time again, with the silent packets left out; otherwise picture n is simply the n-th that the
// decoder gives from the start of the file, and reading always starts there.
#ifndef MEDIA_INDEX_H
#define MEDIA_INDEX_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "media/bitstream.h"

enum {
    INDEX_REFRESH = 1,   // decoding may start here
    INDEX_DROPPABLE = 2, // nothing refers to it
    INDEX_BROKEN = 4,    // the container says that bytes are missing or wrong
    INDEX_DISCARD = 8,   // decoded but not shown (edit lists)
    INDEX_UNCERTAIN = 16
};

// What happened to a packet in the current run of the decoder.
enum { PACKET_SENT = 1, PACKET_SEEN = 2, PACKET_BAD = 4 };

typedef struct index_packet {
    int64_t pts, dts; // AV_NOPTS_VALUE where absent
    int64_t position; // in the file, -1 unknown
    int32_t size;
    int32_t frame; // its picture in presentation order, -1 when it gives none
    uint32_t run;  // the run that `state` belongs to
    uint8_t state;
    uint8_t flags;
} index_packet;

typedef struct index_frame {
    int64_t pts;    // in units of the stream's time base
    int32_t packet; // in file order; -1 in an index that is not by time
    int32_t group;  // the packet where decoding starts for this picture
} index_frame;

typedef struct frame_index {
    index_packet *packets;
    size_t packet_count, packet_capacity;
    index_frame *frames;
    size_t frame_count, frame_capacity;
    size_t known_count; // frames has these; those from frame_count on have no certain number
    bool tangled; // while packets are added
    bool by_time;
    bool truncated; // the file announces more than it holds
    int64_t
        damaged_frame; // first picture that did not decode cleanly; only when not by time, else -1
} frame_index;

void index_clear(frame_index *index);

// Appends what one packet says.
sslact_status index_add_packet(frame_index *index, const AVPacket *packet, packet_kind kind);

// After the last packet: forgets what is said to be droppable in a tangled stream.
void index_end_packets(frame_index *index);

// Whether the packets alone tell which pictures there are.
bool index_is_trusted(const frame_index *index, const bitstream *b);

// Sets every frame's group, from the packets' flags and the frames' places; by-time indexes only.
sslact_status index_assign_groups(frame_index *index);

// Makes frames out of the packets, one for each, in order of time.
sslact_status index_from_packets(frame_index *index);

// A picture as the counting decode saw it.
typedef struct counted_frame {
    int64_t pts;   // as the packet's, AV_NOPTS_VALUE where absent
    int64_t guess; // the decoder's best effort
    bool damaged;
    bool bidirectional;
} counted_frame;

// Makes frames out of what a decode of the whole file gave. `step` is the usual distance between
// pictures, for those without any time.
sslact_status index_from_count(frame_index *index, const counted_frame *counted, size_t count,
                               int64_t step);

// The frame shown at pts, or -1; also one without a certain number. By-time indexes only.
int64_t index_find_time(const frame_index *index, int64_t pts);

#endif
