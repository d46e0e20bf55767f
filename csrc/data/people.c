#include "data/people.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

sslact_status people_table_create(size_t clip_count, int32_t class_count, bool with_labels,
                                  people_table *out)
{
    *out = (people_table){.clip_capacity = clip_count, .class_count = class_count};
    out->first = array_create(clip_count + 1, sizeof *out->first);
    out->known = array_create(clip_count, 1);
    sslact_status status =
        out->first == NULL || out->known == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    if (status >= 0 && with_labels) {
        status = array_reserve((void **)&out->labels, &out->label_capacity, 1, (size_t)class_count);
    }
    return status;
}

sslact_status people_table_add(people_table *t, size_t box_count, bool known, sslact_box **boxes,
                               uint8_t **labels)
{
    size_t before = t->first[t->clip_count], after = before + box_count;
    size_t classes = (size_t)t->class_count;
    sslact_status status =
        array_reserve((void **)&t->boxes, &t->box_capacity, after, sizeof *t->boxes);
    if (status >= 0 && t->labels != NULL) {
        status = array_reserve((void **)&t->labels, &t->label_capacity, after, classes);
    }
    if (status < 0) {
        return status;
    }
    *boxes = t->boxes + before;
    *labels = t->labels != NULL ? t->labels + before * classes : NULL;
    if (*labels != NULL) {
        memset(*labels, 0, box_count * classes);
    }
    t->known[t->clip_count] = known && t->labels != NULL;
    t->first[++t->clip_count] = after;
    return SSLACT_OK;
}

sslact_status people_table_add_clip(people_table *t, const clip *c)
{
    size_t box_count = (size_t)c->box_count;
    sslact_box *boxes;
    uint8_t *labels;
    sslact_status status = people_table_add(t, box_count, c->labels != NULL, &boxes, &labels);
    if (status < 0 || box_count == 0) {
        return status;
    }
    memcpy(boxes, c->boxes, box_count * sizeof *boxes);
    if (labels != NULL && c->labels != NULL) {
        memcpy(labels, c->labels, box_count * (size_t)t->class_count);
    }
    return SSLACT_OK;
}

void people_table_free(people_table *t)
{
    free(t->first);
    free(t->known);
    free(t->boxes);
    free(t->labels);
    *t = (people_table){0};
}
