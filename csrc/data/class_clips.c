// The clips of each class one behind the other.
#include "data/class_clips.h"

#include <stdlib.h>

#include "base/array.h"
#include "data/people.h"

enum { ATTEMPTS_A_CLASS = 4 };

struct class_clips {
    size_t clip_count;
    size_t class_count; // that some clip shows
    size_t *first;      // [class_count + 1] place of the first clip of each in `clips`
    size_t *clips;
};

static size_t count_shown(const uint8_t *shown, size_t clip_count, size_t class_count, size_t j)
{
    size_t count = 0;
    for (size_t i = 0; i < clip_count; i++) {
        count += shown[i * class_count + j] != 0;
    }
    return count;
}

static void list_clips(const uint8_t *shown, size_t classes, class_clips *t)
{
    size_t used = 0;
    for (size_t j = 0; j < classes; j++) {
        size_t begin = used;
        for (size_t i = 0; i < t->clip_count; i++) {
            if (shown[i * classes + j] != 0) {
                t->clips[used++] = i;
            }
        }
        if (used > begin) {
            t->first[t->class_count++] = begin;
        }
    }
    t->first[t->class_count] = used;
}

sslact_status class_clips_create(const uint8_t *shown, size_t clip_count, int32_t class_count,
                                 class_clips **out)
{
    size_t total = 0, classes = (size_t)class_count;
    class_clips *t = array_create(1, sizeof *t);
    if (t == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (size_t j = 0; j < classes; j++) {
        total += count_shown(shown, clip_count, classes, j);
    }
    t->clip_count = clip_count;
    t->first = array_create(classes + 1, sizeof *t->first);
    t->clips = array_create(total, sizeof *t->clips);
    if (t->first == NULL || t->clips == NULL) {
        class_clips_free(t);
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    list_clips(shown, classes, t);
    *out = t;
    return SSLACT_OK;
}

sslact_status class_clips_create_from_labels(dataset *d, class_clips **out)
{
    people_table people = {0};
    size_t classes = (size_t)dataset_count_classes(d);
    uint8_t *shown = NULL;
    sslact_status status = dataset_collect_people(d, true, &people);
    if (status >= 0) {
        shown = array_create(people.clip_count, classes);
        status = shown == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    }
    for (size_t n = 0; status >= 0 && n < people.clip_count; n++) {
        for (size_t k = people.first[n] * classes; k < people.first[n + 1] * classes; k++) {
            shown[n * classes + k % classes] |= people.labels[k];
        }
    }
    if (status >= 0) {
        status = class_clips_create(shown, people.clip_count, (int32_t)classes, out);
    }
    free(shown);
    people_table_free(&people);
    return status;
}

void class_clips_free(class_clips *t)
{
    if (t == NULL) {
        return;
    }
    free(t->first);
    free(t->clips);
    free(t);
}

size_t class_clips_count_classes(const class_clips *t)
{
    return t->class_count;
}

size_t class_clips_count_clips(const class_clips *t)
{
    return t->clip_count;
}

size_t class_clips_pick(const class_clips *t, uint64_t seed, random_purpose purpose,
                        uint64_t sample, uint32_t attempt)
{
    // A class whose clips cannot be read is given up after a few of them.
    random_stream of_class =
        random_open(seed, (uint32_t)purpose, sample, 2 * (attempt / ATTEMPTS_A_CLASS));
    size_t j = (size_t)random_integer(&of_class, t->class_count);
    random_stream of_clip = random_open(seed, (uint32_t)purpose, sample, 2 * (uint64_t)attempt + 1);
    size_t count = t->first[j + 1] - t->first[j];
    return t->clips[t->first[j] + (size_t)random_integer(&of_clip, count)];
}
