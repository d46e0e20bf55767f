// Rounds: where the second one starts, who teaches it, and resuming on either side of the change.
#include "trainer_support.h"

#include <cmath>
#include <cstdlib>

namespace
{

using sslact::Error;
using sslact::StepReport;
using sslact::Trainer;
using test::copy_state;
using test::expect_same;
using test::make_trainer;
using test::State;

constexpr int64_t schedule = 3; // iterations of a round

test::Values two_rounds(const test::Values &more = {})
{
    test::Values values = {{"ssl.preset", "noisy_student"},
                           {"solver.iterations", std::to_string(schedule)}};
    values.insert(more.begin(), more.end());
    return values;
}

void run_steps(Trainer &trainer, int64_t count)
{
    for (int64_t k = 0; k < count; ++k) {
        trainer.step(nullptr);
    }
}

TEST(TrainerRounds, PlansAFullScheduleForEachAndSaysWhichOneItIsIn)
{
    const auto trainer = make_trainer(two_rounds());
    EXPECT_EQ(trainer->planned(), 2 * schedule);
    StepReport report;
    for (int64_t k = 0; k < 2 * schedule; ++k) {
        const sslact_status status = trainer->step(&report);
        EXPECT_EQ(status, k + 1 == 2 * schedule ? SSLACT_DONE : SSLACT_OK);
        EXPECT_EQ(report.iteration, k + 1);
        EXPECT_EQ(report.round, k < schedule ? 1 : 2);
    }
}

// The rates of method.md section 5.1, worked out here for K = 3: up = 0.3 * 3 - 1 = -0.1, so the
// first iteration is past the peak already.
TEST(TrainerRounds, RepeatTheCycleOfTheLearningRate)
{
    const auto trainer = make_trainer(two_rounds());
    StepReport report;
    std::vector<double> rates;
    for (int64_t k = 0; k < 2 * schedule; ++k) {
        trainer->step(&report);
        rates.push_back(report.learning_rate);
    }
    const double peak = 0.05, end = peak / 25 / 10000, pi = std::acos(-1.0);
    for (size_t k = 0; k < rates.size(); ++k) {
        const double fraction = (static_cast<double>(k % schedule) + 0.1) / 2.1;
        EXPECT_NEAR(rates[k], end + (peak - end) / 2 * (1 + std::cos(pi * fraction)), 1e-12);
    }
}

TEST(TrainerRounds, TheSecondStartsFromTheInitialWeightsWithoutMomentum)
{
    const auto trainer = make_trainer(two_rounds());
    const State start = copy_state(*trainer);
    run_steps(*trainer, schedule);
    const State first = copy_state(*trainer);
    StepReport report;
    trainer->step(&report);

    for (const auto &item : trainer->student()->named_parameters()) {
        const at::Tensor initial = start.at("student." + item.key()).to(at::kDouble);
        const at::Tensor gradient = item.value().grad().to(at::kDouble) + 0.01 * initial;
        const at::Tensor expected = initial - report.learning_rate * 1.9 * gradient; // Nesterov
        EXPECT_TRUE(at::allclose(item.value().detach().to(at::kDouble), expected, 1e-5, 1e-6))
            << item.key();
    }
    EXPECT_FALSE(test::same_bits(start.at("student.head.projection.weight"),
                                 first.at("student.head.projection.weight")));
}

TEST(TrainerRounds, TheStudentOfTheFirstTeachesTheSecond)
{
    const auto trainer = make_trainer(two_rounds({{"ssl.freeze_bn", "false"}}));
    const State start = copy_state(*trainer);
    run_steps(*trainer, schedule);
    const State first = copy_state(*trainer);
    run_steps(*trainer, schedule);
    const State second = copy_state(*trainer);

    for (const auto &item : sslact::named_arrays(*trainer->student())) {
        EXPECT_TRUE(
            test::same_bits(first.at("teacher." + item.first), start.at("teacher." + item.first)))
            << item.first;
        EXPECT_TRUE(
            test::same_bits(second.at("teacher." + item.first), first.at("student." + item.first)))
            << item.first;
    }
}

TEST(TrainerRounds, ATeacherThatMovesGoesOn)
{
    const auto trainer = make_trainer(two_rounds({{"ssl.teacher", "ema"}}));
    run_steps(*trainer, schedule);
    const State first = copy_state(*trainer);
    trainer->step(nullptr);
    const State second = copy_state(*trainer);
    for (const auto &item : trainer->student()->named_parameters()) {
        const at::Tensor expected =
            0.75 * first.at("teacher." + item.key()) + 0.25 * second.at("student." + item.key());
        EXPECT_TRUE(at::allclose(second.at("teacher." + item.key()), expected, 1e-5, 1e-6))
            << item.key();
    }
}

TEST(TrainerRounds, LearnedThresholdsStartAgain)
{
    const auto trainer = make_trainer({{"ssl.teacher", "frozen"},
                                       {"ssl.rounds", "2"},
                                       {"ssl.t_lr_mult", "10"},
                                       {"solver.iterations", "10"}});
    const at::Tensor start = trainer->thresholds().clone();
    run_steps(*trainer, 10);
    const double moved = (trainer->thresholds() - start).abs().max().item<double>();
    trainer->step(nullptr);
    const double again = (trainer->thresholds() - start).abs().max().item<double>();
    EXPECT_GT(moved, 0.01);
    EXPECT_LT(again, 0.5 * moved);
}

// With a rate of almost nothing both rounds begin with the same networks: what differs is drawn.
TEST(TrainerRounds, DrawOtherNumbers)
{
    const auto trainer = make_trainer(two_rounds({{"solver.peak_lr", "1e-30"}}));
    StepReport first, second;
    trainer->step(&first);
    run_steps(*trainer, schedule - 1);
    trainer->step(&second);
    EXPECT_NE(first.loss_total, second.loss_total);
}

TEST(TrainerRounds, GoOnBitForBitFromEitherSideOfTheChange)
{
    const test::TemporaryFolder folder;
    const test::Values values = two_rounds({{"ssl.freeze_bn", "false"}});
    const auto straight = make_trainer(values);
    for (int64_t k = 1; k <= 2 * schedule; ++k) {
        straight->step(nullptr);
        straight->save(folder / std::to_string(k));
    }
    const State end = copy_state(*straight);
    for (int64_t k = 1; k <= 2 * schedule; ++k) {
        const auto again = make_trainer(values);
        run_steps(*again, 1); // what it did before does not matter
        again->load(folder / std::to_string(k));
        EXPECT_EQ(again->iteration(), k);
        run_steps(*again, 2 * schedule - k);
        SCOPED_TRACE(k);
        expect_same(end, copy_state(*again));
    }
}

// The round has begun, its first batch fails, and the run is saved there.
TEST(TrainerRounds, GoOnBitForBitFromAChangeThatCameToNothing)
{
    const test::TemporaryFolder folder;
    const auto straight = make_trainer(two_rounds());
    run_steps(*straight, 2 * schedule);

    const auto first = make_trainer(two_rounds());
    run_steps(*first, schedule);
    batch *broken = nullptr;
    test::require(batch_create(schedule, 1, 0, &broken));
    test::require(clip_create(8, 32, 48, 1, test::class_count, 0, &broken->labeled.clips[0]));
    broken->labeled.clips[0]->boxes[0] = {0.1f, 0.1f, 0.9f, 0.9f};
    broken->labeled.visible[0] = static_cast<uint8_t *>(calloc(1, 1));
    EXPECT_THROW(first->step_on(broken, nullptr), Error); // a labelled clip without labels
    EXPECT_EQ(first->iteration(), schedule);
    first->save(folder / "between");

    const auto second = make_trainer(two_rounds());
    second->load(folder / "between");
    run_steps(*second, schedule);
    expect_same(copy_state(*straight), copy_state(*second));
}

TEST(TrainerRounds, ACheckpointOfTheSecondIsRefusedWhereThereIsOne)
{
    const test::TemporaryFolder folder;
    const auto trainer = make_trainer(two_rounds());
    run_steps(*trainer, schedule + 1);
    trainer->save(folder / "second");
    const auto single = make_trainer(
        {{"ssl.preset", "pseudo_label"}, {"solver.iterations", std::to_string(3 * schedule)}});
    try {
        single->load(folder / "second");
        FAIL();
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
        EXPECT_NE(std::string(error.what()).find("round 2, ssl.rounds is 1"), std::string::npos)
            << error.what();
    }
    EXPECT_EQ(single->iteration(), 0);
}

} // namespace
