// Everything is placed twice: once to know the height, once to draw.
#include "report/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "media/image.h"
#include "report/lettering.h"

enum {
    TAG = 16,
    MARGIN = 16,
    GAP = 8,
    SIDE = 236,
    WORDS = 340,
    CAPTION = 128,
    LEAST = 480,
    PALETTE = 8
};
static const double LARGE = 19, MIDDLE = 15, SMALL = 13; // sizes of letters
static const double LINE = 1.35;                         // height of a line, in sizes

static const drawing_color PAPER = {255, 255, 255}, INK = {24, 26, 30}, PALE = {104, 110, 120},
                           BAND = {233, 237, 243}, MASKED = {150, 150, 150};
// Bright on any picture, apart from one another for colour-blind eyes too; dark letters on them.
static const drawing_color PEOPLE[PALETTE] = {{255, 215, 64},  {86, 200, 255},  {255, 138, 101},
                                              {144, 238, 144}, {240, 150, 240}, {255, 255, 255},
                                              {70, 225, 205},  {255, 180, 190}};

typedef struct pen {
    drawing *target; // NULL: the first time
    const sheet_layout *layout;
    double y;
} pen;

int32_t sheet_choose_frame(int32_t frame_count, int32_t columns, int32_t column)
{
    columns = columns < frame_count ? columns : frame_count;
    if (columns < 2) {
        return frame_count / 2;
    }
    int32_t key = frame_count / 2, nearest = 0;
    double step = (double)(frame_count - 1) / (columns - 1);
    for (int32_t i = 1; i < columns; i++) {
        nearest = fabs(i * step - key) < fabs(nearest * step - key) ? i : nearest;
    }
    return column == nearest ? key : (int32_t)lround(column * step);
}

static drawing_color get_color(size_t person, bool masked)
{
    return masked ? MASKED : PEOPLE[person % PALETTE];
}

// --- words ---

static void write_line(const pen *p, double left, double top, double size, drawing_color color,
                       const char *words, size_t length)
{
    char line[512];
    snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1),
             words);
    if (p->target != NULL) {
        drawing_write(p->target, left, top, size, color, line);
    }
}

// Wrapped at blanks and line ends; returns where the next line would begin.
static double write_words(const pen *p, double left, double top, double width, double size,
                          drawing_color color, const char *words)
{
    while (*words != '\0') {
        char line[512];
        size_t length = strcspn(words, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1),
                 words);
        size_t fits = lettering_fit(line, size, width);
        write_line(p, left, top, size, color, words, fits);
        top += LINE * size;
        words += fits;
        words += *words == '\n' || *words == ' ';
    }
    return top;
}

// --- frames ---

static int32_t scale_side(int32_t side, int32_t longer, int32_t wanted)
{
    double scaled = round((double)side * wanted / longer);
    return scaled < 1 ? 1 : (int32_t)scaled;
}

sslact_status sheet_shrink(const sheet_layout *layout, const uint8_t *pixels, int32_t height,
                           int32_t width, sheet_row *row)
{
    int32_t longer = width > height ? width : height, columns = layout->columns;
    row->width = scale_side(width, longer, layout->frame_size);
    row->height = scale_side(height, longer, layout->frame_size);
    row->shown_count = columns < row->frame_count ? columns : row->frame_count;
    size_t shown = (size_t)row->shown_count, bytes = (size_t)row->height * (size_t)row->width * 3;
    row->pixels = array_create(shown, bytes);
    row->frames = array_create(shown, sizeof *row->frames);
    sslact_status status =
        row->pixels == NULL || row->frames == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < shown; i++) {
        row->frames[i] = sheet_choose_frame(row->frame_count, columns, (int32_t)i);
        const uint8_t *frame = pixels + (size_t)row->frames[i] * (size_t)height * (size_t)width * 3;
        status = image_resize(frame, width, height, (int64_t)width * 3, row->pixels + i * bytes,
                              row->width, row->height);
    }
    if (status < 0) {
        sheet_clear_row(row);
    }
    return status;
}

void sheet_clear_row(sheet_row *row)
{
    free(row->pixels);
    free(row->frames);
    row->pixels = NULL;
    row->frames = NULL;
}

static drawing_area place_box(sslact_box box, double left, double top, int32_t width,
                              int32_t height)
{
    return (drawing_area){left + box.x1 * width, top + box.y1 * height, left + box.x2 * width,
                          top + box.y2 * height};
}

static drawing_area keep_inside(drawing_area area, drawing_area outer)
{
    area.left = fmax(outer.left, fmin(outer.right, area.left));
    area.right = fmax(outer.left, fmin(outer.right, area.right));
    area.top = fmax(outer.top, fmin(outer.bottom, area.top));
    area.bottom = fmax(outer.top, fmin(outer.bottom, area.bottom));
    return area;
}

static double tag_width(size_t person)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", person + 1);
    return lettering_measure(number, SMALL) + 3;
}

static void draw_tag(drawing *d, double left, double top, size_t person, bool masked)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", person + 1);
    drawing_fill(d, (drawing_area){left, top, left + tag_width(person), top + TAG},
                 get_color(person, masked));
    drawing_write(d, left + 3, top + 3, SMALL, INK, number);
}

// The box with a dark line around it, which shows on bright pictures; a pushed-out one has no area
// and leaves a mark at the border.
static void draw_person(drawing *d, const sheet_person *person, size_t number, drawing_area frame)
{
    drawing_area area =
        place_box(person->box, frame.left, frame.top, (int32_t)(frame.right - frame.left),
                  (int32_t)(frame.bottom - frame.top));
    area = keep_inside(area, frame);
    area.left = fmin(area.left, frame.right - 6);
    area.top = fmin(area.top, frame.bottom - 6);
    drawing_frame(d, area, 3, person->masked, INK);
    drawing_frame(d, area, 2, person->masked, get_color(number, person->masked));
    // Each of four corners in turn: boxes of the same person lie upon one another.
    double left = number % 2 == 0 ? area.left : area.right - tag_width(number);
    double top = number / 2 % 2 == 0 ? area.top : area.bottom - TAG;
    draw_tag(d, fmax(frame.left, fmin(left, frame.right - tag_width(number))),
             fmax(frame.top, fmin(top, frame.bottom - TAG)), number, person->masked);
}

static bool is_key_frame(const sheet_row *row, int32_t shown)
{
    return row->frames[shown] == row->frame_count / 2;
}

static void draw_frame(const pen *p, const sheet_row *row, int32_t shown, double left)
{
    drawing_area area = {left, p->y, left + row->width, p->y + row->height};
    size_t bytes = (size_t)row->height * (size_t)row->width * 3;
    drawing_place(p->target, (int32_t)left, (int32_t)p->y, row->pixels + (size_t)shown * bytes,
                  row->width, row->height);
    for (size_t i = 0; i < row->person_count; i++) {
        draw_person(p->target, &row->people[i], i, area);
    }
    if (is_key_frame(row, shown)) {
        drawing_area around = {area.left - 4, area.top - 4, area.right + 4, area.bottom + 4};
        drawing_frame(p->target, around, 3, false, INK);
    }
}

static void caption_frame(const pen *p, const sheet_row *row, double step_seconds, int32_t shown,
                          double left, double top)
{
    char words[64];
    bool key = is_key_frame(row, shown);
    int32_t frame = row->frames[shown];
    if (key) {
        snprintf(words, sizeof words, "frame %d: key frame", (int)frame);
    } else if (step_seconds > 0) {
        snprintf(words, sizeof words, "frame %d: %+.2f s", (int)frame,
                 (frame - row->frame_count / 2) * step_seconds);
    } else {
        snprintf(words, sizeof words, "frame %d", (int)frame);
    }
    write_line(p, left, top, SMALL, key ? INK : PALE, words, strlen(words));
}

// --- rows ---

static double write_people(const pen *p, const sheet_row *row, double left, double top)
{
    for (size_t i = 0; i < row->person_count; i++) {
        const sheet_person *person = &row->people[i];
        if (p->target != NULL) {
            draw_tag(p->target, left, top, i, person->masked);
            drawing_frame(p->target, (drawing_area){left - 1, top - 1, left + 15, top + SMALL + 4},
                          1, person->masked, INK);
        }
        top = write_words(p, left + 24, top + 2, WORDS - 24, SMALL, person->masked ? PALE : INK,
                          person->words);
        top += 4;
    }
    if (row->person_count == 0) {
        top = write_words(p, left, top, WORDS, SMALL, PALE, "nobody");
    }
    return top;
}

static double write_side(const pen *p, const sheet_row *row)
{
    double top = write_words(p, MARGIN, p->y, SIDE - GAP, MIDDLE, INK, row->title);
    top = write_words(p, MARGIN, top + 2, SIDE - GAP, SMALL, PALE, row->purpose);
    return write_words(p, MARGIN, top + 6, SIDE - GAP, SMALL, INK, row->changes);
}

// From one frame to the next: the widest row of the clip, and room for what stands below.
static double find_stride(const sheet_clip *clip)
{
    int32_t widest = CAPTION;
    for (size_t r = 0; r < clip->row_count; r++) {
        widest = clip->rows[r].width > widest ? clip->rows[r].width : widest;
    }
    return widest + GAP;
}

static void draw_row(pen *p, const sheet_row *row, double stride, double step_seconds)
{
    for (int32_t i = 0; p->target != NULL && i < row->shown_count; i++) {
        double left = MARGIN + SIDE + i * stride;
        draw_frame(p, row, i, left);
        caption_frame(p, row, step_seconds, i, left, p->y + row->height + 7);
    }
    double side = write_side(p, row);
    double words = MARGIN + SIDE + p->layout->columns * stride + GAP;
    double people = write_people(p, row, words, p->y);
    p->y = fmax(p->y + row->height + 7 + LINE * SMALL, fmax(side, people)) + GAP;
    p->y = ceil(p->y);
}

static void draw_clip(pen *p, const sheet_clip *clip)
{
    if (p->target != NULL) {
        drawing_area band = {0, p->y, p->target->width, p->y + 1.6 * LARGE};
        drawing_fill(p->target, band, BAND);
    }
    write_line(p, MARGIN, p->y + 0.4 * LARGE, LARGE, INK, clip->title, strlen(clip->title));
    p->y = ceil(p->y + 1.6 * LARGE + GAP + 4);
    for (size_t r = 0; r < clip->row_count; r++) {
        draw_row(p, &clip->rows[r], find_stride(clip), clip->step_seconds);
    }
    p->y += GAP;
}

static void draw_all(pen *p, const sheet_clip *clips, size_t clip_count)
{
    double width = SIDE + LEAST + WORDS;
    p->y = write_words(p, MARGIN, MARGIN, width, LARGE, INK, p->layout->title);
    p->y =
        write_words(p, MARGIN, p->y + 2, width, SMALL, PALE,
                    "Boxes are those of the key frame, which has a black border; the network "
                    "looks at the same boxes on every frame. Dashed grey boxes are masked: less "
                    "than a quarter of them is left in the picture, they do not enter the loss.");
    p->y += GAP;
    for (size_t n = 0; n < clip_count; n++) {
        draw_clip(p, &clips[n]);
    }
}

sslact_status sheet_draw(const sheet_layout *layout, const sheet_clip *clips, size_t clip_count,
                         drawing **out)
{
    enum { TALLEST = 65535 };
    pen p = {NULL, layout, 0};
    draw_all(&p, clips, clip_count);
    if (p.y > TALLEST) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "a sheet of %.0f pixels in height, at most %d are accepted: show fewer "
                         "clips or smaller frames",
                         p.y, TALLEST);
    }
    double stride = 0;
    for (size_t n = 0; n < clip_count; n++) {
        stride = fmax(stride, find_stride(&clips[n]));
    }
    int32_t width =
        2 * MARGIN + SIDE + (int32_t)fmax(layout->columns * stride, LEAST) + GAP + WORDS;
    sslact_status status = drawing_create(width, (int32_t)ceil(p.y), PAPER, &p.target);
    if (status >= 0) {
        draw_all(&p, clips, clip_count);
        *out = p.target;
    }
    return status;
}
