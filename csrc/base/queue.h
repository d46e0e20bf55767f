// A bounded queue of pointers between threads, first in first out.
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct queue queue;

sslact_status queue_create(size_t capacity, queue **out);
// Waits for room. False when the queue was closed: the item was not taken.
bool queue_push(queue *q, void *item);
// Waits for an item. False when the queue is closed and empty.
bool queue_pop(queue *q, void **item);
// Wakes everybody; pushes fail from now on, pops go on until it is empty.
void queue_close(queue *q);
// Frees the queue, not the items. NULL is fine.
void queue_free(queue *q);

#ifdef __cplusplus
}
#endif
#endif
