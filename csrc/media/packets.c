// The packets of the file by their number in the index: reading the next one, going to one.
#include "media/packets.h"

enum { READ_ON_PACKETS = 64 }; // up to here reading on is cheaper than seeking

// Whether what the demuxer gave is this packet of the index. The place in the file decides where
// it is known: after a seek some demuxers number times anew.
static bool is_same_packet(const AVPacket *packet, const index_packet *entry)
{
    if (packet->size != entry->size) {
        return false;
    }
    if (packet->pos >= 0 && entry->position >= 0) {
        return packet->pos == entry->position;
    }
    return packet->pts != AV_NOPTS_VALUE ? packet->pts == entry->pts : packet->dts == entry->dts;
}

static int32_t locate_packet(const video *v, const AVPacket *packet)
{
    int64_t frame = packet->pts == AV_NOPTS_VALUE ? -1 : index_find_time(&v->index, packet->pts);
    if (frame >= 0 && is_same_packet(packet, &v->index.packets[v->index.frames[frame].packet])) {
        return v->index.frames[frame].packet;
    }
    for (size_t p = 0; p < v->index.packet_count; p++) {
        if (is_same_packet(packet, &v->index.packets[p])) {
            return (int32_t)p;
        }
    }
    return -1;
}

// After an error the demuxer's state is unknown: the next run opens it anew.
static sslact_status report_read_error(video *v, int error)
{
    int32_t number = v->next_packet;
    v->next_packet = -1;
    v->stale = true;
    if (deadline_passed(&v->limit)) {
        return deadline_report(&v->limit, v->path);
    }
    return error_set(SSLACT_ERROR_DECODE, "%s: cannot be read at packet %d: %s", v->path, number,
                     describe_av_error(error));
}

// Makes v->packet packet number next_packet; *ended at the end of the file.
sslact_status packets_fetch(video *v, bool *ended)
{
    *ended = false;
    if (v->pending) {
        return SSLACT_OK;
    }
    if (v->next_packet == (int32_t)v->index.packet_count) {
        *ended = true;
        return SSLACT_OK;
    }
    int error = container_read(&v->file, v->packet);
    if (error == AVERROR_EOF && !deadline_passed(&v->limit)) {
        *ended = true;
        return SSLACT_OK;
    }
    if (error < 0) {
        return report_read_error(v, error);
    }
    if (!is_same_packet(v->packet, &v->index.packets[v->next_packet])) {
        v->misfit = true;
        sslact_status status =
            error_set(SSLACT_ERROR_DECODE,
                      "%s: packet %d is not the one indexed, the file changed while it was open",
                      v->path, v->next_packet);
        v->next_packet = -1;
        return status;
    }
    v->pending = true;
    return SSLACT_OK;
}

void packets_consume(video *v)
{
    av_packet_unref(v->packet);
    v->pending = false;
    v->next_packet++;
}

static sslact_status restart_demuxer(video *v)
{
    sslact_status status = container_restart(&v->file);
    av_packet_unref(v->packet);
    v->pending = false;
    v->next_packet = status < 0 ? -1 : 0;
    v->stale = status < 0;
    return status;
}

// Seeks to a time; true when the demuxer then stands at `number` or before it.
static bool seek_to_time(video *v, int64_t time, int32_t number)
{
    av_packet_unref(v->packet);
    v->pending = false;
    v->next_packet = -1;
    if (time == AV_NOPTS_VALUE ||
        avformat_seek_file(v->file.format, v->file.stream->index, INT64_MIN, time, time, 0) < 0) {
        return false;
    }
    if (container_read(&v->file, v->packet) < 0) {
        v->stale = deadline_passed(&v->limit);
        return false;
    }
    int32_t found = locate_packet(v, v->packet);
    if (found < 0 || found > number) {
        return false;
    }
    v->pending = true;
    v->next_packet = found;
    return true;
}

// Reads packets away until `number` is the next; false where the file does not follow the index.
static bool read_on_to(video *v, int32_t number)
{
    bool ended = false;
    while (v->next_packet >= 0 && v->next_packet < number) {
        if (packets_fetch(v, &ended) < 0 || ended) {
            return false;
        }
        packets_consume(v);
    }
    return v->next_packet == number;
}

sslact_status packets_go_to(video *v, int32_t number)
{
    bool near = v->next_packet >= 0 && number >= v->next_packet &&
                number - v->next_packet <= READ_ON_PACKETS;
    if (near && read_on_to(v, number)) {
        return SSLACT_OK;
    }
    const index_packet *target = &v->index.packets[number];
    int64_t times[2] = {target->pts, target->dts};
    for (int k = 0; k < 2 && v->index.by_time && !v->stale; k++) {
        if (seek_to_time(v, times[k], number) && read_on_to(v, number)) {
            return SSLACT_OK;
        }
    }
    if (deadline_passed(&v->limit)) {
        return deadline_report(&v->limit, v->path);
    }
    sslact_status status = restart_demuxer(v);
    if (status >= 0 && !read_on_to(v, number)) {
        v->next_packet = -1;
        v->misfit = true;
        return deadline_passed(&v->limit) ? deadline_report(&v->limit, v->path)
                                          : error_set(SSLACT_ERROR_DECODE,
                                                      "%s: packet %d cannot be reached, the file "
                                                      "changed while it was open",
                                                      v->path, number);
    }
    return status;
}
