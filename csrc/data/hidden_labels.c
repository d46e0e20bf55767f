// Pairs the boxes of unlabelled clips with people whose labels training does not see.
#include "data/hidden_labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "data/ava_files.h"
#include "data/overlap.h"
#include "data/split.h"

struct hidden_labels {
    people_table people; // the boxes of the unlabelled set, with what is found out about them
    uint8_t *known;      // [boxes]
    double least_overlap;
};

// --- common ---

static overlap_corners get_corners(const sslact_box *box)
{
    return (overlap_corners){box->x1, box->y1, box->x2, box->y2};
}

static sslact_status create(const config *c, dataset *unlabeled, hidden_labels **out)
{
    hidden_labels *h = array_create(1, sizeof *h);
    if (h == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    h->least_overlap = config_get_double(c, "monitor.box_overlap");
    sslact_status status = dataset_collect_people(unlabeled, true, &h->people);
    if (status >= 0) {
        h->known = array_create(hidden_labels_count_boxes(h), 1);
        status = h->known == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    }
    if (status < 0) {
        hidden_labels_free(h);
        return status;
    }
    *out = h;
    return SSLACT_OK;
}

static uint8_t *get_labels(const hidden_labels *h, size_t box)
{
    return h->people.labels + box * (size_t)h->people.class_count;
}

void hidden_labels_free(hidden_labels *h)
{
    if (h != NULL) {
        people_table_free(&h->people);
        free(h->known);
        free(h);
    }
}

const uint8_t *hidden_labels_find(const hidden_labels *h, int64_t number, int32_t box)
{
    if (number < 0 || (size_t)number >= h->people.clip_count || box < 0) {
        return NULL;
    }
    size_t place = h->people.first[number] + (size_t)box;
    return place < h->people.first[number + 1] && h->known[place] ? get_labels(h, place) : NULL;
}

size_t hidden_labels_count_boxes(const hidden_labels *h)
{
    return h->people.first[h->people.clip_count];
}

size_t hidden_labels_count_known(const hidden_labels *h)
{
    size_t known = 0;
    for (size_t i = 0; i < hidden_labels_count_boxes(h); i++) {
        known += h->known[i];
    }
    return known;
}

// --- from a labelled set ---

// The box of clip n of the truth that fits best; SIZE_MAX: none fits.
static size_t match_box(const hidden_labels *h, const people_table *truth, size_t n,
                        const sslact_box *box)
{
    const overlap_corners own = get_corners(box);
    size_t found = SIZE_MAX;
    double best = 0;
    for (size_t i = truth->first[n]; i < truth->first[n + 1]; i++) {
        const overlap_corners other = get_corners(&truth->boxes[i]);
        double overlap = overlap_measure(&own, &other);
        if (overlap > best) {
            best = overlap;
            found = i;
        }
    }
    return best >= h->least_overlap ? found : SIZE_MAX;
}

static sslact_status match_clip(hidden_labels *h, const people_table *truth, size_t n)
{
    size_t classes = (size_t)h->people.class_count;
    if (truth->first[n + 1] - truth->first[n] > SPLIT_MAX_PEOPLE) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "clip %zu of the hidden labels has %zu people, at most %d are accepted", n,
                         truth->first[n + 1] - truth->first[n], SPLIT_MAX_PEOPLE);
    }
    for (size_t i = h->people.first[n]; i < h->people.first[n + 1]; i++) {
        size_t match = truth->known[n] ? match_box(h, truth, n, &h->people.boxes[i]) : SIZE_MAX;
        if (match != SIZE_MAX) {
            memcpy(get_labels(h, i), truth->labels + match * classes, classes);
            h->known[i] = 1;
        }
    }
    return SSLACT_OK;
}

// The set's own labels: no box has to be found again.
static void take_own(hidden_labels *h)
{
    for (size_t n = 0; n < h->people.clip_count; n++) {
        size_t first = h->people.first[n];
        memset(h->known + first, h->people.known[n], h->people.first[n + 1] - first);
    }
}

static sslact_status take_other(hidden_labels *h, dataset *truth_set)
{
    people_table truth;
    sslact_status status = dataset_collect_people(truth_set, true, &truth);
    if (status < 0) {
        return status;
    }
    if (truth.clip_count != h->people.clip_count || truth.class_count != h->people.class_count) {
        status = error_set(SSLACT_ERROR_MISMATCH,
                           "the hidden labels are of %zu clips and %d classes, the unlabelled set "
                           "has %zu clips and %d classes",
                           truth.clip_count, truth.class_count, h->people.clip_count,
                           h->people.class_count);
    }
    for (size_t n = 0; status >= 0 && n < h->people.clip_count; n++) {
        status = match_clip(h, &truth, n);
    }
    people_table_free(&truth);
    return status;
}

static sslact_status check_known(const hidden_labels *h, const char *what)
{
    if (hidden_labels_count_known(h) > 0 || hidden_labels_count_boxes(h) == 0) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_MISMATCH,
                     "%s: labels none of the %zu boxes of the unlabelled clips, expected people "
                     "who overlap them by monitor.box_overlap %g or more",
                     what, hidden_labels_count_boxes(h), h->least_overlap);
}

sslact_status hidden_labels_take(const config *c, dataset *unlabeled, dataset *truth,
                                 hidden_labels **out)
{
    hidden_labels *h = NULL;
    sslact_status status = create(c, unlabeled, &h);
    if (status < 0) {
        return status;
    }
    if (truth == unlabeled) {
        take_own(h);
    } else {
        status = take_other(h, truth);
    }
    if (status >= 0) {
        status = check_known(h, "the data set of hidden labels");
    }
    if (status < 0) {
        hidden_labels_free(h);
        return status;
    }
    *out = h;
    return SSLACT_OK;
}

// --- from a label file ---

typedef struct label_file {
    const char *path;
    name_table videos;
    ava_rows rows;       // by key, then line
    const dataset *set;  // its class ids
    hidden_labels *into; // what is known of them
} label_file;

static int64_t get_key(const ava_row *row)
{
    return ava_make_key(row->video, row->time_us);
}

static int compare_rows(const void *a, const void *b)
{
    const ava_row *left = a, *right = b;
    int64_t left_key = get_key(left), right_key = get_key(right);
    if (left_key != right_key) {
        return left_key < right_key ? -1 : 1;
    }
    return (left->line > right->line) - (left->line < right->line);
}

static sslact_status read_rows(const config *c, label_file *f)
{
    data_problems *problems = array_create(1, sizeof *problems); // too large for a small stack
    if (problems == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    problems->skip = strcmp(config_get_text(c, "data.on_bad_row"), "skip") == 0;
    sslact_status status =
        ava_rows_read(f->path, AVA_LABELS, AVA_ACTION_MAX_ID, &f->videos, problems, &f->rows);
    if (status >= 0) {
        data_problems_warn(problems);
    }
    free(problems);
    if (status >= 0 && f->rows.count > 0) {
        qsort(f->rows.rows, f->rows.count, sizeof *f->rows.rows, compare_rows);
    }
    return status;
}

// The first row of a key, or the end.
static size_t find_first(const ava_rows *rows, int64_t key)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (get_key(&rows->rows[middle]) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// The rows of a clip's key frame: count 0 where the file does not name it.
static sslact_status find_rows(const label_file *f, dataset *unlabeled, size_t n, size_t *first,
                               size_t *count)
{
    const char *video = NULL;
    double seconds = 0;
    sslact_status status = dataset_locate(unlabeled, n, &video, &seconds);
    *count = 0;
    int32_t index = status >= 0 ? name_table_find(&f->videos, video, strlen(video)) : -1;
    if (index < 0) {
        return status;
    }
    int64_t key = ava_make_key(index, (int64_t)llround(seconds * 1e6));
    *first = find_first(&f->rows, key);
    while (*first + *count < f->rows.count && get_key(&f->rows.rows[*first + *count]) == key) {
        ++*count;
    }
    if (*count > SPLIT_MAX_ROWS) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s:%" PRId64 ": %zu rows on one key frame, at most %d", f->path,
                         f->rows.rows[*first].line, *count, SPLIT_MAX_ROWS);
    }
    return SSLACT_OK;
}

static int32_t find_class(const dataset *d, int32_t action_id)
{
    for (int32_t j = 0; j < dataset_count_classes(d); j++) {
        if (dataset_get_class_id(d, j) == action_id) {
            return j;
        }
    }
    return -1; // no label, or one that is not on the list in use
}

static bool same_box(const ava_row *a, const ava_row *b)
{
    return a->x1 == b->x1 && a->y1 == b->y1 && a->x2 == b->x2 && a->y2 == b->y2;
}

// A person is a unique box; its labels are the union over its rows.
static void label_box(const label_file *f, const ava_row *rows, size_t count, size_t box)
{
    const overlap_corners own = get_corners(&f->into->people.boxes[box]);
    const ava_row *person = NULL;
    double best = 0;
    for (size_t i = 0; i < count; i++) {
        const overlap_corners other = {rows[i].x1, rows[i].y1, rows[i].x2, rows[i].y2};
        double overlap = overlap_measure(&own, &other);
        if (overlap > best) {
            best = overlap;
            person = &rows[i];
        }
    }
    if (person == NULL || best < f->into->least_overlap) {
        return;
    }
    f->into->known[box] = 1;
    for (size_t i = 0; i < count; i++) {
        int32_t j = same_box(&rows[i], person) ? find_class(f->set, rows[i].action_id) : -1;
        if (j >= 0) {
            get_labels(f->into, box)[j] = 1;
        }
    }
}

static sslact_status label_clips(label_file *f, dataset *unlabeled)
{
    const people_table *people = &f->into->people;
    sslact_status status = SSLACT_OK;
    for (size_t n = 0; status >= 0 && n < people->clip_count; n++) {
        size_t first = 0, count = 0;
        status = find_rows(f, unlabeled, n, &first, &count);
        for (size_t i = people->first[n]; status >= 0 && count > 0 && i < people->first[n + 1];
             i++) {
            label_box(f, f->rows.rows + first, count, i);
        }
    }
    return status;
}

sslact_status hidden_labels_read(const config *c, dataset *unlabeled, hidden_labels **out)
{
    label_file f = {.path = config_get_text(c, "monitor.hidden_labels"), .set = unlabeled};
    if (strcmp(dataset_get_split(unlabeled), "memory") == 0) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "monitor.hidden_labels names a file, the unlabelled clips come from the "
                         "program: their labels do too (sslact_trainer_set_hidden_labels)");
    }
    sslact_status status = create(c, unlabeled, &f.into);
    if (status >= 0) {
        status = read_rows(c, &f);
    }
    if (status >= 0) {
        status = label_clips(&f, unlabeled);
    }
    if (status >= 0) {
        status = check_known(f.into, f.path);
    }
    ava_rows_free(&f.rows);
    name_table_free(&f.videos);
    if (status < 0) {
        hidden_labels_free(f.into);
        return status;
    }
    *out = f.into;
    return SSLACT_OK;
}
