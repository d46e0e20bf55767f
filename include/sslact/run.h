/* include/sslact/run.h : a run folder: config, JSON lines, checkpoints, results, HTML report. The
 * training loop stays the caller's; these functions keep its records.
 *
 *     DIR/config.yaml                    every key, reusable
 *     DIR/metrics.jsonl                  one JSON object an event
 *     DIR/checkpoints/000500.safetensors and `latest`, a small text file with the newest name
 *     DIR/detections/<split>_<role>.csv  DIR/report/index.html, results.csv, monitor.csv
 */
#ifndef SSLACT_RUN_H
#define SSLACT_RUN_H

#include "sslact/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_run sslact_run;

typedef struct sslact_run_options { /* growing */
    size_t struct_size;
    int32_t resume;           /* 0: the folder must hold no run; 1: go on with one if it is there */
    const char *command_line; /* for the report, or NULL */
} sslact_run_options;

/* Makes the folder, takes its lock, writes config.yaml. SSLACT_ERROR_MISMATCH when the folder
 * holds a run and resume is 0, or a run of a config that differs in a key that changes results
 * (log.*, checkpoint.*, evaluate.*, run.threads, run.loader_threads and paths may differ); IO when
 * another process works in it. */
SSLACT_STATUS sslact_run_open(const sslact_config *config, const char *folder,
                              const sslact_run_options *options, sslact_run **out);

/* Loads the newest whole checkpoint into the trainer. A damaged one is reported as a warning and
 * the one before it taken. SSLACT_DONE when the folder has none: the trainer is untouched. */
SSLACT_STATUS sslact_run_load_checkpoint(sslact_run *run, sslact_trainer *trainer);

/* Adds the step to metrics.jsonl when log.every_iterations says so, thresholds every 100, the
 * monitor's figures by class every monitor.every_iterations, its warnings when they come: call it
 * after every step. */
SSLACT_STATUS sslact_run_write_step(sslact_run *run, const sslact_trainer *trainer,
                                    const sslact_step_report *step);
/* Writes a checkpoint of the trainer's iteration and removes all but checkpoint.keep_last. */
SSLACT_STATUS sslact_run_save_checkpoint(sslact_run *run, const sslact_trainer *trainer);
/* Where the detections of an evaluation belong, for sslact_evaluate_options. */
SSLACT_STATUS sslact_run_get_detections_path(const sslact_run *run, const char *split,
                                             sslact_role role, char *buffer, size_t capacity,
                                             size_t *needed);
/* Keeps an evaluation of sslact_trainer_evaluate: an event in metrics.jsonl and
 * report/evaluation_<split>_<role>.json. */
SSLACT_STATUS sslact_run_write_report(sslact_run *run, const sslact_report *report);
/* The event "end" in metrics.jsonl: this run came to its planned end. */
SSLACT_STATUS sslact_run_write_end(sslact_run *run, const sslact_trainer *trainer);
/* Writes failure.json after a failed run: the calling thread's last error. */
SSLACT_STATUS sslact_run_write_failure(sslact_run *run, int64_t iteration);
/* Builds report/index.html and results.csv from what the folder holds; may be called again. */
SSLACT_STATUS sslact_run_render(sslact_run *run);

/* "checkpoint" (the newest), "report", "config", "metrics": paths. */
SSLACT_STATUS sslact_run_get_path(const sslact_run *run, const char *what, char *buffer,
                                  size_t capacity, size_t *needed);

/* One page that sets several run folders side by side. names [count] or NULL: folder names. */
SSLACT_STATUS sslact_run_compare(const char *const *folders, const char *const *names,
                                 size_t count, const char *path);

/* Gives the lock back. */
SSLACT_API void sslact_run_free(sslact_run *run);

#ifdef __cplusplus
}
#endif
#endif
