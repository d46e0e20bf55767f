// Detection files in AVA's own form.
#include "report/detections.h"

#include "support.h"
#include "support/comma_locale.h"

namespace
{

using namespace report_test;

std::string write_rows(const std::vector<detection_row> &rows, detection_form form = DETECTION_AVA)
{
    Folder folder;
    detection_file *file = nullptr;
    EXPECT_EQ(detection_file_open((folder / "d.csv").c_str(), form, &file), SSLACT_OK);
    for (const auto &row : rows) {
        EXPECT_EQ(detection_file_write(file, &row), SSLACT_OK) << sslact_error_get_message();
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "d.csv"));
    EXPECT_EQ(detection_file_commit(file), SSLACT_OK);
    return get_file(folder / "d.csv");
}

TEST(DetectionFile, WritesAvaRowsWithFourDigitTimes)
{
    EXPECT_EQ(write_rows({{"-5KQ66BBWC4", 902, 0.1, 0.2, 0.30049, 1.0, 12, 0.123456789}}),
              "-5KQ66BBWC4,0902,0.100,0.200,0.300,1.000,12,0.123456789\n");
}

TEST(DetectionFile, WritesFractionsOfASecondWithDecimals)
{
    std::string rows = write_rows({{"v", 902.5, 0, 0, 1, 1, 1, 1.0},
                                   {"v", 1.0 / 3.0, 0, 0, 1, 1, 1, 0},
                                   {"v", 10000, 0, 0, 1, 1, 1, 0}});

    EXPECT_EQ(rows, "v,902.500,0.000,0.000,1.000,1.000,1,1.000000000\n"
                    "v,0.333333,0.000,0.000,1.000,1.000,1,0.000000000\n"
                    "v,10000,0.000,0.000,1.000,1.000,1,0.000000000\n");
}

// Half a picture of 320 x 240; frames have no leading zeros, classes count from 0.
TEST(DetectionFile, WritesUcfRowsInPixels)
{
    EXPECT_EQ(write_rows({{"Biking/v_Biking_g01_c01", 7, 0.1, 0.25, 0.6, 0.75, 2, 0.5}},
                         DETECTION_UCF101_24),
              "Biking/v_Biking_g01_c01,7,2,0.500000000,32.00,60.00,192.00,180.00\n");
}

TEST(DetectionFile, HoldsManyRowsAndAnEmptyOneNone)
{
    std::vector<detection_row> rows(5000, {"video", 1000, 0, 0, 1, 1, 3, 0.5});

    EXPECT_EQ(count(write_rows(rows), "\n"), 5000u);
    EXPECT_EQ(write_rows({}), "");
}

TEST(DetectionFile, RefusesNamesThatTheFormCannotHoldAndNumbersThatAreNone)
{
    Folder folder;
    detection_file *file = nullptr;
    ASSERT_EQ(detection_file_open((folder / "d.csv").c_str(), DETECTION_AVA, &file), SSLACT_OK);
    for (const char *name : {"a,b", "a\nb", "a\"b", ""}) {
        detection_row row = {name, 1, 0, 0, 1, 1, 1, 0.5};
        EXPECT_EQ(detection_file_write(file, &row), SSLACT_ERROR_INVALID_ARGUMENT);
    }
    detection_row row = {"v", 1, 0, 0, not_a_number, 1, 1, 0.5};
    EXPECT_EQ(detection_file_write(file, &row), SSLACT_ERROR_NONFINITE);
    detection_file_discard(file);

    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(DetectionFile, UsesADecimalPointInEveryLocale)
{
    test::CommaLocale locale;
    if (!locale.is_on()) {
        GTEST_SKIP() << "no locale with a decimal comma is installed and none could be made";
    }

    std::string rows = write_rows({{"v", 902.5, 0.5, 0, 1, 1, 1, 0.25}});

    EXPECT_EQ(rows, "v,902.500,0.500,0.000,1.000,1.000,1,0.250000000\n");
}

} // namespace
