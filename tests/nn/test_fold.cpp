// Fast paths against the plain network: folded batch norm, layout, bfloat16. Each has its slow twin
// in the options.

#include "nn/fold.h"
#include "nn/network.h"

#include <ATen/ops/zeros.h>
#include <c10/core/Allocator.h>
#include <gtest/gtest.h>

#include <set>

namespace
{

using namespace test;
using sslact::Detector;
using sslact::NetworkOptions;

// All four stages, a dilated last one, so that every kind of convolution is there.
NetworkOptions make_deep_options()
{
    NetworkOptions options = make_tiny_options();
    options.stage_blocks = {1, 2, 1, 2};
    options.stage_strides = {1, 2, 1};
    options.stem_pool = true;
    return options;
}

NetworkOptions make_slow_options(NetworkOptions options)
{
    options.fold_batch_norm = false;
    options.channels_last = false;
    return options;
}

at::Tensor make_two_rois()
{
    return make_rois({{0, 0.1f, 0.2f, 0.6f, 0.9f}, {1, 0.4f, 0.0f, 1.0f, 1.0f}});
}

// Norms with statistics, scales and shifts of all sizes and signs.
std::shared_ptr<Detector> make_filled_network(const NetworkOptions &options, at::ScalarType type)
{
    at::NoGradGuard no_grad;
    auto detector = std::make_shared<Detector>(options);
    detector->to(at::kDouble);
    uint32_t k = 0;
    for (const auto &[name, array] : sslact::named_arrays(*detector)) {
        if (!ends_with(name, "num_batches_tracked")) {
            array.copy_(make_golden_array(name, array, k++));
        }
    }
    detector->to(type);
    detector->freeze_batch_norm(true);
    return detector;
}

struct Outcome {
    at::Tensor logits;
    std::map<std::string, at::Tensor> gradients;
};

Outcome run(Detector &detector, at::ScalarType type)
{
    Outcome out;
    at::Tensor clips = fill_numbers({2, 3, 8, 32, 48}, 5).to(type);
    out.logits = detector.forward(clips, make_two_rois().to(type));
    out.logits.square().sum().backward();
    for (const auto &item : detector.named_parameters()) {
        out.gradients[item.key()] = item.value().grad();
    }
    return out;
}

double get_difference(const at::Tensor &a, const at::Tensor &b)
{
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

void expect_same_gradients(const NetworkOptions &options, at::ScalarType type, double tolerance)
{
    Outcome fast = run(*make_filled_network(options, type), type);
    Outcome slow = run(*make_filled_network(make_slow_options(options), type), type);

    EXPECT_LT(get_difference(fast.logits, slow.logits), tolerance);
    for (const auto &[name, gradient] : slow.gradients) {
        ASSERT_TRUE(fast.gradients[name].defined()) << name;
        EXPECT_GT(gradient.abs().max().item<double>(), 0.0) << name;
        EXPECT_LT(get_difference(fast.gradients[name], gradient), tolerance) << name;
    }
}

// Bytes that live longer than the call that made them.
class Meter : public c10::MemoryReportingInfoBase
{
public:
    using c10::MemoryReportingInfoBase::reportMemoryUsage;
    void reportMemoryUsage(void *, int64_t size, size_t, size_t, c10::Device) override
    {
        bytes += size;
    }
    bool memoryProfilingEnabled() const override { return true; }

    int64_t bytes = 0;
};

// What a forward keeps for its backward.
int64_t measure_kept_bytes(const NetworkOptions &options)
{
    auto detector = make_filled_network(options, at::kFloat);
    at::Tensor clips = make_clips(2, 8, 96, 96);
    at::Tensor rois = make_two_rois();
    auto meter = std::make_shared<Meter>();
    at::Tensor logits;
    {
        c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, meter);
        logits = detector->forward(clips, rois);
    }
    EXPECT_TRUE(logits.requires_grad());
    return meter->bytes;
}

bool has_bfloat16()
{
    return __builtin_cpu_supports("avx512bf16") != 0;
}

} // namespace

TEST(Fold, GivesTheLogitsAndEveryGradientOfTheUnfoldedNetworkInDouble)
{
    expect_same_gradients(make_deep_options(), at::kDouble, 1e-12);
}

TEST(Fold, GivesThemWithBareLateralConvolutionsToo)
{
    NetworkOptions options = make_deep_options();
    options.lateral_norm_act = false;
    expect_same_gradients(options, at::kDouble, 1e-12);
}

TEST(Fold, GivesThemInFloatToFloatPrecision)
{
    expect_same_gradients(make_deep_options(), at::kFloat, 1e-4);
}

TEST(Fold, GivesThemInEitherLayout)
{
    NetworkOptions options = make_deep_options();
    options.channels_last = false;
    expect_same_gradients(options, at::kFloat, 1e-4);
    options.channels_last = true;
    options.fold_batch_norm = false;
    expect_same_gradients(options, at::kFloat, 1e-4);
}

TEST(Fold, GivesTheScoresOfTheUnfoldedNetworkHeldOrNot)
{
    at::NoGradGuard no_grad;
    at::Tensor clips = make_clips(2, 8, 32, 48);
    auto slow = make_filled_network(make_slow_options(make_deep_options()), at::kFloat);
    auto fast = make_filled_network(make_deep_options(), at::kFloat);
    auto held = make_filled_network(make_deep_options(), at::kFloat);
    held->hold_folded_weights();
    for (auto &detector : {slow, fast, held}) {
        detector->eval();
    }
    for (int64_t clip_count : {1, 2}) {
        at::Tensor part = clips.slice(0, 0, clip_count);
        at::Tensor rois = make_two_rois().slice(0, 0, clip_count);
        at::Tensor expected = slow->forward(part, rois);
        EXPECT_LT(get_difference(fast->forward(part, rois), expected), 1e-5);
        at::Tensor first = held->forward(part, rois);
        EXPECT_TRUE(first.equal(fast->forward(part, rois)));
        EXPECT_TRUE(first.equal(held->forward(part, rois)));
    }
}

TEST(Fold, OfHeldWeightsIsMadeAgainWhenTheyChanged)
{
    at::NoGradGuard no_grad;
    auto detector = make_filled_network(make_deep_options(), at::kFloat);
    detector->eval();
    detector->hold_folded_weights();
    at::Tensor clips = make_clips(2, 8, 32, 48);
    at::Tensor before = detector->forward(clips, make_two_rois());

    detector->named_parameters()["s3.pathway0_res1.branch2.b_bn.weight"].mul_(2.0);
    EXPECT_TRUE(detector->forward(clips, make_two_rois()).equal(before)); // the promise was broken
    detector->weights_changed();
    at::Tensor after = detector->forward(clips, make_two_rois());

    EXPECT_GT(get_difference(after, before), 1e-3);
    NetworkOptions slow = make_slow_options(make_deep_options());
    auto other = make_filled_network(slow, at::kFloat);
    other->eval();
    other->named_parameters()["s3.pathway0_res1.branch2.b_bn.weight"].mul_(2.0);
    EXPECT_LT(get_difference(after, other->forward(clips, make_two_rois())), 1e-5);
}

TEST(Fold, NeverHidesNumbersThatAreNone)
{
    at::NoGradGuard no_grad;
    at::Tensor clips = make_clips(2, 8, 32, 48);
    for (double bad : {std::nan(""), 1e38}) {
        for (bool hold : {false, true}) {
            auto detector = make_filled_network(make_deep_options(), at::kFloat);
            detector->eval();
            if (hold) {
                detector->hold_folded_weights();
            }
            for (auto &parameter : detector->parameters()) {
                parameter.fill_(bad);
            }
            at::Tensor logits = detector->forward(clips, make_two_rois());
            EXPECT_FALSE(logits.isfinite().all().item<bool>()) << bad << (hold ? " held" : "");
        }
    }
}

TEST(Fold, RoundsTheProductOfWeightAndScaleOnce)
{
    at::Tensor weight = fill_numbers({4, 3, 1, 3, 3}, 1).to(at::kFloat);
    sslact::NormTensors norm = {
        fill_numbers({4}, 2).to(at::kFloat), fill_numbers({4}, 3).to(at::kFloat),
        fill_numbers({4}, 4).to(at::kFloat), fill_numbers({4}, 5, 0.5, 1.0).to(at::kFloat)};
    for (auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast3d}) {
        sslact::FoldedWeights folded = sslact::fold(weight, norm, at::kBFloat16, layout);

        EXPECT_TRUE(folded.weight.is_contiguous(layout));
        for (int64_t o = 0; o < 4; o++) {
            float k =
                norm.weight[o].item<float>() / std::sqrt(norm.variance[o].item<float>() + 1e-5f);
            at::Tensor expected = (weight[o] * k).to(at::kBFloat16);
            // One unit in the last of bfloat16's eight digits where k itself is rounded otherwise.
            EXPECT_LT(get_difference(folded.weight[o].to(at::kFloat), expected.to(at::kFloat)),
                      8e-3);
            EXPECT_NEAR(folded.bias[o].item<float>(),
                        norm.bias[o].item<float>() - norm.mean[o].item<float>() * k, 1e-6);
        }
        EXPECT_EQ(folded.bias.scalar_type(), at::kFloat);
    }
}

TEST(Fold, KeepsAboutHalfOfTheTensorsForTheBackward)
{
    NetworkOptions options = make_deep_options();
    NetworkOptions unfolded = options;
    unfolded.fold_batch_norm = false;
    double share = static_cast<double>(measure_kept_bytes(options)) /
                   static_cast<double>(measure_kept_bytes(unfolded));

    RecordProperty("share", std::to_string(share));
    EXPECT_LT(share, 0.62);
    EXPECT_GT(share, 0.3);
}

TEST(Fold, LeavesANetworkThatTakesBatchStatisticsAlone)
{
    auto detector = make_filled_network(make_deep_options(), at::kFloat);
    auto slow = make_filled_network(make_slow_options(make_deep_options()), at::kFloat);
    at::Tensor clips = make_clips(2, 8, 32, 48);
    for (auto &one : {detector, slow}) {
        one->freeze_batch_norm(false);
    }

    at::Tensor logits = detector->forward(clips, make_two_rois());

    EXPECT_LT(get_difference(logits, slow->forward(clips, make_two_rois())), 1e-4);
    EXPECT_EQ(detector->named_buffers()["s1.pathway0_stem.bn.num_batches_tracked"].item<int64_t>(),
              1);
}

TEST(Layout, IsChannelsLastBehindEveryPartUnlessTurnedOff)
{
    for (bool folded : {true, false}) {
        for (bool channels_last : {true, false}) {
            NetworkOptions options = make_deep_options();
            options.fold_batch_norm = folded;
            options.channels_last = channels_last;
            auto detector = make_filled_network(options, at::kFloat);
            auto format =
                channels_last ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous;
            SCOPED_TRACE(std::string(folded ? "folded" : "unfolded") +
                         (channels_last ? ", channels last" : ", plain"));
            size_t parts = 0;
            auto look = [&](const std::string &name, const sslact::Pathways &out) {
                parts++;
                EXPECT_TRUE(out.slow.is_contiguous(format)) << name << " slow";
                EXPECT_TRUE(out.fast.is_contiguous(format)) << name << " fast";
            };
            detector->forward(make_clips(2, 8, 32, 48), make_two_rois(), look);
            EXPECT_EQ(parts, 9u);
        }
    }
}

TEST(Bfloat16, StaysCloseToFloatAndKeepsFloatMasters)
{
    if (!has_bfloat16()) {
        GTEST_SKIP() << "this processor has no AVX512-BF16";
    }
    NetworkOptions options = make_deep_options();
    options.precision = sslact::Precision::bfloat16;
    Outcome narrow = run(*make_filled_network(options, at::kFloat), at::kFloat);
    Outcome wide = run(*make_filled_network(make_deep_options(), at::kFloat), at::kFloat);

    EXPECT_EQ(narrow.logits.scalar_type(), at::kFloat);
    EXPECT_LT(get_difference(narrow.logits, wide.logits), 2e-2);
    EXPECT_GT(get_difference(narrow.logits, wide.logits), 1e-6); // it did something
    double change = 0.0;
    double size = 0.0;
    for (const auto &[name, gradient] : narrow.gradients) {
        EXPECT_EQ(gradient.scalar_type(), at::kFloat) << name;
        change += (gradient - wide.gradients[name]).square().sum().item<double>();
        size += wide.gradients[name].square().sum().item<double>();
    }
    // Rounded features move some maxima to other cells: single arrays may differ more.
    EXPECT_LT(std::sqrt(change / size), 0.1);
}

TEST(Bfloat16, WorksUnfoldedAndInEvaluation)
{
    if (!has_bfloat16()) {
        GTEST_SKIP() << "this processor has no AVX512-BF16";
    }
    at::NoGradGuard no_grad;
    at::Tensor clips = make_clips(2, 8, 32, 48);
    auto wide = make_filled_network(make_deep_options(), at::kFloat);
    wide->eval();
    at::Tensor expected = wide->forward(clips, make_two_rois());
    for (bool folded : {true, false}) {
        NetworkOptions options = make_deep_options();
        options.precision = sslact::Precision::bfloat16;
        options.fold_batch_norm = folded;
        auto narrow = make_filled_network(options, at::kFloat);
        narrow->eval();
        narrow->hold_folded_weights();
        EXPECT_LT(get_difference(narrow->forward(clips, make_two_rois()), expected), 2e-2);
    }
}
