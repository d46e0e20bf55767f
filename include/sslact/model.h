/* include/sslact/model.h : one network, inference and its evaluation */
#ifndef SSLACT_MODEL_H
#define SSLACT_MODEL_H
#include "sslact/dataset.h"
#include "sslact/report.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_model sslact_model;

typedef struct sslact_predict_options {
    size_t struct_size;
    sslact_device device;      /* zero = where the model is */
    float min_box_score;       /* boxes below get no row; 0 = all */
} sslact_predict_options;

typedef struct sslact_evaluate_options {
    size_t struct_size;
    int64_t max_clips;         /* 0 = all */
    const char *detections_path; /* write per-box scores here, or NULL */
    sslact_progress_callback progress;
    void *progress_user;
} sslact_evaluate_options;

/* model.* keys: architecture, depth, frame counts, classes, initial weights. */
SSLACT_STATUS sslact_model_create(const sslact_config *config, sslact_model **out);
SSLACT_STATUS sslact_model_load(sslact_model *model, const char *path);
SSLACT_STATUS sslact_model_save(const sslact_model *model, const char *path);
SSLACT_STATUS sslact_model_count_classes(const sslact_model *model, int32_t *count);
SSLACT_STATUS sslact_model_count_parameters(const sslact_model *model, int64_t *count);
/* Probabilities, one row of class_count floats per box, clips in order. Any thread, concurrently. */
SSLACT_STATUS sslact_model_predict(const sslact_model *model,
                                   const sslact_clip *const *clips, size_t clip_count,
                                   const sslact_predict_options *options,
                                   float *scores, size_t capacity, size_t *needed);
SSLACT_STATUS sslact_model_evaluate(const sslact_model *model, sslact_dataset *dataset,
                                    const sslact_evaluate_options *options, sslact_report **out);
SSLACT_API void sslact_model_free(sslact_model *model);
#ifdef __cplusplus
}
#endif
#endif
