// Labelled subsets: the check values of datasets-and-evaluation.md section 6.
#include "data/subset.h"

#include <algorithm>
#include <fstream>

#include "data_support.h"

namespace
{

struct Keys {
    name_table videos = {};
    ava_keys keys = {};
    ~Keys()
    {
        ava_keys_free(&keys);
        name_table_free(&videos);
    }
};

std::vector<uint8_t> choose(const Keys &k, double ratio, int64_t seed)
{
    uint8_t *chosen = nullptr;
    EXPECT_EQ(subset_choose(&k.videos, k.keys.keys, k.keys.count, ratio, seed, &chosen), SSLACT_OK);
    std::vector<uint8_t> flags(chosen, chosen + k.keys.count);
    free(chosen);
    return flags;
}

TEST(Subset, RanksAreThoseOfTheSpecification)
{
    EXPECT_EQ(subset_rank(0, "-5KQ66BBWC4", 902000000), 0x1650eb486ce8dd9bu);
    EXPECT_EQ(subset_rank(0, "-5KQ66BBWC4", 903000000), 0xa76e1a5f6c488e9fu);
    EXPECT_EQ(subset_rank(1, "-5KQ66BBWC4", 902000000), 0x39334721a18df014u);
    EXPECT_EQ(subset_rank(0, "_-Z6wFjXtGQ", 1798000000), 0xd94fb61f4bb5998cu);
}

void make_keys(Keys *k, size_t count)
{
    const test::TemporaryFolder folder;
    std::string text;
    for (size_t i = 0; i < count; i++) {
        text += "video" + std::to_string(i % 7) + "," + std::to_string(1000 + i / 7) + "\n";
    }
    test::put_file(folder / "keys.csv", text);
    data_problems strict = {};
    ASSERT_EQ(ava_keys_read((folder / "keys.csv").c_str(), &k->videos, &strict, &k->keys),
              SSLACT_OK);
}

TEST(Subset, KeepsTheFloorOfTheShareAsItIsWritten)
{
    Keys k;
    make_keys(&k, 100);
    // In binary 0.29 * 100 is 28.999999999999996 and 0.57 * 100 is 56.99999999999999.
    for (const auto &[ratio, kept] : std::map<double, long>{
             {0.29, 29}, {0.57, 57}, {0.1, 10}, {1.0, 100}, {0.005, 0}, {0.999, 99}}) {
        const auto flags = choose(k, ratio, 0);
        EXPECT_EQ(std::count(flags.begin(), flags.end(), 1), kept) << ratio;
    }
}

TEST(Subset, ALargerShareContainsASmallerOneAndTheSeedChangesBoth)
{
    Keys k;
    make_keys(&k, 300);
    const auto tenth = choose(k, 0.1, 3), half = choose(k, 0.5, 3), other = choose(k, 0.1, 4);

    for (size_t i = 0; i < tenth.size(); i++) {
        EXPECT_LE(tenth[i], half[i]);
    }
    EXPECT_NE(tenth, other);
}

TEST(RealSubset, OfTheAvaKeyFramesHasThePublishedDigests)
{
    SKIP_WITHOUT_REAL_DATA();
    const test::TemporaryFolder folder;
    const std::string path = folder / "keys.csv", chosen_path = folder / "chosen.csv";
    if (!test::unpack(std::string(SSLACT_TEST_DATA) + "/ava/ava_train_keyframes.csv.xz", path)) {
        GTEST_SKIP() << "xz is not installed";
    }
    Keys k;
    data_problems strict = {};
    ASSERT_EQ(ava_keys_read(path.c_str(), &k.videos, &strict, &k.keys), SSLACT_OK);
    ASSERT_EQ(k.keys.count, 184279u);
    struct Expected {
        double ratio;
        size_t count;
        const char *digest;
    };

    for (const Expected &expected :
         {Expected{0.05, 9213, "9cfa38f46866834c"}, Expected{0.10, 18427, "054c55573ba81573"},
          Expected{0.25, 46069, "0eae7662eaf15d59"}, Expected{0.50, 92139, "64afbe8a5e5b4139"}}) {
        const auto flags = choose(k, expected.ratio, 0);
        std::vector<std::string> lines;
        for (size_t i = 0; i < flags.size(); i++) {
            if (flags[i]) {
                char time[32];
                ava_render_time(k.keys.keys[i].time_us, time);
                lines.push_back(std::string(k.videos.names[k.keys.keys[i].video]) + "," + time +
                                "\n");
            }
        }
        std::sort(lines.begin(), lines.end());
        std::string text;
        for (const std::string &line : lines) {
            text += line;
        }
        test::put_file(chosen_path, text);

        EXPECT_EQ(lines.size(), expected.count);
        FILE *digest = popen(("sha256sum '" + chosen_path + "'").c_str(), "r");
        char hex[17] = {};
        ASSERT_EQ(std::fread(hex, 1, 16, digest), 16u);
        pclose(digest);
        EXPECT_STREQ(hex, expected.digest) << expected.ratio;
    }
}

} // namespace
