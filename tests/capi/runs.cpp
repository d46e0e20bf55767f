// Run folders from outside; what the tool makes of them is tested with the tool.

#include "capi_support.h"
#include "support/comma_locale.h"

namespace
{

using namespace test;

RunFolder open_run(const Config &config, const std::string &path, bool resume = false)
{
    RunFolder run;
    sslact_run_options options;
    SSLACT_INIT(options);
    options.resume = resume;
    EXPECT_DONE_WELL(sslact_run_open(config, path.c_str(), &options, run.out()));
    return run;
}

TEST(Runs, LockTheirFolderUntilTheyAreFreed)
{
    const TemporaryFolder folder;
    const std::string path = folder / "run";
    const Config config = tiny_config();
    RunFolder first = open_run(config, path);
    RunFolder second;
    sslact_run_options options;
    SSLACT_INIT(options);
    options.resume = 1;

    expect_failure(sslact_run_open(config, path.c_str(), &options, second.out()), SSLACT_ERROR_IO,
                   {path.c_str(), "another run"});
    first.reset();
    EXPECT_EQ(sslact_run_open(config, path.c_str(), &options, second.out()), SSLACT_OK)
        << sslact_error_get_message();
    second.reset();
    expect_failure(sslact_run_open(config, path.c_str(), nullptr, second.out()),
                   SSLACT_ERROR_MISMATCH, {"there is a run in this folder already"});
}

TEST(Runs, GoOnFromTheirNewestCheckpoint)
{
    const TemporaryFolder folder;
    const std::string path = folder / "run";
    const Config config = tiny_config();
    const Trainer straight = make_trainer(config);
    step(straight, 8);
    {
        const RunFolder run = open_run(config, path);
        const Trainer trainer = make_trainer(config);
        EXPECT_EQ(sslact_run_load_checkpoint(run, trainer), SSLACT_DONE) << "there is none yet";
        for (int k = 0; k < 4; ++k) {
            step(trainer);
            ASSERT_DONE_WELL(sslact_run_save_checkpoint(run, trainer));
        }
        step(trainer); // not saved
    }
    const RunFolder run = open_run(config, path, true);
    const Trainer trainer = make_trainer(config);
    ASSERT_EQ(sslact_run_load_checkpoint(run, trainer), SSLACT_OK);
    EXPECT_EQ(iterations_done(trainer), 4);
    step(trainer, 4);

    EXPECT_TRUE(state_of(trainer) == state_of(straight));
}

TEST(Runs, RefuseAConfigThatWouldChangeResultsAndTakeOneThatWouldNot)
{
    const TemporaryFolder folder;
    const std::string path = folder / "run";
    open_run(tiny_config(), path).reset();
    RunFolder run;
    sslact_run_options options;
    SSLACT_INIT(options);
    options.resume = 1;

    expect_failure(
        sslact_run_open(tiny_config({{"ssl.loss_lambda", "2"}}), path.c_str(), &options, run.out()),
        SSLACT_ERROR_MISMATCH, {"ssl.loss_lambda", "0.3", "2"});
    EXPECT_EQ(sslact_run_open(tiny_config({{"log.every_iterations", "3"},
                                           {"checkpoint.keep_last", "4"},
                                           {"run.loader_threads", "2"}}),
                              path.c_str(), &options, run.out()),
              SSLACT_OK)
        << sslact_error_get_message();
}

TEST(Runs, NameTheirFiles)
{
    const TemporaryFolder folder;
    const std::string path = folder / "run";
    const Config config = tiny_config();
    const RunFolder run = open_run(config, path);
    char text[512];
    size_t needed = 0;
    const auto name = [&](const char *what) {
        return sslact_run_get_path(run, what, text, sizeof text, &needed);
    };

    EXPECT_EQ(name("config"), SSLACT_OK);
    EXPECT_EQ(text, path + "/config.yaml");
    EXPECT_EQ(name("report"), SSLACT_OK);
    EXPECT_EQ(text, path + "/report/index.html");
    expect_failure(name("checkpoint"), SSLACT_ERROR_NOT_FOUND, {"no checkpoint yet"});
    expect_failure(name("weights"), SSLACT_ERROR_NOT_FOUND, {"weights", "checkpoint"});
    EXPECT_EQ(
        sslact_run_get_detections_path(run, "train", SSLACT_STUDENT, text, sizeof text, &needed),
        SSLACT_OK);
    EXPECT_EQ(text, path + "/detections/train_student.csv");
}

// ---- a program with a decimal comma ----

std::string results_of(const TemporaryFolder &folder, const char *name)
{
    const Config config = tiny_config({{"solver.iterations", "2"}});
    const Trainer trainer = make_trainer(config);
    const Dataset dataset = labelled_clips();
    const std::string path = folder / name;
    Report report;
    sslact_evaluate_options options;
    SSLACT_INIT(options);
    options.detections_path = path.c_str();
    step(trainer, 2);
    EXPECT_DONE_WELL(
        sslact_trainer_evaluate(trainer, SSLACT_TEACHER, dataset, &options, report.out()));
    sslact_class_result result;
    SSLACT_INIT(result);
    EXPECT_DONE_WELL(sslact_report_get_class(report, 0, &result));
    char value[64];
    size_t needed = 0;
    EXPECT_DONE_WELL(sslact_config_get(config, "ssl.loss_lambda", value, sizeof value, &needed));
    return state_of(trainer) + get_file(path) + value + std::to_string(result.positive_count);
}

TEST(Runs, DoNotDependOnTheLocaleOfTheProgram)
{
    const TemporaryFolder folder;
    const std::string expected = results_of(folder, "plain.csv");
    const CommaLocale comma;
    if (!comma.is_on()) {
        GTEST_SKIP() << "no locale with a decimal comma, and localedef makes none";
    }
    EXPECT_TRUE(results_of(folder, "comma.csv") == expected);
}

} // namespace
