// The annotation as text: every row parses, says what was drawn, and is where it belongs.
#include "demo/annotation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace
{

struct Row {
    std::string video, timestamp;
    std::array<double, 4> box{};
    std::string action, last;
};

std::vector<std::string> split(const std::string &line, char separator)
{
    std::vector<std::string> fields;
    size_t start = 0;
    for (size_t end = 0; end != std::string::npos; start = end + 1) {
        end = line.find(separator, start);
        fields.push_back(line.substr(start, end == std::string::npos ? end : end - start));
    }
    return fields;
}

std::vector<Row> parse(const text &table)
{
    std::vector<Row> rows;
    std::istringstream lines(text_get(&table));
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> fields = split(line, ',');
        EXPECT_EQ(8u, fields.size()) << line;
        if (fields.size() != 8) {
            continue;
        }
        Row row{fields[0], fields[1], {}, fields[6], fields[7]};
        for (int k = 0; k < 4; k++) {
            EXPECT_EQ(5u, fields[2 + k].size()) << line; // 0.123
            EXPECT_TRUE(text_parse_double(fields[2 + k].c_str(), fields[2 + k].size(), &row.box[k]))
                << line;
        }
        EXPECT_LT(row.box[0], row.box[2]) << line;
        EXPECT_LT(row.box[1], row.box[3]) << line;
        EXPECT_LE(row.box[2], 1) << line;
        EXPECT_LE(row.box[3], 1) << line;
        rows.push_back(row);
    }
    return rows;
}

double overlap(const std::array<double, 4> &a, const std::array<double, 4> &b)
{
    double width = std::fmin(a[2], b[2]) - std::fmax(a[0], b[0]);
    double height = std::fmin(a[3], b[3]) - std::fmax(a[1], b[1]);
    double both = std::fmax(width, 0) * std::fmax(height, 0);
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
}

// The tables of a whole world.
class Annotation
{
public:
    explicit Annotation(uint64_t seed, int64_t videos, bool long_scenes = false)
    {
        demo_world_create(seed, videos, 12, long_scenes, &world);
        for (int64_t index = 0; index < videos; index++) {
            demo_video video;
            EXPECT_EQ(SSLACT_OK, demo_video_plan(&world, index, &video));
            demo_tables_append(&tables, &world, &video);
            demo_video_clear(&video);
        }
        EXPECT_EQ(SSLACT_OK, demo_tables_status(&tables));
    }
    ~Annotation() { demo_tables_free(&tables); }
    Annotation(const Annotation &) = delete;
    Annotation &operator=(const Annotation &) = delete;

    demo_world world;
    demo_tables tables = {};
};

using Key = std::pair<std::string, std::string>;

} // namespace

TEST(DemoAnnotation, IsTheSameTextForTheSameSeed)
{
    Annotation a(1, 5), b(1, 5), c(2, 5);
    for (int part = 0; part < DEMO_SPLIT_COUNT; part++) {
        EXPECT_STREQ(text_get(&a.tables.labels[part]), text_get(&b.tables.labels[part]));
        EXPECT_STREQ(text_get(&a.tables.boxes[part]), text_get(&b.tables.boxes[part]));
        EXPECT_STRNE(text_get(&a.tables.labels[part]), text_get(&c.tables.labels[part]));
        EXPECT_STRNE(text_get(&a.tables.boxes[part]), text_get(&c.tables.boxes[part]));
    }
}

TEST(DemoAnnotation, WritesAvaRowsWithFourDigitSecondsAndKnownActions)
{
    Annotation a(1, 5);
    for (int part = 0; part < DEMO_SPLIT_COUNT; part++) {
        std::map<std::tuple<std::string, std::string, std::string>, std::array<double, 4>> boxes;
        for (const Row &row : parse(a.tables.labels[part])) {
            int64_t second, action, person;
            ASSERT_EQ(4u, row.timestamp.size());
            ASSERT_TRUE(text_parse_int64(row.timestamp.c_str(), 4, &second));
            ASSERT_TRUE(text_parse_int64(row.action.c_str(), row.action.size(), &action));
            ASSERT_TRUE(text_parse_int64(row.last.c_str(), row.last.size(), &person));
            EXPECT_GE(second, 1);
            EXPECT_LE(second, 60);
            EXPECT_GE(action, 1);
            EXPECT_LE(action, 12);
            auto place = boxes.try_emplace({row.video, row.timestamp, row.last}, row.box);
            EXPECT_EQ(place.first->second, row.box) << "one person, two boxes";
        }
    }
}

TEST(DemoAnnotation, KeepsTheSplitsApart)
{
    Annotation a(1, 10);
    const char *const prefixes[] = {"train_", "unlabeled_", "validation_"};
    for (int part = 0; part < DEMO_SPLIT_COUNT; part++) {
        for (const text *table : {&a.tables.labels[part], &a.tables.boxes[part]}) {
            for (const Row &row : parse(*table)) {
                ASSERT_EQ(0u, row.video.rfind(prefixes[part], 0)) << row.video;
            }
        }
    }
}

TEST(DemoAnnotation, CountsWhatItWrites)
{
    Annotation a(1, 10);
    std::set<Key> excluded;
    std::istringstream lines(text_get(&a.tables.excluded));
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> fields = split(line, ',');
        ASSERT_EQ(2u, fields.size());
        excluded.insert({fields[0], fields[1]});
    }
    std::set<std::tuple<std::string, std::string, std::string>> people;
    int64_t labels = 0;
    for (int part = 0; part < DEMO_SPLIT_COUNT; part++) {
        std::set<Key> keys;
        for (const Row &row : parse(a.tables.labels[part])) {
            if (excluded.count({row.video, row.timestamp}) == 0) {
                keys.insert({row.video, row.timestamp});
                people.insert({row.video, row.timestamp, row.last});
                labels++;
            }
        }
        EXPECT_EQ((int64_t)keys.size(), a.tables.key_frames[part]);
    }
    EXPECT_EQ((int64_t)people.size(), a.tables.person_count);
    EXPECT_EQ(labels, a.tables.label_count);
    EXPECT_EQ((int64_t)excluded.size(), a.tables.excluded_count);
    EXPECT_EQ(a.world.video_counts[DEMO_TRAIN] * 60 - a.tables.excluded_count,
              a.tables.key_frames[DEMO_TRAIN]);
}

TEST(DemoAnnotation, ExcludesOnlyBlackShotsOfTrainingVideos)
{
    Annotation a(2, 40);
    ASSERT_GT(a.tables.excluded_count, 3);
    std::istringstream lines(text_get(&a.tables.excluded));
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> fields = split(line, ',');
        demo_video video;
        ASSERT_EQ(0u, fields[0].rfind("train_", 0));
        ASSERT_EQ(SSLACT_OK, demo_video_plan(&a.world, std::stoll(fields[0].substr(6)), &video));
        EXPECT_TRUE(demo_video_is_black(&video, 16 * std::stoll(fields[1])));
        demo_video_clear(&video);
    }
}

TEST(DemoAnnotation, WritesBoxesLikeADetector)
{
    Annotation a(4, 85);
    std::map<Key, std::vector<Row>> people;
    std::set<std::tuple<std::string, std::string, std::string>> seen;
    for (const Row &row : parse(a.tables.labels[DEMO_UNLABELED])) {
        if (seen.insert({row.video, row.timestamp, row.last}).second) {
            people[{row.video, row.timestamp}].push_back(row);
        }
    }
    int64_t person_count = (int64_t)seen.size(), found = 0, stray = 0, corners = 0, sure = 0;
    double squares = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (const Row &row : parse(a.tables.boxes[DEMO_UNLABELED])) {
        double score, best = 0;
        const Row *nearest = nullptr;
        EXPECT_EQ("", row.action);
        ASSERT_TRUE(text_parse_double(row.last.c_str(), row.last.size(), &score));
        ASSERT_GE(score, 0);
        ASSERT_LE(score, 1);
        for (const Row &person : people[{row.video, row.timestamp}]) {
            double shared = overlap(row.box, person.box);
            if (shared > best) {
                best = shared, nearest = &person;
            }
        }
        if (best < 0.6) {
            stray++;
            continue;
        }
        found++, sure += score > 0.9;
        sx += best, sy += score, sxx += best * best, syy += score * score, sxy += best * score;
        for (int k = 0; k < 4; k++) {
            double side = nearest->box[2 + k % 2] - nearest->box[k % 2];
            double inside = k < 2 ? nearest->box[k] : 1 - nearest->box[k];
            if (inside > 0.1 * side) { // not clipped at the picture's edge
                squares += std::pow((row.box[k] - nearest->box[k]) / side, 2), corners++;
            }
        }
    }

    double n = (double)person_count;
    ASSERT_GT(n, 2500);
    EXPECT_NEAR(0.97, found / n, 0.02);
    EXPECT_NEAR(0.05, stray / n, 0.02);
    EXPECT_NEAR(0.03, std::sqrt(squares / corners), 0.002);
    EXPECT_GT(sure, 0.9 * found); // the default thresholds keep them
    double f = (double)found;
    double correlation = (sxy / f - sx / f * sy / f) /
                         std::sqrt((sxx / f - sx / f * sx / f) * (syy / f - sy / f * sy / f));
    EXPECT_GT(correlation, 0.5) << "better boxes have higher scores";
}

TEST(DemoAnnotation, PutsHalfSecondsOfTrainingVideosIntoThePoolOfLongScenes)
{
    Annotation a(1, 5, true);
    EXPECT_GT(a.tables.key_frames[DEMO_UNLABELED], 3 * 55);
    std::set<Key> labeled;
    for (const Row &row : parse(a.tables.labels[DEMO_TRAIN])) {
        EXPECT_EQ(4u, row.timestamp.size());
        labeled.insert({row.video, row.timestamp});
    }
    for (const text *table : {&a.tables.labels[DEMO_UNLABELED], &a.tables.boxes[DEMO_UNLABELED]}) {
        for (const Row &row : parse(*table)) {
            ASSERT_EQ(0u, row.video.rfind("train_", 0));
            ASSERT_EQ(8u, row.timestamp.size());
            ASSERT_EQ(".500", row.timestamp.substr(4));
            ASSERT_EQ(1u, labeled.count({row.video, row.timestamp.substr(0, 4)}));
        }
    }
}

TEST(DemoAnnotation, WritesTheActionListInAvasForm)
{
    text list = {};

    demo_write_actions(15, &list);

    std::string all = text_get(&list);
    EXPECT_EQ(0u, all.find("label {\n  name: \"stand\"\n  label_id: 1\n"
                           "  label_type: PERSON_MOVEMENT\n}\n"));
    EXPECT_NE(std::string::npos, all.find("  name: \"carry\"\n  label_id: 11\n"
                                          "  label_type: OBJECT_MANIPULATION\n}\n"));
    EXPECT_NE(std::string::npos, all.find("  name: \"hand over\"\n  label_id: 15\n"
                                          "  label_type: PERSON_INTERACTION\n}\n"));
    EXPECT_EQ(15 * 5, std::count(all.begin(), all.end(), '\n'));
    text_free(&list);
}
