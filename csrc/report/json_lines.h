// metrics.jsonl: one flat JSON object an event, append-only, readable while it grows.
//
// The first line is the event "run" with the schema and the facts of the run (versions, command
// line, ...). A run that goes on drops a torn last line and adds {"event":"resume","from":N}: what
// earlier lines say beyond iteration N no longer holds. A number that is not finite is written as
// null and its key listed under "nonfinite". One thread at a time.
#ifndef REPORT_JSON_LINES_H
#define REPORT_JSON_LINES_H

#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct json_lines json_lines;

typedef struct json_fact { // borrowed
    const char *key;       // "command_line", "version/sslact", "preset", "seed", ...
    const char *value;
} json_fact;

// Opens or makes the file. In an empty file the first line is written from `facts`, in one with
// content the line "resume" with `from`, the iteration that training continues after.
sslact_status json_lines_open(const char *path, const json_fact *facts, size_t fact_count,
                              int64_t from, json_lines **out);
void json_lines_close(json_lines *lines); // NULL is fine

// begin, any number of add, end. event: "train", "eval", "checkpoint", "classes", "monitor",
// "warning", "note", "end"; docs/monitor.md has the schema of the three in the middle. The keys
// event, iteration, time and elapsed_s (since open) are written by begin.
void json_lines_begin(json_lines *lines, const char *event, int64_t iteration);
void json_lines_add_number(json_lines *lines, const char *key, double value);
void json_lines_add_count(json_lines *lines, const char *key, int64_t value);
void json_lines_add_text(json_lines *lines, const char *key, const char *value);
// Arrays with one element a class; a number that is not finite is null there and not listed under
// nonfinite: it says that there is no such value.
void json_lines_add_numbers(json_lines *lines, const char *key, const double *values, size_t count);
void json_lines_add_counts(json_lines *lines, const char *key, const int64_t *values, size_t count);
void json_lines_add_texts(json_lines *lines, const char *key, const char *const *values,
                          size_t count);
// Hands the line to the system in one write. After a failure the line is missing, the file still
// ends in a whole line, and the next line may be tried: training need not stop for it.
sslact_status json_lines_end(json_lines *lines);
// Lines that could not be written so far.
int64_t json_lines_count_lost(const json_lines *lines);

#ifdef __cplusplus
}
#endif
#endif
