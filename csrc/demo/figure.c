// From joint angles to shapes. Lengths are those of demo-world.md, section 1, in units of the
// height h; a figure is built in its own frame (x forwards, y up, hips at the origin) and then put
// on the ground, turned and scaled.
#include "demo/figure.h"

#include "demo/people.h"
#include "demo/pose.h"

#include <math.h>

#define TORSO 0.30
#define HEAD_HEIGHT 0.43
#define HEAD_RADIUS 0.085
#define LEG 0.42
#define ARM 0.31
#define LIMB_RADIUS 0.0425
#define SHIN 0.95 // radius, in limbs
#define SHOE 0.8
#define BLOCK 0.23

typedef struct point {
    double x, y;
} point;

typedef struct skeleton {
    point hip, shoulder, head, face; // face: from the head's centre towards the nose
    point knee[2], ankle[2], toe[2];
    point elbow[2], hand[2];
} skeleton;

// --- joints ---

// A point `length` away in the direction `angle`: 0 down, positive forwards.
static point step(point from, double angle, double length)
{
    point to = {from.x + length * sin(angle), from.y - length * cos(angle)};
    return to;
}

static void roll(point *p, double angle)
{
    point turned = {p->x * cos(angle) + p->y * sin(angle), p->y * cos(angle) - p->x * sin(angle)};
    *p = turned;
}

static skeleton find_joints(const demo_pose *pose)
{
    skeleton s = {.hip = {0, 0}};
    double up = M_PI - pose->lean; // the torso's direction from the hips
    s.shoulder = step(s.hip, up, TORSO);
    s.head = step(s.shoulder, up - pose->nod, HEAD_HEIGHT - TORSO);
    s.face = step((point){0, 0}, M_PI / 2 - pose->lean - pose->nod, 1);
    for (int side = 0; side < 2; side++) {
        double shin = pose->thigh[side] - pose->knee[side];
        s.knee[side] = step(s.hip, pose->thigh[side], LEG / 2);
        s.ankle[side] = step(s.knee[side], shin, LEG / 2);
        s.toe[side] = step(s.ankle[side], shin + M_PI / 2, 0.06);
        double arm = pose->shoulder[side] - pose->lean;
        s.elbow[side] = step(s.shoulder, arm, ARM / 2);
        s.hand[side] = step(s.elbow[side], arm + pose->elbow[side], ARM / 2);
    }
    point *points = (point *)&s;
    for (size_t k = 0; k < sizeof s / sizeof *points; k++) {
        roll(&points[k], pose->roll);
    }
    return s;
}

// How far the lowest part lies under the hips; arms carry nobody.
static double find_lowest(const skeleton *s, double limb)
{
    double lowest = fmin(s->hip.y, s->shoulder.y) - 2 * limb;
    lowest = fmin(lowest, s->head.y - HEAD_RADIUS);
    for (int side = 0; side < 2; side++) {
        lowest = fmin(lowest, s->knee[side].y - limb);
        lowest = fmin(lowest, s->ankle[side].y - SHIN * limb);
        lowest = fmin(lowest, s->toe[side].y - SHOE * limb);
    }
    return lowest;
}

// --- shapes ---

// Where the figure's own frame lies in the picture.
typedef struct frame {
    const demo_person *person;
    demo_figure *figure;
    double x, y; // of the hips, pixels
    double scale;
    int facing;
    double limb; // radius of a limb, in h
} frame;

static demo_shape *add_shape(const frame *f, demo_shape_kind kind, point a, point b, double radius,
                             demo_color color)
{
    demo_shape *shape = &f->figure->shapes[f->figure->count++];
    shape->kind = kind;
    shape->x1 = f->x + f->facing * f->scale * a.x;
    shape->y1 = f->y - f->scale * a.y;
    shape->x2 = f->x + f->facing * f->scale * b.x;
    shape->y2 = f->y - f->scale * b.y;
    shape->radius = f->scale * radius;
    shape->color = color;
    shape->is_body = kind == DEMO_SHAPE_LIMB;
    return shape;
}

static void add_limb(const frame *f, point a, point b, double radius, demo_color color)
{
    add_shape(f, DEMO_SHAPE_LIMB, a, b, radius, color);
}

// A rectangle between two corners, put in order.
static void add_block(const frame *f, point center, double width, double height, demo_color color)
{
    point a = {center.x - f->facing * width / 2, center.y + height / 2};
    point b = {center.x + f->facing * width / 2, center.y - height / 2};
    add_shape(f, DEMO_SHAPE_BLOCK, a, b, 0, color);
}

// The same colour further away from the background: edges and far limbs stand out against near
// ones and lose no contrast.
static demo_color shade(const frame *f, demo_color color, double amount)
{
    double grey = demo_color_get_grey(color);
    double target =
        grey > f->person->background_grey ? fmin(grey + amount, 245) : fmax(grey - amount, 0);
    return demo_color_make(target, color.r - grey, color.g - grey, color.b - grey);
}

static void add_leg(const frame *f, const skeleton *s, int side)
{
    double extra = side == DEMO_FAR ? 16 : 0;
    demo_color trousers = shade(f, f->person->trousers, extra);
    add_limb(f, s->ankle[side], s->toe[side], SHOE * f->limb, shade(f, f->person->shoes, extra));
    add_limb(f, s->hip, s->knee[side], f->limb, trousers);
    add_limb(f, s->knee[side], s->ankle[side], SHIN * f->limb, trousers);
}

static void add_arm(const frame *f, const skeleton *s, int side)
{
    double extra = side == DEMO_FAR ? 16 : 0;
    demo_color sleeve = shade(f, f->person->shirt, extra);
    demo_color skin = shade(f, f->person->skin, extra);
    if (side == DEMO_NEAR) {
        // An edge, so that an arm in front of the torso can be seen.
        double edge = 0.9 * f->limb + 1.0 / f->scale;
        add_limb(f, s->shoulder, s->elbow[side], edge, shade(f, f->person->shirt, 40));
        add_limb(f, s->elbow[side], s->hand[side], edge, shade(f, f->person->shirt, 40));
    }
    add_limb(f, s->shoulder, s->elbow[side], 0.9 * f->limb, sleeve);
    add_limb(f, s->elbow[side], s->hand[side], 0.9 * f->limb, skin);
}

static void add_head(const frame *f, const skeleton *s)
{
    point up = {-s->face.y, s->face.x};
    point hair = s->head;
    point face = {s->head.x + 0.022 * s->face.x - 0.018 * up.x,
                  s->head.y + 0.022 * s->face.y - 0.018 * up.y};
    point eye = {face.x + 0.03 * s->face.x + 0.012 * up.x,
                 face.y + 0.03 * s->face.y + 0.012 * up.y};
    add_limb(f, hair, hair, HEAD_RADIUS, f->person->hair);
    add_limb(f, face, face, 0.066, f->person->skin);
    add_limb(f, eye, eye, 0.014, shade(f, f->person->skin, 70));
}

// What is carried or handed over: at the hands that hold it.
static void add_object(const frame *f, const skeleton *s, const demo_segment *segment,
                       double seconds)
{
    if (!demo_has(segment->actions, DEMO_CARRY) && !demo_has(segment->actions, DEMO_HAND_OVER)) {
        return;
    }
    int second = demo_has(segment->actions, DEMO_WAVE) ? DEMO_FAR : DEMO_NEAR;
    point hand = {(s->hand[DEMO_FAR].x + s->hand[second].x) / 2,
                  (s->hand[DEMO_FAR].y + s->hand[second].y) / 2};
    hand.x += 0.05;
    if (demo_has(segment->actions, DEMO_HAND_OVER)) {
        double progress = seconds + 0.5 - floor(seconds + 0.5);
        hand.x += 0.25 * fmin(fmax(progress * 2 - 0.9, 0), 1); // the other takes it away
        hand.y += 0.1;
    }
    add_block(f, hand, BLOCK, BLOCK, f->person->object);
}

static void add_shadow(const frame *f, const skeleton *s)
{
    double left = fmin(fmin(s->head.x, s->hip.x), fmin(s->ankle[0].x, s->ankle[1].x)) - 0.1;
    double right = fmax(fmax(s->head.x, s->hip.x), fmax(s->ankle[0].x, s->ankle[1].x)) + 0.1;
    demo_shape *shape =
        add_shape(f, DEMO_SHAPE_SHADE, (point){f->facing > 0 ? left : right, 0},
                  (point){f->facing > 0 ? right : left, 0}, 0, (demo_color){0, 0, 0});
    shape->y1 = f->person->foot_y - 0.035 * f->scale;
    shape->y2 = f->person->foot_y + 0.035 * f->scale;
}

static void add_stool(const frame *f, double top)
{
    double bottom = (f->y - f->person->foot_y) / f->scale;
    point center = {-0.02, (top + bottom) / 2};
    add_block(f, center, 0.24, top - bottom, f->person->stool);
}

void demo_figure_build(const demo_person *person, double seconds, demo_figure *out)
{
    const demo_segment *segment = demo_person_find_segment(person, seconds);
    demo_pose pose;
    demo_pose_find(person, seconds, &pose);
    skeleton s = find_joints(&pose);

    frame f = {.person = person, .figure = out, .scale = person->height};
    f.limb = LIMB_RADIUS * person->thickness;
    f.x = demo_person_locate(person, seconds, &f.facing);
    f.x += f.facing * pose.forward * f.scale;
    f.y = person->foot_y + (find_lowest(&s, f.limb) - pose.lift) * f.scale;

    out->count = 0;
    add_shadow(&f, &s);
    if (demo_has(segment->actions, DEMO_SIT)) {
        add_stool(&f, -1.6 * f.limb);
    }
    add_arm(&f, &s, DEMO_FAR);
    add_leg(&f, &s, DEMO_FAR);
    add_leg(&f, &s, DEMO_NEAR);
    add_limb(&f, s.hip, s.shoulder, 2 * f.limb, person->shirt);
    add_head(&f, &s);
    add_object(&f, &s, segment, seconds);
    add_arm(&f, &s, DEMO_NEAR);
}

// --- boxes ---

static const demo_rectangle nothing = {INFINITY, INFINITY, -INFINITY, -INFINITY};

static void widen(demo_rectangle *box, double x, double y, double radius)
{
    box->x1 = fmin(box->x1, x - radius);
    box->y1 = fmin(box->y1, y - radius);
    box->x2 = fmax(box->x2, x + radius);
    box->y2 = fmax(box->y2, y + radius);
}

demo_rectangle demo_figure_bound(const demo_figure *figure)
{
    demo_rectangle box = nothing;
    for (size_t k = 0; k < figure->count; k++) {
        const demo_shape *shape = &figure->shapes[k];
        if (shape->is_body) {
            widen(&box, shape->x1, shape->y1, shape->radius);
            widen(&box, shape->x2, shape->y2, shape->radius);
        }
    }
    return box;
}

// Narrows [*from, *to], the part of a line that runs from `start` by `way`, to where it lies
// between low and high; false when nothing is left.
static bool cut(double start, double way, double low, double high, double *from, double *to)
{
    if (way == 0) {
        return start >= low && start <= high;
    }
    double a = (low - start) / way, b = (high - start) / way;
    *from = fmax(*from, fmin(a, b));
    *to = fmin(*to, fmax(a, b));
    return *from <= *to;
}

demo_rectangle demo_figure_bound_visible(const demo_figure *figure, double dx, double dy)
{
    demo_rectangle box = nothing;
    for (size_t k = 0; k < figure->count; k++) {
        const demo_shape *shape = &figure->shapes[k];
        double x = shape->x1 + dx, y = shape->y1 + dy, r = shape->radius;
        double way_x = shape->x2 - shape->x1, way_y = shape->y2 - shape->y1;
        double from = 0, to = 1;
        if (shape->is_body && cut(x, way_x, -r, DEMO_WIDTH + r, &from, &to) &&
            cut(y, way_y, -r, DEMO_HEIGHT + r, &from, &to)) {
            widen(&box, x + from * way_x, y + from * way_y, r);
            widen(&box, x + to * way_x, y + to * way_y, r);
        }
    }
    box.x1 = fmax(box.x1, 0);
    box.y1 = fmax(box.y1, 0);
    box.x2 = fmin(box.x2, DEMO_WIDTH);
    box.y2 = fmin(box.y2, DEMO_HEIGHT);
    return box;
}
