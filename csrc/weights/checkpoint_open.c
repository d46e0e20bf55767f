// Owns: getting at the pickle of each container.
#include "weights/checkpoint_parts.h"

#include "base/array.h"

#include <stdlib.h>

// The pickles in front of a stream are small; a plain pickle holds the numbers too.
#define MAX_STREAM_PICKLES ((uint64_t)256 << 20)
#define MAX_PICKLE_FILE ((uint64_t)4 << 30)

static sslact_status load_bytes(checkpoint *file, uint64_t size)
{
    file->bytes = array_create((size_t)size, 1);
    return file->bytes != NULL ? checkpoint_read_bytes(file, file->bytes, (size_t)size, 0)
                               : SSLACT_ERROR_OUT_OF_MEMORY;
}

sslact_status checkpoint_open_zip(checkpoint *file, const pickle_value **root)
{
    size_t size = 0;
    size_t end = 0;
    sslact_status status =
        torch_zip_open(file->descriptor, file->path, file->file_size, &file->zip);

    if (status == SSLACT_OK) {
        status = torch_zip_read_pickle(file->zip, &file->bytes, &size);
    }
    return status == SSLACT_OK ? pickle_parse(file->values, file->bytes, size, 0, root, &end)
                               : status;
}

static sslact_status check_system(const checkpoint *file, const pickle_value *protocol,
                                  const pickle_value *facts)
{
    const pickle_value *little = pickle_find(facts, "little_endian");

    if (protocol->kind != PICKLE_INT || protocol->as.integer != 1001) {
        return checkpoint_refuse(file, "a torch stream of another protocol than 1001");
    }
    if (little == NULL || little->kind != PICKLE_BOOL || !little->as.truth) {
        return checkpoint_refuse(file, "a torch stream whose numbers are not little-endian");
    }
    return SSLACT_OK;
}

// Five pickles: a magic number, the protocol, facts of the machine, the object, the storages' keys.
sslact_status checkpoint_open_stream(checkpoint *file, const pickle_value **root,
                                     const pickle_value **keys)
{
    uint64_t size = file->file_size < MAX_STREAM_PICKLES ? file->file_size : MAX_STREAM_PICKLES;
    const pickle_value *parts[5] = {NULL};
    size_t place = 0;
    sslact_status status = load_bytes(file, size);

    for (int i = 0; i < 5 && status == SSLACT_OK; i++) {
        status = pickle_parse(file->values, file->bytes, (size_t)size, place, &parts[i], &place);
        if (status == SSLACT_OK && i == 2) {
            status = check_system(file, parts[1], parts[2]);
        }
    }
    if (status != SSLACT_OK) {
        return status;
    }
    if (parts[4]->kind != PICKLE_LIST) {
        return checkpoint_refuse(file, "a torch stream without the list of its storages");
    }
    file->stream_data = place;
    *root = parts[3];
    *keys = parts[4];
    return SSLACT_OK;
}

sslact_status checkpoint_open_pickle(checkpoint *file, const pickle_value **root)
{
    size_t end = 0;
    sslact_status status = SSLACT_OK;

    if (file->file_size > MAX_PICKLE_FILE) {
        return checkpoint_refuse(file, "a pickle of more than 4 GiB");
    }
    status = load_bytes(file, file->file_size);
    if (status == SSLACT_OK) {
        status = pickle_parse(file->values, file->bytes, (size_t)file->file_size, 0, root, &end);
    }
    // No file is two things at once.
    if (status == SSLACT_OK && end != file->file_size) {
        return checkpoint_refuse(file, "%llu bytes behind the pickle",
                                 (unsigned long long)(file->file_size - end));
    }
    return status;
}
