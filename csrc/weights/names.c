// Owns: one name through the tables of name_rules.c, there and back.
#include "weights/names.h"

#include "weights/name_rules.h"

#include <string.h>

// What the places of a pattern stand for, in our numbers.
typedef struct name_fields {
    int pathway;
    int stage;
    int fusion;
    int block;
    int letter;
    int norm;
} name_fields;

// Which of `words` the text begins with, the longest; -1 if none.
static int take_word(const char *const *words, int count, const char **place)
{
    int found = -1;

    for (int i = 0; i < count; i++) {
        if (words[i] != NULL && strncmp(*place, words[i], strlen(words[i])) == 0 &&
            (found < 0 || strlen(words[i]) > strlen(words[found]))) {
            found = i;
        }
    }
    *place += found >= 0 ? strlen(words[found]) : 0;
    return found;
}

static int take_number(const char **place)
{
    int number = 0;
    int digits = 0;

    while (**place >= '0' && **place <= '9' && digits < 4) {
        number = number * 10 + (*(*place)++ - '0');
        digits++;
    }
    return digits > 0 ? number : -1;
}

static bool take_field(const name_layout *layout, char token, const char **place,
                       name_fields *fields)
{
    switch (token) {
    case 'p':
        fields->pathway = take_word(layout->pathways, 2, place);
        return fields->pathway >= 0;
    case 's':
        fields->stage = take_number(place) + layout->stage_offset;
        return fields->stage >= 2 && fields->stage <= 5;
    case 'f':
        fields->fusion = take_number(place) + layout->fusion_offset;
        return fields->fusion >= 1 && fields->fusion <= 4;
    case 'b':
        fields->block = take_number(place);
        return fields->block >= 0;
    case 'x':
        fields->letter = take_word(layout->letters, 3, place);
        return fields->letter >= 0;
    default: // 'n', always at the end
        fields->norm = take_word(layout->norms, NAME_NORMS, place);
        return fields->norm >= 0;
    }
}

static bool match(const name_layout *layout, const char *pattern, const char *name,
                  name_fields *fields)
{
    const char *place = name;

    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '%') {
            if (!take_field(layout, *++c, &place, fields)) {
                return false;
            }
        } else if (*place++ != *c) {
            return false;
        }
    }
    return *place == '\0';
}

static bool render_field(const name_layout *layout, char token, const name_fields *fields,
                         text *out)
{
    switch (token) {
    case 'p':
        text_append(out, layout->pathways[fields->pathway]);
        return true;
    case 's':
        text_append_format(out, "%d", fields->stage - layout->stage_offset);
        return true;
    case 'f':
        text_append_format(out, "%d", fields->fusion - layout->fusion_offset);
        return true;
    case 'b':
        text_append_format(out, "%d", fields->block);
        return true;
    case 'x':
        text_append(out, layout->letters[fields->letter]);
        return true;
    default:
        if (layout->norms[fields->norm] == NULL) {
            return false;
        }
        text_append(out, layout->norms[fields->norm]);
        return true;
    }
}

static bool render(const name_layout *layout, const char *pattern, const name_fields *fields,
                   text *out)
{
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c != '%') {
            text_append_bytes(out, c, 1);
        } else if (!render_field(layout, *++c, fields, out)) {
            return false;
        }
    }
    return true;
}

const char *weights_layout_get_name(weights_layout layout)
{
    return name_layouts[layout].name;
}

const char *weights_layout_get_keys(weights_layout layout)
{
    return name_layouts[layout].keys;
}

static const char *strip_prefixes(const name_layout *layout, const char *name)
{
    for (size_t i = 0; i < sizeof(layout->prefixes) / sizeof(layout->prefixes[0]); i++) {
        const char *prefix = layout->prefixes[i];

        if (prefix != NULL && strncmp(name, prefix, strlen(prefix)) == 0) {
            name += strlen(prefix);
        }
    }
    return name;
}

// Batch norm over parts of a batch keeps its statistics one level deeper: a_bn.bn.running_mean.
static void join_sub_batch_norm(const char *name, text *out)
{
    const char *doubled = strstr(name, "bn.bn.");

    if (doubled == NULL) {
        text_append(out, name);
        return;
    }
    text_append_bytes(out, name, (size_t)(doubled - name) + 3);
    text_append(out, doubled + 6);
}

bool weights_layout_translate(weights_layout layout, const char *name, text *out, bool *drop_first)
{
    const name_layout *from = &name_layouts[layout];
    text joined = {0};
    bool found = false;

    text_clear(out);
    join_sub_batch_norm(strip_prefixes(from, name), &joined);
    for (size_t i = 0; i < from->rule_count && !found; i++) {
        name_fields fields = {0};

        if (match(from, from->rules[i].theirs, text_get(&joined), &fields)) {
            found = render(&name_layouts[WEIGHTS_LAYOUT_SSLACT], from->rules[i].ours, &fields, out);
            if (drop_first != NULL) {
                *drop_first = from->rules[i].drop_first;
            }
        }
    }
    text_free(&joined);
    return found;
}

bool weights_layout_rename(weights_layout layout, const char *name, bool prefixed, text *out)
{
    const name_layout *to = &name_layouts[layout];
    const bool head = strncmp(name, "head.", 5) == 0;

    if (layout == WEIGHTS_LAYOUT_CAFFE2) { // its names tell of blocks that ours do not
        text_clear(out);
        return false;
    }
    for (size_t i = 0; i < to->rule_count; i++) {
        name_fields fields = {0};

        text_clear(out);
        if (prefixed && to->whole_model[head] != NULL) {
            text_append(out, to->whole_model[head]);
        }
        if (match(&name_layouts[WEIGHTS_LAYOUT_SSLACT], to->rules[i].ours, name, &fields) &&
            render(to, to->rules[i].theirs, &fields, out)) {
            return true;
        }
    }
    text_clear(out);
    return false;
}
