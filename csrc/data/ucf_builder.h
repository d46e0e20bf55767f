// From the boxes of any form to rows, with the checks that all forms share. For the ucf_*.c readers
// only.
#ifndef DATA_UCF_BUILDER_H
#define DATA_UCF_BUILDER_H

#include "data/lines.h"
#include "data/ucf_files.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ucf_builder {
    const char *path; // of the annotation
    const ava_actions *classes;
    const ucf_selection *wanted;
    name_table *videos;
    data_problems *problems;
    ucf_annotation *out;

    // The video in work, and where its boxes stand.
    int32_t video;    // number in `videos`, -1: not wanted, or none yet
    const char *file; // UCF_FRAME_FILES: the file in work
    double width, height;
    bool class_complained; // of this video's class and folder
} ucf_builder;

typedef struct ucf_box {
    int64_t frame; // from 0
    int64_t class_id;
    int64_t tube;
    double x1, y1, x2, y2; // pixels
    int64_t line;          // of UCF_TABLE and UCF_FRAME_FILES
    int64_t part, index;   // of the pickles: which list of boxes, and which box in it
} ucf_box;

// Makes a video the one in work, or leaves b->video at -1 where it is not wanted or has no name
// that can be one. `place` is for messages. frame_count 0: unknown.
sslact_status ucf_begin_video(ucf_builder *b, const char *place, const char *name, size_t length,
                              int64_t frame_count);
// A box of the video in work: a row, or a problem reported.
sslact_status ucf_add_box(ucf_builder *b, const ucf_box *box);

// The readers of each form; b->out is empty.
sslact_status ucf_table_read(ucf_builder *b);
sslact_status ucf_pickle_read(ucf_builder *b);
sslact_status ucf_folder_read(ucf_builder *b);
sslact_status ucf_file_list_read(ucf_builder *b);

#ifdef __cplusplus
}
#endif
#endif
