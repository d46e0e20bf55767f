// The page of a checked data set: what is wrong, what it holds, how its classes are balanced.
#ifndef REPORT_PAGE_CHECK_H
#define REPORT_PAGE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { check_page_splits = 3, check_page_label_counts = 9 };

typedef struct check_page_problem {
    const char *kind, *place, *text, *fix;
    bool is_note;
} check_page_problem;

typedef struct check_page_kind { // how many of a kind there are, of which a page lists some
    const char *name, *fix;
    int64_t count;
    bool is_note;
} check_page_kind;

typedef struct check_page_split {
    const char *name; // NULL: not configured
    int64_t videos, key_frames, people, empty;
} check_page_split;

typedef struct check_page_class { // numbers that are not finite are shown as a dash
    int32_t id;
    const char *name;
    int64_t instances;
    double imbalance, probability, kept_share, weight;
} check_page_class;

typedef struct check_page { // all borrowed
    int64_t videos, key_frames, people, problem_count, note_count;
    check_page_split splits[check_page_splits];
    const check_page_kind *kinds;
    size_t kind_count;
    const check_page_problem *problems; // the first of each kind
    size_t problem_listed;
    const check_page_class *classes; // [class_count]
    const int64_t *pair_counts;      // [class_count, class_count], diagonal: instances
    size_t class_count;
    int64_t instances, labels;
    int64_t labels_per_instance[check_page_label_counts];
    double mean_count, kept_share;
} check_page;

// Writes check.html, self-contained, and classes.csv, cooccurrence.csv, classes.svg and
// cooccurrence.svg into the folder, which is made where it is absent.
sslact_status report_build_check(const char *folder, const check_page *page);

#ifdef __cplusplus
}
#endif
#endif
