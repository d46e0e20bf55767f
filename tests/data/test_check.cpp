// The check of a data set: planted faults are named with their place, healthy sets raise none.
#include "data/check.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>

#include "film_world.h"

namespace
{

using test::FoundProblem;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;
using test::World;

bool contains(const std::string &all, const std::string &part)
{
    return all.find(part) != std::string::npos;
}

struct Checked {
    explicit Checked(const Settings &settings, bool deep = false, int32_t threads = 0)
    {
        const test::ConfigHolder c = test::make_settings(settings);
        data_check_options options = {};
        options.deep = deep;
        options.threads = threads;
        options.problem = test::collect_problem;
        options.problem_user = &problems;
        options.progress = [](const sslact_progress *progress, void *user) {
            EXPECT_LE(progress->done, progress->total);
            static_cast<std::vector<std::string> *>(user)->emplace_back(progress->phase);
            return 0;
        };
        options.progress_user = &phases;
        status = data_check(c.get(), &options, &summary);
    }
    size_t count(data_problem kind) const
    {
        return static_cast<size_t>(
            std::count_if(problems.begin(), problems.end(),
                          [&](const FoundProblem &problem) { return problem.kind == kind; }));
    }
    // The first problem of a kind as "place: what".
    std::string find(data_problem kind) const
    {
        for (const FoundProblem &problem : problems) {
            if (problem.kind == kind) {
                return problem.place + ": " + problem.what;
            }
        }
        return "";
    }
    ~Checked() { data_check_summary_clear(&summary); }
    Checked(const Checked &) = delete;
    Checked &operator=(const Checked &) = delete;

    std::vector<FoundProblem> problems;
    std::vector<std::string> phases;
    data_check_summary summary = {};
    sslact_status status;
};

TEST(DataCheck, CountsAHealthyDataSet)
{
    World world;
    put_file(world.folder / "boxes.csv", "-a_1,901.5,0,0,1,1,,0.9\nb,901.5,0,0,0.5,1,,0.9\n"
                                         "b,901.5,0.5,0,1,1,,0.9\n");
    world.settings["data.unlabeled.person_boxes"] = world.folder / "boxes.csv";

    const Checked checked(world.settings);

    ASSERT_EQ(checked.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_TRUE(checked.problems.empty());
    EXPECT_EQ(checked.summary.problems, 0);
    EXPECT_EQ(checked.summary.videos, 2);
    EXPECT_EQ(checked.summary.key_frames, 5);
    EXPECT_EQ(checked.summary.people, 7);
    EXPECT_TRUE(checked.summary.splits[0].configured);
    EXPECT_FALSE(checked.summary.splits[1].configured);
    EXPECT_EQ(checked.summary.splits[0].labels, 5);
    EXPECT_EQ(checked.summary.splits[0].instances, 4);
    EXPECT_EQ(checked.summary.splits[2].clips, 2);
    ASSERT_EQ(checked.summary.class_count, 2);
    EXPECT_STREQ(checked.summary.class_names[1], "watch");
    EXPECT_EQ(checked.summary.instances_per_class[0], 2);
    EXPECT_EQ(checked.summary.instances_per_class[1], 3);
    EXPECT_EQ(checked.phases.front(), "train");
    EXPECT_EQ(checked.phases.back(), "videos");
}

TEST(DataCheck, ReportsEveryProblemWithItsPlace)
{
    World world;
    const std::string labels = world.folder / "labels.csv", boxes = world.folder / "boxes.csv";
    put_file(world.folder / "videos/broken.mp4", "not a video");
    put_file(labels, "-a_1,0901,0,0,1,1,12,0\n"
                     "-a_1,0901,0,0,1,1,12,0\n"   // 2: twice
                     "-a_1,0901,0.5,0,0.4,1,12\n" // 3: reversed
                     "-a_1,0901,0,0,1,1,81\n"     // 4: no such action
                     "b,0901,0,0,1\n"             // 5: columns
                     "b,0907,0,0,1,1,80\n"        // 6: behind the end of the video
                     "b,0901,0,0,1,1,80\n"        // 7: not sorted
                     "gone,0901,0,0,1,1,80\n"     // 8: no file
                     "broken,0901,0,0,1,1,80\n"); // 9: a file that is no video
    put_file(boxes, "b,901,0,0,1,1,,0.9\n-a_1,902,0,0,1,1,,7\n");
    world.settings["data.train.person_boxes"] = boxes;
    world.settings["data.validation.labels"] = world.folder / "absent.csv";
    world.settings["model.class_count"] = "60";

    const Checked checked(world.settings);

    ASSERT_EQ(checked.status, SSLACT_OK) << sslact_error_get_message();
    std::multimap<std::string, data_problem> found;
    for (const FoundProblem &problem : checked.problems) {
        found.emplace(problem.place, problem.kind);
    }
    const std::multimap<std::string, data_problem> expected = {
        {labels + ":2", DATA_PROBLEM_DUPLICATE},
        {labels + ":3", DATA_PROBLEM_BOX_REVERSED},
        {labels + ":4", DATA_PROBLEM_ACTION},
        {labels + ":5", DATA_PROBLEM_COLUMNS},
        {labels + ":6", DATA_PROBLEM_KEY_FRAME},
        {labels + ":7", DATA_PROBLEM_ORDER},
        {labels + ":8", DATA_PROBLEM_UNKNOWN_VIDEO},
        {world.folder / "videos/broken.mp4", DATA_PROBLEM_VIDEO},
        {boxes + ":2", DATA_PROBLEM_SCORE},
        {boxes, DATA_PROBLEM_MISMATCH}, // gone, broken and -a_1 have labels and no box
        {boxes, DATA_PROBLEM_MISMATCH},
        {boxes, DATA_PROBLEM_MISMATCH},
        {world.folder / "absent.csv", DATA_PROBLEM_FILE},
        {world.folder / "actions.pbtxt", DATA_PROBLEM_CLASSES}};
    EXPECT_EQ(found, expected);
    EXPECT_EQ(checked.summary.problems, static_cast<int64_t>(expected.size()));
    EXPECT_EQ(checked.summary.problem_counts[DATA_PROBLEM_MISMATCH], 3);
    for (const FoundProblem &problem : checked.problems) {
        EXPECT_EQ(problem.what.find(problem.place), std::string::npos) << problem.what;
        EXPECT_STRNE(data_problem_get_name(problem.kind), "");
    }
}

TEST(DataCheck, EndsWhenACallbackSaysSo)
{
    World world;
    put_file(world.folder / "labels.csv", "bad\nworse\n");
    const test::ConfigHolder c = test::make_settings(world.settings);
    data_check_options options = {};
    options.problem = [](data_problem, const char *, const char *, void *) { return 1; };
    data_check_summary summary = {};

    EXPECT_EQ(data_check(c.get(), &options, &summary), SSLACT_ERROR_CANCELLED);
    options.problem = nullptr;
    options.progress = [](const sslact_progress *, void *) { return 1; };
    EXPECT_EQ(data_check(c.get(), &options, &summary), SSLACT_ERROR_CANCELLED);

    EXPECT_EQ(summary.class_names, nullptr);
}

TEST(DataCheck, NeedsSomethingToCheck)
{
    const Checked checked(Settings{});

    EXPECT_EQ(checked.status, SSLACT_ERROR_CONFIG);
}

// --- rows ---

TEST(DataCheck, NamesPeopleWhoContradictThemselves)
{
    World world;
    const std::string labels = world.folder / "labels.csv";
    put_file(labels, "-a_1,0901,0.1,0.2,0.5,1,12,0\n"
                     "-a_1,0901,0.1,0.2,0.5,1,80,1\n" // 2: the box of line 1, another person
                     "-a_1,0901,0.6,0.2,0.9,1,80,0\n" // 3: person 0 again, another box
                     "-a_1,0902,0.1,0.2,0.5,1,12,3\n"
                     "-a_1,0902,0.1,0.201,0.501,1,80,4\n"); // 5: almost the box of line 4

    const Checked checked(world.settings);

    EXPECT_EQ(checked.summary.problems, 3);
    EXPECT_TRUE(contains(checked.find(DATA_PROBLEM_TWO_PEOPLE), labels + ":2: ")) << "two people";
    EXPECT_TRUE(contains(checked.find(DATA_PROBLEM_TWO_PEOPLE), "line 1"));
    EXPECT_TRUE(contains(checked.find(DATA_PROBLEM_TWO_BOXES), labels + ":3: "));
    EXPECT_TRUE(contains(checked.find(DATA_PROBLEM_NEAR_DUPLICATE), labels + ":5: "));
}

TEST(DataCheck, TakesNoIdFromAColumnThatIsTheSameEverywhere)
{
    World world;
    put_file(world.folder / "labels.csv", "-a_1,0901,0.1,0.2,0.5,1,12,0\n"
                                          "-a_1,0901,0.6,0.2,0.9,1,80,0\n");

    EXPECT_EQ(Checked(world.settings).summary.problems, 0);
}

TEST(DataCheck, NotesWhatIsLeftOutOnPurpose)
{
    World world;
    const std::string boxes = world.folder / "boxes.csv", labels = world.folder / "labels.csv";
    put_file(labels, "-a_1,0901,0.1,0.2,0.5,1,12,0\n-a_1,0901,0.1,0.2,0.5,1,7,0\n"
                     "-a_1,0902,0,0,1,1,80,0\n-a_1,0902,0,0,1,1,7,0\n");
    put_file(boxes, "-a_1,901,0.1,0.2,0.5,1,,0.9\n-a_1,901,0.1,0.2,0.5,1,,0.9\n"
                    "b,901,0.1,0.2,0.5,1,,0.9\n");
    put_file(world.folder / "excluded.csv", "-a_1,0902\n");
    world.settings["data.train.person_boxes"] = boxes;
    world.settings["data.exclusions"] = world.folder / "excluded.csv";

    const Checked checked(world.settings);

    EXPECT_EQ(checked.summary.problems, 0);
    EXPECT_TRUE(contains(checked.find(DATA_NOTE_EMPTY_CLASS), "class 80 (watch)"));
    EXPECT_EQ(checked.summary.notes, 5) << "class 80 is only on the excluded key frame";
    EXPECT_TRUE(contains(checked.find(DATA_NOTE_UNLISTED_LABEL), labels + ":2: "));
    EXPECT_TRUE(contains(checked.find(DATA_NOTE_UNLISTED_LABEL), "2 labels 7"));
    EXPECT_TRUE(contains(checked.find(DATA_NOTE_EXCLUDED), labels + ":3: the first of 2 rows"));
    EXPECT_TRUE(contains(checked.find(DATA_NOTE_REPEATED_BOX), boxes + ":2: the first of 1 rows"));
    EXPECT_TRUE(contains(checked.find(DATA_NOTE_UNUSED_BOXES), "\"b\""));
}

TEST(DataCheck, NotesClassesThatOnlyTheShareLeavesOut)
{
    World world;
    std::string rows;
    for (int second = 901; second <= 902; second++) {
        for (const char *video : {"-a_1", "b"}) {
            rows += std::string(video) + ",0" + std::to_string(second) +
                    (second == 901 && *video == 'b' ? ",0,0,1,1,80,0\n" : ",0,0,1,1,12,0\n");
        }
    }
    put_file(world.folder / "labels.csv", rows);
    world.settings["data.label_ratio"] = "0.25"; // one key frame
    size_t notes = 0, problems = 0;
    for (const char *seed : {"0", "1", "2", "3"}) {
        world.settings["data.subset_seed"] = seed;
        const Checked checked(world.settings);
        notes += checked.count(DATA_NOTE_SUBSET_CLASS);
        problems += checked.count(DATA_NOTE_EMPTY_CLASS);
    }

    EXPECT_EQ(notes, 4u) << "one of two classes is missing from every key frame";
    EXPECT_EQ(problems, 0u);
}

TEST(DataCheck, NotesKeyFramesThatKeepNoBox)
{
    World world;
    const std::string boxes = world.folder / "boxes.csv";
    put_file(boxes, "-a_1,901,0.1,0.2,0.5,1,,0.9\n-a_1,902,0,0,1,1,,0.5\nb,901,0,0,1,1,,0.9\n");
    world.settings["data.validation.labels"] = world.settings["data.train.labels"];
    world.settings["data.train.labels"] = "";
    world.settings["data.validation.person_boxes"] = boxes;

    const Checked checked(world.settings);

    EXPECT_EQ(checked.summary.problems, 0);
    EXPECT_EQ(checked.summary.splits[1].empty, 1);
    EXPECT_TRUE(contains(checked.find(DATA_NOTE_EMPTY_KEY_FRAME), "labels.csv:4: the first of 1"));
}

// --- splits ---

TEST(DataCheck, FindsVideosThatTrainAndValidate)
{
    World world;
    const std::string other = world.folder / "validation.csv";
    const std::string boxes = world.folder / "unlabeled.csv";
    put_file(other, "b,0901,0,0,1,1,80,0\n");
    put_file(boxes, "b,901.5,0,0,1,1,,0.9\n");
    world.settings["data.validation.labels"] = other;

    const Checked checked(world.settings);
    EXPECT_EQ(checked.count(DATA_PROBLEM_LEAK), 1u);
    EXPECT_TRUE(contains(checked.find(DATA_PROBLEM_LEAK), "labels.csv:5: video \"b\" of split "
                                                          "train validates too"));
    EXPECT_TRUE(contains(checked.find(DATA_PROBLEM_LEAK), other + ":1"));

    world.settings["data.unlabeled.person_boxes"] = boxes;
    const Checked both(world.settings);
    EXPECT_EQ(both.count(DATA_PROBLEM_LEAK), 2u);
    EXPECT_EQ(both.problems.back().place, boxes + ":1");
}

// --- videos ---

TEST(DataCheck, SaysWhichStartOffsetFitsTheVideos)
{
    World world;
    world.settings["data.start_offset_seconds"] = "0";
    const Checked checked(world.settings);
    EXPECT_EQ(checked.count(DATA_PROBLEM_KEY_FRAME), 3u);
    EXPECT_TRUE(contains(checked.find(DATA_PROBLEM_PAIRING),
                         "labels.csv: 3 of 3 key frames lie outside their videos with "
                         "data.start_offset_seconds 0; with 900, 2 of 2 videos hold all"))
        << checked.find(DATA_PROBLEM_PAIRING);

    put_file(world.folder / "labels.csv", "-a_1,0030,0,0,1,1,12,0\n-a_1,0060,0,0,1,1,80,0\n"
                                          "b,0030,0,0,1,1,80,0\n");
    const Checked frames(world.settings);
    EXPECT_TRUE(contains(frames.find(DATA_PROBLEM_PAIRING), "frame numbers"))
        << frames.find(DATA_PROBLEM_PAIRING);

    put_file(world.folder / "labels.csv", "-a_1,0000,0,0,1,1,12,0\n-a_1,9000,0,0,1,1,80,0\n"
                                          "b,0000,0,0,1,1,80,0\nb,7000,0,0,1,1,80,0\n"
                                          "b,7001,0,0,1,1,80,0\n");
    const Checked other(world.settings);
    EXPECT_TRUE(contains(other.find(DATA_PROBLEM_PAIRING), "are these the right videos"));
}

TEST(DataCheck, IsTheSameFromOneThreadAndFromEight)
{
    World world;
    put_file(world.folder / "videos/c.mp4", "no video");
    put_file(world.folder / "videos/d.mp4", "no video either");
    put_file(world.folder / "labels.csv", "-a_1,0990,0,0,1,1,12,0\nb,0991,0,0,1,1,80,0\n"
                                          "c,0902,0,0,1,1,80,0\nd,0902,0,0,1,1,80,0\n");
    const Checked one(world.settings, false, 1), many(world.settings, false, 8);

    ASSERT_EQ(one.problems.size(), many.problems.size());
    EXPECT_GE(one.problems.size(), 4u);
    for (size_t i = 0; i < one.problems.size(); i++) {
        EXPECT_EQ(one.problems[i].place, many.problems[i].place);
        EXPECT_EQ(one.problems[i].what, many.problems[i].what);
    }
}

// A data set of one real video.
struct RealWorld {
    RealWorld(const std::string &file, const std::string &labels)
    {
        std::filesystem::create_directory(folder / "videos");
        std::filesystem::copy(SSLACT_TEST_DATA "/videos/" + file,
                              folder / ("videos/film" + file.substr(file.rfind('.'))));
        put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 12 }\n");
        put_file(folder / "labels.csv", labels);
        settings = {{"data.video_root", folder / "videos"},
                    {"data.actions", folder / "actions.pbtxt"},
                    {"data.train.labels", folder / "labels.csv"},
                    {"perf.kept_index", "false"},
                    {"data.frame_count", "8"},
                    {"model.class_count", "1"}};
    }
    TemporaryFolder folder;
    Settings settings;
};

TEST(DataCheck, DecodesWhereItIsAskedTo)
{
    SKIP_WITHOUT_REAL_DATA();
    // The packets of a damaged file look healthy: only decoding tells.
    RealWorld world("bikes.mp4", "film,1,0,0,1,1,12,0\nfilm,8,0,0,1,1,12,0\n");
    std::fstream file(world.folder / "videos/film.mp4",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(250000);
    file << std::string(150000, '\x55');
    file.close();

    const Checked quick(world.settings), deep(world.settings, true);

    EXPECT_EQ(quick.summary.problems, 0) << quick.problems.front().what;
    EXPECT_EQ(deep.count(DATA_PROBLEM_DECODING), 1u);
    EXPECT_TRUE(contains(deep.find(DATA_PROBLEM_DECODING), "labels.csv:2: video \"film\": "))
        << deep.find(DATA_PROBLEM_DECODING);
}

TEST(DataCheck, FindsNothingInAHealthyVideo)
{
    SKIP_WITHOUT_REAL_DATA();
    RealWorld world("bikes.mp4", "film,1,0,0,1,1,12,0\nfilm,2,0,0,1,1,12,0\nfilm,8,0,0,1,1,12,0\n");

    const Checked deep(world.settings, true);

    EXPECT_EQ(deep.summary.problems, 0) << deep.problems.front().what;
}

TEST(DataCheck, FindsTheFramesThatACutVideoLost)
{
    SKIP_WITHOUT_REAL_DATA();
    RealWorld world("damaged/truncated_60pct.avi", "film,1,0,0,1,1,12,0\nfilm,60,0,0,1,1,12,0\n");

    const Checked checked(world.settings);

    EXPECT_EQ(checked.count(DATA_PROBLEM_KEY_FRAME) + checked.count(DATA_PROBLEM_FRAMES), 1u);
    EXPECT_EQ(checked.problems.front().place, world.folder / "labels.csv" + std::string(":2"));
}

TEST(DataCheck, FindsOneFileUnderTwoIds)
{
    SKIP_WITHOUT_REAL_DATA();
    RealWorld world("bikes.mp4",
                    "copy,1,0,0,1,1,12,0\nfilm,1,0,0,1,1,12,0\nother,0,0,0,1,1,12,0\n");
    std::filesystem::copy(world.folder / "videos/film.mp4", world.folder / "videos/copy.mp4");
    std::filesystem::copy(SSLACT_TEST_DATA "/videos/video_0.mov",
                          world.folder / "videos/other.mov");

    const Checked checked(world.settings);

    EXPECT_EQ(checked.summary.problems, 1);
    EXPECT_EQ(checked.find(DATA_PROBLEM_SAME_VIDEO),
              world.folder / "videos/film.mp4" + std::string(": has the size and the content of ") +
                  (world.folder / "videos/copy.mp4"));
}

TEST(DataCheck, TakesOneByteInsideForAnotherVideo)
{
    SKIP_WITHOUT_REAL_DATA();
    RealWorld world("bikes.mp4", "copy,1,0,0,1,1,12,0\nfilm,1,0,0,1,1,12,0\n");
    const std::string copy = world.folder / "videos/copy.mp4";
    std::filesystem::copy(world.folder / "videos/film.mp4", copy);
    {
        std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(100000); // outside of beginning, middle and end
        const char other = static_cast<char>(file.get() ^ 1);
        file.seekp(100000);
        file.put(other);
    }

    const Checked checked(world.settings);

    EXPECT_EQ(checked.count(DATA_PROBLEM_SAME_VIDEO), 0u);
}

// --- whole files in the wrong place ---

using Fields = std::vector<std::string>;

// A copy of a file of rows with each row changed; an empty one is left out.
void change_rows(const std::string &from, const std::string &to,
                 const std::function<void(Fields &, size_t number)> &change)
{
    std::ifstream in(from);
    std::ofstream out(to);
    size_t number = 0;
    for (std::string row; std::getline(in, row); number++) {
        Fields fields;
        std::istringstream parts(row);
        for (std::string field; std::getline(parts, field, ',');) {
            fields.push_back(field);
        }
        change(fields, number);
        for (size_t i = 0; i < fields.size(); i++) {
            out << (i > 0 ? "," : "") << fields[i] << (i + 1 == fields.size() ? "\n" : "");
        }
    }
}

std::string shift(const std::string &field, double scale, double offset)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", std::stod(field) * scale + offset);
    return text;
}

// Eighteen real videos, labels and boxes made from them.
class RealCheck : public testing::Test
{
protected:
    void SetUp() override
    {
        SKIP_WITHOUT_REAL_DATA();
        if (!test::unpack(SSLACT_TEST_DATA "/ava/ava_train_v2.2_part18.csv.xz", labels_)) {
            GTEST_SKIP() << "no xz";
        }
        make_boxes([](Fields &) {});
        settings_ = {{"data.train.labels", labels_},
                     {"data.train.person_boxes", boxes_},
                     {"data.actions",
                      SSLACT_TEST_DATA "/ava/ava_action_list_v2.2_for_activitynet_2019.pbtxt"},
                     {"data.train.exclusions",
                      SSLACT_TEST_DATA "/ava/ava_train_excluded_timestamps_v2.2.csv"}};
    }
    void make_boxes(const std::function<void(Fields &)> &change)
    {
        change_rows(labels_, boxes_, [&](Fields &fields, size_t number) {
            const double noise = static_cast<double>(number * 2654435761u % 1000) / 1000 - 0.5;
            for (size_t i = 2; i < 6; i++) {
                const double moved = std::stod(fields[i]) + 0.03 * noise * (i % 2 == 0 ? 1 : -1);
                fields[i] = shift(std::to_string(std::min(1.0, std::max(0.0, moved))), 1, 0);
            }
            fields[6] = "";
            fields[7] = "0.9" + std::to_string(number % 100);
            change(fields);
        });
    }
    // The pairing problems of labels or boxes, as one text.
    std::string check()
    {
        const Checked checked(settings_);
        EXPECT_EQ(checked.status, SSLACT_OK) << sslact_error_get_message();
        std::string all;
        for (const FoundProblem &problem : checked.problems) {
            if (problem.kind == DATA_PROBLEM_PAIRING) {
                all += problem.place + ": " + problem.what + "\n";
            }
        }
        return all;
    }

    TemporaryFolder folder_;
    std::string labels_ = folder_ / "labels.csv", boxes_ = folder_ / "boxes.csv";
    Settings settings_;
};

TEST_F(RealCheck, RaisesNoAlarmForTheRealFiles)
{
    const Checked checked(settings_);

    ASSERT_EQ(checked.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(checked.summary.problems, 0);
    // Two of the 60 classes do not occur in these videos, which is true and worth saying.
    EXPECT_EQ(checked.summary.problem_counts[DATA_NOTE_EMPTY_CLASS], 2);
    EXPECT_EQ(checked.summary.splits[0].instances, 20020);
    const int64_t expected[] = {2905, 7850, 6949, 2073, 231, 12}; // over 80 classes
    int64_t people = 0;
    for (int labels = 0; labels <= DATA_CHECK_MOST_LABELS; labels++) {
        people += checked.summary.labels_per_instance[labels];
    }
    EXPECT_EQ(people, 20020);
    settings_["data.actions"] = SSLACT_TEST_DATA "/ava/ava_action_list_v2.2.pbtxt";
    settings_["model.class_count"] = "80";
    const Checked all(settings_);
    for (int labels = 1; labels <= 6; labels++) {
        EXPECT_EQ(all.summary.labels_per_instance[labels], expected[labels - 1]) << labels;
    }
}

// The data notes' own table: 80 x 80 people with both classes.
TEST_F(RealCheck, CountsPairsOfClassesAsTheDataNotesDo)
{
    settings_["data.actions"] = SSLACT_TEST_DATA "/ava/ava_action_list_v2.2.pbtxt";
    settings_["model.class_count"] = "80";
    const Checked checked(settings_);
    ASSERT_EQ(checked.summary.class_count, 80);
    std::ifstream table(SSLACT_TEST_DATA "/ava_v2.2_train_part18_cooccurrence.csv");
    std::string row;
    std::getline(table, row); // names
    int64_t seen = 0;
    for (int j = 0; j < 80; j++) {
        std::getline(table, row);
        std::istringstream parts(row);
        std::string field;
        std::getline(parts, field, ','); // the id
        for (int k = 0; k < 80; k++) {
            std::getline(parts, field, ',');
            ASSERT_EQ(checked.summary.pair_counts[j * 80 + k], std::stoll(field)) << j << " " << k;
            seen += std::stoll(field);
        }
    }
    EXPECT_GT(seen, 48971);
}

TEST_F(RealCheck, RecognisesPixels)
{
    make_boxes([](Fields &fields) {
        for (size_t i = 2; i < 6; i++) {
            fields[i] = shift(fields[i], i % 2 == 0 ? 1280 : 720, 0);
        }
    });
    const std::string all = check();
    EXPECT_TRUE(contains(all, "boxes.csv: 100 % of 48971 rows have a corner above 1, the largest x "
                              "is 1280 and y 720"))
        << all;
    EXPECT_TRUE(contains(all, "other units")) << all;
}

TEST_F(RealCheck, RecognisesAnotherStartOfTheClock)
{
    make_boxes([](Fields &fields) { fields[1] = shift(fields[1], 1, -900); });
    const std::string all = check();
    EXPECT_TRUE(contains(all, "overlap the people of the labels by 0.00 on average as they stand "
                              "and by 0."))
        << all;
    EXPECT_TRUE(contains(all, "those of the labels - 900 s: the files count seconds from different "
                              "starts"))
        << all;
}

TEST_F(RealCheck, RecognisesFrameNumbers)
{
    make_boxes([](Fields &fields) { fields[1] = shift(fields[1], 30, 1 - 900 * 30); });
    const std::string all = check();
    EXPECT_TRUE(contains(all, "times 30 - 2")) << all; // about 26999
    EXPECT_TRUE(contains(all, "frame numbers or milliseconds")) << all;
}

TEST_F(RealCheck, RecognisesExchangedAxesWithAndWithoutASecondFile)
{
    const auto swap_axes = [](Fields &fields) {
        std::swap(fields[2], fields[3]);
        std::swap(fields[4], fields[5]);
    };
    make_boxes(swap_axes);
    std::string all = check();
    EXPECT_TRUE(contains(all, "columns 3 to 6 are y1,x1,y2,x2, expected x1,y1,x2,y2")) << all;

    settings_["data.train.person_boxes"] = "";
    EXPECT_EQ(check(), "");
    settings_["data.train.labels"] = folder_ / "swapped.csv";
    change_rows(labels_, folder_ / "swapped.csv",
                [&](Fields &fields, size_t) { swap_axes(fields); });
    all = check();
    EXPECT_TRUE(contains(all, "swapped.csv: 97 % of 48971 boxes are wider than tall")) << all;
    EXPECT_TRUE(contains(all, "x and y are exchanged")) << all;
}

TEST_F(RealCheck, RecognisesWidthsForCorners)
{
    make_boxes([](Fields &fields) {
        fields[4] = shift(fields[4], 1, -std::stod(fields[2]));
        fields[5] = shift(fields[5], 1, -std::stod(fields[3]));
    });
    EXPECT_TRUE(contains(check(), "columns 3 to 6 are x,y,width,height"));
}

TEST_F(RealCheck, RecognisesPersonIdsReadAsScores)
{
    settings_["data.train.person_boxes"] = labels_;
    const std::string all = check();
    EXPECT_TRUE(contains(all, "labels.csv: column 8 holds whole numbers from 0 to ")) << all;
    EXPECT_TRUE(contains(all, "person ids and no scores")) << all;
}

TEST_F(RealCheck, RecognisesScoresReadAsPersonIds)
{
    settings_["data.train.person_boxes"] = "";
    settings_["data.train.labels"] = SSLACT_TEST_DATA "/ava/detections_1j20qq1JyX4_a.csv";
    std::string all = check();
    EXPECT_TRUE(contains(all, "detections_1j20qq1JyX4_a.csv: column 8 holds numbers from 0."))
        << all;
    EXPECT_TRUE(contains(all, "scores and no person ids")) << all;

    settings_["data.train.labels"] = boxes_;
    all = check();
    EXPECT_TRUE(contains(all, "scores and no person ids")) << all;
}

TEST_F(RealCheck, RecognisesTheBoxesOfAnotherSplit)
{
    make_boxes([](Fields &fields) { fields[0] = "other" + fields[0]; });
    const std::string all = check();
    EXPECT_TRUE(contains(all,
                         "none of its 18 videos (\"other-5KQ66BBWC4\", ...) is one of the 18 of "
                         "the labels (\"-5KQ66BBWC4\", ...)"))
        << all;
}

TEST_F(RealCheck, ComparesHiddenLabelsWithTheUnlabelledBoxes)
{
    settings_["data.train.person_boxes"] = "";
    settings_["data.unlabeled.person_boxes"] = boxes_;
    settings_["data.unlabeled_key_frames"] = "all";
    settings_["monitor.hidden_labels"] = labels_;
    EXPECT_EQ(check(), "");

    make_boxes([](Fields &fields) { fields[1] = shift(fields[1], 1, 0.5); });
    const std::string all = check();
    EXPECT_TRUE(contains(all, "overlap the people of monitor.hidden_labels by 0.00")) << all;
    EXPECT_TRUE(contains(all, "+ 0.5 s")) << all;

    settings_["monitor.hidden_labels"] = folder_ / "absent.csv";
    const Checked checked(settings_);
    EXPECT_EQ(checked.count(DATA_PROBLEM_FILE), 1u);
}

} // namespace
