// A batch of the caller's own clips, made at once on the calling thread.
#include "data/loader.h"

#include <stdio.h>
#include <string.h>

#include "data/loader_recipe.h"

// Labels of unlabelled clips are ignored, so they are not looked at either.
static sslact_status import_clip(const sslact_clip *source, int32_t class_count, bool labeled,
                                 const char *place, clip **out)
{
    if (source == NULL) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s: the clip is NULL", place);
    }
    if (labeled) {
        return clip_import(source, class_count, place, out);
    }
    sslact_clip bare;
    size_t size = source->struct_size < sizeof(bare) ? source->struct_size : sizeof(bare);
    SSLACT_INIT(bare);
    memcpy(&bare, source, size);
    bare.struct_size = source->struct_size;
    bare.labels = NULL;
    return clip_import(&bare, class_count, place, out);
}

static sslact_status make_own(const loader_recipe *recipe, int32_t class_count,
                              const sslact_clip *own, bool labeled, size_t i, batch *b)
{
    char place[48];
    clip *source = NULL;
    snprintf(place, sizeof(place), "%s[%zu]", labeled ? "labeled" : "unlabeled", i);
    sslact_status status = import_clip(own, class_count, labeled, place, &source);
    if (status == SSLACT_OK) {
        status = loader_recipe_check(recipe, source, labeled, place);
    }
    if (status == SSLACT_OK) {
        status = labeled ? loader_recipe_make_labeled(recipe, source, i, b)
                         : loader_recipe_make_unlabeled(recipe, source, i, b);
    }
    clip_free(source);
    return status;
}

sslact_status loader_make_batch(const config *c, int32_t class_count,
                                const sslact_clip *const *labeled, size_t labeled_count,
                                const sslact_clip *const *unlabeled, size_t unlabeled_count,
                                int64_t iteration, batch **out)
{
    double start = loader_thread_seconds();
    loader_recipe recipe;
    batch *b = NULL;
    loader_recipe_read(c, &recipe);
    sslact_status status = batch_create(iteration, labeled_count, unlabeled_count, &b);
    for (size_t i = 0; status == SSLACT_OK && i < labeled_count; i++) {
        status = make_own(&recipe, class_count, labeled[i], true, i, b);
    }
    for (size_t i = 0; status == SSLACT_OK && i < unlabeled_count; i++) {
        status = make_own(&recipe, class_count, unlabeled[i], false, i, b);
    }
    if (status != SSLACT_OK) {
        batch_free(b);
        return status;
    }
    b->seconds_data = loader_thread_seconds() - start;
    *out = b;
    return SSLACT_OK;
}
