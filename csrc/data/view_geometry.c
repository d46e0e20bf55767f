// Affine maps of frames and boxes. A row of the target walks the source in steps of 2^-32 pixel,
// so the part of the row that has an origin in the picture, and the part of it that needs no care
// at the borders, are found by whole-number division and not by a test per pixel.
#include "data/view_geometry.h"

#include <math.h>
#include <string.h>

enum { STEP_BITS = 32, WEIGHT_BITS = 10, CHANNELS = 3 };
#define STEP_ONE ((int64_t)1 << STEP_BITS)
#define WEIGHT_ONE (1u << WEIGHT_BITS)

// A row of the target, walked: origin of pixel x is (x_start + x x_step, y_start + x y_step), in
// the units above, already half a pixel back so that its whole part names the upper left
// neighbour.
typedef struct row_walk {
    int64_t x_start, x_step;
    int64_t y_start, y_step;
} row_walk;

typedef struct span {
    int64_t first, end; // pixels first .. end - 1
} span;

bool geometry_moves(view_operation operation)
{
    return operation >= VIEW_ROTATE && operation <= VIEW_TRANSLATE_Y;
}

affine affine_identity(void)
{
    return (affine){.xx = 1.0, .yy = 1.0};
}

affine affine_join(affine first, affine second)
{
    return (affine){
        .xx = second.xx * first.xx + second.xy * first.yx,
        .xy = second.xx * first.xy + second.xy * first.yy,
        .x0 = second.xx * first.x0 + second.xy * first.y0 + second.x0,
        .yx = second.yx * first.xx + second.yy * first.yx,
        .yy = second.yx * first.xy + second.yy * first.yy,
        .y0 = second.yx * first.x0 + second.yy * first.y0 + second.y0,
    };
}

affine affine_invert(affine map)
{
    double determinant = map.xx * map.yy - map.xy * map.yx;
    affine inverse = {
        .xx = map.yy / determinant,
        .xy = -map.xy / determinant,
        .yx = -map.yx / determinant,
        .yy = map.xx / determinant,
    };
    inverse.x0 = -(inverse.xx * map.x0 + inverse.xy * map.y0);
    inverse.y0 = -(inverse.yx * map.x0 + inverse.yy * map.y0);
    return inverse;
}

// The same linear part, with the centre of the picture staying where it is.
static affine pin_centre(affine map, int32_t height, int32_t width)
{
    double x = 0.5 * width;
    double y = 0.5 * height;
    map.x0 = x - map.xx * x - map.xy * y;
    map.y0 = y - map.yx * x - map.yy * y;
    return map;
}

affine geometry_make(view_operation operation, double u, int sign, int32_t height, int32_t width)
{
    affine map = affine_identity();
    double signed_u = u * sign;
    switch (operation) {
    case VIEW_ROTATE: {
        // 30 u degrees; y points down, so a positive angle turns clockwise.
        double angle = signed_u * 30.0 * (3.14159265358979323846 / 180.0);
        map.xx = map.yy = cos(angle);
        map.xy = -sin(angle);
        map.yx = sin(angle);
        return pin_centre(map, height, width);
    }
    case VIEW_SHEAR_X:
        map.xy = 0.3 * signed_u;
        return pin_centre(map, height, width);
    case VIEW_SHEAR_Y:
        map.yx = 0.3 * signed_u;
        return pin_centre(map, height, width);
    case VIEW_TRANSLATE_X:
        map.x0 = 0.45 * signed_u * width;
        return map;
    case VIEW_TRANSLATE_Y:
        map.y0 = 0.45 * signed_u * height;
        return map;
    default:
        return map;
    }
}

static int64_t divide_up(int64_t dividend, int64_t positive_divisor)
{
    int64_t quotient = dividend / positive_divisor;
    return quotient + (dividend % positive_divisor > 0);
}

// Narrows `inside` to the pixels x with low <= start + x step < high.
static void narrow_span(int64_t start, int64_t step, int64_t low, int64_t high, span *inside)
{
    int64_t first = inside->first;
    int64_t end = inside->end;
    if (step > 0) {
        first = divide_up(low - start, step);
        end = divide_up(high - start, step);
    } else if (step < 0) {
        first = divide_up(start - high + 1, -step);
        end = divide_up(start - low + 1, -step);
    } else if (start < low || start >= high) {
        end = first; // nowhere
    }
    inside->first = first > inside->first ? first : inside->first;
    inside->end = end < inside->end ? end : inside->end;
    if (inside->end <= inside->first) {
        *inside = (span){0, 0};
    }
}

// Pixels whose origin is at least `margin` (0 or half a pixel) inside the picture.
static span find_span(const row_walk *walk, int32_t height, int32_t width, int64_t margin)
{
    int64_t half = STEP_ONE / 2;
    span inside = {0, width};
    narrow_span(walk->x_start, walk->x_step, margin - half, width * STEP_ONE - half - margin,
                &inside);
    narrow_span(walk->y_start, walk->y_step, margin - half, height * STEP_ONE - half - margin,
                &inside);
    return inside;
}

static int32_t clamp_index(int64_t index, int32_t count)
{
    return (int32_t)(index < 0 ? 0 : index >= count ? count - 1 : index);
}

// right and down are byte offsets to the neighbours; weights in 1 / WEIGHT_ONE.
static void blend_four(const uint8_t *corner, ptrdiff_t right, ptrdiff_t down, uint32_t weight_x,
                       uint32_t weight_y, uint8_t *target)
{
    const uint8_t *lower = corner + down;
    for (int channel = 0; channel < CHANNELS; channel++) {
        uint32_t top =
            corner[channel] * (WEIGHT_ONE - weight_x) + corner[right + channel] * weight_x;
        uint32_t bottom =
            lower[channel] * (WEIGHT_ONE - weight_x) + lower[right + channel] * weight_x;
        uint32_t sum = top * (WEIGHT_ONE - weight_y) + bottom * weight_y;
        target[channel] = (uint8_t)((sum + (1u << (2 * WEIGHT_BITS - 1))) >> (2 * WEIGHT_BITS));
    }
}

static uint32_t get_weight(int64_t position)
{
    return (uint32_t)((uint64_t)position >> (STEP_BITS - WEIGHT_BITS)) & (WEIGHT_ONE - 1);
}

// Pixels whose four neighbours all exist.
static void resample_inside(const uint8_t *source, int32_t width, const row_walk *walk, span inside,
                            uint8_t *target_row)
{
    ptrdiff_t row_bytes = (ptrdiff_t)width * CHANNELS;
    int64_t x = walk->x_start + inside.first * walk->x_step;
    int64_t y = walk->y_start + inside.first * walk->y_step;
    uint8_t *target = target_row + inside.first * CHANNELS;
    for (int64_t column = inside.first; column < inside.end; column++) {
        const uint8_t *corner = source + (y >> STEP_BITS) * row_bytes + (x >> STEP_BITS) * CHANNELS;
        blend_four(corner, CHANNELS, row_bytes, get_weight(x), get_weight(y), target);
        x += walk->x_step;
        y += walk->y_step;
        target += CHANNELS;
    }
}

// Pixels within half a pixel of the border, where the border row or column is its own neighbour.
static void resample_border(const uint8_t *source, int32_t height, int32_t width,
                            const row_walk *walk, int64_t first, int64_t end, uint8_t *target_row)
{
    for (int64_t column = first; column < end; column++) {
        int64_t x = walk->x_start + column * walk->x_step;
        int64_t y = walk->y_start + column * walk->y_step;
        ptrdiff_t left = clamp_index(x >> STEP_BITS, width);
        ptrdiff_t right = clamp_index((x >> STEP_BITS) + 1, width);
        ptrdiff_t top = clamp_index(y >> STEP_BITS, height);
        ptrdiff_t bottom = clamp_index((y >> STEP_BITS) + 1, height);
        blend_four(source + (top * width + left) * CHANNELS, (right - left) * CHANNELS,
                   (bottom - top) * width * CHANNELS, get_weight(x), get_weight(y),
                   target_row + column * CHANNELS);
    }
}

static int64_t to_steps(double pixels)
{
    return (int64_t)llround(pixels * (double)STEP_ONE);
}

void geometry_resample(const uint8_t *source, int32_t height, int32_t width, affine map,
                       uint8_t *target)
{
    affine origin = affine_invert(map);
    size_t row_bytes = (size_t)width * CHANNELS;
    for (int32_t row = 0; row < height; row++) {
        double y = row + 0.5;
        row_walk walk = {
            .x_start = to_steps(origin.xx * 0.5 + origin.xy * y + origin.x0 - 0.5),
            .x_step = to_steps(origin.xx),
            .y_start = to_steps(origin.yx * 0.5 + origin.yy * y + origin.y0 - 0.5),
            .y_step = to_steps(origin.yx),
        };
        uint8_t *target_row = target + (size_t)row * row_bytes;
        span full = find_span(&walk, height, width, 0);
        span inside = find_span(&walk, height, width, STEP_ONE / 2);
        if (inside.first >= inside.end) {
            inside.first = inside.end = full.end;
        }
        memset(target_row, GEOMETRY_EMPTY, (size_t)full.first * CHANNELS);
        resample_border(source, height, width, &walk, full.first, inside.first, target_row);
        resample_inside(source, width, &walk, inside, target_row);
        resample_border(source, height, width, &walk, inside.end, full.end, target_row);
        memset(target_row + full.end * CHANNELS, GEOMETRY_EMPTY,
               row_bytes - (size_t)full.end * CHANNELS);
    }
}

static double clamp_unit(double value)
{
    return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

bool geometry_map_box(affine map, int32_t height, int32_t width, sslact_box *box)
{
    double x1 = INFINITY, y1 = INFINITY, x2 = -INFINITY, y2 = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        double x = (corner & 1 ? box->x2 : box->x1) * width;
        double y = (corner & 2 ? box->y2 : box->y1) * height;
        double mapped_x = (map.xx * x + map.xy * y + map.x0) / width;
        double mapped_y = (map.yx * x + map.yy * y + map.y0) / height;
        x1 = fmin(x1, mapped_x);
        x2 = fmax(x2, mapped_x);
        y1 = fmin(y1, mapped_y);
        y2 = fmax(y2, mapped_y);
    }
    double area = (x2 - x1) * (y2 - y1);
    x1 = clamp_unit(x1);
    x2 = clamp_unit(x2);
    y1 = clamp_unit(y1);
    y2 = clamp_unit(y2);
    *box = (sslact_box){(float)x1, (float)y1, (float)x2, (float)y2};
    return (x2 - x1) * (y2 - y1) >= 0.25 * area;
}
