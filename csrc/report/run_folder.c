// What a run folder holds: tolerant of everything that is missing, silent about nothing.
#include "report/run_folder.h"

#include "report/escape.h"

#include "base/array.h"
#include "base/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { config_limit = 4 << 20, evaluation_limit = 64 };

static void add_problem(run_folder *run)
{
    text_append(&run->problems, sslact_error_get_message());
    text_append(&run->problems, "\n");
}

static int rank_role(const char *role)
{
    static const char *const roles[] = {"student", "teacher", "baseline"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(role, roles[i]) == 0) {
            return i;
        }
    }
    return 3;
}

static int compare_evaluation(const void *left, const void *right)
{
    const evaluation_report *a = *(evaluation_report *const *)left;
    const evaluation_report *b = *(evaluation_report *const *)right;
    int order = strcmp(a->split, b->split);
    if (order == 0) {
        order = rank_role(a->role) - rank_role(b->role);
    }
    return order != 0 ? order : strcmp(a->role, b->role);
}

static bool is_evaluation_name(const char *name)
{
    return strncmp(name, "evaluation_", 11) == 0 && strcmp(path_get_extension(name), ".json") == 0;
}

static void read_evaluation(run_folder *run, const char *folder, const char *name)
{
    text path = {0};
    evaluation_report *report = NULL;
    if (path_join(folder, name, &path) < 0 ||
        evaluation_report_load(text_get(&path), &report) < 0) {
        add_problem(run);
    } else {
        run->evaluations[run->evaluation_count++] = report;
    }
    text_free(&path);
}

static sslact_status read_evaluations(run_folder *run)
{
    text folder = {0};
    run->evaluations = array_create(evaluation_limit, sizeof *run->evaluations);
    sslact_status status = run->evaluations != NULL ? path_join(run->path, "report", &folder)
                                                    : sslact_error_get_status();
    DIR *listing = status >= 0 ? opendir(text_get(&folder)) : NULL;
    struct dirent *entry;
    while (listing != NULL && run->evaluation_count < evaluation_limit &&
           (entry = readdir(listing)) != NULL) {
        if (is_evaluation_name(entry->d_name)) {
            read_evaluation(run, text_get(&folder), entry->d_name);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    if (status >= 0) {
        qsort(run->evaluations, run->evaluation_count, sizeof *run->evaluations,
              compare_evaluation);
    }
    text_free(&folder);
    return status;
}

static sslact_status read_log(run_folder *run)
{
    text path = {0};
    sslact_status status = path_join(run->path, "metrics.jsonl", &path);
    if (status >= 0 && run_log_read(text_get(&path), &run->log) < 0) {
        add_problem(run);
    }
    text_free(&path);
    return status;
}

static sslact_status read_config(run_folder *run)
{
    text path = {0};
    size_t size = 0;
    sslact_status status = path_join(run->path, "config.yaml", &path);
    if (status >= 0 && file_exists(text_get(&path)) &&
        file_read(text_get(&path), config_limit, &run->config, &size) < 0) {
        add_problem(run);
    }
    text_free(&path);
    if (status >= 0 && run->config == NULL) {
        run->config = text_copy("");
        status = run->config != NULL ? SSLACT_OK : sslact_error_get_status();
    }
    return status;
}

static sslact_status read_name(run_folder *run)
{
    const char *name = run_log_get_fact(&run->log, "name");
    run->name = text_copy(name[0] != '\0' ? name : path_get_name(run->path));
    return run->name != NULL ? SSLACT_OK : sslact_error_get_status();
}

sslact_status run_folder_read(const char *path, run_folder *out)
{
    run_folder run = {0};
    text absolute = {0};
    if (!file_is_folder(path)) {
        return error_set(SSLACT_ERROR_NOT_FOUND, "%s: no such run folder", path);
    }
    sslact_status status = path_make_absolute(path, &absolute);
    if (status >= 0) {
        run.path = text_copy(text_get(&absolute));
        status = run.path != NULL ? SSLACT_OK : sslact_error_get_status();
    }
    text_free(&absolute);
    if (status < 0 || (status = read_log(&run)) < 0 || (status = read_evaluations(&run)) < 0 ||
        (status = read_config(&run)) < 0 || (status = read_name(&run)) < 0) {
        run_folder_free(&run);
        return status;
    }
    *out = run;
    return SSLACT_OK;
}

void run_folder_free(run_folder *run)
{
    for (size_t i = 0; i < run->evaluation_count; i++) {
        evaluation_report_free(run->evaluations[i]);
    }
    free(run->evaluations);
    run_log_free(&run->log);
    free(run->path);
    free(run->name);
    free(run->config);
    text_free(&run->problems);
    *run = (run_folder){0};
}

const evaluation_report *run_folder_find(const run_folder *run, const char *split, const char *role)
{
    for (size_t i = 0; i < run->evaluation_count; i++) {
        if (strcmp(run->evaluations[i]->split, split) == 0 &&
            strcmp(run->evaluations[i]->role, role) == 0) {
            return run->evaluations[i];
        }
    }
    return NULL;
}

const char *run_folder_get_split(const run_folder *run)
{
    for (size_t i = 0; i < run->evaluation_count; i++) {
        if (strcmp(run->evaluations[i]->split, "validation") == 0) {
            return "validation";
        }
    }
    return run->evaluation_count > 0 ? run->evaluations[0]->split : "";
}
