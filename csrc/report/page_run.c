// The page of one run, from top to bottom; what it shows comes from run_folder.c.
#include "report/page.h"

#include "report/class_table.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/log_charts.h"
#include "report/monitor_table.h"
#include "report/run_folder.h"

#include "base/clock.h"
#include "base/file.h"

#include <math.h>
#include <string.h>

enum { role_limit = class_table_columns };

// The evaluations of the page's split, in columns.
typedef struct role_list {
    const evaluation_report *evaluations[role_limit];
    const char *names[role_limit];
    int32_t colors[role_limit];
    size_t count;
    const evaluation_report *baseline; // also among the columns; NULL without one
} role_list;

static int32_t choose_color(const char *role, int32_t otherwise)
{
    if (strcmp(role, "student") == 0) {
        return 0;
    }
    if (strcmp(role, "teacher") == 0) {
        return 1;
    }
    return strcmp(role, "baseline") == 0 ? 7 : otherwise;
}

static const char *show_role(const char *role)
{
    static const char *const shown[][2] = {
        {"student", "Student"}, {"teacher", "Teacher"}, {"baseline", "Baseline"}, {"", "Model"}};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        if (strcmp(role, shown[i][0]) == 0) {
            return shown[i][1];
        }
    }
    return role;
}

static role_list list_roles(const run_folder *run, const char *split)
{
    role_list roles = {0};
    for (size_t i = 0; i < run->evaluation_count && roles.count < role_limit; i++) {
        const evaluation_report *e = run->evaluations[i];
        if (strcmp(e->split, split) != 0) {
            continue;
        }
        roles.colors[roles.count] = choose_color(e->role, 2 + (int32_t)(roles.count % 5));
        roles.names[roles.count] = show_role(e->role);
        roles.evaluations[roles.count++] = e;
        if (strcmp(e->role, "baseline") == 0) {
            roles.baseline = e;
        }
    }
    return roles;
}

// ---- top ----

static void write_status(const run_folder *run, text *out)
{
    const run_log *log = &run->log;
    text_append(out, "<p class=\"soft\">");
    if (log->last_iteration >= 0) {
        html_append_count(out, log->last_iteration);
        text_append(out, log->ended ? " iterations, finished" : " iterations so far");
    } else {
        text_append(out, "No training log");
    }
    if (log->elapsed_seconds > 0.0) {
        text_append(out, " after ");
        html_append_duration(out, log->elapsed_seconds);
    }
    if (log->resume_count > 0) {
        text_append_format(out, ", resumed %lld %s", (long long)log->resume_count,
                           log->resume_count == 1 ? "time" : "times");
    }
    if (log->started[0] != '\0') {
        text_append(out, ", begun ");
        html_append_time(out, log->started);
    }
    text_append(out, "</p>\n");
}

static void write_tile(double value, bool with_sign, const char *words, text *out)
{
    if (!isfinite(value)) {
        return;
    }
    text_append(out, "<li><b>");
    if (with_sign) {
        text_append(out, value < 0.0 ? "\xe2\x88\x92" : "+");
        value = fabs(value);
    }
    text_append_format(out, "%.3f</b><span>", value);
    escape_html(out, words);
    text_append(out, "</span></li>\n");
}

static void write_tiles(const role_list *roles, text *out)
{
    text_append(out, "<ul class=\"tiles\">\n");
    for (size_t i = 0; i < roles->count; i++) {
        text words = {0};
        text_append(&words, roles->names[i]);
        text_append(&words, " mAP");
        write_tile(roles->evaluations[i]->frame_map, false, text_get(&words), out);
        text_free(&words);
    }
    if (roles->baseline != NULL && roles->count > 1) {
        double best = fmax(roles->evaluations[0]->frame_map, roles->evaluations[1]->frame_map);
        const evaluation_report *first = roles->evaluations[0];
        if (first != roles->baseline && roles->evaluations[1] == roles->baseline) {
            best = first->frame_map;
        }
        write_tile(best - roles->baseline->frame_map, true, "over the baseline", out);
    }
    write_tile(roles->evaluations[0]->chance_frame_map, false, "random scores", out);
    text_append(out, "</ul>\n");
}

static void write_top(const run_folder *run, const role_list *roles, text *out)
{
    text_append(out, "<header>\n");
    html_element(out, "h1", NULL, run->name);
    write_status(run, out);
    text_append(out, "</header>\n");
    if (roles->count > 0) {
        write_tiles(roles, out);
    }
}

// ---- results ----

static void write_result(const run_folder *run, const evaluation_report *e, bool with_baseline,
                         text *out)
{
    const evaluation_report *baseline = run_folder_find(run, e->split, "baseline");
    double seen = NAN, total = NAN;
    text classes = {0};
    if (evaluation_report_get_metric(e, "classes_with_truth", &seen) >= 0 &&
        evaluation_report_get_metric(e, "classes", &total) >= 0) {
        text_append_format(&classes, "%.0f of %.0f", seen, total);
    }
    text_append(out, "<tr>");
    html_row_head(out, show_role(e->role));
    html_cell(out, e->split);
    if (e->round > 0) {
        text_append(out, "<td>");
        html_append_count(out, e->iteration);
        text_append_format(out, " (round %lld)</td>", (long long)e->round);
    } else {
        html_cell_count(out, e->iteration);
    }
    html_cell_number(out, e->frame_map, 3);
    html_cell_number(out, e->chance_frame_map, 3);
    html_cell_number(out, e->frame_map / e->chance_frame_map, 1);
    if (with_baseline) {
        bool differs = baseline != NULL && baseline != e;
        html_cell_change(out, differs ? e->frame_map - baseline->frame_map : NAN, NAN);
    }
    html_cell_count(out, e->clips);
    html_cell_count(out, e->boxes);
    text_append(out, "<td>");
    escape_html(out, text_get(&classes));
    text_append(out, "</td></tr>\n");
    text_free(&classes);
}

static void write_rule(const evaluation_report *e, text *out)
{
    text line = {0};
    text_append_format(&line, "Frame mAP at overlap %g", e->overlap);
    if (e->rule[0] != '\0') {
        text_append(&line, ", rule \xe2\x80\x9c");
        text_append(&line, e->rule);
        text_append(&line, "\xe2\x80\x9d");
    }
    if (e->row_limit > 0) {
        text_append_format(&line, ", at most %lld rows a key frame", (long long)e->row_limit);
    }
    text_append(&line, ". Random scores: the same boxes with scores drawn at random.");
    html_element(out, "p", "soft", text_get(&line));
    text_free(&line);
}

static void write_results(const run_folder *run, text *out)
{
    bool with_baseline = false;
    for (size_t i = 0; i < run->evaluation_count; i++) {
        with_baseline = with_baseline || strcmp(run->evaluations[i]->role, "baseline") == 0;
    }
    html_section(out, "results", "Results");
    write_rule(run->evaluations[0], out);
    html_table(out, "One row an evaluation");
    text_append(out, "<thead><tr>");
    html_head(out, "Weights", false);
    html_head(out, "Split", false);
    html_head(out, "Iteration", true);
    html_head(out, "Frame mAP", true);
    html_head(out, "Random scores", true);
    html_head(out, "Times random", true);
    if (with_baseline) {
        html_head(out, "To baseline", true);
    }
    html_head(out, "Clips", true);
    html_head(out, "Boxes", true);
    html_head(out, "Classes", true);
    text_append(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < run->evaluation_count; i++) {
        write_result(run, run->evaluations[i], with_baseline, out);
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
    html_section_end(out);
}

static sslact_status write_picture(const char *folder, const char *name, const text *picture)
{
    text path = {0};
    sslact_status status = path_join(folder, name, &path);
    if (status >= 0) {
        status = file_write(text_get(&path), text_get(picture), picture->length);
    }
    text_free(&path);
    return status;
}

static sslact_status write_classes(const role_list *roles, const char *folder, text *out)
{
    class_table table = {0};
    text picture = {0};
    sslact_status status = class_table_begin(roles->evaluations[0], &table);
    for (size_t i = 0; i < roles->count && status >= 0; i++) {
        status =
            class_table_add(&table, roles->names[i], roles->colors[i], &roles->evaluations[i], 1);
    }
    html_section(out, "classes", "Average precision by class");
    if (status >= 0) {
        status = class_table_draw(&table, out, &picture);
    }
    if (status >= 0) {
        class_table_write(&table, "Classes by training labels, most frequent first", false, out);
        status = write_picture(folder, "class_ap.svg", &picture);
    }
    html_section_end(out);
    text_free(&picture);
    class_table_free(&table);
    return status;
}

static sslact_status write_curves(const role_list *roles, text *out)
{
    html_section(out, "curves", "Precision and recall");
    html_element(out, "p", "soft", "One curve a class; the numbers are average precisions.");
    sslact_status status =
        class_curves_draw(roles->evaluations, roles->names, roles->colors, roles->count, out);
    html_section_end(out);
    return status;
}

// ---- training ----

static sslact_status write_training(const run_folder *run, const role_list *roles,
                                    const char *folder, text *out)
{
    sslact_status status = SSLACT_OK;
    if (log_charts_any(&run->log)) {
        html_section(out, "training", "Training");
        status = log_charts_draw(&run->log, folder, out);
        html_section_end(out);
    }
    if (status >= 0 && log_thresholds_any(&run->log)) {
        html_section(out, "thresholds", "Learned thresholds");
        html_element(out, "p", "soft",
                     "A pseudo-label is positive where the teacher\xe2\x80\x99s score exceeds the "
                     "threshold of its class.");
        const evaluation_report *reference = roles->count > 0 ? roles->evaluations[0] : NULL;
        status = log_thresholds_draw(&run->log, reference, !monitor_table_any(&run->log), folder,
                                     out);
        html_section_end(out);
    }
    if (status >= 0 && monitor_table_any(&run->log)) {
        html_section(out, "monitor", "Pseudo-labels by class");
        status = monitor_table_draw(&run->log, out);
        html_section_end(out);
    }
    return status;
}

static void write_total(const run_log *log, const char *key, const char *words, text *out)
{
    double total = run_log_get_last(log, key);
    if (isfinite(total)) {
        text_append(out, "<li>");
        escape_html(out, words);
        text_append(out, ": ");
        html_append_count(out, (int64_t)fmin(fmax(total, 0.0), 9e15));
        text_append(out, "</li>\n");
    }
}

// One <li> a line of text.
static void write_lines(const char *lines, text *out)
{
    for (const char *at = lines; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        text line = {0};
        text_append_bytes(&line, at, length);
        html_element(out, "li", NULL, text_get(&line));
        text_free(&line);
        at += length + (at[length] == '\n');
    }
}

static void write_trouble(const run_folder *run, text *out)
{
    const run_log *log = &run->log;
    html_section(out, "skipped", "Skipped data and warnings");
    text_append(out, "<ul class=\"plain\">\n");
    write_total(log, "data/bad_clips", "Clips replaced because they could not be read", out);
    write_total(log, "data/missing_frames", "Missing frames", out);
    text_append_format(out, "<li>Warnings: %lld</li>\n", (long long)log->warning_total);
    if (log->unreadable_count > 0) {
        text_append_format(out, "<li>Lines of metrics.jsonl that could not be read: %lld</li>\n",
                           (long long)log->unreadable_count);
    }
    write_lines(text_get(&run->problems), out);
    text_append(out, "</ul>\n");
    if (log->warning_count > 0) {
        text_append(out, "<details>\n<summary>The last warnings</summary>\n<ul class=\"plain\">\n");
        for (size_t i = 0; i < log->warning_count; i++) {
            html_element(out, "li", NULL, log->warnings[i]);
        }
        text_append(out, "</ul>\n</details>\n");
    }
    html_section_end(out);
}

// ---- how it was made ----

static void write_facts(const run_log *log, text *out)
{
    html_table(out, "As the run began");
    text_append(out, "<tbody>\n");
    for (size_t i = 0; i < log->fact_count; i++) {
        if (strcmp(log->facts[i].key, "command_line") == 0) {
            continue;
        }
        text_append(out, "<tr>");
        html_row_head(out, log->facts[i].key);
        html_cell(out, log->facts[i].value);
        text_append(out, "</tr>\n");
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
}

static void write_making(const run_folder *run, text *out)
{
    const char *command = run_log_get_fact(&run->log, "command_line");
    if (command[0] == '\0' && run->log.fact_count == 0 && run->config[0] == '\0') {
        return;
    }
    html_section(out, "making", "How it was made");
    if (command[0] != '\0') {
        html_element(out, "pre", "wrap", command);
    }
    if (run->log.fact_count > 0) {
        write_facts(&run->log, out);
    }
    if (run->config[0] != '\0') {
        text_append(out, "<details style=\"margin-top:14px\">\n<summary>config.yaml</summary>\n"
                         "<pre tabindex=\"0\">");
        escape_html(out, run->config);
        text_append(out, "</pre>\n</details>\n");
    }
    html_section_end(out);
}

static sslact_status write_page(const run_folder *run, const char *folder, text *out)
{
    role_list roles = list_roles(run, run_folder_get_split(run));
    sslact_status status = SSLACT_OK;
    text note = {0};
    char stamp[25];
    html_begin(out, run->name);
    write_top(run, &roles, out);
    if (roles.count > 0) {
        write_results(run, out);
        status = write_classes(&roles, folder, out);
    } else {
        html_section(out, "results", "Results");
        html_element(out, "p", "soft", "Nothing has been evaluated yet.");
        html_section_end(out);
    }
    if (status >= 0 && (status = write_training(run, &roles, folder, out)) >= 0 &&
        roles.count > 0) {
        status = write_curves(&roles, out);
    }
    write_trouble(run, out);
    write_making(run, out);
    clock_stamp(stamp, sizeof stamp);
    text_append(&note, "Page built ");
    html_append_time(&note, stamp);
    text_append(&note, " by sslact.");
    html_end(out, text_get(&note));
    text_free(&note);
    return status < 0 ? status : text_status(out);
}

// ---- files ----

// The CSV of every evaluation under one head line.
static sslact_status write_csv(const run_folder *run, const char *folder)
{
    text all = {0}, path = {0};
    sslact_status status = path_join(folder, "results.csv", &path);
    for (size_t i = 0; i < run->evaluation_count && status >= 0; i++) {
        text one = {0};
        status = evaluation_report_render(run->evaluations[i], "csv", &one);
        const char *rows = i > 0 ? strchr(text_get(&one), '\n') : NULL;
        text_append(&all, rows != NULL ? rows + 1 : text_get(&one));
        text_free(&one);
    }
    if (status >= 0 && run->evaluation_count > 0) {
        status = text_status(&all);
        status = status < 0 ? status : file_write(text_get(&path), text_get(&all), all.length);
    }
    text_free(&all);
    text_free(&path);
    return status;
}

// Nothing where the run has no monitor.
static sslact_status write_monitor_csv(const run_folder *run, const char *folder)
{
    text rows = {0}, path = {0};
    sslact_status status = SSLACT_OK;
    if (monitor_table_any(&run->log) &&
        (status = monitor_table_render_csv(&run->log, &rows)) >= 0 &&
        (status = path_join(folder, "monitor.csv", &path)) >= 0) {
        status = file_write(text_get(&path), text_get(&rows), rows.length);
    }
    text_free(&rows);
    text_free(&path);
    return status;
}

static sslact_status write_files(const run_folder *run, const char *folder)
{
    text page = {0}, path = {0};
    sslact_status status = file_make_folder(folder);
    if (status >= 0 && (status = write_csv(run, folder)) >= 0 &&
        (status = write_monitor_csv(run, folder)) >= 0 &&
        (status = write_page(run, folder, &page)) >= 0 &&
        (status = path_join(folder, "index.html", &path)) >= 0) {
        status = file_write(text_get(&path), text_get(&page), page.length);
    }
    text_free(&page);
    text_free(&path);
    return status;
}

sslact_status report_build_run(const char *run_folder_path)
{
    run_folder run = {0};
    text folder = {0};
    sslact_status status = run_folder_read(run_folder_path, &run);
    if (status < 0) {
        return status;
    }
    if ((status = path_join(run.path, "report", &folder)) >= 0) {
        status = write_files(&run, text_get(&folder));
    }
    text_free(&folder);
    run_folder_free(&run);
    return status;
}
