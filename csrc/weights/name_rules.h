// The tables behind names.h: how each code base spells the names of one network. Not for other
// rooms.
//
// A pattern is text with places: %p pathway, %s stage res2..res5, %f lateral connection 1..4,
// %b number of a block, %x convolution a..c of a block, %n array of a batch norm.
#ifndef WEIGHTS_NAME_RULES_H
#define WEIGHTS_NAME_RULES_H

#include "weights/names.h"

#define NAME_NORMS 5 // weight, bias, running_mean, running_var, num_batches_tracked

typedef struct name_rule {
    const char *theirs;
    const char *ours;
    bool drop_first;
} name_rule;

typedef struct name_layout {
    const char *name;
    const char *keys;           // of the config, for messages
    const char *prefixes[6];    // taken off in this order where they are there
    const char *whole_model[2]; // written before names of the backbone, of the head
    const char *pathways[2];    // slow, fast
    const char *letters[3];     // of %x
    const char *norms[NAME_NORMS];
    int stage_offset; // ours less theirs
    int fusion_offset;
    const name_rule *rules;
    size_t rule_count;
    const char *ignored[4]; // endings of names that are no arrays of a network
} name_layout;

extern const name_layout name_layouts[WEIGHTS_LAYOUT_COUNT];

#endif
