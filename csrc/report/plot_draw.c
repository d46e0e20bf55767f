// Axes and pieces that the plots share: round ticks, legend, the style sheet.
#include "report/plot_draw.h"

#include "report/escape.h"

#include <float.h>
#include <math.h>
#include <string.h>

// ---- axis ----

// The round number (1, 2, 2.5, 5 times a power of ten) nearest above `step`.
static double round_step(double step)
{
    static const double steps[] = {1.0, 2.0, 2.5, 5.0, 10.0};
    double power = pow(10.0, floor(log10(step)));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i] * power >= step * (1.0 - 1e-9)) {
            return steps[i] * power;
        }
    }
    return 10.0 * power;
}

// Axes of losses may meet 1e300 or nothing at all; the picture must stay finite.
static void separate(double *low, double *high)
{
    if (!isfinite(*low) || !isfinite(*high) || *low > *high) {
        *low = 0.0;
        *high = 1.0;
    }
    *low = fmax(*low, -1e100);
    *high = fmin(*high, 1e100);
    if (*high - *low <= 1e-12 * fmax(fabs(*low), fabs(*high))) {
        double room = *low != 0.0 ? 0.5 * fabs(*low) : 0.5;
        *low = *low == 0.0 ? 0.0 : *low - room;
        *high = *high + room;
    }
}

plot_axis plot_axis_make(double low, double high, int32_t wanted, bool widen)
{
    separate(&low, &high);
    double step = round_step((high - low) / wanted);
    if (widen) {
        low = floor(low / step + 1e-9) * step;
        high = ceil(high / step - 1e-9) * step;
    }
    double first = ceil(low / step - 1e-9) * step;
    double count = floor((high - first) / step + 1e-9) + 1.0;
    return (plot_axis){low, high, first, step, (int32_t)fmin(fmax(count, 0.0), 12.0)};
}

double plot_axis_get_tick(const plot_axis *axis, int32_t i)
{
    double value = axis->first + i * axis->step;
    return fabs(value) < 1e-9 * axis->step ? 0.0 : value;
}

void plot_axis_append(const plot_axis *axis, double value, text *out)
{
    double greatest = fmax(fabs(axis->low), fabs(axis->high));
    if (value == 0.0) {
        text_append(out, "0");
    } else if (greatest >= 1e7 || axis->step < 1e-4) {
        text_append_format(out, "%.3g", value);
    } else if (greatest >= 10000.0 && axis->step >= 100.0) {
        text_append_format(out, "%gk", value / 1000.0);
    } else {
        int decimals = 0;
        for (double step = axis->step; decimals < 6 && fabs(step - round(step)) > 1e-6;
             step *= 10.0) {
            decimals++;
        }
        text_append_format(out, "%.*f", decimals, value);
    }
}

// Where on the axis, 0 .. 1; what lies beyond its ends is drawn at them.
static double get_share(const plot_axis *axis, double value)
{
    return fmin(fmax((value - axis->low) / (axis->high - axis->low), 0.0), 1.0);
}

double plot_place_x(const plot_area *area, const plot_axis *axis, double value)
{
    return area->left + area->width * get_share(axis, value);
}

double plot_place_y(const plot_area *area, const plot_axis *axis, double value)
{
    return area->top + area->height * (1.0 - get_share(axis, value));
}

double plot_measure(const char *words)
{
    return 6.3 * (double)count_characters(words);
}

// ---- pieces ----

void plot_begin(const plot_frame *frame, double width, double height, text *out)
{
    text_append_format(out, "<svg class=\"plot\" viewBox=\"0 0 %g %g\" role=\"img\"", width,
                       height);
    if (frame->standalone) {
        text_append_format(out, " xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\"",
                           width, height);
    }
    text_append(out, " aria-label=\"");
    escape_html(out, frame->title != NULL ? frame->title : "plot");
    text_append(out, "\">\n");
    if (frame->description != NULL) {
        text_append(out, "<desc>");
        escape_html(out, frame->description);
        text_append(out, "</desc>\n");
    }
    if (frame->standalone) {
        text_append(out, "<style>");
        text_append(out, plot_get_style());
        text_append(out, "</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
    }
}

void plot_end(text *out)
{
    text_append(out, "</svg>\n");
}

void plot_append_words(text *out, const char *style, const char *anchor, double x, double y,
                       const char *words)
{
    text_append_format(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", style,
                       x, y, anchor);
    escape_html(out, words);
    text_append(out, "</text>\n");
}

void plot_append_line(text *out, const char *style, double x1, double y1, double x2, double y2)
{
    text_append_format(out,
                       "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                       style, x1, y1, x2, y2);
}

void plot_append_color(text *out, const char *style, int32_t color, size_t place, size_t count)
{
    if (color >= 0 || count <= 8) {
        size_t number = color >= 0 ? (size_t)color : place;
        text_append_format(out, " class=\"%s c%zu\"", style, number % 8);
        return;
    }
    // From blue over violet to orange, without the yellows and greens that fade on white.
    double hue = 205.0 + 180.0 * (double)place / (double)(count - 1);
    text_append_format(out, " class=\"%s\" style=\"--c:hsl(%.0f,58%%,54%%)\"", style,
                       fmod(hue, 360.0));
}

typedef struct legend_pen {
    double left, width, x, y;
} legend_pen;

static void move_pen(legend_pen *pen, double item_width)
{
    if (pen->x > pen->left && pen->x + item_width > pen->left + pen->width) {
        pen->x = pen->left;
        pen->y += 17.0;
    }
}

double plot_legend(const char *const *names, const int32_t *colors, size_t count,
                   const char *mark_name, double left, double width, text *out)
{
    legend_pen pen = {left, width, left, 13.0};
    for (size_t i = 0; i < count; i++) {
        double item_width = 34.0 + plot_measure(names[i]);
        move_pen(&pen, item_width);
        if (out != NULL) {
            text_append_format(out,
                               "<rect x=\"%.1f\" y=\"%.1f\" width=\"13\" height=\"9\" rx=\"2\"",
                               pen.x, pen.y - 9.0);
            plot_append_color(out, "swatch", colors[i], i, count);
            text_append(out, "/>\n");
            plot_append_words(out, "words", "start", pen.x + 19.0, pen.y, names[i]);
        }
        pen.x += item_width;
    }
    if (mark_name != NULL) {
        move_pen(&pen, 30.0 + plot_measure(mark_name));
        if (out != NULL) {
            plot_append_line(out, "mark", pen.x + 4.0, pen.y - 11.0, pen.x + 4.0, pen.y + 1.0);
            plot_append_words(out, "words", "start", pen.x + 13.0, pen.y, mark_name);
        }
    }
    return count > 0 || mark_name != NULL ? pen.y + 9.0 : 0.0;
}

// ---- style ----

// Colours keep apart for the colour-blind in both modes and reach 3:1 against the paper.
static const char style[] =
    "\n.plot{--ink:#1d2733;--soft:#5d6875;--grid:#e3e7ec;--axis:#aab3bd;--page:#fff;"
    "--c0:#2569ad;--c1:#c4570b;--c2:#0b8374;--c3:#7747ad;--c4:#b52f52;--c5:#76740d;--c6:#87573f;"
    "--c7:#66707b;font:12px system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif;"
    "display:block;width:100%;height:auto;overflow:visible}"
    "\n@media(prefers-color-scheme:dark){.plot{--ink:#e6eaef;--soft:#9aa5b1;--grid:#2b333d;"
    "--axis:#56616d;--page:#161b21;--c0:#6db3f4;--c1:#f2994d;--c2:#43c6b2;--c3:#b895ec;--c4:#"
    "ef7391;"
    "--c5:#c5bf48;--c6:#cb9d87;--c7:#a0a9b3}}"
    "\n.plot .c0{--c:var(--c0)}.plot .c1{--c:var(--c1)}.plot .c2{--c:var(--c2)}"
    ".plot .c3{--c:var(--c3)}.plot .c4{--c:var(--c4)}.plot .c5{--c:var(--c5)}"
    ".plot .c6{--c:var(--c6)}.plot .c7{--c:var(--c7)}"
    "\n.plot .paper{fill:var(--page)}.plot .area{fill:none}.plot .grid{stroke:var(--grid)}"
    ".plot .axis{stroke:var(--axis)}.plot .words{fill:var(--ink)}.plot .tick{fill:var(--soft);"
    "font-size:11px;font-variant-numeric:tabular-nums}.plot .soft{fill:var(--soft)}"
    "\n.plot .line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;"
    "stroke-linecap:round}.plot .faint{fill:none;stroke:var(--c);stroke-width:1;opacity:.35}"
    ".plot .thin{fill:none;stroke:var(--c);stroke-width:1.5}.plot .dot{fill:var(--c)}"
    ".plot .swatch,.plot .bar{fill:var(--c)}.plot .mark{stroke:var(--ink);stroke-width:2}"
    ".plot .halo{stroke:var(--page);stroke-width:4}"
    ".plot .lead{stroke:var(--c);opacity:.6}.plot .cell{fill:var(--c0)}"
    ".plot .heat{font-size:10px;fill:var(--ink)}"
    "\n@media(max-width:560px){.plot{font-size:13.5px}.plot .tick{font-size:12.5px}}\n";

const char *plot_get_style(void)
{
    return style;
}
