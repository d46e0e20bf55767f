// A sample of labelled key frames is compared with every box of its video; each pair of times votes
// for the difference between them, so that one pass tries all offsets.
#include "data/pairing.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/overlap.h"

#define SAMPLE_FRAMES 600
#define SAMPLE_PEOPLE 16              // of one key frame
#define PAIR_BUDGET ((size_t)8 << 20) // box rows that one pass looks at
#define OFFSET_STEP_US 50000
#define OFFSET_BINS ((int64_t)1 << 20) // 14 hours

// --- corners ---

static const char *const corner_names[CORNERS_COUNT] = {
    [CORNERS_AS_WRITTEN] = "x1,y1,x2,y2",
    [CORNERS_SWAPPED] = "y1,x1,y2,x2",
    [CORNERS_BY_AXIS] = "x1,x2,y1,y2",
    [CORNERS_SIZE] = "x,y,width,height",
    [CORNERS_CENTER_SIZE] = "center x,center y,width,height",
};

const char *pairing_get_corners_name(pairing_corners corners)
{
    return corner_names[corners];
}

static overlap_corners get_corners(const ava_row *row)
{
    return (overlap_corners){row->x1, row->y1, row->x2, row->y2};
}

// How the boxes are read.
typedef struct reading {
    pairing_corners corners;
    double scale_x, scale_y;
    double rate;
    double least_score;
} reading;

static overlap_corners read_corners(const ava_row *row, const reading *r)
{
    overlap_corners c = get_corners(row);
    switch (r->corners) {
    case CORNERS_SWAPPED:
        c = (overlap_corners){row->y1, row->x1, row->y2, row->x2};
        break;
    case CORNERS_BY_AXIS:
        c = (overlap_corners){row->x1, row->x2, row->y1, row->y2};
        break;
    case CORNERS_SIZE:
        c = (overlap_corners){row->x1, row->y1, row->x1 + row->x2, row->y1 + row->y2};
        break;
    case CORNERS_CENTER_SIZE:
        c = (overlap_corners){row->x1 - row->x2 / 2, row->y1 - row->y2 / 2, row->x1 + row->x2 / 2,
                              row->y1 + row->y2 / 2};
        break;
    default:
        break;
    }
    return (overlap_corners){c.x1 / r->scale_x, c.y1 / r->scale_y, c.x2 / r->scale_x,
                             c.y2 / r->scale_y};
}

// --- the sample ---

typedef struct sample_frame {
    size_t box_first, box_end; // rows of its video in the box file
    int64_t time_us;
    int32_t count;
    overlap_corners people[SAMPLE_PEOPLE];
} sample_frame;

typedef struct pairing {
    const ava_rows *labels, *boxes;
    size_t *label_begin, *box_begin; // [videos + 1]
    sample_frame *frames;
    size_t frame_count;
} pairing;

static void find_videos(const ava_rows *rows, size_t video_count, size_t *begin)
{
    for (size_t i = 0; i < rows->count; i++) {
        begin[rows->rows[i].video + 1]++;
    }
    for (size_t v = 0; v < video_count; v++) {
        begin[v + 1] += begin[v];
    }
}

static bool is_same_time(const ava_row *a, const ava_row *b)
{
    return a->video == b->video && a->time_us == b->time_us;
}

// The first row of the key frame that row i belongs to.
static size_t find_frame(const ava_rows *rows, size_t i)
{
    for (size_t steps = 0; i > 0 && steps < 4 * SAMPLE_PEOPLE; steps++) {
        if (!is_same_time(&rows->rows[i - 1], &rows->rows[i])) {
            break;
        }
        i--;
    }
    return i;
}

static bool has_person(const sample_frame *frame, const ava_row *row)
{
    for (int32_t i = 0; i < frame->count; i++) {
        const overlap_corners *p = &frame->people[i];
        if (p->x1 == row->x1 && p->y1 == row->y1 && p->x2 == row->x2 && p->y2 == row->y2) {
            return true;
        }
    }
    return false;
}

static void add_frame(pairing *p, size_t first)
{
    const ava_row *row = &p->labels->rows[first];
    sample_frame *frame = &p->frames[p->frame_count++];
    *frame = (sample_frame){.time_us = row->time_us,
                            .box_first = p->box_begin[row->video],
                            .box_end = p->box_begin[row->video + 1]};
    for (size_t i = first; i < p->labels->count && frame->count < SAMPLE_PEOPLE; i++) {
        if (!is_same_time(row, &p->labels->rows[i])) {
            break;
        }
        if (!has_person(frame, &p->labels->rows[i])) {
            frame->people[frame->count++] = get_corners(&p->labels->rows[i]);
        }
    }
}

// Key frames evenly spread over the label rows of shared videos, as many as the budget of pairs
// allows.
static sslact_status choose_sample(pairing *p, size_t shared_rows, size_t pairs)
{
    size_t wanted = SAMPLE_FRAMES, seen = 0, next = 0, last = SIZE_MAX;
    // pairs: boxes that comparing every label row would look at.
    if (pairs > 0 && (double)wanted * (double)pairs / (double)shared_rows > (double)PAIR_BUDGET) {
        wanted = (size_t)((double)PAIR_BUDGET * (double)shared_rows / (double)pairs);
        wanted = wanted < 2 * PAIRING_LEAST_PEOPLE ? 2 * PAIRING_LEAST_PEOPLE : wanted;
    }
    p->frames = array_create(wanted, sizeof *p->frames);
    if (p->frames == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < p->labels->count && p->frame_count < wanted; i++) {
        int32_t v = p->labels->rows[i].video;
        if (p->box_begin[v] == p->box_begin[v + 1] || seen++ < next) {
            continue;
        }
        size_t first = find_frame(p->labels, i);
        if (first != last) {
            add_frame(p, first);
            last = first;
        }
        next = shared_rows > wanted
                   ? (size_t)((double)p->frame_count * (double)shared_rows / (double)wanted)
                   : 0;
    }
    return SSLACT_OK;
}

// --- votes ---

typedef struct vote {
    double sum; // of best overlaps
    uint32_t people;
} vote;

typedef struct election {
    vote *votes; // [count] bins of OFFSET_STEP_US
    int64_t first, count;
} election;

static int64_t find_bin(double difference_us)
{
    return (int64_t)llround(difference_us / OFFSET_STEP_US);
}

static double find_best_overlap(const overlap_corners *person, const overlap_corners *boxes,
                                size_t count)
{
    double best = 0;
    for (size_t i = 0; i < count; i++) {
        best = fmax(best, overlap_measure(person, &boxes[i]));
    }
    return best;
}

static void vote_for(election *e, const sample_frame *frame, int64_t time_us, double rate,
                     const overlap_corners *boxes, size_t count)
{
    int64_t bin = find_bin((double)time_us / rate - (double)frame->time_us) - e->first;
    if (bin < 0 || bin >= e->count || count == 0) {
        return;
    }
    for (int32_t k = 0; k < frame->count; k++) {
        e->votes[bin].sum += find_best_overlap(&frame->people[k], boxes, count);
        e->votes[bin].people++;
    }
}

static void vote_frame(const pairing *p, const reading *r, const sample_frame *frame, election *e)
{
    overlap_corners boxes[4 * SAMPLE_PEOPLE];
    size_t count = 0;
    for (size_t i = frame->box_first; i < frame->box_end; i++) {
        const ava_row *row = &p->boxes->rows[i];
        if (row->score >= r->least_score && count < sizeof boxes / sizeof *boxes) {
            boxes[count++] = read_corners(row, r);
        }
        if (i + 1 == frame->box_end || !is_same_time(row, row + 1)) {
            vote_for(e, frame, row->time_us, r->rate, boxes, count);
            count = 0;
        }
    }
}

static sslact_status create_election(const pairing *p, double rate, election *out)
{
    double least = 0, largest = 0; // offset 0 is always looked at
    for (size_t f = 0; f < p->frame_count; f++) {
        const sample_frame *frame = &p->frames[f];
        double time = (double)frame->time_us;
        least = fmin(least, (double)p->boxes->rows[frame->box_first].time_us / rate - time);
        largest = fmax(largest, (double)p->boxes->rows[frame->box_end - 1].time_us / rate - time);
    }
    int64_t first = find_bin(least), last = find_bin(largest);
    first = first < -OFFSET_BINS / 2 ? -OFFSET_BINS / 2 : first;
    last = last > OFFSET_BINS / 2 ? OFFSET_BINS / 2 : last;
    out->first = first;
    out->count = last - first + 1;
    out->votes = array_create((size_t)out->count, sizeof *out->votes);
    return out->votes == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

typedef struct outcome {
    size_t people_at_zero;
    double overlap_at_zero;
    double best_overlap; // of the offsets that enough people have a box at
    double offset_us;
} outcome;

static double get_mean(const vote *v)
{
    return v->people > 0 ? v->sum / v->people : 0;
}

static void count_votes(const election *e, size_t sampled, outcome *out)
{
    // A wrong factor smears the votes over many offsets, which then have few each.
    uint32_t least = (uint32_t)(sampled / 4);
    least = least > PAIRING_LEAST_PEOPLE ? least : PAIRING_LEAST_PEOPLE;
    *out = (outcome){0};
    if (-e->first < e->count) {
        out->people_at_zero = e->votes[-e->first].people;
        out->overlap_at_zero = get_mean(&e->votes[-e->first]);
    }
    for (int64_t i = 0; i < e->count; i++) {
        const vote *v = &e->votes[i];
        if (v->people >= least && get_mean(v) > out->best_overlap) {
            out->best_overlap = get_mean(v);
            out->offset_us = (double)(e->first + i) * OFFSET_STEP_US;
        }
    }
}

static size_t count_people(const pairing *p)
{
    size_t people = 0;
    for (size_t f = 0; f < p->frame_count; f++) {
        people += (size_t)p->frames[f].count;
    }
    return people;
}

static sslact_status hold_election(const pairing *p, const reading *r, outcome *out)
{
    election e;
    sslact_status status = create_election(p, r->rate, &e);
    if (status < 0) {
        return status;
    }
    for (size_t f = 0; f < p->frame_count; f++) {
        vote_frame(p, r, &p->frames[f], &e);
    }
    count_votes(&e, count_people(p), out);
    free(e.votes);
    return SSLACT_OK;
}

// --- explanations ---

static void take_explanation(pairing_result *result, pairing_verdict verdict, const reading *r,
                             const outcome *o)
{
    if (o->best_overlap < PAIRING_LEAST_OVERLAP ||
        o->best_overlap < result->overlap + PAIRING_LEAST_GAIN ||
        o->best_overlap <= result->best_overlap) {
        return;
    }
    result->verdict = verdict;
    result->best_overlap = o->best_overlap;
    result->offset_seconds = o->offset_us * r->rate / 1e6;
    result->rate = r->rate;
    result->corners = r->corners;
    result->scale_x = r->scale_x;
    result->scale_y = r->scale_y;
}

static int compare_values(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

// The value that 98 of 100 rows stay below, along x (0) or y (1): what units a file is in.
static sslact_status find_extent(const ava_rows *rows, int along, double *out)
{
    enum { TAKEN = 20000 };
    size_t step = rows->count / TAKEN + 1, count = 0;
    double *values = array_create(rows->count / step + 1, sizeof *values);
    if (values == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < rows->count; i += step) {
        values[count++] = along == 0 ? rows->rows[i].x2 : rows->rows[i].y2;
    }
    qsort(values, count, sizeof *values, compare_values);
    *out = count > 0 ? values[(count - 1) * 98 / 100] : 0;
    free(values);
    return SSLACT_OK;
}

static sslact_status try_scale(const pairing *p, const reading *as_written, pairing_result *result)
{
    double extents[2][2] = {{0}};
    sslact_status status = SSLACT_OK;
    for (int along = 0; status >= 0 && along < 2; along++) {
        status = find_extent(p->labels, along, &extents[0][along]);
        if (status >= 0) {
            status = find_extent(p->boxes, along, &extents[1][along]);
        }
    }
    bool differ = extents[0][0] > 0 && extents[0][1] > 0 && extents[1][0] > 0 &&
                  extents[1][1] > 0 &&
                  (extents[1][0] > 1.5 * extents[0][0] || extents[0][0] > 1.5 * extents[1][0] ||
                   extents[1][1] > 1.5 * extents[0][1] || extents[0][1] > 1.5 * extents[1][1]);
    if (status < 0 || !differ) {
        return status;
    }
    reading r = *as_written;
    r.scale_x = extents[1][0] / extents[0][0];
    r.scale_y = extents[1][1] / extents[0][1];
    outcome o;
    status = hold_election(p, &r, &o);
    if (status >= 0) {
        take_explanation(result, PAIRING_SCALE, &r, &o);
    }
    return status;
}

static sslact_status try_corners(const pairing *p, const reading *as_written,
                                 pairing_result *result)
{
    sslact_status status = SSLACT_OK;
    for (int c = CORNERS_AS_WRITTEN + 1; status >= 0 && c < CORNERS_COUNT; c++) {
        reading r = *as_written;
        outcome o;
        r.corners = (pairing_corners)c;
        status = hold_election(p, &r, &o);
        if (status >= 0) {
            take_explanation(result, PAIRING_CORNERS, &r, &o);
        }
    }
    return status;
}

// Frames or milliseconds for seconds, in either file.
static sslact_status try_rates(const pairing *p, const reading *as_written, pairing_result *result)
{
    static const double rates[] = {24, 25, 29.97, 30, 50, 59.94, 60, 1000};
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < 2 * (sizeof rates / sizeof *rates); i++) {
        reading r = *as_written;
        outcome o;
        r.rate = i % 2 == 0 ? rates[i / 2] : 1 / rates[i / 2];
        status = hold_election(p, &r, &o);
        if (status >= 0) {
            take_explanation(result, PAIRING_RATE, &r, &o);
        }
    }
    return status;
}

static sslact_status explain(const pairing *p, reading *r, pairing_result *result)
{
    outcome o;
    sslact_status status = hold_election(p, r, &o);
    if (status < 0) {
        return status;
    }
    result->people = o.people_at_zero;
    result->overlap = o.overlap_at_zero;
    bool few = count_people(p) < PAIRING_LEAST_PEOPLE ||
               (o.people_at_zero > 0 && o.people_at_zero < PAIRING_LEAST_PEOPLE);
    if (few) {
        result->verdict = PAIRING_TOO_FEW;
    } else {
        result->verdict =
            o.overlap_at_zero >= PAIRING_LEAST_OVERLAP ? PAIRING_RIGHT : PAIRING_UNRELATED;
    }
    if (o.offset_us != 0) {
        take_explanation(result, PAIRING_OFFSET, r, &o);
    }
    if (result->verdict != PAIRING_UNRELATED) {
        return SSLACT_OK;
    }
    status = try_corners(p, r, result);
    if (status >= 0) {
        status = try_scale(p, r, result);
    }
    if (status >= 0 && result->verdict == PAIRING_UNRELATED) {
        status = try_rates(p, r, result);
    }
    return status;
}

// Low scores are put on anything: where half of the rows or more reach the threshold, the others
// are passed over.
static double choose_least_score(const ava_rows *boxes, double least_score)
{
    size_t reached = 0;
    for (size_t i = 0; i < boxes->count; i++) {
        reached += boxes->rows[i].score >= least_score;
    }
    return 4 * reached >= boxes->count ? least_score : -HUGE_VAL;
}

static sslact_status measure(pairing *p, size_t video_count, double least_score,
                             pairing_result *result)
{
    size_t shared_rows = 0, pairs = 0;
    find_videos(p->labels, video_count, p->label_begin);
    find_videos(p->boxes, video_count, p->box_begin);
    for (size_t v = 0; v < video_count; v++) {
        size_t labels = p->label_begin[v + 1] - p->label_begin[v];
        size_t boxes = p->box_begin[v + 1] - p->box_begin[v], product = 0;
        result->label_videos += labels > 0;
        result->box_videos += boxes > 0;
        result->shared_videos += labels > 0 && boxes > 0;
        shared_rows += boxes > 0 ? labels : 0;
        bool fits = array_multiply(labels, boxes, &product);
        pairs = fits && product <= SIZE_MAX - pairs ? pairs + product : SIZE_MAX;
    }
    if (result->shared_videos == 0) {
        bool any = result->label_videos > 0 && result->box_videos > 0;
        result->verdict = any ? PAIRING_NO_VIDEO : PAIRING_TOO_FEW;
        return SSLACT_OK;
    }
    sslact_status status = choose_sample(p, shared_rows, pairs);
    reading r = {.scale_x = 1,
                 .scale_y = 1,
                 .rate = 1,
                 .least_score = choose_least_score(p->boxes, least_score)};
    return status < 0 ? status : explain(p, &r, result);
}

sslact_status pairing_measure(const ava_rows *labels, const ava_rows *boxes, size_t video_count,
                              double least_score, pairing_result *out)
{
    pairing p = {.labels = labels, .boxes = boxes};
    pairing_result result = {.rate = 1, .scale_x = 1, .scale_y = 1};
    p.label_begin = array_create(video_count + 1, sizeof *p.label_begin);
    p.box_begin = array_create(video_count + 1, sizeof *p.box_begin);
    sslact_status status = p.label_begin == NULL || p.box_begin == NULL
                               ? SSLACT_ERROR_OUT_OF_MEMORY
                               : measure(&p, video_count, least_score, &result);
    free(p.label_begin);
    free(p.box_begin);
    free(p.frames);
    if (status >= 0) {
        *out = result;
    }
    return status;
}

// --- one file ---

void file_shape_measure(const ava_rows *rows, file_shape *out)
{
    size_t outside = 0, wide = 0, right = 0, bottom = 0, actions = 0, whole = 0;
    *out = (file_shape){.rows = rows->count, .least_eighth = HUGE_VAL, .largest_eighth = -HUGE_VAL};
    for (size_t i = 0; i < rows->count; i++) {
        const ava_row *row = &rows->rows[i];
        double x = fmax(row->x1, row->x2), y = fmax(row->y1, row->y2);
        out->largest_x = fmax(out->largest_x, x);
        out->largest_y = fmax(out->largest_y, y);
        outside += x > 1 || y > 1;
        wide += row->x2 - row->x1 > row->y2 - row->y1;
        right += row->x2 > 0.95;
        bottom += row->y2 > 0.95;
        actions += row->action_id != 0;
        whole += row->score == floor(row->score);
        out->least_eighth = fmin(out->least_eighth, row->score);
        out->largest_eighth = fmax(out->largest_eighth, row->score);
    }
    double count = rows->count > 0 ? (double)rows->count : 1;
    out->share_outside = (double)outside / count;
    out->share_wide = (double)wide / count;
    out->share_right = (double)right / count;
    out->share_bottom = (double)bottom / count;
    out->share_action = (double)actions / count;
    out->share_whole = (double)whole / count;
}
