// Antialiased bilinear resizing of packed RGB.
//
// The filter is a triangle of half-width max(scale, 1) source pixels around the centre of each
// destination pixel, cut at the picture's edge and normalised. Rows first, then columns, with
// 8-bit values between the passes, as widely used image libraries do; weights are fixed-point
// numbers of WEIGHT_BITS bits, so the result is the same on every machine.
#include "media/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { WEIGHT_BITS = 22, CHANNELS = 3, SIDE_LIMIT = 1 << 20 };

// For each destination position: the first source position, how many, and their weights.
typedef struct taps {
    int32_t *first;   // [size]
    int32_t *count;   // [size]
    int32_t *weights; // [size][width]
    int32_t width;
} taps;

static void free_taps(taps *t)
{
    free(t->first);
    free(t->count);
    free(t->weights);
    *t = (taps){0};
}

// Weights of one destination position; returns how many.
static int32_t fill_weights(double centre, double scale, int32_t source_size, int32_t *first,
                            int32_t *weights, double *exact)
{
    double low = centre - scale + 0.5, high = centre + scale + 0.5;
    int32_t begin = low > 0 ? (int32_t)low : 0;
    int32_t end = high < source_size ? (int32_t)high : source_size;
    double sum = 0;
    for (int32_t k = begin; k < end; k++) {
        double distance = fabs((k + 0.5 - centre) / scale);
        exact[k - begin] = distance < 1 ? 1 - distance : 0;
        sum += exact[k - begin];
    }
    for (int32_t k = 0; k < end - begin; k++) {
        weights[k] = (int32_t)lround(exact[k] / sum * (1 << WEIGHT_BITS));
    }
    *first = begin;
    return end - begin;
}

static sslact_status make_taps(taps *t, int32_t source_size, int32_t size)
{
    double ratio = (double)source_size / size;
    double scale = ratio > 1 ? ratio : 1;
    *t = (taps){.width = 2 * (int32_t)ceil(scale) + 1};
    size_t weight_count;
    double *exact = array_create((size_t)t->width, sizeof(double));
    t->first = array_create((size_t)size, sizeof(int32_t));
    t->count = array_create((size_t)size, sizeof(int32_t));
    if (array_multiply((size_t)size, (size_t)t->width, &weight_count)) {
        t->weights = array_create(weight_count, sizeof(int32_t));
    }
    if (exact == NULL || t->first == NULL || t->count == NULL || t->weights == NULL) {
        free(exact);
        free_taps(t);
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory to resize %d to %d", source_size,
                         size);
    }
    for (int32_t n = 0; n < size; n++) {
        t->count[n] = fill_weights((n + 0.5) * ratio, scale, source_size, &t->first[n],
                                   t->weights + (size_t)n * t->width, exact);
    }
    free(exact);
    return SSLACT_OK;
}

static uint8_t round_sum(int32_t sum)
{
    int32_t value = sum >> WEIGHT_BITS; // the half is already in
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

// source: one row of pixels; out [size][3].
static void resize_row(const uint8_t *source, const taps *t, int32_t size, uint8_t *out)
{
    for (int32_t n = 0; n < size; n++, out += CHANNELS) {
        const uint8_t *pixel = source + (size_t)t->first[n] * CHANNELS;
        const int32_t *weights = t->weights + (size_t)n * t->width;
        int32_t half = 1 << (WEIGHT_BITS - 1);
        int32_t red = half, green = half, blue = half;
        for (int32_t k = 0; k < t->count[n]; k++, pixel += CHANNELS) {
            red += pixel[0] * weights[k];
            green += pixel[1] * weights[k];
            blue += pixel[2] * weights[k];
        }
        out[0] = round_sum(red);
        out[1] = round_sum(green);
        out[2] = round_sum(blue);
    }
}

// One destination row out of `count` source rows of `bytes` bytes each, `stride` apart.
static void resize_column_row(const uint8_t *source, int64_t stride, const int32_t *weights,
                              int32_t count, size_t bytes, int32_t *sums, uint8_t *out)
{
    for (size_t x = 0; x < bytes; x++) {
        sums[x] = 1 << (WEIGHT_BITS - 1);
    }
    for (int32_t k = 0; k < count; k++) {
        const uint8_t *row = source + k * stride;
        int32_t weight = weights[k];
        for (size_t x = 0; x < bytes; x++) {
            sums[x] += row[x] * weight;
        }
    }
    for (size_t x = 0; x < bytes; x++) {
        out[x] = round_sum(sums[x]);
    }
}

// [height][row_stride] to [height][out_width][3].
static sslact_status resize_rows(const uint8_t *source, int32_t width, int32_t height,
                                 int64_t row_stride, uint8_t *out, int32_t out_width)
{
    taps t;
    sslact_status status = make_taps(&t, width, out_width);
    for (int32_t y = 0; y < height && status >= 0; y++) {
        resize_row(source + y * row_stride, &t, out_width,
                   out + (size_t)y * (size_t)out_width * CHANNELS);
    }
    free_taps(&t);
    return status;
}

// [height][row_stride] to [out_height][width][3].
static sslact_status resize_columns(const uint8_t *source, int32_t width, int32_t height,
                                    int64_t row_stride, uint8_t *out, int32_t out_height)
{
    size_t bytes = (size_t)width * CHANNELS;
    int32_t *sums = array_create(bytes, sizeof(int32_t));
    if (sums == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    taps t;
    sslact_status status = make_taps(&t, height, out_height);
    for (int32_t y = 0; y < out_height && status >= 0; y++) {
        resize_column_row(source + t.first[y] * row_stride, row_stride,
                          t.weights + (size_t)y * t.width, t.count[y], bytes, sums,
                          out + (size_t)y * bytes);
    }
    free_taps(&t);
    free(sums);
    return status;
}

static void copy_rows(const uint8_t *source, int32_t width, int32_t height, int64_t row_stride,
                      uint8_t *out)
{
    size_t bytes = (size_t)width * CHANNELS;
    for (int32_t y = 0; y < height; y++) {
        memcpy(out + (size_t)y * bytes, source + y * row_stride, bytes);
    }
}

static sslact_status resize_both(const uint8_t *source, int32_t width, int32_t height,
                                 int64_t row_stride, uint8_t *out, int32_t out_width,
                                 int32_t out_height)
{
    size_t row_bytes = (size_t)out_width * CHANNELS;
    uint8_t *between = array_create((size_t)height, row_bytes);
    if (between == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = resize_rows(source, width, height, row_stride, between, out_width);
    if (status >= 0) {
        status = resize_columns(between, out_width, height, (int64_t)row_bytes, out, out_height);
    }
    free(between);
    return status;
}

sslact_status image_resize(const uint8_t *source, int32_t width, int32_t height, int64_t row_stride,
                           uint8_t *out, int32_t out_width, int32_t out_height)
{
    if (width < 1 || height < 1 || out_width < 1 || out_height < 1 || width > SIDE_LIMIT ||
        height > SIDE_LIMIT || out_width > SIDE_LIMIT || out_height > SIDE_LIMIT ||
        row_stride < (int64_t)width * CHANNELS) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "resizing %d x %d (%lld bytes a row) to %d x %d: sides from 1 to %d and "
                         "whole rows are needed",
                         width, height, (long long)row_stride, out_width, out_height,
                         (int)SIDE_LIMIT);
    }
    // A direction that keeps its size needs no pass: its weights would be 1.
    if (width == out_width && height == out_height) {
        copy_rows(source, width, height, row_stride, out);
        return SSLACT_OK;
    }
    if (height == out_height) {
        return resize_rows(source, width, height, row_stride, out, out_width);
    }
    if (width == out_width) {
        return resize_columns(source, width, height, row_stride, out, out_height);
    }
    return resize_both(source, width, height, row_stride, out, out_width, out_height);
}
