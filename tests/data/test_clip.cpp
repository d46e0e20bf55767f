// Clips that programs hand over: copied faithfully, refused with the place of the fault.
#include "data/clip.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "data_support.h"

namespace
{

using test::ClipHolder;

constexpr int CLASSES = 3;

// Two frames of 2 x 2 pixels, two people, labels; pixel values count up.
struct Source {
    Source()
    {
        for (size_t i = 0; i < sizeof pixels; i++) {
            pixels[i] = static_cast<uint8_t>(i);
        }
        SSLACT_INIT(clip);
        clip.pixels = pixels;
        clip.frame_count = 2;
        clip.height = 2;
        clip.width = 2;
        clip.boxes = boxes;
        clip.box_count = 2;
        clip.labels = labels;
    }
    uint8_t pixels[24];
    sslact_box boxes[2] = {{0.1f, 0.2f, 0.3f, 0.4f}, {0.5f, 0.1f, 0.9f, 1.0f}};
    float scores[2] = {0.9f, 0.25f};
    uint8_t labels[6] = {1, 0, 1, 0, 0, 0};
    sslact_clip clip;
};

ClipHolder import(const Source &source, const char *place = "clips[3]")
{
    clip *made = nullptr;
    EXPECT_EQ(clip_import(&source.clip, CLASSES, place, &made), SSLACT_OK)
        << sslact_error_get_message();
    return ClipHolder(made);
}

TEST(ClipImport, CopiesEverything)
{
    Source source;
    source.clip.box_scores = source.scores;
    source.clip.name = "camera 4, 12:03";

    const ClipHolder made = import(source);

    EXPECT_EQ(std::memcmp(made->pixels, source.pixels, 24), 0);
    EXPECT_EQ(made->class_count, CLASSES);
    EXPECT_EQ(std::memcmp(made->boxes, source.boxes, sizeof source.boxes), 0);
    EXPECT_EQ(made->box_scores[1], 0.25f);
    EXPECT_EQ(std::memcmp(made->labels, source.labels, 6), 0);
    EXPECT_STREQ(made->name, "camera 4, 12:03");
    EXPECT_NE(made->pixels, source.pixels);
}

TEST(ClipImport, FillsInWhatIsNotKnown)
{
    Source source;
    source.clip.labels = nullptr;

    const ClipHolder made = import(source);

    EXPECT_EQ(made->labels, nullptr);
    EXPECT_EQ(made->box_scores[0], 1);
    EXPECT_STREQ(made->name, "clips[3]");
}

TEST(ClipImport, FollowsStridesOfACrop)
{
    // A picture of 3 x 4 pixels twice; the crop is its rows 0..1, columns 1..2.
    uint8_t large[2 * 3 * 4 * 3];
    for (size_t i = 0; i < sizeof large; i++) {
        large[i] = static_cast<uint8_t>(i);
    }
    Source source;
    source.clip.pixels = large + 3;
    source.clip.row_stride = 12;
    source.clip.frame_stride = 36;

    const ClipHolder made = import(source);

    for (int t = 0; t < 2; t++) {
        for (int y = 0; y < 2; y++) {
            for (int x = 0; x < 6; x++) {
                EXPECT_EQ(made->pixels[t * 12 + y * 6 + x], large[t * 36 + y * 12 + 3 + x]);
            }
        }
    }
}

TEST(ClipImport, AcceptsAClipWithoutPeopleAndBoxesALittleOutside)
{
    Source source;
    source.boxes[0] = {-0.02f, 0, 1.03f, 1};
    EXPECT_EQ(import(source)->boxes[0].x2, 1.03f);

    source.clip.box_count = 0;
    source.clip.boxes = nullptr;
    EXPECT_EQ(import(source)->box_count, 0);
}

struct BadClip {
    const char *message;
    std::function<void(Source &)> spoil;
};

class BadClips : public testing::TestWithParam<BadClip>
{
};

TEST_P(BadClips, AreRefusedWithIndexPathValueAndWhatIsAccepted)
{
    Source source;
    GetParam().spoil(source);
    clip *made = nullptr;

    EXPECT_EQ(clip_import(&source.clip, CLASSES, "clips[3]", &made), SSLACT_ERROR_INVALID_ARGUMENT);

    EXPECT_STREQ(sslact_error_get_message(), GetParam().message);
    EXPECT_EQ(made, nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadClips,
    testing::Values(
        BadClip{"clips[3].boxes[1]: x2 0.41 is not greater than x1 0.57",
                [](Source &s) {
                    s.boxes[1] = {0.57f, 0, 0.41f, 1};
                }},
        BadClip{"clips[3].boxes[0]: y2 0.5 is not greater than y1 0.5",
                [](Source &s) {
                    s.boxes[0] = {0, 0.5f, 1, 0.5f};
                }},
        BadClip{"clips[3].boxes[0]: x1 nan, expected a share of the picture's side, 0 to 1",
                [](Source &s) { s.boxes[0].x1 = NAN; }},
        BadClip{"clips[3].boxes[0]: y2 inf, expected a share of the picture's side, 0 to 1",
                [](Source &s) { s.boxes[0].y2 = INFINITY; }},
        BadClip{"clips[3].boxes[1]: x2 320, expected a share of the picture's side, 0 to 1",
                [](Source &s) { s.boxes[1].x2 = 320; }},
        BadClip{"clips[3].box_scores[1]: nan, expected a finite number",
                [](Source &s) {
                    s.scores[1] = NAN;
                    s.clip.box_scores = s.scores;
                }},
        BadClip{"clips[3].labels[1][2]: 7, expected 0 or 1", [](Source &s) { s.labels[5] = 7; }},
        BadClip{"clips[3]: pixels is NULL, expected frame_count x height x width x 3 bytes",
                [](Source &s) { s.clip.pixels = nullptr; }},
        BadClip{"clips[3]: boxes is NULL, box_count is 2",
                [](Source &s) { s.clip.boxes = nullptr; }},
        BadClip{"clips[3]: frame_count is 0, accepted are 1 to 65535",
                [](Source &s) { s.clip.frame_count = 0; }},
        BadClip{"clips[3]: height is -4, accepted are 1 to 65535",
                [](Source &s) { s.clip.height = -4; }},
        BadClip{"clips[3]: width is 2147483647, accepted are 1 to 65535",
                [](Source &s) { s.clip.width = std::numeric_limits<int32_t>::max(); }},
        BadClip{"clips[3]: box_count is -1, accepted are 0 to 65536",
                [](Source &s) { s.clip.box_count = -1; }},
        BadClip{"clips[3]: row_stride is 5, expected 0 or at least 6 bytes",
                [](Source &s) { s.clip.row_stride = 5; }},
        BadClip{"clips[3]: row_stride is -6, expected 0 or at least 6 bytes",
                [](Source &s) { s.clip.row_stride = -6; }},
        BadClip{"clips[3]: frame_stride is 11, expected 0 or at least 12 bytes",
                [](Source &s) { s.clip.frame_stride = 11; }}));

TEST(ClipCreate, RefusesSizesThatDoNotFitInMemory)
{
    clip *made = nullptr;
    EXPECT_EQ(clip_create(65535, 2147483647, 2147483647, 0, 1, 0, &made),
              SSLACT_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(made, nullptr);
}

TEST(ClipCopy, IsIndependent)
{
    Source source;
    const ClipHolder first = import(source);
    clip *second = nullptr;
    ASSERT_EQ(clip_copy(first.get(), &second), SSLACT_OK);
    const ClipHolder holder(second);

    second->pixels[0] = 200;
    second->labels[0] = 0;

    EXPECT_EQ(first->pixels[0], 0);
    EXPECT_EQ(first->labels[0], 1);
    EXPECT_STREQ(second->name, first->name);
}

} // namespace
