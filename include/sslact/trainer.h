/* include/sslact/trainer.h : create, step, evaluate */
#ifndef SSLACT_TRAINER_H
#define SSLACT_TRAINER_H
#include "sslact/model.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_trainer sslact_trainer;

typedef enum sslact_role { SSLACT_STUDENT = 1, SSLACT_TEACHER = 2 } sslact_role;

/* The caller's own clips for one step; either side may be empty, not both. */
typedef struct sslact_batch {
    size_t struct_size;
    const sslact_clip *const *labeled;
    size_t labeled_count;
    const sslact_clip *const *unlabeled; /* their labels are ignored */
    size_t unlabeled_count;
} sslact_batch;

typedef struct sslact_step_report {
    size_t struct_size;
    int64_t iteration;         /* 1 after the first step */
    double loss_total;         /* L */
    double loss_supervised;    /* L_s */
    double loss_pseudo;        /* L_cls */
    double loss_penalty;       /* L_reg, before its weight */
    double learning_rate;
    double positive_rate;      /* share of [box, class] entries taken as positive / negative / ignored */
    double negative_rate;
    double ignored_rate;
    int64_t labeled_boxes;     /* after instance sampling */
    int64_t unlabeled_boxes;
    double seconds_data;
    double seconds_compute;
} sslact_step_report;

/* unlabeled may be NULL: plain supervised training. Class balance is fitted on labeled here. */
SSLACT_STATUS sslact_trainer_create(const sslact_config *config, sslact_dataset *labeled,
                                    sslact_dataset *unlabeled, sslact_trainer **out);
/* One iteration from the datasets. SSLACT_DONE after the last one; report may be NULL. */
SSLACT_STATUS sslact_trainer_step(sslact_trainer *trainer, sslact_step_report *report);
/* One iteration on the caller's clips. */
SSLACT_STATUS sslact_trainer_step_batch(sslact_trainer *trainer, const sslact_batch *batch,
                                        sslact_step_report *report);
SSLACT_STATUS sslact_trainer_evaluate(sslact_trainer *trainer, sslact_role role,
                                      sslact_dataset *dataset,
                                      const sslact_evaluate_options *options, sslact_report **out);
/* Student, teacher, thresholds, optimizer, schedule, generators, config text. Written whole or not at all. */
SSLACT_STATUS sslact_trainer_save(const sslact_trainer *trainer, const char *path);
SSLACT_STATUS sslact_trainer_load(sslact_trainer *trainer, const char *path);
SSLACT_STATUS sslact_trainer_count_iterations(const sslact_trainer *trainer,
                                              int64_t *done, int64_t *planned);
/* Positive thresholds now in force, one per class. */
SSLACT_STATUS sslact_trainer_get_thresholds(const sslact_trainer *trainer,
                                            float *buffer, size_t capacity, size_t *needed);
/* A copy, independent of the trainer from then on. */
SSLACT_STATUS sslact_trainer_copy_model(const sslact_trainer *trainer, sslact_role role,
                                        sslact_model **out);
/* Any thread, any signal handler: the running call ends with SSLACT_ERROR_CANCELLED. */
SSLACT_API void sslact_trainer_request_stop(sslact_trainer *trainer);
SSLACT_API void sslact_trainer_free(sslact_trainer *trainer);
#ifdef __cplusplus
}
#endif
#endif
