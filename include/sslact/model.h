/* include/sslact/model.h : one network: weights in and out, inference, evaluation. */
#ifndef SSLACT_MODEL_H
#define SSLACT_MODEL_H

#include "sslact/dataset.h"
#include "sslact/report.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_model sslact_model;

typedef struct sslact_predict_options { /* growing */
    size_t struct_size;
    sslact_device device;      /* zero = where the model is */
    float min_box_score;       /* boxes whose score is lower get no row; 0 = all */
} sslact_predict_options;

typedef struct sslact_evaluate_options { /* growing */
    size_t struct_size;
    int64_t max_clips;         /* 0 = all */
    const char *detections_path; /* per-box scores as CSV go here, or NULL */
    sslact_progress_callback progress; /* phase "evaluate", done and total in clips; may be NULL */
    void *progress_user;
} sslact_evaluate_options;

/* By the model.* keys; model.weights names a checkpoint to start from, else weights are drawn from
 * run.seed. SSLACT_ERROR_CONFIG, MISMATCH (weights of another network), NOT_FOUND, FORMAT. */
SSLACT_STATUS sslact_model_create(const sslact_config *config, sslact_model **out);
/* Weights from a checkpoint of this library or of PySlowFast, ACAR-Net, PyTorchVideo or mmaction2
 * (weights.h): of a training run the teacher where there is one, else the student. The head must
 * match too, else SSLACT_ERROR_MISMATCH. The model keeps its weights on failure. */
SSLACT_STATUS sslact_model_load(sslact_model *model, const char *path);
/* A safetensors file with weights, statistics and config; written whole or not at all. */
SSLACT_STATUS sslact_model_save(const sslact_model *model, const char *path);

SSLACT_STATUS sslact_model_count_classes(const sslact_model *model, int32_t *count);
SSLACT_STATUS sslact_model_count_parameters(const sslact_model *model, int64_t *count);

/* Probabilities 0..1, one row of class_count floats for every box (with min_box_score: every box
 * that reaches it), clips in order. A clip has data.frame_count frames; where data.short_side is
 * not 0 and differs from the clip's shorter side it is resized, else exactly these pixels are fed:
 * RGB / 255, minus 0.45, divided by 0.225. Any thread, several at once. */
SSLACT_STATUS sslact_model_predict(const sslact_model *model, const sslact_clip *const *clips,
                                   size_t clip_count, const sslact_predict_options *options,
                                   float *scores, size_t capacity, size_t *needed);

/* Frame mAP over a data set with ground truth. options may be NULL. */
SSLACT_STATUS sslact_model_evaluate(const sslact_model *model, sslact_dataset *dataset,
                                    const sslact_evaluate_options *options, sslact_report **out);

SSLACT_API void sslact_model_free(sslact_model *model);

#ifdef __cplusplus
}
#endif
#endif
