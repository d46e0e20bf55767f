// Pages for people: one HTML file each, self-contained, without script and network.
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// Builds report/index.html, report/results.csv, report/monitor.csv and report/*.svg of a run folder from what lies
// there: metrics.jsonl, report/evaluation_*.json, config.yaml. At any time, again and again; what
// is missing or cannot be read is said on the page. SSLACT_ERROR_NOT_FOUND without the folder.
sslact_status report_build_run(const char *run_folder);

// One page that puts runs side by side. Runs of the same name are repetitions (seeds) of one thing:
// their mean and its standard error are shown. Differences are to the first name, paired in the
// order given where both have as many runs.
sslact_status report_build_comparison(const char *const *run_folders, const char *const *names,
                                      size_t count, const char *out_path);

#ifdef __cplusplus
}
#endif
#endif
