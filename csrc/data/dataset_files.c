// A data set of annotation files and videos: the tables of split.h, and clips decoded on demand.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "data/cache_reader.h"
#include "data/dataset_kind.h"
#include "data/sampling.h"
#include "data/split.h"
#include "data/video_settings.h"
#include "data/video_store.h"

typedef struct file_set {
    dataset base;
    split_table *table;
    video_store *store;     // of the originals; NULL without data.video_root
    cache_reader *cache;    // NULL: nothing is read from copies
    video_store *copies;    // NULL without cache
    bool caches_evaluation; // evaluation reads copies too
    sampling sampling;
    int32_t short_side;
} file_set;

static const split_table *get_table(const dataset *d)
{
    return ((const file_set *)d)->table;
}

static size_t count_clips(const dataset *d)
{
    return get_table(d)->clip_count;
}

static int is_labeled(dataset *d)
{
    return get_table(d)->boxes_are_labeled && get_table(d)->clip_count > 0;
}

// --- labels and ground truth ---

static sslact_status collect_labels(dataset *d, uint8_t **labels, size_t *count)
{
    const split_table *t = get_table(d);
    size_t class_count = (size_t)d->class_count;
    uint8_t *matrix = array_create(t->person_count, class_count);
    if (matrix == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t f = 0; f < t->frame_count; f++) {
        const split_frame *frame = &t->frames[f];
        for (int32_t i = 0; i < frame->label_count; i++) {
            const split_label *label = &t->labels[frame->label_first + (size_t)i];
            size_t person = frame->person_first + (size_t)label->person;
            matrix[person * class_count + (size_t)label->class_index] = 1;
        }
    }
    *labels = matrix;
    *count = t->person_count;
    return SSLACT_OK;
}

static sslact_status collect_truth(dataset *d, truth_row **rows, size_t *count)
{
    const split_table *t = get_table(d);
    truth_row *made = array_create(t->label_count, sizeof *made);
    size_t used = 0;
    if (made == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t f = 0; f < t->frame_count; f++) {
        const split_frame *frame = &t->frames[f];
        for (int32_t i = 0; i < frame->label_count; i++) {
            const split_label *label = &t->labels[frame->label_first + (size_t)i];
            made[used++] =
                (truth_row){.clip = f,
                            .box = t->persons[frame->person_first + (size_t)label->person],
                            .class_index = label->class_index,
                            .person = label->person_id};
        }
    }
    *rows = made;
    *count = used;
    return SSLACT_OK;
}

static sslact_status locate(dataset *d, size_t index, const char **video_id, double *timestamp)
{
    const split_table *t = get_table(d);
    if (index >= t->frame_count) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "key frame %zu does not exist, the data set has %zu", index,
                         t->frame_count);
    }
    *video_id = t->videos.names[t->frames[index].video];
    *timestamp = (double)t->frames[index].time_us / 1e6;
    return SSLACT_OK;
}

// --- clips ---

// labels [box_count, C], zero before.
static void set_labels(const split_table *t, const split_frame *frame, uint8_t *labels)
{
    size_t class_count = t->actions.count;
    for (int32_t i = 0; i < frame->box_count; i++) {
        int32_t person = t->boxes[frame->box_first + (size_t)i].person;
        for (int32_t k = 0; k < frame->label_count; k++) {
            const split_label *label = &t->labels[frame->label_first + (size_t)k];
            if (label->person == person) {
                labels[(size_t)i * class_count + (size_t)label->class_index] = 1;
            }
        }
    }
    for (int32_t k = 0; k < frame->box_label_count; k++) {
        const split_label *label = &t->box_labels[frame->box_label_first + (size_t)k];
        labels[(size_t)label->person * class_count + (size_t)label->class_index] = 1;
    }
}

static sslact_status collect_people(dataset *d, people_table *people)
{
    const split_table *t = get_table(d);
    bool known = t->boxes_are_labeled && people->labels != NULL;
    sslact_status status = SSLACT_OK;
    for (size_t f = 0; status >= 0 && f < people->clip_capacity; f++) {
        const split_frame *frame = &t->frames[f];
        sslact_box *boxes;
        uint8_t *labels;
        status = people_table_add(people, (size_t)frame->box_count, known, &boxes, &labels);
        for (int32_t i = 0; status >= 0 && i < frame->box_count; i++) {
            boxes[i] = t->boxes[frame->box_first + (size_t)i].box;
        }
        if (status >= 0 && known) {
            set_labels(t, frame, labels);
        }
    }
    return status;
}

static sslact_status set_people(const split_table *t, const split_frame *frame, clip *c)
{
    const char *video_id = t->videos.names[frame->video];
    text name = {0};
    char time[32];
    for (int32_t i = 0; i < frame->box_count; i++) {
        c->boxes[i] = t->boxes[frame->box_first + (size_t)i].box;
        c->box_scores[i] = t->boxes[frame->box_first + (size_t)i].score;
    }
    if (c->labels != NULL) {
        set_labels(t, frame, c->labels);
    }
    ava_render_time(frame->time_us, time);
    text_append_format(&name, "%s,%s", video_id, time);
    c->timestamp = (double)frame->time_us / 1e6;
    c->video = text_copy(video_id);
    c->name = text_copy(text_get(&name));
    sslact_status status = text_status(&name);
    text_free(&name);
    return c->video == NULL || c->name == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : status;
}

// An empty clip of the size that the video gives, with its people.
static sslact_status make_clip(const file_set *set, const split_frame *frame, const video *v,
                               int32_t short_side, clip **out)
{
    int32_t width, height;
    clip *made = NULL;
    video_fit(v, short_side, &width, &height);
    sslact_status status = clip_create(set->sampling.frame_count, height, width, frame->box_count,
                                       set->base.class_count, set->table->boxes_are_labeled, &made);
    if (status >= 0) {
        status = set_people(set->table, frame, made);
    }
    if (status < 0) {
        clip_free(made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

static sslact_status decode_clip(const file_set *set, const split_frame *frame, video *v,
                                 int32_t short_side, clip **out)
{
    const split_table *t = set->table;
    double seconds = (double)frame->time_us / 1e6 - t->start_offset_seconds;
    clip *made = NULL;
    int64_t *frames = array_create((size_t)set->sampling.frame_count, sizeof *frames);
    sslact_status status = frames == NULL ? SSLACT_ERROR_OUT_OF_MEMORY
                                          : sampling_choose(&set->sampling, v, seconds,
                                                            t->paths[frame->video], frames);
    if (status >= 0) {
        status = make_clip(set, frame, v, short_side, &made);
    }
    if (status >= 0) {
        status = video_read_rgb(v, frames, (size_t)made->frame_count, made->width, made->height,
                                made->pixels);
    }
    free(frames);
    if (status < 0) {
        clip_free(made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

static bool reads_copies(const file_set *set, dataset_use use)
{
    bool evaluates = use == DATASET_EVALUATES || set->table->kind == SPLIT_VALIDATION;
    return set->cache != NULL && (!evaluates || set->caches_evaluation);
}

static const char *get_cache(const dataset *d, dataset_use use)
{
    const file_set *set = (const file_set *)d;
    return reads_copies(set, use) ? cache_reader_describe(set->cache) : "";
}

static video_store *choose_store(const file_set *set, int32_t video_index, dataset_use use)
{
    bool copied = reads_copies(set, use) && cache_reader_has(set->cache, (size_t)video_index);
    return copied ? set->copies : set->store;
}

static sslact_status read_clip(dataset *d, size_t index, int32_t short_side, dataset_use use,
                               clip **out)
{
    file_set *set = (file_set *)d;
    const split_frame *frame = &set->table->frames[index];
    video_store *store = choose_store(set, frame->video, use);
    video *v = NULL;
    if (set->store == NULL) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.video_root is not set, expected the folder of the videos");
    }
    sslact_status status = video_store_acquire(store, (size_t)frame->video, &v);
    if (status < 0) {
        return status;
    }
    short_side = short_side == DATASET_OWN_SIZE ? set->short_side : short_side;
    status = decode_clip(set, frame, v, short_side, out);
    video_store_release(v, status >= 0);
    return status;
}

static void free_stores(file_set *set)
{
    video_store_free(set->store);
    video_store_free(set->copies);
    cache_reader_free(set->cache);
}

static void destroy(dataset *d)
{
    file_set *set = (file_set *)d;
    free_stores(set);
    split_free(set->table);
    free(set);
}

static const dataset_kind file_kind = {
    .count_clips = count_clips,
    .is_labeled = is_labeled,
    .collect_labels = collect_labels,
    .collect_people = collect_people,
    .read = read_clip,
    .get_cache = get_cache,
    .collect_truth = collect_truth,
    .locate = locate,
    .destroy = destroy,
};

// --- opening ---

static sslact_status set_classes(dataset *d, const ava_actions *actions)
{
    const char **names = array_create(actions->count, sizeof *names);
    int32_t *ids = array_create(actions->count, sizeof *ids);
    sslact_status status = names == NULL || ids == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t j = 0; status >= 0 && j < actions->count; j++) {
        names[j] = actions->actions[j].name;
        ids[j] = actions->actions[j].id;
    }
    if (status >= 0) {
        status = dataset_set_up(d, &file_kind, (int32_t)actions->count, names, ids);
    }
    free(names);
    free(ids);
    return status;
}

static sslact_status load_table(const config *c, const char *split, split_table **out)
{
    split_kind kind;
    sslact_status status = split_find_kind(split, &kind);
    if (status < 0) {
        return status;
    }
    data_problems *problems = array_create(1, sizeof *problems); // too large for a small stack
    if (problems == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    problems->skip = strcmp(config_get_text(c, "data.on_bad_row"), "skip") == 0;
    status = split_load(c, kind, problems, out);
    if (status >= 0) {
        data_problems_warn(problems);
    }
    free(problems);
    return status;
}

static sslact_status open_cache(file_set *set, const config *c, const video_options *options)
{
    const split_table *t = set->table;
    set->caches_evaluation = config_get_bool(c, "data.cache_evaluate");
    sslact_status status = cache_reader_open(c, t, &set->cache);
    if (status >= 0) {
        status = video_store_create(cache_reader_get_paths(set->cache), t->videos.count, options,
                                    &set->copies);
    }
    if (status >= 0) {
        video_store_set_opener(set->copies, cache_reader_open_copy, set->cache);
    }
    return status;
}

static sslact_status create_stores(file_set *set, const config *c)
{
    const split_table *t = set->table;
    video_settings settings = {0};
    sslact_status status = video_settings_read(c, &settings);
    if (status >= 0) {
        status = video_store_create((const char *const *)t->paths, t->videos.count,
                                    &settings.options, &set->store);
    }
    if (status >= 0 && t->pictures != NULL) {
        video_store_set_opener(set->store, frame_list_open_video, t->pictures);
    }
    if (status >= 0 && cache_serves(c, t->kind)) {
        status = open_cache(set, c, &settings.options);
    }
    video_settings_clear(&settings);
    if (status < 0) {
        free_stores(set);
    }
    return status;
}

static sslact_status set_up(file_set *set, const config *c)
{
    const split_table *t = set->table;
    sampling_read(c, &set->sampling);
    set->short_side = (int32_t)config_get_int(c, "data.short_side");
    sslact_status status = set_classes(&set->base, &t->actions);
    if (status >= 0 && t->paths != NULL) {
        status = create_stores(set, c);
        if (status < 0) {
            dataset_clear_classes(&set->base);
        }
    }
    return status;
}

sslact_status dataset_open(const config *c, const char *split, dataset **out)
{
    split_table *table = NULL;
    sslact_status status = load_table(c, split, &table);
    if (status < 0) {
        return status;
    }
    file_set *set = array_create(1, sizeof *set);
    if (set == NULL) {
        split_free(table);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    set->table = table;
    status = set_up(set, c);
    if (status < 0) {
        split_free(table);
        free(set);
        return status;
    }
    static const char *const names[] = {[SPLIT_TRAIN] = "train",
                                        [SPLIT_UNLABELED] = "unlabeled",
                                        [SPLIT_VALIDATION] = "validation"};
    set->base.counts_frames = table->counts_frames;
    set->base.split = names[table->kind];
    *out = &set->base;
    return SSLACT_OK;
}
