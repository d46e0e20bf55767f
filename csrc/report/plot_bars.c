// Horizontal bars in groups, with the value beside each and a tick across the group.
#include "report/plot_draw.h"

#include "report/escape.h"

#include <math.h>
#include <stdlib.h>

enum { label_characters = 18 };

static const int32_t places[8] = {0, 1, 2, 3, 4, 5, 6, 7};

typedef struct bar_plot {
    const plot_bar_data *data;
    plot_axis x;
    plot_area area;
    double width;
    double thickness, row; // of a bar, of a group with its gap
} bar_plot;

static double find_greatest(const plot_bar_data *data)
{
    double greatest = 0.0;
    for (size_t i = 0; i < data->label_count; i++) {
        for (size_t k = 0; k < data->series_count; k++) {
            greatest = fmax(greatest, data->values[i * data->series_count + k]); // NaN is passed by
        }
        if (data->marks != NULL) {
            greatest = fmax(greatest, data->marks[i]);
        }
    }
    return greatest;
}

static double measure_labels(const plot_bar_data *data)
{
    double widest = 0.0;
    for (size_t i = 0; i < data->label_count; i++) {
        widest = fmax(widest, plot_measure(data->labels[i]));
    }
    return fmin(widest, 6.3 * label_characters);
}

static double draw_legend(const bar_plot *plot, text *out)
{
    const plot_bar_data *data = plot->data;
    const int32_t *colors = data->colors != NULL ? data->colors : places;
    const char *mark_name = data->marks != NULL ? data->mark_name : NULL;
    return plot_legend(data->names, colors, data->series_count, mark_name, 4.0, plot->width - 4.0,
                       out);
}

static void draw_axis(const bar_plot *plot, text *out)
{
    const plot_area *area = &plot->area;
    double bottom = area->top + area->height;
    text_append_format(out,
                       "<rect class=\"area\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                       "height=\"%.1f\"/>\n",
                       area->left, area->top, area->width, area->height);
    for (int32_t i = 0; i < plot->x.tick_count; i++) {
        text tick = {0};
        double value = plot_axis_get_tick(&plot->x, i);
        double x = plot_place_x(area, &plot->x, value);
        plot_axis_append(&plot->x, value, &tick);
        plot_append_line(out, i == 0 ? "axis" : "grid", x, area->top, x, bottom);
        plot_append_words(out, "tick", "middle", x, bottom + 15.0, text_get(&tick));
        text_free(&tick);
    }
}

static void draw_bar(const bar_plot *plot, size_t label, size_t series, double top, text *out)
{
    const plot_bar_data *data = plot->data;
    double value = data->values[label * data->series_count + series];
    text number = {0};
    if (!isfinite(value)) {
        plot_append_words(out, "tick", "start", plot->area.left + 5.0,
                          top + plot->thickness / 2.0 + 4.0, "\xe2\x80\x93"); // –
        return;
    }
    double right = plot_place_x(&plot->area, &plot->x, fmax(value, 0.0));
    text_append_format(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"1.5\"",
                       plot->area.left, top, right - plot->area.left, plot->thickness - 1.0);
    int32_t color = data->colors != NULL ? data->colors[series] : places[series];
    plot_append_color(out, "bar", color, series, data->series_count);
    text_append(out, "><title>");
    escape_html(out, data->labels[label]);
    text_append(out, ", ");
    escape_html(out, data->names[series]);
    text_append_format(&number, "%.3f", value);
    text_append_format(out, ": %s</title></rect>\n", text_get(&number));
    plot_append_words(out, "tick", "start", right + 5.0, top + plot->thickness / 2.0 + 3.5,
                      text_get(&number));
    text_free(&number);
}

static void draw_group(const bar_plot *plot, size_t label, text *out)
{
    const plot_bar_data *data = plot->data;
    double top = plot->area.top + plot->row * (double)label + 3.0;
    double height = plot->thickness * (double)data->series_count;
    char *name = shorten(data->labels[label], label_characters);
    plot_append_words(out, "words", "end", plot->area.left - 8.0, top + height / 2.0 + 4.0,
                      name != NULL ? name : "");
    free(name);
    for (size_t k = 0; k < data->series_count; k++) {
        draw_bar(plot, label, k, top + plot->thickness * (double)k, out);
    }
    if (data->marks != NULL && isfinite(data->marks[label])) {
        double x = plot_place_x(&plot->area, &plot->x, data->marks[label]);
        plot_append_line(out, "halo", x, top - 2.0, x, top + height + 1.0);
        plot_append_line(out, "mark", x, top - 2.0, x, top + height + 1.0);
    }
}

sslact_status plot_bars(const plot_frame *frame, const plot_bar_data *data, text *out)
{
    if (data->series_count == 0 || data->series_count > 8) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%zu bars a group; 1 to 8 are accepted",
                         data->series_count);
    }
    bar_plot plot = {.data = data};
    plot.width = frame->width > 0.0 ? frame->width : 420.0;
    plot.thickness = data->series_count == 1 ? 14.0 : 12.0;
    plot.row = plot.thickness * (double)data->series_count + 9.0;
    bool given = frame->x_low != frame->x_high;
    plot.x = given ? plot_axis_make(frame->x_low, frame->x_high, 5, false)
                   : plot_axis_make(0.0, find_greatest(data), 5, true);
    double top = draw_legend(&plot, NULL);
    double left = measure_labels(data) + 12.0;
    plot.area =
        (plot_area){left, top, plot.width - left - 40.0, plot.row * (double)data->label_count};
    plot_begin(frame, plot.width, top + plot.area.height + 22.0, out);
    draw_legend(&plot, out);
    draw_axis(&plot, out);
    for (size_t i = 0; i < data->label_count; i++) {
        draw_group(&plot, i, out);
    }
    plot_end(out);
    return text_status(out);
}
