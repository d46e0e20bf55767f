// Owned clips, and the check of a clip that a program hands over.
#include "data/clip.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/lines.h"

#define CLIP_MAX_SIDE 65535
#define CLIP_MAX_BOXES 65536

// frames x height x width x 3 bytes; false when that does not fit.
static bool count_bytes(int32_t frame_count, int32_t height, int32_t width, size_t *out)
{
    return array_multiply((size_t)frame_count, (size_t)height, out) &&
           array_multiply(*out, (size_t)width, out) && array_multiply(*out, 3, out);
}

static sslact_status make_arrays(clip *c, bool with_labels)
{
    size_t boxes = (size_t)c->box_count, bytes, labels;
    if (!count_bytes(c->frame_count, c->height, c->width, &bytes) ||
        !array_multiply(boxes, (size_t)c->class_count, &labels)) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "a clip of %d x %d x %d pixels is too large",
                         c->frame_count, c->height, c->width);
    }
    c->pixels = array_create(bytes, 1);
    c->boxes = array_create(boxes, sizeof *c->boxes);
    c->box_scores = array_create(boxes, sizeof *c->box_scores);
    if (with_labels) {
        c->labels = array_create(labels, 1);
    }
    if (c->pixels == NULL || c->boxes == NULL || c->box_scores == NULL ||
        (with_labels && c->labels == NULL)) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    return SSLACT_OK;
}

sslact_status clip_create(int32_t frame_count, int32_t height, int32_t width, int32_t box_count,
                          int32_t class_count, int with_labels, clip **out)
{
    clip *made = array_create(1, sizeof *made);
    if (made == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    made->frame_count = frame_count;
    made->height = height;
    made->width = width;
    made->box_count = box_count;
    made->class_count = class_count;
    sslact_status status = make_arrays(made, with_labels != 0);
    if (status < 0) {
        clip_free(made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

// A float as a person wrote it: 0.41f is not exactly 0.41.
static shown show_float(float value)
{
    return show_number(isfinite(value) ? round((double)value * 1e6) / 1e6 : (double)value);
}

static sslact_status check_count(int64_t value, int64_t low, int64_t high, const char *place,
                                 const char *what)
{
    if (value >= low && value <= high) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s: %s is %lld, accepted are %lld to %lld",
                     place, what, (long long)value, (long long)low, (long long)high);
}

static sslact_status check_sizes(const sslact_clip *c, const char *place)
{
    sslact_status status = check_count(c->frame_count, 1, 65535, place, "frame_count");
    if (status >= 0) {
        status = check_count(c->height, 1, CLIP_MAX_SIDE, place, "height");
    }
    if (status >= 0) {
        status = check_count(c->width, 1, CLIP_MAX_SIDE, place, "width");
    }
    if (status >= 0) {
        status = check_count(c->box_count, 0, CLIP_MAX_BOXES, place, "box_count");
    }
    return status;
}

// Strides of 0 mean packed; a smaller one than the data needs would read a frame twice.
static sslact_status check_strides(const sslact_clip *c, const char *place, int64_t *row,
                                   int64_t *frame)
{
    int64_t row_bytes = (int64_t)c->width * 3;
    *row = c->row_stride == 0 ? row_bytes : c->row_stride;
    if (*row < row_bytes || *row > INT64_C(1) << 40) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: row_stride is %lld, expected 0 or at least %lld bytes", place,
                         (long long)c->row_stride, (long long)row_bytes);
    }
    int64_t frame_bytes = *row * (c->height - 1) + row_bytes;
    *frame = c->frame_stride == 0 ? *row * c->height : c->frame_stride;
    if (*frame < frame_bytes || *frame > INT64_MAX / 65536) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: frame_stride is %lld, expected 0 or at least %lld bytes", place,
                         (long long)c->frame_stride, (long long)frame_bytes);
    }
    return SSLACT_OK;
}

// A corner may lie somewhat outside the picture; pixels instead of fractions are refused.
static sslact_status check_corner(float value, const char *name, const char *place, int32_t i)
{
    if (value >= -1 && value <= 2) { // false for NaN
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                     "%s.boxes[%d]: %s %s, expected a share of the picture's side, 0 to 1", place,
                     i, name, show_float(value).text);
}

static sslact_status check_side(float low, float high, char axis, const char *place, int32_t i)
{
    char name[3] = {axis, '1', '\0'};
    sslact_status status = check_corner(low, name, place, i);
    if (status < 0) {
        return status;
    }
    name[1] = '2';
    status = check_corner(high, name, place, i);
    if (status >= 0 && !(high > low)) {
        status = error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                           "%s.boxes[%d]: %c2 %s is not greater than %c1 %s", place, i, axis,
                           show_float(high).text, axis, show_float(low).text);
    }
    return status;
}

static sslact_status check_box(const sslact_clip *c, const char *place, int32_t i)
{
    const sslact_box *box = &c->boxes[i];
    sslact_status status = check_side(box->x1, box->x2, 'x', place, i);
    if (status >= 0) {
        status = check_side(box->y1, box->y2, 'y', place, i);
    }
    if (status >= 0 && c->box_scores != NULL && !isfinite(c->box_scores[i])) {
        status = error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                           "%s.box_scores[%d]: %s, expected a finite number", place, i,
                           show_float(c->box_scores[i]).text);
    }
    return status;
}

static sslact_status check_labels(const sslact_clip *c, int32_t class_count, const char *place)
{
    for (int32_t i = 0; c->labels != NULL && i < c->box_count; i++) {
        for (int32_t j = 0; j < class_count; j++) {
            uint8_t label = c->labels[(size_t)i * (size_t)class_count + (size_t)j];
            if (label > 1) {
                return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                                 "%s.labels[%d][%d]: %d, expected 0 or 1", place, i, j, label);
            }
        }
    }
    return SSLACT_OK;
}

static sslact_status check_clip(const sslact_clip *c, int32_t class_count, const char *place)
{
    if (c->pixels == NULL) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: pixels is NULL, expected frame_count x height x width x 3 bytes",
                         place);
    }
    sslact_status status = check_sizes(c, place);
    if (status >= 0 && c->box_count > 0 && c->boxes == NULL) {
        status = error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s: boxes is NULL, box_count is %d",
                           place, c->box_count);
    }
    for (int32_t i = 0; status >= 0 && i < c->box_count; i++) {
        status = check_box(c, place, i);
    }
    return status < 0 ? status : check_labels(c, class_count, place);
}

static void copy_pixels(const sslact_clip *source, int64_t row_stride, int64_t frame_stride,
                        uint8_t *out)
{
    size_t row_bytes = (size_t)source->width * 3;
    for (int32_t t = 0; t < source->frame_count; t++) {
        for (int32_t y = 0; y < source->height; y++) {
            memcpy(out, source->pixels + t * frame_stride + y * row_stride, row_bytes);
            out += row_bytes;
        }
    }
}

static void copy_people(const sslact_clip *source, clip *out)
{
    for (int32_t i = 0; i < source->box_count; i++) {
        out->boxes[i] = source->boxes[i];
        out->box_scores[i] = source->box_scores != NULL ? source->box_scores[i] : 1;
    }
    if (source->labels != NULL) {
        memcpy(out->labels, source->labels, (size_t)out->box_count * (size_t)out->class_count);
    }
}

sslact_status clip_import(const sslact_clip *source, int32_t class_count, const char *place,
                          clip **out)
{
    int64_t row_stride = 0, frame_stride = 0;
    clip *made = NULL;
    sslact_status status = check_clip(source, class_count, place);
    if (status >= 0) {
        status = check_strides(source, place, &row_stride, &frame_stride);
    }
    if (status >= 0) {
        status = clip_create(source->frame_count, source->height, source->width, source->box_count,
                             class_count, source->labels != NULL, &made);
    }
    if (status < 0) {
        return status;
    }
    copy_pixels(source, row_stride, frame_stride, made->pixels);
    copy_people(source, made);
    made->name = text_copy(source->name != NULL ? source->name : place);
    made->video = text_copy(made->name != NULL ? made->name : "");
    if (made->name == NULL || made->video == NULL) {
        clip_free(made);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = made;
    return SSLACT_OK;
}

sslact_status clip_copy(const clip *source, clip **out)
{
    clip *made = NULL;
    sslact_status status =
        clip_create(source->frame_count, source->height, source->width, source->box_count,
                    source->class_count, source->labels != NULL, &made);
    if (status < 0) {
        return status;
    }
    size_t boxes = (size_t)source->box_count, bytes = 0;
    count_bytes(source->frame_count, source->height, source->width, &bytes); // fitted before
    memcpy(made->pixels, source->pixels, bytes);
    memcpy(made->boxes, source->boxes, boxes * sizeof *made->boxes);
    memcpy(made->box_scores, source->box_scores, boxes * sizeof *made->box_scores);
    if (source->labels != NULL) {
        memcpy(made->labels, source->labels, boxes * (size_t)source->class_count);
    }
    made->timestamp = source->timestamp;
    made->name = text_copy(source->name != NULL ? source->name : "");
    made->video = text_copy(source->video != NULL ? source->video : "");
    if (made->name == NULL || made->video == NULL) {
        clip_free(made);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = made;
    return SSLACT_OK;
}

void clip_free(clip *c)
{
    if (c == NULL) {
        return;
    }
    free(c->pixels);
    free(c->boxes);
    free(c->box_scores);
    free(c->labels);
    free(c->name);
    free(c->video);
    free(c);
}
