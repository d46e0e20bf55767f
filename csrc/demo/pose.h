// How a body stands: the joint angles of a person at a time, as demo-world.md, section 1 describes
// the movement of each action.
#ifndef DEMO_POSE_H
#define DEMO_POSE_H

#include "demo/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DEMO_FAR, DEMO_NEAR }; // the two arms and legs, seen from the side

// Angles in radians, positive forwards; lengths in units of the height h. Doubles only: poses are
// mixed member by member.
typedef struct demo_pose {
    double forward;     // hips before the person's place
    double lift;        // lowest point above the ground
    double roll;        // of the whole body
    double lean;        // torso against the body
    double nod;         // head against the torso
    double thigh[2];    // against the body, 0 hangs down
    double knee[2];     // bent backwards
    double shoulder[2]; // against the torso, 0 hangs down
    double elbow[2];    // bent forwards and up
} demo_pose;

// The pose at `seconds` of the video. Within 0.2 s of a change of segment the two are mixed.
void demo_pose_find(const demo_person *person, double seconds, demo_pose *out);

#ifdef __cplusplus
}
#endif
#endif
