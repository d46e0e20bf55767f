// Opening a video file through libav: choosing the stream, guarding against oversized pictures,
// other files and endless waits.
#include "media/container.h"

#include <libavutil/dict.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
#include <string.h>

#include "media/compat.h"

const char *describe_av_error(int error)
{
    static _Thread_local char text[AV_ERROR_MAX_STRING_SIZE];
    if (av_strerror(error, text, sizeof(text)) < 0) {
        return "unknown error";
    }
    return text;
}

static int interrupt(void *opaque)
{
    const container *c = opaque;
    return deadline_passed(c->limit) ? 1 : 0;
}

// Text files with a video's name may be play lists: they open nothing through us.
static int refuse_other_file(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                             AVDictionary **options)
{
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EPERM);
}

static sslact_status fail(const container *c, int error, const char *doing)
{
    if (deadline_passed(c->limit)) {
        return deadline_report(c->limit, c->path);
    }
    if (error == AVERROR(ENOMEM)) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory to %s", c->path, doing);
    }
    return error_set(SSLACT_ERROR_FORMAT, "%s: cannot %s: %s", c->path, doing,
                     describe_av_error(error));
}

static sslact_status open_format(container *c)
{
    sslact_status status = source_rewind(&c->bytes);
    if (status < 0) {
        return error_prefix("%s: ", c->path);
    }
    c->format = avformat_alloc_context();
    if (c->format == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a demuxer", c->path);
    }
    c->format->pb = c->bytes.io;
    c->format->io_open = refuse_other_file;
    c->format->protocol_whitelist = av_strdup("none"); // for demuxers that open files on their own
    if (c->format->protocol_whitelist == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a demuxer", c->path);
    }
    c->format->interrupt_callback = (AVIOInterruptCB){interrupt, c};
    int error = avformat_open_input(&c->format, c->path, NULL, NULL);
    return error < 0 ? fail(c, error, "read it as a video file") : SSLACT_OK;
}

static sslact_status check_size(const container *c, const AVCodecParameters *parameters)
{
    int64_t pixels = (int64_t)parameters->width * parameters->height;
    if (parameters->codec_type == AVMEDIA_TYPE_VIDEO && pixels > c->max_pixels) {
        return error_set(SSLACT_ERROR_UNSUPPORTED,
                         "%s: a frame of %d x %d is larger than the limit of %lld pixels", c->path,
                         parameters->width, parameters->height, (long long)c->max_pixels);
    }
    return SSLACT_OK;
}

static sslact_status check_sizes(const container *c)
{
    sslact_status status = SSLACT_OK;
    for (unsigned k = 0; k < c->format->nb_streams && status >= 0; k++) {
        status = check_size(c, c->format->streams[k]->codecpar);
    }
    return status;
}

// Lets libav decode a little of each stream to learn what the headers leave out (pixel format,
// reordering depth), under the same limit on picture sizes.
static sslact_status probe_streams(container *c)
{
    unsigned count = c->format->nb_streams;
    AVDictionary **options = av_calloc(count > 0 ? count : 1, sizeof(*options));
    if (options == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory to probe", c->path);
    }
    for (unsigned k = 0; k < count; k++) {
        av_dict_set_int(&options[k], "max_pixels", c->max_pixels, 0);
        av_dict_set_int(&options[k], "threads", 1, 0);
    }
    int error = avformat_find_stream_info(c->format, options);
    for (unsigned k = 0; k < count; k++) {
        av_dict_free(&options[k]);
    }
    av_free(options);
    return error < 0 ? fail(c, error, "find its streams") : SSLACT_OK;
}

// The video stream with the most pixels, NULL when there is none; all others are discarded.
static AVStream *find_stream(const container *c)
{
    int64_t best = -1;
    AVStream *found = NULL;
    for (unsigned k = 0; k < c->format->nb_streams; k++) {
        AVStream *stream = c->format->streams[k];
        const AVCodecParameters *parameters = stream->codecpar;
        int64_t pixels = (int64_t)parameters->width * parameters->height;
        stream->discard = AVDISCARD_ALL;
        if (parameters->codec_type == AVMEDIA_TYPE_VIDEO && pixels > best &&
            (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0) {
            best = pixels;
            found = stream;
        }
    }
    return found;
}

static sslact_status choose_stream(container *c)
{
    c->stream = find_stream(c);
    if (c->stream == NULL) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: has no video stream among its %u streams",
                         c->path, c->format->nb_streams);
    }
    c->stream->discard = AVDISCARD_DEFAULT;
    return SSLACT_OK;
}

// Whether the chosen stream is the one the facts describe. What the header alone says about the
// stream must agree with what probing found out.
static bool fits_facts(const container *c, bool from_header)
{
    const AVCodecParameters *kept = c->facts.parameters, *now = c->stream->codecpar;
    bool same = c->stream->index == c->facts.stream_index && now->codec_id == kept->codec_id &&
                av_cmp_q(c->stream->time_base, c->facts.time_base) == 0;
    if (!same || !from_header) {
        return same;
    }
    bool sized = now->width != 0 || now->height != 0; // MPEG-4 in MP4 is not
    return (int)c->format->nb_streams == c->facts.stream_count &&
           (!sized || (now->width == kept->width && now->height == kept->height)) &&
           (now->extradata_size == 0 ||
            (now->extradata_size == kept->extradata_size &&
             memcmp(now->extradata, kept->extradata, (size_t)now->extradata_size) == 0));
}

static sslact_status open_demuxer(container *c, bool from_header)
{
    c->stream = NULL;
    avformat_close_input(&c->format);
    sslact_status status = open_format(c);
    status = status < 0 ? status : check_sizes(c);
    if (status >= 0 && !from_header) {
        status = probe_streams(c);
        status = status < 0 ? status : check_sizes(c);
    }
    status = status < 0 ? status : choose_stream(c);
    if (status >= 0 && c->facts.parameters != NULL && !fits_facts(c, from_header)) {
        status = error_set(SSLACT_ERROR_MISMATCH, "%s: changed while it was open", c->path);
    }
    return status;
}

static sslact_status keep_facts(container *c)
{
    c->facts.stream_index = c->stream->index;
    c->facts.stream_count = (int)c->format->nb_streams;
    c->facts.time_base = c->stream->time_base;
    c->facts.parameters = avcodec_parameters_alloc();
    if (c->facts.parameters == NULL ||
        avcodec_parameters_copy(c->facts.parameters, c->stream->codecpar) < 0) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for its description", c->path);
    }
    return SSLACT_OK;
}

static sslact_status open_decoder(container *c)
{
    const AVCodec *decoder = avcodec_find_decoder(c->facts.parameters->codec_id);
    if (decoder == NULL) {
        return error_set(SSLACT_ERROR_UNSUPPORTED, "%s: no decoder for %s in this build of libav",
                         c->path, avcodec_get_name(c->facts.parameters->codec_id));
    }
    c->codec = avcodec_alloc_context3(decoder);
    if (c->codec == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a decoder", c->path);
    }
    int error = avcodec_parameters_to_context(c->codec, c->facts.parameters);
    if (error >= 0) {
        c->codec->pkt_timebase = c->facts.time_base;
        c->codec->thread_count = 1; // many clips at a time, one thread each
        c->codec->max_pixels = c->max_pixels;
        error = avcodec_open2(c->codec, decoder, NULL);
    }
    return error < 0 ? fail(c, error, "open its decoder") : SSLACT_OK;
}

sslact_status container_open_source(container *c, const char *path, int64_t max_pixels,
                                    const deadline *limit)
{
    compat_quieten();
    *c = (container){.path = path, .limit = limit, .max_pixels = max_pixels};
    return source_open(&c->bytes, path, limit);
}

static void close_libav(container *c)
{
    avcodec_free_context(&c->codec);
    avcodec_parameters_free(&c->facts.parameters);
    avformat_close_input(&c->format);
    c->stream = NULL;
    c->facts = (stream_facts){0};
}

sslact_status container_open(container *c, stream_facts *known)
{
    if (known != NULL) {
        c->facts = *known;
        *known = (stream_facts){0};
    }
    sslact_status status = SSLACT_OK;
    if (known != NULL) {
        status = check_size(c, c->facts.parameters);
    }
    status = status < 0 ? status : open_demuxer(c, c->facts.header_suffices);
    if (status >= 0 && known == NULL) {
        status = keep_facts(c);
    }
    status = status < 0 ? status : open_decoder(c);
    if (status < 0) {
        close_libav(c);
    }
    return status;
}

sslact_status container_restart(container *c)
{
    sslact_status status = open_demuxer(c, c->facts.header_suffices);
    return status == SSLACT_ERROR_MISMATCH
               ? error_set(SSLACT_ERROR_DECODE, "%s: changed while it was open", c->path)
               : status;
}

sslact_status container_try_header(container *c)
{
    // Other demuxers learn what they need from the packets.
    static const char *const demuxers[] = {"mov,", "matroska,", "avi"};
    const char *name = c->format->iformat->name;
    bool known = false;
    for (size_t k = 0; k < sizeof(demuxers) / sizeof(demuxers[0]); k++) {
        known = known || strncmp(name, demuxers[k], strlen(demuxers[k])) == 0;
    }
    c->facts.header_suffices = known && open_demuxer(c, true) >= 0;
    return c->facts.header_suffices ? SSLACT_OK : container_restart(c);
}

void container_close(container *c)
{
    close_libav(c);
    source_close(&c->bytes);
}

int container_read(container *c, AVPacket *packet)
{
    // Bounded: every round consumes a packet of the file, and the source ends with the budget.
    while (!deadline_passed(c->limit)) {
        av_packet_unref(packet);
        int error = av_read_frame(c->format, packet);
        if (error < 0) {
            return error;
        }
        if (packet->stream_index == c->stream->index) {
            return 0;
        }
    }
    return AVERROR_EXIT;
}
