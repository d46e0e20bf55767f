// Average precision with the envelope: no sorting, no matching, see frame_map.c for those.
#include "metrics/average_precision.h"

#include <math.h>

// p_i becomes the maximum of p_i, p_{i+1}, ...
static void raise_to_envelope(double *precision, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        if (precision[i - 2] < precision[i - 1]) {
            precision[i - 2] = precision[i - 1];
        }
    }
}

double average_precision_compute(const bool *hits, size_t count, int64_t positive_count,
                                 double *precision, double *recall)
{
    if (positive_count <= 0) {
        return NAN;
    }
    int64_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += hits[i];
        precision[i] = (double)found / (double)(i + 1);
        recall[i] = (double)found / (double)positive_count;
    }
    raise_to_envelope(precision, count);

    double area = 0.0;
    double before = 0.0; // r_0
    for (size_t i = 0; i < count; i++) {
        if (recall[i] != before) {
            area += (recall[i] - before) * precision[i];
            before = recall[i];
        }
    }
    return area;
}
