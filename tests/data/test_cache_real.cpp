// Copies of real videos: uneven spacing, rotation, no duration, pixels that are not square, several
// streams, ten codecs. The frames chosen from a copy must be those chosen from its original.
#include <algorithm>
#include <cmath>

#include "data/cache_copy.h"
#include "data/sampling.h"
#include "data_support.h"

namespace
{

namespace fs = std::filesystem;
using test::TemporaryFolder;

struct VideoCloser {
    void operator()(video *v) const { video_close(v); }
};
using Video = std::unique_ptr<video, VideoCloser>;

struct EntryHolder {
    cache_entry value = {};
    ~EntryHolder() { cache_entry_clear(&value); }
};

std::vector<std::string> list_videos()
{
    std::vector<std::string> paths;
    for (const char *folder : {"/videos", "/ucf101_24/videos"}) {
        const std::string root = std::string(SSLACT_TEST_DATA) + folder;
        for (const auto &entry : fs::recursive_directory_iterator(root)) {
            const std::string path = entry.path().string();
            const bool damaged = path.find("/damaged/") != std::string::npos ||
                                 entry.path().filename() == "corrupted.mp4";
            if (entry.is_regular_file() && !damaged) {
                paths.push_back(path);
            }
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

bool never_stop(double, void *)
{
    return false;
}

Video open_copy(const std::string &source, const std::string &stem, const char *codec,
                int32_t short_side, cache_entry *entry)
{
    const video_options options = {};
    const std::string copy = stem + ".mp4", facts = stem + ".facts";
    cache_job job = {};
    job.source = source.c_str();
    job.copy = copy.c_str();
    job.entry = facts.c_str();
    std::snprintf(job.recipe.codec, sizeof job.recipe.codec, "%s", codec);
    const bool jpeg = job.recipe.codec[0] == 'm';
    job.recipe.quality = jpeg ? 3 : 18;
    job.recipe.key_frame_interval = jpeg ? 1 : 16;
    job.recipe.short_side = short_side;
    job.options = &options;
    job.advance = never_stop;
    EntryHolder made;
    EXPECT_EQ(cache_copy_make(&job, &made.value), SSLACT_OK) << sslact_error_get_message();
    // What is read is what a training run would read: the file.
    EXPECT_EQ(cache_entry_read(facts.c_str(), entry), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(entry->left_out, nullptr) << entry->left_out;
    video *v = nullptr;
    EXPECT_EQ(video_open_copy(copy.c_str(), &options, &entry->original, &v), SSLACT_OK)
        << sslact_error_get_message();
    return Video(v);
}

std::vector<uint8_t> read_frame(video *v, int64_t frame, int32_t side)
{
    int32_t width = 0, height = 0;
    video_fit(v, side, &width, &height);
    std::vector<uint8_t> rgb(static_cast<size_t>(width) * height * 3);
    EXPECT_EQ(video_read_rgb(v, &frame, 1, width, height, rgb.data()), SSLACT_OK)
        << sslact_error_get_message();
    return rgb;
}

// Of the brightness: the colours of copies have half the resolution, which test patterns show.
double mean_square(const std::vector<uint8_t> &a, const std::vector<uint8_t> &b)
{
    EXPECT_EQ(a.size(), b.size());
    double sum = 0;
    for (size_t i = 0; i + 2 < std::min(a.size(), b.size()); i += 3) {
        const double difference =
            0.299 * (a[i] - b[i]) + 0.587 * (a[i + 1] - b[i + 1]) + 0.114 * (a[i + 2] - b[i + 2]);
        sum += difference * difference;
    }
    return sum / static_cast<double>(a.size() / 3);
}

// A wrong matrix or range shows in the mean of a colour; saturated test patterns lose up to 3
// levels.
void expect_same_colours(const std::vector<uint8_t> &a, const std::vector<uint8_t> &b)
{
    for (size_t channel = 0; channel < 3; channel++) {
        double difference = 0;
        for (size_t i = channel; i < a.size(); i += 3) {
            difference += a[i] - b[i];
        }
        EXPECT_NEAR(difference / static_cast<double>(a.size() / 3), 0, 3.5)
            << "channel " << channel;
    }
}

void expect_same_times(const video *original, const video *copy)
{
    ASSERT_EQ(video_count_frames(copy), video_count_frames(original));
    for (int64_t n = 0; n < video_count_frames(original); n++) {
        ASSERT_EQ(video_get_pts(copy, n), video_get_pts(original, n)) << "frame " << n;
        ASSERT_EQ(video_get_time(copy, n), video_get_time(original, n)) << "frame " << n;
        ASSERT_EQ(video_get_stream_time(copy, n), video_get_stream_time(original, n));
    }
}

void expect_same_choice(const video *original, const video *copy)
{
    sampling plan = {};
    plan.frame_count = 32;
    plan.step_seconds = 2 / 30.0;
    plan.frame_gap_seconds = 10;
    const double end = video_get_time(original, video_count_frames(original) - 1);
    for (int k = 0; k <= 40; k++) {
        int64_t from_original[32] = {}, from_copy[32] = {};
        const double seconds = end * k / 40;
        const sslact_status status =
            sampling_choose(&plan, original, seconds, "original", from_original);
        EXPECT_EQ(sampling_choose(&plan, copy, seconds, "copy", from_copy), status);
        EXPECT_TRUE(std::equal(from_original, from_original + 32, from_copy)) << seconds << " s";
    }
}

// The copy's frame n looks like the original's frame n, and not like a neighbour of it, where these
// differ from each other by more than the copy from the original.
void expect_same_pictures(video *original, video *copy, int32_t side)
{
    const int64_t count = video_count_frames(original);
    for (int64_t n : {int64_t{0}, count / 3, count - 1}) {
        const std::vector<uint8_t> copied = read_frame(copy, n, side);
        const std::vector<uint8_t> shown = read_frame(original, n, side);
        const double own = mean_square(copied, shown);
        EXPECT_LT(own, 65025 / std::pow(10, 2.8)) << "28 dB, frame " << n;
        expect_same_colours(copied, shown);
        for (int64_t other : {n - 1, n + 1}) {
            if (other < 0 || other >= count) {
                continue;
            }
            const std::vector<uint8_t> neighbour = read_frame(original, other, side);
            if (mean_square(shown, neighbour) > own) {
                EXPECT_LT(own, mean_square(copied, neighbour)) << "frame " << n << ", " << other;
            }
        }
    }
}

class RealCopies : public testing::TestWithParam<const char *>
{
};

TEST_P(RealCopies, StandInForTheirOriginals)
{
    SKIP_WITHOUT_REAL_DATA();
    const std::vector<std::string> paths = list_videos();
    EXPECT_GE(paths.size(), 35u);
    for (const std::string &path : paths) {
        if (GetParam()[0] == 'm' && fs::file_size(path) > 400000) {
            continue; // the large ones have shown all but the codec
        }
        SCOPED_TRACE(path);
        const TemporaryFolder folder;
        video *opened = nullptr;
        ASSERT_EQ(video_open(path.c_str(), nullptr, &opened), SSLACT_OK);
        const Video original(opened);
        EntryHolder entry;
        const Video copy = open_copy(path, folder / "copy", GetParam(), 96, &entry.value);
        ASSERT_NE(copy, nullptr);
        expect_same_times(original.get(), copy.get());
        expect_same_choice(original.get(), copy.get());
        expect_same_pictures(original.get(), copy.get(), 96);
        video_info a, b;
        video_describe(original.get(), &a);
        video_describe(copy.get(), &b);
        EXPECT_EQ(a.width, b.width);
        EXPECT_EQ(a.height, b.height);
    }
}

INSTANTIATE_TEST_SUITE_P(Codecs, RealCopies, testing::Values("h264", "mjpeg"),
                         [](const auto &tested) { return std::string(tested.param); });

// A damaged file either is copied to its last good frame, when all its frames decode, or left out.
TEST(RealDamaged, VideosAreLeftOutWithTheReason)
{
    SKIP_WITHOUT_REAL_DATA();
    const TemporaryFolder folder;
    const video_options options = {};
    size_t left_out = 0;
    for (const auto &file :
         fs::directory_iterator(std::string(SSLACT_TEST_DATA) + "/videos/damaged")) {
        if (!file.is_regular_file()) {
            continue;
        }
        const std::string path = file.path().string();
        SCOPED_TRACE(path);
        const std::string copy = folder / "c.mp4", facts = folder / "c.facts";
        cache_job job = {};
        job.source = path.c_str();
        job.copy = copy.c_str();
        job.entry = facts.c_str();
        std::snprintf(job.recipe.codec, sizeof job.recipe.codec, "mjpeg");
        job.recipe.quality = 3;
        job.recipe.key_frame_interval = 1;
        job.recipe.short_side = 64;
        job.options = &options;
        job.advance = never_stop;
        EntryHolder made;
        ASSERT_EQ(cache_copy_make(&job, &made.value), SSLACT_OK) << sslact_error_get_message();
        EXPECT_EQ(fs::exists(copy), made.value.left_out == nullptr);
        if (made.value.left_out != nullptr) {
            left_out++;
            EXPECT_STRNE(made.value.left_out, "");
        }
    }
    EXPECT_GT(left_out, 0u);
}

} // namespace
