// Reads the files one after the other, whatever their form, and writes what they say together.
#include "import/import.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/file.h"
#include "import/collection.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)

static sslact_status check_options(const sslact_import_options *o)
{
    bool known = o->actions == NULL || strcmp(o->actions, "") == 0 ||
                 strcmp(o->actions, "labels") == 0 || strcmp(o->actions, "attributes") == 0;
    if (!known) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "actions is \"%.40s\", accepted are labels, attributes and nothing",
                         o->actions);
    }
    if (!(o->frame_rate >= 0 && o->frame_rate <= 1e6)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "frame_rate is %g, accepted are 0 to 1000000", o->frame_rate);
    }
    if (o->first_frame < 0 || o->first_frame > 1000000) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "first_frame is %lld, accepted are 0 to 1000000",
                         (long long)o->first_frame);
    }
    return SSLACT_OK;
}

// XML begins with "<", JSON with "{".
static sslact_status read_file(collection *c, int32_t file)
{
    char *data = NULL;
    size_t size, at = 0;
    sslact_status status = file_read(c->paths[file], FILE_MAX_BYTES, &data, &size);
    if (status < 0) {
        return status;
    }
    at = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size && strchr(" \t\r\n", data[at]) != NULL && data[at] != '\0') {
        at++;
    }
    if (at < size && data[at] == '<') {
        status = cvat_read(c, file, data, size);
    } else if (at < size && data[at] == '{') {
        status = coco_read(c, file, data + at, size - at);
    } else {
        status = error_set(SSLACT_ERROR_FORMAT,
                           "%s: begins with neither \"<\" nor \"{\", expected CVAT's XML or COCO's "
                           "JSON; a zip is to be unpacked",
                           c->paths[file]);
    }
    free(data);
    return status;
}

static sslact_status read_all(collection *c, size_t path_count)
{
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < path_count; i++) {
        status = read_file(c, (int32_t)i);
    }
    status = status < 0 ? status : collection_place(c);
    if (status >= 0 && (c->box_count == 0 || c->actions.count == 0)) {
        status = error_set(SSLACT_ERROR_FORMAT, "%s: no %s found", c->paths[0],
                           c->box_count == 0 ? "box of a person" : "action");
    }
    return status;
}

sslact_status import_annotation(const char *const *paths, size_t path_count, const char *folder,
                                const sslact_import_options *options,
                                sslact_import_summary *summary)
{
    collection c = {.paths = paths, .options = options};
    sslact_status status = check_options(options);
    if (status >= 0 && (path_count == 0 || path_count > 100000)) {
        status = error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                           "path_count is %zu, accepted are 1 to 100000", path_count);
    }
    if (status < 0) {
        return status;
    }
    c.problems = array_create(1, sizeof *c.problems); // too large for a small stack
    if (c.problems == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    c.problems->skip = true;
    status = read_all(&c, path_count);
    if (status >= 0) {
        status = collection_write(&c, folder, summary);
    }
    if (status >= 0) {
        data_problems_warn(c.problems);
        for (int kind = 0; kind < DATA_PROBLEM_COUNT; kind++) {
            summary->boxes_left_out += c.problems->counts[kind];
        }
        summary->boxes_clipped = c.boxes_clipped;
        summary->shapes_left_out = c.shapes_left_out;
        summary->actions = (int64_t)c.actions.count;
    }
    free(c.problems);
    collection_free(&c);
    return status;
}
