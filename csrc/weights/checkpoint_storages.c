// Owns: the numbers behind the arrays of a pickle: where their storage lies, whether it is large
// enough, and how they get into a packed buffer.
#include "weights/checkpoint_parts.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const storage_place *)a)->key, ((const storage_place *)b)->key);
}

static storage_place *find_storage(const checkpoint *file, const char *key)
{
    storage_place wanted = {.key = key};

    return bsearch(&wanted, file->storages, file->storage_count, sizeof(wanted), compare_keys);
}

// Every key once, whatever it was named for.
static sslact_status list_storages(checkpoint *file)
{
    size_t count = 0;

    for (const pickle_storage *s = pickle_get_storages(file->values); s != NULL; s = s->next) {
        count++;
    }
    file->storages = array_create(count, sizeof(*file->storages));
    if (file->storages == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (const pickle_storage *s = pickle_get_storages(file->values); s != NULL; s = s->next) {
        file->storages[file->storage_count++] =
            (storage_place){.key = s->key, .element_size = s->element_size};
    }
    qsort(file->storages, file->storage_count, sizeof(*file->storages), compare_keys);
    count = file->storage_count;
    file->storage_count = 0;
    for (size_t i = 0; i < count; i++) {
        const storage_place *last = &file->storages[file->storage_count - (i > 0)];

        if (i == 0 || strcmp(last->key, file->storages[i].key) != 0) {
            file->storages[file->storage_count++] = file->storages[i];
        } else if (last->element_size != file->storages[i].element_size) {
            return checkpoint_refuse(file, "storage \"%.64s\" has two types", last->key);
        }
    }
    return SSLACT_OK;
}

// Behind the pickles, in the order of the keys: a count of elements, then the numbers.
static sslact_status walk_stream(checkpoint *file, const pickle_value *keys)
{
    uint64_t place = file->stream_data;
    char key[WEIGHTS_MAX_NAME + 1];

    for (size_t i = 0; i < keys->as.list.count; i++) {
        const pickle_value *name = keys->as.list.items[i];
        storage_place *storage = NULL;
        unsigned char bytes[8];
        uint64_t count = 0;
        uint64_t size = 0;
        sslact_status status = checkpoint_read_bytes(file, bytes, sizeof(bytes), place);

        if (status != SSLACT_OK) {
            return status;
        }
        if (name->kind != PICKLE_TEXT || name->as.text.size > WEIGHTS_MAX_NAME) {
            return checkpoint_refuse(file, "the key of storage %zu is no short text", i);
        }
        memcpy(key, name->as.text.data, name->as.text.size);
        key[name->as.text.size] = '\0';
        storage = find_storage(file, key);
        if (storage == NULL || storage->place != 0) {
            return checkpoint_refuse(file, "storage %zu is %s", i,
                                     storage == NULL ? "of no tensor" : "there twice");
        }
        for (int b = 0; b < 8; b++) {
            count |= (uint64_t)bytes[b] << (8 * b);
        }
        place += sizeof(bytes);
        if (__builtin_mul_overflow(count, (uint64_t)storage->element_size, &size) ||
            size > file->file_size - place) {
            return checkpoint_refuse(file,
                                     "storage %zu of %llu elements reaches beyond the file's end",
                                     i, (unsigned long long)count);
        }
        storage->place = place;
        storage->size = size;
        place += size;
    }
    return SSLACT_OK;
}

sslact_status checkpoint_place_storages(checkpoint *file, const pickle_value *keys)
{
    sslact_status status = list_storages(file);

    file->loaded_index = SIZE_MAX;
    if (status != SSLACT_OK) {
        return status;
    }
    if (keys != NULL) {
        return walk_stream(file, keys);
    }
    if (file->zip == NULL && file->storage_count > 0) {
        return checkpoint_refuse(file, "a plain pickle that names storages of torch");
    }
    return SSLACT_OK; // of a zip each is looked up when an array needs it
}

// ---- checks ----

static sslact_status refuse_entry(const checkpoint *file, const checkpoint_entry *entry,
                                  const char *why)
{
    return checkpoint_refuse(file, "array \"%.64s\": %s", entry->name, why);
}

// Elements from the first to the last, both counted; false where a number does not fit.
static bool measure(const pickle_array *array, uint64_t *count, uint64_t *span)
{
    *count = 1;
    *span = 1;
    for (int32_t axis = 0; axis < array->rank; axis++) {
        uint64_t reach = 0;

        if (array->shape[axis] == 0) {
            *count = 0;
            *span = 0;
            return true;
        }
        if (__builtin_mul_overflow(*count, (uint64_t)array->shape[axis], count) ||
            __builtin_mul_overflow((uint64_t)array->shape[axis] - 1, (uint64_t)array->stride[axis],
                                   &reach) ||
            __builtin_add_overflow(*span, reach, span)) {
            return false;
        }
    }
    return true;
}

// The storage of an entry, with its size in the file.
static sslact_status place_entry(const checkpoint *file, checkpoint_entry *entry, uint64_t *size)
{
    const pickle_storage *named = entry->array->storage;
    storage_place *storage = find_storage(file, named->key);
    uint64_t declared = 0;
    sslact_status status = SSLACT_OK;

    if (storage->place == 0 && file->zip != NULL && storage->size == 0) {
        status = torch_zip_find_storage(file->zip, named->key, &storage->place, &storage->size);
    } else if (storage->place == 0 && file->zip == NULL) {
        status = refuse_entry(file, entry, "the file has no such storage");
    }
    if (status != SSLACT_OK) {
        return status;
    }
    if (__builtin_mul_overflow(named->count, (uint64_t)named->element_size, &declared) ||
        declared > storage->size) {
        return refuse_entry(file, entry, "its storage is declared longer than it is");
    }
    entry->storage = (size_t)(storage - file->storages);
    *size = storage->size;
    if (named->view_key != NULL) {
        uint64_t end = 0;

        if (__builtin_mul_overflow(named->view_offset, (uint64_t)named->element_size,
                                   &entry->base) ||
            __builtin_mul_overflow(named->view_count, (uint64_t)named->element_size, size) ||
            __builtin_add_overflow(entry->base, *size, &end) || end > storage->size) {
            return refuse_entry(file, entry, "its view reaches beyond the storage");
        }
    }
    return SSLACT_OK;
}

sslact_status checkpoint_check_entry(const checkpoint *file, checkpoint_entry *entry)
{
    const pickle_array *array = entry->array;
    const uint64_t element = pickle_number_get_size(array->dtype);
    uint64_t count = 0;
    uint64_t span = 0;
    uint64_t end = 0;
    uint64_t size = array->size;
    sslact_status status = SSLACT_OK;

    if (!measure(array, &count, &span) || __builtin_mul_overflow(count, element, &entry->size) ||
        entry->size > file->file_size) {
        return refuse_entry(file, entry, "it has more elements than the file has bytes for");
    }
    if (array->storage == NULL) {
        return size == entry->size
                   ? SSLACT_OK
                   : refuse_entry(file, entry, "its bytes are not what dtype and shape need");
    }
    status = place_entry(file, entry, &size);
    if (status != SSLACT_OK) {
        return status;
    }
    if (__builtin_add_overflow(array->offset, span, &end) ||
        __builtin_mul_overflow(end, element, &end) || (count > 0 && end > size)) {
        return refuse_entry(file, entry, "offset and strides reach beyond its storage");
    }
    return SSLACT_OK;
}

// ---- numbers ----

// The bytes of a storage, kept until another one is asked for.
static sslact_status load_storage(checkpoint *file, size_t index)
{
    const storage_place *storage = &file->storages[index];
    sslact_status status = SSLACT_OK;

    if (file->loaded_index == index) {
        return SSLACT_OK;
    }
    free(file->loaded);
    file->loaded_index = SIZE_MAX;
    file->loaded = array_create((size_t)storage->size, 1);
    if (file->loaded == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    status = file->zip != NULL
                 ? torch_zip_read(file->zip, storage->place, file->loaded, storage->size)
                 : checkpoint_read_bytes(file, file->loaded, (size_t)storage->size, storage->place);
    if (status == SSLACT_OK) {
        file->loaded_index = index;
    }
    return status;
}

static bool is_packed(const pickle_array *array)
{
    int64_t stride = 1;

    for (int32_t axis = array->rank - 1; axis >= 0; axis--) {
        if (array->shape[axis] != 1 && array->stride[axis] != stride) {
            return false;
        }
        stride *= array->shape[axis];
    }
    return true;
}

// Element after element, the last axis first.
static void gather(const pickle_array *array, const char *from, uint64_t count, size_t element,
                   char *to)
{
    int64_t at[SSLACT_MAX_RANK] = {0};
    uint64_t place = 0; // unsigned: the stride of an axis of length 1 may be any number

    for (uint64_t i = 0; i < count; i++) {
        memcpy(to + i * element, from + place * element, element);
        for (int32_t axis = array->rank - 1; axis >= 0; axis--) {
            place += (uint64_t)array->stride[axis];
            if (++at[axis] < array->shape[axis]) {
                break;
            }
            place -= (uint64_t)array->stride[axis] * (uint64_t)array->shape[axis];
            at[axis] = 0;
        }
    }
}

static void swap_bytes(char *bytes, uint64_t count, size_t element)
{
    for (uint64_t i = 0; i < count; i++) {
        for (size_t b = 0; b < element / 2; b++) {
            char byte = bytes[i * element + b];

            bytes[i * element + b] = bytes[i * element + element - 1 - b];
            bytes[i * element + element - 1 - b] = byte;
        }
    }
}

sslact_status checkpoint_read_entry(checkpoint *file, const checkpoint_entry *entry, void *buffer)
{
    const pickle_array *array = entry->array;
    const size_t element = pickle_number_get_size(array->dtype);
    const char *from = array->bytes;
    sslact_status status = SSLACT_OK;

    if (entry->size == 0) {
        return SSLACT_OK;
    }
    if (array->storage != NULL) {
        status = load_storage(file, entry->storage);
        if (status != SSLACT_OK) {
            return status;
        }
        from = file->loaded + entry->base + array->offset * element;
    }
    if (is_packed(array)) {
        memcpy(buffer, from, (size_t)entry->size);
    } else {
        gather(array, from, entry->size / element, element, buffer);
    }
    if (array->swapped) {
        swap_bytes(buffer, entry->size / element, element);
    }
    return SSLACT_OK;
}
