// Models from outside: weights in and out, predictions, evaluation, reports.

#include <cmath>
#include <cstring>

#include "capi_support.h"

namespace
{

using namespace test;

std::vector<float> predict(const sslact_model *model, const std::vector<const Clip *> &clips,
                           const sslact_predict_options *options = nullptr)
{
    std::vector<const sslact_clip *> views;
    for (const Clip *clip : clips) {
        views.push_back(&clip->view);
    }
    size_t needed = 0;
    EXPECT_DONE_WELL(
        sslact_model_predict(model, views.data(), views.size(), options, nullptr, 0, &needed));
    std::vector<float> scores(needed);
    EXPECT_DONE_WELL(sslact_model_predict(model, views.data(), views.size(), options, scores.data(),
                                          scores.size(), &needed));
    return scores;
}

Model make_model(const Settings &more = {})
{
    Model model;
    EXPECT_DONE_WELL(sslact_model_create(tiny_config(more), model.out()));
    return model;
}

TEST(Models, OfOneSeedAreEqualAndOfAnotherDiffer)
{
    const Clip clip(1);
    const Model first = make_model(), same = make_model(), other = make_model({{"run.seed", "1"}});

    EXPECT_EQ(predict(first, {&clip}), predict(same, {&clip}));
    EXPECT_NE(predict(first, {&clip}), predict(other, {&clip}));
}

TEST(Models, SaveAndLoadKeepEveryBit)
{
    const TemporaryFolder folder;
    const std::string path = folder / "model.safetensors";
    const Model model = make_model(), other = make_model({{"run.seed", "1"}});
    const Clip first(1), second(2);

    ASSERT_DONE_WELL(sslact_model_save(model, path.c_str()));
    ASSERT_DONE_WELL(sslact_model_load(other, path.c_str()));

    EXPECT_EQ(predict(model, {&first, &second}), predict(other, {&first, &second}));
    const Model third = make_model({{"run.seed", "2"}, {"model.weights", path}});
    EXPECT_EQ(predict(model, {&first}), predict(third, {&first}));
}

TEST(Models, RefuseWeightsOfAnotherNetworkAndKeepTheirOwn)
{
    const TemporaryFolder folder;
    const std::string wider = folder / "wider.safetensors", five = folder / "five.safetensors";
    ASSERT_DONE_WELL(sslact_model_save(make_model({{"model.width", "32"}}), wider.c_str()));
    ASSERT_DONE_WELL(sslact_model_save(make_model({{"model.class_count", "5"}}), five.c_str()));
    put_file(folder / "text.safetensors", "this is no checkpoint");
    const Model model = make_model();
    const Clip clip(1);
    const std::vector<float> before = predict(model, {&clip});

    expect_failure(sslact_model_load(model, wider.c_str()), SSLACT_ERROR_MISMATCH,
                   {wider.c_str(), "backbone arrays match"});
    expect_failure(sslact_model_load(model, five.c_str()), SSLACT_ERROR_MISMATCH,
                   {"head", "[5, ", "[3, "});
    EXPECT_EQ(sslact_model_load(model, (folder / "text.safetensors").c_str()), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(sslact_model_load(model, (folder / "absent").c_str()), SSLACT_ERROR_NOT_FOUND);

    EXPECT_EQ(predict(model, {&clip}), before);
}

TEST(Models, PredictGivesOneRowABoxInTheOrderOfTheClips)
{
    const Model model = make_model();
    const Clip first(1), second(2), larger(3, true, frame_count, 40, 64);
    const std::vector<float> all = predict(model, {&first, &larger, &second});

    ASSERT_EQ(all.size(), 3u * 2 * class_count);
    const std::vector<float> alone = predict(model, {&first}), middle = predict(model, {&larger}),
                             last = predict(model, {&second});
    for (size_t k = 0; k < 6; ++k) {
        EXPECT_NEAR(all[k], alone[k], 1e-5); // batch size may change the order of sums
        EXPECT_NEAR(all[6 + k], middle[k], 1e-5);
        EXPECT_NEAR(all[12 + k], last[k], 1e-5);
        EXPECT_GT(all[k], 0.0f);
        EXPECT_LT(all[k], 1.0f);
    }
}

TEST(Models, PredictLeavesOutWeakBoxesAndTakesClipsWithoutAny)
{
    const Model model = make_model();
    Clip clip(1);
    const std::vector<float> all = predict(model, {&clip});
    const float scores[2] = {0.3f, 0.8f};
    clip.view.box_scores = scores;
    sslact_predict_options options;
    SSLACT_INIT(options);
    options.min_box_score = 0.5f;

    const std::vector<float> strong = predict(model, {&clip}, &options);

    ASSERT_EQ(strong.size(), static_cast<size_t>(class_count));
    for (size_t j = 0; j < class_count; ++j) {
        EXPECT_NEAR(strong[j], all[class_count + j], 1e-5);
    }
    options.min_box_score = 0.9f;
    EXPECT_TRUE(predict(model, {&clip}, &options).empty());
    clip.view.box_count = 0;
    EXPECT_TRUE(predict(model, {&clip}).empty());
    EXPECT_TRUE(predict(model, {}).empty());
}

TEST(Models, PredictResizesToTheShortSideThatTheConfigAsksFor)
{
    const Model as_is = make_model(), resizing = make_model({{"data.short_side", "32"}});
    const Clip clip(1), larger(1, true, frame_count, 64, 96);

    EXPECT_EQ(predict(as_is, {&clip}), predict(resizing, {&clip})) << "already of that size";
    EXPECT_NE(predict(as_is, {&larger}), predict(resizing, {&larger}));
}

TEST(Models, PredictRefusesWhatTheNetworkCannotTake)
{
    const Model model = make_model();
    const Clip good(1), short_clip(2, true, 4);
    const sslact_clip *clips[2] = {&good.view, &short_clip.view};
    float scores[64];
    size_t needed = 0;
    sslact_predict_options options;

    expect_failure(sslact_model_predict(model, clips, 2, nullptr, scores, 64, &needed),
                   SSLACT_ERROR_INVALID_ARGUMENT,
                   {"clips[1]: 4 frames, the model takes 8 (data.frame_count)"});
    SSLACT_INIT(options);
    options.min_box_score = NAN;
    expect_failure(sslact_model_predict(model, clips, 1, &options, scores, 64, &needed),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"min_box_score"});
    SSLACT_INIT(options);
    options.device.type = SSLACT_CUDA;
    EXPECT_EQ(sslact_model_predict(model, clips, 1, &options, scores, 64, &needed),
              SSLACT_ERROR_UNSUPPORTED);
    clips[0] = nullptr;
    expect_failure(sslact_model_predict(model, clips, 1, nullptr, scores, 64, &needed),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"clips[0] is NULL"});
}

TEST(Models, CountWhatTheyHave)
{
    const auto count = [](const char *classes) {
        int64_t parameters = 0;
        const Model model = make_model({{"model.width", "16"},
                                        {"model.beta_inverse", "2"},
                                        {"model.stage_blocks", "[1, 1, 1, 1]"},
                                        {"model.stage_strides", "[1, 2, 1]"},
                                        {"model.class_count", classes}});
        EXPECT_EQ(sslact_model_count_parameters(model, &parameters), SSLACT_OK);
        return parameters;
    };
    int32_t classes = 0;
    EXPECT_EQ(sslact_model_count_classes(make_model(), &classes), SSLACT_OK);
    EXPECT_EQ(classes, class_count);
    // One class more is one more row of the last layer: 32 times the width of both pathways'
    // stems, 16 + 8 (models.md section 3.4: 8 times in res5, bottlenecks give out 4 times that).
    EXPECT_EQ(count("4") - count("3"), 768);
}

// ---- evaluation and reports ----

TEST(Evaluation, ReportsEveryClassAndTheMean)
{
    const Dataset dataset = labelled_clips();
    const Model model = make_model();
    Report report;
    ASSERT_DONE_WELL(sslact_model_evaluate(model, dataset, nullptr, report.out()));

    const auto metric = [&](const char *name) {
        double value = -1;
        EXPECT_DONE_WELL(sslact_report_get_metric(report, name, &value));
        return value;
    };
    EXPECT_EQ(metric("clips"), 5);
    EXPECT_EQ(metric("boxes"), 10);
    EXPECT_EQ(metric("classes"), 3);
    EXPECT_EQ(metric("classes_with_truth"), 3);
    EXPECT_GE(metric("seconds"), 0);
    double sum = 0, chance = 0;
    for (int32_t j = 0; j < class_count; ++j) {
        sslact_class_result result;
        SSLACT_INIT(result);
        ASSERT_DONE_WELL(sslact_report_get_class(report, j, &result));
        EXPECT_EQ(result.positive_count, 5); // every clip shows every class on one of two people
        EXPECT_EQ(result.detection_count, 10);
        EXPECT_EQ(result.id, j + 1);
        sum += result.average_precision;
        chance += result.chance;
    }
    EXPECT_NEAR(metric("frame_map@0.5"), sum / 3, 1e-12);
    EXPECT_NEAR(metric("chance_frame_map@0.5"), chance / 3, 1e-12);
    double value = -7;
    expect_failure(sslact_report_get_metric(report, "frame_map@0.6", &value),
                   SSLACT_ERROR_NOT_FOUND, {"frame_map@0.6"});
    EXPECT_EQ(value, -7);
    sslact_class_result result;
    SSLACT_INIT(result);
    EXPECT_EQ(sslact_report_get_class(report, 3, &result), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_report_get_class(report, -1, &result), SSLACT_ERROR_INVALID_ARGUMENT);
}

TEST(Evaluation, TakesAsManyClipsAsItIsTold)
{
    const Dataset dataset = labelled_clips();
    const Model model = make_model();
    Report report;
    sslact_evaluate_options options;
    SSLACT_INIT(options);
    options.max_clips = 2;
    double clips = 0;

    ASSERT_DONE_WELL(sslact_model_evaluate(model, dataset, &options, report.out()));
    EXPECT_EQ(sslact_report_get_metric(report, "clips", &clips), SSLACT_OK);
    EXPECT_EQ(clips, 2);
    options.max_clips = -1;
    expect_failure(sslact_model_evaluate(model, dataset, &options, report.out()),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"max_clips is -1"});
}

TEST(Evaluation, IsCancelledByItsProgressCallback)
{
    const Dataset dataset = labelled_clips();
    const Model model = make_model();
    const TemporaryFolder folder;
    const std::string path = folder / "detections.csv";
    sslact_report *const mark = reinterpret_cast<sslact_report *>(0x10);
    sslact_report *report = mark;
    sslact_evaluate_options options;
    SSLACT_INIT(options);
    options.detections_path = path.c_str();
    options.progress = [](const sslact_progress *progress, void *) {
        EXPECT_STREQ(progress->phase, "evaluate");
        EXPECT_EQ(progress->total, 5);
        return 1;
    };

    EXPECT_EQ(sslact_model_evaluate(model, dataset, &options, &report), SSLACT_ERROR_CANCELLED);

    EXPECT_EQ(report, mark);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Evaluation, WritesOneRowForEveryBoxAndClass)
{
    const Dataset dataset = labelled_clips();
    const TemporaryFolder folder;
    const std::string path = folder / "detections.csv";
    Report report;
    sslact_evaluate_options options;
    SSLACT_INIT(options);
    options.detections_path = path.c_str();

    ASSERT_DONE_WELL(sslact_model_evaluate(make_model(), dataset, &options, report.out()));

    const std::string rows = get_file(path);
    EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 5 * 2 * class_count);
}

TEST(Evaluation, RefusesADataSetOfOtherClasses)
{
    Dataset dataset;
    Report report;
    ASSERT_DONE_WELL(sslact_dataset_create(7, nullptr, dataset.out()));
    expect_failure(sslact_model_evaluate(make_model(), dataset, nullptr, report.out()),
                   SSLACT_ERROR_MISMATCH, {"7", "3"});
}

TEST(Reports, OutliveWhatTheyWereMadeFromAndRenderInTwoForms)
{
    const TemporaryFolder folder;
    Report report;
    ASSERT_DONE_WELL(sslact_model_evaluate(make_model(), labelled_clips(), nullptr, report.out()));
    for (const char *format : {"text", "json"}) {
        size_t needed = 0;
        ASSERT_DONE_WELL(sslact_report_render(report, format, nullptr, 0, &needed));
        std::vector<char> text(needed);
        ASSERT_DONE_WELL(sslact_report_render(report, format, text.data(), text.size(), &needed));
        const std::string path = folder / format;
        ASSERT_DONE_WELL(sslact_report_save(report, format, path.c_str()));
        EXPECT_EQ(get_file(path), text.data());
    }
    size_t needed = 0;
    expect_failure(sslact_report_render(report, "xml", nullptr, 0, &needed),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"xml", "json"});
}

} // namespace
