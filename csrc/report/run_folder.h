// What a run folder holds, read for the pages; private to this room.
#ifndef REPORT_RUN_FOLDER_H
#define REPORT_RUN_FOLDER_H

#include "report/evaluation.h"
#include "report/run_log.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct run_folder {
    char *path; // absolute
    char *name; // of the run, else of the folder
    run_log log;
    evaluation_report **evaluations; // by split, then student, teacher, baseline, others
    size_t evaluation_count;
    char *config;  // text of config.yaml, "" without one
    text problems; // files that could not be read, one a line
} run_folder;

sslact_status run_folder_read(const char *path, run_folder *out);
void run_folder_free(run_folder *run); // empties; a zeroed one is fine

// NULL where the run has no such evaluation.
const evaluation_report *run_folder_find(const run_folder *run, const char *split,
                                         const char *role);
// The split that the page is about: "validation" if evaluated, else the first; "" without any.
const char *run_folder_get_split(const run_folder *run);

#ifdef __cplusplus
}
#endif
#endif
