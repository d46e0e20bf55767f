// Damaged, hostile and absent files: frames before the damage, then a message, never a hang.
#include <chrono>
#include <numeric>
#include <sys/stat.h>

#include "base/clock.h"
#include "media_test.h"
#include "streams.h"

extern "C" {
#include "media/handle.h"
}

using namespace media_test;

namespace
{

// Far above what any of these files takes, far below a hang.
constexpr double time_bound_seconds = 10;

class Clock
{
public:
    double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

sslact_status try_open(const std::string &path, Video &out, video_options options = {})
{
    video *v = nullptr;
    sslact_status status = video_open(path.c_str(), &options, &v);
    out.reset(v);
    return status;
}

void expect_message_begins_with(const std::string &path)
{
    std::string message = sslact_error_get_message();
    EXPECT_EQ(message.rfind(path + ": ", 0), 0U) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

// Reads a damaged copy from both ends and in one go: what comes out is the good file's, what does
// not is an error that names the frame. Returns how many frames came out of the one go.
size_t expect_prefix(const std::string &path, const std::vector<std::string> &good)
{
    Clock clock;
    Video v;
    sslact_status status = try_open(path, v);
    if (status < 0) {
        expect_message_begins_with(path);
        EXPECT_LT(clock.seconds(), time_bound_seconds);
        return 0;
    }
    Seen seen = read_sums(v.get(), all_frames(v.get()));
    EXPECT_LE(seen.sums.size(), good.size());
    for (size_t k = 0; k < seen.sums.size() && k < good.size(); k++) {
        EXPECT_EQ(seen.sums[k], good[k]) << path << ": frame " << k;
    }
    if (seen.status < 0) {
        EXPECT_EQ(seen.status, SSLACT_ERROR_DECODE);
        EXPECT_NE(seen.message.find("frame"), std::string::npos) << seen.message;
    }
    if (seen.sums.size() > 2) {
        int64_t last = static_cast<int64_t>(seen.sums.size()) - 1;
        Seen alone = read_sums(v.get(), {last});
        EXPECT_EQ(alone.status, SSLACT_OK) << alone.message;
        EXPECT_EQ(alone.sums, std::vector<std::string>{seen.sums.back()});
    }
    EXPECT_LT(clock.seconds(), time_bound_seconds);
    return seen.sums.size();
}

void cut_at_many_places(const std::string &path, int places, size_t least_best)
{
    std::vector<std::string> good = decode_plainly(path).sums;
    std::vector<char> bytes = read_bytes(path);
    std::string cut = std::filesystem::path(path).replace_extension().string() + "_cut" +
                      std::filesystem::path(path).extension().string();
    size_t best = 0;
    for (int k = 0; k < places; k++) {
        write_bytes(cut, bytes.data(), bytes.size() * static_cast<size_t>(k) / places);
        best = std::max(best, expect_prefix(cut, good));
    }
    EXPECT_GE(best, least_best) << "nothing was read of a file that lacks only its end";
}

} // namespace

TEST(DamagedVideo, AFileThatIsCutOffGivesItsFirstFramesAndThenAMessage)
{
    TemporaryFolder folder;
    encode_video(folder / "small.mp4", 96, 64, 40); // its index stands at the start of the file

    cut_at_many_places(folder / "small.mp4", 100, 35);
}

TEST(DamagedVideo, OtherContainersThatAreCutOffGiveTheirFirstFrames)
{
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "mpeg4";
    plan.b_frames = 2;
    for (const char *name : {"a.mkv", "a.avi", "a.mov"}) {
        SCOPED_TRACE(name);
        plan.muxing = {{"movflags", "faststart"}};
        make_stream(folder / name, {plan});
        cut_at_many_places(folder / name, 25, 40);
    }
}

TEST(DamagedVideo, StreamsThatDoNotSayHowLongTheyAreAreWrongInTheirLastPicturesAtMost)
{
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "mpeg4";
    plan.b_frames = 2;
    for (const char *kind : {"mpegts", "m4v"}) {
        SCOPED_TRACE(kind);
        make_stream(folder / "whole.bin", {plan}, kind);
        std::vector<std::string> good = decode_plainly(folder / "whole.bin").sums;
        std::vector<char> bytes = read_bytes(folder / "whole.bin");
        for (size_t k = 1; k < 20; k++) {
            write_bytes(folder / "cut.bin", bytes.data(), bytes.size() * k / 20);
            Video v;
            if (try_open(folder / "cut.bin", v) < 0) {
                expect_message_begins_with(folder / "cut.bin");
                continue;
            }
            Seen seen = read_sums(v.get(), all_frames(v.get()));
            ASSERT_LE(seen.sums.size(), good.size());
            for (size_t n = 0; n + 4 < seen.sums.size(); n++) {
                EXPECT_EQ(seen.sums[n], good[n]) << "cut at " << k << "/20, frame " << n;
            }
        }
    }
}

TEST(DamagedVideo, BrokenBytesInTheMiddleNeverGiveFramesOfAnotherFileOrHang)
{
    TemporaryFolder folder;
    encoder_options options = {};
    options.key_frame_interval = 10;
    encode_video(folder / "good.mp4", 96, 64, 40, options);
    std::vector<char> bytes = read_bytes(folder / "good.mp4");
    Dice dice(5);
    for (int k = 0; k < 60; k++) {
        std::vector<char> broken = bytes;
        for (int b = 0; b < 20; b++) {
            broken[static_cast<size_t>(dice.roll(static_cast<int64_t>(broken.size())))] =
                static_cast<char>(dice.roll(256));
        }
        write_bytes(folder / "broken.mp4", broken.data(), broken.size());
        Clock clock;
        Video v;
        if (try_open(folder / "broken.mp4", v) < 0) {
            expect_message_begins_with(folder / "broken.mp4");
        } else {
            Seen seen = read_sums(v.get(), all_frames(v.get()));
            EXPECT_TRUE(seen.status == SSLACT_OK || seen.status == SSLACT_ERROR_DECODE);
        }
        EXPECT_LT(clock.seconds(), time_bound_seconds);
    }
}

TEST(DamagedVideo, APictureMadeFromADamagedOneIsNotHandedOutAndTheNextGroupIsWhole)
{
    if (!has_encoder("libx264")) {
        GTEST_SKIP() << "this build of libav has no encoder libx264";
    }
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "libx264";
    plan.options = {{"x264-params", "cpu-independent=1:cabac=0:keyint=20:min-keyint=20:bframes=3:"
                                    "b-adapt=0:scenecut=0"}};
    make_stream(folder / "good.mp4", {plan});
    std::vector<std::string> good = decode_plainly(folder / "good.mp4").sums;
    // In file order: picture 0, then 4 (which 1, 2 and 3 refer to). Its second half is wiped out.
    int packets = 0;
    plan.edit = [&packets](AVPacket *packet) {
        if (++packets == 2 && av_packet_make_writable(packet) >= 0) {
            std::fill(packet->data + packet->size / 2, packet->data + packet->size, uint8_t{0});
        }
        return true;
    };
    make_stream(folder / "bad.mp4", {plan});
    Video v = open_video(folder / "bad.mp4");

    Seen seen = read_sums(v.get(), all_frames(v.get()));
    Seen second_group = read_sums(v.get(), {20, 21, 35});
    Seen first_group = read_sums(v.get(), {2});

    EXPECT_EQ(seen.status, SSLACT_ERROR_DECODE);
    EXPECT_EQ(seen.sums, (std::vector<std::string>{good[0]}));
    EXPECT_NE(seen.message.find("frame 1 cannot be decoded"), std::string::npos) << seen.message;
    EXPECT_NE(seen.message.find("damaged at frame 4"), std::string::npos) << seen.message;
    EXPECT_EQ(second_group.sums, (std::vector<std::string>{good[20], good[21], good[35]}));
    EXPECT_EQ(first_group.status, SSLACT_ERROR_DECODE);
}

namespace
{

// Processor seconds of opening a file and reading all of it, eight frames a call, going on after
// errors. *good counts the calls that gave their frames.
double time_of_clips(const std::string &path, int64_t frame_count, int *good)
{
    *good = 0;
    double start = clock_process_seconds();
    Video v;
    if (try_open(path, v) >= 0) {
        auto ignore = [](const picture *, size_t, void *) { return SSLACT_OK; };
        for (int64_t first = 0; first < frame_count; first += 8) {
            std::vector<int64_t> frames(8);
            std::iota(frames.begin(), frames.end(), first);
            *good += video_read(v.get(), frames.data(), 8, ignore, nullptr) >= 0 ? 1 : 0;
        }
    }
    return clock_process_seconds() - start;
}

} // namespace

TEST(DamagedVideo, TakesAtMostTwiceTheTimeOfTheHealthyFileWhereverItIsDamaged)
{
    TemporaryFolder folder;
    encoder_options options = {};
    options.key_frame_interval = 80;
    encode_video(folder / "good.mp4", 320, 240, 160, options);
    std::vector<char> bytes = read_bytes(folder / "good.mp4");
    int good = 0;
    double healthy = 1e9;
    for (int k = 0; k < 3; k++) {
        healthy = std::min(healthy, time_of_clips(folder / "good.mp4", 160, &good));
    }
    ASSERT_EQ(good, 20);
    Dice dice(8);
    int some = 0, failed = 0;
    for (int place = 1; place < 10; place += 2) {
        std::vector<char> broken = bytes;
        size_t at = bytes.size() * static_cast<size_t>(place) / 10;
        for (size_t k = 0; k < 200; k++) {
            broken[at + k] = static_cast<char>(dice.roll(256));
        }
        for (size_t size : {bytes.size(), at}) {
            write_bytes(folder / "bad.mp4", broken.data(), size);
            double seconds = time_of_clips(folder / "bad.mp4", 160, &good);
            EXPECT_LT(seconds, 2 * healthy) << "damaged at " << at << ", cut to " << size;
            some += good;
            failed += good < 20 ? 1 : 0;
        }
    }
    EXPECT_GE(failed, 6);    // a decoder cannot notice all of it
    EXPECT_GT(some, 10 * 6); // whole groups and beginnings of groups came out
}

TEST(DamagedVideo, AMalformedPacketCostsItsFrameAndLeavesTheNumbersOfTheOthers)
{
    if (!has_encoder("libx264")) {
        GTEST_SKIP() << "this build of libav has no encoder libx264";
    }
    TemporaryFolder folder;
    StreamPlan plan;
    plan.codec = "libx264";
    plan.options = {{"x264-params", "cpu-independent=1:keyint=10:min-keyint=10:bframes=0:"
                                    "scenecut=0"}};
    make_stream(folder / "good.mp4", {plan});
    std::vector<std::string> good = decode_plainly(folder / "good.mp4").sums;
    std::vector<char> bytes = read_bytes(folder / "good.mp4");
    int64_t position = 0;
    {
        Video v = open_video(folder / "good.mp4");
        position = v->index.packets[15].position;
    }
    bytes[static_cast<size_t>(position)] = 0x7f; // a unit longer than the packet
    write_bytes(folder / "bad.mp4", bytes.data(), bytes.size());

    Video v = open_video(folder / "bad.mp4");

    EXPECT_EQ(video_count_frames(v.get()), static_cast<int64_t>(good.size()));
    EXPECT_EQ(read_sums(v.get(), {13, 14}).sums, (std::vector<std::string>{good[13], good[14]}));
    Seen seen = read_sums(v.get(), {15});
    EXPECT_EQ(seen.status, SSLACT_ERROR_DECODE);
    EXPECT_NE(seen.message.find("frame 15"), std::string::npos) << seen.message;
    EXPECT_EQ(read_sums(v.get(), {19}).status, SSLACT_ERROR_DECODE); // made from 15
    EXPECT_EQ(read_sums(v.get(), {20, 29}).sums, (std::vector<std::string>{good[20], good[29]}));
}

TEST(DamagedVideo, FramesBehindTheEndOfACutOffFileAreLostNotAbsent)
{
    TemporaryFolder folder;
    encode_video(folder / "whole.mp4", 96, 64, 40);
    std::vector<char> bytes = read_bytes(folder / "whole.mp4");
    write_bytes(folder / "half.mp4", bytes.data(), bytes.size() * 3 / 4);
    Video whole = open_video(folder / "whole.mp4"), half = open_video(folder / "half.mp4");
    video_info info;
    video_describe(half.get(), &info);
    ASSERT_LT(info.frame_count, 40);

    EXPECT_TRUE(info.truncated);
    EXPECT_EQ(read_sums(half.get(), {39}).status, SSLACT_ERROR_DECODE);
    EXPECT_EQ(read_sums(whole.get(), {40}).status, SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(read_sums(whole.get(), {-1}).status, SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(read_sums(whole.get(), {7, 6}).status, SSLACT_ERROR_INVALID_ARGUMENT);
}

TEST(DamagedVideo, RealDamagedFilesEndInAMessage)
{
    if (!std::filesystem::exists(SSLACT_TEST_DATA "/videos/damaged")) {
        GTEST_SKIP() << "no " SSLACT_TEST_DATA "/videos/damaged";
    }
    for (const char *name : {"empty.mp4", "not_a_video.avi", "truncated_half.mp4"}) {
        Video v;
        std::string path = std::string(SSLACT_TEST_DATA "/videos/damaged/") + name;
        EXPECT_EQ(try_open(path, v), SSLACT_ERROR_FORMAT) << name;
        expect_message_begins_with(path);
    }
    std::string folder = SSLACT_TEST_DATA "/videos/";
    std::vector<std::string> whole =
        decode_plainly(SSLACT_TEST_DATA "/ucf101_24/videos/SoccerJuggling/"
                                        "v_SoccerJuggling_g23_c01.avi")
            .sums;
    EXPECT_EQ(expect_prefix(folder + "damaged/truncated_60pct.avi", whole), 145U);
    // Packet 30 is broken, and so is the picture that 29 is made from: 29 frames are left.
    EXPECT_EQ(
        expect_prefix(folder + "corrupted.mp4", decode_plainly(folder + "corrupted.mp4").sums),
        29U);
}

TEST(HostileFile, APipeThatNeverDeliversIsRefusedAtOnce)
{
    TemporaryFolder folder;
    ASSERT_EQ(mkfifo((folder / "pipe.mp4").c_str(), 0600), 0);
    Clock clock;
    Video v;

    EXPECT_EQ(try_open(folder / "pipe.mp4", v), SSLACT_ERROR_IO);
    expect_message_begins_with(folder / "pipe.mp4");
    EXPECT_LT(clock.seconds(), 1);
}

TEST(HostileFile, WorkThatTakesLongerThanItsBudgetEndsAndTheHandleGoesOn)
{
    TemporaryFolder folder;
    encode_video(folder / "a.mp4", 96, 64, 30);
    Reference plain = decode_plainly(folder / "a.mp4");
    Video v;
    video_options options = {};
    options.budget_seconds = 1e-9;

    EXPECT_EQ(try_open(folder / "a.mp4", v, options), SSLACT_ERROR_DECODE);
    EXPECT_NE(std::string(sslact_error_get_message()).find("budget"), std::string::npos);

    v = open_video(folder / "a.mp4");
    v->options.budget_seconds = 1e-9;
    Seen seen = read_sums(v.get(), {3, 20});
    EXPECT_EQ(seen.status, SSLACT_ERROR_DECODE);
    EXPECT_NE(seen.message.find("budget"), std::string::npos) << seen.message;
    v->options.budget_seconds = 60;
    EXPECT_EQ(read_sums(v.get(), all_frames(v.get())).sums, plain.sums);
}

TEST(HostileFile, TheTimeThatTheSinkTakesIsNotCounted)
{
    TemporaryFolder folder;
    encode_video(folder / "a.mp4", 96, 64, 5);
    video_options options = {};
    options.budget_seconds = 0.5;
    Video v = open_video(folder / "a.mp4", options);
    auto sleep = [](const picture *, size_t, void *) {
        timespec pause = {0, 200 * 1000 * 1000};
        nanosleep(&pause, nullptr);
        return SSLACT_OK;
    };
    std::vector<int64_t> frames = all_frames(v.get());

    EXPECT_EQ(video_read(v.get(), frames.data(), frames.size(), sleep, nullptr), SSLACT_OK)
        << sslact_error_get_message();
}

TEST(HostileFile, PicturesLargerThanTheLimitAreRefusedBeforeTheyAreMade)
{
    TemporaryFolder folder;
    encode_video(folder / "a.mp4", 96, 64, 5);
    video_options options = {};
    options.max_pixels = 96 * 64 - 1;
    Video v;

    EXPECT_EQ(try_open(folder / "a.mp4", v, options), SSLACT_ERROR_UNSUPPORTED);
    expect_message_begins_with(folder / "a.mp4");
    options.max_pixels = 96 * 64;
    EXPECT_EQ(try_open(folder / "a.mp4", v, options), SSLACT_OK);

    // A header of 65535 x 65535 in a file of a few hundred bytes.
    std::vector<char> bmp(200, 0);
    bmp[0] = 'B', bmp[1] = 'M', bmp[10] = 54, bmp[14] = 40, bmp[26] = 1, bmp[28] = 24;
    bmp[18] = bmp[19] = bmp[22] = bmp[23] = static_cast<char>(0xff);
    std::filesystem::create_directory(folder / "pictures");
    write_bytes(folder / "pictures/huge.bmp", bmp.data(), bmp.size());
    EXPECT_EQ(try_open(folder / "pictures", v), SSLACT_ERROR_DECODE);
}

TEST(HostileFile, APlayListUnderAVideosNameOpensNothingElse)
{
    TemporaryFolder folder;
    encode_video(folder / "real.mp4", 96, 64, 5);
    std::string list = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" +
                       (folder / "real.mp4") + "\n#EXT-X-ENDLIST\n";
    write_bytes(folder / "list.mp4", list.data(), list.size());
    std::string concat = "ffconcat version 1.0\nfile real.mp4\n";
    write_bytes(folder / "concat.mp4", concat.data(), concat.size());
    Video v;

    EXPECT_LT(try_open(folder / "list.mp4", v), 0);
    EXPECT_LT(try_open(folder / "concat.mp4", v), 0);
    EXPECT_EQ(try_open(folder / "absent.mp4", v), SSLACT_ERROR_NOT_FOUND);
    expect_message_begins_with(folder / "absent.mp4");
}

TEST(HostileFile, ASinkThatFailsEndsTheReadWithItsStatusAndTheNextReadIsWhole)
{
    TemporaryFolder folder;
    encode_video(folder / "a.mp4", 96, 64, 30);
    Reference plain = decode_plainly(folder / "a.mp4");
    Video v = open_video(folder / "a.mp4");
    auto stop = [](const picture *p, size_t, void *) {
        return p->frame == 4 ? SSLACT_ERROR_CANCELLED : SSLACT_OK;
    };
    std::vector<int64_t> frames = all_frames(v.get());

    EXPECT_EQ(video_read(v.get(), frames.data(), frames.size(), stop, nullptr),
              SSLACT_ERROR_CANCELLED);
    EXPECT_EQ(read_sums(v.get(), frames).sums, plain.sums);
}
