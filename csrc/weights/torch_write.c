// Owns: the bytes of torch's zip: members stored as they are, each payload at a multiple of 64, and
// the pickle of a state dict. The bytes depend on the arguments alone.
#include "weights/torch_write.h"

#include "base/file.h"
#include "base/text.h"
#include "weights/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define ALIGNMENT 64
#define LOCAL_HEADER 30
#define PADDING_FIELD 0x4246 // "FB", as torch calls it
#define FIELD_HEADER 4

// ---- the pickle ----

static void put_byte(text *out, unsigned char byte)
{
    text_append_bytes(out, (const char *)&byte, 1);
}

static void put_number(text *out, char opcode, uint64_t number, int width)
{
    text_append_bytes(out, &opcode, 1);
    for (int i = 0; i < width; i++) {
        put_byte(out, (unsigned char)(number >> (8 * i)));
    }
}

static void put_text(text *out, const char *value)
{
    put_number(out, 'X', strlen(value), 4);
    text_append(out, value);
}

static void put_integer(text *out, int64_t number)
{
    if (number >= 0 && number <= INT32_MAX) {
        put_number(out, 'J', (uint64_t)number, 4);
        return;
    }
    put_byte(out, 0x8a); // LONG1
    put_number(out, 8, (uint64_t)number, 8);
}

static void put_tuple(text *out, const int64_t *numbers, int32_t count)
{
    text_append_bytes(out, "(", 1);
    for (int32_t i = 0; i < count; i++) {
        put_integer(out, numbers[i]);
    }
    text_append_bytes(out, "t", 1);
}

static void put_empty_ordered_dict(text *out)
{
    text_append(out, "ccollections\nOrderedDict\n)R");
}

static const char *find_storage(weights_dtype dtype)
{
    switch (dtype) {
    case WEIGHTS_BOOL:
        return "BoolStorage";
    case WEIGHTS_U8:
        return "ByteStorage";
    case WEIGHTS_I8:
        return "CharStorage";
    case WEIGHTS_I16:
        return "ShortStorage";
    case WEIGHTS_F16:
        return "HalfStorage";
    case WEIGHTS_BF16:
        return "BFloat16Storage";
    case WEIGHTS_I32:
        return "IntStorage";
    case WEIGHTS_F32:
        return "FloatStorage";
    case WEIGHTS_I64:
        return "LongStorage";
    case WEIGHTS_F64:
        return "DoubleStorage";
    default:
        return NULL;
    }
}

// _rebuild_tensor_v2((storage ...), 0, shape, stride, False, OrderedDict())
static void put_tensor(text *out, const named_array *array, size_t key, uint64_t size)
{
    int64_t strides[SSLACT_MAX_RANK];
    int64_t stride = 1;
    char digits[24];

    for (int32_t axis = array->rank - 1; axis >= 0; axis--) {
        strides[axis] = stride;
        stride *= array->shape[axis] > 0 ? array->shape[axis] : 1;
    }
    snprintf(digits, sizeof(digits), "%zu", key);
    text_append(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_text(out, "storage");
    text_append_format(out, "ctorch\n%s\n", find_storage(array->dtype));
    put_text(out, digits);
    put_text(out, "cpu");
    put_integer(out, (int64_t)(size / weights_dtype_get_size(array->dtype)));
    text_append(out, "tQ");
    put_integer(out, 0);
    put_tuple(out, array->shape, array->rank);
    put_tuple(out, strides, array->rank);
    put_byte(out, 0x89); // NEWFALSE
    put_empty_ordered_dict(out);
    text_append(out, "tR");
}

static void put_state(text *out, const char *dict, const named_array *arrays, size_t count)
{
    put_number(out, (char)0x80, 2, 1); // PROTO 2
    if (dict != NULL) {
        text_append(out, "}");
        put_text(out, dict);
    }
    put_empty_ordered_dict(out);
    text_append(out, "(");
    for (size_t i = 0; i < count; i++) {
        uint64_t size = 0;

        format_multiply_shape(&arrays[i], &size);
        put_text(out, arrays[i].name);
        put_tensor(out, &arrays[i], i, size);
    }
    text_append(out, dict != NULL ? "us." : "u.");
}

// ---- the zip ----

typedef struct zip_maker {
    zip_t *archive;
    const char *path;
    uint64_t place; // of the next local header
} zip_maker;

static sslact_status refuse_zip(zip_maker *maker)
{
    return error_set(SSLACT_ERROR_INTERNAL, "%s: libzip: %s", maker->path,
                     zip_strerror(maker->archive));
}

// The bytes must live until the archive is closed.
static sslact_status add_member(zip_maker *maker, const char *name, const void *bytes,
                                uint64_t size)
{
    static const zip_uint8_t zeros[ALIGNMENT] = {0};
    const uint64_t begin = maker->place + LOCAL_HEADER + strlen(name) + FIELD_HEADER;
    const uint64_t padding = (ALIGNMENT - begin % ALIGNMENT) % ALIGNMENT;
    zip_source_t *source = zip_source_buffer(maker->archive, bytes, size, 0);
    zip_int64_t index = 0;

    if (source == NULL) {
        return refuse_zip(maker);
    }
    index = zip_file_add(maker->archive, name, source, 0);
    if (index < 0) {
        zip_source_free(source);
        return refuse_zip(maker);
    }
    if (zip_set_file_compression(maker->archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(maker->archive, (zip_uint64_t)index, 0, 0x21, 0) != 0 ||
        zip_file_extra_field_set(maker->archive, (zip_uint64_t)index, PADDING_FIELD, 0, zeros,
                                 (zip_uint16_t)padding, ZIP_FL_LOCAL) != 0) {
        return refuse_zip(maker);
    }
    maker->place = begin + padding + size;
    return SSLACT_OK;
}

static sslact_status add_members(zip_maker *maker, const text *state, const named_array *arrays,
                                 size_t count)
{
    sslact_status status = add_member(maker, "archive/data.pkl", state->data, state->length);

    if (status == SSLACT_OK) {
        status = add_member(maker, "archive/byteorder", "little", 6);
    }
    for (size_t i = 0; i < count && status == SSLACT_OK; i++) {
        char name[64];
        uint64_t size = 0;

        format_multiply_shape(&arrays[i], &size);
        snprintf(name, sizeof(name), "archive/data/%zu", i);
        status = add_member(maker, name, size > 0 ? arrays[i].data : "", size);
    }
    return status == SSLACT_OK ? add_member(maker, "archive/version", "3\n", 2) : status;
}

// The finished archive, which libzip holds in memory, into a file.
static sslact_status copy_archive(zip_source_t *archive, const char *path)
{
    static const size_t room = (size_t)1 << 20;
    file_writer *writer = NULL;
    char *buffer = malloc(room);
    sslact_status status =
        buffer != NULL ? file_writer_open(path, &writer)
                       : error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for %zu bytes", room);
    zip_int64_t got = 0;

    if (status == SSLACT_OK && zip_source_open(archive) != 0) {
        status = error_set(SSLACT_ERROR_INTERNAL, "%s: the archive cannot be read back", path);
    }
    while (status == SSLACT_OK && (got = zip_source_read(archive, buffer, room)) > 0) {
        status = file_writer_write(writer, buffer, (size_t)got);
    }
    if (status == SSLACT_OK && got < 0) {
        status = error_set(SSLACT_ERROR_INTERNAL, "%s: the archive cannot be read back", path);
    }
    free(buffer);
    if (status != SSLACT_OK) {
        file_writer_discard(writer);
        return status;
    }
    return file_writer_commit(writer);
}

static sslact_status write_archive(const char *path, const text *state, const named_array *arrays,
                                   size_t count)
{
    zip_error_t problem;
    zip_source_t *memory = NULL;
    zip_maker maker = {.path = path};
    sslact_status status = SSLACT_OK;

    zip_error_init(&problem);
    memory = zip_source_buffer_create(NULL, 0, 0, &problem);
    if (memory != NULL) {
        maker.archive = zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, &problem);
    }
    if (maker.archive == NULL) {
        status =
            error_set(SSLACT_ERROR_INTERNAL, "%s: libzip: %s", path, zip_error_strerror(&problem));
        zip_source_free(memory);
        zip_error_fini(&problem);
        return status;
    }
    zip_error_fini(&problem);
    zip_source_keep(memory);
    status = add_members(&maker, state, arrays, count);
    if (status != SSLACT_OK) {
        zip_discard(maker.archive);
    } else if (zip_close(maker.archive) != 0) {
        status = refuse_zip(&maker);
        zip_discard(maker.archive);
    } else {
        status = copy_archive(memory, path);
    }
    zip_source_free(memory);
    return status;
}

static sslact_status check_arrays(const named_array *arrays, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t size = 0;

        if (find_storage(arrays[i].dtype) == NULL) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "array \"%.64s\": torch has no storage of type %s", arrays[i].name,
                             weights_dtype_get_name(arrays[i].dtype));
        }
        if (!format_multiply_shape(&arrays[i], &size) || (arrays[i].data == NULL && size > 0)) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "array \"%.64s\": there is no data",
                             arrays[i].name);
        }
    }
    return SSLACT_OK;
}

sslact_status torch_write(const char *path, const char *dict, const named_array *arrays,
                          size_t array_count)
{
    text state = {0};
    sslact_status status = check_arrays(arrays, array_count);

    if (status != SSLACT_OK) {
        error_prefix("%s: ", path);
    } else {
        put_state(&state, dict, arrays, array_count);
        status = text_status(&state);
    }
    if (status == SSLACT_OK) {
        status = write_archive(path, &state, arrays, array_count);
    }
    text_free(&state);
    return status;
}
