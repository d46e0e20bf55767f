// What a person's own data asks of its videos: the size of the picture, and which are held out.
#include "data/own_files.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/subset.h"
#include "media/video.h"

// --- pixels ---

// A box drawn to the very edge may end a pixel behind it.
#define EDGE_PIXELS 1.0

typedef struct picture_size {
    double width, height; // 0: not known yet; negative: the video does not open
} picture_size;

static sslact_status measure(const char *path, data_problems *problems, picture_size *out)
{
    video *v = NULL;
    video_info info;
    *out = (picture_size){-1, -1};
    sslact_status status = video_open(path, NULL, &v);
    if (status == SSLACT_ERROR_OUT_OF_MEMORY) {
        return status;
    }
    if (status < 0) {
        const char *what = sslact_error_get_message();
        size_t length = strlen(path);
        bool repeats = strncmp(what, path, length) == 0 && strncmp(what + length, ": ", 2) == 0;
        return data_problems_report(problems, DATA_PROBLEM_VIDEO, path, "%s",
                                    repeats ? what + length + 2 : what);
    }
    video_describe(v, &info);
    *out = (picture_size){info.width, info.height};
    video_close(v);
    return SSLACT_OK;
}

static bool scale_side(double *low, double *high, double side)
{
    if (*low < -EDGE_PIXELS || *high > side + EDGE_PIXELS) {
        return false;
    }
    *low = fmax(*low, 0) / side;
    *high = fmin(*high, side) / side;
    return *low < *high;
}

// False: outside the picture, which is reported.
static sslact_status scale_box(const char *path, const picture_size *size, data_problems *problems,
                               ava_row *row, bool *inside)
{
    const ava_row before = *row;
    *inside =
        scale_side(&row->x1, &row->x2, size->width) && scale_side(&row->y1, &row->y2, size->height);
    if (*inside) {
        return SSLACT_OK;
    }
    return data_problems_report(
        problems, DATA_PROBLEM_BOX_OUTSIDE, data_problems_locate(path, row->line).text,
        "box %s, %s, %s, %s is outside the picture of %s x %s pixels", show_number(before.x1).text,
        show_number(before.y1).text, show_number(before.x2).text, show_number(before.y2).text,
        show_number(size->width).text, show_number(size->height).text);
}

sslact_status own_scale_boxes(const char *path, const char *const *paths, size_t path_count,
                              data_problems *problems, ava_rows *rows)
{
    size_t kept = 0;
    picture_size *sizes = array_create(path_count, sizeof *sizes);
    sslact_status status = sizes == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < rows->count; i++) {
        ava_row *row = &rows->rows[i];
        picture_size *size = &sizes[row->video];
        bool inside = false;
        if (size->width == 0) {
            status = measure(paths[row->video], problems, size);
        }
        if (status >= 0 && size->width > 0) {
            status = scale_box(path, size, problems, row, &inside);
        }
        if (inside) {
            rows->rows[kept++] = *row;
        }
    }
    rows->count = kept;
    free(sizes);
    return status;
}

// --- held out for validation ---

typedef struct ranked_video {
    uint64_t rank;
    const char *name;
    int32_t index;
} ranked_video;

static int compare_ranked(const void *a, const void *b)
{
    const ranked_video *left = a, *right = b;
    if (left->rank != right->rank) {
        return left->rank < right->rank ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

// The different videos of the rows; ranked [videos->count] receives them.
static size_t list_videos(const ava_rows *rows, const name_table *videos, int64_t seed,
                          uint8_t *seen, ranked_video *ranked)
{
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        int32_t index = rows->rows[i].video;
        if (!seen[index]) {
            seen[index] = 1;
            // The rank of subsets (section 6), of time 0.
            ranked[count++] = (ranked_video){subset_rank(seed, videos->names[index], 0),
                                             videos->names[index], index};
        }
    }
    return count;
}

sslact_status own_hold_out(const ava_rows *rows, const name_table *videos, double share,
                           int64_t seed, uint8_t **held)
{
    ranked_video *ranked = array_create(videos->count, sizeof *ranked);
    uint8_t *flags = array_create(videos->count, 1);
    if (ranked == NULL || flags == NULL) {
        free(ranked);
        free(flags);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    size_t count = list_videos(rows, videos, seed, flags, ranked);
    memset(flags, 0, videos->count);
    if (count == 1) {
        free(ranked);
        free(flags);
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.validation_share %s of one video is none; give the validation split "
                         "a file of its own (data.validation.labels), or set the share to 0",
                         show_number(share).text);
    }
    if (count > 0) {
        qsort(ranked, count, sizeof *ranked, compare_ranked);
    }
    double wanted = round((double)count * share);
    wanted = fmin(fmax(wanted, 1), (double)count - 1);
    for (size_t i = 0; i < count && (double)i < wanted; i++) {
        flags[ranked[i].index] = 1;
    }
    free(ranked);
    *held = flags;
    return SSLACT_OK;
}
