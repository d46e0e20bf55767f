// flock on a file with a line about its holder in it.
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"

struct file_lock {
    int descriptor;
};

static sslact_status report_busy(const char *path, int descriptor, text *holder)
{
    char line[256];
    ssize_t got = pread(descriptor, line, sizeof line - 1, 0);
    line[got > 0 ? got : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (holder != NULL) {
        text_clear(holder);
        text_append(holder, line[0] != '\0' ? line : "another process");
    }
    return error_set(SSLACT_ERROR_BUSY, "%s: is held by %s", path,
                     line[0] != '\0' ? line : "another process");
}

// The lock holds without it; only messages of others would say less.
static void name_holder(const char *path, int descriptor)
{
    char host[64] = "";
    text line = {0};
    gethostname(host, sizeof host - 1);
    text_append_format(&line, "process %ld on %s\n", (long)getpid(), host);
    if (text_status(&line) < 0 || ftruncate(descriptor, 0) != 0 ||
        pwrite(descriptor, line.data, line.length, 0) != (ssize_t)line.length) {
        log_write(SSLACT_LOG_WARNING, "base", "%s: could not be written: %s", path,
                  strerror(errno));
    }
    text_free(&line);
}

sslact_status file_lock_take(const char *path, text *holder, file_lock **out)
{
    file_lock *made = array_create(1, sizeof *made);
    if (made == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = SSLACT_OK;
    made->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (made->descriptor < 0) {
        status = error_set_errno(path, "cannot be written");
    } else if (flock(made->descriptor, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK ? report_busy(path, made->descriptor, holder)
                                      : error_set_errno(path, "cannot be locked");
    }
    if (status < 0) {
        file_lock_release(made);
        return status;
    }
    name_holder(path, made->descriptor);
    *out = made;
    return SSLACT_OK;
}

void file_lock_release(file_lock *lock)
{
    if (lock != NULL) {
        if (lock->descriptor >= 0) {
            close(lock->descriptor); // gives the lock back
        }
        free(lock);
    }
}
