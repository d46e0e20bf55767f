// Intersection over union as the pairing of boxes with people uses it.
#ifndef DATA_OVERLAP_H
#define DATA_OVERLAP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct overlap_corners { // fractions of the picture
    double x1, y1, x2, y2;
} overlap_corners;

// No pixel is added; 0 where the boxes do not meet.
double overlap_measure(const overlap_corners *a, const overlap_corners *b);

#ifdef __cplusplus
}
#endif
#endif
