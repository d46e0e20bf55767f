// Plans of views, what they do over time, and boxes.
#include "data/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

namespace
{

struct clip_deleter {
    void operator()(clip *c) const { clip_free(c); }
};
using clip_pointer = std::unique_ptr<clip, clip_deleter>;

clip_pointer make_clip(int frames, int height, int width, const std::vector<sslact_box> &boxes,
                       int level = 100)
{
    clip *made = nullptr;
    EXPECT_EQ(clip_create(frames, height, width, static_cast<int32_t>(boxes.size()), 2, 1, &made),
              SSLACT_OK);
    std::memset(made->pixels, level, static_cast<size_t>(frames) * height * width * 3);
    std::copy(boxes.begin(), boxes.end(), made->boxes);
    return clip_pointer(made);
}

view_options strong_options()
{
    view_options options = {};
    options.flip = true;
    options.strong = true;
    options.aug_n = 2;
    options.aug_m = 9.0;
    options.aug_range = 1.0;
    options.aug_geometry = true;
    options.aug_temporal = true;
    return options;
}

view_plan draw(const view_options &options, uint64_t index)
{
    random_stream stream = random_open(7, RANDOM_STRONG_UNLABELED, 3, index);
    view_plan plan;
    view_draw(&options, &stream, &plan);
    return plan;
}

view_plan plan_of(view_operation operation, double first, double last, int sign)
{
    view_plan plan = {};
    plan.operation_count = 1;
    plan.operations[0] = {operation, first, last, sign};
    return plan;
}

struct view {
    clip_pointer clip;
    std::vector<uint8_t> visible;
};

view apply(const clip &source, const view_options &options, const view_plan &plan,
           uint64_t index = 0)
{
    random_stream stream = random_open(7, RANDOM_WEAK_LABELED, 1, index);
    clip *made = nullptr;
    view out;
    out.visible.assign(static_cast<size_t>(source.box_count), 77);
    EXPECT_EQ(view_apply(&source, &options, &plan, &stream, &made, out.visible.data()), SSLACT_OK);
    out.clip.reset(made);
    return out;
}

uint8_t level_at(const clip &c, int frame, int row, int column)
{
    return c.pixels[((static_cast<size_t>(frame) * c.height + row) * c.width + column) * 3];
}

void expect_box(const sslact_box &box, float x1, float y1, float x2, float y2)
{
    EXPECT_NEAR(box.x1, x1, 1e-6);
    EXPECT_NEAR(box.y1, y1, 1e-6);
    EXPECT_NEAR(box.x2, x2, 1e-6);
    EXPECT_NEAR(box.y2, y2, 1e-6);
}

} // namespace

TEST(ViewPlan, DrawsOperationsSignsAndFlipsEvenlyWithReplacement)
{
    constexpr int PLANS = 30000;
    std::vector<int> counts(VIEW_OPERATION_COUNT, 0);
    int pairs = 0, positive = 0, flips = 0;
    for (int i = 0; i < PLANS; i++) {
        view_plan plan = draw(strong_options(), static_cast<uint64_t>(i));
        ASSERT_EQ(plan.operation_count, 2);
        counts[plan.operations[0].operation]++;
        counts[plan.operations[1].operation]++;
        pairs += plan.operations[0].operation == plan.operations[1].operation;
        positive += plan.operations[0].sign == 1;
        flips += plan.flip;
        ASSERT_EQ(std::abs(plan.operations[0].sign), 1);
    }
    // Five standard deviations of the binomial: sqrt(60000 / 15 * 14 / 15) = 61 and so on.
    for (int count : counts) {
        EXPECT_NEAR(count, 2 * PLANS / 15.0, 310);
    }
    EXPECT_NEAR(pairs, PLANS / 15.0, 220);
    EXPECT_NEAR(positive, PLANS / 2.0, 440);
    EXPECT_NEAR(flips, PLANS / 2.0, 440);
}

TEST(ViewPlan, SeveritiesLieEvenlyAroundMInBothOrders)
{
    constexpr int PLANS = 20000;
    double sum = 0, largest = 0;
    int rising = 0;
    for (int i = 0; i < PLANS; i++) {
        view_plan plan = draw(strong_options(), static_cast<uint64_t>(i));
        double first = plan.operations[1].severity_first, last = plan.operations[1].severity_last;
        ASSERT_NEAR((first + last) / 2, 9.0, 1e-12);
        double d = std::fabs(last - first) / 2;
        ASSERT_LT(d, 0.5 * 1.0 * 9.0);
        sum += d;
        largest = std::max(largest, d);
        rising += last > first;
    }
    // d ~ U(0, 4.5): mean 2.25, deviation 1.3 / sqrt(20000) = 0.0092
    EXPECT_NEAR(sum / PLANS, 2.25, 0.05);
    EXPECT_GT(largest, 4.49);
    EXPECT_NEAR(rising, PLANS / 2.0, 360);
}

TEST(ViewPlan, SeveritiesStayInTheirRange)
{
    view_options options = strong_options();
    options.aug_m = 28.0;
    options.aug_range = 4.0; // d up to 56
    bool low = false, high = false;
    for (uint64_t i = 0; i < 200; i++) {
        view_plan plan = draw(options, i);
        for (double severity :
             {plan.operations[0].severity_first, plan.operations[0].severity_last}) {
            EXPECT_GE(severity, 0.0);
            EXPECT_LE(severity, 30.0);
            low = low || severity == 0.0;
            high = high || severity == 30.0;
        }
    }
    EXPECT_TRUE(low && high);
}

TEST(ViewPlan, WithoutTimeTheSeverityIsMAndNothingElseChanges)
{
    view_options steady = strong_options();
    steady.aug_temporal = false;
    for (uint64_t i = 0; i < 100; i++) {
        view_plan moving = draw(strong_options(), i);
        view_plan plan = draw(steady, i);
        EXPECT_EQ(plan.flip, moving.flip);
        for (int n = 0; n < 2; n++) {
            EXPECT_EQ(plan.operations[n].severity_first, 9.0);
            EXPECT_EQ(plan.operations[n].severity_last, 9.0);
            EXPECT_EQ(plan.operations[n].operation, moving.operations[n].operation);
            EXPECT_EQ(plan.operations[n].sign, moving.operations[n].sign);
        }
    }
}

TEST(ViewPlan, WithoutGeometryNoOperationMovesBoxes)
{
    view_options options = strong_options();
    options.aug_geometry = false;
    std::set<int> seen;
    for (uint64_t i = 0; i < 1000; i++) {
        seen.insert(draw(options, i).operations[0].operation);
    }
    EXPECT_EQ(seen.size(), 10u);
    EXPECT_EQ(*seen.rbegin(), VIEW_SOLARIZE);
}

TEST(ViewPlan, AWeakViewHasNoOperationsAndFlipCanBeOff)
{
    view_options options = strong_options();
    options.strong = false;
    options.flip = false;
    for (uint64_t i = 0; i < 100; i++) {
        EXPECT_EQ(draw(options, i).operation_count, 0);
        EXPECT_FALSE(draw(options, i).flip);
    }
}

TEST(ViewPlan, EveryOperationHasAName)
{
    std::set<std::string> names;
    for (int operation = 0; operation < VIEW_OPERATION_COUNT; operation++) {
        names.insert(view_operation_get_name(static_cast<view_operation>(operation)));
    }
    EXPECT_EQ(names.size(), static_cast<size_t>(VIEW_OPERATION_COUNT));
    EXPECT_STREQ(view_operation_get_name(static_cast<view_operation>(-1)), "?");
    EXPECT_STREQ(view_operation_get_name(VIEW_OPERATION_COUNT), "?");
}

TEST(ViewOverTime, SeverityGoesStraightFromTheFirstFrameToTheLast)
{
    clip_pointer source = make_clip(3, 4, 5, {});
    view made = apply(*source, {}, plan_of(VIEW_BRIGHTNESS, 0, 30, 1));

    // u 0, 0.5, 1: factor 1, 1.45, 1.9
    EXPECT_EQ(level_at(*made.clip, 0, 3, 4), 100);
    EXPECT_EQ(level_at(*made.clip, 1, 0, 0), 145);
    EXPECT_EQ(level_at(*made.clip, 2, 2, 2), 190);
}

TEST(ViewOverTime, OneFrameTakesTheMiddle)
{
    clip_pointer source = make_clip(1, 4, 5, {});
    view made = apply(*source, {}, plan_of(VIEW_BRIGHTNESS, 30, 0, -1));

    EXPECT_EQ(level_at(*made.clip, 0, 0, 0), 55); // u 0.5: factor 0.55
}

TEST(ViewOverTime, BoxesFollowTheKeyFrame)
{
    clip_pointer source = make_clip(4, 20, 40, {{0.1f, 0.2f, 0.3f, 0.6f}});
    view made = apply(*source, {}, plan_of(VIEW_TRANSLATE_X, 3, 12, 1));

    // Frame 4 / 2 = 2 of 4: u (3 + 9 * 2 / 3) / 30 = 0.3, so 0.135 of the width.
    expect_box(made.clip->boxes[0], 0.235f, 0.2f, 0.435f, 0.6f);
    EXPECT_EQ(made.visible[0], 1);
}

TEST(ViewOverTime, OperationsFollowOneAnotherInTheirOrder)
{
    clip_pointer source = make_clip(1, 4, 5, {}, 200);
    view_plan plan = plan_of(VIEW_SOLARIZE, 15, 15, 1);
    plan.operation_count = 2;
    plan.operations[1] = {VIEW_BRIGHTNESS, 30, 30, 1};
    // 200 is inverted to 55, times 1.9 is 104; the other way round 255 would be inverted to 0.
    EXPECT_EQ(level_at(*apply(*source, {}, plan).clip, 0, 1, 1), 104);
    std::swap(plan.operations[0], plan.operations[1]);
    EXPECT_EQ(level_at(*apply(*source, {}, plan).clip, 0, 1, 1), 0);
}

TEST(ViewOverTime, MapsThatUndoEachOtherGiveThePictureBack)
{
    clip_pointer source = make_clip(2, 20, 40, {{0.6f, 0.2f, 0.9f, 0.6f}});
    for (size_t b = 0; b < 2 * 20 * 40 * 3; b++) {
        source->pixels[b] = static_cast<uint8_t>(b * 31);
    }
    view_plan plan = plan_of(VIEW_TRANSLATE_X, 30, 30, 1);
    plan.operation_count = 2;
    plan.operations[1] = {VIEW_TRANSLATE_X, 30, 30, -1};
    view made = apply(*source, {}, plan);

    EXPECT_EQ(std::memcmp(made.clip->pixels, source->pixels, 2 * 20 * 40 * 3), 0);
    expect_box(made.clip->boxes[0], 0.6f, 0.2f, 0.9f, 0.6f);
    EXPECT_EQ(made.visible[0], 1);
}

TEST(ViewBoxes, FlippingTwiceIsNothing)
{
    clip_pointer source = make_clip(2, 6, 8, {{0.125f, 0.2f, 0.5f, 0.6f}});
    for (size_t b = 0; b < 2 * 6 * 8 * 3; b++) {
        source->pixels[b] = static_cast<uint8_t>(b);
    }
    view_plan flip = {};
    flip.flip = true;
    view once = apply(*source, {}, flip);
    view twice = apply(*once.clip, {}, flip);

    expect_box(once.clip->boxes[0], 0.5f, 0.2f, 0.875f, 0.6f);
    EXPECT_EQ(level_at(*once.clip, 1, 2, 7), level_at(*source, 1, 2, 0));
    expect_box(twice.clip->boxes[0], 0.125f, 0.2f, 0.5f, 0.6f);
    EXPECT_EQ(std::memcmp(twice.clip->pixels, source->pixels, 2 * 6 * 8 * 3), 0);
}

TEST(ViewBoxes, AnUnchangedViewIsACopyOfEverything)
{
    clip_pointer source = make_clip(2, 3, 4, {{0.1f, 0.2f, 0.3f, 0.4f}, {-0.1f, 0.5f, 1.2f, 0.9f}});
    source->name = strdup("film,0902");
    source->video = strdup("film");
    source->timestamp = 902.0;
    source->labels[1] = 1;
    source->labels[2] = 1;
    source->box_scores[1] = 0.25f;
    view made = apply(*source, {}, {});

    const clip &copy = *made.clip;
    EXPECT_NE(copy.pixels, source->pixels);
    EXPECT_EQ(std::memcmp(copy.pixels, source->pixels, 2 * 3 * 4 * 3), 0);
    EXPECT_EQ(std::memcmp(copy.boxes, source->boxes, 2 * sizeof(sslact_box)), 0);
    EXPECT_EQ(std::memcmp(copy.labels, source->labels, 4), 0);
    EXPECT_EQ(copy.box_scores[1], 0.25f);
    EXPECT_STREQ(copy.name, "film,0902");
    EXPECT_STREQ(copy.video, "film");
    EXPECT_EQ(copy.timestamp, 902.0);
    EXPECT_EQ(made.visible, (std::vector<uint8_t>{1, 1}));
}

TEST(ViewBoxes, AnUnlabelledClipStaysUnlabelled)
{
    clip *made = nullptr;
    ASSERT_EQ(clip_create(1, 3, 4, 1, 2, 0, &made), SSLACT_OK);
    clip_pointer source(made);
    EXPECT_EQ(apply(*source, {}, {}).clip->labels, nullptr);
}

TEST(ViewBoxes, JitterMovesEachEdgeByAtMostItsShareOfTheSide)
{
    clip_pointer source = make_clip(1, 4, 4, {{0.4f, 0.3f, 0.6f, 0.8f}});
    view_options options = {};
    options.box_jitter = 0.075;
    constexpr int TRIALS = 4000;
    double sum = 0, lowest = 1, highest = -1;
    for (uint64_t i = 0; i < TRIALS; i++) {
        view made = apply(*source, options, {}, i);
        const sslact_box &box = made.clip->boxes[0];
        const sslact_box &was = source->boxes[0];
        // Sides 0.2 and 0.5: edges move by up to 0.015 and 0.0375.
        for (double moved : {(box.x1 - was.x1) / 0.2, (box.y1 - was.y1) / 0.5,
                             (box.x2 - was.x2) / 0.2, (box.y2 - was.y2) / 0.5}) {
            ASSERT_LE(std::fabs(moved), 0.0750001);
            sum += moved;
            lowest = std::min(lowest, moved);
            highest = std::max(highest, moved);
        }
    }
    // Uniform: deviation 0.0433, of the mean of 16000 0.00034.
    EXPECT_NEAR(sum / (4 * TRIALS), 0.0, 0.002);
    EXPECT_LT(lowest, -0.0749);
    EXPECT_GT(highest, 0.0749);
}

TEST(ViewBoxes, JitterIsClippedAndACollapsedBoxKeepsItsOriginal)
{
    clip_pointer source = make_clip(1, 4, 4, {{0.0f, 0.0f, 1.0f, 1.0f}, {1.0f, 0.2f, 1.25f, 0.5f}});
    view_options options = {};
    options.box_jitter = 0.075;
    for (uint64_t i = 0; i < 100; i++) {
        view made = apply(*source, options, {}, i);
        const sslact_box &box = made.clip->boxes[0];
        EXPECT_TRUE(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 1 && box.y2 <= 1);
    }
    for (uint64_t i = 0; i < 100; i++) {
        // The second box lies outside: unless its left edge moves in, nothing would remain.
        view moved = apply(*source, options, {}, i);
        const sslact_box &box = moved.clip->boxes[1];
        bool kept = box.x1 == 1.0f && box.y1 == 0.2f && box.x2 == 1.25f && box.y2 == 0.5f;
        EXPECT_TRUE(kept || (box.x1 < 1.0f && box.x2 == 1.0f));
    }
}

TEST(ViewBoxes, ABoxPushedOutKeepsItsRow)
{
    clip_pointer source = make_clip(
        3, 20, 40, {{0.1f, 0.1f, 0.3f, 0.9f}, {0.8f, 0.1f, 1.0f, 0.9f}, {0.4f, 0.1f, 0.6f, 0.9f}});
    view made = apply(*source, {}, plan_of(VIEW_TRANSLATE_X, 20, 20, 1)); // 0.3 to the right

    EXPECT_EQ(made.visible, (std::vector<uint8_t>{1, 0, 1}));
    expect_box(made.clip->boxes[0], 0.4f, 0.1f, 0.6f, 0.9f);
    expect_box(made.clip->boxes[1], 1.0f, 0.1f, 1.0f, 0.9f);
    expect_box(made.clip->boxes[2], 0.7f, 0.1f, 0.9f, 0.9f);
}

TEST(ViewBoxes, AClipWithoutBoxesWorks)
{
    clip_pointer source = make_clip(2, 5, 5, {});
    EXPECT_EQ(apply(*source, strong_options(), draw(strong_options(), 1)).clip->box_count, 0);
}

// A bright rectangle on black, moved by whole plans of random maps, is where its box is.
TEST(ViewBoxes, FollowThePixelsThroughRandomPlans)
{
    constexpr int HEIGHT = 90, WIDTH = 130;
    clip_pointer source = make_clip(
        3, HEIGHT, WIDTH, {{60.0f / WIDTH, 35.0f / HEIGHT, 85.0f / WIDTH, 50.0f / HEIGHT}}, 0);
    for (int row = 0; row < 3 * HEIGHT; row++) {
        if (row % HEIGHT >= 35 && row % HEIGHT < 50) {
            std::memset(source->pixels + (row * WIDTH + 60) * 3, 255, 25 * 3);
        }
    }
    view_options options = strong_options();
    for (uint64_t i = 0; i < 120; i++) {
        view_plan plan = draw(options, i);
        plan.operations[0].operation = static_cast<view_operation>(VIEW_ROTATE + i % 5);
        plan.operations[1].operation = static_cast<view_operation>(VIEW_ROTATE + i / 5 % 5);
        view made = apply(*source, options, plan);
        int x1 = WIDTH, y1 = HEIGHT, x2 = 0, y2 = 0;
        for (int row = 0; row < HEIGHT; row++) {
            for (int column = 0; column < WIDTH; column++) {
                if (level_at(*made.clip, 1, row, column) > 180) {
                    x1 = std::min(x1, column);
                    x2 = std::max(x2, column + 1);
                    y1 = std::min(y1, row);
                    y2 = std::max(y2, row + 1);
                }
            }
        }
        const sslact_box &box = made.clip->boxes[0];
        EXPECT_EQ(made.visible[0], 1);
        // Rotated after a shear, a corner has no whole pixel of its own: bounds are looser there
        // and the bright part never leaves the box.
        EXPECT_NEAR(box.x1 * WIDTH, x1, 3.0) << i;
        EXPECT_NEAR(box.x2 * WIDTH, x2, 3.0) << i;
        EXPECT_NEAR(box.y1 * HEIGHT, y1, 3.0) << i;
        EXPECT_NEAR(box.y2 * HEIGHT, y2, 3.0) << i;
        EXPECT_GT(x1, box.x1 * WIDTH - 1.0) << i;
        EXPECT_LT(x2, box.x2 * WIDTH + 1.0) << i;
    }
}
