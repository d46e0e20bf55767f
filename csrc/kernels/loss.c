// The two losses and their gradients: method.md sections 4 and 4.1, Eqs. (14) to (16). Sums run
// over blocks of columns, inside a block row by row: a fixed order for every input.
#include "kernels/access.h"

static size_t block_width(size_t c, size_t first)
{
    return c - first < KERNEL_COLUMN_BLOCK ? c - first : KERNEL_COLUMN_BLOCK;
}

void kernel_balanced_bce(kernel_source logits, kernel_source positive_weight,
                         kernel_source negative_weight, kernel_source class_weight,
                         const uint8_t *mask, size_t n, size_t c, kernel_target loss)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double m = mask[i] != 0 ? 1.0 : 0.0;
        for (size_t j = 0; j < c; j++) {
            const size_t ij = i * c + j;
            const stable_logit z = stable_expand(source_get(logits, ij));
            sum += m * source_get(class_weight, j) *
                   (source_get(positive_weight, ij) * z.softplus_of_minus +
                    source_get(negative_weight, ij) * z.softplus);
        }
    }
    target_set(loss, 0, sum * mean_factor(n, c));
}

void kernel_balanced_bce_backward(kernel_source grad, kernel_source logits,
                                  kernel_source positive_weight, kernel_source negative_weight,
                                  kernel_source class_weight, const uint8_t *mask, size_t n,
                                  size_t c, kernel_target logits_gradient,
                                  kernel_target positive_weight_gradient)
{
    const double scale = source_get(grad, 0) * mean_factor(n, c);
    for (size_t i = 0; i < n; i++) {
        const double m = mask[i] != 0 ? scale : 0.0;
        for (size_t j = 0; j < c; j++) {
            const size_t ij = i * c + j;
            const stable_logit z = stable_expand(source_get(logits, ij));
            const double c_ij = m * source_get(class_weight, j);
            target_set(logits_gradient, ij,
                       c_ij * (source_get(negative_weight, ij) * z.sigmoid -
                               source_get(positive_weight, ij) * z.complement));
            target_set(positive_weight_gradient, ij, c_ij * z.softplus_of_minus);
        }
    }
}

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

// What one block of columns adds up over the rows.
typedef struct block_sums {
    double pseudo;                     // sum m w (pc sp(-z) + nc sp(z))
    double slope[KERNEL_COLUMN_BLOCK]; // sum m w (d pc / d T) sp(-z)
    double share[KERNEL_COLUMN_BLOCK]; // sum m [entry in the penalty's scope]
} block_sums;

// One entry: adds to the sums of its column and writes d L_cls / d zu_ij.
static void add_entry(const kernel_unsupervised *task, double m, size_t i, size_t j, size_t column,
                      double factor, block_sums *sums)
{
    const size_t ij = i * task->c + j;
    const double positive = source_get(task->positive, j);
    const double t = stable_sigmoid(source_get(task->teacher_logits, ij));
    const int8_t y = entry_label(t, positive, source_get(task->negative, j));
    const entry_weight weight = entry_weigh(t, y, positive, task->slope, task->mode);
    const stable_logit z = stable_expand(source_get(task->student_logits, ij));
    const double mw = m * source_get(task->class_weight, j);

    sums->pseudo += mw * (weight.positive * z.softplus_of_minus + weight.negative * z.softplus);
    sums->slope[column] += mw * weight.slope * z.softplus_of_minus;
    sums->share[column] += m * penalty_share(task->scope, y);
    target_set(task->student_gradient, ij,
               factor * mw * (weight.negative * z.sigmoid - weight.positive * z.complement));
}

void kernel_unsupervised_loss(const kernel_unsupervised *task)
{
    const double factor = mean_factor(task->n, task->c);
    double pseudo = 0.0;
    double penalty = 0.0;
    for (size_t first = 0; first < task->c; first += KERNEL_COLUMN_BLOCK) {
        const size_t width = block_width(task->c, first);
        block_sums sums = {0};
        for (size_t i = 0; i < task->n; i++) {
            const double m = task->mask[i] != 0 ? 1.0 : 0.0;
            for (size_t column = 0; column < width; column++) {
                add_entry(task, m, i, first + column, column, factor, &sums);
            }
        }
        pseudo += sums.pseudo;
        for (size_t column = 0; column < width; column++) {
            const size_t j = first + column;
            const penalty_part part =
                penalty_of_class(source_get(task->positive, j), source_get(task->class_weight, j),
                                 sums.share[column], task->scope, task->n, task->c);
            penalty += part.loss;
            target_set(task->pseudo_positive_gradient, j, factor * sums.slope[column]);
            target_set(task->penalty_positive_gradient, j, part.gradient);
        }
    }
    target_set(task->pseudo, 0, pseudo * factor);
    target_set(task->penalty, 0, penalty);
}
