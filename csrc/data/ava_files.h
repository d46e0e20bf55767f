// Readers for the files AVA is published as and that other data sets copy:
// datasets-and-evaluation.md section 1. The caller says which kind a file is: column 8 is a person
// id in label files and a score in box files, and nothing in a row tells them apart.
//
// Every faulty row goes to data_problems as "path:line: ...".
#ifndef DATA_AVA_FILES_H
#define DATA_AVA_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "data/names.h"
#include "data/problems.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ava_kind {
    AVA_LABELS,     // video,time,x1,y1,x2,y2,action or empty[,person id]
    AVA_BOXES,      // video,time,x1,y1,x2,y2,action or empty,score 0..1
    AVA_DETECTIONS, // video,time,x1,y1,x2,y2,action[,score]: as an evaluator reads them, that is
                    // coordinates are not checked beyond being numbers
    AVA_TRUTH,      // video,time,x1,y1,x2,y2,action[,number] or video,time alone (rule I)
    AVA_RAW         // as labels or boxes, any numbers: to see what is wrong with a file
} ava_kind;

// Times are whole microseconds, so that 902, 0902 and 902.000 are one key frame. They end before
// 2^43 (101 days), which leaves 20 bits of a key for the video.
#define AVA_TIME_LIMIT_US ((int64_t)1 << 43)

typedef struct ava_row {
    double x1, y1, x2, y2;
    double score;   // column 8 of boxes, detections and truth; 1 where there is none
    int64_t person; // column 8 of labels; -1 where there is none
    int64_t time_us;
    int64_t line;      // in its file, from 1
    int32_t video;     // number in the name table
    int32_t action_id; // 0: none; read as it stands in detections and truth
    bool has_box;      // false: a two-column row of a truth file
} ava_row;

typedef struct ava_rows { // zero-initialise it; free with ava_rows_free
    ava_row *rows;        // [count], in file order
    size_t count;
    size_t capacity;
} ava_rows;

// action_limit: the largest action id accepted in labels and boxes. *out is untouched on failure.
sslact_status ava_rows_read(const char *path, ava_kind kind, int32_t action_limit,
                            name_table *videos, data_problems *problems, ava_rows *out);
// By (video, time, line); video_count: of the name table that numbers the videos. Linear time, in
// place, but for rows of one video that are not sorted in their file.
sslact_status ava_rows_sort(ava_rows *rows, size_t video_count);
void ava_rows_free(ava_rows *rows);

typedef struct ava_key { // a key frame
    int64_t time_us;
    int64_t line;
    int32_t video;
} ava_key;

typedef struct ava_keys {
    ava_key *keys;
    size_t count;
    size_t capacity;
} ava_keys;

// Rows "video,time": excluded key frames, or any list of key frames.
sslact_status ava_keys_read(const char *path, name_table *videos, data_problems *problems,
                            ava_keys *out);
void ava_keys_free(ava_keys *keys);

// One time a line: included timestamps. free() releases *times_us.
sslact_status ava_times_read(const char *path, data_problems *problems, int64_t **times_us,
                             size_t *count);

// One file name a line, added to `files`; a name with "..", an absolute one or one with control
// characters is a problem.
sslact_status ava_file_names_read(const char *path, data_problems *problems, name_table *files);

typedef enum ava_action_type {
    AVA_ACTION_UNKNOWN, // not written in the file
    AVA_PERSON_MOVEMENT,
    AVA_OBJECT_MANIPULATION,
    AVA_PERSON_INTERACTION
} ava_action_type;

typedef struct ava_action {
    int32_t id;
    ava_action_type type;
    char *name;
} ava_action;

typedef struct ava_actions {
    ava_action *actions; // [count], by ascending id: the class index is the place in this list
    size_t count;
    size_t capacity;
} ava_actions;

#define AVA_ACTION_MAX_ID 65535

// Blocks item { name: "..." id: N } or label { name: "..." label_id: N label_type: T }.
sslact_status ava_actions_read(const char *path, ava_actions *out);
int32_t ava_actions_find(const ava_actions *actions, int32_t id); // class index, -1: not listed
void ava_actions_free(ava_actions *actions);

// One number for (video, time): equal for equal key frames, ascending in both.
int64_t ava_make_key(int32_t video, int64_t time_us);
// "0902" for whole seconds, "902.500" otherwise (six digits where three are not enough).
void ava_render_time(int64_t time_us, char out[32]);
// A relative path that stays below the folder it is joined to: no "..", not absolute, no control
// characters, not empty.
bool ava_is_safe_path(const char *path);

#ifdef __cplusplus
}
#endif
#endif
