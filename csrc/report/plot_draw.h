// Axes and pieces that the plots share; private to this room.
#ifndef REPORT_PLOT_DRAW_H
#define REPORT_PLOT_DRAW_H

#include "report/plot.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct plot_axis {
    double low, high;   // what the ends of the axis stand for; low < high
    double first, step; // ticks
    int32_t tick_count; // at most 12
} plot_axis;

// An axis over low .. high with about `wanted` ticks at round numbers; `widen` moves the ends out
// to ticks. Equal or unordered ends are set apart first.
plot_axis plot_axis_make(double low, double high, int32_t wanted, bool widen);
// The value of tick number i, exact 0 where it is 0.
double plot_axis_get_tick(const plot_axis *axis, int32_t i);
// As short as the step allows: "0.25", "12k", "5e-05".
void plot_axis_append(const plot_axis *axis, double value, text *out);

typedef struct plot_area { // in the picture's units, y downwards
    double left, top, width, height;
} plot_area;

// Values beyond the ends of the axis are placed at them.
double plot_place_x(const plot_area *area, const plot_axis *axis, double value);
double plot_place_y(const plot_area *area, const plot_axis *axis, double value);

// Estimated width of a text in the plots' font.
double plot_measure(const char *words);

// <svg ...><title>..</title><desc>..</desc>, and the style where it stands alone.
void plot_begin(const plot_frame *frame, double width, double height, text *out);
void plot_end(text *out);
// style: a class of the style sheet; anchor: "start", "middle", "end".
void plot_append_words(text *out, const char *style, const char *anchor, double x, double y,
                       const char *words);
void plot_append_line(text *out, const char *style, double x1, double y1, double x2, double y2);

// Legend items from left to right, wrapped; returns the height it takes (0 without a name). Draws
// only where `out` is not NULL. A mark's item (mark_name, NULL = none) comes last.
double plot_legend(const char *const *names, const int32_t *colors, size_t count,
                   const char *mark_name, double left, double width, text *out);
// " class=..." for the series at `place` of `count`; more than eight run through a ramp of hues.
void plot_append_color(text *out, const char *style, int32_t color, size_t place, size_t count);

#ifdef __cplusplus
}
#endif
#endif
