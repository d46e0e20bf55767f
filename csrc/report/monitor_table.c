// Pseudo-labels by class; docs/monitor.md says what each column is.
#include "report/monitor_table.h"

#include "report/escape.h"
#include "report/html.h"
#include "report/plot.h"

#include "base/array.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- values ----

// The series of a class: window "monitor/<name>/<j>" or run "monitor_run/<name>/<j>"; NULL: none.
static const log_series *find(const run_log *log, const char *section, const char *name, size_t j)
{
    char key[96];
    snprintf(key, sizeof key, "%s/%s/%zu", section, name, j);
    return run_log_find(log, key);
}

static double get_last(const log_series *s)
{
    return s != NULL && s->count > 0 ? s->values[s->count - 1] : NAN;
}

static double get_run(const run_log *log, const char *name, size_t j)
{
    return get_last(find(log, "monitor_run", name, j));
}

bool monitor_table_any(const run_log *log)
{
    return log->class_count > 0 && find(log, "monitor_run", "positives", 0) != NULL;
}

static bool has(const run_log *log, const char *name)
{
    return find(log, "monitor_run", name, 0) != NULL;
}

// By labelled instances, the first of equals first.
static sslact_status sort_classes(const run_log *log, size_t **out)
{
    size_t *order = array_create(log->class_count, sizeof *order);
    if (order == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < log->class_count; i++) {
        size_t place = i;
        while (place > 0 && log->classes[order[place - 1]].labeled < log->classes[i].labeled) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = i;
    }
    *out = order;
    return SSLACT_OK;
}

// ---- the tables ----

static void write_head(const char *const *columns, size_t count, text *out)
{
    text_append(out, "<thead><tr>");
    html_head(out, "Class", false);
    for (size_t i = 0; i < count; i++) {
        html_head(out, columns[i], true);
    }
    text_append(out, "</tr></thead>\n");
}

static sslact_status write_course(const char *title, const log_series *s, text *out)
{
    sslact_status status = SSLACT_OK;
    text_append(out, "<td>");
    if (s != NULL && s->count > 1) {
        status = plot_spark(title, s->iterations, s->values, s->count, out);
    }
    text_append(out, "</td>");
    return status;
}

// Positives among all entries of the class, window by window.
static sslact_status write_rate_course(const run_log *log, size_t j, text *out)
{
    const log_series *positives = find(log, "monitor", "positives", j);
    const log_series *negatives = find(log, "monitor", "negatives", j);
    const log_series *ignored = find(log, "monitor", "ignored", j);
    if (positives == NULL || negatives == NULL || ignored == NULL ||
        negatives->count != positives->count || ignored->count != positives->count) {
        return write_course("", NULL, out);
    }
    log_series rate = *positives;
    rate.values = array_create(positives->count, sizeof *rate.values);
    if (rate.values == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < rate.count; i++) {
        double entries = positives->values[i] + negatives->values[i] + ignored->values[i];
        rate.values[i] = entries > 0.0 ? positives->values[i] / entries : NAN;
    }
    sslact_status status = write_course("course of the positive share", &rate, out);
    free(rate.values);
    return status;
}

static int64_t round_count(double value)
{
    return isfinite(value) ? (int64_t)fmin(fmax(value, 0.0), 9e15) : -1;
}

static sslact_status write_count_row(const run_log *log, size_t j, text *out)
{
    const log_class *c = &log->classes[j];
    const log_series *threshold = find(log, "monitor", "threshold", j);
    double positives = get_run(log, "positives", j);
    double negatives = get_run(log, "negatives", j), ignored = get_run(log, "ignored", j);
    double entries = positives + negatives + ignored;
    text_append(out, "<tr>");
    html_row_head(out, c->name);
    html_cell_count(out, c->labeled);
    html_cell_number(out, c->threshold_start, 3);
    html_cell_number(out, get_last(threshold), 3);
    sslact_status status = write_course("course of the threshold", threshold, out);
    html_cell_count(out, round_count(positives));
    html_cell_number(out, positives / entries, 4);
    status = status < 0 ? status : write_rate_course(log, j, out);
    html_cell_number(out, negatives / entries, 3);
    html_cell_number(out, ignored / entries, 3);
    html_cell_number(out, get_run(log, "kept_share", j), 3);
    text_append(out, "</tr>\n");
    return status;
}

static sslact_status write_counts(const run_log *log, const size_t *order, text *out)
{
    static const char *const columns[] = {
        "Labels", "Threshold, start", "now",           "Course",          "Positives", "Share",
        "Course", "Negative share",   "Ignored share", "Kept by the mask"};
    sslact_status status = SSLACT_OK;
    html_element(out, "p", "soft",
                 "All iterations so far. Shares are of the unlabelled boxes; kept is the share of "
                 "the boxes with this pseudo-label that the balancing mask keeps. A course has one "
                 "point a window.");
    html_table(out, "Pseudo-labels by class, most frequent in the labels first");
    write_head(columns, sizeof columns / sizeof *columns, out);
    text_append(out, "<tbody>\n");
    for (size_t i = 0; i < log->class_count && status >= 0; i++) {
        status = write_count_row(log, order[i], out);
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
    return status;
}

static sslact_status write_quality_row(const run_log *log, size_t j, text *out)
{
    const log_class *c = &log->classes[j];
    sslact_status status = SSLACT_OK;
    text_append(out, "<tr>");
    html_row_head(out, c->name);
    html_cell_count(out, c->labeled);
    if (has(log, "precision")) {
        html_cell_count(out, round_count(get_run(log, "truth", j)));
        html_cell_number(out, get_run(log, "precision", j), 3);
        status = write_course("course of the precision", find(log, "monitor", "precision", j), out);
        html_cell_number(out, get_run(log, "recall", j), 3);
        html_cell_number(out, get_run(log, "negative_precision", j), 3);
        html_cell_number(out, get_run(log, "calibration_error", j), 3);
    }
    html_cell_number(out, get_run(log, "labeled_precision", j), 3);
    html_cell_number(out, get_run(log, "labeled_recall", j), 3);
    text_append(out, "</tr>\n");
    return status;
}

static void write_known(const run_log *log, text *out)
{
    double known = get_run(log, "known", 0);
    text words = {0};
    text_append(&words, "Against the hidden labels of ");
    text_append_format(&words, "%.0f", isfinite(known) ? known : 0.0);
    text_append(&words,
                " unlabelled boxes, which training never sees; and on labelled clips, which "
                "the student has learnt from.");
    html_element(out, "p", "soft", text_get(&words));
    text_free(&words);
}

static sslact_status write_quality(const run_log *log, const size_t *order, text *out)
{
    static const char *const columns[] = {"Labels",
                                          "Truly in the class",
                                          "Precision",
                                          "Course",
                                          "Recall",
                                          "Precision of negatives",
                                          "Calibration error",
                                          "Precision, labelled clips",
                                          "Recall, labelled clips"};
    static const char *const short_columns[] = {"Labels", "Precision, labelled clips",
                                                "Recall, labelled clips"};
    bool hidden = has(log, "precision");
    sslact_status status = SSLACT_OK;
    if (hidden) {
        write_known(log, out);
    }
    html_table(out, "Quality of the pseudo-labels by class");
    write_head(hidden ? columns : short_columns, hidden ? 9 : 3, out);
    text_append(out, "<tbody>\n");
    for (size_t i = 0; i < log->class_count && status >= 0; i++) {
        status = write_quality_row(log, order[i], out);
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
    return status;
}

sslact_status monitor_table_draw(const run_log *log, text *out)
{
    size_t *order = NULL;
    sslact_status status = sort_classes(log, &order);
    if (status < 0) {
        return status;
    }
    status = write_counts(log, order, out);
    if (status >= 0) {
        status = write_quality(log, order, out);
    }
    free(order);
    return status;
}

// ---- CSV ----

static const char *const csv_columns[] = {
    "threshold", "positives", "negatives", "ignored", "kept_share",         "rarest_kept_share",
    "known",     "truth",     "precision", "recall",  "negative_precision", "calibration_error"};
enum { CSV_COLUMNS = sizeof csv_columns / sizeof *csv_columns };

// The value at an iteration; NaN where the series has none there.
static double get_at(const log_series *s, double iteration)
{
    size_t low = 0, high = s != NULL ? s->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->iterations[middle] < iteration) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return s != NULL && low < s->count && s->iterations[low] == iteration ? s->values[low] : NAN;
}

static void append_value(double value, text *out)
{
    text_append(out, ",");
    if (isfinite(value)) {
        text_append_double(out, value);
    }
}

// The series of every class and column, so that they are looked up once. [C, CSV_COLUMNS]
static sslact_status find_columns(const run_log *log, const char *section, const log_series ***out)
{
    const log_series **found = array_create(log->class_count * CSV_COLUMNS, sizeof *found);
    if (found == NULL) {
        return sslact_error_get_status();
    }
    for (size_t j = 0; j < log->class_count; j++) {
        for (size_t k = 0; k < CSV_COLUMNS; k++) {
            found[j * CSV_COLUMNS + k] = find(log, k == 0 ? "monitor" : section, csv_columns[k], j);
        }
    }
    *out = found;
    return SSLACT_OK;
}

static void append_rows(const run_log *log, const char *period, double iteration,
                        const log_series *const *columns, text *out)
{
    for (size_t j = 0; j < log->class_count; j++) {
        text_append_format(out, "%.0f,%s,", iteration, period);
        escape_csv(out, log->classes[j].name);
        text_append_format(out, ",%lld", (long long)log->classes[j].labeled);
        for (size_t k = 0; k < CSV_COLUMNS; k++) {
            append_value(get_at(columns[j * CSV_COLUMNS + k], iteration), out);
        }
        text_append(out, "\n");
    }
}

static void append_head(text *out)
{
    text_append(out, "iteration,period,class,labeled");
    for (size_t k = 0; k < CSV_COLUMNS; k++) {
        text_append(out, ",");
        text_append(out, csv_columns[k]);
    }
    text_append(out, "\n");
}

sslact_status monitor_table_render_csv(const run_log *log, text *out)
{
    const log_series *windows = find(log, "monitor", "positives", 0);
    const log_series **columns = NULL;
    append_head(out);
    if (windows == NULL || windows->count == 0) {
        return text_status(out);
    }
    sslact_status status = find_columns(log, "monitor", &columns);
    for (size_t i = 0; status >= 0 && i < windows->count; i++) {
        append_rows(log, "window", windows->iterations[i], columns, out);
    }
    free(columns);
    columns = NULL;
    status = status < 0 ? status : find_columns(log, "monitor_run", &columns);
    if (status >= 0) {
        append_rows(log, "run", windows->iterations[windows->count - 1], columns, out);
    }
    free(columns);
    return status < 0 ? status : text_status(out);
}
