// Owns: torch tensors and numpy arrays as a pickle describes them. Sizes are only checked against
// themselves here; whether the bytes are there is the caller's business.
#include "pickle/machine.h"

#include <string.h>

size_t pickle_number_get_size(pickle_number number)
{
    static const uint8_t sizes[] = {
        [PICKLE_NUMBER_BOOL] = 1, [PICKLE_NUMBER_U8] = 1,  [PICKLE_NUMBER_I8] = 1,
        [PICKLE_NUMBER_U16] = 2,  [PICKLE_NUMBER_I16] = 2, [PICKLE_NUMBER_F16] = 2,
        [PICKLE_NUMBER_BF16] = 2, [PICKLE_NUMBER_U32] = 4, [PICKLE_NUMBER_I32] = 4,
        [PICKLE_NUMBER_F32] = 4,  [PICKLE_NUMBER_U64] = 8, [PICKLE_NUMBER_I64] = 8,
        [PICKLE_NUMBER_F64] = 8,
    };

    return (size_t)number < sizeof(sizes) ? sizes[number] : 0;
}

static bool is_tuple(const pickle_value *value, size_t least)
{
    return value->kind == PICKLE_TUPLE && value->as.list.count >= least;
}

// Lengths or strides: integers from 0 on, at most 8.
static sslact_status read_numbers(machine *m, const pickle_value *tuple, const char *what,
                                  int64_t *out, int32_t *rank)
{
    if ((tuple->kind != PICKLE_TUPLE && tuple->kind != PICKLE_LIST) ||
        tuple->as.list.count > SSLACT_MAX_RANK) {
        return machine_refuse(m, "%s that are not a tuple of at most %d integers", what,
                              SSLACT_MAX_RANK);
    }
    for (size_t i = 0; i < tuple->as.list.count; i++) {
        const pickle_value *number = tuple->as.list.items[i];

        if (number->kind != PICKLE_INT || number->as.integer < 0) {
            return machine_refuse(m, "%s with an entry that is no integer from 0 on", what);
        }
        out[i] = number->as.integer;
    }
    *rank = (int32_t)tuple->as.list.count;
    return SSLACT_OK;
}

sslact_status arrays_make(machine *m, pickle_value **out)
{
    *out = pickle_make(m, PICKLE_ARRAY);
    if (*out == NULL) {
        return sslact_error_get_status();
    }
    (*out)->as.array = pickle_allocate(m, sizeof(pickle_array));
    return (*out)->as.array != NULL ? SSLACT_OK : sslact_error_get_status();
}

// dtype: of the tensor where it differs from the storage's, else 0.
sslact_status arrays_rebuild_tensor(machine *m, const pickle_value *arguments, pickle_number dtype,
                                    pickle_value **out)
{
    pickle_value *const *items = arguments->as.list.items;
    pickle_array *array = NULL;
    int32_t strides = 0;
    sslact_status status = SSLACT_OK;

    if (arguments->as.list.count < 4 || items[0]->kind != PICKLE_STORAGE ||
        items[1]->kind != PICKLE_INT || items[1]->as.integer < 0) {
        return machine_refuse(m, "a tensor that is not (storage, offset, shape, stride)");
    }
    status = arrays_make(m, out);
    if (status != SSLACT_OK) {
        return status;
    }
    array = (*out)->as.array;
    array->storage = items[0]->as.storage;
    array->dtype = dtype != 0 || array->storage->untyped ? dtype : array->storage->dtype;
    array->offset = (uint64_t)items[1]->as.integer;
    status = read_numbers(m, items[2], "lengths", array->shape, &array->rank);
    if (status == SSLACT_OK) {
        status = read_numbers(m, items[3], "strides", array->stride, &strides);
    }
    if (status == SSLACT_OK && strides != array->rank) {
        return machine_refuse(m, "%d lengths and %d strides", array->rank, strides);
    }
    if (status == SSLACT_OK && array->dtype == 0) { // complex and other numbers
        (*out)->kind = PICKLE_OPAQUE;
    }
    return status;
}

static pickle_number find_numpy_type(const pickle_value *name)
{
    static const struct {
        const char *name;
        pickle_number dtype;
    } types[] = {{"f2", PICKLE_NUMBER_F16}, {"f4", PICKLE_NUMBER_F32}, {"f8", PICKLE_NUMBER_F64},
                 {"i1", PICKLE_NUMBER_I8},  {"i2", PICKLE_NUMBER_I16}, {"i4", PICKLE_NUMBER_I32},
                 {"i8", PICKLE_NUMBER_I64}, {"u1", PICKLE_NUMBER_U8},  {"u2", PICKLE_NUMBER_U16},
                 {"u4", PICKLE_NUMBER_U32}, {"u8", PICKLE_NUMBER_U64}, {"b1", PICKLE_NUMBER_BOOL}};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (pickle_is_text(name, types[i].name)) {
            return types[i].dtype;
        }
    }
    return 0;
}

// "U23", "S23"; the length is that of the bytes.
static char find_text_type(const pickle_value *name)
{
    const char first = name->as.text.size > 1 ? name->as.text.data[0] : '\0';

    return first == 'U' || first == 'S' ? first : '\0';
}

// dtype("f4", ...); the byte order comes with BUILD.
sslact_status arrays_make_dtype(machine *m, const pickle_value *arguments, pickle_value **out)
{
    if (arguments->as.list.count < 1 || arguments->as.list.items[0]->kind != PICKLE_TEXT) {
        // A dtype made of a class, of fields: nothing an array of numbers has.
        *out = pickle_make(m, PICKLE_OPAQUE);
        return *out != NULL ? SSLACT_OK : sslact_error_get_status();
    }
    *out = pickle_make(m, PICKLE_DTYPE);
    if (*out == NULL) {
        return sslact_error_get_status();
    }
    (*out)->as.type.dtype = find_numpy_type(arguments->as.list.items[0]);
    (*out)->as.type.text = find_text_type(arguments->as.list.items[0]);
    return SSLACT_OK;
}

sslact_status arrays_set_dtype(machine *m, pickle_value *dtype, const pickle_value *state)
{
    if (!is_tuple(state, 2) || state->as.list.items[1]->kind != PICKLE_TEXT) {
        return machine_refuse(m, "the state of a dtype that is not (version, byte order, ...)");
    }
    dtype->as.type.swapped = pickle_is_text(state->as.list.items[1], ">");
    return SSLACT_OK;
}

// Strides of a packed array; false where they do not fit.
static bool pack_strides(pickle_array *array, bool fortran)
{
    int64_t stride = 1;

    for (int32_t i = 0; i < array->rank; i++) {
        int32_t axis = fortran ? i : array->rank - 1 - i;

        array->stride[axis] = stride;
        if (__builtin_mul_overflow(stride, array->shape[axis] > 0 ? array->shape[axis] : 1,
                                   &stride)) {
            return false;
        }
    }
    return true;
}

// Makes an array of numbers of its parts; one of objects or texts becomes opaque.
static sslact_status fill(machine *m, pickle_value *value, const pickle_value *shape,
                          const pickle_value *dtype, bool fortran, const pickle_value *bytes)
{
    pickle_array *array = value->as.array;
    sslact_status status = SSLACT_OK;

    if (array->dtype != 0) {
        return machine_refuse(m, "a second state for an array");
    }
    if (dtype->kind != PICKLE_DTYPE || dtype->as.type.dtype == 0) {
        value->kind = PICKLE_OPAQUE;
        return SSLACT_OK;
    }
    if (bytes->kind != PICKLE_BYTES && bytes->kind != PICKLE_TEXT) {
        return machine_refuse(m, "an array of numbers without its bytes");
    }
    status = read_numbers(m, shape, "lengths", array->shape, &array->rank);
    if (status != SSLACT_OK) {
        return status;
    }
    if (!pack_strides(array, fortran)) {
        return machine_refuse(m, "lengths whose product does not fit");
    }
    array->dtype = dtype->as.type.dtype;
    array->swapped = dtype->as.type.swapped && pickle_number_get_size(array->dtype) > 1;
    array->bytes = bytes->as.text.data;
    array->size = bytes->as.text.size;
    return SSLACT_OK;
}

// (version, shape, dtype, Fortran order, bytes)
sslact_status arrays_set_numpy(machine *m, pickle_value *array, const pickle_value *state)
{
    pickle_value *const *items = state->as.list.items;

    if (!is_tuple(state, 5) || items[3]->kind > PICKLE_INT) {
        return machine_refuse(m, "the state of an array that is not (version, shape, dtype, order, "
                                 "bytes)");
    }
    return fill(m, array, items[1], items[2],
                items[3]->kind == PICKLE_BOOL
                    ? items[3]->as.truth
                    : items[3]->kind == PICKLE_INT && items[3]->as.integer != 0,
                items[4]);
}

// (bytes, dtype, shape, "C" or "F"): protocol 5.
sslact_status arrays_from_buffer(machine *m, const pickle_value *arguments, pickle_value **out)
{
    pickle_value *const *items = arguments->as.list.items;
    sslact_status status = SSLACT_OK;

    if (!is_tuple(arguments, 4) || items[3]->kind != PICKLE_TEXT) {
        return machine_refuse(m, "an array that is not (bytes, dtype, shape, order)");
    }
    status = arrays_make(m, out);
    return status == SSLACT_OK
               ? fill(m, *out, items[2], items[1], pickle_is_text(items[3], "F"), items[0])
               : status;
}
