// What one evaluation found: numbers by name, as a table for people, as JSON, as CSV.
#ifndef REPORT_EVALUATION_H
#define REPORT_EVALUATION_H

#include <stdint.h>

#include "base/text.h"
#include "metrics/frame_map.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct evaluation_class {
    int64_t id; // as in the label map
    char *name;
    double average_precision; // NaN without ground truth
    double chance;            // the same for random scores; NaN if not computed
    int64_t training_count;   // labelled training instances; -1 = unknown
    int64_t positive_count;
    int64_t detection_count;
    size_t curve_count; // corners of the precision-recall steps: precision[i] holds from
    double *recall;     // recall[i - 1] (0 for the first) to recall[i]
    double *precision;
} evaluation_class;

typedef struct evaluation_report { // read only outside this room
    char *role;                    // "student", "teacher", "baseline"; "" = does not apply
    char *split;                   // "validation"; "" = does not apply
    char *rule;                    // "exclusions", "included"
    char *cache;                   // what was read in place of the videos; "" = the videos
    double overlap;                // 0.5
    int64_t row_limit;             // rows a key frame; 0 = none
    int64_t iteration;             // of the weights; -1 = unknown
    int64_t round;                 // of several schedules, from 1; 0 = there is one
    double frame_map;              // NaN where no class has ground truth
    double chance_frame_map;       // NaN if not computed
    int64_t clips;
    int64_t boxes;
    double seconds;
    int32_t class_count;
    evaluation_class *classes; // [class_count], in the order of the label map
} evaluation_report;

// Everything but the result itself; borrowed for the call.
typedef struct evaluation_facts {
    const char *role, *split, *rule; // NULL = ""
    const char *cache;               // what was read in place of the videos; NULL = ""
    double overlap;                  // 0 = 0.5
    int64_t row_limit;
    int64_t iteration;              // -1 = unknown
    int64_t round;                  // 0 = there is one
    int64_t clips, boxes;           // -1 = unknown
    double seconds;                 // NaN = unknown
    const char *const *class_names; // [class_count]
    const int64_t *class_ids;       // [class_count]; NULL = index + 1
    const int64_t *training_counts; // [class_count]; NULL = unknown
    const frame_map *chance;        // the same evaluation with random scores; NULL = none
} evaluation_facts;

// Takes `result` over on success only. Refuses class counts that differ.
sslact_status evaluation_report_create(frame_map *result, const evaluation_facts *facts,
                                       evaluation_report **out);
void evaluation_report_free(evaluation_report *report); // NULL is fine

// "frame_map@0.5", "chance_frame_map@0.5" (the overlap as it was), "clips", "boxes", "seconds",
// "classes", "classes_with_truth", "iteration", "row_limit". Unknown values are NaN, unknown names
// SSLACT_ERROR_NOT_FOUND.
sslact_status evaluation_report_get_metric(const evaluation_report *report, const char *name,
                                           double *out);

// Class indices by falling training count (unknown and equal counts: by id) into order
// [class_count].
void evaluation_report_sort(const evaluation_report *report, int32_t *order);

// format: "text" (a table, classes by training count), "json" (one object, NaN is null), "curves"
// (the same with recall and precision), "csv" (one line a class and one for the mean).
sslact_status evaluation_report_render(const evaluation_report *report, const char *format,
                                       text *out);
// Whole or not at all.
sslact_status evaluation_report_save(const evaluation_report *report, const char *format,
                                     const char *path);
// With curves under report/evaluation_<split>_<role>.json of a run folder, where the pages look for
// it; split and role must be made of letters, digits, '-' and '_'.
sslact_status evaluation_report_save_to_run(const evaluation_report *report,
                                            const char *run_folder);
// Reads what "json" and "curves" write.
sslact_status evaluation_report_load(const char *path, evaluation_report **out);

#ifdef __cplusplus
}
#endif
#endif
