// A SlowFast frame list: which picture files are the frames of which video, one line a picture,
//     original_vido_id video_id frame_id path labels
// behind a header, in any order of lines. The path is relative to the folder of the videos.
//
// Note [what is kept]: lists of six million lines are usual. Only the place of each needed
// picture's line in the file is kept, 8 bytes, in the order of frame_id; a path is read from the
// file when its picture is.
#ifndef DATA_FRAME_LIST_H
#define DATA_FRAME_LIST_H

#include "base/text.h"
#include "data/names.h"
#include "data/problems.h"

#ifdef __cplusplus
extern "C" {
#endif

// media/video.h, whose names this header leaves free.
struct video;
struct video_options;

typedef struct frame_list frame_list;

// Reads the lines of `videos` (borrowed for the list's life), matched with original_vido_id; root
// is the folder of the videos. frame_id counts from 0, or from 1, without gaps: a video of which
// that is not true is reported by the line, and is not found afterwards.
sslact_status frame_list_open(const char *path, const char *root, const name_table *videos,
                              data_problems *problems, frame_list **out);
// "LIST: video "ID"", the name of a video for messages and for a store; SSLACT_ERROR_NOT_FOUND with
// a message where the list has no such video.
sslact_status frame_list_find(const frame_list *list, size_t video, text *name);
// The pictures as a video; a video_opener, user is the frame_list. From any thread.
sslact_status frame_list_open_video(size_t index, const struct video_options *options, void *user,
                                    struct video **out);
// Looks for each picture of a video on disk: how many are missing, and the path of the first.
sslact_status frame_list_find_missing(const frame_list *list, size_t video, int64_t *count,
                                      text *first);
void frame_list_free(frame_list *list); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
