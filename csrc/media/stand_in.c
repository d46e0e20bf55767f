// A copy of a video that is read in place of its original: the original's times and size over the
// copy's pictures.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "media/handle.h"

void stand_in_free(stand_in *s)
{
    if (s != NULL) {
        free(s->pts);
        free(s);
    }
}

static sslact_status check_times(const char *path, const video_original *o)
{
    if (o->pts != NULL && (o->time_numerator < 1 || o->time_denominator < 1)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: unit of times %d/%d, two positive numbers are accepted", path,
                         o->time_numerator, o->time_denominator);
    }
    for (int64_t n = 1; o->pts != NULL && n < o->frame_count; n++) {
        if (o->pts[n] < o->pts[n - 1]) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "%s: time %lld of frame %lld is before that of frame %lld", path,
                             (long long)o->pts[n], (long long)n, (long long)(n - 1));
        }
    }
    return SSLACT_OK;
}

static sslact_status check_copy(const video *v, const video_original *o)
{
    video_info info;
    video_describe(v, &info);
    if (info.frame_count != o->frame_count) {
        return error_set(SSLACT_ERROR_MISMATCH, "%s: %lld frames, the original has %lld", v->path,
                         (long long)info.frame_count, (long long)o->frame_count);
    }
    if (o->width < 1 || o->height < 1 || o->picture_width < 1 || o->picture_height < 1 ||
        o->picture_width > info.width || o->picture_height > info.height) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "%s: pictures of %d x %d, %d x %d of a video of %d x %d are expected in "
                         "them",
                         v->path, info.width, info.height, o->picture_width, o->picture_height,
                         o->width, o->height);
    }
    return check_times(v->path, o);
}

static sslact_status make_stand_in(const video_original *original, stand_in **out)
{
    stand_in *made = array_create(1, sizeof(*made));
    if (made == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    made->original = *original;
    if (original->pts != NULL) {
        made->pts = array_create((size_t)original->frame_count, sizeof(*made->pts));
        if (made->pts == NULL) {
            stand_in_free(made);
            return SSLACT_ERROR_OUT_OF_MEMORY;
        }
        memcpy(made->pts, original->pts, (size_t)original->frame_count * sizeof(*made->pts));
    }
    made->original.pts = made->pts;
    *out = made;
    return SSLACT_OK;
}

sslact_status video_open_copy(const char *path, const video_options *options,
                              const video_original *original, video **out)
{
    video *v = NULL;
    sslact_status status = video_open(path, options, &v);
    if (status >= 0) {
        status = check_copy(v, original);
    }
    if (status >= 0) {
        status = make_stand_in(original, &v->copied);
    }
    if (status < 0) {
        video_close(v);
        return status;
    }
    *out = v;
    return SSLACT_OK;
}

sslact_status stand_in_crop(const stand_in *s, const char *path, picture *p)
{
    const video_original *o = &s->original;
    AVFrame *frame = p->native; // a reference of our own: its sizes are nobody else's
    if (frame->width < o->picture_width || frame->height < o->picture_height) {
        return error_set(
            SSLACT_ERROR_DECODE, "%s: frame %lld is %d x %d, at least %d x %d is expected", path,
            (long long)p->frame, frame->width, frame->height, o->picture_width, o->picture_height);
    }
    frame->width = p->width = o->picture_width;
    frame->height = p->height = o->picture_height;
    return SSLACT_OK;
}
