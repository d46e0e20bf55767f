// The text form of an entry: one fact a line, in fixed order. Times are runs of equal steps, which
// is one line for most videos.
#include "data/cache_entry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/log.h"
#include "data/lines.h"

enum { FORMAT_VERSION = 1, MAX_WORDS = 4 };

void cache_entry_clear(cache_entry *e)
{
    free(e->made_with);
    free(e->left_out);
    free(e->pts);
    *e = (cache_entry){0};
}

// --- writing ---

static void write_times(const cache_entry *e, text *out)
{
    int64_t count = e->original.frame_count;
    text_append_format(out, "first %" PRId64 "\n", e->pts[0]);
    for (int64_t n = 1; n < count;) {
        uint64_t step = (uint64_t)e->pts[n] - (uint64_t)e->pts[n - 1];
        int64_t begin = n;
        while (n < count && (uint64_t)e->pts[n] - (uint64_t)e->pts[n - 1] == step) {
            n++;
        }
        text_append_format(out, "step %" PRId64 " %" PRId64 "\n", (int64_t)step, n - begin);
    }
}

static void write_copy(const cache_entry *e, text *out)
{
    const video_original *o = &e->original;
    text_append_format(out, "copy_bytes %" PRId64 "\n", e->copy_bytes);
    text_append_format(out, "size %d %d\n", o->width, o->height);
    text_append_format(out, "picture %d %d\n", o->picture_width, o->picture_height);
    text_append_format(out, "frames %" PRId64 "\n", o->frame_count);
    text_append_format(out, "time_unit %d %d\n", o->time_numerator, o->time_denominator);
    if (e->pts != NULL) {
        write_times(e, out);
    }
}

// A message keeps its line.
static void write_line(text *out, const char *key, const char *value)
{
    text_append_format(out, "%s ", key);
    for (; *value != '\0'; value++) {
        char letter = *value == '\n' || *value == '\r' ? ' ' : *value;
        text_append_bytes(out, &letter, 1);
    }
    text_append(out, "\n");
}

sslact_status cache_entry_write(const char *path, const cache_entry *e)
{
    text out = {0};
    text_append_format(&out, "sslact_cache %d\n", FORMAT_VERSION);
    text_append_format(&out, "source_bytes %" PRId64 "\n", e->source.bytes);
    text_append_format(&out, "source_modified_ns %" PRId64 "\n", e->source.modified_ns);
    text_append_format(&out, "source_md5 %s\n", e->source.md5);
    write_line(&out, "made_with", e->made_with);
    text_append_format(&out, "codec %s\n", e->recipe.codec);
    text_append_format(&out, "quality %d\n", e->recipe.quality);
    text_append_format(&out, "key_frame_interval %d\n", e->recipe.key_frame_interval);
    text_append_format(&out, "short_side %d\n", e->recipe.short_side);
    if (e->left_out != NULL) {
        write_line(&out, "left_out", e->left_out);
    } else {
        write_copy(e, &out);
    }
    text_append(&out, "end\n");
    sslact_status status = text_status(&out);
    if (status >= 0) {
        status = file_write(path, text_get(&out), out.length);
    }
    text_free(&out);
    return status;
}

// --- reading ---

typedef struct entry_reader {
    const char *path;
    line_reader lines;
    line now;
    field words[MAX_WORDS]; // [word_count] of the line, the first one is its key
    size_t word_count;
} entry_reader;

static sslact_status report(const entry_reader *r, const char *expected)
{
    field whole = {r->now.data, r->now.length};
    return error_set(SSLACT_ERROR_FORMAT, "%s:%lld: \"%s\", expected %s", r->path,
                     (long long)r->lines.number, show_field(whole).text, expected);
}

static void split_words(entry_reader *r)
{
    const char *data = r->now.data, *end = data + r->now.length;
    r->word_count = 0;
    while (data < end && r->word_count < MAX_WORDS) {
        const char *space = memchr(data, ' ', (size_t)(end - data));
        // The last word may hold spaces.
        size_t length =
            (size_t)((space != NULL && r->word_count + 1 < MAX_WORDS ? space : end) - data);
        r->words[r->word_count++] = (field){data, length};
        data += length + 1;
    }
}

static sslact_status next_line(entry_reader *r)
{
    sslact_status status = line_reader_next(&r->lines, &r->now);
    if (status == SSLACT_DONE) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: ends after line %lld, expected \"end\"", r->path,
                         (long long)r->lines.number);
    }
    if (status >= 0 && r->now.broken) {
        return report(r, "text");
    }
    if (status >= 0) {
        split_words(r);
    }
    return status;
}

static bool has_key(const entry_reader *r, const char *key)
{
    return r->word_count > 0 && r->words[0].length == strlen(key) &&
           memcmp(r->words[0].data, key, strlen(key)) == 0;
}

// Numbers behind the key of the current line, each from low to high.
static sslact_status take_numbers(const entry_reader *r, const char *key, size_t count, int64_t low,
                                  int64_t high, int64_t *out)
{
    bool good = has_key(r, key) && r->word_count == count + 1;
    for (size_t k = 0; good && k < count; k++) {
        const field *word = &r->words[k + 1];
        good =
            text_parse_int64(word->data, word->length, &out[k]) && out[k] >= low && out[k] <= high;
    }
    return good ? SSLACT_OK : report(r, key);
}

static sslact_status read_numbers(entry_reader *r, const char *key, size_t count, int64_t low,
                                  int64_t high, int64_t *out)
{
    sslact_status status = next_line(r);
    return status < 0 ? status : take_numbers(r, key, count, low, high, out);
}

// All that stands behind the key.
static sslact_status take_text(const entry_reader *r, const char *key, char **out)
{
    size_t skipped = strlen(key) + 1;
    if (!has_key(r, key) || r->now.length <= skipped) {
        return report(r, key);
    }
    *out = text_copy_bytes(r->now.data + skipped, r->now.length - skipped);
    return *out == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

static sslact_status read_word(entry_reader *r, const char *key, char *out, size_t capacity)
{
    sslact_status status = next_line(r);
    if (status < 0) {
        return status;
    }
    if (!has_key(r, key) || r->word_count != 2 || r->words[1].length + 1 > capacity) {
        return report(r, key);
    }
    memcpy(out, r->words[1].data, r->words[1].length);
    out[r->words[1].length] = '\0';
    return SSLACT_OK;
}

static sslact_status read_source(entry_reader *r, cache_entry *e)
{
    int64_t version;
    sslact_status status =
        read_numbers(r, "sslact_cache", 1, FORMAT_VERSION, FORMAT_VERSION, &version);
    if (status >= 0) {
        status = read_numbers(r, "source_bytes", 1, 0, INT64_MAX, &e->source.bytes);
    }
    if (status >= 0) {
        status =
            read_numbers(r, "source_modified_ns", 1, INT64_MIN, INT64_MAX, &e->source.modified_ns);
    }
    if (status >= 0) {
        status = read_word(r, "source_md5", e->source.md5, sizeof e->source.md5);
    }
    if (status >= 0) {
        status = next_line(r);
    }
    return status < 0 ? status : take_text(r, "made_with", &e->made_with);
}

static sslact_status read_small(entry_reader *r, const char *key, int32_t *out)
{
    int64_t value;
    sslact_status status = read_numbers(r, key, 1, 0, INT32_MAX, &value);
    if (status >= 0) {
        *out = (int32_t)value;
    }
    return status;
}

static sslact_status read_recipe(entry_reader *r, cache_recipe *recipe)
{
    sslact_status status = read_word(r, "codec", recipe->codec, sizeof recipe->codec);
    if (status >= 0) {
        status = read_small(r, "quality", &recipe->quality);
    }
    if (status >= 0) {
        status = read_small(r, "key_frame_interval", &recipe->key_frame_interval);
    }
    return status < 0 ? status : read_small(r, "short_side", &recipe->short_side);
}

static sslact_status read_pair(entry_reader *r, const char *key, int32_t low, int32_t *a,
                               int32_t *b)
{
    int64_t values[2];
    sslact_status status = read_numbers(r, key, 2, low, INT32_MAX, values);
    if (status >= 0) {
        *a = (int32_t)values[0];
        *b = (int32_t)values[1];
    }
    return status;
}

// The copy has a byte a frame at the very least: what a damaged number can make us allocate is
// bounded by a file that is really there.
static sslact_status check_copy(const entry_reader *r, const cache_entry *e)
{
    text copy = {0};
    int64_t bytes = 0, modified_ns;
    size_t stem = strlen(r->path) - strlen(CACHE_ENTRY_EXTENSION);
    text_append_bytes(&copy, r->path, stem);
    text_append(&copy, CACHE_COPY_EXTENSION);
    sslact_status status = text_status(&copy);
    if (status >= 0) {
        status = file_describe(text_get(&copy), &bytes, &modified_ns);
    }
    if (status >= 0 && (bytes != e->copy_bytes || bytes < e->original.frame_count)) {
        status = error_set(SSLACT_ERROR_MISMATCH,
                           "%s: %lld bytes, %lld bytes and %lld frames are noted of it",
                           text_get(&copy), (long long)bytes, (long long)e->copy_bytes,
                           (long long)e->original.frame_count);
    }
    text_free(&copy);
    return status;
}

static sslact_status read_times(entry_reader *r, cache_entry *e)
{
    int64_t count = e->original.frame_count, made = 1, run[2];
    e->pts = array_create((size_t)count, sizeof *e->pts);
    if (e->pts == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    sslact_status status = read_numbers(r, "first", 1, INT64_MIN, INT64_MAX, &e->pts[0]);
    while (status >= 0 && made < count) {
        status = read_numbers(r, "step", 2, 0, INT64_MAX, run);
        if (status >= 0 && (run[1] < 1 || run[1] > count - made)) {
            return report(r, "no more steps than frames");
        }
        for (int64_t k = 0; status >= 0 && k < run[1]; k++, made++) {
            if (__builtin_add_overflow(e->pts[made - 1], run[0], &e->pts[made])) {
                return report(r, "times that fit in 64 bits");
            }
        }
    }
    return status;
}

static sslact_status read_copy(entry_reader *r, cache_entry *e)
{
    video_original *o = &e->original;
    sslact_status status = take_numbers(r, "copy_bytes", 1, 1, INT64_MAX, &e->copy_bytes);
    if (status >= 0) {
        status = read_pair(r, "size", 1, &o->width, &o->height);
    }
    if (status >= 0) {
        status = read_pair(r, "picture", 1, &o->picture_width, &o->picture_height);
    }
    if (status >= 0) {
        status = read_numbers(r, "frames", 1, 1, INT64_MAX, &o->frame_count);
    }
    if (status >= 0) {
        status = read_pair(r, "time_unit", 0, &o->time_numerator, &o->time_denominator);
    }
    if (status >= 0) {
        status = check_copy(r, e);
    }
    if (status >= 0 && o->time_denominator > 0) {
        status = read_times(r, e);
        o->pts = e->pts;
    }
    return status < 0 ? status : next_line(r);
}

static sslact_status read_entry(entry_reader *r, cache_entry *e)
{
    sslact_status status = read_source(r, e);
    if (status >= 0) {
        status = read_recipe(r, &e->recipe);
    }
    if (status >= 0) {
        status = next_line(r);
    }
    if (status >= 0 && has_key(r, "left_out")) {
        status = take_text(r, "left_out", &e->left_out);
        status = status < 0 ? status : next_line(r);
    } else if (status >= 0) {
        status = read_copy(r, e);
    }
    return status >= 0 && !has_key(r, "end") ? report(r, "\"end\"") : status;
}

sslact_status cache_entry_read(const char *path, cache_entry *out)
{
    entry_reader r = {.path = path};
    cache_entry made = {0};
    sslact_status status = line_reader_open(path, &r.lines);
    if (status < 0) {
        return status;
    }
    status = read_entry(&r, &made);
    line_reader_close(&r.lines);
    if (status < 0) {
        cache_entry_clear(&made);
        return status;
    }
    *out = made;
    return SSLACT_OK;
}

// --- comparing ---

sslact_status cache_entry_check_source(const cache_entry *e, const char *source,
                                       bool (*stopped)(void *user), void *user, bool *touched)
{
    fingerprint now;
    *touched = false;
    sslact_status status = fingerprint_look(source, &now);
    if (status < 0) {
        return status;
    }
    bool same = now.bytes == e->source.bytes;
    if (same && now.modified_ns != e->source.modified_ns) {
        status = fingerprint_read(source, stopped, user, &now);
        same = status >= 0 && strcmp(now.md5, e->source.md5) == 0;
        *touched = same;
    }
    if (status >= 0 && !same) {
        status = error_set(SSLACT_ERROR_MISMATCH,
                           "%s: has changed since its copy was made (%lld bytes then, %lld now)",
                           source, (long long)e->source.bytes, (long long)now.bytes);
    }
    return status;
}
