// What the sslact ops do with CUDA tensors before libsslact_cuda.so is there: open it and start
// over, now with its kernels, or say in one line why it cannot be opened. So the library need not
// be opened in time by anybody.
//
// The key is the one the dispatcher falls back on for a device without a kernel of its own; the
// CUDA kernels, once registered, come before it.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <string>

#include "base/error.hpp"
#include "plugin/cuda_library.h"

namespace sslact
{
namespace
{

// The device of the first tensor that is not on the CPU.
c10::Device find_device(const torch::jit::Stack &stack, size_t arguments)
{
    for (size_t k = stack.size() - arguments; k < stack.size(); k++) {
        if (stack[k].isTensor() && stack[k].toTensor().defined() &&
            !stack[k].toTensor().device().is_cpu()) {
            return stack[k].toTensor().device();
        }
    }
    return c10::Device(c10::kCPU);
}

void open_and_call(const c10::OperatorHandle &op, c10::DispatchKeySet keys,
                   torch::jit::Stack *stack)
{
    const c10::Device device = find_device(*stack, op.schema().arguments().size());
    const std::string name = op.schema().name();
    if (!device.is_cuda()) {
        throw Error(SSLACT_ERROR_UNSUPPORTED,
                    name + ": there is no kernel for device \"" + device.str() + "\"");
    }
    cuda_library_open(device.index());
    if (!op.hasKernelForDispatchKey(c10::DispatchKey::CUDA)) {
        throw Error(SSLACT_ERROR_INTERNAL, name + " has no CUDA kernel"); // not round and round
    }
    op.redispatchBoxed(keys, stack);
}

} // namespace

TORCH_LIBRARY_IMPL(sslact, CompositeExplicitAutograd, library)
{
    for (const char *name :
         {"pseudo_labels", "label_weights", "_label_weights_backward", "rarest_class",
          "sample_mask", "balanced_bce", "_balanced_bce_backward", "unsupervised_loss",
          "_unsupervised_loss_fused", "roi_align", "_roi_align_backward"}) {
        library.impl(name, torch::CppFunction::makeFromBoxedFunction<&open_and_call>());
    }
}

} // namespace sslact
