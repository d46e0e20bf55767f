// The method's kernels without torch: against slow loops in long double, in both types, at the
// edges (extreme logits, NaN, no rows, one class, more classes than one block of columns).
#include "kernels/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/stable.h"

namespace
{

using real = long double;

// ---- the method once more, written to be obvious ----

real slow_sigmoid(real x)
{
    return 1 / (1 + expl(-x));
}
real slow_softplus(real x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

struct Problem {
    size_t n, c;
    std::vector<double> teacher, student, positive, negative, weight;
    std::vector<uint8_t> mask;
    double slope = 20.0;
    kernel_label_mode mode = KERNEL_LABEL_HARD;
    kernel_penalty_scope scope = KERNEL_PENALTY_ALL;

    int label(size_t i, size_t j) const
    {
        const real t = slow_sigmoid(teacher[i * c + j]);
        return t > positive[j] ? 1 : t < negative[j] ? 0 : -1;
    }
    real positive_coefficient(size_t i, size_t j) const
    {
        const int y = label(i, j);
        if (mode == KERNEL_LABEL_FIXED) {
            return y == 1 ? 1 : 0;
        }
        const real wp = slow_sigmoid(slope * (slow_sigmoid(teacher[i * c + j]) - positive[j]));
        return y == 1 || (mode == KERNEL_LABEL_SOFT && y != 0) ? wp : 0;
    }
};

struct Losses {
    real pseudo = 0, penalty = 0;
};

Losses slow_losses(const Problem &p)
{
    Losses out;
    if (p.n == 0) {
        return out;
    }
    for (size_t i = 0; i < p.n; i++) {
        for (size_t j = 0; j < p.c; j++) {
            const real z = p.student[i * p.c + j];
            const real share = p.mask[i] * static_cast<real>(p.weight[j]) /
                               (static_cast<real>(p.n) * static_cast<real>(p.c));
            out.pseudo += share * (p.positive_coefficient(i, j) * slow_softplus(-z) +
                                   (p.label(i, j) == 0 ? slow_softplus(z) : 0));
            if (p.scope == KERNEL_PENALTY_ALL ||
                (p.scope == KERNEL_PENALTY_POSITIVES && p.label(i, j) == 1)) {
                out.penalty += share * (-logl(p.positive[j]) + 2 * p.positive[j]);
            }
        }
    }
    if (p.scope == KERNEL_PENALTY_PER_CLASS) {
        for (size_t j = 0; j < p.c; j++) {
            out.penalty += (-logl(p.positive[j]) + 2 * p.positive[j]) / static_cast<real>(p.c);
        }
    }
    return out;
}

Problem make_problem(size_t n, size_t c, uint64_t seed)
{
    Problem out = {n, c, {}, {}, {}, {}, {}, {}};
    random_stream stream = random_open(seed, RANDOM_CHANCE, 0, n * 1000 + c);
    for (size_t ij = 0; ij < n * c; ij++) {
        // Exact in single precision, so that both types see the same problem.
        out.teacher.push_back(static_cast<float>(3.0 * random_normal(&stream)));
        out.student.push_back(static_cast<float>(3.0 * random_normal(&stream)));
    }
    for (size_t j = 0; j < c; j++) {
        out.positive.push_back(static_cast<float>(random_range(&stream, 0.4, 0.9)));
        out.negative.push_back(static_cast<float>(random_range(&stream, 0.05, 0.3)));
        out.weight.push_back(static_cast<float>(random_range(&stream, 0.5, 1.5)));
    }
    for (size_t i = 0; i < n; i++) {
        out.mask.push_back(random_uniform(&stream) < 0.7);
    }
    return out;
}

// ---- the kernels with vectors around them ----

template <typename T> constexpr kernel_type type_of = KERNEL_FLOAT64;
template <> constexpr kernel_type type_of<float> = KERNEL_FLOAT32;

template <typename T> kernel_source source(const std::vector<T> &values)
{
    return {values.data(), type_of<T>};
}
template <typename T> kernel_target target(std::vector<T> &values)
{
    return {values.data(), type_of<T>};
}
template <typename T> std::vector<T> cast(const std::vector<double> &values)
{
    return {values.begin(), values.end()};
}

template <typename T> struct Fused {
    std::vector<T> pseudo = {T(-7)}, penalty = {T(-7)}, student, from_pseudo, from_penalty;

    explicit Fused(const Problem &p) : student(p.n * p.c), from_pseudo(p.c), from_penalty(p.c)
    {
        const auto teacher_in = cast<T>(p.teacher), student_in = cast<T>(p.student),
                   positive = cast<T>(p.positive), negative = cast<T>(p.negative),
                   weight = cast<T>(p.weight);
        kernel_unsupervised task = {};
        task.teacher_logits = source(teacher_in);
        task.student_logits = source(student_in);
        task.positive = source(positive);
        task.negative = source(negative);
        task.class_weight = source(weight);
        task.mask = p.mask.data();
        task.slope = p.slope;
        task.mode = p.mode;
        task.scope = p.scope;
        task.n = p.n;
        task.c = p.c;
        task.pseudo = target(pseudo);
        task.penalty = target(penalty);
        task.student_gradient = target(student);
        task.pseudo_positive_gradient = target(from_pseudo);
        task.penalty_positive_gradient = target(from_penalty);
        kernel_unsupervised_loss(&task);
    }
};

std::vector<int8_t> labels_of(const Problem &p)
{
    std::vector<int8_t> labels(p.n * p.c, 9);
    kernel_pseudo_labels(source(p.teacher), source(p.positive), source(p.negative), p.n, p.c,
                         labels.data());
    return labels;
}

constexpr kernel_label_mode modes[] = {KERNEL_LABEL_HARD, KERNEL_LABEL_SOFT, KERNEL_LABEL_FIXED};
constexpr kernel_penalty_scope scopes[] = {KERNEL_PENALTY_ALL, KERNEL_PENALTY_POSITIVES,
                                           KERNEL_PENALTY_PER_CLASS};
constexpr size_t sizes[][2] = {{0, 3}, {1, 1}, {7, 24}, {9, 60}, {5, 64}, {4, 65}, {3, 200}};

} // namespace

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
                // One rounding to single precision.
                EXPECT_NEAR(single.pseudo[0], pseudo, 1e-7 * pseudo);
                EXPECT_NEAR(single.penalty[0], penalty, 1e-7 * penalty);
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
            EXPECT_NEAR(fused.penalty[0], penalty[0], 1e-14);
            for (size_t ij = 0; ij < 560; ij++) {
                EXPECT_NEAR(fused.student[ij], dz[ij], 1e-16);
            }
            for (size_t j = 0; j < 70; j++) {
                EXPECT_NEAR(fused.from_pseudo[j], dt[j], 1e-15);
                EXPECT_NEAR(fused.from_penalty[j], dt_penalty[j], 1e-15);
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
