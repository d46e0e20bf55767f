// Pseudo-labels by class: from the lines of the monitor to the page and the CSV.
#include "report/json_lines.h"
#include "report/page.h"
#include "report/run_log.h"

#include "support.h"

namespace
{

using namespace report_test;

const std::string ratio_names[] = {"precision", "recall", "negative_precision",
                                   "calibration_error"};

void add_window(json_lines *lines, int64_t iteration, bool with_truth)
{
    const int64_t positives[] = {iteration, 0, 3}, negatives[] = {7, 8, 9}, ignored[] = {1, 2, 0};
    const int64_t known[] = {4, 4, 4};
    const double thresholds[] = {0.9, 0.7, 0.5 + 0.001 * static_cast<double>(iteration)};
    const double shares[] = {0.25, not_a_number, 0.75};
    json_lines_begin(lines, "monitor", iteration);
    json_lines_add_numbers(lines, "monitor/threshold", thresholds, 3);
    for (const std::string prefix : {"monitor/", "monitor_run/"}) {
        json_lines_add_counts(lines, (prefix + "positives").c_str(), positives, 3);
        json_lines_add_counts(lines, (prefix + "negatives").c_str(), negatives, 3);
        json_lines_add_counts(lines, (prefix + "ignored").c_str(), ignored, 3);
        json_lines_add_numbers(lines, (prefix + "kept_share").c_str(), shares, 3);
        json_lines_add_numbers(lines, (prefix + "rarest_kept_share").c_str(), shares, 3);
        if (with_truth) {
            json_lines_add_counts(lines, (prefix + "known").c_str(), known, 3);
            json_lines_add_counts(lines, (prefix + "truth").c_str(), known, 3);
            for (const std::string &name : ratio_names) {
                json_lines_add_numbers(lines, (prefix + name).c_str(), shares, 3);
            }
        }
    }
    json_lines_add_numbers(lines, "monitor_run/labeled_precision", shares, 3);
    json_lines_add_numbers(lines, "monitor_run/labeled_recall", shares, 3);
    EXPECT_EQ(json_lines_end(lines), SSLACT_OK);
}

void write_log(const std::string &run, bool with_truth, const char *third_name = "kick, \"high\"")
{
    const char *const names[] = {"stand", "walk", third_name};
    const int64_t labeled[] = {7, 40, 1};
    const double starts[] = {0.9, 0.8, 0.6};
    json_lines *lines = nullptr;
    ASSERT_EQ(json_lines_open((run + "/metrics.jsonl").c_str(), nullptr, 0, 0, &lines), SSLACT_OK);
    json_lines_begin(lines, "classes", 1);
    json_lines_add_texts(lines, "names", names, 3);
    json_lines_add_counts(lines, "labeled", labeled, 3);
    json_lines_add_numbers(lines, "threshold_start", starts, 3);
    ASSERT_EQ(json_lines_end(lines), SSLACT_OK);
    add_window(lines, 100, with_truth);
    add_window(lines, 200, with_truth);
    json_lines_close(lines);
}

std::string build(const std::string &run)
{
    EXPECT_EQ(report_build_run(run.c_str()), SSLACT_OK) << sslact_error_get_message();
    return get_file(run + "/report/index.html");
}

std::vector<std::string> read_rows(const std::string &path)
{
    std::vector<std::string> rows;
    std::istringstream stream(get_file(path));
    for (std::string row; std::getline(stream, row);) {
        rows.push_back(row);
    }
    return rows;
}

TEST(JsonLines, ArraysHaveNullWhereThereIsNoNumber)
{
    Folder run;
    write_log(run.path(), false);

    const std::vector<std::string> rows = read_rows(run / "metrics.jsonl");

    ASSERT_EQ(rows.size(), 4u);
    const Json line = parse(rows[2]);
    EXPECT_EQ(json_array_size(json_object_get(line.get(), "monitor/kept_share")), 3u);
    EXPECT_TRUE(json_is_null(json_array_get(json_object_get(line.get(), "monitor/kept_share"), 1)));
    EXPECT_EQ(json_object_get(line.get(), "nonfinite"), nullptr);
    EXPECT_EQ(
        json_integer_value(json_array_get(json_object_get(line.get(), "monitor/positives"), 0)),
        100);
    const Json classes = parse(rows[1]);
    EXPECT_STREQ(json_string_value(json_array_get(json_object_get(classes.get(), "names"), 2)),
                 "kick, \"high\"");
}

TEST(RunLog, ReadsArraysAsASeriesAClass)
{
    Folder run;
    write_log(run.path(), false);
    run_log log = {};
    ASSERT_EQ(run_log_read((run / "metrics.jsonl").c_str(), &log), SSLACT_OK);

    ASSERT_EQ(log.class_count, 3u);
    EXPECT_STREQ(log.classes[1].name, "walk");
    EXPECT_EQ(log.classes[1].labeled, 40);
    EXPECT_EQ(log.classes[2].threshold_start, 0.6);
    const log_series *series = run_log_find(&log, "monitor/positives/0");
    ASSERT_NE(series, nullptr);
    ASSERT_EQ(series->count, 2u);
    EXPECT_EQ(series->iterations[1], 200.0);
    EXPECT_EQ(series->values[1], 200.0);
    series = run_log_find(&log, "monitor/kept_share/1");
    ASSERT_NE(series, nullptr);
    EXPECT_TRUE(std::isnan(series->values[0]));
    run_log_free(&log);
}

TEST(RunPage, ShowsPseudoLabelsByClassTheMostFrequentFirst)
{
    Folder run;
    write_log(run.path(), true);

    const std::string page = build(run.path());

    EXPECT_EQ(find_imbalance(page), "");
    const size_t section = page.find("id=\"monitor\"");
    ASSERT_NE(section, std::string::npos);
    const size_t walk = page.find(">walk<", section), stand = page.find(">stand<", section);
    const size_t kick = page.find(">kick, &quot;high&quot;<", section);
    EXPECT_LT(walk, stand);
    EXPECT_LT(stand, kick);
    EXPECT_NE(page.find("Precision of negatives"), std::string::npos);
    EXPECT_NE(page.find("hidden labels of 4 unlabelled boxes"), std::string::npos);
    // stand: 7 labels, start 0.900, now 0.900 ... 200 of 208 positive.
    EXPECT_NE(page.find("<td>7</td><td>0.900</td><td>0.900</td>", stand), std::string::npos);
    EXPECT_NE(page.find("<td>200</td><td>0.9615</td>", stand), std::string::npos);
    EXPECT_NE(page.find("<td>0.600</td><td>0.700</td>", kick), std::string::npos)
        << "start and end of the threshold";
}

TEST(RunPage, LeavesQualityOutWhereNothingIsHidden)
{
    Folder run;
    write_log(run.path(), false);

    const std::string page = build(run.path());

    EXPECT_NE(page.find("id=\"monitor\""), std::string::npos);
    EXPECT_EQ(page.find("Precision of negatives"), std::string::npos);
    EXPECT_NE(page.find("Precision, labelled clips"), std::string::npos);
}

TEST(RunPage, EscapesTheClassesOfTheMonitor)
{
    Folder run;
    write_log(run.path(), true, hostile);

    const std::string page = build(run.path());

    EXPECT_EQ(find_imbalance(page), "");
    EXPECT_EQ(page.find("<script"), std::string::npos);
}

TEST(RunPage, KeepsTheMonitorAsRowsOfACsv)
{
    Folder run;
    write_log(run.path(), true);
    build(run.path());

    const std::vector<std::string> rows = read_rows(run / "report/monitor.csv");

    ASSERT_EQ(rows.size(), 1u + 2u * 3u + 3u);
    EXPECT_EQ(rows[0],
              "iteration,period,class,labeled,threshold,positives,negatives,ignored,kept_share,"
              "rarest_kept_share,known,truth,precision,recall,negative_precision,"
              "calibration_error");
    EXPECT_EQ(rows[1], "100,window,stand,7,0.9,100,7,1,0.25,0.25,4,4,0.25,0.25,0.25,0.25");
    EXPECT_EQ(rows[5], "200,window,walk,40,0.7,0,8,2,,,4,4,,,,");
    EXPECT_EQ(rows[9],
              "200,run,\"kick, \"\"high\"\"\",1,0.7,3,9,0,0.75,0.75,4,4,0.75,0.75,0.75,0.75");
}

TEST(RunPage, SaysNothingOfAMonitorThatWasNotThere)
{
    Folder run;
    json_lines *lines = nullptr;
    ASSERT_EQ(json_lines_open((run / "metrics.jsonl").c_str(), nullptr, 0, 0, &lines), SSLACT_OK);
    json_lines_begin(lines, "train", 1);
    json_lines_add_number(lines, "train/loss", 0.5);
    ASSERT_EQ(json_lines_end(lines), SSLACT_OK);
    json_lines_close(lines);

    EXPECT_EQ(build(run.path()).find("id=\"monitor\""), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(run / "report/monitor.csv"));
}

} // namespace
