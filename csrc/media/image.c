// Antialiased bilinear resizing of packed RGB.
//
// The filter is a triangle of half-width max(scale, 1) source pixels around the centre of each
// destination pixel, cut at the picture's edge and normalised. Rows first, then columns, with
// 8-bit values between the passes, as widely used image libraries do. Weights are whole numbers
// of 1 / 2^WEIGHT_BITS that add up to exactly 1, so that an even colour stays what it is and the
// result is the same on every machine; 16 bits of weight let compilers use narrow multiplications.
#include "media/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum {
    WEIGHT_BITS = 13,
    LANE_BITS = 21, // 255 * 2^WEIGHT_BITS and its rounding fit in one lane
    CHANNELS = 3,
    SIDE_LIMIT = 1 << 20
};

// For each destination position: the first source position, and `width` weights from there on.
typedef struct taps {
    int32_t *first;   // [size]
    int16_t *weights; // [size][width], zero where the filter does not reach
    int32_t width;
} taps;

static void free_taps(taps *t)
{
    free(t->first);
    free(t->weights);
    *t = (taps){0};
}

// Rounds weights that add up to 1; what rounding leaves over goes to the largest.
static void round_weights(const double *exact, int32_t count, double sum, int16_t *weights)
{
    int32_t left = 1 << WEIGHT_BITS, largest = 0;
    for (int32_t k = 0; k < count; k++) {
        weights[k] = (int16_t)lround(exact[k] / sum * (1 << WEIGHT_BITS));
        left -= weights[k];
        largest = exact[k] > exact[largest] ? k : largest;
    }
    weights[largest] = (int16_t)(weights[largest] + left);
}

// Weights of one destination position.
static void fill_weights(const taps *t, double centre, double scale, int32_t source_size, int32_t n,
                         double *exact)
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
    // All windows have the same width; at the far edge it begins earlier, with weights of zero.
    int32_t first = begin + t->width <= source_size ? begin : source_size - t->width;
    t->first[n] = first;
    round_weights(exact, end - begin, sum, t->weights + (size_t)n * t->width + (begin - first));
}

static sslact_status make_taps(taps *t, int32_t source_size, int32_t size)
{
    double ratio = (double)source_size / size;
    double scale = ratio > 1 ? ratio : 1;
    int32_t width = 2 * (int32_t)ceil(scale) + 1;
    *t = (taps){.width = width < source_size ? width : source_size};
    size_t weight_count;
    double *exact = array_create((size_t)width, sizeof(double));
    t->first = array_create((size_t)size, sizeof(*t->first));
    if (array_multiply((size_t)size, (size_t)t->width, &weight_count)) {
        t->weights = array_create(weight_count, sizeof(*t->weights));
    }
    if (exact == NULL || t->first == NULL || t->weights == NULL) {
        free(exact);
        free_taps(t);
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory to resize %d to %d", source_size,
                         size);
    }
    for (int32_t n = 0; n < size; n++) {
        fill_weights(t, (n + 0.5) * ratio, scale, source_size, n, exact);
    }
    free(exact);
    return SSLACT_OK;
}

// Weights are not negative and add up to 1: the sum of bytes stays a byte.
static uint8_t round_sum(int32_t sum)
{
    return (uint8_t)((sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS);
}

// Puts the three channels of each pixel into lanes of one word, so that one multiplication
// weighs all of them.
static void spread_row(const uint8_t *source, int32_t width, uint64_t *out)
{
    for (int32_t x = 0; x < width; x++, source += CHANNELS) {
        out[x] =
            source[0] | (uint64_t)source[1] << LANE_BITS | (uint64_t)source[2] << (2 * LANE_BITS);
    }
}

// source: one spread row; out [size][3]. Inlined with a constant width, the inner loop unrolls.
static inline void resize_row(const uint64_t *source, const taps *t, int32_t width, int32_t size,
                              uint8_t *out)
{
    const uint64_t half = 1 << (WEIGHT_BITS - 1);
    const uint64_t halves = half | half << LANE_BITS | half << (2 * LANE_BITS);
    for (int32_t n = 0; n < size; n++, out += CHANNELS) {
        const uint64_t *pixel = source + t->first[n];
        const int16_t *weights = t->weights + (size_t)n * width;
        uint64_t sum = halves;
        for (int32_t k = 0; k < width; k++) {
            sum += pixel[k] * (uint64_t)weights[k];
        }
        out[0] = (uint8_t)(sum >> WEIGHT_BITS);
        out[1] = (uint8_t)(sum >> (LANE_BITS + WEIGHT_BITS));
        out[2] = (uint8_t)(sum >> (2 * LANE_BITS + WEIGHT_BITS));
    }
}

// The widths of common scales: 3 enlarges, 5 shrinks up to two times, 7 up to three times.
static void resize_any_row(const uint64_t *source, const taps *t, int32_t size, uint8_t *out)
{
    switch (t->width) {
    case 3:
        resize_row(source, t, 3, size, out);
        break;
    case 5:
        resize_row(source, t, 5, size, out);
        break;
    case 7:
        resize_row(source, t, 7, size, out);
        break;
    default:
        resize_row(source, t, t->width, size, out);
        break;
    }
}

// One destination row out of `count` source rows of `bytes` bytes each, `stride` apart.
static void resize_column_row(const uint8_t *source, int64_t stride, const int16_t *weights,
                              int32_t count, size_t bytes, int32_t *sums, uint8_t *out)
{
    memset(sums, 0, bytes * sizeof(*sums));
    for (int32_t k = 0; k < count; k++) {
        const uint8_t *row = source + k * stride;
        int16_t weight = weights[k];
        for (size_t x = 0; x < bytes && weight != 0; x++) {
            sums[x] += (int16_t)row[x] * weight;
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
    uint64_t *spread = array_create((size_t)width, sizeof(uint64_t));
    if (spread == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    taps t;
    sslact_status status = make_taps(&t, width, out_width);
    for (int32_t y = 0; y < height && status >= 0; y++) {
        spread_row(source + y * row_stride, width, spread);
        resize_any_row(spread, &t, out_width, out + (size_t)y * (size_t)out_width * CHANNELS);
    }
    free_taps(&t);
    free(spread);
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
                          t.weights + (size_t)y * t.width, t.width, bytes, sums,
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
