// What the tests of this room share: small networks, and the filler of models.md section 14.1.
#ifndef TESTS_NN_NETWORK_H
#define TESTS_NN_NETWORK_H

#include "nn/detector.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace test
{

// Two stages of one block: 1 / 4 resolution of everything that matters, in milliseconds.
inline sslact::NetworkOptions make_tiny_options()
{
    sslact::NetworkOptions options;
    options.class_count = 5;
    options.width = 8;
    options.beta_inverse = 2;
    options.stage_blocks = {1, 1};
    options.stage_strides = {2, 1};
    options.stem_kernel = 3;
    options.stem_pool = false;
    options.fusion_kernel = 5;
    options.slow_sampling = sslact::SlowSampling::centered;
    options.roi_resolution = 6;
    return options;
}

inline std::shared_ptr<sslact::Detector> make_network(const sslact::NetworkOptions &options,
                                                      uint64_t seed = 1)
{
    auto detector = std::make_shared<sslact::Detector>(options);
    sslact::initialise(*detector, seed);
    return detector;
}

// Numbers that look random, the same everywhere.
inline at::Tensor make_clips(int64_t n, int64_t t, int64_t h, int64_t w)
{
    return at::linspace(1.0, 9000.0, n * 3 * t * h * w, at::kDouble)
        .square()
        .sin()
        .view({n, 3, t, h, w})
        .to(at::kFloat);
}

inline at::Tensor make_rois(const std::vector<std::vector<float>> &rows)
{
    std::vector<float> values;
    for (const auto &row : rows) {
        values.insert(values.end(), row.begin(), row.end());
    }
    return at::tensor(values).view({static_cast<int64_t>(rows.size()), 5});
}

// u(k, i) of section 14.1.
inline double fill_number(uint32_t k, uint32_t i)
{
    uint32_t h = i * 2654435761u + (k + 1) * 2246822519u + 374761393u;
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    h *= 3266489917u;
    h ^= h >> 16;
    return static_cast<double>(h) / 2147483648.0 - 1.0;
}

inline at::Tensor fill_numbers(std::vector<int64_t> shape, uint32_t k, double scale = 1.0,
                               double offset = 0.0)
{
    at::Tensor out = at::empty(shape, at::kDouble);
    double *values = out.mutable_data_ptr<double>();
    for (int64_t i = 0; i < out.numel(); i++) {
        values[i] = offset + scale * fill_number(k, static_cast<uint32_t>(i));
    }
    return out;
}

inline bool ends_with(const std::string &name, const std::string &end)
{
    return name.size() >= end.size() &&
           name.compare(name.size() - end.size(), end.size(), end) == 0;
}

// The value of one array of the golden network.
inline at::Tensor make_golden_array(const std::string &name, const at::Tensor &like, uint32_t k)
{
    std::vector<int64_t> shape = like.sizes().vec();
    if (like.dim() >= 2) {
        return fill_numbers(shape, k,
                            std::sqrt(6.0 / static_cast<double>(like.numel() / like.size(0))));
    }
    if (ends_with(name, "running_mean")) {
        return fill_numbers(shape, k, 0.1);
    }
    if (ends_with(name, "running_var")) {
        return fill_numbers(shape, k, 0.5, 1.0);
    }
    return ends_with(name, "weight") ? fill_numbers(shape, k, 0.1, 0.5)
                                     : fill_numbers(shape, k, 0.1);
}

} // namespace test

#endif
