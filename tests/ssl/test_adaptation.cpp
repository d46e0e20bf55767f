// Rules that move thresholds and counts: what the method has after some steps, against counts made
// here, and a run that is saved and put back.
#include "ssl/adaptation.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "base/random.h"
#include "ssl/slow_method.h"

namespace
{

using sslact::Adaptation;
using sslact::InstanceKey;
using sslact::Method;
using sslact::MethodOptions;
using sslact::ThresholdMode;
using Balance = std::unique_ptr<balance, decltype(&balance_free)>;

constexpr int64_t kClasses = 3;
// {0} x 6, {0,1} x 2, {0,2} x 1, {1} x 1 of the method's worked example.
const std::vector<uint8_t> kSets = {1, 0, 0, /**/ 1, 1, 0, /**/ 1, 0, 1, /**/ 0, 1, 0};
const std::vector<int64_t> kTimes = {6, 2, 1, 1};

Balance fit(const MethodOptions &options)
{
    const balance_options wanted = sslact::make_balance_options(options);
    balance *out = nullptr;
    sslact::check(balance_fit(kSets.data(), kTimes.data(), 4, kClasses, &wanted, &out));
    return {out, &balance_free};
}

at::Tensor draw(uint64_t index, int64_t rows)
{
    at::Tensor out = at::empty({rows, kClasses}, at::kDouble);
    random_stream stream = random_open(31, RANDOM_CHANCE, 0, index);
    for (int64_t at = 0; at < out.numel(); at++) {
        out.mutable_data_ptr<double>()[at] = 3 * random_normal(&stream);
    }
    return out;
}

struct Trial {
    explicit Trial(const MethodOptions &wanted)
        : options(wanted), statistics(fit(wanted)), method(wanted, *statistics, at::kDouble),
          adaptation(wanted, *statistics, method)
    {
    }

    // Iteration k on logits of its own; returns y.
    at::Tensor step(int64_t k)
    {
        Method::Inputs inputs;
        inputs.teacher_logits = draw(static_cast<uint64_t>(k), 5);
        inputs.student_logits = draw(1000 + static_cast<uint64_t>(k), 5);
        const Method::Result result = method.compute(inputs);
        std::vector<InstanceKey> instances;
        for (int64_t i = 0; i < 5; i++) {
            instances.emplace_back(k % 4, i);
        }
        adaptation.observe(k, inputs.teacher_logits, result.pseudo_labels, instances);
        return result.pseudo_labels;
    }

    MethodOptions options;
    Balance statistics;
    Method method;
    Adaptation adaptation;
};

std::vector<double> values_of(const at::Tensor &tensor)
{
    const at::Tensor packed = tensor.detach().to(at::kDouble).contiguous();
    return {packed.const_data_ptr<double>(), packed.const_data_ptr<double>() + packed.numel()};
}

MethodOptions online(ThresholdMode mode)
{
    MethodOptions out;
    out.mpl_mode = mode;
    out.mpl_t_neg = sslact::NegativeThreshold::class_related;
    out.online.enabled = true;
    out.online.every = 3;
    out.online.mix = 0.4;
    out.online.momentum = 0.9;
    return out;
}

} // namespace

TEST(OnlineCounts, FollowTheRunningRatesOfPseudoPositivesAndTheirPairs)
{
    Trial trial(online(ThresholdMode::class_related));
    // h and h_jk start at the labelled rates, of 10 instances.
    const double labeled[3][3] = {{0.9, 0.2, 0.1}, {0.2, 0.3, 0}, {0.1, 0, 0.1}};
    double rates[3][3], counts[3][3] = {};
    std::copy_n(&labeled[0][0], 9, &rates[0][0]);
    const std::vector<double> start = values_of(trial.method.thresholds());
    for (int64_t k = 0; k < 6; k++) {
        const std::vector<double> y = values_of(trial.step(k));
        for (size_t a = 0; a < 3; a++) {
            for (size_t b = 0; b < 3; b++) {
                double both = 0;
                for (size_t i = 0; i < 5; i++) {
                    both += y[3 * i + a] == 1 && y[3 * i + b] == 1 ? 1 : 0;
                }
                rates[a][b] = 0.9 * rates[a][b] + 0.1 * both / 5;
                if ((k + 1) % 3 == 0) {
                    counts[a][b] = std::round((0.6 * labeled[a][b] + 0.4 * rates[a][b]) * 10);
                }
            }
        }
        if (k == 1) {
            EXPECT_EQ(values_of(trial.method.thresholds()), start); // not yet
        }
    }
    for (size_t j = 0; j < 3; j++) {
        counts[j][j] = std::max(counts[j][j], 1.0);
    }
    ASSERT_NE(counts[0][0], 9.0); // it has moved

    // eta, then T and Tn of Eq. (5).
    const double most = std::max({counts[0][0], counts[1][1], counts[2][2]});
    for (size_t j = 0; j < 3; j++) {
        const double m = std::pow(counts[j][j] / most, 0.1);
        EXPECT_NEAR(values_of(trial.method.thresholds())[j], 0.9 * m, 1e-14);
        EXPECT_NEAR(values_of(trial.method.negative_thresholds())[j], 0.1 * m, 1e-14);
    }
    // p and w, seen in the loss of one instance that has class 0 only (p = (nbar / n)^0.9).
    const double mean = (counts[0][0] + counts[1][1] + counts[2][2]) / 3;
    double p[3], w[3];
    for (size_t j = 0; j < 3; j++) {
        p[j] = counts[j][j] > mean ? std::pow(mean / counts[j][j], 0.9) : 1.0;
    }
    for (size_t j = 0; j < 3; j++) {
        double sampled = counts[j][j] * p[j];
        for (size_t k = 0; k < 3; k++) {
            sampled += k != j ? counts[j][k] * std::max(p[k] - p[j], 0.0) : 0.0;
        }
        w[j] = std::pow(sampled / mean, -0.05);
    }
    Method::Inputs inputs;
    inputs.labeled_logits = at::zeros({1000, 3}, at::kDouble);
    inputs.labels = at::tensor(std::vector<int64_t>{1, 0, 0}).to(at::kByte).repeat({1000, 1});
    const Method::Result result = trial.method.compute(inputs);
    EXPECT_NEAR(static_cast<double>(result.labeled_kept) / 1000, p[0], 0.05);
    EXPECT_NEAR(result.supervised,
                static_cast<double>(result.labeled_kept) / 1000 * std::log(2.0) *
                    (w[0] + w[1] + w[2]) / 3,
                1e-12);
}

TEST(OnlineCounts, OfALearnedThresholdLeaveTheThresholdAlone)
{
    Trial trial(online(ThresholdMode::learnable));
    const std::vector<double> start = values_of(trial.method.thresholds());
    const std::vector<double> negative = values_of(trial.method.negative_thresholds());
    for (int64_t k = 0; k < 3; k++) {
        trial.step(k);
    }
    EXPECT_EQ(values_of(trial.method.thresholds()), start);
    EXPECT_NE(values_of(trial.method.negative_thresholds()), negative);
    EXPECT_TRUE(trial.method.thresholds().requires_grad());
}

TEST(OnlineCounts, WithoutAnyMixAreTheLabelledOnes)
{
    MethodOptions options = online(ThresholdMode::class_related);
    options.online.mix = 0.0;
    Trial trial(options);
    const std::vector<double> start = values_of(trial.method.thresholds());
    for (int64_t k = 0; k < 3; k++) {
        trial.step(k);
    }
    EXPECT_EQ(values_of(trial.method.thresholds()), start);
}

TEST(OnlineCounts, NeverMakeASeenClassAnUnseenOne)
{
    MethodOptions options = online(ThresholdMode::class_related);
    options.online.every = 1;
    options.online.mix = 1.0;
    options.online.momentum = 0.0;
    Trial trial(options);
    const at::Tensor nobody = at::zeros({4, 3}, at::kChar);
    for (int64_t k = 0; k < 3; k++) {
        trial.adaptation.observe(k, at::zeros({4, 3}, at::kDouble), nobody, {});
    }
    // Rates of exactly 0 are classes that nothing is known of; the momentum keeps them above it.
    EXPECT_EQ(values_of(trial.method.thresholds()), std::vector<double>(3, 0.9));

    options.online.momentum = 0.5;
    Trial slow(options);
    for (int64_t k = 0; k < 8; k++) {
        slow.adaptation.observe(k, at::zeros({4, 3}, at::kDouble), nobody, {});
    }
    EXPECT_EQ(values_of(slow.method.thresholds()), std::vector<double>(3, 0.9)); // 1 each: eta 1
    const at::Tensor everybody =
        at::tensor(std::vector<int64_t>{1, 0, 0}).to(at::kChar).repeat({4, 1});
    slow.adaptation.observe(8, at::zeros({4, 3}, at::kDouble), everybody, {});
    EXPECT_NEAR(values_of(slow.method.thresholds())[1], 0.9 * std::pow(1.0 / 5, 0.1), 1e-14);
}

TEST(Adaptation, SetsCapThresholdsFromTheScoresOfEarlierSteps)
{
    MethodOptions options;
    options.mpl_mode = ThresholdMode::cap;
    options.cap.window = 10;
    options.cap.negative_share = 0.5;
    Trial trial(options);
    const std::vector<double> start = values_of(trial.method.thresholds());
    EXPECT_NEAR(start[2], 0.9 * std::pow(1.0 / 9, 0.1), 1e-15); // class_related to begin with
    for (int64_t k = 0; k < 3; k++) {
        trial.step(k);
    }
    // Steps 1 and 2 are the ten latest; 9, 3 and 1 of 10 labelled instances have the classes.
    const at::Tensor t = at::sigmoid(at::cat({draw(1, 5), draw(2, 5)})).to(at::kFloat);
    const int64_t above[] = {9, 3, 1}, below[] = {0, 3, 4};
    for (int64_t j = 0; j < 3; j++) {
        const at::Tensor t_j = t.select(1, j).to(at::kDouble);
        EXPECT_EQ(t_j.gt(trial.method.thresholds()[j].detach()).sum().item<int64_t>(), above[j]);
        if (below[j] > 0) {
            EXPECT_EQ(t_j.lt(trial.method.negative_thresholds()[j]).sum().item<int64_t>(),
                      below[j]);
        }
    }
    EXPECT_EQ(values_of(trial.method.negative_thresholds())[0], 0.1); // 0.5 of one score
}

TEST(Adaptation, SetsFlexThresholdsFromTheLatestScoreOfEachInstance)
{
    MethodOptions options;
    options.mpl_mode = ThresholdMode::flex;
    options.mpl_mapping = MAPPING_CONVEX;
    Trial trial(options);
    EXPECT_EQ(values_of(trial.method.thresholds()), std::vector<double>(3, 0.9));
    for (int64_t k = 0; k < 6; k++) {
        trial.step(k);
    }
    // Clips 0 and 1 were seen again in steps 4 and 5.
    const at::Tensor t = at::sigmoid(at::cat({draw(2, 5), draw(3, 5), draw(4, 5), draw(5, 5)}));
    const at::Tensor sure = t.gt(0.9);
    const double unused = sure.any(1).logical_not().sum().item<double>();
    const std::vector<double> h = values_of(sure.sum(0));
    const double whole = std::max({unused, h[0], h[1], h[2]});
    for (size_t j = 0; j < 3; j++) {
        const double eta = h[j] > 0 ? h[j] / whole : 1.0;
        EXPECT_NEAR(values_of(trial.method.thresholds())[j], 0.9 * eta / (2 - eta), 1e-15);
    }
    EXPECT_GT(h[0] + h[1] + h[2], 0);
}

TEST(Adaptation, LooksAtLabelledClipsOnlyWhereARuleNeedsThem)
{
    MethodOptions options;
    options.score.every = 4;
    EXPECT_FALSE(Trial(options).adaptation.looks_at_labeled(0));
    options.positive_weight = sslact::PositiveWeight::calibrated;
    EXPECT_TRUE(Trial(options).adaptation.looks_at_labeled(0));
    options.positive_weight = sslact::PositiveWeight::threshold;
    options.mpl_mode = ThresholdMode::metric;
    Trial metric(options);
    EXPECT_TRUE(metric.adaptation.looks_at_labeled(0));
    EXPECT_FALSE(metric.adaptation.looks_at_labeled(3));
    EXPECT_TRUE(metric.adaptation.looks_at_labeled(8));
}

TEST(Adaptation, TakesMetricThresholdsAndPrecisionFromATally)
{
    MethodOptions options;
    options.mpl_mode = ThresholdMode::metric;
    options.positive_weight = sslact::PositiveWeight::calibrated;
    options.score.calibration_bins = 2;
    Trial trial(options);
    const std::vector<double> start = values_of(trial.method.thresholds());
    EXPECT_EQ(values_of(trial.method.precision()),
              (std::vector<double>{.25, .75, .25, .75, .25, .75}));
    sslact::LabeledTally tally = trial.adaptation.make_tally();
    tally.add(at::tensor(std::vector<double>{0.605, 0.7, 0.3, /**/ 0.9, 0.8, 0.3}).view({2, 3}),
              at::tensor(std::vector<int64_t>{0, 1, 0, /**/ 1, 0, 0}).view({2, 3}).to(at::kByte));

    trial.adaptation.take(tally);

    // Class 0: alone above from 0.61 on. Class 1: both above gives the better F. Class 2: nothing.
    EXPECT_EQ(values_of(trial.method.thresholds()), (std::vector<double>{0.61, 0.0, start[2]}));
    EXPECT_EQ(values_of(trial.method.precision()), (std::vector<double>{.25, .5, .25, .5, 0, .75}));
}

TEST(Adaptation, GoesOnBitForBitFromWhatWasSaved)
{
    for (const auto mode : {ThresholdMode::class_related, ThresholdMode::cap, ThresholdMode::flex,
                            ThresholdMode::learnable}) {
        for (const bool counts : {false, true}) {
            MethodOptions options = online(mode);
            options.online.enabled = counts;
            options.cap.window = 12;
            options.positive_weight = sslact::PositiveWeight::calibrated;
            Trial straight(options), resumed(options);
            for (int64_t k = 0; k < 7; k++) {
                straight.step(k);
            }
            resumed.step(50); // what it did before does not matter
            std::vector<at::Tensor> arrays;
            for (const Adaptation::Memory &memory : straight.adaptation.list_memory()) {
                EXPECT_EQ(memory.name.rfind("ssl.", 0), 0u);
                arrays.push_back(memory.array.clone());
            }
            resumed.adaptation.restore(arrays);
            resumed.method.set_thresholds(straight.method.thresholds().detach(),
                                          straight.method.negative_thresholds());
            for (int64_t k = 7; k < 13; k++) {
                const at::Tensor a = straight.step(k), b = resumed.step(k);
                EXPECT_TRUE(a.equal(b));
                EXPECT_EQ(values_of(straight.method.thresholds()),
                          values_of(resumed.method.thresholds()));
                EXPECT_EQ(values_of(straight.method.negative_thresholds()),
                          values_of(resumed.method.negative_thresholds()));
            }
        }
    }
}
