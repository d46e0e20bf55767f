// The monitor from outside: arrays of the caller, hidden labels, the lines of a run folder.

#include <cmath>

#include <jansson.h>

#include "capi_support.h"

namespace
{

using namespace test;

struct Arrays {
    int64_t labeled[class_count], positives[class_count], negatives[class_count],
        ignored[class_count], silence[class_count];
    double threshold[class_count], threshold_start[class_count], kept[class_count],
        rarest_kept[class_count], precision[class_count], recall[class_count],
        negative_precision[class_count], calibration_error[class_count],
        labeled_precision[class_count], labeled_recall[class_count];
    sslact_monitor view;

    Arrays()
    {
        SSLACT_INIT(view);
        view.class_capacity = class_count;
        view.labeled = labeled;
        view.positives = positives;
        view.negatives = negatives;
        view.ignored = ignored;
        view.threshold = threshold;
        view.threshold_start = threshold_start;
        view.kept_share = kept;
        view.rarest_kept_share = rarest_kept;
        view.silence = silence;
        view.precision = precision;
        view.recall = recall;
        view.negative_precision = negative_precision;
        view.calibration_error = calibration_error;
        view.labeled_precision = labeled_precision;
        view.labeled_recall = labeled_recall;
    }
};

TEST(Monitors, FillTheArraysOfTheCaller)
{
    const Config config = tiny_config({{"monitor.every_iterations", "2"}});
    const Trainer trainer = make_trainer(config);
    const Dataset hidden = make_dataset(101, 5, true);
    ASSERT_DONE_WELL(sslact_trainer_set_hidden_labels(trainer, hidden));
    step(trainer, 3);
    Arrays run, window;

    ASSERT_DONE_WELL(sslact_trainer_read_monitor(trainer, SSLACT_MONITOR_RUN, &run.view));
    ASSERT_DONE_WELL(sslact_trainer_read_monitor(trainer, SSLACT_MONITOR_WINDOW, &window.view));

    EXPECT_EQ(run.view.class_count, class_count);
    EXPECT_EQ(run.view.iterations, 3);
    EXPECT_EQ(window.view.iterations, 1);
    EXPECT_EQ(run.view.boxes, 12) << "2 clips of 2 boxes a step";
    EXPECT_EQ(run.view.boxes_known, 12);
    for (int j = 0; j < class_count; ++j) {
        EXPECT_EQ(run.positives[j] + run.negatives[j] + run.ignored[j], 12) << j;
        EXPECT_GT(run.threshold_start[j], 0.0);
        EXPECT_LT(run.threshold[j], 1.0);
        EXPECT_FALSE(std::isinf(run.calibration_error[j]));
    }
    // Clip n carries class j at box i where n + 3 i + j is even: 5 clips, 1 to 5.
    EXPECT_EQ(run.labeled[0], 5);
    float thresholds[class_count];
    size_t needed = 0;
    ASSERT_DONE_WELL(sslact_trainer_get_thresholds(trainer, thresholds, class_count, &needed));
    EXPECT_EQ(run.threshold[1], static_cast<double>(thresholds[1]));
}

TEST(Monitors, GiveTheNumbersAloneWhereNoArrayIsWanted)
{
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config);
    step(trainer);
    sslact_monitor monitor;
    SSLACT_INIT(monitor);

    ASSERT_DONE_WELL(sslact_trainer_read_monitor(trainer, SSLACT_MONITOR_RUN, &monitor));

    EXPECT_EQ(monitor.class_count, class_count);
    EXPECT_EQ(monitor.boxes, 4);
    EXPECT_EQ(monitor.boxes_known, 0);
}

TEST(Monitors, RefuseArraysThatAreTooShortAndPeriodsThatAreNone)
{
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config);
    Arrays arrays;
    arrays.view.class_capacity = class_count - 1;
    arrays.view.iterations = 77;

    expect_failure(sslact_trainer_read_monitor(trainer, SSLACT_MONITOR_RUN, &arrays.view),
                   SSLACT_ERROR_BUFFER_TOO_SMALL, {"class_capacity is 2", "3 classes"});
    EXPECT_EQ(arrays.view.iterations, 77) << "nothing is written";
    arrays.view.class_capacity = -1;
    expect_failure(sslact_trainer_read_monitor(trainer, SSLACT_MONITOR_RUN, &arrays.view),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"class_capacity is -1"});
    arrays.view.class_capacity = class_count;
    expect_failure(sslact_trainer_read_monitor(trainer, (sslact_monitor_period)0, &arrays.view),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"period is 0"});
}

TEST(Monitors, AreNotThereWithoutATeacher)
{
    const Config config = tiny_config({{"ssl.preset", "baseline"}});
    const Trainer trainer = make_trainer(config);
    const Dataset hidden = make_dataset(101, 5, true);
    sslact_monitor monitor;
    SSLACT_INIT(monitor);

    expect_failure(sslact_trainer_read_monitor(trainer, SSLACT_MONITOR_RUN, &monitor),
                   SSLACT_ERROR_UNSUPPORTED, {"baseline has no teacher"});
    expect_failure(sslact_trainer_set_hidden_labels(trainer, hidden), SSLACT_ERROR_UNSUPPORTED,
                   {"baseline has no teacher"});
}

TEST(Monitors, RefuseHiddenLabelsOfOtherClips)
{
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config);
    const Dataset fewer = make_dataset(101, 4, true), strangers = make_dataset(101, 5, false);

    expect_failure(sslact_trainer_set_hidden_labels(trainer, fewer), SSLACT_ERROR_MISMATCH,
                   {"of 4 clips", "5 clips"});
    expect_failure(sslact_trainer_set_hidden_labels(trainer, strangers), SSLACT_ERROR_MISMATCH,
                   {"none of the 10 boxes"});
}

// ---- run folders ----

std::vector<std::string> lines_of(const std::string &path, const char *event)
{
    std::vector<std::string> found;
    std::istringstream stream(get_file(path));
    for (std::string line; std::getline(stream, line);) {
        if (line.find(std::string("{\"event\":\"") + event + "\"") == 0) {
            found.push_back(line);
        }
    }
    return found;
}

// Eight steps into a run folder, stopped after `stop` and gone on with in a new trainer.
std::string train_into(const std::string &folder, int stop)
{
    const Config config =
        tiny_config({{"monitor.every_iterations", "3"}, {"monitor.warn_iterations", "2"}});
    const Dataset hidden = make_dataset(101, 5, true);
    for (int part = 0; part < 2; ++part) {
        RunFolder run;
        sslact_run_options options;
        SSLACT_INIT(options);
        options.resume = part;
        EXPECT_DONE_WELL(sslact_run_open(config, folder.c_str(), &options, run.out()));
        const Trainer trainer = make_trainer(config);
        EXPECT_DONE_WELL(sslact_trainer_set_hidden_labels(trainer, hidden));
        EXPECT_DONE_WELL(sslact_run_load_checkpoint(run, trainer));
        for (int k = part == 0 ? 0 : stop; k < (part == 0 ? stop : 8); ++k) {
            sslact_step_report report;
            SSLACT_INIT(report);
            EXPECT_DONE_WELL(sslact_trainer_step(trainer, &report));
            EXPECT_DONE_WELL(sslact_run_write_step(run, trainer, &report));
        }
        EXPECT_DONE_WELL(sslact_run_save_checkpoint(run, trainer));
    }
    return folder + "/metrics.jsonl";
}

// What a line says, without the clock.
std::string without_times(const std::string &line)
{
    json_t *object = json_loads(line.c_str(), 0, nullptr);
    EXPECT_NE(object, nullptr) << line;
    json_object_del(object, "time");
    json_object_del(object, "elapsed_s");
    char *text = json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT);
    const std::string result = text;
    free(text);
    json_decref(object);
    return result;
}

TEST(Monitors, WriteTheSameLinesInARunThatWasInterrupted)
{
    const TemporaryFolder folder;
    const std::string whole = train_into(folder / "whole", 8);
    const std::string broken = train_into(folder / "broken", 4);

    const auto first = lines_of(whole, "monitor"), second = lines_of(broken, "monitor");
    ASSERT_EQ(first.size(), 4u) << "iterations 1, 3, 6 and 8";
    ASSERT_EQ(second.size(), first.size());
    for (size_t i = 0; i < first.size(); ++i) {
        EXPECT_EQ(without_times(first[i]), without_times(second[i]));
    }
    EXPECT_NE(first[3].find("\"monitor_run/iterations\":8"), std::string::npos) << first[3];
    EXPECT_NE(first[3].find("\"pseudo/hidden_calibration_error\":"), std::string::npos);
    EXPECT_EQ(lines_of(whole, "classes").size(), 1u);
    EXPECT_EQ(lines_of(whole, "warning").size(), lines_of(broken, "warning").size());
}

} // namespace
