// The columns that AVA's files share, each parsed with its own message. For the readers only.
#ifndef DATA_AVA_FIELDS_H
#define DATA_AVA_FIELDS_H

#include "data/ava_files.h"
#include "data/lines.h"

#ifdef __cplusplus
extern "C" {
#endif

// Where a field stands, for messages, and where its faults go.
typedef struct field_place {
    const char *path;
    int64_t line;
    data_problems *problems;
} field_place;

// Each returns SSLACT_OK with the value, SSLACT_DONE when the row is to be left out (reported and
// passed over), or an error.
sslact_status field_read_video(const field_place *place, field f, name_table *videos, int32_t *out);
sslact_status field_read_time(const field_place *place, int column, field f, int64_t *time_us);
sslact_status field_read_box(const field_place *place, const field fields[4], ava_kind kind,
                             ava_row *row);
sslact_status field_read_action(const field_place *place, field f, ava_kind kind, int32_t limit,
                                int32_t *out);
sslact_status field_read_person(const field_place *place, field f, int64_t *out);
sslact_status field_read_score(const field_place *place, field f, ava_kind kind, double *out);

// A report that makes the caller leave the row: SSLACT_DONE, or the error.
sslact_status field_refuse(const field_place *place, data_problem kind, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

#ifdef __cplusplus
}
#endif
#endif
