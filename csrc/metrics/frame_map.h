// Frame mAP as the official AVA evaluator computes it; datasets-and-evaluation.md section 8.
#ifndef METRICS_FRAME_MAP_H
#define METRICS_FRAME_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct metric_detection { // one row of a detection file, in file order
    int64_t key;                  // key frame: any number, equal for equal (video, time)
    int32_t class_index;
    double score;
    double x1, y1, x2, y2;
} metric_detection;

typedef struct metric_truth { // one row of a label file, in file order
    int64_t key;
    int32_t class_index;
    double order;             // column 8: boxes of a key are taken in descending order of it
    double x1, y1, x2, y2;
} metric_truth;

typedef struct frame_map_options {
    int32_t class_count;
    double overlap;           // 0 = 0.5
    int64_t row_limit;        // rows a key; 0 = none
    bool only_listed_keys;    // rule "included": ignore detections on keys not in `listed`
    const int64_t *listed;    // keys of the ground-truth file, any order
    size_t listed_count;
    const int64_t *excluded;  // keys left out of both files
    size_t excluded_count;
} frame_map_options;

typedef struct frame_map_class {
    double average_precision; // NaN without ground truth
    int64_t positive_count;
    int64_t detection_count;  // that took part
    size_t curve_count;       // points of the precision-recall curve
    double *precision;        // [curve_count], after the envelope; recall rises
    double *recall;
} frame_map_class;

typedef struct frame_map {
    double mean;              // over classes with ground truth; NaN if there is none
    int32_t class_count;
    frame_map_class *classes;
} frame_map;

sslact_status frame_map_compute(const metric_detection *detections, size_t detection_count,
                                const metric_truth *truth, size_t truth_count,
                                const frame_map_options *options, frame_map **out);
void frame_map_free(frame_map *m);

#ifdef __cplusplus
}
#endif
#endif
