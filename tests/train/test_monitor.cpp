// The monitor: what it counts of a step, what it says, and that training cannot tell it is there.
#include <cmath>

#include "base/log.h"
#include "nn/arrays.h"
#include "support/tensors_of.h"
#include "train/monitor.h"
#include "trainer_support.h"

namespace
{

using sslact::Monitor;
using sslact::MonitorPeriod;
using sslact::MonitorSource;
using sslact::MonitorTable;
using sslact::Trainer;
using test::class_count;
using test::Held;
using test::make_trainer;
using test::TemporaryFolder;
using test::tensors_of;
using test::Values;

constexpr MonitorPeriod window = MonitorPeriod::window, run = MonitorPeriod::run;
constexpr MonitorSource unlabeled = MonitorSource::unlabeled, labeled = MonitorSource::labeled;

// The clips of test::make_unlabeled with their labels.
Held<dataset> make_truth(size_t count = 4)
{
    test::ClipShape shape;
    shape.boxes = 3;
    return test::make_set(class_count, std::vector<test::ClipShape>(count, shape), 100);
}

std::unique_ptr<Trainer> make_watched(const Values &values, bool with_truth)
{
    std::unique_ptr<Trainer> trainer = make_trainer(values);
    if (with_truth) {
        trainer->set_hidden_labels(make_truth().get());
    }
    return trainer;
}

void run_steps(Trainer &trainer, int count)
{
    for (int k = 0; k < count; ++k) {
        trainer.step(nullptr);
    }
}

std::map<std::string, std::string> save_and_read(const Trainer &trainer)
{
    const TemporaryFolder folder;
    trainer.save(folder / "state.safetensors");
    return tensors_of(folder / "state.safetensors");
}

bool is_of_hidden_labels(const std::string &name)
{
    return name.rfind("ssl.monitor.hidden.", 0) == 0;
}

// ---- outside the loss ----

void expect_equal_training(const Values &values)
{
    const auto with = make_watched(values, true), without = make_watched(values, false);
    run_steps(*with, 6);
    run_steps(*without, 6);
    const auto first = save_and_read(*with), second = save_and_read(*without);

    ASSERT_EQ(first.size(), second.size());
    int told_apart = 0, compared = 0;
    for (const auto &[name, bytes] : first) {
        if (is_of_hidden_labels(name)) {
            told_apart += bytes != second.at(name);
        } else {
            EXPECT_TRUE(bytes == second.at(name)) << name;
            ++compared;
        }
    }
    EXPECT_GT(compared, 50);
    EXPECT_GT(told_apart, 0) << "the hidden labels were looked at";
}

TEST(MonitorOutsideTheLoss, HiddenLabelsChangeNoBitOfWhatIsTrained)
{
    expect_equal_training({{"monitor.every_iterations", "2"}, {"model.head_dropout", "0.2"}});
}

TEST(MonitorOutsideTheLoss, NorWithTrainedStatisticsAndTwoForwards)
{
    expect_equal_training({{"monitor.every_iterations", "1"},
                           {"ssl.freeze_bn", "false"},
                           {"ssl.one_forward", "false"},
                           {"model.head_dropout", "0.2"}});
}

TEST(MonitorOutsideTheLoss, LookingAtLabelledClipsChangesNothingEither)
{
    const Values often = {{"monitor.every_iterations", "1"}, {"model.head_dropout", "0.2"}};
    const Values never = {{"monitor.every_iterations", "1000"}, {"model.head_dropout", "0.2"}};
    const auto first = make_trainer(often), second = make_trainer(never);
    run_steps(*first, 4);
    run_steps(*second, 4);

    EXPECT_EQ(first->monitor()->read(run, labeled).iterations, 4);
    EXPECT_EQ(second->monitor()->read(run, labeled).iterations, 0);
    test::expect_same(test::copy_state(*first), test::copy_state(*second));
}

// ---- what a trainer counts ----

TEST(MonitorOfATrainer, AgreesWithTheReportsOfTheSteps)
{
    const auto trainer =
        make_watched({{"monitor.every_iterations", "3"}, {"ssl.ucb_beta", "2"}}, true);
    double positives = 0, negatives = 0, ignored = 0;
    int64_t kept = 0;
    for (int k = 0; k < 5; ++k) {
        sslact::StepReport step;
        trainer->step(&step);
        positives += step.positive_rate * 18; // 2 clips, 3 boxes, 3 classes
        negatives += step.negative_rate * 18;
        ignored += step.ignored_rate * 18;
        kept += step.unlabeled_boxes;
        EXPECT_DOUBLE_EQ(trainer->monitor()->sampled_rate(), step.unlabeled_boxes / 6.0);
    }

    const MonitorTable all = trainer->monitor()->read(run, unlabeled);
    EXPECT_EQ(all.iterations, 5);
    EXPECT_EQ(all.boxes, 30);
    EXPECT_EQ(all.boxes_kept, kept);
    EXPECT_NEAR(static_cast<double>(all.all.positives), positives, 1e-9);
    EXPECT_NEAR(static_cast<double>(all.all.negatives), negatives, 1e-9);
    EXPECT_NEAR(static_cast<double>(all.all.ignored), ignored, 1e-9);
    EXPECT_EQ(all.all.known, 90) << "every box is a person of the truth";
    EXPECT_EQ(trainer->monitor()->read(window, unlabeled).iterations, 2) << "since iteration 3";
    const MonitorTable own = trainer->monitor()->read(run, labeled);
    EXPECT_EQ(own.iterations, 1) << "once a window";
    EXPECT_EQ(own.boxes, 4);
    EXPECT_EQ(own.all.known, 12);
}

TEST(MonitorOfATrainer, KnowsTheTruthOfEveryBoxWhateverItsPlaceInTheBatch)
{
    // An epoch is two batches of two of the four clips: after two steps each box has been seen
    // once.
    const auto trainer = make_watched({}, true);
    run_steps(*trainer, 2);

    const MonitorTable table = trainer->monitor()->read(run, unlabeled);
    for (int32_t j = 0; j < class_count; ++j) {
        int64_t expected = 0; // box i of clip n carries class j where (n + i) % (j + 2) is 0
        for (int n = 100; n < 104; ++n) {
            for (int i = 0; i < 3; ++i) {
                expected += (n + i) % (j + 2) == 0;
            }
        }
        EXPECT_EQ(table.classes[static_cast<size_t>(j)].truth, expected) << j;
        EXPECT_EQ(table.classes[static_cast<size_t>(j)].known, 12) << j;
    }
}

TEST(MonitorOfATrainer, TakesTheHiddenLabelsOfLabelledClipsByItself)
{
    const auto trainer = make_trainer({{"ssl.unlabeled_source", "labeled"}}, false);

    trainer->step(nullptr);

    const MonitorTable table = trainer->monitor()->read(run, unlabeled);
    EXPECT_EQ(table.boxes, 4);
    EXPECT_EQ(table.all.known, 12);
}

TEST(MonitorOfATrainer, IsNotThereWithoutATeacher)
{
    const auto trainer = make_trainer({{"ssl.preset", "baseline"}});

    EXPECT_EQ(trainer->monitor(), nullptr);
    try {
        trainer->set_hidden_labels(make_truth().get());
        FAIL() << "there is nothing to watch";
    } catch (const sslact::Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_UNSUPPORTED);
    }
}

TEST(MonitorOfATrainer, KeepsItsTruthWhenAnotherIsRefused)
{
    const auto trainer = make_watched({}, true);

    EXPECT_THROW(trainer->set_hidden_labels(make_truth(3).get()), sslact::Error);
    trainer->step(nullptr);

    EXPECT_EQ(trainer->monitor()->read(run, unlabeled).all.known, 18);
}

TEST(MonitorOfATrainer, GoesOnFromACheckpointAsIfNothingHappened)
{
    const TemporaryFolder folder;
    const std::string path = folder / "trainer.safetensors";
    const Values values = {{"monitor.every_iterations", "4"}, {"monitor.warn_iterations", "2"}};
    const auto straight = make_watched(values, true);
    run_steps(*straight, 7);
    {
        const auto first = make_watched(values, true);
        run_steps(*first, 6); // in the middle of a window
        first->save(path);
    }
    const auto second = make_watched(values, true);
    run_steps(*second, 1); // what it did before does not matter
    second->load(path);
    run_steps(*second, 1);

    EXPECT_EQ(second->monitor()->read(run, unlabeled).iterations, 7);
    EXPECT_EQ(second->monitor()->read(window, unlabeled).iterations, 3);
    EXPECT_TRUE(save_and_read(*straight) == save_and_read(*second));
}

TEST(MonitorOfATrainer, StartsAtZeroFromACheckpointThatHasNone)
{
    const TemporaryFolder folder;
    const std::string path = folder / "new.safetensors", old_path = folder / "old.safetensors";
    const auto trainer = make_trainer();
    run_steps(*trainer, 2);
    trainer->save(path);
    const sslact::ArrayFile file(path);
    sslact::Metadata metadata;
    for (const char *key : {"format", "kind", "format_version", "iteration", "class_count"}) {
        metadata.emplace_back(key, file.metadata(key));
    }
    const test::State state = test::copy_state(*trainer); // without the monitor
    sslact::write_arrays(old_path, {state.begin(), state.end()}, metadata);

    trainer->load(old_path);

    EXPECT_EQ(trainer->iteration(), 2);
    EXPECT_EQ(trainer->monitor()->read(run, unlabeled).iterations, 0);
}

// ---- one step by hand ----

struct BatchFreer {
    void operator()(batch *b) const { batch_free(b); }
};

// Two clips of three boxes each, number 1 of the set before number 0.
std::unique_ptr<batch, BatchFreer> make_batch()
{
    batch *made = nullptr;
    test::require(batch_create(0, 0, 2, &made));
    std::unique_ptr<batch, BatchFreer> held(made);
    for (int n = 0; n < 2; ++n) {
        test::require(clip_create(1, 1, 1, 3, class_count, 0, &made->unlabeled_weak.clips[n]));
        made->unlabeled_weak.indices[n] = 1 - n;
    }
    return held;
}

struct HandMade {
    explicit HandMade(const Values &values = {}) : settings(test::make_training_config(values))
    {
        const std::vector<uint8_t> labels = {1, 0, 0, 1, 1, 0}; // the third class has no instance
        balance_options options = {0.9, 0.05, 0.9, MAPPING_CONCAVE, false};
        balance *fitted = nullptr;
        test::require(balance_fit(labels.data(), nullptr, 2, class_count, &options, &fitted));
        monitor = std::make_unique<Monitor>(settings.get(), *fitted, at::full({3}, 0.5),
                                            std::vector<std::string>{"stand", "kick", "fall"});
        balance_free(fitted);
    }
    // rows: labels of the six boxes, "+", "-" or "?" a class.
    void observe(const std::vector<std::string> &rows)
    {
        sslact::Method::Result result;
        result.pseudo_labels = at::zeros({6, 3}, at::kChar);
        for (int64_t i = 0; i < 6; ++i) {
            for (int64_t j = 0; j < 3; ++j) {
                const char sign = rows[static_cast<size_t>(i)][static_cast<size_t>(j)];
                result.pseudo_labels[i][j] = sign == '+' ? 1 : sign == '-' ? 0 : -1;
            }
        }
        result.unlabeled_classes = at::full({6}, -1, at::kInt);
        result.unlabeled_mask = at::ones({6}, at::kByte);
        monitor->observe(iteration++, *data, result, at::zeros({6, 3}));
    }

    Held<config> settings;
    std::unique_ptr<batch, BatchFreer> data = make_batch();
    std::unique_ptr<Monitor> monitor;
    int64_t iteration = 0;
};

const std::vector<std::string> silence(6, "-?-");

TEST(MonitorByHand, FindsTheTruthByTheNumberOfTheClip)
{
    HandMade made;
    hidden_labels *hidden = nullptr;
    const auto strangers = test::make_unlabeled(2);
    test::require(
        hidden_labels_take(made.settings.get(), strangers.get(), make_truth(2).get(), &hidden));
    made.monitor->set_hidden_labels(hidden);

    // Clip 101 comes first: its box 1 (102) carries classes 0 and 1, boxes 0 (101) and 2 (103)
    // none.
    made.observe({"+--", "++-", "---", "---", "---", "---"});

    const MonitorTable table = made.monitor->read(run, unlabeled);
    EXPECT_DOUBLE_EQ(table.classes[0].precision, 0.5);
    // Clip 100: boxes 100, 101, 102: class 0 is in 100 and 102, class 1 in 102.
    EXPECT_DOUBLE_EQ(table.classes[0].recall, 1.0 / 3.0);
    EXPECT_DOUBLE_EQ(table.classes[1].precision, 1.0);
    EXPECT_DOUBLE_EQ(table.classes[1].recall, 0.5);
    EXPECT_NEAR(table.classes[1].calibration_error, std::fabs(0.5 - 2.0 / 6.0), 1e-12);
}

TEST(MonitorByHand, WindowsBeginAfterTheirMultiple)
{
    HandMade made(Values{{"monitor.every_iterations", "3"}});
    for (int64_t k = 1; k <= 7; ++k) {
        made.observe(silence);
        EXPECT_EQ(made.monitor->read(window, unlabeled).iterations, (k - 1) % 3 + 1);
        EXPECT_EQ(made.monitor->read(run, unlabeled).iterations, k);
        EXPECT_EQ(made.monitor->ends_window(k), k % 3 == 0);
        EXPECT_EQ(made.monitor->wants_labeled(k - 1), k % 3 == 0);
    }
    EXPECT_EQ(made.monitor->read(run, unlabeled).classes[1].ignored, 42);
}

TEST(MonitorByHand, ComparesTheLabelsOfLabelledClips)
{
    HandMade made;
    const at::Tensor truth = at::tensor({1, 0, 0, 1, 1, 0}, at::kByte).view({2, 3});
    const at::Tensor given = at::tensor({1, 0, 0, 0, 1, 1}, at::kChar).view({2, 3});

    made.monitor->observe_labeled(at::zeros({2, 3}), given, truth);

    const MonitorTable table = made.monitor->read(window, labeled);
    EXPECT_EQ(table.boxes, 2);
    EXPECT_DOUBLE_EQ(table.all.precision, 2.0 / 3.0);
    EXPECT_DOUBLE_EQ(table.all.recall, 2.0 / 3.0);
    EXPECT_DOUBLE_EQ(table.classes[0].recall, 0.5);
}

// ---- warnings ----

using Lines = std::vector<std::string>;

void keep_line(sslact_log_level level, const char *room, const char *text, void *user)
{
    if (level == SSLACT_LOG_WARNING && std::string(room) == "monitor") {
        static_cast<Lines *>(user)->push_back(text);
    }
}

struct LogCapture {
    LogCapture() { log_set(keep_line, SSLACT_LOG_WARNING, &lines); }
    ~LogCapture() { log_set(nullptr, SSLACT_LOG_WARNING, nullptr); }
    Lines lines;
};

TEST(MonitorWarning, NamesAClassOnceAStretchAndNotTheOneWithoutLabels)
{
    const LogCapture log;
    HandMade made(Values{{"monitor.warn_iterations", "3"}});
    const std::vector<std::string> no_kick(6, "+--"), all(6, "++-");
    for (int k = 0; k < 6; ++k) {
        made.observe(no_kick);
        EXPECT_EQ(made.monitor->messages().size(), k == 2 ? 1u : 0u) << k;
    }
    EXPECT_EQ(made.monitor->silence(1), 6);

    made.observe(all);
    ASSERT_EQ(made.monitor->messages().size(), 1u);
    EXPECT_FALSE(made.monitor->messages()[0].is_warning);
    EXPECT_EQ(made.monitor->messages()[0].text,
              "iteration 7: positive pseudo-labels again: class \"kick\"");
    EXPECT_EQ(made.monitor->silence(1), 0);
    EXPECT_EQ(log.lines, Lines{"iteration 3: no positive pseudo-label for 3 iterations or more: "
                               "class \"kick\""});
}

TEST(MonitorWarning, IsOneLineWhereNothingIsPositiveAtAll)
{
    const LogCapture log;
    HandMade made(Values{{"monitor.warn_iterations", "2"}});
    for (int k = 0; k < 10; ++k) {
        made.observe(silence);
    }

    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_NE(log.lines[0].find("iteration 2: no positive pseudo-label for 2 iterations in any"),
              std::string::npos)
        << log.lines[0];
}

TEST(MonitorWarning, ComesOutOfATrainerWhoseThresholdsNobodyReaches)
{
    const LogCapture log;
    const auto trainer = make_trainer({{"ssl.preset", "fixmatch"},
                                       {"ssl.mpl_tau_pos", "0.999999"},
                                       {"monitor.warn_iterations", "2"}});
    run_steps(*trainer, 4);

    EXPECT_EQ(log.lines.size(), 1u);
    EXPECT_EQ(trainer->monitor()->silence(class_count), 4);
}

} // namespace
