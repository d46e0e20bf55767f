// The checks of method.md section 12, the options of section 7 against a composed torch formula,
// masks, several devices, and the edges.
#include "ssl/case_support.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace
{

using sslact::BalancedHalves;
using sslact::LabelMode;
using sslact::Method;
using sslact::MethodOptions;
using sslact::NegativeThreshold;
using sslact::PenaltyScope;
using sslact::ThresholdMode;
using test::Balance;
using test::values_of;

constexpr int64_t kClasses = 6;

// A labelled set with rare, frequent and unseen (the last) classes.
test::MethodCase::Histogram label_sets()
{
    return {{1, 0, 0, 0, 0, 0, /**/ 1, 1, 0, 0, 0, 0, /**/ 1, 1, 1, 0, 0, 0, /**/
             0, 1, 0, 1, 0, 0, /**/ 0, 0, 1, 0, 1, 0, /**/ 1, 0, 0, 1, 0, 0},
            {90, 40, 12, 7, 3, 5}};
}

at::Tensor draw(uint64_t seed, int64_t rows, int64_t columns, double scale)
{
    at::Tensor out = at::empty({rows, columns}, at::kDouble);
    random_stream stream = random_open(seed, RANDOM_CHANCE, 0, 0);
    for (int64_t at = 0; at < out.numel(); at++) {
        out.mutable_data_ptr<double>()[at] = scale * random_normal(&stream);
    }
    return out;
}

struct Trial {
    explicit Trial(const MethodOptions &options, int64_t labeled = 9, int64_t unlabeled = 11)
        : statistics(test::fit_balance(label_sets(), kClasses, options)),
          method(options, *statistics, at::kDouble)
    {
        inputs.labeled_logits = draw(1, labeled, kClasses, 2.0).set_requires_grad(true);
        inputs.labels = draw(2, labeled, kClasses, 1.0).gt(0.6).to(at::kByte);
        inputs.teacher_logits = draw(3, unlabeled, kClasses, 3.0);
        inputs.student_logits = draw(4, unlabeled, kClasses, 2.0).set_requires_grad(true);
        inputs.seed = 17;
        inputs.iteration = 5;
    }

    Method::Result run()
    {
        Method::Result result = method.compute(inputs);
        if (result.total.requires_grad()) {
            result.total.backward();
        }
        return result;
    }

    Balance statistics;
    Method method;
    Method::Inputs inputs;
};

void expect_equal(const at::Tensor &a, const at::Tensor &b, double tolerance)
{
    ASSERT_EQ(a.sizes(), b.sizes());
    test::expect_close(values_of(a), values_of(b), tolerance, "tensor");
}

// Section 4 in torch's own functions, differentiable by torch's autograd. The masks are those that
// the method reports; y is a constant.
at::Tensor composed_loss(const Trial &setup, const Method::Result &result, const at::Tensor &zl,
                         const at::Tensor &zu, const at::Tensor &thresholds)
{
    const MethodOptions &o = setup.method.options();
    const at::Tensor w = at::tensor(
        std::vector<double>(setup.statistics->weight, setup.statistics->weight + kClasses),
        at::kDouble);
    const at::Tensor one = at::ones({kClasses}, at::kDouble);
    const bool weigh_l = o.ucb == BalancedHalves::both || o.ucb == BalancedHalves::labeled;
    const bool weigh_u = o.ucb == BalancedHalves::both || o.ucb == BalancedHalves::unlabeled;
    const at::Tensor ml = result.labeled_mask.to(at::kDouble).unsqueeze(1);
    const at::Tensor mu = result.unlabeled_mask.to(at::kDouble).unsqueeze(1);
    const at::Tensor fl = ml * (weigh_l ? w : one);
    const at::Tensor fu = mu * (weigh_u ? w : one);
    const double nl = (o.loss_normalise_kept ? ml.sum().item<double>() : ml.numel()) * kClasses;
    const double nu = (o.loss_normalise_kept ? mu.sum().item<double>() : mu.numel()) * kClasses;

    const at::Tensor yl = setup.inputs.labels.to(at::kDouble);
    const at::Tensor supervised =
        -(fl * (yl * at::log_sigmoid(zl) + (1 - yl) * at::log_sigmoid(-zl))).sum() / nl;

    const at::Tensor t = at::sigmoid(setup.inputs.teacher_logits);
    at::Tensor pc, nc;
    at::Tensor penalty = at::zeros({}, at::kDouble);
    if (o.mpl_mode == ThresholdMode::soft) {
        pc = t;
        nc = 1 - t;
    } else {
        const at::Tensor y = at::where(t.gt(thresholds.detach()), 1.0,
                                       at::where(t.lt(setup.method.negative_thresholds()), 0.0,
                                                 at::full({}, -1.0, at::kDouble)));
        const at::Tensor wp = at::sigmoid(o.mpl_a * (t - thresholds));
        nc = y.eq(0).to(at::kDouble);
        pc = o.mpl_mode != ThresholdMode::learnable ? y.eq(1).to(at::kDouble)
             : o.mpl_label == LabelMode::soft       ? wp * y.ne(0)
                                                    : wp * y.eq(1);
        const at::Tensor r = -thresholds.log() + 2 * thresholds;
        if (o.mpl_mode == ThresholdMode::learnable) {
            penalty = o.mpl_reg_scope == PenaltyScope::all         ? (fu * r).sum() / nu
                      : o.mpl_reg_scope == PenaltyScope::positives ? (fu * y.eq(1) * r).sum() / nu
                                                                   : r.mean();
        }
    }
    const at::Tensor pseudo =
        -(fu * (pc * at::log_sigmoid(zu) + nc * at::log_sigmoid(-zu))).sum() / nu;
    return supervised + o.loss_lambda * (pseudo + o.mpl_lambda1 * penalty);
}

// Loss and all gradients of one set of options against the composed formula.
void check_options(const MethodOptions &options)
{
    Trial setup(options);
    const Method::Result result = setup.run();
    const at::Tensor zl = setup.inputs.labeled_logits.detach().clone().set_requires_grad(true);
    const at::Tensor zu = setup.inputs.student_logits.detach().clone().set_requires_grad(true);
    const at::Tensor thresholds =
        setup.method.thresholds().detach().clone().set_requires_grad(true);

    const at::Tensor expected = composed_loss(setup, result, zl, zu, thresholds);
    expected.backward();

    expect_equal(result.total, expected, 1e-12);
    expect_equal(setup.inputs.labeled_logits.grad(), zl.grad(), 1e-12);
    expect_equal(setup.inputs.student_logits.grad(), zu.grad(), 1e-12);
    if (setup.method.learns_thresholds()) {
        expect_equal(setup.method.thresholds().grad(), thresholds.grad(), 1e-12);
    } else {
        EXPECT_FALSE(setup.method.thresholds().requires_grad());
    }
}

MethodOptions hard_balance()
{
    MethodOptions out;
    out.ucb_beta = 1.0;
    out.ucb_gamma = 0.5;
    return out;
}

} // namespace

TEST(MethodOptionsOfALoss, AgreeWithTheComposedTorchFormula)
{
    for (const auto mode : {ThresholdMode::fixed, ThresholdMode::class_related,
                            ThresholdMode::learnable, ThresholdMode::soft}) {
        for (const auto label : {LabelMode::hard, LabelMode::soft}) {
            for (const auto scope :
                 {PenaltyScope::all, PenaltyScope::positives, PenaltyScope::per_class}) {
                for (const bool kept : {false, true}) {
                    MethodOptions options = hard_balance();
                    options.mpl_mode = mode;
                    options.mpl_label = label;
                    options.mpl_reg_scope = scope;
                    options.loss_normalise_kept = kept;
                    options.mpl_lambda1 = 0.7;
                    SCOPED_TRACE(testing::Message()
                                 << static_cast<int>(mode) << static_cast<int>(label)
                                 << static_cast<int>(scope) << kept);
                    check_options(options);
                }
            }
        }
    }
}

TEST(MethodOptionsOfALoss, BalanceTheHalvesAskedFor)
{
    for (const auto ucb : {BalancedHalves::both, BalancedHalves::labeled, BalancedHalves::unlabeled,
                           BalancedHalves::none}) {
        MethodOptions options = hard_balance();
        options.ucb = ucb;
        check_options(options);

        Trial setup(options, 60, 60);
        const Method::Result result = setup.run();
        const bool labeled = ucb == BalancedHalves::both || ucb == BalancedHalves::labeled;
        const bool unlabeled = ucb == BalancedHalves::both || ucb == BalancedHalves::unlabeled;
        EXPECT_EQ(result.labeled_kept < 60, labeled);
        EXPECT_EQ(result.unlabeled_kept < 60, unlabeled);
    }
}

TEST(MethodOptionsOfALoss, SetTheThresholdsInForce)
{
    MethodOptions options;
    options.mpl_mode = ThresholdMode::fixed;
    options.mpl_tau_pos = 0.5;
    EXPECT_EQ(values_of(Trial(options).method.thresholds()), std::vector<double>(6, 0.5));

    options.mpl_mode = ThresholdMode::class_related;
    options.mpl_mapping = MAPPING_LINEAR;
    options.mpl_tau_pos = 0.8;
    options.mpl_t_neg = NegativeThreshold::class_related;
    options.mpl_tau_neg = 0.2;
    Trial setup(options);
    // n = 147, 59, 15, 12, 3, 0 of the label sets above
    const std::vector<double> eta = {1, 59.0 / 147, 15.0 / 147, 12.0 / 147, 3.0 / 147, 1};
    for (size_t j = 0; j < 6; j++) {
        EXPECT_NEAR(values_of(setup.method.thresholds())[j], 0.8 * eta[j], 1e-15);
        EXPECT_NEAR(values_of(setup.method.negative_thresholds())[j], 0.2 * eta[j], 1e-15);
    }
    options.mpl_mode = ThresholdMode::learnable;
    check_options(options);
}

TEST(Method, WithoutBalancingEqualsZeroBetaAndGamma)
{
    MethodOptions off;
    off.ucb = BalancedHalves::none;
    MethodOptions zero;
    zero.ucb_beta = 0.0;
    zero.ucb_gamma = 0.0;

    Trial a(off), b(zero);
    const Method::Result ra = a.run(), rb = b.run();

    EXPECT_EQ(ra.total.item<double>(), rb.total.item<double>());
    EXPECT_EQ(ra.unlabeled_kept, 11);
    EXPECT_EQ(rb.unlabeled_kept, 11);
    expect_equal(a.inputs.student_logits.grad(), b.inputs.student_logits.grad(), 0.0);
    expect_equal(a.method.thresholds().grad(), b.method.thresholds().grad(), 0.0);
}

TEST(Method, WithASteepSlopeEqualsClassRelatedThresholds)
{
    MethodOptions steep;
    steep.mpl_a = 1e9;
    MethodOptions related;
    related.mpl_mode = ThresholdMode::class_related;

    Trial a(steep), b(related);
    const Method::Result ra = a.run(), rb = b.run();

    EXPECT_NEAR(ra.pseudo, rb.pseudo, 1e-12 * rb.pseudo);
    EXPECT_GT(ra.penalty, 0.0);
    EXPECT_EQ(rb.penalty, 0.0);
    expect_equal(a.inputs.student_logits.grad(), b.inputs.student_logits.grad(), 1e-12);
}

TEST(Method, FollowsAPermutationOfTheClasses)
{
    const std::vector<int64_t> order = {3, 0, 5, 1, 4, 2};
    const at::Tensor index = at::tensor(order);
    test::MethodCase::Histogram sets = label_sets(), permuted = sets;
    for (size_t i = 0; i < sets.counts.size(); i++) {
        for (size_t j = 0; j < 6; j++) {
            permuted.labels[i * 6 + j] = sets.labels[i * 6 + static_cast<size_t>(order[j])];
        }
    }
    const MethodOptions options = hard_balance();
    Trial a(options);
    Trial b(options);
    b.statistics = test::fit_balance(permuted, kClasses, options);
    b.method = Method(options, *b.statistics, at::kDouble);
    const auto reorder = [&](const at::Tensor &x) { return x.detach().index_select(1, index); };
    b.inputs.labeled_logits = reorder(a.inputs.labeled_logits).set_requires_grad(true);
    b.inputs.student_logits = reorder(a.inputs.student_logits).set_requires_grad(true);
    b.inputs.teacher_logits = reorder(a.inputs.teacher_logits);
    b.inputs.labels = reorder(a.inputs.labels);

    const Method::Result ra = a.run(), rb = b.run();

    EXPECT_NEAR(rb.total.item<double>(), ra.total.item<double>(), 1e-14);
    expect_equal(rb.pseudo_labels, reorder(ra.pseudo_labels), 0.0);
    expect_equal(rb.positives, ra.positives.index_select(0, index), 0.0);
    expect_equal(rb.unlabeled_mask, ra.unlabeled_mask, 0.0); // no ties among the counts above 0
    expect_equal(b.inputs.student_logits.grad(), reorder(a.inputs.student_logits.grad()), 1e-13);
    expect_equal(b.method.thresholds().grad(), a.method.thresholds().grad().index_select(0, index),
                 1e-13);
    const std::vector<double> ka = values_of(ra.unlabeled_classes),
                              kb = values_of(rb.unlabeled_classes);
    for (size_t i = 0; i < ka.size(); i++) {
        EXPECT_EQ(kb[i] < 0 ? -1.0 : static_cast<double>(order[static_cast<size_t>(kb[i])]), ka[i]);
    }
}

TEST(Method, FollowsAPermutationOfTheInstancesWithTheirMasks)
{
    Trial a(hard_balance());
    const Method::Result ra = a.run();
    const at::Tensor index = at::tensor(std::vector<int64_t>{7, 2, 10, 0, 4, 1, 9, 3, 8, 6, 5});
    Trial b(hard_balance());
    b.inputs.teacher_logits = a.inputs.teacher_logits.index_select(0, index);
    b.inputs.student_logits =
        a.inputs.student_logits.detach().index_select(0, index).set_requires_grad(true);
    b.inputs.unlabeled_mask = ra.unlabeled_mask.index_select(0, index);

    const Method::Result rb = b.run();

    EXPECT_NEAR(rb.total.item<double>(), ra.total.item<double>(), 1e-14);
    expect_equal(b.inputs.student_logits.grad(),
                 a.inputs.student_logits.grad().index_select(0, index), 1e-13);
    expect_equal(b.method.thresholds().grad(), a.method.thresholds().grad(), 1e-13);
}

namespace
{

// The inputs of rows [first, end) of both halves, as one of two devices would see them.
Method::Inputs part_of(const Method::Inputs &whole, int64_t labeled_first, int64_t labeled_end,
                       int64_t first, int64_t end)
{
    Method::Inputs out = whole;
    const auto cut = [](const at::Tensor &x, int64_t from, int64_t to) {
        return x.detach().slice(0, from, to).clone();
    };
    out.labeled_logits =
        cut(whole.labeled_logits, labeled_first, labeled_end).set_requires_grad(true);
    out.labels = cut(whole.labels, labeled_first, labeled_end);
    out.teacher_logits = cut(whole.teacher_logits, first, end);
    out.student_logits = cut(whole.student_logits, first, end).set_requires_grad(true);
    out.labeled_first_row = labeled_first;
    out.unlabeled_first_row = first;
    out.global_labeled = whole.labeled_logits.size(0);
    out.global_unlabeled = whole.teacher_logits.size(0);
    return out;
}

} // namespace

TEST(Method, SplitOverDevicesAddsUpToTheWholeBatch)
{
    for (const bool kept : {false, true}) {
        for (const auto scope :
             {PenaltyScope::all, PenaltyScope::positives, PenaltyScope::per_class}) {
            MethodOptions options = hard_balance();
            options.loss_normalise_kept = kept;
            options.mpl_reg_scope = scope;
            Trial whole(options), first(options), second(options);
            const Method::Result expected = whole.run();
            first.inputs = part_of(whole.inputs, 0, 9, 0, 4); // the second has no labelled row
            second.inputs = part_of(whole.inputs, 9, 9, 4, 11);
            const auto sum = [&](at::Tensor &counts) {
                counts.copy_(at::tensor(
                    std::vector<int64_t>{expected.labeled_kept, expected.unlabeled_kept}));
            };
            first.inputs.sum_over_devices = sum;
            second.inputs.sum_over_devices = sum;

            const Method::Result a = first.run(), b = second.run();

            expect_equal(a.total + b.total, expected.total, 1e-13);
            EXPECT_NEAR(a.pseudo + b.pseudo, expected.pseudo, 1e-13);
            EXPECT_NEAR(a.penalty + b.penalty, expected.penalty, 1e-13);
            EXPECT_EQ(a.unlabeled_kept + b.unlabeled_kept, expected.unlabeled_kept);
            expect_equal(at::cat({a.unlabeled_mask, b.unlabeled_mask}), expected.unlabeled_mask,
                         0.0);
            expect_equal(
                at::cat({first.inputs.student_logits.grad(), second.inputs.student_logits.grad()}),
                whole.inputs.student_logits.grad(), 1e-13);
            expect_equal(first.method.thresholds().grad() + second.method.thresholds().grad(),
                         whole.method.thresholds().grad(), 1e-13);
        }
    }
}

TEST(Method, HasTheGradientsOfCentralDifferences)
{
    for (const auto label : {LabelMode::hard, LabelMode::soft}) {
        MethodOptions options;
        options.mpl_label = label;
        Trial setup(options);
        setup.run();
        const double step = 1e-5;
        const auto slope = [&](at::Tensor &values, int64_t at) {
            double sides[2];
            for (int side = 0; side < 2; side++) {
                const at::Tensor kept = values.detach().clone();
                values.mutable_data_ptr<double>()[at] += side == 0 ? step : -step;
                sides[side] = setup.method.compute(setup.inputs).total.item<double>();
                values.mutable_data_ptr<double>()[at] = kept.const_data_ptr<double>()[at];
            }
            return (sides[0] - sides[1]) / (2 * step);
        };

        for (int64_t at = 0; at < setup.inputs.student_logits.numel(); at += 7) {
            EXPECT_NEAR(values_of(setup.inputs.student_logits.grad())[static_cast<size_t>(at)],
                        slope(setup.inputs.student_logits, at), 1e-9);
        }
        for (int64_t j = 0; j < kClasses; j++) {
            EXPECT_NEAR(values_of(setup.method.thresholds().grad())[static_cast<size_t>(j)],
                        slope(setup.method.thresholds(), j), 1e-8);
        }
    }
}

TEST(Method, DrawsItsMasksFromSeedIterationHalfAndRow)
{
    Trial setup(hard_balance());
    const Method::Result result = setup.run();

    const std::vector<double> classes = values_of(result.unlabeled_classes);
    for (size_t i = 0; i < classes.size(); i++) {
        const random_stream stream = random_open(17, RANDOM_MASK_UNLABELED, 5, i);
        const double p =
            classes[i] < 0 ? 1.0 : setup.statistics->probability[static_cast<size_t>(classes[i])];
        EXPECT_EQ(values_of(result.unlabeled_mask)[i], random_at(&stream, 0) < p ? 1.0 : 0.0);
    }
    expect_equal(Trial(hard_balance()).run().unlabeled_mask, result.unlabeled_mask, 0.0);
}

TEST(Method, DropsInstancesWithoutAPositiveWhenAsked)
{
    MethodOptions keep = hard_balance(), drop = keep;
    drop.ucb_drop_no_positive = true;

    Trial a(keep, 60, 60), b(drop, 60, 60);
    const Method::Result ra = a.run(), rb = b.run();

    expect_equal(rb.unlabeled_mask, ra.unlabeled_mask * ra.unlabeled_classes.ge(0), 0.0);
    expect_equal(rb.labeled_mask, ra.labeled_mask * ra.labeled_classes.ge(0), 0.0);
    EXPECT_LT(rb.unlabeled_kept, ra.unlabeled_kept);
}

TEST(Method, LeavesOutBoxesThatTheStrongViewLost)
{
    for (const auto ucb : {BalancedHalves::both, BalancedHalves::none}) {
        MethodOptions options = hard_balance();
        options.ucb = ucb;
        options.mpl_reg_scope = PenaltyScope::all;
        Trial setup(options);
        const Method::Result full = Trial(options).run();
        setup.inputs.visible = at::ones({11}, at::kByte);
        setup.inputs.visible.mutable_data_ptr<uint8_t>()[3] = 0;
        setup.inputs.visible.mutable_data_ptr<uint8_t>()[8] = 0;

        const Method::Result result = setup.run();

        expect_equal(result.unlabeled_mask, full.unlabeled_mask * setup.inputs.visible, 0.0);
        EXPECT_EQ(setup.inputs.student_logits.grad()[3].abs().sum().item<double>(), 0.0);
        EXPECT_EQ(result.supervised, full.supervised);
        EXPECT_LT(result.penalty, full.penalty);
        // Still one of the N, still labelled.
        expect_equal(result.pseudo_labels, full.pseudo_labels, 0.0);
    }
}

TEST(Method, ClampsLearnedThresholdsOnly)
{
    MethodOptions options;
    options.t_clamp = 0.01;
    Trial setup(options);
    {
        const at::NoGradGuard no_grad;
        setup.method.thresholds().copy_(
            at::tensor(std::vector<double>{-1, 0, 0.005, 0.5, 0.995, 2}));
    }

    setup.method.clamp_thresholds();

    EXPECT_EQ(values_of(setup.method.thresholds()),
              (std::vector<double>{0.01, 0.01, 0.01, 0.5, 0.99, 0.99}));
    EXPECT_TRUE(setup.method.thresholds().requires_grad());

    options.mpl_mode = ThresholdMode::fixed;
    options.mpl_tau_pos = 0.995;
    Trial fixed(options);
    fixed.method.clamp_thresholds();
    EXPECT_EQ(values_of(fixed.method.thresholds()), std::vector<double>(6, 0.995));
}

TEST(Method, TakesEitherHalfAlone)
{
    Trial both(hard_balance()), labeled(hard_balance()), unlabeled(hard_balance());
    labeled.inputs.teacher_logits = at::Tensor();
    labeled.inputs.student_logits = at::Tensor();
    unlabeled.inputs.labeled_logits = at::Tensor();
    unlabeled.inputs.labels = at::Tensor();

    const Method::Result all = both.run(), left = labeled.run(), right = unlabeled.run();

    EXPECT_EQ(left.total.item<double>(), all.supervised);
    EXPECT_EQ(left.pseudo, 0.0);
    EXPECT_EQ(left.positives.sum().item<int64_t>(), 0);
    EXPECT_FALSE(labeled.method.thresholds().grad().defined());
    EXPECT_EQ(right.supervised, 0.0);
    EXPECT_NEAR(right.total.item<double>(), 0.3 * (all.pseudo + all.penalty), 1e-15);
}

TEST(Method, OfNoInstanceIsZeroWithZeroGradients)
{
    for (const bool kept : {false, true}) {
        MethodOptions options = hard_balance();
        options.loss_normalise_kept = kept;
        Trial setup(options, 0, 0);

        const Method::Result result = setup.run();

        EXPECT_EQ(result.total.item<double>(), 0.0);
        EXPECT_EQ(result.labeled_kept, 0);
        EXPECT_EQ(values_of(setup.method.thresholds().grad()), std::vector<double>(6, 0.0));
    }
}

TEST(Method, OfMaskedRowsOnlyIsZeroWhenNormalisedByTheKept)
{
    MethodOptions options = hard_balance();
    options.loss_normalise_kept = true;
    Trial setup(options);
    setup.inputs.labeled_mask = at::zeros({9}, at::kByte);
    setup.inputs.unlabeled_mask = at::zeros({11}, at::kByte);

    const Method::Result result = setup.run();

    EXPECT_EQ(result.total.item<double>(), 0.0);
    EXPECT_EQ(setup.inputs.student_logits.grad().abs().sum().item<double>(), 0.0);
    EXPECT_EQ(setup.inputs.labeled_logits.grad().abs().sum().item<double>(), 0.0);
}

TEST(Method, StaysFiniteForExtremeLogitsAndThresholds)
{
    for (const auto label : {LabelMode::hard, LabelMode::soft}) {
        for (const double threshold : {1e-3, 1.0 - 1e-3}) {
            MethodOptions options = hard_balance();
            options.mpl_label = label;
            Trial setup(options);
            {
                const at::NoGradGuard no_grad;
                setup.method.thresholds().fill_(threshold);
                setup.inputs.student_logits.sign_().mul_(1e4);
                setup.inputs.labeled_logits.sign_().mul_(1e4);
                setup.inputs.teacher_logits.sign_().mul_(1e4);
            }

            const Method::Result result = setup.run();

            EXPECT_TRUE(std::isfinite(result.total.item<double>()));
            for (const at::Tensor &gradient :
                 {setup.inputs.student_logits.grad(), setup.inputs.labeled_logits.grad(),
                  setup.method.thresholds().grad()}) {
                EXPECT_TRUE(gradient.isfinite().all().item<bool>());
            }
        }
    }
}

TEST(Method, ShowsANanWhereverItEnters)
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (int where = 0; where < 4; where++) {
        Trial setup{MethodOptions()};
        {
            const at::NoGradGuard no_grad;
            at::Tensor &target = where == 0   ? setup.inputs.student_logits
                                 : where == 1 ? setup.inputs.labeled_logits
                                 : where == 2 ? setup.inputs.teacher_logits
                                              : setup.method.thresholds();
            target.mutable_data_ptr<double>()[2] = nan;
        }
        EXPECT_TRUE(std::isnan(setup.run().total.item<double>())) << "place " << where;
    }
}

TEST(Method, OfOneClassWorks)
{
    MethodOptions options;
    const test::MethodCase::Histogram sets = {{1, 0}, {7, 3}};
    const Balance statistics = test::fit_balance(sets, 1, options);
    const Method method(options, *statistics, at::kDouble);
    Method::Inputs inputs;
    inputs.teacher_logits = at::tensor(std::vector<double>{4.0, -3.0, 0.0}).view({3, 1});
    inputs.student_logits = at::tensor(std::vector<double>{1.0, 1.0, 1.0}).view({3, 1});

    const Method::Result result = method.compute(inputs);

    EXPECT_EQ(values_of(result.pseudo_labels), (std::vector<double>{1, 0, -1}));
    const double t = 1 / (1 + std::exp(-4.0));
    const double wp = 1 / (1 + std::exp(-20 * (t - 0.9)));
    EXPECT_NEAR(result.pseudo, (wp * std::log1p(std::exp(-1.0)) + std::log1p(std::exp(1.0))) / 3,
                1e-14);
    EXPECT_NEAR(result.penalty, -std::log(0.9) + 1.8, 1e-14);
}
