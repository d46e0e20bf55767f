// Decodes a video from front to back, reduces it as a clip would be, and encodes it anew.
//
// The pictures of a copy have even sides, as the codecs need: an odd picture gets one more column
// or row, which repeats its last one and which reading cuts off again.
#include "data/cache_copy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "media/encoder.h"

// Frames of one call, so that its time budget is that of a clip.
enum { CHUNK = 64, RATE_UNITS = 1000, MAX_RATE = 1000 };

typedef struct copier {
    const cache_job *job;
    video *original;
    encoder *encoder;
    const video_original *facts;
    bool timed;                      // frames have the original's times, counted from its first
    int32_t even_width, even_height; // of the encoded pictures
    uint8_t *rgb, *even;             // [picture], [encoded picture]; the same memory if equal
    sslact_status failure;           // of stopping or writing: not the original's fault
} copier;

// --- what the copy will be ---

static void choose_size(const video *v, int32_t short_side, video_original *out)
{
    video_info info;
    video_describe(v, &info);
    int32_t side = info.width < info.height ? info.width : info.height;
    out->width = info.width;
    out->height = info.height;
    video_fit(v, short_side > 0 && short_side < side ? short_side : 0, &out->picture_width,
              &out->picture_height);
}

static sslact_status copy_times(const video *v, cache_entry *e)
{
    video_original *o = &e->original;
    o->frame_count = video_count_frames(v);
    video_get_time_unit(v, &o->time_numerator, &o->time_denominator);
    if (o->time_denominator == 0) {
        return SSLACT_OK; // a folder of pictures
    }
    e->pts = array_create((size_t)o->frame_count, sizeof *e->pts);
    o->pts = e->pts;
    if (e->pts == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (int64_t n = 0; n < o->frame_count; n++) {
        int64_t step;
        e->pts[n] = video_get_pts(v, n);
        if (n > 0 && (__builtin_sub_overflow(e->pts[n], e->pts[n - 1], &step) || step < 0)) {
            return error_set(SSLACT_ERROR_UNSUPPORTED, "frame %lld is %lld time units after %lld",
                             (long long)n, (long long)e->pts[n], (long long)e->pts[n - 1]);
        }
    }
    return SSLACT_OK;
}

// Whether the copy's file can hold the original's times: each later than the one before, and no
// step too large for its tables. If not, its frames are counted; the entry has the times anyway.
static bool can_hold_times(const cache_entry *e)
{
    bool good = e->pts != NULL;
    for (int64_t n = 1; good && n < e->original.frame_count; n++) {
        int64_t step = e->pts[n] - e->pts[n - 1];
        good = step > 0 && step <= INT32_MAX && e->pts[n] / 2 - e->pts[0] / 2 < INT64_MAX / 4;
    }
    return good;
}

// Frames a second in thousandths: the encoder spends bits by it.
static int32_t find_rate(const video *v)
{
    int64_t count = video_count_frames(v);
    double seconds = video_get_time(v, count - 1);
    double rate = seconds > 0 ? (double)(count - 1) / seconds : 25;
    rate = rate > MAX_RATE ? MAX_RATE : rate * RATE_UNITS < 1 ? 1.0 / RATE_UNITS : rate;
    return (int32_t)lround(rate * RATE_UNITS);
}

static sslact_status open_encoder(copier *k)
{
    const cache_recipe *recipe = &k->job->recipe;
    encoder_options options = {
        .width = k->even_width,
        .height = k->even_height,
        .rate_numerator = find_rate(k->original),
        .rate_denominator = RATE_UNITS,
        .key_frame_interval = recipe->key_frame_interval,
        .quality = recipe->quality,
        .codec = strcmp(recipe->codec, "mjpeg") == 0 ? ENCODER_MJPEG : ENCODER_H264,
        .random_access = true,
        .time_numerator = k->timed ? k->facts->time_numerator : 0,
        .time_denominator = k->timed ? k->facts->time_denominator : 0,
    };
    text folder = {0};
    sslact_status status = path_get_folder(k->job->copy, &folder);
    if (status >= 0) {
        status = file_make_folder(text_get(&folder));
    }
    text_free(&folder);
    return status < 0 ? status : encoder_open(k->job->copy, &options, &k->encoder);
}

static sslact_status make_buffers(copier *k)
{
    const video_original *o = k->facts;
    k->even_width = o->picture_width + o->picture_width % 2;
    k->even_height = o->picture_height + o->picture_height % 2;
    size_t pixels, even_pixels;
    if (!array_multiply((size_t)o->picture_width, (size_t)o->picture_height, &pixels) ||
        !array_multiply((size_t)k->even_width, (size_t)k->even_height, &even_pixels)) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "pictures of %d x %d do not fit in memory",
                         o->picture_width, o->picture_height);
    }
    k->rgb = array_create(pixels, 3);
    k->even = even_pixels == pixels ? k->rgb : array_create(even_pixels, 3);
    return k->rgb == NULL || k->even == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

// --- frame by frame ---

static void make_even(const copier *k)
{
    size_t row = (size_t)k->facts->picture_width * 3, even_row = (size_t)k->even_width * 3;
    for (int32_t y = 0; k->even != k->rgb && y < k->even_height; y++) {
        int32_t source = y < k->facts->picture_height ? y : k->facts->picture_height - 1;
        uint8_t *out = k->even + (size_t)y * even_row;
        memcpy(out, k->rgb + (size_t)source * row, row);
        if (even_row > row) {
            memcpy(out + row, out + row - 3, 3);
        }
    }
}

static sslact_status write_frame(copier *k, int64_t frame)
{
    make_even(k);
    if (!k->timed) {
        return encoder_write(k->encoder, k->even);
    }
    return encoder_write_at(k->encoder, k->even, k->facts->pts[frame] - k->facts->pts[0]);
}

static sslact_status take_picture(const picture *p, size_t position, void *user)
{
    copier *k = user;
    const video_original *o = k->facts;
    (void)position;
    sslact_status status =
        video_convert_rgb(k->original, p, o->picture_width, o->picture_height, k->rgb);
    if (status < 0) {
        return status;
    }
    k->failure = write_frame(k, p->frame);
    double share = (double)(p->frame + 1) / (double)o->frame_count;
    if (k->failure >= 0 && k->job->advance(share, k->job->user)) {
        k->failure = error_set(SSLACT_ERROR_CANCELLED, "%s: copying was cancelled", k->job->source);
    }
    return k->failure;
}

static sslact_status copy_frames(copier *k)
{
    int64_t frames[CHUNK];
    sslact_status status = SSLACT_OK;
    for (int64_t begin = 0; status >= 0 && begin < k->facts->frame_count; begin += CHUNK) {
        int64_t left = k->facts->frame_count - begin;
        size_t count = left < CHUNK ? (size_t)left : CHUNK;
        for (size_t n = 0; n < count; n++) {
            frames[n] = begin + (int64_t)n;
        }
        status = video_read(k->original, frames, count, take_picture, k);
    }
    return status;
}

// --- the whole copy ---

static bool is_fault_of_original(const copier *k, sslact_status status)
{
    return k->failure >= 0 &&
           (status == SSLACT_ERROR_DECODE || status == SSLACT_ERROR_FORMAT ||
            status == SSLACT_ERROR_UNSUPPORTED || status == SSLACT_ERROR_INVALID_ARGUMENT);
}

static sslact_status check_whole(const video *v)
{
    video_info info;
    video_describe(v, &info);
    return !info.truncated ? SSLACT_OK
                           : error_set(SSLACT_ERROR_DECODE, "the file is cut off after %lld frames",
                                       (long long)info.frame_count);
}

static sslact_status open_original(copier *k, cache_entry *e)
{
    sslact_status status = video_open(k->job->source, k->job->options, &k->original);
    if (status >= 0) {
        status = check_whole(k->original);
    }
    if (status >= 0) {
        choose_size(k->original, k->job->recipe.short_side, &e->original);
        status = copy_times(k->original, e);
    }
    return status;
}

static void close_copier(copier *k)
{
    encoder_discard(k->encoder);
    video_close(k->original);
    if (k->even != k->rgb) {
        free(k->even);
    }
    free(k->rgb);
}

// Encodes everything; the copy's name still is not there.
static sslact_status encode(copier *k, cache_entry *e)
{
    sslact_status status = open_original(k, e);
    k->facts = &e->original;
    k->timed = status >= 0 && can_hold_times(e);
    if (status >= 0) {
        k->failure = make_buffers(k);
        if (k->failure >= 0) {
            k->failure = open_encoder(k);
        }
        status = k->failure;
    }
    return status < 0 ? status : copy_frames(k);
}

static void remove_file(const char *path)
{
    if (unlink(path) != 0) {
        // Nothing there, or a folder that cannot be written, which the next step reports.
        return;
    }
}

// The old entry goes first: it never stands beside a copy that it does not belong to.
static sslact_status commit(copier *k, cache_entry *e)
{
    int64_t modified_ns;
    video *check = NULL;
    remove_file(k->job->entry);
    encoder *whole = k->encoder;
    k->encoder = NULL;
    sslact_status status = encoder_finish(whole);
    if (status >= 0) {
        status = video_open_copy(k->job->copy, k->job->options, &e->original, &check);
        video_close(check);
    }
    if (status >= 0) {
        status = file_describe(k->job->copy, &e->copy_bytes, &modified_ns);
    }
    return status < 0 ? status : cache_entry_write(k->job->entry, e);
}

static sslact_status leave_out(const cache_job *job, cache_entry *e)
{
    text folder = {0};
    const char *why = sslact_error_get_message();
    size_t length = strlen(job->source);
    bool named = strncmp(why, job->source, length) == 0 && strncmp(why + length, ": ", 2) == 0;
    e->left_out = text_copy(named ? why + length + 2 : why);
    if (e->left_out == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = path_get_folder(job->entry, &folder);
    if (status >= 0) {
        status = file_make_folder(text_get(&folder));
    }
    text_free(&folder);
    if (status >= 0) {
        status = cache_entry_write(job->entry, e);
    }
    if (status >= 0) {
        remove_file(job->copy);
    }
    return status;
}

static sslact_status describe_maker(const cache_job *job, cache_entry *e)
{
    text made = {0};
    bool jpeg = strcmp(job->recipe.codec, "mjpeg") == 0;
    text_append_format(&made, "%s, %s", media_get_versions(), jpeg ? "mjpeg" : "libx264");
    sslact_status status = text_status(&made);
    e->made_with = text_copy(text_get(&made));
    text_free(&made);
    return e->made_with == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : status;
}

static bool is_stopped(void *user)
{
    const cache_job *job = user;
    return job->advance(0, job->user);
}

sslact_status cache_copy_make(const cache_job *job, cache_entry *out)
{
    cache_entry made = {.recipe = job->recipe};
    copier k = {.job = job};
    // The checksum first: a file that changes while it is copied is found out later.
    sslact_status status = fingerprint_read(job->source, is_stopped, (void *)job, &made.source);
    if (status >= 0) {
        status = describe_maker(job, &made);
    }
    if (status >= 0) {
        status = encode(&k, &made);
        if (is_fault_of_original(&k, status)) {
            status = leave_out(job, &made);
        } else if (status >= 0) {
            status = commit(&k, &made);
        }
    }
    close_copier(&k);
    if (status < 0) {
        cache_entry_clear(&made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}
