// Background, people, light and noise. The background of a scene is made once, with a margin, and
// shifted by fractions of a pixel for the camera's drift.
#include "demo/renderer.h"

#include "demo/canvas.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARGIN = 6, // pixels around the background; the drift is at most 2.4 each way
    WIDE = DEMO_WIDTH + 2 * MARGIN,
    HIGH = DEMO_HEIGHT + 2 * MARGIN,
    NOISE_COUNT = 1 << 15
};

struct renderer {
    const demo_world *world;
    const demo_scene *scene; // whose background is in place
    uint8_t background[HIGH * WIDE * 3];
    int16_t noise[NOISE_COUNT]; // normal, in 1/256 of a deviation
};

sslact_status renderer_create(const demo_world *world, renderer **out)
{
    renderer *r = array_create(1, sizeof *r);
    if (r == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    r->world = world;
    random_stream stream = demo_open_stream(world, 0, DEMO_STREAM_NOISE, UINT32_MAX);
    for (int k = 0; k < NOISE_COUNT; k++) {
        double value = fmin(fmax(random_normal(&stream), -5), 5);
        r->noise[k] = (int16_t)lrint(256 * value);
    }
    *out = r;
    return SSLACT_OK;
}

void renderer_forget(renderer *r)
{
    r->scene = NULL;
}

void renderer_free(renderer *r)
{
    free(r);
}

// --- background ---

// A smooth step between grid nodes: no edges for the network to hold on to.
static double ease(double t)
{
    return t * t * (3 - 2 * t);
}

static double mix_grid(const demo_scene *scene, int channel, double x, double y)
{
    int column = (int)fmin(fmax(x, 0), DEMO_GRID_COLUMNS - 2);
    int row = (int)fmin(fmax(y, 0), DEMO_GRID_ROWS - 2);
    double tx = ease(fmin(fmax(x - column, 0), 1)), ty = ease(fmin(fmax(y - row, 0), 1));
    const uint8_t *top_left = &scene->grid[row][column].r;
    const uint8_t *top_right = &scene->grid[row][column + 1].r;
    const uint8_t *bottom_left = &scene->grid[row + 1][column].r;
    const uint8_t *bottom_right = &scene->grid[row + 1][column + 1].r;
    double top = top_left[channel] + tx * (top_right[channel] - top_left[channel]);
    double bottom = bottom_left[channel] + tx * (bottom_right[channel] - bottom_left[channel]);
    return top + ty * (bottom - top);
}

static void fill_background(renderer *r, const demo_scene *scene)
{
    for (int y = 0; y < HIGH; y++) {
        double v = (double)y / (HIGH - 1) * (DEMO_GRID_ROWS - 1);
        double below = fmin(fmax((y - MARGIN - scene->horizon) / 3, 0), 1); // a soft edge
        for (int x = 0; x < WIDE; x++) {
            double u = (double)x / (WIDE - 1) * (DEMO_GRID_COLUMNS - 1);
            uint8_t *pixel = r->background + 3 * (y * WIDE + x);
            for (int channel = 0; channel < 3; channel++) {
                double value = mix_grid(scene, channel, u, v) + below * scene->floor_shade;
                pixel[channel] = (uint8_t)fmin(fmax(value + 0.5, 0), 255);
            }
        }
    }
}

static void fill_clutter(renderer *r, const demo_scene *scene)
{
    for (size_t k = 0; k < scene->clutter_count; k++) {
        const demo_block *block = &scene->clutter[k];
        int x1 = (int)fmax(block->x1 + MARGIN, 0), x2 = (int)fmin(block->x2 + MARGIN, WIDE);
        int y1 = (int)fmax(block->y1 + MARGIN, 0), y2 = (int)fmin(block->y2 + MARGIN, HIGH);
        for (int y = y1; y < y2; y++) {
            for (int x = x1; x < x2; x++) {
                memcpy(r->background + 3 * (y * WIDE + x), &block->color, 3);
            }
        }
    }
}

// The background as seen when the scene has moved by (dx, dy): bilinear.
static void shift_background(const renderer *r, double dx, double dy, uint8_t *pixels)
{
    double left = MARGIN - dx, top = MARGIN - dy;
    int x = (int)floor(left), y = (int)floor(top);
    int wx = (int)(16 * (left - x)), wy = (int)(16 * (top - y)); // 0..15
    uint16_t w00 = (uint16_t)((16 - wx) * (16 - wy)), w01 = (uint16_t)(wx * (16 - wy));
    uint16_t w10 = (uint16_t)((16 - wx) * wy), w11 = (uint16_t)(wx * wy); // 256 together
    for (int row = 0; row < DEMO_HEIGHT; row++) {
        const uint8_t *upper = r->background + 3 * ((y + row) * WIDE + x);
        const uint8_t *lower = upper + 3 * WIDE;
        uint8_t *out = pixels + 3 * row * DEMO_WIDTH;
        for (int k = 0; k < 3 * DEMO_WIDTH; k++) {
            uint16_t sum = (uint16_t)(w00 * upper[k] + w01 * upper[k + 3] + w10 * lower[k] +
                                      w11 * lower[k + 3] + 128);
            out[k] = (uint8_t)(sum >> 8);
        }
    }
}

// --- light and noise ---

// Gain and offset, then the same noise on the three channels of a pixel, as a sensor's luma noise.
// Each row takes a stretch of the table from a place of its own. Eighths of a grey level in 16
// bits, so that the compiler handles eight values at once.
static void expose(const renderer *r, const demo_scene *scene, random_stream stream,
                   uint8_t *pixels)
{
    uint16_t gain = (uint16_t)lrint(scene->gain * 128);
    int offset = (int)lrint(scene->offset * 8) + 4;
    int deviation = (int)lrint(scene->noise * 16);
    int16_t add[3 * DEMO_WIDTH];
    for (int y = 0; y < DEMO_HEIGHT; y++) {
        const int16_t *noise = r->noise + random_integer(&stream, NOISE_COUNT - DEMO_WIDTH);
        for (int x = 0; x < DEMO_WIDTH; x++) {
            int16_t sum = (int16_t)(offset + ((noise[x] * deviation) >> 9));
            add[3 * x] = add[3 * x + 1] = add[3 * x + 2] = sum;
        }
        uint8_t *row = pixels + 3 * y * DEMO_WIDTH;
        for (int k = 0; k < 3 * DEMO_WIDTH; k++) {
            uint16_t scaled = (uint16_t)(row[k] * gain); // below 255 * 160
            int16_t value = (int16_t)((int16_t)((int16_t)(scaled >> 4) + add[k]) >> 3);
            row[k] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

// --- frames ---

void renderer_draw_plain(renderer *r, const demo_scene *scene, int64_t frame, bool people,
                         uint8_t *pixels)
{
    if (r->scene != scene) {
        fill_background(r, scene);
        fill_clutter(r, scene);
        r->scene = scene;
    }
    double dx, dy;
    demo_scene_find_drift(scene, frame, &dx, &dy);
    shift_background(r, dx, dy, pixels);
    for (size_t p = 0; people && p < scene->person_count; p++) {
        demo_figure figure;
        demo_figure_build(&scene->people[p], (double)frame / DEMO_RATE, &figure);
        for (size_t k = 0; k < figure.count; k++) {
            canvas_draw_shape(pixels, &figure.shapes[k], dx, dy);
        }
    }
}

void renderer_draw(renderer *r, const demo_video *video, int64_t frame, uint8_t *pixels)
{
    const demo_scene *scene = demo_video_find_scene(video, frame);
    if (scene == NULL || demo_video_is_black(video, frame)) {
        memset(pixels, 0, 3 * DEMO_WIDTH * DEMO_HEIGHT);
        return;
    }
    renderer_draw_plain(r, scene, frame, true, pixels);
    expose(r, scene, demo_open_stream(r->world, video->index, DEMO_STREAM_NOISE, frame), pixels);
}
