// A lock on a folder's work between processes: a file that names its holder.
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct file_lock file_lock;

// Takes the lock at `path`, or returns SSLACT_ERROR_BUSY at once with the holder in *holder
// ("process 71 on host"; may be NULL). A lock whose process is gone is free: the system lets go of
// it. The file stays when the lock is given back.
sslact_status file_lock_take(const char *path, text *holder, file_lock **out);
void file_lock_release(file_lock *lock); // NULL is fine

#ifdef __cplusplus
}
#endif
#endif
