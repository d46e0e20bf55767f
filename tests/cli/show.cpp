// Contact sheets through the tool.

#include "cli_support.h"

namespace
{

using namespace test;

Words show_words(const std::string &out, const Words &more = {})
{
    Words words = {"data", "show", "--config", world().config_ssl(), "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

bool is_png(const std::string &path)
{
    return get_file(path).compare(0, 8, "\x89PNG\r\n\x1a\n") == 0;
}

TEST(Show, DrawsTheBeginningOfARunByDefault)
{
    const std::string sheet = world() / "train.png";
    const Json result = run_json(show_words(sheet));

    EXPECT_EQ(result["sheet"].text(), sheet);
    EXPECT_EQ(result["split"].text(), "train");
    EXPECT_TRUE(is_png(sheet));
    ASSERT_EQ(result["clips"].size(), 4u);
    for (size_t n = 0; n < 4; ++n) {
        const Json clip = result["clips"][n];
        EXPECT_TRUE(contains(clip["video"].text(), "train"));
        EXPECT_TRUE(clip["seconds"].is_number());
        ASSERT_EQ(clip["views"].size(), 3u);
        for (size_t v = 0; v < 3; ++v) {
            const Json view = clip["views"][v];
            EXPECT_EQ(view["view"].text(), (Words{"original", "weak", "strong"})[v]);
            EXPECT_GE(view["people"].number(), 1);
            EXPECT_GE(view["masked"].number(), 0);
            EXPECT_TRUE(view["changes"].is_text());
        }
    }
    const Json other = run_json(show_words(world() / "other.png", {"--seed", "77"}));
    EXPECT_NE(get_file(world() / "other.png"), get_file(sheet));
}

TEST(Show, DrawsTheClipsAskedFor)
{
    const Json two = run_json(
        show_words(world() / "two.png", {"--split", "unlabeled", "--clip", "3", "--count", "2"}));
    ASSERT_EQ(two["clips"].size(), 2u);
    EXPECT_EQ(two["clips"][size_t{0}]["clip"].number(), 3);
    EXPECT_EQ(two["clips"][size_t{1}]["clip"].number(), 4);

    const std::string video = two["clips"][size_t{0}]["video"].text();
    const double seconds = two["clips"][size_t{0}]["seconds"].number();
    const Json found =
        run_json(show_words(world() / "found.png", {"--split", "unlabeled", "--video", video,
                                                    "--at", std::to_string(seconds + 0.3)}));
    ASSERT_EQ(found["clips"].size(), 1u);
    EXPECT_EQ(found["clips"][size_t{0}]["clip"].number(), 3);
}

TEST(Show, ValidationClipsAreShownAsTheyAreEvaluated)
{
    const Json result =
        run_json(show_words(world() / "validation.png", {"--split", "validation", "--count", "1"}));
    ASSERT_EQ(result["clips"].size(), 1u);
    ASSERT_EQ(result["clips"][size_t{0}]["views"].size(), 1u);
    EXPECT_EQ(result["clips"][size_t{0}]["views"][size_t{0}]["view"].text(), "original");
}

TEST(Show, KeysOfTheCommandLineShow)
{
    const Json result =
        run_json(show_words(world() / "keys.png", {"--clip", "0", "augment.aug_n=0",
                                                   "augment.flip=false", "data.box_jitter=0"}));
    for (size_t v = 1; v < 3; ++v) {
        EXPECT_EQ(result["clips"][size_t{0}]["views"][v]["changes"].text(), "unchanged");
    }
}

TEST(Show, ForPeopleNamesClipsAndTheFile)
{
    const std::string sheet = world() / "plain.png";
    const Outcome outcome = run(show_words(sheet, {"--count", "2"}));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "2 clips of train drawn: " + sheet)) << outcome.out;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 3);
}

TEST(Show, SaysWhatIsWrongAndWritesNothing)
{
    const std::string sheet = world() / "none.png";
    expect_failure(show_words(sheet, {"--clip", "99999"}), 2, {"clips[0] is 99999"});
    expect_failure(show_words(sheet, {"--video", "nosuch"}), 3, {"nosuch", "no clip"});
    expect_failure(show_words(sheet, {"--clip", "1", "--video", "v"}), 2, {"--clip", "--video"});
    expect_failure(show_words(sheet, {"--at", "3"}), 2, {"--at needs --video"});
    expect_failure(show_words(sheet, {"--video", "v", "--at", "soon"}), 2, {"soon"});
    expect_failure(show_words(sheet, {"--count", "33"}), 2, {"33", "32"});
    expect_failure(show_words(sheet, {"--count", "0"}), 2, {"1 to 32"});
    expect_failure(show_words(sheet, {"--split", "test"}), 2, {"test"});
    expect_failure(show_words(sheet, {"--seed", "-1"}), 2, {"run.seed"});
    expect_failure(show_words(sheet, {"--columns", "40"}), 2, {"columns", "32"});
    expect_failure({"data", "show", "--config", world().config()}, 2, {"--out"});
    expect_failure({"data", "show", "--out", sheet}, 2, {});
    EXPECT_FALSE(std::filesystem::exists(sheet));
}

} // namespace
