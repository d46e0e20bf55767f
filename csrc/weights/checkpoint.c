// Owns: which container a file is, which dict of it holds the weights, and their names.
#include "weights/checkpoint.h"

#include "base/array.h"
#include "base/text.h"
#include "weights/checkpoint_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 15

sslact_status checkpoint_refuse(const checkpoint *file, const char *format, ...)
{
    char what[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return error_set(SSLACT_ERROR_FORMAT, "%s: %s", file->path, what);
}

sslact_status checkpoint_read_bytes(const checkpoint *file, void *buffer, size_t size,
                                    uint64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got =
            pread(file->descriptor, (char *)buffer + done, size - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return error_set_errno(file->path, "read");
        }
        if (got == 0) {
            return checkpoint_refuse(file, "ends at byte %llu, %llu more are needed",
                                     (unsigned long long)(offset + done),
                                     (unsigned long long)(size - done));
        }
        done += (size_t)got;
    }
    return SSLACT_OK;
}

// ---- which container ----

// A header's length below 4 GiB and the JSON behind it; looked for first, because the length's
// bytes may look like any other beginning.
static bool looks_like_safetensors(const unsigned char *head)
{
    return head[4] == 0 && head[5] == 0 && head[6] == 0 && head[7] == 0 && head[8] == '{';
}

static sslact_status tell_container(checkpoint *file)
{
    static const unsigned char magic[HEAD_SIZE] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                                   0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};
    unsigned char head[HEAD_SIZE] = {0};
    size_t size = file->file_size < HEAD_SIZE ? (size_t)file->file_size : HEAD_SIZE;
    sslact_status status = checkpoint_read_bytes(file, head, size, 0);

    if (status != SSLACT_OK) {
        return status;
    }
    if (looks_like_safetensors(head)) {
        file->container = CHECKPOINT_SAFETENSORS;
    } else if (memcmp(head, "PK\3\4", 4) == 0) {
        file->container = CHECKPOINT_TORCH_ZIP;
    } else if (memcmp(head, magic, sizeof(magic)) == 0) {
        file->container = CHECKPOINT_TORCH_STREAM;
    } else if (head[0] == 0x80 && head[1] >= 2 && head[1] <= 5) {
        file->container = CHECKPOINT_PICKLE;
    } else {
        return checkpoint_refuse(file,
                                 "begins with %02x %02x %02x %02x, not a checkpoint: safetensors, "
                                 "torch.save's zip or stream, or a pickle of protocol 2 to 5",
                                 head[0], head[1], head[2], head[3]);
    }
    return SSLACT_OK;
}

static sslact_status open_descriptor(checkpoint *file)
{
    struct stat facts;

    // Without O_NONBLOCK a named pipe would make open() wait for ever.
    file->descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0) {
        return error_set_errno(file->path, "open");
    }
    if (fstat(file->descriptor, &facts) != 0) {
        return error_set_errno(file->path, "stat");
    }
    if (!S_ISREG(facts.st_mode)) {
        return checkpoint_refuse(file, "not a regular file");
    }
    file->file_size = (uint64_t)facts.st_size;
    return tell_container(file);
}

// ---- which dict ----

static bool is_weight(const pickle_value *value)
{
    return value->kind == PICKLE_ARRAY && value->as.array->dtype != 0;
}

static size_t count_weights(const pickle_value *dict)
{
    size_t count = 0;

    for (size_t i = 0; dict->kind == PICKLE_DICT && i + 1 < dict->as.list.count; i += 2) {
        count += is_weight(dict->as.list.items[i + 1]);
    }
    return count;
}

static const pickle_value *find_state(const pickle_value *root, const char **key)
{
    static const char *const keys[] = {"model_state", "state_dict", "blobs", "model_state_dict",
                                       "model",       "module",     "net",   "weights"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const pickle_value *found = pickle_find(root, keys[i]);

        if (found != NULL && count_weights(found) > 0) {
            *key = keys[i];
            return found;
        }
    }
    *key = "";
    return count_weights(root) > 0 ? root : NULL;
}

static sslact_status refuse_root(const checkpoint *file, const pickle_value *root)
{
    char keys[128] = "";
    size_t length = 0;

    for (size_t i = 0; root->kind == PICKLE_DICT && i < root->as.list.count && i < 8; i += 2) {
        const pickle_value *key = root->as.list.items[i];

        if (key->kind == PICKLE_TEXT && length < sizeof(keys) - 40 &&
            memchr(key->as.text.data, '\n', key->as.text.size) == NULL) {
            length += (size_t)snprintf(
                keys + length, sizeof(keys) - length, "%s%.*s", length > 0 ? ", " : "",
                (int)(key->as.text.size < 30 ? key->as.text.size : 30), key->as.text.data);
        }
    }
    return checkpoint_refuse(file,
                             "holds no dict of arrays (keys: %s); expected one at the top or under "
                             "model_state, state_dict, blobs or model",
                             length > 0 ? keys : "none");
}

// ---- names ----

static bool is_plain_name(const pickle_value *key)
{
    if (key->kind != PICKLE_TEXT || key->as.text.size == 0 ||
        key->as.text.size > WEIGHTS_MAX_NAME) {
        return false;
    }
    for (size_t i = 0; i < key->as.text.size; i++) {
        if (key->as.text.data[i] < ' ' || key->as.text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const checkpoint_entry *)a)->name, ((const checkpoint_entry *)b)->name);
}

// Names and arrays of the dict; other values (an epoch, a list) are left out.
static sslact_status list_entries(checkpoint *file, const pickle_value *state)
{
    size_t size = 0;
    char *name = NULL;

    for (size_t i = 0; i + 1 < state->as.list.count; i += 2) {
        const pickle_value *key = state->as.list.items[i];

        if (is_weight(state->as.list.items[i + 1])) {
            if (!is_plain_name(key)) {
                return checkpoint_refuse(file,
                                         "entry %zu: a name is 1 to 1024 printable "
                                         "characters",
                                         i / 2);
            }
            size += key->as.text.size + 1;
        }
    }
    file->names = array_create(size, 1);
    file->entries = array_create(count_weights(state), sizeof(*file->entries));
    if (file->names == NULL || file->entries == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    name = file->names;
    for (size_t i = 0; i + 1 < state->as.list.count; i += 2) {
        const pickle_value *key = state->as.list.items[i];

        if (is_weight(state->as.list.items[i + 1])) {
            memcpy(name, key->as.text.data, key->as.text.size);
            file->entries[file->count++] =
                (checkpoint_entry){.name = name, .array = state->as.list.items[i + 1]->as.array};
            name += key->as.text.size + 1;
        }
    }
    return SSLACT_OK;
}

static sslact_status check_names(const checkpoint *file)
{
    checkpoint_entry *sorted = array_create(file->count, sizeof(*sorted));
    sslact_status status = SSLACT_OK;

    if (sorted == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    memcpy(sorted, file->entries, file->count * sizeof(*sorted));
    qsort(sorted, file->count, sizeof(*sorted), compare_entries);
    for (size_t i = 1; i < file->count && status == SSLACT_OK; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0) {
            status = checkpoint_refuse(file, "array \"%.64s\" is there twice", sorted[i].name);
        }
    }
    free(sorted);
    return status;
}

// Arrays may share numbers, but a small file does not become a large network.
static sslact_status check_entries(checkpoint *file)
{
    uint64_t total = 0;

    for (size_t i = 0; i < file->count; i++) {
        sslact_status status = checkpoint_check_entry(file, &file->entries[i]);

        if (status != SSLACT_OK) {
            return status;
        }
        if (__builtin_add_overflow(total, file->entries[i].size, &total) ||
            total / 8 > file->file_size) {
            return checkpoint_refuse(file, "its arrays are more than 8 times as large as the file");
        }
    }
    return check_names(file);
}

// ---- the interface ----

static sslact_status open_values(checkpoint *file)
{
    static const pickle_options options = {.what = "a checkpoint"};
    const pickle_value *root = NULL;
    const pickle_value *keys = NULL;
    const pickle_value *state = NULL;
    sslact_status status = pickle_create(file->path, &options, &file->values);

    if (status != SSLACT_OK) {
        return status;
    }
    switch (file->container) {
    case CHECKPOINT_TORCH_ZIP:
        status = checkpoint_open_zip(file, &root);
        break;
    case CHECKPOINT_TORCH_STREAM:
        status = checkpoint_open_stream(file, &root, &keys);
        break;
    default:
        status = checkpoint_open_pickle(file, &root);
    }
    if (status != SSLACT_OK) {
        return status;
    }
    state = find_state(root, &file->dict);
    status = state != NULL ? list_entries(file, state) : refuse_root(file, root);
    if (status == SSLACT_OK) {
        status = checkpoint_place_storages(file, keys);
    }
    return status == SSLACT_OK ? check_entries(file) : status;
}

sslact_status checkpoint_open(const char *path, checkpoint **out)
{
    checkpoint *file = array_create(1, sizeof(*file));
    sslact_status status = SSLACT_ERROR_OUT_OF_MEMORY;

    if (file == NULL) {
        return status;
    }
    file->descriptor = -1;
    file->dict = "";
    file->path = text_copy(path);
    if (file->path != NULL) {
        status = open_descriptor(file);
    }
    if (status == SSLACT_OK) {
        status = file->container == CHECKPOINT_SAFETENSORS ? weights_file_open(path, &file->native)
                                                           : open_values(file);
    }
    if (status != SSLACT_OK) {
        checkpoint_close(file);
        return status;
    }
    *out = file;
    return SSLACT_OK;
}

void checkpoint_close(checkpoint *file)
{
    if (file == NULL) {
        return;
    }
    torch_zip_close(file->zip);
    weights_file_close(file->native);
    pickle_free(file->values);
    if (file->descriptor >= 0) {
        close(file->descriptor);
    }
    free(file->loaded);
    free(file->entries);
    free(file->names);
    free(file->storages);
    free(file->bytes);
    free(file->path);
    free(file);
}

const char *checkpoint_get_path(const checkpoint *file)
{
    return file->path;
}

checkpoint_container checkpoint_get_container(const checkpoint *file)
{
    return file->container;
}

const char *checkpoint_container_get_name(checkpoint_container container)
{
    static const char *const names[] = {"safetensors", "torch zip", "torch stream", "pickle"};

    return names[container];
}

const char *checkpoint_get_dict(const checkpoint *file)
{
    return file->dict;
}

size_t checkpoint_count(const checkpoint *file)
{
    return file->native != NULL ? weights_file_count(file->native) : file->count;
}

static weights_dtype find_dtype(pickle_number number)
{
    static const weights_dtype dtypes[] = {
        [PICKLE_NUMBER_BOOL] = WEIGHTS_BOOL, [PICKLE_NUMBER_U8] = WEIGHTS_U8,
        [PICKLE_NUMBER_I8] = WEIGHTS_I8,     [PICKLE_NUMBER_U16] = WEIGHTS_U16,
        [PICKLE_NUMBER_I16] = WEIGHTS_I16,   [PICKLE_NUMBER_F16] = WEIGHTS_F16,
        [PICKLE_NUMBER_BF16] = WEIGHTS_BF16, [PICKLE_NUMBER_U32] = WEIGHTS_U32,
        [PICKLE_NUMBER_I32] = WEIGHTS_I32,   [PICKLE_NUMBER_F32] = WEIGHTS_F32,
        [PICKLE_NUMBER_U64] = WEIGHTS_U64,   [PICKLE_NUMBER_I64] = WEIGHTS_I64,
        [PICKLE_NUMBER_F64] = WEIGHTS_F64,
    };

    return dtypes[number];
}

void checkpoint_describe(const checkpoint *file, size_t index, named_array *out)
{
    const checkpoint_entry *entry = NULL;

    if (file->native != NULL) {
        weights_file_describe(file->native, index, out);
        return;
    }
    entry = &file->entries[index];
    *out = (named_array){.name = entry->name,
                         .dtype = find_dtype(entry->array->dtype),
                         .rank = entry->array->rank,
                         .size = entry->size};
    memcpy(out->shape, entry->array->shape, sizeof(out->shape));
}

sslact_status checkpoint_read(checkpoint *file, size_t index, void *buffer, size_t size)
{
    const checkpoint_entry *entry = NULL;

    if (file->native != NULL) {
        return weights_file_read(file->native, index, buffer, size);
    }
    entry = &file->entries[index];
    if (size != entry->size) {
        return error_set(SSLACT_ERROR_BUFFER_TOO_SMALL,
                         "%s: array \"%.64s\": buffer of %zu bytes, it has %llu", file->path,
                         entry->name, size, (unsigned long long)entry->size);
    }
    return checkpoint_read_entry(file, entry, buffer);
}

const char *checkpoint_get_metadata(const checkpoint *file, const char *key)
{
    return file->native != NULL ? weights_file_get_metadata(file->native, key) : NULL;
}
