// The calls of libav whose form differs between FFmpeg 5.1, 6, 7 and 8: nothing else in the room
// tests a library version.
#ifndef MEDIA_COMPAT_H
#define MEDIA_COMPAT_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

// The display matrix (nine numbers, libavutil/display.h) of a stream, or NULL.
const int32_t *compat_get_display_matrix(const AVStream *stream);

// Entries of the demuxer's own index, 0 when it has none.
int compat_count_index_entries(const AVStream *stream);

// Silences libav's own printing unless the program has chosen a level: a library writes nothing
// to stderr by itself, and every message that matters comes back as a status.
void compat_quieten(void);

#endif
