// Goes through the splits as dataset_open would, with a tally that lets nothing stop it.
#include "data/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/check_parts.h"

static const split_kind order[CHECK_SPLITS] = {SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_UNLABELED};

// --- reporting ---

static bool is_place_in(const char *place, const char *path)
{
    size_t length = path != NULL ? strlen(path) : 0;
    return length > 0 && strncmp(place, path, length) == 0 && place[length] == ':';
}

static int forward_problem(data_problem kind, const char *place, const char *what, void *user)
{
    checker *k = user;
    for (int i = 0; i < 2; i++) {
        k->refused[i].counts[kind] += is_place_in(place, k->refused[i].path);
    }
    return k->options->problem == NULL
               ? 0
               : k->options->problem(kind, place, what, k->options->problem_user);
}

sslact_status check_report(checker *k, data_problem kind, const char *place, const char *format,
                           ...)
{
    char what[DATA_PROBLEM_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return data_problems_report(&k->problems, kind, place, "%s", what);
}

sslact_status check_progress(const checker *k, const char *phase, int64_t done, int64_t total)
{
    sslact_progress progress;
    SSLACT_INIT(progress);
    progress.phase = phase;
    progress.done = done;
    progress.total = total;
    if (k->options->progress != NULL &&
        k->options->progress(&progress, k->options->progress_user) != 0) {
        return error_set(SSLACT_ERROR_CANCELLED, "cancelled by the caller");
    }
    return SSLACT_OK;
}

data_place check_locate(const split_table *t, const split_frame *frame)
{
    return split_locate(t, frame->from_boxes, frame->video, frame->time_us, frame->line);
}

const char *check_skip_place(const char *message, const char *place)
{
    size_t length = strlen(place);
    bool starts = strncmp(message, place, length) == 0 && strncmp(message + length, ": ", 2) == 0;
    return starts ? message + length + 2 : message;
}

// --- one split ---

static sslact_status look_at_rows(const split_view *view, void *user)
{
    checker *k = user;
    // Rows in pixels become fractions only once their videos are known.
    bool pixels = strcmp(config_get_text(k->config, "data.box_units"), "pixels") == 0;
    sslact_status status = check_rows(k, view);
    if (status >= 0 && !pixels) {
        status = check_pairing(k, view);
    }
    if (status >= 0 && view->table->kind == SPLIT_UNLABELED) {
        status = check_hidden_labels(k, view);
    }
    return status;
}

static sslact_status report_empty(checker *k, const split_table *t)
{
    size_t count = t->frame_count - t->clip_count;
    if (count == 0) {
        return SSLACT_OK;
    }
    return check_report(k, DATA_NOTE_EMPTY_KEY_FRAME,
                        check_locate(t, &t->frames[t->clip_count]).text,
                        "the first of %zu key frames of split %s (of %zu) on which no box is left",
                        count, split_get_name(t->kind), t->frame_count);
}

static void count_split(const split_table *t, data_check_split *counts)
{
    int32_t last = -1;
    counts->clips = (int64_t)t->clip_count;
    counts->empty = (int64_t)(t->frame_count - t->clip_count);
    counts->people = (int64_t)t->box_count;
    counts->instances = (int64_t)t->person_count;
    counts->labels = (int64_t)t->label_count;
    for (size_t i = 0; i < t->clip_count; i++) {
        counts->videos += t->frames[i].video != last;
        last = t->frames[i].video;
    }
}

// What is reported of the files while they are read says in which of the two.
static void watch_files(checker *k, split_kind kind)
{
    const char *split = split_get_name(kind);
    k->refused[0] = (check_refused){
        .path = kind == SPLIT_UNLABELED ? NULL : config_get_split_text(k->config, split, "labels")};
    k->refused[1] = (check_refused){
        .path = kind == SPLIT_UNLABELED ? config_get_text(k->config, "data.unlabeled.person_boxes")
                                        : config_get_split_text(k->config, split, "person_boxes")};
}

static sslact_status load_split(checker *k, split_kind kind)
{
    const split_observer observer = {look_at_rows, k};
    split_table *table = NULL;
    watch_files(k, kind);
    sslact_status status = split_load_observed(k->config, kind, &k->problems, &observer, &table);
    if (status == SSLACT_ERROR_OUT_OF_MEMORY || status == SSLACT_ERROR_CANCELLED) {
        return status;
    }
    if (status < 0) {
        return check_report(k, DATA_PROBLEM_FILE, split_get_name(kind), "%s",
                            sslact_error_get_message());
    }
    k->tables[kind] = table;
    count_split(table, &k->summary.splits[kind]);
    status = report_empty(k, table);
    return status < 0 ? status : check_classes(k, table);
}

static sslact_status check_split(checker *k, split_kind kind)
{
    k->summary.splits[kind].configured = true;
    sslact_status status = check_progress(k, split_get_name(kind), 0, 0);
    return status < 0 ? status : load_split(k, kind);
}

// --- all of it ---

static sslact_status check_all(checker *k)
{
    bool any = false;
    sslact_status status = SSLACT_OK;
    for (int i = 0; status >= 0 && i < CHECK_SPLITS; i++) {
        if (split_is_configured(k->config, order[i])) {
            any = true;
            status = check_split(k, order[i]);
        }
    }
    if (status >= 0 && !any) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "no files to check: data.train.labels, data.validation.labels and "
                         "data.unlabeled.person_boxes are not set");
    }
    if (status >= 0) {
        status = check_leaks(k);
    }
    return status < 0 ? status : check_videos(k);
}

static sslact_status count_videos(checker *k)
{
    name_table ids = {0};
    int32_t ignored, last = -1;
    sslact_status status = SSLACT_OK;
    for (int i = 0; i < CHECK_SPLITS; i++) {
        const split_table *t = k->tables[i];
        last = -1;
        for (size_t f = 0; status >= 0 && t != NULL && f < t->clip_count; f++) {
            if (t->frames[f].video != last) {
                last = t->frames[f].video;
                const char *id = t->videos.names[last];
                status = name_table_add(&ids, id, strlen(id), &ignored);
            }
        }
    }
    k->summary.videos = (int64_t)ids.count;
    name_table_free(&ids);
    return status;
}

static sslact_status finish(checker *k)
{
    data_check_summary *summary = &k->summary;
    for (int i = 0; i < CHECK_SPLITS; i++) {
        summary->key_frames += summary->splits[i].clips;
        summary->people += summary->splits[i].people;
    }
    for (int i = 0; i < DATA_PROBLEM_COUNT; i++) {
        summary->problem_counts[i] = k->problems.counts[i];
        *(data_problem_is_note((data_problem)i) ? &summary->notes : &summary->problems) +=
            k->problems.counts[i];
    }
    return count_videos(k);
}

sslact_status data_check(const config *c, const data_check_options *options,
                         data_check_summary *out)
{
    checker *k = array_create(1, sizeof *k);
    if (k == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    k->config = c;
    k->options = options;
    k->problems.callback = forward_problem;
    k->problems.user = k;
    sampling_read(c, &k->sampling);
    sslact_status status = check_all(k);
    if (status >= 0) {
        status = finish(k);
    }
    if (status >= 0) {
        *out = k->summary;
    } else {
        data_check_summary_clear(&k->summary);
    }
    for (int i = 0; i < CHECK_SPLITS; i++) {
        split_free(k->tables[i]);
    }
    free(k->in_file);
    free(k);
    return status;
}

void data_check_summary_clear(data_check_summary *summary)
{
    for (int32_t j = 0; summary->class_names != NULL && j < summary->class_count; j++) {
        free(summary->class_names[j]);
    }
    free(summary->class_names);
    free(summary->class_ids);
    free(summary->instances_per_class);
    free(summary->pair_counts);
    free(summary->sets);
    free(summary->set_instances);
    *summary = (data_check_summary){0};
}
