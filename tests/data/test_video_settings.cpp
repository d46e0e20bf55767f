// Which options a config gives to the opening of videos, and that clips do not depend on them.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "data/video_settings.h"
#include "data/video_store.h"
#include "data_support.h"
#include "media/encoder.h"

namespace
{

namespace fs = std::filesystem;
using test::Settings;

// Read from a config with these keys; cleared with it.
class Reading
{
public:
    explicit Reading(const Settings &settings)
    {
        const test::ConfigHolder c = test::make_settings(settings);
        EXPECT_EQ(video_settings_read(c.get(), &settings_), SSLACT_OK)
            << sslact_error_get_message();
    }
    ~Reading() { video_settings_clear(&settings_); }
    Reading(const Reading &) = delete;
    Reading &operator=(const Reading &) = delete;
    const video_options &options() const { return settings_.options; }

private:
    video_settings settings_ = {};
};

// An environment variable for the time of a test.
class Variable
{
public:
    Variable(const char *name, const char *value) : name_(name)
    {
        const char *old = getenv(name);
        had_ = old != nullptr;
        old_ = had_ ? old : "";
        value != nullptr ? setenv(name, value, 1) : unsetenv(name);
    }
    ~Variable() { had_ ? setenv(name_, old_.c_str(), 1) : unsetenv(name_); }
    Variable(const Variable &) = delete;
    Variable &operator=(const Variable &) = delete;

private:
    const char *name_;
    bool had_;
    std::string old_;
};

void make_video(const std::string &path)
{
    encoder_options options = {};
    options.width = options.height = 64;
    options.rate_numerator = 25;
    options.rate_denominator = 1;
    encoder *e = nullptr;
    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK) << sslact_error_get_message();
    std::vector<uint8_t> pixels(64 * 64 * 3);
    for (int n = 0; n < 20; n++) {
        for (size_t k = 0; k < pixels.size(); k++) {
            pixels[k] = static_cast<uint8_t>(k * static_cast<size_t>(n + 1) / 7);
        }
        ASSERT_EQ(encoder_write(e, pixels.data()), SSLACT_OK);
    }
    ASSERT_EQ(encoder_finish(e), SSLACT_OK);
    fs::last_write_time(path, fs::last_write_time(path) - std::chrono::seconds(100));
}

std::vector<uint8_t> read_clip(const std::string &path, const Settings &settings)
{
    Reading read(settings);
    const char *paths[] = {path.c_str()};
    video_store *store = nullptr;
    EXPECT_EQ(video_store_create(paths, 1, &read.options(), &store), SSLACT_OK);
    video *v = nullptr;
    EXPECT_EQ(video_store_acquire(store, 0, &v), SSLACT_OK) << sslact_error_get_message();
    const int64_t frames[] = {3, 7, 8, 16};
    std::vector<uint8_t> pixels(4 * 64 * 64 * 3);
    EXPECT_EQ(video_read_rgb(v, frames, 4, 64, 64, pixels.data()), SSLACT_OK);
    video_store_release(v, true);
    video_store_free(store);
    return pixels;
}

} // namespace

TEST(VideoSettings, SkipFramesUnlessTheKeySaysNo)
{
    EXPECT_FALSE(Reading(Settings{}).options().no_frame_skipping);
    EXPECT_TRUE(Reading(Settings{{"perf.frame_skipping", "false"}}).options().no_frame_skipping);
}

TEST(VideoSettings, KeepIndexesOfLargeVideosInTheUsersCacheFolder)
{
    Variable cache("XDG_CACHE_HOME", "/cache"), home("HOME", "/home/someone");
    EXPECT_STREQ(Reading(Settings{}).options().index_folder, "/cache/sslact/index");
    EXPECT_EQ(Reading(Settings{}).options().index_least_bytes, 1 << 20);
    Variable unset("XDG_CACHE_HOME", nullptr);
    EXPECT_STREQ(Reading(Settings{}).options().index_folder, "/home/someone/.cache/sslact/index");
    Variable relative("XDG_CACHE_HOME", "cache");
    EXPECT_STREQ(Reading(Settings{}).options().index_folder, "/home/someone/.cache/sslact/index");
    Variable homeless("HOME", nullptr);
    EXPECT_EQ(Reading(Settings{}).options().index_folder, nullptr);
}

TEST(VideoSettings, KeepAllIndexesInAGivenFolderAndNoneWhenSwitchedOff)
{
    Reading given(Settings{{"data.index_folder", "/somewhere/index"}});
    EXPECT_STREQ(given.options().index_folder, "/somewhere/index");
    EXPECT_EQ(given.options().index_least_bytes, 0);
    Reading off(Settings{{"data.index_folder", "/somewhere/index"}, {"perf.kept_index", "false"}});
    EXPECT_EQ(off.options().index_folder, nullptr);
}

TEST(VideoSettings, ClipsAreTheSameWhateverTheFastPaths)
{
    const test::TemporaryFolder folder;
    const std::string path = folder.path() + "/a.mp4", kept = folder.path() + "/kept";
    make_video(path);

    const std::vector<uint8_t> slow =
        read_clip(path, {{"perf.frame_skipping", "false"}, {"perf.kept_index", "false"}});
    EXPECT_FALSE(fs::exists(kept));
    EXPECT_EQ(read_clip(path, {{"data.index_folder", kept}}), slow);
    EXPECT_EQ(std::distance(fs::directory_iterator(kept), fs::directory_iterator()), 1);
    EXPECT_EQ(read_clip(path, {{"data.index_folder", kept}}), slow);
}
