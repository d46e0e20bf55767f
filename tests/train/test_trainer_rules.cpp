// The rules of method.md section 11 in a run: what they see of it, and that a run does not notice
// an interruption. And the schedule's keys on their way to the update.
#include "trainer_support.h"

#include <cmath>

#include "data/loader_recipe.h"

namespace
{

using sslact::Detector;
using sslact::Error;
using sslact::StepReport;
using sslact::Trainer;
using test::copy_state;
using test::Held;
using test::make_trainer;
using test::State;
using test::Values;

// Makes the weights give scores all over the unit interval; fresh heads are near 0.5.
void spread(Trainer &trainer)
{
    const c10::AutoGradMode no_gradient(false);
    for (Detector *network : {trainer.student().get(), trainer.teacher().get()}) {
        for (auto &item : network->named_parameters()) {
            if (item.key().rfind("head", 0) == 0) {
                item.value().mul_(400);
            }
        }
    }
}

std::unique_ptr<Trainer> make_spread(const Values &values)
{
    auto trainer = make_trainer(values);
    spread(*trainer);
    return trainer;
}

struct Scored {
    at::Tensor t, y; // [N, C]
};

// What the teacher says about labelled clips, as they are read.
Scored score(Trainer &trainer, const std::vector<size_t> &clips)
{
    const c10::AutoGradMode no_gradient(false);
    const Held<dataset> labeled = test::make_labeled();
    std::vector<at::Tensor> t, y;
    for (const size_t index : clips) {
        clip *read = nullptr;
        test::require(dataset_read(labeled.get(), index, &read));
        const Held<clip> source(read);
        t.push_back(at::sigmoid(test::predict_clip(*trainer.teacher(), *source)));
        y.push_back(at::from_blob(source->labels, {source->box_count, test::class_count}, at::kByte)
                        .clone());
    }
    return {at::cat(t), at::cat(y)};
}

// The best F_0.5 of class j over the grid, and that of one threshold.
double f_score(const Scored &scored, int64_t j, double threshold)
{
    const at::Tensor called = scored.t.select(1, j).gt(threshold);
    const at::Tensor there = scored.y.select(1, j).ne(0);
    const double hits = called.logical_and(there).sum().item<double>();
    if (hits == 0) {
        return 0;
    }
    const double precision = hits / called.sum().item<double>();
    const double recall = hits / there.sum().item<double>();
    return 1.25 * precision * recall / (0.25 * precision + recall);
}

void expect_metric_thresholds(Trainer &trainer, const Scored &scored, const at::Tensor &before)
{
    for (int64_t j = 0; j < test::class_count; ++j) {
        double best = 0;
        for (int k = 0; k < 100; ++k) {
            best = std::max(best, f_score(scored, j, k / 100.0));
        }
        const double chosen = trainer.thresholds()[j].item<float>();
        if (best == 0) {
            EXPECT_EQ(chosen, before[j].item<float>()) << j;
            continue;
        }
        EXPECT_NEAR(f_score(scored, j, chosen), best, 1e-9) << j << " " << chosen;
        EXPECT_NEAR(chosen * 100, std::round(chosen * 100), 1e-4);
    }
}

} // namespace

TEST(TrainerRules, MetricThresholdsAreThoseOfTheTeacherOnTheLabelledClips)
{
    const auto trainer = make_spread({{"ssl.mpl_mode", "metric"}, {"ssl.score_every", "2"}});
    const at::Tensor start = trainer->thresholds().clone();
    const Scored first = score(*trainer, {0, 1, 2, 3, 4});

    trainer->step(nullptr);
    expect_metric_thresholds(*trainer, first, start);
    const at::Tensor chosen = trainer->thresholds().clone();
    EXPECT_FALSE(at::equal(chosen, start));

    trainer->step(nullptr); // not looked at again
    EXPECT_TRUE(at::equal(trainer->thresholds(), chosen));
    const Scored second = score(*trainer, {0, 1, 2, 3, 4}); // the teacher has moved
    trainer->step(nullptr);
    expect_metric_thresholds(*trainer, second, chosen);
}

TEST(TrainerRules, ABoundedLookTakesTheClipsOfTheKeyedOrder)
{
    const Values values = {{"ssl.mpl_mode", "metric"}, {"ssl.score_clips", "2"}};
    const auto trainer = make_spread(values);
    const at::Tensor start = trainer->thresholds().clone();
    std::vector<size_t> clips;
    for (uint64_t place = 0; place < 2; ++place) {
        clips.push_back(loader_recipe_pick(3, RANDOM_ORDER_SCORED, 5, place, 0));
    }
    const Scored scored = score(*trainer, clips);

    trainer->step(nullptr);

    expect_metric_thresholds(*trainer, scored, start);
}

TEST(TrainerRules, LeaveOutABadClipAndNoOtherWhenAsked)
{
    // A labelled set whose clip 2 cannot be read once training has begun to look at it.
    struct Source {
        std::vector<std::unique_ptr<test::OwnClip>> clips;
        bool broken = false;
        static int read(size_t index, sslact_clip *out, void *user)
        {
            const auto *self = static_cast<Source *>(user);
            *out = self->clips[index]->view;
            return self->broken && index == 2 ? SSLACT_ERROR_DECODE : 0;
        }
    } clips;
    test::ClipShape shape;
    shape.boxes = 2;
    shape.classes = test::class_count;
    for (size_t i = 0; i < 5; ++i) {
        clips.clips.push_back(std::make_unique<test::OwnClip>(i, shape));
    }
    sslact_clip_source source;
    SSLACT_INIT(source);
    source.clip_count = 5;
    source.class_count = test::class_count;
    source.concurrent = 1;
    source.read = Source::read;
    source.user = &clips;
    for (const bool skips : {true, false}) {
        clips.broken = false;
        dataset *made = nullptr;
        test::require(dataset_create_from_source(&source, &made));
        const Held<dataset> labeled(made), unlabeled = test::make_unlabeled();
        const Held<config> settings = test::make_training_config(
            {{"ssl.mpl_mode", "metric"}, {"data.on_bad_clip", skips ? "skip" : "fail"}});
        Trainer trainer(settings.get(), labeled.get(), unlabeled.get());
        spread(trainer);
        const at::Tensor start = trainer.thresholds().clone();
        const Scored scored = score(trainer, {0, 1, 3, 4});
        clips.broken = true;
        const sslact_status status = test::step_to_failure(trainer);
        if (skips) {
            EXPECT_EQ(status, SSLACT_OK);
            expect_metric_thresholds(trainer, scored, start);
        } else {
            EXPECT_EQ(status, SSLACT_ERROR_DECODE);
            EXPECT_TRUE(at::equal(trainer.thresholds(), start));
        }
    }
}

TEST(TrainerRules, AFrozenTeacherIsAskedOnce)
{
    const auto trainer = make_spread(
        {{"ssl.preset", "pseudo_label"}, {"ssl.mpl_mode", "metric"}, {"ssl.score_every", "1"}});
    const at::Tensor start = trainer->thresholds().clone();
    trainer->step(nullptr);
    const at::Tensor chosen = trainer->thresholds().clone();
    EXPECT_FALSE(at::equal(chosen, start));
    spread(*trainer); // a teacher that had changed would be noticed
    trainer->step(nullptr);
    EXPECT_TRUE(at::equal(trainer->thresholds(), chosen));
}

TEST(TrainerRules, CalibratedPositivesChangeTheLossAndNotTheLabels)
{
    const Values plain = {{"ssl.mpl_mode", "fixed"}, {"ssl.ucb", "none"}, {"augment.aug_n", "0"}};
    Values calibrated = plain;
    calibrated["ssl.positive_weight"] = "calibrated";
    StepReport a, b;
    make_spread(plain)->step(&a);
    make_spread(calibrated)->step(&b);

    ASSERT_GT(a.positive_rate, 0.0);
    EXPECT_EQ(a.positive_rate, b.positive_rate);
    EXPECT_EQ(a.loss_supervised, b.loss_supervised);
    EXPECT_LT(b.loss_pseudo, a.loss_pseudo); // precision is below 1 somewhere
}

TEST(TrainerRules, MoveTheThresholdsOfTheNextStep)
{
    for (const Values &values : {Values{{"ssl.mpl_mode", "cap"}, {"ssl.cap_negative_share", "0.5"}},
                                 Values{{"ssl.mpl_mode", "cap"}, {"ssl.cap_form", "streaming"}},
                                 Values{{"ssl.mpl_mode", "flex"}, {"ssl.mpl_tau_pos", "0.6"}},
                                 Values{{"ssl.mpl_mode", "class_related"},
                                        {"ssl.freq_source", "online"},
                                        {"ssl.online_every", "1"},
                                        {"ssl.online_mix", "1"},
                                        {"ssl.online_momentum", "0"}}}) {
        const auto trainer = make_spread(values);
        const at::Tensor start = trainer->thresholds().clone();
        trainer->step(nullptr);
        EXPECT_FALSE(at::equal(trainer->thresholds(), start)) << values.rbegin()->second;
        EXPECT_TRUE(trainer->thresholds().ge(0).all().item<bool>());
        EXPECT_TRUE(trainer->thresholds().le(1).all().item<bool>());
    }
}

TEST(TrainerRules, OfSoftTargetsHaveNoThresholdsAndNoRegulariser)
{
    const auto trainer = make_trainer({{"ssl.preset", "soft"}});
    StepReport report;
    trainer->step(&report);
    EXPECT_GT(report.loss_pseudo, 0.0);
    EXPECT_EQ(report.loss_penalty, 0.0);
    EXPECT_NEAR(report.loss_total, report.loss_supervised + 0.5 * report.loss_pseudo, 1e-6);
    EXPECT_EQ(report.ignored_rate, 0.0);
}

// ---- interruptions ----

TEST(TrainerRules, GoOnBitForBitFromACheckpoint)
{
    for (const Values &values :
         {Values{
              {"ssl.mpl_mode", "cap"}, {"ssl.cap_window", "8"}, {"ssl.cap_negative_share", "0.5"}},
          Values{{"ssl.mpl_mode", "cap"}, {"ssl.cap_form", "streaming"}},
          Values{{"ssl.mpl_mode", "flex"}, {"ssl.mpl_tau_pos", "0.52"}},
          Values{{"ssl.mpl_mode", "metric"}, {"ssl.score_every", "3"}},
          Values{{"ssl.mpl_mode", "fixed"},
                 {"ssl.positive_weight", "calibrated"},
                 {"ssl.score_every", "5"}},
          Values{{"ssl.mpl_mode", "class_related"},
                 {"ssl.mpl_tau_pos", "0.5"},
                 {"ssl.mpl_t_neg", "class_related"},
                 {"ssl.freq_source", "online"},
                 {"ssl.online_every", "3"},
                 {"ssl.online_momentum", "0.5"},
                 {"ssl.weight_mode", "db"}},
          Values{{"ssl.preset", "soft"}}}) {
        SCOPED_TRACE(values.rbegin()->first + "=" + values.rbegin()->second);
        const test::TemporaryFolder folder;
        const std::string path = folder / "trainer.safetensors";
        const auto straight = make_trainer(values), first = make_trainer(values),
                   second = make_trainer(values);
        for (int k = 0; k < 5; ++k) {
            straight->step(nullptr);
        }
        first->step(nullptr);
        first->step(nullptr);
        first->save(path);
        second->step(nullptr); // what it did before does not matter

        second->load(path);

        for (int k = 2; k < 5; ++k) {
            second->step(nullptr);
        }
        EXPECT_TRUE(test::same_bits(straight->thresholds(), second->thresholds()));
        test::expect_same(copy_state(*straight), copy_state(*second));
        // What the rules remember, byte for byte.
        straight->save(folder / "a");
        second->save(folder / "b");
        EXPECT_EQ(test::get_file(folder / "a"), test::get_file(folder / "b"));
    }
}

TEST(TrainerRules, OfAnotherKindAreRefusedFromACheckpointAndNothingChanges)
{
    const test::TemporaryFolder folder;
    const auto cap = make_trainer({{"ssl.mpl_mode", "cap"}});
    const auto flex = make_trainer({{"ssl.mpl_mode", "flex"}});
    cap->step(nullptr);
    flex->step(nullptr);
    cap->save(folder / "cap");
    const State before = copy_state(*flex);
    try {
        flex->load(folder / "cap");
        FAIL() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
        EXPECT_NE(std::string(error.what()).find("ssl.flex_instances"), std::string::npos)
            << error.what();
    }
    EXPECT_EQ(flex->iteration(), 1);
    test::expect_same(before, copy_state(*flex));
}

TEST(TrainerRules, FlexRefusesClipsOfNoDataSetAndChangesNothing)
{
    const auto trainer = make_trainer({{"ssl.mpl_mode", "flex"}});
    const State before = copy_state(*trainer);
    const Held<config> settings = test::make_training_config();
    const test::OwnClip labeled(0, {}), unlabeled(1, {});
    const sslact_clip *first[] = {&labeled.view}, *second[] = {&unlabeled.view};
    batch *made = nullptr;
    test::require(
        loader_make_batch(settings.get(), test::class_count, first, 1, second, 1, 0, &made));
    try {
        trainer->step_on(made, nullptr);
        FAIL() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_INVALID_ARGUMENT);
        EXPECT_EQ(std::string(error.what()).rfind("unlabeled[0]: a clip of no data set", 0), 0u)
            << error.what();
    }
    EXPECT_EQ(trainer->iteration(), 0);
    test::expect_same(before, copy_state(*trainer));
}

// ---- the schedule's keys, and batch norm under one forward or two ----

TEST(TrainerSchedule, AnnealsOnStraightLinesWhenAsked)
{
    const auto trainer = make_trainer({{"solver.anneal", "linear"}});
    // K = 10, up = 2: from 0.05 / 25 to 0.05 in two steps, then down over seven.
    const double expected[] = {0.002, 0.026, 0.05, 0.05 + (0.002 / 10000 - 0.05) / 7};
    for (const double rate : expected) {
        StepReport report;
        trainer->step(&report);
        EXPECT_NEAR(report.learning_rate, rate, 1e-15);
    }
}

TEST(TrainerSchedule, CyclesTheMomentumOfNetworkAndThresholds)
{
    const auto trainer = make_trainer(
        {{"solver.cycle_momentum", "true"}, {"solver.nesterov", "false"}, {"ssl.t_lr_mult", "0"}});
    // K = 10, up = 2: 0.95, half way down the cosine, 0.85.
    const double momenta[] = {0.95, 0.90, 0.85};
    State velocity;
    for (const double momentum : momenta) {
        const State before = copy_state(*trainer);
        trainer->step(nullptr);
        const State after = copy_state(*trainer);
        for (const auto &item : trainer->student()->named_parameters()) {
            const std::string name = "optimizer.momentum." + item.key();
            const at::Tensor gradient = item.value().grad().to(at::kDouble) +
                                        0.01 * before.at("student." + item.key()).to(at::kDouble);
            const at::Tensor expected =
                velocity.count(name) > 0 ? momentum * velocity[name] + gradient : gradient;
            velocity[name] = after.at(name).to(at::kDouble);
            EXPECT_TRUE(at::allclose(velocity[name], expected, 1e-5, 1e-7)) << item.key();
        }
    }
}

TEST(TrainerNetwork, SharesTheStatisticsOfOneForwardWhereTheyAreTrained)
{
    double losses[2];
    for (const bool one : {true, false}) {
        const auto trainer =
            make_trainer({{"ssl.freeze_bn", "false"}, {"ssl.one_forward", one ? "true" : "false"}});
        StepReport report;
        trainer->step(&report);
        losses[one ? 0 : 1] = report.loss_supervised;
    }
    EXPECT_GT(std::fabs(losses[0] - losses[1]), 1e-6);
}
