// Data sets that the program makes: appended clips, and a store behind callbacks.

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>

#include "capi_support.h"

namespace
{

using namespace test;

// ---- appended clips ----

TEST(MemoryDataset, KeepsCopiesOfClipsInOrder)
{
    const char *names[class_count] = {"stand", "walk", "wave"};
    Dataset dataset;
    ASSERT_DONE_WELL(sslact_dataset_create(class_count, names, dataset.out()));
    {
        const Clip first(1), second(2);
        ASSERT_DONE_WELL(sslact_dataset_append(dataset, &first.view));
        ASSERT_DONE_WELL(sslact_dataset_append(dataset, &second.view));
    }
    const Clip expected(2);
    size_t count = 0, needed = 0;
    int32_t classes = 0;
    int64_t labels[class_count];
    Sample sample;
    sslact_clip view;
    SSLACT_INIT(view);

    EXPECT_EQ(sslact_dataset_count_clips(dataset, &count), SSLACT_OK);
    EXPECT_EQ(count, 2u);
    EXPECT_EQ(sslact_dataset_count_classes(dataset, &classes), SSLACT_OK);
    EXPECT_EQ(classes, class_count);
    EXPECT_STREQ(sslact_dataset_get_class_name(dataset, 2), "wave");
    EXPECT_EQ(sslact_dataset_get_class_name(dataset, 3), nullptr);
    EXPECT_EQ(sslact_dataset_get_class_name(dataset, -1), nullptr);
    // Labels of clip n are (n + k) % 2 == 0 over 2 boxes of 3 classes: clip 1 has 0 1 0 / 1 0 1,
    // clip 2 has 1 0 1 / 0 1 0. Every class occurs on two people.
    EXPECT_EQ(sslact_dataset_count_labels(dataset, labels, class_count, &needed), SSLACT_OK);
    for (const int64_t number : labels) {
        EXPECT_EQ(number, 2);
    }

    ASSERT_DONE_WELL(sslact_dataset_read(dataset, 1, sample.out()));
    dataset.reset(); // the sample lives on
    ASSERT_DONE_WELL(sslact_sample_describe(sample, &view));
    EXPECT_EQ(view.frame_count, frame_count);
    EXPECT_EQ(view.height, clip_height);
    EXPECT_EQ(view.width, clip_width);
    EXPECT_EQ(view.box_count, 2);
    EXPECT_STREQ(view.name, "clip number 2");
    EXPECT_EQ(std::memcmp(view.pixels, expected.view.pixels,
                          static_cast<size_t>(frame_count) * clip_height * clip_width * 3),
              0);
    EXPECT_EQ(std::memcmp(view.labels, expected.view.labels, 2 * class_count), 0);
    EXPECT_EQ(std::memcmp(view.boxes, expected.view.boxes, 2 * sizeof(sslact_box)), 0);
}

TEST(MemoryDataset, ReadsPixelsThroughStrides)
{
    // A crop of 2 x 2 pixels out of frames of 4 x 3: rows 12 bytes apart, frames 40 with a gap.
    std::vector<uint8_t> pixels(2 * 40);
    for (size_t k = 0; k < pixels.size(); ++k) {
        pixels[k] = static_cast<uint8_t>(k);
    }
    sslact_clip clip;
    SSLACT_INIT(clip);
    clip.pixels = pixels.data() + 3;
    clip.frame_count = 2;
    clip.height = 2;
    clip.width = 2;
    clip.row_stride = 12;
    clip.frame_stride = 40;
    Dataset dataset;
    ASSERT_DONE_WELL(sslact_dataset_create(1, nullptr, dataset.out()));
    ASSERT_DONE_WELL(sslact_dataset_append(dataset, &clip));
    Sample sample;
    sslact_clip view;
    SSLACT_INIT(view);
    ASSERT_DONE_WELL(sslact_dataset_read(dataset, 0, sample.out()));
    ASSERT_DONE_WELL(sslact_sample_describe(sample, &view));

    const std::vector<uint8_t> expected = {3,  4,  5,  6,  7,  8,  15, 16, 17, 18, 19, 20,
                                           43, 44, 45, 46, 47, 48, 55, 56, 57, 58, 59, 60};
    EXPECT_EQ(std::vector<uint8_t>(view.pixels, view.pixels + expected.size()), expected);
    EXPECT_EQ(view.labels, nullptr);
}

TEST(MemoryDataset, RefusesWhatIsNotAClipAndSaysWhere)
{
    const Dataset dataset = make_dataset(1, 2, true);
    const auto append = [&](const sslact_clip &clip) {
        return sslact_dataset_append(dataset, &clip);
    };
    Clip good(3);
    std::vector<sslact_box> boxes(good.view.boxes, good.view.boxes + 2);
    std::vector<uint8_t> labels(good.view.labels, good.view.labels + 6);
    sslact_clip clip = good.view;
    clip.boxes = boxes.data();
    clip.labels = labels.data();

    boxes[1].x1 = 0.57f;
    boxes[1].x2 = 0.41f;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT,
                   {"clip 2.boxes[1]", "x2 0.41 is not greater than x1 0.57"});
    boxes[1] = good.view.boxes[1];
    boxes[0].y1 = std::numeric_limits<float>::quiet_NaN();
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"boxes[0]", "y1"});
    boxes[0] = good.view.boxes[0];
    labels[4] = 2;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"labels[1][1]: 2", "0 or 1"});
    labels[4] = good.view.labels[4];

    const float scores[2] = {0.5f, INFINITY};
    clip.box_scores = scores;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"box_scores[1]"});
    clip.box_scores = nullptr;
    clip.box_count = -1;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"box_count is -1"});
    clip.box_count = 2;
    clip.frame_count = 0;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"frame_count is 0"});
    clip.frame_count = frame_count;
    clip.height = -5;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"height is -5"});
    clip.height = clip_height;
    clip.row_stride = 3;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"row_stride is 3"});
    clip.row_stride = 0;
    clip.pixels = nullptr;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"pixels"});
    clip.pixels = good.view.pixels;
    clip.boxes = nullptr;
    expect_failure(append(clip), SSLACT_ERROR_INVALID_ARGUMENT, {"boxes"});
    clip.boxes = boxes.data();

    size_t count = 0;
    EXPECT_EQ(sslact_dataset_count_clips(dataset, &count), SSLACT_OK);
    EXPECT_EQ(count, 2u) << "a refused clip is not kept";
    EXPECT_EQ(append(clip), SSLACT_OK) << "the data set is usable after refusals";
}

TEST(MemoryDataset, RefusesClassCountsOutOfRange)
{
    Dataset dataset;
    for (const int32_t classes : {0, -1, 10001}) {
        expect_failure(sslact_dataset_create(classes, nullptr, dataset.out()),
                       SSLACT_ERROR_INVALID_ARGUMENT, {"class_count", "10000"});
    }
    const char *names[2] = {"stand", nullptr};
    expect_failure(sslact_dataset_create(2, names, dataset.out()), SSLACT_ERROR_INVALID_ARGUMENT,
                   {"class_names[1] is NULL"});
}

// ---- a store behind callbacks ----

// Counts every call; fails where it is told to.
struct Store {
    std::atomic<int> reads{0}, releases{0}, destroys{0}, inside{0}, most_inside{0};
    std::atomic<int> answer{0};
    std::vector<std::unique_ptr<Clip>> clips;

    explicit Store(bool labelled = true, uint32_t first = 1)
    {
        for (uint32_t i = 0; i < 5; ++i) {
            clips.push_back(std::make_unique<Clip>(first + i, labelled));
        }
    }
    sslact_clip_source describe()
    {
        sslact_clip_source source;
        SSLACT_INIT(source);
        source.clip_count = clips.size();
        source.class_count = class_count;
        source.read = [](size_t index, sslact_clip *clip, void *user) {
            Store &store = *static_cast<Store *>(user);
            const int now = ++store.inside;
            store.most_inside = std::max<int>(store.most_inside, now);
            ++store.reads;
            const int result = store.answer;
            if (result == 0) {
                *clip = store.clips[index]->view;
            } else {
                --store.inside;
            }
            return result;
        };
        source.release = [](size_t, sslact_clip *, void *user) {
            Store &store = *static_cast<Store *>(user);
            ++store.releases;
            --store.inside;
        };
        source.destroy = [](void *user) { ++static_cast<Store *>(user)->destroys; };
        source.user = this;
        return source;
    }
    Dataset open()
    {
        const sslact_clip_source source = describe();
        Dataset dataset;
        EXPECT_DONE_WELL(sslact_dataset_create_from_source(&source, dataset.out()));
        return dataset;
    }
};

TEST(CallbackDataset, ReleasesEachReadAndDestroysOnce)
{
    Store store;
    Dataset dataset = store.open();
    Sample sample;
    sslact_clip view;
    SSLACT_INIT(view);
    EXPECT_EQ(store.reads, 0) << "making the data set reads nothing";

    ASSERT_DONE_WELL(sslact_dataset_read(dataset, 3, sample.out()));
    ASSERT_DONE_WELL(sslact_sample_describe(sample, &view));

    EXPECT_EQ(store.reads, 1);
    EXPECT_EQ(store.releases, 1);
    EXPECT_NE(view.pixels, store.clips[3]->view.pixels) << "a copy";
    EXPECT_EQ(std::memcmp(view.pixels, store.clips[3]->view.pixels, 100), 0);
    EXPECT_EQ(store.destroys, 0);
    dataset.reset();
    EXPECT_EQ(store.destroys, 1);
}

TEST(CallbackDataset, IsDestroyedOnceWhenItsLastUserIsGone)
{
    Store labelled, unlabelled(false, 101);
    Trainer trainer;
    {
        const Config config = tiny_config({{"run.loader_threads", "3"}});
        const Dataset first = labelled.open(), second = unlabelled.open();
        ASSERT_DONE_WELL(sslact_trainer_create(config, first, second, trainer.out()));
    }
    EXPECT_EQ(labelled.destroys, 0);
    step(trainer, 3);
    EXPECT_EQ(unlabelled.destroys, 0);

    trainer.reset();

    EXPECT_EQ(labelled.destroys, 1);
    EXPECT_EQ(unlabelled.destroys, 1);
    EXPECT_EQ(labelled.reads, labelled.releases);
    EXPECT_EQ(unlabelled.reads, unlabelled.releases);
    EXPECT_EQ(labelled.most_inside, 1) << "not concurrent: one read at a time";
}

TEST(CallbackDataset, FailedCreateDestroysNothing)
{
    Store store;
    sslact_clip_source source = store.describe();
    Dataset dataset;
    source.class_count = 0;
    EXPECT_EQ(sslact_dataset_create_from_source(&source, dataset.out()),
              SSLACT_ERROR_INVALID_ARGUMENT);
    source.class_count = class_count;
    source.read = nullptr;
    expect_failure(sslact_dataset_create_from_source(&source, dataset.out()),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"read is NULL"});
    EXPECT_EQ(store.destroys, 0);
}

TEST(CallbackDataset, FailingReadCarriesItsStatusAndNothingIsReleased)
{
    Store store;
    const Dataset dataset = store.open();
    Sample sample;
    Report report;
    Model model;
    ASSERT_DONE_WELL(sslact_model_create(tiny_config(), model.out()));

    store.answer = SSLACT_ERROR_DECODE;
    expect_failure(sslact_dataset_read(dataset, 2, sample.out()), SSLACT_ERROR_DECODE,
                   {"clips[2]", "SSLACT_ERROR_DECODE"});
    EXPECT_EQ(sslact_model_evaluate(model, dataset, nullptr, report.out()), SSLACT_ERROR_DECODE);
    store.answer = 5;
    expect_failure(sslact_dataset_read(dataset, 2, sample.out()), SSLACT_ERROR_INTERNAL,
                   {"clips[2]", "returned 5"});
    EXPECT_EQ(store.releases, 0);

    store.answer = 0;
    EXPECT_EQ(sslact_dataset_read(dataset, 2, sample.out()), SSLACT_OK);
}

TEST(CallbackDataset, TrainerGoesOnAfterAFailedReadAsIfNothingHadHappened)
{
    const Config config = tiny_config({{"ssl.preset", "baseline"}});
    Store store;
    const Dataset dataset = store.open();
    Trainer trainer, undisturbed;
    ASSERT_DONE_WELL(sslact_trainer_create(config, dataset, nullptr, trainer.out()));
    ASSERT_DONE_WELL(sslact_trainer_create(config, labelled_clips(), nullptr, undisturbed.out()));
    store.answer = SSLACT_ERROR_IO;
    sslact_step_report report;
    SSLACT_INIT(report);

    expect_failure(sslact_trainer_step(trainer, &report), SSLACT_ERROR_IO, {"clips["});
    EXPECT_EQ(report.iteration, 0) << "nothing is written on failure";
    EXPECT_EQ(sslact_trainer_step(trainer, nullptr), SSLACT_ERROR_IO);
    EXPECT_EQ(iterations_done(trainer), 0);
    store.answer = 0;
    step(trainer, 4);
    step(undisturbed, 4);

    EXPECT_TRUE(state_of(trainer) == state_of(undisturbed));
}

TEST(CallbackDataset, IsReadBySeveralThreadsOnlyWhereItAllowsThat)
{
    Store store;
    sslact_clip_source source = store.describe();
    source.concurrent = 1;
    Dataset dataset;
    ASSERT_DONE_WELL(sslact_dataset_create_from_source(&source, dataset.out()));
    Trainer trainer;
    ASSERT_DONE_WELL(sslact_trainer_create(
        tiny_config({{"ssl.preset", "baseline"}, {"run.loader_threads", "4"}}), dataset, nullptr,
        trainer.out()));
    step(trainer, 4);
    trainer.reset();
    EXPECT_EQ(store.reads, store.releases);
}

} // namespace
