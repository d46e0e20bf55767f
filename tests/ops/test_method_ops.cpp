// The method's ops: the typed checks, and what they do not cover (modes and scopes that are none,
// mixed types, classes out of range, gradients with only one loss used).
#include "ops/method_ops.h"

#include <ATen/Parallel.h>

#include <fstream>
#include <limits>
#include <set>
#include <string_view>

namespace test
{

INSTANTIATE_TYPED_TEST_SUITE_P(PseudoLabels, OpChecks, testing::Types<PseudoLabelsOp>);

using LabelWeightOps =
    testing::Types<LabelWeightsOp<LabelMode::hard>, LabelWeightsOp<LabelMode::soft>,
                   LabelWeightsOp<LabelMode::fixed>, LabelWeightsBackwardOp<LabelMode::hard>,
                   LabelWeightsBackwardOp<LabelMode::soft>,
                   LabelWeightsBackwardOp<LabelMode::fixed>>;
INSTANTIATE_TYPED_TEST_SUITE_P(LabelWeights, OpChecks, LabelWeightOps);

using BalanceOps = testing::Types<RarestClassOp<at::kChar>, RarestClassOp<at::kByte>, SampleMaskOp>;
INSTANTIATE_TYPED_TEST_SUITE_P(Balance, OpChecks, BalanceOps);

using BceOps = testing::Types<BalancedBceOp, BalancedBceBackwardOp>;
INSTANTIATE_TYPED_TEST_SUITE_P(BalancedBce, OpChecks, BceOps);

using LossOps = testing::Types<UnsupervisedLossOp<LabelMode::hard, PenaltyScope::all>,
                               UnsupervisedLossOp<LabelMode::soft, PenaltyScope::positives>,
                               UnsupervisedLossOp<LabelMode::hard, PenaltyScope::per_class>,
                               UnsupervisedLossOp<LabelMode::fixed, PenaltyScope::all>,
                               UnsupervisedLossFusedOp<LabelMode::hard, PenaltyScope::positives>,
                               UnsupervisedLossFusedOp<LabelMode::soft, PenaltyScope::all>,
                               UnsupervisedLossFusedOp<LabelMode::fixed, PenaltyScope::per_class>>;
INSTANTIATE_TYPED_TEST_SUITE_P(UnsupervisedLoss, OpChecks, LossOps);

namespace
{

// The op as a script or Python would call it, with its words as they come.
std::tuple<at::Tensor, at::Tensor> call_loss(const Tensors &in, double slope, std::string_view mode,
                                             std::string_view scope)
{
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("sslact::unsupervised_loss", "")
                               .typed<std::tuple<at::Tensor, at::Tensor>(
                                   const at::Tensor &, const at::Tensor &, const at::Tensor &,
                                   const at::Tensor &, const at::Tensor &, const at::Tensor &,
                                   double, std::string_view, std::string_view)>();
    return op.call(in[0], in[1], in[2], in[3], in[4], in[5], slope, mode, scope);
}

} // namespace

TEST(MethodOps, RefuseWordsAndSlopesTheyDoNotKnow)
{
    const Tensors cpu = loss_inputs(3, 4, at::kDouble);
    const Tensors meta = map(cpu, [](const at::Tensor &x) { return x.to(at::Device(at::kMeta)); });
    for (const Tensors &in : {cpu, meta}) {
        EXPECT_EQ(catch_text([&] { call_loss(in, 20, "firm", "all"); }),
                  "mode: \"firm\", expected hard, soft or fixed");
        EXPECT_EQ(catch_text([&] { call_loss(in, 20, "hard", "some"); }),
                  "scope: \"some\", expected all, positives or per_class");
        EXPECT_EQ(catch_text([&] { call_loss(in, 0, "hard", "all"); }),
                  "slope: 0, expected a positive number");
        EXPECT_EQ(catch_text([&] { call_loss(in, std::nan(""), "hard", "all"); }),
                  "slope: nan, expected a positive number");
        EXPECT_EQ(catch_text([&] {
                      call_loss(in, std::numeric_limits<double>::infinity(), "hard", "all");
                  }),
                  "slope: inf, expected a positive number");
    }
}

TEST(MethodOps, RefuseTensorsOfTwoDevices)
{
    Tensors in = loss_inputs(3, 4, at::kDouble);
    in[4] = in[4].to(at::Device(at::kMeta));
    EXPECT_EQ(catch_text([&] { call_loss(in, 20, "hard", "all"); }),
              "class_weight: on meta, expected cpu");
}

TEST(SampleMask, RefusesNumbersOutOfRange)
{
    const Tensors in = SampleMaskOp::inputs(3, 4, at::kDouble);
    const auto call = [&](int64_t iteration, int half, int64_t first_row) {
        return catch_text([&] {
            sslact::ops::sample_mask(in[0], in[1], 1, iteration, static_cast<SampleHalf>(half),
                                     first_row);
        });
    };
    EXPECT_EQ(call(-1, 0, 0), "iteration: -1, expected 0 or more");
    EXPECT_EQ(call(0, 2, 0), "half: 2, expected 0 (labelled) or 1 (unlabelled)");
    EXPECT_EQ(call(0, 0, -3), "first_row: -3, expected 0 or more");
}

TEST(SampleMask, OfPartsOfABatchIsThatOfTheBatch)
{
    const Tensors in = SampleMaskOp::inputs(50, 3, at::kDouble);
    const at::Tensor whole = sslact::ops::sample_mask(in[0], in[1], 9, 2, SampleHalf::labeled);
    const at::Tensor first =
        sslact::ops::sample_mask(in[0].slice(0, 0, 20), in[1], 9, 2, SampleHalf::labeled, 0);
    const at::Tensor second =
        sslact::ops::sample_mask(in[0].slice(0, 20, 50), in[1], 9, 2, SampleHalf::labeled, 20);
    EXPECT_TRUE(at::equal(at::cat({first, second}), whole));
}

TEST(MethodOps, TakeMixedTypesAndAnswerInThatOfTheLogits)
{
    Tensors in = loss_inputs(7, 24, at::kDouble);
    const auto [expected, expected_penalty] = call_loss(in, 10, "hard", "all");
    in[1] = in[1].to(at::kFloat).set_requires_grad(true); // exact: the values are floats
    in[2].set_requires_grad(true);                        // stays double

    const auto [pseudo, penalty] = call_loss(in, 10, "hard", "all");
    (pseudo + penalty).backward();

    EXPECT_EQ(pseudo.scalar_type(), at::kFloat);
    EXPECT_NEAR(pseudo.item<double>(), expected.item<double>(), 1e-7);
    EXPECT_NEAR(penalty.item<double>(), expected_penalty.item<double>(), 1e-6);
    EXPECT_EQ(in[1].grad().scalar_type(), at::kFloat);
    EXPECT_EQ(in[2].grad().scalar_type(), at::kDouble);
}

TEST(MethodOps, GiveFloatLossesForSixteenBitLogits)
{
    for (const auto type : {at::kHalf, at::kBFloat16}) {
        Tensors in = loss_inputs(300, 24, type);
        const Tensors slow = slow_loss(in, 10, LabelMode::hard, PenaltyScope::all);
        in[1].set_requires_grad(true);
        in[2].set_requires_grad(true);

        const auto [pseudo, penalty] = call_loss(in, 10, "hard", "all");
        // As a scaled loss of mixed precision: the scale is there before a gradient is rounded.
        ((pseudo + penalty) * 1024).backward();

        EXPECT_EQ(pseudo.scalar_type(), at::kFloat);
        expect_near({pseudo, penalty}, {slow[0], slow[1]}, 2e-6);
        EXPECT_EQ(in[1].grad().scalar_type(), type);
        expect_near({in[1].grad(), in[2].grad()}, {slow[2] * 1024, (slow[3] + slow[4]) * 1024},
                    tolerance_of(type));
    }
}

TEST(UnsupervisedLoss, DoesNotDependOnTheNumberOfThreads)
{
    const Tensors in = loss_inputs(1500, 60, at::kFloat);
    const auto call = [&] {
        const sslact::ops::FusedLoss out = sslact::ops::unsupervised_loss_fused(
            in[0], in[1], in[2], in[3], in[4], in[5], 20, LabelMode::hard, PenaltyScope::all);
        return Tensors{out.pseudo, out.penalty, out.student_gradient, out.pseudo_positive_gradient,
                       out.penalty_positive_gradient};
    };
    const int before = at::get_num_threads();
    at::set_num_threads(1);
    const Tensors alone = call();
    at::set_num_threads(3);
    const Tensors together = call();
    at::set_num_threads(before);
    for (size_t k = 0; k < alone.size(); k++) {
        EXPECT_TRUE(at::equal(alone[k], together[k])) << "output " << k;
    }
}

// Every op of the name space, in the words of the file; none beside them.
TEST(MethodOps, HaveTheSchemasOfTheGoldenFile)
{
    std::set<std::string> expected, actual;
    std::ifstream file(SSLACT_TESTS_FOLDER "/ops/data/schemas.txt");
    for (std::string line; std::getline(file, line);) {
        expected.insert(line);
    }
    for (const c10::OperatorName &name : c10::Dispatcher::singleton().getAllOpNames()) {
        if (name.getNamespace() == std::string_view("sslact")) {
            const auto op = c10::Dispatcher::singleton().findSchemaOrThrow(name.name.c_str(), "");
            actual.insert(c10::toString(op.schema()));
        }
    }
    EXPECT_EQ(actual, expected);
}

TEST(UnsupervisedLoss, GivesEachLossItsOwnGradient)
{
    const Tensors in = loss_inputs(7, 5, at::kDouble);
    const Tensors slow = slow_loss(in, 10, LabelMode::hard, PenaltyScope::all);
    for (const bool only_penalty : {false, true}) {
        Tensors leaves = map(in, [](const at::Tensor &x) { return x.clone(); });
        leaves[1].set_requires_grad(true);
        leaves[2].set_requires_grad(true);

        const auto [pseudo, penalty] = call_loss(leaves, 10, "hard", "all");
        (only_penalty ? penalty : pseudo).backward();

        expect_near({leaves[1].grad(), leaves[2].grad()},
                    only_penalty ? Tensors{at::zeros_like(slow[2]), slow[4]}
                                 : Tensors{slow[2], slow[3]},
                    1e-12);
    }
}

TEST(UnsupervisedLoss, KeepsNoGraphWhereNoneIsWanted)
{
    Tensors in = loss_inputs(3, 4, at::kDouble);
    EXPECT_FALSE(std::get<0>(call_loss(in, 10, "hard", "all")).requires_grad());

    in[1].set_requires_grad(true);
    const at::NoGradGuard no_grad;
    EXPECT_FALSE(std::get<0>(call_loss(in, 10, "hard", "all")).requires_grad());
}

TEST(UnsupervisedLoss, TreatsTheTeacherAsAConstant)
{
    Tensors in = loss_inputs(3, 4, at::kDouble);
    in[0].set_requires_grad(true);
    in[1].set_requires_grad(true);

    const auto [pseudo, penalty] = call_loss(in, 10, "hard", "all");
    pseudo.backward();

    EXPECT_FALSE(in[0].grad().defined());
    EXPECT_TRUE(in[1].grad().defined());
}

} // namespace test
