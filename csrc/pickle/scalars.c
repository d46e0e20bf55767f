// Owns: numpy's scalars as numbers and texts, and single numbers out of arrays.
#include "pickle/machine.h"

#include <math.h>
#include <string.h>

bool scalars_append_code_point(char *text, size_t *size, uint32_t code)
{
    if (code < 0x80) {
        text[(*size)++] = (char)code;
        return true;
    }
    if (code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000)) { // halves of a pair are no characters
        return false;
    }
    if (code < 0x800) {
        text[(*size)++] = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            text[(*size)++] = (char)(0xe0 | code >> 12);
        } else {
            text[(*size)++] = (char)(0xf0 | code >> 18);
            text[(*size)++] = (char)(0x80 | (code >> 12 & 0x3f));
        }
        text[(*size)++] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    text[(*size)++] = (char)(0x80 | (code & 0x3f));
    return true;
}

// An unsigned number of `size` bytes, at most 8.
static uint64_t take_bits(const char *bytes, size_t size, bool swapped)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < size; i++) {
        bits |= (uint64_t)(unsigned char)bytes[i] << 8 * (swapped ? size - 1 - i : i);
    }
    return bits;
}

static double convert(pickle_number dtype, uint64_t bits)
{
    uint32_t half = (uint32_t)bits;
    float single = 0;
    double real = 0;

    switch (dtype) {
    case PICKLE_NUMBER_BOOL:
    case PICKLE_NUMBER_U8:
    case PICKLE_NUMBER_U16:
    case PICKLE_NUMBER_U32:
    case PICKLE_NUMBER_U64:
        return (double)bits;
    case PICKLE_NUMBER_I8:
        return (int8_t)(uint8_t)bits;
    case PICKLE_NUMBER_I16:
        return (int16_t)(uint16_t)bits;
    case PICKLE_NUMBER_I32:
        return (int32_t)half;
    case PICKLE_NUMBER_I64:
        return (double)(int64_t)bits;
    case PICKLE_NUMBER_F32:
        memcpy(&single, &half, sizeof(single));
        return single;
    case PICKLE_NUMBER_F64:
        memcpy(&real, &bits, sizeof(real));
        return real;
    default:
        return NAN;
    }
}

// ---- scalars ----

// Fixed-width text: zeros behind its end are no part of it.
static sslact_status make_text(machine *m, const pickle_value *dtype, const pickle_value *bytes,
                               pickle_value *out)
{
    const size_t width = dtype->as.type.text == 'U' ? 4 : 1;
    size_t count = bytes->as.text.size / width;
    char *text = NULL;

    if (bytes->as.text.size % width != 0) {
        return machine_refuse(m, "a text of %zu bytes, a multiple of 4 is needed",
                              bytes->as.text.size);
    }
    while (count > 0 && take_bits(bytes->as.text.data + (count - 1) * width, width, false) == 0) {
        count--;
    }
    text = pickle_allocate(m, count * 4 + 1);
    if (text == NULL) {
        return sslact_error_get_status();
    }
    out->kind = PICKLE_TEXT;
    out->as.text.data = text;
    out->as.text.size = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t code =
            (uint32_t)take_bits(bytes->as.text.data + i * width, width, dtype->as.type.swapped);

        if (!scalars_append_code_point(text, &out->as.text.size, code)) {
            return machine_refuse(m, "a text with the number %lu, which is no character",
                                  (unsigned long)code);
        }
    }
    return SSLACT_OK;
}

static sslact_status make_number(machine *m, const pickle_value *dtype, const pickle_value *bytes,
                                 pickle_value *out)
{
    const pickle_number type = dtype->as.type.dtype;
    const size_t size = pickle_number_get_size(type);
    double value = 0;
    uint64_t bits = 0;

    if (bytes->as.text.size != size) {
        return machine_refuse(m, "a scalar of %zu bytes, its type has %zu", bytes->as.text.size,
                              size);
    }
    bits = take_bits(bytes->as.text.data, size, dtype->as.type.swapped);
    value = convert(type, bits);
    if (type == PICKLE_NUMBER_F16 || type == PICKLE_NUMBER_F32 || type == PICKLE_NUMBER_F64) {
        out->kind = PICKLE_FLOAT;
        out->as.real = value;
    } else if (type == PICKLE_NUMBER_U64 && bits > INT64_MAX) {
        out->kind = PICKLE_OPAQUE;
    } else {
        out->kind = PICKLE_INT;
        out->as.integer =
            type == PICKLE_NUMBER_I64 || type == PICKLE_NUMBER_U64 ? (int64_t)bits : (int64_t)value;
    }
    return SSLACT_OK;
}

sslact_status scalars_make(machine *m, const pickle_value *arguments, pickle_value **out)
{
    const pickle_value *dtype = NULL;
    const pickle_value *bytes = NULL;

    *out = pickle_make(m, PICKLE_OPAQUE);
    if (*out == NULL) {
        return sslact_error_get_status();
    }
    if (arguments->as.list.count != 2 || arguments->as.list.items[0]->kind != PICKLE_DTYPE) {
        return SSLACT_OK; // of objects
    }
    dtype = arguments->as.list.items[0];
    bytes = arguments->as.list.items[1];
    if (bytes->kind != PICKLE_BYTES && bytes->kind != PICKLE_TEXT) {
        return machine_refuse(m, "a scalar without its bytes");
    }
    if (dtype->as.type.text != 0) {
        return make_text(m, dtype, bytes, *out);
    }
    return dtype->as.type.dtype != 0 ? make_number(m, dtype, bytes, *out) : SSLACT_OK;
}

// ---- arrays ----

bool pickle_array_is_complete(const pickle_array *array)
{
    uint64_t size = pickle_number_get_size(array->dtype);

    for (int32_t i = 0; i < array->rank; i++) {
        if (__builtin_mul_overflow(size, (uint64_t)array->shape[i], &size)) {
            return false;
        }
    }
    return array->dtype != 0 && array->storage == NULL && size == array->size;
}

double pickle_array_get(const pickle_array *array, int64_t row, int64_t column)
{
    const size_t size = pickle_number_get_size(array->dtype);
    const int64_t place = row * array->stride[0] + column * array->stride[1];

    return convert(array->dtype,
                   take_bits(array->bytes + (size_t)place * size, size, array->swapped));
}
