// Overlap of two boxes: intersection over union with plain differences, no pixel added.
#ifndef METRICS_OVERLAP_H
#define METRICS_OVERLAP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct overlap_box { // left, top, right, bottom; any unit
    double x1, y1, x2, y2;
} overlap_box;

// 0 .. 1; 0 where the union has no area. Symmetric to the last bit.
double overlap_compute(const overlap_box *a, const overlap_box *b);

#ifdef __cplusplus
}
#endif
#endif
