// Building and searching the frame index.
#include "media/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { PACKET_LIMIT = 1 << 28 };

void index_clear(frame_index *index)
{
    free(index->packets);
    free(index->frames);
    *index = (frame_index){.damaged_frame = -1};
}

static uint8_t list_flags(const AVPacket *packet, packet_kind kind)
{
    unsigned flags = 0;
    flags |= kind.refresh ? INDEX_REFRESH : 0;
    flags |= kind.droppable ? INDEX_DROPPABLE : 0;
    flags |= kind.uncertain ? INDEX_UNCERTAIN : 0;
    flags |= (packet->flags & AV_PKT_FLAG_CORRUPT) != 0 ? INDEX_BROKEN : 0;
    flags |= (packet->flags & AV_PKT_FLAG_DISCARD) != 0 ? INDEX_DISCARD : 0;
    return (uint8_t)flags;
}

sslact_status index_add_packet(frame_index *index, const AVPacket *packet, packet_kind kind)
{
    if (index->packet_count >= PACKET_LIMIT) {
        return error_set(SSLACT_ERROR_UNSUPPORTED, "more than %d packets", (int)PACKET_LIMIT);
    }
    sslact_status status = array_reserve((void **)&index->packets, &index->packet_capacity,
                                         index->packet_count + 1, sizeof(*index->packets));
    if (status < 0) {
        return status;
    }
    index->tangled = index->tangled || kind.tangled;
    index->packets[index->packet_count++] = (index_packet){
        .pts = packet->pts,
        .dts = packet->dts,
        .position = packet->pos,
        .size = packet->size,
        .frame = -1,
        .flags = list_flags(packet, kind),
    };
    return SSLACT_OK;
}

void index_end_packets(frame_index *index)
{
    for (size_t p = 0; index->tangled && p < index->packet_count; p++) {
        index->packets[p].flags &= (uint8_t)~INDEX_DROPPABLE;
    }
}

bool index_is_trusted(const frame_index *index, const bitstream *b)
{
    if (!bitstream_is_known(b) || index->packet_count == 0 ||
        (index->packets[0].flags & INDEX_REFRESH) == 0) {
        return false;
    }
    for (size_t p = 0; p < index->packet_count; p++) {
        const index_packet *packet = &index->packets[p];
        // A picture before the first key frame in time refers to something that is not there.
        if (packet->pts == AV_NOPTS_VALUE || (packet->flags & INDEX_UNCERTAIN) != 0 ||
            packet->pts < index->packets[0].pts) {
            return false;
        }
    }
    return true;
}

static int compare_frames(const void *a, const void *b)
{
    const index_frame *x = a, *y = b;
    if (x->pts != y->pts) {
        return x->pts < y->pts ? -1 : 1;
    }
    return (x->packet > y->packet) - (x->packet < y->packet);
}

// Equal times make pictures indistinguishable.
static bool times_differ(const frame_index *index)
{
    for (size_t n = 1; n < index->frame_count; n++) {
        if (index->frames[n].pts == index->frames[n - 1].pts) {
            return false;
        }
    }
    return true;
}

// A place where decoding may start, as long as its own picture is shown.
static bool is_start(const index_packet *packet)
{
    return (packet->flags & INDEX_REFRESH) != 0 && packet->frame >= 0;
}

// Gives every frame the last refresh packet that precedes it both in the file and in time.
sslact_status index_assign_groups(frame_index *index)
{
    // The last start not after each packet, 0 where there is none.
    int32_t *starts = array_create(index->packet_count, sizeof(*starts));
    if (starts == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t p = 1; p < index->packet_count; p++) {
        starts[p] = is_start(&index->packets[p]) ? (int32_t)p : starts[p - 1];
    }
    int32_t group = 0;
    for (size_t n = 0; n < index->frame_count; n++) {
        index_frame *frame = &index->frames[n];
        if ((index->packets[frame->packet].flags & INDEX_REFRESH) != 0 && frame->packet > group) {
            group = frame->packet;
        }
        // Rare: shown after a refresh picture although it stands before it in the file.
        frame->group = group > frame->packet ? starts[frame->packet] : group;
    }
    free(starts);
    return SSLACT_OK;
}

static void link_packets(frame_index *index)
{
    for (size_t p = 0; p < index->packet_count; p++) {
        index->packets[p].frame = -1;
    }
    for (size_t n = 0; n < index->frame_count; n++) {
        index->packets[index->frames[n].packet].frame = (int32_t)n;
    }
}

static sslact_status reserve_frames(frame_index *index, size_t count)
{
    index->frame_count = 0;
    return array_reserve((void **)&index->frames, &index->frame_capacity, count,
                         sizeof(*index->frames));
}

sslact_status index_from_packets(frame_index *index)
{
    sslact_status status = reserve_frames(index, index->packet_count);
    if (status < 0) {
        return status;
    }
    for (size_t p = 0; p < index->packet_count; p++) {
        if ((index->packets[p].flags & INDEX_DISCARD) == 0) {
            index->frames[index->frame_count++] =
                (index_frame){.pts = index->packets[p].pts, .packet = (int32_t)p};
        }
    }
    if (index->frame_count > 0) {
        qsort(index->frames, index->frame_count, sizeof(*index->frames), compare_frames);
    }
    index->known_count = index->frame_count;
    index->by_time = times_differ(index);
    link_packets(index);
    return index_assign_groups(index);
}

int64_t index_find_time(const frame_index *index, int64_t pts)
{
    size_t low = 0, high = index->known_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->frames[middle].pts < pts) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < index->known_count && index->frames[low].pts == pts ? (int64_t)low : -1;
}

// Whether every counted picture, in the order they came out, has the time of exactly one packet;
// then keeps those packets as the frames.
static bool keep_shown_packets(frame_index *index, const counted_frame *counted, size_t count)
{
    for (size_t p = 0; p < index->packet_count; p++) {
        if (index->packets[p].pts == AV_NOPTS_VALUE) {
            return false;
        }
    }
    // The frames are all packets for a moment, in order of time; shown ones move to the front.
    size_t kept = 0, at = 0;
    for (size_t n = 0; n < count; n++) {
        while (at < index->frame_count && index->frames[at].pts != counted[n].pts) {
            at++;
        }
        if (at == index->frame_count) {
            return false; // also when two pictures claim one packet, or come out of order
        }
        index->frames[kept++] = index->frames[at++];
    }
    index->frame_count = index->known_count = kept;
    return true;
}

// The first picture to distrust: pictures of a kind that refers to later ones, right before a
// damaged one, may have been made from it.
static int64_t find_damage(const counted_frame *counted, size_t count)
{
    size_t n = 0;
    while (n < count && !counted[n].damaged) {
        n++;
    }
    if (n == count) {
        return -1;
    }
    while (n > 0 && counted[n - 1].bidirectional) {
        n--;
    }
    return (int64_t)n;
}

static sslact_status frames_in_order(frame_index *index, const counted_frame *counted, size_t count,
                                     int64_t step)
{
    sslact_status status = reserve_frames(index, count);
    if (status < 0) {
        return status;
    }
    int64_t last = 0;
    for (size_t n = 0; n < count; n++) {
        int64_t pts = counted[n].guess;
        if (pts == AV_NOPTS_VALUE || (n > 0 && pts < last)) {
            pts = n == 0 ? 0 : last + step;
        }
        index->frames[n] = (index_frame){.pts = pts, .packet = -1, .group = 0};
        last = pts;
    }
    index->frame_count = index->known_count = count;
    index->by_time = false;
    index->damaged_frame = find_damage(counted, count);
    return SSLACT_OK;
}

sslact_status index_from_count(frame_index *index, const counted_frame *counted, size_t count,
                               int64_t step)
{
    sslact_status status = index_from_packets(index);
    if (status < 0) {
        return status;
    }
    if (index->by_time && keep_shown_packets(index, counted, count)) {
        link_packets(index);
        return index_assign_groups(index);
    }
    return frames_in_order(index, counted, count, step);
}
