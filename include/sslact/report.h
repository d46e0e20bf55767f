/* include/sslact/report.h : what an evaluation found, and the AVA metric on files alone. */
#ifndef SSLACT_REPORT_H
#define SSLACT_REPORT_H

#include "sslact/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_report sslact_report;

typedef struct sslact_class_result { /* growing */
    size_t struct_size;
    const char *name;          /* valid while the report lives */
    double average_precision;  /* 0..1; NaN if the class has no ground truth */
    int64_t positive_count;    /* ground-truth rows */
    int64_t detection_count;   /* detections that took part */
    int32_t id;                /* as in the action list */
    double chance;             /* average precision of random scores on the same boxes; NaN where
                                  not measured */
} sslact_class_result;

/* Names: "frame_map@0.5" (mean over classes with ground truth, NaN if there is none),
 * "chance_frame_map@0.5" (random scores on the same boxes), "clips", "boxes", "classes",
 * "classes_with_truth", "seconds"; NaN where unknown. SSLACT_ERROR_NOT_FOUND for another. */
SSLACT_STATUS sslact_report_get_metric(const sslact_report *report, const char *name, double *out);
SSLACT_STATUS sslact_report_count_classes(const sslact_report *report, int32_t *count);
SSLACT_STATUS sslact_report_get_class(const sslact_report *report, int32_t index,
                                      sslact_class_result *out);
/* format is "text" (a table for people) or "json". */
SSLACT_STATUS sslact_report_render(const sslact_report *report, const char *format, char *buffer,
                                   size_t capacity, size_t *needed);
/* The same into a file, whole or not at all. */
SSLACT_STATUS sslact_report_save(const sslact_report *report, const char *format,
                                 const char *path);

/* Frame mAP on files, no model.
 *
 * dataset "ava": detections CSV of 7 or 8 columns, labels CSV, action list.
 * dataset "ucf101_24": detections video,frame,class_id,score,x1,y1,x2,y2 and labels
 * video,frame,class_id,x1,y1,x2,y2, frames from 1, pixels of the 320 x 240 picture, class ids from 0;
 * actions_path, lines of an id and a name, may be NULL for the 24 classes; rule and exclusions_path
 * must be NULL. */
typedef struct sslact_score_options { /* growing */
    size_t struct_size;
    const char *detections_path;
    const char *labels_path;
    const char *actions_path;
    const char *exclusions_path;  /* rule "exclusions" only, or NULL */
    const char *rule;             /* "exclusions" (default when NULL) or "included" */
    const int64_t *row_limit;     /* rows a key frame; NULL = 50, ucf101_24: 0; 0 = none */
    const char *row_policy;       /* malformed rows: "fail" (NULL) or "skip" */
    const char *dataset;          /* "ava" (NULL) or "ucf101_24" */
    const char *frames_path;      /* ucf101_24: video,number_of_frames; a detection outside of them is a
                                     malformed row; or NULL */
    const char *frames_rule;      /* ucf101_24: "annotated" (NULL): detections on frames without
                                     ground truth are ignored; "all": they are false positives */
} sslact_score_options;

SSLACT_STATUS sslact_report_score(const sslact_score_options *options, sslact_report **out);

SSLACT_API void sslact_report_free(sslact_report *report);

#ifdef __cplusplus
}
#endif
#endif
