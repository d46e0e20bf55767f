// Reads the files of a split, leaves out what is excluded, not chosen or not there, and hands the
// rest to split_frames.c.
#include "data/split.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/lines.h"
#include "data/split_frames.h"
#include "data/subset.h"
#include "data/video_finder.h"

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

bool split_is_configured(const config *c, split_kind kind)
{
    return get_main_path(c, kind)[0] != '\0';
}

// What is read and thrown away when the tables are made.
typedef struct sources {
    ava_rows labels, boxes;
    ava_keys excluded;
    split_rules rules;
} sources;

typedef struct loading {
    const config *config;
    data_problems *problems;
    split_table *table;
    sources from;
} loading;

// --- reading ---

static sslact_status require(const config *c, split_kind kind)
{
    const char *split = names[kind];
    if (strcmp(config_get_text(c, "data.dataset"), "ava") != 0) {
        return error_set(SSLACT_ERROR_UNSUPPORTED,
                         "data.dataset %s cannot be read from files yet, expected ava",
                         config_get_text(c, "data.dataset"));
    }
    if (!split_is_configured(c, kind)) {
        return error_set(SSLACT_ERROR_CONFIG, "data.%s.%s is not set, expected the path of a %s",
                         split, kind == SPLIT_UNLABELED ? "person_boxes" : "labels",
                         kind == SPLIT_UNLABELED ? "person box file" : "label file");
    }
    if (config_get_split_text(c, split, "actions")[0] == '\0') {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.%s.actions and data.actions are not set, expected the path of an "
                         "action list (.pbtxt)",
                         split);
    }
    return SSLACT_OK;
}

// For a check that reports everything, a file that cannot be read is one more problem.
static sslact_status pass_file_problem(data_problems *problems, const char *path,
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

static sslact_status read_rows(loading *l, const char *path, ava_kind kind, ava_rows *out)
{
    const ava_actions *actions = &l->table->actions;
    int32_t last_id = actions->actions[actions->count - 1].id;
    int32_t limit = last_id > AVA_ACTION_COUNT ? last_id : AVA_ACTION_COUNT;
    if (path[0] == '\0') {
        return SSLACT_OK;
    }
    return pass_file_problem(l->problems, path,
                             ava_rows_read(path, kind, limit, &l->table->videos, l->problems, out));
}

static sslact_status read_files(loading *l)
{
    const char *split = names[l->table->kind];
    const char *exclusions = config_get_split_text(l->config, split, "exclusions");
    sslact_status status =
        ava_actions_read(config_get_split_text(l->config, split, "actions"), &l->table->actions);
    if (status >= 0) {
        status = read_rows(l, l->table->labels_path, AVA_LABELS, &l->from.labels);
    }
    if (status >= 0) {
        status = read_rows(l, l->table->boxes_path, AVA_BOXES, &l->from.boxes);
    }
    if (status >= 0 && exclusions[0] != '\0') {
        status = pass_file_problem(
            l->problems, exclusions,
            ava_keys_read(exclusions, &l->table->videos, l->problems, &l->from.excluded));
    }
    return status;
}

// --- order ---

static int compare_rows(const void *a, const void *b)
{
    const ava_row *left = a, *right = b;
    int64_t left_key = ava_make_key(left->video, left->time_us);
    int64_t right_key = ava_make_key(right->video, right->time_us);
    if (left_key != right_key) {
        return left_key < right_key ? -1 : 1;
    }
    return (left->line > right->line) - (left->line < right->line);
}

static int compare_keys(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void sort_rows(ava_rows *rows, const int32_t *new_index)
{
    for (size_t i = 0; i < rows->count; i++) {
        rows->rows[i].video = new_index[rows->rows[i].video];
    }
    if (rows->count > 0) {
        qsort(rows->rows, rows->count, sizeof *rows->rows, compare_rows);
    }
}

static sslact_status sort_all(loading *l)
{
    int32_t *new_index = NULL;
    sslact_status status = name_table_sort(&l->table->videos, &new_index);
    if (status < 0) {
        return status;
    }
    sort_rows(&l->from.labels, new_index);
    sort_rows(&l->from.boxes, new_index);
    for (size_t i = 0; i < l->from.excluded.count; i++) {
        l->from.excluded.keys[i].video = new_index[l->from.excluded.keys[i].video];
    }
    free(new_index);
    return SSLACT_OK;
}

// --- leaving out ---

static int64_t get_key(const ava_row *row)
{
    return ava_make_key(row->video, row->time_us);
}

// Keeps the rows whose key is in keys [count] (ascending), or those whose key is not.
static void filter_by_keys(ava_rows *rows, const int64_t *keys, size_t count, bool keep_listed)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        int64_t key = get_key(&rows->rows[i]);
        bool listed = count > 0 && bsearch(&key, keys, count, sizeof *keys, compare_keys) != NULL;
        if (listed == keep_listed) {
            rows->rows[kept++] = rows->rows[i];
        }
    }
    rows->count = kept;
}

static void filter_by_video(ava_rows *rows, const uint8_t *keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (keep[rows->rows[i].video]) {
            rows->rows[kept++] = rows->rows[i];
        }
    }
    rows->count = kept;
}

static sslact_status drop_excluded(loading *l)
{
    size_t count = l->from.excluded.count;
    int64_t *keys = array_create(count, sizeof *keys);
    if (keys == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = ava_make_key(l->from.excluded.keys[i].video, l->from.excluded.keys[i].time_us);
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    filter_by_keys(&l->from.labels, keys, count, false);
    filter_by_keys(&l->from.boxes, keys, count, false);
    free(keys);
    return SSLACT_OK;
}

// The distinct key frames of sorted rows; both arrays belong to the caller.
static sslact_status list_keys(const ava_rows *rows, ava_key **keys, int64_t **numbers,
                               size_t *count)
{
    *keys = array_create(rows->count, sizeof **keys);
    *numbers = array_create(rows->count, sizeof **numbers);
    *count = 0;
    if (*keys == NULL || *numbers == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < rows->count; i++) {
        const ava_row *row = &rows->rows[i];
        if (*count == 0 || (*numbers)[*count - 1] != get_key(row)) {
            (*keys)[*count] = (ava_key){row->time_us, row->line, row->video};
            (*numbers)[(*count)++] = get_key(row);
        }
    }
    return SSLACT_OK;
}

// Moves the numbers of the chosen key frames to the front; returns how many.
static size_t keep_chosen(int64_t *numbers, const uint8_t *chosen, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (chosen[i]) {
            numbers[kept++] = numbers[i];
        }
    }
    return kept;
}

// Training: the share of labelled key frames that keep their labels, and the boxes on those alone.
static sslact_status choose_subset(loading *l)
{
    double ratio = config_get_double(l->config, "data.label_ratio");
    ava_key *keys = NULL;
    int64_t *numbers = NULL;
    uint8_t *chosen = NULL;
    size_t count;
    sslact_status status = list_keys(&l->from.labels, &keys, &numbers, &count);
    if (status >= 0) {
        status = subset_choose(&l->table->videos, keys, count, ratio,
                               config_get_int(l->config, "data.subset_seed"), &chosen);
    }
    if (status >= 0) {
        size_t kept = keep_chosen(numbers, chosen, count);
        filter_by_keys(&l->from.labels, numbers, kept, true);
        filter_by_keys(&l->from.boxes, numbers, kept, true);
        if (kept == 0 && count > 0) {
            status = error_set(SSLACT_ERROR_CONFIG,
                               "data.label_ratio %s of %zu labelled key frames leaves none",
                               show_number(ratio).text, count);
        }
    }
    free(keys);
    free(numbers);
    free(chosen);
    return status;
}

// Validation: boxes of videos that the label file does not know are another subset's. A check says
// which; so does it for videos with labels and no box.
static sslact_status match_videos(loading *l)
{
    size_t count = l->table->videos.count;
    uint8_t *has_labels = array_create(count, 1), *has_boxes = array_create(count, 1);
    sslact_status status =
        has_labels == NULL || has_boxes == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < l->from.labels.count; i++) {
        has_labels[l->from.labels.rows[i].video] = 1;
    }
    for (size_t i = 0; status >= 0 && i < l->from.boxes.count; i++) {
        has_boxes[l->from.boxes.rows[i].video] = 1;
    }
    for (size_t i = 0; status >= 0 && i < count; i++) {
        if (has_labels[i] != has_boxes[i]) {
            status = data_problems_report(
                l->problems, DATA_PROBLEM_MISMATCH,
                has_labels[i] ? l->table->boxes_path : l->table->labels_path,
                "video \"%s\" has no row here, but in %s", l->table->videos.names[i],
                has_labels[i] ? l->table->labels_path : l->table->boxes_path);
        }
    }
    if (status >= 0) {
        filter_by_video(&l->from.boxes, has_labels);
    }
    free(has_labels);
    free(has_boxes);
    return status;
}

static sslact_status select_rows(loading *l)
{
    sslact_status status = drop_excluded(l);
    if (status >= 0 && l->table->kind != SPLIT_UNLABELED && l->from.rules.has_boxes) {
        status = match_videos(l);
    }
    if (status >= 0 && l->table->kind == SPLIT_TRAIN) {
        status = choose_subset(l);
    }
    return status;
}

// --- videos ---

// Rows of a video, and the first of them in its file.
typedef struct video_use {
    const char *path;
    int64_t line, count;
} video_use;

static void count_use(const ava_rows *rows, const char *path, video_use *uses)
{
    for (size_t i = 0; i < rows->count; i++) {
        video_use *use = &uses[rows->rows[i].video];
        if (use->count++ == 0 || (use->path == path && rows->rows[i].line < use->line)) {
            use->path = path;
            use->line = rows->rows[i].line;
        }
    }
}

static sslact_status find_video(loading *l, video_finder *finder, size_t index,
                                const video_use *use)
{
    text path = {0};
    sslact_status status = video_finder_find(finder, l->table->videos.names[index], &path);
    if (status >= 0) {
        l->table->paths[index] = text_copy(text_get(&path));
        status = l->table->paths[index] == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    } else if (status == SSLACT_ERROR_NOT_FOUND || status == SSLACT_ERROR_INVALID_ARGUMENT) {
        status =
            data_problems_report(l->problems, DATA_PROBLEM_UNKNOWN_VIDEO,
                                 data_problems_locate(use->path, use->line).text,
                                 "%s (%" PRId64 " rows)", sslact_error_get_message(), use->count);
    }
    text_free(&path);
    return status;
}

static sslact_status find_used_videos(loading *l, video_finder *finder)
{
    size_t count = l->table->videos.count;
    video_use *uses = array_create(count, sizeof *uses);
    uint8_t *found = array_create(count, 1);
    l->table->paths = array_create(count, sizeof *l->table->paths);
    sslact_status status = uses == NULL || found == NULL || l->table->paths == NULL
                               ? SSLACT_ERROR_OUT_OF_MEMORY
                               : SSLACT_OK;
    if (status >= 0) {
        count_use(&l->from.labels, l->table->labels_path, uses);
        count_use(&l->from.boxes, l->table->boxes_path, uses);
    }
    for (size_t i = 0; status >= 0 && i < count; i++) {
        if (uses[i].count > 0) {
            status = find_video(l, finder, i, &uses[i]);
            found[i] = l->table->paths[i] != NULL;
        }
    }
    if (status >= 0) {
        filter_by_video(&l->from.labels, found);
        filter_by_video(&l->from.boxes, found);
    }
    free(uses);
    free(found);
    return status;
}

// Without data.video_root the annotation can be read all the same, only no pictures.
static sslact_status find_videos(loading *l)
{
    const char *split = names[l->table->kind];
    const char *root = config_get_split_text(l->config, split, "video_root");
    video_finder *finder = NULL;
    if (root[0] == '\0') {
        return SSLACT_OK;
    }
    sslact_status status =
        video_finder_open(root, config_get_split_text(l->config, split, "file_names"), &finder);
    if (status < 0) {
        return pass_file_problem(l->problems, root, status);
    }
    status = find_used_videos(l, finder);
    video_finder_free(finder);
    return status;
}

// --- all of it ---

static const char *const score_keys[] = {"data.box_score_train", "data.box_score_evaluate",
                                         "data.box_score_unlabeled"};

static sslact_status set_rules(loading *l)
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
    t->boxes_are_labeled =
        t->kind == SPLIT_TRAIN || (t->kind == SPLIT_VALIDATION && !rules->has_boxes);
    t->start_offset_seconds = config_get_split_double(c, names[t->kind], "start_offset_seconds");
    return t->labels_path == NULL || t->boxes_path == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

static sslact_status load(loading *l)
{
    sslact_status status = set_rules(l);
    if (status >= 0) {
        status = read_files(l);
    }
    if (status >= 0) {
        status = sort_all(l);
    }
    if (status >= 0) {
        status = select_rows(l);
    }
    if (status >= 0) {
        status = find_videos(l);
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
    loading l = {.config = c, .problems = problems};
    sslact_status status = require(c, kind);
    if (status < 0) {
        return status;
    }
    l.table = array_create(1, sizeof *l.table);
    if (l.table == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    l.table->kind = kind;
    status = load(&l);
    ava_rows_free(&l.from.labels);
    ava_rows_free(&l.from.boxes);
    ava_keys_free(&l.from.excluded);
    if (status < 0) {
        split_free(l.table);
        return status;
    }
    *out = l.table;
    return SSLACT_OK;
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
    free(t->labels_path);
    free(t->boxes_path);
    name_table_free(&t->videos);
    ava_actions_free(&t->actions);
    free(t->frames);
    free(t->persons);
    free(t->labels);
    free(t->boxes);
    free(t);
}
