// The unsupervised loss in one pass: labels, coefficients, both losses and their gradients, method
// sections 2, 4 and 4.2, Eqs. (2) to (7), (14) and (15).
//
// The matrix is cut into parts of a fixed number of rows. A part leaves three sums a class; these
// are added up in the order of the parts, so that the result does not depend on who computed which.
// float32 and narrower logits go through vector code; a row with a label that this could get wrong
// takes the exact path, so that labels are those of kernel_pseudo_labels() always.
#include "kernels/rows.h"

// Steeper than this, float32 is too coarse for a (t - T).
#define FLOAT_LARGEST_SLOPE 100.0
// How close to a threshold a float32 probability may come: several times its error.
#define FLOAT_LABEL_MARGIN 1e-6f

// A block of columns of one part: [row, row + rows) x [column, column + width).
typedef struct block {
    size_t row;
    size_t rows;
    size_t column;
    size_t width; // up to KERNEL_COLUMN_BLOCK
} block;

// What it adds up for each of its classes, before the factor w_j / (N C).
typedef struct block_sums {
    double pseudo[KERNEL_COLUMN_BLOCK];    // sum_i m (pc sp(-z) + nc sp(z))
    double slope[KERNEL_COLUMN_BLOCK];     // sum_i m (d pc / d T) sp(-z)
    double positives[KERNEL_COLUMN_BLOCK]; // sum_i m [y = 1]
} block_sums;

// ---- double ----

static void add_row_exact(const kernel_unsupervised *task, const block *b, size_t i,
                          block_sums *sums)
{
    const double m = task->mask[i] != 0 ? 1.0 : 0.0;
    const double factor = m * mean_factor(task->n, task->c);
    for (size_t k = 0; k < b->width; k++) {
        const size_t j = b->column + k;
        const size_t ij = i * task->c + j;
        const double positive = source_get(task->positive, j);
        const double t = stable_sigmoid(source_get(task->teacher_logits, ij));
        const int8_t y = entry_label(t, positive, source_get(task->negative, j));
        const entry_weight weight = entry_weigh(t, y, positive, task->slope, task->mode);
        const stable_logit z = stable_expand(source_get(task->student_logits, ij));

        sums->pseudo[k] +=
            m * (weight.positive * z.softplus_of_minus + weight.negative * z.softplus);
        sums->slope[k] += m * weight.slope * z.softplus_of_minus;
        sums->positives[k] += y == 1 ? m : 0.0;
        target_set(task->student_gradient, ij,
                   factor * source_get(task->class_weight, j) *
                       (weight.negative * z.sigmoid - weight.positive * z.complement));
    }
}

// ---- float32 ----

// One row of a block, padded with entries that count for nothing.
typedef struct lane_row {
    float teacher[KERNEL_COLUMN_BLOCK];
    float student[KERNEL_COLUMN_BLOCK];
    float excess[KERNEL_COLUMN_BLOCK];   // t - T
    float negative[KERNEL_COLUMN_BLOCK]; // 1 where y = 0
    float gradient[KERNEL_COLUMN_BLOCK];
} lane_row;

typedef struct lane_classes {
    float positive[KERNEL_COLUMN_BLOCK];
    float negative[KERNEL_COLUMN_BLOCK];
    float factor[KERNEL_COLUMN_BLOCK]; // w / (N C)
    float slope;
    size_t lanes; // the width, rounded up
} lane_classes;

static void load_classes(const kernel_unsupervised *task, const block *b, lane_classes *classes)
{
    const double factor = mean_factor(task->n, task->c);
    classes->slope = (float)task->slope;
    classes->lanes = count_lanes(b->width);
    for (size_t k = 0; k < classes->lanes; k++) {
        const size_t j = b->column + k;
        const bool is_class = k < b->width;
        classes->positive[k] = is_class ? (float)source_get(task->positive, j) : 0.75f;
        classes->negative[k] = is_class ? (float)source_get(task->negative, j) : 0.25f;
        classes->factor[k] = is_class ? (float)(factor * source_get(task->class_weight, j)) : 0.0f;
    }
}

// Compares one row with the thresholds; false where a label is too close to call, and for NaN.
LANES_INLINE bool label_lanes(const lane_classes *classes, lane_row *row)
{
    uint32_t doubtful = 0;
    for (size_t group = 0; group < classes->lanes; group += LANES) {
        for (size_t k = group; k < group + LANES; k++) {
            const float t = lane_sigmoid(row->teacher[k]).sigmoid;
            const float above = t - classes->positive[k];
            const float below = classes->negative[k] - t;
            row->excess[k] = above;
            row->negative[k] = above > 0.0f ? 0.0f : below > 0.0f ? 1.0f : 0.0f;
            doubtful |= (uint32_t) !(lane_abs(above) >= FLOAT_LABEL_MARGIN) |
                        (uint32_t) !(lane_abs(below) >= FLOAT_LABEL_MARGIN);
        }
    }
    return doubtful == 0;
}

// pc and its derivative by T for one entry.
typedef struct lane_weight {
    float positive;
    float slope;
} lane_weight;

LANES_INLINE lane_weight weigh_lane(float excess, float is_negative, float slope,
                                    kernel_label_mode mode)
{
    lane_weight out = {excess > 0.0f ? 1.0f : 0.0f, 0.0f};
    if (mode != KERNEL_LABEL_FIXED) { // known when the loop is compiled
        const lane_pair weight = lane_sigmoid(slope * excess);
        const float weighed = mode == KERNEL_LABEL_SOFT ? 1.0f - is_negative : out.positive;
        out.positive = weighed * weight.sigmoid;
        out.slope = weighed * -slope * weight.sigmoid * weight.complement;
    }
    return out;
}

LANES_INLINE void add_lanes(const lane_classes *classes, kernel_label_mode mode, lane_row *row,
                            block_sums *sums)
{
    for (size_t group = 0; group < classes->lanes; group += LANES) {
        for (size_t k = group; k < group + LANES; k++) {
            const float nc = row->negative[k];
            const lane_weight weight = weigh_lane(row->excess[k], nc, classes->slope, mode);
            const lane_logit z = lane_expand(row->student[k]);
            sums->pseudo[k] += (double)(weight.positive * z.softplus_of_minus + nc * z.softplus);
            sums->slope[k] += (double)(weight.slope * z.softplus_of_minus);
            sums->positives[k] += row->excess[k] > 0.0f ? 1.0 : 0.0;
            row->gradient[k] =
                classes->factor[k] * (nc * z.sigmoid - weight.positive * z.complement);
        }
    }
}

// Whether every logit of a row is finite: if not, even a masked row must show it.
LANES_INLINE bool row_is_finite(const lane_classes *classes, const lane_row *row)
{
    uint32_t broken = 0;
    for (size_t k = 0; k < classes->lanes; k++) {
        // x - x is 0 for every finite number and NaN for the others.
        broken |= (uint32_t) !(row->teacher[k] - row->teacher[k] == 0.0f) |
                  (uint32_t) !(row->student[k] - row->student[k] == 0.0f);
    }
    return broken == 0;
}

LANES_INLINE void add_rows_body(const kernel_unsupervised *task, kernel_label_mode mode,
                                const block *b, block_sums *sums)
{
    lane_classes classes;
    lane_row row = {0};
    load_classes(task, b, &classes);
    for (size_t i = b->row; i < b->row + b->rows; i++) {
        const size_t first = i * task->c + b->column;
        load_lanes(task->teacher_logits, first, b->width, row.teacher);
        load_lanes(task->student_logits, first, b->width, row.student);
        if (!row_is_finite(&classes, &row)) {
            add_row_exact(task, b, i, sums);
        } else if (task->mask[i] == 0) {
            memset(row.gradient, 0, sizeof(row.gradient));
            store_lanes(task->student_gradient, first, b->width, row.gradient);
        } else if (!label_lanes(&classes, &row)) {
            add_row_exact(task, b, i, sums);
        } else {
            add_lanes(&classes, mode, &row, sums);
            store_lanes(task->student_gradient, first, b->width, row.gradient);
        }
    }
}

LANES_INLINE void add_rows_lanes_body(const kernel_unsupervised *task, const block *b,
                                      block_sums *sums)
{
    switch (task->mode) {
    case KERNEL_LABEL_HARD:
        add_rows_body(task, KERNEL_LABEL_HARD, b, sums);
        break;
    case KERNEL_LABEL_SOFT:
        add_rows_body(task, KERNEL_LABEL_SOFT, b, sums);
        break;
    case KERNEL_LABEL_FIXED:
        add_rows_body(task, KERNEL_LABEL_FIXED, b, sums);
        break;
    }
}

LANES_DEFINE(add_rows_lanes, (const kernel_unsupervised *task, const block *b, block_sums *sums),
             (task, b, sums))

// ---- parts ----

static void add_block(const kernel_unsupervised *task, const block *b, block_sums *sums)
{
    if (is_narrower_than_double(task->teacher_logits) &&
        is_narrower_than_double(task->student_logits) && task->slope <= FLOAT_LARGEST_SLOPE) {
        add_rows_lanes(task, b, sums);
        return;
    }
    for (size_t i = b->row; i < b->row + b->rows; i++) {
        add_row_exact(task, b, i, sums);
    }
}

static void compute_block(const kernel_unsupervised *task, size_t part, size_t column,
                          block_sums *sums)
{
    const size_t row = part * KERNEL_PART_ROWS;
    const size_t left = task->n - row;
    const block b = {row, left < KERNEL_PART_ROWS ? left : KERNEL_PART_ROWS, column,
                     block_width(task->c, column)};
    memset(sums, 0, sizeof(*sums));
    add_block(task, &b, sums);
}

size_t kernel_unsupervised_parts(const kernel_unsupervised *task)
{
    return task->n / KERNEL_PART_ROWS + (task->n % KERNEL_PART_ROWS != 0 ? 1 : 0);
}

void kernel_unsupervised_part(const kernel_unsupervised *task, size_t part, double *sums)
{
    for (size_t column = 0; column < task->c; column += KERNEL_COLUMN_BLOCK) {
        const size_t bytes = block_width(task->c, column) * sizeof(*sums);
        block_sums here;
        compute_block(task, part, column, &here);
        memcpy(sums + column, here.pseudo, bytes);
        memcpy(sums + task->c + column, here.slope, bytes);
        memcpy(sums + 2 * task->c + column, here.positives, bytes);
    }
}

// ---- the losses from the sums ----

typedef struct losses {
    double pseudo;
    double penalty;
    double kept; // sum_i m
} losses;

static losses start_losses(const kernel_unsupervised *task)
{
    losses out = {0.0, 0.0, 0.0};
    for (size_t i = 0; i < task->n; i++) {
        out.kept += task->mask[i] != 0 ? 1.0 : 0.0;
    }
    return out;
}

static void finish_class(const kernel_unsupervised *task, size_t j, double pseudo, double slope,
                         double positives, losses *out)
{
    const double weight = source_get(task->class_weight, j);
    const double factor = weight * mean_factor(task->n, task->c);
    const double share = task->scope == KERNEL_PENALTY_POSITIVES ? positives : out->kept;
    const penalty_part part = penalty_of_mode(task->mode, source_get(task->positive, j), weight,
                                              share, task->scope, task->n, task->c);
    out->pseudo += factor * pseudo;
    out->penalty += part.loss;
    target_set(task->pseudo_positive_gradient, j, factor * slope);
    target_set(task->penalty_positive_gradient, j, part.gradient);
}

static void store_losses(const kernel_unsupervised *task, const losses *out)
{
    target_set(task->pseudo, 0, out->pseudo);
    target_set(task->penalty, 0, out->penalty);
}

void kernel_unsupervised_finish(const kernel_unsupervised *task, const double *sums)
{
    const size_t parts = kernel_unsupervised_parts(task);
    losses out = start_losses(task);
    for (size_t j = 0; j < task->c; j++) {
        double total[3] = {0.0, 0.0, 0.0};
        for (size_t part = 0; part < parts; part++) {
            for (size_t which = 0; which < 3; which++) {
                total[which] += sums[(3 * part + which) * task->c + j];
            }
        }
        finish_class(task, j, total[0], total[1], total[2], &out);
    }
    store_losses(task, &out);
}

void kernel_unsupervised_loss(const kernel_unsupervised *task)
{
    const size_t parts = kernel_unsupervised_parts(task);
    losses out = start_losses(task);
    for (size_t column = 0; column < task->c; column += KERNEL_COLUMN_BLOCK) {
        block_sums total = {0};
        for (size_t part = 0; part < parts; part++) {
            block_sums here;
            compute_block(task, part, column, &here);
            for (size_t k = 0; k < block_width(task->c, column); k++) {
                total.pseudo[k] += here.pseudo[k];
                total.slope[k] += here.slope[k];
                total.positives[k] += here.positives[k];
            }
        }
        for (size_t k = 0; k < block_width(task->c, column); k++) {
            finish_class(task, column + k, total.pseudo[k], total.slope[k], total.positives[k],
                         &out);
        }
    }
    store_losses(task, &out);
}
