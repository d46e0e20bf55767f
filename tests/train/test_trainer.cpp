// What one iteration does to student, teacher and thresholds, against sums made here.
#include "trainer_support.h"

#include <cmath>

namespace
{

using sslact::Detector;
using sslact::Method;
using sslact::StepReport;
using sslact::Trainer;
using test::copy_state;
using test::Held;
using test::make_trainer;
using test::State;

// ---- a whole step, composed by hand ----

// Logits of the boxes of a half, every clip in a forward of its own.
at::Tensor predict(Detector &network, const batch_half &half)
{
    std::vector<at::Tensor> rows;
    for (size_t n = 0; n < half.count; ++n) {
        rows.push_back(test::predict_clip(network, *half.clips[n]));
    }
    return at::cat(rows);
}

at::Tensor join_bytes(const batch_half &half, bool labels)
{
    std::vector<at::Tensor> rows;
    for (size_t n = 0; n < half.count; ++n) {
        const clip &source = *half.clips[n];
        rows.push_back(
            labels ? at::from_blob(source.labels, {source.box_count, test::class_count}, at::kByte)
                   : at::from_blob(half.visible[n], {source.box_count}, at::kByte));
    }
    return at::cat(rows);
}

// Networks, data and loss of the first iteration without the trainer.
struct ByHand {
    explicit ByHand(const test::Values &values) : settings(test::make_training_config(values))
    {
        const Held<dataset> labeled = test::make_labeled(), unlabeled = test::make_unlabeled();
        loader *made = nullptr;
        test::require(loader_create(settings.get(), labeled.get(), unlabeled.get(), 0, &made));
        const Held<loader> source(made);
        batch *first = nullptr;
        test::require(loader_next(source.get(), &first));
        data.reset(first);
        network = std::make_unique<Detector>(sslact::read_network_options(settings.get()));
        sslact::initialise(*network, 3);
        network->eval(); // frozen batch norm, no dropout
        make_method(labeled.get());
    }
    void make_method(dataset *labeled)
    {
        uint8_t *labels = nullptr;
        size_t count = 0;
        test::require(dataset_collect_labels(labeled, &labels, &count));
        const auto options = sslact::read_method_options(settings.get());
        const balance_options wanted = sslact::make_balance_options(options);
        balance *fitted = nullptr;
        const sslact_status status =
            balance_fit(labels, nullptr, count, test::class_count, &wanted, &fitted);
        free(labels);
        test::require(status);
        method = std::make_unique<Method>(options, *fitted, at::kFloat);
        balance_free(fitted);
    }
    Method::Result compute()
    {
        Method::Inputs inputs;
        inputs.teacher_logits = predict(*network, data->unlabeled_weak).detach();
        inputs.labeled_logits = predict(*network, data->labeled);
        inputs.student_logits = predict(*network, data->unlabeled_strong);
        inputs.labels = join_bytes(data->labeled, true);
        inputs.labeled_visible = join_bytes(data->labeled, false);
        inputs.visible = join_bytes(data->unlabeled_strong, false);
        inputs.seed = 3;
        inputs.iteration = 0;
        Method::Result result = method->compute(inputs);
        result.total.backward();
        return result;
    }

    Held<config> settings;
    Held<batch> data;
    std::unique_ptr<Detector> network;
    std::unique_ptr<Method> method;
};

TEST(TrainerStep, HasTheLossAndGradientsOfItsPartsPutTogetherByHand)
{
    for (const char *one_forward : {"true", "false"}) {
        const test::Values values = {{"ssl.one_forward", one_forward}};
        ByHand hand(values);
        const Method::Result expected = hand.compute();
        const auto trainer = make_trainer(values);
        StepReport report;
        ASSERT_EQ(trainer->step(&report), SSLACT_OK);

        EXPECT_NEAR(report.loss_total, expected.total.item<double>(), 1e-5);
        EXPECT_NEAR(report.loss_supervised, expected.supervised, 1e-5);
        EXPECT_NEAR(report.loss_pseudo, expected.pseudo, 1e-5);
        EXPECT_NEAR(report.loss_penalty, expected.penalty, 1e-5);
        EXPECT_GT(report.loss_supervised, 0.0);
        EXPECT_EQ(report.labeled_boxes, expected.labeled_kept);
        EXPECT_EQ(report.unlabeled_boxes, expected.unlabeled_kept);
        EXPECT_EQ(report.iteration, 1);
        const double entries = 6.0 * test::class_count;
        EXPECT_DOUBLE_EQ(report.positive_rate, expected.positives.sum().item<double>() / entries);
        EXPECT_NEAR(report.positive_rate + report.negative_rate + report.ignored_rate, 1.0, 1e-12);
        const auto after = trainer->student()->named_parameters();
        for (const auto &item : hand.network->named_parameters()) {
            const at::Tensor &gradient = item.value().grad();
            const double size = gradient.abs().max().item<double>();
            EXPECT_TRUE(at::allclose(after[item.key()].grad(), gradient, 1e-3, 1e-5 + 1e-3 * size))
                << item.key();
        }
    }
}

TEST(TrainerStep, MovesThresholdsByTheirOwnRateWithoutDecay)
{
    const test::Values values = {{"ssl.t_lr_mult", "2"}, {"ssl.ucb", "none"}};
    ByHand hand(values);
    hand.compute();
    const at::Tensor gradient = hand.method->thresholds().grad().to(at::kDouble);
    ASSERT_GT(gradient.abs().max().item<double>(), 0.0);
    const auto trainer = make_trainer(values);
    const at::Tensor before = trainer->thresholds().to(at::kDouble);
    EXPECT_TRUE(at::equal(before, hand.method->thresholds().detach().to(at::kDouble)));
    StepReport report;
    trainer->step(&report);

    // Nesterov's first step: the velocity is the gradient, and a share of it comes on top.
    const at::Tensor expected =
        (before - 2 * report.learning_rate * (1 + 0.9) * gradient).clamp(1e-3, 1 - 1e-3);
    EXPECT_TRUE(at::allclose(trainer->thresholds().to(at::kDouble), expected, 0, 1e-6));
    EXPECT_FALSE(at::equal(trainer->thresholds().to(at::kDouble), before));
}

// ---- the update ----

void follow_sgd(bool nesterov, double momentum)
{
    const auto trainer = make_trainer({{"solver.nesterov", nesterov ? "true" : "false"},
                                       {"solver.momentum", std::to_string(momentum)}});
    State velocity;
    sslact::ScheduleOptions schedule;
    schedule.peak_lr = 0.05;
    schedule.iterations = 10;
    for (int64_t k = 0; k < 2; ++k) {
        const State before = copy_state(*trainer);
        StepReport report;
        trainer->step(&report);
        const double rate = sslact::one_cycle_rate(schedule, k);
        EXPECT_EQ(report.learning_rate, rate);
        for (const auto &item : trainer->student()->named_parameters()) {
            const at::Tensor start = before.at("student." + item.key()).to(at::kDouble);
            // Decay is part of the gradient; section 5.
            const at::Tensor gradient = item.value().grad().to(at::kDouble) + 0.01 * start;
            at::Tensor &speed = velocity[item.key()];
            speed = speed.defined() ? momentum * speed + gradient : gradient;
            const at::Tensor move = nesterov ? gradient + momentum * speed : speed;
            EXPECT_TRUE(at::allclose(item.value().detach().to(at::kDouble), start - rate * move,
                                     1e-5, 1e-6))
                << item.key() << " in step " << k;
        }
    }
}

TEST(TrainerUpdate, IsSgdWithNesterovMomentumAndWeightDecay)
{
    follow_sgd(true, 0.9);
}

TEST(TrainerUpdate, IsPlainMomentumWithoutNesterov)
{
    follow_sgd(false, 0.5);
}

// ---- the teacher ----

void follow_teacher(const std::string &buffers)
{
    const auto trainer = make_trainer({{"ssl.ema_buffers", buffers}, {"ssl.freeze_bn", "false"}});
    for (int k = 0; k < 2; ++k) {
        const State before = copy_state(*trainer);
        trainer->step(nullptr);
        const State after = copy_state(*trainer);
        for (const auto &item : sslact::named_arrays(*trainer->student())) {
            const std::string &name = item.first;
            const at::Tensor teacher = before.at("teacher." + name).to(at::kDouble);
            const at::Tensor student = after.at("student." + name).to(at::kDouble);
            at::Tensor expected = 0.75 * teacher + 0.25 * student;
            const bool buffer = test::is_statistic(name) || test::is_counter(name);
            if (buffer && buffers != "ema") {
                expected = buffers == "copy" ? student : teacher;
            } else if (test::is_counter(name)) {
                expected = student; // whole numbers have no average
            }
            EXPECT_TRUE(
                at::allclose(after.at("teacher." + name).to(at::kDouble), expected, 1e-6, 1e-7))
                << name << " with " << buffers;
        }
    }
}

TEST(TrainerTeacher, AveragesWeightsAndStatistics)
{
    follow_teacher("ema");
}

TEST(TrainerTeacher, CopiesStatistics)
{
    follow_teacher("copy");
}

TEST(TrainerTeacher, LeavesStatisticsAlone)
{
    follow_teacher("none");
}

TEST(TrainerTeacher, StartsAsTheStudentAndGathersNoGradient)
{
    const auto trainer = make_trainer();
    const State state = copy_state(*trainer);
    for (const auto &item : sslact::named_arrays(*trainer->student())) {
        EXPECT_TRUE(
            test::same_bits(state.at("student." + item.first), state.at("teacher." + item.first)))
            << item.first;
    }
    trainer->step(nullptr);
    EXPECT_FALSE(trainer->teacher()->is_training());
    for (const at::Tensor &parameter : trainer->teacher()->parameters()) {
        EXPECT_FALSE(parameter.requires_grad());
    }
}

TEST(TrainerTeacher, StaysAsItIsWhereItIsFrozen)
{
    const auto trainer = make_trainer({{"ssl.preset", "pseudo_label"}});
    ASSERT_TRUE(trainer->has_teacher());
    const State before = copy_state(*trainer);
    trainer->step(nullptr);
    trainer->step(nullptr);
    const State after = copy_state(*trainer);
    for (const auto &[name, array] : after) {
        if (name.rfind("teacher.", 0) == 0) {
            EXPECT_TRUE(test::same_bits(array, before.at(name))) << name;
        }
    }
}

TEST(TrainerTeacher, IsThereOnlyWithUnlabelledData)
{
    const auto alone = make_trainer({}, false);
    EXPECT_FALSE(alone->has_teacher());
    StepReport report;
    EXPECT_EQ(alone->step(&report), SSLACT_OK);
    EXPECT_EQ(report.unlabeled_boxes, 0);
    EXPECT_EQ(report.loss_pseudo, 0.0);
    EXPECT_EQ(report.positive_rate, 0.0);
    EXPECT_EQ(report.loss_total, report.loss_supervised);
}

TEST(TrainerTeacher, IsNotThereInSupervisedPresets)
{
    for (const char *preset : {"baseline", "continued"}) {
        const auto trainer = make_trainer({{"ssl.preset", preset}});
        EXPECT_FALSE(trainer->has_teacher()) << preset;
        StepReport report;
        EXPECT_EQ(trainer->step(&report), SSLACT_OK);
        EXPECT_EQ(report.labeled_boxes, 4) << preset; // nothing is masked
        EXPECT_EQ(report.unlabeled_boxes, 0) << preset;
    }
}

TEST(TrainerTeacher, CanLookAtTheLabelledClipsWithTheirLabelsHidden)
{
    const test::Values values = {{"ssl.unlabeled_source", "labeled"}, {"ssl.ucb", "none"}};
    const auto alone = make_trainer(values, false), beside = make_trainer(values, true);
    ASSERT_TRUE(alone->has_teacher());
    for (int k = 0; k < 2; ++k) {
        StepReport a, b;
        alone->step(&a);
        beside->step(&b);
        EXPECT_GT(a.unlabeled_boxes, 0);
        EXPECT_EQ(a.loss_total, b.loss_total);
    }
    test::expect_same(copy_state(*alone), copy_state(*beside));
}

// ---- the thresholds ----

TEST(TrainerThresholds, StayInsideTheirClamp)
{
    const auto trainer = make_trainer({{"ssl.t_lr_mult", "1000000"}, {"ssl.ucb", "none"}});
    trainer->step(nullptr);
    bool clamped = false;
    for (int64_t j = 0; j < test::class_count; ++j) {
        const float value = trainer->thresholds()[j].item<float>();
        EXPECT_GE(value, 0.001f);
        EXPECT_LE(value, 0.999f);
        clamped = clamped || value == 0.001f || value == 0.999f;
    }
    EXPECT_TRUE(clamped);
}

TEST(TrainerThresholds, DoNotMoveWhereNothingMovesThem)
{
    for (const test::Values &values :
         {test::Values{{"ssl.t_lr_mult", "0"}}, test::Values{{"ssl.mpl_mode", "class_related"}},
          test::Values{{"ssl.mpl_mode", "fixed"}}}) {
        const auto trainer = make_trainer(values);
        const at::Tensor before = trainer->thresholds().clone();
        trainer->step(nullptr);
        trainer->step(nullptr);
        EXPECT_TRUE(at::equal(trainer->thresholds(), before)) << values.begin()->second;
    }
}

// ---- batch norm, dropout, forwards ----

TEST(TrainerNetwork, KeepsFrozenStatisticsAndChangesTrainedOnes)
{
    for (const bool frozen : {true, false}) {
        const auto trainer = make_trainer({{"ssl.freeze_bn", frozen ? "true" : "false"}});
        const State before = copy_state(*trainer);
        trainer->step(nullptr);
        const State after = copy_state(*trainer);
        for (const auto &[name, array] : after) {
            if (name.rfind("student.", 0) == 0 && test::is_statistic(name)) {
                EXPECT_EQ(test::same_bits(array, before.at(name)), frozen) << name;
            }
        }
    }
}

TEST(TrainerNetwork, LearnsTheSameInOneForwardAndInTwo)
{
    const auto one = make_trainer({{"ssl.one_forward", "true"}});
    const auto two = make_trainer({{"ssl.one_forward", "false"}});
    for (int k = 0; k < 2; ++k) {
        StepReport a, b;
        one->step(&a);
        two->step(&b);
        EXPECT_NEAR(a.loss_total, b.loss_total, 1e-5);
    }
    const State first = copy_state(*one), second = copy_state(*two);
    for (const auto &[name, array] : first) {
        EXPECT_TRUE(
            at::allclose(array.to(at::kDouble), second.at(name).to(at::kDouble), 1e-4, 1e-5))
            << name;
    }
}

TEST(TrainerNetwork, LearnsTheSameWithDropoutWhenRepeated)
{
    const test::Values values = {{"model.head_dropout", "0.5"}};
    const auto a = make_trainer(values), b = make_trainer(values), without = make_trainer();
    StepReport first, second, plain;
    a->step(&first);
    b->step(&second);
    without->step(&plain);
    EXPECT_EQ(first.loss_total, second.loss_total);
    EXPECT_NE(first.loss_supervised, plain.loss_supervised);
    test::expect_same(copy_state(*a), copy_state(*b));
}

TEST(TrainerNetwork, LearnsAFewClipsByHeart)
{
    const auto trainer = make_trainer({{"ssl.preset", "baseline"},
                                       {"solver.iterations", "40"},
                                       {"solver.batch_labeled", "5"},
                                       {"augment.flip", "false"},
                                       {"data.box_jitter", "0"}});
    StepReport report;
    trainer->step(&report);
    const double first = report.loss_total;
    while (trainer->step(&report) == SSLACT_OK) {
    }
    EXPECT_EQ(report.iteration, 40);
    EXPECT_LT(report.loss_total, 0.9 * first);
}

// ---- what it refuses ----

TEST(TrainerMake, RefusesAnotherClassCount)
{
    const Held<config> settings = test::make_training_config();
    const Held<dataset> labeled = test::make_labeled(2, 4);
    try {
        const Trainer trainer(settings.get(), labeled.get(), nullptr);
        FAIL() << "nothing thrown";
    } catch (const sslact::Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
        EXPECT_STREQ(error.what(), "the labelled data set has 4 classes, model.class_count is 3");
    }
}

TEST(TrainerMake, RefusesLabelledDataWithoutALabel)
{
    const Held<config> settings = test::make_training_config();
    const Held<dataset> unlabeled = test::make_unlabeled();
    try {
        const Trainer trainer(settings.get(), unlabeled.get(), nullptr);
        FAIL() << "nothing thrown";
    } catch (const sslact::Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_INVALID_ARGUMENT);
    }
}

} // namespace
