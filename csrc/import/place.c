// Where the boxes are: frame numbers to seconds, pixels to fractions of the picture.
#include "import/collection.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "data/lines.h"
#include "data/video_finder.h"
#include "media/video.h"

// A video that is open while its boxes are placed.
typedef struct placing {
    collection *all;
    video_finder *finder; // NULL: no folder of videos
    video *open;
    int32_t open_index;
} placing;

static data_place locate(const collection *c, const import_box *box)
{
    data_place place;
    const char *path = c->paths[box->file];
    if (box->line > 0) {
        return data_problems_locate(path, box->line);
    }
    snprintf(place.text, sizeof place.text, "%.200s", path);
    return place;
}

// --- time ---

static sslact_status open_video(placing *p, const import_box *box)
{
    text path = {0};
    const char *name = p->all->videos.names[box->video];
    video_close(p->open);
    p->open = NULL;
    p->open_index = box->video;
    sslact_status status = video_finder_find(p->finder, name, &path);
    if (status >= 0) {
        status = video_open(text_get(&path), NULL, &p->open);
    }
    text_free(&path);
    if (status < 0 && status != SSLACT_ERROR_OUT_OF_MEMORY) {
        return error_prefix("%s: ", locate(p->all, box).text);
    }
    return status;
}

static sslact_status find_time(placing *p, import_box *box, bool *there)
{
    const collection *c = p->all;
    double rate = c->options->frame_rate > 0 ? c->options->frame_rate : c->rates[box->video];
    *there = true;
    if (p->open != NULL) {
        int64_t count = video_count_frames(p->open);
        *there = box->frame >= 0 && box->frame < count;
        box->seconds = *there ? video_get_time(p->open, box->frame) : 0;
        return *there
                   ? SSLACT_OK
                   : data_problems_report(c->problems, DATA_PROBLEM_KEY_FRAME, locate(c, box).text,
                                          "frame %" PRId64 " of video \"%s\", which has frames 0 "
                                          "to %" PRId64 " (counted from 1? then --first-frame 1)",
                                          box->frame, c->videos.names[box->video], count - 1);
    }
    if (!(rate > 0)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "%s: nothing says when frame %" PRId64
                         " of video \"%s\" is shown, expected "
                         "the folder of the videos (--videos) or the frames a second "
                         "(--frame-rate)",
                         locate(c, box).text, box->frame, c->videos.names[box->video]);
    }
    *there = box->frame >= 0;
    box->seconds = (double)box->frame / rate;
    return *there ? SSLACT_OK
                  : data_problems_report(c->problems, DATA_PROBLEM_KEY_FRAME, locate(c, box).text,
                                         "frame %" PRId64 ", expected 0 or more", box->frame);
}

// --- picture ---

static double clip(double value, bool *clipped)
{
    double inside = fmin(fmax(value, 0), 1);
    *clipped = *clipped || inside != value;
    return inside;
}

static sslact_status find_size(const placing *p, const import_box *box, double *width,
                               double *height)
{
    *width = box->width;
    *height = box->height;
    if (p->open != NULL && !(*width > 0 && *height > 0)) {
        video_info info;
        video_describe(p->open, &info);
        *width = info.width;
        *height = info.height;
    }
    if (*width > 0 && *height > 0) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                     "%s: nothing says how large the pictures of video \"%s\" are, expected the "
                     "folder of the videos (--videos)",
                     locate(p->all, box).text, p->all->videos.names[box->video]);
}

static sslact_status scale(placing *p, import_box *box, bool *inside)
{
    collection *c = p->all;
    const import_box before = *box;
    double width, height;
    bool clipped = false;
    sslact_status status = find_size(p, box, &width, &height);
    if (status < 0) {
        return status;
    }
    box->x1 = clip(box->x1 / width, &clipped);
    box->y1 = clip(box->y1 / height, &clipped);
    box->x2 = clip(box->x2 / width, &clipped);
    box->y2 = clip(box->y2 / height, &clipped);
    // The sheet has six decimals; what is empty there is empty here.
    *inside = box->x2 - box->x1 >= 2e-6 && box->y2 - box->y1 >= 2e-6;
    c->boxes_clipped += *inside && clipped;
    return *inside
               ? SSLACT_OK
               : data_problems_report(c->problems, DATA_PROBLEM_BOX_OUTSIDE, locate(c, box).text,
                                      "box %s, %s, %s, %s has no part in the picture of %s x %s "
                                      "pixels",
                                      show_number(before.x1).text, show_number(before.y1).text,
                                      show_number(before.x2).text, show_number(before.y2).text,
                                      show_number(width).text, show_number(height).text);
}

// --- all of it ---

// By video, so that each is opened once; then in the order of the files.
static int compare_boxes(const void *a, const void *b)
{
    const import_box *left = a, *right = b;
    if (left->video != right->video) {
        return left->video < right->video ? -1 : 1;
    }
    return (left->frame > right->frame) - (left->frame < right->frame);
}

static sslact_status place_box(placing *p, import_box *box, bool *kept)
{
    sslact_status status = SSLACT_OK;
    *kept = false;
    if (p->finder != NULL && box->video != p->open_index) {
        status = open_video(p, box);
    }
    if (status >= 0) {
        status = find_time(p, box, kept);
    }
    if (status >= 0 && *kept) {
        status = scale(p, box, kept);
    }
    return status;
}

sslact_status collection_place(collection *c)
{
    placing p = {.all = c, .open_index = -1};
    const char *root = c->options->video_root;
    size_t used = 0;
    sslact_status status = SSLACT_OK;
    if (root != NULL && root[0] != '\0') {
        status = video_finder_open(root, "", &p.finder);
    }
    if (c->box_count > 0) {
        qsort(c->boxes, c->box_count, sizeof *c->boxes, compare_boxes);
    }
    for (size_t i = 0; status >= 0 && i < c->box_count; i++) {
        bool kept;
        status = place_box(&p, &c->boxes[i], &kept);
        if (status >= 0 && kept) {
            c->boxes[used++] = c->boxes[i];
        }
    }
    c->box_count = used;
    video_close(p.open);
    video_finder_free(p.finder);
    return status;
}
