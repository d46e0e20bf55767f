// The twins of kernels/loss.c: the two losses and their gradients, method.md sections 4 and 4.1,
// Eqs. (14) to (16).
#include "cuda/kernels.h"
#include "cuda/reduce.cuh"

// ---- balanced cross entropy ----

struct bce_arrays {
    kernel_source logits;
    kernel_source positive_weight;
    kernel_source negative_weight;
    kernel_source class_weight;
    const uint8_t *mask;
};

struct bce_entry {
    bce_arrays in;
    size_t c;

    __device__ void add(size_t i, size_t j, entry_sums &sums) const
    {
        const size_t ij = i * c + j;
        const double m = in.mask[i] != 0 ? 1.0 : 0.0;
        const stable_logit z = stable_expand(source_get(in.logits, ij));
        sums.total += m * source_get(in.class_weight, j) *
                      (source_get(in.positive_weight, ij) * z.softplus_of_minus +
                       source_get(in.negative_weight, ij) * z.softplus);
    }
};

struct bce_finish {
    kernel_target loss;
    double factor;

    __device__ double column(size_t, double, double) const { return 0.0; }
    __device__ void all(double total, double) const { target_set(loss, 0, total * factor); }
};

cuda_error cuda_balanced_bce(kernel_source logits, kernel_source positive_weight,
                             kernel_source negative_weight, kernel_source class_weight,
                             const uint8_t *mask, size_t n, size_t c, kernel_target loss,
                             const cuda_queue *queue)
{
    const bce_entry entry = {{logits, positive_weight, negative_weight, class_weight, mask}, c};
    const bce_finish finish = {loss, mean_factor(n, c)};
    return row_sums_run(entry, finish, n, c, queue);
}

struct bce_backward_body {
    bce_arrays in;
    kernel_source grad;
    double factor;
    kernel_target logits_gradient;
    kernel_target positive_weight_gradient;

    __device__ void operator()(size_t i, size_t j, size_t ij) const
    {
        const double m = in.mask[i] != 0 ? source_get(grad, 0) * factor : 0.0;
        const stable_logit z = stable_expand(source_get(in.logits, ij));
        const double c_ij = m * source_get(in.class_weight, j);
        target_set(logits_gradient, ij,
                   c_ij * (source_get(in.negative_weight, ij) * z.sigmoid -
                           source_get(in.positive_weight, ij) * z.complement));
        target_set(positive_weight_gradient, ij, c_ij * z.softplus_of_minus);
    }
};

cuda_error cuda_balanced_bce_backward(kernel_source grad, kernel_source logits,
                                      kernel_source positive_weight, kernel_source negative_weight,
                                      kernel_source class_weight, const uint8_t *mask, size_t n,
                                      size_t c, kernel_target logits_gradient,
                                      kernel_target positive_weight_gradient,
                                      const cuda_queue *queue)
{
    const bce_backward_body body = {{logits, positive_weight, negative_weight, class_weight, mask},
                                    grad,
                                    mean_factor(n, c),
                                    logits_gradient,
                                    positive_weight_gradient};
    return each_entry_run(body, n, c, queue);
}

// ---- the regulariser on its own ----

struct penalty_entry {
    const int8_t *labels;
    const uint8_t *mask;
    kernel_penalty_scope scope;
    size_t c;

    __device__ void add(size_t i, size_t j, entry_sums &sums) const
    {
        const int8_t y = scope == KERNEL_PENALTY_POSITIVES ? labels[i * c + j] : -1;
        sums.share += mask[i] != 0 ? penalty_share(scope, y) : 0.0;
    }
};

struct penalty_finish {
    kernel_source positive;
    kernel_source class_weight;
    kernel_penalty_scope scope;
    size_t n;
    size_t c;
    kernel_target loss;
    kernel_target positive_gradient;

    __device__ double column(size_t j, double, double share) const
    {
        const penalty_part part = penalty_of_class(source_get(positive, j),
                                                   source_get(class_weight, j), share, scope, n, c);
        target_set(positive_gradient, j, part.gradient);
        return part.loss;
    }
    __device__ void all(double, double columns) const { target_set(loss, 0, columns); }
};

cuda_error cuda_penalty(kernel_source positive, const int8_t *labels, kernel_source class_weight,
                        const uint8_t *mask, kernel_penalty_scope scope, size_t n, size_t c,
                        kernel_target loss, kernel_target positive_gradient,
                        const cuda_queue *queue)
{
    const penalty_entry entry = {labels, mask, scope, c};
    const penalty_finish finish = {positive, class_weight, scope, n, c, loss, positive_gradient};
    return row_sums_run(entry, finish, n, c, queue);
}

// ---- the fused unsupervised loss, method section 4.2 ----

struct unsupervised_entry {
    kernel_unsupervised task;
    double factor;

    __device__ void add(size_t i, size_t j, entry_sums &sums) const
    {
        const size_t ij = i * task.c + j;
        const double m = task.mask[i] != 0 ? 1.0 : 0.0;
        const double positive = source_get(task.positive, j);
        const double t = stable_sigmoid(source_get(task.teacher_logits, ij));
        const int8_t y = entry_label(t, positive, source_get(task.negative, j));
        const entry_weight weight = entry_weigh(t, y, positive, task.slope, task.mode);
        const stable_logit z = stable_expand(source_get(task.student_logits, ij));
        const double mw = m * source_get(task.class_weight, j);

        sums.total += mw * (weight.positive * z.softplus_of_minus + weight.negative * z.softplus);
        sums.slope += mw * weight.slope * z.softplus_of_minus;
        sums.share += m * penalty_share(task.scope, y);
        target_set(task.student_gradient, ij,
                   factor * mw * (weight.negative * z.sigmoid - weight.positive * z.complement));
    }
};

struct unsupervised_finish {
    kernel_unsupervised task;
    double factor;

    __device__ double column(size_t j, double slope, double share) const
    {
        const penalty_part part =
            penalty_of_mode(task.mode, source_get(task.positive, j),
                            source_get(task.class_weight, j), share, task.scope, task.n, task.c);
        target_set(task.pseudo_positive_gradient, j, factor * slope);
        target_set(task.penalty_positive_gradient, j, part.gradient);
        return part.loss;
    }
    __device__ void all(double total, double columns) const
    {
        target_set(task.pseudo, 0, total * factor);
        target_set(task.penalty, 0, columns);
    }
};

cuda_error cuda_unsupervised_loss(const kernel_unsupervised *task, const cuda_queue *queue)
{
    const double factor = mean_factor(task->n, task->c);
    const unsupervised_entry entry = {*task, factor};
    const unsupervised_finish finish = {*task, factor};
    return row_sums_run(entry, finish, task->n, task->c, queue);
}
