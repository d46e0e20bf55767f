// Views as the loader makes them, kept beside the clip they come from, and their plans in words.
#include "data/preview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "data/sampling.h"

// --- words ---

static bool is_validation(const dataset *d)
{
    return strcmp(dataset_get_split(d), "validation") == 0;
}

static bool is_labeled_half(dataset *d)
{
    return strcmp(dataset_get_split(d), "train") == 0 ||
           (strcmp(dataset_get_split(d), "memory") == 0 && dataset_is_labeled(d));
}

// The strength of an operation at severity u, as in method.md section 8, with its sign; what is
// written before it and behind it.
typedef struct strength {
    const char *before, *behind;
    double value;
    int decimals;
    bool with_sign;
} strength;

static strength get_strength(view_operation operation, double u, int sign)
{
    switch (operation) {
    case VIEW_BRIGHTNESS:
    case VIEW_COLOR:
    case VIEW_CONTRAST:
    case VIEW_SHARPNESS:
        return (strength){"times ", "", 1 + sign * 0.9 * u, 2, false};
    case VIEW_POSTERIZE:
        return (strength){"", " bits", 8 - floor(4 * u + 0.5), 0, false};
    case VIEW_SOLARIZE:
        return (strength){"from level ", "", 256 * (1 - u), 0, false};
    case VIEW_ROTATE:
        return (strength){"", " degrees", sign * 30 * u, 1, true};
    case VIEW_SHEAR_X:
    case VIEW_SHEAR_Y:
        return (strength){"", "", sign * 0.3 * u, 2, true};
    case VIEW_TRANSLATE_X:
    case VIEW_TRANSLATE_Y:
        return (strength){"", " %", sign * 45 * u, 1, true};
    default: // the others have none
        return (strength){"", "", NAN, 0, false};
    }
}

static void append_strength(text *out, strength s)
{
    text_append_format(out, s.with_sign ? "%+.*f" : "%.*f", s.decimals, s.value);
}

// "rotate -10.7 to -7.3 degrees"
static void describe_operation(text *out, const view_plan *plan, int32_t n)
{
    enum { SEVERITIES = 30 };
    view_operation operation = plan->operations[n].operation;
    int sign = plan->operations[n].sign;
    double first = plan->operations[n].severity_first, last = plan->operations[n].severity_last;
    strength begin = get_strength(operation, first / SEVERITIES, sign);
    strength end = get_strength(operation, last / SEVERITIES, sign);
    text_append(out, view_operation_get_name(operation));
    if (!isnan(begin.value)) {
        text_append_format(out, " %s", begin.before);
        append_strength(out, begin);
        if (begin.value != end.value) {
            text_append(out, " to ");
            append_strength(out, end);
        }
        text_append(out, begin.behind);
    }
    text_append(out, "\n");
}

// A line for everything that the plan does.
static void describe_plan(text *out, const view_options *options, const view_plan *plan)
{
    if (options->scale_max > 0) {
        text_append_format(out, "short side %d\n", (int)plan->scale);
    }
    if (options->crop > 0) {
        text_append_format(out, "crop %d x %d, at %.0f %% across and %.0f %% down\n",
                           (int)options->crop, (int)options->crop, 100 * plan->crop_x,
                           100 * plan->crop_y);
    }
    if (plan->flip) {
        text_append(out, "flip\n");
    }
    if (options->box_jitter > 0) {
        text_append_format(out, "box edges moved by up to %.3g %%\n", 100 * options->box_jitter);
    }
    for (int32_t n = 0; n < plan->operation_count; n++) {
        describe_operation(out, plan, n);
    }
    if (out->length == 0 && !out->failed) {
        text_append(out, "unchanged");
    } else if (out->length > 0 && out->data[out->length - 1] == '\n') {
        out->data[--out->length] = '\0';
    }
}

const char *preview_judge_box(const preview *p, size_t view, int32_t box)
{
    const preview_view *v = &p->views[view];
    if (view == 0) {
        return "";
    }
    if (!v->visible[box]) {
        return "masked: less than a quarter is left";
    }
    const sslact_box *was = &p->views[0].clip->boxes[box], *is = &v->clip->boxes[box];
    bool inside = was->x1 > 0 && was->y1 > 0 && was->x2 < 1 && was->y2 < 1;
    bool at_border = is->x1 <= 0 || is->y1 <= 0 || is->x2 >= 1 || is->y2 >= 1;
    return inside && at_border ? "cut at the border" : "";
}

// --- views ---

static sslact_status set_words(preview_view *v, const char *purpose, const text *changes)
{
    v->purpose = text_copy(purpose);
    v->changes = text_copy(text_get(changes));
    return v->purpose == NULL || v->changes == NULL ? SSLACT_ERROR_OUT_OF_MEMORY
                                                    : text_status(changes);
}

static sslact_status add_original(preview *p, clip *own, const char *purpose)
{
    preview_view *v = &p->views[p->view_count++];
    text size = {0};
    v->name = "original";
    v->clip = own;
    v->visible = array_create((size_t)own->box_count, 1);
    text_append_format(&size, "%d x %d pixels, %d frames", (int)own->width, (int)own->height,
                       (int)own->frame_count);
    sslact_status status =
        v->visible == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : set_words(v, purpose, &size);
    if (status >= 0) {
        memset(v->visible, 1, (size_t)own->box_count);
    }
    text_free(&size);
    return status;
}

static sslact_status add_view(const loader_recipe *recipe, recipe_role role, uint64_t iteration,
                              size_t i, const char *purpose, preview *p)
{
    const clip *source = p->views[0].clip;
    preview_view *v = &p->views[p->view_count++];
    view_options options;
    view_plan plan;
    random_stream stream;
    text changes = {0};
    loader_recipe_open_view(recipe, role, (int64_t)iteration, i, &options, &stream);
    view_draw(&options, &stream, &plan);
    describe_plan(&changes, &options, &plan);
    v->name = options.strong ? "strong" : "weak";
    v->visible = array_create((size_t)source->box_count, 1);
    sslact_status status = v->visible == NULL
                               ? SSLACT_ERROR_OUT_OF_MEMORY
                               : view_apply(source, &options, &plan, &stream, &v->clip, v->visible);
    if (status >= 0) {
        status = set_words(v, purpose, &changes);
    }
    text_free(&changes);
    return status;
}

static sslact_status add_labeled_views(const config *c, const loader_recipe *recipe,
                                       uint64_t iteration, size_t i, preview *p)
{
    static const recipe_role roles[] = {RECIPE_LABELED_WEAK, RECIPE_LABELED_STRONG};
    recipe_role used = loader_recipe_choose_labeled(recipe, i);
    sslact_status status = SSLACT_OK;
    for (size_t n = 0; status >= 0 && n < 2; n++) {
        text purpose = {0};
        if (roles[n] == used) {
            text_append(&purpose, "what the student is trained on");
        } else {
            text_append_format(&purpose, "not trained on here (ssl.labeled_view=%s)",
                               config_get_text(c, "ssl.labeled_view"));
        }
        status = add_view(recipe, roles[n], iteration, i, text_get(&purpose), p);
        text_free(&purpose);
    }
    return status;
}

static sslact_status add_unlabeled_views(const loader_recipe *recipe, uint64_t iteration, size_t i,
                                         preview *p)
{
    sslact_status status =
        add_view(recipe, RECIPE_TEACHER, iteration, i, "what the teacher labels", p);
    return status < 0 ? status
                      : add_view(recipe, RECIPE_STUDENT, iteration, i,
                                 "what the student is trained on, with the teacher's labels", p);
}

static sslact_status add_views(const config *c, dataset *d, const loader_recipe *recipe,
                               uint64_t sample, preview *p)
{
    bool labeled = is_labeled_half(d);
    const char *key = labeled ? "solver.batch_labeled" : "solver.batch_unlabeled";
    uint64_t batch_size = (uint64_t)config_get_int(c, key);
    uint64_t iteration = sample / batch_size;
    size_t i = (size_t)(sample % batch_size);
    return labeled ? add_labeled_views(c, recipe, iteration, i, p)
                   : add_unlabeled_views(recipe, iteration, i, p);
}

static double find_step(const config *c, const dataset *d)
{
    sampling s;
    sampling_read(c, &s);
    bool known = strcmp(dataset_get_split(d), "memory") != 0 && !dataset_counts_frames(d);
    return known ? s.step_seconds : 0;
}

size_t preview_pick(const config *c, dataset *d, uint64_t sample)
{
    random_purpose order = strcmp(dataset_get_split(d), "unlabeled") == 0 ? RANDOM_ORDER_UNLABELED
                                                                          : RANDOM_ORDER_LABELED;
    return loader_recipe_pick((uint64_t)config_get_int(c, "run.seed"), order,
                              dataset_count_clips(d), sample, 0);
}

sslact_status preview_make(const config *c, dataset *d, size_t index, uint64_t sample, preview *out)
{
    loader_recipe recipe;
    clip *source = NULL;
    preview made = {.index = index, .step_seconds = find_step(c, d)};
    bool validation = is_validation(d);
    loader_recipe_read(c, &recipe);
    sslact_status status = validation ? dataset_read(d, index, &source)
                                      : loader_recipe_read_clip(&recipe, d, index, &source);
    if (status < 0) {
        return status;
    }
    status = loader_recipe_check(&recipe, source, false, source->name);
    if (status < 0) {
        clip_free(source);
        return status;
    }
    status = add_original(&made, source,
                          validation ? "what is evaluated" : "as it is read from the video");
    if (status >= 0 && !validation) {
        status = add_views(c, d, &recipe, sample, &made);
    }
    if (status < 0) {
        preview_free(&made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

void preview_free(preview *p)
{
    for (size_t n = 0; n < p->view_count; n++) {
        clip_free(p->views[n].clip);
        free(p->views[n].visible);
        free(p->views[n].purpose);
        free(p->views[n].changes);
    }
    memset(p, 0, sizeof *p);
}
