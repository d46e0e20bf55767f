// Draws who is in a scene: looks, place, and the actions over time, with the frequencies of
// demo-world.md, section 1.
#include "demo/people.h"

#include <math.h>

// --- colours ---

static uint8_t to_byte(double value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : lrint(value));
}

double demo_color_get_grey(demo_color color)
{
    return 0.299 * color.r + 0.587 * color.g + 0.114 * color.b;
}

demo_color demo_color_make(double grey, double r, double g, double b)
{
    double luma = 0.299 * r + 0.587 * g + 0.114 * b;
    double low = fmin(fmin(r, g), b) - luma;
    double high = fmax(fmax(r, g), b) - luma;
    // Less hue rather than another grey level where a channel would leave 0..255.
    double scale = 1;
    if (grey + low < 0) {
        scale = grey / -low;
    }
    if (grey + high > 255 && (255 - grey) / high < scale) {
        scale = (255 - grey) / high;
    }
    demo_color color = {to_byte(grey + scale * (r - luma)), to_byte(grey + scale * (g - luma)),
                        to_byte(grey + scale * (b - luma))};
    return color;
}

// A grey level that differs from every background pixel by DEMO_CONTRAST, darker or lighter.
static double draw_part_grey(random_stream *stream, int background_grey)
{
    double margin = DEMO_CONTRAST + DEMO_BACKGROUND_SPREAD + 2;
    if (random_sign(stream) < 0) {
        return random_range(stream, 12, background_grey - margin);
    }
    return random_range(stream, background_grey + margin, 208);
}

static demo_color draw_part_color(random_stream *stream, int background_grey)
{
    double grey = draw_part_grey(stream, background_grey);
    double r = random_range(stream, -60, 60);
    double g = random_range(stream, -60, 60);
    double b = random_range(stream, -60, 60);
    return demo_color_make(grey, r, g, b);
}

static void draw_looks(random_stream *stream, int background_grey, demo_person *person)
{
    person->background_grey = background_grey;
    person->height = random_range(stream, 0.65, 0.85) * DEMO_HEIGHT;
    person->thickness = random_range(stream, 0.8, 1.25);
    person->foot_y = random_range(stream, 0.92, 0.98) * DEMO_HEIGHT;
    person->skin = demo_color_make(draw_part_grey(stream, background_grey), 26, -4, -22);
    person->hair = draw_part_color(stream, background_grey);
    person->shirt = draw_part_color(stream, background_grey);
    person->trousers = draw_part_color(stream, background_grey);
    person->shoes = draw_part_color(stream, background_grey);
    person->object = draw_part_color(stream, background_grey);
    double stool_grey = background_grey + random_range(stream, -40, 40);
    person->stool = demo_color_make(stool_grey, random_range(stream, -30, 30), 0, 0);
}

// --- actions ---

static demo_actions add(demo_actions set, demo_action action)
{
    return set | 1u << action;
}

// What somebody who stands does with the whole body; falling takes the place of standing.
static demo_actions draw_movement(random_stream *stream)
{
    static const struct {
        demo_action action;
        double probability;
    } movements[] = {
        {DEMO_WALK, 0.42},  {DEMO_RUN, 0.05},  {DEMO_JUMP, 0.04},
        {DEMO_KICK, 0.025}, {DEMO_FALL, 0.02},
    };
    demo_actions stand = add(0, DEMO_STAND);
    double u = random_uniform(stream);
    for (size_t k = 0; k < sizeof movements / sizeof *movements; k++) {
        if (u < movements[k].probability) {
            demo_action action = movements[k].action;
            return action == DEMO_FALL ? add(0, action) : add(stand, action);
        }
        u -= movements[k].probability;
    }
    return stand;
}

static demo_actions draw_actions(random_stream *stream)
{
    double u = random_uniform(stream);
    demo_actions set = u < 0.66   ? draw_movement(stream)
                       : u < 0.86 ? add(0, DEMO_SIT)
                       : u < 0.96 ? add(0, DEMO_BEND)
                                  : add(0, DEMO_LIE);
    if (!demo_has(set, DEMO_LIE) && !demo_has(set, DEMO_FALL) && random_uniform(stream) < 0.28) {
        set = add(set, DEMO_CARRY);
    }
    if (demo_has(set, DEMO_STAND) || demo_has(set, DEMO_SIT)) {
        if (random_uniform(stream) < 0.11) {
            set = add(set, DEMO_WAVE);
        } else if (random_uniform(stream) < 0.05) {
            set = add(set, DEMO_REACH);
        }
    }
    return set;
}

// --- segments ---

static double get_velocity(const demo_segment *segment, double height)
{
    double share = demo_has(segment->actions, DEMO_WALK)  ? 0.35
                   : demo_has(segment->actions, DEMO_RUN) ? 0.75
                                                          : 0;
    return share * height * segment->speed * segment->facing;
}

static demo_segment draw_segment(random_stream *stream, double start, double end,
                                 demo_actions actions, int facing)
{
    demo_segment segment = {.start = start, .end = end, .actions = actions, .facing = facing};
    segment.turn = random_sign(stream);
    segment.speed = random_range(stream, 0.8, 1.25);
    segment.phase = random_range(stream, 0, 2 * M_PI);
    return segment;
}

// One second of one thing: `home` is where the person is on the key frame, in its middle.
static void draw_short(random_stream *stream, const demo_scene *scene, double home,
                       demo_person *person)
{
    double start = (double)scene->first_frame / DEMO_RATE;
    double end = start + (double)scene->frame_count / DEMO_RATE;
    demo_actions actions = draw_actions(stream);
    demo_segment segment = draw_segment(stream, start, end, actions, random_sign(stream));
    segment.velocity = get_velocity(&segment, person->height);
    segment.x = home - segment.velocity * (end - start) / 2;
    person->x_low = 1;
    person->x_high = 0;
    person->segments[0] = segment;
    person->segment_count = 1;
}

// Where the walk of a segment has led by `seconds`; walking turns round at the bounds, and
// *facing follows.
static double walk(const demo_person *person, const demo_segment *segment, double seconds,
                   int *facing)
{
    double x = segment->x + segment->velocity * (seconds - segment->start);
    *facing = segment->facing;
    double span = person->x_high - person->x_low;
    if (span <= 0 || segment->velocity == 0) {
        return x;
    }
    double turns = floor((x - person->x_low) / span);
    double rest = x - person->x_low - turns * span;
    if (fmod(turns, 2) != 0) {
        *facing = -segment->facing;
        return person->x_high - rest;
    }
    return person->x_low + rest;
}

double demo_person_locate(const demo_person *person, double seconds, int *facing)
{
    return walk(person, demo_person_find_segment(person, seconds), seconds, facing);
}

// How long an action goes on in a long scene: 1 to 4 seconds, a fall one.
static double draw_duration(random_stream *stream, demo_actions actions, double rest)
{
    double duration = 1 + 0.5 * (double)random_integer(stream, 7);
    if (demo_has(actions, DEMO_FALL)) {
        duration = 1;
    }
    return rest - duration < 1 ? rest : duration;
}

static void draw_long(random_stream *stream, const demo_scene *scene, double home,
                      demo_person *person)
{
    double start = (double)scene->first_frame / DEMO_RATE;
    double scene_end = start + (double)scene->frame_count / DEMO_RATE;
    person->x_low = home - 0.12 * DEMO_WIDTH;
    person->x_high = home + 0.12 * DEMO_WIDTH;
    double x = home;
    int facing = random_sign(stream);
    int turn = 0; // of the fall before, 0 = none
    while (start < scene_end && person->segment_count < DEMO_MAX_SEGMENTS) {
        demo_actions actions = turn != 0 ? add(0, DEMO_LIE) : draw_actions(stream);
        double end = start + draw_duration(stream, actions, scene_end - start);
        demo_segment *segment = &person->segments[person->segment_count++];
        *segment = draw_segment(stream, start, end, actions, facing);
        segment->velocity = get_velocity(segment, person->height);
        segment->x = x;
        segment->turn = turn != 0 ? turn : segment->turn;
        x = walk(person, segment, end, &facing);
        turn = demo_has(actions, DEMO_FALL) ? segment->turn : 0;
        start = end;
    }
    person->segments[person->segment_count - 1].end = scene_end;
}

const demo_segment *demo_person_find_segment(const demo_person *person, double seconds)
{
    size_t s = 0;
    while (s + 1 < person->segment_count && seconds >= person->segments[s].end) {
        s++;
    }
    return &person->segments[s];
}

// --- two people with each other ---

// Which of the interactions goes on: DEMO_ACTION_COUNT for none.
static demo_action draw_interaction(const demo_world *world, random_stream *stream)
{
    double u = random_uniform(stream);
    if (world->class_count <= DEMO_TALK) {
        return DEMO_ACTION_COUNT;
    }
    return u < 0.25   ? DEMO_TALK
           : u < 0.27 ? DEMO_HIT
           : u < 0.29 ? DEMO_HAND_OVER
                      : DEMO_ACTION_COUNT;
}

// Two people who face each other, standing or (talking) sitting; the second, drawn in front, is the
// one who acts.
static void draw_pair(random_stream *stream, demo_action interaction, demo_scene *scene)
{
    double start = (double)scene->first_frame / DEMO_RATE;
    double end = start + (double)scene->frame_count / DEMO_RATE;
    double middle = DEMO_WIDTH * random_range(stream, 0.45, 0.55);
    double reach = interaction == DEMO_TALK  ? random_range(stream, 0.75, 1.1)
                   : interaction == DEMO_HIT ? random_range(stream, 0.5, 0.58)
                                             : random_range(stream, 0.68, 0.76);
    double gap = reach * fmin(scene->people[0].height, scene->people[1].height);
    int side = random_sign(stream);
    for (int p = 0; p < 2; p++) {
        demo_person *person = &scene->people[p];
        bool sits = interaction == DEMO_TALK && random_uniform(stream) < 0.2 / 0.86;
        demo_actions set = add(0, sits ? DEMO_SIT : DEMO_STAND);
        bool acts = p == 1 || interaction == DEMO_TALK;
        int facing = p == 0 ? side : -side;
        demo_segment segment =
            draw_segment(stream, start, end, acts ? add(set, interaction) : set, facing);
        segment.x = middle - facing * gap / 2;
        segment.receives = acts ? 0 : add(0, interaction);
        person->x_low = 1;
        person->x_high = 0;
        person->segments[0] = segment;
        person->segment_count = 1;
    }
    // Hands meet only when both stand on the same ground and are of about one height.
    scene->people[1].foot_y = scene->people[0].foot_y;
    if (interaction != DEMO_TALK) {
        scene->people[1].height = scene->people[0].height;
    }
}

void demo_people_draw(const demo_world *world, int64_t video, int64_t number, random_stream *stream,
                      demo_scene *scene)
{
    scene->person_count = 1 + (size_t)random_integer(stream, 2);
    int side = (int)random_integer(stream, 2); // half of the picture of the first person
    demo_action interaction = draw_interaction(world, stream);
    for (size_t p = 0; p < scene->person_count; p++) {
        demo_person *person = &scene->people[p];
        person->id = number * DEMO_MAX_PEOPLE + (int64_t)p;
        random_stream own = demo_open_stream(world, video, DEMO_STREAM_PERSON, person->id);
        draw_looks(&own, scene->background_grey, person);
        double half = ((side + (int)p) % 2 + 0.5) / 2;
        double home = (half + random_range(&own, -0.06, 0.06)) * DEMO_WIDTH;
        (world->long_scenes ? draw_long : draw_short)(&own, scene, home, person);
    }
    if (scene->person_count == 2 && interaction != DEMO_ACTION_COUNT) {
        draw_pair(stream, interaction, scene);
    }
}
