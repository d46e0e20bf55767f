// Wrong pairings of labels and boxes, planted in real annotation, and right ones that raise no
// alarm.
#include "data/pairing.h"

#include <cmath>
#include <functional>
#include <set>

#include "data_support.h"

namespace
{

using test::TemporaryFolder;

struct Rows {
    ~Rows()
    {
        ava_rows_free(&labels);
        ava_rows_free(&boxes);
        name_table_free(&videos);
    }
    Rows() = default;
    Rows(const Rows &) = delete;
    Rows &operator=(const Rows &) = delete;

    void read_labels(const std::string &path, ava_kind kind = AVA_LABELS)
    {
        read(path, kind, &labels);
    }
    void read_boxes(const std::string &path, ava_kind kind = AVA_BOXES)
    {
        read(path, kind, &boxes);
    }
    void read(const std::string &path, ava_kind kind, ava_rows *out)
    {
        data_problems problems = {};
        ASSERT_EQ(ava_rows_read(path.c_str(), kind, 80, &videos, &problems, out), SSLACT_OK)
            << sslact_error_get_message();
    }
    void add_box(const ava_row &row)
    {
        made.push_back(row);
        boxes.rows = made.data();
        boxes.count = made.size();
    }
    pairing_result measure()
    {
        pairing_result result = {};
        EXPECT_EQ(ava_rows_sort(&labels, videos.count), SSLACT_OK);
        EXPECT_EQ(ava_rows_sort(&boxes, videos.count), SSLACT_OK);
        EXPECT_EQ(pairing_measure(&labels, &boxes, videos.count, 0.8, &result), SSLACT_OK);
        if (!made.empty()) {
            boxes = {};
        }
        return result;
    }

    name_table videos = {};
    ava_rows labels = {}, boxes = {};
    std::vector<ava_row> made;
};

// Repeatable noise in (-1, 1).
class Noise
{
public:
    double next()
    {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<double>(state_ >> 11) / 9007199254740992.0 * 2 - 1;
    }

private:
    uint64_t state_ = 5;
};

// The real labels of 18 videos with boxes as a detector would draw them: edges off by up to a
// twelfth of the box, one person in ten missed, a stray box now and then.
class Pairing : public testing::Test
{
protected:
    using Change = std::function<void(ava_row &)>;

    void SetUp() override
    {
        SKIP_WITHOUT_REAL_DATA();
        if (!test::unpack(SSLACT_TEST_DATA "/ava/ava_train_v2.2_part18.csv.xz",
                          folder_ / "labels.csv")) {
            GTEST_SKIP() << "no xz";
        }
        rows_.read_labels(folder_ / "labels.csv");
    }

    pairing_result measure(const Change &change)
    {
        Noise noise;
        std::set<std::vector<double>> people;
        for (size_t i = 0; i < rows_.labels.count; i++) {
            ava_row row = rows_.labels.rows[i];
            if (!people
                     .insert({static_cast<double>(row.video), static_cast<double>(row.time_us),
                              row.x1, row.y1, row.x2, row.y2})
                     .second) {
                continue;
            }
            const double width = row.x2 - row.x1, height = row.y2 - row.y1;
            row.x1 += noise.next() * width / 12;
            row.x2 += noise.next() * width / 12;
            row.y1 += noise.next() * height / 12;
            row.y2 += noise.next() * height / 12;
            row.score = 0.95 + noise.next() / 20;
            row.action_id = 0;
            if (noise.next() < -0.8) {
                row.x1 = 0.1;
                row.x2 = 0.3;
            }
            change(row);
            rows_.add_box(row);
        }
        return rows_.measure();
    }

    TemporaryFolder folder_;
    Rows rows_;
};

TEST_F(Pairing, OfADetectorsBoxesIsRight)
{
    const pairing_result result = measure([](ava_row &) {});

    EXPECT_EQ(result.verdict, PAIRING_RIGHT);
    EXPECT_EQ(result.shared_videos, 18u);
    EXPECT_GT(result.people, 500u);
    EXPECT_GT(result.overlap, 0.7);
    EXPECT_LT(result.overlap, 0.95) << "the noise is that of a detector, not none";
}

TEST_F(Pairing, OfAConstantOffsetIsRecognised)
{
    for (const double offset : {-900.0, -1.0, 1.0, 0.5, 30.0, 902.0}) {
        rows_.made.clear();
        const pairing_result result =
            measure([&](ava_row &row) { row.time_us += std::llround(offset * 1e6); });

        EXPECT_EQ(result.verdict, PAIRING_OFFSET) << offset;
        EXPECT_NEAR(result.offset_seconds, offset, 1e-9);
        EXPECT_LT(result.overlap, 0.65) << offset;
        EXPECT_GT(result.best_overlap, 0.7) << offset;
    }
}

TEST_F(Pairing, OfFrameNumbersOrMillisecondsIsRecognised)
{
    struct Case {
        double rate, start, first;
    };
    for (const Case &given : {Case{30, 900, 1}, Case{25, 0, 0}, Case{24, 900, 0}, Case{1000, 0, 0},
                              Case{29.97, 0, 1}}) {
        rows_.made.clear();
        const pairing_result result = measure([&](ava_row &row) {
            const double frame =
                (static_cast<double>(row.time_us) / 1e6 - given.start) * given.rate + given.first;
            row.time_us = std::llround(std::round(frame) * 1e6);
        });

        EXPECT_EQ(result.verdict, PAIRING_RATE) << given.rate;
        EXPECT_NEAR(result.rate, given.rate, 0.03);
        EXPECT_NEAR(result.offset_seconds, given.first - given.start * given.rate,
                    0.06 * given.rate);
        EXPECT_GT(result.best_overlap, 0.7) << given.rate;
    }
}

TEST_F(Pairing, OfExchangedCornersIsRecognised)
{
    const std::vector<std::pair<pairing_corners, Change>> cases = {
        {CORNERS_SWAPPED,
         [](ava_row &row) {
             std::swap(row.x1, row.y1);
             std::swap(row.x2, row.y2);
         }},
        {CORNERS_BY_AXIS, [](ava_row &row) { std::swap(row.y1, row.x2); }},
        {CORNERS_SIZE,
         [](ava_row &row) {
             row.x2 -= row.x1;
             row.y2 -= row.y1;
         }},
        {CORNERS_CENTER_SIZE,
         [](ava_row &row) {
             const double width = row.x2 - row.x1, height = row.y2 - row.y1;
             row.x1 += width / 2;
             row.y1 += height / 2;
             row.x2 = width;
             row.y2 = height;
         }},
    };
    for (const auto &[corners, change] : cases) {
        rows_.made.clear();
        const pairing_result result = measure(change);

        EXPECT_EQ(result.verdict, PAIRING_CORNERS) << corners;
        EXPECT_EQ(result.corners, corners);
        EXPECT_GT(result.best_overlap, 0.7);
    }
}

TEST_F(Pairing, OfPixelsOrPerCentIsRecognised)
{
    for (const auto &[width, height] :
         {std::pair{640.0, 360.0}, std::pair{100.0, 100.0}, std::pair{1920.0, 1080.0}}) {
        rows_.made.clear();
        const double x = width, y = height;
        const pairing_result result = measure([&](ava_row &row) {
            row.x1 *= x;
            row.x2 *= x;
            row.y1 *= y;
            row.y2 *= y;
        });

        EXPECT_EQ(result.verdict, PAIRING_SCALE) << width;
        EXPECT_NEAR(result.scale_x, width, 0.06 * width);
        EXPECT_NEAR(result.scale_y, height, 0.06 * height);
        EXPECT_GT(result.best_overlap, 0.65);
    }
}

TEST_F(Pairing, WithBoxesOfOtherVideosIsUnrelatedOrShared)
{
    const pairing_result rotated =
        measure([&](ava_row &row) { row.video = (row.video + 1) % static_cast<int32_t>(18); });
    EXPECT_EQ(rotated.verdict, PAIRING_UNRELATED);
    EXPECT_LT(rotated.overlap, 0.4);

    rows_.made.clear();
    for (const char *name : {"another", "split"}) {
        int32_t index;
        ASSERT_EQ(name_table_add(&rows_.videos, name, strlen(name), &index), SSLACT_OK);
    }
    const pairing_result other = measure([](ava_row &row) { row.video = 18 + row.video % 2; });
    EXPECT_EQ(other.verdict, PAIRING_NO_VIDEO);
    EXPECT_EQ(other.label_videos, 18u);
    EXPECT_EQ(other.box_videos, 2u);
    EXPECT_EQ(other.shared_videos, 0u);
}

TEST_F(Pairing, OfEachRealVideoAloneRaisesNoAlarm)
{
    for (int32_t video = 0; video < 18; video++) {
        Rows alone;
        alone.read_labels(folder_ / "labels.csv");
        size_t kept = 0;
        for (size_t i = 0; i < alone.labels.count; i++) {
            if (alone.labels.rows[i].video == video) {
                alone.labels.rows[kept++] = alone.labels.rows[i];
            }
        }
        alone.labels.count = kept;
        Noise noise;
        for (size_t i = 0; i < kept; i++) {
            ava_row row = alone.labels.rows[i];
            row.x1 += noise.next() * 0.02;
            row.y2 += noise.next() * 0.05;
            row.score = 0.9;
            alone.add_box(row);
        }
        const pairing_result result = alone.measure();
        EXPECT_EQ(result.verdict, PAIRING_RIGHT) << video;
    }
}

// Other people's pairs of files.
TEST(RealPairing, OfPublishedFilesRaisesNoAlarm)
{
    SKIP_WITHOUT_REAL_DATA();
    {
        Rows rows;
        const std::string folder = SSLACT_TEST_DATA "/ava/predicted_box_format_example/";
        rows.read_labels(folder + "ava_train_v2.2.csv", AVA_RAW); // it has action 0
        rows.read_boxes(folder + "ava_train_predicted_boxes.csv");
        EXPECT_EQ(rows.measure().verdict, PAIRING_RIGHT);
    }
    {
        Rows rows;
        const std::string folder = SSLACT_TEST_DATA "/eval_cases/s02_large/";
        rows.read_labels(folder + "groundtruth.csv", AVA_RAW);
        rows.read_boxes(folder + "detections.csv", AVA_RAW);
        const pairing_result result = rows.measure();
        EXPECT_EQ(result.verdict, PAIRING_RIGHT);
        EXPECT_GT(result.overlap, 0.7);
    }
}

TEST(PairingOfFew, SaysNothing)
{
    Rows rows;
    int32_t video;
    ASSERT_EQ(name_table_add(&rows.videos, "a", 1, &video), SSLACT_OK);
    std::vector<ava_row> labels(PAIRING_LEAST_PEOPLE - 1);
    for (size_t i = 0; i < labels.size(); i++) {
        labels[i] = ava_row{};
        labels[i].x2 = labels[i].y2 = 0.5;
        labels[i].time_us = static_cast<int64_t>(i) * 1000000;
        rows.add_box(labels[i]);
        rows.made.back().time_us += 500000;
    }
    rows.labels.rows = labels.data();
    rows.labels.count = labels.size();

    EXPECT_EQ(rows.measure().verdict, PAIRING_TOO_FEW);
    rows.labels = {};
    EXPECT_EQ(rows.measure().verdict, PAIRING_TOO_FEW);
}

} // namespace
