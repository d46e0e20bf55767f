// The movement of each action: first the whole body (stand, sit, walk, fall, ...), then what the
// arms do on top of it (carry, wave, reach, talk to, hit, hand over).
#include "demo/pose.h"

#include <math.h>

#define MIX_SECONDS 0.2

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

// The angle of a movement with so many cycles a second.
static double get_cycle(const demo_segment *segment, double seconds, double cycles)
{
    return 2 * M_PI * cycles * segment->speed * (seconds - segment->start) + segment->phase;
}

// From 0 at the start of the segment to 1 at its end, 0.5 in its middle at any speed.
static double get_progress(const demo_segment *segment, double seconds)
{
    double share = (seconds - segment->start) / (segment->end - segment->start);
    return clamp(0.5 + (share - 0.5) * segment->speed, 0, 1);
}

// --- the whole body ---

static void pose_stand(double angle, demo_pose *pose)
{
    pose->lean = 0.015 * sin(angle);
    pose->thigh[DEMO_NEAR] = 0.07;
    pose->thigh[DEMO_FAR] = -0.07;
    pose->shoulder[DEMO_NEAR] = -0.06;
    pose->shoulder[DEMO_FAR] = 0.12;
    pose->elbow[DEMO_NEAR] = pose->elbow[DEMO_FAR] = 0.1;
}

static void pose_sit(double angle, demo_pose *pose)
{
    pose->lean = -0.04 + 0.015 * sin(angle);
    for (int side = 0; side < 2; side++) {
        pose->thigh[side] = side == DEMO_NEAR ? 1.42 : 1.5;
        pose->knee[side] = side == DEMO_NEAR ? 1.42 : 1.3;
        pose->shoulder[side] = 0.35;
        pose->elbow[side] = 0.75;
    }
}

static void pose_bend(double angle, demo_pose *pose)
{
    pose->lean = 1.25 + 0.03 * sin(angle);
    pose->forward = -0.12;
    for (int side = 0; side < 2; side++) {
        pose->thigh[side] = side == DEMO_NEAR ? -0.05 : -0.14;
        pose->shoulder[side] = side == DEMO_NEAR ? 1.15 : 1.3; // hanging, seen from outside
    }
}

static void pose_lie(const demo_segment *segment, double angle, demo_pose *pose)
{
    pose->roll = 1.57 * segment->turn;
    pose->forward = -0.03 * segment->turn;
    pose->thigh[DEMO_NEAR] = 0.1;
    pose->knee[DEMO_NEAR] = 0.15;
    // Arms lie beside the torso or on it, not in the ground.
    pose->shoulder[DEMO_NEAR] = -0.12 * segment->turn;
    pose->elbow[DEMO_NEAR] = segment->turn < 0 ? 0.2 + 0.05 * sin(angle) : 0;
    pose->shoulder[DEMO_FAR] = -0.1;
}

static void pose_walk(double angle, demo_pose *pose)
{
    for (int side = 0; side < 2; side++) {
        double leg = side == DEMO_NEAR ? angle : angle + M_PI;
        pose->thigh[side] = 0.55 * sin(leg);
        pose->knee[side] = 0.08 + 0.5 * fmax(0, cos(leg)); // bent while it swings forwards
        pose->shoulder[side] = -0.45 * sin(leg);
        pose->elbow[side] = 0.25;
    }
    pose->lean = 0.05;
}

static void pose_run(double angle, demo_pose *pose)
{
    for (int side = 0; side < 2; side++) {
        double leg = side == DEMO_NEAR ? angle : angle + M_PI;
        pose->thigh[side] = 0.1 + sin(leg);
        pose->knee[side] = 0.3 + 1.1 * fmax(0, cos(leg));
        pose->shoulder[side] = -0.1 - sin(leg);
        pose->elbow[side] = 1.4;
    }
    pose->lean = 0.3;
    pose->lift = 0.05 * fabs(sin(angle));
}

static void pose_jump(const demo_segment *segment, double seconds, demo_pose *pose)
{
    double height = fabs(sin(get_cycle(segment, seconds, 1)));
    double crouch = (1 - height) * (1 - height);
    pose->lift = 0.24 * height;
    pose->lean = 0.25 * crouch;
    for (int side = 0; side < 2; side++) {
        double apart = side == DEMO_NEAR ? 0.1 : -0.1;
        pose->thigh[side] = 0.6 * crouch + apart + 0.2 * height;
        pose->knee[side] = 1.1 * crouch + 0.35 * height;
        pose->shoulder[side] = (side == DEMO_NEAR ? -0.9 : -0.5) * crouch + 1.1 * height;
        pose->elbow[side] = 0.5;
    }
}

static void pose_kick(double angle, demo_pose *pose)
{
    double height = 0.5 - 0.5 * cos(angle);
    pose->lean = -0.45 * (0.3 + 0.7 * height);
    pose->thigh[DEMO_NEAR] = 1.6 * height;
    pose->knee[DEMO_NEAR] = 0.7 * (1 - height) * height * 4 * 0.5;
    pose->thigh[DEMO_FAR] = -0.08;
    pose->shoulder[DEMO_NEAR] = -0.7;
    pose->shoulder[DEMO_FAR] = 0.9;
    pose->elbow[DEMO_NEAR] = pose->elbow[DEMO_FAR] = 0.6;
}

// Tips over the feet like a tree; on the key frame the middle of the body is at its place.
static void pose_fall(const demo_segment *segment, double seconds, demo_pose *pose)
{
    double progress = get_progress(segment, seconds);
    double flail = sin(get_cycle(segment, seconds, 2.5));
    pose->roll = 1.6 * progress * segment->turn;
    pose->forward = segment->turn * 0.42 * (sin(1.6 * progress) - sin(0.8));
    for (int side = 0; side < 2; side++) {
        double sign = side == DEMO_NEAR ? 1 : -1;
        pose->thigh[side] = 0.22 * sign;
        pose->knee[side] = 0.35;
        // Thrown up, and stretched out ahead when the ground is near.
        pose->shoulder[side] = 1.9 + 1.1 * progress + 0.5 * (1 - progress) * sign * flail;
        pose->elbow[side] = 0.3;
    }
}

static void pose_body(const demo_segment *segment, double seconds, demo_pose *pose)
{
    demo_actions set = segment->actions;
    double idle = get_cycle(segment, seconds, 0.4);
    if (demo_has(set, DEMO_SIT)) {
        pose_sit(idle, pose);
    } else if (demo_has(set, DEMO_BEND)) {
        pose_bend(idle, pose);
    } else if (demo_has(set, DEMO_LIE)) {
        pose_lie(segment, idle, pose);
    } else if (demo_has(set, DEMO_FALL)) {
        pose_fall(segment, seconds, pose);
    } else if (demo_has(set, DEMO_WALK)) {
        pose_walk(get_cycle(segment, seconds, 1.5), pose);
    } else if (demo_has(set, DEMO_RUN)) {
        pose_run(get_cycle(segment, seconds, 2.6), pose);
    } else if (demo_has(set, DEMO_JUMP)) {
        pose_jump(segment, seconds, pose);
    } else if (demo_has(set, DEMO_KICK)) {
        pose_kick(get_cycle(segment, seconds, 1.8), pose);
    } else {
        pose_stand(idle, pose);
    }
}

// --- the arms ---

static void set_arm(demo_pose *pose, int side, double shoulder, double elbow)
{
    pose->shoulder[side] = shoulder;
    pose->elbow[side] = elbow;
}

static void pose_arms(const demo_segment *segment, double seconds, demo_pose *pose)
{
    demo_actions set = segment->actions;
    if (demo_has(set, DEMO_CARRY)) {
        set_arm(pose, DEMO_FAR, 1, 0.25);
        set_arm(pose, DEMO_NEAR, 1, 0.25);
    }
    if (demo_has(set, DEMO_WAVE)) {
        double swing = sin(get_cycle(segment, seconds, 1.9));
        set_arm(pose, DEMO_NEAR, 2.6 + 0.7 * swing, 0.1);
    }
    if (demo_has(set, DEMO_REACH)) {
        set_arm(pose, DEMO_FAR, M_PI - 0.35, 0);
        set_arm(pose, DEMO_NEAR, M_PI + 0.35, 0);
    }
}

// Both halves of what two people do with each other. Hand over: one second from hand to hand.
static void pose_together(const demo_segment *segment, double seconds, demo_pose *pose)
{
    demo_actions set = segment->actions | segment->receives;
    double progress = seconds + 0.5 - floor(seconds + 0.5);
    if (demo_has(set, DEMO_TALK)) {
        double beat = get_cycle(segment, seconds, 1.6);
        set_arm(pose, DEMO_NEAR, 0.75 + 0.35 * sin(beat), 1.1 + 0.5 * sin(beat + 1));
        pose->nod = 0.12 * sin(0.7 * beat);
    } else if (demo_has(segment->actions, DEMO_HIT)) {
        double punch = 0.5 - 0.5 * cos(get_cycle(segment, seconds, 1.8));
        set_arm(pose, DEMO_NEAR, -0.5 + 2.45 * punch, 2 * (1 - punch));
        set_arm(pose, DEMO_FAR, 0.7, 1.5);
        pose->lean = 0.1 + 0.25 * punch;
        pose->thigh[DEMO_NEAR] = 0.3;
        pose->thigh[DEMO_FAR] = -0.3;
    } else if (demo_has(segment->receives, DEMO_HIT)) {
        pose->lean = -0.3 - 0.05 * sin(get_cycle(segment, seconds, 1.8));
        set_arm(pose, DEMO_NEAR, 1.0, 1.7);
        set_arm(pose, DEMO_FAR, 1.2, 1.6);
    } else if (demo_has(segment->actions, DEMO_HAND_OVER)) {
        double out = clamp(progress * 2, 0, 1) * clamp((1 - progress) * 4, 0, 1);
        set_arm(pose, DEMO_NEAR, 0.6 + 0.75 * out, 1.1 * (1 - out));
        set_arm(pose, DEMO_FAR, 0.6 + 0.75 * out, 1.1 * (1 - out));
    } else if (demo_has(segment->receives, DEMO_HAND_OVER)) {
        double out = clamp(progress * 4, 0, 1) * clamp((1 - progress) * 2, 0, 1);
        set_arm(pose, DEMO_NEAR, 0.6 + 0.75 * out, 1.1 * (1 - out));
        set_arm(pose, DEMO_FAR, 0.6 + 0.75 * out, 1.1 * (1 - out));
    }
}

// --- over time ---

static void pose_segment(const demo_segment *segment, double seconds, demo_pose *out)
{
    *out = (demo_pose){0};
    pose_body(segment, seconds, out);
    pose_arms(segment, seconds, out);
    pose_together(segment, seconds, out);
}

static void mix(demo_pose *pose, const demo_pose *other, double share)
{
    double *values = (double *)pose;
    const double *others = (const double *)other;
    for (size_t k = 0; k < sizeof *pose / sizeof(double); k++) {
        values[k] += share * (others[k] - values[k]);
    }
}

void demo_pose_find(const demo_person *person, double seconds, demo_pose *out)
{
    const demo_segment *segment = demo_person_find_segment(person, seconds);
    size_t s = (size_t)(segment - person->segments);
    pose_segment(segment, seconds, out);

    demo_pose other;
    double before = seconds - segment->start;
    double after = segment->end - seconds;
    if (s > 0 && before < MIX_SECONDS) {
        pose_segment(segment - 1, seconds, &other);
        mix(out, &other, 0.5 - 0.5 * before / MIX_SECONDS);
    } else if (s + 1 < person->segment_count && after < MIX_SECONDS) {
        pose_segment(segment + 1, seconds, &other);
        mix(out, &other, 0.5 - 0.5 * after / MIX_SECONDS);
    }
}
