// Finds the two neighbours of every clip in sorted lists of key frames, and matches their boxes.
#include "data/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "data/names.h"
#include "data/people.h"

#define TIME_SLACK 1e-6 // of two texts of one time
#define NO_VIDEO (-1)

typedef struct key_frame {
    int32_t video; // NO_VIDEO: not known
    double seconds;
    size_t first; // person of the list
    int32_t count;
} key_frame;

// People with labels on key frames, each person once.
typedef struct crowd {
    int32_t class_count;
    key_frame *frames;
    sslact_box *boxes;
    uint8_t *labels; // [people][class_count]
    size_t frame_count, frame_capacity, box_count, box_capacity, label_capacity;
} crowd;

// Candidate pair of a clip's box and a person of its neighbour.
typedef struct pair {
    double overlap;
    int32_t box, person;
} pair;

typedef struct finder {
    name_table videos;
    people_table clips; // boxes only
    crowd labeled;
    const key_frame **by_time; // labelled frames with a video, by (video, seconds)
    size_t by_time_count;
    double reach;
    pair *pairs; // scratch
    size_t pair_capacity;
    int32_t *matches[2]; // scratch: person of the frame before and after, -1 none
    size_t match_capacity[2];
} finder;

// --- places ---

// A program's clips know their place where they are named as those of files are.
static sslact_status split_name(finder *f, const char *name, key_frame *frame)
{
    const char *comma = strrchr(name, ',');
    if (comma == NULL || comma == name ||
        !text_parse_double(comma + 1, strlen(comma + 1), &frame->seconds)) {
        return SSLACT_OK;
    }
    return name_table_add(&f->videos, name, (size_t)(comma - name), &frame->video);
}

static sslact_status locate(finder *f, dataset *d, size_t index, key_frame *frame)
{
    const char *video = NULL;
    frame->video = NO_VIDEO;
    sslact_status status = dataset_locate(d, index, &video, &frame->seconds);
    if (status < 0) {
        return status;
    }
    return strcmp(dataset_get_split(d), "memory") == 0
               ? split_name(f, video, frame)
               : name_table_add(&f->videos, video, strlen(video), &frame->video);
}

// --- labelled people ---

static sslact_status add_frame(finder *f, dataset *d, size_t index)
{
    crowd *c = &f->labeled;
    key_frame frame = {.first = c->box_count};
    sslact_status status = locate(f, d, index, &frame);
    if (status >= 0) {
        status = array_reserve((void **)&c->frames, &c->frame_capacity, c->frame_count + 1,
                               sizeof *c->frames);
    }
    if (status >= 0) {
        c->frames[c->frame_count++] = frame;
    }
    return status;
}

// The person of the last frame with this box, a new one where there is none.
static sslact_status find_person(crowd *c, const sslact_box *box, size_t *person)
{
    key_frame *frame = &c->frames[c->frame_count - 1];
    for (*person = frame->first; *person < c->box_count; (*person)++) {
        if (memcmp(&c->boxes[*person], box, sizeof *box) == 0) {
            return SSLACT_OK;
        }
    }
    size_t classes = (size_t)c->class_count;
    sslact_status status =
        array_reserve((void **)&c->boxes, &c->box_capacity, c->box_count + 1, sizeof *c->boxes);
    if (status >= 0) {
        status = array_reserve((void **)&c->labels, &c->label_capacity, c->box_count + 1, classes);
    }
    if (status >= 0) {
        c->boxes[c->box_count] = *box;
        memset(c->labels + c->box_count * classes, 0, classes);
        c->box_count++;
        frame->count++;
    }
    return status;
}

static sslact_status list_rows(finder *f, dataset *d, const truth_row *rows, size_t count)
{
    crowd *c = &f->labeled;
    sslact_status status = SSLACT_OK;
    for (size_t r = 0; status >= 0 && r < count; r++) {
        size_t person = 0;
        if (r == 0 || rows[r].clip != rows[r - 1].clip) {
            status = add_frame(f, d, rows[r].clip);
        }
        if (status >= 0) {
            status = find_person(c, &rows[r].box, &person);
        }
        if (status >= 0) {
            c->labels[person * (size_t)c->class_count + (size_t)rows[r].class_index] = 1;
        }
    }
    return status;
}

static sslact_status list_labeled(finder *f, dataset *labeled)
{
    truth_row *rows = NULL;
    size_t count = 0;
    f->labeled.class_count = dataset_count_classes(labeled);
    sslact_status status = dataset_collect_truth(labeled, &rows, &count);
    if (status >= 0) {
        status = list_rows(f, labeled, rows, count);
    }
    free(rows);
    return status;
}

// --- key frames in time ---

static int compare_frames(const void *a, const void *b)
{
    const key_frame *left = *(const key_frame *const *)a;
    const key_frame *right = *(const key_frame *const *)b;
    if (left->video != right->video) {
        return left->video < right->video ? -1 : 1;
    }
    return (left->seconds > right->seconds) - (left->seconds < right->seconds);
}

static sslact_status sort_by_time(finder *f)
{
    f->by_time = array_create(f->labeled.frame_count, sizeof *f->by_time);
    if (f->by_time == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < f->labeled.frame_count; i++) {
        if (f->labeled.frames[i].video != NO_VIDEO) {
            f->by_time[f->by_time_count++] = &f->labeled.frames[i];
        }
    }
    if (f->by_time_count > 0) {
        qsort(f->by_time, f->by_time_count, sizeof *f->by_time, compare_frames);
    }
    return SSLACT_OK;
}

// Number of labelled frames that come before (video, seconds).
static size_t count_before(const finder *f, int32_t video, double seconds)
{
    size_t low = 0, high = f->by_time_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const key_frame *at = f->by_time[middle];
        if (at->video < video || (at->video == video && at->seconds < seconds)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const key_frame *take_near(const finder *f, size_t place, int32_t video, double seconds)
{
    if (place >= f->by_time_count || f->by_time[place]->video != video ||
        fabs(f->by_time[place]->seconds - seconds) > f->reach + TIME_SLACK) {
        return NULL;
    }
    return f->by_time[place];
}

// False where one side has no key frame near enough. A key frame at the same time is no neighbour.
static bool find_sides(const finder *f, const key_frame *frame, const key_frame *sides[2])
{
    if (frame->video == NO_VIDEO) {
        return false;
    }
    int32_t video = frame->video;
    size_t before = count_before(f, video, frame->seconds - TIME_SLACK);
    size_t after = count_before(f, video, frame->seconds + TIME_SLACK);
    // Without one before, `before - 1` is past the end.
    sides[0] = take_near(f, before - 1, video, frame->seconds);
    sides[1] = take_near(f, after, video, frame->seconds);
    return sides[0] != NULL && sides[1] != NULL;
}

// --- boxes ---

static double get_area(const sslact_box *a)
{
    return ((double)a->x2 - a->x1) * ((double)a->y2 - a->y1);
}

static double get_overlap(const sslact_box *a, const sslact_box *b)
{
    double width = fmin(a->x2, b->x2) - fmax(a->x1, b->x1);
    double height = fmin(a->y2, b->y2) - fmax(a->y1, b->y1);
    if (width <= 0 || height <= 0) {
        return 0;
    }
    return width * height / (get_area(a) + get_area(b) - width * height);
}

static int compare_pairs(const void *a, const void *b)
{
    const pair *left = a, *right = b;
    if (left->overlap != right->overlap) {
        return left->overlap > right->overlap ? -1 : 1;
    }
    if (left->box != right->box) {
        return left->box < right->box ? -1 : 1;
    }
    return (left->person > right->person) - (left->person < right->person);
}

static sslact_status list_pairs(finder *f, const key_frame *frame, const key_frame *side,
                                size_t *count)
{
    *count = 0;
    for (int32_t i = 0; i < frame->count; i++) {
        const sslact_box *box = &f->clips.boxes[frame->first + (size_t)i];
        for (int32_t k = 0; k < side->count; k++) {
            double overlap = get_overlap(box, &f->labeled.boxes[side->first + (size_t)k]);
            if (overlap < NEIGHBOUR_OVERLAP) {
                continue;
            }
            sslact_status status =
                array_reserve((void **)&f->pairs, &f->pair_capacity, *count + 1, sizeof *f->pairs);
            if (status < 0) {
                return status;
            }
            f->pairs[(*count)++] = (pair){overlap, i, k};
        }
    }
    return SSLACT_OK;
}

static bool is_taken(const int32_t *matches, int32_t count, int32_t person)
{
    for (int32_t i = 0; i < count; i++) {
        if (matches[i] == person) {
            return true;
        }
    }
    return false;
}

// matches[side][box] = person: the pair of greatest overlap first, each box and person once.
static sslact_status match_boxes(finder *f, const key_frame *frame, const key_frame *side,
                                 int which)
{
    size_t count = 0;
    sslact_status status = array_reserve((void **)&f->matches[which], &f->match_capacity[which],
                                         (size_t)frame->count, sizeof **f->matches);
    if (status >= 0) {
        status = list_pairs(f, frame, side, &count);
    }
    if (status < 0) {
        return status;
    }
    int32_t *matches = f->matches[which];
    for (int32_t i = 0; i < frame->count; i++) {
        matches[i] = -1;
    }
    if (count > 0) {
        qsort(f->pairs, count, sizeof *f->pairs, compare_pairs);
    }
    for (size_t p = 0; p < count; p++) {
        if (matches[f->pairs[p].box] < 0 && !is_taken(matches, frame->count, f->pairs[p].person)) {
            matches[f->pairs[p].box] = f->pairs[p].person;
        }
    }
    return SSLACT_OK;
}

// --- evidence ---

static const uint8_t *get_labels(const crowd *list, const key_frame *frame, int32_t person)
{
    return list->labels + (frame->first + (size_t)person) * (size_t)list->class_count;
}

static sslact_status judge_clip(finder *f, const key_frame *frame, neighbour_table *t)
{
    const key_frame *sides[2];
    if (!find_sides(f, frame, sides)) {
        return SSLACT_OK;
    }
    for (int which = 0; which < 2; which++) {
        sslact_status status = match_boxes(f, frame, sides[which], which);
        if (status < 0) {
            return status;
        }
    }
    for (int32_t i = 0; i < frame->count; i++) {
        if (f->matches[0][i] < 0 || f->matches[1][i] < 0) {
            continue;
        }
        const uint8_t *before = get_labels(&f->labeled, sides[0], f->matches[0][i]);
        const uint8_t *after = get_labels(&f->labeled, sides[1], f->matches[1][i]);
        int8_t *row = t->evidence + (frame->first + (size_t)i) * (size_t)t->class_count;
        for (int32_t j = 0; j < t->class_count; j++) {
            row[j] = (int8_t)(before[j] + after[j] - 1);
        }
        t->matched++;
    }
    return SSLACT_OK;
}

static sslact_status judge_all(finder *f, dataset *clips, neighbour_table *t)
{
    sslact_status status = sort_by_time(f);
    for (size_t i = 0; status >= 0 && i < t->clip_count; i++) {
        key_frame frame = {.first = t->first[i], .count = (int32_t)(t->first[i + 1] - t->first[i])};
        status = locate(f, clips, i, &frame);
        if (status >= 0) {
            status = judge_clip(f, &frame, t);
        }
    }
    return status;
}

static void clear(finder *f)
{
    name_table_free(&f->videos);
    people_table_free(&f->clips);
    free(f->labeled.frames);
    free(f->labeled.boxes);
    free(f->labeled.labels);
    free(f->by_time);
    free(f->pairs);
    free(f->matches[0]);
    free(f->matches[1]);
}

static sslact_status make_table(const people_table *clips, neighbour_table *t)
{
    size_t entries = 0, rows = clips->first[clips->clip_count];
    t->class_count = clips->class_count;
    t->clip_count = clips->clip_count;
    t->first = array_create(t->clip_count + 1, sizeof *t->first);
    if (!array_multiply(rows, (size_t)t->class_count, &entries)) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "out of memory");
    }
    t->evidence = array_create(entries, 1);
    if (t->first == NULL || t->evidence == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    memcpy(t->first, clips->first, (t->clip_count + 1) * sizeof *t->first);
    return SSLACT_OK;
}

static sslact_status find(finder *f, dataset *clips, dataset *labeled, neighbour_table *t)
{
    if (dataset_count_classes(clips) != dataset_count_classes(labeled)) {
        return error_set(SSLACT_ERROR_MISMATCH, "%d classes here, %d in the labelled set",
                         dataset_count_classes(clips), dataset_count_classes(labeled));
    }
    sslact_status status = dataset_collect_people(clips, false, &f->clips);
    if (status >= 0) {
        status = list_labeled(f, labeled);
    }
    if (status >= 0) {
        status = make_table(&f->clips, t);
    }
    return status < 0 ? status : judge_all(f, clips, t);
}

sslact_status neighbours_find(dataset *clips, dataset *labeled, double reach_seconds,
                              neighbour_table **out)
{
    finder f = {.reach = reach_seconds};
    neighbour_table *made = array_create(1, sizeof *made);
    if (made == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = find(&f, clips, labeled, made);
    clear(&f);
    if (status < 0) {
        neighbours_free(made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

void neighbours_free(neighbour_table *t)
{
    if (t == NULL) {
        return;
    }
    free(t->first);
    free(t->evidence);
    free(t);
}
