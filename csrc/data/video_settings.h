// How a config wants videos to be opened.
#ifndef DATA_VIDEO_SETTINGS_H
#define DATA_VIDEO_SETTINGS_H

#include "base/text.h"
#include "config/config.h"
#include "media/video.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct video_settings {
    video_options options; // points into the next
    text index_folder;
} video_settings;

// From data.folder_frame_rate, data.index_folder, perf.frame_skipping and perf.kept_index. The
// index folder is by default sslact/index in the user's cache folder ($XDG_CACHE_HOME, else
// ~/.cache), and takes only videos of a megabyte or more there; without such a folder no index is
// kept. Zero-initialise *out; video_settings_clear releases it.
sslact_status video_settings_read(const config *c, video_settings *out);
void video_settings_clear(video_settings *s);

#ifdef __cplusplus
}
#endif
#endif
