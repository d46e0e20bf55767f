// Pseudo-labels by class out of a run's log: a table, curves, a CSV; private to this room.
#ifndef REPORT_MONITOR_TABLE_H
#define REPORT_MONITOR_TABLE_H

#include "report/run_log.h"

#ifdef __cplusplus
extern "C" {
#endif

// Whether the run was watched: it has lines "classes" and "monitor".
bool monitor_table_any(const run_log *log);
// Classes by labelled instances, most frequent first, and what the whole run says of each.
sslact_status monitor_table_draw(const run_log *log, text *out);
// One row a class and window, and one a class for the whole run.
sslact_status monitor_table_render_csv(const run_log *log, text *out);

#ifdef __cplusplus
}
#endif
#endif
