// The three files of the simple form.
#include "import/collection.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "data/lines.h"

// --- rows ---

typedef struct sort_key { // of a box, with what orders it
    const collection *all;
    const import_box *box;
} sort_key;

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

// By video, time and box, so that the rows of one person stand together.
static int compare_keys(const void *a, const void *b)
{
    const sort_key *left = a, *right = b;
    const import_box *x = left->box, *y = right->box;
    int order = x->video == y->video
                    ? 0
                    : strcmp(left->all->videos.names[x->video], left->all->videos.names[y->video]);
    order = order != 0 ? order : compare_numbers(x->seconds, y->seconds);
    order = order != 0 ? order : compare_numbers(x->x1, y->x1);
    order = order != 0 ? order : compare_numbers(x->y1, y->y1);
    order = order != 0 ? order : compare_numbers(x->x2, y->x2);
    order = order != 0 ? order : compare_numbers(x->y2, y->y2);
    return order != 0 ? order : (x > y) - (x < y);
}

static bool is_same_person(const import_box *a, const import_box *b)
{
    return a->video == b->video && a->seconds == b->seconds && a->x1 == b->x1 && a->y1 == b->y1 &&
           a->x2 == b->x2 && a->y2 == b->y2;
}

static void append_cell(text *out, const char *cell)
{
    bool quoted = strpbrk(cell, ",;\t ") != NULL;
    text_append(out, quoted ? "\"" : "");
    text_append(out, cell);
    text_append(out, quoted ? "\"" : "");
}

// The actions of a run of boxes that are one person, each once, in the order of the list.
static int64_t append_actions(const collection *c, const sort_key *keys, size_t count,
                              uint8_t *wanted, text *out)
{
    int64_t labels = 0;
    text joined = {0};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < keys[i].box->action_count; k++) {
            wanted[c->box_actions[keys[i].box->action_first + k]] = 1;
        }
    }
    for (size_t j = 0; j < c->actions.count; j++) {
        if (wanted[j]) {
            text_append(&joined, labels++ > 0 ? "|" : "");
            text_append(&joined, c->actions.names[j]);
            wanted[j] = 0;
        }
    }
    append_cell(out, text_get(&joined));
    out->failed = out->failed || joined.failed;
    text_free(&joined);
    return labels;
}

// One person: keys [count] have the same box.
static void append_person(const collection *c, const sort_key *keys, size_t count, uint8_t *wanted,
                          sslact_import_summary *summary, text *out)
{
    const import_box *box = keys[0].box;
    const double numbers[] = {box->seconds, box->x1, box->y1, box->x2, box->y2};
    append_cell(out, c->videos.names[box->video]);
    for (size_t k = 0; k < 5; k++) {
        text_append_format(out, ",%s", show_number(numbers[k]).text);
    }
    text_append(out, ",");
    summary->labels += append_actions(c, keys, count, wanted, out);
    if (box->person >= 0) {
        text_append_format(out, ",%lld\n", (long long)box->person);
    } else {
        text_append(out, ",\n");
    }
    summary->people++;
}

static void count_place(const sort_key *before, const import_box *box,
                        sslact_import_summary *summary)
{
    bool new_video = before == NULL || before->box->video != box->video;
    summary->videos += new_video;
    summary->key_frames += new_video || before->box->seconds != box->seconds;
}

static sslact_status render_sheet(const collection *c, sort_key *keys,
                                  sslact_import_summary *summary, text *out)
{
    uint8_t *wanted = array_create(c->actions.count, 1);
    if (wanted == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    text_append(out, "video,time,x1,y1,x2,y2,action,person\n");
    for (size_t first = 0; first < c->box_count;) {
        size_t end = first + 1;
        while (end < c->box_count && is_same_person(keys[first].box, keys[end].box)) {
            end++;
        }
        count_place(first > 0 ? &keys[first - 1] : NULL, keys[first].box, summary);
        append_person(c, keys + first, end - first, wanted, summary, out);
        first = end;
    }
    free(wanted);
    return text_status(out);
}

// --- config ---

static void append_quoted(text *out, const char *path)
{
    text_append(out, "'");
    for (; *path != '\0'; path++) {
        text_append_bytes(out, path, 1);
        text_append(out, *path == '\'' ? "'" : "");
    }
    text_append(out, "'");
}

static sslact_status render_config(const collection *c, text *out)
{
    const char *root = c->options->video_root;
    text absolute = {0};
    sslact_status status = SSLACT_OK;
    text_append(out, "# Imported annotation; docs/own-data.md says what each line means.\n\n"
                     "data:\n  dataset: own\n  video_root: ");
    if (root != NULL && root[0] != '\0') {
        status = path_make_absolute(root, &absolute);
        append_quoted(out, text_get(&absolute));
        text_free(&absolute);
    } else {
        text_append(out, "videos");
    }
    text_append(out, "\n  labels: boxes.csv\n  actions: actions.txt\n  validation_share: 0.2\n"
                     "  key_frame_interval_seconds: 1\n");
    text_append_format(out, "\nmodel:\n  preset: slowfast_r50_8x8\n  class_count: %zu\n",
                       c->actions.count);
    return status < 0 ? status : text_status(out);
}

// --- files ---

static const char *const file_names[] = {"boxes.csv", "actions.txt", "own.yaml"};
enum { FILE_COUNT = 3 };

// All three or none: what was written goes again when a later one fails.
static sslact_status write_files(const char *folder, const text contents[FILE_COUNT])
{
    text paths[FILE_COUNT] = {{0}};
    int written = 0;
    sslact_status status = SSLACT_OK;
    for (int k = 0; status >= 0 && k < FILE_COUNT; k++) {
        status = path_join(folder, file_names[k], &paths[k]);
        if (status >= 0 && file_exists(text_get(&paths[k]))) {
            status = error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                               "%s: the file is there already, expected a folder without it",
                               text_get(&paths[k]));
        }
    }
    status = status < 0 ? status : file_make_folder(folder);
    for (int k = 0; status >= 0 && k < FILE_COUNT; k++) {
        status = file_write(text_get(&paths[k]), text_get(&contents[k]), contents[k].length);
        written += status >= 0;
    }
    for (int k = 0; k < FILE_COUNT; k++) {
        if (status < 0 && k < written) {
            remove(text_get(&paths[k]));
        }
        text_free(&paths[k]);
    }
    return status;
}

sslact_status collection_write(collection *c, const char *folder, sslact_import_summary *summary)
{
    text contents[FILE_COUNT] = {{0}};
    sort_key *keys = array_create(c->box_count, sizeof *keys);
    sslact_status status = keys == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < c->box_count; i++) {
        keys[i] = (sort_key){c, &c->boxes[i]};
    }
    if (status >= 0) {
        if (c->box_count > 0) {
            qsort(keys, c->box_count, sizeof *keys, compare_keys);
        }
        status = render_sheet(c, keys, summary, &contents[0]);
    }
    for (size_t j = 0; j < c->actions.count; j++) {
        text_append(&contents[1], c->actions.names[j]);
        text_append(&contents[1], "\n");
    }
    status = status < 0 ? status : text_status(&contents[1]);
    status = status < 0 ? status : render_config(c, &contents[2]);
    status = status < 0 ? status : write_files(folder, contents);
    for (int k = 0; k < FILE_COUNT; k++) {
        text_free(&contents[k]);
    }
    free(keys);
    return status;
}
