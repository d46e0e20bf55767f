// The one place where the last error of a thread is kept, and the public functions over it.
//
// A plain array: nothing to allocate when memory is out, nothing to run at thread exit, and it
// serves threads that existed before the library was loaded.
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/locale.h"

#define ERROR_CAPACITY 2048

static _Thread_local char message[ERROR_CAPACITY];
static _Thread_local sslact_status status_stored = SSLACT_OK;

// A message is one line whatever a hostile file put into it: control characters become '?'.
static void make_one_line(char *line)
{
    for (unsigned char *at = (unsigned char *)line; *at; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
}

// Marks a cut message with "..." and does not leave half a UTF-8 character before it.
static void mark_cut(char *line, size_t capacity)
{
    size_t end = capacity - 4;
    while (end > 0 && ((unsigned char)line[end] & 0xc0) == 0x80) {
        end--;
    }
    memcpy(line + end, "...", 4);
}

// Formats into a buffer of its own first: an argument may be the stored message.
static void store(const char *tail, const char *format, va_list arguments)
{
    char line[ERROR_CAPACITY];
    locale_t previous = locale_enter();
    int length = vsnprintf(line, sizeof(line), format, arguments);
    locale_leave(previous);
    if (length < 0) {
        length = snprintf(line, sizeof(line), "the message could not be written");
    }
    size_t used = (size_t)length;
    if (used < sizeof(line)) {
        used += (size_t)snprintf(line + used, sizeof(line) - used, "%s", tail);
    }
    if (used >= sizeof(line)) {
        mark_cut(line, sizeof(line));
    }
    make_one_line(line);
    memcpy(message, line, sizeof(message));
}

sslact_status error_set(sslact_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    store("", format, arguments);
    va_end(arguments);
    status_stored = status;
    return status;
}

sslact_status error_prefix(const char *format, ...)
{
    char tail[ERROR_CAPACITY];
    memcpy(tail, message, sizeof(tail));
    va_list arguments;
    va_start(arguments, format);
    store(tail, format, arguments);
    va_end(arguments);
    return status_stored;
}

static sslact_status map_errno(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return SSLACT_ERROR_NOT_FOUND;
    case ENOMEM:
        return SSLACT_ERROR_OUT_OF_MEMORY;
    default:
        return SSLACT_ERROR_IO;
    }
}

sslact_status error_set_errno(const char *path, const char *doing)
{
    int code = errno;
    char buffer[128];
    const char *reason = strerror_r(code, buffer, sizeof(buffer));
    if (doing && *doing) {
        return error_set(map_errno(code), "%s: %s: %s", path, doing, reason);
    }
    return error_set(map_errno(code), "%s: %s", path, reason);
}

const char *sslact_error_get_message(void)
{
    return message;
}

sslact_status sslact_error_get_status(void)
{
    return status_stored;
}

// Leaves the stored error alone when the buffer is too small: the caller is about to ask again.
sslact_status sslact_error_copy(char *buffer, size_t capacity, size_t *needed)
{
    if (!needed || (!buffer && capacity > 0)) {
        return SSLACT_ERROR_INVALID_ARGUMENT;
    }
    size_t size = strlen(message) + 1;
    *needed = size;
    if (!buffer) {
        return SSLACT_OK; // only the size was asked for
    }
    if (capacity < size) {
        return SSLACT_ERROR_BUFFER_TOO_SMALL;
    }
    memcpy(buffer, message, size);
    return SSLACT_OK;
}

const char *sslact_status_get_name(sslact_status status)
{
    switch (status) {
#define NAME(value)                                                                                \
    case value:                                                                                    \
        return #value
        NAME(SSLACT_OK);
        NAME(SSLACT_DONE);
        NAME(SSLACT_ERROR_INTERNAL);
        NAME(SSLACT_ERROR_INVALID_ARGUMENT);
        NAME(SSLACT_ERROR_OUT_OF_MEMORY);
        NAME(SSLACT_ERROR_NOT_FOUND);
        NAME(SSLACT_ERROR_IO);
        NAME(SSLACT_ERROR_FORMAT);
        NAME(SSLACT_ERROR_DECODE);
        NAME(SSLACT_ERROR_CONFIG);
        NAME(SSLACT_ERROR_MISMATCH);
        NAME(SSLACT_ERROR_BUFFER_TOO_SMALL);
        NAME(SSLACT_ERROR_UNSUPPORTED);
        NAME(SSLACT_ERROR_DEVICE);
        NAME(SSLACT_ERROR_BUSY);
        NAME(SSLACT_ERROR_CANCELLED);
        NAME(SSLACT_ERROR_NONFINITE);
        NAME(SSLACT_ERROR_FORKED);
#undef NAME
    }
    return "SSLACT_UNKNOWN_STATUS";
}
