// Average precision with the envelope; datasets-and-evaluation.md section 8, step 10.
#ifndef METRICS_AVERAGE_PRECISION_H
#define METRICS_AVERAGE_PRECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// hits [count]: whether each detection is a true positive, best score first. Writes the curve into
// precision and recall, [count] each, and returns the average precision: 0 without a detection,
// NaN (and nothing written) where positive_count is 0.
double average_precision_compute(const bool *hits, size_t count, int64_t positive_count,
                                 double *precision, double *recall);

#ifdef __cplusplus
}
#endif
#endif
