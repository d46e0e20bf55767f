// The page that puts runs side by side; its numbers come from comparison.c.
#include "report/page.h"

#include "report/class_table.h"
#include "report/comparison.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/log_charts.h"
#include "report/plot.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const roles[] = {"student", "teacher"};

// ---- summary ----

static void write_cell(estimate value, text *out)
{
    text_append(out, "<td>");
    html_append_value(out, value.mean, value.error);
    text_append(out, "</td>");
}

static void write_group(const comparison *c, size_t index, double *values, text *out)
{
    const run_group *group = &c->groups[index];
    text_append(out, "<tr>");
    html_row_head(out, group->name);
    html_cell_count(out, (int64_t)group->count);
    for (size_t k = 0; k < 2; k++) {
        if (comparison_find(c, roles[k]) == NULL) {
            continue;
        }
        estimate change = comparison_subtract(c, group, roles[k], values);
        write_cell(comparison_measure(c, group, roles[k], values), out);
        if (index == 0) {
            text_append(out, "<td></td>");
        } else {
            html_cell_change(out, change.mean, change.error);
        }
    }
    html_cell_number(out, comparison_get_chance(c, group), 3);
    text_append(out, "</tr>\n");
}

static sslact_status write_summary(const comparison *c, text *out)
{
    static const char *const heads[] = {"Student mAP", "Teacher mAP"};
    double *values = array_create(c->run_count, sizeof *values);
    if (values == NULL) {
        return sslact_error_get_status();
    }
    html_table(out, "Mean \xc2\xb1 standard error where a name has several runs");
    text_append(out, "<thead><tr>");
    html_head(out, "Name", false);
    html_head(out, "Runs", true);
    for (size_t k = 0; k < 2; k++) {
        if (comparison_find(c, roles[k]) != NULL) {
            text words = {0};
            text_append(&words, "to ");
            text_append(&words, c->groups[0].name);
            html_head(out, heads[k], true);
            html_head(out, text_get(&words), true);
            text_free(&words);
        }
    }
    html_head(out, "Random scores", true);
    text_append(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < c->group_count; i++) {
        write_group(c, i, values, out);
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
    free(values);
    return SSLACT_OK;
}

typedef struct bar_arrays {
    const char **labels;
    double *values, *marks, *scratch;
} bar_arrays;

static sslact_status draw_summary(const comparison *c, bar_arrays *arrays, text *out)
{
    arrays->labels = array_create(c->group_count, sizeof *arrays->labels);
    arrays->values = array_create(c->group_count, 2 * sizeof *arrays->values);
    arrays->marks = array_create(c->group_count, sizeof *arrays->marks);
    arrays->scratch = array_create(c->run_count, sizeof *arrays->scratch);
    if (arrays->labels == NULL || arrays->values == NULL || arrays->marks == NULL ||
        arrays->scratch == NULL) {
        return sslact_error_get_status();
    }
    const char *names[2];
    int32_t colors[2];
    size_t columns = 0;
    for (int32_t k = 0; k < 2; k++) {
        if (comparison_find(c, roles[k]) != NULL) {
            colors[columns] = k;
            names[columns++] = roles[k];
        }
    }
    for (size_t i = 0; i < c->group_count; i++) {
        arrays->labels[i] = c->groups[i].name;
        arrays->marks[i] = comparison_get_chance(c, &c->groups[i]);
        for (size_t k = 0; k < columns; k++) {
            arrays->values[i * columns + k] =
                comparison_measure(c, &c->groups[i], names[k], arrays->scratch).mean;
        }
    }
    plot_frame frame = {.title = "frame mAP of each run"};
    plot_bar_data data = {arrays->labels, c->group_count, names,         colors,
                          columns,        arrays->values, arrays->marks, "random scores"};
    text_append(out, "<figure style=\"margin-top:14px\">\n");
    sslact_status status = plot_bars(&frame, &data, out);
    text_append(out, "</figure>\n");
    return status;
}

static sslact_status write_results(const comparison *c, text *out)
{
    bar_arrays arrays = {0};
    text line = {0};
    html_section(out, "results", "Results");
    text_append(&line, "Frame mAP at overlap 0.5 on ");
    text_append(&line, c->split);
    text_append(&line, ". Differences are to ");
    text_append(&line, c->groups[0].name);
    text_append(&line, ", by pairs where both have as many runs.");
    html_element(out, "p", "soft", text_get(&line));
    text_free(&line);
    sslact_status status = draw_summary(c, &arrays, out);
    free(arrays.labels);
    free(arrays.values);
    free(arrays.marks);
    free(arrays.scratch);
    status = status < 0 ? status : write_summary(c, out);
    html_section_end(out);
    return status;
}

// ---- classes ----

static sslact_status add_group(const comparison *c, const run_group *group, const char *role,
                               size_t place, class_table *table)
{
    const evaluation_report **evaluations = array_create(group->count, sizeof *evaluations);
    size_t found = 0;
    if (evaluations == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < group->count; i++) {
        const evaluation_report *e = run_folder_find(&c->runs[group->runs[i]], c->split, role);
        if (e != NULL) {
            evaluations[found++] = e;
        }
    }
    sslact_status status = SSLACT_OK;
    if (found > 0) {
        status =
            class_table_add(table, group->name, (int32_t)((place + 2) % 8), evaluations, found);
    }
    free(evaluations);
    return status;
}

static sslact_status write_classes(const comparison *c, text *out)
{
    const char *role = comparison_all_have(c, "teacher") || comparison_find(c, "student") == NULL
                           ? "teacher"
                           : "student";
    const evaluation_report *reference = comparison_find(c, role);
    class_table table = {0};
    text caption = {0};
    if (reference == NULL) {
        return SSLACT_OK;
    }
    sslact_status status = class_table_begin(reference, &table);
    for (size_t i = 0; i < c->group_count && status >= 0; i++) {
        status = add_group(c, &c->groups[i], role, i, &table);
    }
    html_section(out, "classes", "Average precision by class");
    if (status >= 0 && (status = class_table_draw(&table, out, NULL)) >= 0) {
        text_append_format(&caption, "Of the %s; difference: last name minus first", role);
        class_table_write(&table, text_get(&caption), true, out);
    }
    html_section_end(out);
    text_free(&caption);
    class_table_free(&table);
    return status;
}

// ---- training ----

static sslact_status write_charts(const comparison *c, const run_log **logs, const char **names,
                                  text *out)
{
    text key = {0}, title = {0};
    sslact_status status = SSLACT_OK;
    for (size_t k = 0; k < 2 && status >= 0; k++) {
        text_clear(&key);
        text_clear(&title);
        text_append(&key, "eval_");
        text_append(&key, c->split);
        text_append_format(&key, "/%s/map_50", roles[k]);
        text_append_format(&title, "Frame mAP of the %s", roles[k]);
        status = log_charts_compare(logs, names, c->group_count, text_get(&key), text_get(&title),
                                    false, out);
    }
    text_free(&key);
    text_free(&title);
    if (status >= 0) {
        status = log_charts_compare(logs, names, c->group_count, "train/loss_supervised",
                                    "Supervised loss", true, out);
    }
    if (status >= 0) {
        status = log_charts_compare(logs, names, c->group_count, "pseudo/positive_rate",
                                    "Share of positive pseudo-labels", true, out);
    }
    return status;
}

// The first run of each name: five seeds in one figure would hide what it shows.
static sslact_status write_training(const comparison *c, text *out)
{
    const run_log **logs = array_create(c->group_count, sizeof *logs);
    const char **names = array_create(c->group_count, sizeof *names);
    text figures = {0};
    sslact_status status = SSLACT_OK;
    if (logs == NULL || names == NULL) {
        status = sslact_error_get_status();
    } else {
        for (size_t i = 0; i < c->group_count; i++) {
            logs[i] = &c->runs[c->groups[i].runs[0]].log;
            names[i] = c->groups[i].name;
        }
        status = write_charts(c, logs, names, &figures);
    }
    if (status >= 0 && figures.length > 0) {
        html_section(out, "training", "Training");
        text_append(out, "<div class=\"figures\">\n");
        text_append_bytes(out, text_get(&figures), figures.length);
        text_append(out, "</div>\n");
        html_section_end(out);
    }
    text_free(&figures);
    free(logs);
    free(names);
    return status;
}

// ---- links ----

// The way from folder to path, both absolute.
static void append_relative(const char *folder, const char *path, text *out)
{
    size_t same = 0; // length of the common folders
    for (size_t i = 0;; i++) {
        bool folder_ends = folder[i] == '/' || folder[i] == '\0';
        bool path_ends = path[i] == '/' || path[i] == '\0';
        if (folder_ends && path_ends) {
            same = i;
        }
        if (folder[i] != path[i] || folder[i] == '\0') {
            break;
        }
    }
    const char *rest = folder + same;
    while (*rest != '\0') {
        rest += strspn(rest, "/");
        if (*rest != '\0') {
            text_append(out, "../");
            rest += strcspn(rest, "/");
        }
    }
    const char *tail = path + same;
    text_append(out, tail + (*tail == '/'));
}

// Bytes of a path that a URL may not hold as they are.
static void append_url(const char *path, text *out)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    text_append(out, path[0] != '/' && path[0] != '.' ? "./" : ""); // no scheme can hide in a name
    for (const char *at = path; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL) {
            text_append_bytes(out, at, 1);
        } else {
            text_append_format(out, "%%%02X", (unsigned)(unsigned char)*at);
        }
    }
}

static void write_links(const comparison *c, const char *out_folder, text *out)
{
    html_section(out, "runs", "The runs");
    text_append(out, "<ul class=\"plain\">\n");
    for (size_t i = 0; i < c->group_count; i++) {
        for (size_t k = 0; k < c->groups[i].count; k++) {
            const run_folder *run = &c->runs[c->groups[i].runs[k]];
            text relative = {0};
            append_relative(out_folder, run->path, &relative);
            text_append(&relative,
                        relative.length > 0 ? "/report/index.html" : "report/index.html");
            text_append(out, "<li>");
            escape_html(out, c->groups[i].name);
            text_append(out, ": <a href=\"");
            append_url(text_get(&relative), out);
            text_append(out, "\">");
            escape_html(out, path_get_name(run->path));
            text_append(out, "</a></li>\n");
            text_free(&relative);
        }
    }
    text_append(out, "</ul>\n");
    html_section_end(out);
}

// ---- page ----

static void write_problems(const comparison *c, text *out)
{
    for (size_t i = 0; i < c->run_count; i++) {
        if (c->runs[i].problems.length > 0) {
            html_element(out, "p", "soft", text_get(&c->runs[i].problems));
        }
    }
}

static void write_tiles(const comparison *c, text *out)
{
    double *values = array_create(c->run_count, sizeof *values);
    const char *role = comparison_find(c, "student") != NULL ? "student" : "teacher";
    text_append(out, "<ul class=\"tiles\">\n");
    for (size_t i = 0; i < c->group_count && i < 8 && values != NULL; i++) {
        estimate map = comparison_measure(c, &c->groups[i], role, values);
        text_append(out, "<li><b>");
        html_append_value(out, map.mean, NAN);
        text_append(out, "</b><span>");
        escape_html(out, c->groups[i].name);
        text_append_format(out, ", %s</span></li>\n", role);
    }
    double chance = comparison_get_chance(c, &c->groups[0]);
    if (isfinite(chance)) {
        text_append_format(out, "<li><b>%.3f</b><span>random scores</span></li>\n", chance);
    }
    text_append(out, "</ul>\n");
    free(values);
}

static sslact_status write_page(const comparison *c, const char *out_folder, text *out)
{
    sslact_status status = SSLACT_OK;
    text title = {0}, note = {0};
    char stamp[25];
    for (size_t i = 0; i < c->group_count; i++) {
        text_append(&title, i == 0 ? "" : i + 1 < c->group_count ? ", " : " and ");
        text_append(&title, c->groups[i].name);
    }
    html_begin(out, text_get(&title));
    text_append(out, "<header>\n");
    html_element(out, "h1", NULL, text_get(&title));
    text_append(out, "<p class=\"soft\">Runs side by side</p>\n</header>\n");
    write_problems(c, out);
    if (c->split[0] != '\0') {
        write_tiles(c, out);
        if ((status = write_results(c, out)) >= 0) {
            status = write_classes(c, out);
        }
    } else {
        html_element(out, "p", "soft", "None of the runs has been evaluated yet.");
    }
    status = status < 0 ? status : write_training(c, out);
    write_links(c, out_folder, out);
    clock_stamp(stamp, sizeof stamp);
    text_append(&note, "Page built ");
    html_append_time(&note, stamp);
    text_append(&note, " by sslact.");
    html_end(out, text_get(&note));
    text_free(&title);
    text_free(&note);
    return status < 0 ? status : text_status(out);
}

// The absolute folder of the page, made if absent.
static sslact_status make_out_folder(const char *out_path, text *folder)
{
    text absolute = {0};
    sslact_status status = path_make_absolute(out_path, &absolute);
    if (status >= 0 && (status = path_get_folder(text_get(&absolute), folder)) >= 0) {
        status = file_make_folder(text_get(folder));
    }
    text_free(&absolute);
    return status;
}

sslact_status report_build_comparison(const char *const *run_folders, const char *const *names,
                                      size_t count, const char *out_path)
{
    comparison c = {0};
    text page = {0}, folder = {0};
    if (count == 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "no runs; at least one is accepted");
    }
    sslact_status status = comparison_read(run_folders, names, count, &c);
    if (status >= 0 && (status = make_out_folder(out_path, &folder)) >= 0 &&
        (status = write_page(&c, text_get(&folder), &page)) >= 0) {
        status = file_write(out_path, text_get(&page), page.length);
    }
    text_free(&page);
    text_free(&folder);
    comparison_free(&c);
    return status;
}
