// Counting pseudo-labels against the truth. docs/monitor.md has every formula.
#include "metrics/pseudo_quality.h"

#include <math.h>
#include <string.h>

// ---- counting ----

// Computed from exp(-|x|), so no input overflows.
static double compute_sigmoid(double x)
{
    double e = exp(-fabs(x));
    return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

int32_t pseudo_quality_find_bin(double t)
{
    int32_t bin = t > 0.0 ? (int32_t)(t * PSEUDO_BINS) : 0; // written so that NaN takes the first
    return bin < PSEUDO_BINS ? bin : PSEUDO_BINS - 1;
}

static int find_label_row(int8_t label)
{
    return label > 0 ? PSEUDO_POSITIVES : label == 0 ? PSEUDO_NEGATIVES : PSEUDO_IGNORED;
}

static int find_truth_row(int8_t label, bool is_true)
{
    if (label > 0) {
        return is_true ? PSEUDO_TRUE_POSITIVES : PSEUDO_FALSE_POSITIVES;
    }
    if (label == 0) {
        return is_true ? PSEUDO_FALSE_NEGATIVES : PSEUDO_TRUE_NEGATIVES;
    }
    return is_true ? PSEUDO_IGNORED_IN : PSEUDO_IGNORED_OUT;
}

static void add_labels(const pseudo_counts *c, const int8_t *labels_i, bool kept)
{
    size_t classes = (size_t)c->class_count;
    for (size_t j = 0; j < classes; j++) {
        c->labels[(size_t)find_label_row(labels_i[j]) * classes + j]++;
        c->labels[PSEUDO_KEPT * classes + j] += labels_i[j] > 0 && kept;
    }
}

static void add_truth(const pseudo_counts *c, const int8_t *labels_i, const uint8_t *truth_i,
                      const float *logits_i)
{
    size_t classes = (size_t)c->class_count;
    for (size_t j = 0; j < classes; j++) {
        double t = compute_sigmoid((double)logits_i[j]);
        size_t bin = j * PSEUDO_BINS + (size_t)pseudo_quality_find_bin(t);
        bool is_true = truth_i[j] != 0;
        c->truth[(size_t)find_truth_row(labels_i[j], is_true) * classes + j]++;
        c->bins[bin]++;
        c->bins[classes * PSEUDO_BINS + bin] += is_true;
        c->scores[bin] += t;
    }
}

void pseudo_counts_add(const pseudo_counts *c, const pseudo_rows *rows)
{
    size_t classes = (size_t)c->class_count;
    c->totals[PSEUDO_ITERATIONS]++;
    c->totals[PSEUDO_BOXES] += (int64_t)rows->count;
    for (size_t i = 0; i < rows->count; i++) {
        const int8_t *labels_i = rows->labels + i * classes;
        bool kept = rows->mask[i] != 0;
        int32_t k = rows->rarest[i];
        c->totals[PSEUDO_BOXES_KEPT] += kept;
        add_labels(c, labels_i, kept);
        if (k >= 0 && k < c->class_count) {
            c->labels[PSEUDO_RAREST * classes + (size_t)k]++;
            c->labels[PSEUDO_RAREST_KEPT * classes + (size_t)k] += kept;
        }
        if (rows->truth != NULL && rows->truth[i] != NULL) {
            add_truth(c, labels_i, rows->truth[i], rows->logits + i * classes);
        }
    }
}

static void add_all(int64_t *into, const int64_t *from, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        into[k] += from[k];
    }
}

void pseudo_counts_merge(const pseudo_counts *into, const pseudo_counts *from)
{
    size_t classes = (size_t)into->class_count;
    add_all(into->totals, from->totals, PSEUDO_TOTAL_COUNT);
    add_all(into->labels, from->labels, PSEUDO_LABEL_COUNT * classes);
    add_all(into->truth, from->truth, PSEUDO_TRUTH_COUNT * classes);
    add_all(into->bins, from->bins, 2 * classes * PSEUDO_BINS);
    for (size_t k = 0; k < classes * PSEUDO_BINS; k++) {
        into->scores[k] += from->scores[k];
    }
}

void pseudo_counts_clear(const pseudo_counts *c)
{
    size_t classes = (size_t)c->class_count;
    memset(c->totals, 0, PSEUDO_TOTAL_COUNT * sizeof *c->totals);
    memset(c->labels, 0, PSEUDO_LABEL_COUNT * classes * sizeof *c->labels);
    memset(c->truth, 0, PSEUDO_TRUTH_COUNT * classes * sizeof *c->truth);
    memset(c->bins, 0, 2 * classes * PSEUDO_BINS * sizeof *c->bins);
    memset(c->scores, 0, classes * PSEUDO_BINS * sizeof *c->scores);
}

// ---- quality ----

// A row of [rows, C] for one class, or summed over all of them.
static int64_t take(const pseudo_counts *c, const int64_t *table, int row, int32_t class_index)
{
    const int64_t *row_begin = table + (size_t)row * (size_t)c->class_count;
    if (class_index >= 0) {
        return row_begin[class_index];
    }
    int64_t sum = 0;
    for (int32_t j = 0; j < c->class_count; j++) {
        sum += row_begin[j];
    }
    return sum;
}

static double divide(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

// sum over bins of |sum of t - entries in the class| / entries: n_b/n |mean t - mean truth|.
static double compute_calibration_error(const pseudo_counts *c, int32_t class_index)
{
    size_t classes = (size_t)c->class_count;
    size_t first = class_index >= 0 ? (size_t)class_index : 0;
    size_t last = class_index >= 0 ? first + 1 : classes;
    double error = 0.0;
    int64_t entries = 0;
    for (size_t bin = 0; bin < PSEUDO_BINS; bin++) {
        double score = 0.0;
        int64_t in_class = 0;
        for (size_t j = first; j < last; j++) {
            size_t place = j * PSEUDO_BINS + bin;
            entries += c->bins[place];
            in_class += c->bins[classes * PSEUDO_BINS + place];
            score += c->scores[place];
        }
        error += fabs(score - (double)in_class);
    }
    return entries > 0 ? error / (double)entries : NAN;
}

static void fill_truth(const pseudo_counts *c, int32_t j, pseudo_quality *q)
{
    int64_t hits = take(c, c->truth, PSEUDO_TRUE_POSITIVES, j);
    int64_t false_hits = take(c, c->truth, PSEUDO_FALSE_POSITIVES, j);
    int64_t rejected = take(c, c->truth, PSEUDO_TRUE_NEGATIVES, j);
    int64_t missed = take(c, c->truth, PSEUDO_FALSE_NEGATIVES, j);
    int64_t ignored_in = take(c, c->truth, PSEUDO_IGNORED_IN, j);
    q->truth = hits + missed + ignored_in;
    q->known = q->truth + false_hits + rejected + take(c, c->truth, PSEUDO_IGNORED_OUT, j);
    q->precision = divide(hits, hits + false_hits);
    q->recall = divide(hits, q->truth);
    q->negative_precision = divide(rejected, rejected + missed);
    q->calibration_error = compute_calibration_error(c, j);
}

pseudo_quality pseudo_quality_compute(const pseudo_counts *c, int32_t j)
{
    pseudo_quality q = {.positives = take(c, c->labels, PSEUDO_POSITIVES, j),
                        .negatives = take(c, c->labels, PSEUDO_NEGATIVES, j),
                        .ignored = take(c, c->labels, PSEUDO_IGNORED, j)};
    int64_t entries = q.positives + q.negatives + q.ignored;
    q.positive_share = divide(q.positives, entries);
    q.negative_share = divide(q.negatives, entries);
    q.ignored_share = divide(q.ignored, entries);
    q.kept_share = divide(take(c, c->labels, PSEUDO_KEPT, j), q.positives);
    q.rarest_kept_share =
        divide(take(c, c->labels, PSEUDO_RAREST_KEPT, j), take(c, c->labels, PSEUDO_RAREST, j));
    fill_truth(c, j, &q);
    return q;
}

// ---- silence ----

// One place goes on by an iteration; `counts` false: its silence is somebody else's to report.
static uint8_t step_place(const pseudo_silence *s, int32_t place, bool heard, bool counts)
{
    if (heard) {
        uint8_t change = s->warned[place] != 0 ? PSEUDO_HEARD : 0;
        s->length[place] = 0;
        s->warned[place] = 0;
        return change;
    }
    s->length[place]++;
    if (!counts || s->warned[place] != 0 || s->length[place] < s->limit) {
        return 0;
    }
    s->warned[place] = 1;
    return PSEUDO_SILENT;
}

void pseudo_silence_step(const pseudo_silence *s, const int64_t *positives, const int64_t *labeled,
                         uint8_t *changes)
{
    int32_t all = s->class_count;
    bool any = false;
    for (int32_t j = 0; j < all; j++) {
        any = any || positives[j] > 0;
    }
    changes[all] = step_place(s, all, any, true);
    for (int32_t j = 0; j < all; j++) {
        bool expected = labeled == NULL || labeled[j] > 0;
        changes[j] = step_place(s, j, positives[j] > 0, expected && s->warned[all] == 0);
    }
}
