// What libsslact_cuda.so hands to libsslact.so: one table of functions behind its only exported
// symbol. Both libraries come out of one build; the size of the table tells if they do not.
#ifndef CUDA_FUNCTIONS_H
#define CUDA_FUNCTIONS_H

#include "cuda/device.h"
#include "cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

// Each member is the function of its name with "cuda_" in front.
typedef struct cuda_functions {
    size_t size; // sizeof(cuda_functions)

    cuda_error (*count_devices)(int *count);
    cuda_error (*describe_device)(int device, cuda_device_facts *out);
    cuda_error (*get_current_device)(int *device);
    cuda_error (*set_current_device)(int device);
    cuda_error (*find_memory)(const void *pointer, int *device);
    const char *(*describe_error)(cuda_error error);
    bool (*is_out_of_memory)(cuda_error error);

    cuda_error (*allocate)(size_t bytes, const cuda_queue *queue, void **out);
    cuda_error (*release)(void *memory, const cuda_queue *queue);
    cuda_error (*copy)(void *to, const void *from, size_t bytes, const cuda_queue *queue);
    cuda_error (*wait)(const cuda_queue *queue);
    cuda_error (*pack)(const void *from, size_t element_size, int rank, const int64_t *shape,
                       const int64_t *stride, void *to, const cuda_queue *queue);

    size_t (*check_workspace)(size_t count);
    cuda_error (*find_bad)(const kernel_check *checks, size_t count, const cuda_queue *queue,
                           size_t *which, size_t *index, double *value);

    size_t (*method_workspace)(size_t n, size_t c);
    cuda_error (*pseudo_labels)(kernel_source teacher_logits, kernel_source positive,
                                kernel_source negative, size_t n, size_t c, int8_t *labels,
                                const cuda_queue *queue);
    cuda_error (*label_weights)(kernel_source teacher_logits, const int8_t *labels,
                                kernel_source positive, double slope, kernel_label_mode mode,
                                size_t n, size_t c, kernel_target positive_weight,
                                kernel_target negative_weight, const cuda_queue *queue);
    cuda_error (*label_weights_backward)(kernel_source grad, kernel_source teacher_logits,
                                         const int8_t *labels, kernel_source positive, double slope,
                                         kernel_label_mode mode, size_t n, size_t c,
                                         kernel_target positive_gradient, const cuda_queue *queue);
    cuda_error (*rarest_class)(const void *labels, const int64_t *count, size_t n, size_t c,
                               int32_t *classes, const cuda_queue *queue);
    cuda_error (*sample_mask)(const int32_t *classes, const double *probability, uint64_t seed,
                              uint64_t iteration, kernel_half half, uint64_t first_row, size_t n,
                              uint8_t *mask, const cuda_queue *queue);
    cuda_error (*balanced_bce)(kernel_source logits, kernel_source positive_weight,
                               kernel_source negative_weight, kernel_source class_weight,
                               const uint8_t *mask, size_t n, size_t c, kernel_target loss,
                               const cuda_queue *queue);
    cuda_error (*balanced_bce_backward)(kernel_source grad, kernel_source logits,
                                        kernel_source positive_weight,
                                        kernel_source negative_weight, kernel_source class_weight,
                                        const uint8_t *mask, size_t n, size_t c,
                                        kernel_target logits_gradient,
                                        kernel_target positive_weight_gradient,
                                        const cuda_queue *queue);
    cuda_error (*penalty)(kernel_source positive, const int8_t *labels, kernel_source class_weight,
                          const uint8_t *mask, kernel_penalty_scope scope, size_t n, size_t c,
                          kernel_target loss, kernel_target positive_gradient,
                          const cuda_queue *queue);
    cuda_error (*unsupervised_loss)(const kernel_unsupervised *task, const cuda_queue *queue);

    size_t (*roi_align_workspace)(const roi_align_shape *shape);
    cuda_error (*roi_align_forward)(const roi_align_shape *shape, kernel_source input,
                                    kernel_source rois, kernel_target output,
                                    const cuda_queue *queue);
    cuda_error (*roi_align_backward)(const roi_align_shape *shape, kernel_source gradient,
                                     kernel_source rois, kernel_target input_gradient,
                                     const cuda_queue *queue);
} cuda_functions;

// Static. Touches no device.
__attribute__((visibility("default"))) const cuda_functions *sslact_cuda_get_functions(void);

#ifdef __cplusplus
}
#endif
#endif
