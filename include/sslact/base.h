/* include/sslact/base.h : types, status, tensors, errors */
#ifndef SSLACT_BASE_H
#define SSLACT_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define SSLACT_API __attribute__((visibility("default")))
#define SSLACT_STATUS SSLACT_API __attribute__((warn_unused_result)) sslact_status
#else
#define SSLACT_API
#define SSLACT_STATUS SSLACT_API sslact_status
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sslact_status {
    SSLACT_OK = 0,
    SSLACT_DONE = 1,                    /* nothing left to do, e.g. the schedule is finished */
    SSLACT_ERROR_INTERNAL = -1,         /* a bug here or an unknown failure below us */
    SSLACT_ERROR_INVALID_ARGUMENT = -2,
    SSLACT_ERROR_OUT_OF_MEMORY = -3,    /* host or device */
    SSLACT_ERROR_NOT_FOUND = -4,        /* file, key, class, metric */
    SSLACT_ERROR_IO = -5,
    SSLACT_ERROR_FORMAT = -6,           /* a file is not what it claims to be */
    SSLACT_ERROR_DECODE = -7,           /* a video frame could not be had */
    SSLACT_ERROR_CONFIG = -8,           /* unknown key, bad value, keys that contradict */
    SSLACT_ERROR_MISMATCH = -9,         /* two things that must agree do not */
    SSLACT_ERROR_BUFFER_TOO_SMALL = -10,
    SSLACT_ERROR_UNSUPPORTED = -11,     /* not in this build */
    SSLACT_ERROR_DEVICE = -12,          /* the accelerator reported an error */
    SSLACT_ERROR_BUSY = -13,            /* handle is in use by another thread */
    SSLACT_ERROR_CANCELLED = -14,       /* a callback or request_stop ended the call */
    SSLACT_ERROR_NONFINITE = -15,       /* loss or gradient is NaN or infinite; weights unchanged */
    SSLACT_ERROR_FORKED = -16           /* process was forked after first use */
} sslact_status;

/* Static name of a status, "SSLACT_ERROR_IO"; never NULL. */
SSLACT_API const char *sslact_status_get_name(sslact_status status);

/* Last failure on the calling thread. */
SSLACT_API const char *sslact_error_get_message(void);
SSLACT_API sslact_status sslact_error_get_status(void);
SSLACT_STATUS sslact_error_copy(char *buffer, size_t capacity, size_t *needed);

/* Zeroes a growing struct and stamps its size; use it on every struct with struct_size. */
#define SSLACT_INIT(object) \
    (memset(&(object), 0, sizeof(object)), (void)((object).struct_size = sizeof(object)))

typedef enum sslact_dtype {
    SSLACT_UINT8 = 1,
    SSLACT_INT8 = 2,
    SSLACT_INT32 = 3,
    SSLACT_INT64 = 4,
    SSLACT_FLOAT32 = 5,
    SSLACT_FLOAT64 = 6
} sslact_dtype;

typedef enum sslact_device_type { SSLACT_CPU = 1, SSLACT_CUDA = 2 } sslact_device_type;

typedef struct sslact_device { /* frozen */
    int32_t type;              /* sslact_device_type */
    int32_t index;             /* 0 for CPU */
} sslact_device;

#define SSLACT_MAX_RANK 8

typedef struct sslact_tensor { /* frozen; a view, owns nothing */
    void *data;
    int32_t dtype;             /* sslact_dtype */
    int32_t rank;
    sslact_device device;
    int64_t shape[SSLACT_MAX_RANK];
    int64_t stride[SSLACT_MAX_RANK]; /* in elements; all zero = packed */
} sslact_tensor;

/* Fills a view of packed CPU memory. */
SSLACT_STATUS sslact_tensor_describe(void *data, sslact_dtype dtype, int32_t rank,
                                     const int64_t *shape, sslact_tensor *out);

typedef struct sslact_box { /* frozen; corners relative to width and height, 0..1 */
    float x1, y1, x2, y2;
} sslact_box;

/* A clip as the caller has it in memory. Everything is borrowed for the call. */
typedef struct sslact_clip {
    size_t struct_size;
    const uint8_t *pixels;     /* RGB, [frame][row][column][3] */
    int32_t frame_count;
    int32_t height;
    int32_t width;
    int64_t row_stride;        /* bytes; 0 = packed */
    int64_t frame_stride;      /* bytes; 0 = packed */
    const sslact_box *boxes;   /* persons on the key frame, frame_count / 2 */
    int32_t box_count;
    const float *box_scores;   /* detector confidence per box, or NULL */
    const uint8_t *labels;     /* [box][class] of 0 or 1, or NULL: unlabeled */
    const char *name;          /* for messages, or NULL */
} sslact_clip;

typedef struct sslact_progress {
    size_t struct_size;
    const char *phase;         /* "index", "evaluate", ... */
    int64_t done;
    int64_t total;             /* 0 = unknown */
} sslact_progress;

/* Non-zero cancels the running call. */
typedef int (*sslact_progress_callback)(const sslact_progress *progress, void *user);

#ifdef __cplusplus
}
#endif
#endif
