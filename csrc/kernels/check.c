// Owns the search for the first value that a rule refuses, and its line of text.
#include "kernels/check.h"

#include <float.h>
#include <stdio.h>

#include "kernels/access.h"

// Elements looked at together: one answer for all of them, so that the loop is arithmetic only.
#define CHECK_BLOCK 256

// Defines a search over one element type. The comparisons are written so that NaN fails them.
#define DEFINE_FIND(NAME, ELEMENT, NUMBER, READ)                                                   \
    static size_t NAME(const ELEMENT *data, size_t count, NUMBER low, NUMBER high)                 \
    {                                                                                              \
        for (size_t first = 0; first < count; first += CHECK_BLOCK) {                              \
            const size_t end = count - first < CHECK_BLOCK ? count : first + CHECK_BLOCK;          \
            unsigned bad = 0;                                                                      \
            for (size_t at = first; at < end; at++) {                                              \
                const NUMBER value = READ(data[at]);                                               \
                bad |= (unsigned)!(value >= low) | (unsigned)!(value <= high);                     \
            }                                                                                      \
            for (size_t at = first; bad != 0 && at < end; at++) {                                  \
                const NUMBER value = READ(data[at]);                                               \
                if (!(value >= low && value <= high)) {                                            \
                    return at;                                                                     \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        return count;                                                                              \
    }

#define READ_PLAIN(value) (value)
#define READ_FLOAT16(value) narrow_decode(value, NARROW_FLOAT16_FRACTION)
#define READ_BFLOAT16(value) narrow_decode(value, NARROW_BFLOAT16_FRACTION)

DEFINE_FIND(find_float32, float, float, READ_PLAIN)
DEFINE_FIND(find_float64, double, double, READ_PLAIN)
DEFINE_FIND(find_float16, uint16_t, double, READ_FLOAT16)
DEFINE_FIND(find_bfloat16, uint16_t, double, READ_BFLOAT16)
DEFINE_FIND(find_int8, int8_t, int8_t, READ_PLAIN)
DEFINE_FIND(find_uint8, uint8_t, uint8_t, READ_PLAIN)
DEFINE_FIND(find_int32, int32_t, int32_t, READ_PLAIN)
DEFINE_FIND(find_int64, int64_t, int64_t, READ_PLAIN)

static size_t find_bad_number(const kernel_check *check, kernel_interval allowed, size_t count)
{
    switch (check->type) {
    case KERNEL_FLOAT32:
        return find_float32(check->data, count, (float)fmax(allowed.low, -FLT_MAX),
                            (float)fmin(allowed.high, FLT_MAX));
    case KERNEL_FLOAT16:
        return find_float16(check->data, count, allowed.low, allowed.high);
    case KERNEL_BFLOAT16:
        return find_bfloat16(check->data, count, allowed.low, allowed.high);
    case KERNEL_FLOAT64:
        break;
    }
    return find_float64(check->data, count, allowed.low, allowed.high);
}

size_t kernel_find_bad(const kernel_check *check)
{
    const kernel_interval allowed = kernel_rule_interval(check->rule, check->classes);
    const size_t count = kernel_check_count(check);
    switch (check->rule) {
    case KERNEL_RULE_LABEL:
        return find_int8(check->data, count, -1, 1);
    case KERNEL_RULE_BINARY:
        return find_uint8(check->data, count, 0, 1);
    case KERNEL_RULE_COUNT:
        return find_int64(check->data, count, 0, INT64_MAX);
    case KERNEL_RULE_CLASS:
        return find_int32(check->data, count, -1,
                          (int32_t)(check->classes < INT32_MAX ? check->classes - 1 : INT32_MAX));
    case KERNEL_RULE_FINITE:
    case KERNEL_RULE_SHARE:
    case KERNEL_RULE_NOT_NEGATIVE:
        break;
    }
    return find_bad_number(check, allowed, count);
}

static double get_value(const kernel_check *check, size_t index)
{
    switch (check->rule) {
    case KERNEL_RULE_LABEL:
        return (double)((const int8_t *)check->data)[index];
    case KERNEL_RULE_BINARY:
        return (double)((const uint8_t *)check->data)[index];
    case KERNEL_RULE_COUNT:
        return (double)((const int64_t *)check->data)[index];
    case KERNEL_RULE_CLASS:
        return (double)((const int32_t *)check->data)[index];
    case KERNEL_RULE_FINITE:
    case KERNEL_RULE_SHARE:
    case KERNEL_RULE_NOT_NEGATIVE:
        break;
    }
    return source_get((kernel_source){check->data, check->type}, index);
}

static const char *get_words(kernel_rule rule)
{
    switch (rule) {
    case KERNEL_RULE_SHARE:
        return "a number in [0, 1]";
    case KERNEL_RULE_NOT_NEGATIVE:
        return "a finite number, 0 or more";
    case KERNEL_RULE_LABEL:
        return "-1, 0 or 1";
    case KERNEL_RULE_BINARY:
        return "0 or 1";
    case KERNEL_RULE_COUNT:
        return "0 or more";
    case KERNEL_RULE_CLASS:
    case KERNEL_RULE_FINITE:
        break;
    }
    return "a finite number";
}

sslact_status kernel_refuse(const kernel_check *check, size_t index, double value)
{
    char place[64];
    char words[64];
    if (check->columns > 0) {
        snprintf(place, sizeof(place), "[%zu][%zu]", index / check->columns,
                 index % check->columns);
    } else {
        snprintf(place, sizeof(place), "[%zu]", index);
    }
    if (check->rule == KERNEL_RULE_CLASS) {
        snprintf(words, sizeof(words), "-1 to %lld", (long long)check->classes - 1);
    } else {
        snprintf(words, sizeof(words), "%s", get_words(check->rule));
    }
    // 7 digits: enough to see what is wrong, and no tail of binary fractions. NaN has no sign.
    if (isnan(value)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s%s: nan, expected %s", check->name,
                         place, words);
    }
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s%s: %.7g, expected %s", check->name, place,
                     value, words);
}

sslact_status kernel_check_values(const kernel_check *checks, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        const size_t index = kernel_find_bad(&checks[k]);
        if (index < kernel_check_count(&checks[k])) {
            return kernel_refuse(&checks[k], index, get_value(&checks[k], index));
        }
    }
    return SSLACT_OK;
}
