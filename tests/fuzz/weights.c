// Any bytes as a checkpoint: opened, its names told, every array read, within memory's bounds.
// Build: ninja fuzz_weights (clang); run: build/tests/fuzz/weights_fuzzer -rss_limit_mb=512
// -timeout=10 -max_len=65536 CORPUS tests/weights/data

#include "weights/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_arrays(name_map *map)
{
    for (size_t i = 0; i < name_map_count(map); i++) {
        const mapped_array *array = name_map_get(map, i);
        named_array facts;
        void *buffer = NULL;

        name_map_describe(map, array, &facts);
        buffer = malloc((size_t)facts.size + 1);
        if (buffer != NULL) {
            (void)name_map_read(map, array, buffer, (size_t)facts.size);
        }
        free(buffer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    checkpoint *file = NULL;
    name_map *map = NULL;
    const int descriptor = memfd_create("checkpoint", MFD_CLOEXEC);

    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    if (descriptor < 0 || write(descriptor, data, size) != (ssize_t)size) {
        abort();
    }
    if (checkpoint_open(path, &file) == SSLACT_OK &&
        name_map_create(file, NULL, &map) == SSLACT_OK) {
        read_arrays(map);
    }
    name_map_free(map);
    checkpoint_close(file);
    close(descriptor);
    return 0;
}
