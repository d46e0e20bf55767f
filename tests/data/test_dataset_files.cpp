// Clips of annotation files and videos: the right frames with the right people, from any thread.
// The videos are folders of pictures whose grey value is the number of the frame.
#include <thread>

#include "data/sampling.h"
#include "data/video_store.h"
#include "film_world.h"

namespace
{

using test::ClipHolder;
using test::DatasetHolder;
using test::FoundProblem;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;

using test::HEIGHT;
using test::make_video;
using test::WIDTH;
using test::World;

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

} // namespace
