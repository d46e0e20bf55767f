// Detections as a file that an evaluator reads, one row a line, no header:
// AVA        video,timestamp,x1,y1,x2,y2,class id,score
// UCF101-24  video,frame,class id,score,x1,y1,x2,y2   in pixels of 320 x 240
#ifndef REPORT_DETECTIONS_H
#define REPORT_DETECTIONS_H

#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct detection_file detection_file;

typedef enum detection_form { DETECTION_AVA, DETECTION_UCF101_24 } detection_form;

typedef struct detection_row {
    const char *video;     // no comma, quote or line end: the form has no quoting
    double timestamp;      // seconds: four digits when whole, else with decimals; or a frame number
    double x1, y1, x2, y2; // fractions of the picture, written with three decimals; pixels with two
    int64_t class_id;      // as in the label map
    double score;          // 0 .. 1, written with nine decimals
} detection_row;

// The file appears under its name only after detection_file_commit: whole or not at all.
sslact_status detection_file_open(const char *path, detection_form form, detection_file **out);
sslact_status detection_file_write(detection_file *file, const detection_row *row);
sslact_status detection_file_commit(detection_file *file); // frees, also on failure
void detection_file_discard(detection_file *file);         // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
