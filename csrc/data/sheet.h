// Tables as spreadsheets write them: a header line that names the columns, in any order, and rows.
// Commas, semicolons or tabs between cells, cells in quotes, LF or CRLF, a byte order mark and
// decimal commas are all read. Knows nothing of what the rows mean.
#ifndef DATA_SHEET_H
#define DATA_SHEET_H

#include "data/ava_fields.h"
#include "data/lines.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sheet_column {
    SHEET_VIDEO,
    SHEET_TIME,
    SHEET_X1,
    SHEET_Y1,
    SHEET_X2,
    SHEET_Y2,
    SHEET_X,
    SHEET_Y,
    SHEET_WIDTH,
    SHEET_HEIGHT,
    SHEET_ACTION,
    SHEET_PERSON,
    SHEET_SCORE,
    SHEET_COLUMN_COUNT
} sheet_column;

#define SHEET_MAX_CELLS 64

typedef struct sheet { // zero-initialise it; close it with sheet_close
    line_reader reader;
    char separator;
    int32_t places[SHEET_COLUMN_COUNT]; // of a column among the cells, -1: not in the header
    size_t cell_count;                  // of the header
    field cells[SHEET_MAX_CELLS];       // of the row, without quotes and blanks around them
    char *unquoted;                     // where cells with doubled quotes stand
} sheet;

// Opens the file and reads its header. A column that no name stands for is an error that says which
// one may have been meant.
sslact_status sheet_open(const char *path, sheet *out);
bool sheet_has(const sheet *s, sheet_column column);
// SSLACT_ERROR_FORMAT that names the column where the header lacks it.
sslact_status sheet_require(const sheet *s, sheet_column column);
// The next row that has anything in it: SSLACT_OK with the cells, SSLACT_DONE at the end of the
// file, an error. A row that cannot be cut into cells is reported and passed over. place receives
// where the row stands.
sslact_status sheet_next(sheet *s, data_problems *problems, field_place *place);
// The cell of a column, empty where the header lacks it.
field sheet_get(const sheet *s, sheet_column column);
// A number with a decimal point, or with a decimal comma where that is no separator.
bool sheet_parse_number(field f, double *out);
const char *sheet_get_column_name(sheet_column column); // "x1"
void sheet_close(sheet *s);

#ifdef __cplusplus
}
#endif
#endif
