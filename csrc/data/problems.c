// Tallies the faults of a data set's files; the readers find them.
#include "data/problems.h"

#include <stdio.h>

#include "base/log.h"

static const struct {
    const char *name;
    const char *words;
    sslact_status status;
    bool harmless;
} kinds[DATA_PROBLEM_COUNT] = {
#define ROW(name, words)                                                                           \
    {                                                                                              \
        name, words " left out", SSLACT_ERROR_FORMAT, false                                        \
    }
    [DATA_PROBLEM_FILE] = {"unreadable file", "unreadable files", SSLACT_ERROR_IO, false},
    [DATA_PROBLEM_LINE] = ROW("broken line", "broken lines"),
    [DATA_PROBLEM_COLUMNS] = ROW("number of columns", "rows with a wrong number of columns"),
    [DATA_PROBLEM_NAME] = ROW("name", "rows with an impossible name"),
    [DATA_PROBLEM_TIME] = ROW("timestamp", "rows with a bad timestamp"),
    [DATA_PROBLEM_COORDINATE] = ROW("coordinate", "rows with a bad coordinate"),
    [DATA_PROBLEM_BOX_REVERSED] = ROW("reversed box", "rows with a reversed box"),
    [DATA_PROBLEM_BOX_OUTSIDE] = ROW("box outside the picture", "rows with a box outside"),
    [DATA_PROBLEM_ACTION] = ROW("action id", "rows with a bad action id"),
    [DATA_PROBLEM_PERSON] = ROW("person id", "rows with a bad person id"),
    [DATA_PROBLEM_SCORE] = ROW("score", "rows with a bad score"),
#undef ROW
    [DATA_PROBLEM_DUPLICATE] = {"repeated label", "repeated label rows", SSLACT_ERROR_FORMAT, true},
    [DATA_PROBLEM_ORDER] = {"unsorted rows", "files with unsorted rows", SSLACT_ERROR_FORMAT, true},
    [DATA_PROBLEM_UNKNOWN_VIDEO] = {"missing video", "videos without a file left out",
                                    SSLACT_ERROR_NOT_FOUND, false},
    [DATA_PROBLEM_VIDEO] = {"unreadable video", "unreadable videos", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_KEY_FRAME] = {"key frame outside the video", "key frames outside their video",
                                SSLACT_ERROR_MISMATCH, false},
    [DATA_PROBLEM_MISMATCH] = {"video in one file only", "videos with labels or boxes alone",
                               SSLACT_ERROR_MISMATCH, true},
    [DATA_PROBLEM_CLASSES] = {"classes", "action lists that do not fit", SSLACT_ERROR_MISMATCH,
                              false},
};

const char *data_problem_get_name(data_problem kind)
{
    return kinds[kind].name;
}

bool data_problem_is_harmless(data_problem kind)
{
    return kinds[kind].harmless;
}

data_place data_problems_locate(const char *path, int64_t line)
{
    data_place place;
    size_t length = strlen(path), room = sizeof place.text - 32;
    const char *shown = length > room ? path + length - room : path;
    snprintf(place.text, sizeof place.text, "%s:%lld", shown, (long long)line);
    return place;
}

sslact_status data_problems_report(data_problems *p, data_problem kind, const char *place,
                                   const char *format, ...)
{
    char what[DATA_PROBLEM_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);

    if (p->counts[kind]++ == 0) {
        snprintf(p->first[kind], sizeof p->first[kind], "%.500s: %s", place, what);
    }
    if (p->callback != NULL) {
        if (p->callback(kind, place, what, p->user) != 0) {
            return error_set(SSLACT_ERROR_CANCELLED, "cancelled by the caller");
        }
        return SSLACT_OK;
    }
    if (p->skip || kinds[kind].harmless) {
        return SSLACT_OK;
    }
    return error_set(kinds[kind].status, "%s: %s", place, what);
}

void data_problems_warn(const data_problems *p)
{
    for (int kind = 0; kind < DATA_PROBLEM_COUNT; kind++) {
        if (p->counts[kind] > 0) {
            log_write(SSLACT_LOG_WARNING, "data", "%lld %s, the first: %s",
                      (long long)p->counts[kind], kinds[kind].words, p->first[kind]);
        }
    }
}
