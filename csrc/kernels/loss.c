// The balanced cross entropy and the thresholds' penalty, with their gradients: method.md sections
// 4 and 4.1, Eqs. (7), (14) to (16).
#include "kernels/rows.h"

// The arguments of the cross entropy, forward and backward.
typedef struct entropy {
    kernel_source logits;
    kernel_source positive_weight;
    kernel_source negative_weight;
    kernel_source class_weight;
    const uint8_t *mask;
    size_t n;
    size_t c;
    double scale; // backward: the incoming gradient / (N C)
    kernel_target logits_gradient;
    kernel_target positive_weight_gradient;
} entropy;

static bool entropy_is_narrow(const entropy *e)
{
    return is_narrower_than_double(e->logits) && is_narrower_than_double(e->positive_weight) &&
           is_narrower_than_double(e->negative_weight);
}

// ---- double ----

// Adds m (pw sp(-z) + nw sp(z)) of one piece of a row to the sums of its classes.
static void add_entropy_exact(const entropy *e, size_t i, size_t column, double *sums)
{
    const double m = e->mask[i] != 0 ? 1.0 : 0.0;
    for (size_t k = 0; k < block_width(e->c, column); k++) {
        const size_t ij = i * e->c + column + k;
        const stable_logit z = stable_expand(source_get(e->logits, ij));
        sums[k] += m * (source_get(e->positive_weight, ij) * z.softplus_of_minus +
                        source_get(e->negative_weight, ij) * z.softplus);
    }
}

static void write_entropy_gradient_exact(const entropy *e, size_t i, size_t column)
{
    const double m = e->mask[i] != 0 ? e->scale : 0.0;
    for (size_t k = 0; k < block_width(e->c, column); k++) {
        const size_t ij = i * e->c + column + k;
        const stable_logit z = stable_expand(source_get(e->logits, ij));
        const double c_ij = m * source_get(e->class_weight, column + k);
        target_set(e->logits_gradient, ij,
                   c_ij * (source_get(e->negative_weight, ij) * z.sigmoid -
                           source_get(e->positive_weight, ij) * z.complement));
        target_set(e->positive_weight_gradient, ij, c_ij * z.softplus_of_minus);
    }
}

// ---- float32 ----

typedef struct entropy_lanes {
    float z[KERNEL_COLUMN_BLOCK];
    float positive[KERNEL_COLUMN_BLOCK];
    float negative[KERNEL_COLUMN_BLOCK];
    float factor[KERNEL_COLUMN_BLOCK]; // backward: w scale
} entropy_lanes;

static void load_entropy(const entropy *e, size_t i, size_t column, entropy_lanes *row)
{
    const size_t first = i * e->c + column;
    const size_t width = block_width(e->c, column);
    load_lanes(e->logits, first, width, row->z);
    load_lanes(e->positive_weight, first, width, row->positive);
    load_lanes(e->negative_weight, first, width, row->negative);
}

LANES_INLINE void add_entropy_body(const entropy *e, size_t column, double *sums)
{
    const size_t lanes = count_lanes(block_width(e->c, column));
    entropy_lanes row = {0};
    for (size_t i = 0; i < e->n; i++) {
        const double m = e->mask[i] != 0 ? 1.0 : 0.0; // a product, so that a NaN comes through
        load_entropy(e, i, column, &row);
        for (size_t group = 0; group < lanes; group += LANES) {
            for (size_t k = group; k < group + LANES; k++) {
                const lane_logit z = lane_expand(row.z[k]);
                sums[k] += m * (double)(row.positive[k] * z.softplus_of_minus +
                                        row.negative[k] * z.softplus);
            }
        }
    }
}

LANES_DEFINE(add_entropy, (const entropy *e, size_t column, double *sums), (e, column, sums))

LANES_INLINE void write_entropy_gradient_body(const entropy *e, size_t column)
{
    const size_t width = block_width(e->c, column);
    entropy_lanes row = {0};
    for (size_t k = 0; k < width; k++) {
        row.factor[k] = (float)(e->scale * source_get(e->class_weight, column + k));
    }
    for (size_t i = 0; i < e->n; i++) {
        const float m = e->mask[i] != 0 ? 1.0f : 0.0f;
        load_entropy(e, i, column, &row);
        for (size_t group = 0; group < count_lanes(width); group += LANES) {
            for (size_t k = group; k < group + LANES; k++) {
                const lane_logit z = lane_expand(row.z[k]);
                const float c_ij = m * row.factor[k];
                row.z[k] = c_ij * (row.negative[k] * z.sigmoid - row.positive[k] * z.complement);
                row.positive[k] = c_ij * z.softplus_of_minus;
            }
        }
        store_lanes(e->logits_gradient, i * e->c + column, width, row.z);
        store_lanes(e->positive_weight_gradient, i * e->c + column, width, row.positive);
    }
}

LANES_DEFINE(write_entropy_gradient, (const entropy *e, size_t column), (e, column))

// ---- both ----

static double sum_entropy(const entropy *e)
{
    double loss = 0.0;
    for (size_t column = 0; column < e->c; column += KERNEL_COLUMN_BLOCK) {
        double sums[KERNEL_COLUMN_BLOCK] = {0.0};
        if (entropy_is_narrow(e)) {
            add_entropy(e, column, sums);
        } else {
            for (size_t i = 0; i < e->n; i++) {
                add_entropy_exact(e, i, column, sums);
            }
        }
        for (size_t k = 0; k < block_width(e->c, column); k++) {
            loss += source_get(e->class_weight, column + k) * sums[k];
        }
    }
    return loss * mean_factor(e->n, e->c);
}

void kernel_balanced_bce(kernel_source logits, kernel_source positive_weight,
                         kernel_source negative_weight, kernel_source class_weight,
                         const uint8_t *mask, size_t n, size_t c, kernel_target loss)
{
    const entropy e = {.logits = logits,
                       .positive_weight = positive_weight,
                       .negative_weight = negative_weight,
                       .class_weight = class_weight,
                       .mask = mask,
                       .n = n,
                       .c = c};
    target_set(loss, 0, sum_entropy(&e));
}

void kernel_balanced_bce_backward(kernel_source grad, kernel_source logits,
                                  kernel_source positive_weight, kernel_source negative_weight,
                                  kernel_source class_weight, const uint8_t *mask, size_t n,
                                  size_t c, kernel_target logits_gradient,
                                  kernel_target positive_weight_gradient)
{
    const entropy e = {logits,
                       positive_weight,
                       negative_weight,
                       class_weight,
                       mask,
                       n,
                       c,
                       source_get(grad, 0) * mean_factor(n, c),
                       logits_gradient,
                       positive_weight_gradient};
    for (size_t column = 0; column < c; column += KERNEL_COLUMN_BLOCK) {
        if (entropy_is_narrow(&e)) {
            write_entropy_gradient(&e, column);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            write_entropy_gradient_exact(&e, i, column);
        }
    }
}

// ---- the penalty ----

void kernel_penalty(kernel_source positive, const int8_t *labels, kernel_source class_weight,
                    const uint8_t *mask, kernel_penalty_scope scope, size_t n, size_t c,
                    kernel_target loss, kernel_target positive_gradient)
{
    double sum = 0.0;
    for (size_t j = 0; j < c; j++) {
        double share = 0.0;
        for (size_t i = 0; i < n; i++) {
            const int8_t y = scope == KERNEL_PENALTY_POSITIVES ? labels[i * c + j] : -1;
            share += mask[i] != 0 ? penalty_share(scope, y) : 0.0;
        }
        const penalty_part part = penalty_of_class(source_get(positive, j),
                                                   source_get(class_weight, j), share, scope, n, c);
        sum += part.loss;
        target_set(positive_gradient, j, part.gradient);
    }
    target_set(loss, 0, sum);
}
