// Bilinear resampling of a part of the picture: one table of neighbours and weights for the
// columns, one for the rows, shared by all frames of a clip.
#include "data/view_frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { CHANNELS = 3, WEIGHT_BITS = 11, WEIGHT_ONE = 1 << WEIGHT_BITS };
enum { FIRST_DRAW = 1 << 16 };

void view_frame_draw(const view_options *options, const random_stream *stream, view_plan *out)
{
    if (options->scale_max > 0) {
        double span = options->scale_max - options->scale_min + 1;
        out->scale = options->scale_min + (int32_t)(span * random_at(stream, FIRST_DRAW));
    }
    out->crop_x = random_at(stream, FIRST_DRAW + 1);
    out->crop_y = random_at(stream, FIRST_DRAW + 2);
}

bool view_frame_changes(const view_options *options)
{
    return options->scale_max > 0 || options->crop > 0;
}

// --- the copy ---

static bool copy_text(const char *source, char **out)
{
    if (source == NULL) {
        return true;
    }
    free(*out);
    *out = text_copy(source);
    return *out != NULL;
}

sslact_status view_copy_frameless(const clip *source, int32_t height, int32_t width, clip **out)
{
    clip *copy = NULL;
    sslact_status status = clip_create(source->frame_count, height, width, source->box_count,
                                       source->class_count, source->labels != NULL, &copy);
    if (status != SSLACT_OK) {
        return status;
    }
    size_t box_count = (size_t)source->box_count;
    memcpy(copy->boxes, source->boxes, box_count * sizeof(*copy->boxes));
    memcpy(copy->box_scores, source->box_scores, box_count * sizeof(*copy->box_scores));
    if (source->labels != NULL) {
        memcpy(copy->labels, source->labels, box_count * (size_t)source->class_count);
    }
    copy->timestamp = source->timestamp;
    if (!copy_text(source->name, &copy->name) || !copy_text(source->video, &copy->video)) {
        clip_free(copy);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = copy;
    return SSLACT_OK;
}

// --- one axis ---

// The part of an axis that is shown: `length` pixels from `first` on, after scaling to `scaled`.
typedef struct axis {
    int32_t source, scaled, first, length;
} axis;

// Where a pixel comes from: (1 - w) of `low` and w of `high`, w in units of 1 / WEIGHT_ONE.
typedef struct tap {
    int32_t low, high, weight;
} tap;

static tap *make_taps(const axis *a)
{
    tap *taps = array_create((size_t)a->length, sizeof *taps);
    for (int32_t i = 0; taps != NULL && i < a->length; i++) {
        double place = (a->first + i + 0.5) * a->source / a->scaled - 0.5; // centres are at 0.5
        place = place < 0 ? 0 : place > a->source - 1 ? a->source - 1 : place;
        taps[i].low = (int32_t)place;
        taps[i].high = taps[i].low + 1 < a->source ? taps[i].low + 1 : taps[i].low;
        taps[i].weight = (int32_t)((place - taps[i].low) * WEIGHT_ONE + 0.5);
    }
    return taps;
}

static void resample_frame(const uint8_t *source, int32_t source_width, const tap *rows,
                           int32_t height, const tap *columns, int32_t width, uint8_t *target)
{
    size_t row_bytes = (size_t)source_width * CHANNELS;
    for (int32_t y = 0; y < height; y++) {
        const uint8_t *upper = source + (size_t)rows[y].low * row_bytes;
        const uint8_t *lower = source + (size_t)rows[y].high * row_bytes;
        int32_t down = rows[y].weight;
        for (int32_t x = 0; x < width; x++) {
            int32_t left = columns[x].low * CHANNELS, right = columns[x].high * CHANNELS;
            int32_t w = columns[x].weight;
            for (int32_t c = 0; c < CHANNELS; c++) {
                int32_t above = upper[left + c] * (WEIGHT_ONE - w) + upper[right + c] * w;
                int32_t below = lower[left + c] * (WEIGHT_ONE - w) + lower[right + c] * w;
                int32_t sum = above * (WEIGHT_ONE - down) + below * down;
                *target++ = (uint8_t)((sum + (1 << (2 * WEIGHT_BITS - 1))) >> (2 * WEIGHT_BITS));
            }
        }
    }
}

static sslact_status resample_frames(const clip *source, const axis *down, const axis *across,
                                     clip *target)
{
    tap *rows = make_taps(down), *columns = make_taps(across);
    sslact_status status = rows != NULL && columns != NULL ? SSLACT_OK : SSLACT_ERROR_OUT_OF_MEMORY;
    size_t source_bytes = (size_t)source->height * (size_t)source->width * CHANNELS;
    size_t target_bytes = (size_t)target->height * (size_t)target->width * CHANNELS;
    for (int32_t f = 0; status == SSLACT_OK && f < source->frame_count; f++) {
        resample_frame(source->pixels + (size_t)f * source_bytes, source->width, rows,
                       target->height, columns, target->width,
                       target->pixels + (size_t)f * target_bytes);
    }
    free(rows);
    free(columns);
    return status;
}

// --- boxes ---

// From shares of the whole side to shares of the crop.
static double map_corner(float corner, const axis *a)
{
    return ((double)corner * a->scaled - a->first) / a->length;
}

static double clamp_unit(double value)
{
    return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

static bool crop_box(const axis *down, const axis *across, sslact_box *box)
{
    double x1 = map_corner(box->x1, across), x2 = map_corner(box->x2, across);
    double y1 = map_corner(box->y1, down), y2 = map_corner(box->y2, down);
    double area = (x2 - x1) * (y2 - y1);
    x1 = clamp_unit(x1);
    x2 = clamp_unit(x2);
    y1 = clamp_unit(y1);
    y2 = clamp_unit(y2);
    *box = (sslact_box){(float)x1, (float)y1, (float)x2, (float)y2};
    return (x2 - x1) * (y2 - y1) >= 0.25 * area;
}

// --- all of it ---

// The shorter side becomes `scale`, the other one keeps the shape; 0 leaves both.
static void choose_size(const clip *source, int32_t scale, axis *down, axis *across)
{
    int32_t shorter = source->height < source->width ? source->height : source->width;
    double factor = scale > 0 ? (double)scale / shorter : 1.0;
    *down = (axis){source->height, (int32_t)floor(source->height * factor + 0.5), 0, 0};
    *across = (axis){source->width, (int32_t)floor(source->width * factor + 0.5), 0, 0};
    down->length = down->scaled;
    across->length = across->scaled;
}

static void choose_part(int32_t crop, double share, axis *a)
{
    a->length = crop;
    a->first = (int32_t)(share * (a->scaled - crop + 1));
}

sslact_status view_frame_apply(const clip *source, const view_options *options,
                               const view_plan *plan, clip **out, uint8_t *visible)
{
    axis down, across;
    clip *target = NULL;
    choose_size(source, options->scale_max > 0 ? plan->scale : 0, &down, &across);
    if (options->crop > down.scaled || options->crop > across.scaled) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "%s: %d x %d pixels, a crop of %d does not fit (augment.crop)",
                         source->name != NULL ? source->name : "clip", (int)across.scaled,
                         (int)down.scaled, (int)options->crop);
    }
    if (options->crop > 0) {
        choose_part(options->crop, plan->crop_x, &across);
        choose_part(options->crop, plan->crop_y, &down);
    }
    sslact_status status = view_copy_frameless(source, down.length, across.length, &target);
    if (status == SSLACT_OK) {
        status = resample_frames(source, &down, &across, target);
    }
    if (status != SSLACT_OK) {
        clip_free(target);
        return status;
    }
    for (int32_t i = 0; i < target->box_count; i++) {
        visible[i] = crop_box(&down, &across, &target->boxes[i]);
    }
    *out = target;
    return SSLACT_OK;
}
