// The metrics file: what is written, what a torn end becomes, what reading it back gives.
#include "report/json_lines.h"

#include "report/run_log.h"

#include "support.h"

namespace
{

using namespace report_test;

std::vector<std::string> split_lines(const std::string &content)
{
    std::vector<std::string> lines;
    std::istringstream stream(content);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

json_lines *open_lines(const std::string &path, int64_t from = 0)
{
    const json_fact facts[] = {{"version/sslact", "0.1.0"}, {"command_line", hostile}};
    json_lines *lines = nullptr;
    EXPECT_EQ(json_lines_open(path.c_str(), facts, 2, from, &lines), SSLACT_OK)
        << sslact_error_get_message();
    return lines;
}

void add_loss(json_lines *lines, int64_t iteration, double loss)
{
    json_lines_begin(lines, "train", iteration);
    json_lines_add_number(lines, "train/loss", loss);
    EXPECT_EQ(json_lines_end(lines), SSLACT_OK);
}

run_log read_log(const std::string &path)
{
    run_log log = {};
    EXPECT_EQ(run_log_read(path.c_str(), &log), SSLACT_OK) << sslact_error_get_message();
    return log;
}

TEST(JsonLines, FirstLineCarriesSchemaAndFacts)
{
    Folder folder;
    json_lines_close(open_lines(folder / "metrics.jsonl"));

    auto lines = split_lines(get_file(folder / "metrics.jsonl"));

    ASSERT_EQ(lines.size(), 1u);
    Json line = parse(lines[0]);
    EXPECT_STREQ(json_string_value(json_object_get(line.get(), "event")), "run");
    EXPECT_STREQ(json_string_value(json_object_get(line.get(), "schema")), "sslact.metrics.1");
    EXPECT_STREQ(json_string_value(json_object_get(line.get(), "version/sslact")), "0.1.0");
}

TEST(JsonLines, EventHasFlatKeysAndNumbersThatReadBackExactly)
{
    Folder folder;
    json_lines *lines = open_lines(folder / "metrics.jsonl");
    json_lines_begin(lines, "train", 20);
    json_lines_add_number(lines, "train/loss", 0.1);
    json_lines_add_number(lines, "train/learning_rate", 1.0 / 3.0);
    json_lines_add_count(lines, "train/people", 31);
    ASSERT_EQ(json_lines_end(lines), SSLACT_OK);
    json_lines_close(lines);

    std::string second = split_lines(get_file(folder / "metrics.jsonl"))[1];
    Json line = parse(second);

    EXPECT_NE(second.find("\"train/loss\":0.1,"), std::string::npos) << second;
    EXPECT_EQ(json_number_value(json_object_get(line.get(), "train/learning_rate")), 1.0 / 3.0);
    EXPECT_EQ(json_integer_value(json_object_get(line.get(), "train/people")), 31);
    EXPECT_EQ(json_integer_value(json_object_get(line.get(), "iteration")), 20);
    std::string time = json_string_value(json_object_get(line.get(), "time"));
    EXPECT_EQ(time.size(), 24u);
    EXPECT_EQ(time.back(), 'Z');
    EXPECT_TRUE(json_is_number(json_object_get(line.get(), "elapsed_s")));
    EXPECT_EQ(json_object_get(line.get(), "nonfinite"), nullptr);
}

TEST(JsonLines, NumberThatIsNotFiniteIsNullAndNamed)
{
    Folder folder;
    json_lines *lines = open_lines(folder / "metrics.jsonl");
    json_lines_begin(lines, "train", 1);
    json_lines_add_number(lines, "train/loss", not_a_number);
    json_lines_add_number(lines, "train/fine", 2.0);
    json_lines_add_number(lines, "train/other", INFINITY);
    ASSERT_EQ(json_lines_end(lines), SSLACT_OK);
    json_lines_close(lines);

    Json line = parse(split_lines(get_file(folder / "metrics.jsonl"))[1]);
    json_t *names = json_object_get(line.get(), "nonfinite");

    EXPECT_TRUE(json_is_null(json_object_get(line.get(), "train/loss")));
    ASSERT_EQ(json_array_size(names), 2u);
    EXPECT_STREQ(json_string_value(json_array_get(names, 0)), "train/loss");
    EXPECT_STREQ(json_string_value(json_array_get(names, 1)), "train/other");
}

TEST(JsonLines, TornLastLineIsDroppedAndResumeSaysFromWhere)
{
    Folder folder;
    json_lines *lines = open_lines(folder / "metrics.jsonl");
    add_loss(lines, 1, 0.5);
    json_lines_close(lines);
    std::string whole = get_file(folder / "metrics.jsonl");
    write(folder / "metrics.jsonl", whole + "{\"event\":\"train\",\"itera");

    lines = open_lines(folder / "metrics.jsonl", 1);
    add_loss(lines, 2, 0.4);
    json_lines_close(lines);

    std::string after = get_file(folder / "metrics.jsonl");
    auto all = split_lines(after);
    EXPECT_EQ(after.substr(0, whole.size()), whole);
    ASSERT_EQ(all.size(), 4u);
    Json resume = parse(all[2]);
    EXPECT_STREQ(json_string_value(json_object_get(resume.get(), "event")), "resume");
    EXPECT_EQ(json_integer_value(json_object_get(resume.get(), "from")), 1);
    EXPECT_NE(parse(all[3]), nullptr);
}

TEST(JsonLines, TornLineLongerThanABlockIsDroppedWhole)
{
    Folder folder;
    std::string torn(20000, 'x');
    write(folder / "metrics.jsonl", torn);

    json_lines_close(open_lines(folder / "metrics.jsonl", 7));

    auto lines = split_lines(get_file(folder / "metrics.jsonl"));
    ASSERT_EQ(lines.size(), 1u); // nothing whole was there: the file begins anew
    EXPECT_NE(lines[0].find("\"run\""), std::string::npos);
}

TEST(JsonLines, FullDiskLosesTheLineAndIsCounted)
{
    if (!std::filesystem::exists("/dev/full")) {
        GTEST_SKIP() << "/dev/full is absent";
    }
    json_lines *lines = nullptr;

    EXPECT_LT(json_lines_open("/dev/full", nullptr, 0, 0, &lines), 0);

    EXPECT_EQ(lines, nullptr);
}

TEST(JsonLines, FileInAMissingFolderIsAnError)
{
    Folder folder;
    json_lines *lines = nullptr;

    EXPECT_LT(json_lines_open((folder / "no/metrics.jsonl").c_str(), nullptr, 0, 0, &lines), 0);
    EXPECT_NE(std::string(sslact_error_get_message()).find("no/metrics.jsonl"), std::string::npos);
}

TEST(RunLog, GivesSeriesFactsAndWarningsBack)
{
    Folder folder;
    json_lines *lines = open_lines(folder / "metrics.jsonl");
    add_loss(lines, 1, 0.5);
    add_loss(lines, 2, not_a_number);
    json_lines_begin(lines, "warning", 2);
    json_lines_add_text(lines, "message", "clip 7 is bad");
    ASSERT_EQ(json_lines_end(lines), SSLACT_OK);
    add_loss(lines, 3, 0.25);
    json_lines_begin(lines, "end", 3);
    ASSERT_EQ(json_lines_end(lines), SSLACT_OK);
    json_lines_close(lines);

    run_log log = read_log(folder / "metrics.jsonl");
    const log_series *loss = run_log_find(&log, "train/loss");

    ASSERT_NE(loss, nullptr);
    ASSERT_EQ(loss->count, 3u);
    EXPECT_EQ(loss->iterations[2], 3.0);
    EXPECT_TRUE(std::isnan(loss->values[1]));
    EXPECT_EQ(run_log_get_last(&log, "train/loss"), 0.25);
    EXPECT_STREQ(run_log_get_fact(&log, "version/sslact"), "0.1.0");
    ASSERT_EQ(log.warning_count, 1u);
    EXPECT_STREQ(log.warnings[0], "clip 7 is bad");
    EXPECT_TRUE(log.ended);
    EXPECT_EQ(log.last_iteration, 3);
    EXPECT_EQ(run_log_find(&log, "train/other"), nullptr);
    run_log_free(&log);
}

TEST(RunLog, LinesBeyondAResumeNoLongerHold)
{
    Folder folder;
    json_lines *lines = open_lines(folder / "metrics.jsonl");
    for (int i = 1; i <= 5; i++) {
        add_loss(lines, i, 10.0 + i);
    }
    json_lines_close(lines);
    lines = open_lines(folder / "metrics.jsonl", 3);
    add_loss(lines, 4, 20.0);
    json_lines_close(lines);

    run_log log = read_log(folder / "metrics.jsonl");
    const log_series *loss = run_log_find(&log, "train/loss");

    ASSERT_EQ(loss->count, 4u);
    EXPECT_EQ(loss->values[2], 13.0);
    EXPECT_EQ(loss->values[3], 20.0);
    EXPECT_EQ(log.resume_count, 1);
    run_log_free(&log);
}

TEST(RunLog, GarbageLinesAreCountedAndATornEndIsNot)
{
    Folder folder;
    write(folder / "metrics.jsonl", "garbage\n[1]\n{\"event\":\"train\",\"iteration\":1,\"a\":1}\n"
                                    "{\"event\":\"train\",\"iter");

    run_log log = read_log(folder / "metrics.jsonl");

    EXPECT_EQ(log.unreadable_count, 2);
    EXPECT_EQ(log.last_iteration, 1);
    run_log_free(&log);
}

TEST(RunLog, MissingOrEmptyFileIsAnEmptyLog)
{
    Folder folder;
    write(folder / "empty.jsonl", "");

    for (const char *name : {"absent.jsonl", "empty.jsonl"}) {
        run_log log = read_log(folder / name);
        EXPECT_EQ(log.series_count, 0u);
        EXPECT_EQ(log.last_iteration, -1);
        EXPECT_STREQ(log.started, "");
        EXPECT_TRUE(std::isnan(run_log_get_last(&log, "train/loss")));
        run_log_free(&log);
    }
}

TEST(RunLog, OnlyTheLastHundredWarningsAreKept)
{
    Folder folder;
    std::string content;
    for (int i = 0; i < 130; i++) {
        content +=
            "{\"event\":\"warning\",\"iteration\":1,\"message\":\"w" + std::to_string(i) + "\"}\n";
    }
    write(folder / "metrics.jsonl", content);

    run_log log = read_log(folder / "metrics.jsonl");

    EXPECT_EQ(log.warning_total, 130);
    ASSERT_EQ(log.warning_count, 100u);
    EXPECT_STREQ(log.warnings[0], "w30");
    EXPECT_STREQ(log.warnings[99], "w129");
    run_log_free(&log);
}

} // namespace
