// One value against one row of the table: from the text that somebody wrote to its canonical text.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/schema.h"

// --- the accepted interval ---

typedef struct interval {
    double low, high;
    bool low_open, high_open;
} interval;

static double parse_bound(const char *digits, size_t length)
{
    double value = 0.0;
    bool ok = text_parse_double(digits, length, &value);
    return ok ? value : NAN; // a slip in the table: then nothing is accepted, and a test fails
}

// "[a, b)", ">= a", "> a"; anything else accepts every finite number.
static interval parse_interval(const char *accepted)
{
    interval range = {-INFINITY, INFINITY, false, false};
    if (accepted[0] == '>') {
        range.low_open = accepted[1] != '=';
        const char *digits = accepted + (range.low_open ? 2 : 3);
        range.low = parse_bound(digits, strlen(digits));
    } else if (accepted[0] == '[' || accepted[0] == '(') {
        size_t length = strlen(accepted);
        const char *comma = strchr(accepted, ',');
        range.low_open = accepted[0] == '(';
        range.high_open = accepted[length - 1] == ')';
        range.low = parse_bound(accepted + 1, (size_t)(comma - accepted) - 1);
        range.high = parse_bound(comma + 2, (size_t)(accepted + length - 1 - (comma + 2)));
    }
    return range;
}

static bool is_inside(const interval *range, double value)
{
    return (range->low_open ? value > range->low : value >= range->low) &&
           (range->high_open ? value < range->high : value <= range->high);
}

// --- messages ---

// At most 80 bytes of a value for a message, not cut inside a character.
static const char *shorten(const char *value, char buffer[96])
{
    size_t length = strlen(value);
    if (length > 80) {
        length = 80;
        while (length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80) {
            length--;
        }
        snprintf(buffer, 96, "%.*s...", (int)length, value);
        return buffer;
    }
    return value;
}

static sslact_status fail_value(const schema_key *key, const char *value)
{
    static const char *const kinds[] = {"an integer ", "a number ", "one of ", "", "",
                                        "one of ",     ""};
    char buffer[96];
    bool bare = key->type == SCHEMA_FLOAT && key->accepted[0] == 'a';
    const char *joint = key->type == SCHEMA_INT || (key->type == SCHEMA_FLOAT && !bare)
                            ? (key->accepted[0] == '>' ? "" : "in ")
                            : "";
    return error_set(SSLACT_ERROR_CONFIG, "%s is \"%s\", expected %s%s%s", key->name,
                     shorten(value, buffer), bare ? "" : kinds[key->type], joint, key->accepted);
}

// --- text ---

static sslact_status check_text(const schema_key *key, const char *value)
{
    if (strlen(value) > SCHEMA_VALUE_LIMIT) {
        return error_set(SSLACT_ERROR_CONFIG, "%s has %zu bytes, at most %d are accepted",
                         key->name, strlen(value), SCHEMA_VALUE_LIMIT);
    }
    size_t good = text_measure_utf8(value);
    if (value[good] != '\0') {
        return error_set(SSLACT_ERROR_CONFIG,
                         "%s: byte %zu is 0x%02x, expected UTF-8 without control characters",
                         key->name, good, (unsigned char)value[good]);
    }
    return SSLACT_OK;
}

// --- numbers ---

static sslact_status read_int(const schema_key *key, const char *value, text *canonical)
{
    int64_t number = 0;
    interval range = parse_interval(key->accepted);
    if (!text_parse_int64(value, strlen(value), &number) || !is_inside(&range, (double)number)) {
        return fail_value(key, value);
    }
    text_append_format(canonical, "%lld", (long long)number);
    return text_status(canonical);
}

static sslact_status read_float(const schema_key *key, const char *value, text *canonical)
{
    double number = 0.0;
    interval range = parse_interval(key->accepted);
    if (!text_parse_double(value, strlen(value), &number) || !is_inside(&range, number)) {
        return fail_value(key, value);
    }
    text_append_double(canonical, number == 0.0 ? 0.0 : number); // no "-0"
    return text_status(canonical);
}

static sslact_status read_bool(const schema_key *key, const char *value, text *canonical)
{
    bool on = false;
    if (!text_parse_bool(value, strlen(value), &on)) {
        return fail_value(key, value);
    }
    text_append(canonical, on ? "true" : "false");
    return text_status(canonical);
}

// --- words ---

// A word of the table that ends in ":N" also stands for "cuda:0", "cuda:1", ...
static bool match_word(const char *word, size_t length, const char *value)
{
    if (strlen(value) == length && strncmp(word, value, length) == 0) {
        return value[length - 1] != 'N';
    }
    int64_t number = 0;
    return length > 2 && word[length - 2] == ':' && word[length - 1] == 'N' &&
           strncmp(word, value, length - 1) == 0 && value[length - 1] >= '0' &&
           value[length - 1] <= '9' &&
           text_parse_int64(value + length - 1, strlen(value + length - 1), &number) &&
           number < 1024;
}

static sslact_status read_choice(const schema_key *key, const char *value, text *canonical)
{
    char nearest[64] = "";
    size_t nearest_distance = 3;
    for (const char *word = key->accepted; *word;) {
        size_t length = strcspn(word, ",");
        if (match_word(word, length, value)) {
            text_append(canonical, value);
            return text_status(canonical);
        }
        char copy[64];
        snprintf(copy, sizeof(copy), "%.*s", (int)length, word);
        size_t distance = text_distance(copy, value);
        bool is_word = strchr(copy, ':') == NULL;
        if (is_word && distance < nearest_distance && distance < length) {
            nearest_distance = distance;
            snprintf(nearest, sizeof(nearest), "%s", copy);
        }
        word += length;
        word += strspn(word, ", ");
    }
    fail_value(key, value);
    if (*nearest) {
        char message[1024];
        snprintf(message, sizeof(message), "%s", sslact_error_get_message());
        return error_set(SSLACT_ERROR_CONFIG, "%s; did you mean \"%s\"", message, nearest);
    }
    return SSLACT_ERROR_CONFIG;
}

// --- lists ---

// The next element and whether a comma follows; blanks around it are dropped.
static bool take_element(const char **at, const char *end, const char **element, size_t *length)
{
    const char *comma = memchr(*at, ',', (size_t)(end - *at));
    const char *stop = comma ? comma : end;
    const char *start = *at;
    while (start < stop && *start == ' ') {
        start++;
    }
    *at = comma ? comma + 1 : end;
    while (stop > start && stop[-1] == ' ') {
        stop--;
    }
    *element = start;
    *length = (size_t)(stop - start);
    return comma != NULL;
}

static void strip_brackets(const char **start, const char **end)
{
    if (*end - *start >= 2 && **start == '[' && (*end)[-1] == ']') {
        (*start)++;
        (*end)--;
    }
}

// "[3, 4, 6, 3]" or "3,4,6,3".
static sslact_status read_list(const schema_key *key, const char *value, text *canonical)
{
    int64_t wanted = 0;
    size_t digits = strcspn(key->accepted, " ");
    bool known = text_parse_int64(key->accepted, digits, &wanted);
    interval range = parse_interval(strpbrk(key->accepted, "[("));
    const char *at = value;
    const char *end = value + strlen(value);
    int64_t count = 0;

    strip_brackets(&at, &end);
    text_append(canonical, "[");
    for (bool more = true; more; count++) {
        const char *element = NULL;
        size_t length = 0;
        int64_t number = 0;
        more = take_element(&at, end, &element, &length);
        if (count == SCHEMA_LIST_LIMIT || !text_parse_int64(element, length, &number) ||
            !is_inside(&range, (double)number)) {
            return fail_value(key, value);
        }
        text_append_format(canonical, count ? ", %lld" : "%lld", (long long)number);
    }
    text_append(canonical, "]");
    return known && count == wanted ? text_status(canonical) : fail_value(key, value);
}

size_t schema_split_list(const char *canonical, int64_t *values, size_t capacity)
{
    const char *at = canonical;
    const char *end = canonical + strlen(canonical);
    size_t count = 0;
    strip_brackets(&at, &end);
    for (bool more = true; more; count++) {
        const char *element = NULL;
        size_t length = 0;
        int64_t number = 0;
        more = take_element(&at, end, &element, &length);
        if (text_parse_int64(element, length, &number) && count < capacity) {
            values[count] = number;
        }
    }
    return count;
}

sslact_status schema_read_value(const schema_key *key, const char *value, text *canonical)
{
    sslact_status status = check_text(key, value);
    if (status != SSLACT_OK) {
        return status;
    }
    bool may_be_unset = key->default_value[0] == '\0';
    if (value[0] == '\0' && may_be_unset) {
        return SSLACT_OK;
    }
    switch (key->type) {
    case SCHEMA_INT:
        return read_int(key, value, canonical);
    case SCHEMA_FLOAT:
        return read_float(key, value, canonical);
    case SCHEMA_BOOL:
        return read_bool(key, value, canonical);
    case SCHEMA_CHOICE:
        return read_choice(key, value, canonical);
    case SCHEMA_LIST:
        return read_list(key, value, canonical);
    case SCHEMA_TEXT:
    case SCHEMA_PATH:
        text_append(canonical, value);
        return text_status(canonical);
    }
    return error_set(SSLACT_ERROR_INTERNAL, "%s has no type", key->name);
}
