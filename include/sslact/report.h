/* include/sslact/report.h : what an evaluation found */
#ifndef SSLACT_REPORT_H
#define SSLACT_REPORT_H
#include "sslact/base.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_report sslact_report;

typedef struct sslact_class_result {
    size_t struct_size;
    const char *name;          /* valid while the report lives */
    double average_precision;  /* NaN if the class has no ground truth */
    int64_t positive_count;
    int64_t detection_count;
} sslact_class_result;

/* "frame_map@0.5", "clips", "boxes", "seconds", ... */
SSLACT_STATUS sslact_report_get_metric(const sslact_report *report, const char *name, double *out);
SSLACT_STATUS sslact_report_count_classes(const sslact_report *report, int32_t *count);
SSLACT_STATUS sslact_report_get_class(const sslact_report *report, int32_t index,
                                      sslact_class_result *out);
/* format is "text" or "json". */
SSLACT_STATUS sslact_report_render(const sslact_report *report, const char *format,
                                   char *buffer, size_t capacity, size_t *needed);
SSLACT_STATUS sslact_report_save(const sslact_report *report, const char *format, const char *path);
SSLACT_API void sslact_report_free(sslact_report *report);
#ifdef __cplusplus
}
#endif
#endif
