// Draws the plan of a video: its scenes with light, background and clutter, and how long each
// lasts. The people are drawn by people.c.
#include "demo/plan.h"

#include "demo/people.h"

#include "base/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAD_IN_FRAMES (DEMO_RATE / 2)
#define QUARTER_FRAMES (DEMO_RATE / 4)

// --- actions ---

static const struct {
    const char *name, *type;
} actions[DEMO_ACTION_COUNT] = {
    [DEMO_STAND] = {"stand", "PERSON_MOVEMENT"},
    [DEMO_SIT] = {"sit", "PERSON_MOVEMENT"},
    [DEMO_BEND] = {"bend", "PERSON_MOVEMENT"},
    [DEMO_LIE] = {"lie", "PERSON_MOVEMENT"},
    [DEMO_WALK] = {"walk", "PERSON_MOVEMENT"},
    [DEMO_RUN] = {"run", "PERSON_MOVEMENT"},
    [DEMO_JUMP] = {"jump", "PERSON_MOVEMENT"},
    [DEMO_KICK] = {"kick", "PERSON_MOVEMENT"},
    [DEMO_FALL] = {"fall", "PERSON_MOVEMENT"},
    [DEMO_REACH] = {"reach", "PERSON_MOVEMENT"},
    [DEMO_CARRY] = {"carry", "OBJECT_MANIPULATION"},
    [DEMO_WAVE] = {"wave", "PERSON_INTERACTION"},
    [DEMO_TALK] = {"talk to", "PERSON_INTERACTION"},
    [DEMO_HIT] = {"hit", "PERSON_INTERACTION"},
    [DEMO_HAND_OVER] = {"hand over", "PERSON_INTERACTION"},
};

const char *demo_action_get_name(demo_action action)
{
    return actions[action].name;
}

const char *demo_action_get_type(demo_action action)
{
    return actions[action].type;
}

// --- the world and its videos ---

void demo_world_create(uint64_t seed, int64_t video_count, int class_count, bool long_scenes,
                       demo_world *out)
{
    memset(out, 0, sizeof *out);
    out->seed = seed;
    out->class_count = class_count;
    out->long_scenes = long_scenes;
    int64_t validation = video_count / 5 > 1 ? video_count / 5 : 1;
    int64_t unlabeled = long_scenes ? 0 : (video_count - validation) / 2;
    out->video_counts[DEMO_VALIDATION] = validation;
    out->video_counts[DEMO_UNLABELED] = unlabeled;
    out->video_counts[DEMO_TRAIN] = video_count - validation - unlabeled;
}

int64_t demo_world_count_videos(const demo_world *world)
{
    int64_t count = 0;
    for (int split = 0; split < DEMO_SPLIT_COUNT; split++) {
        count += world->video_counts[split];
    }
    return count;
}

random_stream demo_open_stream(const demo_world *world, int64_t video, demo_stream use,
                               int64_t index)
{
    return random_open(world->seed, RANDOM_DEMO, (uint64_t)video,
                       (uint64_t)use << 32 | (uint64_t)index);
}

void demo_video_name(const demo_world *world, demo_video *video)
{
    static const char *const prefixes[DEMO_SPLIT_COUNT] = {"train", "unlabeled", "validation"};
    int64_t number = video->index;
    int split = 0;
    while (split < DEMO_SPLIT_COUNT - 1 && number >= world->video_counts[split]) {
        number -= world->video_counts[split];
        split++;
    }
    video->split = (demo_split)split;
    snprintf(video->name, sizeof video->name, "%s_%04lld", prefixes[split], (long long)number);
}

// --- one scene ---

static demo_color draw_tint(random_stream *stream, double grey, double chroma)
{
    double r = random_range(stream, -chroma, chroma) / 2;
    double g = random_range(stream, -chroma, chroma) / 2;
    double b = random_range(stream, -chroma, chroma) / 2;
    return demo_color_make(grey, r, g, b);
}

static void draw_background(random_stream *stream, demo_scene *scene)
{
    scene->background_grey = 85 + (int)random_integer(stream, 56);
    scene->horizon = random_range(stream, 0.55, 0.75) * DEMO_HEIGHT;
    scene->floor_shade = (int)random_integer(stream, 13) - 6;
    double spread = DEMO_BACKGROUND_SPREAD - 7; // the floor takes up to 6, rounding 1
    for (int row = 0; row < DEMO_GRID_ROWS; row++) {
        for (int column = 0; column < DEMO_GRID_COLUMNS; column++) {
            double grey = scene->background_grey + random_range(stream, -spread, spread);
            scene->grid[row][column] = draw_tint(stream, grey, 50);
        }
    }
}

static void draw_clutter(random_stream *stream, demo_scene *scene)
{
    scene->clutter_count = (size_t)random_integer(stream, DEMO_MAX_CLUTTER + 1);
    for (size_t k = 0; k < scene->clutter_count; k++) {
        demo_block *block = &scene->clutter[k];
        double width = random_range(stream, 0.06, 0.22) * DEMO_WIDTH;
        double height = random_range(stream, 0.08, 0.4) * DEMO_HEIGHT;
        double x = random_uniform(stream) * DEMO_WIDTH;
        double y = random_range(stream, 0.15, 0.95) * DEMO_HEIGHT;
        block->x1 = x - width / 2;
        block->x2 = x + width / 2;
        block->y1 = y - height / 2;
        block->y2 = y + height / 2;
        double grey = scene->background_grey + random_range(stream, -30, 30);
        block->color = draw_tint(stream, grey, 60);
    }
}

static void draw_camera(random_stream *stream, demo_scene *scene)
{
    scene->drift_x = random_range(stream, -0.025, 0.025) * DEMO_WIDTH;
    scene->drift_y = random_range(stream, -0.01, 0.01) * DEMO_WIDTH;
    scene->gain = random_range(stream, 0.7, 1.25);
    scene->offset = random_range(stream, -20, 20);
    scene->noise = random_range(stream, 3, 12);
}

static void draw_scene(const demo_world *world, const demo_video *video, size_t number,
                       demo_scene *scene)
{
    random_stream stream =
        demo_open_stream(world, video->index, DEMO_STREAM_SCENE, (int64_t)number);
    draw_background(&stream, scene);
    draw_clutter(&stream, scene);
    draw_camera(&stream, scene);
    demo_people_draw(world, video->index, (int64_t)number, &stream, scene);
}

// --- the scenes of a video ---

// Frames of the scene that begins at `first`: one shot, or 3 to 8 seconds with no rest under 3.
static int64_t draw_length(const demo_world *world, random_stream *stream, int64_t first)
{
    if (!world->long_scenes) {
        return DEMO_RATE;
    }
    int64_t rest = DEMO_VIDEO_FRAMES - first;
    int64_t length = DEMO_RATE * (3 + (int64_t)random_integer(stream, 6));
    if (rest < 6 * DEMO_RATE) {
        return rest;
    }
    return rest - length < 3 * DEMO_RATE ? (rest / DEMO_RATE - 3) * DEMO_RATE : length;
}

// A black shot in every second training video, and in the first one always.
static int64_t draw_black_second(const demo_video *video, random_stream *stream)
{
    bool wanted = random_uniform(stream) < 0.5 || video->index == 0;
    int64_t second = 1 + (int64_t)random_integer(stream, DEMO_VIDEO_SECONDS);
    return wanted && video->split == DEMO_TRAIN ? second : 0;
}

sslact_status demo_video_plan(const demo_world *world, int64_t index, demo_video *out)
{
    demo_video video = {.index = index};
    demo_video_name(world, &video);
    video.scenes = array_create(DEMO_VIDEO_SECONDS, sizeof *video.scenes);
    if (video.scenes == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }

    random_stream stream = demo_open_stream(world, index, DEMO_STREAM_VIDEO, 0);
    video.black_second = draw_black_second(&video, &stream);
    int64_t first = world->long_scenes ? QUARTER_FRAMES : LEAD_IN_FRAMES;
    while (first < DEMO_VIDEO_FRAMES) {
        demo_scene *scene = &video.scenes[video.scene_count];
        scene->first_frame = first;
        scene->frame_count = draw_length(world, &stream, first);
        draw_scene(world, &video, video.scene_count, scene);
        first += scene->frame_count;
        video.scene_count++;
    }
    *out = video;
    return SSLACT_OK;
}

void demo_video_clear(demo_video *video)
{
    free(video->scenes);
    memset(video, 0, sizeof *video);
}

const demo_scene *demo_video_find_scene(const demo_video *video, int64_t frame)
{
    for (size_t s = 0; s < video->scene_count; s++) {
        const demo_scene *scene = &video->scenes[s];
        if (frame >= scene->first_frame && frame < scene->first_frame + scene->frame_count) {
            return scene;
        }
    }
    return NULL;
}

bool demo_video_is_black(const demo_video *video, int64_t frame)
{
    int64_t shot = (frame + LEAD_IN_FRAMES) / DEMO_RATE; // the key frame whose shot holds it
    return shot == 0 || shot == video->black_second;
}

void demo_scene_find_drift(const demo_scene *scene, int64_t frame, double *dx, double *dy)
{
    double share = (double)(frame - scene->first_frame) / (double)scene->frame_count - 0.5;
    *dx = share * scene->drift_x;
    *dy = share * scene->drift_y;
}
