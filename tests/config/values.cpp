// Keys, values, defaults and typed reads.
#include "config/support.h"

#include <cmath>
#include <set>
#include <vector>

#include "config/presets.h"
#include "config/schema.h"
#include "support/comma_locale.h"

namespace
{

using Config = ConfigTest;

// Contract section 3 and method section 7, written down again by hand.
TEST_F(Config, DefaultsAreThoseOfThePaperAndTheContract)
{
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"model.preset", "slowfast_r50_8x8"},
        {"model.head", "linear"},
        {"model.class_count", "60"},
        {"model.alpha", "4"},
        {"model.fusion_kernel", "7"},
        {"model.lateral_norm_act", "true"},
        {"model.slow_sampling", "full_span"},
        {"model.res5_dilation", "2"},
        {"model.res5_stride", "1"},
        {"model.roi_coords", "times_feature_size"},
        {"model.roi_aligned", "false"},
        {"model.roi_resolution", "7"},
        {"model.head_bias", "false"},
        {"model.head_dropout", "0"},
        {"model.output_activation", "sigmoid"},
        {"model.weights", ""},
        {"data.frame_count", "32"},
        {"data.frame_stride", "2"},
        {"data.short_side", "256"},
        {"data.dataset", "ava"},
        {"data.label_ratio", "1"},
        {"data.subset_seed", "0"},
        {"run.seed", "0"},
        {"run.device", "cpu"},
        {"run.threads", "0"},
        {"run.loader_threads", "0"},
        {"log.every_iterations", "20"},
        {"checkpoint.every_iterations", "500"},
        {"checkpoint.keep_last", "2"},
        {"evaluate.every_iterations", "0"},
        {"ssl.mpl_mode", "learnable"},
        {"ssl.mpl_mapping", "concave"},
        {"ssl.mpl_tau_pos", "0.9"},
        {"ssl.mpl_tau_neg", "0.1"},
        {"ssl.mpl_t_neg", "constant"},
        {"ssl.mpl_label", "hard"},
        {"ssl.mpl_a", "20"},
        {"ssl.mpl_lambda1", "1"},
        {"ssl.mpl_reg_scope", "all"},
        {"ssl.t_lr_mult", "1"},
        {"ssl.t_clamp", "0.001"},
        {"ssl.ucb", "both"},
        {"ssl.ucb_beta", "0.9"},
        {"ssl.ucb_gamma", "0.05"},
        {"ssl.ucb_cooc", "pairwise"},
        {"ssl.ucb_no_positive", "keep"},
        {"ssl.freq_source", "labeled"},
        {"ssl.ucb_mode", "mask"},
        {"ssl.loss_lambda", "0.3"},
        {"ssl.loss_normalise", "all"},
        {"ssl.ema_momentum", "0.999"},
        {"ssl.ema_buffers", "ema"},
        {"ssl.freeze_bn", "true"},
        {"ssl.one_forward", "true"},
        {"solver.peak_lr", "0.0064"},
        {"solver.iterations", "35000"},
        {"solver.anneal", "cos"},
        {"solver.cycle_momentum", "false"},
        {"solver.nesterov", "true"},
        {"solver.batch_labeled", "16"},
        {"solver.batch_unlabeled", "16"},
        {"solver.momentum", "0.9"},
        {"solver.weight_decay", "1e-07"},
        {"augment.aug_n", "2"},
        {"augment.aug_m", "9"},
        {"augment.aug_range", "1"},
        {"augment.aug_geometry", "map"},
        {"augment.aug_temporal", "true"},
    };
    for (const auto &[key, value] : expected) {
        EXPECT_EQ(get(key), value) << key;
        EXPECT_FALSE(config_is_set(config_, key.c_str())) << key;
    }
    EXPECT_EQ(config_validate(config_), SSLACT_OK) << message();
}

TEST_F(Config, EveryRowOfTheTableIsCompleteAndItsDefaultIsCanonical)
{
    std::set<std::string> names;
    config_key key;
    size_t count = 0;
    for (; config_describe(count, &key); count++) {
        EXPECT_TRUE(names.insert(key.name).second) << key.name << " stands twice";
        EXPECT_NE(std::string(key.name).find('.'), std::string::npos) << key.name;
        EXPECT_NE(*key.accepted, '\0') << key.name;
        EXPECT_NE(*key.help, '\0') << key.name;
        EXPECT_EQ(get(key.name), key.default_value) << key.name;
        EXPECT_EQ(set(key.name, key.default_value), SSLACT_OK) << message();
        EXPECT_EQ(get(key.name), key.default_value) << key.name;
    }
    EXPECT_GT(count, 100u);
    EXPECT_FALSE(config_describe(count + 1000, &key));
}

TEST_F(Config, EveryWordOfEveryChoiceIsAccepted)
{
    config_key key;
    for (size_t index = 0; config_describe(index, &key); index++) {
        const std::string type = key.type;
        if (type != "choice" && type != "bool") {
            continue;
        }
        std::string words = key.accepted;
        for (size_t at = 0; at <= words.size();) {
            const size_t comma = std::min(words.find(", ", at), words.size());
            std::string word = words.substr(at, comma - at);
            word = word == "cuda:N" ? "cuda:3" : word;
            EXPECT_EQ(set(key.name, word), SSLACT_OK) << message();
            EXPECT_EQ(get(key.name), word);
            at = comma + 2;
        }
        EXPECT_EQ(set(key.name, "no such word"), SSLACT_ERROR_CONFIG) << key.name;
        EXPECT_EQ(set(key.name, ""), SSLACT_ERROR_CONFIG) << key.name;
    }
}

TEST_F(Config, ReadsValuesByTheirType)
{
    ASSERT_EQ(set("solver.peak_lr", "6.4e-3"), SSLACT_OK);
    ASSERT_EQ(set("run.seed", "9007199254740993"), SSLACT_OK);
    ASSERT_EQ(set("model.stage_blocks", "3,4,23,3"), SSLACT_OK);
    ASSERT_EQ(set("augment.flip", "0"), SSLACT_OK);

    EXPECT_EQ(config_get_double(config_, "solver.peak_lr"), 0.0064);
    EXPECT_EQ(config_get_int(config_, "run.seed"), 9007199254740993);
    EXPECT_FALSE(config_get_bool(config_, "augment.flip"));
    EXPECT_STREQ(config_get_text(config_, "ssl.preset"), "ours");
    int64_t blocks[4] = {};
    EXPECT_EQ(config_get_int_list(config_, "model.stage_blocks", blocks, 4), 4u);
    EXPECT_EQ(blocks[2], 23);
    int64_t two[2] = {};
    EXPECT_EQ(config_get_int_list(config_, "model.stage_blocks", two, 2), 4u);
    EXPECT_EQ(two[1], 4);
    EXPECT_EQ(get("model.stage_blocks"), "[3, 4, 23, 3]");
    EXPECT_EQ(get("solver.peak_lr"), "0.0064");
}

TEST_F(Config, KeepsTheEndsOfIntervalsAsTheTableSays)
{
    EXPECT_EQ(set("data.label_ratio", "1"), SSLACT_OK);
    EXPECT_EQ(set("data.label_ratio", "0"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(set("ssl.mpl_tau_pos", "1"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(set("model.head_dropout", "1"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(set("model.head_dropout", "0"), SSLACT_OK);
    EXPECT_EQ(set("ssl.mpl_a", "0"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(set("ssl.ucb_beta", "0"), SSLACT_OK);
    EXPECT_EQ(set("ssl.ema_momentum", "1"), SSLACT_OK);
    EXPECT_EQ(set("augment.aug_n", "8"), SSLACT_OK);
    EXPECT_EQ(set("augment.aug_n", "9"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(set("run.seed", "9223372036854775807"), SSLACT_OK);
    EXPECT_EQ(set("run.seed", "9223372036854775808"), SSLACT_ERROR_CONFIG);
}

struct Refusal {
    const char *key, *value, *message;
};

TEST_F(Config, SaysWhatIsWrongAndWhatWouldBeRight)
{
    const Refusal refusals[] = {
        {"solver.peak_lr", "abc", "solver.peak_lr is \"abc\", expected a number > 0"},
        {"solver.peak_lr", "nan", "solver.peak_lr is \"nan\", expected a number > 0"},
        {"solver.peak_lr", "0,1", "solver.peak_lr is \"0,1\", expected a number > 0"},
        {"solver.peak_lr", "", "solver.peak_lr is \"\", expected a number > 0"},
        {"solver.iterations", "1.5",
         "solver.iterations is \"1.5\", expected an integer in [1, 1000000000]"},
        {"run.seed", "-1", "run.seed is \"-1\", expected an integer >= 0"},
        {"data.start_offset_seconds", "x",
         "data.start_offset_seconds is \"x\", expected any number"},
        {"augment.flip", "yes", "augment.flip is \"yes\", expected one of true, false"},
        {"ssl.anneal", "cos", "unknown key \"ssl.anneal\", did you mean \"solver.anneal\""},
        {"solver.anneal", "cso",
         "solver.anneal is \"cso\", expected one of cos, linear; did you mean \"cos\""},
        {"run.device", "gpu",
         "run.device is \"gpu\", expected one of cpu, cuda:N; did you mean "
         "\"cpu\""},
        {"model.stage_blocks", "3,4",
         "model.stage_blocks is \"3,4\", expected 4 integers in "
         "[0, 64]"},
        {"model.stage_blocks", "3,4,,3",
         "model.stage_blocks is \"3,4,,3\", expected 4 integers in [0, 64]"},
        {"model.stage_blocks", "[3, 4, 6, 65]",
         "model.stage_blocks is \"[3, 4, 6, 65]\", expected 4 integers in [0, 64]"},
        {"model.stage_blocks", "[3, 4, 6, 3",
         "model.stage_blocks is \"[3, 4, 6, 3\", expected 4 integers in [0, 64]"},
        {"data.labels", "a\nb",
         "data.labels: byte 1 is 0x0a, expected UTF-8 without control characters"},
        {"data.labels", "a\xff",
         "data.labels: byte 1 is 0xff, expected UTF-8 without control characters"},
        {"data.labels", "\xed\xa0\x80",
         "data.labels: byte 0 is 0xed, expected UTF-8 without control characters"},
        {"data.labels", "\xc0\xaf",
         "data.labels: byte 0 is 0xc0, expected UTF-8 without control characters"},
        {"data.labels", "\xe4",
         "data.labels: byte 0 is 0xe4, expected UTF-8 without control characters"},
    };
    const std::string before = render();
    for (const Refusal &r : refusals) {
        EXPECT_EQ(set(r.key, r.value), SSLACT_ERROR_CONFIG) << r.key;
        EXPECT_EQ(message(), r.message);
    }
    EXPECT_EQ(render(), before);
}

TEST_F(Config, ALongValueIsCutInTheMessageAndRefusedBeyondItsLimit)
{
    EXPECT_EQ(set("solver.anneal", std::string(1000, 'x')), SSLACT_ERROR_CONFIG);
    EXPECT_LT(message().size(), 200u);
    EXPECT_EQ(set("data.labels", std::string(5000, 'x')), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message(), "data.labels has 5000 bytes, at most 4096 are accepted");
}

TEST_F(Config, SuggestsTheNearestKey)
{
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"solver.peak_lrr", "solver.peak_lr"},
        {"solver.peaklr", "solver.peak_lr"},
        {"peak_lr", "solver.peak_lr"},
        {"ssl.peak_lr", "solver.peak_lr"},
        {"aug_n", "augment.aug_n"},
        {"ssl.ucb_gama", "ssl.ucb_gamma"},
        {"data.trian.labels", "data.train.labels"},
        {"model.class-count", "model.class_count"},
        {"data.unlabelled.labels", "data.unlabeled.labels"},
    };
    for (const auto &[wrong, right] : cases) {
        EXPECT_EQ(set(wrong, "1"), SSLACT_ERROR_CONFIG);
        EXPECT_EQ(message(), "unknown key \"" + wrong + "\", did you mean \"" + right + "\"");
    }
    EXPECT_EQ(set("zebra", "1"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message(), "unknown key \"zebra\", no known key is near it");
    EXPECT_EQ(set("solver", "1"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message(), "\"solver\" is a section, expected one of its keys");
    text out = {};
    EXPECT_EQ(config_render_value(config_, "solver.peak_lrr", &out), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(set(std::string(100000, 'k'), "1"), SSLACT_ERROR_CONFIG);
    text_free(&out);
}

TEST_F(Config, SplitKeysComeBeforeTheCommonOne)
{
    ASSERT_EQ(set("data.labels", "/common.csv"), SSLACT_OK);
    ASSERT_EQ(set("data.validation.labels", "/validation.csv"), SSLACT_OK);
    ASSERT_EQ(set("data.start_offset_seconds", "900"), SSLACT_OK);
    ASSERT_EQ(set("data.unlabeled.start_offset_seconds", "0"), SSLACT_OK);

    EXPECT_STREQ(config_get_split_text(config_, "train", "labels"), "/common.csv");
    EXPECT_STREQ(config_get_split_text(config_, "validation", "labels"), "/validation.csv");
    EXPECT_EQ(config_get_split_double(config_, "train", "start_offset_seconds"), 900.0);
    EXPECT_EQ(config_get_split_double(config_, "unlabeled", "start_offset_seconds"), 0.0);
    EXPECT_TRUE(config_is_set(config_, "data.unlabeled.start_offset_seconds"));
    ASSERT_EQ(set("data.unlabeled.start_offset_seconds", ""), SSLACT_OK);
    EXPECT_FALSE(config_is_set(config_, "data.unlabeled.start_offset_seconds"));
    EXPECT_EQ(config_get_split_double(config_, "unlabeled", "start_offset_seconds"), 900.0);
}

TEST_F(Config, ACopyIsIndependent)
{
    ASSERT_EQ(set("run.seed", "5"), SSLACT_OK);
    config *copy = nullptr;
    ASSERT_EQ(config_copy(config_, &copy), SSLACT_OK);
    ASSERT_EQ(config_set(copy, "run.seed", "6"), SSLACT_OK);

    EXPECT_EQ(get("run.seed"), "5");
    EXPECT_EQ(get_from(copy, "run.seed"), "6");
    EXPECT_TRUE(config_is_set(copy, "run.seed"));
    config_free(copy);
    config_free(nullptr);
}

TEST_F(Config, NumbersMeanTheSameUnderADecimalComma)
{
    const test::CommaLocale comma;
    if (!comma.is_on()) {
        GTEST_SKIP() << "no locale with a decimal comma, and localedef cannot make one";
    }
    ASSERT_EQ(parse("solver: {peak_lr: 0.25}\n"), SSLACT_OK) << message();
    EXPECT_EQ(config_get_double(config_, "solver.peak_lr"), 0.25);
    EXPECT_EQ(get("solver.peak_lr"), "0.25");
    EXPECT_EQ(parse("solver: {peak_lr: \"0,25\"}\n"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(parse(render()), SSLACT_OK) << message();
    EXPECT_EQ(set("ssl.mpl_tau_neg", "0.95"), SSLACT_OK);
    EXPECT_EQ(config_validate(config_), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message(), "ssl.mpl_tau_neg is 0.95, expected less than ssl.mpl_tau_pos 0.9");
}

} // namespace
