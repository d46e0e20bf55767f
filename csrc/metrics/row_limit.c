// The limit of rows on a key frame: a heap whose root is the smallest held row, as in the official
// reader, because what is thrown out depends on the order of the file.
#include "metrics/row_limit.h"

static int64_t get_id(const int64_t *class_ids, int32_t class_index)
{
    return class_ids != NULL ? class_ids[class_index] : class_index;
}

// Compares (score, class id, y1, x1, y2, x2): yes, top before left.
static bool is_smaller(const metric_detection *a, const metric_detection *b,
                       const int64_t *class_ids)
{
    if (a->score != b->score) {
        return a->score < b->score;
    }
    if (a->class_index != b->class_index) {
        return get_id(class_ids, a->class_index) < get_id(class_ids, b->class_index);
    }
    if (a->y1 != b->y1) {
        return a->y1 < b->y1;
    }
    if (a->x1 != b->x1) {
        return a->x1 < b->x1;
    }
    if (a->y2 != b->y2) {
        return a->y2 < b->y2;
    }
    return a->x2 < b->x2;
}

static void sift_down(const metric_detection *detections, const int64_t *class_ids, size_t *heap,
                      size_t count, size_t place)
{
    size_t row = heap[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count &&
            is_smaller(&detections[heap[child + 1]], &detections[heap[child]], class_ids)) {
            child++;
        }
        if (!is_smaller(&detections[heap[child]], &detections[row], class_ids)) {
            break;
        }
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = row;
}

size_t row_limit_apply(const metric_detection *detections, const int64_t *class_ids, size_t *rows,
                       size_t count, int64_t limit)
{
    if (limit == 0 || count <= (uint64_t)limit) {
        return count;
    }
    size_t held = (size_t)limit;
    for (size_t place = held / 2; place > 0; place--) {
        sift_down(detections, class_ids, rows, held, place - 1);
    }
    for (size_t i = held; i < count; i++) {
        // An equal score does not enter, whatever its class and box.
        if (detections[rows[i]].score > detections[rows[0]].score) {
            rows[0] = rows[i];
            sift_down(detections, class_ids, rows, held, 0);
        }
    }
    return held;
}
