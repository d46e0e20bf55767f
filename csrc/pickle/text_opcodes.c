// Owns: the opcodes of protocols 0 and 1, whose values are lines of text.
#include "pickle/machine.h"

#include "base/text.h"

#include <string.h>

typedef struct span {
    const char *at;
    const char *end;
} span;

static sslact_status take_line(machine *m, span *out)
{
    const char *line = NULL;
    size_t size = 0;
    sslact_status status = machine_take_line(m, &line, &size);

    *out = (span){line, line + size};
    return status;
}

static sslact_status refuse_number(machine *m, span line)
{
    const int size = (int)(line.end - line.at);

    return machine_refuse(m, "\"%.*s\" is not a number", size < 40 ? size : 40, line.at);
}

// ---- numbers ----

// "12L"; what does not fit 64 bits is kept without its value.
static sslact_status op_long_line(machine *m, int unused)
{
    (void)unused;
    span line = {0};
    int64_t number = 0;
    sslact_status status = take_line(m, &line);

    if (status != SSLACT_OK) {
        return status;
    }
    if (line.end > line.at && line.end[-1] == 'L') {
        line.end--;
    }
    if (text_parse_int64(line.at, (size_t)(line.end - line.at), &number)) {
        return machine_push_integer(m, number);
    }
    for (const char *digit = line.at + (line.at < line.end && *line.at == '-'); digit < line.end;
         digit++) {
        if (*digit < '0' || *digit > '9') {
            return refuse_number(m, line);
        }
    }
    return line.at < line.end ? machine_push(m, pickle_make(m, PICKLE_OPAQUE))
                              : refuse_number(m, line);
}

static sslact_status op_float_line(machine *m, int unused)
{
    (void)unused;
    span line = {0};
    pickle_value *value = NULL;
    sslact_status status = take_line(m, &line);

    if (status != SSLACT_OK) {
        return status;
    }
    value = pickle_make(m, PICKLE_FLOAT);
    if (value != NULL &&
        !text_parse_double(line.at, (size_t)(line.end - line.at), &value->as.real)) {
        return refuse_number(m, line); // not finite ones either: no number of a box
    }
    return machine_push(m, value);
}

// ---- texts ----

static int get_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// `count` hexadecimal digits.
static bool take_code(span *line, int count, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        const int digit = line->at < line->end ? get_digit(*line->at++) : -1;

        if (digit < 0) {
            return false;
        }
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

// The escapes that Python's repr writes; false for others.
static bool take_byte(span *line, char *out)
{
    static const char names[] = "\\'\"nrt";
    static const char meant[] = "\\'\"\n\r\t";
    const char *found = NULL;
    uint32_t code = 0;

    *out = *line->at++;
    if (*out != '\\') {
        return true;
    }
    if (line->at >= line->end) {
        return false;
    }
    if (*line->at == 'x') {
        line->at++;
        if (!take_code(line, 2, &code)) {
            return false;
        }
        *out = (char)code;
        return true;
    }
    found = memchr(names, *line->at++, sizeof(names) - 1);
    *out = found != NULL ? meant[found - names] : '\0';
    return found != NULL;
}

static sslact_status push_text(machine *m, const char *bytes, size_t size)
{
    pickle_value *value = pickle_make(m, PICKLE_TEXT);

    if (value != NULL) {
        value->as.text.data = bytes;
        value->as.text.size = size;
    }
    return machine_push(m, value);
}

// Python 2's str as repr writes it: quoted, with escapes.
static sslact_status op_string_line(machine *m, int unused)
{
    (void)unused;
    span line = {0};
    char *made = NULL;
    size_t size = 0;
    sslact_status status = take_line(m, &line);

    if (status != SSLACT_OK) {
        return status;
    }
    if (line.end - line.at < 2 || (*line.at != '\'' && *line.at != '"') ||
        line.end[-1] != *line.at) {
        return machine_refuse(m, "a string without quotes");
    }
    line.at++;
    line.end--;
    made = pickle_allocate(m, (size_t)(line.end - line.at) + 1);
    if (made == NULL) {
        return sslact_error_get_status();
    }
    while (line.at < line.end) {
        if (!take_byte(&line, &made[size++])) {
            return machine_refuse(m, "a string with an escape that Python does not write");
        }
    }
    return push_text(m, made, size);
}

// Code points as Latin-1 bytes, \uXXXX and \UXXXXXXXX.
static sslact_status op_unicode_line(machine *m, int unused)
{
    (void)unused;
    span line = {0};
    char *made = NULL;
    size_t size = 0;
    sslact_status status = take_line(m, &line);

    if (status != SSLACT_OK) {
        return status;
    }
    // A byte becomes at most two.
    made = pickle_allocate(m, (size_t)(line.end - line.at) * 2 + 4);
    if (made == NULL) {
        return sslact_error_get_status();
    }
    while (line.at < line.end) {
        uint32_t code = (unsigned char)*line.at++;
        bool whole = true;

        if (code == '\\' && line.at < line.end && (*line.at == 'u' || *line.at == 'U')) {
            const int digits = *line.at++ == 'u' ? 4 : 8;
            whole = take_code(&line, digits, &code);
        }
        if (!whole || !scalars_append_code_point(made, &size, code)) {
            return machine_refuse(m, "a text with an escape that is no character");
        }
    }
    return push_text(m, made, size);
}

// ---- containers and memo ----

static sslact_status op_marked(machine *m, int kind)
{
    pickle_value **items = NULL;
    size_t count = 0;
    sslact_status status = machine_pop_mark(m, &items, &count);

    if (status == SSLACT_OK && kind == PICKLE_DICT && count % 2 != 0) {
        return machine_refuse(m, "a key without a value");
    }
    return status == SSLACT_OK ? machine_push_list(m, (pickle_kind)kind, items, count) : status;
}

static sslact_status take_index(machine *m, uint64_t *out)
{
    span line = {0};
    int64_t index = 0;
    sslact_status status = take_line(m, &line);

    if (status != SSLACT_OK) {
        return status;
    }
    if (!text_parse_int64(line.at, (size_t)(line.end - line.at), &index) || index < 0) {
        return refuse_number(m, line);
    }
    *out = (uint64_t)index;
    return SSLACT_OK;
}

static sslact_status op_put_line(machine *m, int unused)
{
    (void)unused;
    uint64_t index = 0;
    sslact_status status = take_index(m, &index);

    return status == SSLACT_OK ? machine_put_memo(m, index) : status;
}

static sslact_status op_get_line(machine *m, int unused)
{
    (void)unused;
    uint64_t index = 0;
    sslact_status status = take_index(m, &index);

    return status == SSLACT_OK ? machine_get_memo(m, index) : status;
}

static sslact_status op_duplicate(machine *m, int unused)
{
    (void)unused;
    pickle_value *value = NULL;
    sslact_status status = machine_peek(m, &value);

    return status == SSLACT_OK ? machine_push(m, value) : status;
}

const opcode pickle_text_opcodes[256] = {
    ['L'] = {op_long_line, 0},        ['F'] = {op_float_line, 0},
    ['S'] = {op_string_line, 0},      ['V'] = {op_unicode_line, 0},
    ['d'] = {op_marked, PICKLE_DICT}, ['l'] = {op_marked, PICKLE_LIST},
    ['p'] = {op_put_line, 0},         ['g'] = {op_get_line, 0},
    ['2'] = {op_duplicate, 0},
};
