// Owns: reading a file that may have been made to hurt. Nothing in it is believed before it was
// compared with the file's size; bytes come through pread, because a file that shrinks under a
// mapping kills the process.
#include "weights/safetensors.h"

#include "base/array.h"
#include "base/text.h"
#include "weights/format.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 4

struct weights_file {
    int descriptor;
    char *path;
    uint64_t data_start; // of the first array, in the file
    uint64_t data_size;
    json_t *header;      // owns the names
    json_t *digests;     // name to digits, or NULL
    named_array *arrays; // in the order of the file
    size_t count;
    size_t *by_name; // indices of arrays, sorted by name
};

static sslact_status refuse(const weights_file *file, const char *why)
{
    return error_set(SSLACT_ERROR_FORMAT, "%s: %s", file->path, why);
}

static sslact_status refuse_array(const weights_file *file, const char *name, const char *why)
{
    return error_set(SSLACT_ERROR_FORMAT, "%s: array \"%.64s\": %s", file->path, name, why);
}

// Reads exactly `size` bytes; a file that ends before is damaged.
static sslact_status read_exactly(const weights_file *file, void *buffer, size_t size,
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
            return error_set(SSLACT_ERROR_FORMAT, "%s: ends at byte %llu, %llu more are needed",
                             file->path, (unsigned long long)(offset + done),
                             (unsigned long long)(size - done));
        }
        done += (size_t)got;
    }
    return SSLACT_OK;
}

// The text of the header, NUL-terminated.
static sslact_status read_header_text(weights_file *file, char **out, size_t *out_size)
{
    unsigned char bytes[8];
    struct stat facts;
    uint64_t length = 0;
    char *chars = NULL;
    sslact_status status = SSLACT_OK;

    if (fstat(file->descriptor, &facts) != 0) {
        return error_set_errno(file->path, "stat");
    }
    if (!S_ISREG(facts.st_mode)) {
        return refuse(file, "not a regular file");
    }
    status = read_exactly(file, bytes, sizeof(bytes), 0);
    if (status != SSLACT_OK) {
        return status;
    }
    for (int i = 0; i < 8; i++) {
        length |= (uint64_t)bytes[i] << (8 * i);
    }
    if (length > WEIGHTS_MAX_HEADER || length + sizeof(bytes) > (uint64_t)facts.st_size ||
        length < 2) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: a header of %llu bytes in a file of %lld, not a safetensors file",
                         file->path, (unsigned long long)length, (long long)facts.st_size);
    }
    chars = array_create((size_t)length + 1, 1);
    if (chars == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    status = read_exactly(file, chars, (size_t)length, sizeof(bytes));
    if (status != SSLACT_OK) {
        free(chars);
        return status;
    }
    file->data_start = sizeof(bytes) + length;
    file->data_size = (uint64_t)facts.st_size - file->data_start;
    *out = chars;
    *out_size = (size_t)length;
    return SSLACT_OK;
}

// Brackets outside texts, counted before a parser recurses over them.
static bool is_shallow(const char *chars, size_t size)
{
    int depth = 0;
    bool inside = false;

    for (size_t i = 0; i < size; i++) {
        if (inside) {
            if (chars[i] == '\\') {
                i++;
            } else {
                inside = chars[i] != '"';
            }
        } else if (chars[i] == '"') {
            inside = true;
        } else if (chars[i] == '{' || chars[i] == '[') {
            if (++depth > MAX_DEPTH) {
                return false;
            }
        } else if (chars[i] == '}' || chars[i] == ']') {
            depth--;
        }
    }
    return true;
}

// A digest of the header is only looked for at the one place where the writer puts it.
static sslact_status check_header_digest(const weights_file *file, const json_t *metadata,
                                         const char *chars, size_t size)
{
    size_t place = strlen(FORMAT_DIGEST_START);
    bool has_digests = json_object_get(metadata, FORMAT_DIGESTS) != NULL;
    char digits[FORMAT_DIGEST_DIGITS + 1];

    if (json_object_get(metadata, FORMAT_HEADER_DIGEST) == NULL) {
        return has_digests ? refuse(file, "the header has lost its digest, the file is damaged")
                           : SSLACT_OK;
    }
    if (size < place + FORMAT_DIGEST_DIGITS || memcmp(chars, FORMAT_DIGEST_START, place) != 0) {
        return refuse(file, "the header's digest is not where it belongs, the file is damaged");
    }
    format_render_digest(format_digest_header(chars, size, place), digits);
    if (memcmp(chars + place, digits, FORMAT_DIGEST_DIGITS) != 0) {
        return refuse(file, "the header does not match its digest, the file is damaged");
    }
    return SSLACT_OK;
}

static sslact_status check_metadata(weights_file *file, const char *chars, size_t size)
{
    json_t *metadata = json_object_get(file->header, FORMAT_METADATA);
    const char *key = NULL;
    json_t *value = NULL;
    sslact_status status = SSLACT_OK;

    if (metadata == NULL) {
        return SSLACT_OK;
    }
    if (!json_is_object(metadata)) {
        return refuse(file, "__metadata__ is not a map");
    }
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value)) {
            return error_set(SSLACT_ERROR_FORMAT, "%s: __metadata__ \"%.64s\" is not a text",
                             file->path, key);
        }
    }
    status = check_header_digest(file, metadata, chars, size);
    value = json_object_get(metadata, FORMAT_DIGESTS);
    if (status == SSLACT_OK && value != NULL) {
        const char *digests = json_string_value(value);

        if (is_shallow(digests, strlen(digests))) {
            file->digests = json_loads(digests, JSON_REJECT_DUPLICATES, NULL);
        }
        if (!json_is_object(file->digests)) {
            return refuse(file, "__metadata__ \"digests\" is not a map");
        }
    }
    return status;
}

static sslact_status parse_header(weights_file *file, const char *chars, size_t size)
{
    json_error_t problem;

    if (chars[0] != '{') {
        return refuse(file, "the header does not begin with \"{\", not a safetensors file");
    }
    if (!is_shallow(chars, size)) {
        return refuse(file, "the header is nested deeper than 4");
    }
    // Refuses bad UTF-8 and NUL by itself.
    file->header = json_loadb(chars, size, JSON_REJECT_DUPLICATES, &problem);
    if (file->header == NULL) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: header, byte %d: %s", file->path,
                         problem.position, problem.text);
    }
    return json_is_object(file->header) ? check_metadata(file, chars, size)
                                        : refuse(file, "the header is not a map");
}

// A number of the header that is an integer from 0 on.
static bool read_count(const json_t *value, int64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *out = json_integer_value(value);
    return true;
}

static sslact_status read_shape(const weights_file *file, const json_t *shape, named_array *out)
{
    if (!json_is_array(shape) || json_array_size(shape) > SSLACT_MAX_RANK) {
        return refuse_array(file, out->name, "the shape is not a list of at most 8 lengths");
    }
    out->rank = (int32_t)json_array_size(shape);
    for (int32_t axis = 0; axis < out->rank; axis++) {
        if (!read_count(json_array_get(shape, (size_t)axis), &out->shape[axis])) {
            return refuse_array(file, out->name, "a length is not an integer from 0 on");
        }
    }
    return SSLACT_OK;
}

static sslact_status read_range(const weights_file *file, const json_t *range, named_array *out)
{
    int64_t begin = 0;
    int64_t end = 0;
    uint64_t size = 0;

    if (!json_is_array(range) || json_array_size(range) != 2 ||
        !read_count(json_array_get(range, 0), &begin) ||
        !read_count(json_array_get(range, 1), &end)) {
        return refuse_array(file, out->name, "data_offsets are not two integers from 0 on");
    }
    if (begin > end || (uint64_t)end > file->data_size) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: array \"%.64s\": bytes %lld to %lld of %llu, the file is cut short",
                         file->path, out->name, (long long)begin, (long long)end,
                         (unsigned long long)file->data_size);
    }
    if (!format_multiply_shape(out, &size) || size != (uint64_t)(end - begin)) {
        return refuse_array(file, out->name, "its bytes are not what dtype and shape need");
    }
    out->offset = (uint64_t)begin;
    out->size = size;
    return SSLACT_OK;
}

static sslact_status read_array(const weights_file *file, const char *name, json_t *entry,
                                named_array *out)
{
    const json_t *dtype = json_object_get(entry, "dtype");
    sslact_status status = SSLACT_OK;

    *out = (named_array){.name = name};
    if (name[0] == '\0' || strlen(name) > WEIGHTS_MAX_NAME) {
        return refuse_array(file, name, "a name has 1 to 1024 bytes");
    }
    if (!json_is_object(entry) || json_object_size(entry) != 3) {
        return refuse_array(file, name, "its entry is not dtype, shape and data_offsets");
    }
    if (!json_is_string(dtype) || !format_find_dtype(json_string_value(dtype), &out->dtype)) {
        return refuse_array(file, name, "the dtype is not known");
    }
    status = read_shape(file, json_object_get(entry, "shape"), out);
    return status == SSLACT_OK ? read_range(file, json_object_get(entry, "data_offsets"), out)
                               : status;
}

static int compare_places(const void *a, const void *b)
{
    const named_array *first = a;
    const named_array *second = b;

    if (first->offset != second->offset) {
        return first->offset < second->offset ? -1 : 1;
    }
    if (first->size != second->size) { // an empty array before the one at its place
        return first->size < second->size ? -1 : 1;
    }
    return strcmp(first->name, second->name);
}

// No holes and no overlap: every byte behind the header belongs to one array.
static sslact_status check_coverage(const weights_file *file)
{
    uint64_t place = 0;

    for (size_t i = 0; i < file->count; i++) {
        if (file->arrays[i].offset != place) {
            return refuse_array(file, file->arrays[i].name,
                                file->arrays[i].offset < place
                                    ? "it overlaps the array before it"
                                    : "there are unused bytes before it");
        }
        place += file->arrays[i].size;
    }
    if (place != file->data_size) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: %llu bytes behind the last array", file->path,
                         (unsigned long long)(file->data_size - place));
    }
    return SSLACT_OK;
}

static sslact_status check_digest_names(const weights_file *file)
{
    if (file->digests == NULL) {
        return SSLACT_OK;
    }
    for (size_t i = 0; i < file->count; i++) {
        const char *name = file->arrays[i].name;
        const char *digits = json_string_value(json_object_get(file->digests, name));

        if (digits == NULL || strlen(digits) != FORMAT_DIGEST_DIGITS) {
            return refuse_array(file, name, "it has no digest");
        }
    }
    return SSLACT_OK;
}

static int compare_names(const void *a, const void *b, void *arrays)
{
    const named_array *all = arrays;

    return strcmp(all[*(const size_t *)a].name, all[*(const size_t *)b].name);
}

static sslact_status read_arrays(weights_file *file)
{
    size_t capacity = json_object_size(file->header);
    const char *name = NULL;
    json_t *entry = NULL;
    sslact_status status = SSLACT_OK;

    file->arrays = array_create(capacity, sizeof(*file->arrays));
    file->by_name = array_create(capacity, sizeof(*file->by_name));
    if (file->arrays == NULL || file->by_name == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    json_object_foreach(file->header, name, entry)
    {
        if (strcmp(name, FORMAT_METADATA) == 0) {
            continue;
        }
        status = read_array(file, name, entry, &file->arrays[file->count]);
        if (status != SSLACT_OK) {
            return status;
        }
        file->by_name[file->count] = file->count;
        file->count++;
    }
    qsort(file->arrays, file->count, sizeof(*file->arrays), compare_places);
    qsort_r(file->by_name, file->count, sizeof(*file->by_name), compare_names, file->arrays);
    status = check_coverage(file);
    return status == SSLACT_OK ? check_digest_names(file) : status;
}

sslact_status weights_file_open(const char *path, weights_file **out)
{
    weights_file *file = array_create(1, sizeof(*file));
    char *chars = NULL;
    size_t size = 0;
    sslact_status status = SSLACT_ERROR_OUT_OF_MEMORY;

    if (file == NULL) {
        return status;
    }
    file->descriptor = -1;
    file->path = text_copy(path);
    if (file->path == NULL) {
        goto out;
    }
    // Without O_NONBLOCK a named pipe would make open() wait for ever.
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0) {
        status = error_set_errno(path, "open");
        goto out;
    }
    status = read_header_text(file, &chars, &size);
    if (status == SSLACT_OK) {
        status = parse_header(file, chars, size);
    }
    if (status == SSLACT_OK) {
        status = read_arrays(file);
    }
out:
    free(chars);
    if (status != SSLACT_OK) {
        weights_file_close(file);
        return status;
    }
    *out = file;
    return SSLACT_OK;
}

void weights_file_close(weights_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->descriptor >= 0) {
        close(file->descriptor);
    }
    json_decref(file->digests);
    json_decref(file->header);
    free(file->by_name);
    free(file->arrays);
    free(file->path);
    free(file);
}

size_t weights_file_count(const weights_file *file)
{
    return file->count;
}

void weights_file_describe(const weights_file *file, size_t index, named_array *out)
{
    *out = file->arrays[index];
}

size_t weights_file_find(const weights_file *file, const char *name)
{
    size_t low = 0;
    size_t high = file->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(file->arrays[file->by_name[middle]].name, name);

        if (order == 0) {
            return file->by_name[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return file->count;
}

sslact_status weights_file_read(const weights_file *file, size_t index, void *buffer, size_t size)
{
    const named_array *array = &file->arrays[index];
    char digits[FORMAT_DIGEST_DIGITS + 1];
    sslact_status status = SSLACT_OK;

    if (size != array->size) {
        return error_set(SSLACT_ERROR_BUFFER_TOO_SMALL,
                         "%s: array \"%.64s\": buffer of %zu bytes, it has %llu", file->path,
                         array->name, size, (unsigned long long)array->size);
    }
    status = read_exactly(file, buffer, size, file->data_start + array->offset);
    if (status != SSLACT_OK || file->digests == NULL) {
        return status;
    }
    format_render_digest(format_digest(FORMAT_FNV_START, buffer, size), digits);
    if (strcmp(digits, json_string_value(json_object_get(file->digests, array->name))) != 0) {
        return refuse_array(file, array->name, "its bytes do not match its digest, it is damaged");
    }
    return SSLACT_OK;
}

const char *weights_file_get_metadata(const weights_file *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, FORMAT_METADATA), key));
}
