// Coverage of each pixel near a shape by the distance of its centre to the edge, clamped to one
// pixel: exact enough for limbs of a few pixels and cheap.
#include "demo/canvas.h"

#include <math.h>

typedef struct span {
    int x1, y1, x2, y2; // pixels, ends not included
} span;

static span clip(double x1, double y1, double x2, double y2)
{
    span s;
    s.x1 = (int)fmax(0, fmin(DEMO_WIDTH, floor(x1)));
    s.y1 = (int)fmax(0, fmin(DEMO_HEIGHT, floor(y1)));
    s.x2 = (int)fmax(0, fmin(DEMO_WIDTH, ceil(x2)));
    s.y2 = (int)fmax(0, fmin(DEMO_HEIGHT, ceil(y2)));
    return s;
}

// coverage in 0..256
static void blend(uint8_t *pixel, demo_color color, int coverage)
{
    pixel[0] = (uint8_t)((pixel[0] * (256 - coverage) + color.r * coverage + 128) >> 8);
    pixel[1] = (uint8_t)((pixel[1] * (256 - coverage) + color.g * coverage + 128) >> 8);
    pixel[2] = (uint8_t)((pixel[2] * (256 - coverage) + color.b * coverage + 128) >> 8);
}

static void draw_limb(uint8_t *pixels, const demo_shape *shape, float dx, float dy)
{
    float ax = (float)shape->x1 + dx, ay = (float)shape->y1 + dy;
    float bx = (float)shape->x2 + dx, by = (float)shape->y2 + dy;
    float radius = (float)shape->radius;
    float reach = radius + 0.5f;
    float inner = fmaxf(radius - 0.5f, 0) * fmaxf(radius - 0.5f, 0);
    span s = clip(fminf(ax, bx) - reach, fminf(ay, by) - reach, fmaxf(ax, bx) + reach,
                  fmaxf(ay, by) + reach);
    float ux = bx - ax, uy = by - ay;
    float scale = ux * ux + uy * uy > 0 ? 1 / (ux * ux + uy * uy) : 0;
    for (int y = s.y1; y < s.y2; y++) {
        for (int x = s.x1; x < s.x2; x++) {
            float px = (float)x + 0.5f - ax, py = (float)y + 0.5f - ay;
            float along = (px * ux + py * uy) * scale;
            along = along < 0 ? 0 : along > 1 ? 1 : along;
            float ex = px - along * ux, ey = py - along * uy;
            float square = ex * ex + ey * ey;
            if (square >= reach * reach) {
                continue;
            }
            int coverage = square <= inner ? 256 : (int)(256 * fminf(reach - sqrtf(square), 1));
            blend(pixels + 3 * (y * DEMO_WIDTH + x), shape->color, coverage);
        }
    }
}

// The share of the unit interval from `position` that lies between low and high.
static double cover(int position, double low, double high)
{
    return fmax(0, fmin(position + 1, high) - fmax(position, low));
}

static void draw_block(uint8_t *pixels, const demo_shape *shape, double dx, double dy)
{
    double x1 = shape->x1 + dx, y1 = shape->y1 + dy, x2 = shape->x2 + dx, y2 = shape->y2 + dy;
    span s = clip(x1, y1, x2, y2);
    for (int y = s.y1; y < s.y2; y++) {
        double row = 256 * cover(y, y1, y2);
        for (int x = s.x1; x < s.x2; x++) {
            int coverage = (int)(row * cover(x, x1, x2));
            blend(pixels + 3 * (y * DEMO_WIDTH + x), shape->color, coverage);
        }
    }
}

static void draw_shade(uint8_t *pixels, const demo_shape *shape, double dx, double dy)
{
    double cx = (shape->x1 + shape->x2) / 2 + dx, cy = (shape->y1 + shape->y2) / 2 + dy;
    double rx = (shape->x2 - shape->x1) / 2, ry = (shape->y2 - shape->y1) / 2;
    span s = clip(cx - rx, cy - ry, cx + rx, cy + ry);
    for (int y = s.y1; y < s.y2; y++) {
        for (int x = s.x1; x < s.x2; x++) {
            double ex = (x + 0.5 - cx) / rx, ey = (y + 0.5 - cy) / ry;
            double square = ex * ex + ey * ey;
            if (square < 1) {
                blend(pixels + 3 * (y * DEMO_WIDTH + x), shape->color, (int)(70 * (1 - square)));
            }
        }
    }
}

void canvas_draw_shape(uint8_t *pixels, const demo_shape *shape, double dx, double dy)
{
    switch (shape->kind) {
    case DEMO_SHAPE_LIMB:
        draw_limb(pixels, shape, (float)dx, (float)dy);
        break;
    case DEMO_SHAPE_BLOCK:
        draw_block(pixels, shape, dx, dy);
        break;
    case DEMO_SHAPE_SHADE:
        draw_shade(pixels, shape, dx, dy);
        break;
    }
}
