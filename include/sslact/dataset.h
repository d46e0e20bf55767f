/* include/sslact/dataset.h : where clips come from */
#ifndef SSLACT_DATASET_H
#define SSLACT_DATASET_H
#include "sslact/config.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_dataset sslact_dataset;
typedef struct sslact_sample sslact_sample; /* one decoded clip with its boxes and labels */

/* The caller's own store. read may be called from several threads if concurrent is set. */
typedef struct sslact_clip_source {
    size_t struct_size;
    size_t clip_count;
    int32_t class_count;
    const char *const *class_names; /* or NULL */
    int32_t concurrent;
    int (*read)(size_t index, sslact_clip *clip, void *user);    /* 0, or a negative status */
    void (*release)(size_t index, sslact_clip *clip, void *user); /* after the copy; may be NULL */
    void (*destroy)(void *user);    /* when the dataset dies; may be NULL */
    void *user;
} sslact_clip_source;

/* File-backed, by the data.* keys; split is "train", "unlabeled" or "validation". */
SSLACT_STATUS sslact_dataset_open(const sslact_config *config, const char *split,
                                  sslact_dataset **out);
/* Empty, filled by append. */
SSLACT_STATUS sslact_dataset_create(int32_t class_count, const char *const *class_names,
                                    sslact_dataset **out);
SSLACT_STATUS sslact_dataset_create_from_source(const sslact_clip_source *source,
                                                sslact_dataset **out);
/* Copies the clip. */
SSLACT_STATUS sslact_dataset_append(sslact_dataset *dataset, const sslact_clip *clip);
SSLACT_STATUS sslact_dataset_count_clips(const sslact_dataset *dataset, size_t *count);
SSLACT_STATUS sslact_dataset_count_classes(const sslact_dataset *dataset, int32_t *count);
/* Instances per class over all labeled boxes, one number per class. */
SSLACT_STATUS sslact_dataset_count_labels(const sslact_dataset *dataset,
                                          int64_t *buffer, size_t capacity, size_t *needed);
/* Valid while the dataset lives; NULL if out of range. */
SSLACT_API const char *sslact_dataset_get_class_name(const sslact_dataset *dataset, int32_t index);
/* Decodes clip number index as the sampler would, before augmentation. */
SSLACT_STATUS sslact_dataset_read(sslact_dataset *dataset, size_t index, sslact_sample **out);
SSLACT_API void sslact_dataset_free(sslact_dataset *dataset);

/* Pointers in the view are valid until the sample is freed. */
SSLACT_STATUS sslact_sample_describe(const sslact_sample *sample, sslact_clip *out);
SSLACT_API void sslact_sample_free(sslact_sample *sample);
#ifdef __cplusplus
}
#endif
#endif
