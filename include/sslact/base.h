/* include/sslact/base.h : types, status, tensors, errors. What every other header builds on.
 *
 * Conventions, stated once and valid for every function of the library:
 *   - A function that can fail returns an sslact_status: 0 is success, positive is an outcome that
 *     is no error, negative is an error. The message of the last error on a thread is read with
 *     sslact_error_get_message() on that thread. After a failure outputs are untouched.
 *   - Pointers in are borrowed for the call; handles out are owned by the caller and freed with
 *     their free function, in any order (NULL is fine). All text is UTF-8.
 *   - Arrays and text out go into the caller's buffer as (buffer, capacity, needed): needed is
 *     always set; too little capacity writes nothing and returns SSLACT_ERROR_BUFFER_TOO_SMALL;
 *     buffer NULL with capacity 0 asks for the size and returns SSLACT_OK. Text counts its NUL.
 *   - A "growing" struct begins with struct_size and is prepared with SSLACT_INIT; zero means the
 *     default. A "frozen" struct never changes its layout.
 *   - Different handles may be used by different threads at the same time. One handle is used by
 *     one thread at a time, except sslact_model_predict and the get and count functions, which may
 *     run concurrently on one handle. A second thread inside gets SSLACT_ERROR_BUSY.
 */
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
    SSLACT_ERROR_INVALID_ARGUMENT = -2, /* a pointer, count or value the function does not take */
    SSLACT_ERROR_OUT_OF_MEMORY = -3,    /* host or device */
    SSLACT_ERROR_NOT_FOUND = -4,        /* file, key, class, metric */
    SSLACT_ERROR_IO = -5,               /* the system failed to read or write */
    SSLACT_ERROR_FORMAT = -6,           /* a file is not what it claims to be */
    SSLACT_ERROR_DECODE = -7,           /* a video frame could not be had */
    SSLACT_ERROR_CONFIG = -8,           /* unknown key, bad value, keys that contradict */
    SSLACT_ERROR_MISMATCH = -9,         /* two things that must agree do not */
    SSLACT_ERROR_BUFFER_TOO_SMALL = -10,
    SSLACT_ERROR_UNSUPPORTED = -11,     /* not in this build */
    SSLACT_ERROR_DEVICE = -12,          /* the accelerator reported an error */
    SSLACT_ERROR_BUSY = -13,            /* the handle is in use by another thread */
    SSLACT_ERROR_CANCELLED = -14,       /* a callback or request_stop ended the call */
    SSLACT_ERROR_NONFINITE = -15,       /* loss or gradient is NaN or infinite; weights unchanged */
    SSLACT_ERROR_FORKED = -16           /* the process was forked after first use */
} sslact_status;

/* Static name of a status, "SSLACT_ERROR_IO"; "SSLACT_UNKNOWN" for other numbers; never NULL. */
SSLACT_API const char *sslact_status_get_name(sslact_status status);

/* Message of the last failure on the calling thread, one line; "" before the first. Valid until
 * the next failing call on this thread. Says nothing after a success: the status decides. */
SSLACT_API const char *sslact_error_get_message(void);
/* Its status, SSLACT_OK before the first failure. */
SSLACT_API sslact_status sslact_error_get_status(void);
/* The message into the caller's buffer, for programs that hand it to another thread. */
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
    SSLACT_FLOAT64 = 6,
    SSLACT_FLOAT16 = 7,  /* IEEE binary16; the functions of loss.h */
    SSLACT_BFLOAT16 = 8  /* upper half of a float32 */
} sslact_dtype;

typedef enum sslact_device_type { SSLACT_CPU = 1, SSLACT_CUDA = 2 } sslact_device_type;

typedef struct sslact_device { /* frozen */
    int32_t type;              /* sslact_device_type */
    int32_t index;             /* 0 for the CPU */
} sslact_device;

#define SSLACT_MAX_RANK 8

typedef struct sslact_tensor { /* frozen; a view, owns nothing */
    void *data;
    int32_t dtype;             /* sslact_dtype */
    int32_t rank;              /* 0..SSLACT_MAX_RANK */
    sslact_device device;
    int64_t shape[SSLACT_MAX_RANK];
    int64_t stride[SSLACT_MAX_RANK]; /* in elements; all zero = packed */
} sslact_tensor;

/* Fills a view of packed CPU memory: rank 0..8, shape [rank] of numbers >= 0, data may be NULL
 * only when the view has no element. */
SSLACT_STATUS sslact_tensor_describe(void *data, sslact_dtype dtype, int32_t rank,
                                     const int64_t *shape, sslact_tensor *out);

typedef struct sslact_box { /* frozen; corners relative to width and height, 0..1, x1 < x2 */
    float x1, y1, x2, y2;
} sslact_box;

/* A clip as the caller has it in memory (growing). Everything is borrowed for the call. */
typedef struct sslact_clip {
    size_t struct_size;
    const uint8_t *pixels;     /* RGB, [frame][row][column][3] */
    int32_t frame_count;       /* what data.frame_count asks for where a model reads it */
    int32_t height;            /* pixels */
    int32_t width;
    int64_t row_stride;        /* bytes from row to row; 0 = packed */
    int64_t frame_stride;      /* bytes from frame to frame; 0 = packed */
    const sslact_box *boxes;   /* people on the key frame, which is frame frame_count / 2 */
    int32_t box_count;         /* 0 is allowed */
    const float *box_scores;   /* detector confidence of each box, 0..1, or NULL: 1 */
    const uint8_t *labels;     /* [box][class] of 0 or 1, or NULL: unlabelled */
    const char *name;          /* for messages, or NULL */
} sslact_clip;

typedef struct sslact_progress { /* growing */
    size_t struct_size;
    const char *phase;         /* "index", "evaluate", ...; static text */
    int64_t done;
    int64_t total;             /* 0 = unknown */
} sslact_progress;

/* Called on the thread that made the call. Non-zero cancels it (SSLACT_ERROR_CANCELLED). May call
 * nothing of sslact but sslact_error_* and sslact_status_get_name. */
typedef int (*sslact_progress_callback)(const sslact_progress *progress, void *user);

#ifdef __cplusplus
}
#endif
#endif
