// Samples and their views: method.md section 1.
#include "data/loader_recipe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"

static labeled_view read_labeled_view(const config *c)
{
    const char *value = config_get_text(c, "ssl.labeled_view");
    if (strcmp(value, "both") == 0) {
        return LABELED_BOTH;
    }
    return strcmp(value, "strong") == 0 ? LABELED_STRONG : LABELED_WEAK;
}

void loader_recipe_read(const config *c, loader_recipe *out)
{
    view_options options;
    view_options_read(c, &options);
    out->seed = (uint64_t)config_get_int(c, "run.seed");
    out->frame_count = (int32_t)config_get_int(c, "data.frame_count");
    out->labeled = read_labeled_view(c);
    out->options_labeled = options;
    out->options_labeled.box_jitter = config_get_double(c, "data.box_jitter");
    out->options_teacher = options;
    out->options_student = options;
    out->options_student.strong = strcmp(config_get_text(c, "ssl.unlabeled_view"), "strong") == 0;
}

size_t loader_recipe_pick(uint64_t seed, random_purpose purpose, size_t clip_count, uint64_t sample,
                          uint32_t attempt)
{
    uint64_t epoch = sample / clip_count;
    random_stream stream = random_open(seed, (uint32_t)purpose, epoch, attempt);
    uint32_t words[4];
    random_block(&stream, 0, words);
    uint64_t key = (uint64_t)words[1] << 32 | words[0];
    return (size_t)random_permute(key, clip_count, sample % clip_count);
}

// Scale jitter starts from its largest scale, so that every view is reduced and none enlarged.
sslact_status loader_recipe_read_clip(const loader_recipe *recipe, dataset *set, size_t index,
                                      clip **out)
{
    int32_t scale_max = recipe->options_teacher.scale_max;
    return scale_max > 0 ? dataset_read_sized(set, index, scale_max, out)
                         : dataset_read(set, index, out);
}

sslact_status loader_recipe_check(const loader_recipe *recipe, const clip *source, bool labeled,
                                  const char *place)
{
    if (source->frame_count != recipe->frame_count) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "%s: %d frames, the model takes %d (data.frame_count)", place,
                         (int)source->frame_count, (int)recipe->frame_count);
    }
    if (labeled && source->box_count > 0 && source->labels == NULL) {
        return error_set(SSLACT_ERROR_MISMATCH,
                         "%s: no labels, clips of the labelled data set need them", place);
    }
    return SSLACT_OK;
}

static sslact_status make_view(const clip *source, const view_options *options,
                               random_stream stream, size_t i, batch_half *half)
{
    view_plan plan;
    uint8_t *visible = array_create((size_t)source->box_count, 1);
    if (visible == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    view_draw(options, &stream, &plan);
    sslact_status status = view_apply(source, options, &plan, &stream, &half->clips[i], visible);
    if (status != SSLACT_OK) {
        free(visible);
        return status;
    }
    half->visible[i] = visible;
    return SSLACT_OK;
}

recipe_role loader_recipe_choose_labeled(const loader_recipe *recipe, size_t i)
{
    bool strong =
        recipe->labeled == LABELED_STRONG || (recipe->labeled == LABELED_BOTH && i % 2 == 1);
    return strong ? RECIPE_LABELED_STRONG : RECIPE_LABELED_WEAK;
}

void loader_recipe_open_view(const loader_recipe *recipe, recipe_role role, int64_t iteration,
                             size_t i, view_options *options, random_stream *stream)
{
    static const random_purpose purposes[] = {
        [RECIPE_LABELED_WEAK] = RANDOM_WEAK_LABELED,
        [RECIPE_LABELED_STRONG] = RANDOM_STRONG_LABELED,
        [RECIPE_TEACHER] = RANDOM_WEAK_UNLABELED,
        [RECIPE_STUDENT] = RANDOM_STRONG_UNLABELED,
    };
    *options = role == RECIPE_TEACHER   ? recipe->options_teacher
               : role == RECIPE_STUDENT ? recipe->options_student
                                        : recipe->options_labeled;
    if (role == RECIPE_LABELED_STRONG) {
        options->strong = true;
    }
    *stream = random_open(recipe->seed, purposes[role], (uint64_t)iteration, i);
}

static sslact_status make_role(const loader_recipe *recipe, recipe_role role, const clip *source,
                               size_t i, int64_t iteration, batch_half *half)
{
    view_options options;
    random_stream stream;
    loader_recipe_open_view(recipe, role, iteration, i, &options, &stream);
    return make_view(source, &options, stream, i, half);
}

sslact_status loader_recipe_make_labeled(const loader_recipe *recipe, const clip *source, size_t i,
                                         batch *b)
{
    recipe_role role = loader_recipe_choose_labeled(recipe, i);
    return make_role(recipe, role, source, i, b->iteration, &b->labeled);
}

sslact_status loader_recipe_make_unlabeled(const loader_recipe *recipe, clip *source, size_t i,
                                           batch *b)
{
    free(source->labels);
    source->labels = NULL;
    sslact_status status =
        make_role(recipe, RECIPE_TEACHER, source, i, b->iteration, &b->unlabeled_weak);
    if (status != SSLACT_OK) {
        return status;
    }
    return make_role(recipe, RECIPE_STUDENT, source, i, b->iteration, &b->unlabeled_strong);
}

sslact_status loader_recipe_make_passed(const loader_recipe *recipe, clip *source, uint64_t index,
                                        size_t i, batch *b)
{
    free(source->labels);
    source->labels = NULL;
    random_stream teacher = random_open(recipe->seed, RANDOM_BASELINE_PASS, 0, index);
    return make_view(source, &recipe->options_teacher, teacher, i, &b->unlabeled_weak);
}

double loader_thread_seconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
