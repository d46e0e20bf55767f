// A ring of pointers behind one lock; see queue.h.
#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/array.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed_room;  // somebody popped, or it was closed
    pthread_cond_t changed_items; // somebody pushed, or it was closed
    void **items;
    size_t capacity;
    size_t first;
    size_t count;
    bool closed;
};

sslact_status queue_create(size_t capacity, queue **out)
{
    queue *q = array_create(1, sizeof(*q));
    if (!q) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    q->capacity = capacity > 0 ? capacity : 1;
    q->items = array_create(q->capacity, sizeof(*q->items));
    if (!q->items) {
        free(q);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed_room, NULL);
    pthread_cond_init(&q->changed_items, NULL);
    *out = q;
    return SSLACT_OK;
}

bool queue_push(queue *q, void *item)
{
    pthread_mutex_lock(&q->lock);
    while (!q->closed && q->count == q->capacity) {
        pthread_cond_wait(&q->changed_room, &q->lock);
    }
    bool taken = !q->closed;
    if (taken) {
        q->items[(q->first + q->count) % q->capacity] = item;
        q->count++;
        pthread_cond_signal(&q->changed_items);
    }
    pthread_mutex_unlock(&q->lock);
    return taken;
}

bool queue_pop(queue *q, void **item)
{
    pthread_mutex_lock(&q->lock);
    while (!q->closed && q->count == 0) {
        pthread_cond_wait(&q->changed_items, &q->lock);
    }
    bool given = q->count > 0;
    if (given) {
        *item = q->items[q->first];
        q->first = (q->first + 1) % q->capacity;
        q->count--;
        pthread_cond_signal(&q->changed_room);
    }
    pthread_mutex_unlock(&q->lock);
    return given;
}

void queue_close(queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->changed_room);
    pthread_cond_broadcast(&q->changed_items);
    pthread_mutex_unlock(&q->lock);
}

void queue_free(queue *q)
{
    if (!q) {
        return;
    }
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->changed_room);
    pthread_cond_destroy(&q->changed_items);
    free(q->items);
    free(q);
}
