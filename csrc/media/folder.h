// A folder or a list of pictures (jpg, jpeg, png, bmp) as a video.
#ifndef MEDIA_FOLDER_H
#define MEDIA_FOLDER_H

#include "media/source.h"
#include "media/video.h"

typedef struct frame_folder frame_folder;

// Lists the pictures in the byte order of their names, or takes those of `listed` where that is not
// NULL, and decodes the first one for its size. limit is borrowed.
sslact_status folder_open(const char *path, const video_pictures *listed, int64_t max_pixels,
                          const deadline *limit, frame_folder **out);
void folder_close(frame_folder *f);
// Gives the path of each picture to visit, in order; stops at the first negative status.
sslact_status folder_visit(const char *path, sslact_status (*visit)(const char *path, void *user),
                           void *user);
int64_t folder_count(const frame_folder *f);
// Sizes, codec and pixel format of the first picture.
void folder_describe(const frame_folder *f, video_info *out);
sslact_status folder_read(frame_folder *f, const int64_t *frames, size_t count, picture_sink sink,
                          void *user);

#endif
