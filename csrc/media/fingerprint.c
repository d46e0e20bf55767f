// Sizes, times and checksums of video files.
#include "media/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "media/folder.h"

enum { BLOCK_BYTES = 1 << 18, DIGEST_BYTES = 16 };

typedef struct printer {
    fingerprint *out;
    bool (*stopped)(void *user);
    void *user;
    struct AVMD5 *sum; // NULL: bytes are not read
    uint8_t *block;
} printer;

static sslact_status add_bytes(const printer *p, const char *path, int descriptor)
{
    for (;;) {
        ssize_t got = read(descriptor, p->block, BLOCK_BYTES);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return error_set_errno(path, "cannot be read");
        }
        if (got == 0) {
            return SSLACT_OK;
        }
        if (p->stopped != NULL && p->stopped(p->user)) {
            return error_set(SSLACT_ERROR_CANCELLED, "%s: reading it was cancelled", path);
        }
        av_md5_update(p->sum, p->block, (size_t)got);
    }
}

static sslact_status add_file(const char *path, void *user)
{
    const printer *p = user;
    int64_t bytes, modified_ns;
    sslact_status status = file_describe(path, &bytes, &modified_ns);
    if (status < 0) {
        return status;
    }
    p->out->bytes += bytes;
    p->out->modified_ns = modified_ns > p->out->modified_ns ? modified_ns : p->out->modified_ns;
    if (p->sum == NULL) {
        return SSLACT_OK;
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return error_set_errno(path, "cannot be opened");
    }
    status = add_bytes(p, path, descriptor);
    close(descriptor);
    return status;
}

static sslact_status add_all(printer *p, const char *path)
{
    return file_is_folder(path) ? folder_visit(path, add_file, p) : add_file(path, p);
}

sslact_status fingerprint_look(const char *path, fingerprint *out)
{
    fingerprint found = {0};
    printer p = {.out = &found};
    sslact_status status = add_all(&p, path);
    if (status >= 0) {
        *out = found;
    }
    return status;
}

static void write_digest(struct AVMD5 *sum, char out[33])
{
    uint8_t digest[DIGEST_BYTES];
    av_md5_final(sum, digest);
    for (int k = 0; k < DIGEST_BYTES; k++) {
        out[2 * k] = "0123456789abcdef"[digest[k] >> 4];
        out[2 * k + 1] = "0123456789abcdef"[digest[k] & 15];
    }
    out[2 * DIGEST_BYTES] = '\0';
}

sslact_status fingerprint_read(const char *path, bool (*stopped)(void *user), void *user,
                               fingerprint *out)
{
    fingerprint found = {0};
    printer p = {.out = &found, .stopped = stopped, .user = user, .sum = av_md5_alloc()};
    p.block = array_create(BLOCK_BYTES, 1);
    sslact_status status = SSLACT_ERROR_OUT_OF_MEMORY;
    if (p.sum != NULL && p.block != NULL) {
        av_md5_init(p.sum);
        status = add_all(&p, path);
    } else {
        error_set(status, "%s: no memory for a checksum", path);
    }
    if (status >= 0) {
        write_digest(p.sum, found.md5);
        *out = found;
    }
    av_free(p.sum);
    free(p.block);
    return status;
}
