// Average precision by class in columns. Classes of different evaluations are matched by id.
#include "report/class_table.h"

#include "report/escape.h"
#include "report/html.h"
#include "report/plot.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>

enum { classes_a_figure = 20 };

static const evaluation_class *find_class(const evaluation_report *report, int64_t id, int32_t hint)
{
    if (hint < report->class_count && report->classes[hint].id == id) {
        return &report->classes[hint];
    }
    for (int32_t i = 0; i < report->class_count; i++) {
        if (report->classes[i].id == id) {
            return &report->classes[i];
        }
    }
    return NULL;
}

sslact_status class_table_begin(const evaluation_report *reference, class_table *out)
{
    int32_t *order = array_create((size_t)reference->class_count, sizeof *order);
    if (order == NULL) {
        return sslact_error_get_status();
    }
    evaluation_report_sort(reference, order);
    *out = (class_table){.reference = reference, .order = order};
    return SSLACT_OK;
}

static double average_class(const evaluation_report *const *evaluations, size_t count, int64_t id,
                            int32_t hint)
{
    double sum = 0.0;
    size_t found = 0;
    for (size_t k = 0; k < count; k++) {
        const evaluation_class *c = find_class(evaluations[k], id, hint);
        if (c != NULL && isfinite(c->average_precision)) {
            sum += c->average_precision;
            found++;
        }
    }
    return found > 0 ? sum / (double)found : NAN;
}

sslact_status class_table_add(class_table *table, const char *name, int32_t color,
                              const evaluation_report *const *evaluations, size_t count)
{
    if (table->column_count == class_table_columns) {
        return SSLACT_OK; // eight is what a page can show
    }
    const evaluation_report *reference = table->reference;
    double *ap = array_create((size_t)reference->class_count, sizeof *ap);
    if (ap == NULL) {
        return sslact_error_get_status();
    }
    for (int32_t i = 0; i < reference->class_count; i++) {
        ap[i] = average_class(evaluations, count, reference->classes[i].id, i);
    }
    double sum = 0.0;
    for (size_t k = 0; k < count; k++) {
        sum += evaluations[k]->frame_map;
    }
    table->columns[table->column_count++] = (class_column){name, color, sum / (double)count, ap};
    return SSLACT_OK;
}

void class_table_free(class_table *table)
{
    for (size_t k = 0; k < table->column_count; k++) {
        free(table->columns[k].ap);
    }
    free(table->order);
    *table = (class_table){0};
}

// ---- bars ----

typedef struct bar_arrays {
    const char **labels;
    double *values;
    double *marks;
} bar_arrays;

static void free_arrays(bar_arrays *arrays)
{
    free(arrays->labels);
    free(arrays->values);
    free(arrays->marks);
}

static sslact_status fill_arrays(const class_table *table, bar_arrays *out)
{
    size_t rows = (size_t)table->reference->class_count;
    size_t columns = table->column_count;
    out->labels = array_create(rows, sizeof *out->labels);
    out->values = array_create(rows, columns * sizeof *out->values);
    out->marks = array_create(rows, sizeof *out->marks);
    if (out->labels == NULL || out->values == NULL || out->marks == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < rows; i++) {
        int32_t row = table->order[i];
        out->labels[i] = table->reference->classes[row].name;
        out->marks[i] = table->reference->classes[row].chance;
        for (size_t k = 0; k < columns; k++) {
            out->values[i * columns + k] = table->columns[k].ap[row];
        }
    }
    return SSLACT_OK;
}

static sslact_status draw_bars(const class_table *table, const bar_arrays *arrays, size_t begin,
                               size_t count, bool standalone, text *out)
{
    const char *names[class_table_columns];
    int32_t colors[class_table_columns];
    for (size_t k = 0; k < table->column_count; k++) {
        names[k] = table->columns[k].name;
        colors[k] = table->columns[k].color;
    }
    plot_frame frame = {.title = "average precision by class",
                        .description = "One group of bars a class, the most frequent in training "
                                       "first; the tick is what random scores reach.",
                        .x_low = 0.0,
                        .x_high = 1.0,
                        .standalone = standalone};
    bool with_chance = isfinite(table->reference->chance_frame_map);
    plot_bar_data data = {.labels = arrays->labels + begin,
                          .label_count = count,
                          .names = names,
                          .colors = colors,
                          .series_count = table->column_count,
                          .values = arrays->values + begin * table->column_count,
                          .marks = with_chance ? arrays->marks + begin : NULL,
                          .mark_name = "random scores"};
    return plot_bars(&frame, &data, out);
}

sslact_status class_table_draw(const class_table *table, text *out, text *standalone)
{
    bar_arrays arrays = {0};
    size_t rows = (size_t)table->reference->class_count;
    size_t figures = (rows + classes_a_figure - 1) / classes_a_figure;
    figures = figures == 1 && rows > 8 ? 2 : figures; // two halves side by side
    sslact_status status = fill_arrays(table, &arrays);
    if (status < 0) {
        free_arrays(&arrays);
        return status;
    }
    text_append(out, "<div class=\"figures\">\n");
    for (size_t i = 0; i < figures && status >= 0; i++) {
        size_t begin = (i * rows + figures - 1) / figures;
        size_t end = ((i + 1) * rows + figures - 1) / figures;
        text_append(out, "<figure>\n");
        status = draw_bars(table, &arrays, begin, end - begin, false, out);
        text_append(out, "</figure>\n");
    }
    text_append(out, "</div>\n");
    if (standalone != NULL && status >= 0) {
        status = draw_bars(table, &arrays, 0, rows, true, standalone);
    }
    free_arrays(&arrays);
    return status;
}

// ---- table ----

static void write_head(const class_table *table, bool with_training, bool with_change, text *out)
{
    text_append(out, "<thead><tr>");
    html_head(out, "Class", false);
    if (with_training) {
        html_head(out, "Training labels", true);
    }
    html_head(out, "Ground truth", true);
    for (size_t k = 0; k < table->column_count; k++) {
        html_head(out, table->columns[k].name, true);
    }
    html_head(out, "Random scores", true);
    if (with_change) {
        html_head(out, "Difference", true);
    }
    text_append(out, "</tr></thead>\n");
}

static void write_mean(const class_table *table, bool with_training, bool with_change, text *out)
{
    const evaluation_report *r = table->reference;
    int64_t positives = 0;
    for (int32_t i = 0; i < r->class_count; i++) {
        positives += r->classes[i].positive_count;
    }
    text_append(out, "<tr class=\"mean\">");
    html_row_head(out, "Mean");
    text_append(out, with_training ? "<td></td>" : "");
    html_cell_count(out, positives);
    for (size_t k = 0; k < table->column_count; k++) {
        html_cell_number(out, table->columns[k].mean, 3);
    }
    html_cell_number(out, r->chance_frame_map, 3);
    if (with_change) {
        html_cell_change(out, table->columns[table->column_count - 1].mean - table->columns[0].mean,
                         NAN);
    }
    text_append(out, "</tr>\n");
}

static void write_row(const class_table *table, int32_t row, bool with_training, bool with_change,
                      text *out)
{
    const evaluation_class *c = &table->reference->classes[row];
    text_append(out, "<tr>");
    html_row_head(out, c->name);
    if (with_training) {
        html_cell_count(out, c->training_count);
    }
    html_cell_count(out, c->positive_count);
    for (size_t k = 0; k < table->column_count; k++) {
        html_cell_number(out, table->columns[k].ap[row], 3);
    }
    html_cell_number(out, c->chance, 3);
    if (with_change) {
        html_cell_change(
            out, table->columns[table->column_count - 1].ap[row] - table->columns[0].ap[row], NAN);
    }
    text_append(out, "</tr>\n");
}

void class_table_write(const class_table *table, const char *caption, bool with_change, text *out)
{
    const evaluation_report *r = table->reference;
    bool with_training = false;
    for (int32_t i = 0; i < r->class_count; i++) {
        with_training = with_training || r->classes[i].training_count >= 0;
    }
    with_change = with_change && table->column_count > 1;
    html_table(out, caption);
    write_head(table, with_training, with_change, out);
    text_append(out, "<tbody>\n");
    write_mean(table, with_training, with_change, out);
    for (int32_t i = 0; i < r->class_count; i++) {
        write_row(table, table->order[i], with_training, with_change, out);
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
}

// ---- precision-recall curves ----

static void write_summary(const evaluation_report *const *evaluations, const char *const *names,
                          size_t count, const evaluation_class *c, int32_t hint, text *out)
{
    text_append(out, "<summary>");
    escape_html(out, c->name);
    text_append(out, " <span>");
    for (size_t k = 0; k < count; k++) {
        const evaluation_class *own = find_class(evaluations[k], c->id, hint);
        text_append(out, k > 0 ? " \xc2\xb7 " : "");
        escape_html(out, names[k]);
        text_append(out, " ");
        html_append_value(out, own != NULL ? own->average_precision : NAN, NAN);
    }
    text_append(out, "</span></summary>\n");
}

static sslact_status draw_class(const evaluation_report *const *evaluations,
                                const char *const *names, const int32_t *colors, size_t count,
                                int32_t row, text *out)
{
    const evaluation_class *c = &evaluations[0]->classes[row];
    plot_series series[class_table_columns];
    size_t drawn = 0;
    for (size_t k = 0; k < count && drawn < class_table_columns; k++) {
        const evaluation_class *own = find_class(evaluations[k], c->id, row);
        if (own != NULL) {
            series[drawn++] = (plot_series){.name = names[k],
                                            .x = own->recall,
                                            .y = own->precision,
                                            .count = own->curve_count,
                                            .color = colors[k],
                                            .steps = true};
        }
    }
    plot_frame frame = {.title = c->name,
                        .description = "Precision over recall, envelope.",
                        .x_label = "recall",
                        .y_label = "precision",
                        .x_high = 1.0,
                        .y_high = 1.0};
    text_append(out, "<details>\n");
    write_summary(evaluations, names, count, c, row, out);
    text_append(out, "<figure>\n");
    sslact_status status = plot_lines(&frame, series, drawn, out);
    text_append(out, "</figure>\n</details>\n");
    return status;
}

sslact_status class_curves_draw(const evaluation_report *const *evaluations,
                                const char *const *names, const int32_t *colors, size_t count,
                                text *out)
{
    int32_t *order = array_create((size_t)evaluations[0]->class_count, sizeof *order);
    if (order == NULL) {
        return sslact_error_get_status();
    }
    sslact_status status = SSLACT_OK;
    evaluation_report_sort(evaluations[0], order);
    text_append(out, "<div class=\"curves\">\n");
    for (int32_t i = 0; i < evaluations[0]->class_count && status >= 0; i++) {
        if (evaluations[0]->classes[order[i]].positive_count > 0) {
            status = draw_class(evaluations, names, colors, count, order[i], out);
        }
    }
    text_append(out, "</div>\n");
    free(order);
    return status;
}
