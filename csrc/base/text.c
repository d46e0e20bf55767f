// Growing text and strict numbers; see text.h.
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/locale.h"

// --- growing text ---

// Room for `extra` more bytes and the NUL; false (and failed set) when memory is out.
static bool reserve(text *out, size_t extra)
{
    if (out->failed) {
        return false;
    }
    void *data = out->data;
    if (extra > SIZE_MAX - out->length - 1 ||
        array_reserve(&data, &out->capacity, out->length + extra + 1, 1) != SSLACT_OK) {
        out->failed = true;
        return false;
    }
    out->data = data;
    return true;
}

void text_append(text *out, const char *piece)
{
    text_append_bytes(out, piece, strlen(piece));
}

void text_append_bytes(text *out, const char *bytes, size_t length)
{
    if (!reserve(out, length)) {
        return;
    }
    if (length > 0) {
        memcpy(out->data + out->length, bytes, length);
    }
    out->length += length;
    out->data[out->length] = '\0';
}

void text_append_format(text *out, const char *format, ...)
{
    locale_t previous = locale_enter();
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        out->failed = true;
    } else if (reserve(out, (size_t)length)) {
        va_start(arguments, format);
        vsnprintf(out->data + out->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        out->length += (size_t)length;
    }
    locale_leave(previous);
}

void text_append_double(text *out, double value)
{
    if (isnan(value)) {
        text_append(out, "nan");
        return;
    }
    if (isinf(value)) {
        text_append(out, value < 0 ? "-inf" : "inf");
        return;
    }
    // Fifteen digits are always exact to read, seventeen always enough to read back.
    char digits[40];
    locale_t previous = locale_enter();
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value) {
            break;
        }
    }
    locale_leave(previous);
    text_append(out, digits);
}

sslact_status text_status(const text *out)
{
    return out->failed ? error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for a text of %zu bytes",
                                   out->length)
                       : SSLACT_OK;
}

const char *text_get(const text *out)
{
    return out->data ? out->data : "";
}

void text_clear(text *out)
{
    out->length = 0;
    out->failed = false;
    if (out->data) {
        out->data[0] = '\0';
    }
}

void text_free(text *out)
{
    free(out->data);
    *out = (text){0};
}

char *text_copy(const char *source)
{
    return text_copy_bytes(source, strlen(source));
}

char *text_copy_bytes(const char *source, size_t length)
{
    char *copy = length < SIZE_MAX ? array_create(length + 1, 1) : NULL;
    if (copy && length > 0) {
        memcpy(copy, source, length);
    }
    return copy;
}

// --- numbers ---

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool text_parse_int64(const char *field, size_t length, int64_t *out)
{
    size_t at = 0;
    bool negative = length > 0 && field[0] == '-';
    if (length > 0 && (field[0] == '-' || field[0] == '+')) {
        at = 1;
    }
    if (at == length) {
        return false;
    }
    int64_t value = 0; // kept negative: the negative range holds one number more
    for (; at < length; at++) {
        if (!is_digit(field[at]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, field[at] - '0', &value)) {
            return false;
        }
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *out = negative ? value : -value;
    return true;
}

static size_t skip_digits(const char *field, size_t length, size_t at)
{
    while (at < length && is_digit(field[at])) {
        at++;
    }
    return at;
}

// [sign] digits [. digits] [e [sign] digits] with at least one digit in front of the exponent.
static bool is_decimal(const char *field, size_t length)
{
    size_t at = length > 0 && (field[0] == '-' || field[0] == '+') ? 1 : 0;
    size_t start = at;
    at = skip_digits(field, length, at);
    size_t digits = at - start;
    if (at < length && field[at] == '.') {
        start = ++at;
        at = skip_digits(field, length, at);
        digits += at - start;
    }
    if (digits == 0) {
        return false;
    }
    if (at < length && (field[at] == 'e' || field[at] == 'E')) {
        at++;
        if (at < length && (field[at] == '-' || field[at] == '+')) {
            at++;
        }
        start = at;
        at = skip_digits(field, length, at);
        if (at == start) {
            return false;
        }
    }
    return at == length;
}

// Powers of ten that a double holds exactly.
static const double powers_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Plain decimals of up to 15 digits, which is every coordinate of an annotation file: digits and
// power of ten are exact, so one division rounds correctly. False: not of this form.
static bool parse_short_decimal(const char *field, size_t length, double *out)
{
    bool negative = length > 0 && field[0] == '-';
    size_t at = negative ? 1 : 0, digits = 0, behind_point = 0;
    bool point = false;
    int64_t value = 0;
    if (length - at > 16) {
        return false;
    }
    for (; at < length; at++) {
        if (field[at] == '.' && !point) {
            point = true;
        } else if (is_digit(field[at])) {
            value = 10 * value + (field[at] - '0');
            digits++;
            behind_point += point;
        } else {
            return false;
        }
    }
    if (digits == 0 || digits > 15) {
        return false;
    }
    double size = (double)value / powers_of_ten[behind_point];
    *out = negative ? -size : size;
    return true;
}

bool text_parse_double(const char *field, size_t length, double *out)
{
    if (parse_short_decimal(field, length, out)) {
        return true;
    }
    char digits[512]; // far longer than any double needs to be exact to the last bit in a file
    if (length == 0 || length >= sizeof(digits) || !is_decimal(field, length)) {
        return false;
    }
    memcpy(digits, field, length);
    digits[length] = '\0';
    int before = errno;
    errno = 0;
    double value = strtod_l(digits, NULL, locale_get_plain());
    // Denormal numbers also report ERANGE; only a loss to zero or infinity is out of range.
    bool lost = errno == ERANGE && value == 0.0;
    errno = before;
    if (lost || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool text_parse_bool(const char *field, size_t length, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};

    for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
        if (strlen(words[k].word) == length && memcmp(words[k].word, field, length) == 0) {
            *out = words[k].value;
            return true;
        }
    }
    return false;
}

// --- out and compare ---

sslact_status text_hand_out(const char *source, size_t length, char *buffer, size_t capacity,
                            size_t *needed)
{
    if (!needed || (!buffer && capacity > 0)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s is NULL", needed ? "buffer" : "needed");
    }
    *needed = length + 1;
    if (!buffer) {
        return SSLACT_OK; // only the size was asked for
    }
    if (capacity <= length) {
        return error_set(SSLACT_ERROR_BUFFER_TOO_SMALL, "buffer holds %zu bytes, %zu are needed",
                         capacity, length + 1);
    }
    if (length > 0) {
        memcpy(buffer, source, length);
    }
    buffer[length] = '\0';
    return SSLACT_OK;
}

#define DISTANCE_LIMIT 256 // longer words are compared by their first bytes

size_t text_distance(const char *a, const char *b)
{
    size_t row[DISTANCE_LIMIT + 1];
    size_t length_a = strnlen(a, DISTANCE_LIMIT);
    size_t length_b = strnlen(b, DISTANCE_LIMIT);

    for (size_t j = 0; j <= length_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) {
                best = row[j] + 1;
            }
            if (row[j - 1] + 1 < best) {
                best = row[j - 1] + 1;
            }
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[length_b];
}

// Length of the UTF-8 character at `at`, 0 if none may stand there.
static size_t check_character(const unsigned char *at)
{
    if (at[0] < 0x80) {
        return at[0] >= 0x20 && at[0] != 0x7f;
    }
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    uint32_t point = at[0] & (0xffu >> (length + 1));
    for (size_t k = 1; k < length; k++) {
        if ((at[k] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (at[k] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
    bool allowed = at[0] >= 0xc2 && at[0] <= 0xf4 && point >= least[length] && point <= 0x10ffff &&
                   !(point >= 0xd800 && point <= 0xdfff);
    return allowed ? length : 0;
}

size_t text_measure_utf8(const char *source)
{
    const unsigned char *at = (const unsigned char *)source;
    size_t length;
    while (*at != 0 && (length = check_character(at)) > 0) {
        at += length;
    }
    return (size_t)(at - (const unsigned char *)source);
}
