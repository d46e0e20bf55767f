// Owns: the opcodes of plain values: numbers, texts, tuples, lists, dicts.
#include "pickle/machine.h"

#include "base/text.h"

#include <string.h>

static sslact_status drop_marked(machine *m)
{
    pickle_value **items = NULL;
    size_t count = 0;

    return machine_pop_mark(m, &items, &count);
}

static sslact_status op_none(machine *m, int unused)
{
    (void)unused;
    return machine_push(m, pickle_make(m, PICKLE_NONE));
}

static sslact_status op_truth(machine *m, int truth)
{
    pickle_value *value = pickle_make(m, PICKLE_BOOL);

    if (value != NULL) {
        value->as.truth = truth != 0;
    }
    return machine_push(m, value);
}

// Of four bytes the number has a sign.
static sslact_status op_integer(machine *m, int width)
{
    uint64_t number = 0;
    sslact_status status = machine_take_number(m, (size_t)width, &number);

    if (status != SSLACT_OK) {
        return status;
    }
    return machine_push_integer(m, width == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

// Python 2 writes whole numbers beyond 32 bits, and bools, as a line of digits.
static sslact_status op_integer_line(machine *m, int unused)
{
    (void)unused;
    const char *digits = NULL;
    size_t size = 0;
    int64_t number = 0;
    sslact_status status = machine_take_line(m, &digits, &size);

    if (status != SSLACT_OK) {
        return status;
    }
    if (!text_parse_int64(digits, size, &number)) {
        return machine_refuse(m, "\"%.*s\" is not a whole number", (int)(size < 40 ? size : 40),
                              digits);
    }
    return machine_push_integer(m, number);
}

// Two's complement, little-endian; what does not fit 64 bits is kept without its value.
static sslact_status op_long(machine *m, int width)
{
    uint64_t size = 0;
    const unsigned char *bytes = NULL;
    uint64_t number = 0;
    sslact_status status = machine_take_number(m, (size_t)width, &size);

    if (status == SSLACT_OK) {
        status = machine_take_bytes(m, (size_t)size, &bytes);
    }
    if (status != SSLACT_OK) {
        return status;
    }
    if (size > 8) {
        return machine_push(m, pickle_make(m, PICKLE_OPAQUE));
    }
    for (uint64_t i = 0; i < size; i++) {
        number |= (uint64_t)bytes[i] << (8 * i);
    }
    if (size > 0 && size < 8 && (bytes[size - 1] & 0x80) != 0) {
        number |= UINT64_MAX << (8 * size);
    }
    return machine_push_integer(m, (int64_t)number);
}

static sslact_status op_float(machine *m, int unused)
{
    (void)unused;
    const unsigned char *bytes = NULL;
    uint64_t number = 0;
    pickle_value *value = NULL;
    sslact_status status = machine_take_bytes(m, 8, &bytes);

    if (status != SSLACT_OK) {
        return status;
    }
    for (int i = 0; i < 8; i++) { // the one big-endian number of the format
        number = number << 8 | bytes[i];
    }
    value = pickle_make(m, PICKLE_FLOAT);
    if (value != NULL) {
        memcpy(&value->as.real, &number, sizeof(number));
    }
    return machine_push(m, value);
}

static sslact_status op_text(machine *m, int width)
{
    return machine_push_text(m, PICKLE_TEXT, (size_t)width);
}

static sslact_status op_bytes(machine *m, int width)
{
    return machine_push_text(m, PICKLE_BYTES, (size_t)width);
}

static sslact_status op_empty_tuple(machine *m, int unused)
{
    (void)unused;
    return machine_push_list(m, PICKLE_TUPLE, NULL, 0);
}

static sslact_status op_empty_list(machine *m, int unused)
{
    (void)unused;
    return machine_push_list(m, PICKLE_LIST, NULL, 0);
}

static sslact_status op_empty_dict(machine *m, int unused)
{
    (void)unused;
    return machine_push_list(m, PICKLE_DICT, NULL, 0);
}

static sslact_status op_tuple(machine *m, int unused)
{
    (void)unused;
    pickle_value **items = NULL;
    size_t count = 0;
    sslact_status status = machine_pop_mark(m, &items, &count);

    return status == SSLACT_OK ? machine_push_list(m, PICKLE_TUPLE, items, count) : status;
}

static sslact_status op_tuple_of(machine *m, int length)
{
    const size_t count = (size_t)length;

    if (m->stack_count - machine_get_floor(m) < count) {
        return machine_refuse(m, "the stack is too short");
    }
    m->stack_count -= count;
    return machine_push_list(m, PICKLE_TUPLE, m->stack + m->stack_count, count);
}

// Sets carry no numbers.
static sslact_status op_empty_set(machine *m, int unused)
{
    (void)unused;
    return machine_push(m, pickle_make(m, PICKLE_OPAQUE));
}

static sslact_status op_frozen_set(machine *m, int unused)
{
    (void)unused;
    sslact_status status = drop_marked(m);

    return status == SSLACT_OK ? op_empty_set(m, 0) : status;
}

// Puts items into the container on top of the stack; one of a class we do not know swallows them.
static sslact_status put_items(machine *m, pickle_kind kind, pickle_value **items, size_t count)
{
    pickle_value *container = NULL;
    sslact_status status = machine_peek(m, &container);

    if (status != SSLACT_OK || container->kind == PICKLE_OPAQUE) {
        return status;
    }
    if (container->kind != kind) {
        return machine_refuse(m, "items for a value that is no %s",
                              kind == PICKLE_DICT ? "dict" : "list");
    }
    if (kind == PICKLE_DICT && count % 2 != 0) {
        return machine_refuse(m, "a key without a value");
    }
    for (size_t i = 0; i < count && status == SSLACT_OK; i++) {
        status = pickle_append(m, container, items[i]);
    }
    return status;
}

static sslact_status put_marked(machine *m, pickle_kind kind)
{
    pickle_value **items = NULL;
    size_t count = 0;
    sslact_status status = machine_pop_mark(m, &items, &count);

    return status == SSLACT_OK ? put_items(m, kind, items, count) : status;
}

static sslact_status put_last(machine *m, pickle_kind kind, size_t count)
{
    if (m->stack_count - machine_get_floor(m) < count + 1) {
        return machine_refuse(m, "the stack is too short");
    }
    m->stack_count -= count;
    return put_items(m, kind, m->stack + m->stack_count, count);
}

static sslact_status op_append(machine *m, int unused)
{
    (void)unused;
    return put_last(m, PICKLE_LIST, 1);
}

static sslact_status op_appends(machine *m, int unused)
{
    (void)unused;
    return put_marked(m, PICKLE_LIST);
}

static sslact_status op_set_item(machine *m, int unused)
{
    (void)unused;
    return put_last(m, PICKLE_DICT, 2);
}

static sslact_status op_set_items(machine *m, int unused)
{
    (void)unused;
    return put_marked(m, PICKLE_DICT);
}

// ADDITEMS, to a set.
static sslact_status op_add_items(machine *m, int unused)
{
    (void)unused;
    pickle_value *set = NULL;
    sslact_status status = drop_marked(m);

    if (status == SSLACT_OK) {
        status = machine_peek(m, &set);
    }
    if (status == SSLACT_OK && set->kind != PICKLE_OPAQUE) {
        return machine_refuse(m, "items for a value that is no set");
    }
    return status;
}

const opcode pickle_value_opcodes[256] = {
    ['N'] = {op_none, 0},         [0x88] = {op_truth, 1},     [0x89] = {op_truth, 0},
    ['K'] = {op_integer, 1},      ['M'] = {op_integer, 2},    ['J'] = {op_integer, 4},
    ['I'] = {op_integer_line, 0}, [0x8a] = {op_long, 1},      [0x8b] = {op_long, 4},
    ['G'] = {op_float, 0},        ['U'] = {op_text, 1}, // Python 2's strings
    ['T'] = {op_text, 4},         [0x8c] = {op_text, 1},      ['X'] = {op_text, 4},
    [0x8d] = {op_text, 8},        ['C'] = {op_bytes, 1},      ['B'] = {op_bytes, 4},
    [0x8e] = {op_bytes, 8},       [0x96] = {op_bytes, 8}, // bytearray
    [')'] = {op_empty_tuple, 0},  ['t'] = {op_tuple, 0},      [0x85] = {op_tuple_of, 1},
    [0x86] = {op_tuple_of, 2},    [0x87] = {op_tuple_of, 3},  [']'] = {op_empty_list, 0},
    ['}'] = {op_empty_dict, 0},   [0x8f] = {op_empty_set, 0}, [0x91] = {op_frozen_set, 0},
    ['a'] = {op_append, 0},       ['e'] = {op_appends, 0},    ['s'] = {op_set_item, 0},
    ['u'] = {op_set_items, 0},    [0x90] = {op_add_items, 0},
};
