// Checks copies when a data set is opened, and opens them when their clips come.
#include "data/cache_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/log.h"
#include "data/cache_entry.h"

struct cache_reader {
    const split_table *table;
    cache_recipe recipe;
    char **entries, **copies; // [table->videos.count] their paths, NULL: no copy
    text description;
    // Found while looking.
    size_t videos, wrong, touched, left_out;
    sslact_status status; // of the first wrong one
    char *message;
};

void cache_reader_free(cache_reader *r)
{
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->table->videos.count; i++) {
        free(r->entries != NULL ? r->entries[i] : NULL);
        free(r->copies != NULL ? r->copies[i] : NULL);
    }
    free(r->entries);
    free(r->copies);
    free(r->message);
    text_free(&r->description);
    free(r);
}

bool cache_reader_has(const cache_reader *r, size_t index)
{
    return r->copies[index] != NULL;
}

const char *const *cache_reader_get_paths(const cache_reader *r)
{
    return (const char *const *)r->copies;
}

const char *cache_reader_describe(const cache_reader *r)
{
    return text_get(&r->description);
}

static sslact_status add_extension(const char *stem, const char *extension, char **out)
{
    text path = {0};
    text_append(&path, stem);
    text_append(&path, extension);
    sslact_status status = text_status(&path);
    *out = status < 0 ? NULL : text_copy(text_get(&path));
    text_free(&path);
    return *out == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : status;
}

// --- looking ---

static void note_wrong(cache_reader *r, sslact_status status)
{
    if (r->wrong++ == 0) {
        r->status = status;
        r->message = text_copy(sslact_error_get_message());
    }
}

static bool is_wrong(sslact_status status)
{
    return status == SSLACT_ERROR_NOT_FOUND || status == SSLACT_ERROR_FORMAT ||
           status == SSLACT_ERROR_MISMATCH;
}

static sslact_status report_absent(sslact_status status, const char *path, const char *id)
{
    return status != SSLACT_ERROR_NOT_FOUND
               ? status
               : error_set(SSLACT_ERROR_NOT_FOUND, "%s: no copy of video \"%s\"", path, id);
}

static sslact_status look_at_entry(cache_reader *r, const char *path, int32_t index,
                                   cache_entry *entry)
{
    bool touched = false;
    sslact_status status = cache_entry_read(path, entry);
    status = report_absent(status, path, r->table->videos.names[index]);
    if (status >= 0) {
        status = cache_recipe_compare(&entry->recipe, &r->recipe, path);
    }
    if (status >= 0) {
        status = cache_entry_check_source(entry, r->table->paths[index], NULL, NULL, &touched);
        r->touched += touched;
    }
    return status;
}

static sslact_status look_at(cache_reader *r, const config *c, int32_t index)
{
    text stem = {0};
    char *path = NULL;
    cache_entry entry = {0};
    const char *id = r->table->videos.names[index];
    r->videos++;
    sslact_status status = cache_locate(c, r->table->kind, id, &stem);
    if (status >= 0) {
        status = add_extension(text_get(&stem), CACHE_ENTRY_EXTENSION, &path);
    }
    if (status >= 0) {
        status = look_at_entry(r, path, index, &entry);
    }
    if (is_wrong(status)) {
        note_wrong(r, status);
        status = SSLACT_OK;
    } else if (status >= 0 && entry.left_out != NULL) {
        r->left_out++;
    } else if (status >= 0) {
        r->entries[index] = path;
        path = NULL;
        status = add_extension(text_get(&stem), CACHE_COPY_EXTENSION, &r->copies[index]);
    }
    cache_entry_clear(&entry);
    text_free(&stem);
    free(path);
    return status;
}

// Clips are sorted by video.
static sslact_status look_at_all(cache_reader *r, const config *c)
{
    int32_t last = -1;
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < r->table->clip_count; i++) {
        if (r->table->frames[i].video != last) {
            last = r->table->frames[i].video;
            status = look_at(r, c, last);
        }
    }
    return status;
}

static sslact_status judge(const cache_reader *r, const config *c)
{
    const char *folder = config_get_text(c, "data.cache");
    if (r->wrong > 0) {
        return error_set(r->status,
                         "%s; %zu of %zu videos of split %s cannot be read from the cache %s: run "
                         "sslact_cli prepare with this config, or unset data.cache to read the "
                         "originals",
                         r->message != NULL ? r->message : "out of memory", r->wrong, r->videos,
                         split_get_name(r->table->kind), folder);
    }
    if (r->touched > 0) {
        log_write(SSLACT_LOG_WARNING, "data",
                  "%zu videos have another time of change than the cache %s notes, and were read "
                  "whole to see that they are the same; sslact_cli prepare notes the new times",
                  r->touched, folder);
    }
    if (r->left_out > 0) {
        log_write(SSLACT_LOG_WARNING, "data",
                  "%zu of %zu videos of split %s are damaged and not in the cache, their originals "
                  "are read",
                  r->left_out, r->videos, split_get_name(r->table->kind));
    }
    return SSLACT_OK;
}

static sslact_status fill(cache_reader *r, const config *c)
{
    r->entries = array_create(r->table->videos.count, sizeof *r->entries);
    r->copies = array_create(r->table->videos.count, sizeof *r->copies);
    if (r->entries == NULL || r->copies == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    cache_recipe_read(c, &r->recipe);
    sslact_status status = cache_describe(c, r->table->kind, false, &r->description);
    if (status >= 0) {
        status = look_at_all(r, c);
    }
    return status < 0 ? status : judge(r, c);
}

sslact_status cache_reader_open(const config *c, const split_table *t, cache_reader **out)
{
    cache_reader *r = array_create(1, sizeof *r);
    if (r == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    r->table = t;
    sslact_status status = fill(r, c);
    if (status < 0) {
        cache_reader_free(r);
        return status;
    }
    *out = r;
    return SSLACT_OK;
}

// --- opening ---

sslact_status cache_reader_open_copy(size_t index, const video_options *options, void *user,
                                     video **out)
{
    const cache_reader *r = user;
    const char *path = r->entries[index];
    cache_entry entry = {0};
    sslact_status status = cache_entry_read(path, &entry);
    if (status >= 0) {
        // Another prepare may have been here since.
        status = cache_recipe_compare(&entry.recipe, &r->recipe, path);
    }
    if (status >= 0 && entry.left_out != NULL) {
        status = error_set(SSLACT_ERROR_MISMATCH,
                           "%s: the copy is gone since the data set was opened", path);
    }
    if (status >= 0) {
        status = video_open_copy(r->copies[index], options, &entry.original, out);
    }
    cache_entry_clear(&entry);
    return status;
}
