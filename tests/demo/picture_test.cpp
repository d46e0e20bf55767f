// What is drawn: the same every time, people where the annotation says, black where it says so.
#include "demo/annotation.h"
#include "demo/canvas.h"
#include "demo/people.h"
#include "demo/pose.h"
#include "demo/renderer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace
{

constexpr double rate = (int)DEMO_RATE, width = (int)DEMO_WIDTH, height = (int)DEMO_HEIGHT;
constexpr size_t picture_bytes = (size_t)DEMO_WIDTH * DEMO_HEIGHT * 3;

// A world with one planned video and a renderer.
class Stage
{
public:
    Stage(uint64_t seed, int64_t index, int class_count = 12, bool long_scenes = false)
    {
        demo_world_create(seed, 85, class_count, long_scenes, &world);
        EXPECT_EQ(SSLACT_OK, demo_video_plan(&world, index, &video));
        EXPECT_EQ(SSLACT_OK, renderer_create(&world, &renderer_));
    }
    ~Stage()
    {
        renderer_free(renderer_);
        demo_video_clear(&video);
    }
    Stage(const Stage &) = delete;
    Stage &operator=(const Stage &) = delete;

    std::vector<uint8_t> draw(int64_t frame)
    {
        std::vector<uint8_t> pixels(picture_bytes);
        renderer_draw(renderer_, &video, frame, pixels.data());
        return pixels;
    }
    std::vector<uint8_t> draw_plain(const demo_scene &scene, int64_t frame, bool people)
    {
        std::vector<uint8_t> pixels(picture_bytes);
        renderer_draw_plain(renderer_, &scene, frame, people, pixels.data());
        return pixels;
    }

    demo_world world;
    demo_video video;

private:
    renderer *renderer_ = nullptr;
};

uint64_t hash(const std::vector<uint8_t> &bytes, uint64_t h = 0xcbf29ce484222325u)
{
    for (uint8_t byte : bytes) {
        h = (h ^ byte) * 0x100000001b3u;
    }
    return h;
}

double grey_at(const std::vector<uint8_t> &pixels, int x, int y)
{
    const uint8_t *p = pixels.data() + 3 * (y * DEMO_WIDTH + x);
    return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
}

// 255 where the body of a person is on a frame, drawn without anything else.
std::vector<uint8_t> draw_mask(const demo_video &video, const demo_person &person, int64_t frame)
{
    std::vector<uint8_t> pixels(picture_bytes);
    demo_figure figure;
    demo_figure_build(&person, (double)frame / rate, &figure);
    double dx, dy;
    demo_scene_find_drift(demo_video_find_scene(&video, frame), frame, &dx, &dy);
    for (size_t k = 0; k < figure.count; k++) {
        if (figure.shapes[k].is_body) {
            figure.shapes[k].color = demo_color{255, 255, 255};
            canvas_draw_shape(pixels.data(), &figure.shapes[k], dx, dy);
        }
    }
    return pixels;
}

struct Extent {
    int x1 = DEMO_WIDTH, y1 = DEMO_HEIGHT, x2 = 0, y2 = 0; // ends not included
};

Extent measure(const std::vector<uint8_t> &mask)
{
    Extent e;
    for (int y = 0; y < DEMO_HEIGHT; y++) {
        for (int x = 0; x < DEMO_WIDTH; x++) {
            if (mask[3 * (y * DEMO_WIDTH + x)] > 127) {
                e.x1 = std::min(e.x1, x), e.x2 = std::max(e.x2, x + 1);
                e.y1 = std::min(e.y1, y), e.y2 = std::max(e.y2, y + 1);
            }
        }
    }
    return e;
}

void check_boxes(Stage &stage, int64_t step)
{
    for (int64_t frame = DEMO_RATE; frame < DEMO_VIDEO_FRAMES - 8; frame += step) {
        demo_instance instances[DEMO_MAX_PEOPLE];
        size_t count = demo_find_instances(&stage.video, frame, instances);
        for (size_t p = 0; p < count; p++) {
            Extent e = measure(draw_mask(stage.video, *instances[p].person, frame));
            // A box side may lie a pixel outside a round limb's half-covered edge, thousandths of
            // the width add 0.1; more where the picture's edge cuts a round part.
            bool cut = e.x1 == 0 || e.y1 == 0 || e.x2 == DEMO_WIDTH || e.y2 == DEMO_HEIGHT;
            double slack = cut ? 2.5 : 1.2;
            EXPECT_NEAR(e.x1, instances[p].box[0] * 0.001 * width, slack) << frame;
            EXPECT_NEAR(e.y1, instances[p].box[1] * 0.001 * height, slack) << frame;
            EXPECT_NEAR(e.x2, instances[p].box[2] * 0.001 * width, slack) << frame;
            EXPECT_NEAR(e.y2, instances[p].box[3] * 0.001 * height, slack) << frame;
        }
    }
}

} // namespace

TEST(DemoPicture, IsTheSameForTheSameSeedInAnyOrder)
{
    Stage first(1, 5), second(1, 5);
    uint64_t forwards = 0, backwards = 0;

    for (int64_t frame = 0; frame < 120; frame += 7) {
        forwards += hash(first.draw(frame)) * (uint64_t)(frame + 1);
    }
    for (int64_t frame = 119; frame >= 0; frame -= 7) {
        backwards += hash(second.draw(frame)) * (uint64_t)(frame + 1);
    }

    EXPECT_EQ(forwards, backwards);
}

TEST(DemoPicture, DiffersBetweenSeedsVideosAndFrames)
{
    Stage a(1, 5), b(2, 5), c(1, 6);

    EXPECT_NE(hash(a.draw(40)), hash(b.draw(40)));
    EXPECT_NE(hash(a.draw(40)), hash(c.draw(40)));
    EXPECT_NE(hash(a.draw(40)), hash(a.draw(41)));
}

TEST(DemoPicture, IsBlackInTheLeadInAndInExcludedShotsOnly)
{
    Stage stage(0, 0); // the first training video has a black shot always
    ASSERT_GT(stage.video.black_second, 0);
    int64_t key = stage.video.black_second * DEMO_RATE;

    for (int64_t frame = 0; frame < DEMO_VIDEO_FRAMES; frame += 4) {
        std::vector<uint8_t> pixels = stage.draw(frame);
        bool black = true;
        for (uint8_t value : pixels) {
            black = black && value == 0;
        }
        EXPECT_EQ(frame < 8 || (frame >= key - 8 && frame < key + 8), black) << frame;
    }
}

TEST(DemoPicture, HasNoBlackShotOutsideTraining)
{
    for (int64_t index : {34, 50, 67, 68, 84}) {
        Stage stage(0, index);
        EXPECT_NE(DEMO_TRAIN, stage.video.split);
        EXPECT_EQ(0, stage.video.black_second);
    }
}

TEST(DemoPicture, ShowsEveryPersonExactlyInItsBox)
{
    for (int64_t index = 0; index < 6; index++) {
        Stage stage(3, index);
        check_boxes(stage, DEMO_RATE);
    }
}

TEST(DemoPicture, ShowsEveryPersonInItsBoxInLongScenesAndInteractions)
{
    Stage stage(3, 1, 15, true);
    check_boxes(stage, DEMO_RATE / 2);
}

TEST(DemoPicture, DrawsTheBodyWhereTheMaskIs)
{
    Stage stage(4, 40);
    for (size_t s = 0; s < stage.video.scene_count; s++) {
        const demo_scene &scene = stage.video.scenes[s];
        int64_t frame = scene.first_frame + 8;
        std::vector<uint8_t> with = stage.draw_plain(scene, frame, true);
        std::vector<uint8_t> without = stage.draw_plain(scene, frame, false);
        const demo_person &person = scene.people[scene.person_count - 1]; // nobody before it
        std::vector<uint8_t> mask = draw_mask(stage.video, person, frame);
        int inside = 0, changed = 0;
        for (size_t k = 0; k < picture_bytes; k += 3) {
            if (mask[k] == 255) {
                inside++;
                changed += std::abs(with[k] - without[k]) + std::abs(with[k + 1] - without[k + 1]) +
                               std::abs(with[k + 2] - without[k + 2]) >
                           30;
            }
        }
        EXPECT_GT(inside, 400);
        EXPECT_GT(changed, 0.93 * inside) << "scene " << s; // clutter may come close to a part
    }
}

TEST(DemoPicture, KeepsEveryPart35GreyLevelsFromTheBackground)
{
    for (int64_t index = 0; index < 3; index++) {
        Stage stage(5, index);
        for (size_t s = 0; s < stage.video.scene_count; s++) {
            demo_scene &scene = stage.video.scenes[s];
            scene.clutter_count = 0;
            std::vector<uint8_t> pixels = stage.draw_plain(scene, scene.first_frame, false);
            double least = 255, most = 0;
            for (int y = 0; y < DEMO_HEIGHT; y++) {
                for (int x = 0; x < DEMO_WIDTH; x++) {
                    least = std::min(least, grey_at(pixels, x, y));
                    most = std::max(most, grey_at(pixels, x, y));
                }
            }
            for (size_t p = 0; p < scene.person_count; p++) {
                const demo_person &person = scene.people[p];
                for (demo_color part : {person.skin, person.hair, person.shirt, person.trousers,
                                        person.shoes, person.object}) {
                    double grey = demo_color_get_grey(part);
                    EXPECT_TRUE(grey <= least - 35 || grey >= most + 35)
                        << grey << " on " << least << ".." << most;
                }
            }
        }
    }
}

TEST(DemoPicture, HasTheNoiseOfItsScene)
{
    Stage stage(6, 41);
    int checked = 0;
    for (size_t s = 0; s < stage.video.scene_count && checked < 12; s++) {
        demo_scene &scene = stage.video.scenes[s];
        scene.gain = 1;
        scene.offset = 0;
        int64_t frame = scene.first_frame + 3;
        std::vector<uint8_t> noisy = stage.draw(frame);
        std::vector<uint8_t> plain = stage.draw_plain(scene, frame, true);
        double sum = 0, squares = 0;
        int count = 0;
        for (size_t k = 0; k < picture_bytes; k += 3) {
            if (plain[k] > 60 && plain[k] < 195) { // no clipping within 5 deviations
                double difference = noisy[k] - plain[k];
                sum += difference, squares += difference * difference, count++;
            }
        }
        double mean = sum / count, deviation = std::sqrt(squares / count - mean * mean);
        EXPECT_NEAR(0, mean, 0.4);
        EXPECT_NEAR(scene.noise, deviation, 0.05 * scene.noise + 0.1);
        checked++;
    }
}

namespace
{

// A person who does one thing for a second, with speed 1 and phase 0.
demo_person make_person(demo_actions actions)
{
    demo_person person = {};
    person.height = 100;
    person.foot_y = 120;
    person.thickness = 1;
    person.x_low = 1;
    person.background_grey = 100;
    person.segment_count = 1;
    person.segments[0] = demo_segment{};
    person.segments[0].end = 1;
    person.segments[0].actions = actions;
    person.segments[0].x = 96;
    person.segments[0].facing = 1;
    person.segments[0].turn = 1;
    person.segments[0].speed = 1;
    return person;
}

demo_rectangle bound(const demo_person &person, double seconds)
{
    demo_figure figure;
    demo_figure_build(&person, seconds, &figure);
    return demo_figure_bound(&figure);
}

} // namespace

TEST(DemoFigure, StandsOnTheGroundWithTheProportionsOfTheSpecification)
{
    demo_person person = make_person(1u << DEMO_STAND);

    demo_rectangle box = bound(person, 0.5);

    // Foot to hip 0.42 h and half a limb, hip to head 0.43 h, the head's radius 0.085 h; legs a
    // little apart and the head a little forwards cost under 1 %.
    EXPECT_NEAR(120, box.y2, 1e-6);
    EXPECT_NEAR((0.42 + 0.0425 + 0.43 + 0.085) * 100, box.y2 - box.y1, 1);
}

TEST(DemoFigure, LiesFlat)
{
    demo_person person = make_person(1u << DEMO_LIE);

    demo_rectangle box = bound(person, 0.5);

    EXPECT_NEAR(120, box.y2, 1e-6);
    EXPECT_LT(box.y2 - box.y1, 25);
    EXPECT_GT(box.x2 - box.x1, 85);
}

TEST(DemoFigure, JumpsAQuarterOfItsHeight)
{
    demo_person person = make_person(1u << DEMO_STAND | 1u << DEMO_JUMP);
    double highest = 200, lowest = 0;

    for (double t = 0; t < 1; t += 0.01) {
        highest = std::fmin(highest, bound(person, t).y2);
        lowest = std::fmax(lowest, bound(person, t).y2);
    }

    EXPECT_NEAR(120, lowest, 1);
    EXPECT_NEAR(120 - 24, highest, 0.2);
}

TEST(DemoFigure, FallsFromUprightToFlatInOneSecond)
{
    demo_person person = make_person(1u << DEMO_FALL);
    demo_pose first, middle, last;

    demo_pose_find(&person, 0, &first);
    demo_pose_find(&person, 0.5, &middle);
    demo_pose_find(&person, 1, &last);

    EXPECT_NEAR(0, first.roll, 1e-9);
    EXPECT_NEAR(0.8, middle.roll, 1e-9);
    EXPECT_NEAR(1.6, last.roll, 1e-9);
}

TEST(DemoFigure, SwingsItsLimbsAsTheSpecificationSays)
{
    struct Swing {
        demo_action action;
        double low, high, cycles;
        double (*value)(const demo_pose &);
    };
    auto thigh = [](const demo_pose &pose) { return pose.thigh[DEMO_NEAR]; };
    auto arm = [](const demo_pose &pose) { return pose.shoulder[DEMO_NEAR]; };
    const Swing swings[] = {{DEMO_WALK, -0.55, 0.55, 1.5, thigh},
                            {DEMO_RUN, -1.0 + 0.1, 1.0 + 0.1, 2.6, thigh},
                            {DEMO_KICK, 0, 1.6, 1.8, thigh},
                            {DEMO_WAVE, 1.9, 3.3, 1.9, arm}};
    for (const Swing &swing : swings) {
        demo_person person = make_person(1u << DEMO_STAND | 1u << swing.action);
        person.segments[0].end = 100; // whole cycles to count
        double low = 10, high = -10;
        int crossings = 0;
        double before = 0;
        for (double t = 0; t < 100; t += 0.004) {
            demo_pose pose;
            demo_pose_find(&person, t, &pose);
            double value = swing.value(pose);
            low = std::fmin(low, value), high = std::fmax(high, value);
            double side = value - (swing.low + swing.high) / 2;
            crossings += t > 0 && side * before < 0;
            before = side;
        }
        EXPECT_NEAR(swing.low, low, 0.01) << swing.action;
        EXPECT_NEAR(swing.high, high, 0.01) << swing.action;
        EXPECT_NEAR(swing.cycles, crossings / 200.0, 0.02) << swing.action;
    }
}

TEST(DemoFigure, HoldsItsArmsAsTheSpecificationSays)
{
    demo_pose carry, reach, bend;
    demo_person person = make_person(1u << DEMO_STAND | 1u << DEMO_CARRY);
    demo_pose_find(&person, 0.3, &carry);
    person = make_person(1u << DEMO_STAND | 1u << DEMO_REACH);
    demo_pose_find(&person, 0.3, &reach);
    person = make_person(1u << DEMO_BEND);
    demo_pose_find(&person, 0.3, &bend);

    EXPECT_DOUBLE_EQ(1, carry.shoulder[DEMO_NEAR]);
    EXPECT_DOUBLE_EQ(1, carry.shoulder[DEMO_FAR]);
    EXPECT_DOUBLE_EQ(M_PI + 0.35, reach.shoulder[DEMO_NEAR]);
    EXPECT_DOUBLE_EQ(M_PI - 0.35, reach.shoulder[DEMO_FAR]);
    EXPECT_NEAR(1.25, bend.lean, 0.031);
}

TEST(DemoFigure, ShowsTheCarriedBlock)
{
    demo_person person = make_person(1u << DEMO_STAND | 1u << DEMO_CARRY);
    demo_figure figure;

    demo_figure_build(&person, 0.5, &figure);

    int blocks = 0;
    for (size_t k = 0; k < figure.count; k++) {
        if (figure.shapes[k].kind == DEMO_SHAPE_BLOCK) {
            blocks++;
            EXPECT_NEAR(23, figure.shapes[k].x2 - figure.shapes[k].x1, 1e-9);
            EXPECT_FALSE(figure.shapes[k].is_body);
        }
    }
    EXPECT_EQ(1, blocks);
}

TEST(DemoCanvas, CoversAsMuchAsTheShapesArea)
{
    std::vector<uint8_t> pixels(picture_bytes);
    demo_shape disc = {DEMO_SHAPE_LIMB, 60.3, 50.7, 60.3, 50.7, 10, {200, 200, 200}, true};
    demo_shape limb = {DEMO_SHAPE_LIMB, 100.2, 20.4, 130.9, 60.1, 4, {200, 200, 200}, true};
    demo_shape block = {DEMO_SHAPE_BLOCK, 20.25, 90.5, 40.5, 100.75, 0, {200, 200, 200}, true};

    canvas_draw_shape(pixels.data(), &disc, 0.4, -0.3);
    canvas_draw_shape(pixels.data(), &limb, 0.4, -0.3);
    canvas_draw_shape(pixels.data(), &block, 0, 0);

    double sum = 0;
    for (size_t k = 0; k < picture_bytes; k += 3) {
        sum += pixels[k] / 200.0;
    }
    double length = std::hypot(130.9 - 100.2, 60.1 - 20.4);
    double area = M_PI * 100 + M_PI * 16 + 8 * length + 20.25 * 10.25;
    EXPECT_NEAR(area, sum, 0.01 * area);
}

TEST(DemoCanvas, ClipsShapesThatLieOutside)
{
    std::vector<uint8_t> pixels(picture_bytes + 64, 7);
    for (demo_shape_kind kind : {DEMO_SHAPE_LIMB, DEMO_SHAPE_BLOCK, DEMO_SHAPE_SHADE}) {
        demo_shape far = {kind, -500, -500, -400, -450, 10, {200, 200, 200}, true};
        demo_shape across = {kind, -50, 100, 300, 400, 10, {200, 200, 200}, true};
        demo_shape beyond = {kind, 1e6, 1e6, 2e6, 2e6, 10, {200, 200, 200}, true};
        canvas_draw_shape(pixels.data(), &far, 0, 0);
        canvas_draw_shape(pixels.data(), &across, 0, 0);
        canvas_draw_shape(pixels.data(), &beyond, 0, 0);
    }
    for (size_t k = picture_bytes; k < pixels.size(); k++) {
        EXPECT_EQ(7, pixels[k]);
    }
}
