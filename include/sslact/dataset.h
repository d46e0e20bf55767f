/* include/sslact/dataset.h : where clips come from: annotation files and videos, the program's
 * memory, or a callback. */
#ifndef SSLACT_DATASET_H
#define SSLACT_DATASET_H

#include "sslact/config.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_dataset sslact_dataset;
typedef struct sslact_sample sslact_sample; /* one decoded clip with its boxes and labels */

/* ---- making data sets ---- */

/* File-backed, by the data.* keys. split is "train" (labelled; the share data.label_ratio of its
 * key frames), "unlabeled" or "validation". Reads the annotation, opens no video. With data.cache
 * every video must have its copy there: MISMATCH or NOT_FOUND say which has not, and what to do.
 * SSLACT_ERROR_CONFIG when a needed key is empty, FORMAT ("path:line: ..."), NOT_FOUND, IO. */
SSLACT_STATUS sslact_dataset_open(const sslact_config *config, const char *split,
                                  sslact_dataset **out);

/* Empty, to be filled by append. class_count 1..10000; class_names [class_count] or NULL. */
SSLACT_STATUS sslact_dataset_create(int32_t class_count, const char *const *class_names,
                                    sslact_dataset **out);
/* Copies the clip. All clips of one set carry labels, or none does. */
SSLACT_STATUS sslact_dataset_append(sslact_dataset *dataset, const sslact_clip *clip);

/* The program's own store (growing). */
typedef struct sslact_clip_source {
    size_t struct_size;
    size_t clip_count;
    int32_t class_count;
    const char *const *class_names; /* [class_count] or NULL; copied */
    int32_t concurrent;             /* not 0: read may be called from several threads at once */
    /* Fills *clip (already prepared with SSLACT_INIT). Returns 0, or a negative sslact_status. */
    int (*read)(size_t index, sslact_clip *clip, void *user);
    /* Called after the library has copied what read gave; may be NULL. */
    void (*release)(size_t index, sslact_clip *clip, void *user);
    /* Called once, when the last user of the data set is gone; may be NULL. */
    void (*destroy)(void *user);
    void *user;
} sslact_clip_source;

/* On success the library calls destroy at the end; on failure it never does. */
SSLACT_STATUS sslact_dataset_create_from_source(const sslact_clip_source *source,
                                                sslact_dataset **out);

/* ---- reading them ---- */

SSLACT_STATUS sslact_dataset_count_clips(const sslact_dataset *dataset, size_t *count);
SSLACT_STATUS sslact_dataset_count_classes(const sslact_dataset *dataset, int32_t *count);
/* Labelled people that carry each class, one number a class. A callback set is read once. */
SSLACT_STATUS sslact_dataset_count_labels(const sslact_dataset *dataset, int64_t *buffer,
                                          size_t capacity, size_t *needed);
/* Valid while the handle lives; NULL if the handle is NULL or the index out of range. */
SSLACT_API const char *sslact_dataset_get_class_name(const sslact_dataset *dataset, int32_t index);

/* Decodes clip number index as training would read it, before augmentation: data.frame_count
 * frames with short side data.short_side for file-backed sets, from the cache where data.cache is
 * set. SSLACT_ERROR_DECODE names the
 * video and the frame. */
SSLACT_STATUS sslact_dataset_read(sslact_dataset *dataset, size_t index, sslact_sample **out);
/* Fills *out with pointers into the sample, valid until it is freed. */
SSLACT_STATUS sslact_sample_describe(const sslact_sample *sample, sslact_clip *out);
SSLACT_API void sslact_sample_free(sslact_sample *sample);

/* The clip of a video (its id in the annotation) whose key frame is nearest to `seconds` in the
 * film (UCF101-24: to that frame, from 1). NOT_FOUND when the data set has no clip of it. */
SSLACT_STATUS sslact_dataset_find_clip(sslact_dataset *dataset, const char *video, double seconds,
                                       size_t *index);

/* ---- looking at what training makes of them ---- */

typedef struct sslact_sheet_view { /* growing; text valid during the callback */
    size_t struct_size;
    size_t clip;         /* its number in the data set */
    const char *video;
    double seconds;      /* its key frame, in the film; UCF101-24: the number of the frame */
    const char *view;    /* "original", "weak", "strong" */
    const char *changes; /* what was drawn for it, a line each */
    int32_t height;
    int32_t width;
    int32_t people;
    int32_t masked;      /* of them: less than a quarter of the box is left, out of the loss */
} sslact_sheet_view;

typedef struct sslact_sheet_options { /* growing */
    size_t struct_size;
    int32_t columns;    /* frames of a clip that are shown, 1 to 32; 0 = 5 */
    int32_t frame_size; /* longer side of a frame on the sheet in pixels, 32 to 1024; 0 = 240 */
    /* One call a view, in the order of the rows; non-zero cancels. May be NULL. */
    int (*view)(const sslact_sheet_view *view, void *user);
    void *view_user;
} sslact_sheet_options;

/* Writes a PNG that shows clips as training uses them: rows of frames over time of the clip as it
 * is read, of its weak and of its strong view, with the boxes that belong to each view and the
 * names of the actions. Views are by the augment.*, ssl.* and run.seed keys of the config.
 * clips [clip_count] are numbers of the data set; NULL: the clips that a run with this config
 * begins with, in the very views that it gives them (with ssl.ucb_mode=resample other clips).
 * clip_count 1 to 32. Of the validation split, which is not augmented, the first row alone. A data
 * set made by the program is shown as labelled or unlabelled by what its clips carry. The file is
 * written whole or not at all. DECODE, IO as sslact_dataset_read. */
SSLACT_STATUS sslact_dataset_draw_sheet(sslact_dataset *dataset, const sslact_config *config,
                                        const size_t *clips, size_t clip_count,
                                        const sslact_sheet_options *options, const char *path);

/* ---- checking files before training ---- */

typedef struct sslact_problem { /* growing; text valid during the callback */
    size_t struct_size;
    const char *kind;  /* "missing video", "key frame outside the video", "wrong pairing", ... */
    const char *place; /* "labels.csv:17", "film.mp4 at 902.500 s" */
    const char *text;  /* one line: what is wrong, what would be right */
    const char *fix;   /* what a person can do about this kind, one sentence */
} sslact_problem;

/* A class of the action list in the training split (the chosen share of it), and what the method's
 * balancing (ssl.ucb_*) makes of it. Balance is NaN where no instance was read. */
typedef struct sslact_check_class { /* growing; pointers valid during the callback */
    size_t struct_size;
    int32_t index;      /* 0 .. class_count - 1 */
    int32_t class_count;
    int32_t id;         /* of the action list */
    int32_t reserved;
    const char *name;
    int64_t instances;  /* labelled people with the class */
    double imbalance;   /* eta: instances / those of the largest class */
    double probability; /* p: that a person is kept whose rarest class this is */
    double kept_share;  /* expected share of the people with the class that a step keeps */
    double weight;      /* w of the loss */
    const int64_t *pair_counts; /* [class_count] people with this class and each other; its own: instances */
} sslact_check_class;

typedef struct sslact_check_options { /* growing */
    size_t struct_size;
    /* One call a problem; non-zero cancels. May be NULL. */
    int (*problem)(const sslact_problem *problem, void *user);
    void *problem_user;
    /* Phases: the splits while their files are read, then "videos" with a total. */
    sslact_progress_callback progress;
    void *progress_user;
    /* One call a note: worth knowing, not counted as a problem. May be NULL. */
    int (*note)(const sslact_problem *note, void *user);
    void *note_user;
    /* One call a class when all is read; non-zero cancels. May be NULL. */
    int (*class_statistics)(const sslact_check_class *statistics, void *user);
    void *class_user;
    /* Not NULL: a folder, made where absent, for check.html, classes.csv, cooccurrence.csv and
     * their pictures. */
    const char *out_folder;
    int32_t deep;    /* not 0: decode the frames of every clip; 0: headers and index alone */
    int32_t threads; /* that open videos; 0: as many as there are processors */
} sslact_check_options;

typedef struct sslact_check_summary { /* growing */
    size_t struct_size;
    int64_t videos;
    int64_t key_frames;
    int64_t people;   /* boxes on them */
    int64_t problems;
    int64_t notes;
    int64_t instances;              /* labelled people of the training split */
    int64_t labels;                 /* their labels on the list */
    int64_t labels_per_instance[9]; /* people with 0, 1, ... labels; the last: 8 or more */
    int64_t split_videos[3];        /* train, validation, unlabeled */
    int64_t split_key_frames[3];
    int64_t split_people[3];
    double kept_share;  /* expected share of labelled people that a step keeps; NaN: none read */
    double mean_count;  /* mean of the instances over the classes; NaN: none read */
    int32_t class_count; /* 0: no action list could be read */
    int32_t reserved;
} sslact_check_summary;

/* Reads everything a run with this config would read, every split that is configured, and reports
 * every problem with its place; opens each video once, trains nothing. SSLACT_OK with problems > 0
 * means that the check itself went through. */
SSLACT_STATUS sslact_dataset_check(const sslact_config *config,
                                   const sslact_check_options *options,
                                   sslact_check_summary *out);

/* ---- the cache of training videos ---- */

typedef struct sslact_prepare_options { /* growing */
    size_t struct_size;
    int32_t thread_count; /* videos copied at once, 1..64; 0: run.loader_threads of the config, and
                             where that is 0 as the machine allows */
    /* Phase "prepare": bytes of the videos that are copied, of those that have to be. Called a few
     * times a second; non-zero stops. May be NULL. */
    sslact_progress_callback progress;
    void *progress_user;
} sslact_prepare_options;

typedef struct sslact_prepare_summary { /* growing */
    size_t struct_size;
    int64_t clips;          /* key frames that are read from the cache */
    int64_t videos;         /* that they lie in */
    int64_t made;           /* copies made by this call */
    int64_t kept;           /* copies that were there and still right */
    int64_t left_out;       /* damaged videos, of which there is no copy: the originals are read */
    int64_t bytes;          /* of the copies */
    int64_t original_bytes; /* of the videos */
    double seconds;
} sslact_prepare_summary;

/* Makes the cache that data.cache names: smaller copies of the videos that training with this
 * config reads (those of evaluation too with data.cache_evaluate), short side and codec by the
 * data.cache_* keys, frame n of a copy being frame n of the video at the same time. Training then
 * reads the copies, evaluation the videos. Copies that are there and right are kept; each new one
 * counts only when it is whole, so that a call that was stopped, or killed, loses the videos in
 * work and nothing else. options may be NULL.
 * SSLACT_ERROR_CONFIG where data.cache is not set; IO where the folder cannot be written (with the
 * room there is), or another process prepares it; CANCELLED when the callback says so. Problems of
 * the annotation as in sslact_dataset_open. */
SSLACT_STATUS sslact_dataset_prepare(const sslact_config *config,
                                     const sslact_prepare_options *options,
                                     sslact_prepare_summary *out);

/* What clips of a split ("train", "unlabeled", "validation") are read from under this config in
 * place of the videos, for training (evaluates 0) or for evaluation (1), as one line of text:
 * "h264 quality 18, short side 256, from /data/cache"; "" where it is the videos. Looks at the
 * config alone. */
SSLACT_STATUS sslact_dataset_describe_cache(const sslact_config *config, const char *split,
                                            int32_t evaluates, char *buffer, size_t capacity,
                                            size_t *needed);

/* ---- annotation of other tools ---- */

typedef struct sslact_import_options { /* growing */
    size_t struct_size;
    const char *video_root; /* folder of the videos; NULL: times by frame_rate, sizes by the file */
    const char *video;      /* the video of annotation that names none; NULL */
    const char *actions;    /* "labels": the names of labels or categories; "attributes": ticked and
                               chosen attributes; NULL: attributes where the file has such */
    double frame_rate;      /* frames a second, without video_root; 0 = as the file says */
    int64_t first_frame;    /* number of the first frame in the files, 0 or 1 */
} sslact_import_options;

typedef struct sslact_import_summary { /* growing */
    size_t struct_size;
    int64_t videos;
    int64_t key_frames;      /* annotated moments */
    int64_t people;          /* boxes on them */
    int64_t labels;          /* their actions */
    int64_t actions;         /* on the list */
    int64_t boxes_clipped;   /* that reached over the edge of the picture */
    int64_t boxes_left_out;  /* outside the picture, empty, or behind the end of their video */
    int64_t shapes_left_out; /* polygons, points and the like */
} sslact_import_summary;

/* Reads path_count annotation files, each CVAT's XML 1.1 of one task (tracks of a video, or images)
 * or COCO-style JSON of videos, and writes boxes.csv, actions.txt and own.yaml into `folder`: the
 * simple form of one's own data (docs/own-data.md). None of the three may be there; on failure
 * nothing is written. options may be NULL: all 0; summary may be NULL. What is left out is said
 * once a kind in the log. SSLACT_ERROR_FORMAT ("path:line: ..."), NOT_FOUND (a video, with the
 * nearest name), UNSUPPORTED (a whole project's export), INVALID_ARGUMENT (an option, or something
 * that neither files nor options say), IO. */
SSLACT_STATUS sslact_dataset_import(const char *const *paths, size_t path_count,
                                    const char *folder, const sslact_import_options *options,
                                    sslact_import_summary *summary);

SSLACT_API void sslact_dataset_free(sslact_dataset *dataset);

#ifdef __cplusplus
}
#endif
#endif
