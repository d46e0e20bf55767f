// In which order the clips of one batch are read: private to the loader.
#ifndef DATA_LOADER_ORDER_H
#define DATA_LOADER_ORDER_H

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct item_place { // where the clip of an item of a batch lies
    size_t item;
    const char *video;
    double seconds;
} item_place;

// The items by film, then time, then number, in *order [count]; free() releases it. Sorts places.
sslact_status loader_order_sort(item_place *places, size_t count, size_t **order);

#ifdef __cplusplus
}
#endif
#endif
