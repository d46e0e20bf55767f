// Random access in files of every awkward form, made on the spot, against a plain decode.
#include <chrono>
#include <cmath>

#include "media_test.h"
#include "streams.h"

extern "C" {
#include "media/handle.h"
}

using namespace media_test;

namespace
{

void expect_random_reads(video *v, const std::vector<std::string> &sums)
{
    Dice dice(17);
    for (int round = 0; round < 16; round++) {
        std::vector<int64_t> frames;
        for (int k = 0; k < 1 + round % 4; k++) {
            frames.push_back(dice.roll(static_cast<int64_t>(sums.size())));
        }
        std::sort(frames.begin(), frames.end());
        Seen seen = read_sums(v, frames);
        ASSERT_EQ(seen.status, SSLACT_OK) << seen.message;
        for (size_t k = 0; k < frames.size(); k++) {
            ASSERT_EQ(seen.sums[k], sums[static_cast<size_t>(frames[k])])
                << "frame " << frames[k] << " in round " << round;
        }
    }
}

struct Mode {
    const char *name;
    bool no_skipping, keep_index;
};

// The last one finds the index that the one before has kept.
const Mode MODES[] = {{"all frames decoded", true, false},
                      {"frames skipped", false, false},
                      {"index made and kept", false, true},
                      {"index kept", false, true}};

// Everything that must hold for any healthy file.
void expect_equal_to_plain_decoding(const std::string &path, bool check_times = true)
{
    TemporaryFolder kept;
    std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) -
                                               std::chrono::seconds(100));
    Reference plain = decode_plainly(path);
    ASSERT_FALSE(plain.sums.empty());
    for (const Mode &mode : MODES) {
        SCOPED_TRACE(mode.name);
        video_options options = {};
        options.no_frame_skipping = mode.no_skipping;
        options.index_folder = mode.keep_index ? kept.path().c_str() : nullptr;
        Video v = open_video(path, options);
        ASSERT_TRUE(v);
        ASSERT_EQ(video_count_frames(v.get()), static_cast<int64_t>(plain.sums.size()));
        Seen all = read_sums(v.get(), all_frames(v.get()));
        ASSERT_EQ(all.status, SSLACT_OK) << all.message;
        EXPECT_EQ(all.sums, plain.sums);
        expect_random_reads(v.get(), plain.sums);
        for (size_t n = 0; check_times && n < plain.times.size(); n++) {
            EXPECT_NEAR(video_get_stream_time(v.get(), static_cast<int64_t>(n)), plain.times[n],
                        1e-9);
        }
    }
    EXPECT_FALSE(std::filesystem::is_empty(kept.path()));
}

#define SKIP_WITHOUT_ENCODER(name)                                                                 \
    if (!has_encoder(name))                                                                        \
    GTEST_SKIP() << "this build of libav has no encoder " << (name)

StreamPlan plan_h264(const std::string &settings)
{
    StreamPlan plan;
    plan.codec = "libx264";
    plan.options = {{"preset", "veryfast"}, {"x264-params", "cpu-independent=1:" + settings}};
    plan.b_frames = 3;
    return plan;
}

} // namespace

TEST(MadeVideo, H264WithPyramidsOfBPicturesIsExactInMp4MatroskaAndTransportStreams)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    for (const char *name : {"a.mp4", "a.mkv", "a.ts", "a.mov"}) {
        SCOPED_TRACE(name);
        make_stream(folder / name, {plan_h264("keyint=12:min-keyint=12:bframes=3:b-adapt=0")});
        expect_equal_to_plain_decoding(folder / name);
    }
}

namespace
{

// How many packets are decoded for two late frames, whose checksums go to *sums.
int64_t count_sent(const std::string &path, bool no_skipping, std::vector<std::string> *sums)
{
    video_options options = {};
    options.no_frame_skipping = no_skipping;
    Video v = open_video(path, options);
    Seen seen = read_sums(v.get(), {40, 44});
    EXPECT_EQ(seen.status, SSLACT_OK) << seen.message;
    *sums = seen.sums;
    return v->sent_count;
}

StreamPlan plan_hevc(const std::string &settings)
{
    StreamPlan plan;
    plan.codec = "libx265";
    plan.options = {
        {"preset", "ultrafast"},
        {"x265-params", "log-level=none:pools=none:frame-threads=1:scenecut=0:" + settings}};
    return plan;
}

} // namespace

TEST(MadeVideo, FewerPacketsAreDecodedWithFrameSkippingAndTheFramesAreTheSame)
{
    TemporaryFolder folder;
    StreamPlan mpeg4;
    mpeg4.codec = "mpeg4";
    mpeg4.b_frames = 2;
    mpeg4.gop = 60;
    // Two of three B pictures are referred to by none, or all.
    for (const StreamPlan &plan : {plan_h264("bframes=3:b-adapt=0:keyint=60:scenecut=0"),
                                   plan_hevc("bframes=3:b-adapt=0:keyint=60"), mpeg4}) {
        SCOPED_TRACE(plan.codec);
        if (!has_encoder(plan.codec)) {
            continue;
        }
        make_stream(folder / "a.mp4", {plan});
        std::vector<std::string> all, some;
        int64_t sent = count_sent(folder / "a.mp4", true, &all);
        EXPECT_GE(sent, 20);
        EXPECT_LE(count_sent(folder / "a.mp4", false, &some) * 3, sent * 2);
        EXPECT_EQ(some, all);
        expect_equal_to_plain_decoding(folder / "a.mp4");
    }
}

TEST(MadeVideo, HevcWithTemporalLayersIsDecodedWhole)
{
    SKIP_WITHOUT_ENCODER("libx265");
    TemporaryFolder folder;
    make_stream(folder / "a.mp4", {plan_hevc("bframes=3:b-adapt=0:keyint=60:temporal-layers=1")});
    std::vector<std::string> sums;
    EXPECT_GE(count_sent(folder / "a.mp4", false, &sums), 45);
    expect_equal_to_plain_decoding(folder / "a.mp4");
}

TEST(MadeVideo, TwoMpeg4PicturesInAPacketTangleTheStream)
{
    const uint8_t predicted[] = {0, 0, 1, 0xb6, 0x50, 1, 2, 3, 4, 5, 6, 7, 8,
                                 9, 1, 2, 3,    4,    5, 6, 7, 8, 9, 1, 2, 3};
    std::vector<uint8_t> bidirectional(predicted, predicted + sizeof(predicted));
    bidirectional[4] = 0x90;
    std::vector<uint8_t> both = bidirectional;
    both.insert(both.begin(), predicted, predicted + sizeof(predicted));
    bitstream b = {AV_CODEC_ID_MPEG4, 0};
    auto examine = [&b](const std::vector<uint8_t> &bytes) {
        AVPacket packet = {};
        packet.data = const_cast<uint8_t *>(bytes.data());
        packet.size = static_cast<int>(bytes.size());
        return bitstream_examine(&b, &packet);
    };
    EXPECT_TRUE(examine(bidirectional).droppable);
    EXPECT_FALSE(examine({predicted, predicted + sizeof(predicted)}).droppable);
    EXPECT_FALSE(examine(both).droppable);
    EXPECT_TRUE(examine(both).tangled);
    EXPECT_FALSE(examine(bidirectional).tangled);
}

TEST(MadeVideo, PacketsOfOtherPicturesAreNotDecodedWhereAllAreKeyFrames)
{
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "mjpeg";
    plan.format = AV_PIX_FMT_YUVJ420P;
    make_stream(folder / "a.avi", {plan});
    Video v = open_video(folder / "a.avi");
    EXPECT_EQ(read_sums(v.get(), {5, 20, 30}).sums.size(), 3U);
    EXPECT_EQ(v->sent_count, 3);
}

TEST(MadeVideo, H264WithOpenGroupsIsExact)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    for (const char *name : {"open.mp4", "open.mkv"}) {
        SCOPED_TRACE(name);
        make_stream(
            folder / name,
            {plan_h264("keyint=12:min-keyint=12:open-gop=1:bframes=3:b-adapt=0:scenecut=0")});
        expect_equal_to_plain_decoding(folder / name);
    }
}

TEST(MadeVideo, H264WithGradualRefreshIsExactAlthoughItsKeyFlagsAreNot)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    make_stream(folder / "refresh.mkv",
                {plan_h264("keyint=20:intra-refresh=1:bframes=0:scenecut=0")});
    expect_equal_to_plain_decoding(folder / "refresh.mkv");
}

TEST(MadeVideo, H264InAviWithoutPresentationTimesIsExact)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    make_stream(folder / "a.avi", {plan_h264("keyint=12:bframes=2")});
    expect_equal_to_plain_decoding(folder / "a.avi", false);
}

TEST(MadeVideo, ElementaryStreamsWithoutAnyTimesAreExact)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    make_stream(folder / "a.h264", {plan_h264("keyint=12:bframes=2")});
    expect_equal_to_plain_decoding(folder / "a.h264", false);
    StreamPlan mpeg4;
    mpeg4.codec = "mpeg4";
    make_stream(folder / "raw.mp4", {mpeg4}, "m4v"); // under a name that promises more
    expect_equal_to_plain_decoding(folder / "raw.mp4");
    mpeg4.b_frames = 2;
    make_stream(folder / "raw_b.mp4", {mpeg4}, "m4v");
    expect_equal_to_plain_decoding(folder / "raw_b.mp4", false);
}

TEST(MadeVideo, HevcWithOpenGroupsIsExact)
{
    SKIP_WITHOUT_ENCODER("libx265");
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "libx265";
    plan.options = {{"preset", "ultrafast"},
                    {"x265-params", "log-level=none:keyint=12:min-keyint=12:open-gop=1:bframes=4:"
                                    "pools=none:frame-threads=1:scenecut=0"}};
    for (const char *name : {"a.mp4", "a.mkv", "a.ts"}) {
        SCOPED_TRACE(name);
        make_stream(folder / name, {plan});
        expect_equal_to_plain_decoding(folder / name);
    }
}

TEST(MadeVideo, Mpeg4AndMpeg2WithBPicturesAreExact)
{
    TemporaryFolder folder;
    for (const char *codec : {"mpeg4", "mpeg2video"}) {
        for (const char *extension : {".mkv", ".avi", ".ts", ".mp4"}) {
            SCOPED_TRACE(std::string(codec) + extension);
            StreamPlan plan;
            plan.codec = codec;
            plan.b_frames = 2;
            std::string path = folder / (std::string(codec) + extension);
            make_stream(path, {plan});
            expect_equal_to_plain_decoding(path, std::string(extension) != ".avi");
        }
    }
}

TEST(MadeVideo, HiddenPicturesOfVp8AndVp9AreNotCounted)
{
    TemporaryFolder folder;
    for (const char *codec : {"libvpx", "libvpx-vp9"}) {
        SCOPED_TRACE(codec);
        SKIP_WITHOUT_ENCODER(codec);
        StreamPlan plan;
        plan.codec = codec;
        plan.options = {{"auto-alt-ref", "1"},
                        {"lag-in-frames", "16"},
                        {"deadline", "good"},
                        {"cpu-used", "4"}};
        plan.gop = 24;
        std::string path = folder / (std::string(codec) + ".webm");
        make_stream(path, {plan});
        expect_equal_to_plain_decoding(path);
        EXPECT_EQ(video_count_frames(open_video(path).get()), 60);
    }
}

TEST(MadeVideo, PacketsWithoutAPictureAreNotCounted)
{
    SKIP_WITHOUT_ENCODER("libvpx");
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "libvpx";
    plan.gop = 24;
    int packets = 0;
    plan.edit = [&packets](AVPacket *packet) {
        if (++packets % 10 == 7 && av_packet_make_writable(packet) >= 0) {
            packet->data[0] &= static_cast<uint8_t>(~0x10); // show_frame of VP8
        }
        return true;
    };
    make_stream(folder / "hidden.webm", {plan});
    expect_equal_to_plain_decoding(folder / "hidden.webm");
    EXPECT_EQ(video_count_frames(open_video(folder / "hidden.webm").get()), 54);
}

TEST(MadeVideo, PicturesThatReferToBeforeTheFirstKeyFrameAreCountedAsFfmpegDoes)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    StreamPlan plan =
        plan_h264("keyint=12:min-keyint=12:open-gop=1:bframes=3:b-adapt=0:scenecut=0");
    int keys = 0;
    plan.edit = [&keys](AVPacket *packet) {
        keys += (packet->flags & AV_PKT_FLAG_KEY) != 0 ? 1 : 0;
        return keys >= 2; // the file begins with an open group
    };
    make_stream(folder / "open.mkv", {plan});
    expect_equal_to_plain_decoding(folder / "open.mkv");
}

TEST(MadeVideo, PicturesThatAreAllKeyFramesAreExact)
{
    TemporaryFolder folder;
    for (const char *extension : {".avi", ".mov", ".mkv"}) {
        SCOPED_TRACE(extension);
        StreamPlan plan;
        plan.codec = "mjpeg";
        plan.format = AV_PIX_FMT_YUVJ420P;
        std::string path = folder / (std::string("a") + extension);
        make_stream(path, {plan});
        expect_equal_to_plain_decoding(path);
    }
}

TEST(MadeVideo, TenBitPicturesAreExactAndBecomeRgb)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    StreamPlan plan = plan_h264("keyint=12");
    plan.format = AV_PIX_FMT_YUV420P10LE;
    make_stream(folder / "ten.mp4", {plan});
    expect_equal_to_plain_decoding(folder / "ten.mp4");
    Video v = open_video(folder / "ten.mp4");
    std::vector<uint8_t> rgb(96 * 64 * 3);
    int64_t frame = 30; // luma 40 to 200 and 2 in the upper byte: around 600 of 1023, not black
    ASSERT_EQ(video_read_rgb(v.get(), &frame, 1, 96, 64, rgb.data()), SSLACT_OK);
    EXPECT_GT(std::accumulate(rgb.begin(), rgb.end(), 0.0) / static_cast<double>(rgb.size()), 90);
}

TEST(MadeVideo, UnevenTimesAreTheStreamsOwnAndFramesAreFoundByThem)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    StreamPlan plan = plan_h264("keyint=12:bframes=2");
    plan.count = 20;
    plan.time = [](int n) { return n < 10 ? n : 10 + 5 * (n - 10); }; // 25 a second, then 5
    make_stream(folder / "uneven.mkv", {plan});
    expect_equal_to_plain_decoding(folder / "uneven.mkv");
    Video v = open_video(folder / "uneven.mkv");

    EXPECT_NEAR(video_get_time(v.get(), 19), 55 / 25.0, 1e-3);
    EXPECT_EQ(video_find_frame(v.get(), -3.0), 0);
    EXPECT_EQ(video_find_frame(v.get(), 0.0), 0);
    EXPECT_EQ(video_find_frame(v.get(), 0.0398), 0);  // more than 1e-4 s before frame 1
    EXPECT_EQ(video_find_frame(v.get(), 0.03995), 1); // within 1e-4 s of it
    EXPECT_EQ(video_find_frame(v.get(), 0.5), 10);    // frame 10 from 0.4 s, frame 11 at 0.6 s
    EXPECT_EQ(video_find_frame(v.get(), 0.6), 11);
    EXPECT_EQ(video_find_frame(v.get(), 1e9), 19);
    EXPECT_EQ(video_find_frame(v.get(), NAN), 0);
}

TEST(MadeVideo, TimesCountFromTheFirstFrameEvenWhereItsOwnTimeIsNotZero)
{
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "mpeg4";
    plan.time = [](int n) { return n + 50; };
    make_stream(folder / "late.mkv", {plan});
    expect_equal_to_plain_decoding(folder / "late.mkv");
    Video v = open_video(folder / "late.mkv");
    EXPECT_NEAR(video_get_stream_time(v.get(), 0), 2.0, 1e-3);
    EXPECT_EQ(video_get_time(v.get(), 0), 0.0);
    EXPECT_EQ(video_find_frame(v.get(), 1.0), 25);
}

TEST(MadeVideo, PicturesBeforeAnEditListsStartAreDecodedButNotCounted)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    StreamPlan plan = plan_h264("keyint=30:bframes=2:scenecut=0");
    plan.muxing = {{"use_editlist", "1"}, {"avoid_negative_ts", "disabled"}};
    plan.edit = [](AVPacket *packet) {
        packet->pts -= 7; // the edit list then begins at the eighth picture
        packet->dts -= 7;
        return true;
    };
    make_stream(folder / "edited.mp4", {plan});
    expect_equal_to_plain_decoding(folder / "edited.mp4");
    EXPECT_EQ(video_count_frames(open_video(folder / "edited.mp4").get()), 53);
}

TEST(MadeVideo, TheStreamWithTheMostPixelsIsReadAndTheFirstOfEquals)
{
    TemporaryFolder folder;
    StreamPlan small, large;
    small.codec = large.codec = "mpeg4";
    large.width = 128;
    make_stream(folder / "later.mkv", {small, large, large});
    Reference first_large = decode_plainly(folder / "later.mkv", 1);
    Reference second_large = decode_plainly(folder / "later.mkv", 2);
    Video v = open_video(folder / "later.mkv");

    Seen seen = read_sums(v.get(), all_frames(v.get()));

    EXPECT_EQ(seen.sums, first_large.sums);
    EXPECT_NE(seen.sums, second_large.sums);
    expect_equal_to_plain_decoding(folder / "later.mkv");
}

TEST(MadeVideo, AStreamThatStartsInTheMiddleOfAGroupHasTheFramesThatFfmpegDecodes)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    make_stream(folder / "whole.ts", {plan_h264("keyint=12:min-keyint=12:bframes=2:scenecut=0")});
    std::vector<char> bytes = read_bytes(folder / "whole.ts");
    size_t cut = bytes.size() / 3 / 188 * 188;
    write_bytes(folder / "middle.ts", bytes.data() + cut, bytes.size() - cut);

    Reference plain = decode_plainly(folder / "middle.ts");
    Video v = open_video(folder / "middle.ts");

    ASSERT_TRUE(v);
    EXPECT_EQ(video_count_frames(v.get()), static_cast<int64_t>(plain.sums.size()));
}

TEST(MadeVideo, ASizeThatChangesMidStreamIsFollowed)
{
    SKIP_WITHOUT_ENCODER("libx264");
    TemporaryFolder folder;
    StreamPlan wide = plan_h264("keyint=12:bframes=0");
    wide.width = 160;
    make_stream(folder / "a.h264", {plan_h264("keyint=12:bframes=0")});
    make_stream(folder / "b.h264", {wide});
    std::vector<char> joined = read_bytes(folder / "a.h264"),
                      second = read_bytes(folder / "b.h264");
    joined.insert(joined.end(), second.begin(), second.end());
    write_bytes(folder / "c.h264", joined.data(), joined.size());
    expect_equal_to_plain_decoding(folder / "c.h264", false);
    Reference plain = decode_plainly(folder / "c.h264");
    ASSERT_EQ(plain.widths.front(), 96);
    ASSERT_EQ(plain.widths.back(), 160);

    Video v = open_video(folder / "c.h264");
    std::vector<int64_t> frames = {100, 3, 100};
    std::vector<uint8_t> rgb(3 * 48 * 32 * 3);
    ASSERT_EQ(video_read_rgb(v.get(), frames.data(), 3, 48, 32, rgb.data()), SSLACT_OK);
    EXPECT_TRUE(std::equal(rgb.begin(), rgb.begin() + 48 * 32 * 3, rgb.begin() + 2 * 48 * 32 * 3));
}

TEST(MadeVideo, AFileThatIsRemovedWhileOpenIsStillRead)
{
    TemporaryFolder folder;
    encode_video(folder / "gone.mp4", 96, 64, 30);
    Reference plain = decode_plainly(folder / "gone.mp4");
    Video v = open_video(folder / "gone.mp4");
    std::filesystem::remove(folder / "gone.mp4");

    Seen seen = read_sums(v.get(), {5, 5, 21});

    ASSERT_EQ(seen.status, SSLACT_OK) << seen.message;
    EXPECT_EQ(seen.sums, (std::vector<std::string>{plain.sums[5], plain.sums[5], plain.sums[21]}));
}
