// `cap`: quantiles of the latest scores, the streaming form, and what is saved of them.
#include "ssl/cap.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace
{

using sslact::CapOptions;
using sslact::CapThresholds;

const std::vector<int64_t> kCount = {50, 20, 4, 0, 100}; // of 100 labelled instances
constexpr int64_t kClasses = 5;

at::Tensor draw(uint64_t index, int64_t rows)
{
    at::Tensor out = at::empty({rows, kClasses}, at::kFloat);
    random_stream stream = random_open(5, RANDOM_CHANCE, 0, index);
    for (int64_t at = 0; at < out.numel(); at++) {
        out.mutable_data_ptr<float>()[at] = static_cast<float>(random_uniform(&stream));
    }
    return out;
}

std::vector<float> values_of(const at::Tensor &tensor)
{
    const at::Tensor packed = tensor.contiguous();
    return {packed.const_data_ptr<float>(), packed.const_data_ptr<float>() + packed.numel()};
}

struct Thresholds {
    at::Tensor positive = at::full({kClasses}, 0.75, at::kFloat);
    at::Tensor negative = at::full({kClasses}, 0.125, at::kFloat);
};

CapOptions window_of(int64_t rows, double share)
{
    CapOptions out;
    out.window = rows;
    out.negative_share = share;
    return out;
}

} // namespace

TEST(Cap, LeavesTheLabelledShareAboveAndItsShareOfTheRestBelow)
{
    const CapOptions options = window_of(25, 0.5);
    CapThresholds cap(options, kClasses);
    Thresholds t;
    at::Tensor all;
    for (uint64_t k = 0; k < 6; k++) {
        const at::Tensor batch = draw(k, 7);
        all = all.defined() ? at::cat({all, batch}) : batch;
        cap.update(batch, kCount, 100, t.positive, t.negative);
    }

    // 25 latest of 42 rows. Of class 0: floor(12.5) above, floor(0.5 * 0.5 * 25) below; and so on.
    const std::vector<int64_t> above = {12, 5, 1, 0, 25}, below = {6, 10, 12, 12, 0};
    const at::Tensor latest = all.narrow(0, 17, 25);
    for (int64_t j = 0; j < kClasses; j++) {
        std::vector<float> sorted = values_of(latest.select(1, j));
        std::sort(sorted.begin(), sorted.end());
        const auto a = static_cast<size_t>(above[static_cast<size_t>(j)]);
        const auto b = static_cast<size_t>(below[static_cast<size_t>(j)]);
        // Class 3 has no label: nothing is known of its share, T stays. Everybody has class 4.
        const float positive = a == 0 ? 0.75f : a == 25 ? 0.0f : sorted[24 - a];
        const float negative = b == 0 ? 0.125f : sorted[b];
        EXPECT_EQ(t.positive[j].item<float>(), positive) << j;
        EXPECT_EQ(t.negative[j].item<float>(), negative) << j;
        if (a > 0) {
            EXPECT_EQ(latest.select(1, j).gt(t.positive[j]).sum().item<int64_t>(),
                      above[static_cast<size_t>(j)]);
        }
    }
    EXPECT_EQ(values_of(cap.scores()), values_of(latest));
}

TEST(Cap, KeepsAThresholdUntilItsShareIsAWholeScore)
{
    CapThresholds cap(window_of(1000, 0.9), kClasses);
    Thresholds t;

    cap.update(draw(0, 4), kCount, 100, t.positive, t.negative); // 0.2 * 4 and 0.04 * 4 are below 1

    EXPECT_NE(t.positive[0].item<float>(), 0.75f);
    EXPECT_EQ(t.positive[1].item<float>(), 0.75f);
    EXPECT_EQ(t.positive[2].item<float>(), 0.75f);
    EXPECT_NE(t.negative[2].item<float>(), 0.125f);

    cap.update(draw(1, 1), kCount, 100, t.positive, t.negative);
    EXPECT_NE(t.positive[1].item<float>(), 0.75f); // 0.2 * 5 is 1
    EXPECT_EQ(t.positive[2].item<float>(), 0.75f);
}

TEST(Cap, LeavesTiesOutside)
{
    CapThresholds cap(window_of(10, 1.0), 1);
    at::Tensor positive = at::full({1}, 0.9, at::kFloat), negative = at::full({1}, 0.1, at::kFloat);
    const std::vector<float> scores = {0.2f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.8f, 0.9f};

    cap.update(at::tensor(scores).view({10, 1}), {4}, 10, positive, negative);

    EXPECT_EQ(positive.item<float>(), 0.5f); // two above, not four
    EXPECT_EQ(negative.item<float>(), 0.5f); // one below, not six
}

TEST(Cap, GoesOnFromSavedScoresAsIfNothingHappened)
{
    for (const int64_t window : {9, 50}) { // full and not
        CapThresholds straight(window_of(window, 0.8), kClasses);
        CapThresholds resumed(window_of(window, 0.8), kClasses);
        Thresholds a, b;
        for (uint64_t k = 0; k < 4; k++) {
            straight.update(draw(k, 5), kCount, 100, a.positive, a.negative);
        }
        resumed.update(draw(99, 5), kCount, 100, b.positive, b.negative);
        resumed.restore(straight.scores());
        b.positive.copy_(a.positive);
        b.negative.copy_(a.negative);
        EXPECT_EQ(values_of(resumed.scores()), values_of(straight.scores()));
        for (uint64_t k = 4; k < 8; k++) {
            straight.update(draw(k, 5), kCount, 100, a.positive, a.negative);
            resumed.update(draw(k, 5), kCount, 100, b.positive, b.negative);
            EXPECT_EQ(values_of(a.positive), values_of(b.positive));
            EXPECT_EQ(values_of(a.negative), values_of(b.negative));
        }
    }
}

TEST(Cap, OfNoInstanceChangesNothing)
{
    for (const bool streaming : {false, true}) {
        CapOptions options = window_of(10, 0.9);
        options.streaming = streaming;
        CapThresholds cap(options, kClasses);
        Thresholds t;
        cap.update(at::empty({0, kClasses}, at::kFloat), kCount, 100, t.positive, t.negative);
        EXPECT_EQ(values_of(t.positive), std::vector<float>(5, 0.75f));
        EXPECT_EQ(values_of(t.negative), std::vector<float>(5, 0.125f));
        EXPECT_EQ(cap.scores().size(0), 0);
    }
}

TEST(CapStreaming, StepsByTheGapBetweenTheShares)
{
    CapOptions options = window_of(10, 0.5);
    options.streaming = true;
    options.step = 0.1;
    CapThresholds cap(options, 2);
    at::Tensor positive = at::full({2}, 0.5, at::kDouble),
               negative = at::full({2}, 0.2, at::kDouble);
    const at::Tensor batch =
        at::tensor(std::vector<double>{0.9, 0.1, 0.6, 0.15, 0.3, 0.01, 0.55, 0.45}).view({4, 2});

    cap.update(batch, {20, 40}, 100, positive, negative);

    // Class 0: 3 of 4 above 0.5, 0.2 wanted; none below 0.2, 0.5 * 0.8 wanted.
    EXPECT_NEAR(positive[0].item<double>(), 0.5 + 0.1 * (0.75 - 0.2), 1e-15);
    EXPECT_NEAR(negative[0].item<double>(), 0.2 + 0.1 * (0.4 - 0.0), 1e-15);
    // Class 1: none above, 0.4 wanted; 3 of 4 below, 0.5 * 0.6 wanted.
    EXPECT_NEAR(positive[1].item<double>(), 0.5 + 0.1 * (0.0 - 0.4), 1e-15);
    EXPECT_NEAR(negative[1].item<double>(), 0.2 + 0.1 * (0.3 - 0.75), 1e-15);
    EXPECT_EQ(cap.scores().size(0), 0); // T is all that it remembers
}

TEST(CapStreaming, ComesToTheQuantilesAndStaysInsideTheUnit)
{
    CapOptions options = window_of(10, 0.5);
    options.streaming = true;
    CapThresholds cap(options, kClasses);
    Thresholds t;
    for (uint64_t k = 0; k < 2000; k++) {
        cap.update(draw(k, 8), kCount, 100, t.positive, t.negative);
    }
    // Scores are uniform: the share above x is 1 - x.
    EXPECT_NEAR(t.positive[0].item<float>(), 0.5, 0.05);
    EXPECT_NEAR(t.positive[1].item<float>(), 0.8, 0.05);
    EXPECT_NEAR(t.negative[0].item<float>(), 0.25, 0.05);
    EXPECT_NEAR(t.negative[1].item<float>(), 0.4, 0.05);
    EXPECT_GE(t.positive[4].item<float>(), 0.0f);
    EXPECT_LT(t.positive[4].item<float>(), 0.03f);
    EXPECT_GT(t.positive[3].item<float>(), 0.97f);
    EXPECT_LE(t.positive[3].item<float>(), 1.0f);
}
