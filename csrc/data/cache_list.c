// From the splits to the list of videos, and what of it is done.
#include "data/cache_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void cache_list_free(cache_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->videos[i].source);
        free(list->videos[i].copy);
        free(list->videos[i].entry);
    }
    free(list->videos);
    name_table_free(&list->entries);
    *list = (cache_list){0};
}

// --- collecting ---

static sslact_status add_video(cache_list *list, const char *source, const char *stem)
{
    cache_video made = {.source = text_copy(source), .is_new = true};
    text copy = {0}, entry = {0};
    text_append_format(&copy, "%s" CACHE_COPY_EXTENSION, stem);
    text_append_format(&entry, "%s" CACHE_ENTRY_EXTENSION, stem);
    made.copy = text_copy(text_get(&copy));
    made.entry = text_copy(text_get(&entry));
    sslact_status status = text_status(&copy) < 0 ? text_status(&copy) : text_status(&entry);
    if (made.source == NULL || made.copy == NULL || made.entry == NULL) {
        status = SSLACT_ERROR_OUT_OF_MEMORY;
    }
    if (status >= 0) {
        status = array_reserve((void **)&list->videos, &list->capacity, list->count + 1,
                               sizeof *list->videos);
    }
    text_free(&copy);
    text_free(&entry);
    if (status < 0) {
        free(made.source);
        free(made.copy);
        free(made.entry);
        return status;
    }
    list->videos[list->count++] = made;
    return SSLACT_OK;
}

static sslact_status add_if_new(cache_list *list, const config *c, const split_table *t,
                                int32_t video_index)
{
    text stem = {0};
    int32_t number;
    size_t known = list->entries.count;
    const char *id = t->videos.names[video_index];
    sslact_status status = cache_locate(c, t->kind, id, &stem);
    if (status >= 0) {
        status = name_table_add(&list->entries, text_get(&stem), stem.length, &number);
    }
    if (status >= 0 && (size_t)number == known) {
        status = add_video(list, t->paths[video_index], text_get(&stem));
    }
    text_free(&stem);
    return status;
}

static sslact_status add_table(cache_list *list, const config *c, const split_table *t)
{
    int32_t last = -1;
    sslact_status status = SSLACT_OK;
    if (t->paths == NULL) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.video_root is not set, expected the folder of the videos");
    }
    // Clips are sorted by video.
    for (size_t i = 0; status >= 0 && i < t->clip_count; i++) {
        if (t->frames[i].video != last) {
            last = t->frames[i].video;
            status = add_if_new(list, c, t, last);
        }
    }
    list->clips += (int64_t)t->clip_count;
    return status;
}

static sslact_status add_split(cache_list *list, const config *c, split_kind kind)
{
    split_table *table = NULL;
    data_problems *problems = array_create(1, sizeof *problems); // too large for a small stack
    if (problems == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    problems->skip = strcmp(config_get_text(c, "data.on_bad_row"), "skip") == 0;
    sslact_status status = split_load(c, kind, problems, &table);
    if (status >= 0) {
        status = add_table(list, c, table);
    }
    split_free(table);
    free(problems);
    return status;
}

// Without a teacher, or where the labelled clips play the unlabelled ones, training leaves the
// split alone.
static bool reads_unlabeled(const config *c)
{
    return strcmp(config_get_text(c, "ssl.teacher"), "none") != 0 &&
           strcmp(config_get_text(c, "ssl.unlabeled_source"), "unlabeled") == 0;
}

sslact_status cache_list_collect(const config *c, cache_list *out)
{
    static const split_kind order[] = {SPLIT_TRAIN, SPLIT_UNLABELED, SPLIT_VALIDATION};
    cache_list list = {0};
    bool any = false;
    sslact_status status = SSLACT_OK;
    for (size_t k = 0; status >= 0 && k < sizeof order / sizeof order[0]; k++) {
        bool read = order[k] != SPLIT_UNLABELED || reads_unlabeled(c);
        if (read && cache_serves(c, order[k]) && split_is_configured(c, order[k])) {
            any = true;
            status = add_split(&list, c, order[k]);
        }
    }
    if (status >= 0 && !any) {
        status = error_set(SSLACT_ERROR_CONFIG,
                           "no training clips: data.train.labels and data.unlabeled.person_boxes "
                           "are not set");
    }
    if (status < 0) {
        cache_list_free(&list);
        return status;
    }
    *out = list;
    return SSLACT_OK;
}

// --- what is done ---

static bool is_doubt(sslact_status status)
{
    return status == SSLACT_ERROR_NOT_FOUND || status == SSLACT_ERROR_FORMAT ||
           status == SSLACT_ERROR_MISMATCH;
}

static sslact_status look_at(cache_video *v, const cache_recipe *recipe,
                             bool (*stopped)(void *user), void *user)
{
    fingerprint now;
    cache_entry entry = {0};
    sslact_status status = fingerprint_look(v->source, &now);
    if (status < 0) {
        return status;
    }
    v->bytes = now.bytes;
    status = cache_entry_read(v->entry, &entry);
    if (status >= 0) {
        status = cache_recipe_compare(&entry.recipe, recipe, v->entry);
    }
    if (status >= 0) {
        status = cache_entry_check_source(&entry, v->source, stopped, user, &v->touched);
    }
    v->is_new = status < 0;
    if (status >= 0) {
        v->left_out = entry.left_out != NULL;
        v->copy_bytes = entry.copy_bytes;
    }
    cache_entry_clear(&entry);
    return is_doubt(status) ? SSLACT_OK : status;
}

sslact_status cache_list_look(cache_list *list, const cache_recipe *recipe,
                              bool (*stopped)(void *user), void *user)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < list->count; i++) {
        status = look_at(&list->videos[i], recipe, stopped, user);
    }
    return status;
}
