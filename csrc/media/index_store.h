// A folder of kept frame indexes, one file a video. Nothing here fails for the caller: an index
// that cannot be had is made again, one that cannot be written is not kept.
#ifndef MEDIA_INDEX_STORE_H
#define MEDIA_INDEX_STORE_H

#include "media/index_file.h"

// Where the index of a video is kept: folder/<sum of its real path>.index, and the path summed.
sslact_status index_store_find(const char *folder, const char *video_path, text *index_path,
                               text *real_path);

// False when there is no index of exactly this state of the file. A file that cannot be used is
// left alone: the next save replaces it.
bool index_store_load(const char *index_path, const index_key *key, kept_index *out);

// Writes the index, whole or not at all. Files that changed less than two seconds ago are not
// kept: another change might not show in the modification time.
void index_store_save(const char *index_path, const index_key *key, const stream_facts *facts,
                      orientation turn, const frame_index *index);

void index_store_remove(const char *index_path);

#endif
