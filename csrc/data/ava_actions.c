// Action lists in both spellings of AVA's text protocol buffers. The few words they use are read
// with a small tokenizer, so that the layout of lines does not matter.
#include "data/ava_files.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/file.h"
#include "data/lines.h"

#define ACTION_FILE_MAX_BYTES ((size_t)64 << 20)
#define ACTION_NAME_MAX_BYTES 1024

typedef enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_SIGN, TOKEN_BROKEN } token_kind;

typedef struct parser {
    const char *path;
    const char *at, *end;
    int line;
    token_kind kind; // of the current token
    field token;     // without quotes
} parser;

static void skip_blanks(parser *p)
{
    while (p->at < p->end) {
        if (*p->at == '#') {
            while (p->at < p->end && *p->at != '\n') {
                p->at++;
            }
        } else if (*p->at == '\n') {
            p->line++;
            p->at++;
        } else if (*p->at == ' ' || *p->at == '\t' || *p->at == '\r') {
            p->at++;
        } else {
            return;
        }
    }
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '.';
}

// A quoted text on one line; AVA's names need no escapes, so a backslash is refused.
static void take_text(parser *p)
{
    const char *begin = ++p->at;

    while (p->at < p->end && *p->at != '"' && *p->at != '\n' && *p->at != '\\' && *p->at != '\0') {
        p->at++;
    }
    p->token = (field){begin, (size_t)(p->at - begin)};
    p->kind = p->at < p->end && *p->at == '"' ? TOKEN_TEXT : TOKEN_BROKEN;
    if (p->kind == TOKEN_TEXT) {
        p->at++;
    }
}

static void advance(parser *p)
{
    const char *begin;

    skip_blanks(p);
    begin = p->at;
    if (p->at == p->end) {
        p->kind = TOKEN_END;
        p->token = (field){"end of file", 11};
    } else if (*p->at == '"') {
        take_text(p);
    } else if (is_word_byte(*p->at)) {
        while (p->at < p->end && is_word_byte(*p->at)) {
            p->at++;
        }
        p->kind = TOKEN_WORD;
        p->token = (field){begin, (size_t)(p->at - begin)};
    } else {
        p->at++;
        p->kind = *begin == '{' || *begin == '}' || *begin == ':' ? TOKEN_SIGN : TOKEN_BROKEN;
        p->token = (field){begin, 1};
    }
}

static bool is_token(const parser *p, const char *word)
{
    return (p->kind == TOKEN_WORD || p->kind == TOKEN_SIGN) && strlen(word) == p->token.length &&
           memcmp(word, p->token.data, p->token.length) == 0;
}

static sslact_status refuse(const parser *p, const char *expected)
{
    return error_set(SSLACT_ERROR_FORMAT, "%s:%d: \"%s\", expected %s", p->path, p->line,
                     show_field(p->token).text, expected);
}

static sslact_status expect(parser *p, const char *sign, const char *expected)
{
    if (!is_token(p, sign)) {
        return refuse(p, expected);
    }
    advance(p);
    return SSLACT_OK;
}

static sslact_status read_name(parser *p, ava_action *action)
{
    if (p->kind != TOKEN_TEXT || p->token.length == 0 || p->token.length > ACTION_NAME_MAX_BYTES) {
        return refuse(p, "a name in double quotes on one line");
    }
    if (action->name != NULL) {
        return refuse(p, "one name in each block");
    }
    action->name = text_copy_bytes(p->token.data, p->token.length);
    return action->name == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
}

static sslact_status read_id(parser *p, ava_action *action)
{
    int64_t id;

    if (p->kind != TOKEN_WORD || !text_parse_int64(p->token.data, p->token.length, &id) || id < 1 ||
        id > AVA_ACTION_MAX_ID) {
        return refuse(p, "an id from 1 to 65535");
    }
    if (action->id != 0) {
        return refuse(p, "one id in each block");
    }
    action->id = (int32_t)id;
    return SSLACT_OK;
}

static sslact_status read_type(parser *p, ava_action *action)
{
    if (p->kind != TOKEN_WORD) {
        return refuse(p, "a label type");
    }
    if (is_token(p, "PERSON_MOVEMENT")) {
        action->type = AVA_PERSON_MOVEMENT;
    } else if (is_token(p, "OBJECT_MANIPULATION")) {
        action->type = AVA_OBJECT_MANIPULATION;
    } else if (is_token(p, "PERSON_INTERACTION")) {
        action->type = AVA_PERSON_INTERACTION;
    } else {
        return refuse(p, "PERSON_MOVEMENT, OBJECT_MANIPULATION or PERSON_INTERACTION");
    }
    return SSLACT_OK;
}

// One "key: value".
static sslact_status read_field(parser *p, ava_action *action)
{
    sslact_status (*read)(parser *, ava_action *);
    sslact_status status;

    if (is_token(p, "name")) {
        read = read_name;
    } else if (is_token(p, "id") || is_token(p, "label_id")) {
        read = read_id;
    } else if (is_token(p, "label_type")) {
        read = read_type;
    } else {
        return refuse(p, "name, id, label_id, label_type or \"}\"");
    }
    advance(p);
    status = expect(p, ":", "\":\"");
    if (status >= 0) {
        status = read(p, action);
    }
    if (status >= 0) {
        advance(p);
    }
    return status;
}

static sslact_status read_block(parser *p, ava_action *action)
{
    int first_line = p->line;
    sslact_status status;

    if (!is_token(p, "item") && !is_token(p, "label")) {
        return refuse(p, "\"item {\" or \"label {\"");
    }
    advance(p);
    status = expect(p, "{", "\"{\"");
    while (status >= 0 && !is_token(p, "}")) {
        status = read_field(p, action);
    }
    if (status < 0) {
        return status;
    }
    advance(p);
    if (action->name == NULL || action->id == 0) {
        return error_set(SSLACT_ERROR_FORMAT, "%s:%d: a block without %s", p->path, first_line,
                         action->name == NULL ? "name" : "id");
    }
    return SSLACT_OK;
}

static sslact_status read_blocks(parser *p, ava_actions *actions)
{
    sslact_status status = SSLACT_OK;

    for (advance(p); status >= 0 && p->kind != TOKEN_END;) {
        status = array_reserve((void **)&actions->actions, &actions->capacity, actions->count + 1,
                               sizeof *actions->actions);
        if (status < 0) {
            return status;
        }
        // Counted before it is read: a name inside is then freed with the list.
        actions->actions[actions->count] = (ava_action){0};
        status = read_block(p, &actions->actions[actions->count++]);
    }
    return status;
}

static int compare_ids(const void *a, const void *b)
{
    int32_t left = ((const ava_action *)a)->id, right = ((const ava_action *)b)->id;

    return (left > right) - (left < right);
}

static sslact_status sort_and_check(const char *path, ava_actions *actions)
{
    if (actions->count == 0) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: no action in the list", path);
    }
    qsort(actions->actions, actions->count, sizeof *actions->actions, compare_ids);
    for (size_t i = 1; i < actions->count; i++) {
        if (actions->actions[i].id == actions->actions[i - 1].id) {
            return error_set(SSLACT_ERROR_FORMAT, "%s: id %d stands in the list twice", path,
                             actions->actions[i].id);
        }
    }
    return SSLACT_OK;
}

sslact_status ava_actions_read(const char *path, ava_actions *out)
{
    ava_actions actions = {0};
    char *data = NULL;
    size_t size;
    parser p;
    sslact_status status = file_read(path, ACTION_FILE_MAX_BYTES, &data, &size);

    if (status < 0) {
        return status;
    }
    p = (parser){.path = path, .at = data, .end = data + size, .line = 1};
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        p.at += 3;
    }
    status = read_blocks(&p, &actions);
    if (status >= 0) {
        status = sort_and_check(path, &actions);
    }
    free(data);
    if (status < 0) {
        ava_actions_free(&actions);
        return status;
    }
    *out = actions;
    return SSLACT_OK;
}

int32_t ava_actions_find(const ava_actions *actions, int32_t id)
{
    size_t low = 0, high = actions->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (actions->actions[middle].id == id) {
            return (int32_t)middle;
        }
        if (actions->actions[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

void ava_actions_free(ava_actions *actions)
{
    for (size_t i = 0; i < actions->count; i++) {
        free(actions->actions[i].name);
    }
    free(actions->actions);
    *actions = (ava_actions){0};
}
