// Makes a whole demo world in a folder: videos first, then the annotation, demo.yaml last. What a
// failed or cancelled call has written is removed again.
#include "demo/demo.h"

#include "demo/annotation.h"
#include "demo/producer.h"
#include "demo/settings.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_VIDEOS 85
#define MAX_VIDEOS 100000
#define VIDEO_FOLDER "videos"

// --- options ---

static sslact_status check_options(const sslact_demo_options *o)
{
    if (o->video_count != 0 && (o->video_count < 3 || o->video_count > MAX_VIDEOS)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "video_count is %lld, accepted is 3 to %d, or 0 for %d",
                         (long long)o->video_count, MAX_VIDEOS, DEFAULT_VIDEOS);
    }
    if (!(o->label_ratio >= 0 && o->label_ratio <= 1)) { // written so that NaN is refused
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "label_ratio is %g, accepted is (0, 1], or 0 for 0.1", o->label_ratio);
    }
    if (o->class_count != 0 && o->class_count != 12 && o->class_count != 15) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "class_count is %d, accepted is 12 or 15",
                         (int)o->class_count);
    }
    if (o->long_scenes != 0 && o->long_scenes != 1) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "long_scenes is %d, accepted is 0 or 1",
                         (int)o->long_scenes);
    }
    if (o->thread_count < 0 || o->thread_count > 64) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "thread_count is %d, accepted is 0 to 64",
                         (int)o->thread_count);
    }
    return SSLACT_OK;
}

// --- the folder ---

// *existed tells whether the (empty) folder was there before.
static sslact_status check_folder(const char *folder, bool *existed)
{
    DIR *list = opendir(folder);
    *existed = list != NULL;
    if (list == NULL) {
        return errno == ENOENT ? SSLACT_OK : error_set_errno(folder, "opening the folder");
    }
    sslact_status status = SSLACT_OK;
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                               "%s: holds \"%s\", an empty or new folder is needed", folder,
                               entry->d_name);
            break;
        }
    }
    closedir(list);
    return status;
}

static const char *const files[] = {
    "labels_train.csv",   "hidden_labels.csv",   "labels_validation.csv",
    "boxes_train.csv",    "boxes_unlabeled.csv", "boxes_validation.csv",
    "excluded_train.csv", "actions.pbtxt",       "demo_ssl.yaml",
    "demo.yaml",
};
enum { FILE_COUNT = sizeof files / sizeof *files };

static void remove_file(const char *folder, const char *name)
{
    text path = {0};
    if (path_join(folder, name, &path) == SSLACT_OK) {
        remove(text_get(&path)); // absent is fine
    }
    text_free(&path);
}

// After a failure: only names that a demo world has, in a folder that was empty.
static void remove_world(const demo_world *world, const char *folder, const char *video_folder,
                         bool existed)
{
    for (int k = 0; k < FILE_COUNT; k++) {
        remove_file(folder, files[k]);
    }
    for (int64_t index = 0; index < demo_world_count_videos(world); index++) {
        demo_video video = {.index = index};
        char path[4096];
        demo_video_name(world, &video);
        if (producer_get_path(video_folder, &video, path, sizeof path) == SSLACT_OK) {
            remove(path);
        }
    }
    rmdir(video_folder);
    if (!existed) {
        rmdir(folder);
    }
}

// --- annotation ---

static sslact_status fill_tables(const demo_world *world, demo_tables *tables)
{
    for (int64_t index = 0; index < demo_world_count_videos(world); index++) {
        demo_video video;
        sslact_status status = demo_video_plan(world, index, &video);
        if (status != SSLACT_OK) {
            return status;
        }
        demo_tables_append(tables, world, &video);
        demo_video_clear(&video);
    }
    return demo_tables_status(tables);
}

static sslact_status write_text(const char *folder, const char *name, const text *content)
{
    text path = {0};
    sslact_status status = text_status(content);
    if (status == SSLACT_OK) {
        status = path_join(folder, name, &path);
    }
    if (status == SSLACT_OK) {
        status = file_write(text_get(&path), text_get(content), content->length);
    }
    text_free(&path);
    return status;
}

static sslact_status write_files(const char *folder, const demo_world *world, double label_ratio,
                                 const demo_tables *tables)
{
    text made[3] = {{0}, {0}, {0}};
    demo_write_actions(world->class_count, &made[0]);
    settings_write_ssl(world->class_count, label_ratio, &made[1]);
    settings_write_baseline(world->class_count, label_ratio, &made[2]);
    const text *contents[FILE_COUNT] = {
        &tables->labels[DEMO_TRAIN],
        &tables->labels[DEMO_UNLABELED],
        &tables->labels[DEMO_VALIDATION],
        &tables->boxes[DEMO_TRAIN],
        &tables->boxes[DEMO_UNLABELED],
        &tables->boxes[DEMO_VALIDATION],
        &tables->excluded,
        &made[0],
        &made[1],
        &made[2],
    };
    sslact_status status = SSLACT_OK;
    for (int k = 0; k < FILE_COUNT && status == SSLACT_OK; k++) {
        status = write_text(folder, files[k], contents[k]);
    }
    for (int k = 0; k < 3; k++) {
        text_free(&made[k]);
    }
    return status;
}

// --- all of it ---

static sslact_status measure_videos(const demo_world *world, const char *video_folder,
                                    int64_t *bytes)
{
    *bytes = 0;
    for (int64_t index = 0; index < demo_world_count_videos(world); index++) {
        demo_video video = {.index = index};
        char path[4096];
        int64_t size, modified;
        demo_video_name(world, &video);
        sslact_status status = producer_get_path(video_folder, &video, path, sizeof path);
        if (status == SSLACT_OK) {
            status = file_describe(path, &size, &modified);
        }
        if (status != SSLACT_OK) {
            return status;
        }
        *bytes += size;
    }
    return SSLACT_OK;
}

static void summarise(const demo_world *world, const demo_tables *tables, int64_t bytes,
                      sslact_demo_summary *out)
{
    SSLACT_INIT(*out);
    out->video_count = demo_world_count_videos(world);
    out->train_key_frames = tables->key_frames[DEMO_TRAIN];
    out->unlabeled_key_frames = tables->key_frames[DEMO_UNLABELED];
    out->validation_key_frames = tables->key_frames[DEMO_VALIDATION];
    out->excluded_key_frames = tables->excluded_count;
    out->person_count = tables->person_count;
    out->label_count = tables->label_count;
    out->video_bytes = bytes;
}

static sslact_status make_world(const char *folder, const char *video_folder,
                                const demo_world *world, const sslact_demo_options *options,
                                demo_tables *tables, int64_t *bytes)
{
    sslact_status status = file_make_folder(video_folder); // and its parents
    if (status == SSLACT_OK) {
        status = fill_tables(world, tables);
    }
    if (status == SSLACT_OK) {
        status = producer_run(world, video_folder, options->thread_count, options->progress,
                              options->progress_user);
    }
    if (status == SSLACT_OK) {
        status = measure_videos(world, video_folder, bytes);
    }
    if (status == SSLACT_OK) {
        double ratio = options->label_ratio > 0 ? options->label_ratio : 0.1;
        status = write_files(folder, world, ratio, tables);
    }
    return status;
}

sslact_status demo_generate(const char *folder, const sslact_demo_options *options,
                            sslact_demo_summary *out)
{
    bool existed;
    sslact_status status = check_options(options);
    if (status == SSLACT_OK) {
        status = check_folder(folder, &existed);
    }
    if (status != SSLACT_OK) {
        return status;
    }

    demo_world world;
    demo_world_create(
        options->seed, options->video_count > 0 ? options->video_count : DEFAULT_VIDEOS,
        options->class_count > 0 ? options->class_count : 12, options->long_scenes != 0, &world);
    demo_tables tables = {0};
    text video_folder = {0};
    int64_t bytes = 0;
    status = path_join(folder, VIDEO_FOLDER, &video_folder);
    if (status == SSLACT_OK) {
        status = make_world(folder, text_get(&video_folder), &world, options, &tables, &bytes);
        if (status != SSLACT_OK) {
            remove_world(&world, folder, text_get(&video_folder), existed);
        }
    }
    if (status == SSLACT_OK && out != NULL) {
        summarise(&world, &tables, bytes, out);
    }
    text_free(&video_folder);
    demo_tables_free(&tables);
    return status;
}
