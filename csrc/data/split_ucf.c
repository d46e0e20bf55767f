// The files of UCF101-24 as the sources of a split: datasets-and-evaluation.md sections 5 and 9.
#include <stdlib.h>

#include "base/array.h"
#include "data/split_sources.h"
#include "data/ucf_files.h"

// Lists of videos that the config names for a split.
static sslact_status read_selection(const config *c, split_kind kind, data_problems *problems,
                                    ucf_selection *out)
{
    const char *split = split_get_name(kind);
    const char *only = config_get_split_text(c, split, "videos");
    const char *without = config_get_split_text(c, split, "excluded_videos");
    sslact_status status = SSLACT_OK;

    out->part = kind == SPLIT_VALIDATION ? UCF_TEST_VIDEOS : UCF_TRAINING_VIDEOS;
    out->split_number = (int32_t)config_get_int(c, "data.split_number");
    out->stride = config_get_int(c, kind == SPLIT_VALIDATION ? "data.validation.key_frame_stride"
                                                             : "data.key_frame_stride");
    if (only[0] != '\0') {
        out->has_only = true;
        status =
            split_pass_file_problem(problems, only, ucf_videos_read(only, problems, &out->only));
    }
    if (status >= 0 && without[0] != '\0') {
        status = split_pass_file_problem(problems, without,
                                         ucf_videos_read(without, problems, &out->without));
    }
    return status;
}

// The annotation of a split; its videos and rows join those of the table.
static sslact_status read_annotation(split_loading *l, split_kind kind, const char *path,
                                     data_problems *problems, ucf_annotation *out)
{
    ucf_selection wanted = {0};
    sslact_status status = read_selection(l->config, kind, problems, &wanted);

    if (status >= 0) {
        status = split_pass_file_problem(problems, path,
                                         ucf_annotation_read(path, &l->table->actions, &wanted,
                                                             &l->table->videos, problems, out));
    }
    ucf_selection_free(&wanted);
    return status;
}

static sslact_status read_labels(split_loading *l)
{
    ucf_annotation annotation = {0};
    const char *path = l->table->labels_path;

    if (path[0] == '\0') {
        return SSLACT_OK;
    }
    sslact_status status = read_annotation(l, l->table->kind, path, l->problems, &annotation);
    if (status < 0) {
        return status;
    }
    l->from.labels = annotation.rows;
    l->from.frame_counts = annotation.frame_counts;
    l->from.frame_count_count = annotation.video_count;
    l->table->labels_have_lines = annotation.form == UCF_TABLE;
    return SSLACT_OK;
}

// --- boxes ---

// Boxes of videos that the lists leave out are not a mistake: one box file serves both splits.
static sslact_status drop_unwanted_boxes(split_loading *l)
{
    ucf_selection wanted = {0};
    ava_rows *boxes = &l->from.boxes;
    const name_table *videos = &l->table->videos;
    size_t kept = 0;
    uint8_t *keep = NULL;
    sslact_status status = read_selection(l->config, l->table->kind, l->problems, &wanted);

    if (status >= 0) {
        keep = array_create(videos->count, 1);
        status = keep == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    }
    for (size_t v = 0; status >= 0 && v < videos->count; v++) {
        keep[v] = ucf_selection_has(&wanted, videos->names[v], strlen(videos->names[v]));
    }
    for (size_t i = 0; status >= 0 && i < boxes->count; i++) {
        if (keep[boxes->rows[i].video]) {
            boxes->rows[kept++] = boxes->rows[i];
        }
    }
    boxes->count = status < 0 ? boxes->count : kept;
    free(keep);
    ucf_selection_free(&wanted);
    return status;
}

// The time column of a box file is the number of the frame, from 1.
static sslact_status keep_frame_numbers(split_loading *l)
{
    ava_rows *boxes = &l->from.boxes;
    size_t kept = 0;
    sslact_status status = SSLACT_OK;

    for (size_t i = 0; status >= 0 && i < boxes->count; i++) {
        const ava_row *row = &boxes->rows[i];
        if (row->time_us >= 1000000 && row->time_us % 1000000 == 0) {
            boxes->rows[kept++] = *row;
            continue;
        }
        char time[32];
        ava_render_time(row->time_us, time);
        status =
            data_problems_report(l->problems, DATA_PROBLEM_TIME,
                                 data_problems_locate(l->table->boxes_path, row->line).text,
                                 "column 2: frame %s, expected a whole number from 1 on", time);
    }
    boxes->count = status < 0 ? boxes->count : kept;
    return status;
}

static sslact_status read_boxes(split_loading *l)
{
    const char *path = l->table->boxes_path;

    if (path[0] == '\0') {
        return SSLACT_OK;
    }
    sslact_status status =
        split_pass_file_problem(l->problems, path,
                                ava_rows_read(path, AVA_BOXES, AVA_ACTION_MAX_ID, &l->table->videos,
                                              l->problems, &l->from.boxes));
    if (status >= 0) {
        status = keep_frame_numbers(l);
    }
    return status < 0 ? status : drop_unwanted_boxes(l);
}

// --- unlabelled frames ---

// Takes the boxes of labelled key frames away.
static sslact_status drop_labeled(ava_rows *boxes, const ava_rows *labels)
{
    int64_t *keys = array_create(labels->count, sizeof *keys);
    size_t kept = 0;

    if (keys == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < labels->count; i++) {
        keys[i] = ava_make_key(labels->rows[i].video, labels->rows[i].time_us);
    }
    split_sort_keys(keys, labels->count);
    for (size_t i = 0; i < boxes->count; i++) {
        const ava_row *row = &boxes->rows[i];
        if (!split_find_key(keys, labels->count, ava_make_key(row->video, row->time_us))) {
            boxes->rows[kept++] = *row;
        }
    }
    boxes->count = kept;
    free(keys);
    return SSLACT_OK;
}

// Boxes of videos that nobody trains on are left out.
static void keep_training_videos(ava_rows *boxes, const ava_rows *labels, uint8_t *is_training)
{
    size_t kept = 0;

    for (size_t i = 0; i < labels->count; i++) {
        is_training[labels->rows[i].video] = 1;
    }
    for (size_t i = 0; i < boxes->count; i++) {
        if (is_training[boxes->rows[i].video]) {
            boxes->rows[kept++] = boxes->rows[i];
        }
    }
    boxes->count = kept;
}

static sslact_status leave_labeled_out(split_loading *l, const char *path, data_problems *quiet)
{
    ucf_annotation train = {0};
    uint8_t *is_training = NULL;
    sslact_status status = read_annotation(l, SPLIT_TRAIN, path, quiet, &train);

    if (status >= 0) {
        is_training = array_create(l->table->videos.count, 1);
        status = is_training == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    }
    if (status >= 0) {
        keep_training_videos(&l->from.boxes, &train.rows, is_training);
        status = drop_labeled(&l->from.boxes, &train.rows);
    }
    if (status >= 0) {
        l->from.frame_counts = train.frame_counts;
        l->from.frame_count_count = train.video_count;
        train.frame_counts = NULL;
    }
    free(is_training);
    ucf_annotation_free(&train);
    return status;
}

// Unlabelled are the frames of training videos that are no labelled key frames under the chosen
// stride. The reading of the training split reports the faults of its files.
static sslact_status choose_unlabeled(split_loading *l)
{
    const char *path = config_get_split_text(l->config, "train", "labels");
    bool all = strcmp(config_get_text(l->config, "data.unlabeled_key_frames"), "all") == 0;

    if (l->table->kind != SPLIT_UNLABELED || all || path[0] == '\0') {
        return SSLACT_OK;
    }
    data_problems *quiet = array_create(1, sizeof *quiet); // too large for a small stack
    if (quiet == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    quiet->skip = true;
    sslact_status status = leave_labeled_out(l, path, quiet);
    free(quiet);
    return status;
}

sslact_status split_read_ucf(split_loading *l)
{
    const char *classes =
        config_get_split_text(l->config, split_get_name(l->table->kind), "actions");
    sslact_status status = classes[0] != '\0' ? ucf_classes_read(classes, &l->table->actions)
                                              : ucf_classes_make(&l->table->actions);

    // All boxes, where the threshold is 0: a score of 0 counts too.
    if (l->from.rules.score == 0) {
        l->from.rules.score = -1;
    }
    if (status >= 0) {
        status = read_labels(l);
    }
    if (status >= 0) {
        status = read_boxes(l);
    }
    return status < 0 ? status : choose_unlabeled(l);
}
