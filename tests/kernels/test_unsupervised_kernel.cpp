// The fused loss without torch: against slow loops in long double, in every type, at the edges
// (extreme logits, NaN, labels too close to call, no rows, more classes than one block of columns).
#include "kernels/method_problem.h"

#include <gtest/gtest.h>

using namespace test;

TEST(UnsupervisedLoss, EqualsTheSlowDoubleLoop)
{
    for (const auto &size : sizes) {
        for (const kernel_label_mode mode : modes) {
            for (const kernel_penalty_scope scope : scopes) {
                Problem p = make_problem(size[0], size[1], 2);
                p.mode = mode;
                p.scope = scope;
                const Losses expected = slow_losses(p);

                const Fused<double> exact(p);
                const Fused<float> single(p);

                const auto pseudo = static_cast<double>(expected.pseudo);
                const auto penalty = static_cast<double>(expected.penalty);
                EXPECT_NEAR(exact.pseudo[0], pseudo, 1e-13 * pseudo);
                EXPECT_NEAR(exact.penalty[0], penalty, 1e-13 * penalty);
                EXPECT_NEAR(single.pseudo[0], pseudo, 1e-6 * pseudo);
                EXPECT_NEAR(single.penalty[0], penalty, 1e-6 * penalty);
            }
        }
    }
}

TEST(UnsupervisedLoss, GradientsAreThoseOfCentralDifferences)
{
    const double step = 1e-5;
    for (const kernel_label_mode mode : modes) {
        for (const kernel_penalty_scope scope : scopes) {
            Problem p = make_problem(5, 67, 3);
            p.mode = mode;
            p.scope = scope;
            const Fused<double> fused(p);
            for (const size_t ij : {0, 66, 67, 200, 334}) {
                Problem up = p, down = p;
                up.student[ij] += step;
                down.student[ij] -= step;
                const auto slope = static_cast<double>(
                    (slow_losses(up).pseudo - slow_losses(down).pseudo) / (2 * real(step)));
                EXPECT_NEAR(fused.student[ij], slope, 1e-11);
            }
            for (const size_t j : {0, 5, 63, 64, 66}) {
                Problem up = p, down = p;
                up.positive[j] += step; // no teacher value lies that close to a threshold
                down.positive[j] -= step;
                const Losses a = slow_losses(up), b = slow_losses(down);
                EXPECT_NEAR(fused.from_pseudo[j],
                            static_cast<double>((a.pseudo - b.pseudo) / (2 * real(step))), 1e-8);
                EXPECT_NEAR(fused.from_penalty[j],
                            static_cast<double>((a.penalty - b.penalty) / (2 * real(step))), 1e-8);
            }
        }
    }
}

TEST(UnsupervisedLoss, EqualsItsPartsOneByOne)
{
    for (const kernel_label_mode mode : modes) {
        for (const kernel_penalty_scope scope : scopes) {
            Problem p = make_problem(8, 70, 4);
            p.mode = mode;
            p.scope = scope;
            const std::vector<int8_t> labels = labels_of(p);
            const std::vector<double> one = {1.0};
            std::vector<double> pc(560), nc(560), pseudo(1), penalty(1), dz(560), dpc(560), dt(70),
                dt_penalty(70);

            kernel_label_weights(source(p.teacher), labels.data(), source(p.positive), p.slope,
                                 mode, 8, 70, target(pc), target(nc));
            kernel_balanced_bce(source(p.student), source(pc), source(nc), source(p.weight),
                                p.mask.data(), 8, 70, target(pseudo));
            kernel_balanced_bce_backward(source(one), source(p.student), source(pc), source(nc),
                                         source(p.weight), p.mask.data(), 8, 70, target(dz),
                                         target(dpc));
            kernel_label_weights_backward(source(dpc), source(p.teacher), labels.data(),
                                          source(p.positive), p.slope, mode, 8, 70, target(dt));
            kernel_penalty(source(p.positive), labels.data(), source(p.weight), p.mask.data(),
                           scope, 8, 70, target(penalty), target(dt_penalty));

            const Fused<double> fused(p);
            EXPECT_NEAR(fused.pseudo[0], pseudo[0], 1e-14);
            const double learned = mode == KERNEL_LABEL_FIXED ? 0.0 : 1.0;
            EXPECT_NEAR(fused.penalty[0], learned * penalty[0], 1e-14);
            for (size_t ij = 0; ij < 560; ij++) {
                EXPECT_NEAR(fused.student[ij], dz[ij], 1e-16);
            }
            for (size_t j = 0; j < 70; j++) {
                EXPECT_NEAR(fused.from_pseudo[j], dt[j], 1e-15);
                EXPECT_NEAR(fused.from_penalty[j], learned * dt_penalty[j], 1e-15);
            }
        }
    }
}

TEST(UnsupervisedLoss, RepeatsBitForBit)
{
    const Problem p = make_problem(31, 60, 5);
    const Fused<float> a(p), b(p);
    EXPECT_EQ(a.pseudo, b.pseudo);
    EXPECT_EQ(a.from_pseudo, b.from_pseudo);
    EXPECT_EQ(a.student, b.student);
}

TEST(UnsupervisedLoss, StaysFiniteAtTheEdges)
{
    for (const kernel_label_mode mode : modes) {
        for (const double t : {1e-3, 1.0 - 1e-3}) {
            Problem p = make_problem(4, 3, 6);
            p.mode = mode;
            p.teacher = {1e4, -1e4, 0, 1e4, 1e4, 1e4, -1e4, -1e4, -1e4, 0, 0, 0};
            p.student = {1e4, -1e4, 1e4, -1e4, 1e4, -1e4, 1e4, -1e4, 1e4, -1e4, 1e4, 0};
            p.positive = {t, t, t};
            p.mask = {1, 1, 1, 1};
            const Losses expected = slow_losses(p);

            const Fused<double> fused(p);
            const Fused<float> single(p);

            const auto pseudo = static_cast<double>(expected.pseudo);
            EXPECT_NEAR(fused.pseudo[0], pseudo, 1e-12 * pseudo);
            EXPECT_NEAR(single.pseudo[0], pseudo, 1e-6 * pseudo);
            for (const auto &values : {fused.student, fused.from_pseudo, fused.from_penalty}) {
                for (const double value : values) {
                    EXPECT_TRUE(std::isfinite(value));
                }
            }
        }
    }
}

TEST(UnsupervisedLoss, OfNothingIsZero)
{
    for (const kernel_penalty_scope scope : scopes) {
        Problem empty = make_problem(0, 5, 7);
        empty.scope = scope;
        const Fused<double> none(empty);
        EXPECT_EQ(none.pseudo[0], 0.0);
        EXPECT_EQ(none.penalty[0], 0.0);
        EXPECT_EQ(none.from_pseudo, std::vector<double>(5, 0.0));
        EXPECT_EQ(none.from_penalty, std::vector<double>(5, 0.0));
    }

    Problem masked = make_problem(6, 5, 8);
    masked.mask.assign(6, 0);
    const Fused<double> dropped(masked);
    EXPECT_EQ(dropped.pseudo[0], 0.0);
    EXPECT_EQ(dropped.penalty[0], 0.0);

    // Every entry between the thresholds: no pseudo-label, no data term, the penalty remains.
    Problem ignored = make_problem(6, 5, 9);
    ignored.teacher.assign(30, 0.0);
    ignored.positive.assign(5, 0.6);
    ignored.negative.assign(5, 0.1);
    ignored.mask.assign(6, 1);
    const Fused<double> idle(ignored);
    EXPECT_EQ(idle.pseudo[0], 0.0);
    EXPECT_GT(idle.penalty[0], 0.0);
    EXPECT_EQ(idle.student, std::vector<double>(30, 0.0));
}

TEST(UnsupervisedLoss, LetsEveryNanThrough)
{
    // Wherever it enters, in a masked row too: the training loop must see it.
    for (const kernel_label_mode mode : modes) {
        for (int where = 0; where < 5; where++) {
            Problem p = make_problem(3, 4, 10);
            p.mode = mode;
            p.mask = {1, 0, 1};
            (where == 0   ? p.teacher[1]
             : where == 1 ? p.teacher[5]
             : where == 2 ? p.student[2]
             : where == 3 ? p.positive[0]
                          : p.weight[3]) = NAN;
            EXPECT_TRUE(std::isnan(Fused<double>(p).pseudo[0])) << "place " << where;
            EXPECT_TRUE(std::isnan(Fused<float>(p).pseudo[0])) << "place " << where;
        }
    }
}

TEST(UnsupervisedLoss, OfPartsInAnyOrderIsTheWholeBitForBit)
{
    for (const size_t n : {size_t{0}, size_t{1}, size_t{256}, size_t{257}, size_t{700}}) {
        const Problem p = make_problem(n, 70, 12);
        const Fused<float> whole(p), parts(p, true);
        EXPECT_EQ(parts.pseudo, whole.pseudo) << n;
        EXPECT_EQ(parts.penalty, whole.penalty) << n;
        EXPECT_EQ(parts.student, whole.student) << n;
        EXPECT_EQ(parts.from_pseudo, whole.from_pseudo) << n;
        EXPECT_EQ(parts.from_penalty, whole.from_penalty) << n;
        const Fused<double> exact(p), exact_parts(p, true);
        EXPECT_EQ(exact_parts.pseudo, exact.pseudo) << n;
        EXPECT_EQ(exact_parts.from_pseudo, exact.from_pseudo) << n;
    }
}

TEST(UnsupervisedLoss, OfFloatLogitsIsThatOfDoublesToSixDigits)
{
    for (const kernel_label_mode mode : modes) {
        for (const auto &size : sizes) {
            Problem p = make_problem(size[0] * 40, size[1], 13);
            p.mode = mode;
            const Fused<double> exact(p);
            const Fused<float> single(p);
            const auto compare = [](const auto &actual, const auto &expected) {
                double largest = 0, difference = 0;
                for (size_t k = 0; k < expected.size(); k++) {
                    largest = std::fmax(largest, std::fabs(expected[k]));
                    difference = std::fmax(difference, std::fabs(actual[k] - expected[k]));
                }
                EXPECT_LE(difference, 2e-6 * largest);
            };
            compare(single.pseudo, exact.pseudo);
            compare(single.student, exact.student);
            compare(single.from_pseudo, exact.from_pseudo);
            compare(single.from_penalty, exact.from_penalty);
        }
    }
}

TEST(UnsupervisedLoss, LabelsFloatLogitsNextToAThresholdExactly)
{
    // T and Tn are the teacher's own probabilities of column 0 and 1 to the last digit of a double,
    // or a hair off: the label shows in the sign of the gradient (0 = ignored).
    for (const double hair : {-1e-13, 0.0, 1e-13}) {
        for (const float logit : {-2.5f, -0.3f, 0.0f, 0.7f, 3.1f}) {
            Problem p = make_problem(1, 2, 14);
            p.mode = KERNEL_LABEL_FIXED;
            p.mask = {1};
            p.teacher = {logit, logit};
            const double t = stable_sigmoid(logit);
            p.positive = {t + hair, 0.999};
            p.negative = {0.001, t + hair};
            const auto teacher = cast<float>(p.teacher), student = cast<float>(p.student);
            std::vector<float> gradient(2);
            kernel_unsupervised task = {};
            task.teacher_logits = source(teacher);
            task.student_logits = source(student);
            task.positive = source(p.positive);
            task.negative = source(p.negative);
            task.class_weight = source(p.weight);
            task.mask = p.mask.data();
            task.slope = 20.0;
            task.mode = p.mode;
            task.n = 1;
            task.c = 2;
            task.student_gradient = target(gradient);

            kernel_unsupervised_loss(&task);

            EXPECT_EQ(gradient[0] < 0, hair < 0) << logit;
            EXPECT_EQ(gradient[1] > 0, hair > 0) << logit;
        }
    }
}

template <typename T> class UnsupervisedNarrow : public testing::Test
{
};
using NarrowTypes = testing::Types<Float16, Bfloat16>;
TYPED_TEST_SUITE(UnsupervisedNarrow, NarrowTypes);

TYPED_TEST(UnsupervisedNarrow, LogitsGiveTheLossOfTheirValues)
{
    for (const kernel_label_mode mode : modes) {
        Problem p = make_problem(31, 70, 15);
        p.mode = mode;
        for (auto *values : {&p.teacher, &p.student}) {
            for (double &value : *values) {
                value = TypeParam(value); // what the type can hold
            }
        }
        const Fused<double> expected(p);
        const Fused<TypeParam, float> actual(p);
        EXPECT_NEAR(actual.pseudo[0], expected.pseudo[0], 2e-6 * expected.pseudo[0]);
        EXPECT_NEAR(actual.penalty[0], expected.penalty[0], 2e-6 * expected.penalty[0]);
        for (size_t ij = 0; ij < p.n * p.c; ij++) {
            ASSERT_NEAR(actual.student[ij], expected.student[ij], 2e-9);
        }
    }
}

TEST(UnsupervisedLoss, OfASteepSlopeIsComputedInDouble)
{
    // In float32 a (t - T) would be off by 1e-3 here.
    Problem p = make_problem(20, 10, 16);
    p.slope = 1e4;
    p.positive.assign(10, 0.5);
    for (size_t ij = 0; ij < 200; ij++) {
        p.teacher[ij] = static_cast<float>(1e-3 * (static_cast<double>(ij) - 99.5) / 100);
    }
    const auto expected = static_cast<double>(slow_losses(p).pseudo);
    EXPECT_NEAR(Fused<float>(p).pseudo[0], expected, 1e-7 * expected);
}
