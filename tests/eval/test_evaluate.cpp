// A tiny network over data sets in memory, against forward passes and counts made by hand.
#include "eval/evaluate.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <atomic>
#include <cmath>
#include <cstring>

#include "base/error.hpp"
#include "support/memory_clips.h"

namespace
{

using sslact::Detector;
using sslact::Error;
using sslact::evaluate_network;
using sslact::EvaluateSettings;
using sslact::Evaluation;
using test::ClipShape;
using test::Held;

constexpr int32_t class_count = 3;

std::shared_ptr<Detector> make_network(uint64_t seed = 1, int32_t classes = class_count)
{
    const Held<config> settings = test::make_config(
        {{"model.preset", "slowfast_tiny"}, {"model.class_count", std::to_string(classes)}});
    auto network = std::make_shared<Detector>(sslact::read_network_options(settings.get()));
    sslact::initialise(*network, seed);
    network->eval();
    return network;
}

ClipShape shaped(int32_t height, int32_t width, int32_t boxes)
{
    ClipShape shape;
    shape.height = height;
    shape.width = width;
    shape.boxes = boxes;
    return shape;
}

// Clips of two sizes, one of them without a box.
std::vector<ClipShape> mixed_shapes()
{
    return {shaped(32, 48, 2), shaped(48, 32, 1), shaped(32, 48, 0), shaped(32, 48, 3),
            shaped(48, 32, 1)};
}

// Scores [K, C] of a clip by itself, from its bytes.
at::Tensor score_by_hand(Detector &network, size_t number, const ClipShape &shape)
{
    const c10::InferenceMode no_gradient;
    const test::OwnClip own(number, shape);
    const at::Tensor bytes = at::from_blob(const_cast<uint8_t *>(own.pixels.data()),
                                           {shape.frames, shape.height, shape.width, 3}, at::kByte);
    const at::Tensor frames =
        ((bytes.to(at::kFloat) / 255 - 0.45) / 0.225).permute({3, 0, 1, 2}).unsqueeze(0);
    at::Tensor rois = at::zeros({shape.boxes, 5});
    for (int32_t i = 0; i < shape.boxes; ++i) {
        rois[i][1] = own.boxes[i].x1;
        rois[i][2] = own.boxes[i].y1;
        rois[i][3] = own.boxes[i].x2;
        rois[i][4] = own.boxes[i].y2;
    }
    return at::sigmoid(network.forward(frames.contiguous(), rois));
}

std::vector<at::Tensor> copy_state(const Detector &network)
{
    std::vector<at::Tensor> copies;
    for (const auto &[name, array] : sslact::named_arrays(network)) {
        copies.push_back(array.detach().clone());
    }
    return copies;
}

void expect_same_state(const Detector &network, const std::vector<at::Tensor> &before)
{
    size_t i = 0;
    for (const auto &[name, array] : sslact::named_arrays(network)) {
        EXPECT_TRUE(at::equal(array, before.at(i++))) << name;
    }
}

TEST(Evaluate, ScoresEveryBoxAsAForwardOfItsClipAlone)
{
    const auto network = make_network();
    const std::vector<ClipShape> shapes = mixed_shapes();
    const Held<dataset> data = test::make_set(class_count, shapes);
    EvaluateSettings settings;
    settings.batch_clips = 3; // batches of both sizes, the last one shorter
    settings.loader_threads = 2;
    const Evaluation result = evaluate_network(*network, data.get(), settings);

    ASSERT_EQ(result.clips.size(), shapes.size());
    EXPECT_EQ(result.box_count, 7);
    for (size_t n = 0; n < shapes.size(); ++n) {
        const sslact::ScoredClip &scored = result.clips[n];
        EXPECT_EQ(scored.clip, n);
        ASSERT_EQ(scored.boxes.size(), static_cast<size_t>(shapes[n].boxes));
        ASSERT_EQ(scored.scores.size(), static_cast<size_t>(shapes[n].boxes) * class_count);
        const at::Tensor expected = score_by_hand(*network, n, shapes[n]);
        const test::OwnClip own(n, shapes[n]);
        for (size_t i = 0; i < scored.boxes.size(); ++i) {
            EXPECT_EQ(scored.boxes[i].x1, own.boxes[i].x1);
            for (int32_t j = 0; j < class_count; ++j) {
                EXPECT_NEAR(scored.scores[i * class_count + j],
                            expected[static_cast<int64_t>(i)][j].item<double>(), 1e-5)
                    << n << " " << i << " " << j;
            }
        }
    }
}

TEST(Evaluate, CountsTheLabelsOfTheSetAsGroundTruth)
{
    const auto network = make_network();
    const std::vector<ClipShape> shapes = mixed_shapes();
    const Held<dataset> data = test::make_set(class_count, shapes);
    const Evaluation result = evaluate_network(*network, data.get(), {});

    int64_t positives[class_count] = {};
    for (size_t n = 0; n < shapes.size(); ++n) {
        const test::OwnClip own(n, shapes[n]);
        for (size_t k = 0; k < own.labels.size(); ++k) {
            positives[k % class_count] += own.labels[k];
        }
    }
    for (int32_t j = 0; j < class_count; ++j) {
        ASSERT_GT(positives[j], 0);
        EXPECT_EQ(result.map->classes[j].positive_count, positives[j]);
        EXPECT_EQ(result.map->classes[j].detection_count, 7);
        EXPECT_EQ(result.chance->classes[j].positive_count, positives[j]);
    }
    EXPECT_GT(result.map->mean, 0.0);
    EXPECT_LE(result.map->mean, 1.0);
}

TEST(Evaluate, GivesTheSameForAnyBatchAndThreads)
{
    const auto network = make_network();
    const Held<dataset> data =
        test::make_set(class_count, std::vector<ClipShape>(70, shaped(16, 16, 1)));
    EvaluateSettings one, many;
    one.batch_clips = 1;
    many.batch_clips = 64;
    many.loader_threads = 3;
    const Evaluation a = evaluate_network(*network, data.get(), one);
    const Evaluation b = evaluate_network(*network, data.get(), many);

    ASSERT_EQ(a.clips.size(), 70u); // more than are read ahead
    ASSERT_EQ(b.clips.size(), 70u);
    for (size_t n = 0; n < 70; ++n) {
        EXPECT_EQ(b.clips[n].clip, n);
        for (int32_t j = 0; j < class_count; ++j) {
            EXPECT_NEAR(a.clips[n].scores[j], b.clips[n].scores[j], 1e-5);
        }
    }
}

TEST(Evaluate, TakesBatchesOfOneWhereNoneAreAskedFor)
{
    const auto network = make_network();
    const Held<dataset> data = test::make_set(class_count, mixed_shapes());
    EvaluateSettings settings;
    settings.batch_clips = 0;
    settings.loader_threads = 0;

    EXPECT_EQ(evaluate_network(*network, data.get(), settings).clips.size(), 5u);
}

TEST(Evaluate, UsesATrainingNetworkInEvaluationModeAndLeavesItAsItWas)
{
    const auto network = make_network();
    const Held<dataset> data = test::make_set(class_count, mixed_shapes());
    const Evaluation expected = evaluate_network(*network, data.get(), {});
    network->train();
    const std::vector<at::Tensor> before = copy_state(*network);
    const Evaluation result = evaluate_network(*network, data.get(), {});

    EXPECT_TRUE(network->is_training());
    for (const auto &module : network->modules()) {
        EXPECT_TRUE(module->is_training());
    }
    expect_same_state(*network, before);
    for (size_t n = 0; n < expected.clips.size(); ++n) {
        EXPECT_EQ(result.clips[n].scores, expected.clips[n].scores);
    }
}

TEST(Evaluate, PutsTheModeBackWhenItFails)
{
    const auto network = make_network();
    ClipShape odd = shaped(32, 48, 1);
    odd.frames = 6; // no multiple of alpha
    const Held<dataset> data = test::make_set(class_count, {odd});
    network->train();

    EXPECT_THROW(evaluate_network(*network, data.get(), {}), Error);
    EXPECT_TRUE(network->is_training());
}

TEST(Evaluate, ChanceIsRepeatableAndKnowsNothingOfTheNetwork)
{
    const auto first = make_network(1), second = make_network(2);
    const Held<dataset> data =
        test::make_set(class_count, std::vector<ClipShape>(12, shaped(16, 16, 2)));
    EvaluateSettings settings;
    settings.seed = 5;
    const Evaluation a = evaluate_network(*first, data.get(), settings);
    const Evaluation b = evaluate_network(*second, data.get(), settings);
    settings.seed = 6;
    const Evaluation c = evaluate_network(*first, data.get(), settings);

    bool another = false;
    for (int32_t j = 0; j < class_count; ++j) {
        const double average = a.chance->classes[j].average_precision;
        EXPECT_TRUE(std::isfinite(average));
        EXPECT_EQ(average, b.chance->classes[j].average_precision);
        another = another || average != c.chance->classes[j].average_precision;
    }
    EXPECT_TRUE(another) << "the seed changes nothing";
    EXPECT_NE(a.clips[0].scores, b.clips[0].scores);
}

TEST(Evaluate, StopsAfterMaxClipsAndCountsOnlyTheirLabels)
{
    const auto network = make_network();
    const std::vector<ClipShape> shapes = mixed_shapes();
    const Held<dataset> data = test::make_set(class_count, shapes);
    const Held<dataset> start = test::make_set(class_count, {shapes[0], shapes[1]});
    EvaluateSettings settings;
    settings.max_clips = 2;
    const Evaluation some = evaluate_network(*network, data.get(), settings);
    const Evaluation all = evaluate_network(*network, start.get(), {});

    ASSERT_EQ(some.clips.size(), 2u);
    EXPECT_EQ(some.box_count, 3);
    for (int32_t j = 0; j < class_count; ++j) {
        EXPECT_EQ(some.map->classes[j].positive_count, all.map->classes[j].positive_count);
    }
    settings.max_clips = 99;
    EXPECT_EQ(evaluate_network(*network, data.get(), settings).clips.size(), 5u);
}

TEST(Evaluate, TellsItsProgressAndStopsWhenTold)
{
    const auto network = make_network();
    const Held<dataset> data = test::make_set(class_count, mixed_shapes());
    std::vector<std::pair<int64_t, int64_t>> seen;
    EvaluateSettings settings;
    settings.batch_clips = 2;
    settings.progress = [&](int64_t done, int64_t total) {
        seen.emplace_back(done, total);
        return false;
    };
    evaluate_network(*network, data.get(), settings);
    EXPECT_EQ(seen, (std::vector<std::pair<int64_t, int64_t>>{{2, 5}, {4, 5}, {5, 5}}));

    settings.progress = [](int64_t done, int64_t) { return done >= 4; };
    try {
        evaluate_network(*network, data.get(), settings);
        FAIL() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_CANCELLED);
        EXPECT_STREQ(error.what(), "evaluation cancelled after 4 of 5 clips");
    }
}

TEST(Evaluate, RefusesADataSetOfOtherClasses)
{
    const auto network = make_network(1, 4);
    const Held<dataset> data = test::make_set(class_count, mixed_shapes());

    try {
        evaluate_network(*network, data.get(), {});
        FAIL() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
        EXPECT_STREQ(error.what(), "the data set has 3 classes, the model has 4");
    }
}

TEST(Evaluate, ManagesADataSetWithoutClips)
{
    const auto network = make_network();
    const Held<dataset> data = test::make_set(class_count, {});
    const Evaluation result = evaluate_network(*network, data.get(), {});

    EXPECT_TRUE(result.clips.empty());
    EXPECT_EQ(result.box_count, 0);
    EXPECT_TRUE(std::isnan(result.map->mean));
}

// A source whose clips are fine until they are read for the second time: the truth is collected
// first, the pictures later.
struct Failing {
    test::OwnClip own{0, shaped(16, 16, 1)};
    std::atomic<int> reads{0};
};

TEST(Evaluate, CarriesTheMessageOfAClipThatCannotBeRead)
{
    Failing state;
    sslact_clip_source source;
    SSLACT_INIT(source);
    source.clip_count = 4;
    source.class_count = class_count;
    source.user = &state;
    source.read = [](size_t index, sslact_clip *out, void *user) -> int {
        auto *self = static_cast<Failing *>(user);
        if (index == 2 && self->reads++ > 0) {
            return SSLACT_ERROR_DECODE;
        }
        *out = self->own.view;
        return 0;
    };
    dataset *made = nullptr;
    test::require(dataset_create_from_source(&source, &made));
    const Held<dataset> data(made);
    const auto network = make_network();

    try {
        evaluate_network(*network, data.get(), {});
        FAIL() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_DECODE);
        EXPECT_NE(std::string(error.what()).find("2"), std::string::npos) << error.what();
    }
    EXPECT_GE(state.reads.load(), 2);
}

TEST(ScoreClips, PutsRowsBackInTheOrderOfTheClips)
{
    const auto network = make_network();
    const std::vector<ClipShape> shapes = mixed_shapes();
    const Held<dataset> data = test::make_set(class_count, shapes);
    std::vector<Held<clip>> held;
    std::vector<const clip *> clips;
    for (size_t n : {4, 0, 1, 3}) {
        clip *read = nullptr;
        test::require(dataset_read(data.get(), n, &read));
        held.emplace_back(read);
        clips.push_back(read);
    }
    const at::Tensor scores = sslact::score_clips(*network, clips);

    std::vector<at::Tensor> expected;
    for (size_t n : {4, 0, 1, 3}) {
        expected.push_back(score_by_hand(*network, n, shapes[n]));
    }
    ASSERT_EQ(scores.sizes().vec(), (std::vector<int64_t>{7, class_count}));
    EXPECT_TRUE(at::allclose(scores, at::cat(expected), 0, 1e-5));
    EXPECT_FALSE(scores.requires_grad());
    EXPECT_EQ(sslact::score_clips(*network, {}).sizes().vec(),
              (std::vector<int64_t>{0, class_count}));
}

} // namespace
