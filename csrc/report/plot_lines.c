// Line plots: ranges from the data, thinning of long series, names at the line ends.
#include "report/plot_draw.h"

#include "report/escape.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { thin_limit = 600, legend_limit = 4, label_limit = 16, label_characters = 16 };

typedef struct line_plot {
    const plot_frame *frame;
    const plot_series *series;
    size_t count;
    size_t named; // series that are not faint
    plot_axis x, y;
    plot_area area;
    double width, height;
} line_plot;

// ---- ranges ----

static void widen_range(const double *values, const double *others, size_t count, double *low,
                        double *high)
{
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i]) && isfinite(others[i])) {
            *low = fmin(*low, values[i]);
            *high = fmax(*high, values[i]);
        }
    }
}

static void make_axes(line_plot *plot)
{
    const plot_frame *frame = plot->frame;
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    for (size_t i = 0; i < plot->count; i++) {
        const plot_series *s = &plot->series[i];
        widen_range(s->x, s->y, s->count, &x_low, &x_high);
        widen_range(s->y, s->x, s->count, &y_low, &y_high);
    }
    if (y_low > 0.0 && y_low < 0.5 * y_high) {
        y_low = 0.0; // a curve that comes near zero is read against it
    }
    bool x_given = frame->x_low != frame->x_high, y_given = frame->y_low != frame->y_high;
    plot->x = x_given ? plot_axis_make(frame->x_low, frame->x_high, 5, false)
                      : plot_axis_make(x_low, x_high, 5, false);
    plot->y = y_given ? plot_axis_make(frame->y_low, frame->y_high, 5, false)
                      : plot_axis_make(y_low, y_high, 5, true);
}

// ---- layout ----

static double measure_ticks(const plot_axis *axis)
{
    double widest = 0.0;
    for (int32_t i = 0; i < axis->tick_count; i++) {
        text tick = {0};
        plot_axis_append(axis, plot_axis_get_tick(axis, i), &tick);
        widest = fmax(widest, plot_measure(text_get(&tick)));
        text_free(&tick);
    }
    return widest;
}

static bool has_end_labels(const line_plot *plot)
{
    return plot->named > legend_limit && plot->named <= label_limit;
}

static double measure_end_labels(const line_plot *plot)
{
    double widest = 0.0;
    for (size_t i = 0; i < plot->count; i++) {
        if (!plot->series[i].faint) {
            widest = fmax(widest, plot_measure(plot->series[i].name));
        }
    }
    return fmin(widest, 6.3 * label_characters) + 22.0;
}

// Names and colours of the series that are not faint; both are freed by the caller.
static bool list_named(const line_plot *plot, const char ***names, int32_t **colors)
{
    *names = array_create(plot->count, sizeof **names);
    *colors = array_create(plot->count, sizeof **colors);
    size_t count = 0;
    for (size_t i = 0; i < plot->count && *names != NULL && *colors != NULL; i++) {
        if (!plot->series[i].faint) {
            (*names)[count] = plot->series[i].name;
            (*colors)[count++] = plot->series[i].color;
        }
    }
    return *names != NULL && *colors != NULL;
}

static double draw_legend(const line_plot *plot, text *out)
{
    const char **names = NULL;
    int32_t *colors = NULL;
    double height = 0.0;
    if (plot->named > 1 && plot->named <= legend_limit && list_named(plot, &names, &colors)) {
        double left = 4.0;
        height = plot_legend(names, colors, plot->named, NULL, left, plot->width - left, out);
    }
    free(names);
    free(colors);
    return height;
}

static void make_area(line_plot *plot)
{
    const plot_frame *frame = plot->frame;
    double left = measure_ticks(&plot->y) + 12.0;
    double top = draw_legend(plot, NULL);
    top += frame->y_label != NULL ? 22.0 : 8.0;
    double right = has_end_labels(plot) ? measure_end_labels(plot) : 14.0;
    double bottom = frame->x_label != NULL ? 40.0 : 24.0;
    plot->area = (plot_area){left, top, plot->width - left - right, plot->height - top - bottom};
}

// ---- drawing ----

static void draw_axes(const line_plot *plot, text *out)
{
    const plot_area *area = &plot->area;
    double right = area->left + area->width, bottom = area->top + area->height;
    text_append_format(out,
                       "<rect class=\"area\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                       "height=\"%.1f\"/>\n",
                       area->left, area->top, area->width, area->height);
    for (int32_t i = 0; i < plot->y.tick_count; i++) {
        text tick = {0};
        double value = plot_axis_get_tick(&plot->y, i);
        double y = plot_place_y(area, &plot->y, value);
        plot_axis_append(&plot->y, value, &tick);
        plot_append_line(out, "grid", area->left, y, right, y);
        plot_append_words(out, "tick", "end", area->left - 7.0, y + 4.0, text_get(&tick));
        text_free(&tick);
    }
    for (int32_t i = 0; i < plot->x.tick_count; i++) {
        text tick = {0};
        double value = plot_axis_get_tick(&plot->x, i);
        double x = plot_place_x(area, &plot->x, value);
        plot_axis_append(&plot->x, value, &tick);
        plot_append_line(out, "axis", x, bottom, x, bottom + 4.0);
        plot_append_words(out, "tick", "middle", x, bottom + 17.0, text_get(&tick));
        text_free(&tick);
    }
    plot_append_line(out, "axis", area->left, bottom, right, bottom);
    if (plot->frame->x_label != NULL) {
        plot_append_words(out, "soft", "middle", area->left + area->width / 2.0, bottom + 34.0,
                          plot->frame->x_label);
    }
    if (plot->frame->y_label != NULL) {
        plot_append_words(out, "soft", "start", 4.0, area->top - 12.0, plot->frame->y_label);
    }
}

typedef struct line_pen {
    const line_plot *plot;
    text *out;
    bool steps;
    bool down;   // inside a run of finite points
    bool single; // the run has one point so far
    double x, y;
} line_pen;

static void move_pen(line_pen *pen, double x_value, double y_value)
{
    if (!isfinite(x_value) || !isfinite(y_value)) {
        if (pen->down && pen->single) {
            text_append(pen->out, "h0"); // a round cap makes it a dot
        }
        pen->down = false;
        return;
    }
    double x = plot_place_x(&pen->plot->area, &pen->plot->x, x_value);
    double y = plot_place_y(&pen->plot->area, &pen->plot->y, y_value);
    if (!pen->down) {
        text_append_format(pen->out, "M%.1f %.1f", x, y);
    } else if (pen->steps) {
        text_append_format(pen->out, "V%.1fH%.1f", y, x);
    } else {
        text_append_format(pen->out, "L%.1f %.1f", x, y);
    }
    pen->single = !pen->down;
    pen->down = true;
}

// Least and greatest value of a stretch of points, in the order in which they stand.
static void draw_stretch(line_pen *pen, const plot_series *s, size_t begin, size_t end)
{
    size_t least = begin, greatest = begin;
    for (size_t i = begin; i < end; i++) {
        least = isfinite(s->y[i]) && !(s->y[i] >= s->y[least]) ? i : least;
        greatest = isfinite(s->y[i]) && !(s->y[i] <= s->y[greatest]) ? i : greatest;
    }
    size_t first = least < greatest ? least : greatest;
    size_t second = least < greatest ? greatest : least;
    move_pen(pen, s->x[first], s->y[first]);
    if (second != first) {
        move_pen(pen, s->x[second], s->y[second]);
    }
}

static void draw_points(line_pen *pen, const plot_series *s)
{
    if (s->count <= 2 * thin_limit) {
        for (size_t i = 0; i < s->count; i++) {
            move_pen(pen, s->x[i], s->y[i]);
        }
        return;
    }
    for (size_t i = 0; i < thin_limit; i++) {
        draw_stretch(pen, s, i * s->count / thin_limit, (i + 1) * s->count / thin_limit);
    }
}

static void draw_series(const line_plot *plot, const plot_series *s, size_t place, text *out)
{
    line_pen pen = {.plot = plot, .out = out, .steps = s->steps};
    text_append(out, "<path");
    const char *style = s->faint ? "faint" : plot->named > legend_limit ? "thin" : "line";
    plot_append_color(out, style, s->color, place, plot->named);
    text_append(out, " d=\"");
    if (s->steps && s->count > 0) {
        move_pen(&pen, plot->x.low, s->y[0]);
    }
    draw_points(&pen, s);
    move_pen(&pen, NAN, NAN);
    text_append(out, "\"><title>");
    escape_html(out, s->name);
    text_append(out, "</title></path>\n");
}

// ---- names at the line ends ----

typedef struct end_label {
    double line_y, y;
    size_t series, place;
} end_label;

static int compare_label(const void *left, const void *right)
{
    const end_label *a = left, *b = right;
    if (a->line_y != b->line_y) {
        return a->line_y < b->line_y ? -1 : 1;
    }
    return (a->series > b->series) - (a->series < b->series);
}

// Pushes labels apart, down first, then up from the lower end.
static void spread_labels(end_label *labels, size_t count, double bottom)
{
    const double apart = 13.0;
    for (size_t i = 1; i < count; i++) {
        labels[i].y = fmax(labels[i].y, labels[i - 1].y + apart);
    }
    double lowest = bottom;
    for (size_t i = count; i > 0; i--) {
        labels[i - 1].y = fmin(labels[i - 1].y, lowest);
        lowest = labels[i - 1].y - apart;
    }
}

static double find_last(const plot_series *s)
{
    for (size_t i = s->count; i > 0; i--) {
        if (isfinite(s->y[i - 1])) {
            return s->y[i - 1];
        }
    }
    return NAN;
}

static size_t collect_labels(const line_plot *plot, end_label *labels)
{
    size_t found = 0, place = 0;
    for (size_t i = 0; i < plot->count; i++) {
        double last = find_last(&plot->series[i]);
        if (!plot->series[i].faint && isfinite(last)) {
            double y = plot_place_y(&plot->area, &plot->y, last);
            labels[found++] = (end_label){y, y, i, place};
        }
        place += !plot->series[i].faint;
    }
    qsort(labels, found, sizeof *labels, compare_label);
    return found;
}

static void draw_label(const line_plot *plot, const end_label *label, text *out)
{
    const plot_series *s = &plot->series[label->series];
    double right = plot->area.left + plot->area.width;
    char *name = shorten(s->name, label_characters);
    text_append(out, "<path");
    plot_append_color(out, "lead faint", s->color, label->place, plot->named);
    text_append_format(out, " d=\"M%.1f %.1fL%.1f %.1f\"/>\n", right + 1.0, label->line_y,
                       right + 12.0, label->y);
    plot_append_words(out, "tick", "start", right + 15.0, label->y + 4.0, name != NULL ? name : "");
    free(name);
}

static void draw_end_labels(const line_plot *plot, text *out)
{
    end_label *labels = array_create(plot->count, sizeof *labels);
    if (labels == NULL || !has_end_labels(plot)) {
        free(labels);
        return;
    }
    size_t found = collect_labels(plot, labels);
    spread_labels(labels, found, plot->area.top + plot->area.height);
    for (size_t i = 0; i < found; i++) {
        draw_label(plot, &labels[i], out);
    }
    free(labels);
}

sslact_status plot_lines(const plot_frame *frame, const plot_series *series, size_t count,
                         text *out)
{
    line_plot plot = {.frame = frame, .series = series, .count = count};
    plot.width = frame->width > 0.0 ? frame->width : 420.0;
    plot.height = frame->height > 0.0 ? frame->height : 245.0;
    for (size_t i = 0; i < count; i++) {
        plot.named += !series[i].faint;
    }
    make_axes(&plot);
    make_area(&plot);
    plot_begin(frame, plot.width, plot.height, out);
    draw_legend(&plot, out);
    draw_axes(&plot, out);
    for (int faint = 1; faint >= 0; faint--) { // faint ones lie behind
        size_t place = 0;
        for (size_t i = 0; i < count; i++) {
            if (series[i].faint == (faint == 1)) {
                draw_series(&plot, &series[i], place, out);
            }
            place += !series[i].faint;
        }
    }
    draw_end_labels(&plot, out);
    plot_end(out);
    return text_status(out);
}

sslact_status plot_spark(const char *title, const double *x, const double *y, size_t count,
                         text *out)
{
    plot_frame frame = {.title = title, .width = 90.0, .height = 18.0};
    plot_series series = {.name = title, .x = x, .y = y, .count = count};
    line_plot plot = {.frame = &frame, .series = &series, .count = 1, .named = 1};
    plot.area = (plot_area){2.0, 2.0, 86.0, 14.0};
    make_axes(&plot);
    text_append(out, "<svg class=\"plot spark\" viewBox=\"0 0 90 18\" role=\"img\" aria-label=\"");
    escape_html(out, title);
    text_append(out, "\">");
    line_pen pen = {.plot = &plot, .out = out};
    text_append(out, "<path class=\"thin c0\" d=\"");
    draw_points(&pen, &series);
    move_pen(&pen, NAN, NAN);
    text_append(out, "\"/></svg>");
    return text_status(out);
}
