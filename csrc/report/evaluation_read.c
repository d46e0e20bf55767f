// Evaluation results back from their JSON, for pages that are built again.
#include "report/evaluation.h"

#include "report/json_read.h"

#include "base/array.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static sslact_status read_curve(const json_t *object, evaluation_class *c)
{
    const json_t *recall = json_object_get(object, "recall");
    const json_t *precision = json_object_get(object, "precision");
    size_t count = json_array_size(recall);
    if (json_array_size(precision) != count) {
        return error_set(SSLACT_ERROR_FORMAT, "%zu recalls, %zu precisions; as many are accepted",
                         count, json_array_size(precision));
    }
    c->recall = array_create(count, sizeof *c->recall);
    c->precision = array_create(count, sizeof *c->precision);
    if (c->recall == NULL || c->precision == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < count; i++) {
        c->recall[i] = json_number_value(json_array_get(recall, i));
        c->precision[i] = json_number_value(json_array_get(precision, i));
    }
    c->curve_count = count;
    return SSLACT_OK;
}

static sslact_status read_class(const json_t *object, evaluation_class *c)
{
    if (!json_is_string(json_object_get(object, "name"))) {
        return error_set(SSLACT_ERROR_FORMAT, "no \"name\"; a text is accepted");
    }
    c->id = json_read_integer(object, "id", -1);
    c->average_precision = json_read_number(object, "ap");
    c->chance = json_read_number(object, "chance_ap");
    c->training_count = json_read_integer(object, "training", -1);
    c->positive_count = json_read_integer(object, "positives", 0);
    c->detection_count = json_read_integer(object, "detections", 0);
    c->name = text_copy(json_read_text(object, "name"));
    return c->name != NULL ? read_curve(object, c) : sslact_error_get_status();
}

static sslact_status read_classes(const json_t *root, evaluation_report *report)
{
    const json_t *classes = json_object_get(root, "classes");
    size_t count = json_array_size(classes);
    if (!json_is_array(classes) || count > INT_MAX) {
        return error_set(SSLACT_ERROR_FORMAT, "no \"classes\"; an array is accepted");
    }
    report->classes = array_create(count, sizeof *report->classes);
    if (report->classes == NULL) {
        return sslact_error_get_status();
    }
    report->class_count = (int32_t)count;
    for (size_t i = 0; i < count; i++) {
        sslact_status status = read_class(json_array_get(classes, i), &report->classes[i]);
        if (status < 0) {
            return error_prefix("class %zu: ", i);
        }
    }
    return SSLACT_OK;
}

static sslact_status read_map(const json_t *root, evaluation_report *report)
{
    text name = {0};
    text_append(&name, "frame_map@");
    text_append_double(&name, report->overlap);
    report->frame_map = json_read_number(root, text_get(&name));
    bool there = json_object_get(root, text_get(&name)) != NULL;
    text chance = {0};
    text_append(&chance, "chance_");
    text_append(&chance, text_get(&name));
    report->chance_frame_map = json_read_number(root, text_get(&chance));
    sslact_status status =
        there ? SSLACT_OK
              : error_set(SSLACT_ERROR_FORMAT, "no \"%s\"; a number or null is accepted",
                          text_get(&name));
    text_free(&chance);
    text_free(&name);
    return status;
}

static sslact_status read_report(const json_t *root, evaluation_report *report)
{
    double overlap = json_read_number(root, "overlap");
    report->overlap = isfinite(overlap) ? overlap : 0.5;
    report->iteration = json_read_integer(root, "iteration", -1);
    report->round = json_read_integer(root, "round", 0);
    report->row_limit = json_read_integer(root, "row_limit", 0);
    report->clips = json_read_integer(root, "clips", -1);
    report->boxes = json_read_integer(root, "boxes", -1);
    report->seconds = json_read_number(root, "seconds");
    report->role = text_copy(json_read_text(root, "role"));
    report->split = text_copy(json_read_text(root, "split"));
    report->rule = text_copy(json_read_text(root, "rule"));
    report->cache = text_copy(json_read_text(root, "cache"));
    if (report->role == NULL || report->split == NULL || report->rule == NULL ||
        report->cache == NULL) {
        return sslact_error_get_status();
    }
    sslact_status status = read_map(root, report);
    return status < 0 ? status : read_classes(root, report);
}

sslact_status evaluation_report_load(const char *path, evaluation_report **out)
{
    json_t *root = NULL;
    sslact_status status = json_read_object(path, &root);
    if (status < 0) {
        return status;
    }
    evaluation_report *report = array_create(1, sizeof *report);
    status = report != NULL ? read_report(root, report) : sslact_error_get_status();
    json_decref(root);
    if (status < 0) {
        evaluation_report_free(report);
        return error_prefix("%s: ", path);
    }
    *out = report;
    return SSLACT_OK;
}
