// The zip files of torch.save: members by name, stored, each read once from begin to end so that
// its checksum is checked. Not for other rooms.
#ifndef WEIGHTS_TORCH_ZIP_H
#define WEIGHTS_TORCH_ZIP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct torch_zip torch_zip;

// Checks the directory: stored members only, no name twice, none that leaves the top folder, sizes
// within the file. The descriptor stays the caller's. FORMAT with "path: what is wrong".
sslact_status torch_zip_open(int descriptor, const char *path, uint64_t file_size, torch_zip **out);
void torch_zip_close(torch_zip *zip); // NULL is fine

// The pickle of the object; free() releases it.
sslact_status torch_zip_read_pickle(torch_zip *zip, char **bytes, size_t *size);
// The member that holds a storage.
sslact_status torch_zip_find_storage(const torch_zip *zip, const char *key, uint64_t *member,
                                     uint64_t *size);
sslact_status torch_zip_read(torch_zip *zip, uint64_t member, void *buffer, uint64_t size);

#endif
