// Balance, classes and masks of loss.h: the numbers of method.md, and the generator written again.

#include <functional>

#include "loss_reference.h"
#include "loss_support.h"

namespace
{

using namespace test;

// Label sets with their counts, fitted; arrays of C.
struct Fit {
    Fit(const std::vector<std::vector<int>> &sets, std::vector<int64_t> counts, size_t c,
        const std::function<void(sslact_balance_options &)> &change = {})
        : n(c), eta(c), p(c), s(c), g(c), w(c), threshold(c), negative(c)
    {
        Array<uint8_t> labels({static_cast<int64_t>(sets.size()), static_cast<int64_t>(c)});
        for (size_t i = 0; i < sets.size(); ++i) {
            for (const int j : sets[i]) {
                labels.values[i * c + static_cast<size_t>(j)] = 1;
            }
        }
        SSLACT_INIT(options);
        options.instance_weight = counts.data();
        if (change) {
            change(options);
        }
        SSLACT_INIT(out);
        out.count = n.data();
        out.imbalance = eta.data();
        out.probability = p.data();
        out.gap = g.data();
        out.weight = w.data();
        out.threshold = threshold.data();
        out.sampled = s.data();
        out.negative_threshold = negative.data();
        EXPECT_DONE_WELL(sslact_loss_fit_balance(labels, &options, &out));
    }

    sslact_balance_options options;
    sslact_balance out;
    std::vector<int64_t> n;
    std::vector<double> eta, p, s, g, w, threshold, negative;
};

void expect_near(const std::vector<double> &values, const std::vector<double> &expected,
                 double tolerance)
{
    ASSERT_EQ(values.size(), expected.size());
    for (size_t j = 0; j < values.size(); ++j) {
        EXPECT_NEAR(values[j], expected[j], tolerance) << j;
    }
}

const std::vector<std::vector<int>> worked_sets = {{0}, {0, 1}, {0, 2}, {1}};

// The worked example of method.md 3.1, with its six digits.
TEST(LossBalance, OfTheWorkedExampleIsThatOfTheSpecification)
{
    const Fit fit(worked_sets, {6, 2, 1, 1}, 3);

    EXPECT_EQ(fit.n, (std::vector<int64_t>{9, 3, 1}));
    EXPECT_DOUBLE_EQ(fit.out.mean_count, 13.0 / 3.0);
    EXPECT_EQ(fit.out.instance_count, 10);
    expect_near(fit.p, {0.517990, 1, 1}, 5e-7);
    expect_near(fit.s, {6.107942, 3, 1}, 5e-7);
    expect_near(fit.g, {1.409525, 0.692308, 0.230769}, 5e-7);
    expect_near(fit.w, {0.982984, 1.018556, 1.076071}, 5e-7);
    // Six instances have p_0, four a rarer class.
    EXPECT_NEAR(fit.out.expected_kept_share, 0.6 * 0.517990 + 0.4, 5e-7);
}

TEST(LossBalance, BetaAndGammaOfZeroSwitchItOff)
{
    const double zero = 0.0;
    const Fit no_beta(worked_sets, {6, 2, 1, 1}, 3,
                      [&](sslact_balance_options &options) { options.beta = &zero; });
    EXPECT_EQ(no_beta.p, (std::vector<double>{1, 1, 1}));
    EXPECT_EQ(no_beta.s, (std::vector<double>{9, 3, 1}));
    EXPECT_EQ(no_beta.out.expected_kept_share, 1.0);
    const Fit no_gamma(worked_sets, {6, 2, 1, 1}, 3,
                       [&](sslact_balance_options &options) { options.gamma = &zero; });
    EXPECT_EQ(no_gamma.w, (std::vector<double>{1, 1, 1}));
}

// The example with three labels of method.md 3.1: pairwise counts an instance twice.
TEST(LossBalance, PairwiseAndExactDifferFromThreeLabelsOn)
{
    const auto exactly = [](sslact_balance_options &options) { options.exact_cooccurrence = 1; };
    const std::vector<std::vector<int>> sets = {{0}, {0, 1, 2}};
    const Fit pairwise(sets, {99, 1}, 3), exact(sets, {99, 1}, 3, exactly);
    const double p = pairwise.p[0];

    EXPECT_NEAR(p, std::pow(34.0 / 100.0, 0.9), 1e-15); // nbar = 102 / 3
    EXPECT_NEAR(pairwise.s[0], 100 * p + 2 * (1 - p), 1e-12);
    EXPECT_NEAR(exact.s[0], 99 * p + 1, 1e-12);
}

// method.md 3.1: exact with beta = gamma = 1 makes s w = nbar for every class that was seen.
TEST(LossBalance, ExactWithFullPowersBalancesEveryClass)
{
    const double one = 1.0;
    const Fit fit({{0}, {0, 1}, {0, 1, 2}, {2, 3}, {3}}, {700, 120, 31, 9, 2}, 5,
                  [&](sslact_balance_options &options) {
                      options.exact_cooccurrence = 1;
                      options.beta = options.gamma = &one;
                  });
    for (size_t j = 0; j < 4; ++j) {
        EXPECT_NEAR(fit.s[j] * fit.w[j], fit.out.mean_count, 1e-9) << j;
    }
    EXPECT_EQ(fit.w[4], 1.0); // never seen
    EXPECT_EQ(fit.p[4], 1.0);
    EXPECT_EQ(fit.threshold[4], 0.9);
}

// The table of method.md 2.1: M(eta) * 0.9 for eta = 1, 0.1, ... 0.0001.
TEST(LossBalance, ThresholdsFollowTheMapping)
{
    const std::vector<double> tables[3] = {{0.9, 0.71490, 0.56786, 0.45107, 0.35830},
                                           {0.9, 0.09, 0.009, 0.0009, 0.00009},
                                           {0.9, 0.047368, 0.0045226, 0.00045023, 0.000045002}};
    for (const int mapping :
         {SSLACT_MAPPING_CONCAVE, SSLACT_MAPPING_LINEAR, SSLACT_MAPPING_CONVEX}) {
        const Fit fit({{0}, {1}, {2}, {3}, {4}}, {10000, 1000, 100, 10, 1}, 5,
                      [&](sslact_balance_options &options) { options.mapping = mapping; });
        for (size_t j = 0; j < 5; ++j) {
            const double printed = tables[mapping][j];
            EXPECT_NEAR(fit.threshold[j], printed, printed * 2e-5) << mapping << " " << j;
        }
        EXPECT_EQ(fit.negative, std::vector<double>(5, 0.1));
        EXPECT_EQ(fit.eta[2], 0.01);
    }
}

TEST(LossBalance, NegativeThresholdsMayFollowTheCounts)
{
    const Fit fit({{0}, {1}}, {10, 1}, 3, [](sslact_balance_options &options) {
        options.negative_class_related = 1;
        options.tau_negative = 0.2;
        options.tau_positive = 0.8;
        options.mapping = SSLACT_MAPPING_LINEAR;
    });
    expect_near(fit.negative, {0.2, 0.02, 0.2}, 1e-16); // the third was never seen
    expect_near(fit.threshold, {0.8, 0.08, 0.8}, 1e-16);
    const Fit constant({{0}, {1}}, {10, 1}, 3,
                       [](sslact_balance_options &options) { options.tau_negative = 0.2; });
    EXPECT_EQ(constant.negative, std::vector<double>(3, 0.2));
}

TEST(LossBalance, NoArrayIsNeeded)
{
    Array<uint8_t> labels({2, 2}, std::vector<int>{1, 0, 1, 1});
    sslact_balance out;
    SSLACT_INIT(out);
    ASSERT_DONE_WELL(sslact_loss_fit_balance(labels, nullptr, &out));
    EXPECT_EQ(out.mean_count, 1.5);
    EXPECT_EQ(out.instance_count, 2);
}

TEST(LossBalance, OfNoInstancesIsNeutral)
{
    const Fit fit({}, {}, 2);
    EXPECT_EQ(fit.p, (std::vector<double>{1, 1}));
    EXPECT_EQ(fit.w, (std::vector<double>{1, 1}));
    EXPECT_EQ(fit.threshold, (std::vector<double>{0.9, 0.9}));
    EXPECT_EQ(fit.out.expected_kept_share, 1.0);
}

TEST(LossBalance, StridedLabelsCountLikePackedOnes)
{
    Array<uint8_t> turned({2, 3}, std::vector<int>{1, 1, 0, 0, 1, 0}); // [C, N]
    const int64_t shape[2] = {3, 2};
    ASSERT_DONE_WELL(
        sslact_tensor_describe(turned.values.data(), SSLACT_UINT8, 2, shape, &turned.view));
    turned.view.stride[0] = 1;
    turned.view.stride[1] = 3;
    int64_t count[2];
    sslact_balance out;
    SSLACT_INIT(out);
    out.count = count;
    ASSERT_DONE_WELL(sslact_loss_fit_balance(turned, nullptr, &out));
    EXPECT_EQ(count[0], 2);
    EXPECT_EQ(count[1], 1);
}

// ---- classes ----

TEST(LossClasses, AreTheRarestAndTheLowestOnATie)
{
    const int64_t count[4] = {9, 3, 3, 0};
    const std::vector<int> sets = {1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1};
    Array<uint8_t> truth({4, 4}, sets);
    Array<int8_t> labels({4, 4}, sets);
    labels.values[8] = labels.values[9] = -1; // ignored is not positive
    Array<int32_t> classes({4});

    ASSERT_DONE_WELL(sslact_loss_assign_classes(truth, count, nullptr, classes));
    EXPECT_EQ(classes.values, (std::vector<int32_t>{1, 0, -1, 3}));
    classes.values.assign(4, 77);
    ASSERT_DONE_WELL(sslact_loss_assign_classes(labels, count, nullptr, classes));
    EXPECT_EQ(classes.values, (std::vector<int32_t>{1, 0, -1, 3}));
}

// ---- masks ----

// The known answers of the generator's authors for two counters and keys.
TEST(LossMasks, TheReferenceGeneratorIsPhilox)
{
    uint32_t zero[4] = {0, 0, 0, 0};
    philox(zero, 0);
    EXPECT_EQ(std::vector<uint32_t>(zero, zero + 4),
              (std::vector<uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    uint32_t ones[4] = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    philox(ones, 0xffffffffffffffff);
    EXPECT_EQ(std::vector<uint32_t>(ones, ones + 4),
              (std::vector<uint32_t>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

class Boxes
{
public:
    explicit Boxes(int64_t n) : classes({n}), mask({n})
    {
        for (size_t i = 0; i < classes.values.size(); ++i) {
            classes.values[i] = static_cast<int32_t>(i % 5) - 1;
        }
        SSLACT_INIT(options);
    }
    std::vector<uint8_t> draw(uint64_t seed, int64_t iteration, sslact_half half)
    {
        EXPECT_DONE_WELL(
            sslact_loss_sample_boxes(classes, probability, seed, iteration, half, &options, mask));
        return mask.values;
    }

    Array<int32_t> classes;
    Array<uint8_t> mask;
    double probability[4] = {0.1, 0.5, 1.0, 0.0};
    sslact_loss_options options;
};

TEST(LossMasks, AreThoseOfTheDocumentedGenerator)
{
    for (const sslact_half half : {SSLACT_HALF_LABELED, SSLACT_HALF_UNLABELED}) {
        for (const uint64_t seed : {uint64_t{0}, uint64_t{7}, uint64_t{0xfedcba9876543210}}) {
            for (const uint32_t iteration : {0u, 1u, 34999u}) {
                Boxes boxes(60);
                std::vector<uint8_t> expected;
                for (uint32_t i = 0; i < 60; ++i) {
                    const int32_t k = boxes.classes.values[i];
                    const double p = k >= 0 ? boxes.probability[k] : 1.0;
                    expected.push_back(draw_uniform(seed, iteration, half, i) < p);
                }
                EXPECT_EQ(boxes.draw(seed, iteration, half), expected);
            }
        }
    }
}

TEST(LossMasks, KeepBoxesWithoutAClassOrDropThem)
{
    Boxes boxes(60);
    const std::vector<uint8_t> kept = boxes.draw(3, 4, SSLACT_HALF_UNLABELED);
    boxes.options.drop_no_positive = 1;
    const std::vector<uint8_t> dropped = boxes.draw(3, 4, SSLACT_HALF_UNLABELED);
    for (size_t i = 0; i < 60; ++i) {
        EXPECT_EQ(dropped[i], boxes.classes.values[i] == -1 ? 0 : kept[i]) << i;
    }
    EXPECT_EQ(kept[0], 1);
    EXPECT_EQ(kept[3], 1); // probability 1
    EXPECT_EQ(kept[4], 0); // probability 0
    boxes.options.class_count = 4;
    EXPECT_EQ(boxes.draw(3, 4, SSLACT_HALF_UNLABELED), dropped);
}

TEST(LossMasks, OfAPartAreRowsOfTheWhole)
{
    Boxes whole(60), part(20);
    const std::vector<uint8_t> all = whole.draw(11, 12, SSLACT_HALF_LABELED);
    part.options.first_row = 40;
    const std::vector<uint8_t> rows = part.draw(11, 12, SSLACT_HALF_LABELED);
    EXPECT_EQ(rows, std::vector<uint8_t>(all.begin() + 40, all.end()));
}

// Five sigma of the share that p = 0.1 and p = 0.5 keep of 20,000 boxes each.
TEST(LossMasks, KeepTheShareThatTheProbabilitySays)
{
    Boxes boxes(100000);
    const std::vector<uint8_t> mask = boxes.draw(1, 1, SSLACT_HALF_UNLABELED);
    double kept[5] = {};
    for (size_t i = 0; i < mask.size(); ++i) {
        kept[i % 5] += mask[i] / 20000.0;
    }
    EXPECT_NEAR(kept[1], 0.1, 0.011);
    EXPECT_NEAR(kept[2], 0.5, 0.018);
}

} // namespace
