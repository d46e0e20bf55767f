// Plots as SVG text, readable at half a page and on a phone, light and dark.
//
// Inline in a page the look comes from plot_get_style(), to be put into the page once; a standalone
// picture carries it itself. Numbers that are not finite leave a gap.
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct plot_frame {        // zero what does not matter
    const char *title;             // read aloud and shown on hover
    const char *description;       // one sentence that says what is to be seen; NULL = none
    const char *x_label, *y_label; // NULL = none
    double width, height;          // 0 = 420 x 245
    double x_low, x_high;          // equal = from the data
    double y_low, y_high;          // equal = from the data
    bool standalone;               // a file of its own
} plot_frame;

typedef struct plot_series { // borrowed
    const char *name;
    const double *x, *y; // [count], x never falling
    size_t count;
    int32_t color; // 0 .. 7, -1 = by its place
    bool faint;    // behind the others, not in the legend
    bool steps;    // y[i] holds from x[i - 1] to x[i]: precision-recall
} plot_series;

// Lines over a common x; a legend for two to four, names at the line ends for up to sixteen.
sslact_status plot_lines(const plot_frame *frame, const plot_series *series, size_t count,
                         text *out);

typedef struct plot_bar_data { // borrowed
    const char *const *labels; // [label_count], one group of bars each, from the top
    size_t label_count;
    const char *const *names; // [series_count], at most 8
    const int32_t *colors;    // [series_count], 0 .. 7; NULL = by place
    size_t series_count;
    const double *values; // [label_count][series_count]; NaN = no value
    const double *marks;  // [label_count], a tick across each group; NaN = none; NULL = none
    const char *mark_name;
} plot_bar_data;

// Horizontal bars from 0; the height of the frame is ignored.
sslact_status plot_bars(const plot_frame *frame, const plot_bar_data *data, text *out);

typedef struct plot_count_data { // borrowed
    const char *const *labels;   // [count], from the top
    const int64_t *values;       // [count]
    const int32_t *colors;       // [count], 0 .. 7
    size_t count;
    const char *const *names; // [8] of the colours for the legend, NULL = not in it
} plot_count_data;

// Horizontal bars on a logarithmic axis from 1, with the counts behind them; the height of the
// frame is ignored.
sslact_status plot_counts(const plot_frame *frame, const plot_count_data *data, text *out);

typedef struct plot_heat_data { // borrowed
    const char *const *labels;  // [count], rows from the top, columns from the left
    size_t count;
    const double *values;      // [count][count] 0 .. 1, the darker the greater; 0 and NaN: nothing
    const char *const *titles; // [count][count] shown on hover; NULL = none
} plot_heat_data;

// A square of cells; width and height of the frame are ignored.
sslact_status plot_heat(const plot_frame *frame, const plot_heat_data *data, text *out);

// A line without axes, as high as a line of text; x and y as in plot_series.
sslact_status plot_spark(const char *title, const double *x, const double *y, size_t count,
                         text *out);

const char *plot_get_style(void); // CSS

#ifdef __cplusplus
}
#endif
#endif
