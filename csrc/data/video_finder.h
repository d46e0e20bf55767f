// From a video id to a file: by a list of file names, or by looking below a folder.
#ifndef DATA_VIDEO_FINDER_H
#define DATA_VIDEO_FINDER_H

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct video_finder video_finder;

// file_names: path of a list as ava_file_names_trainval_v2.1.txt, or "" to look for ID.mp4,
// ID.mkv, ... and folders of pictures named ID, in the folder first and then below it.
sslact_status video_finder_open(const char *root, const char *file_names, video_finder **out);
// The path of a video; SSLACT_ERROR_NOT_FOUND with a message that says where it was looked for.
sslact_status video_finder_find(video_finder *f, const char *video, text *path);
void video_finder_free(video_finder *f); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
