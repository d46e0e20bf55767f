// Reads the files of a split, leaves out what is excluded, not chosen or not there, and hands the
// rest to split_frames.c.
#include "data/split.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/lines.h"
#include "data/own_files.h"
#include "data/split_sources.h"
#include "data/video_finder.h"
#include "media/video.h"

#define AVA_ACTION_COUNT 80

static const char *const names[] = {"train", "validation", "unlabeled"};

sslact_status split_find_kind(const char *split, split_kind *out)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(split, names[i]) == 0) {
            *out = (split_kind)i;
            return SSLACT_OK;
        }
    }
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                     "split \"%s\", accepted are train, unlabeled, validation", split);
}

const char *split_get_name(split_kind kind)
{
    return names[kind];
}

// Person boxes of the unlabelled split are named for it alone: data.person_boxes holds the boxes of
// labelled key frames, and those of validation.
static const char *get_main_path(const config *c, split_kind kind)
{
    return kind == SPLIT_UNLABELED ? config_get_text(c, "data.unlabeled.person_boxes")
                                   : config_get_split_text(c, names[kind], "labels");
}

static bool is_own(const config *c)
{
    return strcmp(config_get_text(c, "data.dataset"), "own") == 0;
}

// One label file for training and validation, which videos tell apart.
static bool has_common_labels(const config *c)
{
    return is_own(c) && config_get_text(c, "data.train.labels")[0] == '\0' &&
           config_get_text(c, "data.validation.labels")[0] == '\0' &&
           config_get_text(c, "data.labels")[0] != '\0';
}

static bool holds_out(const config *c)
{
    return has_common_labels(c) && config_get_double(c, "data.validation_share") > 0;
}

bool split_is_configured(const config *c, split_kind kind)
{
    if (kind == SPLIT_VALIDATION && has_common_labels(c) && !holds_out(c)) {
        return false;
    }
    return get_main_path(c, kind)[0] != '\0';
}

// --- reading ---

static bool is_ucf(const config *c)
{
    return strcmp(config_get_text(c, "data.dataset"), "ucf101_24") == 0;
}

static sslact_status require(const config *c, split_kind kind)
{
    const char *split = names[kind];
    if (!split_is_configured(c, kind)) {
        return error_set(SSLACT_ERROR_CONFIG, "data.%s.%s is not set, expected the path of a %s",
                         split, kind == SPLIT_UNLABELED ? "person_boxes" : "labels",
                         kind == SPLIT_UNLABELED ? "person box file" : "label file");
    }
    if (config_get_split_text(c, split, "actions")[0] == '\0' && !is_ucf(c)) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.%s.actions and data.actions are not set, expected the path of %s",
                         split, is_own(c) ? "a list of action names" : "an action list (.pbtxt)");
    }
    bool pixels = strcmp(config_get_text(c, "data.box_units"), "pixels") == 0;
    if (pixels && config_get_split_text(c, split, "video_root")[0] == '\0') {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.video_root is not set, data.box_units pixels needs the videos for "
                         "the size of their pictures");
    }
    return SSLACT_OK;
}

sslact_status split_pass_file_problem(data_problems *problems, const char *path,
                                      sslact_status status)
{
    if (status >= 0 || problems->callback == NULL || status == SSLACT_ERROR_OUT_OF_MEMORY ||
        status == SSLACT_ERROR_CANCELLED) {
        return status;
    }
    // The message of a file begins with its path, which is the place already.
    const char *what = sslact_error_get_message();
    size_t length = strlen(path);
    if (strncmp(what, path, length) == 0 && strncmp(what + length, ": ", 2) == 0) {
        what += length + 2;
    }
    return data_problems_report(problems, DATA_PROBLEM_FILE, path, "%s", what);
}

static sslact_status read_own_rows(split_loading *l, const char *path, ava_kind kind, ava_rows *out)
{
    bool pixels = strcmp(config_get_text(l->config, "data.box_units"), "pixels") == 0;
    bool with_actions =
        kind == AVA_LABELS || (l->table->kind == SPLIT_TRAIN && l->from.rules.labels_in_file);
    return own_rows_read(path, pixels ? OWN_PIXELS : OWN_FRACTIONS,
                         with_actions ? &l->table->actions : NULL, &l->table->videos, l->problems,
                         out);
}

static sslact_status read_rows(split_loading *l, const char *path, ava_kind kind, ava_rows *out)
{
    const ava_actions *actions = &l->table->actions;
    int32_t last_id = actions->actions[actions->count - 1].id;
    int32_t limit = last_id > AVA_ACTION_COUNT ? last_id : AVA_ACTION_COUNT;
    if (path[0] == '\0') {
        return SSLACT_OK;
    }
    sslact_status status =
        is_own(l->config) ? read_own_rows(l, path, kind, out)
                          : ava_rows_read(path, kind, limit, &l->table->videos, l->problems, out);
    return split_pass_file_problem(l->problems, path, status);
}

static sslact_status read_keys(split_loading *l, const char *path, data_problems *problems,
                               ava_keys *out)
{
    return is_own(l->config) ? own_keys_read(path, &l->table->videos, problems, out)
                             : ava_keys_read(path, &l->table->videos, problems, out);
}

// --- one label file for training and validation ---

// Leaves the rows of the split's own videos; `labels` holds every row of the common file.
static sslact_status hold_out(split_loading *l, ava_rows *labels)
{
    uint8_t *keep = NULL;
    if (!holds_out(l->config)) {
        return SSLACT_OK;
    }
    sslact_status status = own_hold_out(labels, &l->table->videos,
                                        config_get_double(l->config, "data.validation_share"),
                                        config_get_int(l->config, "data.validation_seed"), &keep);
    if (status < 0) {
        return status;
    }
    for (size_t i = 0; l->table->kind != SPLIT_VALIDATION && i < l->table->videos.count; i++) {
        keep[i] = !keep[i];
    }
    split_keep_videos(labels, keep);
    split_keep_videos(&l->from.boxes, keep);
    free(keep);
    return SSLACT_OK;
}

// --- files ---

static bool takes_all_key_frames(const config *c)
{
    return strcmp(config_get_text(c, "data.unlabeled_key_frames"), "all") == 0;
}

// The labelled key frames of the training split. Its own reading reports its faults.
static sslact_status list_labeled(split_loading *l, data_problems *quiet)
{
    const config *c = l->config;
    const char *exclusions = config_get_split_text(c, "train", "exclusions");
    split_sources train = {0};
    data_problems *problems = l->problems;
    l->problems = quiet;
    sslact_status status =
        read_rows(l, config_get_split_text(c, "train", "labels"), AVA_LABELS, &train.labels);
    l->problems = problems;
    if (status >= 0 && exclusions[0] != '\0') {
        status = read_keys(l, exclusions, quiet, &train.excluded);
    }
    if (status >= 0) {
        status = hold_out(l, &train.labels);
    }
    if (status >= 0 && !takes_all_key_frames(c)) {
        status = split_list_labeled(&train, &l->from.labeled);
    }
    ava_rows_free(&train.labels);
    ava_keys_free(&train.excluded);
    return status;
}

static sslact_status read_labeled(split_loading *l)
{
    const config *c = l->config;
    if (l->table->kind != SPLIT_UNLABELED || (takes_all_key_frames(c) && !holds_out(c)) ||
        config_get_split_text(c, "train", "labels")[0] == '\0') {
        return SSLACT_OK;
    }
    data_problems *quiet = array_create(1, sizeof *quiet); // too large for a small stack
    if (quiet == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    quiet->skip = true;
    sslact_status status = list_labeled(l, quiet);
    free(quiet);
    return status;
}

static sslact_status read_included(split_loading *l)
{
    const char *path = config_get_text(l->config, "data.included_timestamps");
    if (path[0] == '\0') {
        return SSLACT_OK;
    }
    sslact_status status =
        ava_times_read(path, l->problems, &l->from.included, &l->from.included_count);
    if (status >= 0) {
        split_sort_keys(l->from.included, l->from.included_count);
    }
    return split_pass_file_problem(l->problems, path, status);
}

static sslact_status read_tables(split_loading *l)
{
    const char *actions = config_get_split_text(l->config, names[l->table->kind], "actions");
    sslact_status status = is_own(l->config) ? own_actions_read(actions, &l->table->actions)
                                             : ava_actions_read(actions, &l->table->actions);
    if (status >= 0) {
        status = read_rows(l, l->table->labels_path, AVA_LABELS, &l->from.labels);
    }
    if (status >= 0) {
        status = read_rows(l, l->table->boxes_path, AVA_BOXES, &l->from.boxes);
    }
    return status;
}

static sslact_status read_files(split_loading *l)
{
    const char *exclusions = config_get_split_text(l->config, names[l->table->kind], "exclusions");
    sslact_status status = is_ucf(l->config) ? split_read_ucf(l) : read_tables(l);
    if (status >= 0 && exclusions[0] != '\0') {
        status = split_pass_file_problem(l->problems, exclusions,
                                         read_keys(l, exclusions, l->problems, &l->from.excluded));
    }
    if (status >= 0 && l->table->kind != SPLIT_UNLABELED) {
        status = hold_out(l, &l->from.labels);
    }
    if (status < 0 || is_ucf(l->config)) {
        return status;
    }
    status = read_included(l);
    return status < 0 ? status : read_labeled(l);
}

// --- videos ---

// Rows of a video, and the first of them in its file.
typedef struct video_use {
    const ava_row *first;
    bool in_boxes;
    int64_t count;
} video_use;

static void count_use(const ava_rows *rows, bool in_boxes, video_use *uses)
{
    for (size_t i = 0; i < rows->count; i++) {
        const ava_row *row = &rows->rows[i];
        video_use *use = &uses[row->video];
        if (use->count++ == 0 || (use->in_boxes == in_boxes && row->line < use->first->line)) {
            use->first = row;
            use->in_boxes = in_boxes;
        }
    }
}

static sslact_status find_video(split_loading *l, video_finder *finder, size_t index,
                                const video_use *use)
{
    text path = {0};
    const frame_list *pictures = l->table->pictures;
    sslact_status status = pictures != NULL
                               ? frame_list_find(pictures, index, &path)
                               : video_finder_find(finder, l->table->videos.names[index], &path);
    if (status >= 0) {
        l->table->paths[index] = text_copy(text_get(&path));
        status = l->table->paths[index] == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    } else if (status == SSLACT_ERROR_NOT_FOUND || status == SSLACT_ERROR_INVALID_ARGUMENT) {
        data_place place = split_locate(l->table, use->in_boxes, (int32_t)index,
                                        use->first->time_us, use->first->line);
        status =
            data_problems_report(l->problems, DATA_PROBLEM_UNKNOWN_VIDEO, place.text,
                                 "%s (%" PRId64 " rows)", sslact_error_get_message(), use->count);
    }
    text_free(&path);
    return status;
}

static sslact_status find_used_videos(split_loading *l, video_finder *finder)
{
    size_t count = l->table->videos.count;
    video_use *uses = array_create(count, sizeof *uses);
    uint8_t *found = array_create(count, 1);
    l->table->paths = array_create(count, sizeof *l->table->paths);
    sslact_status status = uses == NULL || found == NULL || l->table->paths == NULL
                               ? SSLACT_ERROR_OUT_OF_MEMORY
                               : SSLACT_OK;
    if (status >= 0) {
        count_use(&l->from.labels, false, uses);
        count_use(&l->from.boxes, true, uses);
    }
    for (size_t i = 0; status >= 0 && i < count; i++) {
        if (uses[i].count > 0) {
            status = find_video(l, finder, i, &uses[i]);
            found[i] = l->table->paths[i] != NULL;
        }
    }
    if (status >= 0) {
        split_keep_videos(&l->from.labels, found);
        split_keep_videos(&l->from.boxes, found);
    }
    free(uses);
    free(found);
    return status;
}

// Without data.video_root the annotation can be read all the same, only no pictures.
static sslact_status find_videos(split_loading *l)
{
    const char *split = names[l->table->kind];
    const char *root = config_get_split_text(l->config, split, "video_root");
    const char *frames = config_get_split_text(l->config, split, "frame_list");
    video_finder *finder = NULL;
    if (root[0] == '\0') {
        return SSLACT_OK;
    }
    sslact_status status =
        video_finder_open(root, config_get_split_text(l->config, split, "file_names"), &finder);
    if (status < 0) {
        return split_pass_file_problem(l->problems, root, status);
    }
    if (frames[0] != '\0') {
        status = frame_list_open(frames, root, &l->table->videos, l->problems, &l->table->pictures);
    }
    if (status < 0) {
        video_finder_free(finder);
        return split_pass_file_problem(l->problems, frames, status);
    }
    status = find_used_videos(l, finder);
    video_finder_free(finder);
    return status;
}

// Boxes in pixels become fractions once their videos are known.
static sslact_status scale_boxes(split_loading *l)
{
    const split_table *t = l->table;
    if (strcmp(config_get_text(l->config, "data.box_units"), "pixels") != 0) {
        return SSLACT_OK;
    }
    if (t->paths == NULL) { // a check goes on without the folder of the videos
        l->from.labels.count = 0;
        l->from.boxes.count = 0;
        return SSLACT_OK;
    }
    const char *const *paths = (const char *const *)t->paths;
    sslact_status status =
        own_scale_boxes(t->labels_path, paths, t->videos.count, l->problems, &l->from.labels);
    return status < 0 ? status
                      : own_scale_boxes(t->boxes_path, paths, t->videos.count, l->problems,
                                        &l->from.boxes);
}

// --- all of it ---

static const char *const score_keys[] = {"data.box_score_train", "data.box_score_evaluate",
                                         "data.box_score_unlabeled"};

static sslact_status set_rules(split_loading *l)
{
    const config *c = l->config;
    split_table *t = l->table;
    split_rules *rules = &l->from.rules;
    bool has_labels = t->kind != SPLIT_UNLABELED;
    const char *boxes = has_labels ? config_get_split_text(c, names[t->kind], "person_boxes")
                                   : get_main_path(c, t->kind);
    t->labels_path = text_copy(has_labels ? get_main_path(c, t->kind) : "");
    t->boxes_path = text_copy(boxes);
    rules->has_boxes = boxes[0] != '\0';
    rules->score = config_get_double(c, score_keys[t->kind]);
    rules->overlap = config_get_double(c, "data.box_overlap_train");
    rules->keep_unmatched = config_get_bool(c, "data.keep_unmatched_boxes");
    rules->keep_best = config_get_bool(c, "data.keep_best_box");
    rules->labels_in_file = strcmp(config_get_text(c, "data.box_labels"), "file") == 0;
    t->boxes_are_labeled =
        t->kind == SPLIT_TRAIN || (t->kind == SPLIT_VALIDATION && !rules->has_boxes);
    t->labels_have_lines = true;
    t->counts_frames = is_ucf(c);
    t->start_offset_seconds =
        t->counts_frames ? 1 : config_get_split_double(c, names[t->kind], "start_offset_seconds");
    return t->labels_path == NULL || t->boxes_path == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

static sslact_status show_rows(const split_loading *l, const split_observer *observer)
{
    const split_view view = {.table = l->table,
                             .labels = &l->from.labels,
                             .boxes = &l->from.boxes,
                             .excluded = &l->from.excluded,
                             .box_score = l->from.rules.score};
    return observer == NULL ? SSLACT_OK : observer->look(&view, observer->user);
}

static sslact_status load(split_loading *l, const split_observer *observer)
{
    sslact_status status = set_rules(l);
    if (status >= 0) {
        status = read_files(l);
    }
    if (status >= 0) {
        status = split_sort_sources(l);
    }
    if (status >= 0) {
        status = show_rows(l, observer);
    }
    if (status >= 0) {
        status = split_select(l);
    }
    if (status >= 0) {
        status = find_videos(l);
    }
    if (status >= 0) {
        status = scale_boxes(l);
    }
    if (status >= 0) {
        status = split_build_frames(l->table, &l->from.rules, &l->from.labels, &l->from.boxes,
                                    l->problems);
    }
    return status;
}

sslact_status split_load(const config *c, split_kind kind, data_problems *problems,
                         split_table **out)
{
    return split_load_observed(c, kind, problems, NULL, out);
}

sslact_status split_load_observed(const config *c, split_kind kind, data_problems *problems,
                                  const split_observer *observer, split_table **out)
{
    split_loading l = {.config = c, .problems = problems};
    sslact_status status = require(c, kind);
    if (status < 0) {
        return status;
    }
    l.table = array_create(1, sizeof *l.table);
    if (l.table == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    l.table->kind = kind;
    status = load(&l, observer);
    ava_rows_free(&l.from.labels);
    ava_rows_free(&l.from.boxes);
    ava_keys_free(&l.from.excluded);
    ava_keys_free(&l.from.labeled);
    free(l.from.included);
    free(l.from.frame_counts);
    if (status < 0) {
        split_free(l.table);
        return status;
    }
    *out = l.table;
    return SSLACT_OK;
}

data_place split_locate(const split_table *t, bool in_boxes, int32_t index, int64_t time_us,
                        int64_t number)
{
    data_place place;
    if (in_boxes || t->labels_have_lines) {
        return data_problems_locate(in_boxes ? t->boxes_path : t->labels_path, number);
    }
    size_t length = strlen(t->labels_path), room = sizeof place.text - 128;
    snprintf(place.text, sizeof place.text, "%s: video \"%.60s\", frame %" PRId64,
             length > room ? t->labels_path + length - room : t->labels_path,
             t->videos.names[index], time_us / 1000000);
    return place;
}

sslact_status split_open_video(const split_table *t, size_t index,
                               const struct video_options *options, struct video **out)
{
    return t->pictures != NULL ? frame_list_open_video(index, options, t->pictures, out)
                               : video_open(t->paths[index], options, out);
}

void split_free(split_table *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; t->paths != NULL && i < t->videos.count; i++) {
        free(t->paths[i]);
    }
    free(t->paths);
    frame_list_free(t->pictures);
    free(t->frame_counts);
    free(t->labels_path);
    free(t->boxes_path);
    name_table_free(&t->videos);
    ava_actions_free(&t->actions);
    free(t->frames);
    free(t->persons);
    free(t->labels);
    free(t->boxes);
    free(t->box_labels);
    free(t);
}
