/* include/sslact/runtime.h : version, build, devices, threads, log */
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

SSLACT_API int32_t sslact_runtime_get_version(void);
/* Fails unless this library can serve a program compiled with that header version. */
SSLACT_STATUS sslact_runtime_check(int32_t header_version);
/* Static JSON object: versions of sslact, torch, FFmpeg, CUDA (built and running), compiler, flags. */
SSLACT_API const char *sslact_runtime_get_build_info(void);

typedef struct sslact_device_info {
    size_t struct_size;
    char name[128];
    int64_t memory_total_bytes;
    int64_t memory_free_bytes;
    int32_t compute_major;     /* CUDA only */
    int32_t compute_minor;
    int32_t usable_for_training; /* 0: kernels only, this torch has no CUDA */
} sslact_device_info;

/* A build or machine without the device type gives 0 and SSLACT_OK. */
SSLACT_STATUS sslact_runtime_count_devices(sslact_device_type type, int32_t *count);
SSLACT_STATUS sslact_runtime_describe_device(sslact_device device, sslact_device_info *out);

/* Threads torch uses inside one operation, for the whole process. */
SSLACT_STATUS sslact_runtime_set_threads(int32_t count);

typedef enum sslact_log_level {
    SSLACT_LOG_DEBUG = 1, SSLACT_LOG_INFO = 2, SSLACT_LOG_WARNING = 3,
    SSLACT_LOG_ERROR = 4, SSLACT_LOG_OFF = 5
} sslact_log_level;

/* Called on the logging thread, one call at a time; text has no newline. */
typedef void (*sslact_log_callback)(sslact_log_level level, const char *room, const char *text,
                                    void *user);
/* NULL callback: back to stderr. */
SSLACT_STATUS sslact_runtime_set_log(sslact_log_callback callback, sslact_log_level level,
                                     void *user);
#ifdef __cplusplus
}
#endif
#endif
