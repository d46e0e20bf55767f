// A contact sheet: clips as rows of frames over time, one row for each view, with the boxes of
// their people and the words for each of them beside the row.
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include "report/drawing.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sheet_person {
    sslact_box box;    // fractions of the frame
    bool masked;       // counts for nothing: drawn dashed
    const char *words; // its actions and what is worth saying of the box
} sheet_person;

typedef struct sheet_row {
    const char *title;   // "strong view"
    const char *purpose; // what the view is for
    const char *changes; // what was done to the clip, a text of several lines
    uint8_t *pixels;     // [shown_count][height][width][3]: sheet_shrink makes them
    int32_t *frames;     // [shown_count] their numbers in the clip
    int32_t shown_count, height, width;
    int32_t frame_count; // of the clip; the key frame is frame_count / 2
    const sheet_person *people;
    size_t person_count;
} sheet_row;

typedef struct sheet_clip {
    const char *title;
    double step_seconds; // between two frames; 0: not known, frames have numbers only
    const sheet_row *rows;
    size_t row_count;
} sheet_clip;

typedef struct sheet_layout {
    const char *title;  // of the sheet
    int32_t columns;    // frames of a clip, evenly over its length, the key frame among them
    int32_t frame_size; // longer side of a frame on the sheet
} sheet_layout;

// Frame number `column` of those shown of a clip of frame_count frames; fewer columns than asked
// for where the clip has fewer frames.
int32_t sheet_choose_frame(int32_t frame_count, int32_t columns, int32_t column);

// The frames of a clip, pixels [row->frame_count][height][width][3], that the sheet shows, in its
// size; sheet_clear_row frees them.
sslact_status sheet_shrink(const sheet_layout *layout, const uint8_t *pixels, int32_t height,
                           int32_t width, sheet_row *row);
void sheet_clear_row(sheet_row *row);

// Draws clips one below the other.
sslact_status sheet_draw(const sheet_layout *layout, const sheet_clip *clips, size_t clip_count,
                         drawing **out);

#ifdef __cplusplus
}
#endif
#endif
