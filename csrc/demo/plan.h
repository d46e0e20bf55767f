// What happens in the demo world, before anything is drawn: which videos there are, their scenes,
// the people in them and what they do when. A pure function of (seed, video).
//
// Note [demo time]: a video has 16 frames a second and frame n is shown at n/16 s. The key frames
// are AVA's whole seconds: t = 1, 2, ..., 60 is frame 16 t, and its shot spans the second around
// it, [t - 0.5, t + 0.5), frames 16 t - 8 to 16 t + 7. The first half second of a video is a black
// lead-in. With scenes "long" cuts and changes of action lie on quarters (t + 0.25, t + 0.75), so
// that what is seen on whole and on half seconds is never in doubt.
#ifndef DEMO_PLAN_H
#define DEMO_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DEMO_WIDTH = 192,
    DEMO_HEIGHT = 128,
    DEMO_RATE = 16,          // frames a second
    DEMO_VIDEO_SECONDS = 60, // key frames a video
    DEMO_VIDEO_FRAMES = DEMO_RATE * DEMO_VIDEO_SECONDS + DEMO_RATE / 2,
    DEMO_MAX_PEOPLE = 2,
    DEMO_MAX_SEGMENTS = 10,
    DEMO_MAX_CLUTTER = 3,
    DEMO_GRID_COLUMNS = 6, // nodes of the smooth background
    DEMO_GRID_ROWS = 5,
    DEMO_NAME_SIZE = 32
};

// The actions in the order of their ids: the id in every file is this number + 1.
typedef enum demo_action {
    DEMO_STAND,
    DEMO_SIT,
    DEMO_BEND,
    DEMO_LIE,
    DEMO_WALK,
    DEMO_RUN,
    DEMO_JUMP,
    DEMO_KICK,
    DEMO_FALL,
    DEMO_REACH,
    DEMO_CARRY,
    DEMO_WAVE,
    DEMO_TALK,
    DEMO_HIT,
    DEMO_HAND_OVER, // the further three of 15 classes
    DEMO_ACTION_COUNT
} demo_action;

typedef uint32_t demo_actions; // a set: bit a is action a

static inline bool demo_has(demo_actions set, demo_action action)
{
    return (set >> action & 1) != 0;
}

const char *demo_action_get_name(demo_action action);
const char *demo_action_get_type(demo_action action); // AVA's three words

typedef struct demo_color {
    uint8_t r, g, b;
} demo_color;

// One stretch of a person's time in which the actions stay the same.
typedef struct demo_segment {
    double start, end; // seconds of the video
    demo_actions actions;
    double x;              // place at the start, pixels
    double velocity;       // pixels a second, sign as seen
    int facing;            // 1 right, -1 left
    int turn;              // lying, falling: 1 forwards, -1 backwards
    double speed, phase;   // of the cycles
    demo_actions receives; // hit, hand over: what the other person does to this one; no label
} demo_segment;

typedef struct demo_person {
    int64_t id;           // unique in its video
    double height;        // h, pixels
    double foot_y;        // the ground, pixels
    double thickness;     // factor on every limb
    double x_low, x_high; // bounds of walking in long scenes; low > high: none
    demo_color skin, hair, shirt, trousers, shoes, object, stool;
    int background_grey; // what the far limbs' shade moves away from
    size_t segment_count;
    demo_segment segments[DEMO_MAX_SEGMENTS];
} demo_person;

typedef struct demo_block {
    double x1, y1, x2, y2; // pixels
    demo_color color;
} demo_block;

typedef struct demo_scene {
    int64_t first_frame, frame_count;
    int background_grey; // every background pixel lies within DEMO_BACKGROUND_SPREAD of it
    demo_color grid[DEMO_GRID_ROWS][DEMO_GRID_COLUMNS];
    double horizon;  // pixels
    int floor_shade; // grey levels below the horizon
    size_t clutter_count;
    demo_block clutter[DEMO_MAX_CLUTTER];
    double drift_x, drift_y; // pixels over the scene, none on its middle frame
    double gain, offset, noise;
    size_t person_count;
    demo_person people[DEMO_MAX_PEOPLE];
} demo_scene;

enum {
    DEMO_BACKGROUND_SPREAD = 18, // grey levels
    DEMO_CONTRAST = 35           // of every part to every background pixel, at least
};

typedef enum demo_split {
    DEMO_TRAIN,
    DEMO_UNLABELED,
    DEMO_VALIDATION,
    DEMO_SPLIT_COUNT
} demo_split;

typedef struct demo_world {
    uint64_t seed;
    int class_count; // 12 or 15
    bool long_scenes;
    int64_t video_counts[DEMO_SPLIT_COUNT]; // videos are numbered through the splits in this order
} demo_world;

typedef struct demo_video {
    int64_t index; // in the world
    demo_split split;
    char name[DEMO_NAME_SIZE]; // "train_0007": the video id in the annotation
    int64_t black_second;      // the shot around this second is black; 0 = none
    size_t scene_count;
    demo_scene *scenes;
} demo_video;

// Shares videos out to the splits, 2 : 2 : 1, at least one each (long scenes: no unlabelled ones).
void demo_world_create(uint64_t seed, int64_t video_count, int class_count, bool long_scenes,
                       demo_world *out);
int64_t demo_world_count_videos(const demo_world *world);
// Fills split and name from the index.
void demo_video_name(const demo_world *world, demo_video *video);
// The whole plan; demo_video_clear releases it.
sslact_status demo_video_plan(const demo_world *world, int64_t index, demo_video *out);
void demo_video_clear(demo_video *video);

// The scene that a frame belongs to, also where black hides it; NULL in the lead-in.
const demo_scene *demo_video_find_scene(const demo_video *video, int64_t frame);
// Black frames: the lead-in and the black shot.
bool demo_video_is_black(const demo_video *video, int64_t frame);
// How far the camera's drift has moved the scene on a frame, in pixels.
void demo_scene_find_drift(const demo_scene *scene, int64_t frame, double *dx, double *dy);
// What a person does at `seconds` of the video.
const demo_segment *demo_person_find_segment(const demo_person *person, double seconds);
// Where the person's hips are at `seconds`, in pixels without the camera's drift, before any
// sway, and which way the person faces then.
double demo_person_locate(const demo_person *person, double seconds, int *facing);

// A stream of its own for one use in one video; `use` is a number made by the enum below.
typedef enum demo_stream {
    DEMO_STREAM_VIDEO,
    DEMO_STREAM_SCENE,
    DEMO_STREAM_PERSON,
    DEMO_STREAM_NOISE,
    DEMO_STREAM_BOXES
} demo_stream;
random_stream demo_open_stream(const demo_world *world, int64_t video, demo_stream use,
                               int64_t index);

#ifdef __cplusplus
}
#endif
#endif
