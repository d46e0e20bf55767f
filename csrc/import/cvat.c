// CVAT's XML, version 1.1: tracks with boxes on frames (video tasks) and pictures with boxes (image
// tasks). Parsed as a stream; declarations of entities are refused.
#include "import/collection.h"

#include <expat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"

#define MAX_DEPTH 64
#define MAX_TEXT_BYTES ((size_t)1 << 20)

typedef enum tag {
    TAG_OTHER,
    TAG_ANNOTATIONS,
    TAG_META,
    TAG_TASK,
    TAG_PROJECT,
    TAG_NAME,
    TAG_SOURCE,
    TAG_LABEL,
    TAG_ATTRIBUTE,
    TAG_INPUT_TYPE,
    TAG_VALUES,
    TAG_ORIGINAL_SIZE,
    TAG_WIDTH,
    TAG_HEIGHT,
    TAG_TRACK,
    TAG_IMAGE,
    TAG_BOX
} tag;

static const struct {
    const char *name;
    tag tag;
} tag_names[] = {
    {"annotations", TAG_ANNOTATIONS},
    {"meta", TAG_META},
    {"task", TAG_TASK},
    {"job", TAG_TASK},
    {"project", TAG_PROJECT},
    {"name", TAG_NAME},
    {"source", TAG_SOURCE},
    {"label", TAG_LABEL},
    {"attribute", TAG_ATTRIBUTE},
    {"input_type", TAG_INPUT_TYPE},
    {"values", TAG_VALUES},
    {"original_size", TAG_ORIGINAL_SIZE},
    {"width", TAG_WIDTH},
    {"height", TAG_HEIGHT},
    {"track", TAG_TRACK},
    {"image", TAG_IMAGE},
    {"box", TAG_BOX},
};

// What the meta part says of one attribute of the labels.
typedef struct attribute_kind {
    char *name;
    bool checkbox, choice; // neither: numbers and free text, which name no action
} attribute_kind;

typedef struct reader {
    collection *all;
    int32_t file;
    XML_Parser parser;
    sslact_status status; // the first failure, its message is set
    tag stack[MAX_DEPTH];
    int depth;
    text words; // of the innermost element
    // meta
    text task, source, kind_name, kind_type, kind_values;
    attribute_kind *kinds;
    size_t kind_count, kind_capacity;
    text labels; // names of labels, one a line
    int32_t width, height;
    bool by_attributes;
    // track, image, box
    text label, attribute;
    int64_t track;
    int32_t video; // -1: not known yet
    import_box box;
    text box_attributes; // "name\nvalue\n" of the box in work
    bool box_outside;
} reader;

// --- failures ---

static void stop(reader *r, sslact_status status)
{
    if (r->status >= 0) {
        r->status = status;
        XML_StopParser(r->parser, XML_FALSE);
    }
}

static data_place locate(const reader *r)
{
    return data_problems_locate(r->all->paths[r->file],
                                (int64_t)XML_GetCurrentLineNumber(r->parser));
}

// --- attributes of elements ---

static const char *find(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2) {
        if (strcmp(attributes[0], name) == 0) {
            return attributes[1];
        }
    }
    return NULL;
}

static bool read_number(reader *r, const char **attributes, const char *name, double *out)
{
    const char *value = find(attributes, name);
    if (value != NULL && text_parse_double(value, strlen(value), out)) {
        return true;
    }
    stop(r, error_set(SSLACT_ERROR_FORMAT, "%s: %s=\"%.40s\", expected a number", locate(r).text,
                      name, value != NULL ? value : ""));
    return false;
}

static int32_t read_side(const char *value)
{
    int64_t side;
    return value != NULL && text_parse_int64(value, strlen(value), &side) && side > 0 &&
                   side <= 1 << 20
               ? (int32_t)side
               : 0;
}

// --- videos ---

static const char *get_task_video(const reader *r)
{
    const char *given = r->all->options->video;
    if (given != NULL && given[0] != '\0') {
        return given;
    }
    return r->source.length > 0 ? text_get(&r->source) : text_get(&r->task);
}

static void find_task_video(reader *r)
{
    const char *name = get_task_video(r);
    if (r->video >= 0) {
        return;
    }
    if (name[0] == '\0') {
        stop(r,
             error_set(SSLACT_ERROR_FORMAT,
                       "%s: the file does not name its video, expected its name (video, --video)",
                       locate(r).text));
        return;
    }
    sslact_status status = collection_add_video(r->all, name, 0, &r->video);
    if (status < 0) {
        stop(r, status);
    }
}

// --- boxes ---

// A box turned by `degrees` about its middle: the upright box around it.
static void turn(import_box *box, double degrees)
{
    const double angle = degrees * M_PI / 180;
    double middle_x = (box->x1 + box->x2) / 2, middle_y = (box->y1 + box->y2) / 2;
    double width = fabs(box->x2 - box->x1), height = fabs(box->y2 - box->y1);
    double half_x = (width * fabs(cos(angle)) + height * fabs(sin(angle))) / 2;
    double half_y = (width * fabs(sin(angle)) + height * fabs(cos(angle))) / 2;
    box->x1 = middle_x - half_x;
    box->y1 = middle_y - half_y;
    box->x2 = middle_x + half_x;
    box->y2 = middle_y + half_y;
}

static void start_box(reader *r, const char **attributes, bool in_track)
{
    double degrees, frame = 0;
    const char *outside = find(attributes, "outside"), *rotation = find(attributes, "rotation");
    const char *label = find(attributes, "label");
    import_box *box = &r->box;
    if (!in_track) {
        text_clear(&r->label);
        text_append(&r->label, label != NULL ? label : "");
    } else if (read_number(r, attributes, "frame", &frame)) {
        box->frame = (int64_t)frame - r->all->options->first_frame;
        box->width = r->width;
        box->height = r->height;
        box->person = r->track;
        find_task_video(r);
    }
    box->video = r->video;
    box->file = r->file;
    box->line = (int64_t)XML_GetCurrentLineNumber(r->parser);
    text_clear(&r->box_attributes);
    r->box_outside = outside != NULL && import_is_true(outside);
    if (r->status >= 0 && read_number(r, attributes, "xtl", &box->x1) &&
        read_number(r, attributes, "ytl", &box->y1) &&
        read_number(r, attributes, "xbr", &box->x2) &&
        read_number(r, attributes, "ybr", &box->y2) && rotation != NULL &&
        text_parse_double(rotation, strlen(rotation), &degrees)) {
        turn(box, degrees);
    }
}

static void give_action(reader *r, const char *name)
{
    int32_t action;
    sslact_status status = collection_add_action(r->all, locate(r).text, name, &action);
    if (status >= 0) {
        status = collection_give_action(r->all, action);
    }
    if (status < 0) {
        stop(r, status);
    }
}

static const attribute_kind *find_kind(const reader *r, const char *name)
{
    for (size_t i = 0; i < r->kind_count; i++) {
        if (strcmp(r->kinds[i].name, name) == 0) {
            return &r->kinds[i];
        }
    }
    return NULL;
}

// A ticked box says what it is called, a choice what was chosen.
static void give_attribute(reader *r, const char *name, const char *value)
{
    const attribute_kind *kind = find_kind(r, name);
    if (kind == NULL || import_is_nothing(value)) {
        return;
    }
    if (kind->checkbox && import_is_true(value)) {
        give_action(r, name);
    } else if (kind->choice) {
        give_action(r, value);
    }
}

static void give_attributes(reader *r)
{
    char *name = r->box_attributes.data;
    while (name != NULL && *name != '\0' && r->status >= 0) {
        char *value = strchr(name, '\n');
        char *end = value != NULL ? strchr(value + 1, '\n') : NULL;
        if (end == NULL) {
            return;
        }
        *value = '\0';
        *end = '\0';
        give_attribute(r, name, value + 1);
        name = end + 1;
    }
}

static void end_box(reader *r)
{
    if (r->box_outside) {
        return;
    }
    sslact_status status = collection_add_box(r->all, &r->box);
    if (status < 0) {
        stop(r, status);
    } else if (r->by_attributes) {
        give_attributes(r);
    } else {
        give_action(r, text_get(&r->label));
    }
}

static void start_track(reader *r, const char **attributes)
{
    const char *id = find(attributes, "id"), *label = find(attributes, "label");
    text_clear(&r->label);
    text_append(&r->label, label != NULL ? label : "");
    r->track = -1;
    if (id != NULL && !text_parse_int64(id, strlen(id), &r->track)) {
        r->track = -1;
    }
}

static void start_image(reader *r, const char **attributes)
{
    const char *name = find(attributes, "name");
    r->box = (import_box){.person = -1};
    r->box.width = read_side(find(attributes, "width"));
    r->box.height = read_side(find(attributes, "height"));
    sslact_status status = collection_locate(r->all, locate(r).text, name != NULL ? name : "",
                                             get_task_video(r), &r->video, &r->box.frame);
    if (status < 0) {
        stop(r, status);
    }
}

// --- meta ---

static void end_kind(reader *r)
{
    const char *type = text_get(&r->kind_type);
    attribute_kind kind = {.checkbox = strcmp(type, "checkbox") == 0,
                           .choice = strcmp(type, "select") == 0 || strcmp(type, "radio") == 0};
    sslact_status status =
        array_reserve((void **)&r->kinds, &r->kind_capacity, r->kind_count + 1, sizeof *r->kinds);
    if (status >= 0) {
        kind.name = text_copy(text_get(&r->kind_name));
        status = kind.name == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    }
    if (status < 0) {
        stop(r, status);
        return;
    }
    r->kinds[r->kind_count++] = kind;
    if (kind.checkbox) {
        text_append_format(&r->labels, "a%s\n", kind.name);
    }
    char *rest = kind.choice ? r->kind_values.data : NULL;
    for (const char *value; (value = strsep(&rest, "\n")) != NULL;) {
        text_append_format(&r->labels, "a%s\n", value);
    }
}

// The actions in the order of the labels and attributes, so that the list is the same from task to
// task. Lines begin with l for labels and a for attributes.
static void end_meta(reader *r)
{
    const char *wanted = r->all->options->actions;
    bool has_attributes =
        strncmp(text_get(&r->labels), "a", 1) == 0 || strstr(text_get(&r->labels), "\na") != NULL;
    bool automatic = wanted == NULL || wanted[0] == '\0';
    r->by_attributes = automatic ? has_attributes : strcmp(wanted, "attributes") == 0;
    char *rest = r->labels.data;
    for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
        int32_t ignored;
        if (line[0] != '\0' && (line[0] == 'a') == r->by_attributes &&
            !import_is_nothing(line + 1) && r->status >= 0) {
            sslact_status status =
                collection_add_action(r->all, locate(r).text, line + 1, &ignored);
            if (status < 0) {
                stop(r, status);
            }
        }
    }
}

static void end_meta_element(reader *r, tag parent, tag which)
{
    text *target = NULL;
    switch (which) {
    case TAG_NAME:
        target = parent == TAG_TASK ? &r->task : parent == TAG_ATTRIBUTE ? &r->kind_name : NULL;
        if (parent == TAG_LABEL) {
            text_append_format(&r->labels, "l%s\n", text_get(&r->words));
        }
        break;
    case TAG_SOURCE:
        target = parent == TAG_TASK ? &r->source : NULL;
        break;
    case TAG_INPUT_TYPE:
        target = &r->kind_type;
        break;
    case TAG_VALUES:
        target = &r->kind_values;
        break;
    case TAG_WIDTH:
        r->width = parent == TAG_ORIGINAL_SIZE ? read_side(text_get(&r->words)) : r->width;
        break;
    case TAG_HEIGHT:
        r->height = parent == TAG_ORIGINAL_SIZE ? read_side(text_get(&r->words)) : r->height;
        break;
    case TAG_ATTRIBUTE:
        end_kind(r);
        break;
    default:
        break;
    }
    if (target != NULL) {
        text_clear(target);
        text_append(target, text_get(&r->words));
    }
}

// --- expat ---

static bool is_inside(const reader *r, tag which)
{
    for (int i = 0; i < r->depth; i++) {
        if (r->stack[i] == which) {
            return true;
        }
    }
    return false;
}

static tag find_tag(const char *name)
{
    for (size_t k = 0; k < sizeof tag_names / sizeof tag_names[0]; k++) {
        if (strcmp(name, tag_names[k].name) == 0) {
            return tag_names[k].tag;
        }
    }
    return TAG_OTHER;
}

static void start_content(reader *r, tag which, tag parent, const char *name,
                          const char **attributes)
{
    static const char *const shapes[] = {"polygon", "polyline", "points", "cuboid", "skeleton",
                                         "ellipse", "mask",     "tag",    NULL};
    if (which == TAG_TRACK) {
        start_track(r, attributes);
    } else if (which == TAG_IMAGE) {
        start_image(r, attributes);
    } else if (which == TAG_BOX) {
        start_box(r, attributes, parent == TAG_TRACK);
    } else if (which == TAG_ATTRIBUTE) {
        const char *of = find(attributes, "name");
        text_clear(&r->attribute);
        text_append(&r->attribute, of != NULL ? of : "");
    }
    for (size_t k = 0; shapes[k] != NULL && (parent == TAG_TRACK || parent == TAG_IMAGE); k++) {
        r->all->shapes_left_out += strcmp(name, shapes[k]) == 0;
    }
}

static void XMLCALL start_element(void *user, const char *name, const char **attributes)
{
    reader *r = user;
    tag which = find_tag(name), parent = r->depth > 0 ? r->stack[r->depth - 1] : TAG_OTHER;
    if (r->depth == 0 && which != TAG_ANNOTATIONS) {
        stop(r, error_set(SSLACT_ERROR_FORMAT,
                          "%s: the file begins with <%.40s>, expected CVAT's <annotations>",
                          locate(r).text, name));
        return;
    }
    if (r->depth >= MAX_DEPTH) {
        stop(r, error_set(SSLACT_ERROR_FORMAT, "%s: more than %d elements in each other",
                          locate(r).text, MAX_DEPTH));
        return;
    }
    if (which == TAG_PROJECT && is_inside(r, TAG_META)) {
        stop(r,
             error_set(SSLACT_ERROR_UNSUPPORTED,
                       "%s: the annotation of a whole project, expected that of one task; export "
                       "each task",
                       locate(r).text));
        return;
    }
    if (!is_inside(r, TAG_META)) {
        start_content(r, which, parent, name, attributes);
    } else if (which == TAG_ATTRIBUTE) {
        text_clear(&r->kind_name);
        text_clear(&r->kind_type);
        text_clear(&r->kind_values);
    }
    text_clear(&r->words);
    r->stack[r->depth++] = which;
}

static void XMLCALL end_element(void *user, const char *name)
{
    reader *r = user;
    (void)name;
    tag which = r->stack[--r->depth];
    tag parent = r->depth > 0 ? r->stack[r->depth - 1] : TAG_OTHER;
    if (r->status < 0) {
        return;
    }
    if (is_inside(r, TAG_META)) {
        end_meta_element(r, parent, which);
    } else if (which == TAG_META) {
        end_meta(r);
    } else if (which == TAG_ATTRIBUTE && parent == TAG_BOX) {
        text_append_format(&r->box_attributes, "%s\n%s\n", text_get(&r->attribute),
                           text_get(&r->words));
    } else if (which == TAG_BOX) {
        end_box(r);
    }
    text_clear(&r->words);
}

static void XMLCALL take_words(void *user, const char *words, int length)
{
    reader *r = user;
    if (r->words.length + (size_t)length > MAX_TEXT_BYTES) {
        stop(r, error_set(SSLACT_ERROR_FORMAT, "%s: more than %zu bytes of text in one element",
                          locate(r).text, MAX_TEXT_BYTES));
        return;
    }
    text_append_bytes(&r->words, words, (size_t)length);
}

// Entities can grow a file a thousandfold, and CVAT declares none.
static void XMLCALL refuse_entity(void *user, const char *name, int is_parameter, const char *value,
                                  int length, const char *base, const char *system,
                                  const char *public_id, const char *notation)
{
    reader *r = user;
    (void)is_parameter, (void)value, (void)length, (void)base, (void)system, (void)public_id,
        (void)notation;
    stop(r, error_set(SSLACT_ERROR_FORMAT, "%s: declares the entity \"%.40s\", expected none",
                      locate(r).text, name));
}

static sslact_status parse(reader *r, const char *data, size_t size)
{
    const size_t piece = (size_t)1 << 20;
    for (size_t at = 0; r->status >= 0; at += piece) {
        size_t left = size - at;
        bool last = left <= piece;
        if (XML_Parse(r->parser, data + at, (int)(last ? left : piece), last) == XML_STATUS_ERROR &&
            r->status >= 0) {
            return error_set(SSLACT_ERROR_FORMAT, "%s: no XML: %s", locate(r).text,
                             XML_ErrorString(XML_GetErrorCode(r->parser)));
        }
        if (last) {
            break;
        }
    }
    return r->status;
}

static void free_reader(reader *r)
{
    text *const texts[] = {&r->words,     &r->task,          &r->source, &r->kind_name,
                           &r->kind_type, &r->kind_values,   &r->labels, &r->label,
                           &r->attribute, &r->box_attributes};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        text_free(texts[k]);
    }
    for (size_t i = 0; i < r->kind_count; i++) {
        free(r->kinds[i].name);
    }
    free(r->kinds);
    XML_ParserFree(r->parser);
}

sslact_status cvat_read(collection *c, int32_t file, const char *data, size_t size)
{
    const char *wanted = c->options->actions;
    reader r = {.all = c, .file = file, .video = -1, .track = -1};
    r.by_attributes = wanted != NULL && strcmp(wanted, "attributes") == 0;
    r.box = (import_box){.person = -1};
    r.parser = XML_ParserCreate(NULL);
    if (r.parser == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for an XML parser");
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, start_element, end_element);
    XML_SetCharacterDataHandler(r.parser, take_words);
    XML_SetEntityDeclHandler(r.parser, refuse_entity);
    sslact_status status = parse(&r, data, size);
    text *const long_texts[] = {&r.words, &r.labels, &r.box_attributes};
    for (size_t k = 0; status >= 0 && k < 3; k++) {
        status = text_status(long_texts[k]);
    }
    free_reader(&r);
    return status;
}
