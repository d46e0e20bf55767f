// Pointwise and histogram operations, and Sharpness. Whatever maps a byte to a byte becomes a
// table of 256 entries per channel first; Color and Sharpness blend with a picture of their own.
#include "data/view_pixels.h"

#include <math.h>
#include <string.h>

enum { LEVELS = 256, CHANNELS = 3, DIFFERENCES = 511 };

typedef uint8_t byte_table[CHANNELS][LEVELS];
typedef uint32_t byte_histogram[CHANNELS][LEVELS];

// Pillow cuts decimals off, it does not round.
static uint8_t cut_to_byte(float value)
{
    value = value < 255.0f ? value : 255.0f;
    return (uint8_t)(value > 0.0f ? value : 0.0f);
}

// Luma as Pillow's conversion to "L": ITU-R 601 in 16 bit fixed point.
static uint8_t get_luma(const uint8_t *pixel)
{
    return (uint8_t)((pixel[0] * 19595u + pixel[1] * 38470u + pixel[2] * 7471u + 0x8000u) >> 16);
}

static void count_levels(const uint8_t *frame, size_t pixel_count, byte_histogram histogram)
{
    memset(histogram, 0, sizeof(byte_histogram));
    for (size_t p = 0; p < pixel_count; p++) {
        histogram[0][frame[CHANNELS * p]]++;
        histogram[1][frame[CHANNELS * p + 1]]++;
        histogram[2][frame[CHANNELS * p + 2]]++;
    }
}

static void apply_table(uint8_t *frame, size_t pixel_count, const byte_table table)
{
    for (size_t p = 0; p < pixel_count; p++) {
        frame[CHANNELS * p] = table[0][frame[CHANNELS * p]];
        frame[CHANNELS * p + 1] = table[1][frame[CHANNELS * p + 1]];
        frame[CHANNELS * p + 2] = table[2][frame[CHANNELS * p + 2]];
    }
}

static void fill_identity(uint8_t table[LEVELS])
{
    for (int level = 0; level < LEVELS; level++) {
        table[level] = (uint8_t)level;
    }
}

// Stretches the levels in use to 0..255.
static void fill_autocontrast(const uint32_t histogram[LEVELS], uint8_t table[LEVELS])
{
    int low = 0;
    int high = LEVELS - 1;
    while (low < LEVELS - 1 && histogram[low] == 0) {
        low++;
    }
    while (high > 0 && histogram[high] == 0) {
        high--;
    }
    if (high <= low) {
        fill_identity(table);
        return;
    }
    double scale = 255.0 / (high - low);
    double offset = -low * scale;
    for (int level = 0; level < LEVELS; level++) {
        int value = (int)(level * scale + offset);
        table[level] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

// Spreads the levels so that each takes about as many pixels; the brightest level in use does not
// count towards the step.
static void fill_equalize(const uint32_t histogram[LEVELS], uint8_t table[LEVELS])
{
    uint64_t total = 0;
    uint32_t last = 0;
    for (int level = 0; level < LEVELS; level++) {
        total += histogram[level];
        last = histogram[level] != 0 ? histogram[level] : last;
    }
    uint64_t step = (total - last) / 255;
    if (step == 0) {
        fill_identity(table);
        return;
    }
    uint64_t below = step / 2;
    for (int level = 0; level < LEVELS; level++) {
        uint64_t value = below / step;
        table[level] = (uint8_t)(value > 255 ? 255 : value);
        below += histogram[level];
    }
}

static void apply_histogram(view_operation operation, uint8_t *frame, size_t pixel_count)
{
    byte_histogram histogram;
    byte_table table;
    count_levels(frame, pixel_count, histogram);
    for (int channel = 0; channel < CHANNELS; channel++) {
        if (operation == VIEW_EQUALIZE) {
            fill_equalize(histogram[channel], table[channel]);
        } else {
            fill_autocontrast(histogram[channel], table[channel]);
        }
    }
    apply_table(frame, pixel_count, table);
}

// level -> base + factor (level - base), the blend of all enhancement operations.
static void fill_blend(float base, float factor, uint8_t table[LEVELS])
{
    for (int level = 0; level < LEVELS; level++) {
        table[level] = cut_to_byte(base + factor * ((float)level - base));
    }
}

static void fill_posterize(double u, uint8_t table[LEVELS])
{
    int dropped = (int)floor(4.0 * u + 0.5);
    for (int level = 0; level < LEVELS; level++) {
        table[level] = (uint8_t)(level >> dropped << dropped);
    }
}

static void fill_solarize(double u, uint8_t table[LEVELS])
{
    for (int level = 0; level < LEVELS; level++) {
        table[level] = (uint8_t)(level >= 256.0 * (1.0 - u) ? 255 - level : level);
    }
}

static float compute_mean_luma(const uint8_t *frame, size_t pixel_count)
{
    uint64_t sum = 0;
    for (size_t p = 0; p < pixel_count; p++) {
        sum += get_luma(frame + CHANNELS * p);
    }
    return (float)floor((double)sum / (double)pixel_count + 0.5);
}

static void apply_same_table(view_operation operation, double u, float factor, uint8_t *frame,
                             size_t pixel_count)
{
    byte_table table;
    switch (operation) {
    case VIEW_BRIGHTNESS:
        fill_blend(0.0f, factor, table[0]);
        break;
    case VIEW_CONTRAST:
        fill_blend(compute_mean_luma(frame, pixel_count), factor, table[0]);
        break;
    case VIEW_POSTERIZE:
        fill_posterize(u, table[0]);
        break;
    default:
        fill_solarize(u, table[0]);
        break;
    }
    memcpy(table[1], table[0], LEVELS);
    memcpy(table[2], table[0], LEVELS);
    apply_table(frame, pixel_count, table);
}

static void apply_invert(uint8_t *frame, size_t byte_count)
{
    for (size_t b = 0; b < byte_count; b++) {
        frame[b] = (uint8_t)~frame[b];
    }
}

// Blend with the grey picture. The product factor * difference comes from a table; it depends on
// the difference alone.
static void apply_color(float factor, uint8_t *frame, size_t pixel_count)
{
    float products[DIFFERENCES];
    for (int difference = -255; difference <= 255; difference++) {
        products[difference + 255] = factor * (float)difference;
    }
    for (size_t p = 0; p < pixel_count; p++) {
        uint8_t *pixel = frame + CHANNELS * p;
        int luma = get_luma(pixel);
        const float *products_luma = products + 255 - luma;
        pixel[0] = cut_to_byte((float)luma + products_luma[pixel[0]]);
        pixel[1] = cut_to_byte((float)luma + products_luma[pixel[1]]);
        pixel[2] = cut_to_byte((float)luma + products_luma[pixel[2]]);
    }
}

// A row smoothed with the kernel that is 1 everywhere and 5 in the middle, over 13, rounded. The
// first and the last pixel are left out. In 16 bits, so that the compiler makes vectors of it:
// (2 sum + 13) / 26 is exact as a product with 2^19 / 26 up to the largest sum, 13 * 255.
static void smooth_row(const uint8_t *restrict above, const uint8_t *restrict row,
                       const uint8_t *restrict below, size_t byte_count, uint8_t *restrict target)
{
    for (size_t b = CHANNELS; b < byte_count - CHANNELS; b++) {
        uint16_t left = above[b - CHANNELS] + row[b - CHANNELS] + below[b - CHANNELS];
        uint16_t middle = above[b] + 5 * row[b] + below[b];
        uint16_t right = above[b + CHANNELS] + row[b + CHANNELS] + below[b + CHANNELS];
        uint16_t dividend = (uint16_t)(2 * (left + middle + right) + 13);
        uint16_t high = (uint16_t)((uint32_t)dividend * 20165u >> 16);
        target[b] = (uint8_t)(high >> 3);
    }
}

// Sharpness blends with the smoothed picture; target holds the smoothed row.
static void sharpen_row(const uint8_t *restrict row, size_t byte_count, float factor,
                        uint8_t *restrict target)
{
    for (size_t b = CHANNELS; b < byte_count - CHANNELS; b++) {
        float smooth = (float)target[b];
        target[b] = cut_to_byte(smooth + factor * ((float)row[b] - smooth));
    }
}

static void apply_sharpness(float factor, uint8_t *frame, int32_t height, int32_t width,
                            uint8_t *scratch)
{
    size_t row_bytes = (size_t)width * CHANNELS;
    if (width < 3 || height < 3) {
        return;
    }
    memcpy(scratch, frame, row_bytes * (size_t)height);
    for (int32_t y = 1; y < height - 1; y++) {
        const uint8_t *row = scratch + (size_t)y * row_bytes;
        uint8_t *target = frame + (size_t)y * row_bytes;
        smooth_row(row - row_bytes, row, row + row_bytes, row_bytes, target);
        sharpen_row(row, row_bytes, factor, target);
    }
}

void pixels_apply(view_operation operation, double u, int sign, uint8_t *frame, int32_t height,
                  int32_t width, uint8_t *scratch)
{
    size_t pixel_count = (size_t)height * (size_t)width;
    float factor = (float)(1.0 + 0.9 * u * sign);
    switch (operation) {
    case VIEW_AUTOCONTRAST:
    case VIEW_EQUALIZE:
        apply_histogram(operation, frame, pixel_count);
        break;
    case VIEW_INVERT:
        apply_invert(frame, pixel_count * CHANNELS);
        break;
    case VIEW_BRIGHTNESS:
    case VIEW_CONTRAST:
    case VIEW_POSTERIZE:
    case VIEW_SOLARIZE:
        apply_same_table(operation, u, factor, frame, pixel_count);
        break;
    case VIEW_COLOR:
        apply_color(factor, frame, pixel_count);
        break;
    case VIEW_SHARPNESS:
        apply_sharpness(factor, frame, height, width, scratch);
        break;
    default: // Identity, and what moves boxes (view_geometry.c)
        break;
    }
}

void pixels_flip(const uint8_t *source, int32_t height, int32_t width, uint8_t *target)
{
    for (int32_t y = 0; y < height; y++) {
        const uint8_t *from = source + ((size_t)y + 1) * (size_t)width * CHANNELS;
        uint8_t *to = target + (size_t)y * (size_t)width * CHANNELS;
        for (int32_t x = 0; x < width; x++, to += CHANNELS) {
            from -= CHANNELS;
            to[0] = from[0];
            to[1] = from[1];
            to[2] = from[2];
        }
    }
}
