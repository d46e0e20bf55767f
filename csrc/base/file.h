// Files: read whole with a bound, written whole or not at all.
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

// Reads a file of at most `limit` bytes into fresh memory with a NUL behind it; free() releases it.
sslact_status file_read(const char *path, size_t limit, char **data, size_t *size);

// A file under construction: bytes go to a temporary file in the folder of `path`; commit makes
// them durable and renames (fsync file, rename, fsync folder), discard removes them. One of the
// two must be called. A reader of `path` sees the old content or the new one, never a part.
typedef struct file_writer file_writer;
sslact_status file_writer_open(const char *path, file_writer **out);
sslact_status file_writer_write(file_writer *writer, const void *data, size_t size);
sslact_status file_writer_commit(file_writer *writer); // frees the writer, also on failure
void file_writer_discard(file_writer *writer);         // NULL is fine

// The same in one call.
sslact_status file_write(const char *path, const void *data, size_t size);

// Makes a folder and its parents; an existing folder is fine.
sslact_status file_make_folder(const char *path);
bool file_exists(const char *path);
bool file_is_folder(const char *path);
// Size and modification time in nanoseconds; SSLACT_ERROR_NOT_FOUND with "path: ..." if absent.
sslact_status file_describe(const char *path, int64_t *size, int64_t *modified_ns);

// The path functions replace the content of *out; the input may point into it.
//
// folder + "/" + name, or name alone when it is absolute or folder is empty.
sslact_status path_join(const char *folder, const char *name, text *out);
// The absolute form without "." and ".." (the file need not exist).
sslact_status path_make_absolute(const char *path, text *out);
// The folder part, "." when there is none.
sslact_status path_get_folder(const char *path, text *out);
// The part behind the last slash (a pointer into path).
const char *path_get_name(const char *path);
// The extension with its dot, "" if none (a pointer into path).
const char *path_get_extension(const char *path);

#ifdef __cplusplus
}
#endif
#endif
