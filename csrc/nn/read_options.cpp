// Owns: the names of the model.* keys and their words.

#include "nn/options.h"

#include "base/error.hpp"

#include <algorithm>

namespace sslact
{
namespace
{

std::vector<int64_t> read_list(const config *c, const char *key)
{
    std::vector<int64_t> values(config_get_int_list(c, key, nullptr, 0));

    config_get_int_list(c, key, values.data(), values.size());
    return values;
}

// A stage of 0 blocks is left out, with every stage behind it: the keys always hold four numbers.
void drop_absent_stages(NetworkOptions &options)
{
    while (!options.stage_blocks.empty() && options.stage_blocks.back() == 0) {
        options.stage_blocks.pop_back();
    }
    size_t strides = std::min<size_t>(options.stage_blocks.size(), options.stage_strides.size());
    for (size_t i = strides; i < options.stage_strides.size(); i++) {
        if (options.stage_strides[i] != 1) {
            throw Error(SSLACT_ERROR_CONFIG,
                        "model.stage_strides: " + std::to_string(options.stage_strides[i]) +
                            " for a stage without blocks, expected 1");
        }
    }
    options.stage_strides.resize(strides);
}

// Word number `value` of a choice key; the schema has refused any other word.
int find_word(const config *c, const char *key, const std::vector<std::string> &words)
{
    std::string value = config_get_text(c, key);
    auto found = std::find(words.begin(), words.end(), value);

    if (found == words.end()) {
        throw Error(SSLACT_ERROR_CONFIG,
                    std::string(key) + ": \"" + value + "\" is not known to the network");
    }
    return static_cast<int>(found - words.begin());
}

} // namespace

NetworkOptions read_network_options(const config *c)
{
    NetworkOptions options;

    options.class_count = config_get_int(c, "model.class_count");
    options.width = config_get_int(c, "model.width");
    options.beta_inverse = config_get_int(c, "model.beta_inverse");
    options.alpha = config_get_int(c, "model.alpha");
    options.stage_blocks = read_list(c, "model.stage_blocks");
    options.stage_strides = read_list(c, "model.stage_strides");
    drop_absent_stages(options);
    options.res5_stride = config_get_int(c, "model.res5_stride");
    options.res5_dilation = config_get_int(c, "model.res5_dilation");
    options.stem_kernel = config_get_int(c, "model.stem_kernel");
    options.stem_pool = config_get_bool(c, "model.stem_pool");
    options.fusion_kernel = config_get_int(c, "model.fusion_kernel");
    options.lateral_norm_act = config_get_bool(c, "model.lateral_norm_act");
    options.slow_sampling = static_cast<SlowSampling>(
        find_word(c, "model.slow_sampling", {"full_span", "stride", "centered"}));
    options.roi_coords = static_cast<RoiCoordinates>(
        find_word(c, "model.roi_coords", {"times_feature_size", "pixels_over_16"}));
    options.roi_aligned = config_get_bool(c, "model.roi_aligned");
    options.roi_resolution = config_get_int(c, "model.roi_resolution");
    options.head = static_cast<HeadKind>(find_word(c, "model.head", {"linear", "acar"}));
    options.head_bias = config_get_bool(c, "model.head_bias");
    options.head_dropout = config_get_double(c, "model.head_dropout");
    options.acar_reduce_dim = config_get_int(c, "model.acar_reduce_dim");
    options.acar_hidden_dim = config_get_int(c, "model.acar_hidden_dim");
    options.acar_depth = config_get_int(c, "model.acar_depth");
    options.acar_last_kernel = config_get_int(c, "model.acar_last_kernel");
    options.acar_dropout = config_get_double(c, "model.acar_dropout");
    options.output_activation = static_cast<OutputActivation>(
        find_word(c, "model.output_activation", {"sigmoid", "pose_softmax_sigmoid"}));
    options.initialisation =
        static_cast<Initialisation>(find_word(c, "model.initialisation", {"pyslowfast", "acar"}));
    options.fold_batch_norm = config_get_bool(c, "perf.fold_batch_norm");
    options.channels_last = config_get_bool(c, "perf.channels_last");
    options.precision =
        static_cast<Precision>(find_word(c, "perf.precision", {"float32", "bfloat16"}));
    check_network_options(options);
    return options;
}

} // namespace sslact
