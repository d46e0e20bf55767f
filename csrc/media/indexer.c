// Opening a file with its index: a kept one, or one pass over the packets, and where these do not
// tell enough, one decode of everything.
#include <libavutil/mathematics.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/log.h"
#include "media/compat.h"
#include "media/handle.h"
#include "media/index_store.h"
#include "media/truncation.h"

enum { ERROR_STREAK_LIMIT = 4096 };

typedef struct counting {
    counted_frame *frames;
    size_t count, capacity;
    int error_streak;
    bool lost; // an error since the last picture: the next one is not trusted
} counting;

// The usual distance of two pictures in units of the stream's time base, at least 1.
static int64_t find_step(const AVStream *stream)
{
    AVRational rate =
        stream->avg_frame_rate.num > 0 ? stream->avg_frame_rate : stream->r_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) {
        return 1;
    }
    int64_t step = av_rescale_q(1, av_inv_q(rate), stream->time_base);
    return step > 0 ? step : 1;
}

static bool is_bidirectional(const AVFrame *frame)
{
    return frame->pict_type == AV_PICTURE_TYPE_B;
}

static sslact_status count_frame(counting *c, const AVFrame *frame)
{
    sslact_status status =
        array_reserve((void **)&c->frames, &c->capacity, c->count + 1, sizeof(*c->frames));
    if (status < 0) {
        return status;
    }
    c->frames[c->count++] = (counted_frame){
        .pts = frame->pts,
        .guess = frame->best_effort_timestamp,
        .damaged = c->lost || frame->decode_error_flags != 0 ||
                   (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0,
        .bidirectional = is_bidirectional(frame),
    };
    c->error_streak = 0;
    return SSLACT_OK;
}

// Takes out everything the decoder has. Each round gives a picture or counts an error.
static sslact_status receive_all(video *v, counting *c)
{
    while (c->error_streak <= ERROR_STREAK_LIMIT) {
        if (deadline_passed(&v->limit)) {
            return deadline_report(&v->limit, v->path);
        }
        int error = avcodec_receive_frame(v->file.codec, v->frame);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) {
            return SSLACT_OK;
        }
        if (error < 0) {
            c->error_streak++;
            c->lost = true;
            continue;
        }
        sslact_status status = count_frame(c, v->frame);
        av_frame_unref(v->frame);
        if (status < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

static sslact_status count_frames(video *v, counting *c)
{
    sslact_status status = container_restart(&v->file);
    size_t sent = 0;
    while (status >= 0 && sent < v->index.packet_count &&
           container_read(&v->file, v->packet) >= 0) {
        const index_packet *entry = &v->index.packets[sent++];
        c->lost = c->lost || (entry->flags & INDEX_BROKEN) != 0;
        if (avcodec_send_packet(v->file.codec, v->packet) < 0) {
            c->error_streak++;
            c->lost = true;
        }
        status = receive_all(v, c);
    }
    if (status >= 0) {
        avcodec_send_packet(v->file.codec, NULL);
        status = receive_all(v, c);
    }
    av_packet_unref(v->packet);
    return status;
}

static sslact_status index_by_decoding(video *v)
{
    counting c = {0};
    sslact_status status = count_frames(v, &c);
    if (status >= 0) {
        status = index_from_count(&v->index, c.frames, c.count, find_step(v->file.stream));
    }
    free(c.frames);
    log_write(SSLACT_LOG_DEBUG, "media", "%s: its packets do not tell its frames, decoded it once",
              v->path);
    return status;
}

static sslact_status read_packets(video *v, const bitstream *b)
{
    int error;
    while ((error = container_read(&v->file, v->packet)) >= 0) {
        packet_kind kind = bitstream_examine(b, v->packet);
        sslact_status status = index_add_packet(&v->index, v->packet, kind);
        av_packet_unref(v->packet);
        if (status < 0) {
            return error_prefix("%s: ", v->path);
        }
    }
    if (deadline_passed(&v->limit)) {
        return deadline_report(&v->limit, v->path);
    }
    if (error == AVERROR(ENOMEM)) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a packet", v->path);
    }
    // A file that is cut off: what stands before the cut can be used.
    v->index.truncated = error != AVERROR_EOF;
    return SSLACT_OK;
}

static void trim_truncated(video *v)
{
    truncation_trim(&v->index, v->file.codec->has_b_frames);
    log_write(SSLACT_LOG_WARNING, "media",
              "%s: the file is cut off after %zu frames, later ones are lost", v->path,
              v->index.frame_count);
}

static sslact_status make_index(video *v)
{
    bitstream b;
    bitstream_describe(v->file.facts.parameters, &b);
    index_clear(&v->index);
    sslact_status status = read_packets(v, &b);
    if (status < 0) {
        return status;
    }
    index_end_packets(&v->index);
    v->index.truncated = truncation_find(&v->file, &v->index);
    v->next_packet = -1;
    bool trusted = index_is_trusted(&v->index, &b);
    if (trusted) {
        status = index_from_packets(&v->index);
    }
    if (status >= 0 && (!trusted || !v->index.by_time)) {
        status = index_by_decoding(v);
    }
    if (status >= 0 && v->index.truncated) {
        trim_truncated(v);
    }
    if (status >= 0 && v->index.frame_count == 0) {
        status = error_set(SSLACT_ERROR_DECODE, "%s: no frame of its %s stream can be decoded",
                           v->path, avcodec_get_name(v->file.facts.parameters->codec_id));
    }
    return status;
}

// ---- kept indexes ----

static index_key make_key(const video *v, const text *real_path)
{
    return (index_key){text_get(real_path), v->file.bytes.size, v->file.bytes.modified_ns};
}

static sslact_status find_kept(video *v, text *real_path)
{
    text index_path = {0};
    sslact_status status =
        index_store_find(v->options.index_folder, v->path, &index_path, real_path);
    v->index_path = status < 0 ? NULL : text_copy(text_get(&index_path));
    text_free(&index_path);
    return v->index_path != NULL ? status : SSLACT_ERROR_OUT_OF_MEMORY;
}

// Opens the file by its kept index; false where there is none that fits.
static bool open_kept(video *v, const text *real_path)
{
    kept_index kept;
    index_key key = make_key(v, real_path);
    if (!index_store_load(v->index_path, &key, &kept)) {
        return false;
    }
    bool opened = container_open(&v->file, &kept.facts) >= 0;
    if (opened) {
        v->index = kept.index;
        v->turn = kept.turn;
        v->next_packet = -1;
        kept.index = (frame_index){0};
    }
    kept_index_clear(&kept);
    return opened;
}

static sslact_status open_anew(video *v)
{
    sslact_status status = container_open(&v->file, NULL);
    if (status < 0) {
        return status;
    }
    v->turn = orientation_from_matrix(compat_get_display_matrix(v->file.stream));
    return make_index(v);
}

static bool is_worth_keeping(const video *v)
{
    return v->file.bytes.size >= v->options.index_least_bytes &&
           source_is_unchanged(&v->file.bytes);
}

static sslact_status keep_index(video *v, const text *real_path)
{
    sslact_status status = container_try_header(&v->file);
    v->next_packet = status < 0 ? -1 : 0;
    if (status >= 0) {
        index_key key = make_key(v, real_path);
        index_store_save(v->index_path, &key, &v->file.facts, v->turn, &v->index);
    }
    return status;
}

sslact_status indexer_open(video *v)
{
    text real_path = {0};
    sslact_status status = SSLACT_OK;
    if (v->options.index_folder != NULL) {
        status = find_kept(v, &real_path);
        v->index_is_kept = status >= 0 && open_kept(v, &real_path);
    }
    if (status >= 0 && !v->index_is_kept) {
        status = open_anew(v);
        if (status >= 0 && v->index_path != NULL && is_worth_keeping(v)) {
            status = keep_index(v, &real_path);
        }
    }
    text_free(&real_path);
    return status;
}

sslact_status indexer_repair(video *v)
{
    size_t count = v->index.frame_count;
    index_store_remove(v->index_path);
    v->index_is_kept = v->misfit = false;
    v->file.facts.header_suffices = false;
    sslact_status status = container_restart(&v->file);
    status = status < 0 ? status : make_index(v);
    if (status >= 0 && v->index.frame_count != count) {
        status =
            error_set(SSLACT_ERROR_DECODE,
                      "%s: its kept index was wrong and is removed, open the file again", v->path);
    }
    return status;
}
