// Telling files that are cut off.
#include "media/truncation.h"

#include <string.h>
#include <unistd.h>

#include "media/compat.h"

enum { HEADER_BYTES = 4096 };

// A variable-length number of EBML whose first bytes are at `data`; false when it does not end
// before `end`, or is the reserved value for "unknown".
static bool read_ebml_size(const uint8_t **data, const uint8_t *end, uint64_t *out)
{
    const uint8_t *at = *data;
    int length = 1;
    while (at < end && length <= 8 && (at[0] & (0x80 >> (length - 1))) == 0) {
        length++;
    }
    if (length > 8 || end - at < length) {
        return false;
    }
    uint64_t value = at[0] & (0xff >> length);
    for (int k = 1; k < length; k++) {
        value = value << 8 | at[k];
    }
    *data = at + length;
    *out = value;
    return value != (UINT64_C(1) << (7 * length)) - 1;
}

// The file begins with a header element and the segment that holds everything else.
static bool matroska_lacks_bytes(const source *bytes)
{
    static const uint8_t segment_id[4] = {0x18, 0x53, 0x80, 0x67};
    uint8_t buffer[HEADER_BYTES];
    ssize_t count = pread(bytes->descriptor, buffer, sizeof(buffer), 0);
    uint64_t size = 0;
    if (count < 12) {
        return false;
    }
    const uint8_t *at = buffer + 4, *end = buffer + count;
    if (!read_ebml_size(&at, end, &size) || size > (uint64_t)(end - at) ||
        (size_t)(end - at) - size < sizeof(segment_id)) {
        return false;
    }
    at += size;
    if (memcmp(at, segment_id, sizeof(segment_id)) != 0) {
        return false;
    }
    at += sizeof(segment_id);
    return read_ebml_size(&at, end, &size) && size > (uint64_t)(bytes->size - (at - buffer));
}

bool truncation_find(const container *c, const frame_index *index)
{
    const char *name = c->format->iformat->name;
    size_t count = index->packet_count;
    if (index->truncated || (count > 0 && (index->packets[count - 1].flags & INDEX_BROKEN) != 0)) {
        return true;
    }
    if (strncmp(name, "mov,", 4) == 0) {
        return (size_t)compat_count_index_entries(c->stream) > count;
    }
    if (strcmp(name, "avi") == 0) {
        return c->stream->nb_frames > 0 && (uint64_t)c->stream->nb_frames > count;
    }
    return strncmp(name, "matroska", 8) == 0 && matroska_lacks_bytes(&c->bytes);
}

void truncation_trim(frame_index *index, int reorder_depth)
{
    if (!index->by_time) {
        size_t depth = reorder_depth > 0 ? (size_t)reorder_depth : 0;
        index->frame_count = index->frame_count > depth ? index->frame_count - depth : 0;
        return;
    }
    // A lost packet is decoded after all that are there, and shown after it is decoded: whatever
    // is shown no later than the last one is decoded stands before every lost picture.
    int64_t last =
        index->packet_count > 0 ? index->packets[index->packet_count - 1].dts : AV_NOPTS_VALUE;
    while (last != AV_NOPTS_VALUE && index->frame_count > 0 &&
           index->frames[index->frame_count - 1].pts > last) {
        index->frame_count--;
    }
}
