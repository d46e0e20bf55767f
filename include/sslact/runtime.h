/* include/sslact/runtime.h : version, build, devices, threads, log. */
#ifndef SSLACT_RUNTIME_H
#define SSLACT_RUNTIME_H

#include "sslact/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SSLACT_VERSION_MAJOR 0
#define SSLACT_VERSION_MINOR 1
#define SSLACT_VERSION_PATCH 0
#define SSLACT_VERSION_NUMBER \
    (SSLACT_VERSION_MAJOR * 10000 + SSLACT_VERSION_MINOR * 100 + SSLACT_VERSION_PATCH)

/* SSLACT_VERSION_NUMBER of the running library. */
SSLACT_API int32_t sslact_runtime_get_version(void);

/* The first call of a careful program, with SSLACT_VERSION_NUMBER as the program was compiled.
 * SSLACT_ERROR_MISMATCH when the header is newer than the library or of another major version, or
 * when the torch or FFmpeg libraries that were loaded are not those the library was built with. */
SSLACT_STATUS sslact_runtime_check(int32_t header_version);

/* Static JSON object: sslact, torch (built, running), ffmpeg, cuda, compiler. Never NULL. */
SSLACT_API const char *sslact_runtime_get_build_info(void);

typedef struct sslact_device_info { /* growing */
    size_t struct_size;
    char name[128];
    int64_t memory_total_bytes;
    int64_t memory_free_bytes;
    int32_t compute_major;       /* CUDA only */
    int32_t compute_minor;
    int32_t usable_for_training; /* 0: kernels only */
} sslact_device_info;

/* A build or machine without the device type gives 0 and SSLACT_OK. */
SSLACT_STATUS sslact_runtime_count_devices(sslact_device_type type, int32_t *count);
/* SSLACT_ERROR_NOT_FOUND for an index that count_devices does not cover. */
SSLACT_STATUS sslact_runtime_describe_device(sslact_device device, sslact_device_info *out);

/* Threads that torch uses inside one operation, for the whole process; 1 or more. The library
 * never changes this number by itself, except where run.threads of a config asks for it. */
SSLACT_STATUS sslact_runtime_set_threads(int32_t count);

typedef enum sslact_log_level {
    SSLACT_LOG_DEBUG = 1,
    SSLACT_LOG_INFO = 2,
    SSLACT_LOG_WARNING = 3,
    SSLACT_LOG_ERROR = 4,
    SSLACT_LOG_OFF = 5
} sslact_log_level;

/* Called on the logging thread, one call at a time in the process; text has no newline. room is
 * the part of the library that speaks ("media"). May not call back into sslact. */
typedef void (*sslact_log_callback)(sslact_log_level level, const char *room, const char *text,
                                    void *user);
/* Lines of at least `level` go to the callback; a NULL callback sends them to stderr. Before the
 * first call: stderr, from SSLACT_LOG_WARNING up. Any thread. */
SSLACT_STATUS sslact_runtime_set_log(sslact_log_callback callback, sslact_log_level level,
                                     void *user);

#ifdef __cplusplus
}
#endif
#endif
