/* include/sslact/demo.h : the demo world, generated video files of people with everything known.
 *
 * A folder with real video files (H.264, 192 x 128, 16 pictures a second) of drawn people who do
 * several things at once, their annotation in AVA's file forms, and two configs that train on it.
 * The labels of the unlabelled part are written too, into hidden_labels.csv, which the
 * configs name for the monitor alone (monitor.hidden_labels). */
#ifndef SSLACT_DEMO_H
#define SSLACT_DEMO_H

#include "sslact/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sslact_demo_options { /* growing */
    size_t struct_size;
    uint64_t seed;             /* another seed, another world */
    int64_t video_count;       /* all splits, 3..100000; 0 = 85: 34 train, 34 unlabeled,
                                  17 validation of 60 key frames each */
    double label_ratio;        /* written into the configs, (0, 1]; 0 = 0.1 */
    int32_t class_count;       /* 12, or 15: also talk to, hit, hand over; 0 = 12 */
    int32_t long_scenes;       /* 0: every second a scene of its own; 1: scenes of 3 to 8 seconds
                                  in which actions begin and end, and the half seconds of the
                                  training videos are the unlabelled key frames */
    int32_t thread_count;      /* drawing and encoding, 1..64; 0 = as the machine allows */
    sslact_progress_callback progress; /* phase "videos", on the calling thread; or NULL */
    void *progress_user;
} sslact_demo_options;

typedef struct sslact_demo_summary { /* growing */
    size_t struct_size;
    int64_t video_count;
    int64_t train_key_frames;  /* labelled pool, excluded ones left out */
    int64_t unlabeled_key_frames;
    int64_t validation_key_frames;
    int64_t excluded_key_frames;
    int64_t person_count;      /* people on the key frames of all three splits */
    int64_t label_count;       /* their labels, hidden ones included */
    int64_t video_bytes;
} sslact_demo_summary;

/* Makes the world in `folder`, which must be absent or empty: videos/, labels_train.csv,
 * labels_validation.csv, excluded_train.csv, boxes_train.csv, boxes_unlabeled.csv,
 * boxes_validation.csv, hidden_labels.csv, actions.pbtxt, demo.yaml (supervised baseline) and
 * demo_ssl.yaml (semi-supervised, from the baseline's weights). options may be NULL: all defaults;
 * summary may be NULL. The same options give the same bytes of annotation and the same pictures
 * before encoding, on any number of threads.
 * On failure everything that was written is removed. SSLACT_ERROR_INVALID_ARGUMENT: an option out
 * of range, or a folder that is not empty; SSLACT_ERROR_CANCELLED: the progress callback said so. */
SSLACT_STATUS sslact_demo_create(const char *folder, const sslact_demo_options *options,
                                 sslact_demo_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
