// Curves over iterations and learned thresholds out of a run's log; private to this room.
#ifndef REPORT_LOG_CHARTS_H
#define REPORT_LOG_CHARTS_H

#include "report/evaluation.h"
#include "report/run_log.h"

#ifdef __cplusplus
extern "C" {
#endif

// Whether the log has anything to draw.
bool log_charts_any(const run_log *log);
// Every chart that has data as a <figure>; a file each (<slug>.svg) into `folder` if not NULL.
sslact_status log_charts_draw(const run_log *log, const char *folder, text *out);

bool log_thresholds_any(const run_log *log);
// The thresholds over time and, with_table, a table of their starts and ends; classes in the order of
// `reference` by training count (NULL = as in the log).
sslact_status log_thresholds_draw(const run_log *log, const evaluation_report *reference,
                                  bool with_table, const char *folder, text *out);

// The same key of several runs in one figure; draws nothing where no run has it.
// The colours go on after those of student and teacher.
sslact_status log_charts_compare(const run_log *const *logs, const char *const *names, size_t count,
                                 const char *key, const char *title, bool smooth, text *out);

// The mean over the fortieth of all points around each, so that it does not lag; copies series of
// up to 60 points. NaN stays NaN and is left out of the means. out [count].
void log_charts_smooth(const double *values, size_t count, double *out);

#ifdef __cplusplus
}
#endif
#endif
