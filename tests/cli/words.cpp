// What the tool says of itself, how it takes wrong words, and the commands that need no data.

#include <cmath>
#include <sstream>

#include "cli_support.h"

namespace
{

using namespace test;

const std::vector<Words> commands = {{"train"},
                                     {"evaluate"},
                                     {"score"},
                                     {"frames"},
                                     {"prepare"},
                                     {"data", "demo"},
                                     {"data", "check"},
                                     {"config", "list"},
                                     {"data", "show"},
                                     {"config", "render"},
                                     {"weights", "inspect"},
                                     {"weights", "convert"},
                                     {"report"},
                                     {"info"}};

std::string join(const Words &words)
{
    std::string all;
    for (const std::string &word : words) {
        all += (all.empty() ? "" : " ") + word;
    }
    return all;
}

void expect_narrow(const std::string &text)
{
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 80u) << line;
    }
}

TEST(Help, OfEveryCommandExitsWithZeroAndFitsIntoEightyColumns)
{
    for (Words command : commands) {
        const std::string name = join(command);
        command.push_back("--help");
        const Outcome outcome = run(command);
        EXPECT_EQ(outcome.code, 0) << name;
        EXPECT_EQ(outcome.err, "") << name;
        EXPECT_TRUE(contains(outcome.out, "Usage: sslact_cli " + name)) << outcome.out;
        EXPECT_TRUE(contains(outcome.out, "Example")) << name << " shows none";
        EXPECT_TRUE(contains(outcome.out, "--json")) << name;
        expect_narrow(outcome.out);
    }
}

TEST(Help, ListsEveryCommand)
{
    const Outcome outcome = run({"--help"});
    EXPECT_EQ(outcome.code, 0);
    expect_narrow(outcome.out);
    for (const Words &command : commands) {
        EXPECT_TRUE(contains(outcome.out, "  " + join(command) + " ")) << join(command);
    }
    const Outcome nothing = run({});
    EXPECT_EQ(nothing.code, 2);
    EXPECT_EQ(nothing.out, "");
    EXPECT_TRUE(contains(nothing.err, "Usage: sslact_cli COMMAND"));
}

TEST(Help, VersionNamesWhatTheToolStandsOn)
{
    const Outcome outcome = run({"--version"});
    EXPECT_EQ(outcome.code, 0);
    for (const char *piece : {"sslact 0.1.0", "torch_running 2.11.0", "libavcodec"}) {
        EXPECT_TRUE(contains(outcome.out, piece)) << outcome.out;
    }
    const Json info = run_json({"info"});
    EXPECT_EQ(info["sslact"].text(), "0.1.0");
    EXPECT_EQ(info["devices"][size_t{0}]["name"].text(), "cpu");
}

TEST(Words, UnknownCommandExitsWithTwoAndTheNearestOne)
{
    expect_failure({"trian"}, 2, {"unknown command \"trian\"", "did you mean \"train\""});
    expect_failure({"evaluat"}, 2, {"did you mean \"evaluate\""});
    expect_failure({"xscore"}, 2, {"did you mean \"score\""});
    expect_failure({"data", "chekc"}, 2,
                   {"unknown command \"data chekc\"", "did you mean \"data check\""});
    expect_failure({"config", "lst", "--json"}, 2, {"did you mean \"config list\""});
}

TEST(Words, UnknownOptionExitsWithTwoAndTheNearestOne)
{
    expect_failure({"train", "--confg", "x.yaml", "--run", "y"}, 2,
                   {"--confg", "did you mean --config"});
    expect_failure({"score", "--detection-file=x"}, 2, {"--detection-file", "--detections"});
    expect_failure({"info", "--jsno"}, 2, {"did you mean --json"});
}

TEST(Words, UnknownKeyExitsWithTwoAndTheNearestOne)
{
    expect_failure({"config", "render", "solver.peak_lrr=1"}, 2,
                   {"solver.peak_lrr", "did you mean \"solver.peak_lr\""});
    expect_failure({"config", "render", "solver.peak_lr=fast"}, 2, {"solver.peak_lr", "fast"});
    expect_failure({"config", "render", "ssl.preset=best"}, 2, {"best", "ours", "baseline"});
    expect_failure({"config", "render", "seed"}, 2, {"seed"});
}

TEST(Words, MissingOptionsExitWithTwo)
{
    for (const Words &words : std::vector<Words>{{"train", "solver.iterations=1"},
                                                 {"evaluate"},
                                                 {"evaluate", "--run", "a", "--weights", "b"},
                                                 {"score", "--detections", "a.csv"},
                                                 {"frames"},
                                     {"prepare"},
                                                 {"frames", "a.mp4"},
                                                 {"frames", "a.mp4", "--all", "--at", "1"},
                                                 {"data", "demo"},
                                                 {"report"}}) {
        const Outcome outcome = run(words);
        EXPECT_EQ(outcome.code, 2) << join(words) << ": " << outcome.err;
        EXPECT_EQ(outcome.out, "") << join(words);
        EXPECT_NE(outcome.err, "") << join(words);
    }
}

// ---- config ----

TEST(ConfigCommand, ListHoldsTheKeysOfTheContract)
{
    const Json list = run_json({"config", "list"});
    std::map<std::string, std::string> defaults;
    ASSERT_GT(list.size(), 80u);
    for (size_t i = 0; i < list.size(); ++i) {
        for (const char *member : {"name", "type", "default", "accepted", "help"}) {
            ASSERT_TRUE(list[i][member].is_text()) << i << " " << member;
        }
        EXPECT_NE(list[i]["help"].text(), "") << list[i]["name"].text();
        defaults[list[i]["name"].text()] = list[i]["default"].text();
    }
    // contract.md section 3 and method.md section 7, where a default is stated there.
    const std::map<std::string, std::string> expected = {{"model.preset", "slowfast_r50_8x8"},
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
                                                         {"data.video_root", ""},
                                                         {"data.train.labels", ""},
                                                         {"data.validation.labels", ""},
                                                         {"data.unlabeled.person_boxes", ""},
                                                         {"data.exclusions", ""},
                                                         {"data.actions", ""},
                                                         {"data.start_offset_seconds", "0"},
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
                                                         {"ssl.preset", "ours"},
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
                                                         {"solver.peak_lr", "0.0064"},
                                                         {"solver.iterations", "35000"},
                                                         {"solver.anneal", "cos"},
                                                         {"solver.cycle_momentum", "false"},
                                                         {"solver.nesterov", "true"},
                                                         {"ssl.freeze_bn", "true"},
                                                         {"ssl.one_forward", "true"},
                                                         {"augment.aug_n", "2"},
                                                         {"augment.aug_m", "9"},
                                                         {"augment.aug_range", "1"},
                                                         {"augment.aug_geometry", "map"},
                                                         {"augment.aug_temporal", "true"},
                                                         {"ssl.labeled_view", "weak"},
                                                         {"ssl.unlabeled_source", "unlabeled"}};
    for (const auto &[key, value] : expected) {
        ASSERT_EQ(defaults.count(key), 1u) << key;
        EXPECT_EQ(defaults[key], value) << key;
    }
}

TEST(ConfigCommand, ListTakesAPrefix)
{
    const Json list = run_json({"config", "list", "log."});
    EXPECT_EQ(list.size(), 1u);
    const Outcome outcome = run({"config", "list", "log."});
    EXPECT_TRUE(contains(outcome.out, "log.every_iterations: 20")) << outcome.out;
}

TEST(ConfigCommand, RenderGivesAConfigThatRendersToItself)
{
    const TemporaryFolder folder;
    const Outcome first = run({"config", "render", "model.preset=slowfast_tiny", "run.seed=7",
                               "ssl.preset=baseline", "solver.peak_lr=0.25"});
    ASSERT_EQ(first.code, 0) << first.err;
    put_file(folder / "full.yaml", first.out);
    const Outcome second = run({"config", "render", "--config", folder / "full.yaml"});

    EXPECT_EQ(second.code, 0) << second.err;
    EXPECT_EQ(second.out, first.out);
    EXPECT_TRUE(contains(first.out, "peak_lr: 0.25"));
    EXPECT_EQ(run_json({"config", "render", "--config", folder / "full.yaml"})["yaml"].text(),
              first.out);
}

TEST(ConfigCommand, PresetWordsDoNotUndoTheWordsBeforeThem)
{
    const Outcome outcome =
        run({"config", "render", "ssl.mpl_mode=class_related", "ssl.preset=fixmatch"});
    EXPECT_TRUE(contains(outcome.out, "mpl_mode: class_related")) << outcome.out;
    EXPECT_TRUE(contains(outcome.out, "preset: fixmatch"));
}

TEST(ConfigCommand, BadFileIsNamedWithItsLine)
{
    const TemporaryFolder folder;
    const std::string path = folder / "bad.yaml";
    put_file(path, "solver:\n  iterations: 10\n  peak_lrr: 0.1\n");
    expect_failure({"config", "render", "--config", path}, 2,
                   {path + ":3: ", "did you mean \"solver.peak_lr\""});
    expect_failure({"config", "render", "--config", folder / "absent.yaml"}, 3, {"absent.yaml"});
    expect_failure({"config", "render", "ssl.mpl_tau_neg=0.95"}, 2, {"ssl.mpl_tau_neg"});
}

// ---- score ----

Words score_words(const Words &more = {})
{
    const std::string data = SSLACT_TESTS_FOLDER "/metrics/data/s01_small/";
    Words words = {"score",
                   "--detections",
                   data + "detections.csv",
                   "--labels",
                   data + "groundtruth.csv",
                   "--actions",
                   data + "labelmap.pbtxt"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// Tolerances of expected.json: it prints twelve digits.
void expect_scores(const Json &result, const Json &expected)
{
    EXPECT_NEAR(result["frame_map@0.5"].number(), expected["mAP"].number(), 1e-11);
    ASSERT_EQ(result["classes"].size(), expected["ap"].size());
    for (size_t j = 0; j < result["classes"].size(); ++j) {
        const Json line = result["classes"][j];
        const std::string id = std::to_string(static_cast<int>(line["id"].number()));
        ASSERT_TRUE(expected["ap"].has(id.c_str())) << id;
        const Json ap = expected["ap"][id.c_str()];
        if (ap.is_null()) {
            EXPECT_TRUE(line["ap"].is_null()) << id;
        } else {
            EXPECT_NEAR(line["ap"].number(), ap.number(), 1e-11) << id;
        }
    }
}

TEST(Score, FollowsBothOfficialRules)
{
    const std::string data = SSLACT_TESTS_FOLDER "/metrics/data/s01_small/";
    const Json expected(get_file(data + "expected.json"));

    const Json excluded = run_json(score_words({"--exclusions", data + "exclusions.csv"}));
    expect_scores(excluded, expected["rule_with_exclusions_file"]);
    for (size_t j = 0; j < excluded["classes"].size(); ++j) {
        const Json line = excluded["classes"][j];
        const std::string id = std::to_string(static_cast<int>(line["id"].number()));
        EXPECT_EQ(line["positives"].number(), expected["ground_truth_boxes"][id.c_str()].number());
        EXPECT_EQ(line["detections"].number(), expected["detections_counted"][id.c_str()].number());
        EXPECT_TRUE(line["name"].is_text());
    }
    expect_scores(
        run_json(score_words({"--exclusions", data + "exclusions.csv", "--row-limit", "0"})),
        expected["no_row_limit"]);
}

TEST(Score, IncludedRuleTakesTheKeyFramesOfTheLabelFile)
{
    // "excluded key frames taken out of the ground truth first": done here by hand.
    const std::string data = SSLACT_TESTS_FOLDER "/metrics/data/s01_small/";
    const TemporaryFolder folder;
    std::istringstream excluded(get_file(data + "exclusions.csv"));
    std::istringstream truth(get_file(data + "groundtruth.csv"));
    Words keys;
    for (std::string line; std::getline(excluded, line);) {
        keys.push_back(line.substr(0, line.find_last_not_of("\r\n") + 1) + ",");
    }
    std::string kept;
    for (std::string line; std::getline(truth, line);) {
        const bool out = std::any_of(keys.begin(), keys.end(), [&](const std::string &key) {
            return line.rfind(key, 0) == 0;
        });
        kept += out ? "" : line + "\n";
    }
    put_file(folder / "labels.csv", kept);
    const Json expected(get_file(data + "expected.json"));

    const Json result = run_json({"score", "--detections", data + "detections.csv", "--labels",
                                  folder / "labels.csv", "--actions", data + "labelmap.pbtxt",
                                  "--rule", "included"});

    expect_scores(result, expected["rule_with_included_key_frames"]);
}

TEST(Score, PlainOutputIsATable)
{
    const Outcome outcome = run(score_words());
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "0.5")) << outcome.out;
    EXPECT_EQ(outcome.err, "");
}

TEST(Score, NamesWhatIsWrongWithItsInput)
{
    const TemporaryFolder folder;
    const std::string data = SSLACT_TESTS_FOLDER "/metrics/data/s01_small/";
    put_file(folder / "bad.csv", "film,0902,0.1,0.1,0.5,0.5,10,0.9\nfilm,0902,0.1\n");
    const Words tail = {"--labels", data + "groundtruth.csv", "--actions", data + "labelmap.pbtxt"};
    const auto with = [&](const std::string &detections) {
        Words words = {"score", "--detections", detections};
        words.insert(words.end(), tail.begin(), tail.end());
        return words;
    };
    expect_failure(with(folder / "bad.csv"), 3, {"bad.csv:2: ", "3 columns"});
    expect_failure(with(folder / "absent.csv"), 3, {"absent.csv"});
    expect_failure(score_words({"--rule", "strict"}), 2, {"strict", "exclusions"});
    expect_failure(score_words({"run.seed=1"}), 2, {"run.seed=1"});
    Words skipping = with(folder / "bad.csv");
    skipping.insert(skipping.end(), {"--on-bad-row", "skip"});
    EXPECT_EQ(run(skipping).code, 0);
}

} // namespace
