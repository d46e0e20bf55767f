// Draws the plan of a view and applies it frame by frame. What an operation does to pixels is in
// view_pixels.c and view_geometry.c; here is what it does over time, and to the boxes.
#include "data/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "data/view_frame.h"
#include "data/view_geometry.h"
#include "data/view_pixels.h"

enum { CHANNELS = 3 };
static const double SEVERITY_MAX = 30.0;

static const char *const NAMES[VIEW_OPERATION_COUNT] = {
    [VIEW_IDENTITY] = "identity",       [VIEW_AUTOCONTRAST] = "autocontrast",
    [VIEW_EQUALIZE] = "equalize",       [VIEW_INVERT] = "invert",
    [VIEW_BRIGHTNESS] = "brightness",   [VIEW_COLOR] = "color",
    [VIEW_CONTRAST] = "contrast",       [VIEW_SHARPNESS] = "sharpness",
    [VIEW_POSTERIZE] = "posterize",     [VIEW_SOLARIZE] = "solarize",
    [VIEW_ROTATE] = "rotate",           [VIEW_SHEAR_X] = "shear_x",
    [VIEW_SHEAR_Y] = "shear_y",         [VIEW_TRANSLATE_X] = "translate_x",
    [VIEW_TRANSLATE_Y] = "translate_y",
};

const char *view_operation_get_name(view_operation operation)
{
    return (unsigned)operation < VIEW_OPERATION_COUNT ? NAMES[operation] : "?";
}

void view_options_read(const config *c, view_options *out)
{
    *out = (view_options){
        .flip = config_get_bool(c, "augment.flip"),
        .aug_n = (int32_t)config_get_int(c, "augment.aug_n"),
        .aug_m = config_get_double(c, "augment.aug_m"),
        .aug_range = config_get_double(c, "augment.aug_range"),
        .aug_geometry = strcmp(config_get_text(c, "augment.aug_geometry"), "map") == 0,
        .aug_temporal = config_get_bool(c, "augment.aug_temporal"),
        .scale_min = (int32_t)config_get_int(c, "augment.scale_min"),
        .scale_max = (int32_t)config_get_int(c, "augment.scale_max"),
        .crop = (int32_t)config_get_int(c, "augment.crop"),
    };
}

static double clamp_severity(double severity)
{
    return severity < 0.0 ? 0.0 : severity > SEVERITY_MAX ? SEVERITY_MAX : severity;
}

// The operations that move boxes are the last ones of the enumeration.
static uint64_t count_drawable(const view_options *options)
{
    return options->aug_geometry ? VIEW_OPERATION_COUNT : VIEW_ROTATE;
}

void view_draw(const view_options *options, random_stream *stream, view_plan *out)
{
    *out = (view_plan){.flip = false};
    view_frame_draw(options, stream, out);
    // Every number is drawn whether it is used or not: an option changes nothing but itself.
    bool flip = random_uniform(stream) < 0.5;
    out->flip = options->flip && flip;
    if (!options->strong) {
        return;
    }
    int32_t count = options->aug_n < VIEW_MAX_OPERATIONS ? options->aug_n : VIEW_MAX_OPERATIONS;
    out->operation_count = count > 0 ? count : 0;
    for (int32_t n = 0; n < out->operation_count; n++) {
        view_operation operation = (view_operation)random_integer(stream, count_drawable(options));
        double spread = random_range(stream, 0.0, 0.5 * options->aug_range * options->aug_m);
        spread *= random_sign(stream);
        int sign = random_sign(stream);
        spread = options->aug_temporal ? spread : 0.0;
        out->operations[n].operation = operation;
        out->operations[n].severity_first = clamp_severity(options->aug_m - spread);
        out->operations[n].severity_last = clamp_severity(options->aug_m + spread);
        out->operations[n].sign = sign;
    }
}

// u of operation n at frame f of F, in 0..1.
static double get_severity(const view_plan *plan, int32_t n, int32_t frame, int32_t frame_count)
{
    double first = plan->operations[n].severity_first;
    double last = plan->operations[n].severity_last;
    double place = frame_count > 1 ? (double)frame / (frame_count - 1) : 0.5;
    return (first + (last - first) * place) / SEVERITY_MAX;
}

// Joins operations n, n + 1, ... as long as they are maps: one resampling serves them all, which
// is sharper, and lets what a first map pushes out of the picture come back with the second, as
// its box does. *next is the first operation that was not taken.
static affine join_maps(const clip *source, const view_plan *plan, int32_t frame, int32_t n,
                        int32_t *next)
{
    affine map = affine_identity();
    for (; n < plan->operation_count && geometry_moves(plan->operations[n].operation); n++) {
        double u = get_severity(plan, n, frame, source->frame_count);
        map = affine_join(map,
                          geometry_make(plan->operations[n].operation, u, plan->operations[n].sign,
                                        source->height, source->width));
    }
    *next = n;
    return map;
}

static void apply_frame(const clip *source, const view_plan *plan, int32_t frame, uint8_t *pixels,
                        uint8_t *scratch)
{
    size_t frame_bytes = (size_t)source->height * (size_t)source->width * CHANNELS;
    const uint8_t *source_pixels = source->pixels + (size_t)frame * frame_bytes;
    if (plan->flip) {
        pixels_flip(source_pixels, source->height, source->width, pixels);
    } else {
        memcpy(pixels, source_pixels, frame_bytes);
    }
    for (int32_t n = 0; n < plan->operation_count;) {
        view_operation operation = plan->operations[n].operation;
        if (geometry_moves(operation)) {
            affine map = join_maps(source, plan, frame, n, &n);
            memcpy(scratch, pixels, frame_bytes);
            geometry_resample(scratch, source->height, source->width, map, pixels);
        } else {
            pixels_apply(operation, get_severity(plan, n, frame, source->frame_count),
                         plan->operations[n].sign, pixels, source->height, source->width, scratch);
            n++;
        }
    }
}

static float clamp_unit(double value)
{
    return (float)(value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value);
}

// Each edge moves by up to `jitter` of the side; the four draws are made whatever comes of them.
static sslact_box jitter_box(sslact_box box, double jitter, random_stream *stream)
{
    double width = (double)box.x2 - box.x1;
    double height = (double)box.y2 - box.y1;
    sslact_box moved;
    moved.x1 = clamp_unit(box.x1 + width * random_range(stream, -jitter, jitter));
    moved.y1 = clamp_unit(box.y1 + height * random_range(stream, -jitter, jitter));
    moved.x2 = clamp_unit(box.x2 + width * random_range(stream, -jitter, jitter));
    moved.y2 = clamp_unit(box.y2 + height * random_range(stream, -jitter, jitter));
    return moved.x2 > moved.x1 && moved.y2 > moved.y1 ? moved : box;
}

// The transform of the key frame, frame F/2, is the boxes'.
static void apply_boxes(const view_options *options, const view_plan *plan, random_stream *stream,
                        clip *target, uint8_t *visible)
{
    affine map = affine_identity();
    bool moves = false;
    for (int32_t n = 0; n < plan->operation_count;) {
        int32_t next = n;
        map = affine_join(map, join_maps(target, plan, target->frame_count / 2, n, &next));
        moves = moves || next > n;
        n = next > n ? next : n + 1;
    }
    for (int32_t i = 0; i < target->box_count; i++) {
        sslact_box box = target->boxes[i];
        if (options->box_jitter > 0.0) {
            box = jitter_box(box, options->box_jitter, stream);
        }
        if (plan->flip) {
            box = (sslact_box){1.0f - box.x2, box.y1, 1.0f - box.x1, box.y2};
        }
        visible[i] = 1;
        if (moves && !geometry_map_box(map, target->height, target->width, &box)) {
            visible[i] = 0;
        }
        target->boxes[i] = box;
    }
}

// Frames and boxes of a clip in its final size.
static sslact_status apply_plan(const clip *source, const view_options *options,
                                const view_plan *plan, random_stream *stream, clip **out,
                                uint8_t *visible)
{
    clip *target = NULL;
    size_t frame_bytes = (size_t)source->height * (size_t)source->width * CHANNELS;
    uint8_t *scratch = array_create(frame_bytes, 1);
    if (scratch == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = view_copy_frameless(source, source->height, source->width, &target);
    if (status == SSLACT_OK) {
        for (int32_t frame = 0; frame < source->frame_count; frame++) {
            apply_frame(source, plan, frame, target->pixels + (size_t)frame * frame_bytes, scratch);
        }
        apply_boxes(options, plan, stream, target, visible);
        *out = target;
    }
    free(scratch);
    return status;
}

sslact_status view_apply(const clip *source, const view_options *options, const view_plan *plan,
                         random_stream *stream, clip **out, uint8_t *visible)
{
    if (!view_frame_changes(options)) {
        return apply_plan(source, options, plan, stream, out, visible);
    }
    clip *framed = NULL;
    uint8_t *inside = array_create((size_t)source->box_count, 1);
    sslact_status status = inside == NULL
                               ? SSLACT_ERROR_OUT_OF_MEMORY
                               : view_frame_apply(source, options, plan, &framed, inside);
    if (status == SSLACT_OK) {
        status = apply_plan(framed, options, plan, stream, out, visible);
    }
    for (int32_t i = 0; status == SSLACT_OK && i < source->box_count; i++) {
        visible[i] = visible[i] && inside[i];
    }
    clip_free(framed);
    free(inside);
    return status;
}
