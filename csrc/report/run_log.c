// metrics.jsonl read back, line by line; what a resume took back is dropped.
#include "report/run_log.h"

#include "report/json_read.h"

#include "base/array.h"
#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    file_limit = 1 << 30,
    warning_limit = 100,
    series_limit = 10000,
    fact_limit = 200,
    class_limit = 10000
};

// ---- series ----

// Lines repeat their keys in the same order, so the one after the last hit is tried first.
static log_series *find_series(run_log *log, const char *key, size_t *hint)
{
    for (size_t i = 0; i < log->series_count; i++) {
        size_t place = (*hint + 1 + i) % log->series_count;
        if (strcmp(log->series[place].key, key) == 0) {
            *hint = place;
            return &log->series[place];
        }
    }
    return NULL;
}

static sslact_status add_series(run_log *log, const char *key, log_series **out)
{
    void *data = log->series;
    sslact_status status =
        array_reserve(&data, &log->series_capacity, log->series_count + 1, sizeof *log->series);
    if (status < 0) {
        return status;
    }
    log->series = data;
    log_series *added = &log->series[log->series_count];
    *added = (log_series){.key = text_copy(key)};
    if (added->key == NULL) {
        return sslact_error_get_status();
    }
    log->series_count++;
    *out = added;
    return SSLACT_OK;
}

static sslact_status append_point(log_series *series, double iteration, double value)
{
    size_t capacity = series->capacity;
    void *iterations = series->iterations, *values = series->values;
    sslact_status status =
        array_reserve(&iterations, &capacity, series->count + 1, sizeof *series->iterations);
    if (status < 0) {
        return status;
    }
    series->iterations = iterations;
    status = array_reserve(&values, &series->capacity, series->count + 1, sizeof *series->values);
    if (status < 0) {
        return status;
    }
    series->values = values;
    series->iterations[series->count] = iteration;
    series->values[series->count++] = value;
    return SSLACT_OK;
}

static bool is_frame_key(const char *key)
{
    return strcmp(key, "iteration") == 0 || strcmp(key, "elapsed_s") == 0;
}

static sslact_status add_number(run_log *log, const char *key, double iteration,
                                const json_t *value, size_t *hint)
{
    log_series *series = find_series(log, key, hint);
    sslact_status status = SSLACT_OK;
    if (series == NULL) {
        if (log->series_count >= series_limit) {
            return SSLACT_OK;
        }
        status = add_series(log, key, &series);
    }
    if (status < 0) {
        return status;
    }
    return append_point(series, iteration, json_is_number(value) ? json_number_value(value) : NAN);
}

static sslact_status add_array(run_log *log, const char *key, double iteration, const json_t *array,
                               size_t *hint)
{
    text name = {0};
    sslact_status status = SSLACT_OK;
    for (size_t j = 0; j < json_array_size(array) && status >= 0; j++) {
        const json_t *value = json_array_get(array, j);
        if (json_is_number(value) || json_is_null(value)) {
            text_clear(&name);
            text_append(&name, key);
            text_append_format(&name, "/%zu", j);
            status = text_status(&name);
            status = status < 0 ? status : add_number(log, text_get(&name), iteration, value, hint);
        }
    }
    text_free(&name);
    return status;
}

static sslact_status add_numbers(run_log *log, json_t *line, size_t *hint)
{
    double iteration = json_read_number(line, "iteration");
    const char *key;
    json_t *value;
    json_object_foreach(line, key, value)
    {
        sslact_status status = SSLACT_OK;
        if (json_is_array(value)) {
            status = add_array(log, key, iteration, value, hint);
        } else if ((json_is_number(value) || json_is_null(value)) && !is_frame_key(key)) {
            status = add_number(log, key, iteration, value, hint);
        }
        if (status < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

// ---- events ----

static void forget_facts(run_log *log)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        free(log->facts[i].key);
        free(log->facts[i].value);
    }
    log->fact_count = 0;
}

static sslact_status add_facts(run_log *log, json_t *line)
{
    const char *key;
    json_t *value;
    forget_facts(log);
    json_object_foreach(line, key, value)
    {
        if (!json_is_string(value) || strcmp(key, "event") == 0 || strcmp(key, "time") == 0 ||
            strcmp(key, "schema") == 0 || log->fact_count >= fact_limit) {
            continue;
        }
        void *data = log->facts;
        sslact_status status =
            array_reserve(&data, &log->fact_capacity, log->fact_count + 1, sizeof *log->facts);
        if (status < 0) {
            return status;
        }
        log->facts = data;
        log_fact *fact = &log->facts[log->fact_count++];
        *fact = (log_fact){text_copy(key), text_copy(json_string_value(value))};
        if (fact->key == NULL || fact->value == NULL) {
            return sslact_error_get_status();
        }
    }
    return SSLACT_OK;
}

static void forget_classes(run_log *log)
{
    for (size_t j = 0; j < log->class_count; j++) {
        free(log->classes[j].name);
    }
    free(log->classes);
    log->classes = NULL;
    log->class_count = 0;
}

static sslact_status add_classes(run_log *log, const json_t *line)
{
    const json_t *names = json_object_get(line, "names");
    const json_t *labeled = json_object_get(line, "labeled");
    const json_t *starts = json_object_get(line, "threshold_start");
    size_t count = json_array_size(names);
    count = count < class_limit ? count : class_limit;
    forget_classes(log);
    log->classes = array_create(count, sizeof *log->classes);
    if (log->classes == NULL) {
        return sslact_error_get_status();
    }
    for (size_t j = 0; j < count; j++) {
        const char *name = json_string_value(json_array_get(names, j));
        const json_t *instances = json_array_get(labeled, j), *start = json_array_get(starts, j);
        log_class *c = &log->classes[log->class_count++];
        c->name = text_copy(name != NULL ? name : "");
        c->labeled = json_is_integer(instances) ? json_integer_value(instances) : -1;
        c->threshold_start = json_is_number(start) ? json_number_value(start) : NAN;
        if (c->name == NULL) {
            return sslact_error_get_status();
        }
    }
    return SSLACT_OK;
}

// Keeps the last ones: the newest trouble is the one to look at.
static sslact_status add_warning(run_log *log, json_t *line)
{
    log->warning_total++;
    if (log->warnings == NULL) {
        log->warnings = array_create(warning_limit, sizeof *log->warnings);
        if (log->warnings == NULL) {
            return sslact_error_get_status();
        }
    }
    char *message = text_copy(json_read_text(line, "message"));
    if (message == NULL) {
        return sslact_error_get_status();
    }
    if (log->warning_count == warning_limit) {
        free(log->warnings[0]);
        memmove(log->warnings, log->warnings + 1, (warning_limit - 1) * sizeof *log->warnings);
        log->warning_count--;
    }
    log->warnings[log->warning_count++] = message;
    return SSLACT_OK;
}

static void take_back(run_log *log, double from)
{
    for (size_t i = 0; i < log->series_count; i++) {
        log_series *series = &log->series[i];
        while (series->count > 0 && series->iterations[series->count - 1] > from) {
            series->count--;
        }
    }
    log->resume_count++;
}

static sslact_status note_time(run_log *log, json_t *line)
{
    const char *time = json_read_text(line, "time");
    char *copy = text_copy(time);
    if (copy == NULL) {
        return sslact_error_get_status();
    }
    if (log->started == NULL) {
        log->started = text_copy(time);
    }
    free(log->updated);
    log->updated = copy;
    return log->started != NULL ? SSLACT_OK : sslact_error_get_status();
}

static sslact_status add_line(run_log *log, json_t *line, size_t *hint, double *elapsed)
{
    const char *event = json_read_text(line, "event");
    double now = json_read_number(line, "elapsed_s");
    sslact_status status = note_time(log, line);
    if (status < 0) {
        return status;
    }
    log->ended = strcmp(event, "end") == 0;
    if (strcmp(event, "run") == 0 || strcmp(event, "resume") == 0) {
        log->elapsed_seconds += *elapsed; // of the process before
        *elapsed = 0.0;
    }
    if (isfinite(now)) {
        *elapsed = now;
    }
    if (strcmp(event, "run") == 0) {
        return add_facts(log, line);
    }
    if (strcmp(event, "resume") == 0) {
        take_back(log, json_read_number(line, "from"));
        return SSLACT_OK;
    }
    if (strcmp(event, "classes") == 0) {
        return add_classes(log, line);
    }
    if (strcmp(event, "warning") == 0) {
        return add_warning(log, line);
    }
    return add_numbers(log, line, hint);
}

// ---- the file ----

static sslact_status read_lines(run_log *log, const char *data, size_t size)
{
    size_t hint = 0;
    double elapsed = 0.0;
    const char *end = data + size;
    for (const char *at = data; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL) {
            break; // torn: still being written, or cut by a crash
        }
        json_t *line = json_loadb(at, (size_t)(newline - at), JSON_REJECT_DUPLICATES, NULL);
        if (json_is_object(line)) {
            sslact_status status = add_line(log, line, &hint, &elapsed);
            if (status < 0) {
                json_decref(line);
                return status;
            }
        } else {
            log->unreadable_count++;
        }
        json_decref(line);
        at = newline + 1;
    }
    log->elapsed_seconds += elapsed;
    return SSLACT_OK;
}

static void find_last_iteration(run_log *log)
{
    log->last_iteration = -1;
    for (size_t i = 0; i < log->series_count; i++) {
        const log_series *series = &log->series[i];
        double last = series->count > 0 ? series->iterations[series->count - 1] : NAN;
        if (last > (double)log->last_iteration && last < 9e15) {
            log->last_iteration = (int64_t)last;
        }
    }
}

sslact_status run_log_read(const char *path, run_log *out)
{
    run_log log = {0};
    char *data = NULL;
    size_t size = 0;
    sslact_status status = SSLACT_OK;
    if (file_exists(path)) {
        status = file_read(path, file_limit, &data, &size);
    }
    if (status >= 0) {
        status = read_lines(&log, data, size);
    }
    free(data);
    if (status >= 0 && log.started == NULL) {
        log.started = text_copy("");
        log.updated = text_copy("");
        status = log.started != NULL && log.updated != NULL ? SSLACT_OK : sslact_error_get_status();
    }
    if (status < 0) {
        run_log_free(&log);
        return status;
    }
    find_last_iteration(&log);
    *out = log;
    return SSLACT_OK;
}

void run_log_free(run_log *log)
{
    for (size_t i = 0; i < log->series_count; i++) {
        free(log->series[i].key);
        free(log->series[i].iterations);
        free(log->series[i].values);
    }
    free(log->series);
    forget_facts(log);
    forget_classes(log);
    free(log->facts);
    for (size_t i = 0; i < log->warning_count; i++) {
        free(log->warnings[i]);
    }
    free(log->warnings);
    free(log->started);
    free(log->updated);
    *log = (run_log){0};
}

const log_series *run_log_find(const run_log *log, const char *key)
{
    for (size_t i = 0; i < log->series_count; i++) {
        if (strcmp(log->series[i].key, key) == 0) {
            return &log->series[i];
        }
    }
    return NULL;
}

const char *run_log_get_fact(const run_log *log, const char *key)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        if (strcmp(log->facts[i].key, key) == 0) {
            return log->facts[i].value;
        }
    }
    return "";
}

double run_log_get_last(const run_log *log, const char *key)
{
    const log_series *series = run_log_find(log, key);
    for (size_t i = series != NULL ? series->count : 0; i > 0; i--) {
        if (isfinite(series->values[i - 1])) {
            return series->values[i - 1];
        }
    }
    return NAN;
}
