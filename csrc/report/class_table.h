// Average precision by class in columns: as bars, as a table, as precision-recall curves. Private
// to this room.
#ifndef REPORT_CLASS_TABLE_H
#define REPORT_CLASS_TABLE_H

#include "report/evaluation.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { class_table_columns = 8 };

typedef struct class_column {
    const char *name; // borrowed
    int32_t color;    // 0 .. 7
    double mean;      // mAP
    double *ap;       // [class_count] of the reference, in its order
} class_column;

typedef struct class_table {
    const evaluation_report *reference; // names, counts and chance; borrowed
    int32_t *order;                     // [class_count] by training count
    class_column columns[class_table_columns];
    size_t column_count;
} class_table;

sslact_status class_table_begin(const evaluation_report *reference, class_table *out);
// Adds a column with the mean over `count` evaluations, class by class (by id; classes without a
// value are left out of the mean).
sslact_status class_table_add(class_table *table, const char *name, int32_t color,
                              const evaluation_report *const *evaluations, size_t count);
void class_table_free(class_table *table);

// Figures of at most 20 classes each; with `standalone` not NULL the first picture of all classes
// goes there too, as a file's content.
sslact_status class_table_draw(const class_table *table, text *out, text *standalone);
// with_change: a last column, last column minus first.
void class_table_write(const class_table *table, const char *caption, bool with_change, text *out);

// One <details> a class with the curves of all evaluations.
sslact_status class_curves_draw(const evaluation_report *const *evaluations,
                                const char *const *names, const int32_t *colors, size_t count,
                                text *out);

#ifdef __cplusplus
}
#endif
#endif
