// Whether a file is cut off: whether it announces more than it holds.
#ifndef MEDIA_TRUNCATION_H
#define MEDIA_TRUNCATION_H

#include <stdbool.h>

#include "media/container.h"
#include "media/index.h"

// After all packets were read. Knows the containers that say how much there should be: MP4 and
// its kin by their sample tables, AVI by its frame count, Matroska by the size of its segment.
bool truncation_find(const container *c, const frame_index *index);

// Takes the frames off the end of the index whose numbers are not certain: a lost picture might
// stand between them. reorder_depth: pictures that the decoder holds back.
void truncation_trim(frame_index *index, int reorder_depth);

#endif
