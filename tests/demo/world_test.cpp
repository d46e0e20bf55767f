// Whole worlds on disk: complete or not there at all, and the videos show the drawn pictures.
#include "demo/annotation.h"
#include "demo/demo.h"
#include "demo/renderer.h"

#include "base/file.h"
#include "media/video.h"

#include <gtest/gtest.h>

#include <csignal>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace
{

class TemporaryFolder
{
public:
    TemporaryFolder()
    {
        std::string pattern = (fs::temp_directory_path() / "sslact_demo_XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { fs::remove_all(path); }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;
    std::string operator/(const char *name) const { return (path / name).string(); }

    fs::path path;
};

sslact_demo_options small_world(int32_t threads = 0)
{
    sslact_demo_options options;
    SSLACT_INIT(options);
    options.seed = 5;
    options.video_count = 3;
    options.thread_count = threads;
    return options;
}

std::string read(const fs::path &path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    return content.str();
}

// A world that is made once: by one thread, with its progress looked at.
class DemoWorld : public testing::Test
{
protected:
    struct Seen {
        pthread_t thread;
        int64_t last;
        bool same_thread;
    };

    static void SetUpTestSuite()
    {
        folder_ = new TemporaryFolder;
        SSLACT_INIT(summary_);
        seen_ = {pthread_self(), 0, true};
        sslact_demo_options options = small_world(1);
        options.label_ratio = 0.25;
        options.progress_user = &seen_;
        options.progress = [](const sslact_progress *progress, void *user) {
            Seen *seen = (Seen *)user;
            seen->same_thread =
                seen->same_thread && pthread_equal(seen->thread, pthread_self()) != 0;
            EXPECT_GT(progress->done, seen->last);
            seen->last = progress->done;
            return 0;
        };
        ASSERT_EQ(SSLACT_OK, demo_generate((*folder_ / "a").c_str(), &options, &summary_))
            << sslact_error_get_message();
    }
    static void TearDownTestSuite() { delete folder_; }

    static inline TemporaryFolder *folder_ = nullptr;
    static inline sslact_demo_summary summary_ = {};
    static inline Seen seen_ = {};
};

const std::set<std::string> annotation_names = {"labels_train.csv",      "hidden_labels.csv",
                                                "labels_validation.csv", "boxes_train.csv",
                                                "boxes_unlabeled.csv",   "boxes_validation.csv",
                                                "excluded_train.csv",    "actions.pbtxt",
                                                "demo_ssl.yaml",         "demo.yaml"};

std::set<std::string> list(const fs::path &folder)
{
    std::set<std::string> names;
    for (const auto &entry : fs::directory_iterator(folder)) {
        names.insert(entry.path().filename().string());
    }
    return names;
}

} // namespace

TEST_F(DemoWorld, HasEveryFileAndCountsWhatItHas)
{
    fs::path made = *folder_ / "a";
    std::set<std::string> expected = annotation_names;
    expected.insert("videos");
    EXPECT_EQ(expected, list(made));
    EXPECT_EQ(
        (std::set<std::string>{"train_0000.mp4", "unlabeled_0000.mp4", "validation_0000.mp4"}),
        list(made / "videos"));
    EXPECT_EQ(3, summary_.video_count);
    EXPECT_EQ(1, summary_.excluded_key_frames);
    EXPECT_EQ(59, summary_.train_key_frames);
    EXPECT_EQ(60, summary_.unlabeled_key_frames);
    EXPECT_EQ(60, summary_.validation_key_frames);
    EXPECT_GE(summary_.person_count, 179);
    EXPECT_GT(summary_.label_count, summary_.person_count);
    int64_t bytes = 0;
    for (const auto &entry : fs::directory_iterator(made / "videos")) {
        bytes += (int64_t)fs::file_size(entry.path());
    }
    EXPECT_EQ(bytes, summary_.video_bytes);
}

TEST_F(DemoWorld, WritesEveryTableWhole)
{
    demo_world world;
    demo_world_create(5, 3, 12, false, &world);
    demo_tables tables = {};
    for (int64_t index = 0; index < 3; index++) {
        demo_video plan;
        ASSERT_EQ(SSLACT_OK, demo_video_plan(&world, index, &plan));
        demo_tables_append(&tables, &world, &plan);
        demo_video_clear(&plan);
    }

    fs::path made = *folder_ / "a";
    EXPECT_EQ(text_get(&tables.labels[DEMO_TRAIN]), read(made / "labels_train.csv"));
    EXPECT_EQ(text_get(&tables.labels[DEMO_UNLABELED]), read(made / "hidden_labels.csv"));
    EXPECT_EQ(text_get(&tables.labels[DEMO_VALIDATION]), read(made / "labels_validation.csv"));
    EXPECT_EQ(text_get(&tables.boxes[DEMO_TRAIN]), read(made / "boxes_train.csv"));
    EXPECT_EQ(text_get(&tables.boxes[DEMO_UNLABELED]), read(made / "boxes_unlabeled.csv"));
    EXPECT_EQ(text_get(&tables.boxes[DEMO_VALIDATION]), read(made / "boxes_validation.csv"));
    EXPECT_EQ(text_get(&tables.excluded), read(made / "excluded_train.csv"));
    demo_tables_free(&tables);
}

TEST_F(DemoWorld, EncodesWhatWasDrawn)
{
    demo_world world;
    demo_world_create(5, 3, 12, false, &world);
    demo_video plan;
    renderer *r = nullptr;
    video *v = nullptr;
    ASSERT_EQ(SSLACT_OK, demo_video_plan(&world, 2, &plan));
    ASSERT_EQ(SSLACT_OK, renderer_create(&world, &r));
    ASSERT_EQ(SSLACT_OK,
              video_open((*folder_ / "a/videos/validation_0000.mp4").c_str(), nullptr, &v))
        << sslact_error_get_message();

    EXPECT_EQ(DEMO_VIDEO_FRAMES, video_count_frames(v));
    for (int64_t second : {1, 2, 30, 59, 60}) {
        int64_t frame = video_find_frame(v, (double)second);
        EXPECT_EQ(16 * second, frame);
        std::vector<uint8_t> decoded(192 * 128 * 3), drawn(192 * 128 * 3);
        ASSERT_EQ(SSLACT_OK, video_read_rgb(v, &frame, 1, 192, 128, decoded.data()));
        renderer_draw(r, &plan, frame, drawn.data());
        // Coding takes most of the noise (3 to 12) away, and sharp colour edges. Means over blocks
        // of 16 x 16 hold, and differ by far more between two shots.
        double error = 0;
        for (int by = 0; by < 8; by++) {
            for (int bx = 0; bx < 12; bx++) {
                double sum = 0;
                for (int k = 0; k < 256 * 3; k++) {
                    int at = ((by * 16 + k / 48) * 192 + bx * 16) * 3 + k % 48;
                    sum += decoded[at] - drawn[at];
                }
                error += std::fabs(sum / 768) / 96;
            }
        }
        EXPECT_LT(error, 2.5) << second;
    }
    video_close(v);
    renderer_free(r);
    demo_video_clear(&plan);
}

TEST_F(DemoWorld, HasConfigsThatNameHiddenLabelsForTheMonitorAloneAndNotTheFolder)
{
    for (const char *name : {"demo.yaml", "demo_ssl.yaml"}) {
        std::string yaml = read(folder_->path / "a" / name);
        EXPECT_NE(std::string::npos, yaml.find("  label_ratio: 0.25\n")) << name;
        EXPECT_NE(std::string::npos, yaml.find("  class_count: 12\n")) << name;
        const size_t hidden = yaml.find("hidden");
        EXPECT_EQ(std::string(name) == "demo.yaml", hidden == std::string::npos) << name;
        EXPECT_EQ(hidden, yaml.find("hidden", yaml.rfind("monitor:"))) << name;
        EXPECT_EQ(std::string::npos, yaml.find(folder_->path.string())) << name;
    }
}

TEST_F(DemoWorld, ReportsProgressOnTheCallingThreadUpToTheEnd)
{
    EXPECT_EQ(3, seen_.last);
    EXPECT_TRUE(seen_.same_thread);
}

TEST(DemoGenerate, RefusesAFolderThatIsNotEmptyAndLeavesItAlone)
{
    TemporaryFolder folder;
    std::ofstream(folder / "labels_train.csv") << "mine\n";
    sslact_demo_options options = small_world();

    EXPECT_EQ(SSLACT_ERROR_INVALID_ARGUMENT, demo_generate(folder.path.c_str(), &options, nullptr));

    std::string message = sslact_error_get_message();
    EXPECT_EQ(folder.path.string() + ": holds \"labels_train.csv\", an empty or new folder is "
                                     "needed",
              message);
    EXPECT_EQ("mine\n", read(folder / "labels_train.csv"));
    EXPECT_EQ(1u, list(folder.path).size());
}

TEST(DemoGenerate, RefusesAFolderThatCannotBeOne)
{
    TemporaryFolder folder;
    std::ofstream(folder / "file") << "x";
    sslact_demo_options options = small_world();

    EXPECT_LT(demo_generate((folder / "file").c_str(), &options, nullptr), 0);
    EXPECT_LT(demo_generate((folder / "file/below").c_str(), &options, nullptr), 0);
    EXPECT_EQ("x", read(folder / "file"));
}

TEST(DemoGenerate, LeavesNothingWhenCancelled)
{
    TemporaryFolder folder;
    fs::create_directory(folder / "empty");
    sslact_demo_options options = small_world(1);
    int calls = 0;
    options.progress_user = &calls;
    options.progress = [](const sslact_progress *progress, void *user) {
        EXPECT_STREQ("videos", progress->phase);
        EXPECT_EQ(3, progress->total);
        EXPECT_GE(progress->done, 1);
        ++*(int *)user;
        return 1;
    };

    EXPECT_EQ(SSLACT_ERROR_CANCELLED, demo_generate((folder / "w").c_str(), &options, nullptr));
    EXPECT_EQ(SSLACT_ERROR_CANCELLED, sslact_error_get_status());
    EXPECT_EQ(1, calls);
    EXPECT_FALSE(fs::exists(folder / "w"));

    EXPECT_EQ(SSLACT_ERROR_CANCELLED, demo_generate((folder / "empty").c_str(), &options, nullptr));
    EXPECT_TRUE(list(folder / "empty").empty());
}

TEST(DemoGenerate, RefusesOptionsOutOfRangeByNameAndValue)
{
    TemporaryFolder folder;
    struct Case {
        void (*change)(sslact_demo_options &);
        const char *words;
    };
    const Case cases[] = {
        {[](sslact_demo_options &o) { o.video_count = 2; }, "video_count is 2"},
        {[](sslact_demo_options &o) { o.video_count = -1; }, "video_count is -1"},
        {[](sslact_demo_options &o) { o.video_count = 100001; }, "video_count is 100001"},
        {[](sslact_demo_options &o) { o.label_ratio = 1.5; }, "label_ratio is 1.5"},
        {[](sslact_demo_options &o) { o.label_ratio = -0.1; }, "label_ratio is -0.1"},
        {[](sslact_demo_options &o) { o.label_ratio = NAN; }, "label_ratio is nan"},
        {[](sslact_demo_options &o) { o.class_count = 13; }, "class_count is 13"},
        {[](sslact_demo_options &o) { o.long_scenes = 2; }, "long_scenes is 2"},
        {[](sslact_demo_options &o) { o.thread_count = -1; }, "thread_count is -1"},
    };
    for (const Case &c : cases) {
        sslact_demo_options options = small_world();
        c.change(options);
        EXPECT_EQ(SSLACT_ERROR_INVALID_ARGUMENT,
                  demo_generate((folder / "w").c_str(), &options, nullptr));
        EXPECT_EQ(0u, std::string(sslact_error_get_message()).find(c.words))
            << sslact_error_get_message();
        EXPECT_FALSE(fs::exists(folder / "w"));
    }
}

TEST(DemoGenerate, LeavesNothingWhenAVideoCannotBeWritten)
{
    TemporaryFolder folder;
    sslact_demo_options options = small_world();
    rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit small = before;
    small.rlim_cur = 20000; // bytes: every video is larger
    auto handler = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);

    sslact_status status = demo_generate((folder / "w").c_str(), &options, nullptr);

    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    EXPECT_EQ(SSLACT_ERROR_IO, status);
    EXPECT_NE(std::string::npos, std::string(sslact_error_get_message()).find(".mp4"))
        << sslact_error_get_message();
    EXPECT_FALSE(fs::exists(folder / "w"));
}
