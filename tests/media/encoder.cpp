// The encoder: round trip, times, determinism, and files that appear whole or not at all.
#include <cmath>
#include <cstring>

#include "media_test.h"
#include "streams.h"

using namespace media_test;

TEST(Encoder, FramesComeBackInOrderAtTheirExactTimes)
{
    TemporaryFolder folder;
    encoder_options options = {};
    options.rate_numerator = 30000;
    options.rate_denominator = 1001;
    encode_video(folder / "a.mp4", 160, 96, 45, options);
    Video v = open_video(folder / "a.mp4");
    ASSERT_TRUE(v);
    video_info info;
    video_describe(v.get(), &info);

    EXPECT_EQ(info.frame_count, 45);
    EXPECT_STREQ(info.pixel_format, "yuv420p");
    for (int64_t n = 0; n < 45; n++) {
        EXPECT_NEAR(video_get_time(v.get(), n), static_cast<double>(n) * 1001 / 30000, 1e-9);
    }
    std::vector<int64_t> frames = all_frames(v.get());
    constexpr size_t bytes = 160 * 96 * 3;
    std::vector<uint8_t> rgb(frames.size() * bytes);
    ASSERT_EQ(video_read_rgb(v.get(), frames.data(), frames.size(), 160, 96, rgb.data()),
              SSLACT_OK);
    for (size_t n = 0; n < frames.size(); n++) {
        std::vector<uint8_t> drawn = draw_frame(160, 96, static_cast<int>(n));
        double own = 0, next = 0;
        std::vector<uint8_t> other = draw_frame(160, 96, static_cast<int>(n) + 1);
        for (size_t k = 0; k < bytes; k++) {
            own += std::abs(rgb[n * bytes + k] - drawn[k]);
            next += std::abs(rgb[n * bytes + k] - other[k]);
        }
        EXPECT_LT(own / bytes, 12) << "frame " << n; // subsampled chroma over fine texture
        EXPECT_LT(own, next) << "frame " << n << " looks like the one after it";
    }
}

TEST(Encoder, TheSamePicturesGiveTheSameBytesWhateverWasInMemoryBefore)
{
    TemporaryFolder folder;
    std::vector<char> first;
    Dice dice(1);
    for (int run = 0; run < 6; run++) {
        std::vector<std::unique_ptr<char[]>> junk;
        for (int k = 0; k < 200; k++) {
            size_t size = static_cast<size_t>(1 + dice.roll(60000));
            junk.push_back(std::make_unique<char[]>(size));
            std::memset(junk.back().get(), static_cast<int>(dice.roll(256)), size);
        }
        junk.clear();
        encode_video(folder / "a.mp4", 98, 66, 48);
        std::vector<char> bytes = read_bytes(folder / "a.mp4");
        if (run == 0) {
            first = bytes;
        }
        ASSERT_EQ(bytes, first) << "run " << run;
    }
}

TEST(Encoder, TheIndexStandsInFrontOfThePictures)
{
    TemporaryFolder folder;
    encode_video(folder / "a.mp4", 96, 64, 10);
    std::vector<char> bytes = read_bytes(folder / "a.mp4");
    auto find = [&bytes](const char *name) {
        return std::search(bytes.begin(), bytes.end(), name, name + 4) - bytes.begin();
    };

    EXPECT_LT(find("moov"), find("mdat"));
}

TEST(Encoder, KeyFramesComeAtLeastAsOftenAsAsked)
{
    TemporaryFolder folder;
    encoder_options options = {};
    options.key_frame_interval = 7;
    encode_video(folder / "a.mp4", 96, 64, 30, options);
    AVFormatContext *format = nullptr;
    ASSERT_GE(avformat_open_input(&format, (folder / "a.mp4").c_str(), nullptr, nullptr), 0);
    AVPacket *packet = av_packet_alloc();
    int since = 0, longest = 0;
    while (av_read_frame(format, packet) >= 0) {
        since = (packet->flags & AV_PKT_FLAG_KEY) != 0 ? 1 : since + 1;
        longest = std::max(longest, since);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    avformat_close_input(&format);

    EXPECT_LE(longest, 7);
}

TEST(Encoder, AFileAppearsOnlyWhenItIsComplete)
{
    TemporaryFolder folder;
    encoder_options options = {};
    options.width = 96, options.height = 64, options.rate_numerator = 25;
    options.rate_denominator = 1;
    std::string path = folder / "a.mp4";
    encoder *e = nullptr;

    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK);
    ASSERT_EQ(encoder_write(e, draw_frame(96, 64, 0).data()), SSLACT_OK);
    EXPECT_FALSE(std::filesystem::exists(path));
    encoder_discard(e);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));

    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK);
    EXPECT_EQ(encoder_finish(e), SSLACT_ERROR_INVALID_ARGUMENT); // no frame at all
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    encoder_discard(nullptr);
}

TEST(Encoder, RefusesWhatItCannotWriteAndLeavesNothingBehind)
{
    TemporaryFolder folder;
    encoder_options good = {};
    good.width = 96, good.height = 64, good.rate_numerator = 25, good.rate_denominator = 1;
    encoder *e = nullptr;
    auto try_open = [&](const std::string &name, encoder_options options) {
        return encoder_open((folder / name).c_str(), &options, &e);
    };
    encoder_options odd = good, still = good, bad_quality = good;
    odd.width = 97;
    still.rate_numerator = 0;
    bad_quality.quality = 52;

    EXPECT_EQ(try_open("a.mp4", odd), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(try_open("a.mp4", still), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(try_open("a.mp4", bad_quality), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(try_open("a.unknown", good), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_LT(try_open("no/such/folder/a.mp4", good), 0);
    EXPECT_EQ(e, nullptr);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    EXPECT_STRNE(encoder_get_codec(), "none");
}

TEST(Versions, TheRunningLibrariesAreTheOnesItWasBuiltFor)
{
    EXPECT_EQ(media_check_versions(), SSLACT_OK);
    EXPECT_NE(std::string(media_get_versions())
                  .find("libavcodec " + std::to_string(LIBAVCODEC_VERSION_MAJOR)),
              std::string::npos);
}
