// Clips of one film are read one after the other, forwards: its decoder is at hand and, where two
// clips overlap or follow each other closely, already stands there.
#include "data/loader_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static int compare_places(const void *left, const void *right)
{
    const item_place *a = left, *b = right;
    int order = strcmp(a->video, b->video);
    if (order != 0 || a->seconds != b->seconds) {
        return order != 0 ? order : a->seconds < b->seconds ? -1 : 1;
    }
    return a->item < b->item ? -1 : 1;
}

sslact_status loader_order_sort(item_place *places, size_t count, size_t **order)
{
    size_t *items = array_create(count, sizeof(*items));
    if (items == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    qsort(places, count, sizeof(*places), compare_places);
    for (size_t n = 0; n < count; n++) {
        items[n] = places[n].item;
    }
    *order = items;
    return SSLACT_OK;
}
