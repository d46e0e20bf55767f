// The bytes of a video file for libav: an open descriptor of our own, so that the file may be
// renamed or removed while it is read, no other file is ever opened on behalf of a video, and
// every read looks at the wall-clock budget.
#ifndef MEDIA_SOURCE_H
#define MEDIA_SOURCE_H

#include <libavformat/avio.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// The end of a wall-clock budget, shared by everything that one call does.
typedef struct deadline {
    double budget_seconds;
    double end; // on the clock of clock_seconds()
} deadline;

void deadline_start(deadline *d, double budget_seconds);
bool deadline_passed(const deadline *d);
// The message for a call that took too long; `path` in front.
sslact_status deadline_report(const deadline *d, const char *path);

typedef struct source {
    int descriptor;
    int64_t size, modified_ns; // when it was opened
    int64_t offset;
    const deadline *limit; // borrowed
    AVIOContext *io;
} source;

// Opens a regular file; pipes and devices are refused, frames are read at random.
sslact_status source_open(source *s, const char *path, const deadline *limit);
// Whether the file still has the size and modification time that it had when it was opened.
bool source_is_unchanged(const source *s);
// Makes the reading context anew, at the start of the file.
sslact_status source_rewind(source *s);
void source_close(source *s); // also of a zeroed source with descriptor -1

#endif
