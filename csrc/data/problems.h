// What can be wrong with a data set's files, how much of it was met, and what to do about it.
#ifndef DATA_PROBLEMS_H
#define DATA_PROBLEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum data_problem {
    DATA_PROBLEM_FILE,          // cannot be read at all
    DATA_PROBLEM_LINE,          // too long, or with NUL bytes
    DATA_PROBLEM_COLUMNS,       // wrong number of columns
    DATA_PROBLEM_NAME,          // video id or file name that cannot be one
    DATA_PROBLEM_TIME,          // timestamp is not a number of seconds
    DATA_PROBLEM_COORDINATE,    // not a finite number
    DATA_PROBLEM_BOX_REVERSED,  // x2 <= x1 or y2 <= y1
    DATA_PROBLEM_BOX_OUTSIDE,   // corner outside 0..1
    DATA_PROBLEM_BOX_CUT,       // harmless: reaches over the edge of the picture, is cut there
    DATA_PROBLEM_ACTION,        // action id out of range
    DATA_PROBLEM_PERSON,        // person id is not an integer
    DATA_PROBLEM_SCORE,         // not a score
    DATA_PROBLEM_DUPLICATE,     // harmless: the same label row twice
    DATA_PROBLEM_ORDER,         // harmless: key frames are not sorted
    DATA_PROBLEM_UNKNOWN_VIDEO, // no file for a video id
    DATA_PROBLEM_VIDEO,         // a file that does not open as a video
    DATA_PROBLEM_KEY_FRAME,     // key frame outside its video
    DATA_PROBLEM_MISMATCH,      // harmless: a video with labels and no boxes, or the reverse
    DATA_PROBLEM_FRAME_COUNT,   // harmless: the annotation tells of more or fewer frames
    DATA_PROBLEM_CLASSES,       // action lists and model.class_count that do not agree
    // What only a check looks for. All harmless: training goes on, on wrong data perhaps.
    DATA_PROBLEM_PAIRING,        // files that do not belong together, or columns that were mixed up
    DATA_PROBLEM_FRAMES,         // frames around a key frame are missing or cut off
    DATA_PROBLEM_DECODING,       // frames around a key frame do not decode
    DATA_PROBLEM_TWO_BOXES,      // one person id with two boxes on a key frame
    DATA_PROBLEM_TWO_PEOPLE,     // one box with two person ids
    DATA_PROBLEM_NEAR_DUPLICATE, // two boxes of a key frame that nearly agree
    DATA_PROBLEM_LEAK,           // a video that trains and validates
    DATA_PROBLEM_SAME_VIDEO,     // one file, or equal content, under two ids
    // Notes: worth knowing, nothing to mend.
    DATA_NOTE_UNLISTED_LABEL,  // labels whose action is not on the list in use
    DATA_NOTE_EXCLUDED,        // rows on excluded key frames
    DATA_NOTE_REPEATED_BOX,    // equal rows of a box file
    DATA_NOTE_EMPTY_KEY_FRAME, // key frames on which no box is left
    DATA_NOTE_EMPTY_CLASS,     // no training instance has it
    DATA_NOTE_SUBSET_CLASS,    // no instance in the chosen share, some in the file
    DATA_NOTE_UNUSED_BOXES,    // boxes of a video without labels
    DATA_PROBLEM_COUNT
} data_problem;

const char *data_problem_get_name(data_problem kind); // "reversed box"
const char *data_problem_get_fix(data_problem kind);  // what a person can do, one sentence
bool data_problem_is_harmless(data_problem kind);     // the row counts all the same
bool data_problem_is_note(data_problem kind);         // not counted as a problem by a check

// Told of every problem: where ("labels.csv:17") and what, each one line. Non-zero cancels.
typedef int (*data_problem_callback)(data_problem kind, const char *place, const char *what,
                                     void *user);

#define DATA_PROBLEM_TEXT 512

// A tally with a policy. Zero-initialised: the first problem that is not harmless is an error.
typedef struct data_problems {
    bool skip;                      // data.on_bad_row = skip: rows are left out and counted
    data_problem_callback callback; // set: every problem goes there, none is an error
    void *user;
    int64_t counts[DATA_PROBLEM_COUNT];
    char first[DATA_PROBLEM_COUNT][2 * DATA_PROBLEM_TEXT]; // message of the first of its kind
} data_problems;

// SSLACT_OK: go on (without the row, unless harmless). Negative: stop, the message is set.
sslact_status data_problems_report(data_problems *p, data_problem kind, const char *place,
                                   const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

typedef struct data_place {
    char text[DATA_PROBLEM_TEXT / 2];
} data_place;
// "path:line"; a long path loses its beginning.
data_place data_problems_locate(const char *path, int64_t line);

// One warning a kind in the log, with how many there were and the first of them.
void data_problems_warn(const data_problems *p);

#ifdef __cplusplus
}
#endif
#endif
