// Errors inside the library: a status with its message already stored for the calling thread.
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

#include "sslact/base.h"

#ifdef __cplusplus
extern "C" {
#endif

// Stores the message and the status for this thread and returns the status, so that
// `return error_set(SSLACT_ERROR_IO, ...)` reads well. The text: one line, lower case start, no
// trailing full stop; what is wrong with the value seen, then what would be right.
sslact_status error_set(sslact_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

// Puts context in front of the stored message ("class 17: ..."); returns the stored status.
sslact_status error_prefix(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

// The status for errno after a failed system call, with "path: what strerror says".
sslact_status error_set_errno(const char *path, const char *doing);

#ifdef __cplusplus
}
#endif
#endif
