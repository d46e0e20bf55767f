// The stored evaluation cases: values of the official AVA evaluator and of public UCF evaluators.
#include "metrics/frame_map.h"

#include "support/eval_case.h"

#include <gtest/gtest.h>

#include <memory>
#include <sys/stat.h>

namespace
{

constexpr double tolerance = 1e-9; // stated in every expected.json

struct Case {
    std::vector<int64_t> ids;
    std::vector<metric_detection> detections;
    std::vector<metric_truth> truth;
    std::vector<int64_t> excluded;
};

using Result = std::unique_ptr<frame_map, decltype(&frame_map_free)>;

std::string own_folder()
{
    return std::string(SSLACT_TESTS_FOLDER) + "/metrics/data/s01_small";
}

std::string real_folder(const char *name)
{
    return std::string(SSLACT_TEST_DATA) + "/eval_cases/" + name;
}

bool is_there(const std::string &folder)
{
    struct stat info;
    return stat((folder + "/detections.csv").c_str(), &info) == 0;
}

int32_t index_of(const std::vector<int64_t> &ids, int64_t id)
{
    for (size_t i = 0; i < ids.size(); i++) {
        if (ids[i] == id) {
            return static_cast<int32_t>(i);
        }
    }
    return -1;
}

Case read_ava(const std::string &folder)
{
    Case result;
    test::Keys keys;
    result.ids = test::read_class_ids(folder + "/labelmap.pbtxt");
    for (const auto &row : test::read_rows(folder + "/detections.csv")) {
        result.detections.push_back(
            {keys.get(row[0], row[1]), index_of(result.ids, std::atoll(row[6].c_str())),
             test::number(row[7]), test::number(row[2]), test::number(row[3]), test::number(row[4]),
             test::number(row[5])});
    }
    for (const auto &row : test::read_rows(folder + "/groundtruth.csv")) {
        result.truth.push_back({keys.get(row[0], row[1]),
                                index_of(result.ids, std::atoll(row[6].c_str())),
                                test::number(row[7]), test::number(row[2]), test::number(row[3]),
                                test::number(row[4]), test::number(row[5])});
    }
    for (const auto &row : test::read_rows(folder + "/exclusions.csv")) {
        result.excluded.push_back(keys.get(row[0], row[1]));
    }
    return result;
}

// Rows video,frame,class,score,x1.. and video,frame,class,x1..; pixels of 320 x 240.
Case read_ucf(const std::string &folder)
{
    Case result;
    test::Keys keys;
    for (int64_t id = 0; id < 24; id++) {
        result.ids.push_back(id);
    }
    for (const auto &row : test::read_rows(folder + "/detections.csv")) {
        result.detections.push_back({keys.get(row[0], row[1]), std::atoi(row[2].c_str()),
                                     test::number(row[3]), test::number(row[4]) / 320.0,
                                     test::number(row[5]) / 240.0, test::number(row[6]) / 320.0,
                                     test::number(row[7]) / 240.0});
    }
    for (const auto &row : test::read_rows(folder + "/groundtruth.csv")) {
        result.truth.push_back({keys.get(row[0], row[1]), std::atoi(row[2].c_str()), 0.0,
                                test::number(row[3]) / 320.0, test::number(row[4]) / 240.0,
                                test::number(row[5]) / 320.0, test::number(row[6]) / 240.0});
    }
    return result;
}

Result compute(const Case &input, int64_t row_limit, bool only_listed_keys)
{
    frame_map_options options = {};
    options.class_count = static_cast<int32_t>(input.ids.size());
    options.row_limit = row_limit;
    options.only_listed_keys = only_listed_keys;
    options.excluded = input.excluded.data();
    options.excluded_count = input.excluded.size();
    options.class_ids = input.ids.data();
    frame_map *map = nullptr;
    EXPECT_EQ(frame_map_compute(input.detections.data(), input.detections.size(),
                                input.truth.data(), input.truth.size(), &options, &map),
              SSLACT_OK)
        << sslact_error_get_message();
    return Result(map, frame_map_free);
}

void expect_rule(const Case &input, const std::string &folder, const char *rule, int64_t row_limit,
                 bool only_listed_keys)
{
    test::Expected expected;
    ASSERT_TRUE(test::read_expected(folder + "/expected.json", rule, &expected));
    ASSERT_EQ(expected.ap.size(), input.ids.size());

    Result map = compute(input, row_limit, only_listed_keys);

    ASSERT_NE(map, nullptr);
    EXPECT_NEAR(map->mean, expected.map, tolerance) << rule;
    for (size_t j = 0; j < input.ids.size(); j++) {
        double wanted = expected.ap[input.ids[j]];
        double found = map->classes[j].average_precision;
        EXPECT_EQ(std::isnan(found), std::isnan(wanted)) << rule << ", class " << input.ids[j];
        if (!std::isnan(wanted)) {
            EXPECT_NEAR(found, wanted, tolerance) << rule << ", class " << input.ids[j];
        }
    }
}

void expect_counts(const Case &input, const std::string &folder)
{
    auto positives = test::read_counts(folder + "/expected.json", "ground_truth_boxes");
    auto detections = test::read_counts(folder + "/expected.json", "detections_counted");
    Result map = compute(input, 50, false);
    for (size_t j = 0; j < input.ids.size(); j++) {
        EXPECT_EQ(map->classes[j].positive_count, positives[input.ids[j]]) << input.ids[j];
        EXPECT_EQ(map->classes[j].detection_count, detections[input.ids[j]]) << input.ids[j];
    }
}

void expect_ava_case(const std::string &folder)
{
    Case input = read_ava(folder);
    expect_rule(input, folder, "rule_with_exclusions_file", 50, false);
    expect_rule(input, folder, "rule_with_included_key_frames", 50, true);
    expect_rule(input, folder, "canonical", 50, false);
    expect_rule(input, folder, "no_row_limit", 0, false);
    expect_counts(input, folder);
}

TEST(EvaluationCases, SmallMixedCaseMeetsTheOfficialEvaluatorUnderBothRules)
{
    expect_ava_case(own_folder());
}

TEST(EvaluationCases, LargeRealCaseMeetsTheOfficialEvaluatorUnderBothRules)
{
    std::string folder = real_folder("s02_large");
    if (!is_there(folder)) {
        GTEST_SKIP() << folder << " is absent";
    }
    expect_ava_case(folder);
}

TEST(EvaluationCases, UcfCaseMeetsTheOfficialEvaluatorWithAndWithoutFramesOffTheList)
{
    std::string folder = real_folder("us01_noisy");
    if (!is_there(folder)) {
        GTEST_SKIP() << folder << " is absent";
    }
    Case input = read_ucf(folder);
    expect_rule(input, folder, "ava_rule_annotated_frames", 0, true);
    expect_rule(input, folder, "ava_rule_all_frames", 0, false);
}

} // namespace
