// Frames of a clip near the end of whole and of cut-off videos.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "data/sampling.h"
#include "media/encoder.h"
#include "media/video.h"
#include "support/temporary.h"

namespace
{

// Four seconds of noise, 10 frames a second, key frame every half second.
std::string write_video(const std::string &path)
{
    encoder_options options = {};
    options.width = options.height = 64;
    options.rate_numerator = 10;
    options.rate_denominator = 1;
    options.key_frame_interval = 5;
    encoder *e = nullptr;
    EXPECT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK) << sslact_error_get_message();
    std::vector<uint8_t> pixels(64 * 64 * 3);
    uint32_t number = 1;
    for (int t = 0; t < 40; ++t) {
        for (uint8_t &value : pixels) {
            number = number * 1664525u + 1013904223u;
            value = static_cast<uint8_t>(number >> 24);
        }
        EXPECT_EQ(encoder_write(e, pixels.data()), SSLACT_OK);
    }
    EXPECT_EQ(encoder_finish(e), SSLACT_OK) << sslact_error_get_message();
    return path;
}

// Two frames a tenth of a second apart behind the wanted second: entries at t - 0.1 and t.
constexpr int frame_count = 2;

sampling make_sampling()
{
    sampling s = {};
    s.frame_count = frame_count;
    s.step_seconds = 0.1;
    s.frame_gap_seconds = 1;
    return s;
}

} // namespace

TEST(Sampling, RepeatsTheLastFrameBehindTheEndOfAWholeVideo)
{
    const test::TemporaryFolder folder;
    const std::string path = write_video(folder.path() + "/whole.mp4");
    video *v = nullptr;
    ASSERT_EQ(video_open(path.c_str(), nullptr, &v), SSLACT_OK) << sslact_error_get_message();
    const sampling s = make_sampling();
    int64_t frames[frame_count] = {-1, -1};

    // The last of 40 frames is shown from 3.9 s on.
    EXPECT_EQ(sampling_choose(&s, v, 4.5, "clip", frames), SSLACT_OK);

    EXPECT_EQ(frames[0], 39);
    EXPECT_EQ(frames[1], 39);
    video_close(v);
}

TEST(Sampling, RefusesFramesThatACutOffVideoHasLost)
{
    const test::TemporaryFolder folder;
    const std::string path = write_video(folder.path() + "/cut.mp4");
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    video *v = nullptr;
    ASSERT_EQ(video_open(path.c_str(), nullptr, &v), SSLACT_OK) << sslact_error_get_message();
    const sampling s = make_sampling();
    const double end = sampling_get_end(&s, v);
    ASSERT_LT(end, 3.0);
    int64_t frames[frame_count] = {-1, -1};

    EXPECT_EQ(sampling_choose(&s, v, end, "clip", frames), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(sampling_choose(&s, v, end + 0.5, "clip", frames), SSLACT_ERROR_DECODE);

    EXPECT_NE(std::string(sslact_error_get_message()).find("cut off after"), std::string::npos)
        << sslact_error_get_message();
    video_close(v);
}

// UCF101-24: frame numbers alone, whatever the frame rate.
TEST(Sampling, CountsFramesWhereTheAnnotationDoes)
{
    const test::TemporaryFolder folder;
    const std::string path = write_video(folder.path() + "/counted.mp4"); // 40 frames
    video *v = nullptr;
    ASSERT_EQ(video_open(path.c_str(), nullptr, &v), SSLACT_OK) << sslact_error_get_message();
    sampling s = make_sampling();
    s.counts_frames = true;
    s.frame_count = 8;
    s.step_frames = 1;
    int64_t frames[8] = {};
    const auto list = [&] { return std::vector<int64_t>(frames, frames + 8); };

    EXPECT_EQ(sampling_get_end(&s, v), 39);
    ASSERT_EQ(sampling_choose(&s, v, 20, "clip", frames), SSLACT_OK);
    EXPECT_EQ(list(), (std::vector<int64_t>{16, 17, 18, 19, 20, 21, 22, 23}));
    s.step_frames = 3;
    ASSERT_EQ(sampling_choose(&s, v, 35, "clip", frames), SSLACT_OK);
    EXPECT_EQ(list(), (std::vector<int64_t>{23, 26, 29, 32, 35, 38, 39, 39}));
    ASSERT_EQ(sampling_choose(&s, v, 0, "clip", frames), SSLACT_OK);
    EXPECT_EQ(list(), (std::vector<int64_t>{0, 0, 0, 0, 0, 3, 6, 9}));

    EXPECT_EQ(sampling_choose(&s, v, 40, "labels.csv:7", frames), SSLACT_ERROR_MISMATCH);
    EXPECT_STREQ(sslact_error_get_message(),
                 "labels.csv:7: key frame 41 of a video of 40 frames, counted from 1");
    EXPECT_EQ(sampling_choose(&s, v, -1, "labels.csv:7", frames), SSLACT_ERROR_MISMATCH);
    video_close(v);
}
