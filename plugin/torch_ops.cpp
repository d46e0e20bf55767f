// The schemas of the sslact ops, and nothing else: every dispatch key has a file of its own.
//
// Types: every floating argument may be float16, bfloat16, float32 or float64, each its own, except
// `probability` (float64). Coefficients have the type of the logits, gradients that of what they
// belong to; losses too, but float32 where the logits have 16 bits, and so have the gradients of
// _unsupervised_loss_fused. docs/ops.md has the whole list.
#include <torch/library.h>

TORCH_LIBRARY(sslact, library)
{
    library.def("pseudo_labels(Tensor teacher_logits, Tensor positive, Tensor negative) -> Tensor");
    library.def("label_weights(Tensor teacher_logits, Tensor labels, Tensor positive, "
                "float slope, str mode) -> (Tensor, Tensor)");
    library.def("_label_weights_backward(Tensor grad, Tensor teacher_logits, Tensor labels, "
                "Tensor positive, float slope, str mode) -> Tensor");
    library.def("rarest_class(Tensor labels, Tensor count) -> Tensor");
    // first_row: the place of row 0 in the global batch, where a device holds a part of it.
    library.def("sample_mask(Tensor classes, Tensor probability, int seed, int iteration, "
                "int half, int first_row=0) -> Tensor");
    library.def("balanced_bce(Tensor logits, Tensor positive_weight, Tensor negative_weight, "
                "Tensor class_weight, Tensor mask) -> Tensor");
    library.def("_balanced_bce_backward(Tensor grad, Tensor logits, Tensor positive_weight, "
                "Tensor negative_weight, Tensor class_weight, Tensor mask) -> (Tensor, Tensor)");
    library.def("unsupervised_loss(Tensor teacher_logits, Tensor student_logits, "
                "Tensor positive, Tensor negative, Tensor class_weight, Tensor mask, "
                "float slope, str mode, str scope) -> (Tensor, Tensor)");
    library.def("_unsupervised_loss_fused(Tensor teacher_logits, Tensor student_logits, "
                "Tensor positive, Tensor negative, Tensor class_weight, Tensor mask, "
                "float slope, str mode, str scope) -> (Tensor, Tensor, Tensor, Tensor, Tensor)");
}
