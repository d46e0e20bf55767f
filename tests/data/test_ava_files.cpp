// AVA's files: every kind in its published form, and what is said about rows that are not.
#include "data/ava_files.h"

#include <fstream>
#include <sstream>

#include "data_support.h"
#include "support/comma_locale.h"

namespace
{

using test::FoundProblem;
using test::put_file;
using test::TemporaryFolder;

// Reads text as one kind of file, keeping everything that is said about it.
struct Read {
    explicit Read(const std::string &content, ava_kind kind, int32_t action_limit = 80)
    {
        path = folder / "rows.csv";
        put_file(path, content);
        tally.callback = test::collect_problem;
        tally.user = &problems;
        status = ava_rows_read(path.c_str(), kind, action_limit, &videos, &tally, &rows);
    }
    ~Read()
    {
        ava_rows_free(&rows);
        name_table_free(&videos);
    }
    Read(const Read &) = delete;
    Read &operator=(const Read &) = delete;

    TemporaryFolder folder;
    std::string path;
    std::vector<FoundProblem> problems;
    data_problems tally = {};
    name_table videos = {};
    ava_rows rows = {};
    sslact_status status;
};

const char *const good_row = "-5KQ66BBWC4,0902,0.077,0.151,0.283,0.811,80,1\n";

TEST(AvaLabels, ReadEveryColumn)
{
    const Read read("_-Z6wFjXtGQ,0902,0.063,0.049,0.524,0.996,12,7\n", AVA_LABELS);

    ASSERT_EQ(read.status, SSLACT_OK);
    ASSERT_EQ(read.rows.count, 1u);
    const ava_row &row = read.rows.rows[0];
    EXPECT_STREQ(read.videos.names[row.video], "_-Z6wFjXtGQ");
    EXPECT_EQ(row.time_us, 902000000);
    EXPECT_EQ(row.x1, 0.063);
    EXPECT_EQ(row.y1, 0.049);
    EXPECT_EQ(row.x2, 0.524);
    EXPECT_EQ(row.y2, 0.996);
    EXPECT_EQ(row.action_id, 12);
    EXPECT_EQ(row.person, 7);
    EXPECT_EQ(row.line, 1);
}

TEST(AvaLabels, AcceptCrLfByteOrderMarkBlankLinesAndAMissingLastLineEnd)
{
    const Read read("\xef\xbb\xbf"
                    "a,0902,0,0,1,1,1,0\r\n\r\n   \nb,902,0,0,1,1,2\n\nc,902.0,0,0,1,1,,3",
                    AVA_LABELS);

    ASSERT_EQ(read.status, SSLACT_OK);
    EXPECT_TRUE(read.problems.empty());
    ASSERT_EQ(read.rows.count, 3u);
    EXPECT_STREQ(read.videos.names[0], "a");
    EXPECT_EQ(read.rows.rows[1].person, -1) << "seven columns";
    EXPECT_EQ(read.rows.rows[1].time_us, read.rows.rows[0].time_us);
    EXPECT_EQ(read.rows.rows[1].line, 4);
    EXPECT_EQ(read.rows.rows[2].action_id, 0) << "a box without label";
    EXPECT_EQ(read.rows.rows[2].person, 3);
}

TEST(AvaLabels, TreatVideoIdsAsOpaqueText)
{
    const Read read(
        "756027,1,0,0,1,1,1\nClass/v_Class_g01_c01,1,0,0,1,1,1\n--205wugM18,1,0,0,1,1,1\n"
        "756027,2,0,0,1,1,1\n",
        AVA_LABELS);

    ASSERT_EQ(read.status, SSLACT_OK);
    EXPECT_EQ(read.videos.count, 3u);
    EXPECT_STREQ(read.videos.names[1], "Class/v_Class_g01_c01");
    EXPECT_EQ(read.rows.rows[0].video, read.rows.rows[3].video);
}

TEST(AvaBoxes, ReadTheScoreThatLabelFilesReadAsPerson)
{
    const Read read("a,902.500,0.1,0.1,0.2,0.2,,0.850000\na,902.5,0.1,0.1,0.2,0.2,17,1e-1\n",
                    AVA_BOXES);

    ASSERT_EQ(read.status, SSLACT_OK);
    ASSERT_EQ(read.rows.count, 2u);
    EXPECT_EQ(read.rows.rows[0].time_us, 902500000);
    EXPECT_EQ(read.rows.rows[0].score, 0.85);
    EXPECT_EQ(read.rows.rows[0].action_id, 0);
    EXPECT_EQ(read.rows.rows[1].score, 0.1) << "exponents are numbers";
    EXPECT_EQ(read.rows.rows[1].action_id, 17);
}

TEST(AvaDetections, PassBoxesThatAnEvaluatorJudgesItself)
{
    const Read read("a,1,0.5,0.1,0.5,0.2,81,-3.5\na,1,-0.1,0,1.2,1,0\n", AVA_DETECTIONS);

    ASSERT_EQ(read.status, SSLACT_OK);
    EXPECT_TRUE(read.problems.empty());
    ASSERT_EQ(read.rows.count, 2u);
    EXPECT_EQ(read.rows.rows[0].score, -3.5);
    EXPECT_EQ(read.rows.rows[1].score, 1) << "seven columns: score 1";
    EXPECT_EQ(read.rows.rows[1].x2, 1.2);
}

TEST(AvaTruth, ReadsKeyFramesWithoutPeopleAndRefusesReversedBoxes)
{
    const Read read("a,1\na,2,0.5,0,0.5,1,80,2\na,3,0.6,0,0.5,1,80,2\n", AVA_TRUTH);

    ASSERT_EQ(read.status, SSLACT_OK);
    ASSERT_EQ(read.rows.count, 2u);
    EXPECT_FALSE(read.rows.rows[0].has_box);
    EXPECT_TRUE(read.rows.rows[1].has_box) << "equal corners are no error of the official reader";
    EXPECT_EQ(read.rows.rows[1].score, 2);
    ASSERT_EQ(read.problems.size(), 1u);
    EXPECT_EQ(read.problems[0].what, "x2 0.5 is less than x1 0.6");
}

struct HostileRow {
    ava_kind kind;
    std::string row;
    data_problem problem;
    std::string what;
};

class HostileRows : public testing::TestWithParam<HostileRow>
{
};

TEST_P(HostileRows, AreReportedWithPlaceValueAndWhatIsAccepted)
{
    const HostileRow &hostile = GetParam();
    const std::string good = hostile.kind == AVA_BOXES ? "a,0901,0,0,1,1,,0.5\n" : good_row;

    const Read read(good + hostile.row + "\n" + good, hostile.kind);

    ASSERT_EQ(read.status, SSLACT_OK);
    EXPECT_EQ(read.rows.count, 2u) << "the rows around it stay";
    EXPECT_EQ(read.videos.count, 1u) << "a row left out brings no video";
    ASSERT_EQ(read.problems.size(), 1u);
    EXPECT_EQ(read.problems[0].kind, hostile.problem) << read.problems[0].what;
    EXPECT_EQ(read.problems[0].place, read.path + ":2");
    EXPECT_EQ(read.problems[0].what, hostile.what);
}

TEST_P(HostileRows, EndTheReadingWithOneMessageWhenNothingMayBeSkipped)
{
    const HostileRow &hostile = GetParam();
    const TemporaryFolder folder;
    const std::string path = folder / "rows.csv";
    put_file(path, hostile.row + "\n");
    data_problems strict = {};
    name_table videos = {};
    ava_rows rows = {};

    const sslact_status status =
        ava_rows_read(path.c_str(), hostile.kind, 80, &videos, &strict, &rows);

    EXPECT_EQ(status, SSLACT_ERROR_FORMAT);
    EXPECT_EQ(sslact_error_get_message(), path + ":1: " + hostile.what);
    EXPECT_EQ(rows.rows, nullptr);
    name_table_free(&videos);
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostileRows,
    testing::Values(
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1", DATA_PROBLEM_COLUMNS,
                   "6 columns, expected 7 or 8"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1,1,2,3", DATA_PROBLEM_COLUMNS,
                   "9 columns, expected 7 or 8"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1,1,2,", DATA_PROBLEM_COLUMNS,
                   "9 columns, expected 7 or 8"},
        HostileRow{AVA_LABELS, "a", DATA_PROBLEM_COLUMNS, "1 columns, expected 7 or 8"},
        HostileRow{AVA_BOXES, "a,0902,0,0,1,1,1", DATA_PROBLEM_COLUMNS, "7 columns, expected 8"},
        HostileRow{AVA_TRUTH, "a,1,2", DATA_PROBLEM_COLUMNS, "3 columns, expected 7 or 8, or 2"},
        HostileRow{AVA_LABELS, ",0902,0,0,1,1,1,2", DATA_PROBLEM_NAME,
                   "column 1: the video id is empty"},
        HostileRow{AVA_LABELS, "\"a\",0902,0,0,1,1,1,2", DATA_PROBLEM_NAME,
                   "column 1: video id \"\"a\"\", expected at most 1024 bytes without quotes and "
                   "control characters"},
        HostileRow{AVA_LABELS, "a\tb,0902,0,0,1,1,1,2", DATA_PROBLEM_NAME,
                   "column 1: video id \"a?b\", expected at most 1024 bytes without quotes and "
                   "control characters"},
        HostileRow{AVA_LABELS, "a,,0,0,1,1,1,2", DATA_PROBLEM_TIME,
                   "column 2: timestamp \"\", expected seconds, 0 to 8000000"},
        HostileRow{AVA_LABELS, "a,-1,0,0,1,1,1,2", DATA_PROBLEM_TIME,
                   "column 2: timestamp \"-1\", expected seconds, 0 to 8000000"},
        HostileRow{AVA_LABELS, "video,timestamp,0,0,1,1,1,2", DATA_PROBLEM_TIME,
                   "column 2: timestamp \"timestamp\", expected seconds, 0 to 8000000"},
        HostileRow{AVA_LABELS, "a,1e300,0,0,1,1,1,2", DATA_PROBLEM_TIME,
                   "column 2: timestamp \"1e300\", expected seconds, 0 to 8000000"},
        HostileRow{AVA_LABELS, "a, 0902,0,0,1,1,1,2", DATA_PROBLEM_TIME,
                   "column 2: timestamp \" 0902\", expected seconds, 0 to 8000000"},
        HostileRow{AVA_LABELS, "a,0902,nan,0,1,1,1,2", DATA_PROBLEM_COORDINATE,
                   "column 3: x1 \"nan\", expected a number from 0 to 1"},
        HostileRow{AVA_DETECTIONS, "a,0902,0,0,inf,1,1,2", DATA_PROBLEM_COORDINATE,
                   "column 5: x2 \"inf\", expected a number from 0 to 1"},
        HostileRow{AVA_LABELS, "a,0902,0,\"0,1\",1,1,1", DATA_PROBLEM_COORDINATE,
                   "column 4: y1 \"\"0\", expected a number from 0 to 1"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1.001,1,1,2", DATA_PROBLEM_BOX_OUTSIDE,
                   "column 5: x2 1.001 is outside the picture, expected 0 to 1"},
        HostileRow{AVA_BOXES, "a,0902,0,-0.2,1,1,,0.5", DATA_PROBLEM_BOX_OUTSIDE,
                   "column 4: y1 -0.2 is outside the picture, expected 0 to 1"},
        HostileRow{AVA_LABELS, "a,0902,0.57,0,0.41,1,1,2", DATA_PROBLEM_BOX_REVERSED,
                   "x2 0.41 is not greater than x1 0.57"},
        HostileRow{AVA_BOXES, "a,0902,0,0.5,1,0.500,,0.5", DATA_PROBLEM_BOX_REVERSED,
                   "y2 0.500 is not greater than y1 0.5"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1,0,2", DATA_PROBLEM_ACTION,
                   "column 7: action id 0, accepted are 1 to 80"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1,81,2", DATA_PROBLEM_ACTION,
                   "column 7: action id 81, accepted are 1 to 80"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1,4.5,2", DATA_PROBLEM_ACTION,
                   "column 7: action id \"4.5\", expected an integer or nothing"},
        HostileRow{AVA_DETECTIONS, "a,0902,0,0,1,1,,2", DATA_PROBLEM_ACTION,
                   "column 7: action id \"\", expected an integer"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1,1,0.93", DATA_PROBLEM_PERSON,
                   "column 8: person id \"0.93\", expected an integer"},
        HostileRow{AVA_LABELS, "a,0902,0,0,1,1,1,", DATA_PROBLEM_PERSON,
                   "column 8: person id \"\", expected an integer"},
        HostileRow{AVA_BOXES, "a,0902,0,0,1,1,,1.5", DATA_PROBLEM_SCORE,
                   "column 8: score \"1.5\", expected a number from 0 to 1"},
        HostileRow{AVA_BOXES, "a,0902,0,0,1,1,,", DATA_PROBLEM_SCORE,
                   "column 8: score \"\", expected a number from 0 to 1"},
        HostileRow{AVA_DETECTIONS, "a,0902,0,0,1,1,1,1,5", DATA_PROBLEM_COLUMNS,
                   "9 columns, expected 7 or 8"},
        HostileRow{AVA_LABELS, std::string("a,09\0002,0,0,1,1,1,2", 18), DATA_PROBLEM_LINE,
                   "a line of more than 65536 bytes or with NUL bytes, this is not a CSV row"},
        HostileRow{AVA_LABELS, std::string(200000, 'x'), DATA_PROBLEM_LINE,
                   "a line of more than 65536 bytes or with NUL bytes, this is not a CSV row"}));

TEST(AvaRows, CountWhatIsSkippedByKind)
{
    const TemporaryFolder folder;
    put_file(folder / "rows.csv", "a,1,0,0,1,1,99,1\na,1,0,0,1,1,1,1\na,1,0,0,1,1,0,1\na,1\n");
    data_problems lenient = {};
    lenient.skip = true;
    name_table videos = {};
    ava_rows rows = {};

    ASSERT_EQ(
        ava_rows_read((folder / "rows.csv").c_str(), AVA_LABELS, 80, &videos, &lenient, &rows),
        SSLACT_OK);

    EXPECT_EQ(rows.count, 1u);
    EXPECT_EQ(lenient.counts[DATA_PROBLEM_ACTION], 2);
    EXPECT_EQ(lenient.counts[DATA_PROBLEM_COLUMNS], 1);
    EXPECT_NE(std::string(lenient.first[DATA_PROBLEM_ACTION]).find("rows.csv:1: column 7"),
              std::string::npos);
    ava_rows_free(&rows);
    name_table_free(&videos);
}

TEST(AvaRows, UnsortedKeyFramesAreHarmlessAndSaidOnce)
{
    const Read read("a,2,0,0,1,1,1\na,1,0,0,1,1,1\na,3,0,0,1,1,1\na,2,0,0,1,1,1\n", AVA_LABELS);

    ASSERT_EQ(read.status, SSLACT_OK);
    EXPECT_EQ(read.rows.count, 4u);
    ASSERT_EQ(read.problems.size(), 1u);
    EXPECT_EQ(read.problems[0].kind, DATA_PROBLEM_ORDER);
    EXPECT_TRUE(data_problem_is_harmless(DATA_PROBLEM_ORDER));
    EXPECT_EQ(read.problems[0].place, read.path + ":2");
    EXPECT_EQ(read.problems[0].what,
              "the first of 2 rows that stand behind a later key frame of their video");
}

TEST(AvaRows, TheLongestLineIsReadAndOneByteMoreIsNot)
{
    // 28 bytes around the person id, which may have leading zeros.
    const std::string head = "a,0902,0.1,0.1,0.2,0.2,17,";
    const std::string longest = head + std::string(65536 - head.size() - 1, '0') + "1";

    const Read fits(longest + "\r\n" + good_row, AVA_LABELS);
    const Read too_long(longest + "1\n" + good_row, AVA_LABELS);

    EXPECT_EQ(fits.rows.count, 2u);
    EXPECT_TRUE(fits.problems.empty());
    EXPECT_EQ(too_long.rows.count, 1u);
    ASSERT_EQ(too_long.problems.size(), 1u);
    EXPECT_EQ(too_long.rows.rows[0].line, 2);
}

TEST(AvaRows, FilesThatCannotBeReadSayWhy)
{
    const TemporaryFolder folder;
    data_problems strict = {};
    name_table videos = {};
    ava_rows rows = {};

    const std::string absent = folder / "absent.csv";
    EXPECT_EQ(ava_rows_read(absent.c_str(), AVA_LABELS, 80, &videos, &strict, &rows),
              SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(std::string(sslact_error_get_message()).rfind(absent + ": ", 0), 0u);
    EXPECT_EQ(ava_rows_read(folder.path().c_str(), AVA_LABELS, 80, &videos, &strict, &rows),
              SSLACT_ERROR_IO);
    EXPECT_EQ(sslact_error_get_message(), folder.path() + ": not a regular file");
    const std::string pipe = folder / "pipe";
    ASSERT_EQ(std::system(("mkfifo '" + pipe + "'").c_str()), 0);
    EXPECT_EQ(ava_rows_read(pipe.c_str(), AVA_LABELS, 80, &videos, &strict, &rows), SSLACT_ERROR_IO)
        << "a pipe nobody writes to must not hold us";
}

TEST(AvaRows, AnEmptyFileHasNoRows)
{
    const Read read("", AVA_LABELS);

    EXPECT_EQ(read.status, SSLACT_OK);
    EXPECT_EQ(read.rows.count, 0u);
}

TEST(DataRoom, ReadsAndWritesNumbersWithAPointInEveryLocale)
{
    const test::CommaLocale locale;
    if (!locale.is_on()) {
        GTEST_SKIP() << "no locale with a decimal comma here";
    }

    const Read read("a,902.5,0.077,0.1,0.283,0.8,,0.91\na,1,0,0,1,1.5,,0.5\n", AVA_BOXES);

    ASSERT_EQ(read.rows.count, 1u);
    EXPECT_EQ(read.rows.rows[0].x1, 0.077);
    EXPECT_EQ(read.rows.rows[0].time_us, 902500000);
    ASSERT_EQ(read.problems.size(), 1u);
    EXPECT_EQ(read.problems[0].what, "column 6: y2 1.5 is outside the picture, expected 0 to 1");

    const uint8_t pixel[3] = {};
    const sslact_box reversed = {0.57f, 0, 0.41f, 1};
    sslact_clip source;
    SSLACT_INIT(source);
    source.pixels = pixel;
    source.frame_count = source.height = source.width = source.box_count = 1;
    source.boxes = &reversed;
    clip *made = nullptr;
    EXPECT_LT(clip_import(&source, 1, "clips[3]", &made), 0);
    EXPECT_STREQ(sslact_error_get_message(),
                 "clips[3].boxes[0]: x2 0.41 is not greater than x1 0.57");
}

TEST(AvaTimes, AreWrittenAsThePublishedFilesWriteThem)
{
    char text[32];
    const auto render = [&](int64_t time_us) {
        ava_render_time(time_us, text);
        return std::string(text);
    };

    EXPECT_EQ(render(902000000), "0902");
    EXPECT_EQ(render(1798000000), "1798");
    EXPECT_EQ(render(12345000000), "12345");
    EXPECT_EQ(render(902500000), "902.500");
    EXPECT_EQ(render(902500001), "902.500001");
}

TEST(AvaPaths, StayBelowTheirFolder)
{
    for (const char *good : {"a.mp4", "-a", "x/y", "a..b", "...", "Class/v_a"}) {
        EXPECT_TRUE(ava_is_safe_path(good)) << good;
    }
    for (const char *bad : {"", "/etc/passwd", "..", "../a", "a/../b", "a/..", "a\nb", "a\x7f"}) {
        EXPECT_FALSE(ava_is_safe_path(bad)) << bad;
    }
}

TEST(AvaLists, FileNamesThatLeaveTheFolderAreRefused)
{
    const TemporaryFolder folder;
    put_file(folder / "names.txt", "_145Aa_xkuE.mp4\r\n../../etc/passwd\n-APF0-L14kw.mkv\n");
    data_problems strict = {};
    name_table files = {};

    EXPECT_EQ(ava_file_names_read((folder / "names.txt").c_str(), &strict, &files),
              SSLACT_ERROR_FORMAT);
    EXPECT_EQ(sslact_error_get_message(),
              (folder / "names.txt") + ":2: file name \"../../etc/passwd\", expected a path below "
                                       "the video folder, without \"..\"");
    name_table_free(&files);
}

// --- the published files ---

std::string real(const std::string &name)
{
    return std::string(SSLACT_TEST_DATA) + "/ava/" + name;
}

TEST(RealAvaFiles, ListsHaveTheirPublishedLengths)
{
    SKIP_WITHOUT_REAL_DATA();
    const std::map<std::string, size_t> lengths = {{"ava_train_excluded_timestamps_v2.2.csv", 161},
                                                   {"ava_val_excluded_timestamps_v2.2.csv", 37},
                                                   {"ava_test_excluded_timestamps_v2.2.csv", 66}};
    data_problems strict = {};
    for (const auto &[name, length] : lengths) {
        name_table videos = {};
        ava_keys keys = {};
        ASSERT_EQ(ava_keys_read(real(name).c_str(), &videos, &strict, &keys), SSLACT_OK);
        EXPECT_EQ(keys.count, length) << name;
        ava_keys_free(&keys);
        name_table_free(&videos);
    }

    int64_t *times = nullptr;
    size_t count = 0;
    ASSERT_EQ(
        ava_times_read(real("ava_included_timestamps_v2.2.txt").c_str(), &strict, &times, &count),
        SSLACT_OK);
    ASSERT_EQ(count, 897u);
    EXPECT_EQ(times[0], 902000000);
    EXPECT_EQ(times[896], 1798000000);
    free(times);

    for (const auto &[name, length] :
         std::map<std::string, size_t>{{"ava_file_names_trainval_v2.1.txt", 299},
                                       {"ava_file_names_test_v2.1.txt", 131},
                                       {"ava_test_v2.2.txt", 131}}) {
        name_table files = {};
        ASSERT_EQ(ava_file_names_read(real(name).c_str(), &strict, &files), SSLACT_OK);
        EXPECT_EQ(files.count, length) << name;
        name_table_free(&files);
    }
}

size_t count_rows(const std::string &name, ava_kind kind, int64_t bad_actions = 0)
{
    data_problems tally = {};
    tally.skip = bad_actions > 0;
    name_table videos = {};
    ava_rows rows = {};
    EXPECT_EQ(ava_rows_read(real(name).c_str(), kind, 80, &videos, &tally, &rows), SSLACT_OK)
        << sslact_error_get_message();
    EXPECT_EQ(tally.counts[DATA_PROBLEM_ACTION], bad_actions);
    const size_t count = rows.count;
    ava_rows_free(&rows);
    name_table_free(&videos);
    return count;
}

TEST(RealAvaFiles, RowsOfEveryKindAreRead)
{
    SKIP_WITHOUT_REAL_DATA();

    EXPECT_EQ(count_rows("mmaction2_samples/ava_sample.csv", AVA_LABELS), 8u);
    EXPECT_EQ(count_rows("detections_1j20qq1JyX4_a.csv", AVA_DETECTIONS), 901u);
    EXPECT_EQ(count_rows("predicted_box_format_example/ava_train_predicted_boxes.csv", AVA_BOXES),
              87u);
    EXPECT_EQ(count_rows("predicted_box_format_example/ava_val_predicted_boxes.csv", AVA_BOXES),
              82u);
    // Six of its 87 rows have action id 0.
    EXPECT_EQ(count_rows("predicted_box_format_example/ava_train_v2.2.csv", AVA_LABELS, 6), 81u);
    EXPECT_GT(count_rows("mmaction2_samples/eval_gt.csv", AVA_TRUTH), 0u);
    EXPECT_GT(count_rows("mmaction2_samples/eval_pred.csv", AVA_DETECTIONS), 0u);
}

} // namespace
