// Key frames, people and boxes from annotation files: datasets-and-evaluation.md sections 3 to 7.
#include "data/split.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "base/log.h"
#include "data/subset.h"
#include "data_support.h"

namespace
{

using test::DatasetHolder;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;

// Classes 0, 1, 2 are the ids 12, 17, 80.
const char *const actions_text =
    "item { name: \"watch\" id: 80 }\nitem { name: \"stand\" id: 12 }\n"
    "item { name: \"carry\" id: 17 }\n";

// A folder with an action list and whatever files a test gives a split.
struct World {
    World() { give("data.actions", "actions.pbtxt", actions_text); }
    World &give(const std::string &key, const std::string &name, const std::string &content)
    {
        put_file(folder / name, content);
        settings[key] = folder / name;
        return *this;
    }
    World &set(const std::string &key, const std::string &value)
    {
        settings[key] = value;
        return *this;
    }
    DatasetHolder open(const char *split) const { return test::open_split(settings, split); }

    TemporaryFolder folder;
    Settings settings;
};

struct TableDeleter {
    void operator()(split_table *t) const { split_free(t); }
};
using TableHolder = std::unique_ptr<split_table, TableDeleter>;

TableHolder load(const World &world, split_kind kind, data_problems *problems = nullptr)
{
    data_problems strict = {};
    split_table *made = nullptr;
    const test::ConfigHolder c = test::make_settings(world.settings);
    EXPECT_EQ(split_load(c.get(), kind, problems ? problems : &strict, &made), SSLACT_OK)
        << sslact_error_get_message();
    return TableHolder(made);
}

// Boxes of a clip as "x1-x2 score person", x in per cent.
std::vector<std::string> list_boxes(const split_table &t, size_t clip)
{
    std::vector<std::string> list;
    const split_frame &frame = t.frames[clip];
    for (int32_t i = 0; i < frame.box_count; i++) {
        const split_box &box = t.boxes[frame.box_first + static_cast<size_t>(i)];
        char text[64];
        std::snprintf(text, sizeof text, "%.0f-%.0f %.2f %d", box.box.x1 * 100.0,
                      box.box.x2 * 100.0, box.score, box.person);
        list.emplace_back(text);
    }
    return list;
}

std::vector<truth_row> collect_truth(dataset *d)
{
    truth_row *rows = nullptr;
    size_t count = 0;
    EXPECT_EQ(dataset_collect_truth(d, &rows, &count), SSLACT_OK);
    std::vector<truth_row> list(rows, rows + count);
    free(rows);
    return list;
}

TEST(Classes, AreNumberedByAscendingIdOfTheActionList)
{
    World world;
    world.give("data.train.labels", "l.csv", "a,1,0,0,1,1,80,0\n");

    const DatasetHolder set = world.open("train");

    ASSERT_EQ(dataset_count_classes(set.get()), 3);
    EXPECT_STREQ(dataset_get_class_name(set.get(), 0), "stand");
    EXPECT_EQ(dataset_get_class_id(set.get(), 2), 80);
    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"001"}));
}

TEST(Instances, AreUniqueBoxesWithTheUnionOfTheirLabels)
{
    World world;
    world.give("data.train.labels", "l.csv",
               "a,0902,0.1,0,0.5,1,12,0\n"
               "a,0902,0.2,0,0.6,1,17,1\n"
               "a,902.0,0.10,0,0.500,1.0,80,0\n" // the first person again, written otherwise
               "a,0903,0.1,0,0.5,1,17,0\n");     // the same box on another key frame

    const DatasetHolder set = world.open("train");

    EXPECT_EQ(dataset_count_clips(set.get()), 2u);
    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"101", "010", "010"}));
}

TEST(Instances, KeepAPersonWhoseLabelsAreAllOffTheList)
{
    World world;
    world.give("data.train.labels", "l.csv",
               "a,0902,0.1,0,0.5,1,3,0\n"  // 3 is not on the list
               "a,0902,0.2,0,0.6,1,,1\n"); // a box without label

    const DatasetHolder set = world.open("train");

    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"000", "000"}));
    EXPECT_TRUE(collect_truth(set.get()).empty());
}

TEST(Split, DoesNotDependOnTheOrderOfRows)
{
    std::vector<std::string> rows;
    for (const char *video : {"_b", "-a", "c"}) {
        for (int second = 902; second < 910; second++) {
            rows.push_back(std::string(video) + ",0" + std::to_string(second) +
                           ",0.1,0.1,0.5,0.9," + (second % 2 ? "12" : "80") + ",1\n");
        }
    }
    std::vector<std::vector<std::string>> clips, labels;
    for (int round = 0; round < 3; round++) {
        std::string text;
        for (const std::string &row : rows) {
            text += row;
        }
        World world;
        world.give("data.train.labels", "l.csv", text).set("data.label_ratio", "0.5");
        const DatasetHolder set = world.open("train");
        clips.push_back(test::list_clips(set.get()));
        labels.push_back(test::list_labels(set.get()));
        round == 0 ? std::reverse(rows.begin(), rows.end())
                   : std::shuffle(rows.begin(), rows.end(), std::mt19937(3));
    }

    EXPECT_EQ(clips[0].size(), 12u);
    for (int round = 1; round < 3; round++) {
        EXPECT_EQ(clips[0], clips[round]);
        EXPECT_EQ(labels[0], labels[round]);
    }
    EXPECT_TRUE(std::is_sorted(clips[0].begin(), clips[0].end())) << "'-' < '_' < 'c'";
}

TEST(Split, LeavesOutExcludedKeyFrames)
{
    World world;
    world
        .give("data.train.labels", "l.csv",
              "a,0902,0,0,1,1,12,0\na,0903,0,0,1,1,12,0\nb,0902,0,0,1,1,80,0\n")
        .give("data.exclusions", "e.csv", "a,902\r\nzzz,0911\r\n");

    const DatasetHolder set = world.open("train");

    EXPECT_EQ(test::list_clips(set.get()), (std::vector<std::string>{"a@903", "b@902"}));
    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"100", "001"}));
}

TEST(Split, ReportsRepeatedLabelRowsAndKeepsThemInTheGroundTruth)
{
    World world;
    world.give("data.validation.labels", "l.csv",
               "a,0902,0,0,1,1,12,5\na,0902,0,0,1,1,80,5\na,0902,0,0,1,1,12,5\n");
    data_problems problems = {};

    const TableHolder table = load(world, SPLIT_VALIDATION, &problems);

    EXPECT_EQ(problems.counts[DATA_PROBLEM_DUPLICATE], 1);
    EXPECT_EQ(problems.first[DATA_PROBLEM_DUPLICATE],
              (world.folder / "l.csv") + ":3: repeats the label of line 1");
    EXPECT_EQ(table->label_count, 3u) << "the official evaluator counts repeated rows twice";
    EXPECT_EQ(table->person_count, 1u);
}

// --- training boxes, section 4 ---

// One person on the left half, 0 to 0.5; a box that ends at x has overlap x / 0.5 with it.
const char *const one_person = "a,0902,0,0,0.5,1,12,0\na,0902,0,0,0.5,1,80,0\n";

TEST(TrainingBoxes, TakeTheLabelsOfThePersonTheyOverlapEnough)
{
    World world;
    world.give("data.train.labels", "l.csv", one_person)
        .give("data.train.person_boxes", "b.csv",
              "a,0902,0,0,0.46,1,,0.95\n"     // overlap 0.92
              "a,0902,0,0,0.44,1,,0.95\n"     // 0.88: matches nobody
              "a,0902,0,0,0.47,1,,0.900000\n" // the least score
              "a,0902,0,0,0.48,1,,0.899\n"    // below
              "a,0902,0.6,0,0.9,1,,0.99\n"    // somewhere else
              "a,0902,0,0,0.500,1,12,0.97\n"  // the annotated box itself
              "a,0903,0,0,0.46,1,,0.99\n"     // a key frame without labels
              "zz,0902,0,0,0.46,1,,0.99\n");  // a video without labels

    const TableHolder table = load(world, SPLIT_TRAIN);

    ASSERT_EQ(table->clip_count, 1u);
    EXPECT_EQ(list_boxes(*table, 0),
              (std::vector<std::string>{"0-50 1.00 0", "0-46 0.95 0", "0-47 0.90 0"}));
    EXPECT_EQ(table->person_count, 1u) << "class counts are of annotated people";
}

TEST(TrainingBoxes, KeepUnmatchedOnesOnDemand)
{
    World world;
    world.give("data.train.labels", "l.csv", one_person)
        .give("data.train.person_boxes", "b.csv",
              "a,0902,0,0,0.44,1,,0.95\na,0902,0.6,0,0.9,1,,0.99\na,0902,0.7,0,0.9,1,,0.5\n")
        .set("data.keep_unmatched_boxes", "true");

    const TableHolder table = load(world, SPLIT_TRAIN);

    EXPECT_EQ(list_boxes(*table, 0),
              (std::vector<std::string>{"0-50 1.00 0", "0-44 0.95 -1", "60-90 0.99 -1"}));
}

TEST(TrainingBoxes, FollowTheirThresholds)
{
    World world;
    world.give("data.train.labels", "l.csv", one_person)
        .give("data.train.person_boxes", "b.csv",
              "a,0902,0,0,0.40,1,,0.6\na,0902,0,0,0.37,1,,0.6\na,0902,0,0,0.41,1,,0.59\n")
        .set("data.box_score_train", "0.6")
        .set("data.box_overlap_train", "0.75");

    const TableHolder table = load(world, SPLIT_TRAIN);

    EXPECT_EQ(list_boxes(*table, 0), (std::vector<std::string>{"0-50 1.00 0", "0-40 0.60 0"}));
}

TEST(TrainingBoxes, OfEqualOverlapsTakeTheFirstPerson)
{
    // 0.1 to 0.9 overlaps both people by 0.6 / 0.8, mirrored about the middle in exact binary.
    World world;
    world
        .give("data.train.labels", "l.csv",
              "a,0902,0.25,0,0.875,1,80,7\na,0902,0.125,0,0.75,1,12,3\n")
        .give("data.train.person_boxes", "b.csv", "a,0902,0.125,0,0.875,1,,0.95\n")
        .set("data.box_overlap_train", "0.5");

    const TableHolder table = load(world, SPLIT_TRAIN);

    EXPECT_EQ(list_boxes(*table, 0).back(), "12-88 0.95 0") << "the person of the first row";
}

TEST(TrainingBoxes, ThatRepeatAreOne)
{
    World world;
    world.give("data.train.labels", "l.csv", one_person)
        .give("data.train.person_boxes", "b.csv",
              "a,0902,0,0,0.46,1,12,0.91\na,0902,0,0,0.46,1,80,0.95\na,0902,0,0,0.460,1,80,0.95\n");

    const TableHolder table = load(world, SPLIT_TRAIN);

    EXPECT_EQ(list_boxes(*table, 0), (std::vector<std::string>{"0-50 1.00 0", "0-46 0.95 0"}));
}

// --- validation ---

TEST(ValidationBoxes, AreThoseOfTheDetectorWithAGreaterScore)
{
    World world;
    world
        .give("data.validation.labels", "l.csv",
              "a,0902,0,0,0.5,1,12,0\na,0903,0,0,0.5,1,12,0\na,0904,0,0,0.5,1,80,4\n")
        .give("data.validation.person_boxes", "b.csv",
              "a,0902,0,0,0.4,1,,0.850000\n" // as written, not greater
              "a,0902,0,0,0.5,1,,0.850001\n"
              "a,0903,0,0,0.4,1,,0.2\n"
              "a,0905,0,0,0.4,1,,0.9\n"       // a key frame without labels
              "other,0902,0,0,0.4,1,,0.9\n"); // a video without labels

    const TableHolder table = load(world, SPLIT_VALIDATION);
    const DatasetHolder set = world.open("validation");

    EXPECT_EQ(test::list_clips(set.get()), (std::vector<std::string>{"a@902", "a@905"}));
    EXPECT_EQ(list_boxes(*table, 0), (std::vector<std::string>{"0-50 0.85 -1"}));
    EXPECT_FALSE(dataset_is_labeled(set.get()));
}

TEST(ValidationTruth, CountsLabelsOfKeyFramesThatHaveNoBoxLeft)
{
    World world;
    world
        .give("data.validation.labels", "l.csv",
              "a,0902,0,0,0.5,1,12,9\na,0903,0,0,0.5,1,80,8\na,0904,0,0,0.25,1,80,7\n")
        .give("data.validation.person_boxes", "b.csv", "a,0903,0,0,0.4,1,,0.9\n");
    const DatasetHolder set = world.open("validation");

    const auto rows = collect_truth(set.get());

    ASSERT_EQ(dataset_count_clips(set.get()), 1u);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].clip, 0u);
    EXPECT_EQ(rows[0].class_index, 2);
    EXPECT_EQ(rows[0].person, 8);
    EXPECT_EQ(rows[1].clip, 1u) << "behind the clips";
    EXPECT_EQ(rows[2].clip, 2u);
    EXPECT_EQ(rows[2].box.x2, 0.25f);
    const char *video = nullptr;
    double seconds = 0;
    ASSERT_EQ(dataset_locate(set.get(), 2, &video, &seconds), SSLACT_OK);
    EXPECT_EQ(seconds, 904);
}

TEST(ValidationBoxes, AreTheAnnotatedOnesWithoutABoxFile)
{
    World world;
    world.give("data.validation.labels", "l.csv",
               "a,0902,0,0,0.5,1,12,0\na,0902,0.5,0,1,1,80,1\na,0902,0.5,0,1,1,17,1\n");

    const TableHolder table = load(world, SPLIT_VALIDATION);
    const DatasetHolder set = world.open("validation");

    EXPECT_EQ(list_boxes(*table, 0), (std::vector<std::string>{"0-50 1.00 0", "50-100 1.00 1"}));
    EXPECT_TRUE(dataset_is_labeled(set.get()));
    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"100", "011"}));
}

// --- unlabelled clips ---

TEST(UnlabeledClips, AreTheKeyFramesOfTheirBoxFile)
{
    World world;
    world
        .give("data.unlabeled.person_boxes", "b.csv",
              "b,902.500,0,0,0.4,1,,0.9\na,903.5,0,0,0.4,1,,0.85\n"
              "a,902.500,0.5,0,0.9,1,,0.86\na,902.5,0,0,0.4,1,12,0.99\n")
        .give("data.exclusions", "e.csv", "b,902.5\n");

    const TableHolder table = load(world, SPLIT_UNLABELED);
    const DatasetHolder set = world.open("unlabeled");

    EXPECT_EQ(test::list_clips(set.get()), (std::vector<std::string>{"a@902.5"}));
    EXPECT_EQ(list_boxes(*table, 0), (std::vector<std::string>{"50-90 0.86 -1", "0-40 0.99 -1"}));
    EXPECT_FALSE(dataset_is_labeled(set.get()));
    EXPECT_TRUE(collect_truth(set.get()).empty()) << "column 7 is not believed";
}

TEST(UnlabeledClips, NeverComeFromTheBoxesOfLabelledKeyFrames)
{
    World world;
    world.give("data.person_boxes", "b.csv", "a,0902,0,0,0.4,1,,0.9\n");

    const auto [status, message] = test::fail_to_open(world.settings, "unlabeled");

    EXPECT_EQ(status, SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message,
              "data.unlabeled.person_boxes is not set, expected the path of a person box file");
}

// --- label subsets ---

TEST(LabelRatio, KeepsTheKeyFramesOfLowestRank)
{
    World world;
    std::string text;
    std::vector<std::pair<uint64_t, std::string>> ranked;
    for (int second = 902; second < 912; second++) {
        const std::string key = "-v,0" + std::to_string(second);
        text += key + ",0,0,0.5,1,12,0\n" + key + ",0.5,0,1,1,12,1\n";
        ranked.emplace_back(subset_rank(5, "-v", second * 1000000LL),
                            "-v@" + std::to_string(second));
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::string> expected;
    for (int i = 0; i < 3; i++) {
        expected.push_back(ranked[static_cast<size_t>(i)].second);
    }
    std::sort(expected.begin(), expected.end());
    world.give("data.train.labels", "l.csv", text)
        .set("data.label_ratio", "0.35")
        .set("data.subset_seed", "5");

    const DatasetHolder set = world.open("train");

    EXPECT_EQ(test::list_clips(set.get()), expected) << "3 of 10";
    EXPECT_EQ(test::list_labels(set.get()).size(), 6u) << "statistics of the subset only";
}

TEST(LabelRatio, ThatLeavesNothingIsAnError)
{
    World world;
    world.give("data.train.labels", "l.csv", "a,1,0,0,1,1,12\na,2,0,0,1,1,12\n")
        .set("data.label_ratio", "0.25");

    const auto [status, message] = test::fail_to_open(world.settings, "train");

    EXPECT_EQ(status, SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message, "data.label_ratio 0.25 of 2 labelled key frames leaves none");
}

// --- what can go wrong ---

TEST(Split, SaysWhichKeyIsMissing)
{
    World world;
    EXPECT_EQ(test::fail_to_open(world.settings, "train").second,
              "data.train.labels is not set, expected the path of a label file");
    EXPECT_EQ(test::fail_to_open(world.settings, "test").second,
              "split \"test\", accepted are train, unlabeled, validation");
    world.give("data.labels", "l.csv", "a,1,0,0,1,1,12\n");
    world.settings.erase("data.actions");
    EXPECT_EQ(test::fail_to_open(world.settings, "validation").second,
              "data.validation.actions and data.actions are not set, expected the path of an "
              "action list (.pbtxt)");
}

TEST(Split, PrefersTheFileOfItsOwn)
{
    World world;
    world.give("data.labels", "both.csv", "a,1,0,0,1,1,12\n")
        .give("data.validation.labels", "v.csv", "a,2,0,0,1,1,12\n");

    EXPECT_EQ(test::list_clips(world.open("train").get()), (std::vector<std::string>{"a@1"}));
    EXPECT_EQ(test::list_clips(world.open("validation").get()), (std::vector<std::string>{"a@2"}));
}

std::vector<std::string> heard;

TEST(BadRows, EndTheOpeningOrAreSkippedWithOneWarningAKind)
{
    World world;
    world.give("data.train.labels", "l.csv",
               "a,1,0,0,1,1,12,0\na,1,0,0,1,1,81,0\na,1,0.5,0,0.2,1,12,0\na,2,0,0,1,1,0,0\n"
               "a,3,0,0,1,1,80,0\n");

    const auto [status, message] = test::fail_to_open(world.settings, "train");
    EXPECT_EQ(status, SSLACT_ERROR_FORMAT);
    EXPECT_EQ(message,
              (world.folder / "l.csv") + ":2: column 7: action id 81, accepted are 1 to 80");

    heard.clear();
    log_set([](sslact_log_level, const char *, const char *text, void *) { heard.push_back(text); },
            SSLACT_LOG_WARNING, nullptr);
    const DatasetHolder set = world.set("data.on_bad_row", "skip").open("train");
    log_set(nullptr, SSLACT_LOG_WARNING, nullptr);

    EXPECT_EQ(test::list_clips(set.get()), (std::vector<std::string>{"a@1", "a@3"}));
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(heard[0], "1 rows with a reversed box left out, the first: " +
                            (world.folder / "l.csv") + ":3: x2 0.2 is not greater than x1 0.5");
    EXPECT_EQ(heard[1],
              "2 rows with a bad action id left out, the first: " + (world.folder / "l.csv") +
                  ":2: column 7: action id 81, accepted are 1 to 80");
}

TEST(Split, TakesIdsAboveEightyWhenTheListHasThem)
{
    World world;
    world.give("data.actions", "many.pbtxt", "item { name: \"x\" id: 120 }")
        .give("data.train.labels", "l.csv", "a,1,0,0,1,1,120\na,1,0,0,1,1,100\n");

    EXPECT_EQ(test::list_labels(world.open("train").get()), (std::vector<std::string>{"1"}));
}

TEST(Split, RefusesACrowdThatNoPictureHolds)
{
    World world;
    std::string text;
    for (int i = 0; i < 1025; i++) {
        text += "a,0902,0,0,0." + std::to_string(10000 + i) + ",1,12,0\n";
    }
    world.give("data.train.labels", "l.csv", text);

    EXPECT_EQ(test::fail_to_open(world.settings, "train").second,
              (world.folder / "l.csv") +
                  ":1: 1025 different boxes on key frame a,0902, at most 1024");
}

// --- the published files ---

std::string real(const std::string &name)
{
    return std::string(SSLACT_TEST_DATA) + "/" + name;
}

TEST(RealSplit, OfEighteenVideosHasTheCountsOfTheDataNotes)
{
    SKIP_WITHOUT_REAL_DATA();
    TemporaryFolder folder;
    if (!test::unpack(real("ava/ava_train_v2.2_part18.csv.xz"), folder / "l.csv")) {
        GTEST_SKIP() << "xz is not installed";
    }
    const Settings settings = {
        {"data.train.labels", folder / "l.csv"},
        {"data.train.exclusions", real("ava/ava_train_excluded_timestamps_v2.2.csv")},
        {"data.actions", real("ava/ava_action_list_v2.2.pbtxt")}};

    const DatasetHolder set = test::open_split(settings, "train");

    EXPECT_EQ(dataset_count_clips(set.get()), 13599u);
    const auto labels = test::list_labels(set.get());
    ASSERT_EQ(labels.size(), 20020u);
    EXPECT_EQ(collect_truth(set.get()).size(), 48971u);
    std::map<long, int> histogram;
    std::vector<int> counts(80);
    for (const std::string &row : labels) {
        histogram[std::count(row.begin(), row.end(), '1')]++;
        for (size_t j = 0; j < 80; j++) {
            counts[j] += row[j] == '1';
        }
    }
    EXPECT_EQ(histogram,
              (std::map<long, int>{{1, 2905}, {2, 7850}, {3, 6949}, {4, 2073}, {5, 231}, {6, 12}}));
    // class_id,name,type,evaluated,rank,n_train,eta_train,n_part,eta_part; names may hold commas.
    std::ifstream stats(real("ava_v2.2_train_class_stats.csv"));
    std::string line;
    std::getline(stats, line);
    int compared = 0;
    while (std::getline(stats, line)) {
        const size_t last = line.rfind(','), before = line.rfind(',', last - 1);
        const size_t id = static_cast<size_t>(std::stoi(line));
        EXPECT_EQ(counts[id - 1], std::stoi(line.substr(before + 1))) << id;
        compared++;
    }
    EXPECT_EQ(compared, 80);
}

TEST(RealSplit, IsTheSameFromShuffledRows)
{
    SKIP_WITHOUT_REAL_DATA();
    World world;
    const std::string sorted = world.folder / "sorted.csv",
                      shuffled = world.folder / "shuffled.csv";
    if (!test::unpack(SSLACT_TEST_DATA "/ava/ava_train_v2.2_part18.csv.xz", sorted)) {
        GTEST_SKIP() << "no xz";
    }
    std::ifstream in(sorted);
    std::vector<std::string> rows;
    for (std::string row; std::getline(in, row);) {
        rows.push_back(row);
    }
    ASSERT_EQ(rows.size(), 48971u);
    std::shuffle(rows.begin(), rows.end(), std::mt19937(11));
    std::ofstream out(shuffled);
    for (const std::string &row : rows) {
        out << row << "\n";
    }
    out.close();
    world.set("data.actions", SSLACT_TEST_DATA "/ava/ava_action_list_v2.2.pbtxt");
    const DatasetHolder first = world.set("data.train.labels", sorted).open("train");
    const DatasetHolder second = world.set("data.train.labels", shuffled).open("train");

    EXPECT_EQ(test::list_clips(first.get()), test::list_clips(second.get()));
    const std::vector<std::string> all = test::list_labels(first.get());
    std::vector<std::string> other = test::list_labels(second.get());
    EXPECT_EQ(all.size(), 20020u);
    // People of a key frame stand in the order of their first rows.
    EXPECT_EQ(std::multiset<std::string>(all.begin(), all.end()),
              std::multiset<std::string>(other.begin(), other.end()));
}

TEST(RealSplit, OnTheEvaluatedClassesKeepsPeopleWithoutAny)
{
    SKIP_WITHOUT_REAL_DATA();
    TemporaryFolder folder;
    if (!test::unpack(real("ava/ava_train_v2.2_part18.csv.xz"), folder / "l.csv")) {
        GTEST_SKIP() << "xz is not installed";
    }

    const DatasetHolder set = test::open_split(
        {{"data.train.labels", folder / "l.csv"},
         {"data.actions", real("ava/ava_action_list_v2.2_for_activitynet_2019.pbtxt")}},
        "train");

    const auto labels = test::list_labels(set.get());
    ASSERT_EQ(labels.size(), 20020u);
    EXPECT_EQ(std::count(labels.begin(), labels.end(), std::string(60, '0')), 2);
}

TEST(RealSplit, OfTheSampleLeavesOutItsExcludedKeyFrames)
{
    SKIP_WITHOUT_REAL_DATA();
    const std::string samples = "ava/mmaction2_samples/";

    const DatasetHolder set = test::open_split(
        {{"data.train.labels", real(samples + "ava_sample.csv")},
         {"data.train.exclusions", real(samples + "ava_excluded_timestamps_sample.csv")},
         {"data.actions", real(samples + "action_list.txt")}},
        "train");

    EXPECT_EQ(test::list_clips(set.get()), (std::vector<std::string>{"0f39OWEqJ24@902"}));
    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"1110"}));
}

TEST(RealSplit, OfAnotherProjectMergesRepeatedBoxes)
{
    SKIP_WITHOUT_REAL_DATA();
    const std::string example = "ava/predicted_box_format_example/";
    World world;
    world.settings = {
        {"data.train.labels", real(example + "ava_train_v2.2.csv")},
        {"data.train.person_boxes", real(example + "ava_train_predicted_boxes.csv")},
        {"data.unlabeled.person_boxes", real(example + "ava_val_predicted_boxes.csv")},
        {"data.actions", real("ava/ava_action_list_v2.2.pbtxt")}};

    data_problems problems = {};
    problems.skip = true; // six rows have action id 0
    const TableHolder train = load(world, SPLIT_TRAIN, &problems);
    world.settings.erase("data.train.labels"); // whose bad rows another split need not pass
    const TableHolder unlabeled = load(world, SPLIT_UNLABELED);

    // 49 different boxes on 26 pictures by sort -u of the rows left; the box file repeats exactly
    // these and three that overlap nobody left.
    EXPECT_EQ(train->clip_count, 26u);
    EXPECT_EQ(train->person_count, 49u);
    EXPECT_EQ(train->box_count, 49u);
    EXPECT_EQ(unlabeled->videos.count, 1u);
    EXPECT_STREQ(unlabeled->videos.names[0], "756026");
}

} // namespace
