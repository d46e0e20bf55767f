// `metric` thresholds and the precision behind calibrated weights, against counts made here.
#include "ssl/labeled_tally.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "ssl/entry_weights.h"

namespace
{

using sslact::LabeledTally;

struct Scores {
    std::vector<double> t;
    std::vector<uint8_t> y;
};

// Scores of three classes that know more or less about the labels.
Scores draw(size_t rows)
{
    Scores out;
    random_stream stream = random_open(9, RANDOM_CHANCE, 0, 0);
    for (size_t i = 0; i < rows; i++) {
        for (int j = 0; j < 3; j++) {
            const bool y = random_uniform(&stream) < 0.3;
            const double z = random_normal(&stream) + (y ? j : -1);
            out.t.push_back(1 / (1 + std::exp(-z)));
            out.y.push_back(y ? 1 : 0);
        }
    }
    return out;
}

at::Tensor matrix(const std::vector<double> &values, at::ScalarType type, int64_t columns = 3)
{
    return at::tensor(values, at::kDouble).view({-1, columns}).to(type);
}

at::Tensor labels_of(const std::vector<uint8_t> &values, int64_t columns = 3)
{
    return at::tensor(std::vector<int64_t>(values.begin(), values.end()))
        .view({-1, columns})
        .to(at::kByte);
}

// F_b from precision and recall, every entry looked at.
double f_score(const Scores &s, size_t j, double threshold, double beta)
{
    double hits = 0, called = 0, there = 0;
    for (size_t at = j; at < s.t.size(); at += 3) {
        const bool positive = s.t[at] > threshold;
        hits += positive && s.y[at] != 0 ? 1 : 0;
        called += positive ? 1 : 0;
        there += s.y[at];
    }
    if (hits == 0) {
        return 0;
    }
    const double precision = hits / called, recall = hits / there;
    return (1 + beta * beta) * precision * recall / (beta * beta * precision + recall);
}

} // namespace

TEST(MetricThresholds, MaximiseTheFScoreOnTheGrid)
{
    const Scores s = draw(400);
    LabeledTally tally(3, 10, at::kDouble);
    tally.add(matrix({s.t.begin(), s.t.begin() + 600}, at::kDouble),
              labels_of({s.y.begin(), s.y.begin() + 600}));
    tally.add(matrix({s.t.begin() + 600, s.t.end()}, at::kDouble),
              labels_of({s.y.begin() + 600, s.y.end()}));
    std::vector<std::vector<double>> chosen;
    for (const double beta : {0.5, 2.0}) {
        at::Tensor positive = at::full({3}, -1, at::kDouble);
        tally.choose_thresholds(beta, positive);
        chosen.emplace_back();
        for (size_t j = 0; j < 3; j++) {
            double best = 0, value = -1;
            for (int k = 0; k < 100; k++) {
                const double score = f_score(s, j, k / 100.0, beta);
                if (score > best + 1e-12) {
                    best = score;
                    value = k / 100.0;
                }
            }
            EXPECT_EQ(positive[static_cast<int64_t>(j)].item<double>(), value) << j << " " << beta;
            chosen.back().push_back(value);
        }
    }
    for (size_t j = 0; j < 3; j++) {
        EXPECT_GE(chosen[0][j], chosen[1][j]); // precision asks for more than recall
    }
    EXPECT_NE(chosen[0], chosen[1]);
}

TEST(MetricThresholds, TakeTheLowestOfEqualsAndKeepWhatNothingImproves)
{
    LabeledTally tally(4, 10, at::kFloat);
    // Class 0 is separated anywhere from 0.3 to 0.79; 1 has no positive, 2 none over 0, 3 only
    // positives.
    tally.add(matrix({0.3, 0.9, 0.0, 0.2, /**/ 0.8, 0.1, 0.0, 0.6}, at::kFloat, 4),
              labels_of({0, 0, 1, 1, /**/ 1, 0, 1, 1}, 4));
    at::Tensor positive = at::full({4}, 0.55, at::kFloat);

    tally.choose_thresholds(0.5, positive);

    EXPECT_EQ(positive[0].item<float>(), 0.3f); // 0.3 itself is not above 0.3
    EXPECT_EQ(positive[1].item<float>(), 0.55f);
    EXPECT_EQ(positive[2].item<float>(), 0.55f);
    EXPECT_EQ(positive[3].item<float>(), 0.0f);
}

TEST(MetricThresholds, OfNoInstanceStayAsTheyAre)
{
    at::Tensor positive = at::full({3}, 0.4, at::kFloat);
    LabeledTally(3, 10, at::kFloat).choose_thresholds(0.5, positive);
    EXPECT_EQ(positive.sum().item<float>(), 3 * 0.4f);
}

TEST(Calibration, IsThePrecisionInEachBinOrItsMiddle)
{
    for (const int32_t bins : {1, 4, 10}) {
        const Scores s = draw(60);
        LabeledTally tally(3, bins, at::kDouble);
        tally.add(matrix(s.t, at::kDouble), labels_of(s.y));
        const at::Tensor precision = tally.precision();
        for (int64_t j = 0; j < 3; j++) {
            for (int64_t b = 0; b < bins; b++) {
                double hits = 0, entries = 0;
                for (size_t at = static_cast<size_t>(j); at < s.t.size(); at += 3) {
                    const bool inside = s.t[at] >= static_cast<double>(b) / bins &&
                                        s.t[at] < static_cast<double>(b + 1) / bins;
                    entries += inside ? 1 : 0;
                    hits += inside ? s.y[at] : 0;
                }
                const double middle = (static_cast<double>(b) + 0.5) / bins;
                EXPECT_NEAR(precision[j][b].item<double>(), entries > 0 ? hits / entries : middle,
                            1e-15);
            }
        }
    }
}

TEST(Calibration, LooksUpTheBinOfEachScore)
{
    const at::Tensor table =
        at::tensor(std::vector<double>{0.1, 0.2, 0.3, 0.4, /**/ 0.5, 0.6, 0.7, 0.8}).view({2, 4});
    const at::Tensor t =
        at::tensor(std::vector<double>{0.0, 1.0, /**/ 0.25, 0.49, /**/ 0.99, 0.75}).view({3, 2});

    const at::Tensor found = sslact::look_up_precision(t, table);

    const double expected[3][2] = {{0.1, 0.8}, {0.2, 0.6}, {0.4, 0.8}};
    for (int64_t i = 0; i < 3; i++) {
        for (int64_t j = 0; j < 2; j++) {
            EXPECT_EQ(found[i][j].item<double>(), expected[i][j]);
        }
    }
}

TEST(DistributionBalancedWeights, AreTheFormulaPerEntry)
{
    // n = 10, 40, 0; the rows have J = {0, 1}, {1}, {}, {2}, {1, 2}.
    const at::Tensor count = at::tensor(std::vector<int64_t>{10, 40, 0});
    const at::Tensor y =
        labels_of({1, 1, 0, /**/ 0, 1, 0, /**/ 0, 0, 0, /**/ 0, 0, 1, /**/ 0, 1, 1});
    const auto weight = [](double r) { return 0.1 + 1 / (1 + std::exp(-10 * (r - 0.2))); };

    const at::Tensor w = sslact::distribution_balanced_weights(y, count, at::kDouble);

    // 1/10 + 1/40 = 1/8: r = 0.8 and 0.2. A class that nobody has is not corrected and not counted.
    const double expected[5][3] = {{weight(0.8), weight(0.2), 1},
                                   {weight(4), weight(1), 1},
                                   {1, 1, 1},
                                   {1, 1, 1},
                                   {weight(4), weight(1), 1}};
    for (int64_t i = 0; i < 5; i++) {
        for (int64_t j = 0; j < 3; j++) {
            EXPECT_NEAR(w[i][j].item<double>(), expected[i][j], 1e-15) << i << " " << j;
        }
    }
    EXPECT_NEAR(w[0][1].item<double>(), 0.6, 1e-15);
}
