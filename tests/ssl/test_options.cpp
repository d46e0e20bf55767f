// The ssl.* keys of a config as options of the method.
#include "ssl/method.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace
{

using sslact::BalancedHalves;
using sslact::LabelMode;
using sslact::MethodOptions;
using sslact::NegativeThreshold;
using sslact::PenaltyScope;
using sslact::PositiveWeight;
using sslact::ThresholdMode;
using sslact::WeightMode;

MethodOptions read(std::initializer_list<std::pair<const char *, const char *>> settings)
{
    config *c = nullptr;
    sslact::check(config_create(&c));
    const std::unique_ptr<config, decltype(&config_free)> holder(c, &config_free);
    for (const auto &[key, value] : settings) {
        sslact::check(config_set(c, key, value));
    }
    return sslact::read_method_options(c);
}

} // namespace

TEST(ReadMethodOptions, DefaultsToThePaper)
{
    const MethodOptions options = read({});

    EXPECT_EQ(options.mpl_mode, ThresholdMode::learnable);
    EXPECT_EQ(options.mpl_mapping, MAPPING_CONCAVE);
    EXPECT_EQ(options.mpl_tau_pos, 0.9);
    EXPECT_EQ(options.mpl_tau_neg, 0.1);
    EXPECT_EQ(options.mpl_t_neg, NegativeThreshold::constant);
    EXPECT_EQ(options.mpl_label, LabelMode::hard);
    EXPECT_EQ(options.mpl_a, 20.0);
    EXPECT_EQ(options.mpl_lambda1, 1.0);
    EXPECT_EQ(options.mpl_reg_scope, PenaltyScope::all);
    EXPECT_EQ(options.t_lr_mult, 1.0);
    EXPECT_EQ(options.t_clamp, 1e-3);
    EXPECT_EQ(options.ucb, BalancedHalves::both);
    EXPECT_EQ(options.ucb_beta, 0.9);
    EXPECT_EQ(options.ucb_gamma, 0.05);
    EXPECT_FALSE(options.ucb_exact);
    EXPECT_FALSE(options.ucb_drop_no_positive);
    EXPECT_EQ(options.loss_lambda, 0.3);
    EXPECT_FALSE(options.loss_normalise_kept);
}

TEST(ReadMethodOptions, TakesEveryKey)
{
    const MethodOptions options = read({{"ssl.mpl_mode", "class_related"},
                                        {"ssl.mpl_mapping", "convex"},
                                        {"ssl.mpl_tau_pos", "0.8"},
                                        {"ssl.mpl_tau_neg", "0.2"},
                                        {"ssl.mpl_t_neg", "class_related"},
                                        {"ssl.mpl_label", "soft"},
                                        {"ssl.mpl_a", "10"},
                                        {"ssl.mpl_lambda1", "0.5"},
                                        {"ssl.mpl_reg_scope", "per_class"},
                                        {"ssl.t_lr_mult", "2"},
                                        {"ssl.t_clamp", "0.01"},
                                        {"ssl.ucb", "unlabeled"},
                                        {"ssl.ucb_beta", "0.5"},
                                        {"ssl.ucb_gamma", "0.3"},
                                        {"ssl.ucb_cooc", "exact"},
                                        {"ssl.ucb_no_positive", "drop"},
                                        {"ssl.loss_lambda", "0.7"},
                                        {"ssl.loss_normalise", "kept"}});

    EXPECT_EQ(options.mpl_mode, ThresholdMode::class_related);
    EXPECT_EQ(options.mpl_mapping, MAPPING_CONVEX);
    EXPECT_EQ(options.mpl_tau_pos, 0.8);
    EXPECT_EQ(options.mpl_tau_neg, 0.2);
    EXPECT_EQ(options.mpl_t_neg, NegativeThreshold::class_related);
    EXPECT_EQ(options.mpl_label, LabelMode::soft);
    EXPECT_EQ(options.mpl_a, 10.0);
    EXPECT_EQ(options.mpl_lambda1, 0.5);
    EXPECT_EQ(options.mpl_reg_scope, PenaltyScope::per_class);
    EXPECT_EQ(options.t_lr_mult, 2.0);
    EXPECT_EQ(options.t_clamp, 0.01);
    EXPECT_EQ(options.ucb, BalancedHalves::unlabeled);
    EXPECT_EQ(options.ucb_beta, 0.5);
    EXPECT_EQ(options.ucb_gamma, 0.3);
    EXPECT_TRUE(options.ucb_exact);
    EXPECT_TRUE(options.ucb_drop_no_positive);
    EXPECT_EQ(options.loss_lambda, 0.7);
    EXPECT_TRUE(options.loss_normalise_kept);

    const balance_options statistics = sslact::make_balance_options(options);
    EXPECT_EQ(statistics.beta, 0.5);
    EXPECT_EQ(statistics.gamma, 0.3);
    EXPECT_EQ(statistics.tau_positive, 0.8);
    EXPECT_EQ(statistics.mapping, MAPPING_CONVEX);
    EXPECT_TRUE(statistics.exact_cooccurrence);
}

TEST(ReadMethodOptions, TakesEveryKeyOfTheExtensions)
{
    const MethodOptions plain = read({});
    EXPECT_EQ(plain.weight_mode, WeightMode::gap);
    EXPECT_EQ(plain.positive_weight, PositiveWeight::threshold);
    EXPECT_FALSE(plain.online.enabled);
    EXPECT_FALSE(plain.cap.streaming);

    const MethodOptions options = read({{"ssl.mpl_mode", "cap"},
                                        {"ssl.weight_mode", "db"},
                                        {"ssl.positive_weight", "calibrated"},
                                        {"ssl.cap_form", "streaming"},
                                        {"ssl.cap_window", "77"},
                                        {"ssl.cap_negative_share", "0.6"},
                                        {"ssl.cap_step", "0.2"},
                                        {"ssl.score_every", "9"},
                                        {"ssl.score_clips", "13"},
                                        {"ssl.metric_beta", "2"},
                                        {"ssl.calibration_bins", "4"},
                                        {"ssl.freq_source", "online"},
                                        {"ssl.online_every", "8"},
                                        {"ssl.online_mix", "0.25"},
                                        {"ssl.online_momentum", "0.5"}});

    EXPECT_EQ(options.mpl_mode, ThresholdMode::cap);
    EXPECT_EQ(options.weight_mode, WeightMode::db);
    EXPECT_EQ(options.positive_weight, PositiveWeight::calibrated);
    EXPECT_TRUE(options.cap.streaming);
    EXPECT_EQ(options.cap.window, 77);
    EXPECT_EQ(options.cap.negative_share, 0.6);
    EXPECT_EQ(options.cap.step, 0.2);
    EXPECT_EQ(options.score.every, 9);
    EXPECT_EQ(options.score.clips, 13);
    EXPECT_EQ(options.score.metric_beta, 2.0);
    EXPECT_EQ(options.score.calibration_bins, 4);
    EXPECT_TRUE(options.online.enabled);
    EXPECT_EQ(options.online.every, 8);
    EXPECT_EQ(options.online.mix, 0.25);
    EXPECT_EQ(options.online.momentum, 0.5);
    EXPECT_EQ(read({{"ssl.mpl_mode", "metric"}}).mpl_mode, ThresholdMode::metric);
    EXPECT_EQ(read({{"ssl.mpl_mode", "flex"}}).mpl_mode, ThresholdMode::flex);
    EXPECT_EQ(read({{"ssl.preset", "soft"}}).mpl_mode, ThresholdMode::soft);
}

TEST(ReadMethodOptions, FollowsThePresets)
{
    // Section 6: fixed 0.5 / 0.1 without balancing.
    for (const char *preset : {"fixmatch", "pseudo_label"}) {
        const MethodOptions options = read({{"ssl.preset", preset}});
        EXPECT_EQ(options.mpl_mode, ThresholdMode::fixed) << preset;
        EXPECT_EQ(options.mpl_tau_pos, 0.5) << preset;
        EXPECT_EQ(options.mpl_tau_neg, 0.1) << preset;
        EXPECT_EQ(options.ucb, BalancedHalves::none) << preset;
    }
    for (const char *preset : {"baseline", "continued"}) {
        EXPECT_EQ(read({{"ssl.preset", preset}}).ucb, BalancedHalves::none) << preset;
    }
    EXPECT_EQ(read({{"ssl.preset", "ours"}}).ucb, BalancedHalves::both);
}
