// Learned thresholds: curves over iterations and a table of where they began and ended.
#include "report/log_charts.h"

#include "report/escape.h"
#include "report/html.h"
#include "report/plot.h"

#include "base/array.h"
#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "threshold/";

typedef struct threshold {
    const char *name; // of the class, borrowed from the key
    const log_series *series;
    int64_t training_count; // -1 = unknown
    int64_t rank;           // by training count; classes that the evaluation lacks come last
} threshold;

static bool is_threshold(const log_series *s)
{
    return strncmp(s->key, prefix, sizeof prefix - 1) == 0 && s->count > 0;
}

bool log_thresholds_any(const run_log *log)
{
    for (size_t i = 0; i < log->series_count; i++) {
        if (is_threshold(&log->series[i])) {
            return true;
        }
    }
    return false;
}

static int compare_threshold(const void *left, const void *right)
{
    const threshold *a = left, *b = right;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

static void rank_threshold(const evaluation_report *reference, const int32_t *order, threshold *t)
{
    for (int32_t i = 0; reference != NULL && i < reference->class_count; i++) {
        const evaluation_class *c = &reference->classes[order[i]];
        if (strcmp(c->name, t->name) == 0) {
            t->rank = i;
            t->training_count = c->training_count;
            return;
        }
    }
}

static sslact_status collect(const run_log *log, const evaluation_report *reference,
                             threshold **out, size_t *out_count)
{
    size_t classes = reference != NULL ? (size_t)reference->class_count : 0;
    int32_t *order = array_create(classes, sizeof *order);
    threshold *list = array_create(log->series_count, sizeof *list);
    if (order == NULL || list == NULL) {
        free(order);
        free(list);
        return sslact_error_get_status();
    }
    if (reference != NULL) {
        evaluation_report_sort(reference, order);
    }
    size_t count = 0;
    for (size_t i = 0; i < log->series_count; i++) {
        const log_series *s = &log->series[i];
        if (is_threshold(s)) {
            list[count] = (threshold){s->key + sizeof prefix - 1, s, -1, (int64_t)(classes + i)};
            rank_threshold(reference, order, &list[count++]);
        }
    }
    qsort(list, count, sizeof *list, compare_threshold);
    free(order);
    *out = list;
    *out_count = count;
    return SSLACT_OK;
}

static sslact_status draw_curves(const threshold *list, size_t count, const char *folder, text *out)
{
    plot_series *series = array_create(count, sizeof *series);
    if (series == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < count; i++) {
        series[i] = (plot_series){.name = list[i].name,
                                  .x = list[i].series->iterations,
                                  .y = list[i].series->values,
                                  .count = list[i].series->count,
                                  .color = -1};
    }
    plot_frame frame = {.title = "thresholds for positive pseudo-labels",
                        .description = "One line a class, from the most to the least frequent.",
                        .width = 480.0,
                        .height = 290.0,
                        .x_label = "iteration"};
    text_append(out, "<figure style=\"max-width:640px;margin-top:14px\">\n");
    sslact_status status = plot_lines(&frame, series, count, out);
    text_append(out, "</figure>\n");
    text file = {0}, path = {0};
    frame.standalone = true;
    if (status >= 0 && folder != NULL && (status = plot_lines(&frame, series, count, &file)) >= 0 &&
        (status = path_join(folder, "thresholds.svg", &path)) >= 0) {
        status = file_write(text_get(&path), text_get(&file), file.length);
    }
    text_free(&file);
    text_free(&path);
    free(series);
    return status;
}

static double find_first(const log_series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (isfinite(s->values[i])) {
            return s->values[i];
        }
    }
    return NAN;
}

static double find_last(const log_series *s)
{
    for (size_t i = s->count; i > 0; i--) {
        if (isfinite(s->values[i - 1])) {
            return s->values[i - 1];
        }
    }
    return NAN;
}

static sslact_status write_row(const threshold *t, text *out)
{
    double first = find_first(t->series), last = find_last(t->series);
    text_append(out, "<tr>");
    html_row_head(out, t->name);
    html_cell_count(out, t->training_count);
    html_cell_number(out, first, 3);
    html_cell_number(out, last, 3);
    text_append(out, "<td>");
    if (isfinite(first) && isfinite(last)) {
        text_append(out, last < first ? "\xe2\x88\x92" : "+");
        text_append_format(out, "%.3f", fabs(last - first));
    }
    text_append(out, "</td><td>");
    sslact_status status = plot_spark("course of the threshold", t->series->iterations,
                                      t->series->values, t->series->count, out);
    text_append(out, "</td></tr>\n");
    return status;
}

static sslact_status write_table(const threshold *list, size_t count, text *out)
{
    sslact_status status = SSLACT_OK;
    html_table(out, "Start and end of each class, most frequent first");
    text_append(out, "<thead><tr>");
    html_head(out, "Class", false);
    html_head(out, "Training labels", true);
    html_head(out, "Start", true);
    html_head(out, "End", true);
    html_head(out, "Change", true);
    html_head(out, "Course", true);
    text_append(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count && status >= 0; i++) {
        status = write_row(&list[i], out);
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
    return status;
}

sslact_status log_thresholds_draw(const run_log *log, const evaluation_report *reference,
                                  bool with_table, const char *folder, text *out)
{
    threshold *list = NULL;
    size_t count = 0;
    sslact_status status = collect(log, reference, &list, &count);
    if (status >= 0) {
        status = draw_curves(list, count, folder, out);
    }
    if (status >= 0 && with_table) {
        status = write_table(list, count, out);
    }
    free(list);
    return status;
}
