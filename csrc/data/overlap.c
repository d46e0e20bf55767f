#include "data/overlap.h"

static double get_area(const overlap_corners *a)
{
    return (a->x2 - a->x1) * (a->y2 - a->y1);
}

double overlap_measure(const overlap_corners *a, const overlap_corners *b)
{
    double width = (a->x2 < b->x2 ? a->x2 : b->x2) - (a->x1 > b->x1 ? a->x1 : b->x1);
    double height = (a->y2 < b->y2 ? a->y2 : b->y2) - (a->y1 > b->y1 ? a->y1 : b->y1);
    if (width <= 0 || height <= 0) {
        return 0;
    }
    return width * height / (get_area(a) + get_area(b) - width * height);
}
