// The cache of training videos: what is copied, when a copy counts, what reads it, how it ends
// badly. Videos are made with the library's own encoder; what they show is known.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <set>
#include <thread>

#include "base/lock.h"
#include "data/cache_entry.h"
#include "data/cache_prepare.h"
#include "data_support.h"
#include "media/encoder.h"

namespace
{

namespace fs = std::filesystem;
using test::ClipHolder;
using test::DatasetHolder;
using test::get_file;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;

constexpr int WIDTH = 98, HEIGHT = 50, RATE = 30;

// Grey pictures whose brightness tells their number, with a white left half where `mark` is set.
void make_video(const std::string &path, int frame_count, bool mark = false)
{
    encoder_options options = {};
    options.width = WIDTH;
    options.height = HEIGHT;
    options.rate_numerator = RATE;
    options.rate_denominator = 1;
    options.quality = 10;
    fs::create_directories(fs::path(path).parent_path());
    encoder *e = nullptr;
    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK) << sslact_error_get_message();
    for (int n = 0; n < frame_count; n++) {
        std::vector<uint8_t> rgb(static_cast<size_t>(WIDTH) * HEIGHT * 3,
                                 static_cast<uint8_t>(25 + n * 5 % 220));
        for (int y = 0; mark && y < HEIGHT; y++) {
            std::memset(&rgb[static_cast<size_t>(y) * WIDTH * 3], 255, WIDTH / 2 * 3);
        }
        ASSERT_EQ(encoder_write(e, rgb.data()), SSLACT_OK);
    }
    ASSERT_EQ(encoder_finish(e), SSLACT_OK) << sslact_error_get_message();
}

// Three training videos of 40 frames, one of them in a folder of its own, one validation video.
struct World {
    World()
    {
        make_video(folder / "videos/a.mp4", 40);
        make_video(folder / "videos/-b_1.mp4", 40);
        make_video(folder / "videos/sub/c.mp4", 40);
        make_video(folder / "videos/v.mp4", 40);
        put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 12 }\n");
        put_file(folder / "train.csv", "a,0.5,0,0,1,1,12\na,0.8,0,0,1,1,12\n-b_1,0.5,0,0,1,1,12\n"
                                       "sub/c,0.5,0,0,1,1,12\n");
        put_file(folder / "validation.csv", "v,0.5,0,0,1,1,12\n");
        settings = {{"data.video_root", folder / "videos"},
                    {"data.actions", folder / "actions.pbtxt"},
                    {"data.train.labels", folder / "train.csv"},
                    {"data.validation.labels", folder / "validation.csv"},
                    {"data.cache", folder / "cache"},
                    {"data.short_side", "32"},
                    {"data.frame_count", "8"},
                    {"ssl.preset", "baseline"},
                    {"run.loader_threads", "2"},
                    {"model.class_count", "1"}};
    }
    std::string copy(const std::string &id) const
    {
        return folder / ("cache/train/" + id + ".mp4");
    }
    std::string entry(const std::string &id) const
    {
        return folder / ("cache/train/" + id + ".facts");
    }

    TemporaryFolder folder;
    Settings settings;
};

struct Prepared {
    sslact_status status = SSLACT_OK;
    std::string message;
    cache_prepare_summary summary = {};
};

Prepared prepare(const Settings &settings, cache_prepare_options options = {})
{
    const test::ConfigHolder c = test::make_settings(settings);
    Prepared result;
    result.status = cache_prepare(c.get(), &options, &result.summary);
    result.message = result.status < 0 ? sslact_error_get_message() : "";
    return result;
}

bool contains(const std::string &whole, const std::string &part)
{
    return whole.find(part) != std::string::npos;
}

std::set<std::string> list_tree(const std::string &root)
{
    std::set<std::string> names;
    for (const auto &entry : fs::recursive_directory_iterator(root)) {
        if (entry.is_regular_file()) {
            names.insert(fs::relative(entry.path(), root).string());
        }
    }
    return names;
}

// --- what is made ---

TEST(Cache, CopiesTheVideosThatTrainingReadsAndNoOthers)
{
    const World world;
    const Prepared made = prepare(world.settings);

    ASSERT_EQ(made.status, SSLACT_OK) << made.message;
    EXPECT_EQ(made.summary.clips, 4);
    EXPECT_EQ(made.summary.videos, 3);
    EXPECT_EQ(made.summary.made, 3);
    EXPECT_EQ(list_tree(world.folder / "cache"),
              (std::set<std::string>{"prepare.lock", "train/-b_1.facts", "train/-b_1.mp4",
                                     "train/a.facts", "train/a.mp4", "train/sub/c.facts",
                                     "train/sub/c.mp4"}));
    int64_t bytes = 0;
    for (const char *id : {"a", "-b_1", "sub/c"}) {
        bytes += static_cast<int64_t>(fs::file_size(world.copy(id)));
    }
    EXPECT_EQ(made.summary.bytes, bytes);
    EXPECT_GT(made.summary.seconds, 0);
}

TEST(Cache, CopiesValidationVideosOnlyWhereEvaluationReadsCopies)
{
    World world;
    world.settings["data.cache_evaluate"] = "true";
    ASSERT_EQ(prepare(world.settings).summary.videos, 4);
    EXPECT_TRUE(fs::exists(world.copy("v"))); // the same video folder as the training split's
}

TEST(Cache, CopiesUnlabelledVideosOnlyWhereATeacherReadsThem)
{
    World world;
    make_video(world.folder / "more/a.mp4", 40, true);
    put_file(world.folder / "boxes.csv", "a,0.5,0,0,1,1,,0.99\n");
    world.settings["data.unlabeled.person_boxes"] = world.folder / "boxes.csv";
    world.settings["data.unlabeled.video_root"] = world.folder / "more";
    world.settings["data.unlabeled_key_frames"] = "all";
    EXPECT_EQ(prepare(world.settings).summary.videos, 3);

    world.settings["ssl.preset"] = "ours";
    const Prepared made = prepare(world.settings);
    ASSERT_EQ(made.status, SSLACT_OK) << made.message;
    EXPECT_EQ(made.summary.videos, 4);
    EXPECT_EQ(made.summary.made, 1);
    // Another folder of videos may use the same names for other videos.
    EXPECT_TRUE(fs::exists(world.folder / "cache/unlabeled/a.mp4"));
}

TEST(Cache, ReducesToTheLargestSideThatTrainingReads)
{
    World world;
    world.settings["augment.scale_min"] = "30";
    world.settings["augment.scale_max"] = "40";
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    cache_entry entry = {};
    ASSERT_EQ(cache_entry_read(world.entry("a").c_str(), &entry), SSLACT_OK)
        << sslact_error_get_message();
    EXPECT_EQ(entry.recipe.short_side, 40);
    EXPECT_EQ(entry.original.picture_height, 40);
    EXPECT_EQ(entry.original.picture_width, 78); // floor(98 / 50 * 40)
    EXPECT_EQ(entry.original.width, WIDTH);
    EXPECT_EQ(entry.original.height, HEIGHT);
    cache_entry_clear(&entry);
}

TEST(Cache, EnlargesNothing)
{
    World world;
    world.settings["data.short_side"] = "200";
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    cache_entry entry = {};
    ASSERT_EQ(cache_entry_read(world.entry("a").c_str(), &entry), SSLACT_OK);
    EXPECT_EQ(entry.original.picture_height, HEIGHT);
    EXPECT_EQ(entry.original.picture_width, WIDTH);
    cache_entry_clear(&entry);
}

TEST(Cache, IsTheSameBytesFromAnyNumberOfThreads)
{
    World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    const std::string bytes = get_file(world.copy("sub/c"));
    world.settings["data.cache"] = world.folder / "other";
    world.settings["run.loader_threads"] = "1";
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    EXPECT_EQ(bytes, get_file(world.folder / "other/train/sub/c.mp4"));
    EXPECT_GT(bytes.size(), 500u);
}

TEST(Cache, WritesDownWhatItWasMadeFromAndHow)
{
    const World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    const std::string facts = get_file(world.entry("a"));
    const std::string bytes = get_file(world.folder / "videos/a.mp4");
    EXPECT_TRUE(contains(facts, "source_bytes " + std::to_string(bytes.size()) + "\n"));
    std::string sum(33, '\0');
    FILE *pipe = popen(("md5sum '" + (world.folder / "videos/a.mp4") + "'").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    ASSERT_EQ(fread(sum.data(), 1, 32, pipe), 32u);
    pclose(pipe);
    EXPECT_TRUE(contains(facts, "source_md5 " + sum.substr(0, 32) + "\n")) << facts;
    EXPECT_TRUE(contains(facts, "codec h264\nquality 18\nkey_frame_interval 16\nshort_side 32\n"));
    EXPECT_TRUE(contains(facts, "made_with libavformat"));
    EXPECT_TRUE(contains(facts, "frames 40\n"));
    EXPECT_TRUE(contains(facts, " 39\nend\n")) << "forty even times are one run of 39 steps";
}

// --- what reads it ---

double mean_grey(const clip *c, int t)
{
    const size_t size = static_cast<size_t>(c->height) * c->width * 3;
    double sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += c->pixels[static_cast<size_t>(t) * size + i];
    }
    return sum / static_cast<double>(size);
}

// Replaces the copy of `a` by one that anybody can tell from the original: another video's.
void swap_copy(const World &world)
{
    make_video(world.folder / "marked/a.mp4", 40, true);
    Settings settings = world.settings;
    settings["data.video_root"] = world.folder / "marked";
    settings["data.cache"] = world.folder / "marked_cache";
    settings["data.cache_evaluate"] = "false";
    put_file(world.folder / "marked.csv", "a,0.5,0,0,1,1,12\n");
    settings["data.train.labels"] = world.folder / "marked.csv";
    ASSERT_EQ(prepare(settings).status, SSLACT_OK);
    const std::string marked = get_file(world.folder / "marked_cache/train/a.mp4");
    std::string facts = get_file(world.entry("a"));
    const size_t at = facts.find("copy_bytes "), end = facts.find('\n', at);
    facts.replace(at, end - at, "copy_bytes " + std::to_string(marked.size()));
    put_file(world.copy("a"), marked);
    put_file(world.entry("a"), facts);
}

constexpr double MARKED = 150; // above it: the mean grey of a frame with a white half

TEST(Cache, IsReadByTrainingAndNotByEvaluation)
{
    const World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    swap_copy(world);
    const DatasetHolder set = test::open_split(world.settings, "train");
    size_t index = 0; // clips are in the byte order of video ids: "-b_1" first
    while (test::list_clips(set.get())[index] != "a@0.5") {
        index++;
    }

    const ClipHolder trained = test::read_clip(set.get(), index);
    clip *made = nullptr;
    ASSERT_EQ(dataset_read_evaluated(set.get(), index, &made), SSLACT_OK);
    const ClipHolder evaluated(made);

    EXPECT_GT(mean_grey(trained.get(), 0), MARKED);
    EXPECT_LT(mean_grey(evaluated.get(), 0), MARKED);
    EXPECT_TRUE(contains(dataset_get_cache(set.get(), DATASET_TRAINS),
                         "h264 quality 18, short side 32, from " + (world.folder / "cache")));
    EXPECT_STREQ(dataset_get_cache(set.get(), DATASET_EVALUATES), "");
}

TEST(Cache, IsReadByEvaluationWhereAKeySaysSo)
{
    World world;
    world.settings["data.cache_evaluate"] = "true";
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    swap_copy(world);
    const DatasetHolder set = test::open_split(world.settings, "train");
    clip *made = nullptr;
    ASSERT_EQ(dataset_read_evaluated(set.get(), 1, &made), SSLACT_OK);
    const ClipHolder evaluated(made);
    EXPECT_GT(mean_grey(evaluated.get(), 0), MARKED);
    EXPECT_STRNE(dataset_get_cache(set.get(), DATASET_EVALUATES), "");
}

TEST(Cache, IsNotLookedAtForValidation)
{
    const World world; // nothing is prepared
    const DatasetHolder set = test::open_split(world.settings, "validation");
    EXPECT_EQ(test::read_clip(set.get(), 0)->frame_count, 8);
    EXPECT_STREQ(dataset_get_cache(set.get(), DATASET_TRAINS), "");
}

TEST(Cache, GivesTheFramesOfTheOriginalAtItsSize)
{
    for (const char *codec : {"h264", "mjpeg"}) {
        World world;
        world.settings["data.cache_codec"] = codec;
        ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
        const DatasetHolder cached = test::open_split(world.settings, "train");
        world.settings["data.cache"] = "";
        const DatasetHolder direct = test::open_split(world.settings, "train");
        for (size_t i = 0; i < 4; i++) {
            const ClipHolder a = test::read_clip(cached.get(), i);
            const ClipHolder b = test::read_clip(direct.get(), i);
            EXPECT_EQ(a->width, 62); // floor(98 / 50 * 32)
            EXPECT_EQ(a->width, b->width);
            EXPECT_EQ(a->height, b->height);
            for (int t = 0; t < a->frame_count; t++) {
                // Neighbours differ by 5 levels, frames of a clip by 10.
                EXPECT_NEAR(mean_grey(a.get(), t), mean_grey(b.get(), t), 2) << codec;
            }
        }
    }
}

// --- when a copy counts ---

TEST(Cache, KeepsWhatIsThereAndAddsWhatIsNew)
{
    World world;
    ASSERT_EQ(prepare(world.settings).summary.made, 3);
    const auto time = fs::last_write_time(world.copy("a"));
    make_video(world.folder / "videos/d.mp4", 40);
    put_file(world.folder / "train.csv",
             get_file(world.folder / "train.csv") + "d,0.5,0,0,1,1,12\n");

    const Prepared again = prepare(world.settings);

    ASSERT_EQ(again.status, SSLACT_OK) << again.message;
    EXPECT_EQ(again.summary.made, 1);
    EXPECT_EQ(again.summary.kept, 3);
    EXPECT_EQ(again.summary.videos, 4);
    EXPECT_EQ(fs::last_write_time(world.copy("a")), time);
}

TEST(Cache, IsRefusedBeforeItIsPrepared)
{
    const World world;
    const auto [status, message] = test::fail_to_open(world.settings, "train");
    EXPECT_EQ(status, SSLACT_ERROR_NOT_FOUND);
    EXPECT_TRUE(contains(message, "no copy of video \"-b_1\"; 3 of 3 videos of split train"))
        << message;
    EXPECT_TRUE(contains(message, "run sslact_cli prepare")) << message;
}

TEST(Cache, IsRefusedWithAVideoMissing)
{
    const World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    put_file(world.folder / "train.csv",
             get_file(world.folder / "train.csv") + "v,0.5,0,0,1,1,12\n");
    const auto [status, message] = test::fail_to_open(world.settings, "train");
    EXPECT_TRUE(contains(message, "no copy of video \"v\"; 1 of 4 videos")) << message;
}

TEST(Cache, IsRefusedWhenTheSourceHasChanged)
{
    const World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    make_video(world.folder / "videos/a.mp4", 40, true);
    const auto [status, message] = test::fail_to_open(world.settings, "train");
    EXPECT_EQ(status, SSLACT_ERROR_MISMATCH);
    EXPECT_TRUE(contains(message, "videos/a.mp4: has changed since its copy was made")) << message;

    const Prepared again = prepare(world.settings);
    EXPECT_EQ(again.summary.made, 1);
    EXPECT_EQ(again.summary.kept, 2);
    EXPECT_NE(test::open_split(world.settings, "train"), nullptr);
}

// The size stays, one byte differs.
TEST(Cache, FindsAChangeThatKeepsTheSizeByTheChecksum)
{
    const World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    const std::string path = world.folder / "videos/a.mp4";
    std::string bytes = get_file(path);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    put_file(path, bytes);
    fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(10));
    EXPECT_EQ(test::fail_to_open(world.settings, "train").first, SSLACT_ERROR_MISMATCH);
}

TEST(Cache, GoesOnAfterTheVideosHaveMoved)
{
    World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    // A copy without the times of change, as `cp -r` makes it.
    fs::copy(world.folder / "videos", world.folder / "moved", fs::copy_options::recursive);
    fs::remove_all(world.folder / "videos");
    world.settings["data.video_root"] = world.folder / "moved";
    EXPECT_NE(test::open_split(world.settings, "train"), nullptr);

    const std::string before = get_file(world.entry("a"));
    const Prepared again = prepare(world.settings);
    EXPECT_EQ(again.summary.kept, 3);
    EXPECT_EQ(again.summary.made, 0);
    EXPECT_NE(get_file(world.entry("a")), before) << "the new time of change is noted";
}

TEST(Cache, IsRefusedForOtherSettingsWithBothValues)
{
    const struct {
        const char *key, *value;
        std::vector<std::string> said;
    } cases[] = {
        {"data.short_side", "48", {"short side 32", "asks for 48", "data.short_side"}},
        {"data.cache_short_side", "40", {"short side 32", "asks for 40"}},
        {"data.short_side", "0", {"short side 32", "asks for 0"}},
        {"data.cache_quality", "20", {"quality 18", "20", "data.cache_quality"}},
        {"data.cache_codec", "mjpeg", {"h264 of quality 18", "mjpeg, 3", "data.cache_codec"}},
    };
    World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    for (const auto &c : cases) {
        Settings settings = world.settings;
        settings[c.key] = c.value;
        const auto [status, message] = test::fail_to_open(settings, "train");
        EXPECT_EQ(status, SSLACT_ERROR_MISMATCH) << c.key;
        for (const std::string &said : c.said) {
            EXPECT_TRUE(contains(message, said)) << message;
        }
    }
    // Preparing again makes the copies anew, and then they fit.
    world.settings["data.short_side"] = "48";
    EXPECT_EQ(prepare(world.settings).summary.made, 3);
    EXPECT_NE(test::open_split(world.settings, "train"), nullptr);
}

TEST(Cache, OfALargerSideServesSmallerOnesToo)
{
    World world;
    world.settings["data.cache_short_side"] = "48";
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    const DatasetHolder small = test::open_split(world.settings, "train");
    EXPECT_EQ(test::read_clip(small.get(), 0)->height, 32);
    world.settings["data.short_side"] = "48";
    const DatasetHolder large = test::open_split(world.settings, "train");
    EXPECT_EQ(test::read_clip(large.get(), 0)->height, 48);
}

// --- videos that cannot be copied ---

TEST(Cache, LeavesDamagedVideosOutAndReadsTheirOriginals)
{
    const World world;
    const std::string path = world.folder / "videos/a.mp4";
    std::string bytes = get_file(path);
    put_file(path, bytes.substr(0, bytes.size() * 9 / 10)); // its index stands in front

    const Prepared made = prepare(world.settings);

    ASSERT_EQ(made.status, SSLACT_OK) << made.message;
    EXPECT_EQ(made.summary.made, 2);
    EXPECT_EQ(made.summary.left_out, 1);
    EXPECT_FALSE(fs::exists(world.copy("a")));
    EXPECT_TRUE(contains(get_file(world.entry("a")), "left_out "));
    const DatasetHolder set = test::open_split(world.settings, "train");
    EXPECT_EQ(test::read_clip(set.get(), 1)->name, std::string("a,0.500"));

    const Prepared again = prepare(world.settings);
    EXPECT_EQ(again.summary.made, 0);
    EXPECT_EQ(again.summary.left_out, 1);
    put_file(path, bytes);
    EXPECT_EQ(prepare(world.settings).summary.made, 1) << "repaired, it is copied";
}

TEST(Cache, CopiesFoldersOfPictures)
{
    World world;
    fs::create_directories(world.folder / "videos/p");
    // A grey 12 x 8 BMP for each frame.
    for (int n = 0; n < 20; n++) {
        const uint32_t header[13] = {54 + 288, 0,   54, 40, 12, 8, 1u | 24u << 16,
                                     0,        288, 0,  0,  0,  0};
        std::string bmp = "BM";
        bmp.append(reinterpret_cast<const char *>(header), sizeof header);
        bmp.append(288, static_cast<char>(10 + 10 * n));
        char name[32];
        std::snprintf(name, sizeof name, "videos/p/%03d.bmp", n);
        put_file(world.folder / name, bmp);
    }
    put_file(world.folder / "train.csv", "p,0.5,0,0,1,1,12\n");
    world.settings["data.short_side"] = "0";
    world.settings["data.folder_frame_rate"] = "20";
    world.settings["data.sampling_rate"] = "20";
    ASSERT_EQ(prepare(world.settings).summary.made, 1);
    const DatasetHolder set = test::open_split(world.settings, "train");
    const ClipHolder c = test::read_clip(set.get(), 0);
    EXPECT_EQ(c->width, 12);
    for (int t = 0; t < 8; t++) {
        EXPECT_NEAR(mean_grey(c.get(), t), 10 + 10 * (10 + 2 * (t - 4)), 2);
    }
    // One picture more is another video.
    fs::copy(world.folder / "videos/p/000.bmp", world.folder / "videos/p/020.bmp");
    EXPECT_EQ(test::fail_to_open(world.settings, "train").first, SSLACT_ERROR_MISMATCH);
}

// --- interruptions ---

// Stops in the middle of a video.
int stop_under_way(const sslact_progress *progress, void *user)
{
    EXPECT_STREQ(progress->phase, "prepare");
    EXPECT_LE(progress->done, progress->total);
    ++*static_cast<int *>(user);
    return progress->done > 0 ? 1 : 0;
}

TEST(Cache, StoppedByTheCallerLeavesNothingHalfMade)
{
    World world;
    make_video(world.folder / "videos/long.mp4", 3000);
    put_file(world.folder / "train.csv", "a,0.5,0,0,1,1,12\nlong,0.5,0,0,1,1,12\n");
    world.settings["data.short_side"] = "0";
    world.settings["run.loader_threads"] = "1";
    int calls = 0;
    cache_prepare_options options = {};
    options.progress = stop_under_way;
    options.progress_user = &calls;

    const Prepared stopped = prepare(world.settings, options);

    EXPECT_EQ(stopped.status, SSLACT_ERROR_CANCELLED);
    EXPECT_GE(calls, 2); // once before the first copy
    EXPECT_TRUE(contains(stopped.message, "finished copies are kept")) << stopped.message;
    EXPECT_FALSE(fs::exists(world.copy("long")));
    for (const std::string &name : list_tree(world.folder / "cache")) {
        EXPECT_FALSE(contains(name, ".tmp-")) << name;
    }
    const Prepared again = prepare(world.settings);
    ASSERT_EQ(again.status, SSLACT_OK) << again.message;
    EXPECT_EQ(again.summary.videos, 2);
    EXPECT_NE(test::open_split(world.settings, "train"), nullptr);
}

// SIGKILL at many moments: what counts afterwards is whole, and the next call makes the rest.
TEST(Cache, KilledAtAnyMomentGoesOnWhereItWas)
{
    World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    const std::string expected = get_file(world.copy("a"));
    size_t finished = 0, broken_off = 0;
    for (int round = 0; round < 12; round++) {
        fs::remove_all(world.folder / "cache");
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            _exit(prepare(world.settings).status == SSLACT_OK ? 0 : 1);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(4 * round));
        kill(child, SIGKILL);
        int how = 0;
        ASSERT_EQ(waitpid(child, &how, 0), child);
        WIFEXITED(how) ? finished++ : broken_off++;

        for (const char *id : {"a", "-b_1", "sub/c"}) {
            cache_entry entry = {};
            if (fs::exists(world.entry(id))) {
                EXPECT_EQ(cache_entry_read(world.entry(id).c_str(), &entry), SSLACT_OK)
                    << sslact_error_get_message();
                cache_entry_clear(&entry);
            }
        }
        const Prepared again = prepare(world.settings);
        ASSERT_EQ(again.status, SSLACT_OK) << again.message;
        EXPECT_EQ(again.summary.made + again.summary.kept, 3);
        EXPECT_EQ(get_file(world.copy("a")), expected);
        EXPECT_EQ(list_tree(world.folder / "cache").size(), 7u) << "leftovers are removed";
    }
    EXPECT_GT(broken_off, 0u);
}

TEST(Cache, WithHalfOfACopyIsNotUsed)
{
    const World world;
    ASSERT_EQ(prepare(world.settings).status, SSLACT_OK);
    fs::resize_file(world.copy("a"), fs::file_size(world.copy("a")) / 2);
    const auto [status, message] = test::fail_to_open(world.settings, "train");
    EXPECT_EQ(status, SSLACT_ERROR_MISMATCH);
    EXPECT_TRUE(contains(message, "a.mp4")) << message;
    EXPECT_EQ(prepare(world.settings).summary.made, 1);
}

TEST(Cache, IsPreparedByOneProcessAtATime)
{
    const World world;
    fs::create_directories(world.folder / "cache");
    file_lock *lock = nullptr;
    text holder = {};
    const std::string path = world.folder / "cache/prepare.lock";
    ASSERT_EQ(file_lock_take(path.c_str(), &holder, &lock), SSLACT_OK);
    const Prepared refused = prepare(world.settings);
    EXPECT_EQ(refused.status, SSLACT_ERROR_IO);
    EXPECT_TRUE(
        contains(refused.message, "is being prepared by process " + std::to_string(getpid())))
        << refused.message;
    file_lock_release(lock);
    text_free(&holder);
    EXPECT_EQ(prepare(world.settings).status, SSLACT_OK);
}

TEST(Cache, SaysWhichFolderCannotBeWritten)
{
    World world;
    put_file(world.folder / "file", "x");
    world.settings["data.cache"] = world.folder / "file";
    const Prepared refused = prepare(world.settings);
    EXPECT_LT(refused.status, 0);
    EXPECT_TRUE(contains(refused.message, world.folder / "file")) << refused.message;

    world.settings["data.cache"] = "";
    EXPECT_EQ(prepare(world.settings).status, SSLACT_ERROR_CONFIG);
}

TEST(Cache, SaysHowMuchRoomThereIsWhenTheDiskIsFull)
{
    World world;
    // A limit on the size of files is a disk that is full after so many bytes.
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit = {600, 600};
        setrlimit(RLIMIT_FSIZE, &limit);
        const Prepared failed = prepare(world.settings);
        const bool good = failed.status == SSLACT_ERROR_IO &&
                          contains(failed.message, "MB are free in " + (world.folder / "cache")) &&
                          contains(failed.message, "finished copies are kept");
        _exit(good ? 0 : 1);
    }
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    EXPECT_TRUE(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    for (const std::string &name : list_tree(world.folder / "cache")) {
        EXPECT_FALSE(contains(name, ".mp4")) << name;
    }
}

// --- entries ---

class Entries : public testing::Test
{
protected:
    void SetUp() override
    {
        put_file(folder_ / "a.mp4", std::string(100, 'x'));
        put_file(folder_ / "a.facts", good);
    }
    std::pair<sslact_status, std::string> read(const std::string &from, const std::string &to)
    {
        std::string facts = good;
        const size_t at = facts.find(from);
        EXPECT_NE(at, std::string::npos);
        facts.replace(at, from.size(), to);
        put_file(folder_ / "a.facts", facts);
        cache_entry entry = {};
        const sslact_status status = cache_entry_read((folder_ / "a.facts").c_str(), &entry);
        cache_entry_clear(&entry);
        return {status, status < 0 ? sslact_error_get_message() : ""};
    }

    TemporaryFolder folder_;
    const std::string good = "sslact_cache 1\nsource_bytes 7\nsource_modified_ns -5\n"
                             "source_md5 900150983cd24fb0d6963f7d28e17f72\n"
                             "made_with libavcodec 59, libx264\ncodec h264\nquality 18\n"
                             "key_frame_interval 16\nshort_side 256\ncopy_bytes 100\n"
                             "size 640 360\npicture 455 256\nframes 5\ntime_unit 1 1000\n"
                             "first -33\nstep 33 2\nstep 34 1\nstep 0 1\nend\n";
};

TEST_F(Entries, AreReadAsTheyAreWritten)
{
    cache_entry entry = {};
    ASSERT_EQ(cache_entry_read((folder_ / "a.facts").c_str(), &entry), SSLACT_OK)
        << sslact_error_get_message();
    EXPECT_EQ(entry.source.bytes, 7);
    EXPECT_EQ(entry.source.modified_ns, -5);
    EXPECT_STREQ(entry.made_with, "libavcodec 59, libx264");
    EXPECT_EQ(entry.original.width, 640);
    EXPECT_EQ(entry.original.picture_height, 256);
    EXPECT_EQ(std::vector<int64_t>(entry.pts, entry.pts + 5),
              (std::vector<int64_t>{-33, 0, 33, 67, 67}));
    ASSERT_EQ(cache_entry_write((folder_ / "b.facts").c_str(), &entry), SSLACT_OK);
    EXPECT_EQ(get_file(folder_ / "b.facts"), good);
    cache_entry_clear(&entry);
}

TEST_F(Entries, ThatAreNoneAreRefusedWithTheirLine)
{
    const struct {
        const char *from, *to;
        int line;
    } cases[] = {
        {"sslact_cache 1", "sslact_cache 2", 1},
        {"source_bytes 7", "source_bytes seven", 2},
        {"source_bytes 7", "source_bytes 7 7", 2},
        {"source_md5 90", "source_md5 90000", 4},
        {"codec h264", "codec h264something", 6},
        {"picture 455 256", "picture 455", 12},
        {"picture 455 256", "picture 0 256", 12},
        {"frames 5", "frames 0", 13},
        {"step 33 2", "step 33 5", 16},
        {"step 33 2", "step -1 2", 16},
        {"step 33 2", "step 9223372036854775807 2", 16},
        {"step 33 2", "step 33 0", 16},
        {"step 0 1\n", "", 18},
        {"end\n", "", 18},
        {"end\n", "left_out x\n", 19},
        {"made_with libavcodec 59, libx264", "made_with", 5},
    };
    for (const auto &c : cases) {
        const auto [status, message] = read(c.from, c.to);
        EXPECT_EQ(status, SSLACT_ERROR_FORMAT) << c.from << " -> " << c.to;
        EXPECT_TRUE(contains(message, "a.facts:" + std::to_string(c.line) + ":") ||
                    contains(message, "after line " + std::to_string(c.line)))
            << message;
    }
}

// A few bytes of text must not make the reader take gigabytes.
TEST_F(Entries, ClaimNoMoreFramesThanTheCopyHasBytes)
{
    const auto [status, message] = read("frames 5", "frames 900000000000");
    EXPECT_EQ(status, SSLACT_ERROR_MISMATCH) << message;
}

TEST_F(Entries, CutAnywhereAreRefused)
{
    for (size_t length = 0; length + 1 < good.size(); length++) {
        put_file(folder_ / "a.facts", good.substr(0, length));
        cache_entry entry = {};
        EXPECT_LT(cache_entry_read((folder_ / "a.facts").c_str(), &entry), 0) << length;
        cache_entry_clear(&entry);
    }
}

} // namespace
