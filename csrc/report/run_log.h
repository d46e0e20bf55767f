// metrics.jsonl read back: facts of the run, one series of numbers a key, warnings.
#ifndef REPORT_RUN_LOG_H
#define REPORT_RUN_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct log_series {
    char *key; // "train/loss"
    size_t count;
    double *iterations; // [count], never falling
    double *values;     // [count], NaN where the line says null
    size_t capacity;
} log_series;

typedef struct log_class { // of the last line "classes"
    char *name;
    int64_t labeled;        // labelled training instances, -1 unknown
    double threshold_start; // NaN unknown
} log_class;

typedef struct log_fact {
    char *key;
    char *value;
} log_fact;

typedef struct run_log {
    log_series *series; // [series_count], in the order of their first appearance; element j of an
                        // array under "key" is the series "key/j"
    size_t series_count, series_capacity;
    log_fact *facts; // of the last line "run", without event, time, schema, ...
    size_t fact_count, fact_capacity;
    log_class *classes; // [class_count]; 0 where the run has no monitor
    size_t class_count;
    char **warnings; // texts of the last warnings, at most 100
    size_t warning_count;
    int64_t warning_total;
    int64_t resume_count;
    int64_t unreadable_count; // lines that are no JSON object; a torn last line is not counted
    int64_t last_iteration;   // -1 without a train line
    double elapsed_seconds;   // added up over resumes
    bool ended;               // a line "end" is the last word
    char *started;            // time of the first line, "" if unknown
    char *updated;            // time of the last line
} run_log;

// A missing file gives an empty log: a run may be looked at before its first step.
sslact_status run_log_read(const char *path, run_log *out);
void run_log_free(run_log *log); // empties; a zeroed log is fine

// NULL where the log has no such key.
const log_series *run_log_find(const run_log *log, const char *key);
// "" where the run says nothing about it.
const char *run_log_get_fact(const run_log *log, const char *key);
// The last value of a series that is a number; NaN without one.
double run_log_get_last(const run_log *log, const char *key);

#ifdef __cplusplus
}
#endif
#endif
