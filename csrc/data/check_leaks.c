// Videos in more than one split: what trains must not validate.
#include "data/check_parts.h"

#include <stdlib.h>

#include "base/array.h"

// The first key frame of each video of a table, by its number; NULL: none.
static const split_frame **list_first_frames(const split_table *t)
{
    const split_frame **first = array_create(t->videos.count, sizeof *first);
    for (size_t i = 0; first != NULL && i < t->frame_count; i++) {
        const split_frame *frame = &t->frames[i];
        if (first[frame->video] == NULL) {
            first[frame->video] = frame;
        }
    }
    return first;
}

static sslact_status report_leak(checker *k, const split_table *t, const split_frame *frame,
                                 const split_table *other, const split_frame *other_frame)
{
    return check_report(k, DATA_PROBLEM_LEAK, check_locate(t, frame).text,
                        "video \"%s\" of split %s validates too: %s", t->videos.names[frame->video],
                        split_get_name(t->kind), check_locate(other, other_frame).text);
}

// Both lists of videos are in byte order.
static sslact_status compare_tables(checker *k, const split_table *t, const split_table *other)
{
    const split_frame **first = list_first_frames(t), **other_first = list_first_frames(other);
    sslact_status status =
        first == NULL || other_first == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    size_t i = 0, n = 0;
    while (status >= 0 && i < t->videos.count && n < other->videos.count) {
        int order = strcmp(t->videos.names[i], other->videos.names[n]);
        if (order == 0 && first[i] != NULL && other_first[n] != NULL) {
            status = report_leak(k, t, first[i], other, other_first[n]);
        }
        i += order <= 0;
        n += order >= 0;
    }
    free(first);
    free(other_first);
    return status;
}

sslact_status check_leaks(checker *k)
{
    const split_table *validation = k->tables[SPLIT_VALIDATION];
    static const split_kind trained[] = {SPLIT_TRAIN, SPLIT_UNLABELED};
    sslact_status status = SSLACT_OK;
    for (int i = 0; status >= 0 && validation != NULL && i < 2; i++) {
        const split_table *t = k->tables[trained[i]];
        status = t != NULL ? compare_tables(k, t, validation) : SSLACT_OK;
    }
    return status;
}
