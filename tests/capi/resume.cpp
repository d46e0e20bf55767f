// Stopping anywhere and going on gives the same bits as never having stopped.

#include <cmath>
#include <sstream>

#include "capi_support.h"

namespace
{

using namespace test;

struct Variant {
    const char *preset;
    const char *freeze_bn;
    const char *one_forward;
};

std::ostream &operator<<(std::ostream &out, const Variant &v)
{
    return out << v.preset << ", freeze_bn " << v.freeze_bn << ", one_forward " << v.one_forward;
}

Config make_config(const Variant &v, const char *loader_threads)
{
    return tiny_config({{"ssl.preset", v.preset},
                        {"ssl.freeze_bn", v.freeze_bn},
                        {"ssl.one_forward", v.one_forward},
                        {"ssl.ema_momentum", "0.9"},
                        {"run.loader_threads", loader_threads}});
}

// The config is part of the file; what a run may change without changing its results is not
// compared.
std::string without_loader_threads(std::string state)
{
    for (const char *threads : {"2", "4"}) {
        const std::string line = std::string("loader_threads: ") + threads;
        const size_t at = state.find(line);
        if (at != std::string::npos) {
            state.replace(at, line.size(), "loader_threads: 1");
        }
    }
    return state;
}

class Resume : public testing::TestWithParam<Variant>
{
};

TEST_P(Resume, OfFiveStepsAndThreeIsBitwiseEightSteps)
{
    const TemporaryFolder folder;
    const std::string path = folder / "five.safetensors";
    const Trainer straight = make_trainer(make_config(GetParam(), "1"));
    step(straight, 8);
    const std::string expected = state_of(straight);

    for (const char *threads : {"1", "2", "4"}) {
        const Config config = make_config(GetParam(), threads);
        Trainer first = make_trainer(config);
        step(first, 5);
        ASSERT_DONE_WELL(sslact_trainer_save(first, path.c_str()));
        first.reset();

        const Trainer second = make_trainer(config);
        ASSERT_DONE_WELL(sslact_trainer_load(second, path.c_str()));
        EXPECT_EQ(iterations_done(second), 5);
        step(second, 3);

        EXPECT_TRUE(without_loader_threads(state_of(second)) == expected)
            << threads << " loader threads";
    }
}

TEST_P(Resume, LoadTakesATrainerBackInTime)
{
    const TemporaryFolder folder;
    const std::string path = folder / "two.safetensors";
    const Trainer trainer = make_trainer(make_config(GetParam(), "2"));
    step(trainer, 2);
    ASSERT_DONE_WELL(sslact_trainer_save(trainer, path.c_str()));
    step(trainer, 4);
    const std::string expected = state_of(trainer);

    ASSERT_DONE_WELL(sslact_trainer_load(trainer, path.c_str()));
    EXPECT_EQ(iterations_done(trainer), 2);
    const Trainer same = make_trainer(make_config(GetParam(), "2"));
    step(same, 2);
    EXPECT_TRUE(state_of(trainer) == state_of(same));
    step(trainer, 4);

    EXPECT_TRUE(state_of(trainer) == expected);
}

INSTANTIATE_TEST_SUITE_P(
    AllVariants, Resume,
    testing::Values(Variant{"baseline", "true", "true"}, Variant{"baseline", "true", "false"},
                    Variant{"baseline", "false", "true"}, Variant{"baseline", "false", "false"},
                    Variant{"ours", "true", "true"}, Variant{"ours", "true", "false"},
                    Variant{"ours", "false", "true"}, Variant{"ours", "false", "false"}));

TEST(Resume, FromAFileOfAnotherMethodOrNetworkIsRefusedAndChangesNothing)
{
    const TemporaryFolder folder;
    const auto save = [&](const char *name, const Settings &settings) {
        const std::string path = folder / name;
        const Trainer trainer = make_trainer(tiny_config(settings));
        EXPECT_DONE_WELL(sslact_trainer_save(trainer, path.c_str()));
        return path;
    };
    const std::string wider = save("wider", {{"model.width", "32"}});
    const std::string baseline = save("baseline", {{"ssl.preset", "baseline"}});
    const Trainer far = make_trainer(tiny_config({{"solver.iterations", "20"}}));
    step(far, 10);
    const std::string later = folder / "later";
    ASSERT_DONE_WELL(sslact_trainer_save(far, later.c_str()));
    const Trainer trainer = make_trainer(tiny_config());
    Model model;
    ASSERT_DONE_WELL(sslact_trainer_copy_model(trainer, SSLACT_STUDENT, model.out()));
    const std::string weights = folder / "weights";
    ASSERT_DONE_WELL(sslact_model_save(model, weights.c_str()));
    const std::string before = state_of(trainer);

    expect_failure(sslact_trainer_load(trainer, wider.c_str()), SSLACT_ERROR_MISMATCH,
                   {wider.c_str(), "16", "32"});
    expect_failure(sslact_trainer_load(trainer, baseline.c_str()), SSLACT_ERROR_MISMATCH,
                   {"has no teacher, this trainer has one"});
    expect_failure(sslact_trainer_load(trainer, weights.c_str()), SSLACT_ERROR_MISMATCH,
                   {"no checkpoint of a trainer", "model.weights"});
    expect_failure(sslact_trainer_load(trainer, later.c_str()), SSLACT_ERROR_MISMATCH,
                   {"iteration 10", "solver.iterations is 8"});

    EXPECT_TRUE(state_of(trainer) == before);
}

TEST(Resume, FromAFileOfOtherClassesNamesBothCounts)
{
    const TemporaryFolder folder;
    const std::string path = folder / "four";
    Dataset dataset;
    Trainer four;
    ASSERT_DONE_WELL(sslact_dataset_create(4, nullptr, dataset.out()));
    const uint8_t labels[8] = {1, 0, 0, 1, 0, 1, 1, 0};
    Clip clip(1);
    clip.view.labels = labels;
    ASSERT_DONE_WELL(sslact_dataset_append(dataset, &clip.view));
    ASSERT_DONE_WELL(sslact_trainer_create(tiny_config({{"model.class_count", "4"}}), dataset,
                                           nullptr, four.out()));
    ASSERT_DONE_WELL(sslact_trainer_save(four, path.c_str()));

    expect_failure(sslact_trainer_load(make_trainer(tiny_config()), path.c_str()),
                   SSLACT_ERROR_MISMATCH, {"has 4 classes, this trainer has 3"});
}

TEST(Resume, FromADamagedFileIsRefusedWhereverItIsDamaged)
{
    const TemporaryFolder folder;
    const std::string path = folder / "damaged";
    const Trainer trainer = make_trainer(tiny_config());
    ASSERT_DONE_WELL(sslact_trainer_save(trainer, path.c_str()));
    const std::string whole = get_file(path), before = state_of(trainer);
    const size_t places[] = {
        0, 3, 8, 9, 40, 200, whole.size() / 3, whole.size() / 2, whole.size() - 1};
    for (const size_t place : places) {
        std::string damaged = whole;
        damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
        put_file(path, damaged);
        EXPECT_LT(sslact_trainer_load(trainer, path.c_str()), 0) << "bit flipped at " << place;
        put_file(path, whole.substr(0, place));
        EXPECT_EQ(sslact_trainer_load(trainer, path.c_str()), SSLACT_ERROR_FORMAT)
            << "cut at " << place << ": " << sslact_error_get_message();
    }
    EXPECT_TRUE(state_of(trainer) == before);
}

TEST(Resume, SaveThatFailsLeavesTheOldFile)
{
    const TemporaryFolder folder;
    const Trainer trainer = make_trainer(tiny_config());
    std::filesystem::create_directory(folder / "taken");
    EXPECT_LT(sslact_trainer_save(trainer, (folder / "taken").c_str()), 0);
    EXPECT_LT(sslact_trainer_save(trainer, (folder / "absent/file").c_str()), 0);
    EXPECT_EQ(folder.list(), std::vector<std::string>{"taken"}) << "nothing is left behind";
}

// ---- values that are not finite ----

// The iteration stands once in the header; everything else must be the same.
std::string without_iteration(std::string state, int64_t iteration)
{
    const std::string word = "\"iteration\":\"" + std::to_string(iteration) + "\"";
    const size_t at = state.find(word);
    EXPECT_NE(at, std::string::npos) << state.substr(0, 300);
    return at == std::string::npos ? state : state.replace(at, word.size(), "\"iteration\":\"?\"");
}

class NonFinite : public testing::TestWithParam<Variant>
{
};

TEST_P(NonFinite, StepIsCountedAndChangesNothingElse)
{
    const Variant &v = GetParam();
    const Trainer trainer = make_trainer(tiny_config({{"ssl.preset", v.preset},
                                                      {"ssl.freeze_bn", v.freeze_bn},
                                                      {"ssl.one_forward", v.one_forward},
                                                      {"solver.iterations", "30"},
                                                      {"solver.peak_lr", "1e30"}}));
    std::string before = state_of(trainer);
    sslact_step_report report;
    SSLACT_INIT(report);
    int64_t taken = 0;
    while (taken < 20 && sslact_trainer_step(trainer, &report) == SSLACT_OK) {
        ++taken;
        before = state_of(trainer);
    }
    ASSERT_EQ(sslact_error_get_status(), SSLACT_ERROR_NONFINITE) << sslact_error_get_message();
    ASSERT_LT(taken, 20) << "a rate of 1e30 does no harm?";
    EXPECT_EQ(report.iteration, taken) << "the report of a failed step is not written";
    const std::string message = sslact_error_get_message();
    EXPECT_NE(message.find("at iteration " + std::to_string(taken + 1)), std::string::npos)
        << message;

    EXPECT_EQ(iterations_done(trainer), taken + 1);
    EXPECT_TRUE(without_iteration(state_of(trainer), taken + 1) ==
                without_iteration(before, taken));
    // The next call goes on with the next batch; here that one fails as well.
    EXPECT_EQ(sslact_trainer_step(trainer, nullptr), SSLACT_ERROR_NONFINITE);
    EXPECT_EQ(iterations_done(trainer), taken + 2);
}

INSTANTIATE_TEST_SUITE_P(AllVariants, NonFinite,
                         testing::Values(Variant{"baseline", "true", "true"},
                                         Variant{"baseline", "false", "true"},
                                         Variant{"ours", "true", "true"},
                                         Variant{"ours", "false", "false"}));

} // namespace
