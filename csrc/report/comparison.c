// Runs in groups of repetitions: means, standard errors, paired differences.
#include "report/comparison.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- groups ----

static run_group *find_group(comparison *c, const char *name)
{
    for (size_t i = 0; i < c->group_count; i++) {
        if (strcmp(c->groups[i].name, name) == 0) {
            return &c->groups[i];
        }
    }
    return NULL;
}

static sslact_status make_groups(comparison *c, const char *const *names)
{
    c->groups = array_create(c->run_count, sizeof *c->groups);
    if (c->groups == NULL) {
        return sslact_error_get_status();
    }
    for (size_t i = 0; i < c->run_count; i++) {
        const char *name = names != NULL && names[i] != NULL ? names[i] : c->runs[i].name;
        run_group *group = find_group(c, name);
        if (group == NULL) {
            group = &c->groups[c->group_count];
            group->name = name;
            group->runs = array_create(c->run_count, sizeof *group->runs);
            if (group->runs == NULL) {
                return sslact_error_get_status();
            }
            c->group_count++;
        }
        group->runs[group->count++] = i;
    }
    return SSLACT_OK;
}

static sslact_status read_runs(comparison *c, const char *const *folders, const char *const *names,
                               size_t count)
{
    c->runs = array_create(count, sizeof *c->runs);
    if (c->runs == NULL) {
        return sslact_error_get_status();
    }
    c->split = "";
    for (size_t i = 0; i < count; i++) {
        sslact_status status = run_folder_read(folders[i], &c->runs[i]);
        if (status < 0) {
            return status;
        }
        c->run_count++;
        if (c->split[0] == '\0') {
            c->split = run_folder_get_split(&c->runs[i]);
        }
    }
    return make_groups(c, names);
}

sslact_status comparison_read(const char *const *folders, const char *const *names, size_t count,
                              comparison *out)
{
    comparison c = {0};
    sslact_status status = read_runs(&c, folders, names, count);
    if (status < 0) {
        comparison_free(&c);
        return status;
    }
    *out = c;
    return SSLACT_OK;
}

void comparison_free(comparison *c)
{
    for (size_t i = 0; i < c->group_count; i++) {
        free(c->groups[i].runs);
    }
    for (size_t i = 0; i < c->run_count; i++) {
        run_folder_free(&c->runs[i]);
    }
    free(c->groups);
    free(c->runs);
    *c = (comparison){0};
}

// ---- numbers ----

static estimate summarise(const double *values, size_t count)
{
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    double mean = count > 0 ? sum / (double)count : NAN;
    for (size_t i = 0; i < count; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    double n = (double)count;
    return (estimate){mean, count > 1 ? sqrt(squares / (n - 1.0) / n) : NAN};
}

static double get_map(const comparison *c, size_t run, const char *role)
{
    const evaluation_report *e = run_folder_find(&c->runs[run], c->split, role);
    return e != NULL ? e->frame_map : NAN;
}
// Differences by pairs where `base` is not NULL.
static estimate measure(const comparison *c, const run_group *group, const run_group *base,
                        const char *role, double *values)
{
    for (size_t i = 0; i < group->count; i++) {
        values[i] = get_map(c, group->runs[i], role);
        if (base != NULL) {
            values[i] -= get_map(c, base->runs[i], role);
        }
    }
    return summarise(values, group->count);
}

estimate comparison_measure(const comparison *c, const run_group *group, const char *role,
                            double *scratch)
{
    return measure(c, group, NULL, role, scratch);
}

estimate comparison_subtract(const comparison *c, const run_group *group, const char *role,
                             double *scratch)
{
    const run_group *base = &c->groups[0];
    if (base->count == group->count) {
        return measure(c, group, base, role, scratch);
    }
    double mean = measure(c, group, NULL, role, scratch).mean;
    return (estimate){mean - measure(c, base, NULL, role, scratch).mean, NAN};
}

double comparison_get_chance(const comparison *c, const run_group *group)
{
    const run_folder *run = &c->runs[group->runs[0]];
    const evaluation_report *e = run_folder_find(run, c->split, "student");
    e = e != NULL ? e : run_folder_find(run, c->split, "teacher");
    return e != NULL ? e->chance_frame_map : NAN;
}

bool comparison_all_have(const comparison *c, const char *role)
{
    for (size_t i = 0; i < c->run_count; i++) {
        if (run_folder_find(&c->runs[i], c->split, role) == NULL) {
            return false;
        }
    }
    return true;
}

const evaluation_report *comparison_find(const comparison *c, const char *role)
{
    for (size_t i = 0; i < c->run_count; i++) {
        const evaluation_report *e = run_folder_find(&c->runs[i], c->split, role);
        if (e != NULL) {
            return e;
        }
    }
    return NULL;
}
