#include "nn/unit.h"

#include <ATen/core/grad_mode.h>

namespace sslact
{

ConvolutionUnit::ConvolutionUnit(std::shared_ptr<Convolution> conv,
                                 std::shared_ptr<Normalization> norm, size_t index)
    : conv_(std::move(conv)), norm_(std::move(norm)), index_(index)
{
}

at::Tensor ConvolutionUnit::forward_unfolded(const at::Tensor &x, const Finish &finish) const
{
    at::Tensor y = conv_->forward(x);

    if (norm_) {
        y = norm_->forward(y);
    }
    if (finish.shortcut.defined()) {
        y.add_(finish.shortcut);
    }
    return finish.relu ? y.relu_() : y;
}

at::Tensor ConvolutionUnit::forward(const at::Tensor &x, const Pass &pass,
                                    const Finish &finish) const
{
    if (!pass.fold || (norm_ && norm_->takes_batch_statistics())) {
        return forward_unfolded(x, finish);
    }
    if (pass.folded != nullptr) {
        return convolve_folded(x, pass.folded->units[index_], conv_->geometry(), finish);
    }
    if (!at::GradMode::is_enabled()) {
        return convolve_folded(x, fold(x.scalar_type(), x.suggest_memory_format()),
                               conv_->geometry(), finish);
    }
    return norm_ ? convolve_normalized(x, conv_->weight(), norm_->tensors(), conv_->geometry(),
                                       finish)
                 : forward_unfolded(x, finish);
}

FoldedWeights ConvolutionUnit::fold(at::ScalarType type, at::MemoryFormat layout) const
{
    if (!norm_) {
        return {conv_->weight().to(type).contiguous(layout), {}, false, nullptr};
    }
    return sslact::fold(conv_->weight(), norm_->tensors(), type, layout);
}

} // namespace sslact
