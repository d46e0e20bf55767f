// Clips drawn by class: which ones, how often, the same from any number of threads; and the pass
// that looks at every clip once.
#include "data/class_clips.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "support/memory_clips.h"

namespace
{

using test::Held;

struct TableFreer {
    void operator()(class_clips *t) const { class_clips_free(t); }
};
using Table = std::unique_ptr<class_clips, TableFreer>;

Table make_table(const std::vector<std::vector<uint8_t>> &shown)
{
    std::vector<uint8_t> flat;
    for (const auto &row : shown) {
        flat.insert(flat.end(), row.begin(), row.end());
    }
    class_clips *made = nullptr;
    test::require(class_clips_create(flat.data(), shown.size(),
                                     static_cast<int32_t>(shown[0].size()), &made));
    return Table(made);
}

// Nine clips of class 0, one of class 2 that shows class 0 too; nobody shows class 1; clip 10 is
// bare. By the rule clip 9 comes with probability 1/2 + 1/2 * 1/10.
std::vector<std::vector<uint8_t>> skewed()
{
    std::vector<std::vector<uint8_t>> shown(9, {1, 0, 0});
    shown.push_back({1, 0, 1});
    shown.push_back({0, 0, 0});
    return shown;
}

TEST(ClassClips, DrawsAClassEvenlyAndThenOneOfItsClips)
{
    const Table table = make_table(skewed());
    EXPECT_EQ(class_clips_count_classes(table.get()), 2u) << "class 1 has no clip";
    EXPECT_EQ(class_clips_count_clips(table.get()), 11u);
    std::map<size_t, int> drawn;
    const int draws = 20000;
    for (int k = 0; k < draws; ++k) {
        ++drawn[class_clips_pick(table.get(), 1, RANDOM_CLASS_UNLABELED, k, 0)];
    }
    EXPECT_EQ(drawn.count(10), 0u) << "a clip without a class is never drawn";
    EXPECT_NEAR(drawn[9], 0.55 * draws, 5 * std::sqrt(0.55 * 0.45 * draws));
    for (size_t i = 0; i < 9; ++i) {
        EXPECT_NEAR(drawn[i], 0.05 * draws, 5 * std::sqrt(0.05 * 0.95 * draws)) << i;
    }
}

TEST(ClassClips, IsAPureFunctionOfSeedPurposeSampleAndAttempt)
{
    const Table table = make_table(skewed()), again = make_table(skewed());
    const auto list = [](const Table &t, uint64_t seed, random_purpose purpose, uint32_t attempt) {
        std::vector<size_t> out;
        for (uint64_t sample = 0; sample < 40; ++sample) {
            out.push_back(class_clips_pick(t.get(), seed, purpose, sample, attempt));
        }
        return out;
    };
    const auto first = list(table, 1, RANDOM_CLASS_UNLABELED, 0);
    EXPECT_EQ(first, list(again, 1, RANDOM_CLASS_UNLABELED, 0));
    EXPECT_NE(first, list(table, 2, RANDOM_CLASS_UNLABELED, 0));
    EXPECT_NE(first, list(table, 1, RANDOM_CLASS_LABELED, 0));
    EXPECT_NE(first, list(table, 1, RANDOM_CLASS_UNLABELED, 1));
}

TEST(ClassClips, LeavesAClassWhoseClipsCannotBeRead)
{
    const Table table = make_table({{1, 0}, {0, 1}});
    std::set<size_t> tried;
    for (uint32_t attempt = 0; attempt < 16; ++attempt) {
        tried.insert(class_clips_pick(table.get(), 3, RANDOM_CLASS_UNLABELED, 5, attempt));
    }
    EXPECT_EQ(tried, (std::set<size_t>{0, 1}));
}

TEST(ClassClips, OfLabelsHoldsTheClassesOfAnyPersonOfAClip)
{
    // Labels of clip n: (n + person) divisible by class + 2; two people each.
    test::ClipShape shape;
    shape.boxes = 2;
    const Held<dataset> set = test::make_set(3, std::vector<test::ClipShape>(12, shape));
    class_clips *made = nullptr;
    ASSERT_EQ(class_clips_create_from_labels(set.get(), &made), SSLACT_OK);
    const Table table(made);
    std::set<size_t> drawn;
    for (uint64_t k = 0; k < 2000; ++k) {
        drawn.insert(class_clips_pick(table.get(), 1, RANDOM_CLASS_LABELED, k, 0));
    }
    // One of two neighbouring numbers is even: every clip shows class 0.
    EXPECT_EQ(drawn.size(), 12u);
    EXPECT_EQ(class_clips_count_classes(table.get()), 3u);
}

TEST(ClassClips, WithoutAnyClassIsEmpty)
{
    const Table table = make_table({{0, 0}, {0, 0}});
    EXPECT_EQ(class_clips_count_classes(table.get()), 0u);
}

// ---- the loader ----

Held<config> make_settings(const test::Values &values = {})
{
    return test::make_config({{"data.frame_count", "4"},
                              {"solver.batch_labeled", "3"},
                              {"solver.batch_unlabeled", "4"},
                              {"run.loader_threads", "2"}},
                             values);
}

Held<dataset> make_clips(size_t count, bool labeled)
{
    test::ClipShape shape;
    shape.frames = 4;
    shape.height = 8;
    shape.width = 12;
    shape.labeled = labeled;
    return test::make_set(3, std::vector<test::ClipShape>(count, shape));
}

std::vector<int64_t> list_unlabeled(const class_clips *table, const char *threads, int64_t first)
{
    const Held<config> settings = make_settings({{"run.loader_threads", threads}});
    const Held<dataset> labeled = make_clips(6, true), unlabeled = make_clips(11, false);
    loader *made = nullptr;
    test::require(loader_create_by_class(settings.get(), labeled.get(), unlabeled.get(), nullptr,
                                         table, first, &made));
    const Held<loader> source(made);
    std::vector<int64_t> out;
    for (int64_t k = first; k < 6; ++k) {
        batch *next = nullptr;
        test::require(loader_next(source.get(), &next));
        const Held<batch> data(next);
        out.insert(out.end(), data->unlabeled_weak.indices,
                   data->unlabeled_weak.indices + data->unlabeled_weak.count);
        EXPECT_EQ(std::set<int64_t>(data->labeled.indices, data->labeled.indices + 3).size(), 3u)
            << "the half without a table goes through its list";
    }
    return out;
}

TEST(LoaderByClass, DrawsTheSameFromAnyNumberOfThreadsAndFromAnyIteration)
{
    const Table table = make_table(skewed());
    const std::vector<int64_t> all = list_unlabeled(table.get(), "1", 0);
    EXPECT_EQ(all, list_unlabeled(table.get(), "3", 0));
    EXPECT_EQ(std::vector<int64_t>(all.begin() + 12, all.end()),
              list_unlabeled(table.get(), "2", 3));
    for (size_t k = 0; k < all.size(); ++k) {
        EXPECT_EQ(static_cast<size_t>(all[k]),
                  class_clips_pick(table.get(), 0, RANDOM_CLASS_UNLABELED, k, 0));
    }
}

TEST(LoaderByClass, AnEmptyTableMeansTheUsualOrder)
{
    const Table empty = make_table({{0}, {0}});
    EXPECT_EQ(list_unlabeled(empty.get(), "1", 0), list_unlabeled(nullptr, "1", 0));
}

TEST(LoaderPass, ShowsEveryClipOnceInItsOrderInTheWeakView)
{
    const Held<config> settings = make_settings({{"augment.flip", "false"}});
    const Held<dataset> set = make_clips(6, true);
    loader *made = nullptr;
    ASSERT_EQ(loader_create_pass(settings.get(), set.get(), 0, &made), SSLACT_OK);
    const Held<loader> source(made);
    for (size_t k = 0; k < 2; ++k) {
        batch *next = nullptr;
        ASSERT_EQ(loader_next(source.get(), &next), SSLACT_OK);
        const Held<batch> data(next);
        EXPECT_EQ(data->labeled.count, 0u);
        ASSERT_EQ(data->unlabeled_weak.count, 4u);
        for (size_t i = 0; i < 4; ++i) {
            const clip *shown = data->unlabeled_weak.clips[i];
            EXPECT_EQ(data->unlabeled_strong.clips[i], nullptr);
            if (4 * k + i >= 6) {
                EXPECT_EQ(shown, nullptr) << "behind the end";
                continue;
            }
            clip *read = nullptr;
            ASSERT_EQ(dataset_read(set.get(), 4 * k + i, &read), SSLACT_OK);
            const Held<clip> expected(read);
            ASSERT_NE(shown, nullptr);
            EXPECT_EQ(data->unlabeled_weak.indices[i], static_cast<int64_t>(4 * k + i));
            EXPECT_EQ(std::memcmp(shown->pixels, expected->pixels, 4 * 8 * 12 * 3), 0);
            EXPECT_EQ(shown->labels, nullptr) << "labels stay hidden";
        }
    }
}

TEST(LoaderPass, LeavesOutWhatCannotBeReadWhereThatIsWanted)
{
    static const auto read = [](size_t index, sslact_clip *out, void *) -> int {
        static const test::OwnClip own(0, {4, 8, 12, 1, 3, false});
        *out = own.view;
        return index == 2 ? SSLACT_ERROR_DECODE : 0;
    };
    sslact_clip_source given;
    SSLACT_INIT(given);
    given.clip_count = 4;
    given.class_count = 3;
    given.read = read;
    dataset *opened = nullptr;
    test::require(dataset_create_from_source(&given, &opened));
    const Held<dataset> set(opened);
    log_set([](sslact_log_level, const char *, const char *, void *) {}, SSLACT_LOG_WARNING,
            nullptr);
    for (const char *rule : {"skip", "fail"}) {
        const Held<config> settings = make_settings({{"data.on_bad_clip", rule}});
        loader *made = nullptr;
        test::require(loader_create_pass(settings.get(), set.get(), 0, &made));
        const Held<loader> source(made);
        batch *next = nullptr;
        const sslact_status status = loader_next(source.get(), &next);
        const Held<batch> data(next);
        if (std::string(rule) == "fail") {
            EXPECT_EQ(status, SSLACT_ERROR_DECODE);
            continue;
        }
        ASSERT_EQ(status, SSLACT_OK);
        for (size_t i = 0; i < 4; ++i) {
            EXPECT_EQ(data->unlabeled_weak.clips[i] == nullptr, i == 2);
        }
    }
    log_set(nullptr, SSLACT_LOG_WARNING, nullptr);
}

} // namespace
