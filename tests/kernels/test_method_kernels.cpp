// The method's small kernels without torch: against slow loops in long double, at the edges.
#include "kernels/method_problem.h"

#include <gtest/gtest.h>

#include "kernels/stable.h"

using namespace test;

TEST(StableForms, AgreeWithLongDoubleOverTheWholeRange)
{
    for (double x = -750.0; x <= 750.0; x += 0.37) {
        const stable_logit z = stable_expand(x);
        const auto near = [x](double actual, real expected) {
            EXPECT_NEAR(actual, static_cast<double>(expected),
                        4e-15 * static_cast<double>(expected) + 1e-320)
                << x;
        };
        near(stable_sigmoid(x), slow_sigmoid(x));
        near(stable_softplus(x), slow_softplus(x));
        near(z.sigmoid, slow_sigmoid(x));
        near(z.complement, slow_sigmoid(-static_cast<real>(x)));
        near(z.softplus, slow_softplus(x));
        near(z.softplus_of_minus, slow_softplus(-static_cast<real>(x)));
    }
}

TEST(StableForms, DoNotOverflow)
{
    EXPECT_EQ(stable_softplus(1e4), 1e4);
    EXPECT_EQ(stable_softplus(-1e4), 0.0);
    EXPECT_EQ(stable_sigmoid(1e4), 1.0);
    EXPECT_EQ(stable_sigmoid(-1e4), 0.0);
    EXPECT_EQ(stable_expand(1e300).softplus, 1e300);
    EXPECT_TRUE(std::isnan(stable_softplus(NAN)));
    EXPECT_TRUE(std::isnan(stable_sigmoid(NAN)));
}

TEST(PseudoLabels, AreStrictAndPreferThePositive)
{
    // t = 0.5, 0.5, 0.5, 0.5 against T and Tn around it; the last has both tests true.
    const std::vector<double> logits = {0, 0, 0, 0};
    const std::vector<double> positive = {0.5, 0.4, 0.6, 0.4};
    const std::vector<double> negative = {0.5, 0.1, 0.55, 0.6};
    std::vector<int8_t> labels(4);

    kernel_pseudo_labels(source(logits), source(positive), source(negative), 1, 4, labels.data());

    EXPECT_EQ(labels, (std::vector<int8_t>{-1, 1, 0, 1}));
}

TEST(LabelWeights, AreThoseOfTheTableOfModes)
{
    for (const kernel_label_mode mode : modes) {
        Problem p = make_problem(6, 7, 1);
        p.mode = mode;
        const std::vector<int8_t> labels = labels_of(p);
        std::vector<double> pc(42), nc(42);

        kernel_label_weights(source(p.teacher), labels.data(), source(p.positive), p.slope, mode, 6,
                             7, target(pc), target(nc));

        for (size_t i = 0; i < 6; i++) {
            for (size_t j = 0; j < 7; j++) {
                EXPECT_EQ(labels[i * 7 + j], p.label(i, j));
                EXPECT_NEAR(pc[i * 7 + j], static_cast<double>(p.positive_coefficient(i, j)),
                            1e-14);
                EXPECT_EQ(nc[i * 7 + j], p.label(i, j) == 0 ? 1.0 : 0.0);
            }
        }
    }
}

TEST(RarestClass, TakesTheSmallestCountAndTheLowestIndexOnATie)
{
    const int8_t labels[] = {1, 1, 1, 1, -1, 0, 1, 1, -1, -1, 0, -1, 0, 0, 1, 0};
    const int64_t count[] = {5, 3, 3, 0};
    int32_t classes[4];

    kernel_rarest_class(labels, count, 4, 4, classes);

    EXPECT_EQ(std::vector<int32_t>(classes, classes + 4), (std::vector<int32_t>{3, 3, -1, 2}));

    const int64_t tied[] = {5, 3, 3, 9};
    kernel_rarest_class(labels, tied, 4, 4, classes);
    EXPECT_EQ(classes[0], 1);
}

TEST(SampleMask, IsTheComparisonWithTheCountedDraw)
{
    const std::vector<int32_t> classes = {0, 1, -1, 0, 1, 0};
    const double probability[] = {0.5, 0.25};
    std::vector<uint8_t> mask(6);

    kernel_sample_mask(classes.data(), probability, 11, 7, KERNEL_HALF_UNLABELED, 3, 6,
                       mask.data());

    for (size_t i = 0; i < 6; i++) {
        const random_stream stream = random_open(11, RANDOM_MASK_UNLABELED, 7, 3 + i);
        const double p = classes[i] < 0 ? 1.0 : probability[classes[i]];
        EXPECT_EQ(mask[i], random_at(&stream, 0) < p ? 1 : 0) << i;
    }
}

TEST(SampleMask, DependsOnTheRowInTheGlobalBatchOnly)
{
    const std::vector<int32_t> classes(100, 0);
    const double probability[] = {0.5};
    std::vector<uint8_t> whole(100), parts(100);

    kernel_sample_mask(classes.data(), probability, 1, 2, KERNEL_HALF_LABELED, 0, 100,
                       whole.data());
    kernel_sample_mask(classes.data(), probability, 1, 2, KERNEL_HALF_LABELED, 0, 37, parts.data());
    kernel_sample_mask(classes.data(), probability, 1, 2, KERNEL_HALF_LABELED, 37, 63,
                       parts.data() + 37);

    EXPECT_EQ(parts, whole);
}

TEST(SampleMask, KeepsTheShareAskedForAndDiffersByKey)
{
    const size_t n = 20000;
    const std::vector<int32_t> classes(n, 0);
    const double third[] = {1.0 / 3}, all[] = {1.0}, none[] = {0.0};
    std::vector<uint8_t> a(n), b(n);
    const auto share = [n](const std::vector<uint8_t> &mask) {
        double sum = 0;
        for (const uint8_t m : mask) {
            sum += m;
        }
        return sum / static_cast<double>(n);
    };

    kernel_sample_mask(classes.data(), third, 5, 0, KERNEL_HALF_LABELED, 0, n, a.data());
    EXPECT_NEAR(share(a), 1.0 / 3, 0.0134); // four standard deviations
    for (const auto &[seed, iteration, half] :
         {std::tuple{6, 0, KERNEL_HALF_LABELED}, std::tuple{5, 1, KERNEL_HALF_LABELED},
          std::tuple{5, 0, KERNEL_HALF_UNLABELED}}) {
        kernel_sample_mask(classes.data(), third, static_cast<uint64_t>(seed),
                           static_cast<uint64_t>(iteration), half, 0, n, b.data());
        EXPECT_NE(a, b);
    }
    kernel_sample_mask(classes.data(), all, 5, 0, KERNEL_HALF_LABELED, 0, n, a.data());
    EXPECT_EQ(share(a), 1.0);
    kernel_sample_mask(classes.data(), none, 5, 0, KERNEL_HALF_LABELED, 0, n, a.data());
    EXPECT_EQ(share(a), 0.0);
}

TEST(BalancedBce, SkipsResultsNobodyWants)
{
    const Problem p = make_problem(2, 3, 11);
    const std::vector<double> one = {1.0}, weights(6, 1.0);
    std::vector<double> dz(6);
    const kernel_target nowhere = {nullptr, KERNEL_FLOAT64};

    kernel_balanced_bce_backward(source(one), source(p.student), source(weights), source(weights),
                                 source(p.weight), p.mask.data(), 2, 3, target(dz), nowhere);

    for (size_t ij = 0; ij < 6; ij++) {
        // pw = nw = 1: s - (1 - s)
        const real s = slow_sigmoid(p.student[ij]);
        const real expected =
            p.mask[ij / 3] * static_cast<real>(p.weight[ij % 3]) / 6 * (2 * s - 1);
        EXPECT_NEAR(dz[ij], static_cast<double>(expected), 1e-15);
    }
}
