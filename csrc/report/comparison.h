// Runs in groups of repetitions and the numbers that compare them; private to this room.
#ifndef REPORT_COMPARISON_H
#define REPORT_COMPARISON_H

#include "report/run_folder.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct run_group { // runs of one name
    const char *name;
    size_t *runs; // indices, in the order given
    size_t count;
} run_group;

typedef struct comparison {
    run_folder *runs;
    size_t run_count;
    run_group *groups; // in the order of their first run
    size_t group_count;
    const char *split; // "" where nothing is evaluated
} comparison;

typedef struct estimate {
    double mean;
    double error; // standard error of the mean; NaN for fewer than two values
} estimate;

// names are borrowed as long as the comparison lives; NULL, or one of them NULL = the run's name.
sslact_status comparison_read(const char *const *folders, const char *const *names, size_t count,
                              comparison *out);
void comparison_free(comparison *c); // empties; a zeroed one is fine

// Frame mAP of a group. scratch: room for a number a run.
estimate comparison_measure(const comparison *c, const run_group *group, const char *role,
                            double *scratch);
// The same minus that of the first group: by pairs where both have as many runs, else without an
// error.
estimate comparison_subtract(const comparison *c, const run_group *group, const char *role,
                             double *scratch);
double comparison_get_chance(const comparison *c, const run_group *group);

bool comparison_all_have(const comparison *c, const char *role);
// The first run's evaluation of the role; NULL where no run has it.
const evaluation_report *comparison_find(const comparison *c, const char *role);

#ifdef __cplusplus
}
#endif
#endif
