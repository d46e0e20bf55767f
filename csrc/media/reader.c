// Which packets are read and sent so that exactly the wanted pictures come out, equal to those
// of a decode of the whole file; and the damage that is found on the way.
//
// Note [held pictures]: a picture may come out of the decoder before another one that it was made
// from and whose damage libav reports only with that other picture. So a wanted picture is handed
// out only when all packets from its group's start up to its own have proved good.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "media/packets.h"

enum { ERROR_STREAK_LIMIT = 256 };

// The frames that one call wants, from the next one on.
typedef struct wanted {
    const int64_t *frames;
    size_t count;
} wanted;

static bool is_wanted(const wanted *w, int64_t number)
{
    size_t low = 0, high = w->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->frames[middle] < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < w->count && w->frames[low] == number;
}

// ---- held pictures ----

static void drop_held(video *v, size_t count)
{
    if (count == 0) {
        return;
    }
    for (size_t k = 0; k < count; k++) {
        av_frame_free(&v->held[k].frame);
    }
    memmove(v->held, v->held + count, (v->held_count - count) * sizeof(*v->held));
    v->held_count -= count;
}

static sslact_status hold(video *v, int64_t number)
{
    sslact_status status =
        array_reserve((void **)&v->held, &v->held_capacity, v->held_count + 1, sizeof(*v->held));
    if (status < 0) {
        return status;
    }
    AVFrame *frame = av_frame_alloc();
    if (frame == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a picture", v->path);
    }
    av_frame_move_ref(frame, v->frame);
    v->held[v->held_count++] = (held_picture){frame, number};
    return SSLACT_OK;
}

static uint8_t get_state(const video *v, const index_packet *packet)
{
    return packet->run == v->run ? packet->state : 0;
}

static void mark(video *v, int32_t number, uint8_t state)
{
    index_packet *packet = &v->index.packets[number];
    packet->state = (uint8_t)(get_state(v, packet) | state);
    packet->run = v->run;
}

// Begins a new run of the decoder at a packet.
static sslact_status start_run(video *v, int32_t number)
{
    avcodec_flush_buffers(v->file.codec);
    drop_held(v, v->held_count);
    v->run++;
    v->start_packet = number;
    v->judged_group = -1;
    v->draining = v->drained = false;
    v->error_streak = 0;
    v->last_frame = -1;
    sslact_status status = packets_go_to(v, number);
    if (status < 0) {
        v->run++; // nothing of this run may be continued
        v->start_packet = INT32_MAX;
    }
    return status;
}

// ---- pictures that come out ----

static int64_t identify(const video *v, const AVFrame *frame)
{
    if (v->index.by_time) {
        return frame->pts == AV_NOPTS_VALUE ? -1 : index_find_time(&v->index, frame->pts);
    }
    return v->last_frame + 1 < (int64_t)v->index.frame_count ? v->last_frame + 1 : -1;
}

static bool is_damaged(const AVFrame *frame)
{
    return frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0;
}

static sslact_status take_frame(video *v, const wanted *w)
{
    int64_t number = identify(v, v->frame);
    v->error_streak = 0;
    if (number < 0) {
        log_write(SSLACT_LOG_DEBUG, "media", "%s: a picture that is not in the index came out",
                  v->path);
        av_frame_unref(v->frame);
        return SSLACT_OK;
    }
    if (v->index.by_time) {
        uint8_t damage = is_damaged(v->frame) ? PACKET_BAD : 0;
        mark(v, v->index.frames[number].packet, (uint8_t)(PACKET_SEEN | damage));
    }
    bool keep = number > v->last_frame && is_wanted(w, number);
    v->last_frame = number > v->last_frame ? number : v->last_frame;
    if (keep) {
        return hold(v, number);
    }
    av_frame_unref(v->frame);
    return SSLACT_OK;
}

// ---- driving the decoder ----

static bool may_drop(const video *v, const index_packet *packet, const wanted *w)
{
    return v->index.by_time && !v->options.no_frame_skipping &&
           (packet->flags & INDEX_DROPPABLE) != 0 && !is_wanted(w, packet->frame);
}

static void note_error(video *v)
{
    int32_t last = v->next_packet - 1;
    if (last >= 0 && v->index.by_time) {
        mark(v, last, PACKET_BAD);
    }
    if (++v->error_streak > ERROR_STREAK_LIMIT) {
        v->drained = true; // nothing more is expected of this run
    }
}

static void send_packet(video *v)
{
    index_packet *entry = &v->index.packets[v->next_packet];
    mark(v, v->next_packet,
         (uint8_t)(PACKET_SENT | ((entry->flags & INDEX_BROKEN) != 0 ? PACKET_BAD : 0)));
    if (v->index.by_time) {
        v->packet->pts = entry->pts; // also where a seek made the demuxer lose count
    }
    v->sent_count++;
    int error = avcodec_send_packet(v->file.codec, v->packet);
    packets_consume(v);
    if (error < 0) {
        note_error(v);
    }
}

static sslact_status feed(video *v, const wanted *w)
{
    bool ended;
    sslact_status status = packets_fetch(v, &ended);
    if (status < 0) {
        return status;
    }
    if (ended) {
        avcodec_send_packet(v->file.codec, NULL);
        v->draining = true;
    } else if (may_drop(v, &v->index.packets[v->next_packet], w)) {
        packets_consume(v);
    } else {
        send_packet(v);
    }
    return SSLACT_OK;
}

// Takes one picture out of the decoder or puts one packet in. Each call makes progress towards
// the end of the file, so that loops over it end.
static sslact_status step(video *v, const wanted *w)
{
    if (deadline_passed(&v->limit)) {
        return deadline_report(&v->limit, v->path);
    }
    int error = avcodec_receive_frame(v->file.codec, v->frame);
    if (error == 0) {
        return take_frame(v, w);
    }
    if (error == AVERROR_EOF) {
        v->drained = true;
        return SSLACT_OK;
    }
    if (error != AVERROR(EAGAIN)) {
        note_error(v);
        return SSLACT_OK;
    }
    if (v->draining) {
        v->drained = true;
        return SSLACT_OK;
    }
    return feed(v, w);
}

// ---- judging ----

typedef enum verdict { VERDICT_GOOD, VERDICT_WAIT, VERDICT_BAD } verdict;

static verdict judge_packet(const video *v, int32_t number, int64_t group_frame)
{
    const index_packet *packet = &v->index.packets[number];
    uint8_t state = get_state(v, packet);
    if (number >= v->next_packet) {
        return VERDICT_WAIT;
    }
    if (packet->frame >= 0 && packet->frame < group_frame) {
        return VERDICT_GOOD; // belongs to the group before, later pictures do not refer to it
    }
    if ((state & PACKET_BAD) != 0) {
        return VERDICT_BAD;
    }
    bool dropped = (state & PACKET_SENT) == 0;
    if (packet->frame < 0 || (state & PACKET_SEEN) != 0 || dropped) {
        return VERDICT_GOOD;
    }
    return v->drained || packet->frame < v->last_frame ? VERDICT_BAD : VERDICT_WAIT;
}

// What is known about a picture that has come out (`out`) or is still awaited.
static verdict judge(video *v, int64_t number)
{
    const index_frame *frame = &v->index.frames[number];
    if (v->judged_group != frame->group) {
        v->judged_group = v->judged_next = frame->group;
    }
    int64_t group_frame = v->index.packets[frame->group].frame;
    while (v->judged_next <= frame->packet) {
        verdict found = judge_packet(v, v->judged_next, group_frame);
        if (found != VERDICT_GOOD) {
            return found;
        }
        v->judged_next++;
    }
    return VERDICT_GOOD;
}

static sslact_status report_damage(const video *v, int64_t number)
{
    int64_t cause = number;
    if (v->index.by_time && v->judged_next >= 0 &&
        v->judged_next < (int32_t)v->index.packet_count) {
        cause = v->index.packets[v->judged_next].frame;
    } else if (!v->index.by_time) {
        cause = v->index.damaged_frame;
    }
    if (cause < 0 || cause == number) {
        return error_set(SSLACT_ERROR_DECODE,
                         "%s: frame %lld cannot be decoded, the file is damaged", v->path,
                         (long long)number);
    }
    return error_set(SSLACT_ERROR_DECODE,
                     "%s: frame %lld cannot be decoded, the file is damaged at frame %lld", v->path,
                     (long long)number, (long long)cause);
}

// ---- one wanted picture ----

static bool is_held(const video *v, int64_t number)
{
    return v->held_count > 0 && v->held[0].number == number;
}

// Whether going on with the current run can still give the picture, without detours.
static bool can_continue(const video *v, int64_t number)
{
    if (v->run == 0 || v->drained || number <= v->last_frame || v->next_packet < 0) {
        return false;
    }
    if (!v->index.by_time) {
        return true;
    }
    const index_frame *frame = &v->index.frames[number];
    if (v->start_packet > frame->group || v->next_packet < frame->group) {
        return false; // begun too late, or packets in between that nobody wants
    }
    return frame->packet >= v->next_packet ||
           (get_state(v, &v->index.packets[frame->packet]) & PACKET_SENT) != 0;
}

// Runs the decoder until the picture is the first held one and known to be good.
static sslact_status obtain(video *v, const wanted *w)
{
    int64_t number = w->frames[0];
    if (!v->index.by_time && v->index.damaged_frame >= 0 && number >= v->index.damaged_frame) {
        return report_damage(v, number);
    }
    size_t passed = 0;
    while (passed < v->held_count && v->held[passed].number < number) {
        passed++;
    }
    drop_held(v, passed);
    sslact_status status = SSLACT_OK;
    if (!is_held(v, number) && !can_continue(v, number)) {
        status = start_run(v, v->index.frames[number].group);
    }
    while (status >= 0) {
        verdict found = v->index.by_time ? judge(v, number) : VERDICT_GOOD;
        bool missed = !is_held(v, number) && (v->drained || v->last_frame >= number);
        if (found == VERDICT_BAD || missed) {
            return report_damage(v, number);
        }
        if (found == VERDICT_GOOD && is_held(v, number)) {
            return SSLACT_OK;
        }
        status = step(v, w);
    }
    return status;
}

// obtain(), once more with a new index where a kept one proved wrong.
static sslact_status obtain_surely(video *v, const wanted *w)
{
    sslact_status status = obtain(v, w);
    if (status >= 0 || !v->misfit || !v->index_is_kept) {
        return status;
    }
    drop_held(v, v->held_count);
    status = indexer_repair(v);
    v->run++;
    v->start_packet = INT32_MAX;
    return status < 0 ? status : obtain(v, w);
}

sslact_status reader_read(video *v, const int64_t *frames, size_t count, picture_sink sink,
                          void *user)
{
    for (size_t k = 0; k < count; k++) {
        if (frames[k] >= (int64_t)v->index.frame_count) {
            return error_set(SSLACT_ERROR_DECODE,
                             "%s: frame %lld is lost, the file ends after %zu frames", v->path,
                             (long long)frames[k], v->index.frame_count);
        }
        wanted w = {frames + k, count - k};
        sslact_status status = obtain_surely(v, &w);
        if (status < 0) {
            return status;
        }
        picture p = describe_picture(v->held[0].frame, frames[k]);
        status = sink(&p, k, user);
        if (status < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

void reader_close(video *v)
{
    drop_held(v, v->held_count);
    free(v->held);
    av_packet_free(&v->packet);
    av_frame_free(&v->frame);
    container_close(&v->file);
    index_clear(&v->index);
}
