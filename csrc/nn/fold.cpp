// Owns: the folded convolution, forward and backward, and on which implementation it runs.

#include "nn/fold.h"

#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/threshold_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstring>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace sslact
{
namespace
{

using Scalars = c10::List<std::optional<at::Scalar>>;

at::Tensor pack_onednn(const at::Tensor &weight, const at::Tensor &x,
                       const ConvolutionGeometry &geometry)
{
    static const auto op =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "")
            .typed<at::Tensor(const at::Tensor &, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                              int64_t, at::OptionalIntArrayRef)>();

    return op.call(weight, geometry.padding, geometry.stride, geometry.dilation, 1, x.sizes());
}

const at::Tensor &choose_weight(const FoldedWeights &folded, const at::Tensor &x,
                                const ConvolutionGeometry &geometry)
{
    return folded.packed ? folded.packed->get(folded.weight, x, geometry) : folded.weight;
}

// Convolution, bias and ReLU in one pass over the output.
at::Tensor convolve_onednn(const at::Tensor &x, const FoldedWeights &folded,
                           const ConvolutionGeometry &geometry, bool relu)
{
    static const auto op =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("mkldnn::_convolution_pointwise", "")
            .typed<at::Tensor(const at::Tensor &, const at::Tensor &,
                              const std::optional<at::Tensor> &, at::IntArrayRef, at::IntArrayRef,
                              at::IntArrayRef, int64_t, std::string_view, Scalars,
                              std::optional<std::string_view>)>();

    return op.call(x, choose_weight(folded, x, geometry), folded.bias, geometry.padding,
                   geometry.stride, geometry.dilation, 1, relu ? "relu" : "none", Scalars(),
                   std::nullopt);
}

// The same with the sum before the ReLU; the result takes the shortcut's place.
void convolve_add_onednn(at::Tensor &shortcut, const at::Tensor &x, const FoldedWeights &folded,
                         const ConvolutionGeometry &geometry, bool relu)
{
    static const auto op =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("mkldnn::_convolution_pointwise_", "binary")
            .typed<at::Tensor &(at::Tensor &, const at::Tensor &, const at::Tensor &,
                                const std::optional<at::Tensor> &, at::IntArrayRef, at::IntArrayRef,
                                at::IntArrayRef, int64_t, std::string_view,
                                std::optional<at::Scalar>, std::optional<std::string_view>, Scalars,
                                std::optional<std::string_view>)>();
    std::optional<std::string_view> finish;
    std::optional<at::Tensor> bias; // this operation wants it as narrow as x

    if (relu) {
        finish = "relu";
    }
    if (folded.bias.defined()) {
        bias = folded.bias.to(x.scalar_type());
    }
    op.call(shortcut, x, choose_weight(folded, x, geometry), bias, geometry.padding,
            geometry.stride, geometry.dilation, 1, "add", 1.0, finish, Scalars(), std::nullopt);
}

at::Tensor convolve_generic(const at::Tensor &x, const FoldedWeights &folded,
                            const ConvolutionGeometry &geometry, const Finish &finish)
{
    at::Tensor bias = folded.bias.defined() ? folded.bias.to(x.scalar_type()) : folded.bias;
    at::Tensor y = at::convolution(x, folded.weight, bias, geometry.stride, geometry.padding,
                                   geometry.dilation, false, {0, 0, 0}, 1);

    if (finish.shortcut.defined()) {
        y.add_(finish.shortcut);
    }
    return finish.relu ? y.relu_() : y;
}

bool is_pointwise(const at::Tensor &weight, const ConvolutionGeometry &geometry)
{
    return weight.size(2) * weight.size(3) * weight.size(4) == 1 &&
           geometry.stride == Triple{1, 1, 1};
}

// What the loops of this file read.
bool is_plain(const at::Tensor &weight)
{
    return weight.is_cpu() && weight.scalar_type() == at::kFloat && weight.is_contiguous();
}

bool is_channels_last(const at::Tensor &x)
{
    return x.is_contiguous(at::MemoryFormat::ChannelsLast3d);
}

// [N, C, T, H, W] with channels last to [N T H W, C], without a copy.
at::Tensor list_cells(const at::Tensor &x)
{
    return x.permute({0, 2, 3, 4, 1}).reshape({-1, x.size(1)});
}

struct ConvolutionGradients {
    at::Tensor input; // undefined where not wanted
    at::Tensor weight;
    at::Tensor bias;
};

// A kernel of one cell over channels-last tensors is three matrix products.
ConvolutionGradients differentiate_pointwise(const at::Tensor &gradient, const at::Tensor &x,
                                             const at::Tensor &weight, bool want_input)
{
    ConvolutionGradients out;
    at::Tensor cells = list_cells(gradient);                              // [R, O]
    at::Tensor matrix = weight.reshape({weight.size(0), weight.size(1)}); // [O, I]

    if (want_input) {
        out.input = at::mm(cells, matrix)
                        .view({x.size(0), x.size(2), x.size(3), x.size(4), x.size(1)})
                        .permute({0, 4, 1, 2, 3});
    }
    out.weight = at::mm(cells.t(), list_cells(x)).view(weight.sizes());
    out.bias = cells.sum(0);
    return out;
}

ConvolutionGradients differentiate(const at::Tensor &gradient, const at::Tensor &x,
                                   const at::Tensor &weight, const ConvolutionGeometry &geometry,
                                   bool want_input)
{
    ConvolutionGradients out;

    if (is_plain(weight) && is_pointwise(weight, geometry) && is_channels_last(x) &&
        is_channels_last(gradient)) {
        return differentiate_pointwise(gradient, x, weight, want_input);
    }
    std::tie(out.input, out.weight, out.bias) = at::convolution_backward(
        gradient, x, weight, at::IntArrayRef({weight.size(0)}), geometry.stride, geometry.padding,
        choose_dilation(x, weight, geometry), false, {0, 0, 0}, 1, {want_input, true, true});
    return out;
}

// bfloat16 is the upper half of a float. Rounds to nearest, ties to even; plain integer arithmetic,
// so that the compiler makes vector code of the loop.
uint16_t round_to_bfloat16(float x)
{
    uint32_t bits = 0;

    std::memcpy(&bits, &x, sizeof(bits));
    uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return static_cast<uint16_t>(x != x ? 0x7fc0u : rounded);
}

template <typename To, typename T> To round_to(T x)
{
    if constexpr (std::is_same_v<To, at::BFloat16>) {
        return at::BFloat16(round_to_bfloat16(static_cast<float>(x)), at::BFloat16::from_bits());
    } else {
        return x;
    }
}

// One output channel of W k: weight [I, S] to out [S, I].
template <typename To, typename T>
void fold_row(const T *weight, T k, int64_t inputs, int64_t cells, To *out)
{
    for (int64_t s = 0; s < cells; s++) {
        for (int64_t i = 0; i < inputs; i++) {
            out[s * inputs + i] = round_to<To>(weight[i * cells + s] * k);
        }
    }
}

// W k rounded to To with channels last, in one pass.
template <typename To, typename T>
at::Tensor fold_channels_last(const at::Tensor &weight, const at::Tensor &k, at::ScalarType type)
{
    at::Tensor out =
        at::empty(weight.sizes(), weight.options().dtype(type), at::MemoryFormat::ChannelsLast3d);
    const T *from = weight.const_data_ptr<T>();
    const T *scale = k.const_data_ptr<T>();
    To *to = out.mutable_data_ptr<To>();
    int64_t inputs = weight.size(1);
    int64_t row = weight.numel() / weight.size(0);

    at::parallel_for(0, weight.size(0), 1 + (1 << 15) / row, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; o++) {
            fold_row(from + o * row, scale[o], inputs, row / inputs, to + o * row);
        }
    });
    return out;
}

// One output channel: gradient [S, I] of W k to that of W [I, S]; returns the gradient of k.
template <typename T, typename G>
T unfold_row(const G *gradient, const T *weight, T k, int64_t inputs, int64_t cells, T *out)
{
    constexpr int64_t lanes = 16;
    T sums[lanes] = {};

    for (int64_t s = 0; s < cells; s++) {
        const G *from = gradient + s * inputs;
        int64_t whole = inputs - inputs % lanes;
        for (int64_t i = 0; i < whole; i += lanes) {
            for (int64_t lane = 0; lane < lanes; lane++) {
                int64_t place = (i + lane) * cells + s;
                T one = static_cast<T>(from[i + lane]);
                out[place] = one * k;
                sums[lane] += one * weight[place];
            }
        }
        for (int64_t i = whole; i < inputs; i++) {
            T one = static_cast<T>(from[i]);
            out[i * cells + s] = one * k;
            sums[i - whole] += one * weight[i * cells + s];
        }
    }
    T total = 0;
    for (T one : sums) {
        total += one;
    }
    return total;
}

struct FoldGradients {
    at::Tensor weight;
    at::Tensor scale; // of k, [O]
};

// From the gradient of W k, channels last, to those of W and k in one pass.
template <typename T, typename G>
FoldGradients unfold(const at::Tensor &gradient, const at::Tensor &weight, const at::Tensor &k)
{
    FoldGradients out = {at::empty_like(weight), at::empty_like(k)};
    const G *from = gradient.const_data_ptr<G>();
    const T *numbers = weight.const_data_ptr<T>();
    const T *scale = k.const_data_ptr<T>();
    T *to = out.weight.mutable_data_ptr<T>();
    T *to_scale = out.scale.mutable_data_ptr<T>();
    int64_t inputs = weight.size(1);
    int64_t row = weight.numel() / weight.size(0);

    at::parallel_for(0, weight.size(0), 1 + (1 << 15) / row, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; o++) {
            to_scale[o] = unfold_row(from + o * row, numbers + o * row, scale[o], inputs,
                                     row / inputs, to + o * row);
        }
    });
    return out;
}

// Any layout and device.
FoldGradients unfold_generic(const at::Tensor &gradient, const at::Tensor &weight,
                             const at::Tensor &k)
{
    at::Tensor wide = gradient.to(weight.scalar_type());

    return {wide * k.view({-1, 1, 1, 1, 1}), (wide * weight).sum({1, 2, 3, 4})};
}

at::Tensor compute_scale(const at::Tensor &gamma, const at::Tensor &variance)
{
    return gamma * (variance + norm_epsilon).rsqrt();
}

at::Tensor convolve(const at::Tensor &x, const FoldedWeights &folded,
                    const ConvolutionGeometry &geometry, const Finish &finish)
{
    if (!is_for_onednn(x)) {
        return convolve_generic(x, folded, geometry, finish);
    }
    bool fused_relu = finish.relu && folded.ordinary;
    at::Tensor y;
    if (finish.shortcut.defined()) {
        y = finish.overwrite ? finish.shortcut : finish.shortcut.clone();
        convolve_add_onednn(y, x, folded, geometry, fused_relu);
    } else {
        y = convolve_onednn(x, folded, geometry, fused_relu);
    }
    return finish.relu && !fused_relu ? y.relu_() : y;
}

class NormalizedConvolution : public torch::autograd::Function<NormalizedConvolution>
{
public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                              const at::Tensor &weight, const at::Tensor &gamma,
                              const at::Tensor &beta, const at::Tensor &mean,
                              const at::Tensor &variance, const std::optional<at::Tensor> &shortcut,
                              const ConvolutionGeometry &geometry, bool relu)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        FoldedWeights folded =
            fold(weight, {gamma, beta, mean, variance}, x.scalar_type(), x.suggest_memory_format());
        at::Tensor y = convolve(x, folded, geometry, {shortcut.value_or(at::Tensor()), relu});

        context->save_for_backward(
            {x, relu ? y : at::Tensor(), folded.weight, weight, gamma, mean, variance});
        context->saved_data["relu"] = relu;
        context->saved_data["shortcut"] = shortcut.has_value();
        context->saved_data["stride"] = at::IntArrayRef(geometry.stride);
        context->saved_data["padding"] = at::IntArrayRef(geometry.padding);
        context->saved_data["dilation"] = at::IntArrayRef(geometry.dilation);
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   const torch::autograd::variable_list &grads)
    {
        torch::autograd::variable_list saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &y = saved[1], &folded = saved[2], &weight = saved[3];
        const at::Tensor &gamma = saved[4], &mean = saved[5], &variance = saved[6];
        bool relu = context->saved_data["relu"].toBool();
        at::Tensor gradient = relu ? at::threshold_backward(grads[0], y, 0) : grads[0];

        gradient = gradient.contiguous(x.suggest_memory_format());
        ConvolutionGradients of = differentiate(gradient, x, folded, read_geometry(context),
                                                context->needs_input_grad(0));
        at::Tensor rsqrt = (variance + norm_epsilon).rsqrt();
        FoldGradients numbers = unfold_any(of.weight, weight, gamma * rsqrt);
        at::Tensor of_bias = of.bias.to(weight.scalar_type());
        at::Tensor of_gamma = (numbers.scale - mean * of_bias) * rsqrt;

        at::Tensor of_shortcut = context->saved_data["shortcut"].toBool() ? gradient : at::Tensor();

        return {of.input, numbers.weight, of_gamma, of_bias, {}, {}, of_shortcut, {}, {}};
    }

private:
    static Triple read_triple(torch::autograd::AutogradContext *context, const char *name)
    {
        std::vector<int64_t> values = context->saved_data[name].toIntVector();
        return {values[0], values[1], values[2]};
    }

    static ConvolutionGeometry read_geometry(torch::autograd::AutogradContext *context)
    {
        return {read_triple(context, "stride"), read_triple(context, "padding"),
                read_triple(context, "dilation")};
    }

    static FoldGradients unfold_any(const at::Tensor &gradient, const at::Tensor &weight,
                                    const at::Tensor &k)
    {
        if (!is_plain(weight) || !is_channels_last(gradient)) {
            return unfold_generic(gradient, weight, k);
        }
        return gradient.scalar_type() == at::kBFloat16
                   ? unfold<float, at::BFloat16>(gradient, weight, k)
                   : unfold<float, float>(gradient, weight, k);
    }
};

} // namespace

const at::Tensor &PackedWeight::get(const at::Tensor &weight, const at::Tensor &x,
                                    const ConvolutionGeometry &geometry)
{
    std::call_once(once_, [&] { packed_ = pack_onednn(weight, x, geometry); });
    return packed_;
}

FoldedWeights fold(const at::Tensor &weight, const NormTensors &norm, at::ScalarType type,
                   at::MemoryFormat layout)
{
    at::Tensor k = compute_scale(norm.weight, norm.variance);
    FoldedWeights out;

    out.bias = norm.bias - norm.mean * k;
    if (!is_plain(weight) || layout != at::MemoryFormat::ChannelsLast3d) {
        out.weight = (weight * k.view({-1, 1, 1, 1, 1})).to(type).contiguous(layout);
    } else if (type == at::kBFloat16) {
        out.weight = fold_channels_last<at::BFloat16, float>(weight, k, type);
    } else {
        out.weight = fold_channels_last<float, float>(weight, k, type);
    }
    return out;
}

bool are_ordinary(const FoldedWeights &folded)
{
    constexpr double largest = 1e4; // far beyond any network that works

    for (const at::Tensor &numbers : {folded.weight, folded.bias}) {
        // Written so that NaN does not pass.
        if (numbers.defined() && !(numbers.abs().max().item<double>() <= largest)) {
            return false;
        }
    }
    return true;
}

at::Tensor convolve_folded(const at::Tensor &x, const FoldedWeights &folded,
                           const ConvolutionGeometry &geometry, const Finish &finish)
{
    at::AutoDispatchBelowADInplaceOrView below;

    return convolve(x, folded, geometry, finish);
}

at::Tensor convolve_normalized(const at::Tensor &x, const at::Tensor &weight,
                               const NormTensors &norm, const ConvolutionGeometry &geometry,
                               const Finish &finish)
{
    std::optional<at::Tensor> shortcut;

    if (finish.shortcut.defined()) {
        shortcut = finish.shortcut;
    }
    return NormalizedConvolution::apply(x, weight, norm.weight, norm.bias, norm.mean, norm.variance,
                                        shortcut, geometry, finish.relu);
}

} // namespace sslact
