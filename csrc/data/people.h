// The boxes of the clips of a data set as one table, with their labels where they are known.
#ifndef DATA_PEOPLE_H
#define DATA_PEOPLE_H

#include <stdbool.h>

#include "data/clip.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct people_table { // boxes first[n] .. first[n + 1] - 1 are clip n's, in its order
    size_t clip_count;        // clips added so far
    size_t clip_capacity;     // clips it was made for
    int32_t class_count;
    size_t *first;     // [clip_capacity + 1]
    uint8_t *known;    // [clip_capacity] 1: the labels of this clip are known
    sslact_box *boxes; // [first[clip_count]]
    uint8_t *labels;   // [first[clip_count], class_count] of 0 and 1, 0 where unknown; NULL: none
    size_t box_capacity, label_capacity;
} people_table;

// An empty table; *out is good for people_table_free whatever comes back.
sslact_status people_table_create(size_t clip_count, int32_t class_count, bool with_labels,
                                  people_table *out);
// Room for the boxes of the next clip, to be filled in; *labels is zeroed, NULL in a table without.
sslact_status people_table_add(people_table *t, size_t box_count, bool known, sslact_box **boxes,
                               uint8_t **labels);
sslact_status people_table_add_clip(people_table *t, const clip *c);
void people_table_free(people_table *t); // a zeroed one is fine

#ifdef __cplusplus
}
#endif
#endif
