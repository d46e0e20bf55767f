// Every healthy real file against what ffmpeg says about it (video_facts.json), and random access
// against decoding in order.
#include <cmath>
#include <jansson.h>

extern "C" {
#include <libavutil/md5.h>
}

#include "media_test.h"

extern "C" {
#include "media/handle.h"
}

using namespace media_test;

namespace
{

struct Fact {
    std::string name;
    int64_t count = 0;
    double first = 0, last = 0;
    int width = 0, height = 0, rotation = 0;
    std::string codec, format, first_sum, last_sum, all_sum;
};

std::string get_text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != nullptr ? value : "";
}

Fact make_fact(const char *name, const json_t *object)
{
    Fact fact;
    fact.name = name;
    fact.count = json_integer_value(json_object_get(object, "frames_decoded"));
    fact.first = json_number_value(json_object_get(object, "first_pts"));
    fact.last = json_number_value(json_object_get(object, "last_pts"));
    fact.width = static_cast<int>(json_integer_value(json_object_get(object, "width")));
    fact.height = static_cast<int>(json_integer_value(json_object_get(object, "height")));
    fact.rotation =
        static_cast<int>(json_integer_value(json_object_get(object, "display_rotation")));
    fact.codec = get_text(object, "codec");
    fact.format = get_text(object, "pix_fmt");
    fact.first_sum = get_text(object, "first_frame_md5");
    fact.last_sum = get_text(object, "last_frame_md5");
    fact.all_sum = get_text(object, "all_frames_md5");
    return fact;
}

bool is_healthy(const std::string &name)
{
    return name.find("damaged/") == std::string::npos &&
           name.find("corrupted.mp4") == std::string::npos;
}

std::vector<Fact> read_facts()
{
    std::vector<Fact> facts;
    json_t *root = json_load_file(SSLACT_TEST_DATA "/video_facts.json", 0, nullptr);
    const char *name;
    json_t *object;
    json_object_foreach(json_object_get(root, "files"), name, object)
    {
        if (is_healthy(name)) {
            facts.push_back(make_fact(name, object));
        }
    }
    json_decref(root);
    return facts;
}

std::string sum_of_text(const std::vector<std::string> &sums)
{
    std::string joined;
    for (const std::string &sum : sums) {
        joined += (joined.empty() ? "" : "\n") + sum;
    }
    uint8_t digest[16];
    av_md5_sum(digest, reinterpret_cast<const uint8_t *>(joined.data()), joined.size());
    std::string hex;
    for (uint8_t byte : digest) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

#define SKIP_WITHOUT_DATA()                                                                        \
    if (!std::filesystem::exists(SSLACT_TEST_DATA "/video_facts.json"))                            \
    GTEST_SKIP() << "no " SSLACT_TEST_DATA "/video_facts.json"

void expect_facts(const Fact &fact, video *v)
{
    video_info info;
    video_describe(v, &info);
    EXPECT_EQ(info.frame_count, fact.count);
    EXPECT_EQ(info.stored_width, fact.width);
    EXPECT_EQ(info.stored_height, fact.height);
    EXPECT_EQ(info.rotation, (360 - fact.rotation) % 360);
    EXPECT_EQ(info.codec, fact.codec);
    EXPECT_EQ(info.pixel_format, fact.format);
    EXPECT_FALSE(info.truncated);
    // The facts' times have six decimals.
    EXPECT_NEAR(video_get_stream_time(v, 0), fact.first, 1e-6);
    EXPECT_NEAR(video_get_stream_time(v, fact.count - 1), fact.last, 1e-6);
    EXPECT_EQ(video_get_time(v, 0), 0.0);
    EXPECT_NEAR(info.duration_seconds, fact.last - fact.first, 2e-6);
}

// Clips at random places, in random order, equal to the same frames of the decode in order.
void expect_random_access(video *v, const std::vector<std::string> &sums, Dice &dice, int clips,
                          int64_t stride)
{
    int64_t count = static_cast<int64_t>(sums.size());
    for (int c = 0; c < clips; c++) {
        int64_t start = dice.roll(count);
        std::vector<int64_t> frames;
        for (int k = 0; k < 4; k++) {
            frames.push_back(std::min(start + k * stride, count - 1));
        }
        Seen seen = read_sums(v, frames);
        ASSERT_EQ(seen.status, SSLACT_OK) << seen.message;
        ASSERT_EQ(seen.numbers, frames);
        for (size_t k = 0; k < frames.size(); k++) {
            ASSERT_EQ(seen.sums[k], sums[static_cast<size_t>(frames[k])]) << "frame " << frames[k];
        }
    }
}

// The same by an index that an earlier opening has kept.
void expect_kept_index(const std::string &path, const std::vector<std::string> &sums, Dice &dice)
{
    TemporaryFolder kept;
    video_options options = {};
    options.index_folder = kept.path().c_str();
    video_info made, read;
    video_describe(open_video(path, options).get(), &made);
    ASSERT_FALSE(std::filesystem::is_empty(kept.path()));
    Video v = open_video(path, options);
    ASSERT_TRUE(v);
    EXPECT_TRUE(v->index_is_kept);
    video_describe(v.get(), &read);
    EXPECT_EQ(read.rotation, made.rotation);
    EXPECT_EQ(read.width, made.width);
    EXPECT_EQ(read.duration_seconds, made.duration_seconds);
    EXPECT_STREQ(read.pixel_format, made.pixel_format); // static text
    expect_random_access(v.get(), sums, dice, 2, 2);
    // A packet that is not the one indexed would have taken the index away.
    EXPECT_FALSE(std::filesystem::is_empty(kept.path()));
}

} // namespace

TEST(RealVideo, EveryHealthyFileHasTheFramesThatFfmpegDecodesAndGivesThemInAnyOrder)
{
    SKIP_WITHOUT_DATA();
    Dice dice(static_cast<uint64_t>(::testing::UnitTest::GetInstance()->random_seed()));

    for (const Fact &fact : read_facts()) {
        SCOPED_TRACE(fact.name);
        Video v = open_video(std::string(SSLACT_TEST_DATA "/") + fact.name);
        ASSERT_TRUE(v);
        expect_facts(fact, v.get());

        Seen seen = read_sums(v.get(), all_frames(v.get()));

        ASSERT_EQ(seen.status, SSLACT_OK) << seen.message;
        ASSERT_EQ(static_cast<int64_t>(seen.sums.size()), fact.count);
        EXPECT_EQ(seen.sums.front(), fact.first_sum);
        EXPECT_EQ(seen.sums.back(), fact.last_sum);
        EXPECT_EQ(sum_of_text(seen.sums), fact.all_sum);
        expect_random_access(v.get(), seen.sums, dice, 2, 2);
        video_options slow = {};
        slow.no_frame_skipping = true;
        Video twin = open_video(std::string(SSLACT_TEST_DATA "/") + fact.name, slow);
        expect_random_access(twin.get(), seen.sums, dice, 1, 3);
        expect_kept_index(std::string(SSLACT_TEST_DATA "/") + fact.name, seen.sums, dice);
    }
}

TEST(RealVideo, TwoVideosThatDifferOnlyInRotationGiveTheSamePicturesTurned)
{
    SKIP_WITHOUT_DATA();
    Video straight = open_video(SSLACT_TEST_DATA "/videos/video_0.mov");
    Video turned = open_video(SSLACT_TEST_DATA "/videos/video_90.mov");
    ASSERT_TRUE(straight && turned);
    video_info a, b;
    video_describe(straight.get(), &a);
    video_describe(turned.get(), &b);

    EXPECT_EQ(a.rotation, 0);
    EXPECT_EQ(b.rotation, 90);
    EXPECT_EQ(a.width, 568);
    EXPECT_EQ(b.width, 320);
    EXPECT_EQ(b.height, 568);
    std::vector<int64_t> frames = {1};
    std::vector<uint8_t> upright(568 * 320 * 3), shown(568 * 320 * 3);
    ASSERT_EQ(video_read_rgb(straight.get(), frames.data(), 1, 568, 320, upright.data()),
              SSLACT_OK);
    ASSERT_EQ(video_read_rgb(turned.get(), frames.data(), 1, 320, 568, shown.data()), SSLACT_OK);
    // Both show the same scene upright; the second holds it on its side. A quarter turn clockwise
    // of the second file's stored picture is what must come out: stored (x, y) at (319 - y, x).
    std::vector<int64_t> none = {0};
    struct Stored {
        std::vector<uint8_t> luma;
    } stored;
    auto keep_luma = [](const picture *p, size_t, void *user) {
        Stored *s = static_cast<Stored *>(user);
        for (int y = 0; y < p->height; y++) {
            const uint8_t *row = p->planes[0] + static_cast<ptrdiff_t>(y) * p->strides[0];
            s->luma.insert(s->luma.end(), row, row + p->width);
        }
        return SSLACT_OK;
    };
    ASSERT_EQ(video_read(turned.get(), frames.data(), 1, keep_luma, &stored), SSLACT_OK);
    double difference = 0;
    for (int y = 0; y < 320; y++) {
        for (int x = 0; x < 568; x++) {
            const uint8_t *pixel = &shown[(static_cast<size_t>(x) * 320 + (319 - y)) * 3];
            double luma = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
            double expected = (stored.luma[static_cast<size_t>(y) * 568 + x] - 16) * 255.0 / 219;
            difference += std::fabs(luma - expected);
        }
    }
    EXPECT_LT(difference / (568 * 320), 1.5); // chroma out of range moves a few pixels
}

TEST(RealVideo, FullRangePicturesKeepTheirBlackAndWhite)
{
    SKIP_WITHOUT_DATA();
    Video v = open_video(SSLACT_TEST_DATA "/videos/bt709_full_range.mp4");
    ASSERT_TRUE(v);
    video_info info;
    video_describe(v.get(), &info);
    std::vector<int64_t> frames = {3};
    size_t pixels = static_cast<size_t>(info.width) * info.height;
    std::vector<uint8_t> rgb(pixels * 3);

    ASSERT_EQ(video_read_rgb(v.get(), frames.data(), 1, info.width, info.height, rgb.data()),
              SSLACT_OK);

    // The mean of 0.2126 R + 0.7152 G + 0.0722 B is the mean of Y when matrix and range are right.
    double shown = 0;
    for (size_t k = 0; k < pixels; k++) {
        shown += 0.2126 * rgb[3 * k] + 0.7152 * rgb[3 * k + 1] + 0.0722 * rgb[3 * k + 2];
    }
    struct Sum {
        double luma = 0;
    } sum;
    auto add_luma = [](const picture *p, size_t, void *user) {
        for (int y = 0; y < p->height; y++) {
            const uint8_t *row = p->planes[0] + static_cast<ptrdiff_t>(y) * p->strides[0];
            static_cast<Sum *>(user)->luma += std::accumulate(row, row + p->width, 0.0);
        }
        return SSLACT_OK;
    };
    ASSERT_EQ(video_read(v.get(), frames.data(), 1, add_luma, &sum), SSLACT_OK);
    EXPECT_NEAR(shown / static_cast<double>(pixels), sum.luma / static_cast<double>(pixels), 1.0);
}
