// The table that libsslact.so asks for.
#include "cuda/functions.h"

const cuda_functions *sslact_cuda_get_functions(void)
{
    static const cuda_functions functions = {
        sizeof(cuda_functions),

        cuda_count_devices,
        cuda_describe_device,
        cuda_get_current_device,
        cuda_set_current_device,
        cuda_find_memory,
        cuda_describe_error,
        cuda_is_out_of_memory,

        cuda_allocate,
        cuda_release,
        cuda_copy,
        cuda_wait,
        cuda_pack,

        cuda_check_workspace,
        cuda_find_bad,

        cuda_method_workspace,
        cuda_pseudo_labels,
        cuda_label_weights,
        cuda_label_weights_backward,
        cuda_rarest_class,
        cuda_sample_mask,
        cuda_balanced_bce,
        cuda_balanced_bce_backward,
        cuda_penalty,
        cuda_unsupervised_loss,

        cuda_roi_align_workspace,
        cuda_roi_align_forward,
        cuda_roi_align_backward,
    };
    return &functions;
}
