// Owns: the two recipes for fresh weights. Numbers come from the counter generator, never from
// torch's.

#include "nn/detector.h"

#include "base/error.hpp"
#include "base/random.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

namespace sslact
{
namespace
{

constexpr double linear_deviation = 0.01;

bool ends_with(const std::string &name, const std::string &end)
{
    return name.size() >= end.size() &&
           name.compare(name.size() - end.size(), end.size(), end) == 0;
}

bool is_head(const std::string &name)
{
    return name.rfind("head.", 0) == 0;
}

// The number of a parameter's stream: its rank by name, head and backbone each for themselves, so
// that a bias or another head changes no number of the backbone.
uint64_t get_stream_index(const std::vector<std::string> &sorted, const std::string &name)
{
    auto first = std::find_if(sorted.begin(), sorted.end(), [&](const std::string &one) {
        return is_head(one) == is_head(name);
    });
    auto found = std::lower_bound(sorted.begin(), sorted.end(), name);
    uint64_t rank = 0;

    for (auto one = first; one < found; ++one) {
        rank += is_head(*one) == is_head(name);
    }
    return (is_head(name) ? uint64_t{1} << 32 : 0) + rank;
}

template <typename Draw> void fill(const at::Tensor &target, Draw draw)
{
    at::Tensor values = at::empty(target.sizes(), at::kDouble);
    double *numbers = values.mutable_data_ptr<double>();

    for (int64_t i = 0; i < values.numel(); i++) {
        numbers[i] = draw();
    }
    target.copy_(values);
}

bool is_norm(const std::string &name, const at::Tensor &array)
{
    return array.dim() < 2 && (!is_head(name) || name.find(".norm.") != std::string::npos);
}

// models.md section 3.6: convolutions N(0, 2 / fan_out), linear N(0, 0.01^2), bias 0.
void fill_pyslowfast(const at::Tensor &weight, random_stream &numbers)
{
    if (weight.dim() == 1) {
        weight.zero_();
        return;
    }
    double fan_out = static_cast<double>(weight.numel() / weight.size(1));
    double deviation = weight.dim() == 2 ? linear_deviation : std::sqrt(2.0 / fan_out);

    fill(weight, [&] { return deviation * random_normal(&numbers); });
}

// U(-1 / sqrt(fan_in), 1 / sqrt(fan_in)), PyTorch's default; a bias has its weight's fan_in.
void fill_acar(const at::Tensor &weight, int64_t features, random_stream &numbers)
{
    int64_t fan_in = weight.dim() == 1 ? features : weight.numel() / weight.size(0);
    double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));

    fill(weight, [&] { return random_range(&numbers, -bound, bound); });
}

// Scales are 1 but for the last norm of each residual branch, which PySlowFast starts at 0: every
// block begins as the identity.
void fill_norm(const std::string &name, const at::Tensor &array, Initialisation recipe)
{
    bool last = ends_with(name, ".branch2.c_bn.weight");
    bool one = ends_with(name, ".weight") || ends_with(name, ".running_var");

    if (last && recipe == Initialisation::pyslowfast) {
        array.zero_();
    } else {
        array.fill_(one ? 1 : 0);
    }
}

} // namespace

void initialise(Detector &detector, uint64_t seed)
{
    at::NoGradGuard no_grad;
    NamedArrays arrays = named_arrays(detector);
    std::vector<std::string> sorted;

    for (const auto &item : detector.named_parameters()) {
        sorted.push_back(item.key());
    }
    std::sort(sorted.begin(), sorted.end());
    for (const auto &[name, array] : arrays) {
        if (is_norm(name, array)) {
            fill_norm(name, array, detector.options().initialisation);
            continue;
        }
        random_stream numbers =
            random_open(seed, RANDOM_INITIALISATION, 0, get_stream_index(sorted, name));
        if (detector.options().initialisation == Initialisation::pyslowfast) {
            fill_pyslowfast(array, numbers);
        } else {
            fill_acar(array, get_feature_count(detector.options()), numbers);
        }
    }
}

} // namespace sslact
