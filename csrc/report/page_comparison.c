// The page that puts runs side by side: groups of repetitions, means, paired differences.
#include "report/page.h"

#include "report/class_table.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/log_charts.h"
#include "report/plot.h"
#include "report/run_folder.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct run_group { // runs of one name
    const char *name;
    size_t *runs; // indices, in the order given
    size_t count;
} run_group;

typedef struct comparison {
    run_folder *runs;
    size_t run_count;
    run_group *groups;
    size_t group_count;
    const char *split;
    char *out_folder; // absolute, for links
} comparison;

static const char *const roles[] = {"student", "teacher"};

// ---- groups ----

static run_group *find_group(comparison *c, const char *name)
{
    for (size_t i = 0; i < c->group_count; i++) {
        if (strcmp(c->groups[i].name, name) == 0) {
            return &c->groups[i];
        }
    }
    return NULL;
}

static sslact_status make_groups(comparison *c, const char *const *names)
{
    c->groups = array_create(c->run_count, sizeof *c->groups);
    if (c->groups == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < c->run_count; i++) {
        const char *name = names != NULL && names[i] != NULL ? names[i] : c->runs[i].name;
        run_group *group = find_group(c, name);
        if (group == NULL) {
            group = &c->groups[c->group_count];
            group->name = name;
            group->runs = array_create(c->run_count, sizeof *group->runs);
            if (group->runs == NULL) {
                return sslact_error_get_status();
            }
            c->group_count++;
        }
        group->runs[group->count++] = i;
    }
    return SSLACT_OK;
}

// ---- numbers ----

typedef struct estimate {
    double mean;
    double error; // standard error of the mean; NaN for fewer than two values
} estimate;

static estimate summarise(const double *values, size_t count)
{
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    double mean = count > 0 ? sum / (double)count : NAN;
    for (size_t i = 0; i < count; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    double n = (double)count;
    return (estimate){mean, count > 1 ? sqrt(squares / (n - 1.0) / n) : NAN};
}

static double get_map(const comparison *c, size_t run, const char *role)
{
    const evaluation_report *e = run_folder_find(&c->runs[run], c->split, role);
    return e != NULL ? e->frame_map : NAN;
}

// values [count] of scratch: the mAPs of a group, or with `base` the differences to it by pairs.
static estimate measure(const comparison *c, const run_group *group, const run_group *base,
                        const char *role, double *values)
{
    for (size_t i = 0; i < group->count; i++) {
        values[i] = get_map(c, group->runs[i], role);
        if (base != NULL) {
            values[i] -= get_map(c, base->runs[i], role);
        }
    }
    return summarise(values, group->count);
}

static estimate compare(const comparison *c, const run_group *group, const char *role,
                        double *values)
{
    const run_group *base = &c->groups[0];
    if (base->count == group->count) {
        return measure(c, group, base, role, values);
    }
    double mean = measure(c, group, NULL, role, values).mean;
    return (estimate){mean - measure(c, base, NULL, role, values).mean, NAN};
}

static const evaluation_report *find_any(const comparison *c, size_t run)
{
    const evaluation_report *e = run_folder_find(&c->runs[run], c->split, roles[0]);
    return e != NULL ? e : run_folder_find(&c->runs[run], c->split, roles[1]);
}

static bool all_have(const comparison *c, const char *role)
{
    for (size_t i = 0; i < c->run_count; i++) {
        if (run_folder_find(&c->runs[i], c->split, role) == NULL) {
            return false;
        }
    }
    return true;
}

static bool some_have(const comparison *c, const char *role)
{
    for (size_t i = 0; i < c->run_count; i++) {
        if (run_folder_find(&c->runs[i], c->split, role) != NULL) {
            return true;
        }
    }
    return false;
}

static double get_chance(const comparison *c, const run_group *group)
{
    const evaluation_report *e = find_any(c, group->runs[0]);
    return e != NULL ? e->chance_frame_map : NAN;
}

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
        if (!some_have(c, roles[k])) {
            continue;
        }
        estimate change = compare(c, group, roles[k], values);
        write_cell(measure(c, group, NULL, roles[k], values), out);
        if (index == 0) {
            text_append(out, "<td></td>");
        } else {
            html_cell_change(out, change.mean, change.error);
        }
    }
    html_cell_number(out, get_chance(c, group), 3);
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
        if (some_have(c, roles[k])) {
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
        if (some_have(c, roles[k])) {
            colors[columns] = k;
            names[columns++] = roles[k];
        }
    }
    for (size_t i = 0; i < c->group_count; i++) {
        arrays->labels[i] = c->groups[i].name;
        arrays->marks[i] = get_chance(c, &c->groups[i]);
        for (size_t k = 0; k < columns; k++) {
            arrays->values[i * columns + k] =
                measure(c, &c->groups[i], NULL, names[k], arrays->scratch).mean;
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

static const evaluation_report *find_reference(const comparison *c, const char *role)
{
    for (size_t i = 0; i < c->run_count; i++) {
        const evaluation_report *e = run_folder_find(&c->runs[i], c->split, role);
        if (e != NULL) {
            return e;
        }
    }
    return NULL;
}

static sslact_status write_classes(const comparison *c, text *out)
{
    const char *role = all_have(c, "teacher") || !some_have(c, "student") ? "teacher" : "student";
    const evaluation_report *reference = find_reference(c, role);
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

static void write_links(const comparison *c, text *out)
{
    html_section(out, "runs", "The runs");
    text_append(out, "<ul class=\"plain\">\n");
    for (size_t i = 0; i < c->group_count; i++) {
        for (size_t k = 0; k < c->groups[i].count; k++) {
            const run_folder *run = &c->runs[c->groups[i].runs[k]];
            text relative = {0};
            append_relative(c->out_folder, run->path, &relative);
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
    const char *role = some_have(c, "student") ? "student" : "teacher";
    text_append(out, "<ul class=\"tiles\">\n");
    for (size_t i = 0; i < c->group_count && i < 8 && values != NULL; i++) {
        estimate map = measure(c, &c->groups[i], NULL, role, values);
        text_append(out, "<li><b>");
        html_append_value(out, map.mean, NAN);
        text_append(out, "</b><span>");
        escape_html(out, c->groups[i].name);
        text_append_format(out, ", %s</span></li>\n", role);
    }
    double chance = get_chance(c, &c->groups[0]);
    if (isfinite(chance)) {
        text_append_format(out, "<li><b>%.3f</b><span>random scores</span></li>\n", chance);
    }
    text_append(out, "</ul>\n");
    free(values);
}

static sslact_status write_page(const comparison *c, text *out)
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
    write_links(c, out);
    clock_stamp(stamp, sizeof stamp);
    text_append(&note, "Page built ");
    html_append_time(&note, stamp);
    text_append(&note, " by sslact.");
    html_end(out, text_get(&note));
    text_free(&title);
    text_free(&note);
    return status < 0 ? status : text_status(out);
}

static sslact_status read_runs(comparison *c, const char *const *folders, const char *const *names,
                               size_t count)
{
    c->runs = array_create(count, sizeof *c->runs);
    if (c->runs == NULL) {
        return sslact_error_get_status();
    }
    c->split = "";
    for (size_t i = 0; i < count; i++) {
        sslact_status status = run_folder_read(folders[i], &c->runs[i]);
        if (status < 0) {
            return status;
        }
        c->run_count++;
        if (c->split[0] == '\0') {
            c->split = run_folder_get_split(&c->runs[i]);
        }
    }
    return make_groups(c, names);
}

static sslact_status find_out_folder(comparison *c, const char *out_path)
{
    text absolute = {0}, folder = {0};
    sslact_status status = path_make_absolute(out_path, &absolute);
    if (status >= 0 && (status = path_get_folder(text_get(&absolute), &folder)) >= 0 &&
        (status = file_make_folder(text_get(&folder))) >= 0) {
        c->out_folder = text_copy(text_get(&folder));
        status = c->out_folder != NULL ? SSLACT_OK : sslact_error_get_status();
    }
    text_free(&absolute);
    text_free(&folder);
    return status;
}

static void release(comparison *c)
{
    for (size_t i = 0; i < c->group_count; i++) {
        free(c->groups[i].runs);
    }
    for (size_t i = 0; i < c->run_count; i++) {
        run_folder_free(&c->runs[i]);
    }
    free(c->groups);
    free(c->runs);
    free(c->out_folder);
}

sslact_status report_build_comparison(const char *const *run_folders, const char *const *names,
                                      size_t count, const char *out_path)
{
    comparison c = {0};
    text page = {0};
    if (count == 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "no runs; at least one is accepted");
    }
    sslact_status status = read_runs(&c, run_folders, names, count);
    if (status >= 0 && (status = find_out_folder(&c, out_path)) >= 0 &&
        (status = write_page(&c, &page)) >= 0) {
        status = file_write(out_path, text_get(&page), page.length);
    }
    text_free(&page);
    release(&c);
    return status;
}
