// Whole files in, whole files out; see file.h.
//
// Note [written whole]: bytes go to NAME.tmp-<pid>-<n> beside NAME; then fsync of the file, close,
// rename, fsync of the folder, and only then success. A failed fsync or close is never retried:
// Linux has dropped the pages by then.
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/array.h"

// --- reading ---

static int open_retrying(const char *path, int flags, mode_t mode)
{
    int fd = -1;
    do {
        fd = open(path, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

// The files of /proc say 0 bytes: the size is a first guess, the end of file decides.
static sslact_status read_all(const char *path, int fd, size_t limit, text *content)
{
    char block[1 << 16];
    for (;;) {
        ssize_t got = read(fd, block, sizeof(block));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return error_set_errno(path, "cannot be read");
        }
        if (got == 0) {
            return text_status(content);
        }
        if ((size_t)got > limit - content->length) {
            return error_set(SSLACT_ERROR_FORMAT, "%s: larger than %zu bytes, the limit for it",
                             path, limit);
        }
        text_append_bytes(content, block, (size_t)got);
        if (content->failed) {
            return text_status(content);
        }
    }
}

sslact_status file_read(const char *path, size_t limit, char **data, size_t *size)
{
    text content = {0};
    struct stat facts;
    sslact_status status = SSLACT_OK;
    // O_NONBLOCK: opening a pipe without a writer must not hang.
    int fd = open_retrying(path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0) {
        return error_set_errno(path, "cannot be opened");
    }
    if (fstat(fd, &facts) != 0) {
        status = error_set_errno(path, "cannot be read");
    } else if (!S_ISREG(facts.st_mode)) {
        status = error_set(SSLACT_ERROR_IO, "%s: %s, expected a file", path,
                           S_ISDIR(facts.st_mode) ? "is a folder" : "is not a regular file");
    } else if (facts.st_size > 0 && (uint64_t)facts.st_size > limit) {
        status = error_set(SSLACT_ERROR_FORMAT, "%s: %lld bytes, the limit is %zu", path,
                           (long long)facts.st_size, limit);
    } else {
        text_append_bytes(&content, "", 0);
        status = read_all(path, fd, limit, &content);
    }
    close(fd);
    if (status != SSLACT_OK) {
        text_free(&content);
        return status;
    }
    *data = content.data;
    *size = content.length;
    return SSLACT_OK;
}

// --- writing ---

struct file_writer {
    char *path;
    char *temporary;
    int fd;
    bool failed; // a write failed: commit must not go on
};

static atomic_uint temporary_count;

static void free_writer(file_writer *writer)
{
    free(writer->path);
    free(writer->temporary);
    free(writer);
}

// Opens a temporary file that did not exist. A leftover of a process with our number is skipped.
static sslact_status open_temporary(file_writer *writer)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        text name = {0};
        text_append_format(&name, "%s.tmp-%ld-%u", writer->path, (long)getpid(),
                           atomic_fetch_add(&temporary_count, 1u));
        if (text_status(&name) != SSLACT_OK) {
            text_free(&name);
            return SSLACT_ERROR_OUT_OF_MEMORY;
        }
        writer->fd = open_retrying(name.data, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (writer->fd >= 0) {
            writer->temporary = name.data;
            return SSLACT_OK;
        }
        text_free(&name);
        if (errno != EEXIST) {
            break;
        }
    }
    return error_set_errno(writer->path, "cannot be written");
}

sslact_status file_writer_open(const char *path, file_writer **out)
{
    if (file_is_folder(path)) {
        return error_set(SSLACT_ERROR_IO, "%s: is a folder, expected the name of a file", path);
    }
    file_writer *writer = array_create(1, sizeof(*writer));
    if (!writer) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    writer->fd = -1;
    writer->path = text_copy(path);
    sslact_status status = writer->path ? open_temporary(writer) : SSLACT_ERROR_OUT_OF_MEMORY;
    if (status != SSLACT_OK) {
        free_writer(writer);
        return status;
    }
    *out = writer;
    return SSLACT_OK;
}

static sslact_status fail_write(const file_writer *writer, size_t missing)
{
    int code = errno;
    struct statvfs disk;
    if ((code == ENOSPC || code == EDQUOT) && fstatvfs(writer->fd, &disk) == 0) {
        return error_set(SSLACT_ERROR_IO,
                         "%s: no space left, %zu more bytes are needed, %llu are free",
                         writer->path, missing,
                         (unsigned long long)disk.f_bavail * (unsigned long long)disk.f_frsize);
    }
    errno = code;
    return error_set_errno(writer->path, "cannot be written");
}

sslact_status file_writer_write(file_writer *writer, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t done = write(writer->fd, at, size < ((size_t)1 << 30) ? size : (size_t)1 << 30);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done == 0) {
            errno = EIO; // no progress on a regular file is a failure, not a reason to try for ever
        }
        if (done <= 0) {
            writer->failed = true;
            return fail_write(writer, size);
        }
        at += done;
        size -= (size_t)done;
    }
    return SSLACT_OK;
}

static sslact_status sync_folder(const char *path)
{
    text folder = {0};
    sslact_status status = path_get_folder(path, &folder);
    if (status == SSLACT_OK) {
        int fd = open_retrying(text_get(&folder), O_RDONLY | O_DIRECTORY, 0);
        // Some file systems do not know fsync of a folder; that is not a failed write.
        if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)) {
            status = error_set_errno(text_get(&folder), "cannot be made durable");
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    text_free(&folder);
    return status;
}

sslact_status file_writer_commit(file_writer *writer)
{
    sslact_status status = SSLACT_OK;
    if (writer->failed) {
        status = error_set(SSLACT_ERROR_IO, "%s: an earlier write failed, nothing was changed",
                           writer->path);
    } else if (fsync(writer->fd) != 0) {
        status = error_set_errno(writer->path, "cannot be made durable");
    }
    if (close(writer->fd) != 0 && status == SSLACT_OK) {
        status = error_set_errno(writer->path, "cannot be closed");
    }
    writer->fd = -1;
    if (status == SSLACT_OK && rename(writer->temporary, writer->path) != 0) {
        status = error_set_errno(writer->path, "cannot be replaced");
    }
    if (status == SSLACT_OK) {
        status = sync_folder(writer->path);
    } else {
        unlink(writer->temporary);
    }
    free_writer(writer);
    return status;
}

void file_writer_discard(file_writer *writer)
{
    if (!writer) {
        return;
    }
    close(writer->fd);
    unlink(writer->temporary);
    free_writer(writer);
}

sslact_status file_write(const char *path, const void *data, size_t size)
{
    file_writer *writer = NULL;
    sslact_status status = file_writer_open(path, &writer);
    if (status != SSLACT_OK) {
        return status;
    }
    status = file_writer_write(writer, data, size);
    if (status != SSLACT_OK) {
        file_writer_discard(writer);
        return status;
    }
    return file_writer_commit(writer);
}

// --- folders and facts ---

static sslact_status make_one_folder(const char *path)
{
    if (mkdir(path, 0777) == 0) {
        return SSLACT_OK;
    }
    int code = errno; // EROFS or EACCES may come before EEXIST
    if (file_is_folder(path)) {
        return SSLACT_OK;
    }
    errno = code;
    if (code == EEXIST) {
        return error_set(SSLACT_ERROR_IO, "%s: exists and is not a folder", path);
    }
    return error_set_errno(path, "cannot be made");
}

sslact_status file_make_folder(const char *path)
{
    char *partial = text_copy(path);
    if (!partial) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = SSLACT_OK;
    for (char *slash = strchr(partial + (*partial == '/'), '/'); slash && status == SSLACT_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one_folder(partial);
        *slash = '/';
    }
    if (status == SSLACT_OK) {
        status = make_one_folder(partial);
    }
    free(partial);
    return status;
}

bool file_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

sslact_status file_describe(const char *path, int64_t *size, int64_t *modified_ns)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return error_set_errno(path, NULL);
    }
    *size = facts.st_size;
    *modified_ns = (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec;
    return SSLACT_OK;
}
