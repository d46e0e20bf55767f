// Detections as a file in AVA's form or UCF101-24's; rows gather in a buffer so that a million of
// them do not cost a million calls.
#include "report/detections.h"

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { buffer_size = 1 << 16 };

// The picture that UCF101-24 counts pixels in.
#define UCF_WIDTH 320
#define UCF_HEIGHT 240

struct detection_file {
    detection_form form;
    file_writer *writer;
    text pending;
    int64_t rows;
};

sslact_status detection_file_open(const char *path, detection_form form, detection_file **out)
{
    detection_file *file = array_create(1, sizeof *file);
    if (file == NULL) {
        return sslact_error_get_status();
    }
    sslact_status status = file_writer_open(path, &file->writer);
    if (status < 0) {
        free(file);
        return status;
    }
    file->form = form;
    *out = file;
    return SSLACT_OK;
}

static sslact_status check_row(const detection_row *row, int64_t index)
{
    if (row->video[0] == '\0' || strpbrk(row->video, ",\"\r\n") != NULL) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "detection %lld: video \"%s\"; names without comma, quote and line end "
                         "are accepted",
                         (long long)index, row->video);
    }
    if (!isfinite(row->timestamp) || !isfinite(row->x1) || !isfinite(row->y1) ||
        !isfinite(row->x2) || !isfinite(row->y2) || !isfinite(row->score)) {
        return error_set(SSLACT_ERROR_NONFINITE,
                         "detection %lld: time %g, box %g %g %g %g, score %g; finite numbers are "
                         "accepted",
                         (long long)index, row->timestamp, row->x1, row->y1, row->x2, row->y2,
                         row->score);
    }
    return SSLACT_OK;
}

// "0902", "902.500"; more decimals where three would change the time.
static void append_time(text *out, double timestamp)
{
    if (timestamp == floor(timestamp) && fabs(timestamp) < 1e15) {
        text_append_format(out, "%04.0f", timestamp);
    } else if (fabs(timestamp * 1000.0 - round(timestamp * 1000.0)) < 1e-6) {
        text_append_format(out, "%.3f", timestamp);
    } else {
        text_append_format(out, "%.6f", timestamp);
    }
}

static sslact_status flush(detection_file *file)
{
    sslact_status status = text_status(&file->pending);
    if (status >= 0) {
        status = file_writer_write(file->writer, text_get(&file->pending), file->pending.length);
    }
    text_clear(&file->pending);
    return status;
}

static void append_ava(text *out, const detection_row *row)
{
    append_time(out, row->timestamp);
    text_append_format(out, ",%.3f,%.3f,%.3f,%.3f,%lld,%.9f\n", row->x1, row->y1, row->x2, row->y2,
                       (long long)row->class_id, row->score);
}

static void append_ucf(text *out, const detection_row *row)
{
    text_append_format(out, "%.0f,%lld,%.9f,%.2f,%.2f,%.2f,%.2f\n", row->timestamp,
                       (long long)row->class_id, row->score, row->x1 * UCF_WIDTH,
                       row->y1 * UCF_HEIGHT, row->x2 * UCF_WIDTH, row->y2 * UCF_HEIGHT);
}

sslact_status detection_file_write(detection_file *file, const detection_row *row)
{
    sslact_status status = check_row(row, file->rows);
    if (status < 0) {
        return status;
    }
    text_append(&file->pending, row->video);
    text_append(&file->pending, ",");
    if (file->form == DETECTION_UCF101_24) {
        append_ucf(&file->pending, row);
    } else {
        append_ava(&file->pending, row);
    }
    file->rows++;
    return file->pending.length >= buffer_size ? flush(file) : SSLACT_OK;
}

sslact_status detection_file_commit(detection_file *file)
{
    sslact_status status = flush(file);
    if (status >= 0) {
        status = file_writer_commit(file->writer);
        file->writer = NULL;
    }
    detection_file_discard(file);
    return status;
}

void detection_file_discard(detection_file *file)
{
    if (file == NULL) {
        return;
    }
    file_writer_discard(file->writer);
    text_free(&file->pending);
    free(file);
}
