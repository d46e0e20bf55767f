// Owns: what may stand together, and what follows from the options.

#include "nn/options.h"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace sslact
{
namespace
{

constexpr size_t max_stages = 4;

[[noreturn]] void refuse(const std::string &key, const std::string &text)
{
    throw Error(SSLACT_ERROR_CONFIG, "model." + key + ": " + text);
}

std::string render(const std::vector<int64_t> &values)
{
    std::string text = "[";
    for (size_t i = 0; i < values.size(); i++) {
        text += (i > 0 ? ", " : "") + std::to_string(values[i]);
    }
    return text + "]";
}

void check_range(const char *key, int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high) {
        refuse(key, std::to_string(value) + ", expected " + std::to_string(low) + " to " +
                        std::to_string(high));
    }
}

void check_odd(const char *key, int64_t value)
{
    if (value % 2 == 0) {
        refuse(key, std::to_string(value) + " is even, a kernel has a middle");
    }
}

// Written so that NaN is refused.
void check_dropout(const char *key, double value)
{
    if (!(value >= 0.0 && value < 1.0)) {
        refuse(key, std::to_string(value) + ", expected at least 0 and less than 1");
    }
}

void check_head(const NetworkOptions &options)
{
    check_range("roi_resolution", options.roi_resolution, 1, 64);
    check_dropout("head_dropout", options.head_dropout);
    if (options.head != HeadKind::acar) {
        return;
    }
    if (options.head_bias) {
        refuse("head_bias", "true, the layers of model.head acar have no bias");
    }
    check_range("acar_reduce_dim", options.acar_reduce_dim, 1, 8192);
    check_range("acar_hidden_dim", options.acar_hidden_dim, 1, 8192);
    check_range("acar_depth", options.acar_depth, 1, 8);
    check_range("acar_last_kernel", options.acar_last_kernel, 1, 3);
    check_odd("acar_last_kernel", options.acar_last_kernel);
    check_dropout("acar_dropout", options.acar_dropout);
}

} // namespace

void check_network_options(const NetworkOptions &options)
{
    size_t stages = options.stage_blocks.size();

    if (stages < 1 || stages > max_stages) {
        refuse("stage_blocks", render(options.stage_blocks) + ", expected 1 to 4 numbers");
    }
    if (options.stage_strides.size() != std::min(stages, max_stages - 1)) {
        refuse("stage_strides", render(options.stage_strides) + " for " + std::to_string(stages) +
                                    " stages, expected one number each for s2, s3 and s4");
    }
    for (int64_t blocks : options.stage_blocks) {
        check_range("stage_blocks", blocks, 1, 100);
    }
    for (int64_t stride : options.stage_strides) {
        check_range("stage_strides", stride, 1, 2);
    }
    check_range("class_count", options.class_count, 1, 100000);
    check_range("width", options.width, 1, 1024);
    check_range("beta_inverse", options.beta_inverse, 1, options.width);
    if (options.width % options.beta_inverse != 0) {
        refuse("beta_inverse", std::to_string(options.beta_inverse) +
                                   " does not divide model.width " + std::to_string(options.width));
    }
    check_range("alpha", options.alpha, 1, 64);
    check_range("res5_stride", options.res5_stride, 1, 2);
    check_range("res5_dilation", options.res5_dilation, 1, 4);
    check_range("stem_kernel", options.stem_kernel, 1, 15);
    check_odd("stem_kernel", options.stem_kernel);
    check_range("fusion_kernel", options.fusion_kernel, 1, 63);
    check_odd("fusion_kernel", options.fusion_kernel);
    check_head(options);
    if (options.output_activation == OutputActivation::pose_softmax_sigmoid &&
        options.class_count != 60 && options.class_count != 80) {
        refuse("output_activation", "pose_softmax_sigmoid knows the poses of AVA's 60 and 80 "
                                    "classes only, model.class_count is " +
                                        std::to_string(options.class_count));
    }
}

int64_t get_total_stride(const NetworkOptions &options)
{
    int64_t stride = options.stem_pool ? 4 : 2;

    for (int64_t one : options.stage_strides) {
        stride *= one;
    }
    return options.stage_blocks.size() == max_stages ? stride * options.res5_stride : stride;
}

int64_t get_feature_count(const NetworkOptions &options)
{
    int64_t last = int64_t{4} << (options.stage_blocks.size() - 1);

    return last * (options.width + options.width / options.beta_inverse);
}

std::vector<int64_t> get_slow_frames(const NetworkOptions &options, int64_t frame_count)
{
    int64_t count = frame_count / options.alpha;
    std::vector<int64_t> frames;

    if (count < 1 || count * options.alpha != frame_count) {
        throw Error(SSLACT_ERROR_MISMATCH, "a clip has " + std::to_string(frame_count) +
                                               " frames, expected a multiple of model.alpha " +
                                               std::to_string(options.alpha));
    }
    for (int64_t i = 0; i < count; i++) {
        switch (options.slow_sampling) {
        case SlowSampling::full_span:
            frames.push_back(count > 1 ? i * (frame_count - 1) / (count - 1) : 0);
            break;
        case SlowSampling::stride:
            frames.push_back(i * options.alpha);
            break;
        case SlowSampling::centered:
            frames.push_back(i * options.alpha + options.alpha / 2);
            break;
        }
    }
    return frames;
}

} // namespace sslact
