// Boxes, videos and actions under construction.
#include "import/collection.h"

#include <stdlib.h>
#include <strings.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

sslact_status collection_add_video(collection *c, const char *name, double rate, int32_t *index)
{
    size_t known = c->videos.count;
    sslact_status status = name_table_add(&c->videos, name, strlen(name), index);
    if (status >= 0) {
        status =
            array_reserve((void **)&c->rates, &c->rate_capacity, c->videos.count, sizeof *c->rates);
    }
    if (status >= 0 && (c->videos.count > known || rate > 0)) {
        c->rates[*index] = rate;
    }
    return status;
}

sslact_status collection_add_action(collection *c, const char *place, const char *name,
                                    int32_t *index)
{
    if (name[0] == '\0' || name[text_measure_utf8(name)] != '\0' || strpbrk(name, "|\"") != NULL) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: action \"%.60s\", expected a name without control characters, quotes "
                         "and \"|\"",
                         place, name);
    }
    return name_table_add(&c->actions, name, strlen(name), index);
}

sslact_status collection_add_box(collection *c, const import_box *box)
{
    sslact_status status =
        array_reserve((void **)&c->boxes, &c->box_capacity, c->box_count + 1, sizeof *c->boxes);
    if (status >= 0) {
        c->boxes[c->box_count] = *box;
        c->boxes[c->box_count].action_first = c->box_action_count;
        c->boxes[c->box_count++].action_count = 0;
    }
    return status;
}

sslact_status collection_give_action(collection *c, int32_t action)
{
    sslact_status status = array_reserve((void **)&c->box_actions, &c->box_action_capacity,
                                         c->box_action_count + 1, sizeof *c->box_actions);
    if (status >= 0) {
        c->box_actions[c->box_action_count++] = action;
        c->boxes[c->box_count - 1].action_count++;
    }
    return status;
}

void collection_free(collection *c)
{
    name_table_free(&c->videos);
    name_table_free(&c->actions);
    free(c->rates);
    free(c->boxes);
    free(c->box_actions);
    *c = (collection){0};
}

// --- names ---

bool import_is_true(const char *value)
{
    return strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0 ||
           strcmp(value, "1") == 0;
}

bool import_is_nothing(const char *value)
{
    static const char *const words[] = {
        "", "none", "__undefined__", "undefined", "false", "no", "false", "0", "-", "n/a", NULL};
    for (size_t k = 0; words[k] != NULL; k++) {
        if (strcasecmp(value, words[k]) == 0) {
            return true;
        }
    }
    return false;
}

// The digits at the end of a name without extension, -1: there are none.
static int64_t find_number(const char *name)
{
    const char *end = name + strlen(name) - strlen(path_get_extension(name));
    const char *begin = end;
    int64_t number;
    while (begin > name && begin[-1] >= '0' && begin[-1] <= '9') {
        begin--;
    }
    return begin < end && text_parse_int64(begin, (size_t)(end - begin), &number) ? number : -1;
}

sslact_status collection_locate(collection *c, const char *place, const char *picture,
                                const char *fallback, int32_t *index, int64_t *frame)
{
    const char *name = path_get_name(picture);
    int64_t number = find_number(name);
    if (number < 0) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: picture \"%.100s\", expected the number of its frame at the end of "
                         "its name",
                         place, picture);
    }
    *frame = number - c->options->first_frame;
    if (c->options->video != NULL && c->options->video[0] != '\0') {
        return collection_add_video(c, c->options->video, 0, index);
    }
    if (name > picture + 1) {
        char *folder = text_copy_bytes(picture, (size_t)(name - picture) - 1);
        if (folder == NULL) {
            return SSLACT_ERROR_OUT_OF_MEMORY;
        }
        sslact_status status = collection_add_video(c, folder, 0, index);
        free(folder);
        return status;
    }
    if (fallback != NULL && fallback[0] != '\0') {
        return collection_add_video(c, fallback, 0, index);
    }
    return error_set(SSLACT_ERROR_FORMAT,
                     "%s: nothing says which video picture \"%.100s\" is of, expected its name "
                     "(video, --video)",
                     place, picture);
}
