// Frame mAP: hand-worked cases, properties, and a slow twin written from the specification's text.
#include "metrics/frame_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <tuple>
#include <vector>

namespace
{

using Result = std::unique_ptr<frame_map, decltype(&frame_map_free)>;
using Detections = std::vector<metric_detection>;
using Truth = std::vector<metric_truth>;

const double nan_value = std::numeric_limits<double>::quiet_NaN();

frame_map_options options_for(int32_t class_count)
{
    frame_map_options options = {};
    options.class_count = class_count;
    return options;
}

Result compute(const Detections &detections, const Truth &truth, const frame_map_options &options)
{
    frame_map *map = nullptr;
    EXPECT_EQ(frame_map_compute(detections.data(), detections.size(), truth.data(), truth.size(),
                                &options, &map),
              SSLACT_OK)
        << sslact_error_get_message();
    return Result(map, frame_map_free);
}

double ap(const Detections &detections, const Truth &truth,
          frame_map_options options = options_for(1))
{
    Result map = compute(detections, truth, options);
    return map ? map->classes[0].average_precision : -1.0;
}

// A unit square whose left edge is at x; overlap of two squares d apart is (1 - d) / (1 + d).
metric_detection square(int64_t key, double score, double x, int32_t class_index = 0)
{
    return {key, class_index, score, x, 0.0, x + 1.0, 1.0};
}

metric_truth person(int64_t key, double x, double order = 0.0, int32_t class_index = 0)
{
    return {key, class_index, order, x, 0.0, x + 1.0, 1.0};
}

void expect_refused(const Detections &detections, const Truth &truth,
                    const frame_map_options &options, const char *part)
{
    frame_map *map = nullptr;
    EXPECT_EQ(frame_map_compute(detections.data(), detections.size(), truth.data(), truth.size(),
                                &options, &map),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(map, nullptr);
    EXPECT_NE(std::string(sslact_error_get_message()).find(part), std::string::npos)
        << sslact_error_get_message();
}

// ---- worked by hand ----

TEST(FrameMap, PerfectDetectionsGiveOne)
{
    Truth truth = {person(1, 0), person(2, 0), person(2, 5)};
    Detections detections = {square(1, 0.3, 0), square(2, 0.2, 0), square(2, 0.9, 5)};

    EXPECT_DOUBLE_EQ(ap(detections, truth), 1.0);
}

TEST(FrameMap, EnvelopeLiftsPrecisionToTheBestThatFollows)
{
    // Ranked: hit, miss, hit, miss, of 3 people. Precision 1, 1/2, 2/3, 1/2; envelope 1, 2/3, 2/3,
    // 1/2; recall 1/3, 1/3, 2/3, 2/3: AP = 1/3 * 1 + 1/3 * 2/3 = 5/9.
    Truth truth = {person(1, 0), person(2, 0), person(3, 0)};
    Detections detections = {square(1, 0.9, 0), square(1, 0.8, 7), square(2, 0.7, 0),
                             square(2, 0.6, 7)};

    Result map = compute(detections, truth, options_for(1));

    EXPECT_NEAR(map->classes[0].average_precision, 5.0 / 9.0, 1e-15);
    ASSERT_EQ(map->classes[0].curve_count, 4u);
    EXPECT_NEAR(map->classes[0].precision[1], 2.0 / 3.0, 1e-15);
    EXPECT_NEAR(map->classes[0].precision[3], 1.0 / 2.0, 1e-15);
    EXPECT_NEAR(map->classes[0].recall[3], 2.0 / 3.0, 1e-15);
}

TEST(FrameMap, OverlapExactlyAtTheLimitIsAHit)
{
    // Boxes 4 x 1 and 2 x 1 inside it: overlap 2 / 4.
    Truth truth = {{1, 0, 0.0, 0.0, 0.0, 4.0, 1.0}};
    Detections at = {{1, 0, 0.5, 0.0, 0.0, 2.0, 1.0}};
    Detections below = {{1, 0, 0.5, 0.0, 0.0, 1.999, 1.0}};

    EXPECT_DOUBLE_EQ(ap(at, truth), 1.0);
    EXPECT_DOUBLE_EQ(ap(below, truth), 0.0);
}

TEST(FrameMap, SecondDetectionOfATakenBoxIsAMissThoughAnotherBoxReachesTheLimit)
{
    // Both detections overlap box 0 best (overlap 1); box 0.2 would reach 0.8 / 1.2 = 0.67.
    // Ranked hit, miss of 2 people: AP = 1/2.
    Truth truth = {person(1, 0), person(1, 0.2)};
    Detections detections = {square(1, 0.9, 0), square(1, 0.8, 0)};

    EXPECT_DOUBLE_EQ(ap(detections, truth), 0.5);
}

TEST(FrameMap, OfEquallyOverlappedBoxesTheOneWithTheHigherPersonIdIsTaken)
{
    // The first detection lies midway between boxes at -0.25 and 0.25 (overlap 0.75 / 1.25 with
    // both); the second covers the box at 0.25 exactly. It is a hit only if that box is free.
    Detections detections = {square(1, 0.9, 0), square(1, 0.8, 0.25)};
    Truth right_first = {person(1, -0.25, 3), person(1, 0.25, 8)};
    Truth left_first = {person(1, -0.25, 8), person(1, 0.25, 3)};
    Truth file_order = {person(1, -0.25, 5), person(1, 0.25, 5)};

    EXPECT_DOUBLE_EQ(ap(detections, right_first), 0.5);
    EXPECT_DOUBLE_EQ(ap(detections, left_first), 1.0);
    EXPECT_DOUBLE_EQ(ap(detections, file_order), 1.0);
}

TEST(FrameMap, OfEqualScoresTheDetectionThatArrivedLastComesFirst)
{
    // One person. The hit arrives last: ranked hit, miss: 1. It arrives first: miss, hit: 1/2.
    Truth truth = {person(1, 0)};
    Detections hit_last = {square(2, 0.5, 0), square(1, 0.5, 0)};
    Detections hit_first = {square(1, 0.5, 0), square(2, 0.5, 0)};

    EXPECT_DOUBLE_EQ(ap(hit_last, truth), 1.0);
    EXPECT_DOUBLE_EQ(ap(hit_first, truth), 0.5);
}

TEST(FrameMap, FramesArriveInTheOrderOfTheirFirstRowEvenOfAnotherClass)
{
    // Key 1 is named first by a row of class 1, so its equal-scored class 0 row arrives before
    // that of key 2, although it stands after it in the file: ranked key 2 (miss), key 1 (hit).
    Truth truth = {person(1, 0)};
    Detections detections = {square(1, 0.1, 0, 1), square(2, 0.5, 0), square(1, 0.5, 0)};

    EXPECT_DOUBLE_EQ(ap(detections, truth, options_for(2)), 0.5);
}

TEST(FrameMap, WithinAFrameEqualScoresMatchInFileOrder)
{
    // Both cover the person; the first in the file takes it. Ranked last-arrived first: miss, hit.
    Truth truth = {person(1, 0)};
    Detections detections = {square(1, 0.5, 0), square(1, 0.5, 0)};

    EXPECT_DOUBLE_EQ(ap(detections, truth), 0.5);
}

TEST(FrameMap, ClassWithoutGroundTruthIsUndefinedAndLeftOutOfTheMean)
{
    Truth truth = {person(1, 0)};
    Detections detections = {square(1, 0.5, 0), square(1, 0.9, 0, 1)};

    Result map = compute(detections, truth, options_for(2));

    EXPECT_TRUE(std::isnan(map->classes[1].average_precision));
    EXPECT_EQ(map->classes[1].detection_count, 1);
    EXPECT_EQ(map->classes[1].positive_count, 0);
    EXPECT_EQ(map->classes[1].curve_count, 0u);
    EXPECT_DOUBLE_EQ(map->mean, 1.0);
}

TEST(FrameMap, GroundTruthWithoutDetectionsCountsAsZeroInTheMean)
{
    Truth truth = {person(1, 0), person(1, 0, 0, 1)};
    Detections detections = {square(1, 0.5, 0)};

    Result map = compute(detections, truth, options_for(2));

    EXPECT_DOUBLE_EQ(map->classes[1].average_precision, 0.0);
    EXPECT_DOUBLE_EQ(map->mean, 0.5);
}

TEST(FrameMap, NothingAtAllGivesAnUndefinedMean)
{
    Result map = compute({}, {}, options_for(3));

    EXPECT_TRUE(std::isnan(map->mean));
    EXPECT_EQ(map->class_count, 3);
}

TEST(FrameMap, RepeatedGroundTruthRowsCountTwice)
{
    Truth truth = {person(1, 0), person(1, 0)};
    Detections detections = {square(1, 0.5, 0)};

    EXPECT_DOUBLE_EQ(ap(detections, truth), 0.5);
}

TEST(FrameMap, ExcludedKeysLeaveBothFiles)
{
    Truth truth = {person(1, 0), person(2, 0)};
    Detections detections = {square(2, 0.9, 7), square(1, 0.5, 0)};
    frame_map_options options = options_for(1);
    const int64_t excluded[] = {2, 77};
    options.excluded = excluded;
    options.excluded_count = 2;

    Result map = compute(detections, truth, options);

    EXPECT_DOUBLE_EQ(map->mean, 1.0);
    EXPECT_EQ(map->classes[0].positive_count, 1);
    EXPECT_EQ(map->classes[0].detection_count, 1);
}

TEST(FrameMap, DetectionOnAKeyWithoutTruthIsAMissUnderOneRuleAndIgnoredUnderTheOther)
{
    Truth truth = {person(1, 0)};
    Detections detections = {square(9, 0.9, 0), square(1, 0.5, 0)};
    frame_map_options included = options_for(1);
    included.only_listed_keys = true;

    EXPECT_DOUBLE_EQ(ap(detections, truth), 0.5);
    EXPECT_DOUBLE_EQ(ap(detections, truth, included), 1.0);
}

TEST(FrameMap, ListedKeyWithoutPeopleTakesPartUnderTheIncludedRule)
{
    Truth truth = {person(1, 0)};
    Detections detections = {square(9, 0.9, 0), square(1, 0.5, 0)};
    frame_map_options included = options_for(1);
    const int64_t listed[] = {9};
    included.only_listed_keys = true;
    included.listed = listed;
    included.listed_count = 1;

    EXPECT_DOUBLE_EQ(ap(detections, truth, included), 0.5);
}

TEST(FrameMap, KeyNamedOnlyByAnUnlistedClassStillOccursInTheGroundTruthFile)
{
    Truth truth = {person(1, 0), person(9, 0, 0, -1)};
    Detections detections = {square(9, 0.9, 0), square(1, 0.5, 0)};
    frame_map_options included = options_for(1);
    included.only_listed_keys = true;

    EXPECT_DOUBLE_EQ(ap(detections, truth, included), 0.5);
}

TEST(FrameMap, BoxWithoutAreaIsDroppedButTookAPlaceUnderTheRowLimit)
{
    Truth truth = {person(1, 0)};
    Detections detections = {{1, 0, 0.9, 3.0, 0.0, 3.0, 1.0}, square(1, 0.5, 0)};
    frame_map_options one_row = options_for(1);
    one_row.row_limit = 1;

    EXPECT_DOUBLE_EQ(ap(detections, truth), 1.0);
    EXPECT_EQ(compute(detections, truth, options_for(1))->classes[0].detection_count, 1);
    EXPECT_DOUBLE_EQ(ap(detections, truth, one_row), 0.0);
}

TEST(FrameMap, UnlistedClassesAreDroppedBeforeTheRowLimit)
{
    Truth truth = {person(1, 0)};
    Detections detections = {square(1, 0.9, 0, -1), square(1, 0.5, 0)};
    frame_map_options one_row = options_for(1);
    one_row.row_limit = 1;

    EXPECT_DOUBLE_EQ(ap(detections, truth, one_row), 1.0);
}

TEST(FrameMap, RowLimitThrowsOutTheSmallestClassIdOfEqualScores)
{
    // Limit 2 holds ids 5 (index 0) and 3 (index 1), both 0.4; 0.6 enters and id 3 goes.
    Truth truth = {person(1, 0, 0, 0), person(1, 0, 0, 1)};
    Detections detections = {square(1, 0.4, 0, 0), square(1, 0.4, 0, 1), square(1, 0.6, 9, 0)};
    frame_map_options options = options_for(2);
    const int64_t ids[] = {5, 3};
    options.row_limit = 2;
    options.class_ids = ids;

    Result map = compute(detections, truth, options);

    EXPECT_EQ(map->classes[0].detection_count, 2);
    EXPECT_EQ(map->classes[1].detection_count, 0);
}

TEST(FrameMap, RowWithTheLowestHeldScoreDoesNotEnterAFullKey)
{
    Truth truth = {person(1, 0)};
    Detections detections = {square(1, 0.5, 9), square(1, 0.5, 0)};
    frame_map_options one_row = options_for(1);
    one_row.row_limit = 1;

    EXPECT_DOUBLE_EQ(ap(detections, truth, one_row), 0.0);
}

// ---- ill-treated ----

TEST(FrameMap, RefusesNumbersThatAreNotFinite)
{
    expect_refused({square(1, 0.5, 0), square(1, nan_value, 0)}, {}, options_for(1), "detection 1");
    expect_refused({square(1, 0.5, nan_value)}, {}, options_for(1), "detection 0");
    expect_refused({}, {person(1, nan_value)}, options_for(1), "truth 0");
    expect_refused({}, {person(1, 0, nan_value)}, options_for(1), "truth 0");
}

TEST(FrameMap, RefusesAnInvertedGroundTruthBox)
{
    expect_refused({}, {person(1, 0), {1, 0, 0.0, 2.0, 0.0, 1.0, 1.0}}, options_for(1), "truth 1");
    expect_refused({}, {{1, 0, 0.0, 0.0, 2.0, 1.0, 1.0}}, options_for(1), "top <= bottom");
}

TEST(FrameMap, RefusesClassIndexesOutOfRange)
{
    expect_refused({square(1, 0.5, 0, 2)}, {}, options_for(2), "class index 2");
    expect_refused({square(1, 0.5, 0, -2)}, {}, options_for(2), "class index -2");
    expect_refused({}, {person(1, 0, 0, 2)}, options_for(2), "class index 2");
}

TEST(FrameMap, RefusesImpossibleOptions)
{
    frame_map_options options = options_for(0);
    expect_refused({}, {}, options, "class count 0");
    options = options_for(1);
    options.overlap = 1.5;
    expect_refused({}, {}, options, "overlap 1.5");
    options.overlap = nan_value;
    expect_refused({}, {}, options, "overlap");
    options = options_for(1);
    options.row_limit = -1;
    expect_refused({}, {}, options, "row limit -1");
}

// ---- the slow twin: the specification's steps as literally as possible ----

double slow_overlap(const metric_detection &d, const metric_truth &t)
{
    double width = std::max(0.0, std::min(d.x2, t.x2) - std::max(d.x1, t.x1));
    double height = std::max(0.0, std::min(d.y2, t.y2) - std::max(d.y1, t.y1));
    double shared = height * width;
    double joined = (d.y2 - d.y1) * (d.x2 - d.x1) + (t.y2 - t.y1) * (t.x2 - t.x1) - shared;
    return shared / joined;
}

struct Ranked {
    double score;
    bool hit;
};

// Step 3 with a plain search for the smallest row.
std::map<int64_t, Detections> slow_limit(const Detections &detections, int64_t limit,
                                         std::vector<int64_t> *order)
{
    auto sort_value = [](const metric_detection &d) {
        return std::make_tuple(d.score, d.class_index, d.y1, d.x1, d.y2, d.x2);
    };
    std::map<int64_t, Detections> frames;
    for (const auto &d : detections) {
        if (d.class_index < 0) {
            continue;
        }
        if (frames.find(d.key) == frames.end()) {
            order->push_back(d.key);
        }
        Detections &held = frames[d.key];
        if (limit == 0 || held.size() < static_cast<size_t>(limit)) {
            held.push_back(d);
            continue;
        }
        auto smallest = std::min_element(held.begin(), held.end(), [&](auto &a, auto &b) {
            return sort_value(a) < sort_value(b);
        });
        if (d.score > smallest->score) {
            held.erase(smallest);
            held.push_back(d);
        }
    }
    return frames;
}

void slow_match(const Detections &frame, const Truth &all, int64_t key, int32_t class_index,
                std::vector<Ranked> *ranked)
{
    Truth people;
    for (const auto &t : all) {
        if (t.key == key && t.class_index == class_index) {
            people.push_back(t);
        }
    }
    std::stable_sort(people.begin(), people.end(),
                     [](auto &a, auto &b) { return a.order > b.order; });
    std::vector<bool> taken(people.size());
    for (const auto &d : frame) {
        if (d.class_index != class_index || d.x1 >= d.x2 || d.y1 >= d.y2) {
            continue;
        }
        size_t best = people.size();
        for (size_t i = 0; i < people.size(); i++) {
            if (best == people.size() ||
                slow_overlap(d, people[i]) > slow_overlap(d, people[best])) {
                best = i;
            }
        }
        bool hit = best < people.size() && slow_overlap(d, people[best]) >= 0.5 && !taken[best];
        if (hit) {
            taken[best] = true;
        }
        ranked->push_back({d.score, hit});
    }
}

double slow_area(const std::vector<Ranked> &ranked, int64_t positives)
{
    std::vector<double> precision, recall;
    double found = 0.0;
    for (size_t i = 0; i < ranked.size(); i++) {
        found += ranked[i].hit;
        precision.push_back(found / static_cast<double>(i + 1));
        recall.push_back(found / static_cast<double>(positives));
    }
    double area = 0.0;
    for (size_t i = 0; i < ranked.size(); i++) {
        double before = i == 0 ? 0.0 : recall[i - 1];
        area += (recall[i] - before) * *std::max_element(precision.begin() + i, precision.end());
    }
    return area;
}

std::vector<double> slow_twin(const Detections &detections, const Truth &truth, int32_t classes,
                              int64_t limit, const std::set<int64_t> &excluded, bool only_listed)
{
    std::vector<int64_t> order;
    auto frames = slow_limit(detections, limit, &order);
    std::set<int64_t> listed;
    for (const auto &t : truth) {
        listed.insert(t.key);
    }
    std::vector<double> result;
    for (int32_t j = 0; j < classes; j++) {
        int64_t positives = std::count_if(truth.begin(), truth.end(), [&](auto &t) {
            return t.class_index == j && !excluded.count(t.key);
        });
        std::vector<Ranked> ranked;
        for (int64_t key : order) {
            if (excluded.count(key) || (only_listed && !listed.count(key))) {
                continue;
            }
            Detections frame = frames[key];
            // Rows of equal score and class stay in file order.
            std::stable_sort(frame.begin(), frame.end(),
                             [](auto &a, auto &b) { return a.score > b.score; });
            slow_match(frame, truth, key, j, &ranked);
        }
        std::stable_sort(ranked.begin(), ranked.end(),
                         [](auto &a, auto &b) { return a.score < b.score; });
        std::reverse(ranked.begin(), ranked.end());
        result.push_back(positives > 0 ? slow_area(ranked, positives) : nan_value);
    }
    return result;
}

struct World {
    Detections detections;
    Truth truth;
};

// Small random worlds on a coarse grid, so that equal scores, overlaps and orders are common.
World draw_world(unsigned seed, int score_steps)
{
    std::mt19937 random(seed);
    auto draw = [&](int count) {
        return static_cast<int>(random() % static_cast<unsigned>(count));
    };
    World world;
    for (int i = draw(40); i > 0; i--) {
        double x = draw(8) * 0.25, y = draw(3) * 0.5;
        world.truth.push_back(
            {draw(6), draw(4) - 1, static_cast<double>(draw(3)), x, y, x + 1 + draw(2), y + 1});
    }
    for (int i = draw(120); i > 0; i--) {
        double x = draw(8) * 0.25, y = draw(3) * 0.5;
        world.detections.push_back({draw(8), draw(4) - 1,
                                    draw(score_steps) / static_cast<double>(score_steps), x, y,
                                    x + draw(3), y + 1});
    }
    return world;
}

TEST(FrameMap, AgreesWithASlowTwinOnRandomWorldsFullOfEqualScores)
{
    const int64_t limits[] = {0, 1, 5, 50};
    for (unsigned seed = 0; seed < 600; seed++) {
        World world = draw_world(seed, seed % 2 ? 4 : 1000);
        frame_map_options options = options_for(3);
        std::set<int64_t> excluded;
        const int64_t excluded_keys[] = {3, 3};
        options.row_limit = limits[seed % 4];
        options.only_listed_keys = seed % 3 == 0;
        if (seed % 5 == 0) {
            excluded = {3};
            options.excluded = excluded_keys;
            options.excluded_count = 2;
        }

        Result map = compute(world.detections, world.truth, options);
        std::vector<double> slow = slow_twin(world.detections, world.truth, 3, options.row_limit,
                                             excluded, options.only_listed_keys);

        ASSERT_NE(map, nullptr);
        for (size_t j = 0; j < 3; j++) {
            double found = map->classes[j].average_precision;
            ASSERT_EQ(std::isnan(found), std::isnan(slow[j])) << "seed " << seed;
            if (!std::isnan(found)) {
                ASSERT_NEAR(found, slow[j], 1e-12) << "seed " << seed << ", class " << j;
            }
        }
    }
}

TEST(FrameMap, AveragePrecisionAndCurvesStayWithinTheirBounds)
{
    for (unsigned seed = 0; seed < 200; seed++) {
        World world = draw_world(seed + 5000, 20);
        Result map = compute(world.detections, world.truth, options_for(3));
        for (int j = 0; j < 3; j++) {
            const frame_map_class &c = map->classes[j];
            if (c.positive_count == 0) {
                continue;
            }
            EXPECT_GE(c.average_precision, 0.0);
            EXPECT_LE(c.average_precision, 1.0);
            for (size_t i = 0; i < c.curve_count; i++) {
                EXPECT_LE(c.precision[i], i == 0 ? 1.0 : c.precision[i - 1]);
                EXPECT_GE(c.recall[i], i == 0 ? 0.0 : c.recall[i - 1]);
                EXPECT_LE(c.recall[i], 1.0);
            }
        }
    }
}

TEST(FrameMap, OrderOfRowsDoesNotMatterWhereNothingIsEqual)
{
    std::mt19937 random(7);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    World world;
    for (int i = 0; i < 400; i++) {
        double x = uniform(random);
        world.truth.push_back({i % 60, i % 3, uniform(random), x, 0.0, x + 0.4, 1.0});
        x += 0.1 * (uniform(random) - 0.5);
        world.detections.push_back({i % 60, i % 3, uniform(random), x, 0.0, x + 0.4, 1.0});
        world.detections.push_back(
            {i % 50, i % 3, uniform(random), uniform(random), 0.0, 1.5, 1.0});
    }
    frame_map_options options = options_for(3);
    options.row_limit = 10;
    Result first = compute(world.detections, world.truth, options);

    for (int round = 0; round < 5; round++) {
        std::shuffle(world.detections.begin(), world.detections.end(), random);
        std::shuffle(world.truth.begin(), world.truth.end(), random);
        Result again = compute(world.detections, world.truth, options);
        EXPECT_DOUBLE_EQ(again->mean, first->mean);
    }
    EXPECT_GT(first->mean, 0.1);
}

TEST(FrameMap, AMillionRowsTakeSecondsAndNotMinutes)
{
    std::mt19937 random(3);
    World world;
    for (int64_t i = 0; i < 1000000; i++) {
        double x = static_cast<double>(random() % 1000) / 1000.0;
        world.detections.push_back({i / 60, static_cast<int32_t>(i % 60),
                                    static_cast<double>(random()) / 4294967296.0, x, 0.0, x + 0.5,
                                    1.0});
        if (i % 20 == 0) {
            world.truth.push_back(
                {i / 60, static_cast<int32_t>(i % 60), 0.0, x, 0.0, x + 0.5, 1.0});
        }
    }
    frame_map_options options = options_for(60);
    options.row_limit = 50;

    Result map = compute(world.detections, world.truth, options);

    int64_t counted = 0;
    for (int j = 0; j < 60; j++) {
        counted += map->classes[j].detection_count;
    }
    EXPECT_EQ(counted, 1000000 / 60 * 50 + 1000000 % 60); // 40 rows are left for the last key
}

} // namespace
