// Clips of annotation files and videos: the right frames with the right people, from any thread.
// The videos are folders of pictures whose grey value is the number of the frame.
#include <thread>

#include "data/check.h"
#include "data/sampling.h"
#include "data/video_store.h"
#include "data_support.h"

namespace
{

using test::ClipHolder;
using test::DatasetHolder;
using test::FoundProblem;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;

constexpr int WIDTH = 12, HEIGHT = 8;

// A grey 24-bit BMP, written here byte by byte.
std::string make_picture(int grey)
{
    const uint32_t pixel_bytes = WIDTH * HEIGHT * 3; // rows of 36 bytes need no padding
    const uint32_t header[13] = {54 + pixel_bytes, 0,    54,   40, WIDTH, HEIGHT, 1u | 24u << 16, 0,
                                 pixel_bytes,      2835, 2835, 0,  0};
    std::string bytes = "BM";
    bytes.append(reinterpret_cast<const char *>(header), sizeof header);
    return bytes.append(pixel_bytes, static_cast<char>(grey));
}

void make_video(const std::string &path, int frame_count)
{
    std::filesystem::create_directories(path);
    for (int n = 0; n < frame_count; n++) {
        char name[32];
        std::snprintf(name, sizeof name, "/%06d.bmp", n + 1);
        put_file(path + name, make_picture(n));
    }
}

// Two films of 90 and 60 frames at 30 a second that begin at second 900.
struct World {
    World()
    {
        make_video(folder / "videos/-a_1", 90);
        make_video(folder / "videos/sub/b", 60);
        put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 12 }\n"
                                           "item { name: \"watch\" id: 80 }\n");
        put_file(folder / "labels.csv",
                 "-a_1,0901,0.1,0.2,0.5,1,12,0\n-a_1,0901,0.1,0.2,0.5,1,80,0\n"
                 "-a_1,0901,0.5,0.2,0.9,1,80,1\n-a_1,0902,0,0,1,1,12,0\n"
                 "b,0901,0,0,1,1,80,0\n");
        settings = {{"data.video_root", folder / "videos"},
                    {"data.actions", folder / "actions.pbtxt"},
                    {"data.train.labels", folder / "labels.csv"},
                    {"data.start_offset_seconds", "900"},
                    {"data.frame_count", "8"},
                    {"data.short_side", "0"},
                    {"model.class_count", "2"}};
    }
    DatasetHolder open() const { return test::open_split(settings, "train"); }

    TemporaryFolder folder;
    Settings settings;
};

// The numbers of a clip's frames, by their grey value.
std::vector<int> list_frames(const clip *c)
{
    std::vector<int> frames;
    const int size = c->height * c->width * 3;
    for (int t = 0; t < c->frame_count; t++) {
        frames.push_back(c->pixels[t * size]);
    }
    return frames;
}

TEST(FileSet, ReadsTheFramesAroundTheKeyFrame)
{
    const World world;
    const DatasetHolder set = world.open();
    ASSERT_EQ(dataset_count_clips(set.get()), 3u);

    const ClipHolder c = test::read_clip(set.get(), 0);

    // Second 901 is frame 30; stride 2 of thirtieths, four entries before it.
    EXPECT_EQ(list_frames(c.get()), (std::vector<int>{22, 24, 26, 28, 30, 32, 34, 36}));
    EXPECT_EQ(c->width, WIDTH);
    EXPECT_EQ(c->height, HEIGHT);
    EXPECT_STREQ(c->name, "-a_1,0901");
    EXPECT_STREQ(c->video, "-a_1");
    EXPECT_EQ(c->timestamp, 901);
}

TEST(FileSet, GivesThePeopleOfTheKeyFrame)
{
    const World world;
    const DatasetHolder set = world.open();

    const ClipHolder c = test::read_clip(set.get(), 0);

    ASSERT_EQ(c->box_count, 2);
    EXPECT_EQ(c->boxes[1].x1, 0.5f);
    EXPECT_EQ(c->box_scores[0], 1);
    EXPECT_EQ(std::vector<int>(c->labels, c->labels + 4), (std::vector<int>{1, 1, 0, 1}));
}

TEST(FileSet, RepeatsEdgeFramesAtTheEndsOfAVideo)
{
    World world;
    put_file(world.folder / "labels.csv", "-a_1,0900,0,0,1,1,12\n-a_1,902.9,0,0,1,1,12\n");
    const DatasetHolder set = world.open();

    EXPECT_EQ(list_frames(test::read_clip(set.get(), 0).get()),
              (std::vector<int>{0, 0, 0, 0, 0, 2, 4, 6}));
    EXPECT_EQ(list_frames(test::read_clip(set.get(), 1).get()),
              (std::vector<int>{79, 81, 83, 85, 87, 89, 89, 89}));
}

TEST(FileSet, CountsTheStrideInFramesOfTheSamplingRate)
{
    World world;
    world.settings["data.sampling_rate"] = "15"; // stride 2 = 4 frames of these videos
    const DatasetHolder set = world.open();

    EXPECT_EQ(list_frames(test::read_clip(set.get(), 0).get()),
              (std::vector<int>{14, 18, 22, 26, 30, 34, 38, 42}));
}

TEST(FileSet, KnowsTheRateOfAFolderOfPictures)
{
    World world;
    world.settings["data.folder_frame_rate"] = "15"; // so each step of 2/30 s is one frame
    const DatasetHolder set = world.open();

    EXPECT_EQ(list_frames(test::read_clip(set.get(), 0).get()),
              (std::vector<int>{11, 12, 13, 14, 15, 16, 17, 18}));
}

TEST(FileSet, ResizesToTheShortSide)
{
    World world;
    world.settings["data.short_side"] = "4";
    const DatasetHolder set = world.open();

    const ClipHolder c = test::read_clip(set.get(), 0);

    EXPECT_EQ(c->height, 4);
    EXPECT_EQ(c->width, 6);
    EXPECT_EQ(list_frames(c.get())[4], 30);
}

TEST(FileSet, RefusesAKeyFrameOutsideItsVideo)
{
    World world;
    put_file(world.folder / "labels.csv", "b,0901,0,0,1,1,12\nb,0905,0,0,1,1,12\n");
    const DatasetHolder set = world.open();
    clip *out = nullptr;

    EXPECT_EQ(dataset_read(set.get(), 1, &out), SSLACT_ERROR_MISMATCH);

    EXPECT_EQ(sslact_error_get_message(),
              (world.folder / "videos/sub/b") +
                  ": key frame at 5 s of a video from 0 to 1.966667 s (is "
                  "data.start_offset_seconds right?)");
    EXPECT_EQ(out, nullptr);
    EXPECT_EQ(test::read_clip(set.get(), 0)->frame_count, 8) << "the data set stays usable";
}

TEST(FileSet, NamesAVideoWithoutAFileAndLeavesItOutOnDemand)
{
    World world;
    put_file(world.folder / "labels.csv",
             "b,0901,0,0,1,1,12\nmissing,0902,0,0,1,1,12\nmissing,0901,0,0,1,1,12\n");

    const auto [status, message] = test::fail_to_open(world.settings, "train");
    EXPECT_EQ(status, SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(message.substr(0, (world.folder / "labels.csv").size() + 30),
              (world.folder / "labels.csv") + ":2: video \"missing\" not found,");

    world.settings["data.on_bad_row"] = "skip";
    const DatasetHolder set = world.open();
    EXPECT_EQ(test::list_clips(set.get()), (std::vector<std::string>{"b@901"}));
}

TEST(FileSet, WithoutAVideoFolderHasLabelsAndNoPictures)
{
    World world;
    world.settings.erase("data.video_root");
    const DatasetHolder set = world.open();
    clip *out = nullptr;

    EXPECT_EQ(test::list_labels(set.get()).size(), 4u);
    EXPECT_EQ(dataset_read(set.get(), 0, &out), SSLACT_ERROR_CONFIG);
    EXPECT_STREQ(sslact_error_get_message(),
                 "data.video_root is not set, expected the folder of the videos");
}

TEST(FileSet, IsReadFromSeveralThreads)
{
    const World world;
    const DatasetHolder set = world.open();
    const std::vector<int> centres = {30, 60, 30}; // frames of the three key frames
    std::vector<std::thread> threads;

    for (size_t n = 0; n < 4; n++) {
        threads.emplace_back([&, n] {
            for (size_t i = 0; i < 12; i++) {
                const size_t index = (i + n) % 3;
                const ClipHolder c = test::read_clip(set.get(), index);
                EXPECT_EQ(list_frames(c.get())[4], centres[index]);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

// --- the store of open videos ---

TEST(VideoStore, KeepsABoundedNumberOpen)
{
    TemporaryFolder folder;
    std::vector<std::string> names;
    std::vector<const char *> paths;
    for (int i = 0; i < 70; i++) {
        names.push_back(folder / std::to_string(i));
        make_video(names.back(), 1);
    }
    for (const std::string &name : names) {
        paths.push_back(name.c_str());
    }
    const video_options options = {};
    video_store *store = nullptr;
    ASSERT_EQ(video_store_create(paths.data(), paths.size(), &options, &store), SSLACT_OK);

    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < paths.size(); i++) {
            video *v = nullptr;
            ASSERT_EQ(video_store_acquire(store, i, &v), SSLACT_OK);
            EXPECT_EQ(video_count_frames(v), 1);
            video_store_release(v, true);
            EXPECT_LE(video_pool_count_open(), video_pool_get_capacity());
        }
    }

    EXPECT_LE(video_pool_get_capacity(), 64u);
    video_store_free(store);
}

TEST(VideoStore, HandsOutAKeptVideoAgainButNeverTwiceAtOnce)
{
    TemporaryFolder folder;
    make_video(folder / "v", 2);
    const std::string name = folder / "v";
    const char *path = name.c_str();
    const video_options options = {};
    video_store *store = nullptr;
    ASSERT_EQ(video_store_create(&path, 1, &options, &store), SSLACT_OK);
    video *first = nullptr, *second = nullptr, *third = nullptr;

    ASSERT_EQ(video_store_acquire(store, 0, &first), SSLACT_OK);
    ASSERT_EQ(video_store_acquire(store, 0, &second), SSLACT_OK);
    EXPECT_NE(first, second);
    EXPECT_EQ(video_pool_count_open(), 2u);
    video_store_release(first, true);
    ASSERT_EQ(video_store_acquire(store, 0, &third), SSLACT_OK);
    EXPECT_EQ(third, first);

    video_store_release(second, true);
    video_store_release(third, false);
    EXPECT_EQ(video_pool_count_open(), 1u);
    video_store_free(store);
}

TEST(VideoStore, OpensAFileThatIsNoVideoOnlyOnce)
{
    TemporaryFolder folder;
    const std::string name = folder / "v.mp4";
    put_file(name, "this is not a video");
    const char *path = name.c_str();
    const video_options options = {};
    video_store *store = nullptr;
    ASSERT_EQ(video_store_create(&path, 1, &options, &store), SSLACT_OK);
    video *v = nullptr;

    const sslact_status first = video_store_acquire(store, 0, &v);
    const std::string message = sslact_error_get_message();
    std::filesystem::remove(name); // opening it again would say something else
    const sslact_status second = video_store_acquire(store, 0, &v);

    EXPECT_LT(first, 0);
    EXPECT_EQ(second, first);
    EXPECT_EQ(sslact_error_get_message(), message);
    EXPECT_EQ(message.rfind(name + ": ", 0), 0u);
    video_store_free(store);
}

// --- the check ---

struct Checked {
    explicit Checked(const Settings &settings)
    {
        const test::ConfigHolder c = test::make_settings(settings);
        data_check_options options = {};
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
    EXPECT_EQ(checked.phases.back(), "unlabeled");
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

} // namespace
