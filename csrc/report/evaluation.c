// Evaluation results in memory: taken over from the metric, asked by name, sorted for display.
#include "report/evaluation.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { curve_limit = 200 }; // corners kept for plots and files

// Corners of the steps: the last point of each run of equal precision, counted only where the
// recall rose. The curve falls and rises never back, so area and picture stay the same.
static size_t find_corners(const frame_map_class *c, size_t *corners)
{
    size_t count = 0;
    double recall = 0.0;
    for (size_t i = 0; i < c->curve_count; i++) {
        if (c->recall[i] <= recall) {
            continue;
        }
        recall = c->recall[i];
        if (count > 0 && c->precision[corners[count - 1]] == c->precision[i]) {
            corners[count - 1] = i;
        } else {
            corners[count++] = i;
        }
    }
    return count;
}

static sslact_status copy_curve(const frame_map_class *source, evaluation_class *target)
{
    size_t *corners = array_create(source->curve_count, sizeof *corners);
    if (corners == NULL) {
        return sslact_error_get_status();
    }
    size_t found = find_corners(source, corners);
    size_t kept = found < curve_limit ? found : curve_limit;
    target->recall = array_create(kept, sizeof *target->recall);
    target->precision = array_create(kept, sizeof *target->precision);
    if (target->recall == NULL || target->precision == NULL) {
        free(corners);
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < kept; i++) {
        size_t corner = corners[kept > 1 ? i * (found - 1) / (kept - 1) : 0];
        target->recall[i] = source->recall[corner];
        target->precision[i] = source->precision[corner];
    }
    target->curve_count = kept;
    free(corners);
    return SSLACT_OK;
}

static sslact_status fill_class(const frame_map *result, const evaluation_facts *facts,
                                int32_t index, evaluation_class *out)
{
    const frame_map_class *source = &result->classes[index];
    out->id = facts->class_ids != NULL ? facts->class_ids[index] : index + 1;
    out->average_precision = source->average_precision;
    out->chance = facts->chance != NULL ? facts->chance->classes[index].average_precision : NAN;
    out->training_count = facts->training_counts != NULL ? facts->training_counts[index] : -1;
    out->positive_count = source->positive_count;
    out->detection_count = source->detection_count;
    out->name = text_copy(facts->class_names[index]);
    return out->name != NULL ? copy_curve(source, out) : sslact_error_get_status();
}

static sslact_status fill_texts(const evaluation_facts *facts, evaluation_report *report)
{
    report->role = text_copy(facts->role != NULL ? facts->role : "");
    report->split = text_copy(facts->split != NULL ? facts->split : "");
    report->rule = text_copy(facts->rule != NULL ? facts->rule : "");
    report->cache = text_copy(facts->cache != NULL ? facts->cache : "");
    bool whole = report->role != NULL && report->split != NULL && report->rule != NULL &&
                 report->cache != NULL;
    return whole ? SSLACT_OK : sslact_error_get_status();
}

static sslact_status fill_report(const frame_map *result, const evaluation_facts *facts,
                                 evaluation_report *report)
{
    report->overlap = facts->overlap > 0.0 ? facts->overlap : 0.5;
    report->row_limit = facts->row_limit;
    report->iteration = facts->iteration;
    report->round = facts->round;
    report->clips = facts->clips;
    report->boxes = facts->boxes;
    report->seconds = facts->seconds;
    report->frame_map = result->mean;
    report->chance_frame_map = facts->chance != NULL ? facts->chance->mean : NAN;
    sslact_status status = fill_texts(facts, report);
    if (status < 0) {
        return status;
    }
    report->classes = array_create((size_t)result->class_count, sizeof *report->classes);
    if (report->classes == NULL) {
        return sslact_error_get_status();
    }
    report->class_count = result->class_count;
    for (int32_t i = 0; i < result->class_count; i++) {
        if ((status = fill_class(result, facts, i, &report->classes[i])) < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

sslact_status evaluation_report_create(frame_map *result, const evaluation_facts *facts,
                                       evaluation_report **out)
{
    if (facts->chance != NULL && facts->chance->class_count != result->class_count) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "chance level has %d classes; %d as in the result are accepted",
                         facts->chance->class_count, result->class_count);
    }
    if (facts->class_names == NULL) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "class names are missing; one for each of %d classes is accepted",
                         result->class_count);
    }
    evaluation_report *report = array_create(1, sizeof *report);
    if (report == NULL) {
        return sslact_error_get_status();
    }
    sslact_status status = fill_report(result, facts, report);
    if (status < 0) {
        evaluation_report_free(report);
        return status;
    }
    frame_map_free(result);
    *out = report;
    return SSLACT_OK;
}

void evaluation_report_free(evaluation_report *report)
{
    if (report == NULL) {
        return;
    }
    for (int32_t i = 0; i < report->class_count; i++) {
        free(report->classes[i].name);
        free(report->classes[i].recall);
        free(report->classes[i].precision);
    }
    free(report->classes);
    free(report->role);
    free(report->split);
    free(report->cache);
    free(report->rule);
    free(report);
}

static int64_t count_with_truth(const evaluation_report *report)
{
    int64_t count = 0;
    for (int32_t i = 0; i < report->class_count; i++) {
        count += report->classes[i].positive_count > 0;
    }
    return count;
}

static double or_nan(int64_t value)
{
    return value >= 0 ? (double)value : NAN;
}

// "frame_map@0.5" and its like: prefix, '@', the overlap.
static bool is_map_name(const evaluation_report *report, const char *name, const char *prefix)
{
    text wanted = {0};
    text_append(&wanted, prefix);
    text_append(&wanted, "@");
    text_append_double(&wanted, report->overlap);
    bool same = strcmp(text_get(&wanted), name) == 0;
    text_free(&wanted);
    return same;
}

sslact_status evaluation_report_get_metric(const evaluation_report *report, const char *name,
                                           double *out)
{
    const struct {
        const char *name;
        double value;
    } metrics[] = {
        {"clips", or_nan(report->clips)},
        {"boxes", or_nan(report->boxes)},
        {"seconds", report->seconds},
        {"classes", (double)report->class_count},
        {"classes_with_truth", (double)count_with_truth(report)},
        {"iteration", or_nan(report->iteration)},
        {"row_limit", (double)report->row_limit},
    };
    if (is_map_name(report, name, "frame_map")) {
        *out = report->frame_map;
        return SSLACT_OK;
    }
    if (is_map_name(report, name, "chance_frame_map")) {
        *out = report->chance_frame_map;
        return SSLACT_OK;
    }
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            *out = metrics[i].value;
            return SSLACT_OK;
        }
    }
    return error_set(SSLACT_ERROR_NOT_FOUND,
                     "metric \"%s\" is unknown; frame_map@%g, chance_frame_map@%g, clips, boxes, "
                     "seconds, classes, classes_with_truth, iteration, row_limit are accepted",
                     name, report->overlap, report->overlap);
}

typedef struct sort_entry {
    int64_t training_count;
    int64_t id;
    int32_t index;
} sort_entry;

static int compare_entry(const void *left, const void *right)
{
    const sort_entry *a = left, *b = right;
    if (a->training_count != b->training_count) {
        return a->training_count > b->training_count ? -1 : 1;
    }
    if (a->id != b->id) {
        return a->id < b->id ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

void evaluation_report_sort(const evaluation_report *report, int32_t *order)
{
    sort_entry *entries = array_create((size_t)report->class_count, sizeof *entries);
    for (int32_t i = 0; i < report->class_count; i++) {
        order[i] = i; // stands where memory is out: the order is a courtesy
        if (entries != NULL) {
            entries[i] = (sort_entry){report->classes[i].training_count, report->classes[i].id, i};
        }
    }
    if (entries == NULL) {
        return;
    }
    qsort(entries, (size_t)report->class_count, sizeof *entries, compare_entry);
    for (int32_t i = 0; i < report->class_count; i++) {
        order[i] = entries[i].index;
    }
    free(entries);
}
