// Whether two annotation files belong together, by statistics: the mean over labelled people of the
// best overlap with a box of the same key frame, as the files stand and under the mistakes people
// make (another start of the clock, frame numbers for seconds, exchanged columns, pixels).
//
// Note [pairing thresholds]: 18 real AVA videos (20,020 people). Boxes of a detector-like noise
// overlap their people by 0.82; boxes one second off by 0.68 of what right ones reach, ten seconds
// off 0.44, a minute off 0.37, with x and y exchanged 0.35, of another video 0.30. So 0.5 lies
// between any right and any unrelated pairing, and an explanation must gain 0.1.
#ifndef DATA_PAIRING_H
#define DATA_PAIRING_H

#include "data/ava_files.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PAIRING_LEAST_OVERLAP 0.5
#define PAIRING_LEAST_GAIN 0.1
#define PAIRING_LEAST_PEOPLE 20 // fewer say nothing

typedef enum pairing_verdict {
    PAIRING_TOO_FEW, // to say anything
    PAIRING_RIGHT,
    PAIRING_NO_VIDEO, // the files share no video
    PAIRING_OFFSET,   // times differ by a constant
    PAIRING_RATE,     // times differ by a factor (and a constant): frame numbers, milliseconds
    PAIRING_CORNERS,  // the columns of the corners are in another order
    PAIRING_SCALE,    // one of the files is in other units, pixels as a rule
    PAIRING_UNRELATED // nothing explains the low overlap
} pairing_verdict;

typedef enum pairing_corners {
    CORNERS_AS_WRITTEN,
    CORNERS_SWAPPED,     // y1,x1,y2,x2
    CORNERS_BY_AXIS,     // x1,x2,y1,y2
    CORNERS_SIZE,        // x,y,width,height
    CORNERS_CENTER_SIZE, // center x, center y, width, height
    CORNERS_COUNT
} pairing_corners;

const char *pairing_get_corners_name(pairing_corners corners);

typedef struct pairing_result {
    pairing_verdict verdict;
    size_t label_videos, box_videos, shared_videos;
    size_t people;         // compared as the files stand
    double overlap;        // 0 where no key frame is shared
    double best_overlap;   // under the explanation below
    double offset_seconds; // the boxes' time is rate * the labels' time + offset
    double rate;
    pairing_corners corners;
    double scale_x, scale_y; // the boxes' units for one of the labels'
} pairing_result;

// Rows sorted by (video, time, line) that share numbers of videos. Boxes with a score below
// least_score are passed over where enough reach it.
sslact_status pairing_measure(const ava_rows *labels, const ava_rows *boxes, size_t video_count,
                              double least_score, pairing_result *out);

// What the numbers of one file look like. Of rows read as AVA_RAW.
typedef struct file_shape {
    size_t rows;
    double largest_x, largest_y;      // of any corner
    double share_outside;             // of rows with a corner above 1
    double share_wide;                // of people wider than tall
    double share_right, share_bottom; // of people who touch that border
    double share_action;              // of rows with an action
    double share_whole;               // of column 8 that is a whole number
    double least_eighth, largest_eighth;
} file_shape;
void file_shape_measure(const ava_rows *rows, file_shape *out);

#ifdef __cplusplus
}
#endif
#endif
