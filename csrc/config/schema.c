// The table. Order of the rows is the order of the rendering; rows of a section stand together.
//
// Defaults are the paper's where it gives one; "method", "models" and "data" in the help name the
// sections of the specification.
#include "config/schema.h"

#include <string.h>

#define ANY_NUMBER "any number"

// One split's own files, set where they differ from data.<name>.
#define SPLIT_KEYS(split)                                                                          \
    {"data." split ".video_root", SCHEMA_PATH, "", "a path",                                       \
     "folder of the videos of this split, if not data.video_root"},                                \
        {"data." split ".file_names", SCHEMA_PATH, "", "a path",                                   \
         "list of video file names of this split, if not data.file_names"},                        \
        {"data." split ".frame_list", SCHEMA_PATH, "", "a path",                                   \
         "list of the pictures of this split's videos, if not data.frame_list"},                   \
        {"data." split ".labels", SCHEMA_PATH, "", "a path",                                       \
         "label file of this split, if not data.labels"},                                          \
        {"data." split ".person_boxes", SCHEMA_PATH, "", "a path",                                 \
         "person boxes of this split, if not data.person_boxes"},                                  \
        {"data." split ".exclusions", SCHEMA_PATH, "", "a path",                                   \
         "excluded key frames of this split, if not data.exclusions"},                             \
        {"data." split ".actions", SCHEMA_PATH, "", "a path",                                      \
         "action list of this split, if not data.actions"},                                        \
        {"data." split ".videos", SCHEMA_PATH, "", "a path",                                       \
         "list of the videos of this split, if not data.videos"},                                  \
        {"data." split ".excluded_videos", SCHEMA_PATH, "", "a path",                              \
         "list of videos to leave out of this split, if not data.excluded_videos"},                \
    {                                                                                              \
        "data." split ".start_offset_seconds", SCHEMA_FLOAT, "", ANY_NUMBER,                       \
            "start of this split's files in the film, if not data.start_offset_seconds"            \
    }

static const schema_key table[] = {
    {"model.preset", SCHEMA_CHOICE, "slowfast_r50_8x8",
     "slowfast_r50_8x8, acar_r50_8x8, slowfast_r50_8x4_ucf, slowfast_tiny, acar_tiny, "
     "mmaction2_r50_8x8",
     "sets the keys of the network below (models 1)"},
    {"model.head", SCHEMA_CHOICE, "linear", "linear, acar",
     "what stands on the box features: one linear layer, or actor relations (models 6, 7)"},
    {"model.class_count", SCHEMA_INT, "60", "[1, 10000]", "action classes, C (method 0)"},
    {"model.width", SCHEMA_INT, "64", "[4, 512]", "channels of the slow stem (models 3)"},
    {"model.beta_inverse", SCHEMA_INT, "8", "[1, 64]",
     "the slow pathway has this many times the channels of the fast one (models 3)"},
    {"model.stage_blocks", SCHEMA_LIST, "[3, 4, 6, 3]", "4 integers in [0, 64]",
     "residual blocks of res2 to res5, 0 for none from there on (models 3.4)"},
    {"model.stage_strides", SCHEMA_LIST, "[1, 2, 2]", "3 integers in [1, 2]",
     "spatial strides of res2 to res4 (models 3.4)"},
    {"model.stem_kernel", SCHEMA_INT, "7", "[1, 15]",
     "side of the stem's kernel, odd (models 3.2)"},
    {"model.stem_pool", SCHEMA_BOOL, "true", "true, false",
     "max pooling of stride 2 behind the stem (models 3.2)"},
    {"model.alpha", SCHEMA_INT, "4", "[1, 64]",
     "the fast pathway sees this many times the frames of the slow one (models 3.1)"},
    {"model.fusion_kernel", SCHEMA_INT, "7", "[1, 31]",
     "frames under the kernel of a lateral connection, odd (models 3.3)"},
    {"model.lateral_norm_act", SCHEMA_BOOL, "true", "true, false",
     "batch norm and ReLU in the lateral connections (models 3.3)"},
    {"model.slow_sampling", SCHEMA_CHOICE, "full_span", "full_span, stride, centered",
     "which of the frames the slow pathway sees (models 3.1); centered: alpha/2, then every "
     "alpha-th"},
    {"model.res5_dilation", SCHEMA_INT, "2", "[1, 4]", "dilation of res5 (models 3.4)"},
    {"model.res5_stride", SCHEMA_INT, "1", "[1, 2]", "spatial stride of res5 (models 3.4)"},
    {"model.roi_coords", SCHEMA_CHOICE, "times_feature_size", "times_feature_size, pixels_over_16",
     "how boxes get onto the feature map (models 5)"},
    {"model.roi_aligned", SCHEMA_BOOL, "false", "true, false",
     "shift box corners by half a cell (models 4)"},
    {"model.roi_resolution", SCHEMA_INT, "7", "[1, 32]",
     "cells a side of a box's features (models 4)"},
    {"model.head_bias", SCHEMA_BOOL, "false", "true, false", "bias of the last layer (models 6)"},
    {"model.head_dropout", SCHEMA_FLOAT, "0", "[0, 1)", "dropout before the last layer (models 6)"},
    {"model.acar_reduce_dim", SCHEMA_INT, "1024", "[1, 8192]",
     "head acar: channels of the context (models 7)"},
    {"model.acar_hidden_dim", SCHEMA_INT, "512", "[1, 8192]",
     "head acar: channels of the actor relations (models 7)"},
    {"model.acar_depth", SCHEMA_INT, "2", "[1, 8]", "head acar: relation layers (models 7)"},
    {"model.acar_last_kernel", SCHEMA_INT, "3", "[1, 3]",
     "head acar: side of a relation layer's last kernel, 1 or 3 (models 7)"},
    {"model.acar_dropout", SCHEMA_FLOAT, "0.2", "[0, 1)",
     "head acar: dropout behind a relation layer (models 7)"},
    {"model.output_activation", SCHEMA_CHOICE, "sigmoid", "sigmoid, pose_softmax_sigmoid",
     "from logits to probabilities; the method needs sigmoid (models 8, method 9 row 24)"},
    {"model.initialisation", SCHEMA_CHOICE, "pyslowfast", "pyslowfast, acar",
     "distribution of fresh weights (models 3.6)"},
    {"model.weights", SCHEMA_PATH, "", "a path", "initial weights (models 13); empty: fresh ones"},
    {"model.weights_strict", SCHEMA_BOOL, "true", "true, false",
     "every backbone array must be in model.weights; false: what matches is taken (models 13.5)"},

    {"data.dataset", SCHEMA_CHOICE, "ava", "ava, ucf101_24, own",
     "form of the files below (data 1, 9); own: a sheet of boxes, docs/own-data.md"},
    {"data.video_root", SCHEMA_PATH, "", "a path", "folder of the videos"},
    {"data.file_names", SCHEMA_PATH, "", "a path",
     "list of video file names with extension (data 1); empty: the folder is searched"},
    {"data.frame_list", SCHEMA_PATH, "", "a path",
     "SlowFast's list of extracted pictures (data 1), whose paths are below data.video_root; "
     "empty: videos are files or folders"},
    {"data.labels", SCHEMA_PATH, "", "a path",
     "label file (data 1); UCF101-24: also pyannot.pkl, UCF101v2-GT.pkl, a folder or list of "
     "YOWO's "
     "label files (data 9)"},
    {"data.person_boxes", SCHEMA_PATH, "", "a path", "boxes of a person detector (data 1, 4)"},
    {"data.exclusions", SCHEMA_PATH, "", "a path", "key frames to leave out (data 1)"},
    {"data.included_timestamps", SCHEMA_PATH, "", "a path",
     "list of the seconds in use (data 1); empty: all"},
    {"data.actions", SCHEMA_PATH, "", "a path",
     "action list: .pbtxt (data 1), UCF101-24: lines of an id from 0 and a name, empty for its "
     "24 (data 9)"},
    {"data.videos", SCHEMA_PATH, "", "a path",
     "UCF101-24: list of the videos in use, one a line; empty: all of the label file"},
    {"data.excluded_videos", SCHEMA_PATH, "", "a path", "UCF101-24: list of videos to leave out"},
    {"data.split_number", SCHEMA_INT, "1", "[1, 100]",
     "UCF101-24: which of the lists of training and test videos in a label file that has some "
     "(UCF101v2-GT.pkl), where no list of videos is named"},
    {"data.start_offset_seconds", SCHEMA_FLOAT, "0", ANY_NUMBER,
     "where in the film the video files start (data 2)"},
    SPLIT_KEYS("train"),
    SPLIT_KEYS("validation"),
    {"data.validation.key_frame_stride", SCHEMA_INT, "1", "[1, 100000]",
     "UCF101-24: as data.key_frame_stride, for validation; 1: every annotated frame (data 9)"},
    SPLIT_KEYS("unlabeled"),
    {"data.frame_count", SCHEMA_INT, "32", "[1, 1024]", "frames of a clip (data 2)"},
    {"data.frame_stride", SCHEMA_INT, "2", "[1, 256]",
     "distance of a clip's frames, counted in frames of data.sampling_rate; UCF101-24: of the "
     "video, "
     "1 by default (data 2)"},
    {"data.sampling_rate", SCHEMA_FLOAT, "30", "(0, 1000]",
     "frames a second that data.frame_stride counts in, whatever the videos have (data 2)"},
    {"data.short_side", SCHEMA_INT, "256", "[0, 4096]",
     "shorter side of the frames in pixels (method 1); 0: not resized"},
    {"data.key_frame_interval_seconds", SCHEMA_FLOAT, "0", "[0, 3600]",
     "at most one key frame of a video in each interval of this length, the one nearest to its "
     "middle; 0: all"},
    {"data.key_frame_stride", SCHEMA_INT, "1", "[1, 100000]",
     "UCF101-24: training key frames are the annotated frames whose number, from 0, is a multiple "
     "of it (data 9)"},
    {"data.label_ratio", SCHEMA_FLOAT, "1", "(0, 1]",
     "share of the labelled key frames that keep their labels (data 6, Table 2)"},
    {"data.subset_seed", SCHEMA_INT, "0", ">= 0", "which share data.label_ratio keeps (data 6)"},
    {"data.validation_share", SCHEMA_FLOAT, "0.2", "[0, 1)",
     "data.dataset own with data.labels for training and validation: share of the videos held out "
     "for validation; 0: none is"},
    {"data.validation_seed", SCHEMA_INT, "0", ">= 0",
     "which videos data.validation_share holds out"},
    {"data.box_units", SCHEMA_CHOICE, "fractions", "fractions, pixels",
     "data.dataset own: unit of the boxes, of the picture as displayed"},
    {"data.box_score_train", SCHEMA_FLOAT, "0.9", "[0, 1]",
     "least detector score of a box used for labelled training (data 4)"},
    {"data.box_overlap_train", SCHEMA_FLOAT, "0.9", "[0, 1]",
     "least overlap with a labelled person whose labels a detected box takes; UCF101-24: 0.5 by "
     "default (data 4)"},
    {"data.keep_unmatched_boxes", SCHEMA_BOOL, "false", "true, false",
     "train on detected boxes that match nobody as people without any action (data 4)"},
    {"data.box_labels", SCHEMA_CHOICE, "overlap", "overlap, file",
     "labels of detected training boxes: of the person they overlap, or written in the box file "
     "(data 4)"},
    {"data.keep_best_box", SCHEMA_BOOL, "false", "true, false",
     "a key frame none of whose detected boxes has the score keeps the best one (data 4)"},
    {"data.box_score_evaluate", SCHEMA_FLOAT, "0.85", "[0, 1]",
     "boxes are evaluated whose detector score is greater; UCF101-24: 0 by default, which is all "
     "boxes (data 4)"},
    {"data.box_score_unlabeled", SCHEMA_FLOAT, "0.85", "[0, 1]",
     "unlabelled boxes are used whose detector score is greater (data 4)"},
    {"data.unlabeled_key_frames", SCHEMA_CHOICE, "behind_labels", "behind_labels, all",
     "in videos of the training labels: only those behind a labelled key frame, or all of the box "
     "file; in other videos always all (data 5)"},
    {"data.unlabeled_offset_seconds", SCHEMA_FLOAT, "0.5", "[-10, 10]",
     "unlabelled key frames lie this far behind the labelled ones (data 5)"},
    {"data.box_jitter", SCHEMA_FLOAT, "0.075", "[0, 0.5)",
     "labelled boxes: each edge moves by up to this share of the side (method 1)"},
    {"data.max_frame_gap_seconds", SCHEMA_FLOAT, "1", "> 0",
     "an earlier frame stands in for a missing one up to this distance"},
    {"data.folder_frame_rate", SCHEMA_FLOAT, "30", "(0, 1000]",
     "frames a second where a video is a folder of pictures"},
    {"data.index_folder", SCHEMA_PATH, "", "a path",
     "where frame indexes are kept; empty: sslact/index in the user's cache folder, for videos "
     "from a megabyte on"},
    {"data.cache", SCHEMA_PATH, "", "a path",
     "folder of smaller copies of the training videos, which sslact_cli prepare makes and training "
     "reads; empty: the originals are read"},
    {"data.cache_codec", SCHEMA_CHOICE, "h264", "h264, mjpeg",
     "how copies are encoded; mjpeg: a little faster to read, larger"},
    {"data.cache_quality", SCHEMA_INT, "0", "[0, 51]",
     "of copies, lower is better: crf of h264 (0: 18), quantiser of mjpeg, 2 to 31 (0: 3)"},
    {"data.cache_short_side", SCHEMA_INT, "0", "[0, 4096]",
     "larger videos are reduced to this shorter side; 0: to the largest that training reads, of "
     "data.short_side and augment.scale_max"},
    {"data.cache_evaluate", SCHEMA_BOOL, "false", "true, false",
     "evaluation reads copies too; false: it reads the originals"},
    {"data.on_bad_row", SCHEMA_CHOICE, "fail", "fail, skip",
     "a row of an annotation file that cannot be used"},
    {"data.on_bad_clip", SCHEMA_CHOICE, "fail", "fail, skip", "a clip that cannot be decoded"},

    {"augment.flip", SCHEMA_BOOL, "true", "true, false",
     "horizontal flip with probability 0.5 in the weak view (method 1)"},
    {"augment.aug_n", SCHEMA_INT, "2", "[0, 8]", "operations of a strong view (method 8)"},
    {"augment.aug_m", SCHEMA_FLOAT, "9", "[0, 30]", "severity of a strong view (method 8)"},
    {"augment.aug_range", SCHEMA_FLOAT, "1", "[0, 2]",
     "how far the severity moves within a clip (method 8)"},
    {"augment.aug_geometry", SCHEMA_CHOICE, "map", "map, none",
     "operations that move boxes: take part and map the boxes, or stay out (method 8)"},
    {"augment.aug_temporal", SCHEMA_BOOL, "true", "true, false",
     "the severity changes over the frames of a clip (method 8)"},

    {"augment.scale_min", SCHEMA_INT, "0", "[0, 4096]",
     "least short side that a view of a training clip is scaled to, drawn anew for every view; 0: "
     "data.short_side (method 9 row 33: 256)"},
    {"augment.scale_max", SCHEMA_INT, "0", "[0, 4096]",
     "greatest short side of that kind; 0: data.short_side (method 9 row 33: 320)"},
    {"augment.crop", SCHEMA_INT, "0", "[0, 4096]",
     "side of the square that a view of a training clip is cropped to, at a place of its own; "
     "people "
     "with less than a quarter of their box in it are masked; 0: no crop (method 9 row 33: 224)"},

    {"ssl.preset", SCHEMA_CHOICE, "ours",
     "ours, baseline, continued, pseudo_label, noisy_student, fixmatch, soft",
     "sets view, teacher, thresholds, balancing and rounds (method 6, 11)"},
    {"ssl.teacher", SCHEMA_CHOICE, "ema", "ema, frozen, none",
     "who labels the unlabelled clips; none: labelled clips only (method 5, 6)"},
    {"ssl.labeled_view", SCHEMA_CHOICE, "weak", "weak, strong, both",
     "the student's view of labelled clips; both: half of the clips each (method 11)"},
    {"ssl.unlabeled_view", SCHEMA_CHOICE, "strong", "strong, weak",
     "the student's view of unlabelled clips (method 1, 6)"},
    {"ssl.unlabeled_source", SCHEMA_CHOICE, "unlabeled", "unlabeled, labeled",
     "labeled: the labelled clips with their labels hidden, a control (method 11)"},
    {"ssl.rounds", SCHEMA_INT, "1", "[1, 2]",
     "full schedules one after the other, each from the initial weights, the round before teaching "
     "(method 6)"},
    {"ssl.mpl_mode", SCHEMA_CHOICE, "learnable",
     "learnable, fixed, class_related, cap, metric, flex, soft",
     "where the positive thresholds come from (method 2.1, 11; Tables 5, 6)"},
    {"ssl.mpl_mapping", SCHEMA_CHOICE, "concave", "concave, linear, convex",
     "from the share of a class to its threshold (method 2.1, Table 7)"},
    {"ssl.mpl_tau_pos", SCHEMA_FLOAT, "0.9", "(0, 1)",
     "positive threshold of the commonest class; 0.5 by default where ssl.mpl_mode is fixed "
     "(method 2.1, Fig. 6)"},
    {"ssl.mpl_tau_neg", SCHEMA_FLOAT, "0.1", "(0, 1)", "negative threshold (method 2.1)"},
    {"ssl.mpl_t_neg", SCHEMA_CHOICE, "constant", "constant, class_related",
     "the same negative threshold for every class, or mapped (method 2.1, App. A.1)"},
    {"ssl.mpl_label", SCHEMA_CHOICE, "hard", "hard, soft",
     "entries between the thresholds: ignored, or pulled weakly (method 2.3)"},
    {"ssl.mpl_a", SCHEMA_FLOAT, "20", "> 0", "slope of the learnable weight (method 2.3, Fig. 8a)"},
    {"ssl.mpl_lambda1", SCHEMA_FLOAT, "1", ">= 0",
     "weight of the thresholds' regulariser (method 4, Fig. 8b)"},
    {"ssl.mpl_reg_scope", SCHEMA_CHOICE, "all", "all, positives, per_class",
     "entries that the regulariser counts (method 4)"},
    {"ssl.t_lr_mult", SCHEMA_FLOAT, "1", ">= 0",
     "learning rate of the thresholds, times the network's (method 5)"},
    {"ssl.t_clamp", SCHEMA_FLOAT, "0.001", "(0, 0.5)",
     "thresholds stay this far from 0 and 1 (method 5)"},
    {"ssl.cap_form", SCHEMA_CHOICE, "window", "window, streaming",
     "mpl_mode cap: quantiles of the latest scores, or small steps towards them (method 11)"},
    {"ssl.cap_window", SCHEMA_INT, "4096", "[1, 1000000]",
     "cap, window: unlabelled instances whose scores count, Q; enough for classes that one "
     "instance in a thousand carries (method 11)"},
    {"ssl.cap_negative_share", SCHEMA_FLOAT, "0.9", "[0, 1]",
     "cap: share of the instances expected without a class that are called negative, q; the rest, "
     "nearest to the positives, stays unlabelled (method 11)"},
    {"ssl.cap_step", SCHEMA_FLOAT, "0.01", "(0, 1]",
     "cap, streaming: how far the thresholds move in an iteration for a gap of 1 (method 11)"},
    {"ssl.score_every", SCHEMA_INT, "500", "[1, 1000000000]",
     "mpl_mode metric, positive_weight calibrated: iterations between two looks of the teacher at "
     "labelled clips, E (method 11)"},
    {"ssl.score_clips", SCHEMA_INT, "2048", ">= 0",
     "labelled clips of such a look, the same ones each time, drawn by run.seed; 0: all; 2048 "
     "every 500 iterations cost a few percent of the training (method 11)"},
    {"ssl.metric_beta", SCHEMA_FLOAT, "0.5", "> 0",
     "mpl_mode metric: the b of F_b, below 1 precision counts more than recall (method 11)"},
    {"ssl.positive_weight", SCHEMA_CHOICE, "threshold", "threshold, calibrated",
     "weight of a positive: by its threshold, or the precision that labelled clips show for the "
     "teacher's score (method 2.3, 11)"},
    {"ssl.calibration_bins", SCHEMA_INT, "10", "[1, 1000]",
     "positive_weight calibrated: equal bins of the score, precision is taken in each (method "
     "11)"},
    {"ssl.ucb", SCHEMA_CHOICE, "both", "both, unlabeled, labeled, none",
     "halves of the batch whose classes are balanced (method 3, Table 5)"},
    {"ssl.ucb_beta", SCHEMA_FLOAT, "0.9", ">= 0",
     "how strongly frequent classes are sampled down; 0: not (method 3.1, Fig. 5a)"},
    {"ssl.ucb_gamma", SCHEMA_FLOAT, "0.05", ">= 0",
     "how strongly classes are weighted; 0: not (method 3.1, Fig. 5b)"},
    {"ssl.weight_mode", SCHEMA_CHOICE, "gap", "gap, db",
     "class weights of the balanced halves: from the gap of a class, or distribution-balanced by "
     "instance (method 3.1, 11)"},
    {"ssl.ucb_cooc", SCHEMA_CHOICE, "pairwise", "pairwise, exact",
     "how co-occurrence enters the sampled counts (method 3.1)"},
    {"ssl.ucb_no_positive", SCHEMA_CHOICE, "keep", "keep, drop",
     "instances without a positive label (method 3.2)"},
    {"ssl.ucb_mode", SCHEMA_CHOICE, "mask", "mask, resample",
     "balanced halves: mask instances, or draw a class and then a clip that shows it, no mask; "
     "what "
     "unlabelled clips show is counted by the initial weights in one pass before training (method "
     "9 "
     "row 44, Table 9)"},
    {"ssl.freq_source", SCHEMA_CHOICE, "labeled", "labeled, unlabeled, online",
     "what the class frequencies are counted on; unlabeled: pseudo-labels of the initial weights, "
     "one pass before training (method 9 row 10, Table 8)"},
    {"ssl.online_every", SCHEMA_INT, "100", "[1, 1000000000]",
     "freq_source online: iterations between two updates of the counts, E (method 11)"},
    {"ssl.online_mix", SCHEMA_FLOAT, "0.5", "[0, 1]",
     "freq_source online: share of the unlabelled half in the counts, q; 0: labelled counts only "
     "(method 11)"},
    {"ssl.online_momentum", SCHEMA_FLOAT, "0.999", "[0, 1)",
     "freq_source online: what the running rates keep of themselves in a step (method 11)"},
    {"ssl.neighbour_prior", SCHEMA_BOOL, "false", "true, false",
     "labelled key frames on both sides of an unlabelled one move its labels: a class on both "
     "lowers "
     "its threshold, one on neither is no positive (method 11)"},
    {"ssl.neighbour_shift", SCHEMA_FLOAT, "0.1", "[0, 1)",
     "neighbour_prior: how far a threshold is lowered, d (method 11)"},
    {"ssl.neighbour_seconds", SCHEMA_FLOAT, "1", "> 0",
     "neighbour_prior: labelled key frames farther away are no neighbours (method 11)"},
    {"ssl.loss_lambda", SCHEMA_FLOAT, "0.3", ">= 0",
     "weight of the unlabelled loss (method 4, Fig. 9)"},
    {"ssl.loss_normalise", SCHEMA_CHOICE, "all", "all, kept",
     "losses are divided by all instances, or by the kept ones (method 4)"},
    {"ssl.ema_momentum", SCHEMA_FLOAT, "0.999", "[0, 1]",
     "what the teacher keeps of itself in a step (method 5)"},
    {"ssl.ema_buffers", SCHEMA_CHOICE, "ema", "ema, copy, none",
     "the teacher's batch norm statistics (method 5)"},
    {"ssl.freeze_bn", SCHEMA_BOOL, "true", "true, false",
     "batch norm statistics stay as they are (method 5)"},
    {"ssl.one_forward", SCHEMA_BOOL, "true", "true, false",
     "labelled and unlabelled clips go through the student together (method 5)"},

    {"solver.batch_labeled", SCHEMA_INT, "16", "[1, 4096]",
     "labelled clips an iteration (method 1)"},
    {"solver.batch_unlabeled", SCHEMA_INT, "16", "[1, 4096]",
     "unlabelled clips an iteration (method 1)"},
    {"solver.iterations", SCHEMA_INT, "35000", "[1, 1000000000]",
     "length of the schedule (method 5.1)"},
    {"solver.peak_lr", SCHEMA_FLOAT, "0.0064", "> 0",
     "highest learning rate of the cycle (method 5.1)"},
    {"solver.anneal", SCHEMA_CHOICE, "cos", "cos, linear", "form of the cycle (method 5.1)"},
    {"solver.momentum", SCHEMA_FLOAT, "0.9", "[0, 1)", "momentum of SGD (method 5)"},
    {"solver.cycle_momentum", SCHEMA_BOOL, "false", "true, false",
     "momentum 0.95 to 0.85 and back over the cycle (method 5.1)"},
    {"solver.nesterov", SCHEMA_BOOL, "true", "true, false",
     "Nesterov's form of momentum (method 5)"},
    {"solver.weight_decay", SCHEMA_FLOAT, "1e-07", "[0, 1)", "pull of the weights to 0 (method 5)"},
    {"solver.max_nonfinite", SCHEMA_INT, "0", ">= 0",
     "steps with a loss or gradient that is not finite that a run leaves out before it stops"},

    {"evaluate.every_iterations", SCHEMA_INT, "0", ">= 0",
     "evaluation during training; 0: at the end only"},
    {"evaluate.rule", SCHEMA_CHOICE, "exclusions", "exclusions, included",
     "which of the two official AVA rules (data 8)"},
    {"evaluate.row_limit", SCHEMA_INT, "50", ">= 0",
     "detections that count on a key frame, all classes together; 0: all, which is UCF101-24's "
     "default (data 8, 10)"},

    {"checkpoint.every_iterations", SCHEMA_INT, "500", ">= 0", "0: at the end only"},
    {"checkpoint.keep_last", SCHEMA_INT, "2", "[1, 1000000]", "checkpoints that stay on disk"},

    {"log.every_iterations", SCHEMA_INT, "20", "[1, 1000000000]", "a line of metrics"},

    {"monitor.hidden_labels", SCHEMA_PATH, "", "a path",
     "label file of the unlabelled key frames: measures the pseudo-labels, never trains "
     "(method 11)"},
    {"monitor.box_overlap", SCHEMA_FLOAT, "0.9", "(0, 1]",
     "least overlap with a person whose hidden labels an unlabelled box takes"},
    {"monitor.every_iterations", SCHEMA_INT, "100", "[1, 1000000000]",
     "length of a window, a line of pseudo-label figures by class"},
    {"monitor.warn_iterations", SCHEMA_INT, "500", "[1, 1000000000]",
     "a class without a positive pseudo-label for so long is worth a warning"},

    {"run.seed", SCHEMA_INT, "0", ">= 0", "every random choice of the run follows from it"},
    {"run.device", SCHEMA_CHOICE, "cpu", "cpu, cuda:N", "where the network runs"},
    {"run.threads", SCHEMA_INT, "0", "[0, 1024]",
     "threads of one tensor operation; 0: as the machine allows"},
    {"run.loader_threads", SCHEMA_INT, "0", "[0, 1024]",
     "threads that read clips; 0: as the machine allows"},

    {"perf.fold_batch_norm", SCHEMA_BOOL, "true", "true, false",
     "batch norm by fixed statistics becomes part of the convolutions: the same numbers, faster"},
    {"perf.channels_last", SCHEMA_BOOL, "true", "true, false",
     "channels of a cell lie side by side in memory: the same numbers, faster"},
    {"perf.precision", SCHEMA_CHOICE, "float32", "float32, bfloat16",
     "numbers of the backbone; weights, head and loss stay float32. bfloat16 needs a processor "
     "with AVX512-BF16 or AMX, or a GPU; elsewhere float32 is used, with a warning"},
    {"perf.frame_skipping", SCHEMA_BOOL, "true", "true, false",
     "do not decode frames that no wanted frame depends on: the same frames, faster"},
    {"perf.kept_index", SCHEMA_BOOL, "true", "true, false",
     "keep each video's frame index for the next opening: the same frames, faster"},
};

size_t schema_count(void)
{
    return sizeof(table) / sizeof(table[0]);
}

const schema_key *schema_get(size_t index)
{
    return index < schema_count() ? &table[index] : NULL;
}

size_t schema_find(const char *name)
{
    for (size_t index = 0; index < schema_count(); index++) {
        if (strcmp(table[index].name, name) == 0) {
            return index;
        }
    }
    return SCHEMA_NOT_FOUND;
}

const char *schema_get_type_name(schema_type type)
{
    static const char *const names[] = {"int", "float", "bool", "text", "path", "choice", "list"};
    return names[type];
}

bool schema_is_section(const char *name)
{
    size_t length = strlen(name);
    for (size_t index = 0; index < schema_count(); index++) {
        if (strncmp(table[index].name, name, length) == 0 && table[index].name[length] == '.') {
            return true;
        }
    }
    return false;
}
