// Finds one file under two names.
#include "data/check_videos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "media/fingerprint.h"

static bool read_sample(const char *path, off_t at, char *buffer, size_t count, size_t *got)
{
    FILE *file = fopen(path, "rbe");
    bool fine = file != NULL && fseeko(file, at, SEEK_SET) == 0;
    *got = fine ? fread(buffer, 1, count, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    return fine;
}

// Equal bytes at the beginning, in the middle and at the end, of files of one size.
static bool are_alike(const char *a, const char *b, off_t size)
{
    char left[4096], right[4096];
    for (int i = 0; i < 3; i++) {
        off_t room = size > (off_t)sizeof left ? size - (off_t)sizeof left : 0, at = room / 2 * i;
        size_t left_count, right_count;
        if (!read_sample(a, at, left, sizeof left, &left_count) ||
            !read_sample(b, at, right, sizeof right, &right_count) || left_count != right_count ||
            memcmp(left, right, left_count) != 0) {
            return false;
        }
    }
    return true;
}

// Reads both wholly where they are alike. One that cannot be read is no twin: opening it has been
// told already.
static bool are_equal(const char *a, const char *b, off_t size)
{
    fingerprint left, right;
    return are_alike(a, b, size) && fingerprint_read(a, NULL, NULL, &left) >= 0 &&
           fingerprint_read(b, NULL, NULL, &right) >= 0 && strcmp(left.md5, right.md5) == 0;
}

typedef struct sized_file {
    const char *path;
    off_t size;
} sized_file;

static int compare_sizes(const void *a, const void *b)
{
    const sized_file *left = a, *right = b;
    int by_size = (left->size > right->size) - (left->size < right->size);
    return by_size != 0 ? by_size : strcmp(left->path, right->path);
}

sslact_status check_same_videos(video_work *w)
{
    sized_file *files = array_create(w->job_count, sizeof *files);
    size_t count = 0;
    if (files == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < w->job_count; i++) {
        struct stat facts;
        if (stat(w->jobs[i].path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
            files[count++] = (sized_file){w->jobs[i].path, facts.st_size};
        }
    }
    qsort(files, count, sizeof *files, compare_sizes);
    sslact_status status = SSLACT_OK;
    for (size_t i = 1; status >= 0 && i < count; i++) {
        if (files[i].size == files[i - 1].size &&
            are_equal(files[i].path, files[i - 1].path, files[i].size)) {
            status = check_report(w->k, DATA_PROBLEM_SAME_VIDEO, files[i].path,
                                  "has the size and the content of %s", files[i - 1].path);
        }
    }
    free(files);
    return status;
}
