// Scale jitter and crop: sizes, pixels against a slow loop, boxes by hand.
#include "data/view_frame.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>

#include "support/memory_clips.h"

namespace
{

using test::Held;

Held<clip> make_clip(int32_t height, int32_t width, const std::vector<sslact_box> &boxes = {})
{
    clip *made = nullptr;
    test::require(clip_create(2, height, width, static_cast<int32_t>(boxes.size()), 1, 1, &made));
    uint32_t state = 5;
    for (size_t k = 0; k < static_cast<size_t>(2 * height * width * 3); ++k) {
        state = state * 1664525u + 1013904223u;
        made->pixels[k] = static_cast<uint8_t>(state >> 24);
    }
    std::copy(boxes.begin(), boxes.end(), made->boxes);
    return Held<clip>(made);
}

view_options make_options(int32_t low, int32_t high, int32_t crop)
{
    view_options options = {};
    options.scale_min = low;
    options.scale_max = high;
    options.crop = crop;
    return options;
}

struct Applied {
    Held<clip> shown;
    std::vector<uint8_t> visible;
};

Applied apply(const clip &source, const view_options &options, const view_plan &plan)
{
    Applied out;
    clip *made = nullptr;
    random_stream stream = random_open(1, RANDOM_WEAK_UNLABELED, 0, 0);
    out.visible.assign(static_cast<size_t>(source.box_count), 9);
    EXPECT_EQ(view_apply(&source, &options, &plan, &stream, &made, out.visible.data()), SSLACT_OK)
        << sslact_error_get_message();
    out.shown.reset(made);
    return out;
}

// The value of a channel at a continuous place, edges repeated.
double look_up(const clip &source, int frame, double y, double x, int channel)
{
    y = std::fmin(std::fmax(y, 0), source.height - 1);
    x = std::fmin(std::fmax(x, 0), source.width - 1);
    const auto at = [&](double row, double column) {
        const auto r = static_cast<size_t>(std::fmin(row, source.height - 1));
        const auto c = static_cast<size_t>(std::fmin(column, source.width - 1));
        const auto h = static_cast<size_t>(source.height), w = static_cast<size_t>(source.width);
        return static_cast<double>(
            source.pixels[((static_cast<size_t>(frame) * h + r) * w + c) * 3 +
                          static_cast<size_t>(channel)]);
    };
    const double y0 = std::floor(y), x0 = std::floor(x);
    const double above = at(y0, x0) + (x - x0) * (at(y0, x0 + 1) - at(y0, x0));
    const double below = at(y0 + 1, x0) + (x - x0) * (at(y0 + 1, x0 + 1) - at(y0 + 1, x0));
    return above + (y - y0) * (below - above);
}

TEST(ViewFrame, ShowsTheScaledAndCroppedPartOfThePicture)
{
    const Held<clip> source = make_clip(12, 20);
    view_plan plan = {};
    plan.scale = 9;     // 12 x 20 becomes 9 x 15
    plan.crop_x = 0.45; // of the room 15 - 6 + 1 = 10: column 4
    plan.crop_y = 0.99; // of 9 - 6 + 1 = 4: row 3
    const Applied got = apply(*source, make_options(8, 12, 6), plan);
    ASSERT_EQ(got.shown->height, 6);
    ASSERT_EQ(got.shown->width, 6);
    const uint8_t *value = got.shown->pixels;
    for (int frame = 0; frame < 2; ++frame) {
        for (int y = 0; y < 6; ++y) {
            for (int x = 0; x < 6; ++x) {
                for (int c = 0; c < 3; ++c, ++value) {
                    const double expected = look_up(*source, frame, (y + 3.5) * 12 / 9 - 0.5,
                                                    (x + 4.5) * 20 / 15 - 0.5, c);
                    ASSERT_NEAR(*value, expected, 0.75) << frame << " " << y << " " << x;
                }
            }
        }
    }
}

TEST(ViewFrame, WithoutScaleACropIsACopy)
{
    const Held<clip> source = make_clip(7, 9);
    view_plan plan = {};
    plan.crop_x = 0.5; // of 9 - 4 + 1 = 6: column 3
    plan.crop_y = 0.3; // of 7 - 4 + 1 = 4: row 1
    const Applied got = apply(*source, make_options(0, 0, 4), plan);
    for (size_t y = 0; y < 4; ++y) {
        EXPECT_EQ(
            std::memcmp(got.shown->pixels + y * 12, source->pixels + ((y + 1) * 9 + 3) * 3, 12), 0);
    }
}

TEST(ViewFrame, MapsBoxesAndHidesThoseWithLessThanAQuarterLeft)
{
    // 10 x 20 pixels, crop 10 at column 5: x' = (20 x - 5) / 10.
    const Held<clip> source = make_clip(10, 20,
                                        {{0.3f, 0.2f, 0.6f, 0.8f},   // 0.1 .. 0.7
                                         {0.0f, 0.0f, 0.4f, 1.0f},   // -0.5 .. 0.3: 3/8 left
                                         {0.05f, 0.0f, 0.3f, 1.0f},  // -0.4 .. 0.1: 1/5 left
                                         {0.8f, 0.0f, 1.0f, 1.0f}}); // 1.1 .. 1.5: outside
    view_plan plan = {};
    plan.crop_x = 0.5; // of 20 - 10 + 1 = 11: column 5
    const Applied got = apply(*source, make_options(0, 0, 10), plan);
    EXPECT_EQ(got.visible, (std::vector<uint8_t>{1, 1, 0, 0}));
    const sslact_box *box = got.shown->boxes;
    EXPECT_NEAR(box[0].x1, 0.1, 1e-6);
    EXPECT_NEAR(box[0].y1, 0.2, 1e-6);
    EXPECT_NEAR(box[0].x2, 0.7, 1e-6);
    EXPECT_NEAR(box[1].x1, 0.0, 1e-6);
    EXPECT_NEAR(box[1].x2, 0.3, 1e-6);
    EXPECT_EQ(box[3].x1, 1.0f);
    EXPECT_EQ(got.shown->box_count, 4) << "rows stay, so that both views agree";
}

TEST(ViewFrame, RefusesAClipSmallerThanTheCrop)
{
    const Held<clip> source = make_clip(7, 9);
    const view_options options = make_options(0, 0, 8);
    const view_plan plan = {};
    clip *made = nullptr;
    random_stream stream = random_open(1, RANDOM_WEAK_UNLABELED, 0, 0);
    EXPECT_EQ(view_apply(source.get(), &options, &plan, &stream, &made, nullptr),
              SSLACT_ERROR_MISMATCH);
    EXPECT_STREQ(sslact_error_get_message(),
                 "clip: 9 x 7 pixels, a crop of 8 does not fit (augment.crop)");
    EXPECT_EQ(made, nullptr);
}

TEST(ViewFrame, DrawsEveryScaleOfTheRangeAndChangesNoOtherDraw)
{
    std::set<int32_t> scales;
    const view_options jittered = make_options(10, 13, 5);
    for (uint64_t index = 0; index < 200; ++index) {
        random_stream one = random_open(3, RANDOM_WEAK_UNLABELED, 0, index), other = one;
        view_plan with, without;
        view_options plain = {};
        plain.flip = plain.strong = true;
        plain.aug_n = 2;
        plain.aug_m = 9;
        view_options both = plain;
        both.scale_min = jittered.scale_min;
        both.scale_max = jittered.scale_max;
        both.crop = jittered.crop;
        view_draw(&both, &one, &with);
        view_draw(&plain, &other, &without);
        scales.insert(with.scale);
        EXPECT_EQ(with.flip, without.flip);
        EXPECT_EQ(with.operations[1].severity_first, without.operations[1].severity_first);
        EXPECT_EQ(one.next, other.next) << "box jitter draws what it drew before";
        EXPECT_GE(with.crop_x, 0.0);
        EXPECT_LT(with.crop_x, 1.0);
    }
    EXPECT_EQ(scales, (std::set<int32_t>{10, 11, 12, 13}));
}

// ---- through the config and the loader ----

std::string spell_batch(const test::Values &values)
{
    const Held<config> settings = test::make_config(
        {{"data.frame_count", "4"}, {"solver.batch_labeled", "3"}, {"solver.batch_unlabeled", "3"}},
        values);
    test::ClipShape shape;
    shape.frames = 4;
    const Held<dataset> labeled = test::make_set(3, std::vector<test::ClipShape>(4, shape));
    const Held<dataset> unlabeled = test::make_set(3, std::vector<test::ClipShape>(4, shape), 50);
    loader *made = nullptr;
    test::require(loader_create(settings.get(), labeled.get(), unlabeled.get(), 0, &made));
    const Held<loader> source(made);
    batch *next = nullptr;
    test::require(loader_next(source.get(), &next));
    const Held<batch> data(next);
    std::string out;
    for (const batch_half *half :
         {&data->labeled, &data->unlabeled_weak, &data->unlabeled_strong}) {
        for (size_t i = 0; i < half->count; ++i) {
            const clip &c = *half->clips[i];
            out.append(reinterpret_cast<const char *>(c.pixels),
                       static_cast<size_t>(c.frame_count) * c.height * c.width * 3);
            out.append(reinterpret_cast<const char *>(c.boxes), sizeof(sslact_box) * c.box_count);
        }
    }
    return out;
}

TEST(AugmentKeys, EachChangesTheBatchFromTheConfigOn)
{
    const std::string plain = spell_batch({});
    EXPECT_EQ(plain, spell_batch({}));
    const std::vector<test::Values> changes = {
        {{"augment.flip", "false"}},
        {{"augment.aug_n", "1"}},
        {{"augment.aug_m", "20"}},
        {{"augment.aug_range", "0.3"}},
        {{"augment.aug_geometry", "none"}},
        {{"augment.aug_temporal", "false"}},
        {{"augment.scale_min", "20"}, {"augment.scale_max", "28"}},
        {{"augment.crop", "24"}},
        {{"data.box_jitter", "0"}},
        {{"ssl.labeled_view", "strong"}},
        {{"ssl.labeled_view", "both"}},
        {{"ssl.unlabeled_view", "weak"}},
        {{"ssl.unlabeled_source", "labeled"}},
    };
    std::set<std::string> seen = {plain};
    for (const test::Values &change : changes) {
        EXPECT_TRUE(seen.insert(spell_batch(change)).second) << change.begin()->first;
    }
}

} // namespace
