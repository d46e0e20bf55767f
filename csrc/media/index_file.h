// The bytes of a kept frame index: writing them, and reading them with every value checked.
//
// A kept index belongs to one state of one file: its real path, size and modification time, this
// form and the versions of libav that made it. It also holds what libav found out about the stream
// by decoding a little, so that opening the file again need not.
#ifndef MEDIA_INDEX_FILE_H
#define MEDIA_INDEX_FILE_H

#include "base/text.h"
#include "media/container.h"
#include "media/convert.h"
#include "media/index.h"

// Largest file that is written or read.
enum { INDEX_FILE_LIMIT = 1 << 28 };

typedef struct index_key {
    const char *path; // real path of the video
    int64_t size, modified_ns;
} index_key;

typedef struct kept_index {
    stream_facts facts; // its parameters are owned
    orientation turn;
    frame_index index;
} kept_index;

void kept_index_clear(kept_index *kept);

// Appends the file's bytes to `out`; text_status tells whether memory sufficed.
void index_file_encode(const index_key *key, const stream_facts *facts, orientation turn,
                       const frame_index *index, text *out);

// False when the bytes are not the index of exactly this file, or are damaged in any way; then
// *out is empty. Memory use is bounded by `size`.
bool index_file_decode(const uint8_t *data, size_t size, const index_key *key, kept_index *out);

#endif
