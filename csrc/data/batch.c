// Memory of a batch.
#include "data/batch.h"

#include <stdlib.h>

#include "base/array.h"

static bool create_half(size_t count, batch_half *half)
{
    half->count = count;
    half->clips = array_create(count, sizeof(*half->clips));
    half->visible = array_create(count, sizeof(*half->visible));
    half->indices = array_create(count, sizeof(*half->indices));
    for (size_t i = 0; half->indices != NULL && i < count; i++) {
        half->indices[i] = -1;
    }
    return half->clips != NULL && half->visible != NULL && half->indices != NULL;
}

static void clear_half(batch_half *half)
{
    for (size_t i = 0; half->clips != NULL && i < half->count; i++) {
        clip_free(half->clips[i]);
    }
    for (size_t i = 0; half->visible != NULL && i < half->count; i++) {
        free(half->visible[i]);
    }
    free(half->clips);
    free(half->visible);
    free(half->indices);
}

sslact_status batch_create(int64_t iteration, size_t labeled_count, size_t unlabeled_count,
                           batch **out)
{
    batch *b = array_create(1, sizeof(*b));
    if (b == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    b->iteration = iteration;
    if (!create_half(labeled_count, &b->labeled) ||
        !create_half(unlabeled_count, &b->unlabeled_weak) ||
        !create_half(unlabeled_count, &b->unlabeled_strong)) {
        batch_free(b);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    *out = b;
    return SSLACT_OK;
}

void batch_free(batch *b)
{
    if (b == NULL) {
        return;
    }
    clear_half(&b->labeled);
    clear_half(&b->unlabeled_weak);
    clear_half(&b->unlabeled_strong);
    free(b);
}
