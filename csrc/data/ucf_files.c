// Which form an annotation has, and the small lists that go with it.
#include "data/ucf_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "data/ucf_builder.h"

// --- the form ---

#define HEAD_BYTES 512

static sslact_status read_head(const char *path, char *head, size_t *size)
{
    ssize_t got;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return error_set_errno(path, "cannot be opened");
    }
    do {
        got = read(file, head, HEAD_BYTES);
    } while (got < 0 && errno == EINTR);
    sslact_status status = got < 0 ? error_set_errno(path, "cannot be read") : SSLACT_OK;
    close(file);
    *size = got < 0 ? 0 : (size_t)got;
    return status;
}

static bool begins_with(const char *head, size_t size, const char *bytes, size_t length)
{
    return size >= length && memcmp(head, bytes, length) == 0;
}

// A pickle of protocol 2 on says so; older ones begin with the mark of their dict.
static bool looks_like_pickle(const char *head, size_t size)
{
    return begins_with(head, size, "\x80", 1) || begins_with(head, size, "(d", 2) ||
           begins_with(head, size, "}q", 2) || begins_with(head, size, "ccollections\n", 13);
}

static bool looks_like_file_list(const char *head, size_t size)
{
    const char *end = memchr(head, '\n', size);
    size_t length = end != NULL ? (size_t)(end - head) : size;
    while (length > 0 && (head[length - 1] == '\r' || head[length - 1] == ' ')) {
        length--;
    }
    return length > 4 && memcmp(head + length - 4, ".txt", 4) == 0 &&
           memchr(head, ',', length) == NULL;
}

static sslact_status refuse_packed(const char *path, const char *head, size_t size)
{
    const char *tool = begins_with(head, size,
                                   "\xfd"
                                   "7zXZ",
                                   5)
                           ? "xz -dk"
                       : begins_with(head, size, "\x1f\x8b", 2) ? "gzip -dk"
                       : begins_with(head, size, "PK\3\4", 4)   ? "unzip"
                       : begins_with(head, size, "MATLAB", 6)   ? "MATLAB's form"
                                                                : NULL;
    if (tool == NULL) {
        return SSLACT_OK;
    }
    if (head[0] == 'M') {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: MATLAB's form of the annotation is not read, expected pyannot.pkl, "
                         "which holds the same",
                         path);
    }
    return error_set(SSLACT_ERROR_FORMAT, "%s: a packed file, unpack it first (%s)", path, tool);
}

static sslact_status read_form(ucf_builder *b)
{
    char head[HEAD_BYTES];
    size_t size = 0;
    if (file_is_folder(b->path)) {
        b->out->form = UCF_FRAME_FILES;
        return ucf_folder_read(b);
    }
    sslact_status status = read_head(b->path, head, &size);
    if (status >= 0) {
        status = refuse_packed(b->path, head, size);
    }
    if (status < 0) {
        return status;
    }
    if (looks_like_pickle(head, size)) {
        return ucf_pickle_read(b);
    }
    if (looks_like_file_list(head, size)) {
        b->out->form = UCF_FRAME_FILES;
        return ucf_file_list_read(b);
    }
    b->out->form = UCF_TABLE;
    return ucf_table_read(b);
}

sslact_status ucf_annotation_read(const char *path, const ava_actions *classes,
                                  const ucf_selection *wanted, name_table *videos,
                                  data_problems *problems, ucf_annotation *out)
{
    ucf_annotation made = {0};
    ucf_builder b = {.path = path,
                     .classes = classes,
                     .wanted = wanted,
                     .videos = videos,
                     .problems = problems,
                     .out = &made,
                     .video = -1,
                     .file = path};
    sslact_status status = read_form(&b);
    if (status < 0) {
        ucf_annotation_free(&made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

void ucf_annotation_free(ucf_annotation *a)
{
    ava_rows_free(&a->rows);
    free(a->frame_counts);
    *a = (ucf_annotation){0};
}

// --- videos ---

bool ucf_selection_has(const ucf_selection *s, const char *video, size_t length)
{
    return (!s->has_only || name_table_find(&s->only, video, length) >= 0) &&
           (s->without.count == 0 || name_table_find(&s->without, video, length) < 0);
}

void ucf_selection_free(ucf_selection *s)
{
    name_table_free(&s->only);
    name_table_free(&s->without);
    *s = (ucf_selection){0};
}

// UCF101's lists: "Basketball/v_Basketball_g01_c01.avi 1".
static field cut_name(const line *l)
{
    static const char *const extensions[] = {".avi", ".mp4", ".mkv", ".webm", ".mov"};
    const char *blank = memchr(l->data, ' ', l->length);
    field name = {l->data, blank != NULL ? (size_t)(blank - l->data) : l->length};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        size_t length = strlen(extensions[i]);
        if (name.length > length &&
            strncasecmp(name.data + name.length - length, extensions[i], length) == 0) {
            name.length -= length;
            break;
        }
    }
    return name;
}

static bool is_listed_name(field name)
{
    for (size_t i = 0; i < name.length; i++) {
        unsigned char byte = (unsigned char)name.data[i];
        if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == ',') {
            return false;
        }
    }
    return name.length > 0 && name.length <= 1024;
}

sslact_status ucf_videos_read(const char *path, data_problems *problems, name_table *out)
{
    line_reader reader = {0};
    line l;
    int32_t index;
    sslact_status status = line_reader_open(path, &reader);
    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        field name = l.broken ? (field){"", 0} : cut_name(&l);
        if (is_listed_name(name)) {
            status = name_table_add(out, name.data, name.length, &index);
        } else {
            status = data_problems_report(
                problems, DATA_PROBLEM_NAME, data_problems_locate(path, reader.number).text,
                "\"%s\", expected the id of a video", show_field(name).text);
        }
    }
    line_reader_close(&reader);
    return status < 0 ? status : SSLACT_OK;
}

// --- classes ---

static sslact_status refuse_class(const char *path, int64_t number, const line *l)
{
    field got = {l->data, l->broken ? 0 : l->length};
    return error_set(SSLACT_ERROR_FORMAT,
                     "%s:%lld: \"%s\", expected an id from 0 on and a name, or a name", path,
                     (long long)number, show_field(got).text);
}

// "0 Basketball", or "Basketball" for the class of the next id.
static sslact_status add_class(const char *path, int64_t number, const line *l,
                               ava_actions *classes)
{
    const char *blank = memchr(l->data, ' ', l->length), *end = l->data + l->length;
    int64_t id = (int64_t)classes->count;
    field name = {l->data, l->length};
    while (name.length > 0 && name.data[name.length - 1] == ' ') {
        name.length--;
    }
    if (blank != NULL && text_parse_int64(l->data, (size_t)(blank - l->data), &id)) {
        while (blank < end && *blank == ' ') {
            blank++;
        }
        name = (field){blank, (size_t)(l->data + name.length - blank)};
    }
    if (l->broken || !is_listed_name(name) || id < 0 || id > AVA_ACTION_MAX_ID) {
        return refuse_class(path, number, l);
    }
    if (ava_actions_find(classes, (int32_t)id) >= 0 ||
        (classes->count > 0 && id < classes->actions[classes->count - 1].id)) {
        return error_set(SSLACT_ERROR_FORMAT, "%s:%lld: class id %lld, expected ascending ids",
                         path, (long long)number, (long long)id);
    }
    sslact_status status = array_reserve((void **)&classes->actions, &classes->capacity,
                                         classes->count + 1, sizeof *classes->actions);
    char *copy = status < 0 ? NULL : text_copy_bytes(name.data, name.length);
    if (copy == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    classes->actions[classes->count++] = (ava_action){.id = (int32_t)id, .name = copy};
    return SSLACT_OK;
}

sslact_status ucf_classes_read(const char *path, ava_actions *out)
{
    line_reader reader = {0};
    line l;
    ava_actions classes = {0};
    sslact_status status = line_reader_open(path, &reader);
    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        status = add_class(path, reader.number, &l, &classes);
    }
    line_reader_close(&reader);
    if (status >= 0 && classes.count == 0) {
        status = error_set(SSLACT_ERROR_FORMAT, "%s: no class in the list", path);
    }
    if (status < 0) {
        ava_actions_free(&classes);
        return status;
    }
    *out = classes;
    return SSLACT_OK;
}

sslact_status ucf_classes_make(ava_actions *out)
{
    static const char *const names[UCF_CLASS_COUNT] = {"Basketball",
                                                       "BasketballDunk",
                                                       "Biking",
                                                       "CliffDiving",
                                                       "CricketBowling",
                                                       "Diving",
                                                       "Fencing",
                                                       "FloorGymnastics",
                                                       "GolfSwing",
                                                       "HorseRiding",
                                                       "IceDancing",
                                                       "LongJump",
                                                       "PoleVault",
                                                       "RopeClimbing",
                                                       "SalsaSpin",
                                                       "SkateBoarding",
                                                       "Skiing",
                                                       "Skijet",
                                                       "SoccerJuggling",
                                                       "Surfing",
                                                       "TennisSwing",
                                                       "TrampolineJumping",
                                                       "VolleyballSpiking",
                                                       "WalkingWithDog"};
    ava_actions classes = {0};
    sslact_status status = array_reserve((void **)&classes.actions, &classes.capacity,
                                         UCF_CLASS_COUNT, sizeof *classes.actions);
    for (int32_t id = 0; status >= 0 && id < UCF_CLASS_COUNT; id++) {
        char *copy = text_copy(names[id]);
        status = copy == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
        if (copy != NULL) {
            classes.actions[classes.count++] = (ava_action){.id = id, .name = copy};
        }
    }
    if (status < 0) {
        ava_actions_free(&classes);
        return status;
    }
    *out = classes;
    return SSLACT_OK;
}
