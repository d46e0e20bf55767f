// What check_videos.c has found of every video, for the parts of the check that compare videos.
#ifndef DATA_CHECK_VIDEOS_H
#define DATA_CHECK_VIDEOS_H

#include <pthread.h>
#include <stdatomic.h>

#include "data/check_parts.h"

typedef struct found_problem {
    data_problem kind;
    data_place place;
    char *text;
} found_problem;

// Clips first .. end - 1 of a split, all of one video.
typedef struct clip_range {
    const split_table *table;
    size_t first, end;
} clip_range;

typedef struct video_job {
    const char *path; // the table's
    clip_range ranges[CHECK_SPLITS];
    int32_t range_count;
    double end; // of the last frame, NaN: it does not open
    int64_t frame_count;
    found_problem *problems;
    size_t problem_count, problem_capacity;
    sslact_status status;
    char *message; // of a status that ends the check
    bool done;
} video_job;

typedef struct video_work {
    checker *k;
    video_options options;
    video_job *jobs;
    size_t job_count, job_capacity;
    name_table paths; // job numbers
    atomic_size_t next;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t changed; // a job is done
} video_work;

// Of a clip's key frame, in the video's file.
double clip_range_get_seconds(const clip_range *range, size_t clip);

// Where most key frames of a split lie outside their videos, the times are wrong and not the
// videos.
sslact_status check_start(video_work *w, const split_table *t);

// One file under two names; links are followed, and two names of one file are equal too.
sslact_status check_same_videos(video_work *w);

#endif
