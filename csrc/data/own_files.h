// A person's own data, docs/own-data.md: sheets of boxes with the names of actions, a list of those
// names. Rows come out as those of AVA's files do, action ids being places in the list, from 1.
#ifndef DATA_OWN_FILES_H
#define DATA_OWN_FILES_H

#include "data/ava_files.h"
#include "data/lines.h"

#ifdef __cplusplus
extern "C" {
#endif

// Actions of one row's cell are joined by this sign.
#define OWN_ACTION_JOINT '|'

typedef enum own_units { OWN_FRACTIONS, OWN_PIXELS } own_units;

// A sheet with the columns video, time, the four of a box and, where the names of actions are
// given, action; person and score may be there. actions may be NULL: a box file, whose actions are
// not looked at. A row with k actions makes k rows here, one without makes one of action 0. Pixels
// come out as they stand, see own_scale_boxes.
sslact_status own_rows_read(const char *path, own_units units, const ava_actions *actions,
                            name_table *videos, data_problems *problems, ava_rows *out);

// A sheet with the columns video and time: key frames to leave out.
sslact_status own_keys_read(const char *path, name_table *videos, data_problems *problems,
                            ava_keys *out);

// One name a line, or an action list of the other form where the file is called .pbtxt.
sslact_status own_actions_read(const char *path, ava_actions *out);

// Pixels to fractions of the picture as displayed: opens each video that a row names once, paths
// [videos] NULL where there is no row. Boxes outside the picture are reported and left out.
sslact_status own_scale_boxes(const char *path, const char *const *paths, size_t path_count,
                              data_problems *problems, ava_rows *rows);

// Which videos of the rows are held out for validation: a share of them, rounded to the nearest
// number, but one at least and not all. The choice depends on the seed and the names alone, and a
// larger share holds out the same ones and more. *held [videos->count] of 0 and 1 belongs to the
// caller. SSLACT_ERROR_CONFIG where there are not two videos to tell apart.
sslact_status own_hold_out(const ava_rows *rows, const name_table *videos, double share,
                           int64_t seed, uint8_t **held);

#ifdef __cplusplus
}
#endif
#endif
