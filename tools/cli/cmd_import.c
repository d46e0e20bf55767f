// sslact_cli data import: annotation of other tools into the simple form of one's own data.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { OPTION_VIDEO = 0x4000, OPTION_RATE, OPTION_FIRST, OPTION_ACTIONS };

typedef struct import_input {
    sslact_import_options options;
    const char *out;
} import_input;

static const struct argp_option import_options[] = {
    {"out", 'o', "DIR", 0, "folder for boxes.csv, actions.txt and own.yaml", 0},
    {"videos", 'r', "DIR", 0,
     "folder of the videos: exact times of the frames, and the size of the pictures", 0},
    {"video", OPTION_VIDEO, "NAME", 0, "the video of files that do not name theirs", 0},
    {"frame-rate", OPTION_RATE, "N", 0, "frames a second, where the videos are not at hand", 0},
    {"first-frame", OPTION_FIRST, "N", 0, "number of the first frame, 0 (default) or 1", 0},
    {"actions", OPTION_ACTIONS, "KIND", 0,
     "labels: the names of labels or categories; attributes: ticked boxes and chosen values. "
     "Default: attributes where the file has such",
     0},
    {0}};

static double parse_number(const char *text, struct argp_state *state, const char *option)
{
    char *end = NULL;
    const double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0)) {
        cli_usage_error(state, "%s is \"%s\", a number is accepted", option, text);
    }
    return value;
}

static error_t parse_import(int key, char *argument, struct argp_state *state)
{
    import_input *input = state->input;

    switch (key) {
    case 'o':
        input->out = argument;
        return 0;
    case 'r':
        input->options.video_root = argument;
        return 0;
    case OPTION_VIDEO:
        input->options.video = argument;
        return 0;
    case OPTION_RATE:
        input->options.frame_rate = parse_number(argument, state, "--frame-rate");
        return 0;
    case OPTION_FIRST:
        if (strcmp(argument, "0") != 0 && strcmp(argument, "1") != 0) {
            cli_usage_error(state, "--first-frame is \"%s\", 0 or 1 is accepted", argument);
        }
        input->options.first_frame = argument[0] - '0';
        return 0;
    case OPTION_ACTIONS:
        if (strcmp(argument, "labels") != 0 && strcmp(argument, "attributes") != 0) {
            cli_usage_error(state, "--actions is \"%s\", labels or attributes is accepted",
                            argument);
        }
        input->options.actions = argument;
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

static const struct argp import_argp = {
    import_options,
    parse_import,
    "FILE... --out DIR",
    "Turns annotation of other tools into the simple form of one's own data: CVAT's XML 1.1 "
    "(\"CVAT "
    "for video\", \"CVAT for images\", one task a file) and COCO-style JSON of videos (pictures "
    "that "
    "name their video and frame, or tracks with a list of boxes). Several files make one data "
    "set. Every annotated frame is written; own.yaml uses one a second "
    "(data.key_frame_interval_seconds).\v"
    "Example:\n  sslact_cli data import monday.xml tuesday.xml --videos videos --out gym\n"
    "  sslact_cli data check --config gym/own.yaml",
    NULL,
    NULL,
    NULL};

static json_t *make_json(const sslact_import_summary *s, const char *config)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "videos",
                     (json_int_t)s->videos, "key_frames", (json_int_t)s->key_frames, "people",
                     (json_int_t)s->people, "labels", (json_int_t)s->labels, "actions",
                     (json_int_t)s->actions, "boxes_clipped", (json_int_t)s->boxes_clipped,
                     "boxes_left_out", (json_int_t)s->boxes_left_out, "shapes_left_out",
                     (json_int_t)s->shapes_left_out, "config", config);
}

static int show(const cli_common *common, const sslact_import_summary *s, const char *folder)
{
    char config[4096];

    snprintf(config, sizeof config, "%s/own.yaml", folder);
    if (common->json) {
        return cli_print_json(make_json(s, config));
    }
    printf("%lld videos, %lld annotated moments, %lld people, %lld labels of %lld actions\n",
           (long long)s->videos, (long long)s->key_frames, (long long)s->people,
           (long long)s->labels, (long long)s->actions);
    if (s->boxes_clipped + s->boxes_left_out + s->shapes_left_out > 0) {
        printf("%lld boxes clipped at the edge of the picture; left out: %lld boxes (the log says "
               "why), %lld shapes that are no boxes\n",
               (long long)s->boxes_clipped, (long long)s->boxes_left_out,
               (long long)s->shapes_left_out);
    }
    printf("config: %s\n", config);
    return EXIT_DONE;
}

int run_data_import(int argc, char **argv)
{
    cli_common common = {.word_limit = argc};
    import_input input;
    sslact_import_summary summary;
    sslact_status status;

    memset(&input, 0, sizeof input);
    SSLACT_INIT(input.options);
    SSLACT_INIT(summary);
    cli_parse(&import_argp, "data import", argc, argv, &common, &input);
    if (common.pair_count > 0) {
        return cli_refuse("data import takes no config keys, got \"%s\"", common.pairs[0]);
    }
    if (common.word_count == 0) {
        return cli_refuse("data import: no file is named, CVAT's XML or COCO's JSON is accepted");
    }
    status = sslact_dataset_import(common.words, (size_t)common.word_count, input.out,
                                   &input.options, &summary);
    return status < 0 ? cli_fail(status) : show(&common, &summary, input.out);
}
