// The training loop as a program writes it.

#include <cmath>
#include <cstring>

#include "capi_support.h"

namespace
{

using namespace test;

std::vector<float> thresholds_of(const sslact_trainer *trainer)
{
    std::vector<float> values(class_count);
    size_t needed = 0;
    EXPECT_DONE_WELL(sslact_trainer_get_thresholds(trainer, values.data(), values.size(), &needed));
    return values;
}

TEST(TrainerApi, StepAfterLastIterationReturnsDoneAndChangesNothing)
{
    const Trainer trainer = make_trainer(tiny_config({{"solver.iterations", "3"}}));
    sslact_step_report report;
    SSLACT_INIT(report);

    EXPECT_EQ(sslact_trainer_step(trainer, &report), SSLACT_OK);
    EXPECT_EQ(report.iteration, 1);
    EXPECT_EQ(sslact_trainer_step(trainer, &report), SSLACT_OK);
    EXPECT_EQ(sslact_trainer_step(trainer, &report), SSLACT_DONE);
    EXPECT_EQ(report.iteration, 3) << "the last step fills its report";
    const std::string state = state_of(trainer);
    const sslact_step_report last = report;
    EXPECT_EQ(sslact_trainer_step(trainer, &report), SSLACT_DONE);
    EXPECT_EQ(sslact_trainer_step(trainer, nullptr), SSLACT_DONE);

    EXPECT_EQ(std::memcmp(&report, &last, sizeof last), 0);
    EXPECT_TRUE(state_of(trainer) == state);
    int64_t done = 0, planned = 0;
    EXPECT_EQ(sslact_trainer_count_iterations(trainer, &done, &planned), SSLACT_OK);
    EXPECT_EQ(done, 3);
    EXPECT_EQ(planned, 3);
}

TEST(TrainerApi, ReportAddsUp)
{
    const Trainer trainer = make_trainer(
        tiny_config({{"ssl.loss_lambda", "0.3"}, {"ssl.mpl_lambda1", "2"}, {"ssl.ucb", "none"}}));
    sslact_step_report report;
    SSLACT_INIT(report);

    for (int k = 0; k < 4; ++k) {
        ASSERT_EQ(sslact_trainer_step(trainer, &report), SSLACT_OK);
        // L = L_s + lambda (L_cls + lambda1 L_reg), method.md section 4
        EXPECT_NEAR(report.loss_total,
                    report.loss_supervised + 0.3 * (report.loss_pseudo + 2 * report.loss_penalty),
                    1e-5);
        EXPECT_NEAR(report.positive_rate + report.negative_rate + report.ignored_rate, 1, 1e-12);
        EXPECT_GT(report.learning_rate, 0);
        EXPECT_LE(report.learning_rate, 0.1);
        EXPECT_EQ(report.labeled_boxes, 4); // 2 clips of 2 people, nobody left out
        EXPECT_LE(report.unlabeled_boxes, 4);
        EXPECT_GE(report.seconds_data, 0);
        EXPECT_GT(report.seconds_compute, 0);
    }
}

TEST(TrainerApi, TrainingLowersTheLoss)
{
    const Trainer trainer = make_trainer(tiny_config({{"ssl.preset", "baseline"},
                                                      {"solver.iterations", "60"},
                                                      {"solver.batch_labeled", "5"},
                                                      {"solver.peak_lr", "0.5"},
                                                      {"ssl.freeze_bn", "false"}}));
    sslact_step_report first, last;
    SSLACT_INIT(first);
    SSLACT_INIT(last);
    ASSERT_EQ(sslact_trainer_step(trainer, &first), SSLACT_OK);
    while (sslact_trainer_step(trainer, &last) == SSLACT_OK) {
    }
    EXPECT_EQ(last.iteration, 60);
    EXPECT_LT(last.loss_total, 0.5 * first.loss_total); // five clips are soon known by heart
}

TEST(TrainerApi, RequestStopCancelsOneStepAndTrainingGoesOnBitExactly)
{
    const Config config = tiny_config();
    const Trainer stopped = make_trainer(config), straight = make_trainer(config);
    step(stopped, 3);
    sslact_trainer_request_stop(stopped);
    sslact_step_report report;
    SSLACT_INIT(report);

    EXPECT_EQ(sslact_trainer_step(stopped, &report), SSLACT_ERROR_CANCELLED);
    EXPECT_EQ(report.iteration, 0);
    EXPECT_EQ(iterations_done(stopped), 3);
    step(stopped, 5);
    step(straight, 8);

    EXPECT_TRUE(state_of(stopped) == state_of(straight));
}

TEST(TrainerApi, RequestStopEndsAnEvaluation)
{
    const Trainer trainer = make_trainer(tiny_config());
    const Dataset dataset = labelled_clips();
    Report report;
    sslact_trainer_request_stop(trainer);

    EXPECT_EQ(sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, nullptr, report.out()),
              SSLACT_ERROR_CANCELLED);

    EXPECT_EQ(sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, nullptr, report.out()),
              SSLACT_OK);
    EXPECT_EQ(sslact_trainer_step(trainer, nullptr), SSLACT_OK);
}

TEST(TrainerApi, EvaluationBetweenStepsChangesNothing)
{
    const Config config = tiny_config({{"ssl.freeze_bn", "false"}});
    const Trainer evaluated = make_trainer(config), straight = make_trainer(config);
    const Dataset dataset = labelled_clips();
    Report report;
    for (int k = 0; k < 4; ++k) {
        step(evaluated);
        for (const sslact_role role : {SSLACT_STUDENT, SSLACT_TEACHER}) {
            ASSERT_DONE_WELL(
                sslact_trainer_evaluate(evaluated, role, dataset, nullptr, report.out()));
        }
    }
    step(straight, 4);
    EXPECT_TRUE(state_of(evaluated) == state_of(straight));
}

TEST(TrainerApi, HasATeacherOnlyWhereThePresetHasOneAndThereIsSomethingToTeach)
{
    const auto has_teacher = [](const sslact_trainer *trainer) {
        int32_t present = -1;
        EXPECT_DONE_WELL(sslact_trainer_get_role(trainer, SSLACT_TEACHER, &present));
        return present;
    };
    const Dataset labelled = labelled_clips();
    Trainer trainer;
    Model model;
    Report report;

    EXPECT_EQ(has_teacher(make_trainer(tiny_config())), 1);
    EXPECT_EQ(has_teacher(make_trainer(tiny_config({{"ssl.preset", "baseline"}}))), 0);
    ASSERT_DONE_WELL(sslact_trainer_create(tiny_config(), labelled, nullptr, trainer.out()));
    EXPECT_EQ(has_teacher(trainer), 0);

    expect_failure(
        sslact_trainer_evaluate(trainer, SSLACT_TEACHER, labelled, nullptr, report.out()),
        SSLACT_ERROR_UNSUPPORTED, {"no teacher"});
    EXPECT_EQ(sslact_trainer_copy_model(trainer, SSLACT_TEACHER, model.out()),
              SSLACT_ERROR_UNSUPPORTED);
    EXPECT_EQ(sslact_trainer_copy_model(trainer, static_cast<sslact_role>(0), model.out()),
              SSLACT_ERROR_INVALID_ARGUMENT);
}

TEST(TrainerApi, RefusesDataThatDoNotFitTheConfig)
{
    const Dataset labelled = labelled_clips(), unlabelled = unlabelled_clips();
    Dataset empty, sixteen;
    Trainer trainer;
    expect_failure(sslact_trainer_create(tiny_config({{"model.class_count", "4"}}), labelled,
                                         unlabelled, trainer.out()),
                   SSLACT_ERROR_MISMATCH, {"3 classes", "model.class_count is 4"});
    ASSERT_DONE_WELL(sslact_dataset_create(class_count, nullptr, empty.out()));
    EXPECT_EQ(sslact_trainer_create(tiny_config(), empty, unlabelled, trainer.out()),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_trainer_create(tiny_config(), unlabelled, unlabelled, trainer.out()),
              SSLACT_ERROR_INVALID_ARGUMENT)
        << "clips without labels are no labelled set";

    ASSERT_DONE_WELL(sslact_dataset_create(class_count, nullptr, sixteen.out()));
    const Clip longer(1, true, 16);
    ASSERT_DONE_WELL(sslact_dataset_append(sixteen, &longer.view));
    ASSERT_DONE_WELL(sslact_trainer_create(tiny_config(), sixteen, nullptr, trainer.out()));
    expect_failure(sslact_trainer_step(trainer, nullptr), SSLACT_ERROR_MISMATCH,
                   {"16 frames, the model takes 8 (data.frame_count)"});
}

TEST(TrainerApi, RefusesAConfigThatContradictsItself)
{
    const Dataset labelled = labelled_clips();
    Trainer trainer;
    const Config config = tiny_config({{"ssl.mpl_tau_neg", "0.95"}});
    expect_failure(sslact_trainer_create(config, labelled, nullptr, trainer.out()),
                   SSLACT_ERROR_CONFIG, {"ssl.mpl_tau_neg", "ssl.mpl_tau_pos"});
}

// ---- the caller's own clips ----

TEST(TrainerApi, StepBatchTrainsOnTheCallersClips)
{
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config), twin = make_trainer(config);
    const Clip first(1), second(2), third(3, false), mixed(4, false, frame_count, 40, 40);
    const sslact_clip *labelled[2] = {&first.view, &second.view};
    const sslact_clip *unlabelled[2] = {&third.view, &mixed.view};
    sslact_batch batch;
    SSLACT_INIT(batch);
    batch.labeled = labelled;
    batch.labeled_count = 2;
    batch.unlabeled = unlabelled;
    batch.unlabeled_count = 2;
    sslact_step_report report;
    SSLACT_INIT(report);
    const std::string before = state_of(trainer);

    ASSERT_EQ(sslact_trainer_step_batch(trainer, &batch, &report), SSLACT_OK)
        << sslact_error_get_message();
    ASSERT_EQ(sslact_trainer_step_batch(twin, &batch, nullptr), SSLACT_OK);

    EXPECT_EQ(report.iteration, 1);
    EXPECT_GT(report.loss_supervised, 0);
    EXPECT_GT(report.positive_rate + report.negative_rate + report.ignored_rate, 0.99);
    EXPECT_FALSE(state_of(trainer) == before);
    EXPECT_TRUE(state_of(trainer) == state_of(twin));
    // The clips of the data sets come next, as if the first batch had been theirs.
    step(trainer, 7);
    EXPECT_EQ(sslact_trainer_step_batch(trainer, &batch, nullptr), SSLACT_DONE);
}

TEST(TrainerApi, StepBatchTakesOneSideAlone)
{
    const Trainer trainer = make_trainer(tiny_config());
    const Clip labelled(1), unlabelled(2, false);
    const sslact_clip *clips[1] = {&labelled.view};
    sslact_batch batch;
    SSLACT_INIT(batch);
    batch.labeled = clips;
    batch.labeled_count = 1;
    sslact_step_report report;
    SSLACT_INIT(report);

    ASSERT_EQ(sslact_trainer_step_batch(trainer, &batch, &report), SSLACT_OK)
        << sslact_error_get_message();
    EXPECT_EQ(report.unlabeled_boxes, 0);
    EXPECT_EQ(report.loss_pseudo, 0);

    clips[0] = &unlabelled.view;
    SSLACT_INIT(batch);
    batch.unlabeled = clips;
    batch.unlabeled_count = 1;
    ASSERT_EQ(sslact_trainer_step_batch(trainer, &batch, &report), SSLACT_OK)
        << sslact_error_get_message();
    EXPECT_EQ(report.labeled_boxes, 0);
    EXPECT_EQ(report.loss_supervised, 0);

    SSLACT_INIT(batch);
    expect_failure(sslact_trainer_step_batch(trainer, &batch, nullptr),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"no clips"});
    EXPECT_EQ(iterations_done(trainer), 2);
}

TEST(TrainerApi, StepBatchSaysWhichClipIsWrong)
{
    const Trainer trainer = make_trainer(tiny_config());
    const Clip good(1), longer(2, true, 16), bare(3, false);
    const std::string before = state_of(trainer);
    const auto take = [&](const Clip &second, bool labelled) {
        const sslact_clip *clips[2] = {&good.view, &second.view};
        sslact_batch batch;
        SSLACT_INIT(batch);
        (labelled ? batch.labeled : batch.unlabeled) = clips;
        (labelled ? batch.labeled_count : batch.unlabeled_count) = 2;
        return sslact_trainer_step_batch(trainer, &batch, nullptr);
    };

    expect_failure(take(longer, true), SSLACT_ERROR_MISMATCH,
                   {"labeled[1]: 16 frames, the model takes 8 (data.frame_count)"});
    expect_failure(take(longer, false), SSLACT_ERROR_MISMATCH, {"unlabeled[1]: 16 frames"});
    expect_failure(take(bare, true), SSLACT_ERROR_MISMATCH, {"labeled[1]: no labels"});

    EXPECT_TRUE(state_of(trainer) == before);
}

// ---- copies and order of freeing ----

TEST(TrainerApi, CopiedModelIsTheRoleAndStaysAsItIs)
{
    const Trainer trainer = make_trainer(tiny_config({{"ssl.freeze_bn", "false"}}));
    step(trainer, 2);
    const TemporaryFolder folder;
    const std::string path = folder / "trainer.safetensors";
    Model student, teacher, loaded;
    ASSERT_DONE_WELL(sslact_trainer_copy_model(trainer, SSLACT_STUDENT, student.out()));
    ASSERT_DONE_WELL(sslact_trainer_copy_model(trainer, SSLACT_TEACHER, teacher.out()));
    ASSERT_DONE_WELL(sslact_model_create(tiny_config({{"run.seed", "9"}}), loaded.out()));
    ASSERT_DONE_WELL(sslact_trainer_save(trainer, path.c_str()));
    ASSERT_DONE_WELL(sslact_model_load(loaded, path.c_str()));
    const Clip clip(1);
    const sslact_clip *clips[1] = {&clip.view};
    const auto predict = [&](const sslact_model *model) {
        std::vector<float> scores(6);
        size_t needed = 0;
        EXPECT_DONE_WELL(sslact_model_predict(model, clips, 1, nullptr, scores.data(), 6, &needed));
        return scores;
    };
    const std::vector<float> before = predict(student);

    EXPECT_NE(before, predict(teacher));
    EXPECT_EQ(predict(loaded), predict(teacher)) << "of a checkpoint the teacher, where it has one";
    step(trainer, 2);
    EXPECT_EQ(predict(student), before);
}

TEST(TrainerApi, HandlesMayBeFreedInAnyOrder)
{
    Config config = tiny_config({{"run.loader_threads", "2"}});
    Dataset labelled = labelled_clips(), unlabelled = unlabelled_clips();
    Dataset validation = labelled_clips();
    Trainer trainer;
    Model model;
    Report report;
    Sample sample;
    ASSERT_DONE_WELL(sslact_trainer_create(config, labelled, unlabelled, trainer.out()));
    ASSERT_DONE_WELL(sslact_dataset_read(labelled, 0, sample.out()));
    config.reset();
    labelled.reset();
    unlabelled.reset();
    step(trainer, 2);
    ASSERT_DONE_WELL(
        sslact_trainer_evaluate(trainer, SSLACT_TEACHER, validation, nullptr, report.out()));
    ASSERT_DONE_WELL(sslact_trainer_copy_model(trainer, SSLACT_TEACHER, model.out()));
    trainer.reset();
    validation.reset();

    double clips = 0;
    int32_t classes = 0;
    sslact_clip view;
    SSLACT_INIT(view);
    EXPECT_EQ(sslact_report_get_metric(report, "clips", &clips), SSLACT_OK);
    EXPECT_EQ(clips, 5);
    EXPECT_EQ(sslact_model_count_classes(model, &classes), SSLACT_OK);
    EXPECT_EQ(classes, class_count);
    EXPECT_EQ(sslact_sample_describe(sample, &view), SSLACT_OK);
    EXPECT_STREQ(view.name, "clip number 1");
}

TEST(TrainerApi, ThresholdsStartAtTheMappedShareOfEachClass)
{
    // Class 0 on four people, class 1 on two, class 2 on none: eta = 1, 0.5 and the zero-count
    // rule M = 1 (method.md section 2.1).
    Dataset dataset;
    ASSERT_DONE_WELL(sslact_dataset_create(class_count, nullptr, dataset.out()));
    const uint8_t labels[6] = {1, 1, 0, 1, 0, 0};
    for (uint32_t i = 0; i < 2; ++i) {
        Clip clip(i);
        clip.view.labels = labels;
        ASSERT_DONE_WELL(sslact_dataset_append(dataset, &clip.view));
    }
    Trainer trainer;
    ASSERT_DONE_WELL(
        sslact_trainer_create(tiny_config(), dataset, unlabelled_clips(), trainer.out()));

    const std::vector<float> thresholds = thresholds_of(trainer);

    EXPECT_NEAR(thresholds[0], 0.9, 1e-6);
    EXPECT_NEAR(thresholds[1], 0.9 * std::pow(0.5, 0.1), 1e-6);
    EXPECT_NEAR(thresholds[2], 0.9, 1e-6);
    step(trainer, 3);
    EXPECT_NE(thresholds_of(trainer), thresholds) << "they are learned";
}

} // namespace
