// check.html: a person reads it before the first training, beside the terminal's list.
#include "report/page_check.h"

#include "base/array.h"
#include "base/file.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Bars and heat map: most frequent first, ids where counts are equal.
typedef struct class_order {
    const check_page *page;
    size_t *order; // [class_count]
} class_order;

static int compare_classes(const void *a, const void *b, void *user)
{
    const check_page_class *classes = ((const check_page *)user)->classes;
    const check_page_class *left = &classes[*(const size_t *)a];
    const check_page_class *right = &classes[*(const size_t *)b];
    if (left->instances != right->instances) {
        return left->instances > right->instances ? -1 : 1;
    }
    return (left->id > right->id) - (left->id < right->id);
}

static sslact_status sort_classes(const check_page *page, class_order *out)
{
    out->page = page;
    out->order = array_create(page->class_count, sizeof *out->order);
    if (out->order == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < page->class_count; i++) {
        out->order[i] = i;
    }
    qsort_r(out->order, page->class_count, sizeof *out->order, compare_classes, (void *)page);
    return SSLACT_OK;
}

// ---- groups ----

typedef enum class_group { GROUP_HEAD, GROUP_MIDDLE, GROUP_TAIL, GROUP_ABSENT } class_group;

static const char *const group_names[8] = {
    [GROUP_HEAD] = "head", [GROUP_MIDDLE] = "middle", [GROUP_TAIL] = "tail"};

static class_group find_group(const check_page *page, const check_page_class *c)
{
    if (c->instances == 0) {
        return GROUP_ABSENT;
    }
    if ((double)c->instances > page->mean_count) {
        return GROUP_HEAD;
    }
    return c->imbalance < 0.01 ? GROUP_TAIL : GROUP_MIDDLE;
}

// ---- problems ----

static void write_tile(text *out, int64_t value, const char *words)
{
    text_append(out, "<li><b>");
    html_append_count(out, value);
    text_append(out, "</b><span>");
    escape_html(out, words);
    text_append(out, "</span></li>\n");
}

static void write_tiles(const check_page *page, text *out)
{
    text_append(out, "<ul class=\"tiles\">\n");
    write_tile(out, page->problem_count, page->problem_count == 1 ? "problem" : "problems");
    write_tile(out, page->note_count, page->note_count == 1 ? "note" : "notes");
    write_tile(out, page->videos, "videos");
    write_tile(out, page->key_frames, "key frames");
    write_tile(out, page->people, "boxes of people");
    text_append(out, "</ul>\n");
}

static void write_kind(const check_page *page, const check_page_kind *kind, text *out)
{
    int64_t listed = 0;
    text_append(out, kind->is_note ? "<details><summary>" : "<details open><summary>");
    escape_html(out, kind->name);
    text_append(out, "<span>");
    html_append_count(out, kind->count);
    text_append(out, "</span></summary>\n");
    html_element(out, "p", "soft", kind->fix);
    text_append(out, "<ul class=\"plain\">\n");
    for (size_t i = 0; i < page->problem_listed; i++) {
        const check_page_problem *problem = &page->problems[i];
        if (problem->is_note != kind->is_note || strcmp(problem->kind, kind->name) != 0) {
            continue;
        }
        listed++;
        text_append(out, "<li>");
        escape_html(out, problem->place);
        text_append(out, problem->place[0] != '\0' ? ": " : "");
        escape_html(out, problem->text);
        text_append(out, "</li>\n");
    }
    text_append(out, "</ul>\n");
    if (listed < kind->count) {
        text_append_format(out, "<p class=\"soft\">and %lld more</p>\n",
                           (long long)(kind->count - listed));
    }
    text_append(out, "</details>\n");
}

static void write_problems(const check_page *page, bool notes, text *out)
{
    int64_t count = notes ? page->note_count : page->problem_count;
    html_section(out, notes ? "notes" : "problems", notes ? "Notes" : "Problems");
    if (count == 0) {
        html_element(out, "p", NULL, notes ? "None." : "None: training can start.");
    }
    for (size_t i = 0; i < page->kind_count; i++) {
        if (page->kinds[i].is_note == notes) {
            write_kind(page, &page->kinds[i], out);
        }
    }
    html_section_end(out);
}

// ---- counts ----

static void write_splits(const check_page *page, text *out)
{
    html_section(out, "splits", "Splits");
    html_table(out, "What a run would read");
    text_append(out, "<thead><tr>");
    html_head(out, "Split", false);
    html_head(out, "Videos", true);
    html_head(out, "Key frames", true);
    html_head(out, "Boxes", true);
    html_head(out, "Key frames without box", true);
    text_append(out, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < check_page_splits; i++) {
        const check_page_split *split = &page->splits[i];
        if (split->name == NULL) {
            continue;
        }
        text_append(out, "<tr>");
        html_row_head(out, split->name);
        html_cell_count(out, split->videos);
        html_cell_count(out, split->key_frames);
        html_cell_count(out, split->people);
        html_cell_count(out, split->empty);
        text_append(out, "</tr>\n");
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
    html_section_end(out);
}

static void write_label_counts(const check_page *page, text *out)
{
    html_table(out, "Labels per person");
    text_append(out, "<thead><tr>");
    html_head(out, "Labels", false);
    for (int i = 0; i < check_page_label_counts; i++) {
        char words[16];
        snprintf(words, sizeof words, i + 1 < check_page_label_counts ? "%d" : "%d or more", i);
        html_head(out, words, true);
    }
    text_append(out, "</tr></thead>\n<tbody>\n<tr>");
    html_row_head(out, "People");
    for (int i = 0; i < check_page_label_counts; i++) {
        html_cell_count(out, page->labels_per_instance[i]);
    }
    text_append(out, "</tr>\n</tbody>\n");
    html_table_end(out);
}

// ---- classes ----

static const char *const class_columns[] = {
    "Id",      "Group", "People", "Imbalance \xce\xb7", "Kept if rarest p", "Expected kept share",
    "Weight w"};

static void write_class(const check_page *page, const check_page_class *c, text *out)
{
    static const char *const groups[] = {"head", "middle", "tail", "absent"};
    text_append(out, "<tr>");
    html_row_head(out, c->name);
    html_cell_count(out, c->id);
    html_cell(out, groups[find_group(page, c)]);
    html_cell_count(out, c->instances);
    html_cell_number(out, c->imbalance, 4);
    html_cell_number(out, c->probability, 3);
    html_cell_number(out, c->kept_share, 3);
    html_cell_number(out, c->weight, 3);
    text_append(out, "</tr>\n");
}

static void write_class_table(const class_order *classes, text *out)
{
    const check_page *page = classes->page;
    html_table(out, "Classes, most frequent first");
    text_append(out, "<thead><tr>");
    html_head(out, "Class", false);
    for (size_t i = 0; i < sizeof class_columns / sizeof *class_columns; i++) {
        html_head(out, class_columns[i], i != 1);
    }
    text_append(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < page->class_count; i++) {
        write_class(page, &page->classes[classes->order[i]], out);
    }
    text_append(out, "</tbody>\n");
    html_table_end(out);
}

static sslact_status draw_counts(const class_order *classes, bool standalone, text *out)
{
    const check_page *page = classes->page;
    const char **labels = array_create(page->class_count, sizeof *labels);
    int64_t *values = array_create(page->class_count, sizeof *values);
    int32_t *colors = array_create(page->class_count, sizeof *colors);
    sslact_status status =
        labels == NULL || values == NULL || colors == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < page->class_count; i++) {
        const check_page_class *c = &page->classes[classes->order[i]];
        labels[i] = c->name;
        values[i] = c->instances;
        colors[i] = (int32_t)find_group(page, c);
    }
    if (status >= 0) {
        const plot_frame frame = {.title = "Labelled people by class",
                                  .description = "Bars on a logarithmic axis, most frequent first",
                                  .standalone = standalone};
        const plot_count_data data = {labels, values, colors, page->class_count, group_names};
        status = plot_counts(&frame, &data, out);
    }
    free(labels);
    free(values);
    free(colors);
    return status;
}

// Of the people with the row's class, the share that has the column's too.
static sslact_status draw_pairs(const class_order *classes, bool standalone, text *out)
{
    const check_page *page = classes->page;
    size_t n = page->class_count;
    const char **labels = array_create(n, sizeof *labels);
    double *values = array_create(n * n, sizeof *values);
    sslact_status status =
        labels == NULL || values == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < n; i++) {
        size_t row = classes->order[i];
        labels[i] = page->classes[row].name;
        for (size_t k = 0; k < n; k++) {
            int64_t pairs = page->pair_counts[row * n + classes->order[k]];
            int64_t all = page->classes[row].instances;
            values[i * n + k] = all > 0 ? (double)pairs / (double)all : 0.0;
        }
    }
    if (status >= 0) {
        const plot_frame frame = {
            .title = "Classes that go together",
            .description = "Of the people with the class of a row, the share that has the class of "
                           "the column too; the darker, the more",
            .standalone = standalone};
        const plot_heat_data data = {labels, n, values, NULL};
        status = plot_heat(&frame, &data, out);
    }
    free(labels);
    free(values);
    return status;
}

static void write_class_words(const check_page *page, text *out)
{
    size_t counts[4] = {0};
    for (size_t i = 0; i < page->class_count; i++) {
        counts[find_group(page, &page->classes[i])]++;
    }
    double people = page->instances > 0 ? (double)page->instances : 1.0;
    text_append_format(
        out,
        "<p>%lld people carry %lld labels, %.2f each. Of %zu classes %zu are head (more people "
        "than "
        "the mean of %.1f), %zu tail (less than a hundredth of the largest), %zu between, %zu "
        "without anybody. Balanced sampling keeps %.1f %% of the people on average.</p>\n",
        (long long)page->instances, (long long)page->labels, (double)page->labels / people,
        page->class_count, counts[GROUP_HEAD], page->mean_count, counts[GROUP_TAIL],
        counts[GROUP_MIDDLE], counts[GROUP_ABSENT], 100.0 * page->kept_share);
}

static sslact_status write_classes(const class_order *classes, text *out)
{
    const check_page *page = classes->page;
    if (page->class_count == 0 || page->instances == 0) {
        return SSLACT_OK;
    }
    html_section(out, "classes", "Classes of the training split");
    write_class_words(page, out);
    write_label_counts(page, out);
    text_append(out, "<h3>Labelled people by class</h3>\n<div style=\"max-width:760px\">\n");
    sslact_status status = draw_counts(classes, false, out);
    text_append(out, "</div>\n");
    write_class_table(classes, out);
    html_section_end(out);
    if (status >= 0) {
        html_section(out, "pairs", "Classes that go together");
        html_element(out, "p", "soft",
                     "Of the people with the class of a row, the share that has the class of the "
                     "column too; the darker, the more.");
        status = draw_pairs(classes, false, out);
        html_section_end(out);
    }
    return status;
}

// ---- tables as files ----

static sslact_status render_classes(const class_order *classes, text *out)
{
    const check_page *page = classes->page;
    text_append(out, "class_id,name,group,instances,imbalance,probability,kept_share,weight\n");
    for (size_t i = 0; i < page->class_count; i++) {
        static const char *const groups[] = {"head", "middle", "tail", "absent"};
        const check_page_class *c = &page->classes[classes->order[i]];
        text_append_format(out, "%d,", (int)c->id);
        escape_csv(out, c->name);
        text_append_format(out, ",%s,%lld,%.6g,%.6g,%.6g,%.6g\n", groups[find_group(page, c)],
                           (long long)c->instances, c->imbalance, c->probability, c->kept_share,
                           c->weight);
    }
    return text_status(out);
}

// In the order of the ids, as the diagonal says.
static sslact_status render_pairs(const check_page *page, text *out)
{
    size_t n = page->class_count;
    text_append(out, "class_id");
    for (size_t i = 0; i < n; i++) {
        text_append_format(out, ",%d", (int)page->classes[i].id);
    }
    text_append(out, "\n");
    for (size_t i = 0; i < n; i++) {
        text_append_format(out, "%d", (int)page->classes[i].id);
        for (size_t k = 0; k < n; k++) {
            text_append_format(out, ",%lld", (long long)page->pair_counts[i * n + k]);
        }
        text_append(out, "\n");
    }
    return text_status(out);
}

// ---- all of it ----

static sslact_status render_page(const class_order *classes, text *out)
{
    const check_page *page = classes->page;
    html_begin(out, "Data check");
    text_append(out, "<header>\n");
    html_element(out, "h1", NULL, "Data check");
    text_append(out, "</header>\n");
    write_tiles(page, out);
    write_problems(page, false, out);
    write_splits(page, out);
    sslact_status status = write_classes(classes, out);
    write_problems(page, true, out);
    html_end(out, "Written by sslact_cli data check");
    return status < 0 ? status : text_status(out);
}

static sslact_status put(const char *folder, const char *name, sslact_status rendered,
                         text *content)
{
    text path = {0};
    sslact_status status = rendered;
    if (status >= 0) {
        status = path_join(folder, name, &path);
    }
    if (status >= 0) {
        status = file_write(text_get(&path), text_get(content), content->length);
    }
    text_free(&path);
    text_free(content);
    return status;
}

static sslact_status write_class_files(const class_order *classes, const char *folder)
{
    text content = {0};
    sslact_status status = put(folder, "classes.csv", render_classes(classes, &content), &content);
    if (status >= 0) {
        status = put(folder, "cooccurrence.csv", render_pairs(classes->page, &content), &content);
    }
    if (status >= 0) {
        status = put(folder, "classes.svg", draw_counts(classes, true, &content), &content);
    }
    if (status >= 0) {
        status = put(folder, "cooccurrence.svg", draw_pairs(classes, true, &content), &content);
    }
    return status;
}

sslact_status report_build_check(const char *folder, const check_page *page)
{
    class_order classes;
    text content = {0};
    sslact_status status = sort_classes(page, &classes);
    if (status >= 0) {
        status = file_make_folder(folder);
    }
    if (status >= 0) {
        status = put(folder, "check.html", render_page(&classes, &content), &content);
    }
    if (status >= 0 && page->class_count > 0 && page->instances > 0) {
        status = write_class_files(&classes, folder);
    }
    free(classes.order);
    return status;
}
