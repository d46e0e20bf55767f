// Keys that contradict each other, and what is not there yet.
#include "config/support.h"

#include <utility>
#include <vector>

namespace
{

using Validate = ConfigTest;
using Settings = std::vector<std::pair<std::string, std::string>>;

struct Contradiction {
    Settings settings;
    const char *message;
};

TEST_F(Validate, NamesBothSidesOfAContradiction)
{
    const Contradiction cases[] = {
        {{{"data.cache_codec", "mjpeg"}, {"data.cache_quality", "40"}},
         "data.cache_quality is 40, of mjpeg 2 to 31 and 0 (as 3) are accepted"},
        {{{"data.cache_short_side", "256"},
          {"augment.scale_min", "256"},
          {"augment.scale_max", "320"}},
         "data.cache_short_side is 256, expected 0 or at least what training reads: "
         "data.short_side 256 (0: the full size), augment.scale_max 320"},
        {{{"data.cache_short_side", "256"}, {"data.short_side", "0"}},
         "data.cache_short_side is 256, expected 0 or at least what training reads: "
         "data.short_side 0 (0: the full size), augment.scale_max 0"},
        {{{"data.frame_list", "/l.csv"}, {"data.cache", "/c"}},
         "data.frame_list is set, a frame list does not go with data.cache"},
        {{{"data.unlabeled.frame_list", "/l.csv"}, {"data.cache", "/c"}},
         "data.unlabeled.frame_list is set, a frame list does not go with data.cache"},
        {{{"data.frame_list", "/l.csv"}, {"data.dataset", "own"}, {"data.box_units", "pixels"}},
         "data.frame_list is set, a frame list does not go with data.box_units pixels"},
        {{{"data.frame_count", "30"}},
         "data.frame_count is 30, expected a multiple of model.alpha 4"},
        {{{"data.frame_count", "4"}},
         "model.slow_sampling full_span needs two slow frames or more, data.frame_count 4 over "
         "model.alpha 4 is 1"},
        {{{"model.width", "12"}}, "model.width is 12, expected a multiple of model.beta_inverse 8"},
        {{{"model.stem_kernel", "4"}}, "model.stem_kernel is 4, expected an odd number"},
        {{{"model.fusion_kernel", "6"}}, "model.fusion_kernel is 6, expected an odd number"},
        {{{"model.output_activation", "pose_softmax_sigmoid"}, {"model.class_count", "12"}},
         "model.output_activation pose_softmax_sigmoid knows the poses of 60 or 80 AVA classes, "
         "model.class_count is 12"},
        {{{"ssl.mpl_tau_neg", "0.95"}},
         "ssl.mpl_tau_neg is 0.95, expected less than ssl.mpl_tau_pos 0.9"},
        {{{"ssl.mpl_mode", "fixed"}, {"ssl.mpl_tau_neg", "0.5"}},
         "ssl.mpl_tau_neg is 0.5, expected less than ssl.mpl_tau_pos 0.5"},
        {{{"ssl.t_clamp", "0.2"}},
         "ssl.mpl_tau_pos is 0.9, outside ssl.t_clamp's range [0.2, 0.8]"},
        {{{"solver.momentum", "0"}},
         "solver.nesterov is true and solver.momentum 0, expected a momentum above 0 or "
         "solver.nesterov false"},
        {{{"ssl.labeled_view", "both"}, {"solver.batch_labeled", "1"}},
         "ssl.labeled_view both needs two labelled clips an iteration or more, "
         "solver.batch_labeled is 1"},
        {{{"augment.scale_min", "256"}},
         "augment.scale_min is 256, augment.scale_max 0, expected 0 and 0, or a range"},
        {{{"augment.scale_min", "320"}, {"augment.scale_max", "256"}},
         "augment.scale_min is 320, augment.scale_max 256, expected 0 and 0, or a range"},
        {{{"augment.scale_min", "200"}, {"augment.scale_max", "320"}, {"augment.crop", "224"}},
         "augment.crop is 224, expected at most the least short side 200"},
        {{{"ssl.neighbour_prior", "true"}, {"ssl.mpl_mode", "soft"}},
         "ssl.neighbour_prior moves thresholds, ssl.mpl_mode soft has none"},
        {{{"ssl.preset", "continued"}, {"ssl.freq_source", "unlabeled"}},
         "ssl.freq_source unlabeled counts pseudo-labels, ssl.teacher is none"},
        {{{"augment.crop", "257"}},
         "augment.crop is 257, expected at most the least short side 256"},
        {{{"ssl.teacher", "none"}}, "ssl.teacher is none, ssl.preset ours expects ema or frozen"},
        {{{"ssl.preset", "baseline"}, {"ssl.teacher", "ema"}},
         "ssl.teacher is ema, ssl.preset baseline expects none"},
        {{{"ssl.preset", "continued"}, {"ssl.rounds", "2"}},
         "ssl.rounds is 2, expected 1 where ssl.teacher is none: a further round starts again and "
         "nobody hands anything on"},
        {{{"ssl.mpl_mode", "soft"}, {"ssl.positive_weight", "calibrated"}},
         "ssl.positive_weight calibrated weighs positives, ssl.mpl_mode soft has none"},
        {{{"ssl.weight_mode", "db"}, {"ssl.ucb", "none"}},
         "ssl.weight_mode db weighs the balanced halves, ssl.ucb is none"},
        {{{"ssl.freq_source", "online"}, {"ssl.ucb_cooc", "exact"}},
         "ssl.freq_source online follows pair counts, expected ssl.ucb_cooc pairwise"},
        {{{"ssl.preset", "baseline"}, {"ssl.freq_source", "online"}},
         "ssl.freq_source online counts pseudo-labels, ssl.teacher is none"},
        {{{"data.box_units", "pixels"}},
         "data.box_units is pixels, boxes of data.dataset ava are fractions"},
    };
    for (const Contradiction &c : cases) {
        config *fresh = nullptr;
        ASSERT_EQ(config_create(&fresh), SSLACT_OK);
        for (const auto &[key, value] : c.settings) {
            ASSERT_EQ(config_set(fresh, key.c_str(), value.c_str()), SSLACT_OK) << message();
        }
        EXPECT_EQ(config_validate(fresh), SSLACT_ERROR_CONFIG) << c.message;
        EXPECT_EQ(message(), c.message);
        config_free(fresh);
    }
}

TEST_F(Validate, AcceptsTheNeighboursOfContradictions)
{
    const Settings fine[] = {
        {{"data.frame_count", "8"}},
        {{"data.frame_count", "4"}, {"model.slow_sampling", "stride"}},
        {{"model.output_activation", "pose_softmax_sigmoid"}, {"model.class_count", "80"}},
        {{"ssl.mpl_mode", "class_related"}, {"ssl.t_clamp", "0.2"}},
        {{"ssl.mpl_mode", "class_related"}, {"ssl.mpl_t_neg", "class_related"}},
        {{"solver.momentum", "0"}, {"solver.nesterov", "false"}},
        {{"ssl.teacher", "frozen"}},
        {{"ssl.preset", "pseudo_label"}},
        {{"ssl.preset", "fixmatch"}},
        {{"ssl.preset", "noisy_student"}},
        {{"ssl.preset", "soft"}, {"ssl.weight_mode", "db"}},
        {{"ssl.mpl_mode", "cap"}, {"ssl.positive_weight", "calibrated"}},
        {{"ssl.mpl_mode", "metric"}, {"ssl.freq_source", "online"}},
        {{"ssl.mpl_mode", "flex"}, {"ssl.weight_mode", "db"}, {"ssl.ucb", "labeled"}},
        {{"augment.scale_min", "256"}, {"augment.scale_max", "320"}, {"augment.crop", "224"}},
        {{"augment.crop", "256"}},
        {{"model.preset", "slowfast_tiny"}, {"data.frame_count", "8"}},
        {{"model.preset", "slowfast_r50_8x4_ucf"}},
        {{"data.box_units", "pixels"}, {"data.dataset", "own"}},
        {{"data.frame_list", "/l.csv"}, {"data.file_names", "/f.txt"}},
    };
    for (const Settings &settings : fine) {
        config *fresh = nullptr;
        ASSERT_EQ(config_create(&fresh), SSLACT_OK);
        for (const auto &[key, value] : settings) {
            ASSERT_EQ(config_set(fresh, key.c_str(), value.c_str()), SSLACT_OK) << message();
        }
        EXPECT_EQ(config_validate(fresh), SSLACT_OK) << message();
        config_free(fresh);
    }
}

TEST_F(Validate, RefusesSecondsWhereFramesAreCounted)
{
    for (const char *key : {"data.start_offset_seconds", "data.validation.start_offset_seconds",
                            "data.key_frame_interval_seconds"}) {
        ASSERT_EQ(set("data.dataset", "ucf101_24"), SSLACT_OK);
        EXPECT_EQ(config_validate(config_), SSLACT_OK) << message();
        ASSERT_EQ(set(key, "3"), SSLACT_OK);
        EXPECT_EQ(config_validate(config_), SSLACT_ERROR_CONFIG) << key;
        EXPECT_EQ(message().rfind(std::string(key) + " is 3", 0), 0u) << message();
        ASSERT_EQ(set("data.dataset", "ava"), SSLACT_OK);
        EXPECT_EQ(config_validate(config_), SSLACT_OK) << message();
        ASSERT_EQ(set(key, "0"), SSLACT_OK);
    }
}

} // namespace
