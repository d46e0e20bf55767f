// Frame mAP as the official AVA evaluator computes it; datasets-and-evaluation.md section 8.
//
// Rule "exclusions" (2019): options.excluded, detections elsewhere count even on keys without
// ground truth. Rule "included" (since 2020): only_listed_keys, detections on keys that the
// ground-truth file does not name are ignored. UCF101-24: row_limit 0, either rule.
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
    int32_t class_index;          // -1 = not on the class list: dropped before the row limit
    double score;
    double x1, y1, x2, y2;
} metric_detection;

typedef struct metric_truth { // one row of a label file, in file order
    int64_t key;
    int32_t class_index; // -1 = not on the class list: dropped
    double order;        // column 8: boxes of a key are taken in descending order of it
    double x1, y1, x2, y2;
} metric_truth;

typedef struct frame_map_options {
    int32_t class_count;
    double overlap;        // 0 = 0.5
    int64_t row_limit;     // rows a key, all classes together; 0 = none
    bool only_listed_keys; // rule "included": ignore detections on keys not in the label file
    const int64_t *listed; // keys of label-file rows without a box; those of `truth` are listed too
    size_t listed_count;
    const int64_t *excluded; // keys left out of both files
    size_t excluded_count;
    const int64_t *class_ids; // [class_count], decide between equal scores at the row limit, the
                              // smaller id goes; NULL = the index
} frame_map_options;

typedef struct frame_map_class {
    double average_precision; // NaN without ground truth
    int64_t positive_count;   // ground-truth rows outside excluded keys
    int64_t detection_count;  // that took part
    size_t curve_count;       // points of the curve: detection_count, 0 without ground truth
    double *precision;        // [curve_count], after the envelope; never rises
    double *recall;           // [curve_count]; never falls
} frame_map_class;

typedef struct frame_map {
    double mean; // over classes with ground truth; NaN if there is none
    int32_t class_count;
    frame_map_class *classes;
} frame_map;

// All arrays are borrowed for the call. Refused with SSLACT_ERROR_INVALID_ARGUMENT: numbers that
// are not finite, a class_index outside -1 .. class_count - 1, a truth box with x1 > x2 or y1 > y2.
// A detection with x1 >= x2 or y1 >= y2 holds its place under the row limit and is then dropped.
sslact_status frame_map_compute(const metric_detection *detections, size_t detection_count,
                                const metric_truth *truth, size_t truth_count,
                                const frame_map_options *options, frame_map **out);
void frame_map_free(frame_map *m); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
