// Overlap of two boxes. The order of operations is that of the official evaluator, so that a
// detection exactly at the limit falls on the same side.
#include "metrics/overlap.h"

static double get_length(double low_a, double low_b, double high_a, double high_b)
{
    double low = low_a > low_b ? low_a : low_b;
    double high = high_a < high_b ? high_a : high_b;
    return high > low ? high - low : 0.0;
}

static double get_area(const overlap_box *box)
{
    return (box->y2 - box->y1) * (box->x2 - box->x1);
}

double overlap_compute(const overlap_box *a, const overlap_box *b)
{
    double height = get_length(a->y1, b->y1, a->y2, b->y2);
    double width = get_length(a->x1, b->x1, a->x2, b->x2);
    double shared = height * width;
    double joined = get_area(a) + get_area(b) - shared;
    return joined > 0.0 ? shared / joined : 0.0;
}
