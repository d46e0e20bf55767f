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
    [DATA_PROBLEM_FILE] = {"file", "unreadable files", SSLACT_ERROR_IO, false},
    [DATA_PROBLEM_LINE] = {"line", "broken lines", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_COLUMNS] = {"columns", "rows with a wrong number of columns", SSLACT_ERROR_FORMAT,
                              false},
    [DATA_PROBLEM_NAME] = {"name", "rows with an impossible name", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_TIME] = {"time", "rows with a bad timestamp", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_COORDINATE] = {"coordinate", "rows with a bad coordinate", SSLACT_ERROR_FORMAT,
                                 false},
    [DATA_PROBLEM_BOX_REVERSED] = {"box_reversed", "rows with a reversed box", SSLACT_ERROR_FORMAT,
                                   false},
    [DATA_PROBLEM_BOX_OUTSIDE] = {"box_outside", "rows with a box outside the picture",
                                  SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_ACTION] = {"action", "rows with a bad action id", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_PERSON] = {"person", "rows with a bad person id", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_SCORE] = {"score", "rows with a bad score", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_DUPLICATE] = {"duplicate", "repeated label rows", SSLACT_ERROR_FORMAT, true},
    [DATA_PROBLEM_ORDER] = {"order", "files with unsorted key frames", SSLACT_ERROR_FORMAT, true},
    [DATA_PROBLEM_UNKNOWN_VIDEO] = {"unknown_video", "videos without a file",
                                    SSLACT_ERROR_NOT_FOUND, false},
    [DATA_PROBLEM_VIDEO] = {"video", "videos that do not open", SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_KEY_FRAME] = {"key_frame", "key frames outside their video",
                                SSLACT_ERROR_MISMATCH, false},
    [DATA_PROBLEM_MISMATCH] = {"mismatch", "videos in only one of two files", SSLACT_ERROR_MISMATCH,
                               true},
};

const char *data_problem_get_name(data_problem kind)
{
    return kinds[kind].name;
}

bool data_problem_is_harmless(data_problem kind)
{
    return kinds[kind].harmless;
}

sslact_status data_problems_report(data_problems *p, data_problem kind, const char *format, ...)
{
    char message[DATA_PROBLEM_TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    if (p->counts[kind]++ == 0) {
        memcpy(p->first[kind], message, sizeof message);
    }
    if (p->callback != NULL) {
        if (p->callback(kind, message, p->user) != 0) {
            return error_set(SSLACT_ERROR_CANCELLED, "cancelled by the caller");
        }
        return SSLACT_OK;
    }
    if (p->skip || kinds[kind].harmless) {
        return SSLACT_OK;
    }
    return error_set(kinds[kind].status, "%s", message);
}

void data_problems_warn(const data_problems *p)
{
    for (int kind = 0; kind < DATA_PROBLEM_COUNT; kind++) {
        if (p->counts[kind] > 0) {
            log_write(SSLACT_LOG_WARNING, "data", "%lld %s%s, the first: %s",
                      (long long)p->counts[kind], kinds[kind].words,
                      kinds[kind].harmless ? "" : " left out", p->first[kind]);
        }
    }
}
