// Copies that stand in for their originals: written with the original's times, read by them.
#include <algorithm>
#include <cmath>

#include "media/fingerprint.h"
#include "media_test.h"
#include "streams.h"

namespace
{

using namespace media_test;

constexpr int WIDTH = 64, HEIGHT = 48;

encoder_options make_options(encoder_codec codec)
{
    encoder_options options = {};
    options.width = WIDTH;
    options.height = HEIGHT;
    options.rate_numerator = 25;
    options.rate_denominator = 1;
    options.key_frame_interval = 8;
    options.codec = codec;
    options.random_access = true;
    options.time_numerator = 1;
    options.time_denominator = 1000;
    return options;
}

// A grey picture whose brightness tells its number.
std::vector<uint8_t> grey_frame(int n)
{
    return std::vector<uint8_t>(static_cast<size_t>(WIDTH) * HEIGHT * 3,
                                static_cast<uint8_t>(30 + 7 * n));
}

void write_copy(const std::string &path, const encoder_options &options,
                const std::vector<int64_t> &times)
{
    encoder *e = nullptr;
    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK) << sslact_error_get_message();
    for (size_t n = 0; n < times.size(); n++) {
        ASSERT_EQ(encoder_write_at(e, grey_frame(static_cast<int>(n)).data(), times[n]), SSLACT_OK)
            << sslact_error_get_message();
    }
    ASSERT_EQ(encoder_finish(e), SSLACT_OK) << sslact_error_get_message();
}

const std::vector<int64_t> uneven = {0,   33,  67,  100,  400,  401,  402,  500,  533, 566,
                                     600, 633, 666, 1700, 1733, 1766, 1800, 2833, 2866};

class TimedFiles : public testing::TestWithParam<encoder_codec>
{
};

TEST_P(TimedFiles, HoldTheTimesThatTheyWereGiven)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(GetParam()), uneven);

    Video v = open_video(folder / "a.mp4");

    ASSERT_EQ(video_count_frames(v.get()), static_cast<int64_t>(uneven.size()));
    for (size_t n = 0; n < uneven.size(); n++) {
        EXPECT_NEAR(video_get_time(v.get(), static_cast<int64_t>(n)),
                    static_cast<double>(uneven[n]) / 1000, 1e-9)
            << "frame " << n;
    }
}

TEST_P(TimedFiles, ShowTheColoursThatWereWritten)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(GetParam()), uneven);
    Video v = open_video(folder / "a.mp4");
    std::vector<uint8_t> rgb(static_cast<size_t>(WIDTH) * HEIGHT * 3);

    for (int64_t n : {0, 7, 18}) {
        ASSERT_EQ(video_read_rgb(v.get(), &n, 1, WIDTH, HEIGHT, rgb.data()), SSLACT_OK);
        EXPECT_NEAR(rgb[(HEIGHT / 2 * WIDTH + WIDTH / 2) * 3], 30 + 7 * n, 2);
    }
}

TEST_P(TimedFiles, AreTheSameBytesEveryTime)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(GetParam()), uneven);
    write_copy(folder / "b.mp4", make_options(GetParam()), uneven);

    const std::vector<char> bytes = read_bytes(folder / "a.mp4");
    EXPECT_GT(bytes.size(), 1000u);
    EXPECT_EQ(bytes, read_bytes(folder / "b.mp4"));
}

INSTANTIATE_TEST_SUITE_P(Codecs, TimedFiles, testing::Values(ENCODER_H264, ENCODER_MJPEG),
                         [](const auto &tested) {
                             return tested.param == ENCODER_H264 ? "H264" : "MJPEG";
                         });

TEST(TimedFile, RefusesTimesThatDoNotGrow)
{
    TemporaryFolder folder;
    encoder *e = nullptr;
    const encoder_options options = make_options(ENCODER_MJPEG);
    ASSERT_EQ(encoder_open((folder / "a.mp4").c_str(), &options, &e), SSLACT_OK);
    ASSERT_EQ(encoder_write_at(e, grey_frame(0).data(), 5), SSLACT_OK);
    EXPECT_EQ(encoder_write_at(e, grey_frame(1).data(), 5), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(encoder_write_at(e, grey_frame(1).data(), INT64_C(1) << 40),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(encoder_write(e, grey_frame(1).data()), SSLACT_ERROR_INVALID_ARGUMENT);
    ASSERT_EQ(encoder_write_at(e, grey_frame(1).data(), 6), SSLACT_OK);
    encoder_discard(e);
}

TEST(TimedFile, NeedsAUnitOfTimes)
{
    TemporaryFolder folder;
    encoder *e = nullptr;
    encoder_options options = make_options(ENCODER_MJPEG);
    options.time_numerator = options.time_denominator = 0;
    ASSERT_EQ(encoder_open((folder / "a.mp4").c_str(), &options, &e), SSLACT_OK);
    EXPECT_EQ(encoder_write_at(e, grey_frame(0).data(), 0), SSLACT_ERROR_INVALID_ARGUMENT);
    encoder_discard(e);
    options.time_numerator = -1;
    EXPECT_EQ(encoder_open((folder / "a.mp4").c_str(), &options, &e),
              SSLACT_ERROR_INVALID_ARGUMENT);
}

TEST(Encoder, RefusesAQualityThatMJPEGDoesNotHave)
{
    TemporaryFolder folder;
    encoder *e = nullptr;
    encoder_options options = make_options(ENCODER_MJPEG);
    options.quality = 32;
    EXPECT_EQ(encoder_open((folder / "a.mp4").c_str(), &options, &e),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("quality 32"), std::string::npos);
}

// Every frame but key frames refers to the one before: a file for reading somewhere in the middle
// has no frame that must wait for a later one.
TEST(Encoder, MakesNoFramesThatReferToLaterOnesForRandomAccess)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(ENCODER_H264), uneven);
    AVFormatContext *format = nullptr;
    ASSERT_EQ(avformat_open_input(&format, (folder / "a.mp4").c_str(), nullptr, nullptr), 0);
    AVPacket *packet = av_packet_alloc();
    int64_t last = -1;
    size_t n = 0;
    while (av_read_frame(format, packet) >= 0) {
        EXPECT_GT(packet->pts, last) << "packet " << n;
        EXPECT_EQ((packet->flags & AV_PKT_FLAG_KEY) != 0, n % 8 == 0) << "packet " << n;
        last = packet->pts;
        n++;
        av_packet_unref(packet);
    }
    EXPECT_EQ(n, uneven.size());
    av_packet_free(&packet);
    avformat_close_input(&format);
}

// ---- copies ----

video_original describe_original(const std::vector<int64_t> &pts)
{
    video_original original = {};
    original.frame_count = static_cast<int64_t>(pts.size());
    original.pts = pts.data();
    original.time_numerator = 1;
    original.time_denominator = 90000;
    original.width = 1920;
    original.height = 1000;
    original.picture_width = WIDTH - 1;
    original.picture_height = HEIGHT - 3;
    return original;
}

TEST(Copy, IsFoundByTheTimesOfItsOriginal)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(ENCODER_MJPEG), uneven);
    std::vector<int64_t> pts; // other times than the file's: negative, and far apart
    for (size_t n = 0; n < uneven.size(); n++) {
        pts.push_back(-4500 + static_cast<int64_t>(n * n) * 900);
    }
    const video_original original = describe_original(pts);
    video *opened = nullptr;
    ASSERT_EQ(video_open_copy((folder / "a.mp4").c_str(), nullptr, &original, &opened), SSLACT_OK)
        << sslact_error_get_message();
    Video v(opened);

    EXPECT_DOUBLE_EQ(video_get_stream_time(v.get(), 0), -0.05);
    EXPECT_DOUBLE_EQ(video_get_time(v.get(), 3), 0.09);
    EXPECT_EQ(video_find_frame(v.get(), 0.08995), 3); // 0.1 ms of rounding is allowed
    EXPECT_EQ(video_find_frame(v.get(), 0.0898), 2);
    EXPECT_EQ(video_get_pts(v.get(), 18), -4500 + 18 * 18 * 900);
}

TEST(Copy, HasTheSizeOfItsOriginalAndThePicturesPartThatIsNoFilling)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(ENCODER_MJPEG), uneven);
    const video_original original = describe_original(uneven);
    video *opened = nullptr;
    ASSERT_EQ(video_open_copy((folder / "a.mp4").c_str(), nullptr, &original, &opened), SSLACT_OK);
    Video v(opened);

    video_info info;
    video_describe(v.get(), &info);
    EXPECT_EQ(info.width, 1920);
    EXPECT_EQ(info.height, 1000);
    int32_t width = 0, height = 0;
    video_fit(v.get(), 100, &width, &height);
    EXPECT_EQ(width, 192); // floor(1.92 * 100), not from 63 x 45
    EXPECT_EQ(height, 100);

    const int64_t frame = 0;
    picture seen = {};
    ASSERT_EQ(video_read(
                  v.get(), &frame, 1,
                  [](const picture *p, size_t, void *user) {
                      *static_cast<picture *>(user) = *p;
                      return SSLACT_OK;
                  },
                  &seen),
              SSLACT_OK);
    EXPECT_EQ(seen.width, WIDTH - 1);
    EXPECT_EQ(seen.height, HEIGHT - 3);
}

// The filling at the right and below must not shine into the resized picture.
TEST(Copy, LeavesTheFillingOut)
{
    TemporaryFolder folder;
    encoder_options options = make_options(ENCODER_MJPEG);
    options.quality = 2;
    std::vector<uint8_t> rgb = grey_frame(10); // 100
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            if (x >= 48 || y >= 32) {
                std::fill_n(&rgb[(static_cast<size_t>(y) * WIDTH + x) * 3], 3, uint8_t{255});
            }
        }
    }
    encoder *e = nullptr;
    ASSERT_EQ(encoder_open((folder / "a.mp4").c_str(), &options, &e), SSLACT_OK);
    ASSERT_EQ(encoder_write_at(e, rgb.data(), 0), SSLACT_OK);
    ASSERT_EQ(encoder_finish(e), SSLACT_OK);
    const std::vector<int64_t> pts = {0};
    video_original original = describe_original(pts);
    original.picture_width = 48;
    original.picture_height = 32;
    video *opened = nullptr;
    ASSERT_EQ(video_open_copy((folder / "a.mp4").c_str(), nullptr, &original, &opened), SSLACT_OK);
    Video v(opened);

    std::vector<uint8_t> shown(24 * 16 * 3);
    const int64_t frame = 0;
    ASSERT_EQ(video_read_rgb(v.get(), &frame, 1, 24, 16, shown.data()), SSLACT_OK);
    EXPECT_LE(*std::max_element(shown.begin(), shown.end()), 104);
    EXPECT_GE(*std::min_element(shown.begin(), shown.end()), 96);
}

TEST(Copy, IsRefusedWhenItIsNotOfThisOriginal)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(ENCODER_MJPEG), uneven);
    video *opened = nullptr;
    const std::string path = folder / "a.mp4";
    std::vector<int64_t> pts = uneven;

    pts.push_back(9999);
    video_original original = describe_original(pts);
    EXPECT_EQ(video_open_copy(path.c_str(), nullptr, &original, &opened), SSLACT_ERROR_MISMATCH);
    EXPECT_NE(std::string(sslact_error_get_message()).find("19 frames, the original has 20"),
              std::string::npos)
        << sslact_error_get_message();

    pts = uneven;
    std::swap(pts[3], pts[4]);
    original = describe_original(pts);
    EXPECT_EQ(video_open_copy(path.c_str(), nullptr, &original, &opened),
              SSLACT_ERROR_INVALID_ARGUMENT);

    original = describe_original(uneven);
    original.picture_width = WIDTH + 1;
    EXPECT_EQ(video_open_copy(path.c_str(), nullptr, &original, &opened), SSLACT_ERROR_MISMATCH);

    original = describe_original(uneven);
    original.time_denominator = 0;
    EXPECT_EQ(video_open_copy(path.c_str(), nullptr, &original, &opened),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(opened, nullptr);
}

TEST(Copy, OfAFolderOfPicturesCountsFrames)
{
    TemporaryFolder folder;
    write_copy(folder / "a.mp4", make_options(ENCODER_MJPEG), uneven);
    video_original original = describe_original(uneven);
    original.pts = nullptr;
    original.time_numerator = original.time_denominator = 0;
    video_options options = {};
    options.folder_frame_rate = 20;
    video *opened = nullptr;
    ASSERT_EQ(video_open_copy((folder / "a.mp4").c_str(), &options, &original, &opened), SSLACT_OK)
        << sslact_error_get_message();
    Video v(opened);
    EXPECT_DOUBLE_EQ(video_get_time(v.get(), 7), 7 / 20.0);
    EXPECT_EQ(video_find_frame(v.get(), 0.36), 7);
}

// ---- fingerprints ----

TEST(Fingerprint, IsTheSizeAndTheChecksumOfTheBytes)
{
    TemporaryFolder folder;
    write_bytes(folder / "a", "abc", 3);
    fingerprint found;
    ASSERT_EQ(fingerprint_read((folder / "a").c_str(), nullptr, nullptr, &found), SSLACT_OK);
    EXPECT_EQ(found.bytes, 3);
    EXPECT_STREQ(found.md5, "900150983cd24fb0d6963f7d28e17f72"); // RFC 1321, A.5
    EXPECT_GT(found.modified_ns, INT64_C(1600000000) * 1000000000);

    fingerprint seen;
    ASSERT_EQ(fingerprint_look((folder / "a").c_str(), &seen), SSLACT_OK);
    EXPECT_EQ(seen.bytes, 3);
    EXPECT_EQ(seen.modified_ns, found.modified_ns);
    EXPECT_STREQ(seen.md5, "");
}

TEST(Fingerprint, OfAFolderIsThatOfItsPicturesInOrder)
{
    TemporaryFolder folder;
    write_bytes(folder / "2.png", "c", 1);
    write_bytes(folder / "1.png", "ab", 2);
    write_bytes(folder / "notes.txt", "x", 1);
    fingerprint found;
    ASSERT_EQ(fingerprint_read(folder.path().c_str(), nullptr, nullptr, &found), SSLACT_OK);
    EXPECT_EQ(found.bytes, 3);
    EXPECT_STREQ(found.md5, "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Fingerprint, EndsWhenToldTo)
{
    TemporaryFolder folder;
    write_bytes(folder / "a", "abc", 3);
    fingerprint found = {-1, -1, "untouched"};
    EXPECT_EQ(
        fingerprint_read((folder / "a").c_str(), [](void *) { return true; }, nullptr, &found),
        SSLACT_ERROR_CANCELLED);
    EXPECT_STREQ(found.md5, "untouched");
    EXPECT_EQ(fingerprint_look((folder / "b").c_str(), &found), SSLACT_ERROR_NOT_FOUND);
}

} // namespace
