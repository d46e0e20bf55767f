// pyannot.pkl and UCF101v2-GT.pkl, read by the restricted pickle reader: nothing in them is run.
#include "data/ucf_builder.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/file.h"
#include "pickle/pickle.h"

#define PICKLE_FILE_MAX_BYTES ((size_t)256 << 20)

static sslact_status refuse_file(const ucf_builder *b, const char *what)
{
    return error_set(SSLACT_ERROR_FORMAT, "%s: %s", b->path, what);
}

static sslact_status report(const ucf_builder *b, data_problem kind, const pickle_value *name,
                            const char *what)
{
    field got = name != NULL ? (field){name->as.text.data, name->as.text.size} : (field){"", 0};
    return data_problems_report(b->problems, kind, b->path, "video \"%s\": %s",
                                show_field(got).text, what);
}

static bool get_integer(const pickle_value *value, int64_t *out)
{
    if (value == NULL || value->kind != PICKLE_INT) {
        return false;
    }
    *out = value->as.integer;
    return true;
}

// Numbers in rows of at least `columns`.
static bool is_matrix(const pickle_value *value, int64_t columns)
{
    return value != NULL && value->kind == PICKLE_ARRAY && value->as.array->rank == 2 &&
           value->as.array->shape[1] >= columns && pickle_array_is_complete(value->as.array);
}

static bool is_names(const pickle_value *value)
{
    for (size_t i = 0; value != NULL && value->kind == PICKLE_LIST && i < value->as.list.count;
         i++) {
        if (value->as.list.items[i]->kind != PICKLE_TEXT) {
            return false;
        }
    }
    return value != NULL && value->kind == PICKLE_LIST;
}

// The names of classes in the file against those of the list that the config names.
static sslact_status check_class_names(const ucf_builder *b, const pickle_value *names)
{
    if (!is_names(names)) {
        return SSLACT_OK;
    }
    for (size_t j = 0; j < b->classes->count; j++) {
        const ava_action *class = &b->classes->actions[j];
        size_t id = (size_t) class->id;
        if (id >= names->as.list.count || !pickle_is_text(names->as.list.items[id], class->name)) {
            const pickle_value *here = id < names->as.list.count ? names->as.list.items[id] : NULL;
            field got = here != NULL ? (field){here->as.text.data, here->as.text.size}
                                     : (field){"nothing", 7};
            return data_problems_report(b->problems, DATA_PROBLEM_CLASSES, b->path,
                                        "class %d is \"%s\" here and \"%s\" in the list of classes",
                                        class->id, show_field(got).text, class->name);
        }
    }
    return SSLACT_OK;
}

// --- pyannot.pkl ---

// Frame sf + i has boxes[i] = x, y, w, h; most arrays are of bytes, so the sums are taken wide.
static sslact_status add_boxes(ucf_builder *b, ucf_box *box, int64_t first,
                               const pickle_array *boxes)
{
    sslact_status status = SSLACT_OK;
    for (int64_t i = 0; status >= 0 && i < boxes->shape[0]; i++) {
        box->index = i;
        box->frame = first + i;
        box->x1 = pickle_array_get(boxes, i, 0);
        box->y1 = pickle_array_get(boxes, i, 1);
        box->x2 = box->x1 + pickle_array_get(boxes, i, 2);
        box->y2 = box->y1 + pickle_array_get(boxes, i, 3);
        status = ucf_add_box(b, box);
    }
    return status;
}

static sslact_status add_annotation(ucf_builder *b, const pickle_value *name, int64_t number,
                                    const pickle_value *tube)
{
    ucf_box box = {.tube = number, .part = number};
    int64_t first, end;
    const pickle_value *boxes = pickle_find(tube, "boxes");

    if (!get_integer(pickle_find(tube, "label"), &box.class_id) ||
        !get_integer(pickle_find(tube, "sf"), &first) ||
        !get_integer(pickle_find(tube, "ef"), &end) || !is_matrix(boxes, 4)) {
        return report(b, DATA_PROBLEM_COLUMNS, name,
                      "an annotation without label, sf, ef and boxes [N, 4]");
    }
    if (first < 0 || end < first || end - first != boxes->as.array->shape[0]) {
        char what[128];
        snprintf(what, sizeof what,
                 "annotations[%" PRId64 "]: frames %" PRId64 " to %" PRId64 " with %" PRId64
                 " boxes, expected ef - sf of them",
                 number, first, end, boxes->as.array->shape[0]);
        return report(b, DATA_PROBLEM_TIME, name, what);
    }
    return add_boxes(b, &box, first, boxes->as.array);
}

static sslact_status add_annotated_video(ucf_builder *b, const pickle_value *name,
                                         const pickle_value *video)
{
    const pickle_value *tubes = pickle_find(video, "annotations");
    int64_t frame_count;

    if (name->kind != PICKLE_TEXT) {
        return report(b, DATA_PROBLEM_NAME, NULL, "a key that is no text");
    }
    if (tubes == NULL || (tubes->kind != PICKLE_LIST && tubes->kind != PICKLE_TUPLE) ||
        !get_integer(pickle_find(video, "numf"), &frame_count) || frame_count < 1) {
        return report(b, DATA_PROBLEM_COLUMNS, name, "no numf from 1 on, or no annotations");
    }
    sslact_status status =
        ucf_begin_video(b, b->path, name->as.text.data, name->as.text.size, frame_count);
    for (size_t i = 0; status >= 0 && b->video >= 0 && i < tubes->as.list.count; i++) {
        status = add_annotation(b, name, (int64_t)i, tubes->as.list.items[i]);
    }
    return status;
}

static sslact_status read_pyannot(ucf_builder *b, const pickle_value *videos)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < videos->as.list.count; i += 2) {
        status = add_annotated_video(b, videos->as.list.items[i], videos->as.list.items[i + 1]);
    }
    return status;
}

// --- lists of videos in the file ---

static sslact_status collect_names(const ucf_builder *b, const pickle_value *list, const char *what,
                                   name_table *out)
{
    int32_t index;
    sslact_status status = SSLACT_OK;
    if (!is_names(list)) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: %s is no list of names", b->path, what);
    }
    for (size_t i = 0; status >= 0 && i < list->as.list.count; i++) {
        const pickle_value *name = list->as.list.items[i];
        status = name_table_add(out, name->as.text.data, name->as.text.size, &index);
    }
    return status;
}

// train_videos and test_videos: one list for each of the official splits.
static sslact_status select_tubes(const ucf_builder *b, const pickle_value *root,
                                  ucf_selection *selection)
{
    bool training = selection->part == UCF_TRAINING_VIDEOS;
    const char *key = training ? "train_videos" : "test_videos";
    const pickle_value *lists = pickle_find(root, key);
    size_t number = (size_t)selection->split_number;

    if (lists == NULL || (lists->kind != PICKLE_LIST && lists->kind != PICKLE_TUPLE) ||
        number > lists->as.list.count) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "%s: %s has %zu lists, data.split_number is %d (or name a list of the "
                         "videos in data.videos)",
                         b->path, key,
                         lists != NULL && lists->kind == PICKLE_LIST ? lists->as.list.count : 0,
                         selection->split_number);
    }
    selection->has_only = true;
    return collect_names(b, lists->as.list.items[number - 1], key, &selection->only);
}

// "trainvideos" of pyannot_with_class_names.pkl: the rest is for testing.
static sslact_status select_annotated(const ucf_builder *b, const pickle_value *root,
                                      ucf_selection *selection)
{
    const pickle_value *list = pickle_find(root, "trainvideos");
    bool training = selection->part == UCF_TRAINING_VIDEOS;

    if (list == NULL) {
        return SSLACT_OK;
    }
    selection->has_only = training;
    return collect_names(b, list, "trainvideos", training ? &selection->only : &selection->without);
}

// --- UCF101v2-GT.pkl ---

// Facts of the videos that stand in dicts of their own, by number in `names`.
typedef struct tube_facts {
    name_table names;
    int64_t *frame_counts;
    double *sizes; // [count, 2] width, height
    size_t frame_capacity, size_capacity;
    size_t count;
} tube_facts;

static sslact_status find_facts(tube_facts *f, const pickle_value *name, size_t *out)
{
    int32_t index;
    sslact_status status =
        name_table_add(&f->names, name->as.text.data, name->as.text.size, &index);
    if (status >= 0) {
        status = array_reserve((void **)&f->frame_counts, &f->frame_capacity, f->names.count,
                               sizeof *f->frame_counts);
    }
    if (status >= 0) {
        status = array_reserve((void **)&f->sizes, &f->size_capacity, f->names.count,
                               2 * sizeof *f->sizes);
    }
    for (; status >= 0 && f->count < f->names.count; f->count++) {
        f->frame_counts[f->count] = 0;
        f->sizes[2 * f->count] = UCF_PICTURE_WIDTH;
        f->sizes[2 * f->count + 1] = UCF_PICTURE_HEIGHT;
    }
    *out = (size_t)index;
    return status;
}

static bool read_frame_count(const pickle_value *value, int64_t *out)
{
    return get_integer(value, out) && *out >= 1;
}

// (height, width)
static bool read_size(const pickle_value *value, double *out)
{
    int64_t height, width;
    if ((value->kind != PICKLE_TUPLE && value->kind != PICKLE_LIST) || value->as.list.count < 2 ||
        !get_integer(value->as.list.items[0], &height) ||
        !get_integer(value->as.list.items[1], &width) || height < 1 || width < 1 ||
        height > 65535 || width > 65535) {
        return false;
    }
    out[0] = (double)width;
    out[1] = (double)height;
    return true;
}

static sslact_status read_facts(const ucf_builder *b, const pickle_value *dict, bool is_size,
                                tube_facts *f)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0;
         dict != NULL && dict->kind == PICKLE_DICT && status >= 0 && i < dict->as.list.count;
         i += 2) {
        const pickle_value *name = dict->as.list.items[i], *value = dict->as.list.items[i + 1];
        size_t at;
        if (name->kind != PICKLE_TEXT) {
            return report(b, DATA_PROBLEM_NAME, NULL, "a key that is no text");
        }
        status = find_facts(f, name, &at);
        if (status >= 0 && !(is_size ? read_size(value, &f->sizes[2 * at])
                                     : read_frame_count(value, &f->frame_counts[at]))) {
            status = report(b, DATA_PROBLEM_TIME, name,
                            is_size ? "a resolution that is not (height, width)"
                                    : "nframes is no number from 1 on");
        }
    }
    return status;
}

// Rows frame, x1, y1, x2, y2; frames from 1.
static sslact_status add_tube(ucf_builder *b, const pickle_value *name, ucf_box *box,
                              const pickle_value *tube)
{
    sslact_status status = SSLACT_OK;
    if (!is_matrix(tube, 5)) {
        return report(b, DATA_PROBLEM_COLUMNS, name,
                      "a tube that is no array [N, 5] of frame, x1, y1, x2, y2");
    }
    const pickle_array *rows = tube->as.array;
    for (int64_t i = 0; status >= 0 && i < rows->shape[0]; i++) {
        double frame = pickle_array_get(rows, i, 0);
        box->index = i;
        box->frame = frame >= 1 && frame < 1e9 && frame == floor(frame) ? (int64_t)frame - 1 : -1;
        box->x1 = pickle_array_get(rows, i, 1);
        box->y1 = pickle_array_get(rows, i, 2);
        box->x2 = pickle_array_get(rows, i, 3);
        box->y2 = pickle_array_get(rows, i, 4);
        status = ucf_add_box(b, box);
    }
    return status;
}

// {class id: [tube, ...]}
static sslact_status add_class_tubes(ucf_builder *b, const pickle_value *name,
                                     const pickle_value *classes)
{
    ucf_box box = {0};
    sslact_status status = SSLACT_OK;
    for (size_t k = 0; status >= 0 && k < classes->as.list.count; k += 2) {
        const pickle_value *tubes = classes->as.list.items[k + 1];
        if (!get_integer(classes->as.list.items[k], &box.class_id) || tubes->kind != PICKLE_LIST) {
            return report(b, DATA_PROBLEM_COLUMNS, name, "no lists of tubes by class id");
        }
        for (size_t i = 0; status >= 0 && i < tubes->as.list.count; i++, box.tube++) {
            box.part = (int64_t)i;
            status = add_tube(b, name, &box, tubes->as.list.items[i]);
        }
    }
    return status;
}

static sslact_status add_video_tubes(ucf_builder *b, tube_facts *facts, const pickle_value *name,
                                     const pickle_value *classes)
{
    size_t at;
    if (name->kind != PICKLE_TEXT || classes->kind != PICKLE_DICT) {
        return report(b, DATA_PROBLEM_NAME, NULL, "gttubes is not video -> class -> tubes");
    }
    sslact_status status = find_facts(facts, name, &at);
    if (status >= 0) {
        status = ucf_begin_video(b, b->path, name->as.text.data, name->as.text.size,
                                 facts->frame_counts[at]);
    }
    if (status < 0 || b->video < 0) {
        return status;
    }
    b->width = facts->sizes[2 * at];
    b->height = facts->sizes[2 * at + 1];
    return add_class_tubes(b, name, classes);
}

static sslact_status read_tubes(ucf_builder *b, const pickle_value *root,
                                const pickle_value *videos)
{
    tube_facts facts = {0};
    sslact_status status = read_facts(b, pickle_find(root, "nframes"), false, &facts);
    if (status >= 0) {
        status = read_facts(b, pickle_find(root, "resolution"), true, &facts);
    }
    if (status >= 0 && videos->kind != PICKLE_DICT) {
        status = refuse_file(b, "gttubes is no dict");
    }
    for (size_t i = 0; status >= 0 && i < videos->as.list.count; i += 2) {
        status = add_video_tubes(b, &facts, videos->as.list.items[i], videos->as.list.items[i + 1]);
    }
    name_table_free(&facts.names);
    free(facts.frame_counts);
    free(facts.sizes);
    return status;
}

// --- both ---

static sslact_status read_root(ucf_builder *b, const pickle_value *root, ucf_selection *own,
                               bool lists_count)
{
    const pickle_value *tubes = pickle_find(root, "gttubes"), *db = pickle_find(root, "db");
    sslact_status status =
        check_class_names(b, pickle_find(root, tubes != NULL ? "labels" : "classes"));

    b->out->form = tubes != NULL ? UCF_TUBES : UCF_PYANNOT;
    if (status >= 0 && lists_count) {
        status = tubes != NULL ? select_tubes(b, root, own) : select_annotated(b, root, own);
    }
    if (status < 0) {
        return status;
    }
    if (tubes != NULL) {
        return read_tubes(b, root, tubes);
    }
    return read_pyannot(b, db != NULL && db->kind == PICKLE_DICT ? db : root);
}

static sslact_status read_values(ucf_builder *b, pickle *values, const char *data, size_t size)
{
    const pickle_value *root;
    size_t end;
    ucf_selection own = *b->wanted;
    bool given = own.has_only || own.without.count > 0;
    sslact_status status = pickle_parse(values, data, size, 0, &root, &end);

    if (status < 0) {
        return status;
    }
    if (root->kind != PICKLE_DICT) {
        return refuse_file(b, "a pickle that holds no dict, expected pyannot.pkl or "
                              "UCF101v2-GT.pkl");
    }
    if (end != size) { // no file is two things at once
        return refuse_file(b, "bytes behind the pickle");
    }
    if (!given) { // the file's own lists are not the caller's
        own.only = own.without = (name_table){0};
    }
    b->wanted = &own;
    status = read_root(b, root, &own, !given && own.part != UCF_ALL_VIDEOS);
    if (!given) {
        ucf_selection_free(&own);
    }
    return status;
}

sslact_status ucf_pickle_read(ucf_builder *b)
{
    static const pickle_options options = {
        .what = "UCF101-24's annotation", .scalars = true, .text_opcodes = true};
    const ucf_selection *wanted = b->wanted;
    char *data = NULL;
    size_t size;
    pickle *values = NULL;
    sslact_status status = file_read(b->path, PICKLE_FILE_MAX_BYTES, &data, &size);

    if (status >= 0) {
        status = pickle_create(b->path, &options, &values);
    }
    if (status >= 0) {
        status = read_values(b, values, data, size);
    }
    b->wanted = wanted;
    pickle_free(values);
    free(data);
    return status;
}
