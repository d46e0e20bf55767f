// Stopping, failing, saving and going on: a run must not be able to tell that it was interrupted.
#include "trainer_support.h"

namespace
{

using sslact::Error;
using sslact::StepReport;
using sslact::Trainer;
using test::copy_state;
using test::expect_same;
using test::Held;
using test::make_trainer;
using test::State;

void run_steps(Trainer &trainer, int count)
{
    for (int k = 0; k < count; ++k) {
        trainer.step(nullptr);
    }
}

// ---- the end of the schedule ----

TEST(TrainerEnd, SaysDoneWithTheLastIterationAndChangesNothingAfterIt)
{
    const auto trainer = make_trainer({{"solver.iterations", "2"}});
    EXPECT_EQ(trainer->planned(), 2);
    EXPECT_EQ(trainer->step(nullptr), SSLACT_OK);
    EXPECT_EQ(trainer->step(nullptr), SSLACT_DONE);
    const State before = copy_state(*trainer);

    EXPECT_EQ(trainer->step(nullptr), SSLACT_DONE);
    EXPECT_EQ(trainer->iteration(), 2);
    expect_same(before, copy_state(*trainer));
}

// ---- a stop on request ----

TEST(TrainerStop, CancelsOneCallAndTheRunGoesOnAsIfNothingHappened)
{
    const test::Values values = {{"model.head_dropout", "0.2"}};
    const auto stopped = make_trainer(values), straight = make_trainer(values);
    run_steps(*stopped, 1);
    stopped->request_stop();
    const State before = copy_state(*stopped);
    EXPECT_EQ(test::step_to_failure(*stopped), SSLACT_ERROR_CANCELLED);
    EXPECT_EQ(stopped->iteration(), 1);
    expect_same(before, copy_state(*stopped));

    run_steps(*stopped, 2);
    run_steps(*straight, 3);
    EXPECT_EQ(stopped->iteration(), 3);
    expect_same(copy_state(*straight), copy_state(*stopped));
}

TEST(TrainerStop, IsTakenOnce)
{
    const auto trainer = make_trainer();
    EXPECT_FALSE(trainer->take_stop());
    trainer->request_stop();
    EXPECT_TRUE(trainer->take_stop());
    EXPECT_FALSE(trainer->take_stop());
}

// ---- a step that is not finite ----

void fail_step(const test::Values &extra)
{
    test::Values values = {
        {"solver.peak_lr", "1e30"}, {"solver.iterations", "100"}, {"ssl.ucb", "none"}};
    values.insert(extra.begin(), extra.end());
    const auto trainer = make_trainer(values);
    State before;
    int64_t iteration = 0;
    sslact_status status = SSLACT_OK;
    for (int k = 0; k < 20 && status == SSLACT_OK; ++k) {
        before = copy_state(*trainer);
        iteration = trainer->iteration();
        status = test::step_to_failure(*trainer);
    }

    ASSERT_EQ(status, SSLACT_ERROR_NONFINITE);
    expect_same(before, copy_state(*trainer));
    EXPECT_EQ(trainer->iteration(), iteration + 1);
    // The next call takes the next batch; the thresholds kept no gradient of the failed one.
    EXPECT_EQ(test::step_to_failure(*trainer), SSLACT_ERROR_NONFINITE);
    EXPECT_EQ(trainer->iteration(), iteration + 2);
    expect_same(before, copy_state(*trainer));
}

TEST(TrainerNonfinite, LeavesEveryTensorAndCountsTheIteration)
{
    fail_step({});
}

TEST(TrainerNonfinite, PutsTrainedStatisticsBack)
{
    fail_step({{"ssl.freeze_bn", "false"}});
}

TEST(TrainerNonfinite, HoldsWithoutATeacherToo)
{
    fail_step({{"ssl.preset", "baseline"}});
}

// ---- checkpoints ----

void save_and_go_on(const test::Values &values)
{
    const test::TemporaryFolder folder;
    const std::string path = folder / "trainer.safetensors";
    const auto straight = make_trainer(values);
    run_steps(*straight, 4);
    {
        const auto first = make_trainer(values);
        run_steps(*first, 2);
        first->save(path);
    }
    test::Values other = values;
    const auto second = make_trainer(other);
    run_steps(*second, 1); // what it did before does not matter
    second->load(path);
    EXPECT_EQ(second->iteration(), 2);
    StepReport report;
    second->step(&report);
    EXPECT_EQ(report.iteration, 3);
    second->step(&report);
    expect_same(copy_state(*straight), copy_state(*second));
}

TEST(TrainerCheckpoint, GoesOnBitForBitWithATeacher)
{
    save_and_go_on({{"model.head_dropout", "0.2"}});
}

TEST(TrainerCheckpoint, GoesOnBitForBitWithTrainedStatistics)
{
    save_and_go_on({{"ssl.freeze_bn", "false"}, {"ssl.one_forward", "false"}});
}

TEST(TrainerCheckpoint, GoesOnBitForBitWithoutATeacher)
{
    save_and_go_on({{"ssl.preset", "baseline"}, {"model.head_dropout", "0.2"}});
}

TEST(TrainerCheckpoint, GoesOnBitForBitWithActorRelations)
{
    save_and_go_on({{"model.preset", "acar_tiny"}, {"model.head_dropout", "0.2"}});
}

TEST(TrainerCheckpoint, OfTheEndIsDone)
{
    const test::TemporaryFolder folder;
    const std::string path = folder / "end.safetensors";
    const auto first = make_trainer({{"solver.iterations", "1"}});
    EXPECT_EQ(first->step(nullptr), SSLACT_DONE);
    first->save(path);
    const auto second = make_trainer({{"solver.iterations", "1"}});
    second->load(path);
    EXPECT_EQ(second->step(nullptr), SSLACT_DONE);
    expect_same(copy_state(*first), copy_state(*second));
}

// ---- checkpoints that do not fit ----

void expect_refused(Trainer &trainer, const std::string &path, const std::string &part)
{
    const State before = copy_state(trainer);
    const int64_t iteration = trainer.iteration();
    try {
        trainer.load(path);
        ADD_FAILURE() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH) << error.what();
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    }
    EXPECT_EQ(trainer.iteration(), iteration);
    expect_same(before, copy_state(trainer));
}

TEST(TrainerMismatch, OfTheClassCountIsRefused)
{
    const test::TemporaryFolder folder;
    const Held<config> settings = test::make_training_config({{"model.class_count", "4"}});
    const Held<dataset> labeled = test::make_labeled(2, 4);
    Trainer other(settings.get(), labeled.get(), nullptr);
    other.save(folder / "four");

    const auto trainer = make_trainer({}, false);
    run_steps(*trainer, 1);
    expect_refused(*trainer, folder / "four", "4 classes, this trainer has 3");
}

TEST(TrainerMismatch, OfTheTeacherIsRefusedBothWays)
{
    const test::TemporaryFolder folder;
    const auto with = make_trainer(), without = make_trainer({{"ssl.preset", "baseline"}});
    run_steps(*with, 1);
    run_steps(*without, 1);
    with->save(folder / "with");
    without->save(folder / "without");

    expect_refused(*with, folder / "without", "has no teacher, this trainer has one");
    expect_refused(*without, folder / "with", "has a teacher, this trainer has none");
}

TEST(TrainerMismatch, OfWeightsAloneIsRefusedWithAdvice)
{
    const test::TemporaryFolder folder;
    const auto trainer = make_trainer();
    sslact::save_weights(*trainer->student(), trainer->settings(), folder / "model");

    expect_refused(*trainer, folder / "model", "model.weights");
}

TEST(TrainerMismatch, OfALongerScheduleIsRefused)
{
    const test::TemporaryFolder folder;
    const auto longer = make_trainer();
    run_steps(*longer, 3);
    longer->save(folder / "longer");

    const auto shorter = make_trainer({{"solver.iterations", "2"}});
    expect_refused(*shorter, folder / "longer", "solver.iterations is 2");
}

TEST(TrainerMismatch, OfTheNetworkIsRefused)
{
    const test::TemporaryFolder folder;
    const auto wider = make_trainer({{"model.width", "32"}});
    wider->save(folder / "wider");

    const auto trainer = make_trainer();
    expect_refused(*trainer, folder / "wider", "student.");
}

TEST(TrainerCheckpoint, ThatIsNoneOrNotThereChangesNothing)
{
    const test::TemporaryFolder folder;
    const auto trainer = make_trainer();
    run_steps(*trainer, 1);
    const State before = copy_state(*trainer);
    trainer->save(folder / "good");
    const std::string good = test::get_file(folder / "good");
    test::put_file(folder / "short", good.substr(0, good.size() / 2));
    test::put_file(folder / "noise", std::string(64, 'x'));

    for (const char *name : {"short", "noise", "absent"}) {
        EXPECT_THROW(trainer->load(folder / name), Error) << name;
        EXPECT_EQ(trainer->iteration(), 1);
        expect_same(before, copy_state(*trainer));
    }
}

// ---- weights to start from ----

TEST(TrainerStart, TakesTheTeacherOfACheckpointAsItsWeights)
{
    const test::TemporaryFolder folder;
    const auto first = make_trainer();
    run_steps(*first, 2);
    first->save(folder / "first");
    const State done = copy_state(*first);

    const auto second = make_trainer({{"model.weights", folder / "first"}});
    const State fresh = copy_state(*second);
    for (const auto &item : second->student()->named_parameters()) {
        const at::Tensor &wanted = done.at("teacher." + item.key());
        EXPECT_TRUE(test::same_bits(fresh.at("student." + item.key()), wanted)) << item.key();
        EXPECT_TRUE(test::same_bits(fresh.at("teacher." + item.key()), wanted)) << item.key();
    }
    EXPECT_EQ(second->iteration(), 0);
}

// ---- batches of the program's own ----

TEST(TrainerStepOn, TakesABatchMadeElsewhereAndTheRunGoesOnFromTheNext)
{
    const auto trainer = make_trainer(), straight = make_trainer();
    const Held<config> settings = test::make_training_config();
    const Held<dataset> labeled = test::make_labeled(), unlabeled = test::make_unlabeled();
    loader *made = nullptr;
    test::require(loader_create(settings.get(), labeled.get(), unlabeled.get(), 0, &made));
    const Held<loader> source(made);
    batch *first = nullptr;
    test::require(loader_next(source.get(), &first));
    EXPECT_EQ(trainer->step_on(first, nullptr), SSLACT_OK);
    run_steps(*trainer, 1);
    run_steps(*straight, 2);

    EXPECT_EQ(trainer->iteration(), 2);
    expect_same(copy_state(*straight), copy_state(*trainer));
}

} // namespace
