// Behaviour of the whole network on small sizes: empties, odd sizes, batch norm, dropout, layout.

#include "nn/detector.h"
#include "nn/network.h"

#include "base/error.hpp"

#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace
{

using namespace test;
using sslact::Detector;
using sslact::NetworkOptions;

at::Tensor make_two_rois()
{
    return make_rois({{0, 0.1f, 0.2f, 0.6f, 0.9f}, {1, 0.4f, 0.0f, 1.0f, 1.0f}});
}

sslact_status catch_status(const std::function<void()> &call)
{
    try {
        call();
    } catch (const sslact::Error &error) {
        return error.status();
    }
    return SSLACT_OK;
}

double get_largest_difference(const at::Tensor &a, const at::Tensor &b)
{
    return (a - b).abs().max().item<double>();
}

} // namespace

TEST(Detector, GivesOneRowOfLogitsABoxForPicturesOfOddSize)
{
    auto detector = make_network(make_tiny_options());
    detector->eval();
    for (auto [height, width] : {std::pair<int64_t, int64_t>{32, 48}, {33, 47}, {17, 5}, {1, 1}}) {
        at::Tensor logits = detector->forward(make_clips(2, 8, height, width), make_two_rois());
        EXPECT_EQ(logits.sizes().vec(), (std::vector<int64_t>{2, 5}));
        EXPECT_TRUE(logits.isfinite().all().item<bool>());
    }
}

TEST(Detector, GivesNoRowsWithoutBoxesAndGradientsStillFlow)
{
    auto detector = make_network(make_tiny_options());
    for (bool frozen : {false, true}) {
        detector->freeze_batch_norm(frozen);
        for (int64_t clips : {0, 2}) {
            at::Tensor logits = detector->forward(make_clips(clips, 8, 16, 16), at::zeros({0, 5}));
            EXPECT_EQ(logits.sizes().vec(), (std::vector<int64_t>{0, 5}));
            logits.sum().backward();
        }
    }
    auto parameters = detector->named_parameters();
    EXPECT_EQ(parameters["head.projection.weight"].grad().abs().sum().item<double>(), 0.0);
}

TEST(Detector, RefusesShapesItDoesNotTake)
{
    auto detector = make_network(make_tiny_options());
    at::Tensor clips = make_clips(2, 8, 16, 16);
    at::Tensor rois = make_two_rois();
    auto run = [&](const at::Tensor &x, const at::Tensor &boxes) {
        return catch_status([&] { detector->forward(x, boxes); });
    };

    EXPECT_EQ(run(clips[0], rois), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(run(clips.slice(1, 0, 2), rois), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(run(clips.slice(2, 0, 6), rois), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(run(clips, rois.slice(1, 0, 4)), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(run(clips.slice(0, 0, 0), rois), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(run(clips, rois), SSLACT_OK);
    EXPECT_THROW(detector->forward(clips.slice(0, 0, 1), rois), c10::Error); // box of clip 1
}

TEST(Detector, TreatsEveryClipForItselfWhenBatchNormIsFrozen)
{
    auto detector = make_network(make_tiny_options());
    detector->eval();
    at::NoGradGuard no_grad;
    at::Tensor clips = make_clips(2, 8, 32, 48);
    at::Tensor rois = make_two_rois();
    at::Tensor second = rois.slice(0, 1, 2).clone();
    second[0][0] = 0;

    at::Tensor together = detector->forward(clips, rois);
    at::Tensor alone = at::cat({detector->forward(clips.slice(0, 0, 1), rois.slice(0, 0, 1)),
                                detector->forward(clips.slice(0, 1, 2), second)});

    // A single clip takes another road through torch: equal to float rounding of sums of 100.
    EXPECT_LT(get_largest_difference(together, alone), 1e-5);
}

TEST(Detector, ASingleClipGetsTheGradientsOfTheSameClipTwice)
{
    auto detector = make_network(make_tiny_options());
    detector->freeze_batch_norm(true);
    at::Tensor clip = make_clips(1, 8, 16, 24);
    at::Tensor rois = make_rois({{0, 0.1f, 0.2f, 0.6f, 0.9f}});
    at::Tensor twice = make_rois({{0, 0.1f, 0.2f, 0.6f, 0.9f}, {1, 0.1f, 0.2f, 0.6f, 0.9f}});
    std::vector<at::Tensor> gradients;

    detector->forward(clip, rois).square().sum().backward();
    for (const at::Tensor &parameter : detector->parameters()) {
        gradients.push_back(parameter.grad().clone());
        parameter.mutable_grad().zero_();
    }
    (detector->forward(at::cat({clip, clip}), twice).square().sum() * 0.5).backward();

    size_t i = 0;
    for (const at::Tensor &parameter : detector->parameters()) {
        EXPECT_TRUE(at::allclose(parameter.grad(), gradients[i++], 1e-3, 1e-5));
    }
}

TEST(Detector, BatchNormLearnsItsStatisticsInTrainingUnlessFrozen)
{
    auto detector = make_network(make_tiny_options());
    auto buffers = detector->named_buffers();
    at::Tensor mean = buffers["s1.pathway0_stem.bn.running_mean"];
    at::Tensor count = buffers["s1.pathway0_stem.bn.num_batches_tracked"];
    at::Tensor clips = make_clips(2, 8, 16, 16);

    detector->freeze_batch_norm(true);
    detector->forward(clips, make_two_rois());
    EXPECT_EQ(mean.abs().sum().item<double>(), 0.0);
    EXPECT_EQ(count.item<int64_t>(), 0);
    detector->eval();
    detector->freeze_batch_norm(false);
    detector->forward(clips, make_two_rois());
    EXPECT_EQ(mean.abs().sum().item<double>(), 0.0);
    detector->train();
    detector->forward(clips, make_two_rois());
    EXPECT_GT(mean.abs().sum().item<double>(), 0.0);
    EXPECT_EQ(count.item<int64_t>(), 1);
}

TEST(Detector, FrozenBatchNormStillTrainsItsWeightAndBias)
{
    auto detector = make_network(make_tiny_options());
    detector->freeze_batch_norm(true);

    detector->forward(make_clips(2, 8, 16, 16), make_two_rois()).square().sum().backward();

    auto parameters = detector->named_parameters();
    for (const char *name :
         {"s1.pathway0_stem.bn.weight", "s2_fuse.bn.bias", "s3.pathway1_res0.branch1_bn.weight"}) {
        EXPECT_GT(parameters[name].grad().abs().sum().item<double>(), 0.0) << name;
    }
}

TEST(Detector, TrainingWithFrozenBatchNormEqualsEvaluation)
{
    auto detector = make_network(make_tiny_options());
    at::Tensor clips = make_clips(2, 8, 32, 48);
    detector->freeze_batch_norm(true);
    at::Tensor training = detector->forward(clips, make_two_rois());
    detector->eval();
    at::Tensor evaluation = detector->forward(clips, make_two_rois());

    EXPECT_TRUE(training.equal(evaluation));
}

TEST(Detector, UsesParametersThatWereMovedIntoOneBuffer)
{
    auto detector = make_network(make_tiny_options());
    detector->eval();
    at::NoGradGuard no_grad;
    at::Tensor clips = make_clips(2, 8, 16, 16);
    at::Tensor before = detector->forward(clips, make_two_rois());
    at::Tensor flat = at::zeros({1 << 20});
    int64_t offset = 0;
    for (at::Tensor &parameter : detector->parameters()) {
        at::Tensor view = flat.slice(0, offset, offset + parameter.numel()).view_as(parameter);
        view.copy_(parameter);
        offset += parameter.numel();
        parameter.set_data(view);
    }

    EXPECT_TRUE(detector->forward(clips, make_two_rois()).equal(before));
    flat.zero_();
    EXPECT_EQ(detector->forward(clips, make_two_rois()).abs().sum().item<double>(), 0.0);
}

TEST(Detector, PixelCoordinatesDifferFromRelativeOnesOnlyOffTheStride)
{
    NetworkOptions relative = make_tiny_options();
    NetworkOptions pixels = relative;
    pixels.roi_coords = sslact::RoiCoordinates::pixels_over_16;
    auto first = make_network(relative);
    auto second = make_network(pixels);
    first->eval();
    second->eval();
    at::NoGradGuard no_grad;
    auto compare = [&](int64_t width) {
        at::Tensor clips = make_clips(2, 8, 16, width);
        return get_largest_difference(first->forward(clips, make_two_rois()),
                                      second->forward(clips, make_two_rois()));
    };

    EXPECT_LT(compare(32), 1e-5);
    EXPECT_GT(compare(33), 1e-4);
}

TEST(Detector, ActivatesPosesTogetherAndTheRestAlone)
{
    NetworkOptions options = make_tiny_options();
    options.class_count = 60;
    options.output_activation = sslact::OutputActivation::pose_softmax_sigmoid;
    Detector detector(options);

    at::Tensor scores = detector.activate(at::zeros({2, 60}));

    EXPECT_NEAR(scores[1][12].item<double>(), 1.0 / 13, 1e-6);
    EXPECT_NEAR(scores[1][13].item<double>(), 0.5, 1e-6);
    EXPECT_NEAR(scores.slice(1, 0, 13).sum().item<double>(), 2.0, 1e-5);
    EXPECT_NEAR(Detector(make_tiny_options()).activate(at::zeros({1, 5})).sum().item<double>(), 2.5,
                1e-6);
}

TEST(SlowFrames, AreTheOnesOfEachRule)
{
    NetworkOptions options;
    using Frames = std::vector<int64_t>;
    EXPECT_EQ(sslact::get_slow_frames(options, 32), (Frames{0, 4, 8, 13, 17, 22, 26, 31}));
    EXPECT_EQ(sslact::get_slow_frames(options, 4), (Frames{0}));
    options.alpha = 8;
    EXPECT_EQ(sslact::get_slow_frames(options, 32), (Frames{0, 10, 20, 31}));
    options.alpha = 4;
    options.slow_sampling = sslact::SlowSampling::stride;
    EXPECT_EQ(sslact::get_slow_frames(options, 16), (Frames{0, 4, 8, 12}));
    options.slow_sampling = sslact::SlowSampling::centered;
    EXPECT_EQ(sslact::get_slow_frames(options, 8), (Frames{2, 6}));
    EXPECT_EQ(catch_status([&] { sslact::get_slow_frames(options, 30); }), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(catch_status([&] { sslact::get_slow_frames(options, 0); }), SSLACT_ERROR_MISMATCH);
}

TEST(Dropout, GivesTheSameMaskForTheSameStreamAndAnotherForAnyOther)
{
    at::Tensor ones = at::zeros({6, 96}) + 1.0;
    at::Tensor mask = sslact::drop_out(ones, 0.5, {3, 10, 0});

    EXPECT_TRUE(sslact::drop_out(ones, 0.5, {3, 10, 0}).equal(mask));
    EXPECT_FALSE(sslact::drop_out(ones, 0.5, {4, 10, 0}).equal(mask));
    EXPECT_FALSE(sslact::drop_out(ones, 0.5, {3, 11, 0}).equal(mask));
    EXPECT_FALSE(sslact::drop_out(ones, 0.5, {3, 10, 1}).equal(mask));
    EXPECT_FALSE(mask[0].equal(mask[1]));
    // Fewer rows or columns are a part of the same mask.
    at::Tensor part = sslact::drop_out(ones.slice(0, 0, 2).slice(1, 0, 5), 0.5, {3, 10, 0});
    EXPECT_TRUE(part.equal(mask.slice(0, 0, 2).slice(1, 0, 5)));
}

TEST(Dropout, KeepsTheRightShareAndTheMean)
{
    at::Tensor ones = at::zeros({200, 500}) + 1.0;
    at::Tensor dropped = sslact::drop_out(ones, 0.2, {1, 2, 0});

    double kept = dropped.gt(0).sum().item<double>() / 100000;
    EXPECT_NEAR(kept, 0.8, 0.005); // four standard deviations
    EXPECT_NEAR(dropped.max().item<double>(), 1.25, 1e-6);
    EXPECT_TRUE(sslact::drop_out(ones, 0.0, {1, 2, 0}).equal(ones));
}

TEST(Dropout, WorksInTrainingOnlyAndRepeatsItsRun)
{
    NetworkOptions options = make_tiny_options();
    options.head_dropout = 0.5;
    auto detector = make_network(options);
    detector->freeze_batch_norm(true);
    at::Tensor clips = make_clips(2, 8, 16, 16);
    auto run = [&](uint64_t iteration) {
        detector->set_dropout_stream(7, iteration);
        return detector->forward(clips, make_two_rois()).detach();
    };

    at::Tensor first = run(1);
    EXPECT_FALSE(run(2).equal(first));
    EXPECT_TRUE(run(1).equal(first));
    detector->eval();
    at::Tensor still = run(1);
    EXPECT_TRUE(run(2).equal(still));
}
