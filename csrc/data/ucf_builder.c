// The common way of all forms: a box in pixels becomes a row of fractions, or a problem with its
// place.
#include "data/ucf_builder.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"

// A box may reach over the edge by this share of the side and is cut there; farther out it belongs
// to another picture.
#define EDGE_SHARE 0.1
#define MAX_FRAME 8000000 // what a row's time_us has room for

// --- places ---

static data_place locate(const ucf_builder *b, const ucf_box *box)
{
    data_place place = data_problems_locate(b->path, 0);
    char inside[160];
    const char *video = b->video >= 0 ? b->videos->names[b->video] : "";

    switch (b->out->form) {
    case UCF_TABLE:
        return data_problems_locate(b->path, box->line);
    case UCF_FRAME_FILES:
        return data_problems_locate(b->file, box->line);
    case UCF_PYANNOT:
        snprintf(inside, sizeof inside, "[\"%.60s\"].annotations[%" PRId64 "].boxes[%" PRId64 "]",
                 video, box->part, box->index);
        break;
    case UCF_TUBES:
        snprintf(inside, sizeof inside,
                 "[\"gttubes\"][\"%.60s\"][%" PRId64 "][%" PRId64 "][%" PRId64 "]", video,
                 box->class_id, box->part, box->index);
        break;
    }
    size_t room = sizeof place.text - strlen(inside) - 1;
    size_t length = strlen(b->path);
    snprintf(place.text, sizeof place.text, "%s%s",
             length > room ? b->path + length - room : b->path, inside);
    return place;
}

static sslact_status refuse(const ucf_builder *b, const ucf_box *box, data_problem kind,
                            const char *format, ...) __attribute__((format(printf, 4, 5), cold));

// SSLACT_DONE: the box is reported and left out.
static sslact_status refuse(const ucf_builder *b, const ucf_box *box, data_problem kind,
                            const char *format, ...)
{
    char what[DATA_PROBLEM_TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    sslact_status status = data_problems_report(b->problems, kind, locate(b, box).text, "%s", what);
    return status < 0 ? status : SSLACT_DONE;
}

// --- videos ---

static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];

        if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == ',') {
            return false;
        }
    }
    return length > 0 && length <= 1024;
}

static sslact_status note_frame_count(ucf_builder *b, const char *place, int64_t count)
{
    ucf_annotation *a = b->out;
    size_t needed = (size_t)b->video + 1;
    sslact_status status =
        array_reserve((void **)&a->frame_counts, &a->video_capacity, needed, sizeof(int64_t));

    if (status < 0) {
        return status;
    }
    for (; a->video_count < needed; a->video_count++) {
        a->frame_counts[a->video_count] = 0;
    }
    int64_t *known = &a->frame_counts[b->video];
    if (*known != 0 && count != 0 && *known != count) {
        return data_problems_report(b->problems, DATA_PROBLEM_TIME, place,
                                    "video \"%s\" has %" PRId64 " frames, %" PRId64 " before",
                                    b->videos->names[b->video], count, *known);
    }
    *known = *known != 0 ? *known : count;
    return SSLACT_OK;
}

sslact_status ucf_begin_video(ucf_builder *b, const char *place, const char *name, size_t length,
                              int64_t frame_count)
{
    b->video = -1;
    b->width = UCF_PICTURE_WIDTH;
    b->height = UCF_PICTURE_HEIGHT;
    b->class_complained = false;
    if (!is_name(name, length)) {
        return data_problems_report(b->problems, DATA_PROBLEM_NAME, place,
                                    "video id \"%s\", expected at most 1024 bytes without commas, "
                                    "quotes and control characters",
                                    show_field((field){name, length}).text);
    }
    if (!ucf_selection_has(b->wanted, name, length)) {
        return SSLACT_OK;
    }
    if (frame_count < 0 || frame_count > MAX_FRAME) {
        return data_problems_report(b->problems, DATA_PROBLEM_TIME, place,
                                    "%" PRId64 " frames, accepted are 1 to %d", frame_count,
                                    MAX_FRAME);
    }
    sslact_status status = name_table_add(b->videos, name, length, &b->video);
    return status < 0 ? status : note_frame_count(b, place, frame_count);
}

// --- boxes ---

static sslact_status check_frame(const ucf_builder *b, const ucf_box *box)
{
    int64_t count = b->out->frame_counts[b->video];

    if (box->frame < 0 || box->frame >= MAX_FRAME || (count > 0 && box->frame >= count)) {
        return refuse(b, box, DATA_PROBLEM_TIME,
                      "frame %" PRId64 " counted from 0, accepted are 0 to %" PRId64, box->frame,
                      (count > 0 ? count : MAX_FRAME) - 1);
    }
    return SSLACT_OK;
}

static bool is_class_name(const ava_action *class, const char *name, size_t length)
{
    return strlen(class->name) == length && memcmp(class->name, name, length) == 0;
}

// The folder in front of a video's name is its class, where it is one on the list.
static sslact_status check_folder(ucf_builder *b, const ucf_box *box)
{
    const char *video = b->videos->names[b->video], *slash = strchr(video, '/');
    size_t length = slash != NULL ? (size_t)(slash - video) : 0;

    for (size_t j = 0; j < b->classes->count && !b->class_complained; j++) {
        const ava_action *class = &b->classes->actions[j];
        if (class->id != box->class_id && is_class_name(class, video, length)) {
            b->class_complained = true;
            return refuse(b, box, DATA_PROBLEM_CLASSES,
                          "class id %" PRId64 " in a video of the folder %s, which has id %d in "
                          "the list of classes",
                          box->class_id, class->name, class->id);
        }
    }
    return SSLACT_OK;
}

static sslact_status check_class(ucf_builder *b, const ucf_box *box)
{
    int32_t last = b->classes->actions[b->classes->count - 1].id;

    last = last < UCF_CLASS_COUNT ? UCF_CLASS_COUNT - 1 : last;
    if (box->class_id < 0 || box->class_id > last) {
        return refuse(b, box, DATA_PROBLEM_ACTION,
                      "class id %" PRId64 " counted from 0, accepted are 0 to %d", box->class_id,
                      last);
    }
    int32_t index = ava_actions_find(b->classes, (int32_t)box->class_id);
    const char *video = b->videos->names[b->video];
    if (index >= 0) { // the common case: the folder is the name of the class
        const char *name = b->classes->actions[index].name;
        size_t length = strlen(name);
        if (strncmp(video, name, length) == 0 && video[length] == '/') {
            return SSLACT_OK;
        }
    }
    return check_folder(b, box);
}

// One side of a box in fractions, cut at the edges of the picture; *cut is set where it was.
static sslact_status check_side(const ucf_builder *b, const ucf_box *box, char axis, double low,
                                double high, double size, double *begin, double *end, bool *cut)
{
    if (!isfinite(low) || !isfinite(high)) {
        return refuse(b, box, DATA_PROBLEM_COORDINATE, "%c from %s to %s, expected pixels", axis,
                      show_number(low).text, show_number(high).text);
    }
    if (!(low < high)) {
        return refuse(b, box, DATA_PROBLEM_BOX_REVERSED, "%c from %s to %s, expected a box", axis,
                      show_number(low).text, show_number(high).text);
    }
    if (low < -EDGE_SHARE * size || high > (1 + EDGE_SHARE) * size || low >= size || high <= 0) {
        return refuse(b, box, DATA_PROBLEM_BOX_OUTSIDE,
                      "%c from %s to %s is outside the picture, expected pixels from 0 to %s", axis,
                      show_number(low).text, show_number(high).text, show_number(size).text);
    }
    *cut = *cut || low < 0 || high > size;
    *begin = low < 0 ? 0 : low / size;
    *end = high > size ? 1 : high / size;
    return SSLACT_OK;
}

static sslact_status check_box(ucf_builder *b, const ucf_box *box, ava_row *row)
{
    bool cut = false;
    sslact_status status = check_frame(b, box);

    if (status == SSLACT_OK) {
        status = check_class(b, box);
    }
    if (status == SSLACT_OK) {
        status = check_side(b, box, 'x', box->x1, box->x2, b->width, &row->x1, &row->x2, &cut);
    }
    if (status == SSLACT_OK) {
        status = check_side(b, box, 'y', box->y1, box->y2, b->height, &row->y1, &row->y2, &cut);
    }
    if (status == SSLACT_OK && cut) {
        status = data_problems_report(b->problems, DATA_PROBLEM_BOX_CUT, locate(b, box).text,
                                      "the box reaches over the edge of the picture of %s x %s "
                                      "pixels: %s %s %s %s",
                                      show_number(b->width).text, show_number(b->height).text,
                                      show_number(box->x1).text, show_number(box->y1).text,
                                      show_number(box->x2).text, show_number(box->y2).text);
    }
    return status;
}

sslact_status ucf_add_box(ucf_builder *b, const ucf_box *box)
{
    ava_rows *rows = &b->out->rows;
    ava_row row = {
        .score = 1, .person = box->tube, .line = box->line, .video = b->video, .has_box = true};
    sslact_status status = check_box(b, box, &row);

    if (status != SSLACT_OK || box->frame % b->wanted->stride != 0) {
        return status < 0 ? status : SSLACT_OK;
    }
    if (rows->count >= UCF_MAX_BOXES) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: more than %zu boxes", b->path, UCF_MAX_BOXES);
    }
    if (b->out->form == UCF_PYANNOT || b->out->form == UCF_TUBES) {
        row.line = (int64_t)rows->count + 1; // an order, no place
    }
    row.time_us = (box->frame + 1) * 1000000;
    row.action_id = (int32_t)box->class_id;
    status =
        array_reserve((void **)&rows->rows, &rows->capacity, rows->count + 1, sizeof *rows->rows);
    if (status >= 0) {
        rows->rows[rows->count++] = row;
    }
    return status;
}
