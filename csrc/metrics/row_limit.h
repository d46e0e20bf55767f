// The limit of rows on a key frame; datasets-and-evaluation.md section 8, step 3.
#ifndef METRICS_ROW_LIMIT_H
#define METRICS_ROW_LIMIT_H

#include "metrics/frame_map.h"

#ifdef __cplusplus
extern "C" {
#endif

// rows [count]: indices into detections of one key, in file order. Leaves those that stay at the
// front of rows, in any order, and returns how many. limit 0 = no limit. class_ids: NULL = index.
size_t row_limit_apply(const metric_detection *detections, const int64_t *class_ids, size_t *rows,
                       size_t count, int64_t limit);

#ifdef __cplusplus
}
#endif
#endif
