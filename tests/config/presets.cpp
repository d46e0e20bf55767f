// What presets set, and what they leave alone.
#include "config/support.h"

#include <map>
#include <vector>

#include "config/presets.h"
#include "config/schema.h"

namespace
{

using Presets = ConfigTest;

// Method section 6, column by column.
TEST_F(Presets, SslPresetsAreTheTableOfTheMethod)
{
    struct Row {
        const char *preset, *view, *teacher, *mode, *positive, *ucb, *rounds;
    };
    const Row rows[] = {
        {"pseudo_label", "weak", "frozen", "fixed", "0.5", "none", "1"},
        {"noisy_student", "strong", "frozen", "fixed", "0.5", "none", "2"},
        {"fixmatch", "strong", "ema", "fixed", "0.5", "none", "1"},
        {"ours", "strong", "ema", "learnable", "0.9", "both", "1"},
        {"soft", "strong", "ema", "soft", "0.9", "both", "1"},
    };
    for (const Row &row : rows) {
        ASSERT_EQ(set("ssl.preset", row.preset), SSLACT_OK);
        EXPECT_EQ(get("ssl.unlabeled_view"), row.view) << row.preset;
        EXPECT_EQ(get("ssl.teacher"), row.teacher) << row.preset;
        EXPECT_EQ(get("ssl.mpl_mode"), row.mode) << row.preset;
        EXPECT_EQ(get("ssl.mpl_tau_pos"), row.positive) << row.preset;
        EXPECT_EQ(get("ssl.mpl_tau_neg"), "0.1") << row.preset;
        EXPECT_EQ(get("ssl.mpl_mapping"), "concave") << row.preset;
        EXPECT_EQ(get("ssl.ucb"), row.ucb) << row.preset;
        EXPECT_EQ(get("ssl.rounds"), row.rounds) << row.preset;
        EXPECT_EQ(get("ssl.labeled_view"), "weak") << row.preset;
        EXPECT_EQ(get("ssl.ema_momentum"), "0.999") << row.preset;
    }
    for (const char *preset : {"baseline", "continued"}) {
        ASSERT_EQ(set("ssl.preset", preset), SSLACT_OK);
        EXPECT_EQ(get("ssl.teacher"), "none");
        EXPECT_EQ(get("ssl.ucb"), "none");
        EXPECT_EQ(get("ssl.rounds"), "1");
        EXPECT_EQ(config_validate(config_), SSLACT_OK) << message();
    }
}

TEST_F(Presets, ShareEveryOtherSetting)
{
    ASSERT_EQ(set("ssl.loss_lambda", "1"), SSLACT_OK);
    ASSERT_EQ(set("ssl.ema_momentum", "0.99"), SSLACT_OK);
    ASSERT_EQ(set("ssl.labeled_view", "strong"), SSLACT_OK);
    ASSERT_EQ(set("solver.iterations", "500"), SSLACT_OK);

    ASSERT_EQ(set("ssl.preset", "fixmatch"), SSLACT_OK);

    EXPECT_EQ(get("ssl.loss_lambda"), "1");
    EXPECT_EQ(get("ssl.ema_momentum"), "0.99");
    EXPECT_EQ(get("ssl.labeled_view"), "strong");
    EXPECT_EQ(get("solver.iterations"), "500");
}

// Method section 11: "with ucb_gamma 0.3 and loss_lambda 0.5 (preset soft)".
TEST_F(Presets, SoftComesWithItsGammaAndLambdaAndTakesThemAway)
{
    ASSERT_EQ(set("ssl.preset", "soft"), SSLACT_OK);
    EXPECT_EQ(config_get_double(config_, "ssl.ucb_gamma"), 0.3);
    EXPECT_EQ(config_get_double(config_, "ssl.loss_lambda"), 0.5);
    EXPECT_EQ(config_validate(config_), SSLACT_OK) << message();

    ASSERT_EQ(set("ssl.preset", "ours"), SSLACT_OK);
    EXPECT_EQ(config_get_double(config_, "ssl.ucb_gamma"), 0.05);
    EXPECT_EQ(config_get_double(config_, "ssl.loss_lambda"), 0.3);
}

TEST_F(Presets, InAFileTheOrderOfTheLinesDoesNotMatter)
{
    ASSERT_EQ(parse("ssl:\n  mpl_mode: class_related\n  ucb: unlabeled\n  preset: fixmatch\n"),
              SSLACT_OK)
        << message();
    const std::string after = render();
    EXPECT_EQ(get("ssl.mpl_mode"), "class_related");
    EXPECT_EQ(get("ssl.ucb"), "unlabeled");
    EXPECT_EQ(get("ssl.preset"), "fixmatch");

    config *other = nullptr;
    ASSERT_EQ(config_create(&other), SSLACT_OK);
    ASSERT_EQ(
        config_parse(
            other, "ssl:\n  preset: fixmatch\n  ucb: unlabeled\n  mpl_mode: class_related\n", "y"),
        SSLACT_OK);
    EXPECT_EQ(render(other), after);
    config_free(other);
}

TEST_F(Presets, SetLaterPutTheirKeysBack)
{
    ASSERT_EQ(set("ssl.mpl_mode", "class_related"), SSLACT_OK);
    ASSERT_EQ(set("ssl.mpl_tau_pos", "0.8"), SSLACT_OK);

    ASSERT_EQ(set("ssl.preset", "ours"), SSLACT_OK);

    EXPECT_EQ(get("ssl.mpl_mode"), "learnable");
    EXPECT_EQ(get("ssl.mpl_tau_pos"), "0.9");
    ASSERT_EQ(set("ssl.mpl_mode", "class_related"), SSLACT_OK);
    EXPECT_EQ(get("ssl.mpl_mode"), "class_related");
    EXPECT_EQ(get("ssl.preset"), "ours");
}

TEST_F(Presets, AFileWithoutAPresetLineLeavesItAlone)
{
    ASSERT_EQ(set("ssl.preset", "fixmatch"), SSLACT_OK);
    ASSERT_EQ(parse("ssl: {ucb: both}\n"), SSLACT_OK);
    EXPECT_EQ(get("ssl.mpl_mode"), "fixed");
    EXPECT_EQ(get("ssl.ucb"), "both");
}

TEST_F(Presets, ThePositiveThresholdFollowsTheModeUntilItIsSet)
{
    ASSERT_EQ(set("ssl.mpl_mode", "fixed"), SSLACT_OK);
    EXPECT_EQ(config_get_double(config_, "ssl.mpl_tau_pos"), 0.5);
    EXPECT_FALSE(config_is_set(config_, "ssl.mpl_tau_pos"));
    ASSERT_EQ(set("ssl.mpl_mode", "class_related"), SSLACT_OK);
    EXPECT_EQ(config_get_double(config_, "ssl.mpl_tau_pos"), 0.9);
    ASSERT_EQ(parse("ssl: {mpl_mode: fixed, mpl_tau_pos: 0.7}\n"), SSLACT_OK);
    EXPECT_EQ(config_get_double(config_, "ssl.mpl_tau_pos"), 0.7);
    ASSERT_EQ(set("ssl.mpl_mode", "learnable"), SSLACT_OK);
    EXPECT_EQ(config_get_double(config_, "ssl.mpl_tau_pos"), 0.7);
}

TEST_F(Presets, UcfDiffersFromAvaInStrideAndClassesOnly)
{
    const std::string ava = render();
    ASSERT_EQ(set("model.preset", "slowfast_r50_8x4_ucf"), SSLACT_OK);
    EXPECT_EQ(get("model.class_count"), "24");
    EXPECT_EQ(get("data.frame_stride"), "1");
    EXPECT_EQ(get("data.frame_count"), "32");
    EXPECT_TRUE(config_is_set(config_, "model.class_count"));

    ASSERT_EQ(set("model.preset", "slowfast_r50_8x8"), SSLACT_OK);
    EXPECT_EQ(render(), ava) << "what only the earlier preset had set goes back to its default";
}

TEST_F(Presets, LeaveTheDataAndTheClassCountOfAPersonAlone)
{
    ASSERT_EQ(set("model.class_count", "3"), SSLACT_OK);
    ASSERT_EQ(set("data.frame_stride", "3"), SSLACT_OK);
    ASSERT_EQ(set("model.preset", "slowfast_tiny"), SSLACT_OK);
    EXPECT_EQ(get("model.class_count"), "3");
    EXPECT_EQ(get("data.frame_stride"), "3");
    EXPECT_EQ(get("data.frame_count"), "32");
    EXPECT_EQ(config_validate(config_), SSLACT_OK) << message();
}

TEST_F(Presets, TinyIsSmallerInEveryWay)
{
    ASSERT_EQ(set("model.preset", "slowfast_tiny"), SSLACT_OK);
    EXPECT_LT(config_get_int(config_, "model.width"), 64);
    int64_t blocks[4] = {};
    ASSERT_EQ(config_get_int_list(config_, "model.stage_blocks", blocks, 4), 4u);
    EXPECT_LT(blocks[0] + blocks[1] + blocks[2] + blocks[3], 16);
}

// Every preset name has a column, every value of it is one that the key accepts.
TEST_F(Presets, EveryPresetAssignsValuesThatTheirKeysAccept)
{
    for (const std::string preset_key : {"model.preset", "ssl.preset"}) {
        std::string words = schema_get(schema_find(preset_key.c_str()))->accepted;
        for (size_t at = 0; at <= words.size();) {
            const size_t comma = std::min(words.find(", ", at), words.size());
            const std::string name = words.substr(at, comma - at);
            int assigned = 0;
            const char *governed = nullptr;
            for (size_t row = 0; (governed = preset_get_governed(preset_key.c_str(), row)); row++) {
                const char *value = nullptr;
                ASSERT_NE(schema_find(governed), SCHEMA_NOT_FOUND) << governed;
                if (preset_get_effect(preset_key.c_str(), name.c_str(), row, &value) ==
                    PRESET_ASSIGNS) {
                    EXPECT_EQ(set(governed, value), SSLACT_OK) << message();
                    assigned++;
                }
            }
            EXPECT_GT(assigned, 0) << name;
            at = comma + 2;
        }
    }
}

} // namespace
