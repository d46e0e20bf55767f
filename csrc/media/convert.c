// Colours, rotation and size: from a decoded picture to packed RGB. What is not one of the usual
// planar forms (more than eight bits, palettes, RGB) goes through swscale.
#include "media/convert.h"

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "media/colours.h"
#include "media/handle.h"
#include "media/image.h"

enum {
    CHANNELS = 3,
    ROW_ALIGNMENT = 64, // swscale may write past a row's end up to its vector width
    UNIT = 1 << 16      // 1 in the fixed-point numbers of swscale
};

struct converter {
    struct SwsContext *context;
    // What the context was made for.
    int width, height, format, matrix;
    bool full_range;
    uint8_t *rgb; // [height][stride]
    size_t rgb_capacity;
    uint8_t *turned; // [width][height][3] or [height][width][3]
    size_t turned_capacity;
};

// ---- orientation ----

orientation orientation_from_matrix(const int32_t *matrix)
{
    orientation turn = {false, false, false};
    if (matrix == NULL) {
        return turn;
    }
    // A stored point (x, y) is shown at (a x + c y, b x + d y).
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    turn.transpose = fabs(b) + fabs(c) > fabs(a) + fabs(d);
    turn.mirror_x = turn.transpose ? c < 0 : a < 0;
    turn.mirror_y = turn.transpose ? b < 0 : d < 0;
    return turn;
}

int32_t orientation_get_degrees(orientation turn)
{
    if (turn.transpose) {
        return turn.mirror_x ? 90 : 270;
    }
    return turn.mirror_x && turn.mirror_y ? 180 : 0;
}

// out is packed; its sides are exchanged when the turn transposes.
static void turn_picture(const uint8_t *rgb, int64_t stride, int32_t width, int32_t height,
                         orientation turn, uint8_t *out)
{
    int32_t out_width = turn.transpose ? height : width;
    int32_t out_height = turn.transpose ? width : height;
    for (int32_t y = 0; y < out_height; y++) {
        int32_t v = turn.mirror_y ? out_height - 1 - y : y;
        for (int32_t x = 0; x < out_width; x++, out += CHANNELS) {
            int32_t u = turn.mirror_x ? out_width - 1 - x : x;
            int32_t column = turn.transpose ? v : u, row = turn.transpose ? u : v;
            memcpy(out, rgb + row * stride + (int64_t)column * CHANNELS, CHANNELS);
        }
    }
}

// ---- colours ----

static int choose_matrix(const AVFrame *frame)
{
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
        return SWS_CS_ITU709;
    case AVCOL_SPC_FCC:
        return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
        return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return SWS_CS_BT2020;
    default:
        return SWS_CS_ITU601;
    }
}

static sslact_status prepare_context(converter *c, const AVFrame *frame)
{
    bool full_range = frame->color_range == AVCOL_RANGE_JPEG;
    int matrix = choose_matrix(frame);
    enum AVPixelFormat format = (enum AVPixelFormat)frame->format;
    full_range = full_range || format == AV_PIX_FMT_YUVJ411P; // deprecated, all others are planar
    format = format == AV_PIX_FMT_YUVJ411P ? AV_PIX_FMT_YUV411P : format;
    if (c->context != NULL && c->width == frame->width && c->height == frame->height &&
        c->format == (int)format && c->matrix == matrix && c->full_range == full_range) {
        return SSLACT_OK;
    }
    sws_freeContext(c->context);
    // Exact rounding costs 0.3 ms a frame of 640 x 360 and makes machines agree. Chroma taken for
    // each pixel alone (SWS_FULL_CHR_H_INT) would cost another 2.3 ms.
    int flags = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT;
    c->context = sws_getContext(frame->width, frame->height, format, frame->width, frame->height,
                                AV_PIX_FMT_RGB24, flags, NULL, NULL, NULL);
    if (c->context == NULL) {
        const char *name = av_get_pix_fmt_name(format);
        return error_set(SSLACT_ERROR_UNSUPPORTED, "pictures of %d x %d in %s cannot become RGB",
                         frame->width, frame->height, name != NULL ? name : "an unknown format");
    }
    c->width = frame->width;
    c->height = frame->height;
    c->format = format;
    c->matrix = matrix;
    c->full_range = full_range;
    // Refused for formats without a matrix (RGB, palettes): nothing to say there.
    (void)sws_setColorspaceDetails(c->context, sws_getCoefficients(matrix), full_range,
                                   sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, UNIT, UNIT);
    return SSLACT_OK;
}

static sslact_status reserve_pixels(uint8_t **data, size_t *capacity, size_t row_bytes, int height)
{
    size_t bytes;
    if (!array_multiply(row_bytes, (size_t)height, &bytes)) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "a picture of %d rows of %zu bytes", height,
                         row_bytes);
    }
    return array_reserve((void **)data, capacity, bytes + ROW_ALIGNMENT, 1);
}

static size_t get_stride(int width)
{
    return ((size_t)width * CHANNELS + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
}

// False for pictures that are left to swscale.
static bool convert_planar(const AVFrame *frame, uint8_t *out, int64_t stride)
{
    bool full_range = frame->color_range == AVCOL_RANGE_JPEG;
    if (!colours_are_planar(frame->format, &full_range) || frame->colorspace == AVCOL_SPC_RGB) {
        return false;
    }
    colours_convert(frame, colours_get_matrix(frame), full_range, out, stride);
    return true;
}

// Fills c->rgb.
static sslact_status convert_colours(converter *c, const AVFrame *frame)
{
    size_t stride = get_stride(frame->width);
    sslact_status status = reserve_pixels(&c->rgb, &c->rgb_capacity, stride, frame->height);
    if (status >= 0 && convert_planar(frame, c->rgb, (int64_t)stride)) {
        return SSLACT_OK;
    }
    status = status < 0 ? status : prepare_context(c, frame);
    if (status < 0) {
        return status;
    }
    uint8_t *planes[4] = {c->rgb, NULL, NULL, NULL};
    int strides[4] = {(int)stride, 0, 0, 0};
    int rows = sws_scale(c->context, (const uint8_t *const *)frame->data, frame->linesize, 0,
                         frame->height, planes, strides);
    if (rows != frame->height) {
        return error_set(SSLACT_ERROR_INTERNAL, "a picture of %d x %d did not become RGB",
                         frame->width, frame->height);
    }
    return SSLACT_OK;
}

sslact_status converter_create(converter **out)
{
    *out = array_create(1, sizeof(converter));
    return *out == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

void converter_free(converter *c)
{
    if (c == NULL) {
        return;
    }
    sws_freeContext(c->context);
    free(c->rgb);
    free(c->turned);
    free(c);
}

sslact_status converter_run(converter *c, const AVFrame *frame, orientation turn, int32_t width,
                            int32_t height, uint8_t *out)
{
    bool turned = turn.transpose || turn.mirror_x || turn.mirror_y;
    if (!turned && width == frame->width && height == frame->height &&
        convert_planar(frame, out, (int64_t)width * CHANNELS)) {
        return SSLACT_OK;
    }
    sslact_status status = convert_colours(c, frame);
    if (status < 0) {
        return status;
    }
    int64_t stride = (int64_t)get_stride(frame->width);
    if (!turned) {
        return image_resize(c->rgb, frame->width, frame->height, stride, out, width, height);
    }
    size_t row_bytes = (size_t)frame->width * CHANNELS;
    status = reserve_pixels(&c->turned, &c->turned_capacity, row_bytes, frame->height);
    if (status < 0) {
        return status;
    }
    turn_picture(c->rgb, stride, frame->width, frame->height, turn, c->turned);
    int32_t shown_width = turn.transpose ? frame->height : frame->width;
    int32_t shown_height = turn.transpose ? frame->width : frame->height;
    return image_resize(c->turned, shown_width, shown_height, (int64_t)shown_width * CHANNELS, out,
                        width, height);
}

// ---- video_read_rgb ----

typedef struct rgb_request {
    int64_t frame;
    size_t place; // in the caller's list
} rgb_request;

typedef struct rgb_sink {
    video *v;
    const rgb_request *requests; // sorted by frame, then place
    int32_t width, height;
    size_t picture_bytes;
    uint8_t *out;
} rgb_sink;

static int compare_requests(const void *a, const void *b)
{
    const rgb_request *x = a, *y = b;
    if (x->frame != y->frame) {
        return x->frame < y->frame ? -1 : 1;
    }
    return (x->place > y->place) - (x->place < y->place);
}

static sslact_status take_rgb(const picture *p, size_t position, void *user)
{
    rgb_sink *sink = user;
    const rgb_request *request = &sink->requests[position];
    uint8_t *target = sink->out + request->place * sink->picture_bytes;
    if (position > 0 && request[-1].frame == request->frame) {
        memcpy(target, sink->out + request[-1].place * sink->picture_bytes, sink->picture_bytes);
        return SSLACT_OK;
    }
    sslact_status status = converter_run(sink->v->convert, p->native, sink->v->turn, sink->width,
                                         sink->height, target);
    return status < 0 ? error_prefix("%s: frame %lld: ", sink->v->path, (long long)p->frame)
                      : SSLACT_OK;
}

// Made at the first picture that is wanted as RGB.
static sslact_status need_converter(video *v)
{
    return v->convert != NULL ? SSLACT_OK : converter_create(&v->convert);
}

static sslact_status read_sorted(video *v, rgb_request *requests, int64_t *frames, size_t count,
                                 rgb_sink *sink)
{
    qsort(requests, count, sizeof(*requests), compare_requests);
    for (size_t k = 0; k < count; k++) {
        frames[k] = requests[k].frame;
    }
    sslact_status status = need_converter(v);
    return status < 0 ? status : video_read(v, frames, count, take_rgb, sink);
}

sslact_status video_read_rgb(video *v, const int64_t *frames, size_t count, int32_t width,
                             int32_t height, uint8_t *out)
{
    size_t pixels = 0, bytes = 0;
    if (width < 1 || height < 1 || !array_multiply((size_t)width, (size_t)height, &pixels) ||
        !array_multiply(pixels, CHANNELS, &bytes)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: pictures of %d x %d are asked for, sides of at least 1 are needed",
                         v->path, width, height);
    }
    rgb_request *requests = array_create(count, sizeof(*requests));
    int64_t *sorted = array_create(count, sizeof(*sorted));
    sslact_status status = SSLACT_ERROR_OUT_OF_MEMORY;
    if (requests != NULL && sorted != NULL) {
        for (size_t k = 0; k < count; k++) {
            requests[k] = (rgb_request){frames[k], k};
        }
        rgb_sink sink = {v, requests, width, height, bytes, out};
        status = read_sorted(v, requests, sorted, count, &sink);
    }
    free(requests);
    free(sorted);
    return status;
}

sslact_status video_convert_rgb(video *v, const picture *p, int32_t width, int32_t height,
                                uint8_t *out)
{
    sslact_status status = need_converter(v);
    if (status < 0) {
        return status;
    }
    status = converter_run(v->convert, p->native, v->turn, width, height, out);
    return status < 0 ? error_prefix("%s: frame %lld: ", v->path, (long long)p->frame) : SSLACT_OK;
}
