// Our plain form: one line a box, "video,num_frames,class_id,tube,frame,x,y,w,h", frames from 0.
#include "data/ucf_builder.h"

#include "base/text.h"

#define HEADER "video,num_frames,class_id,tube,frame,x,y,w,h"
#define COLUMN_COUNT 9

static const char *const columns[COLUMN_COUNT] = {
    "video", "num_frames", "class_id", "tube", "frame", "x", "y", "w", "h"};

// SSLACT_DONE: the line is reported and left out.
static sslact_status refuse(const ucf_builder *b, int64_t number, data_problem kind,
                            const char *what, field got)
{
    sslact_status status =
        data_problems_report(b->problems, kind, data_problems_locate(b->path, number).text,
                             "%s, got \"%s\"", what, show_field(got).text);
    return status < 0 ? status : SSLACT_DONE;
}

static data_problem get_kind(int column)
{
    return column == 2   ? DATA_PROBLEM_ACTION
           : column == 3 ? DATA_PROBLEM_PERSON
                         : DATA_PROBLEM_TIME;
}

// Columns 2 to 5 are whole numbers.
static sslact_status read_integers(const ucf_builder *b, int64_t number, const field *fields,
                                   int64_t *out)
{
    for (int i = 1; i < 5; i++) {
        if (!text_parse_int64(fields[i].data, fields[i].length, &out[i])) {
            text what = {0};
            text_append_format(&what, "column %d: expected a whole number for %s", i + 1,
                               columns[i]);
            sslact_status status = refuse(b, number, get_kind(i), text_get(&what), fields[i]);
            text_free(&what);
            return status;
        }
    }
    return SSLACT_OK;
}

static sslact_status read_pixels(const ucf_builder *b, int64_t number, const field *fields,
                                 double *out)
{
    for (int i = 5; i < COLUMN_COUNT; i++) {
        if (!text_parse_double(fields[i].data, fields[i].length, &out[i])) {
            text what = {0};
            text_append_format(&what, "column %d: expected pixels for %s", i + 1, columns[i]);
            sslact_status status =
                refuse(b, number, DATA_PROBLEM_COORDINATE, text_get(&what), fields[i]);
            text_free(&what);
            return status;
        }
    }
    return SSLACT_OK;
}

// The rows of a video stand together: its name is looked up where it changes.
static bool is_same_video(const ucf_builder *b, const field *name)
{
    const char *now = b->video >= 0 ? b->videos->names[b->video] : "";
    return strlen(now) == name->length && memcmp(now, name->data, name->length) == 0;
}

static sslact_status begin_video(ucf_builder *b, int64_t number, const field *name, int64_t frames)
{
    if (is_same_video(b, name) && b->out->frame_counts[b->video] == frames) {
        return SSLACT_OK;
    }
    data_place place = data_problems_locate(b->path, number);
    if (frames < 1) {
        b->video = -1;
        return data_problems_report(b->problems, DATA_PROBLEM_TIME, place.text,
                                    "column 2: num_frames is %lld, expected 1 or more",
                                    (long long)frames);
    }
    return ucf_begin_video(b, place.text, name->data, name->length, frames);
}

static sslact_status read_row(ucf_builder *b, int64_t number, const field *fields)
{
    int64_t integers[COLUMN_COUNT] = {0};
    double pixels[COLUMN_COUNT] = {0};
    sslact_status status = read_integers(b, number, fields, integers);

    if (status == SSLACT_OK) {
        status = read_pixels(b, number, fields, pixels);
    }
    if (status == SSLACT_OK) {
        status = begin_video(b, number, &fields[0], integers[1]);
    }
    if (status != SSLACT_OK || b->video < 0) {
        return status;
    }
    ucf_box box = {.class_id = integers[2],
                   .tube = integers[3],
                   .frame = integers[4],
                   .x1 = pixels[5],
                   .y1 = pixels[6],
                   .x2 = pixels[5] + pixels[7],
                   .y2 = pixels[6] + pixels[8],
                   .line = number};
    return ucf_add_box(b, &box);
}

static sslact_status read_line(ucf_builder *b, int64_t number, const line *l)
{
    field fields[COLUMN_COUNT], all = {l->data, l->length};
    size_t count;

    if (l->broken) {
        return refuse(b, number, DATA_PROBLEM_LINE,
                      "a line that is too long or has NUL bytes, this is not a CSV row",
                      (field){"", 0});
    }
    count = line_split(l, fields, COLUMN_COUNT);
    if (count != COLUMN_COUNT) {
        return refuse(b, number, DATA_PROBLEM_COLUMNS, "expected the 9 columns " HEADER, all);
    }
    if (number == 1 && fields[0].length == 5 && memcmp(fields[0].data, "video", 5) == 0) {
        return all.length == strlen(HEADER) && memcmp(all.data, HEADER, all.length) == 0
                   ? SSLACT_OK
                   : refuse(b, number, DATA_PROBLEM_COLUMNS, "expected the header " HEADER, all);
    }
    return read_row(b, number, fields);
}

sslact_status ucf_table_read(ucf_builder *b)
{
    line_reader reader = {0};
    line l;
    sslact_status status = line_reader_open(b->path, &reader);

    while (status >= 0 && (status = line_reader_next(&reader, &l)) == SSLACT_OK) {
        status = read_line(b, reader.number, &l);
    }
    line_reader_close(&reader);
    return status < 0 ? status : SSLACT_OK;
}
