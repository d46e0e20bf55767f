// Reading a file for libav, with a wall-clock budget.
#include "media/source.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { IO_BUFFER_BYTES = 64 * 1024 };

void deadline_start(deadline *d, double budget_seconds)
{
    d->budget_seconds = budget_seconds;
    d->end = clock_seconds() + budget_seconds;
}

bool deadline_passed(const deadline *d)
{
    return clock_seconds() > d->end;
}

sslact_status deadline_report(const deadline *d, const char *path)
{
    return error_set(SSLACT_ERROR_DECODE,
                     "%s: took longer than the budget of %g seconds for one call", path,
                     d->budget_seconds);
}

static int read_bytes(void *opaque, uint8_t *buffer, int size)
{
    source *s = opaque;
    if (deadline_passed(s->limit)) {
        return AVERROR_EXIT;
    }
    ssize_t count;
    do {
        count = pread(s->descriptor, buffer, (size_t)size, (off_t)s->offset);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return AVERROR(errno);
    }
    s->offset += count;
    return count == 0 ? AVERROR_EOF : (int)count;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    source *s = opaque;
    int64_t base = 0;
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return s->size;
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = s->offset;
        break;
    case SEEK_END:
        base = s->size;
        break;
    default:
        return AVERROR(EINVAL);
    }
    if (offset < -base || offset > INT64_MAX - base) {
        return AVERROR(EINVAL);
    }
    s->offset = base + offset;
    return s->offset;
}

static void free_io(source *s)
{
    if (s->io != NULL) {
        av_freep(&s->io->buffer);
        avio_context_free(&s->io);
    }
}

sslact_status source_rewind(source *s)
{
    free_io(s);
    s->offset = 0;
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for a file buffer");
    }
    s->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, s, read_bytes, NULL, seek_bytes);
    if (s->io == NULL) {
        av_free(buffer);
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for a file buffer");
    }
    return SSLACT_OK;
}

static int64_t get_modified_ns(const struct stat *facts)
{
    return (int64_t)facts->st_mtim.tv_sec * 1000000000 + facts->st_mtim.tv_nsec;
}

sslact_status source_open(source *s, const char *path, const deadline *limit)
{
    // O_NONBLOCK: opening a pipe that nobody writes to must not wait.
    *s = (source){.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), .limit = limit};
    if (s->descriptor < 0) {
        return error_set_errno(path, "cannot be opened");
    }
    struct stat facts;
    if (fstat(s->descriptor, &facts) != 0) {
        sslact_status status = error_set_errno(path, "cannot be read");
        source_close(s);
        return status;
    }
    if (!S_ISREG(facts.st_mode)) {
        source_close(s);
        return error_set(SSLACT_ERROR_IO,
                         "%s: not a regular file, frames can only be read from a file or a folder "
                         "of pictures",
                         path);
    }
    if (facts.st_size == 0) {
        source_close(s);
        return error_set(SSLACT_ERROR_FORMAT, "%s: is empty, a video file has frames", path);
    }
    s->size = (int64_t)facts.st_size;
    s->modified_ns = get_modified_ns(&facts);
    return SSLACT_OK;
}

bool source_is_unchanged(const source *s)
{
    struct stat facts;
    return fstat(s->descriptor, &facts) == 0 && (int64_t)facts.st_size == s->size &&
           get_modified_ns(&facts) == s->modified_ns;
}

void source_close(source *s)
{
    free_io(s);
    if (s->descriptor >= 0) {
        close(s->descriptor);
    }
    *s = (source){.descriptor = -1};
}
