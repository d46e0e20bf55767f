// Batches: the same from any number of threads, whole epochs, failures and shutdown.
#include "data/loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "data/loader_recipe.h"

namespace
{

constexpr int FRAMES = 4, CLASSES = 3;

struct config_deleter {
    void operator()(config *c) const { config_free(c); }
};
struct dataset_deleter {
    void operator()(dataset *d) const { dataset_release(d); }
};
struct loader_deleter {
    void operator()(loader *l) const { loader_free(l); }
};
struct batch_deleter {
    void operator()(batch *b) const { batch_free(b); }
};
using config_pointer = std::unique_ptr<config, config_deleter>;
using dataset_pointer = std::unique_ptr<dataset, dataset_deleter>;
using loader_pointer = std::unique_ptr<loader, loader_deleter>;
using batch_pointer = std::unique_ptr<batch, batch_deleter>;

config_pointer make_config(const std::map<std::string, std::string> &values = {})
{
    std::map<std::string, std::string> all = {
        {"data.frame_count", std::to_string(FRAMES)},
        {"solver.batch_labeled", "4"},
        {"solver.batch_unlabeled", "3"},
        {"run.loader_threads", "2"},
        {"run.seed", "5"},
    };
    for (const auto &[key, value] : values) {
        all[key] = value;
    }
    config *made = nullptr;
    EXPECT_EQ(config_create(&made), SSLACT_OK);
    for (const auto &[key, value] : all) {
        EXPECT_EQ(config_set(made, key.c_str(), value.c_str()), SSLACT_OK)
            << sslact_error_get_message();
    }
    return config_pointer(made);
}

// A clip in the caller's memory; number decides its size, boxes and pixels.
struct own_clip {
    std::vector<uint8_t> pixels;
    std::vector<sslact_box> boxes;
    std::vector<uint8_t> labels;
    std::string name;
    sslact_clip view;

    own_clip(const std::string &prefix, size_t number, bool labeled, int frames = FRAMES)
        : name(prefix + std::to_string(number))
    {
        int height = 6 + static_cast<int>(number % 3);
        int width = 9 + static_cast<int>(number % 2);
        pixels.resize(static_cast<size_t>(frames) * height * width * 3);
        for (size_t b = 0; b < pixels.size(); b++) {
            pixels[b] = static_cast<uint8_t>(b * 7 + number * 13);
        }
        for (size_t i = 0; i <= number % 3; i++) {
            float x = 0.1f + 0.2f * static_cast<float>(i);
            boxes.push_back({x, 0.25f, x + 0.3f, 0.75f});
            labels.insert(labels.end(), {1, 0, static_cast<uint8_t>(number % 2)});
        }
        SSLACT_INIT(view);
        view.pixels = pixels.data();
        view.frame_count = frames;
        view.height = height;
        view.width = width;
        view.boxes = boxes.data();
        view.box_count = static_cast<int32_t>(boxes.size());
        view.labels = labeled ? labels.data() : nullptr;
        view.name = name.c_str();
    }
    own_clip(const own_clip &) = delete;
};

dataset_pointer make_set(const std::string &prefix, size_t count, bool labeled, int frames = FRAMES)
{
    dataset *made = nullptr;
    EXPECT_EQ(dataset_create(CLASSES, nullptr, &made), SSLACT_OK);
    for (size_t number = 0; number < count; number++) {
        own_clip clip(prefix, number, labeled, frames);
        EXPECT_EQ(dataset_append(made, &clip.view), SSLACT_OK) << sslact_error_get_message();
    }
    return dataset_pointer(made);
}

loader_pointer start(const config_pointer &c, const dataset_pointer &labeled,
                     const dataset_pointer &unlabeled, int64_t first = 0)
{
    loader *made = nullptr;
    EXPECT_EQ(loader_create(c.get(), labeled.get(), unlabeled.get(), first, &made), SSLACT_OK)
        << sslact_error_get_message();
    return loader_pointer(made);
}

batch_pointer next(const loader_pointer &l)
{
    batch *made = nullptr;
    EXPECT_EQ(loader_next(l.get(), &made), SSLACT_OK) << sslact_error_get_message();
    return batch_pointer(made);
}

void append(std::string &out, const void *data, size_t size)
{
    out.append(static_cast<const char *>(data), size);
}

// Everything a clip of a batch holds, as bytes to compare.
std::string spell_clip(const batch_half &half, size_t i)
{
    const clip *c = half.clips[i];
    size_t boxes = static_cast<size_t>(c->box_count);
    std::string out = std::string(c->name) + "|";
    append(out, &c->frame_count, 3 * sizeof(int32_t));
    append(out, c->pixels, static_cast<size_t>(c->frame_count) * c->height * c->width * 3);
    append(out, c->boxes, boxes * sizeof(sslact_box));
    append(out, half.visible[i], boxes);
    if (c->labels != nullptr) {
        append(out, c->labels, boxes * CLASSES);
    }
    return out;
}

std::string spell(const batch &b)
{
    std::string out = std::to_string(b.iteration);
    for (const batch_half *half : {&b.labeled, &b.unlabeled_weak, &b.unlabeled_strong}) {
        for (size_t i = 0; i < half->count; i++) {
            out.push_back('#');
            out += spell_clip(*half, i);
        }
    }
    return out;
}

std::vector<std::string> spell_batches(const config_pointer &c, const dataset_pointer &labeled,
                                       const dataset_pointer &unlabeled, int64_t first, int count)
{
    loader_pointer l = start(c, labeled, unlabeled, first);
    std::vector<std::string> out;
    for (int n = 0; n < count; n++) {
        out.push_back(spell(*next(l)));
    }
    return out;
}

// A callback data set whose clips can be made to fail or to take their time.
struct faulty_source {
    size_t count;
    std::set<size_t> bad;
    int delay_ms = 0;
    std::atomic<int> reads{0};
    std::atomic<bool> repaired{false};
    std::vector<std::unique_ptr<own_clip>> clips;

    faulty_source(size_t clip_count, std::set<size_t> bad_clips, int delay = 0)
        : count(clip_count), bad(std::move(bad_clips)), delay_ms(delay)
    {
        for (size_t number = 0; number < count; number++) {
            clips.push_back(std::make_unique<own_clip>("l", number, true));
        }
    }

    static int read(size_t index, sslact_clip *clip, void *user)
    {
        auto *self = static_cast<faulty_source *>(user);
        self->reads++;
        if (self->delay_ms > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(self->delay_ms));
        }
        if (!self->repaired && self->bad.count(index) > 0) {
            return SSLACT_ERROR_DECODE;
        }
        *clip = self->clips[index]->view;
        return 0;
    }

    dataset_pointer open()
    {
        sslact_clip_source source;
        SSLACT_INIT(source);
        source.clip_count = count;
        source.class_count = CLASSES;
        source.concurrent = 1;
        source.read = read;
        source.user = this;
        dataset *made = nullptr;
        EXPECT_EQ(dataset_create_from_source(&source, &made), SSLACT_OK)
            << sslact_error_get_message();
        return dataset_pointer(made);
    }
};

struct log_catcher {
    std::mutex lock;
    std::vector<std::string> lines;
    log_catcher()
    {
        log_set(
            [](sslact_log_level, const char *, const char *text, void *user) {
                auto *self = static_cast<log_catcher *>(user);
                std::lock_guard guard(self->lock);
                self->lines.push_back(text);
            },
            SSLACT_LOG_WARNING, this);
    }
    ~log_catcher() { log_set(nullptr, SSLACT_LOG_WARNING, nullptr); }
};

} // namespace

TEST(LoaderRecipe, EveryEpochTakesEveryClipOnceInAnOrderOfItsOwn)
{
    for (size_t count : {1u, 2u, 7u, 100u}) {
        std::vector<size_t> orders[2];
        for (uint64_t epoch = 0; epoch < 2; epoch++) {
            std::set<size_t> seen;
            for (uint64_t place = 0; place < count; place++) {
                size_t index =
                    loader_recipe_pick(9, RANDOM_ORDER_LABELED, count, epoch * count + place, 0);
                EXPECT_LT(index, count);
                seen.insert(index);
                orders[epoch].push_back(index);
            }
            EXPECT_EQ(seen.size(), count);
        }
        if (count == 100) {
            EXPECT_NE(orders[0], orders[1]);
        }
    }
}

TEST(LoaderRecipe, SeedPurposeAndAttemptEachGiveAnotherOrder)
{
    auto order = [](uint64_t seed, random_purpose purpose, uint32_t attempt) {
        std::vector<size_t> out;
        for (uint64_t sample = 0; sample < 50; sample++) {
            out.push_back(loader_recipe_pick(seed, purpose, 50, sample, attempt));
        }
        return out;
    };
    std::set<std::vector<size_t>> orders = {
        order(0, RANDOM_ORDER_LABELED, 0), order(1, RANDOM_ORDER_LABELED, 0),
        order(0, RANDOM_ORDER_UNLABELED, 0), order(0, RANDOM_ORDER_LABELED, 1)};
    EXPECT_EQ(orders.size(), 4u);
}

TEST(Loader, BatchesDoNotDependOnTheNumberOfThreads)
{
    dataset_pointer labeled = make_set("l", 10, true), unlabeled = make_set("u", 7, false);
    auto one = spell_batches(make_config({{"run.loader_threads", "1"}}), labeled, unlabeled, 0, 6);
    EXPECT_EQ(one,
              spell_batches(make_config({{"run.loader_threads", "2"}}), labeled, unlabeled, 0, 6));
    EXPECT_EQ(one,
              spell_batches(make_config({{"run.loader_threads", "4"}}), labeled, unlabeled, 0, 6));
    EXPECT_EQ(one,
              spell_batches(make_config({{"run.loader_threads", "0"}}), labeled, unlabeled, 0, 6));
    EXPECT_NE(one, spell_batches(make_config({{"run.seed", "6"}}), labeled, unlabeled, 0, 6));
}

TEST(Loader, StartingLaterGivesTheSameBatches)
{
    dataset_pointer labeled = make_set("l", 10, true), unlabeled = make_set("u", 7, false);
    auto all = spell_batches(make_config(), labeled, unlabeled, 0, 8);
    for (int64_t first : {1, 5}) {
        auto tail = spell_batches(make_config(), labeled, unlabeled, first, 3);
        EXPECT_EQ(tail, std::vector<std::string>(all.begin() + first, all.begin() + first + 3));
    }
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 8u);
}

TEST(Loader, EveryListIsUsedUpBeforeAClipComesAgain)
{
    dataset_pointer labeled = make_set("l", 10, true), unlabeled = make_set("u", 6, false);
    loader_pointer l = start(make_config(), labeled, unlabeled);
    std::vector<std::string> names, unlabeled_names;
    for (int iteration = 0; iteration < 5; iteration++) {
        batch_pointer b = next(l);
        EXPECT_EQ(b->iteration, iteration);
        for (size_t i = 0; i < b->labeled.count; i++) {
            names.push_back(b->labeled.clips[i]->name);
        }
        for (size_t i = 0; i < b->unlabeled_weak.count; i++) {
            unlabeled_names.push_back(b->unlabeled_weak.clips[i]->name);
        }
    }
    ASSERT_EQ(names.size(), 20u);
    ASSERT_EQ(unlabeled_names.size(), 15u);
    EXPECT_EQ(std::set<std::string>(names.begin(), names.begin() + 10).size(), 10u);
    EXPECT_EQ(std::set<std::string>(names.begin() + 10, names.end()).size(), 10u);
    EXPECT_EQ(std::set<std::string>(unlabeled_names.begin(), unlabeled_names.begin() + 6).size(),
              6u);
    EXPECT_EQ(
        std::set<std::string>(unlabeled_names.begin() + 6, unlabeled_names.begin() + 12).size(),
        6u);
}

TEST(Loader, BatchesKnowWhichClipOfTheDataSetStandsWhere)
{
    faulty_source source(8, {3, 5});
    dataset_pointer labeled = source.open(), unlabeled = make_set("u", 6, false);
    log_catcher log;
    loader_pointer l = start(make_config({{"data.on_bad_clip", "skip"}}), labeled, unlabeled);
    for (int iteration = 0; iteration < 5; iteration++) {
        batch_pointer b = next(l);
        for (const batch_half *half : {&b->labeled, &b->unlabeled_weak, &b->unlabeled_strong}) {
            for (size_t i = 0; i < half->count; i++) {
                // the number is the tail of the name, "l7"; a stand-in has its own
                EXPECT_EQ(std::to_string(half->indices[i]), half->clips[i]->name + 1);
            }
        }
    }
}

TEST(Loader, BothUnlabelledViewsHaveTheSameBoxesAndNoLabels)
{
    dataset_pointer labeled = make_set("l", 5, true), unlabeled = make_set("u", 5, true);
    loader_pointer l = start(make_config({{"augment.aug_geometry", "none"}}), labeled, unlabeled);
    bool flipped_apart = false;
    for (int iteration = 0; iteration < 5; iteration++) {
        batch_pointer b = next(l);
        ASSERT_EQ(b->unlabeled_strong.count, 3u);
        for (size_t i = 0; i < 3; i++) {
            const clip *weak = b->unlabeled_weak.clips[i];
            const clip *strong = b->unlabeled_strong.clips[i];
            EXPECT_STREQ(weak->name, strong->name);
            EXPECT_EQ(weak->labels, nullptr);
            EXPECT_EQ(strong->labels, nullptr);
            ASSERT_EQ(weak->box_count, strong->box_count);
            for (int32_t box = 0; box < weak->box_count; box++) {
                float x1 = weak->boxes[box].x1;
                bool same = std::fabs(x1 - strong->boxes[box].x1) < 1e-6;
                bool mirrored = std::fabs(x1 - (1 - strong->boxes[box].x2)) < 1e-6;
                EXPECT_TRUE(same || mirrored);
                EXPECT_EQ(weak->boxes[box].y1, 0.25f); // no jitter
                flipped_apart = flipped_apart || !same;
            }
        }
        EXPECT_NE(b->labeled.clips[0]->labels, nullptr);
        EXPECT_GT(b->seconds_data, 0.0);
    }
    EXPECT_TRUE(flipped_apart);
}

TEST(Loader, WithoutUnlabelledClipsOnlyTheLabelledHalfIsMade)
{
    dataset_pointer labeled = make_set("l", 5, true);
    dataset_pointer unlabeled = make_set("u", 5, false);
    loader_pointer l = start(make_config(), labeled, nullptr);
    loader_pointer with = start(make_config(), labeled, unlabeled);
    batch_pointer alone = next(l), both = next(with);

    EXPECT_EQ(alone->labeled.count, 4u);
    EXPECT_EQ(alone->unlabeled_weak.count, 0u);
    EXPECT_EQ(alone->unlabeled_strong.count, 0u);
    for (size_t i = 0; i < 4; i++) {
        EXPECT_EQ(spell_clip(alone->labeled, i), spell_clip(both->labeled, i));
    }
}

TEST(Loader, TheLabelledClipsCanTakeTheUnlabelledPlace)
{
    dataset_pointer labeled = make_set("l", 5, true), unlabeled = make_set("u", 5, false);
    loader_pointer l =
        start(make_config({{"ssl.unlabeled_source", "labeled"}}), labeled, unlabeled);
    batch_pointer b = next(l);
    for (size_t i = 0; i < 3; i++) {
        EXPECT_EQ(b->unlabeled_weak.clips[i]->name[0], 'l');
        EXPECT_EQ(b->unlabeled_weak.clips[i]->labels, nullptr);
        EXPECT_EQ(b->unlabeled_strong.clips[i]->labels, nullptr);
    }
}

TEST(Loader, BothLabelledViewsShareTheBatchHalfAndHalf)
{
    dataset_pointer labeled = make_set("l", 9, true);
    auto first = [&](const char *view) {
        return next(start(make_config({{"ssl.labeled_view", view}}), labeled, nullptr));
    };
    batch_pointer weak = first("weak"), strong = first("strong"), both = first("both");
    for (size_t i = 0; i < 4; i++) {
        const batch_pointer &expected = i % 2 == 0 ? weak : strong;
        EXPECT_EQ(spell_clip(both->labeled, i), spell_clip(expected->labeled, i));
        EXPECT_NE(spell_clip(weak->labeled, i), spell_clip(strong->labeled, i));
    }
}

TEST(Loader, AWeakStudentStillFlipsOnItsOwn)
{
    dataset_pointer labeled = make_set("l", 5, true), unlabeled = make_set("u", 5, false);
    loader_pointer l = start(make_config({{"ssl.unlabeled_view", "weak"}}), labeled, unlabeled);
    int same = 0, mirrored = 0;
    for (int iteration = 0; iteration < 10; iteration++) {
        batch_pointer b = next(l);
        for (size_t i = 0; i < 3; i++) {
            const clip *teacher = b->unlabeled_weak.clips[i];
            const clip *student = b->unlabeled_strong.clips[i];
            size_t row = static_cast<size_t>(teacher->width) * 3;
            same += std::memcmp(teacher->pixels, student->pixels, row) == 0;
            mirrored += std::memcmp(teacher->pixels, student->pixels + row - 3, 3) == 0;
        }
    }
    EXPECT_EQ(same + mirrored, 30);
    EXPECT_GT(same, 4);
    EXPECT_GT(mirrored, 4);
}

TEST(Loader, CarriesTheFailureOfAClipAndTriesTheSameBatchAgain)
{
    faulty_source source(8, {3});
    dataset_pointer labeled = source.open();
    dataset_pointer healthy = make_set("l", 8, true);
    auto expected = spell_batches(make_config(), healthy, nullptr, 0, 4);
    loader_pointer l = start(make_config({{"run.loader_threads", "3"}}), labeled, nullptr);

    size_t delivered = 0;
    batch *b = nullptr;
    sslact_status status;
    while ((status = loader_next(l.get(), &b)) == SSLACT_OK) {
        batch_pointer owned(b);
        ASSERT_LT(delivered, 2u); // the first epoch ends with batch 1
        EXPECT_EQ(spell(*b), expected[delivered++]);
    }
    EXPECT_EQ(status, SSLACT_ERROR_DECODE);
    EXPECT_NE(std::string(sslact_error_get_message()), "");
    EXPECT_EQ(loader_next(l.get(), &b), SSLACT_ERROR_DECODE);

    source.repaired = true;
    int failures = 0; // of batches that were already made when the clip was repaired
    while (delivered < 4) {
        if (loader_next(l.get(), &b) != SSLACT_OK) {
            ASSERT_LE(++failures, 2);
            continue;
        }
        batch_pointer owned(b);
        EXPECT_EQ(spell(*b), expected[delivered++]);
    }
}

TEST(Loader, ReportsTheFirstFailureInBatchOrderFromAnyNumberOfThreads)
{
    std::set<std::string> messages;
    for (const char *threads : {"1", "2", "4"}) {
        faulty_source source(8, {0, 1, 2, 3, 4, 5, 6, 7});
        dataset_pointer labeled = source.open();
        loader_pointer l = start(make_config({{"run.loader_threads", threads}}), labeled, nullptr);
        batch *b = nullptr;
        EXPECT_EQ(loader_next(l.get(), &b), SSLACT_ERROR_DECODE);
        messages.insert(sslact_error_get_message());
    }
    EXPECT_EQ(messages.size(), 1u) << *messages.begin();
}

TEST(Loader, SkipsABadClipWithAWarningAndTheSameStandInOnEveryRun)
{
    log_catcher log;
    std::vector<std::vector<std::string>> runs;
    for (const char *threads : {"1", "4"}) {
        faulty_source source(8, {3, 5});
        dataset_pointer labeled = source.open();
        config_pointer c =
            make_config({{"data.on_bad_clip", "skip"}, {"run.loader_threads", threads}});
        runs.push_back(spell_batches(c, labeled, nullptr, 0, 6));
    }
    EXPECT_EQ(runs[0], runs[1]);
    for (const std::string &batch_bytes : runs[0]) {
        EXPECT_EQ(batch_bytes.find("#l3|"), std::string::npos);
        EXPECT_EQ(batch_bytes.find("#l5|"), std::string::npos);
    }
    ASSERT_FALSE(log.lines.empty());
    EXPECT_NE(log.lines[0].find("data.on_bad_clip"), std::string::npos) << log.lines[0];
}

TEST(Loader, GivesUpWhenEveryClipIsBad)
{
    log_catcher log;
    faulty_source source(3, {0, 1, 2});
    dataset_pointer labeled = source.open();
    loader_pointer l = start(make_config({{"data.on_bad_clip", "skip"}}), labeled, nullptr);
    batch *b = nullptr;
    EXPECT_EQ(loader_next(l.get(), &b), SSLACT_ERROR_DECODE);
    EXPECT_NE(std::string(sslact_error_get_message()).find("16 clips in a row"), std::string::npos)
        << sslact_error_get_message();
}

TEST(Loader, RefusesClipsOfAnotherLength)
{
    dataset_pointer labeled = make_set("l", 3, true, 5);
    loader_pointer l = start(make_config({{"data.on_bad_clip", "skip"}}), labeled, nullptr);
    batch *b = nullptr;
    EXPECT_EQ(loader_next(l.get(), &b), SSLACT_ERROR_MISMATCH);
    EXPECT_NE(std::string(sslact_error_get_message())
                  .find(": 5 frames, the model takes 4 (data.frame_count)"),
              std::string::npos)
        << sslact_error_get_message();
}

TEST(Loader, RefusesLabelledClipsWithoutLabelsAndEmptyDataSets)
{
    dataset_pointer bare = make_set("u", 3, false), labeled = make_set("l", 3, true);
    dataset_pointer empty = make_set("", 0, true);
    loader_pointer l = start(make_config(), bare, nullptr);
    batch *b = nullptr;
    EXPECT_EQ(loader_next(l.get(), &b), SSLACT_ERROR_MISMATCH);

    loader *none = nullptr;
    config_pointer c = make_config();
    EXPECT_EQ(loader_create(c.get(), empty.get(), nullptr, 0, &none),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(loader_create(c.get(), labeled.get(), empty.get(), 0, &none),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(none, nullptr);
    loader_free(nullptr);
    batch_free(nullptr);
}

TEST(Loader, StopsAtAnyTime)
{
    for (int taken : {0, 1, 2}) {
        for (int delay : {0, 3}) {
            faulty_source source(8, {6}, delay);
            dataset_pointer labeled = source.open(), unlabeled = make_set("u", 5, false);
            loader_pointer l =
                start(make_config({{"run.loader_threads", "4"}}), labeled, unlabeled);
            for (int n = 0; n < taken; n++) {
                batch *b = nullptr;
                if (loader_next(l.get(), &b) == SSLACT_OK) {
                    batch_free(b);
                }
            }
        }
    }
}

TEST(Loader, OutlivesTheHandlesOfItsDataSets)
{
    dataset_pointer labeled = make_set("l", 6, true), unlabeled = make_set("u", 6, false);
    loader_pointer l = start(make_config(), labeled, unlabeled);
    labeled.reset();
    unlabeled.reset();
    EXPECT_EQ(next(l)->labeled.count, 4u);
}

TEST(Loader, KeepsABoundedNumberOfBatchesInFlight)
{
    faulty_source source(8, {});
    dataset_pointer labeled = source.open();
    loader_pointer l = start(make_config({{"run.loader_threads", "4"}}), labeled, nullptr);
    for (int wait = 0; wait < 400 && source.reads < 3 * 4; wait++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_EQ(source.reads, 3 * 4); // three batches of four clips
}

TEST(Loader, MeasuresHowLongItWaited)
{
    faulty_source source(4, {}, 60);
    dataset_pointer labeled = source.open();
    loader_pointer l = start(make_config({{"run.loader_threads", "1"}}), labeled, nullptr);
    next(l);
    double first = loader_get_wait_seconds(l.get());
    EXPECT_GT(first, 0.05); // four reads of 60 ms, begun a little earlier
    next(l);
    EXPECT_GE(loader_get_wait_seconds(l.get()), first);
}

TEST(LoaderOwnClips, GetTheViewsOfTheLoader)
{
    config_pointer c = make_config();
    dataset_pointer labeled = make_set("l", 10, true), unlabeled = make_set("u", 7, false);
    batch_pointer expected = next(start(c, labeled, unlabeled, 3));
    std::vector<std::unique_ptr<own_clip>> clips;
    std::vector<const sslact_clip *> own[2];
    for (size_t i = 0; i < 7; i++) {
        const char *name =
            i < 4 ? expected->labeled.clips[i]->name : expected->unlabeled_weak.clips[i - 4]->name;
        clips.push_back(
            std::make_unique<own_clip>(std::string(1, name[0]), std::stoul(name + 1), i < 4));
        own[i >= 4].push_back(&clips.back()->view);
    }
    batch *made = nullptr;
    ASSERT_EQ(loader_make_batch(c.get(), CLASSES, own[0].data(), 4, own[1].data(), 3, 3, &made),
              SSLACT_OK)
        << sslact_error_get_message();
    batch_pointer b(made);
    EXPECT_EQ(spell(*b), spell(*expected));
    EXPECT_GT(b->seconds_data, 0.0);
}

TEST(LoaderOwnClips, MayComeInOneHalfOnlyAndUnlabelledLabelsAreIgnored)
{
    config_pointer c = make_config();
    own_clip first("u", 0, false), second("u", 2, true);
    second.labels[0] = 9; // would be refused if it were looked at
    const sslact_clip *clips[] = {&first.view, &second.view};
    batch *made = nullptr;
    ASSERT_EQ(loader_make_batch(c.get(), CLASSES, nullptr, 0, clips, 2, 0, &made), SSLACT_OK)
        << sslact_error_get_message();
    batch_pointer b(made);
    EXPECT_EQ(b->labeled.count, 0u);
    EXPECT_EQ(b->unlabeled_strong.count, 2u);
    EXPECT_EQ(b->unlabeled_strong.clips[1]->labels, nullptr);
    EXPECT_EQ(b->unlabeled_weak.indices[0], -1); // of no data set
    EXPECT_EQ(b->unlabeled_strong.indices[1], -1);
}

TEST(LoaderOwnClips, AreNamedByTheirPlaceWhenTheyAreWrong)
{
    config_pointer c = make_config();
    own_clip good("l", 0, true), bare("l", 1, false), shorter("l", 2, true, 3);
    const sslact_clip *lists[3][2] = {
        {&good.view, &bare.view}, {&good.view, &shorter.view}, {&good.view, nullptr}};
    for (auto &clips : lists) {
        batch *made = nullptr;
        EXPECT_LT(loader_make_batch(c.get(), CLASSES, clips, 2, nullptr, 0, 0, &made), SSLACT_OK);
        EXPECT_EQ(std::string(sslact_error_get_message()).rfind("labeled[1]", 0), 0u)
            << sslact_error_get_message();
        EXPECT_EQ(made, nullptr);
    }
    const sslact_clip *clips[] = {&shorter.view};
    batch *made = nullptr;
    EXPECT_EQ(loader_make_batch(c.get(), CLASSES, nullptr, 0, clips, 1, 0, &made),
              SSLACT_ERROR_MISMATCH);
    EXPECT_STREQ(sslact_error_get_message(),
                 "unlabeled[0]: 3 frames, the model takes 4 (data.frame_count)");
}
