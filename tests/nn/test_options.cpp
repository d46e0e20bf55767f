// The model.* keys to a network's options, and what no network can be.

#include "nn/network.h"
#include "nn/options.h"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace
{

using sslact::NetworkOptions;

struct Settings {
    config *value = nullptr;
    Settings() { sslact::check(config_create(&value)); }
    ~Settings() { config_free(value); }
    void set(const char *key, const char *text) { sslact::check(config_set(value, key, text)); }
};

std::string refuse(const NetworkOptions &options)
{
    try {
        sslact::check_network_options(options);
    } catch (const sslact::Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_CONFIG);
        return error.what();
    }
    return "accepted";
}

void expect_text(const std::string &text, const std::string &part)
{
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

} // namespace

TEST(NetworkOptions, OfTheDefaultConfigAreSlowFastR50WithAcarsLinearHead)
{
    Settings settings;
    NetworkOptions options = sslact::read_network_options(settings.value);

    EXPECT_EQ(options.class_count, 60);
    EXPECT_EQ(options.width, 64);
    EXPECT_EQ(options.stage_blocks, (std::vector<int64_t>{3, 4, 6, 3}));
    EXPECT_EQ(options.stage_strides, (std::vector<int64_t>{1, 2, 2}));
    EXPECT_EQ(options.res5_dilation, 2);
    EXPECT_EQ(sslact::get_total_stride(options), 16);
    EXPECT_EQ(sslact::get_feature_count(options), 2304);
}

TEST(NetworkOptions, FollowTheKeys)
{
    Settings settings;
    settings.set("model.class_count", "7");
    settings.set("model.width", "16");
    settings.set("model.beta_inverse", "4");
    settings.set("model.stage_blocks", "[1, 2, 1, 1]");
    settings.set("model.slow_sampling", "centered");
    settings.set("model.roi_coords", "pixels_over_16");
    settings.set("model.head_bias", "true");
    settings.set("model.head_dropout", "0.5");
    settings.set("model.initialisation", "acar");
    NetworkOptions options = sslact::read_network_options(settings.value);

    EXPECT_EQ(options.class_count, 7);
    EXPECT_EQ(options.beta_inverse, 4);
    EXPECT_EQ(options.stage_blocks[1], 2);
    EXPECT_EQ(options.slow_sampling, sslact::SlowSampling::centered);
    EXPECT_EQ(options.roi_coords, sslact::RoiCoordinates::pixels_over_16);
    EXPECT_TRUE(options.head_bias);
    EXPECT_EQ(options.head_dropout, 0.5);
    EXPECT_EQ(options.initialisation, sslact::Initialisation::acar);
}

TEST(NetworkOptions, OfTheTinyPresetsMakeNetworks)
{
    for (const char *preset : {"slowfast_tiny", "acar_tiny"}) {
        Settings settings;
        settings.set("model.preset", preset);
        NetworkOptions options = sslact::read_network_options(settings.value);

        auto detector = test::make_network(options);
        detector->eval();
        at::Tensor logits =
            detector->forward(test::make_clips(1, 8, 32, 48), test::make_rois({{0, 0, 0, 1, 1}}));
        EXPECT_EQ(logits.size(1), 60) << preset;
    }
}

TEST(NetworkOptions, OfTheAcarPresetHaveItsPublishedSizes)
{
    Settings settings;
    settings.set("model.preset", "acar_r50_8x8");
    NetworkOptions options = sslact::read_network_options(settings.value);

    EXPECT_EQ(options.head, sslact::HeadKind::acar);
    EXPECT_EQ(options.acar_reduce_dim, 1024);
    EXPECT_EQ(options.acar_hidden_dim, 512);
    EXPECT_EQ(options.acar_depth, 2);
    EXPECT_EQ(options.acar_last_kernel, 3);
    EXPECT_EQ(options.acar_dropout, 0.2);
    EXPECT_EQ(options.stage_blocks, (std::vector<int64_t>{3, 4, 6, 3}));
}

TEST(NetworkOptions, OfNoNetworkAreRefusedByTheirKey)
{
    NetworkOptions options;
    options.stage_blocks = {};
    expect_text(refuse(options), "model.stage_blocks: [], expected 1 to 4 numbers");
    options = {};
    options.stage_blocks = {3, 0, 1, 1};
    expect_text(refuse(options), "model.stage_blocks: 0, expected 1 to 100");
    options = {};
    options.stage_strides = {1, 2};
    expect_text(refuse(options), "model.stage_strides: [1, 2] for 4 stages");
    options = {};
    options.beta_inverse = 7;
    expect_text(refuse(options), "model.beta_inverse: 7 does not divide model.width 64");
    options = {};
    options.stem_kernel = 4;
    expect_text(refuse(options), "model.stem_kernel: 4 is even");
    options = {};
    options.head_dropout = std::nan("");
    expect_text(refuse(options), "model.head_dropout");
    options = {};
    options.class_count = 24;
    options.output_activation = sslact::OutputActivation::pose_softmax_sigmoid;
    expect_text(refuse(options), "model.class_count is 24");
    options = {};
    options.head = sslact::HeadKind::acar;
    options.head_bias = true;
    expect_text(refuse(options), "model.head_bias: true");
    options.head_bias = false;
    options.acar_last_kernel = 2;
    expect_text(refuse(options), "model.acar_last_kernel: 2 is even");
    options.acar_last_kernel = 3;
    options.acar_dropout = 1.0;
    expect_text(refuse(options), "model.acar_dropout");
}
