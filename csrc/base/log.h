// Log lines: to the program's callback, or to stderr from `warning` up when none is set.
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "sslact/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// room is the caller's room name ("media"), text one line without newline.
void log_write(sslact_log_level level, const char *room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Cheap check before an expensive message.
int log_is_on(sslact_log_level level);
void log_set(sslact_log_callback callback, sslact_log_level level, void *user);

#ifdef __cplusplus
}
#endif
#endif
