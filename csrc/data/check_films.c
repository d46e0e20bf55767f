// Whether the key frames of a split lie inside their films, and under which start offset they
// would.
#include "data/check_videos.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "data/lines.h"

double clip_range_get_seconds(const clip_range *range, size_t clip)
{
    const split_table *t = range->table;
    return (double)t->frames[clip].time_us / 1e6 - t->start_offset_seconds;
}

// Of a video: key frames in film time, and how long its file is.
typedef struct film {
    double first, last, end;
    double frame_count;
} film;

typedef struct film_list {
    film *films;
    size_t count, capacity;
    int64_t clips, outside;
} film_list;

static sslact_status add_film(const video_work *w, film_list *list, const video_job *job,
                              const clip_range *range)
{
    const split_table *t = range->table;
    if (isnan(job->end)) {
        return SSLACT_OK;
    }
    sslact_status status =
        array_reserve((void **)&list->films, &list->capacity, list->count + 1, sizeof *list->films);
    if (status < 0) {
        return status;
    }
    list->films[list->count++] =
        (film){(double)t->frames[range->first].time_us / 1e6,
               (double)t->frames[range->end - 1].time_us / 1e6, job->end, (double)job->frame_count};
    for (size_t i = range->first; i < range->end; i++) {
        double seconds = clip_range_get_seconds(range, i);
        list->clips++;
        list->outside += seconds < -w->k->sampling.frame_gap_seconds ||
                         seconds > job->end + w->k->sampling.frame_gap_seconds;
    }
    return SSLACT_OK;
}

static size_t count_inside(const film_list *list, double offset, double slack)
{
    size_t inside = 0;
    for (size_t i = 0; i < list->count; i++) {
        const film *f = &list->films[i];
        inside += f->first - offset >= -slack && f->last - offset <= f->end + slack;
    }
    return inside;
}

// The start offset under which most films hold their key frames; round ones first.
static double find_start(const film_list *list, double slack, size_t *inside)
{
    static const double steps[] = {900, 100, 60, 10, 1};
    double best = 0;
    *inside = count_inside(list, 0, slack);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        for (size_t i = 0; i < list->count && i < 64; i++) {
            const film *f = &list->films[i];
            double at_least = ceil((f->last - f->end - slack) / steps[s]) * steps[s];
            size_t count = count_inside(list, at_least, slack);
            if (count > *inside) {
                *inside = count;
                best = at_least;
            }
        }
    }
    return best;
}

static bool are_frame_numbers(const film_list *list)
{
    size_t fitting = 0;
    for (size_t i = 0; i < list->count; i++) {
        const film *f = &list->films[i];
        fitting += f->last > f->end + 1 && f->last <= f->frame_count + 1 && f->first >= 0;
    }
    return 10 * fitting >= 9 * list->count;
}

static sslact_status report_start(video_work *w, const split_table *t, const film_list *list)
{
    checker *k = w->k;
    double slack = k->sampling.frame_gap_seconds;
    const char *path = t->kind == SPLIT_UNLABELED ? t->boxes_path : t->labels_path;
    size_t inside = 0;
    if (are_frame_numbers(list)) {
        return check_report(k, DATA_PROBLEM_PAIRING, path,
                            "%lld of %lld key frames lie outside their videos, and all within "
                            "their numbers of frames: column 2 holds frame numbers; divide them "
                            "by the frame rate",
                            (long long)list->outside, (long long)list->clips);
    }
    double start = find_start(list, slack, &inside);
    if (10 * inside < 8 * list->count || start == t->start_offset_seconds) {
        return check_report(k, DATA_PROBLEM_PAIRING, path,
                            "%lld of %lld key frames lie outside their videos, and no "
                            "data.start_offset_seconds changes that: are these the right videos",
                            (long long)list->outside, (long long)list->clips);
    }
    return check_report(k, DATA_PROBLEM_PAIRING, path,
                        "%lld of %lld key frames lie outside their videos with "
                        "data.start_offset_seconds %s; with %s, %zu of %zu videos hold all of "
                        "theirs",
                        (long long)list->outside, (long long)list->clips,
                        show_number(t->start_offset_seconds).text, show_number(start).text, inside,
                        list->count);
}

sslact_status check_start(video_work *w, const split_table *t)
{
    film_list list = {0};
    sslact_status status = SSLACT_OK;
    for (size_t i = 0; status >= 0 && i < w->job_count; i++) {
        for (int32_t n = 0; status >= 0 && n < w->jobs[i].range_count; n++) {
            if (w->jobs[i].ranges[n].table == t) {
                status = add_film(w, &list, &w->jobs[i], &w->jobs[i].ranges[n]);
            }
        }
    }
    if (status >= 0 && list.clips > 0 && 2 * list.outside > list.clips) {
        status = report_start(w, t, &list);
    }
    free(list.films);
    return status;
}
