// What the readers find, whatever file it comes from: boxes of people on frames of videos.
#ifndef IMPORT_COLLECTION_H
#define IMPORT_COLLECTION_H

#include "sslact/dataset.h"

#include "data/names.h"
#include "data/problems.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct import_box {
    double x1, y1, x2, y2; // pixels as read, fractions once placed
    double seconds;        // once placed
    int64_t frame;         // counted from 0
    int64_t person;        // of one video, -1 unknown
    int64_t line;          // in its file, 0 where the form has no lines
    size_t action_first, action_count;
    int32_t video;
    int32_t width, height; // of the picture that was annotated, 0 unknown
    int32_t file;          // number of the path, for messages
} import_box;

typedef struct collection {
    const char *const *paths; // borrowed
    const sslact_import_options *options;
    data_problems *problems;
    name_table videos;
    double *rates; // [videos.count] frames a second as the file says, 0 unknown
    size_t rate_capacity;
    name_table actions;
    import_box *boxes;
    size_t box_count, box_capacity;
    int32_t *box_actions; // numbers in `actions`, see action_first
    size_t box_action_count, box_action_capacity;
    int64_t shapes_left_out; // that are no boxes
    int64_t boxes_clipped;   // that reached over the edge
} collection;

// The number of a video, which is added when it is new.
sslact_status collection_add_video(collection *c, const char *name, double rate, int32_t *index);
// The number of an action, which is added when it is new. Refuses names that the sheet cannot hold.
sslact_status collection_add_action(collection *c, const char *place, const char *name,
                                    int32_t *index);
// Adds a box, then its actions one by one.
sslact_status collection_add_box(collection *c, const import_box *box);
sslact_status collection_give_action(collection *c, int32_t action);
void collection_free(collection *c);

// Video and frame of a picture by its name: the folder is the video (`fallback` where there is
// none, may be NULL), the digits at the end of the name the number of the frame.
sslact_status collection_locate(collection *c, const char *place, const char *picture,
                                const char *fallback, int32_t *index, int64_t *frame);

// Whether an attribute's value says that a person does what the attribute is called: "true".
bool import_is_true(const char *value);
// Values that say nothing: "", "none", "__undefined__", "false", ...
bool import_is_nothing(const char *value);

// Times and fractions for all boxes, by the videos where a folder is given. Boxes that no picture
// holds are reported and left out.
sslact_status collection_place(collection *c);
sslact_status collection_write(collection *c, const char *folder, sslact_import_summary *summary);

// The readers.
sslact_status cvat_read(collection *c, int32_t file, const char *data, size_t size);
sslact_status coco_read(collection *c, int32_t file, const char *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
