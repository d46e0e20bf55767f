// sslact_cli data demo.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { OPTION_RATIO = 0x3000, OPTION_CLASSES, OPTION_SCENES };

typedef struct demo_input {
    sslact_demo_options options;
    const char *out;
} demo_input;

static const struct argp_option demo_options[] = {
    {"out", 'o', "DIR", 0, "folder of the new world; must be absent or empty", 0},
    {"seed", 's', "N", 0, "another seed, another world; default 0", 0},
    {"videos", 'n', "N", 0, "videos of all splits, default 85 (one minute each)", 0},
    {"label-ratio", OPTION_RATIO, "X", 0, "share of labelled key frames, default 0.1", 0},
    {"classes", OPTION_CLASSES, "N", 0, "12 (default), or 15 with interactions", 0},
    {"scenes", OPTION_SCENES, "KIND", 0, "short (default: one second each) or long", 0},
    {0}};

static long long parse_count(const char *text, struct argp_state *state, const char *option)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < 0) {
        cli_usage_error(state, "%s is \"%s\", a count is accepted", option, text);
    }
    return value;
}

static error_t parse_demo(int key, char *argument, struct argp_state *state)
{
    demo_input *input = state->input;
    char *end = NULL;

    switch (key) {
    case 'o':
        input->out = argument;
        return 0;
    case 's':
        input->options.seed = (uint64_t)parse_count(argument, state, "--seed");
        return 0;
    case 'n':
        input->options.video_count = parse_count(argument, state, "--videos");
        return 0;
    case OPTION_RATIO:
        input->options.label_ratio = strtod(argument, &end);
        if (end == argument || *end != '\0') {
            cli_usage_error(state, "--label-ratio is \"%s\", a number is accepted", argument);
        }
        return 0;
    case OPTION_CLASSES:
        input->options.class_count = (int32_t)parse_count(argument, state, "--classes");
        return 0;
    case OPTION_SCENES:
        if (strcmp(argument, "long") != 0 && strcmp(argument, "short") != 0) {
            cli_usage_error(state, "--scenes is \"%s\", short or long is accepted", argument);
        }
        input->options.long_scenes = strcmp(argument, "long") == 0;
        return 0;
    case ARGP_KEY_END:
        if (input->out == NULL) {
            cli_usage_error(state, "--out is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp demo_argp = {
    demo_options,
    parse_demo,
    "--out DIR",
    "Generates the demo world: real video files of drawn people who do several things at once, "
    "annotated in AVA's file forms, with two configs that train on them.\v"
    "Example:\n  sslact_cli data demo --out demo\n"
    "  sslact_cli train --config demo/demo.yaml --run runs/baseline",
    NULL,
    NULL,
    NULL};

int run_data_demo(int argc, char **argv)
{
    cli_common common = {0};
    cli_progress progress;
    demo_input input;
    sslact_demo_summary summary;
    char config[4096];
    sslact_status status;

    memset(&input, 0, sizeof input);
    SSLACT_INIT(input.options);
    SSLACT_INIT(summary);
    cli_parse(&demo_argp, "data demo", argc, argv, &common, &input);
    if (common.pair_count > 0) {
        return cli_refuse("data demo takes no config keys, got \"%s\"", common.pairs[0]);
    }
    progress_start(&progress, common.quiet);
    input.options.progress = progress_callback;
    input.options.progress_user = &progress;
    status = sslact_demo_create(input.out, &input.options, &summary);
    progress_clear(&progress);
    if (status < 0) {
        return cli_fail(status);
    }
    snprintf(config, sizeof config, "%s/demo.yaml", input.out);
    if (common.json) {
        return cli_print_json(
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "videos",
                      (json_int_t)summary.video_count, "key_frames",
                      (json_int_t)(summary.train_key_frames + summary.unlabeled_key_frames +
                                   summary.validation_key_frames),
                      "train_key_frames", (json_int_t)summary.train_key_frames,
                      "unlabeled_key_frames", (json_int_t)summary.unlabeled_key_frames,
                      "validation_key_frames", (json_int_t)summary.validation_key_frames, "people",
                      (json_int_t)summary.person_count, "labels", (json_int_t)summary.label_count,
                      "bytes", (json_int_t)summary.video_bytes, "config", config));
    }
    printf("%lld videos, %.1f MB: %lld labelled, %lld unlabelled, %lld validation key frames; "
           "%lld people, %lld labels\nconfig: %s\n",
           (long long)summary.video_count, (double)summary.video_bytes / 1e6,
           (long long)summary.train_key_frames, (long long)summary.unlabeled_key_frames,
           (long long)summary.validation_key_frames, (long long)summary.person_count,
           (long long)summary.label_count, config);
    return EXIT_DONE;
}
