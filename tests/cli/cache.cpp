// The cache as a person uses it: prepare, train from it, see in every result that it was used.

#include "cli_support.h"

namespace
{

using namespace test;

Words prepare_words(const std::string &cache, const Words &more = {})
{
    Words words = {"prepare", "--config", world().config(), "data.cache=" + cache};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Words train_words(const std::string &run, const Words &more)
{
    Words words = {"train", "--config", world().config(),         "--run",
                   run,     "--json",   "solver.batch_labeled=4", "solver.iterations=3"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

TEST(Prepare, TellsWhatItMadeAndTheSecondTimeKeepsIt)
{
    const TemporaryFolder folder;
    const Outcome first = run(prepare_words(folder / "cache", {"--json"}));
    ASSERT_EQ(first.code, 0) << first.err;
    const Json made(first.out);
    EXPECT_GT(made["clips"].number(), 0);
    EXPECT_GT(made["videos"].number(), 0);
    EXPECT_EQ(made["made"].number(), made["videos"].number());
    EXPECT_GT(made["seconds"].number(), 0);
    double bytes = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder / "cache")) {
        bytes += entry.path().extension() == ".mp4" ? static_cast<double>(entry.file_size()) : 0;
    }
    EXPECT_EQ(made["bytes"].number(), bytes);

    const Outcome second = run(prepare_words(folder / "cache"));
    ASSERT_EQ(second.code, 0) << second.err;
    EXPECT_TRUE(contains(second.out, ": 0 copies made, ")) << second.out;
    EXPECT_TRUE(contains(second.out, "cache: " + (folder / "cache"))) << second.out;
}

TEST(Prepare, EveryResultOfTrainingFromItSaysSo)
{
    const TemporaryFolder folder;
    ASSERT_EQ(run(prepare_words(folder / "cache")).code, 0);
    const std::string said = "h264 quality 18, short side 32, from " + (folder / "cache");
    const std::string key = "data.cache=" + (folder / "cache");

    const Outcome trained = run(train_words(folder / "run", {key}));

    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_EQ(Json(trained.out)["cache"].text(), said);
    EXPECT_TRUE(Json(trained.out)["student"]["cache"].is_null()) << "evaluation read the videos";
    EXPECT_TRUE(contains(get_file(folder / "run/metrics.jsonl"), "\"cache\":\"" + said + "\""));
    EXPECT_TRUE(contains(get_file(folder / "run/report/index.html"), said));
    EXPECT_TRUE(contains(get_file(folder / "run/config.yaml"), folder / "cache"));
    const Outcome evaluated = run({"evaluate", "--run", folder / "run", "--json"});
    ASSERT_EQ(evaluated.code, 0) << evaluated.err;
    EXPECT_TRUE(Json(evaluated.out)["cache"].is_null());
    EXPECT_EQ(Json(evaluated.out)["training_cache"].text(), said);
    const Outcome shown = run({"evaluate", "--run", folder / "run"});
    EXPECT_TRUE(contains(shown.out, "trained on copies of the videos: " + said)) << shown.out;

    // The cache may be gone by then: evaluation does not need it.
    std::filesystem::remove_all(folder / "cache");
    EXPECT_EQ(run({"evaluate", "--run", folder / "run"}).code, 0);
}

TEST(Prepare, WithoutACacheResultsSayThatToo)
{
    const TemporaryFolder folder;
    const Outcome trained = run(train_words(folder / "run", {}));
    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_TRUE(Json(trained.out)["cache"].is_null());
    EXPECT_TRUE(contains(get_file(folder / "run/metrics.jsonl"), "\"cache\":\"none\""));
}

TEST(Prepare, EvaluationOfCopiesSaysSo)
{
    const TemporaryFolder folder;
    const Words keys = {"data.cache=" + (folder / "cache"), "data.cache_evaluate=true"};
    ASSERT_EQ(run(prepare_words(folder / "cache", {keys[1]})).code, 0);
    const Outcome trained = run(train_words(folder / "run", keys));
    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_TRUE(contains(Json(trained.out)["student"]["cache"].text(), folder / "cache"));
    const Outcome shown = run({"evaluate", "--run", folder / "run"});
    EXPECT_TRUE(contains(shown.out, "read from copies, not from the videos: h264")) << shown.out;
}

TEST(Prepare, TrainingWithAnotherSizeSaysWhatToDo)
{
    const TemporaryFolder folder;
    ASSERT_EQ(run(prepare_words(folder / "cache")).code, 0);
    const std::string key = "data.cache=" + (folder / "cache");
    expect_failure(train_words(folder / "run", {key, "data.short_side=48"}), 3,
                   {"made with short side 32, this config asks for 48", "run sslact_cli prepare",
                    "unset data.cache"});
    EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST(Prepare, NeedsAFolder)
{
    expect_failure({"prepare", "--config", world().config()}, 2, {"data.cache is not set"});
}

// A run that began with the videos does not go on with copies: their pixels differ.
TEST(Prepare, ResumingDoesNotChangeWhatIsRead)
{
    const TemporaryFolder folder;
    ASSERT_EQ(run(prepare_words(folder / "cache")).code, 0);
    ASSERT_EQ(run(train_words(folder / "run", {})).code, 0);
    expect_failure(
        train_words(folder / "run", {"--resume=auto", "data.cache=" + (folder / "cache")}), 3,
        {"the run there reads the videos, this one copies (data.cache)"});
}

TEST(Prepare, StoppedBySigintGoesOnWithTheSameCommand)
{
    const TemporaryFolder folder;
    const Words words = prepare_words(
        folder / "cache", {"data.short_side=0", "data.label_ratio=1", "run.loader_threads=1"});
    Child child(words);
    while (child.is_running() && !std::filesystem::exists(folder / "cache/train")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    child.send(SIGINT);
    const Outcome stopped = child.wait();
    EXPECT_EQ(stopped.code, 75) << stopped.err;
    EXPECT_TRUE(contains(last_line(stopped.err), "finished copies are kept")) << stopped.err;
    const Outcome again = run(words);
    EXPECT_EQ(again.code, 0) << again.err;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder / "cache")) {
        EXPECT_FALSE(contains(entry.path().string(), ".tmp-")) << entry.path();
    }
}

} // namespace
