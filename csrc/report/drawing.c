// Pixels: areas by whole pixels, letters by the distance of a pixel to the nearest stroke.
#include "report/drawing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/lettering.h"

enum { CHANNELS = 3, DASH = 6, MOST_SIDE = 65535 };

sslact_status drawing_create(int32_t width, int32_t height, drawing_color background, drawing **out)
{
    if (width < 1 || height < 1 || width > MOST_SIDE || height > MOST_SIDE) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "a picture of %d x %d pixels: sides from 1 to %d are accepted", (int)width,
                         (int)height, MOST_SIDE);
    }
    drawing *d = array_create(1, sizeof *d);
    uint8_t *pixels = array_create((size_t)width * (size_t)height, CHANNELS);
    if (d == NULL || pixels == NULL) {
        free(d);
        free(pixels);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *d = (drawing){pixels, width, height};
    drawing_fill(d, (drawing_area){0, 0, width, height}, background);
    *out = d;
    return SSLACT_OK;
}

void drawing_free(drawing *d)
{
    if (d != NULL) {
        free(d->pixels);
        free(d);
    }
}

// --- areas ---

static uint8_t *get_pixel(const drawing *d, int32_t x, int32_t y)
{
    return d->pixels + ((size_t)y * (size_t)d->width + (size_t)x) * CHANNELS;
}

static int32_t clamp_place(double place, int32_t most)
{
    return place <= 0 ? 0 : place >= most ? most : (int32_t)lround(place);
}

void drawing_fill(drawing *d, drawing_area area, drawing_color color)
{
    int32_t left = clamp_place(area.left, d->width), right = clamp_place(area.right, d->width);
    int32_t top = clamp_place(area.top, d->height), bottom = clamp_place(area.bottom, d->height);
    for (int32_t y = top; y < bottom; y++) {
        for (int32_t x = left; x < right; x++) {
            memcpy(get_pixel(d, x, y), &color, CHANNELS);
        }
    }
}

void drawing_place(drawing *d, int32_t left, int32_t top, const uint8_t *rgb, int32_t width,
                   int32_t height)
{
    int32_t first = left < 0 ? -left : 0;
    int32_t end = left + width > d->width ? d->width - left : width;
    for (int32_t y = 0; y < height && first < end; y++) {
        if (top + y >= 0 && top + y < d->height) {
            memcpy(get_pixel(d, left + first, top + y),
                   rgb + ((size_t)y * (size_t)width + (size_t)first) * CHANNELS,
                   (size_t)(end - first) * CHANNELS);
        }
    }
}

// --- frames ---

// A bar from (left, top), in pieces along its longer side where it is dashed.
static void draw_bar(drawing *d, drawing_area bar, bool dashed, drawing_color color)
{
    bool wide = bar.right - bar.left > bar.bottom - bar.top;
    double length = wide ? bar.right - bar.left : bar.bottom - bar.top;
    if (!dashed) {
        drawing_fill(d, bar, color);
        return;
    }
    for (double from = 0; from < length; from += 2 * DASH) {
        double to = fmin(from + DASH, length);
        drawing_area piece =
            wide ? (drawing_area){bar.left + from, bar.top, bar.left + to, bar.bottom}
                 : (drawing_area){bar.left, bar.top + from, bar.right, bar.top + to};
        drawing_fill(d, piece, color);
    }
}

void drawing_frame(drawing *d, drawing_area area, int32_t thickness, bool dashed,
                   drawing_color color)
{
    double left = round(area.left), top = round(area.top);
    double right = fmax(round(area.right), left + 2 * thickness);
    double bottom = fmax(round(area.bottom), top + 2 * thickness);
    draw_bar(d, (drawing_area){left, top, right, top + thickness}, dashed, color);
    draw_bar(d, (drawing_area){left, bottom - thickness, right, bottom}, dashed, color);
    draw_bar(d, (drawing_area){left, top, left + thickness, bottom}, dashed, color);
    draw_bar(d, (drawing_area){right - thickness, top, right, bottom}, dashed, color);
}

// --- letters ---

typedef struct point {
    double x, y;
} point;

static double measure_distance(point p, point a, point b)
{
    double ux = b.x - a.x, uy = b.y - a.y;
    double length = ux * ux + uy * uy;
    double along = length > 0 ? ((p.x - a.x) * ux + (p.y - a.y) * uy) / length : 0;
    along = fmax(0, fmin(1, along));
    return hypot(p.x - a.x - along * ux, p.y - a.y - along * uy);
}

static void blend(uint8_t *pixel, drawing_color color, double share)
{
    const uint8_t values[CHANNELS] = {color.red, color.green, color.blue};
    for (int channel = 0; channel < CHANNELS; channel++) {
        double mixed = pixel[channel] + share * (values[channel] - pixel[channel]);
        pixel[channel] = (uint8_t)lround(mixed);
    }
}

// A line with round ends.
static void draw_line(drawing *d, point a, point b, double radius, drawing_color color)
{
    double reach = radius + 1;
    int32_t left = clamp_place(floor(fmin(a.x, b.x) - reach), d->width);
    int32_t right = clamp_place(ceil(fmax(a.x, b.x) + reach), d->width);
    int32_t top = clamp_place(floor(fmin(a.y, b.y) - reach), d->height);
    int32_t bottom = clamp_place(ceil(fmax(a.y, b.y) + reach), d->height);
    for (int32_t y = top; y < bottom; y++) {
        for (int32_t x = left; x < right; x++) {
            double distance = measure_distance((point){x + 0.5, y + 0.5}, a, b);
            double share = fmax(0, fmin(1, radius + 0.5 - distance));
            if (share > 0) {
                blend(get_pixel(d, x, y), color, share);
            }
        }
    }
}

static void draw_strokes(drawing *d, const char *strokes, point corner, double size,
                         drawing_color color)
{
    double unit_x = lettering_scale_x(size), unit_y = lettering_scale_y(size);
    double radius = fmax(0.5, 0.055 * size);
    point before = {0, 0};
    bool begun = false;
    for (const char *s = strokes; *s != '\0'; s += *s == ' ' ? 1 : 2) {
        if (*s == ' ') {
            begun = false;
            continue;
        }
        point here = {corner.x + (s[0] - '0') * unit_x, corner.y + (s[1] - '0') * unit_y};
        if (begun) {
            draw_line(d, before, here, radius, color);
        }
        before = here;
        begun = true;
    }
}

// A stroke of one point has no line: dots are written twice.
static void draw_dots(drawing *d, const char *strokes, point corner, double size,
                      drawing_color color)
{
    for (const char *s = strokes; *s != '\0'; s += *s == ' ' ? 1 : 2) {
        if (s[0] != ' ' && s[1] != '\0' && s[2] == s[0] && s[3] == s[1]) {
            point dot = {corner.x + (s[0] - '0') * lettering_scale_x(size),
                         corner.y + (s[1] - '0') * lettering_scale_y(size)};
            draw_line(d, dot, dot, fmax(0.8, 0.08 * size), color);
        }
    }
}

void drawing_write(drawing *d, double left, double top, double size, drawing_color color,
                   const char *words)
{
    point corner = {left + 0.06 * size, top + 0.06 * size};
    while (*words != '\0') {
        const char *strokes = lettering_get_strokes(&words);
        draw_strokes(d, strokes, corner, size, color);
        draw_dots(d, strokes, corner, size, color);
        corner.x += lettering_get_advance(strokes) * lettering_scale_x(size);
    }
}
