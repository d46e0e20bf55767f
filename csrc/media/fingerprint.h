// What tells whether a video is still the one it was: size, time of change, checksum of its bytes.
#ifndef MEDIA_FINGERPRINT_H
#define MEDIA_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fingerprint {
    int64_t bytes;       // of a folder of pictures: of all of them
    int64_t modified_ns; // the latest of them
    char md5[33]; // of the file, as md5sum prints it; of a folder: of all pictures' bytes, one
                  // behind the other
} fingerprint;

// Size and time only, md5 is left empty. path is a file or a folder of pictures.
sslact_status fingerprint_look(const char *path, fingerprint *out);
// All of it: reads every byte. `stopped`, which may be NULL, is asked now and then; when it says
// so, SSLACT_ERROR_CANCELLED.
sslact_status fingerprint_read(const char *path, bool (*stopped)(void *user), void *user,
                               fingerprint *out);

#ifdef __cplusplus
}
#endif
#endif
