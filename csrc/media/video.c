// The handle of a video: opening a file or a folder of pictures, its times, reading.
#include "media/video.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "media/handle.h"

static const double default_budget_seconds = 20;
static const int64_t default_max_pixels = (int64_t)8192 * 4608;
static const double default_folder_rate = 30;
// Rounding of times that were written with a few decimals (data sets' section 2).
static const double time_tolerance_seconds = 1e-4;

static sslact_status fill_options(const video_options *given, video_options *out)
{
    *out = given != NULL ? *given : (video_options){0};
    if (!(out->budget_seconds >= 0) || out->max_pixels < 0 || !(out->folder_frame_rate >= 0) ||
        isinf(out->folder_frame_rate)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "video options: budget %g s, %lld pixels, %g frames a second; none may be "
                         "negative",
                         out->budget_seconds, (long long)out->max_pixels, out->folder_frame_rate);
    }
    out->budget_seconds = out->budget_seconds > 0 ? out->budget_seconds : default_budget_seconds;
    out->max_pixels = out->max_pixels > 0 ? out->max_pixels : default_max_pixels;
    out->folder_frame_rate =
        out->folder_frame_rate > 0 ? out->folder_frame_rate : default_folder_rate;
    return SSLACT_OK;
}

static sslact_status open_file(video *v)
{
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    if (v->packet == NULL || v->frame == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a packet", v->path);
    }
    sslact_status status =
        container_open_source(&v->file, v->path, v->options.max_pixels, &v->limit);
    return status < 0 ? status : indexer_open(v);
}

static sslact_status open_source(video *v, const video_pictures *pictures)
{
    if (pictures != NULL || file_is_folder(v->path)) {
        return folder_open(v->path, pictures, v->options.max_pixels, &v->limit, &v->pictures);
    }
    return open_file(v);
}

static sslact_status open_any(const char *path, const video_pictures *pictures,
                              const video_options *options, video **out)
{
    video_options filled;
    sslact_status status = fill_options(options, &filled);
    if (status < 0) {
        return status;
    }
    video *v = array_create(1, sizeof(*v));
    if (v == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    v->options = filled;
    v->file.bytes.descriptor = -1;
    v->path = text_copy(path);
    deadline_start(&v->limit, filled.budget_seconds);
    status = v->path == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : open_source(v, pictures);
    v->options.index_folder = NULL; // the caller's
    if (status < 0) {
        video_close(v);
        return status;
    }
    *out = v;
    return SSLACT_OK;
}

sslact_status video_open(const char *path, const video_options *options, video **out)
{
    return open_any(path, NULL, options, out);
}

sslact_status video_open_pictures(const char *name, const video_pictures *pictures,
                                  const video_options *options, video **out)
{
    return open_any(name, pictures, options, out);
}

void video_close(video *v)
{
    if (v == NULL) {
        return;
    }
    reader_close(v);
    folder_close(v->pictures);
    converter_free(v->convert);
    stand_in_free(v->copied);
    free(v->path);
    free(v->index_path);
    free(v);
}

void video_describe(const video *v, video_info *out)
{
    *out = (video_info){0};
    if (v->pictures != NULL) {
        folder_describe(v->pictures, out);
    } else {
        const AVCodecParameters *parameters = v->file.facts.parameters;
        const char *format = av_get_pix_fmt_name((enum AVPixelFormat)parameters->format);
        out->stored_width = parameters->width;
        out->stored_height = parameters->height;
        out->codec = avcodec_get_name(parameters->codec_id);
        out->pixel_format = format != NULL ? format : "unknown";
        out->truncated = v->index.truncated;
    }
    out->width = v->turn.transpose ? out->stored_height : out->stored_width;
    out->height = v->turn.transpose ? out->stored_width : out->stored_height;
    if (v->copied != NULL) {
        out->width = v->copied->original.width;
        out->height = v->copied->original.height;
    }
    out->rotation = orientation_get_degrees(v->turn);
    out->frame_count = video_count_frames(v);
    out->duration_seconds = video_get_time(v, out->frame_count - 1);
}

int64_t video_count_frames(const video *v)
{
    return v->pictures != NULL ? folder_count(v->pictures) : (int64_t)v->index.frame_count;
}

// Whether frames are simply counted, so many a second.
static bool is_counted(const video *v)
{
    return v->pictures != NULL || (v->copied != NULL && v->copied->pts == NULL);
}

void video_get_time_unit(const video *v, int32_t *numerator, int32_t *denominator)
{
    *numerator = *denominator = 0;
    if (v->copied != NULL) {
        *numerator = v->copied->original.time_numerator;
        *denominator = v->copied->original.time_denominator;
    } else if (v->pictures == NULL) {
        *numerator = v->file.facts.time_base.num;
        *denominator = v->file.facts.time_base.den;
    }
}

int64_t video_get_pts(const video *v, int64_t frame)
{
    int64_t count = video_count_frames(v);
    int64_t n = frame < 0 ? 0 : frame < count ? frame : count - 1;
    if (is_counted(v)) {
        return n;
    }
    return v->copied != NULL ? v->copied->pts[n] : v->index.frames[n].pts;
}

static double get_unit_seconds(const video *v)
{
    AVRational unit;
    video_get_time_unit(v, &unit.num, &unit.den);
    return av_q2d(unit);
}

double video_get_stream_time(const video *v, int64_t frame)
{
    int64_t pts = video_get_pts(v, frame);
    return is_counted(v) ? (double)pts / v->options.folder_frame_rate
                         : (double)pts * get_unit_seconds(v);
}

double video_get_time(const video *v, int64_t frame)
{
    if (is_counted(v)) {
        return video_get_stream_time(v, frame);
    }
    // The difference is taken in whole units: exact, whatever the first time is.
    uint64_t difference = (uint64_t)video_get_pts(v, frame) - (uint64_t)video_get_pts(v, 0);
    return (double)(int64_t)difference * get_unit_seconds(v);
}

int64_t video_find_frame(const video *v, double seconds)
{
    int64_t low = 0, high = video_count_frames(v); // the answer is the last below `high`
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (video_get_time(v, middle) <= seconds + time_tolerance_seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? low - 1 : 0;
}

picture describe_picture(const AVFrame *frame, int64_t number)
{
    picture p = {
        .width = frame->width,
        .height = frame->height,
        .format = frame->format,
        .frame = number,
        .native = (void *)frame,
    };
    for (int k = 0; k < 4; k++) {
        p.planes[k] = frame->data[k];
        p.strides[k] = frame->linesize[k];
    }
    return p;
}

static sslact_status check_frames(const video *v, const int64_t *frames, size_t count)
{
    int64_t limit = video_count_frames(v);
    for (size_t k = 0; k < count; k++) {
        if (frames[k] < 0 || (frames[k] >= limit && !v->index.truncated)) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "%s: frame %lld does not exist, there are %lld", v->path,
                             (long long)frames[k], (long long)limit);
        }
        if (k > 0 && frames[k] < frames[k - 1]) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "%s: frame %lld is asked for after frame %lld, ascending numbers are "
                             "needed",
                             v->path, (long long)frames[k], (long long)frames[k - 1]);
        }
    }
    return SSLACT_OK;
}

// The caller's sink, with the time it takes left out of the budget.
typedef struct timed_sink {
    video *v;
    picture_sink sink;
    void *user;
} timed_sink;

static sslact_status hand_out(const picture *p, size_t position, void *user)
{
    const timed_sink *timed = user;
    video *v = timed->v;
    double before = clock_seconds();
    picture shown = *p;
    sslact_status status =
        v->copied != NULL ? stand_in_crop(v->copied, v->path, &shown) : SSLACT_OK;
    if (status >= 0) {
        status = timed->sink(&shown, position, timed->user);
    }
    v->limit.end += clock_seconds() - before;
    return status;
}

sslact_status video_read(video *v, const int64_t *frames, size_t count, picture_sink sink,
                         void *user)
{
    sslact_status status = check_frames(v, frames, count);
    if (status < 0) {
        return status;
    }
    deadline_start(&v->limit, v->options.budget_seconds);
    timed_sink timed = {v, sink, user};
    return v->pictures != NULL ? folder_read(v->pictures, frames, count, hand_out, &timed)
                               : reader_read(v, frames, count, hand_out, &timed);
}

void video_fit(const video *v, int32_t short_side, int32_t *width, int32_t *height)
{
    video_info info;
    video_describe(v, &info);
    *width = info.width;
    *height = info.height;
    if (short_side <= 0 || info.width <= 0 || info.height <= 0) {
        return;
    }
    // In the baseline's own order of operations: floor((long / short) * side).
    if (info.width <= info.height) {
        *width = short_side;
        *height = (int32_t)floor((double)info.height / info.width * short_side);
    } else {
        *width = (int32_t)floor((double)info.width / info.height * short_side);
        *height = short_side;
    }
}
