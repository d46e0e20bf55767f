// Curves over iterations: which keys of the log share a figure, smoothing, files.
#include "report/log_charts.h"

#include "report/escape.h"
#include "report/plot.h"

#include "base/array.h"
#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { chart_lines = 4, figure_lines = 32 };

typedef struct chart {
    const char *slug, *title, *unit;
    double high; // y axis 0 .. high; 0 = from the data
    bool smooth; // one value an iteration: a faint line and its running mean
    struct {
        const char *key, *name;
    } lines[chart_lines];
} chart;

// The regulariser is nearly constant and several times the loss it joins: shown apart from it.
static const chart charts[] = {
    {"loss",
     "Losses",
     NULL,
     0.0,
     true,
     {{"train/loss_supervised", "supervised"}, {"train/loss_unsupervised", "unsupervised"}}},
    {"loss_total",
     "Total loss",
     NULL,
     0.0,
     true,
     {{"train/loss", "total"}, {"train/loss_regulariser", "threshold regulariser"}}},
    {"learning_rate",
     "Learning rate",
     NULL,
     0.0,
     false,
     {{"train/learning_rate", "learning rate"}}},
    {"pseudo_labels",
     "Pseudo-labels",
     "share of all box and class entries",
     1.0,
     true,
     {{"pseudo/positive_rate", "positive"},
      {"pseudo/negative_rate", "negative"},
      {"pseudo/ignored_rate", "ignored"},
      {"pseudo/sampled_rate", "boxes kept"}}},
    {"pseudo_quality",
     "Quality of pseudo-labels on labelled clips",
     NULL,
     1.0,
     true,
     {{"pseudo/precision", "precision"}, {"pseudo/recall", "recall"}}},
    {"pseudo_quality_hidden",
     "Quality of pseudo-labels on unlabelled clips",
     "against hidden labels",
     1.0,
     true,
     {{"pseudo/hidden_precision", "precision"},
      {"pseudo/hidden_recall", "recall"},
      {"pseudo/hidden_negative_precision", "precision of negatives"},
      {"pseudo/hidden_calibration_error", "calibration error"}}},
    {"speed", "Speed", "clips a second", 0.0, true, {{"perf/clips_per_s", "clips a second"}}},
    {"step_time",
     "Time of a step",
     "milliseconds",
     0.0,
     true,
     {{"perf/step_ms", "whole step"}, {"perf/data_wait_ms", "waiting for data"}}},
};

void log_charts_smooth(const double *values, size_t count, double *out)
{
    size_t half = count > 60 ? count / 80 : 0;
    double sum = 0.0; // of the finite values in [begin, end)
    size_t begin = 0, end = 0, found = 0;
    for (size_t i = 0; i < count; i++) {
        for (; end < count && end <= i + half; end++) {
            sum += isfinite(values[end]) ? values[end] : 0.0;
            found += isfinite(values[end]);
        }
        for (; begin + half < i; begin++) {
            sum -= isfinite(values[begin]) ? values[begin] : 0.0;
            found -= isfinite(values[begin]);
        }
        out[i] = !isfinite(values[i]) ? NAN : half == 0 ? values[i] : sum / (double)found;
    }
}

// ---- a figure under construction ----

typedef struct figure {
    plot_series series[2 * figure_lines];
    double *smoothed[figure_lines];
    size_t count, smoothed_count;
} figure;

static void free_figure(figure *f)
{
    for (size_t i = 0; i < f->smoothed_count; i++) {
        free(f->smoothed[i]);
    }
}

static sslact_status add_line(figure *f, const log_series *s, const char *name, int32_t color,
                              bool smooth)
{
    if (f->count + 2 > 2 * figure_lines || f->smoothed_count == figure_lines) {
        return SSLACT_OK;
    }
    plot_series line = {
        .name = name, .x = s->iterations, .y = s->values, .count = s->count, .color = color};
    if (smooth && s->count > 60) {
        double *mean = array_create(s->count, sizeof *mean);
        if (mean == NULL) {
            return sslact_error_get_status();
        }
        log_charts_smooth(s->values, s->count, mean);
        f->smoothed[f->smoothed_count++] = mean;
        line.faint = true;
        f->series[f->count++] = line;
        line.faint = false;
        line.y = mean;
    }
    f->series[f->count++] = line;
    return SSLACT_OK;
}

static void write_caption(const char *title, const char *unit, text *out)
{
    text_append(out, "<figcaption>");
    escape_html(out, title);
    if (unit != NULL) {
        text_append(out, " <span>");
        escape_html(out, unit);
        text_append(out, "</span>");
    }
    text_append(out, "</figcaption>\n");
}

// One picture into a file of the folder.
static sslact_status write_file(const plot_frame *frame, const figure *f, const char *folder,
                                const char *slug)
{
    text path = {0};
    text content = {0};
    plot_frame own = *frame;
    own.standalone = true;
    sslact_status status = path_join(folder, slug, &path);
    text_append(&path, ".svg");
    if (status >= 0 && (status = text_status(&path)) >= 0 &&
        (status = plot_lines(&own, f->series, f->count, &content)) >= 0) {
        status = file_write(text_get(&path), text_get(&content), content.length);
    }
    text_free(&content);
    text_free(&path);
    return status;
}

static sslact_status write_figure(const plot_frame *frame, const char *unit, const figure *f,
                                  const char *folder, const char *slug, text *out)
{
    text_append(out, "<figure>\n");
    write_caption(frame->title, unit, out);
    sslact_status status = plot_lines(frame, f->series, f->count, out);
    text_append(out, "</figure>\n");
    return status >= 0 && folder != NULL ? write_file(frame, f, folder, slug) : status;
}

// ---- charts of one run ----

static bool has_points(const log_series *s)
{
    return s != NULL && s->count > 0;
}

static sslact_status draw_chart(const run_log *log, const chart *c, const char *folder, text *out)
{
    figure f = {0};
    sslact_status status = SSLACT_OK;
    for (int32_t i = 0; i < chart_lines && c->lines[i].key != NULL && status >= 0; i++) {
        const log_series *s = run_log_find(log, c->lines[i].key);
        if (has_points(s)) {
            status = add_line(&f, s, c->lines[i].name, i, c->smooth);
        }
    }
    if (status >= 0 && f.count > 0) {
        plot_frame frame = {.title = c->title, .x_label = "iteration", .y_high = c->high};
        status = write_figure(&frame, c->unit, &f, folder, c->slug, out);
    }
    free_figure(&f);
    return status;
}

static bool is_map_key(const char *key)
{
    size_t length = strlen(key);
    return strncmp(key, "eval_", 5) == 0 && length > 7 && strcmp(key + length - 7, "/map_50") == 0;
}

// "eval_validation/teacher/map_50" as "validation, teacher"; the buffer is cut where it is short.
static void name_map(const char *key, char *name, size_t capacity)
{
    text shown = {0};
    size_t length = strlen(key) - strlen("eval_") - strlen("/map_50");
    for (size_t i = 0; i < length; i++) {
        char c = key[5 + i];
        text_append_bytes(&shown, c == '/' ? ", " : &c, c == '/' ? 2 : 1);
    }
    size_t kept = shown.length < capacity ? shown.length : capacity - 1;
    memcpy(name, text_get(&shown), kept);
    name[kept] = '\0';
    text_free(&shown);
}

static sslact_status draw_maps(const run_log *log, const char *folder, text *out)
{
    enum { name_size = 80 };
    char names[figure_lines][name_size];
    figure f = {0};
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; i < log->series_count && f.count < figure_lines && status >= 0; i++) {
        const log_series *s = &log->series[i];
        if (is_map_key(s->key) && s->count > 1) { // one point is no curve
            name_map(s->key, names[f.count], name_size);
            status = add_line(&f, s, names[f.count], -1, false);
        }
    }
    if (status >= 0 && f.count > 0) {
        plot_frame frame = {.title = "Frame mAP", .x_label = "iteration"};
        status = write_figure(&frame, "at overlap 0.5", &f, folder, "frame_map", out);
    }
    free_figure(&f);
    return status;
}

bool log_charts_any(const run_log *log)
{
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        for (size_t k = 0; k < chart_lines && charts[i].lines[k].key != NULL; k++) {
            if (has_points(run_log_find(log, charts[i].lines[k].key))) {
                return true;
            }
        }
    }
    return false;
}

sslact_status log_charts_draw(const run_log *log, const char *folder, text *out)
{
    text_append(out, "<div class=\"figures\">\n");
    sslact_status status = draw_maps(log, folder, out);
    for (size_t i = 0; i < sizeof charts / sizeof *charts && status >= 0; i++) {
        status = draw_chart(log, &charts[i], folder, out);
    }
    text_append(out, "</div>\n");
    return status;
}

// ---- one key of several runs ----

sslact_status log_charts_compare(const run_log *const *logs, const char *const *names, size_t count,
                                 const char *key, const char *title, bool smooth, text *out)
{
    figure f = {0};
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; i < count && status >= 0; i++) {
        const log_series *s = run_log_find(logs[i], key);
        if (has_points(s) && s->count > 1) {
            status = add_line(&f, s, names[i], (int32_t)((i + 2) % 8), smooth);
        }
    }
    if (status >= 0 && f.count > 0) {
        plot_frame frame = {.title = title, .x_label = "iteration"};
        status = write_figure(&frame, NULL, &f, NULL, NULL, out);
    }
    free_figure(&f);
    return status;
}
