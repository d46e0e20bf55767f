// Counts over orders of magnitude as bars, and a square table as a heat map.
#include "report/plot_draw.h"

#include "report/escape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LABEL_CHARACTERS 30
#define BAR_ROW 17.0
#define BAR_THICKNESS 12.0
#define CELL 11.0
#define HEAT_CHARACTERS 24

// ---- bars ----

static double measure_labels(const char *const *labels, size_t count, size_t most, double unit)
{
    double widest = 0.0;
    for (size_t i = 0; i < count; i++) {
        widest = fmax(widest, plot_measure(labels[i]));
    }
    return fmin(widest, 6.3 * (double)most) * unit;
}

static void append_label(text *out, const char *style, double x, double y, const char *label,
                         size_t most)
{
    char *name = shorten(label, most);
    plot_append_words(out, style, "end", x, y, name != NULL ? name : "");
    free(name);
}

// A power of ten above every count.
static double find_top(const plot_count_data *data)
{
    double top = 10.0;
    for (size_t i = 0; i < data->count; i++) {
        while (top < (double)data->values[i]) {
            top *= 10.0;
        }
    }
    return top;
}

static double place(const plot_area *area, double top, double value)
{
    return value < 1.0 ? area->left : area->left + area->width * log10(value) / log10(top);
}

static void draw_powers(const plot_area *area, double top, text *out)
{
    for (double power = 1.0; power <= top; power *= 10.0) {
        char tick[32];
        double x = place(area, top, power);
        snprintf(tick, sizeof tick, power >= 1e4 ? "%gk" : "%g",
                 power >= 1e4 ? power / 1e3 : power);
        plot_append_line(out, power == 1.0 ? "axis" : "grid", x, area->top, x,
                         area->top + area->height);
        plot_append_words(out, "tick", "middle", x, area->top + area->height + 15.0, tick);
    }
}

static void draw_count(const plot_area *area, double top, const plot_count_data *data, size_t i,
                       text *out)
{
    char number[32];
    double y = area->top + BAR_ROW * (double)i, right = place(area, top, (double)data->values[i]);
    append_label(out, "words", area->left - 8.0, y + 12.0, data->labels[i], LABEL_CHARACTERS);
    text_append_format(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"1.5\"",
                       area->left, y + 2.5, right - area->left, BAR_THICKNESS);
    plot_append_color(out, "bar", data->colors[i], i, data->count);
    text_append(out, "/>\n");
    snprintf(number, sizeof number, "%lld", (long long)data->values[i]);
    plot_append_words(out, "tick", "start", right + 5.0, y + 12.0, number);
}

static double draw_legend(const plot_count_data *data, double width, text *out)
{
    const char *names[8];
    int32_t colors[8];
    size_t count = 0;
    for (int32_t c = 0; c < 8 && data->names != NULL; c++) {
        if (data->names[c] != NULL) {
            names[count] = data->names[c];
            colors[count++] = c;
        }
    }
    return plot_legend(names, colors, count, NULL, 4.0, width - 8.0, out);
}

sslact_status plot_counts(const plot_frame *frame, const plot_count_data *data, text *out)
{
    double width = frame->width > 0.0 ? frame->width : 640.0, top = find_top(data);
    double left = measure_labels(data->labels, data->count, LABEL_CHARACTERS, 1.0) + 12.0;
    plot_area area = {left, draw_legend(data, width, NULL), width - left - 56.0,
                      BAR_ROW * (double)data->count};
    plot_begin(frame, width, area.top + area.height + 22.0, out);
    draw_legend(data, width, out);
    draw_powers(&area, top, out);
    for (size_t i = 0; i < data->count; i++) {
        draw_count(&area, top, data, i, out);
    }
    plot_end(out);
    return text_status(out);
}

// ---- heat map ----

static void draw_cell(const plot_heat_data *data, size_t row, size_t column, double left,
                      double top, text *out)
{
    double value = data->values[row * data->count + column];
    if (!(value > 0.0)) {
        return;
    }
    // The square root lets rare pairs be seen beside frequent ones.
    text_append_format(out,
                       "<rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" width=\"%g\" height=\"%g\" "
                       "fill-opacity=\"%.3f\"",
                       left + CELL * (double)column, top + CELL * (double)row, CELL - 1.0,
                       CELL - 1.0, sqrt(fmin(value, 1.0)));
    if (data->titles == NULL) {
        text_append(out, "/>\n");
        return;
    }
    text_append(out, "><title>");
    escape_html(out, data->titles[row * data->count + column]);
    text_append(out, "</title></rect>\n");
}

static void draw_column_name(const char *label, double x, double y, text *out)
{
    char *name = shorten(label, HEAT_CHARACTERS);
    text_append_format(out, "<text class=\"heat\" transform=\"translate(%.1f %.1f) rotate(-90)\">",
                       x, y);
    escape_html(out, name != NULL ? name : "");
    text_append(out, "</text>\n");
    free(name);
}

sslact_status plot_heat(const plot_frame *frame, const plot_heat_data *data, text *out)
{
    const double unit = 0.9; // the names are smaller than the plots' other words
    double side = CELL * (double)data->count;
    double margin = measure_labels(data->labels, data->count, HEAT_CHARACTERS, unit) + 10.0;
    plot_begin(frame, margin + side + 4.0, margin + side + 4.0, out);
    for (size_t i = 0; i < data->count; i++) {
        double at = margin + CELL * (double)i;
        append_label(out, "heat", margin - 5.0, at + 8.5, data->labels[i], HEAT_CHARACTERS);
        draw_column_name(data->labels[i], at + 8.5, margin - 5.0, out);
        for (size_t k = 0; k < data->count; k++) {
            draw_cell(data, i, k, margin, margin, out);
        }
    }
    plot_end(out);
    return text_status(out);
}
