// The ACAR head on small sizes, against the steps of models.md section 7 written out one by one.

#include "nn/acar_head.h"
#include "nn/network.h"

#include "base/error.hpp"
#include "ops/roi_align.h"
#include "support/sha256.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace
{

using namespace test;
using sslact::NetworkOptions;
using Parameters = std::map<std::string, at::Tensor>;

NetworkOptions make_acar_options()
{
    NetworkOptions options = make_tiny_options();
    options.head = sslact::HeadKind::acar;
    options.acar_reduce_dim = 12;
    options.acar_hidden_dim = 6;
    options.acar_dropout = 0.0;
    return options;
}

// Boxes of three clips, out of order; clip 1 has none, clip 2 a single one.
at::Tensor make_mixed_rois()
{
    return make_rois({{0, 0.1f, 0.2f, 0.6f, 0.9f},
                      {2, 0.4f, 0.0f, 1.0f, 1.0f},
                      {0, 0.0f, 0.0f, 0.5f, 0.5f},
                      {0, 0.3f, 0.1f, 0.8f, 0.7f}});
}

Parameters list_parameters(const sslact::RoiHead &head)
{
    Parameters out;
    for (const auto &item : head.named_parameters()) {
        out[item.key()] = item.value();
    }
    return out;
}

// One relation layer, actor by actor, position by position. x [n, C, u, v].
at::Tensor relate(const at::Tensor &x, const Parameters &p, const std::string &name)
{
    at::Tensor q = at::conv2d(x, p.at(name + "conv_q.weight"), {}, 1, 1);
    at::Tensor k = at::conv2d(x, p.at(name + "conv_k.weight"), {}, 1, 1);
    at::Tensor v = at::conv2d(x, p.at(name + "conv_v.weight"), {}, 1, 1);
    at::Tensor mixed = at::zeros_like(v);
    for (int64_t i = 0; i < x.size(0); i++) {
        at::Tensor total = at::zeros({x.size(2), x.size(3)}, x.options());
        for (int64_t j = 0; j < x.size(0); j++) {
            at::Tensor share = ((q[i] * k[j]).sum(0) / std::sqrt(double(x.size(1)))).exp();
            total += share;
            mixed[i] += share * v[j];
        }
        mixed[i] /= total;
    }
    for (int64_t i = 0; i < x.size(0); i++) {
        at::Tensor centred = mixed[i] - mixed[i].mean();
        at::Tensor unit = centred / (centred.square().mean() + 1e-5).sqrt();
        mixed[i] = unit * p.at(name + "norm.weight").view({-1, 1, 1}) +
                   p.at(name + "norm.bias").view({-1, 1, 1});
    }
    int64_t side = p.at(name + "conv.weight").size(2);
    return x + at::conv2d(mixed.relu(), p.at(name + "conv.weight"), {}, 1, side / 2);
}

// Logits of one clip's actors, with the tiled tensor that the network never makes.
at::Tensor score_clip(const at::Tensor &map, const at::Tensor &boxes, const Parameters &p,
                      const NetworkOptions &options)
{
    at::Tensor context = at::conv2d(map, p.at("conv_reduce.weight")); // [1, R, h, w]
    int64_t side = options.roi_resolution;
    at::Tensor actors =
        sslact::roi_align(context, boxes, 1.0, side, side, 0, options.roi_aligned).amax({2, 3});
    std::vector<at::Tensor> tiles;
    for (int64_t i = 0; i < boxes.size(0); i++) {
        at::Tensor spread = actors[i].view({1, -1, 1, 1}).expand_as(context);
        tiles.push_back(at::cat({context, spread}, 1));
    }
    at::Tensor x = at::conv2d(at::cat(tiles), p.at("conv1.weight")).relu();
    x = at::max_pool2d(at::conv2d(x, p.at("conv2.weight")).relu(), 3, 2, 1);
    for (int64_t depth = 0; depth < options.acar_depth; depth++) {
        std::string name = "hr2o.";
        name += std::to_string(depth);
        name += ".";
        x = relate(x, p, name);
    }
    at::Tensor actor = at::matmul(actors, p.at("fc1.weight").t()).relu();
    return at::matmul(at::cat({actor, x.mean({2, 3})}, 1), p.at("fc2.weight").t());
}

sslact::Pathways make_features(int64_t clips, int64_t height, int64_t width)
{
    return {fill_numbers({clips, 64, 2, height, width}, 11),
            fill_numbers({clips, 32, 8, height, width}, 12)};
}

std::shared_ptr<sslact::RoiHead> make_filled_head(const NetworkOptions &options)
{
    at::NoGradGuard no_grad;
    auto head = sslact::make_head(options);
    head->to(at::kDouble);
    uint32_t k = 0;
    for (auto &item : head->named_parameters()) {
        item.value().copy_(make_golden_array(item.key(), item.value(), k++));
    }
    head->eval();
    return head;
}

void expect_reference(const NetworkOptions &options)
{
    at::NoGradGuard no_grad;
    auto head = make_filled_head(options);
    sslact::Pathways features = make_features(3, 9, 7);
    at::Tensor rois = make_mixed_rois().to(at::kDouble);

    at::Tensor logits = head->forward(features, rois, 36, 28, {});

    at::Tensor map = at::cat({features.slow.mean(2), features.fast.mean(2)}, 1);
    at::Tensor boxes = rois * at::tensor({0.0, 7.0, 9.0, 7.0, 9.0}, at::kDouble);
    Parameters p = list_parameters(*head);
    at::Tensor first = at::tensor(std::vector<int64_t>{0, 2, 3});
    at::Tensor crowd = score_clip(map.slice(0, 0, 1), boxes.index_select(0, first), p, options);
    at::Tensor single = score_clip(map.slice(0, 2, 3), boxes.slice(0, 1, 2), p, options);
    EXPECT_LT((logits.index_select(0, first) - crowd).abs().max().item<double>(), 1e-12);
    EXPECT_LT((logits.slice(0, 1, 2) - single).abs().max().item<double>(), 1e-12);
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

} // namespace

TEST(AcarHead, HasThePublishedNamesAndSize)
{
    NetworkOptions options;
    options.head = sslact::HeadKind::acar;
    auto head = sslact::make_head(options);
    std::vector<std::string> lines;
    for (const auto &item : head->named_parameters()) {
        std::string line = item.key() + "\t";
        for (int64_t axis = 0; axis < item.value().dim(); axis++) {
            line += (axis > 0 ? "," : "");
            line += std::to_string(item.value().size(axis));
        }
        lines.push_back(line + "\n");
    }
    std::sort(lines.begin(), lines.end());
    std::string listing;
    for (const std::string &line : lines) {
        listing += line;
    }

    EXPECT_EQ(lines.size(), 17u);
    EXPECT_EQ(test::sha256(listing),
              "f4eca0146ac1d2b9f36a7e390e2a29c11e2f91a65de40c15c15b87202be3753a");
}

TEST(AcarHead, RelatesActorsOfOneClipOnlyAsTheStepsSay)
{
    expect_reference(make_acar_options());
}

TEST(AcarHead, FollowsDepthAndTheLastKernel)
{
    NetworkOptions options = make_acar_options();
    options.acar_depth = 3;
    options.acar_last_kernel = 1;
    options.roi_aligned = true;
    expect_reference(options);
}

TEST(AcarHead, GivesAnActorTheSameRowWhateverTheOtherClipsHold)
{
    auto detector = make_network(make_acar_options());
    detector->eval();
    at::NoGradGuard no_grad;
    at::Tensor clips = make_clips(3, 8, 32, 32);
    at::Tensor rois = make_mixed_rois();

    at::Tensor together = detector->forward(clips, rois);
    at::Tensor alone = rois.slice(0, 1, 2).clone();
    alone[0][0] = 0;
    at::Tensor single = detector->forward(clips.slice(0, 2, 3), alone);

    EXPECT_EQ(together.sizes().vec(), (std::vector<int64_t>{4, 5}));
    EXPECT_LT((together.slice(0, 1, 2) - single).abs().max().item<double>(), 1e-5);
}

TEST(AcarHead, MovesAnActorWhenAnotherActorOfItsClipMoves)
{
    auto head = make_filled_head(make_acar_options());
    at::NoGradGuard no_grad;
    sslact::Pathways features = make_features(3, 9, 7);
    at::Tensor rois = make_mixed_rois().to(at::kDouble);
    at::Tensor before = head->forward(features, rois, 36, 28, {});
    rois[0][3] = 1.0;
    at::Tensor change = (head->forward(features, rois, 36, 28, {}) - before).abs().amax(1);

    EXPECT_EQ(change[1].item<double>(), 0.0); // the other clip's
    EXPECT_GT(change[2].item<double>(), 1e-6);
    EXPECT_GT(change[3].item<double>(), 1e-6);
}

TEST(AcarHead, GivesNoRowsWithoutBoxesAndGradientsStillFlow)
{
    auto detector = make_network(make_acar_options());
    for (bool frozen : {false, true}) {
        detector->freeze_batch_norm(frozen);
        at::Tensor logits = detector->forward(make_clips(2, 8, 32, 32), at::zeros({0, 5}));
        EXPECT_EQ(logits.sizes().vec(), (std::vector<int64_t>{0, 5}));
        logits.sum().backward();
    }
    EXPECT_EQ(detector->named_parameters()["head.fc2.weight"].grad().abs().sum().item<double>(),
              0.0);
}

TEST(AcarHead, DropsRelationsInTrainingOnlyAndRepeatsItsRun)
{
    NetworkOptions options = make_acar_options();
    options.acar_dropout = 0.5;
    auto detector = make_network(options);
    detector->freeze_batch_norm(true);
    at::Tensor clips = make_clips(3, 8, 32, 32);
    auto run = [&](uint64_t iteration) {
        detector->set_dropout_stream(7, iteration);
        return detector->forward(clips, make_mixed_rois()).detach();
    };

    at::Tensor first = run(1);
    EXPECT_FALSE(run(2).equal(first));
    EXPECT_TRUE(run(1).equal(first));
    detector->eval();
    EXPECT_TRUE(run(1).equal(run(2)));
}

TEST(AcarHead, GivesEveryLayerNumbersOfItsOwn)
{
    at::Tensor ones = at::zeros({3, 64}) + 1.0;
    at::Tensor mask = sslact::drop_out(ones, 0.5, {3, 10, 1, 0});

    EXPECT_FALSE(sslact::drop_out(ones, 0.5, {3, 10, 1, 1}).equal(mask));
    // A row of planes is the same row of numbers.
    EXPECT_TRUE(
        sslact::drop_out(ones.view({3, 4, 4, 4}), 0.5, {3, 10, 1, 0}).flatten(1).equal(mask));
}

TEST(AcarHead, RefusesPicturesThatLeaveItTooSmallAMap)
{
    auto detector = make_network(make_acar_options());
    detector->eval();
    at::Tensor rois = make_rois({{0, 0, 0, 1, 1}});

    EXPECT_EQ(catch_status([&] { detector->forward(make_clips(1, 8, 8, 32), rois); }),
              SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(catch_status([&] { detector->forward(make_clips(1, 8, 9, 32), rois); }), SSLACT_OK);
}

TEST(Initialise, StartsNormsOfTheAcarHeadAtOneAndItsConvolutionsByTheirFanOut)
{
    NetworkOptions options = make_acar_options();
    options.acar_hidden_dim = 64;
    auto parameters = list_parameters(*sslact::make_head(options));
    auto detector = make_network(options);
    auto filled = detector->named_parameters();

    EXPECT_TRUE(filled["head.hr2o.1.norm.weight"].eq(1).all().item<bool>());
    EXPECT_TRUE(filled["head.hr2o.1.norm.bias"].eq(0).all().item<bool>());
    EXPECT_NEAR(filled["head.hr2o.0.conv_q.weight"].std().item<double>(), std::sqrt(2.0 / (64 * 9)),
                0.001);
    EXPECT_NEAR(filled["head.fc1.weight"].std().item<double>(), 0.01, 0.001);
    EXPECT_FALSE(filled["head.hr2o.0.conv_q.weight"].equal(filled["head.hr2o.1.conv_q.weight"]));
}

TEST(SeparateClasses, GivesLogitsWhoseSigmoidIsTheSoftmaxOfThePoses)
{
    for (int64_t classes : {60, 80}) {
        NetworkOptions options = make_tiny_options();
        options.class_count = classes;
        options.output_activation = sslact::OutputActivation::pose_softmax_sigmoid;
        sslact::Detector detector(options);
        at::Tensor logits = fill_numbers({4, classes}, 3, 30.0); // far beyond what exp bears
        at::Tensor separate = detector.separate_classes(logits);

        EXPECT_LT((separate.sigmoid() - detector.activate(logits)).abs().max().item<double>(),
                  1e-14);
        EXPECT_TRUE(separate.isfinite().all().item<bool>());
    }
    sslact::Detector plain(make_tiny_options());
    at::Tensor logits = fill_numbers({4, 5}, 3);
    EXPECT_TRUE(plain.separate_classes(logits).is_same(logits));
}
