// Evaluation results: numbers by name, table, JSON, CSV, and back.
#include "report/evaluation.h"

#include "support.h"

namespace
{

using namespace report_test;

// The mean over the two classes with ground truth: (1/2 + 0) / 2.
constexpr double expected_map = 0.25;

TEST(EvaluationReport, GivesItsNumbersByName)
{
    Evaluation report = make_evaluation(make_facts());
    const std::pair<const char *, double> expected[] = {{"frame_map@0.5", expected_map},
                                                        {"clips", 2},
                                                        {"boxes", 3},
                                                        {"seconds", 1.5},
                                                        {"classes", 3},
                                                        {"classes_with_truth", 2},
                                                        {"iteration", 500},
                                                        {"row_limit", 50}};
    for (const auto &[name, value] : expected) {
        double found = -1;
        EXPECT_EQ(evaluation_report_get_metric(report.get(), name, &found), SSLACT_OK) << name;
        EXPECT_DOUBLE_EQ(found, value) << name;
    }
}

TEST(EvaluationReport, UnknownMetricNamesWhatIsKnownAndWritesNothing)
{
    Evaluation report = make_evaluation(make_facts());
    double found = -1;

    EXPECT_EQ(evaluation_report_get_metric(report.get(), "frame_map@0.75", &found),
              SSLACT_ERROR_NOT_FOUND);

    EXPECT_EQ(found, -1);
    EXPECT_NE(std::string(sslact_error_get_message()).find("frame_map@0.5"), std::string::npos);
}

TEST(EvaluationReport, ChanceLevelComesAlongByClassAndIsNaNWithout)
{
    frame_map *chance = make_result();
    evaluation_facts facts = make_facts();
    facts.chance = chance;
    Evaluation with = make_evaluation(facts), without = make_evaluation(make_facts());
    double found = -1;

    ASSERT_EQ(evaluation_report_get_metric(with.get(), "chance_frame_map@0.5", &found), SSLACT_OK);
    EXPECT_DOUBLE_EQ(found, expected_map);
    EXPECT_DOUBLE_EQ(with->classes[0].chance, 0.5);
    ASSERT_EQ(evaluation_report_get_metric(without.get(), "chance_frame_map@0.5", &found),
              SSLACT_OK);
    EXPECT_TRUE(std::isnan(found));
    frame_map_free(chance);
}

TEST(EvaluationReport, RefusesAChanceLevelOfOtherClassCountAndLeavesTheResultToTheCaller)
{
    frame_map_options options = {};
    options.class_count = 1;
    frame_map *chance = nullptr;
    ASSERT_EQ(frame_map_compute(nullptr, 0, nullptr, 0, &options, &chance), SSLACT_OK);
    evaluation_facts facts = make_facts();
    facts.chance = chance;
    frame_map *result = make_result();
    evaluation_report *report = nullptr;

    EXPECT_EQ(evaluation_report_create(result, &facts, &report), SSLACT_ERROR_MISMATCH);

    EXPECT_EQ(report, nullptr);
    EXPECT_EQ(result->class_count, 3);
    frame_map_free(result);
    frame_map_free(chance);
}

TEST(EvaluationReport, SortsByTrainingCountThenId)
{
    Evaluation report = make_evaluation(make_facts());
    int32_t order[3];

    evaluation_report_sort(report.get(), order);

    EXPECT_EQ(order[0], 1); // 40 labels
    EXPECT_EQ(order[1], 2); // 7 labels, id 5
    EXPECT_EQ(order[2], 0); // 7 labels, id 12
}

TEST(EvaluationReport, JsonHoldsWhatTheContractNamesWithNullForUndefined)
{
    Json root = parse(render(make_evaluation(make_facts()), "json"));
    json_t *classes = json_object_get(root.get(), "classes");

    EXPECT_DOUBLE_EQ(json_number_value(json_object_get(root.get(), "frame_map@0.5")), expected_map);
    ASSERT_EQ(json_array_size(classes), 3u);
    json_t *stand = json_array_get(classes, 0), *walk = json_array_get(classes, 1);
    EXPECT_EQ(json_integer_value(json_object_get(stand, "id")), 12);
    EXPECT_STREQ(json_string_value(json_object_get(stand, "name")), "stand");
    EXPECT_DOUBLE_EQ(json_number_value(json_object_get(stand, "ap")), 0.5);
    EXPECT_EQ(json_integer_value(json_object_get(stand, "positives")), 2);
    EXPECT_EQ(json_integer_value(json_object_get(stand, "detections")), 1);
    EXPECT_TRUE(json_is_null(json_object_get(walk, "ap")));
    EXPECT_EQ(json_object_get(stand, "recall"), nullptr);
}

TEST(EvaluationReport, TextColumnsAreAlignedAndSortedByTrainingCount)
{
    std::istringstream lines(render(make_evaluation(make_facts()), "text"));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) {
        all.push_back(line);
    }

    ASSERT_EQ(all.size(), 8u);
    EXPECT_EQ(all[0], "student on validation, iteration 500");
    EXPECT_EQ(all[1], "frame mAP@0.5  0.2500");
    EXPECT_EQ(all[2], "2 clips, 3 boxes, rule exclusions, at most 50 rows a key frame, 1.5 s");
    EXPECT_EQ(all[4], "class    id  training  positives  detections      AP");
    EXPECT_EQ(all[5], "walk     14        40          0           1       -");
    EXPECT_EQ(all[6], "fall      5         7          1           0  0.0000");
    EXPECT_EQ(all[7], "stand    12         7          2           1  0.5000");
}

TEST(EvaluationReport, CsvHasOneLineAClassAndQuotesWhatItMust)
{
    const char *const names[] = {"talk to (self, a group)", "say \"hi\"", "fall"};
    evaluation_facts facts = make_facts();
    facts.class_names = names;

    std::string csv = render(make_evaluation(facts), "csv");

    EXPECT_EQ(csv, "split,role,class_id,class,training,positives,detections,ap,chance_ap\n"
                   "validation,student,,(mean),,,,0.25,\n"
                   "validation,student,12,\"talk to (self, a group)\",7,2,1,0.5,\n"
                   "validation,student,14,\"say \"\"hi\"\"\",40,0,1,,\n"
                   "validation,student,5,fall,7,1,0,0,\n");
}

TEST(EvaluationReport, HostileNamesStayValidInEveryFormat)
{
    const char *const names[] = {hostile, "\x1b[31mred", "ok"};
    evaluation_facts facts = make_facts();
    facts.class_names = names;
    Evaluation report = make_evaluation(facts);

    Json root = parse(render(report, "json"));
    std::string table = render(report, "text");

    EXPECT_NE(root, nullptr);
    EXPECT_EQ(table.find('\x1b'), std::string::npos);
    EXPECT_EQ(count(table, "\n"), 8u); // the line end in the name is gone
}

TEST(EvaluationReport, UnknownFormatIsRefused)
{
    Evaluation report = make_evaluation(make_facts());
    text out = {};

    EXPECT_EQ(evaluation_report_render(report.get(), "xml", &out), SSLACT_ERROR_INVALID_ARGUMENT);
    text_free(&out);
}

TEST(EvaluationReport, SavedToARunItLoadsAsItWas)
{
    Folder folder;
    frame_map *chance = make_result();
    evaluation_facts facts = make_facts();
    facts.chance = chance;
    Evaluation report = make_evaluation(facts);
    frame_map_free(chance);

    ASSERT_EQ(evaluation_report_save_to_run(report.get(), folder.path().c_str()), SSLACT_OK);
    evaluation_report *raw = nullptr;
    ASSERT_EQ(evaluation_report_load((folder / "report/evaluation_validation_student.json").c_str(),
                                     &raw),
              SSLACT_OK)
        << sslact_error_get_message();
    Evaluation loaded(raw, evaluation_report_free);

    EXPECT_EQ(render(loaded, "curves"), render(report, "curves"));
    EXPECT_EQ(loaded->classes[0].curve_count, 1u);
    EXPECT_DOUBLE_EQ(loaded->classes[0].recall[0], 0.5);
    EXPECT_DOUBLE_EQ(loaded->classes[0].precision[0], 1.0);
}

TEST(EvaluationReport, CornersOfTheCurveEncloseTheAveragePrecision)
{
    // 40 people on as many keys, every third detection beside its person.
    std::vector<metric_detection> detections;
    std::vector<metric_truth> truth;
    for (int64_t key = 0; key < 40; key++) {
        double x = key % 3 == 1 ? 5.0 : 0.0;
        truth.push_back({key, 0, 0, 0, 0, 1, 1});
        detections.push_back({key, 0, 1.0 / static_cast<double>(key + 2), x, 0, x + 1, 1});
    }
    frame_map_options options = {};
    options.class_count = 1;
    frame_map *result = nullptr;
    ASSERT_EQ(frame_map_compute(detections.data(), 40, truth.data(), 40, &options, &result),
              SSLACT_OK);
    evaluation_facts facts = make_facts();
    evaluation_report *raw = nullptr;
    ASSERT_EQ(evaluation_report_create(result, &facts, &raw), SSLACT_OK);
    Evaluation report(raw, evaluation_report_free);

    const evaluation_class &c = report->classes[0];
    double area = 0, before = 0;
    for (size_t i = 0; i < c.curve_count; i++) {
        area += (c.recall[i] - before) * c.precision[i];
        before = c.recall[i];
    }

    EXPECT_GT(c.curve_count, 3u);
    EXPECT_LT(c.curve_count, 40u);
    EXPECT_NEAR(area, c.average_precision, 1e-12);
}

TEST(EvaluationReport, RoleThatIsNoFileNameIsRefused)
{
    Folder folder;
    evaluation_facts facts = make_facts();
    facts.role = "../student";

    EXPECT_EQ(evaluation_report_save_to_run(make_evaluation(facts).get(), folder.path().c_str()),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(EvaluationReport, LoadingWhatIsNoEvaluationNamesFileAndPlace)
{
    Folder folder;
    const std::pair<const char *, const char *> cases[] = {
        {"{\"frame_map@0.5\": 1,\n oops}", ":2: column"},
        {"[]", "no JSON object"},
        {"{}", "frame_map@0.5"},
        {"{\"frame_map@0.5\": null}", "classes"},
        {"{\"frame_map@0.5\": null, \"classes\": [{}]}", "class 0"},
        {"{\"frame_map@0.5\": null, \"classes\": [{\"name\": \"a\", \"recall\": [1]}]}",
         "1 recalls, 0 precisions"},
    };
    for (const auto &[content, part] : cases) {
        evaluation_report *report = nullptr;
        write(folder / "e.json", content);
        EXPECT_EQ(evaluation_report_load((folder / "e.json").c_str(), &report),
                  SSLACT_ERROR_FORMAT);
        EXPECT_NE(std::string(sslact_error_get_message()).find(part), std::string::npos)
            << sslact_error_get_message();
        EXPECT_EQ(report, nullptr);
    }
}

} // namespace
