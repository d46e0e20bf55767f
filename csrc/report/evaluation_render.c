// Evaluation results as a text table, JSON and CSV, and into files.
#include "report/evaluation.h"

#include "report/escape.h"

#include "base/array.h"
#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- text ----

static void append_padding(text *out, size_t used, size_t width)
{
    for (size_t i = used; i < width; i++) {
        text_append(out, " ");
    }
}

static void append_left(text *out, const char *cell, size_t width)
{
    text line = {0};
    escape_line(&line, cell);
    text_append(out, text_get(&line));
    append_padding(out, count_characters(text_get(&line)), width);
    text_free(&line);
}

static void append_count(text *out, int64_t count, size_t width)
{
    if (count < 0) {
        append_padding(out, 1, width);
        text_append(out, "-");
    } else {
        text_append_format(out, "%*lld", (int)width, (long long)count);
    }
}

static void append_share(text *out, double value, size_t width)
{
    if (isfinite(value)) {
        text_append_format(out, "%*.4f", (int)width, value);
    } else {
        append_padding(out, 1, width);
        text_append(out, "-");
    }
}

static void append_summary(text *out, const evaluation_report *r)
{
    if (r->role[0] != '\0' || r->split[0] != '\0') {
        escape_line(out, r->role[0] != '\0' ? r->role : "model");
        if (r->split[0] != '\0') {
            text_append(out, " on ");
            escape_line(out, r->split);
        }
        if (r->iteration >= 0) {
            text_append_format(out, ", iteration %lld", (long long)r->iteration);
        }
        if (r->round > 0) {
            text_append_format(out, ", round %lld", (long long)r->round);
        }
        text_append(out, "\n");
    }
    text_append_format(out, "frame mAP@%g  ", r->overlap);
    append_share(out, r->frame_map, 0);
    if (isfinite(r->chance_frame_map)) {
        text_append_format(out, "   (random scores %.4f)", r->chance_frame_map);
    }
    text_append(out, "\n");
}

static void append_basis(text *out, const evaluation_report *r)
{
    if (r->cache[0] != '\0') {
        text_append(out, "read from copies, not from the videos: ");
        escape_line(out, r->cache);
        text_append(out, "\n");
    }
    if (r->clips >= 0) {
        text_append_format(out, "%lld clips, ", (long long)r->clips);
    }
    if (r->boxes >= 0) {
        text_append_format(out, "%lld boxes, ", (long long)r->boxes);
    }
    if (r->rule[0] != '\0') {
        text_append(out, "rule ");
        escape_line(out, r->rule);
        text_append(out, ", ");
    }
    if (r->row_limit > 0) {
        text_append_format(out, "at most %lld rows a key frame", (long long)r->row_limit);
    } else {
        text_append(out, "no row limit");
    }
    if (isfinite(r->seconds)) {
        text_append_format(out, ", %.1f s", r->seconds);
    }
    text_append(out, "\n\n");
}

static size_t measure_names(const evaluation_report *r)
{
    size_t width = strlen("class");
    for (int32_t i = 0; i < r->class_count; i++) {
        size_t length = count_characters(r->classes[i].name);
        width = length > width ? length : width;
    }
    return width;
}

typedef struct table_columns { // which optional columns have anything to say
    size_t name_width;
    bool training;
    bool chance;
} table_columns;

static void append_table_head(text *out, const table_columns *columns)
{
    append_left(out, "class", columns->name_width);
    text_append(out, "    id");
    if (columns->training) {
        text_append(out, "  training");
    }
    text_append(out, "  positives  detections      AP");
    text_append(out, columns->chance ? "  chance\n" : "\n");
}

static void append_table_row(text *out, const evaluation_class *c, const table_columns *columns)
{
    append_left(out, c->name, columns->name_width);
    text_append_format(out, "%6lld", (long long)c->id);
    if (columns->training) {
        append_count(out, c->training_count, 10);
    }
    append_count(out, c->positive_count, 11);
    append_count(out, c->detection_count, 12);
    append_share(out, c->average_precision, 8);
    if (columns->chance) {
        append_share(out, c->chance, 8);
    }
    text_append(out, "\n");
}

static sslact_status render_text(const evaluation_report *r, text *out)
{
    int32_t *order = array_create((size_t)r->class_count, sizeof *order);
    if (order == NULL) {
        return sslact_error_get_status();
    }
    table_columns columns = {measure_names(r), false, isfinite(r->chance_frame_map)};
    for (int32_t i = 0; i < r->class_count; i++) {
        columns.training = columns.training || r->classes[i].training_count >= 0;
    }
    append_summary(out, r);
    append_basis(out, r);
    append_table_head(out, &columns);
    evaluation_report_sort(r, order);
    for (int32_t i = 0; i < r->class_count; i++) {
        append_table_row(out, &r->classes[order[i]], &columns);
    }
    free(order);
    return SSLACT_OK;
}

// ---- JSON ----

static void append_text_member(text *out, const char *key, const char *value)
{
    text_append_format(out, " \"%s\": ", key);
    escape_json(out, value);
    text_append(out, ",\n");
}

static void append_count_member(text *out, const char *key, int64_t value)
{
    if (value >= 0) {
        text_append_format(out, " \"%s\": %lld,\n", key, (long long)value);
    } else {
        text_append_format(out, " \"%s\": null,\n", key);
    }
}

static void append_map_member(text *out, const char *key, double overlap, double value)
{
    text_append_format(out, " \"%s@", key);
    text_append_double(out, overlap);
    text_append(out, "\": ");
    json_append_number(out, value);
    text_append(out, ",\n");
}

static void append_curve(text *out, const char *key, const double *values, size_t count)
{
    text_append_format(out, ", \"%s\": [", key);
    for (size_t i = 0; i < count; i++) {
        text_append(out, i > 0 ? ", " : "");
        json_append_number(out, round(values[i] * 1e6) / 1e6);
    }
    text_append(out, "]");
}

static void append_json_class(text *out, const evaluation_class *c, bool with_curves)
{
    text_append_format(out, "  {\"id\": %lld, \"name\": ", (long long)c->id);
    escape_json(out, c->name);
    text_append(out, ", \"ap\": ");
    json_append_number(out, c->average_precision);
    text_append_format(out, ", \"positives\": %lld, \"detections\": %lld, \"chance_ap\": ",
                       (long long)c->positive_count, (long long)c->detection_count);
    json_append_number(out, c->chance);
    if (c->training_count >= 0) {
        text_append_format(out, ", \"training\": %lld", (long long)c->training_count);
    }
    if (with_curves) {
        append_curve(out, "recall", c->recall, c->curve_count);
        append_curve(out, "precision", c->precision, c->curve_count);
    }
    text_append(out, "}");
}

static void render_json(const evaluation_report *r, bool with_curves, text *out)
{
    text_append(out, "{\n");
    append_text_member(out, "schema", "sslact.evaluation.1");
    append_text_member(out, "role", r->role);
    append_text_member(out, "split", r->split);
    append_count_member(out, "iteration", r->iteration);
    if (r->round > 0) {
        append_count_member(out, "round", r->round);
    }
    append_map_member(out, "frame_map", r->overlap, r->frame_map);
    append_map_member(out, "chance_frame_map", r->overlap, r->chance_frame_map);
    append_text_member(out, "rule", r->rule);
    if (r->cache[0] != '\0') {
        append_text_member(out, "cache", r->cache);
    } else {
        text_append(out, " \"cache\": null,\n");
    }
    append_count_member(out, "row_limit", r->row_limit);
    append_count_member(out, "clips", r->clips);
    append_count_member(out, "boxes", r->boxes);
    text_append(out, " \"seconds\": ");
    json_append_number(out, r->seconds);
    text_append(out, ",\n \"overlap\": ");
    json_append_number(out, r->overlap);
    text_append(out, ",\n \"classes\": [");
    for (int32_t i = 0; i < r->class_count; i++) {
        text_append(out, i > 0 ? ",\n" : "\n");
        append_json_class(out, &r->classes[i], with_curves);
    }
    text_append(out, "\n ]\n}\n");
}

// ---- CSV ----

static void append_csv_number(text *out, double value)
{
    text_append(out, ",");
    if (isfinite(value)) {
        text_append_double(out, value);
    }
}

static void append_csv_count(text *out, int64_t value)
{
    text_append(out, ",");
    if (value >= 0) {
        text_append_format(out, "%lld", (long long)value);
    }
}

static void append_csv_start(text *out, const evaluation_report *r)
{
    escape_csv(out, r->split);
    text_append(out, ",");
    escape_csv(out, r->role);
}

static void render_csv(const evaluation_report *r, text *out)
{
    text_append(out, "split,role,class_id,class,training,positives,detections,ap,chance_ap\n");
    append_csv_start(out, r);
    text_append(out, ",,(mean),,,");
    append_csv_number(out, r->frame_map);
    append_csv_number(out, r->chance_frame_map);
    text_append(out, "\n");
    for (int32_t i = 0; i < r->class_count; i++) {
        const evaluation_class *c = &r->classes[i];
        append_csv_start(out, r);
        text_append_format(out, ",%lld,", (long long)c->id);
        escape_csv(out, c->name);
        append_csv_count(out, c->training_count);
        append_csv_count(out, c->positive_count);
        append_csv_count(out, c->detection_count);
        append_csv_number(out, c->average_precision);
        append_csv_number(out, c->chance);
        text_append(out, "\n");
    }
}

// ---- public ----

sslact_status evaluation_report_render(const evaluation_report *report, const char *format,
                                       text *out)
{
    if (strcmp(format, "text") == 0) {
        sslact_status status = render_text(report, out);
        return status < 0 ? status : text_status(out);
    }
    if (strcmp(format, "json") == 0 || strcmp(format, "curves") == 0) {
        render_json(report, format[0] == 'c', out);
        return text_status(out);
    }
    if (strcmp(format, "csv") == 0) {
        render_csv(report, out);
        return text_status(out);
    }
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                     "format \"%s\"; text, json, curves, csv are accepted", format);
}

sslact_status evaluation_report_save(const evaluation_report *report, const char *format,
                                     const char *path)
{
    text content = {0};
    sslact_status status = evaluation_report_render(report, format, &content);
    if (status >= 0) {
        status = file_write(path, text_get(&content), content.length);
    }
    text_free(&content);
    return status;
}

static bool is_plain_name(const char *name)
{
    return name[0] != '\0' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] ==
               '\0';
}

sslact_status evaluation_report_save_to_run(const evaluation_report *report, const char *run_folder)
{
    if (!is_plain_name(report->split) || !is_plain_name(report->role)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "split \"%s\", role \"%s\"; letters, digits, '-' and '_' are accepted",
                         report->split, report->role);
    }
    text path = {0};
    text name = {0};
    sslact_status status = path_join(run_folder, "report", &path);
    if (status >= 0 && (status = file_make_folder(text_get(&path))) >= 0) {
        text_append_format(&name, "/evaluation_%s_%s.json", report->split, report->role);
        text_append(&path, text_get(&name));
        status = text_status(&path);
    }
    if (status >= 0) {
        status = evaluation_report_save(report, "curves", text_get(&path));
    }
    text_free(&path);
    text_free(&name);
    return status;
}
