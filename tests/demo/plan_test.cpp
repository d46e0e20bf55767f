// The plan of the demo world against the words and the table of its specification.
#include "demo/people.h"
#include "demo/plan.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <set>
#include <string>

namespace
{

using Visit = std::function<void(const demo_video &, const demo_scene &)>;

void visit_scenes(const demo_world &world, int64_t videos, const Visit &visit)
{
    for (int64_t index = 0; index < videos; index++) {
        demo_video video;
        ASSERT_EQ(SSLACT_OK, demo_video_plan(&world, index, &video));
        for (size_t s = 0; s < video.scene_count; s++) {
            visit(video, video.scenes[s]);
        }
        demo_video_clear(&video);
    }
}

demo_world make_world(uint64_t seed, int class_count = 12, bool long_scenes = false)
{
    demo_world world;
    demo_world_create(seed, 85, class_count, long_scenes, &world);
    return world;
}

struct Counts {
    std::array<int64_t, DEMO_ACTION_COUNT> actions{};
    int64_t people = 0, pairs = 0, scenes = 0;
};

Counts count_actions(const demo_world &world, int64_t videos)
{
    Counts counts;
    visit_scenes(world, videos, [&](const demo_video &, const demo_scene &scene) {
        counts.scenes++;
        counts.pairs += scene.person_count == 2;
        for (size_t p = 0; p < scene.person_count; p++) {
            counts.people++;
            for (int action = 0; action < DEMO_ACTION_COUNT; action++) {
                counts.actions[action] +=
                    demo_has(scene.people[p].segments[0].actions, (demo_action)action);
            }
        }
    });
    return counts;
}

} // namespace

TEST(DemoPlan, SharesVideosTwoToTwoToOne)
{
    demo_world world = make_world(0);

    EXPECT_EQ(34, world.video_counts[DEMO_TRAIN]);
    EXPECT_EQ(34, world.video_counts[DEMO_UNLABELED]);
    EXPECT_EQ(17, world.video_counts[DEMO_VALIDATION]);
    EXPECT_EQ(85, demo_world_count_videos(&world));
    for (int64_t count = 3; count < 40; count++) {
        demo_world_create(0, count, 12, false, &world);
        EXPECT_EQ(count, demo_world_count_videos(&world));
        for (int64_t videos : world.video_counts) {
            EXPECT_GE(videos, 1);
        }
    }
}

TEST(DemoPlan, HasTheProbabilitiesOfTheSpecification)
{
    demo_world world = make_world(7);

    Counts counts = count_actions(world, 85);

    // Worked from the words of section 1: pose stand 0.66 of which 0.02 fall instead; carry for all
    // who neither lie nor fall; wave for those who stand or sit, reach for the rest of these.
    double fall = 0.66 * 0.02, stand = 0.66 - fall, upright = stand + 0.20;
    const std::array<double, 12> expected = {stand,
                                             0.20,
                                             0.10,
                                             0.04,
                                             0.66 * 0.42,
                                             0.66 * 0.05,
                                             0.66 * 0.04,
                                             0.66 * 0.025,
                                             fall,
                                             upright * 0.89 * 0.05,
                                             (1 - 0.04 - fall) * 0.28,
                                             upright * 0.11};
    ASSERT_GE(counts.people, 3000);
    for (int action = 0; action < 12; action++) {
        double p = expected[action], n = (double)counts.people;
        EXPECT_NEAR(p, counts.actions[action] / n, 4 * std::sqrt(p * (1 - p) / n))
            << demo_action_get_name((demo_action)action);
    }
    EXPECT_NEAR(0.5, (double)counts.pairs / counts.scenes, 4 * std::sqrt(0.25 / counts.scenes));
}

TEST(DemoPlan, AgreesWithTheCountsOfTheSpecification)
{
    demo_world world = make_world(3);

    Counts counts = count_actions(world, 85);

    // The table of section 1: 2,986 people. Both sides are samples.
    const std::array<int64_t, 12> table = {1938, 603, 283, 110, 867, 107,
                                           73,   57,  52,  123, 806, 277};
    double labels = 0;
    for (int action = 0; action < 12; action++) {
        double n = (double)counts.people;
        double p = (double)(counts.actions[action] + table[action]) / (n + 2986);
        double deviation = std::sqrt(p * (1 - p) * (1 / n + 1 / 2986.0));
        EXPECT_NEAR(table[action] / 2986.0, counts.actions[action] / n, 4 * deviation)
            << demo_action_get_name((demo_action)action);
        labels += (double)counts.actions[action];
    }
    EXPECT_NEAR(1.75, labels / (double)counts.people, 0.05);
}

TEST(DemoPlan, NeverJoinsActionsThatExcludeEachOther)
{
    demo_world world = make_world(1);
    visit_scenes(world, 85, [&](const demo_video &, const demo_scene &scene) {
        for (size_t p = 0; p < scene.person_count; p++) {
            demo_actions set = scene.people[p].segments[0].actions;
            auto has = [set](demo_action action) { return demo_has(set, action) ? 1 : 0; };
            int moves = has(DEMO_WALK) + has(DEMO_RUN) + has(DEMO_JUMP) + has(DEMO_KICK);
            ASSERT_EQ(1, has(DEMO_STAND) + has(DEMO_SIT) + has(DEMO_BEND) + has(DEMO_LIE) +
                             has(DEMO_FALL));
            ASSERT_LE(moves, has(DEMO_STAND));
            ASSERT_LE(has(DEMO_WAVE) + has(DEMO_REACH), has(DEMO_STAND) + has(DEMO_SIT));
            ASSERT_LE(has(DEMO_CARRY), 1 - has(DEMO_LIE) - has(DEMO_FALL));
            ASSERT_EQ(0u, set >> 12) << "an interaction among 12 classes";
        }
    });
}

TEST(DemoPlan, VariesEverythingWithinItsRangeAndOverAllOfIt)
{
    struct Range {
        double low, high, least = INFINITY, most = -INFINITY;
        Range(double l, double h) : low(l), high(h) {}
        void add(double value) { least = std::fmin(least, value), most = std::fmax(most, value); }
        void check(const char *name) const
        {
            double slack = 0.05 * (high - low);
            EXPECT_GE(least, low - 1e-9) << name;
            EXPECT_LE(most, high + 1e-9) << name;
            EXPECT_LE(least, low + slack) << name;
            EXPECT_GE(most, high - slack) << name;
        }
    };
    Range height(0.65 * 128, 0.85 * 128), thickness(0.8, 1.25), speed(0.8, 1.25), gain(0.7, 1.25),
        offset(-20, 20), noise(3, 12), drift(-0.025 * 192, 0.025 * 192), clutter(0, 3),
        phase(0, 2 * M_PI), left(0.19 * 192, 0.31 * 192), right(0.69 * 192, 0.81 * 192);
    demo_world world = make_world(11);

    visit_scenes(world, 85, [&](const demo_video &, const demo_scene &scene) {
        gain.add(scene.gain);
        offset.add(scene.offset);
        noise.add(scene.noise);
        drift.add(scene.drift_x);
        clutter.add((double)scene.clutter_count);
        for (size_t p = 0; p < scene.person_count; p++) {
            const demo_person &person = scene.people[p];
            int facing;
            double key = (double)(scene.first_frame + 8) / 16;
            double x = demo_person_locate(&person, key, &facing);
            (x < 96 ? left : right).add(x);
            height.add(person.height);
            thickness.add(person.thickness);
            speed.add(person.segments[0].speed);
            phase.add(person.segments[0].phase);
        }
    });

    height.check("height"), thickness.check("thickness"), speed.check("speed");
    gain.check("gain"), offset.check("offset"), noise.check("noise"), drift.check("drift");
    clutter.check("clutter"), phase.check("phase"), left.check("left"), right.check("right");
}

TEST(DemoPlan, PutsTwoPeopleIntoDifferentHalves)
{
    demo_world world = make_world(2);
    visit_scenes(world, 10, [&](const demo_video &, const demo_scene &scene) {
        if (scene.person_count == 2) {
            int facing;
            double key = (double)(scene.first_frame + 8) / 16;
            double first = demo_person_locate(&scene.people[0], key, &facing);
            double second = demo_person_locate(&scene.people[1], key, &facing);
            ASSERT_LT((first - 96) * (second - 96), 0);
        }
    });
}

TEST(DemoPlan, MovesWalkersAndRunnersAsFarAsTheSpecificationSays)
{
    demo_world world = make_world(4);
    int seen = 0;
    visit_scenes(world, 20, [&](const demo_video &, const demo_scene &scene) {
        for (size_t p = 0; p < scene.person_count; p++) {
            const demo_person &person = scene.people[p];
            const demo_segment &segment = person.segments[0];
            int facing;
            double way = demo_person_locate(&person, segment.end, &facing) -
                         demo_person_locate(&person, segment.start, &facing);
            double share = demo_has(segment.actions, DEMO_WALK)  ? 0.35
                           : demo_has(segment.actions, DEMO_RUN) ? 0.75
                                                                 : 0;
            seen += share > 0;
            ASSERT_NEAR(share * person.height * segment.speed * segment.facing, way, 1e-9);
        }
    });
    EXPECT_GT(seen, 100);
}

TEST(DemoPlan, IsTheSameForTheSameSeedAndAnotherForAnother)
{
    demo_world world = make_world(5), other = make_world(6);
    demo_video a, b, c;
    ASSERT_EQ(SSLACT_OK, demo_video_plan(&world, 3, &a));
    ASSERT_EQ(SSLACT_OK, demo_video_plan(&world, 3, &b));
    ASSERT_EQ(SSLACT_OK, demo_video_plan(&other, 3, &c));

    EXPECT_EQ(0, memcmp(a.scenes, b.scenes, a.scene_count * sizeof *a.scenes));
    EXPECT_NE(0, memcmp(a.scenes, c.scenes, a.scene_count * sizeof *a.scenes));

    demo_video_clear(&a), demo_video_clear(&b), demo_video_clear(&c);
}

TEST(DemoPlan, PlacesEveryKeyFrameInTheMiddleOfItsShot)
{
    demo_world world = make_world(0);
    demo_video video;
    ASSERT_EQ(SSLACT_OK, demo_video_plan(&world, 0, &video));

    ASSERT_EQ(60u, video.scene_count);
    for (int64_t second = 1; second <= 60; second++) {
        const demo_scene *scene = demo_video_find_scene(&video, 16 * second);
        ASSERT_NE(nullptr, scene);
        EXPECT_EQ(16 * second - 8, scene->first_frame);
        EXPECT_EQ(16, scene->frame_count);
    }
    EXPECT_EQ(nullptr, demo_video_find_scene(&video, 7));
    demo_video_clear(&video);
}

TEST(DemoPlan, AddsInteractionsOnlyBetweenTwoPeopleWhoFaceEachOther)
{
    demo_world world = make_world(9, 15);
    std::array<int64_t, 3> counts{};
    int64_t pairs = 0;

    visit_scenes(world, 85, [&](const demo_video &, const demo_scene &scene) {
        pairs += scene.person_count == 2;
        demo_actions together = 0;
        for (size_t p = 0; p < scene.person_count; p++) {
            together |= scene.people[p].segments[0].actions >> DEMO_TALK;
        }
        for (int k = 0; k < 3; k++) {
            counts[k] += together >> k & 1;
        }
        if (together != 0) {
            ASSERT_EQ(2u, scene.person_count);
            const demo_segment &a = scene.people[0].segments[0], &b = scene.people[1].segments[0];
            ASSERT_EQ(-1, a.facing * b.facing);
            ASSERT_GT((b.x - a.x) * a.facing, 0);
        }
    });

    const std::array<double, 3> expected = {0.25, 0.02, 0.02};
    for (int k = 0; k < 3; k++) {
        double deviation = std::sqrt(expected[k] * (1 - expected[k]) / pairs);
        EXPECT_NEAR(expected[k], (double)counts[k] / pairs, 4 * deviation) << k;
    }
}

TEST(DemoPlan, KeepsActionsOnQuartersOfASecondInLongScenes)
{
    demo_world world = make_world(8, 12, true);
    EXPECT_EQ(0, world.video_counts[DEMO_UNLABELED]);
    std::set<size_t> segment_counts;

    visit_scenes(world, 30, [&](const demo_video &, const demo_scene &scene) {
        ASSERT_GE(scene.frame_count, 3 * 16);
        ASSERT_LE(scene.frame_count, 8 * 16);
        ASSERT_EQ(4, scene.first_frame % 16);
        for (size_t p = 0; p < scene.person_count; p++) {
            const demo_person &person = scene.people[p];
            double start = (double)scene.first_frame / 16;
            for (size_t s = 0; s < person.segment_count; s++) {
                const demo_segment &segment = person.segments[s];
                ASSERT_EQ(start, segment.start);
                ASSERT_GT(segment.end, segment.start);
                ASSERT_EQ(0.25, std::fmod(segment.start, 0.5));
                if (s > 0 && demo_has(person.segments[s - 1].actions, DEMO_FALL)) {
                    ASSERT_TRUE(demo_has(segment.actions, DEMO_LIE));
                }
                start = segment.end;
            }
            ASSERT_EQ((double)(scene.first_frame + scene.frame_count) / 16, start);
            segment_counts.insert(person.segment_count);
        }
    });
    EXPECT_GE(segment_counts.size(), 4u);
}

TEST(DemoPlan, KeepsWalkersOfLongScenesInTheirHalf)
{
    demo_world world = make_world(8, 12, true);
    visit_scenes(world, 30, [&](const demo_video &, const demo_scene &scene) {
        for (int64_t f = 0; f < scene.frame_count; f++) {
            for (size_t p = 0; p < scene.person_count; p++) {
                int facing;
                double seconds = (double)(scene.first_frame + f) / 16;
                double x = demo_person_locate(&scene.people[p], seconds, &facing);
                ASSERT_GT(x, 0.05 * 192);
                ASSERT_LT(x, 0.95 * 192);
            }
        }
    });
}

TEST(DemoColor, KeepsTheGreyLevelItWasAskedFor)
{
    for (double grey : {0.0, 12.0, 100.0, 208.0, 255.0}) {
        for (double hue : {-200.0, -20.0, 0.0, 20.0, 200.0}) {
            demo_color color = demo_color_make(grey, hue, -hue / 2, 10);
            EXPECT_NEAR(grey, demo_color_get_grey(color), 0.51) << grey << " " << hue;
        }
    }
}
