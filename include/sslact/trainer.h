/* include/sslact/trainer.h : create, step, evaluate. The loop belongs to the caller:
 *
 *     while ((status = sslact_trainer_step(trainer, &step)) == SSLACT_OK)
 *         show(&step);
 *
 * and status is SSLACT_DONE, with a filled report, after the last iteration.
 */
#ifndef SSLACT_TRAINER_H
#define SSLACT_TRAINER_H

#include "sslact/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_trainer sslact_trainer;

typedef enum sslact_role { SSLACT_STUDENT = 1, SSLACT_TEACHER = 2 } sslact_role;

/* The caller's own clips for one step (growing); either side may be empty, not both. */
typedef struct sslact_batch {
    size_t struct_size;
    const sslact_clip *const *labeled;
    size_t labeled_count;
    const sslact_clip *const *unlabeled; /* their labels are ignored */
    size_t unlabeled_count;
} sslact_batch;

typedef struct sslact_step_report { /* growing */
    size_t struct_size;
    int64_t iteration;         /* 1 after the first step */
    double loss_total;         /* L = L_s + lambda L_u */
    double loss_supervised;    /* L_s */
    double loss_pseudo;        /* L_cls */
    double loss_penalty;       /* L_reg, before its weight */
    double learning_rate;      /* that this step used */
    double positive_rate;      /* share of [box, class] entries taken as positive, 0..1 */
    double negative_rate;
    double ignored_rate;
    int64_t labeled_boxes;     /* after instance sampling */
    int64_t unlabeled_boxes;
    double seconds_data;       /* waiting for the batch */
    double seconds_compute;
    int64_t round;             /* of ssl.rounds, from 1 */
} sslact_step_report;

/* By the model.*, ssl.*, solver.*, augment.* and run.* keys. unlabeled may be NULL: supervised
 * training. Class balance and start thresholds are fitted on labeled here (a callback set is read
 * once). The data sets may be freed afterwards. */
SSLACT_STATUS sslact_trainer_create(const sslact_config *config, sslact_dataset *labeled,
                                    sslact_dataset *unlabeled, sslact_trainer **out);

/* One iteration from the data sets. SSLACT_OK, or SSLACT_DONE with the report of the last one;
 * further calls return SSLACT_DONE and change nothing. report may be NULL.
 * SSLACT_ERROR_NONFINITE: weights, momentum, thresholds, teacher and statistics are as before; the
 * iteration is counted, so that the next call goes on with the next batch. CANCELLED: stands at
 * the last finished step. DECODE, IO: the batch could not be read; a further call tries again. */
SSLACT_STATUS sslact_trainer_step(sslact_trainer *trainer, sslact_step_report *report);
/* One iteration on the caller's clips, through the same augmentation. */
SSLACT_STATUS sslact_trainer_step_batch(sslact_trainer *trainer, const sslact_batch *batch,
                                        sslact_step_report *report);

/* SSLACT_ERROR_UNSUPPORTED for the teacher of a preset that has none. */
SSLACT_STATUS sslact_trainer_evaluate(sslact_trainer *trainer, sslact_role role,
                                      sslact_dataset *dataset,
                                      const sslact_evaluate_options *options,
                                      sslact_report **out);

/* Student, teacher, thresholds, optimiser and schedule state, config text, in one safetensors
 * file, written whole or not at all. */
SSLACT_STATUS sslact_trainer_save(const sslact_trainer *trainer, const char *path);
/* Goes on where the file stands, bit for bit on the same machine and build. MISMATCH when the file
 * is of another network or method. The trainer is unchanged on failure. */
SSLACT_STATUS sslact_trainer_load(sslact_trainer *trainer, const char *path);

/* planned: solver.iterations times ssl.rounds. */
SSLACT_STATUS sslact_trainer_count_iterations(const sslact_trainer *trainer, int64_t *done,
                                              int64_t *planned);
/* Positive thresholds now in force, one a class, 0..1. */
SSLACT_STATUS sslact_trainer_get_thresholds(const sslact_trainer *trainer, float *buffer,
                                            size_t capacity, size_t *needed);
/* ---- the monitor: what becomes of the unlabelled boxes, never fed to the loss ---- */

/* WINDOW: the iterations after the last multiple of monitor.every_iterations before the last one;
 * RUN: all iterations, those before a checkpoint that was loaded included. */
typedef enum sslact_monitor_period {
    SSLACT_MONITOR_WINDOW = 1,
    SSLACT_MONITOR_RUN = 2
} sslact_monitor_period;

/* Growing. The arrays are the caller's, class_capacity elements each, one a class; NULL: not
 * wanted. Shares are 0..1, NaN where there is nothing to divide by. docs/monitor.md has the
 * formulas. */
typedef struct sslact_monitor {
    size_t struct_size;
    int32_t class_capacity;     /* in; 0 with every array NULL asks for the numbers alone */
    int32_t class_count;        /* out, as everything below */
    int64_t iterations;         /* counted */
    int64_t boxes;              /* unlabelled boxes in them */
    int64_t boxes_kept;         /* by the mask */
    int64_t boxes_known;        /* whose hidden labels are known */
    int64_t *labeled;           /* labelled training instances */
    int64_t *positives;         /* boxes with the class as pseudo-label */
    int64_t *negatives;
    int64_t *ignored;
    double *threshold;          /* now in force */
    double *threshold_start;
    double *kept_share;         /* of the boxes with this pseudo-label, kept by the mask */
    double *rarest_kept_share;  /* of the boxes whose rarest pseudo-label this is */
    int64_t *silence;           /* iterations since the last positive */
    double *precision;          /* of positives, against hidden labels; NaN without */
    double *recall;             /* of positives */
    double *negative_precision;
    double *calibration_error;  /* of the teacher's score, 15 equal bins */
    double *labeled_precision;  /* the teacher's pseudo-labels on labelled clips, looked at once a */
    double *labeled_recall;     /* window */
} sslact_monitor;

/* SSLACT_ERROR_BUFFER_TOO_SMALL where class_capacity is less than the classes and an array is
 * wanted; UNSUPPORTED for a preset without teacher. On failure nothing is written. */
SSLACT_STATUS sslact_trainer_read_monitor(const sslact_trainer *trainer,
                                          sslact_monitor_period period, sslact_monitor *monitor);
/* Gives the monitor the labels of the unlabelled clips: clip n of truth shows what clip n of the
 * unlabelled set shows, and may be that set itself where its clips carry labels. A box takes the
 * labels of the person of truth that it overlaps best, from monitor.box_overlap on; a callback set
 * is read once. Counts from the next step on; the training stays the same to the last bit.
 * File-backed sets have the key monitor.hidden_labels. MISMATCH when the sets do not agree in
 * clips or classes or no box is found again, UNSUPPORTED for a preset without teacher. */
SSLACT_STATUS sslact_trainer_set_hidden_labels(sslact_trainer *trainer, sslact_dataset *truth);

/* Whether the preset has a teacher: 1 or 0. */
SSLACT_STATUS sslact_trainer_get_role(const sslact_trainer *trainer, sslact_role role,
                                      int32_t *present);
/* A copy, independent of the trainer from then on. */
SSLACT_STATUS sslact_trainer_copy_model(const sslact_trainer *trainer, sslact_role role,
                                        sslact_model **out);

/* Any thread, any signal handler: the running or the next call of step (at a step boundary) or
 * evaluate ends with SSLACT_ERROR_CANCELLED. */
SSLACT_API void sslact_trainer_request_stop(sslact_trainer *trainer);
SSLACT_API void sslact_trainer_free(sslact_trainer *trainer);

#ifdef __cplusplus
}
#endif
#endif
