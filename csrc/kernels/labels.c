// Pseudo-labels, their weights, the class an instance is assigned to, and the sampling mask:
// method.md sections 2.2, 2.3 and 3.2.
#include "kernels/access.h"

#include "base/random.h"

void kernel_pseudo_labels(kernel_source teacher_logits, kernel_source positive,
                          kernel_source negative, size_t n, size_t c, int8_t *labels)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < c; j++) {
            const double t = stable_sigmoid(source_get(teacher_logits, i * c + j));
            labels[i * c + j] = entry_label(t, source_get(positive, j), source_get(negative, j));
        }
    }
}

void kernel_label_weights(kernel_source teacher_logits, const int8_t *labels,
                          kernel_source positive, double slope, kernel_label_mode mode, size_t n,
                          size_t c, kernel_target positive_weight, kernel_target negative_weight)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < c; j++) {
            const size_t ij = i * c + j;
            const double t = stable_sigmoid(source_get(teacher_logits, ij));
            const entry_weight weight =
                entry_weigh(t, labels[ij], source_get(positive, j), slope, mode);
            target_set(positive_weight, ij, weight.positive);
            target_set(negative_weight, ij, weight.negative);
        }
    }
}

void kernel_label_weights_backward(kernel_source grad, kernel_source teacher_logits,
                                   const int8_t *labels, kernel_source positive, double slope,
                                   kernel_label_mode mode, size_t n, size_t c,
                                   kernel_target positive_gradient)
{
    for (size_t first = 0; first < c; first += KERNEL_COLUMN_BLOCK) {
        const size_t width = c - first < KERNEL_COLUMN_BLOCK ? c - first : KERNEL_COLUMN_BLOCK;
        double column[KERNEL_COLUMN_BLOCK] = {0.0};
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < width; j++) {
                const size_t ij = i * c + first + j;
                const double t = stable_sigmoid(source_get(teacher_logits, ij));
                const entry_weight weight =
                    entry_weigh(t, labels[ij], source_get(positive, first + j), slope, mode);
                column[j] += source_get(grad, ij) * weight.slope;
            }
        }
        for (size_t j = 0; j < width; j++) {
            target_set(positive_gradient, first + j, column[j]);
        }
    }
}

void kernel_rarest_class(const void *labels, const int64_t *count, size_t n, size_t c,
                         int32_t *classes)
{
    const uint8_t *bytes = labels; // as bytes a positive is 1 in both types, -1 is 255
    for (size_t i = 0; i < n; i++) {
        int32_t rarest = -1;
        for (size_t j = 0; j < c; j++) {
            if (bytes[i * c + j] == 1 && (rarest < 0 || count[j] < count[rarest])) {
                rarest = (int32_t)j;
            }
        }
        classes[i] = rarest;
    }
}

void kernel_sample_mask(const int32_t *classes, const double *probability, uint64_t seed,
                        uint64_t iteration, kernel_half half, uint64_t first_row, size_t n,
                        uint8_t *mask)
{
    const uint32_t purpose =
        half == KERNEL_HALF_LABELED ? RANDOM_MASK_LABELED : RANDOM_MASK_UNLABELED;
    for (size_t i = 0; i < n; i++) {
        const random_stream stream = random_open(seed, purpose, iteration, first_row + i);
        const double p = classes[i] >= 0 ? probability[classes[i]] : 1.0;
        mask[i] = random_at(&stream, 0) < p;
    }
}
