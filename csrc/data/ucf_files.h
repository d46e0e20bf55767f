// Readers for the annotation of UCF101-24 in the forms it is found in: datasets-and-evaluation.md
// section 9. Which form a file has is told from what it is and how it begins, never from its name.
//
// Boxes come out as rows like AVA's: fractions of the picture, the class id (from 0) as the action
// id, the tube as the person id, and for time_us the number of the frame, counted from 1, times
// 1e6: "seconds" that are frame numbers.
#ifndef DATA_UCF_FILES_H
#define DATA_UCF_FILES_H

#include "data/ava_files.h"

#ifdef __cplusplus
extern "C" {
#endif

#define UCF_PICTURE_WIDTH 320 // pixels that boxes are counted in, whatever the video file has
#define UCF_PICTURE_HEIGHT 240
#define UCF_CLASS_COUNT 24
// 573862 boxes are published; a pickle may name one list of boxes a thousand times.
#define UCF_MAX_BOXES ((size_t)20 * 1000 * 1000)

typedef enum ucf_form {
    UCF_TABLE,      // a CSV: video,num_frames,class_id,tube,frame,x,y,w,h
    UCF_PYANNOT,    // pyannot.pkl, and the same with class names
    UCF_TUBES,      // UCF101v2-GT.pkl
    UCF_FRAME_FILES // YOWO: Class/video/00001.txt in a folder, or a list of such files
} ucf_form;

// Of the lists of videos that an annotation may hold itself.
typedef enum ucf_part { UCF_ALL_VIDEOS, UCF_TRAINING_VIDEOS, UCF_TEST_VIDEOS } ucf_part;

// Which videos and frames are wanted. Zero-initialised it is none: set stride to 1.
typedef struct ucf_selection {
    bool has_only;
    name_table only;      // where has_only: the videos in use
    name_table without;   // videos left out
    int64_t stride;       // frames whose number from 0 is a multiple of it
    ucf_part part;        // by the file's lists, where neither list above is given
    int32_t split_number; // of the file's lists, from 1
} ucf_selection;

typedef struct ucf_annotation { // zero-initialise it; free with ucf_annotation_free
    ucf_form form;
    ava_rows rows;         // in pickles, which have no lines, line is an ordinal
    int64_t *frame_counts; // [video_count] frames of a video by its number, 0: not in the file
    size_t video_count;
    size_t video_capacity;
} ucf_annotation;

sslact_status ucf_annotation_read(const char *path, const ava_actions *classes,
                                  const ucf_selection *wanted, name_table *videos,
                                  data_problems *problems, ucf_annotation *out);
void ucf_annotation_free(ucf_annotation *a);

// Lines "0 Basketball", ids from 0, or names alone, which are numbered from 0.
sslact_status ucf_classes_read(const char *path, ava_actions *out);
// UCF101-24's own 24, by name as UCF101 spells them.
sslact_status ucf_classes_make(ava_actions *out);
// Files of a scorer, frames from 1, boxes in pixels: detections "video,frame,class_id,score,
// x1,y1,x2,y2", ground truth "video,frame,class_id,x1,y1,x2,y2". Rows as above, no box is checked
// beyond being numbers.
sslact_status ucf_rows_read(const char *path, bool detections, name_table *videos,
                            data_problems *problems, ava_rows *out);
// "video,number_of_frames" as keys whose time_us is the number times 1e6.
sslact_status ucf_frame_counts_read(const char *path, name_table *videos, data_problems *problems,
                                    ava_keys *out);
// One video a line: "Class/v_Class_g01_c01"; an extension and what follows a blank are left out, as
// in UCF101's own lists.
sslact_status ucf_videos_read(const char *path, data_problems *problems, name_table *out);
void ucf_selection_free(ucf_selection *s);
bool ucf_selection_has(const ucf_selection *s, const char *video, size_t length);

#ifdef __cplusplus
}
#endif
#endif
