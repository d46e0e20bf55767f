// COCO-style JSON of videos, in its three known shapes: pictures that name their video (CocoVID,
// TAO), pictures in a folder a video (exports of drawing tools), and tracks with a list of boxes a
// video (YouTube-VIS).
#include "import/collection.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"

typedef struct pair {
    int64_t id;
    int64_t value;
} pair;

typedef struct pair_list { // ascending ids once sorted
    pair *pairs;
    size_t count, capacity;
} pair_list;

typedef struct reader {
    collection *all;
    int32_t file;
    const char *path;
    pair_list videos;       // id to number of the collection, for videos with a name
    pair_list video_places; // id to place in `videos` of the file
    pair_list categories;   // id to number of the action
    pair_list images;       // id to place in `images` of the file
    const json_t *video_objects, *image_objects;
    bool by_attributes;
} reader;

// --- ids ---

static sslact_status add_pair(pair_list *list, int64_t id, int64_t value)
{
    sslact_status status =
        array_reserve((void **)&list->pairs, &list->capacity, list->count + 1, sizeof *list->pairs);
    if (status >= 0) {
        list->pairs[list->count++] = (pair){id, value};
    }
    return status;
}

static int compare_pairs(const void *a, const void *b)
{
    int64_t left = ((const pair *)a)->id, right = ((const pair *)b)->id;
    return (left > right) - (left < right);
}

static void sort_pairs(pair_list *list)
{
    if (list->count > 0) {
        qsort(list->pairs, list->count, sizeof *list->pairs, compare_pairs);
    }
}

static bool find_pair(const pair_list *list, int64_t id, int64_t *value)
{
    const pair wanted = {id, 0};
    const pair *found =
        list->count > 0 ? bsearch(&wanted, list->pairs, list->count, sizeof wanted, compare_pairs)
                        : NULL;
    *value = found != NULL ? found->value : -1;
    return found != NULL;
}

// --- values ---

static sslact_status refuse(const reader *r, const char *list, size_t index, const char *what)
{
    return error_set(SSLACT_ERROR_FORMAT, "%s: %s[%zu]%s", r->path, list, index, what);
}

static bool get_int(const json_t *object, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    return false;
}

static int32_t get_side(const json_t *object, const char *name)
{
    int64_t side = 0;
    return get_int(object, name, &side) && side > 0 && side <= 1 << 20 ? (int32_t)side : 0;
}

static const char *get_string(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value != NULL ? value : "";
}

// --- categories and videos ---

static sslact_status read_categories(reader *r, const json_t *categories)
{
    for (size_t i = 0; i < json_array_size(categories); i++) {
        const json_t *category = json_array_get(categories, i);
        int64_t id;
        if (!get_int(category, "id", &id) || get_string(category, "name")[0] == '\0') {
            return refuse(r, "categories", i, ", expected an id and a name");
        }
        sslact_status status = add_pair(&r->categories, id, (int64_t)i);
        if (status < 0) {
            return status;
        }
    }
    sort_pairs(&r->categories);
    // Actions in the order of the ids; the pairs then hold the number of the action.
    for (size_t k = 0; !r->by_attributes && k < r->categories.count; k++) {
        pair *p = &r->categories.pairs[k];
        const json_t *category = json_array_get(categories, (size_t)p->value);
        int32_t action;
        sslact_status status =
            collection_add_action(r->all, r->path, get_string(category, "name"), &action);
        if (status < 0) {
            return status;
        }
        p->value = action;
    }
    return SSLACT_OK;
}

static sslact_status read_videos(reader *r)
{
    for (size_t i = 0; i < json_array_size(r->video_objects); i++) {
        const json_t *video = json_array_get(r->video_objects, i);
        const char *name = get_string(video, "name");
        int64_t id;
        int32_t index;
        name = name[0] != '\0' ? name : get_string(video, "file_name");
        if (!get_int(video, "id", &id)) {
            return refuse(r, "videos", i, ", expected an id");
        }
        sslact_status status = add_pair(&r->video_places, id, (int64_t)i);
        if (status >= 0 && name[0] != '\0') { // else its pictures say
            status = collection_add_video(r->all, name,
                                          json_number_value(json_object_get(video, "fps")), &index);
            status = status < 0 ? status : add_pair(&r->videos, id, index);
        }
        if (status < 0) {
            return status;
        }
    }
    sort_pairs(&r->videos);
    sort_pairs(&r->video_places);
    return SSLACT_OK;
}

static sslact_status list_images(reader *r)
{
    for (size_t i = 0; i < json_array_size(r->image_objects); i++) {
        int64_t id;
        if (!get_int(json_array_get(r->image_objects, i), "id", &id)) {
            return refuse(r, "images", i, ", expected an id");
        }
        sslact_status status = add_pair(&r->images, id, (int64_t)i);
        if (status < 0) {
            return status;
        }
    }
    sort_pairs(&r->images);
    return SSLACT_OK;
}

// --- where a box is ---

static sslact_status place_on_image(reader *r, size_t index, import_box *box)
{
    const json_t *image = json_array_get(r->image_objects, index);
    const char *name = get_string(image, "file_name");
    int64_t video_id, video = -1, frame = 0;
    bool counted = get_int(image, "frame_id", &frame) || get_int(image, "frame_index", &frame);
    bool known = get_int(image, "video_id", &video_id) && find_pair(&r->videos, video_id, &video);
    box->width = get_side(image, "width");
    box->height = get_side(image, "height");
    if (known && counted) {
        box->video = (int32_t)video;
        box->frame = frame - r->all->options->first_frame;
        return SSLACT_OK;
    }
    char place[64];
    snprintf(place, sizeof place, "images[%zu]", index);
    sslact_status status = collection_locate(
        r->all, place, name, known ? r->all->videos.names[video] : "", &box->video, &box->frame);
    if (status < 0) {
        return error_prefix("%s: ", r->path);
    }
    box->video = known ? (int32_t)video : box->video;
    box->frame = counted ? frame - r->all->options->first_frame : box->frame;
    return SSLACT_OK;
}

// Frame number k of a video of YouTube-VIS: its pictures are not every frame, their names say
// which.
static sslact_status place_on_video(reader *r, size_t index, size_t k, import_box *box)
{
    const json_t *video = json_array_get(r->video_objects, index);
    const char *name = json_string_value(json_array_get(json_object_get(video, "file_names"), k));
    int64_t id, number = -1;
    box->width = get_side(video, "width");
    box->height = get_side(video, "height");
    bool known = get_int(video, "id", &id) && find_pair(&r->videos, id, &number);
    if (name == NULL) {
        box->frame = (int64_t)k;
        box->video = (int32_t)number;
        return known ? SSLACT_OK : refuse(r, "videos", index, ", expected a name or file_names");
    }
    sslact_status status =
        collection_locate(r->all, "file_names", name, "", &box->video, &box->frame);
    if (status < 0) {
        return error_prefix("%s: videos[%zu]: ", r->path, index);
    }
    box->video = known ? (int32_t)number : box->video;
    return SSLACT_OK;
}

// --- actions ---

static bool is_internal(const char *name)
{
    static const char *const names[] = {"occluded", "outside",  "keyframe",
                                        "track_id", "rotation", NULL};
    for (size_t k = 0; names[k] != NULL; k++) {
        if (strcmp(name, names[k]) == 0) {
            return true;
        }
    }
    return false;
}

// The action that an attribute names, NULL for none.
static const char *read_attribute(const char *name, const json_t *value)
{
    const char *word = json_string_value(value);
    if (is_internal(name)) {
        return NULL;
    }
    if (json_is_true(value) || (word != NULL && import_is_true(word))) {
        return name;
    }
    return word != NULL && !import_is_nothing(word) ? word : NULL;
}

static sslact_status give_actions(reader *r, size_t index, json_t *annotation)
{
    json_t *attributes = json_object_get(annotation, "attributes");
    const char *name;
    json_t *value;
    int64_t id, action;
    int32_t number;
    sslact_status status = SSLACT_OK;
    if (!r->by_attributes) {
        if (!get_int(annotation, "category_id", &id) || !find_pair(&r->categories, id, &action)) {
            return refuse(r, "annotations", index, ", expected the category_id of a category");
        }
        return collection_give_action(r->all, (int32_t)action);
    }
    json_object_foreach(attributes, name, value)
    {
        const char *word = read_attribute(name, value);
        if (word == NULL) {
            continue;
        }
        status = collection_add_action(r->all, r->path, word, &number);
        if (status >= 0) {
            status = collection_give_action(r->all, number);
        }
        if (status < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

// --- annotations ---

static bool read_box(const json_t *numbers, import_box *box)
{
    double v[4];
    for (size_t k = 0; k < 4; k++) {
        const json_t *number = json_array_get(numbers, k);
        if (!json_is_number(number)) {
            return false;
        }
        v[k] = json_number_value(number);
    }
    box->x1 = v[0];
    box->y1 = v[1];
    box->x2 = v[0] + v[2];
    box->y2 = v[1] + v[3];
    return json_array_size(numbers) == 4;
}

static sslact_status add_box(reader *r, size_t index, json_t *annotation, const import_box *box)
{
    sslact_status status = collection_add_box(r->all, box);
    return status < 0 ? status : give_actions(r, index, annotation);
}

static sslact_status read_track(reader *r, size_t index, json_t *annotation, import_box *box)
{
    const json_t *boxes = json_object_get(annotation, "bboxes");
    int64_t video_id, video;
    get_int(annotation, "id", &box->person);
    if (!get_int(annotation, "video_id", &video_id) ||
        !find_pair(&r->video_places, video_id, &video)) {
        return refuse(r, "annotations", index, ", expected the video_id of a video");
    }
    for (size_t k = 0; k < json_array_size(boxes); k++) {
        if (json_is_null(json_array_get(boxes, k))) {
            continue; // not in the picture
        }
        if (!read_box(json_array_get(boxes, k), box)) {
            return refuse(r, "annotations", index, ".bboxes, expected four numbers each, or null");
        }
        sslact_status status = place_on_video(r, (size_t)video, k, box);
        if (status >= 0) {
            status = add_box(r, index, annotation, box);
        }
        if (status < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

static sslact_status read_annotation(reader *r, size_t index, json_t *annotation)
{
    import_box box = {.person = -1, .file = r->file};
    int64_t image_id, image;
    if (json_is_array(json_object_get(annotation, "bboxes"))) {
        return read_track(r, index, annotation, &box);
    }
    if (!json_is_array(json_object_get(annotation, "bbox"))) {
        r->all->shapes_left_out++;
        return SSLACT_OK;
    }
    if (!get_int(annotation, "image_id", &image_id) || !find_pair(&r->images, image_id, &image)) {
        return refuse(r, "annotations", index, ", expected the image_id of an image");
    }
    if (!read_box(json_object_get(annotation, "bbox"), &box)) {
        return refuse(r, "annotations", index, ".bbox, expected four numbers: x, y, width, height");
    }
    if (!get_int(annotation, "track_id", &box.person)) {
        get_int(annotation, "instance_id", &box.person);
    }
    sslact_status status = place_on_image(r, (size_t)image, &box);
    return status < 0 ? status : add_box(r, index, annotation, &box);
}

// Where there is one category, and people have attributes that are ticked, these are the actions.
static bool has_action_attributes(const json_t *categories, const json_t *annotations)
{
    if (json_array_size(categories) != 1) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(annotations); i++) {
        json_t *attributes = json_object_get(json_array_get(annotations, i), "attributes");
        const char *name;
        json_t *value;
        json_object_foreach(attributes, name, value)
        {
            if (!is_internal(name) && json_is_boolean(value)) {
                return true;
            }
        }
    }
    return false;
}

static sslact_status read_root(reader *r, const json_t *root)
{
    const json_t *annotations = json_object_get(root, "annotations");
    const json_t *categories = json_object_get(root, "categories");
    const char *wanted = r->all->options->actions;
    r->video_objects = json_object_get(root, "videos");
    r->image_objects = json_object_get(root, "images");
    if (!json_is_array(annotations) || !json_is_array(categories) ||
        (!json_is_array(r->image_objects) && !json_is_array(r->video_objects))) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: expected the lists annotations, categories and images or videos of "
                         "COCO's form",
                         r->path);
    }
    r->by_attributes = wanted == NULL || wanted[0] == '\0'
                           ? has_action_attributes(categories, annotations)
                           : strcmp(wanted, "attributes") == 0;
    sslact_status status = read_categories(r, categories);
    status = status < 0 ? status : read_videos(r);
    status = status < 0 ? status : list_images(r);
    for (size_t i = 0; status >= 0 && i < json_array_size(annotations); i++) {
        status = read_annotation(r, i, json_array_get(annotations, i));
    }
    return status;
}

sslact_status coco_read(collection *c, int32_t file, const char *data, size_t size)
{
    reader r = {.all = c, .file = file, .path = c->paths[file]};
    json_error_t error;
    json_t *root = json_loadb(data, size, 0, &error);
    if (root == NULL) {
        return error_set(SSLACT_ERROR_FORMAT, "%s:%d: no JSON: %s", r.path, error.line, error.text);
    }
    sslact_status status = read_root(&r, root);
    json_decref(root);
    free(r.videos.pairs);
    free(r.video_places.pairs);
    free(r.categories.pairs);
    free(r.images.pairs);
    return status;
}
