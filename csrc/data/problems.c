// Tallies the faults of a data set's files; the readers find them.
#include "data/problems.h"

#include <stdio.h>

#include "base/log.h"

static const struct {
    const char *name;
    const char *words; // for a log line, behind a count
    const char *fix;
    sslact_status status;
    bool harmless;
} kinds[DATA_PROBLEM_COUNT] = {
#define ROW(name, words, fix)                                                                      \
    {                                                                                              \
        name, words " left out", fix, SSLACT_ERROR_FORMAT, false                                   \
    }
#define SEEN(name, words, fix)                                                                     \
    {                                                                                              \
        name, words, fix, SSLACT_ERROR_MISMATCH, true                                              \
    }
    [DATA_PROBLEM_FILE] = {"unreadable file", "unreadable files",
                           "correct the path in the config, or make the file readable",
                           SSLACT_ERROR_IO, false},
    [DATA_PROBLEM_LINE] = ROW("broken line", "broken lines",
                              "give the key a comma separated text file; a NUL byte or a line of "
                              "65536 bytes means it is something else"),
    [DATA_PROBLEM_COLUMNS] = ROW("number of columns", "rows with a wrong number of columns",
                                 "give the row the columns that docs/data.md lists, or delete it"),
    [DATA_PROBLEM_NAME] = ROW("name", "rows with an impossible name",
                              "write the video id or relative file name without quotes, \"..\" and "
                              "control characters"),
    [DATA_PROBLEM_TIME] = ROW("timestamp", "rows with a bad timestamp",
                              "write the time in seconds of the film, with a point"),
    [DATA_PROBLEM_COORDINATE] = ROW("coordinate", "rows with a bad coordinate",
                                    "write the corner as a number from 0 to 1, with a point"),
    [DATA_PROBLEM_BOX_REVERSED] = ROW("reversed box", "rows with a reversed box",
                                      "order the corners x1,y1,x2,y2 with x1 < x2 and y1 < y2, or "
                                      "delete the box"),
    [DATA_PROBLEM_BOX_OUTSIDE] = ROW("box outside the picture", "rows with a box outside",
                                     "write corners as fractions of the picture and cut them to "
                                     "0 to 1"),
    [DATA_PROBLEM_BOX_CUT] = {"box over the edge", "boxes cut at the edge of the picture",
                              "nothing where it is a pixel or two; else say in which pixels the "
                              "boxes are",
                              SSLACT_ERROR_FORMAT, true},
    [DATA_PROBLEM_ACTION] = ROW("action id", "rows with a bad action id",
                                "use an id of the action list (data.actions), or add the action "
                                "there"),
    [DATA_PROBLEM_PERSON] = ROW("person id", "rows with a bad person id",
                                "write a whole number in column 8 of labels, or leave the column "
                                "out"),
    [DATA_PROBLEM_SCORE] = ROW("score", "rows with a bad score",
                               "write the detector's score, 0 to 1, in column 8 of boxes"),
    [DATA_PROBLEM_DUPLICATE] = {"repeated label", "repeated label rows",
                                "delete the second row (sort -u): it counts twice in evaluation",
                                SSLACT_ERROR_FORMAT, true},
    [DATA_PROBLEM_ORDER] = {"unsorted rows", "files with unsorted rows",
                            "sort the file by video and time; results do not depend on it",
                            SSLACT_ERROR_FORMAT, true},
    [DATA_PROBLEM_UNKNOWN_VIDEO] = {"missing video", "videos without a file left out",
                                    "put the video below data.video_root under its id with any "
                                    "extension, or delete its rows",
                                    SSLACT_ERROR_NOT_FOUND, false},
    [DATA_PROBLEM_VIDEO] = {"unreadable video", "unreadable videos",
                            "fetch the video again; if a player shows it, rewrite it with "
                            "ffmpeg -i OLD -c copy NEW",
                            SSLACT_ERROR_FORMAT, false},
    [DATA_PROBLEM_KEY_FRAME] = {"key frame outside the video", "key frames outside their video",
                                "fetch the whole video, or set data.start_offset_seconds to the "
                                "second of the film at which the file begins",
                                SSLACT_ERROR_MISMATCH, false},
    [DATA_PROBLEM_MISMATCH] = SEEN("video in one file only", "videos with labels or boxes alone",
                                   "give boxes for the video, or check that the box file is of "
                                   "this split"),
    [DATA_PROBLEM_FRAME_COUNT] =
        SEEN("frame count", "videos with other frame counts than annotated",
             "use the video files that were annotated, or give the last "
             "frames no label"),
    [DATA_PROBLEM_CLASSES] = {"classes", "action lists that do not fit",
                              "set model.class_count to the number of actions on the list, and one "
                              "data.actions for all splits",
                              SSLACT_ERROR_MISMATCH, false},
    [DATA_PROBLEM_PAIRING] = SEEN("wrong pairing", "files that do not belong together",
                                  "the message says which columns, times or files to exchange"),
    [DATA_PROBLEM_FRAMES] = SEEN("missing frames", "key frames with missing frames",
                                 "fetch the video again, or raise data.max_frame_gap_seconds, or "
                                 "exclude the key frame (data.exclusions)"),
    [DATA_PROBLEM_DECODING] = SEEN("damaged frames", "key frames that do not decode",
                                   "fetch the video again, or exclude the key frame "
                                   "(data.exclusions), or set data.on_bad_clip=skip"),
    [DATA_PROBLEM_TWO_BOXES] = SEEN("person with two boxes", "people with two boxes",
                                    "keep the right box, or give the second person another id"),
    [DATA_PROBLEM_TWO_PEOPLE] =
        SEEN("box of two people", "boxes of two people", "give all rows of the box one person id"),
    [DATA_PROBLEM_NEAR_DUPLICATE] = SEEN("near duplicate", "boxes that nearly agree",
                                         "if it is one person, give all its labels one and the "
                                         "same box: now it trains as two"),
    [DATA_PROBLEM_LEAK] = SEEN("leak", "videos that train and validate",
                               "remove the video from training, or results on it mean nothing"),
    [DATA_PROBLEM_SAME_VIDEO] = SEEN("same video twice", "videos under two ids",
                                     "keep one of the two ids, or put the right file in place"),
    [DATA_NOTE_EMPTY_CLASS] = SEEN("class without instance", "classes without any instance",
                                      "label some people with it, or take it from the action list "
                                      "and lower model.class_count"),
    [DATA_NOTE_UNLISTED_LABEL] = SEEN("unlisted label", "labels off the list",
                                      "nothing, where the list is meant to be shorter (AVA: 60 of "
                                      "80); otherwise add the action"),
    [DATA_NOTE_EXCLUDED] = SEEN("excluded key frame", "rows on excluded key frames",
                                "nothing: they are left out, as data.exclusions asks"),
    [DATA_NOTE_REPEATED_BOX] =
        SEEN("repeated box", "repeated box rows", "nothing: equal rows count as one box"),
    [DATA_NOTE_EMPTY_KEY_FRAME] = SEEN("key frame without box", "key frames without box",
                                       "nothing, where the detector saw nobody; many of them mean "
                                       "a score threshold (data.box_score_*) that is too high"),
    [DATA_NOTE_SUBSET_CLASS] = SEEN("class outside the subset", "classes without instance",
                                    "nothing, or a larger data.label_ratio or another "
                                    "data.subset_seed"),
    [DATA_NOTE_UNUSED_BOXES] = SEEN("unused boxes", "videos with boxes alone",
                                    "nothing: boxes of videos without labels are not used"),
#undef SEEN
#undef ROW
};

const char *data_problem_get_name(data_problem kind)
{
    return kinds[kind].name;
}

const char *data_problem_get_fix(data_problem kind)
{
    return kinds[kind].fix;
}

bool data_problem_is_harmless(data_problem kind)
{
    return kinds[kind].harmless;
}

bool data_problem_is_note(data_problem kind)
{
    return kind >= DATA_NOTE_UNLISTED_LABEL;
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
