// sslact_cli score: frame mAP of files, as AVA or UCF101-24 counts it.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct score_input {
    sslact_score_options options;
    int64_t row_limit;
} score_input;

static const struct argp_option options[] = {
    {"detections", 'd', "FILE", 0, "detections: video,time,x1,y1,x2,y2,action,score", 0},
    {"labels", 'l', "FILE", 0, "ground truth: video,time,x1,y1,x2,y2,action[,person]", 0},
    {"actions", 'a', "FILE", 0,
     "action list (.pbtxt): the classes that count; ucf101_24: not needed", 0},
    {"dataset", 's', "NAME", 0, "ava (default) or ucf101_24", 0},
    {"frames", 'f', "FILE", 0, "ucf101_24: video,number_of_frames; other detections are bad rows",
     0},
    {"frames-rule", 'F', "RULE", 0,
     "ucf101_24: annotated (default): frames without labels do not count; all: detections there "
     "are "
     "false",
     0},
    {"exclusions", 'e', "FILE", 0, "key frames to leave out: video,time", 0},
    {"rule", 'r', "RULE", 0, "exclusions (default) or included, the two official rules", 0},
    {"row-limit", 'n', "N", 0, "rows that count on a key frame, default 50, ucf101_24 0; 0: all",
     0},
    {"on-bad-row", 'b', "POLICY", 0, "fail (default) or skip", 0},
    {0}};

static int is_ucf(const score_input *input)
{
    return input->options.dataset != NULL && strcmp(input->options.dataset, "ucf101_24") == 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    score_input *input = state->input;
    char *end = NULL;

    switch (key) {
    case 'd':
        input->options.detections_path = argument;
        return 0;
    case 'l':
        input->options.labels_path = argument;
        return 0;
    case 'a':
        input->options.actions_path = argument;
        return 0;
    case 's':
        input->options.dataset = argument;
        return 0;
    case 'f':
        input->options.frames_path = argument;
        return 0;
    case 'F':
        input->options.frames_rule = argument;
        return 0;
    case 'e':
        input->options.exclusions_path = argument;
        return 0;
    case 'r':
        input->options.rule = argument;
        return 0;
    case 'b':
        input->options.row_policy = argument;
        return 0;
    case 'n':
        errno = 0;
        input->row_limit = strtoll(argument, &end, 10);
        if (end == argument || *end != '\0' || errno != 0 || input->row_limit < 0) {
            cli_usage_error(state, "--row-limit is \"%s\", a count from 0 is accepted", argument);
        }
        input->options.row_limit = &input->row_limit;
        return 0;
    case ARGP_KEY_END:
        if (input->options.detections_path == NULL || input->options.labels_path == NULL) {
            cli_usage_error(state, "--detections and --labels are needed");
        }
        if (input->options.actions_path == NULL && !is_ucf(input)) {
            cli_usage_error(state, "--detections, --labels and --actions are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp own = {
    options,
    parse,
    "--detections D.csv --labels L.csv --actions A.pbtxt",
    "Frame mAP at overlap 0.5 of detections against labels, as the official AVA evaluator computes "
    "it, or by its rule on UCF101-24.\v"
    "Example:\n  sslact_cli score --detections det.csv --labels ava_val_v2.2.csv \\\n"
    "      --actions ava_action_list_v2.2_for_activitynet_2019.pbtxt \\\n"
    "      --exclusions ava_val_excluded_timestamps_v2.2.csv\n"
    "  sslact_cli score --dataset ucf101_24 --detections det.csv --labels truth.csv\n\n"
    "UCF101-24: detections video,frame,class_id,score,x1,y1,x2,y2, labels\n"
    "video,frame,class_id,x1,y1,x2,y2; frames from 1, pixels of 320 x 240, class ids from 0.",
    NULL,
    NULL,
    NULL};

int run_score(int argc, char **argv)
{
    cli_common common = {0};
    score_input input;
    sslact_report *report = NULL;
    sslact_status status;
    int code;

    memset(&input, 0, sizeof input);
    SSLACT_INIT(input.options);
    cli_parse(&own, "score", argc, argv, &common, &input);
    if (common.pair_count > 0) {
        return cli_refuse("score takes no config keys, got \"%s\"", common.pairs[0]);
    }
    status = sslact_report_score(&input.options, &report);
    if (status < 0) {
        return cli_fail(status);
    }
    if (common.json) {
        code = cli_print_json(cli_report_json(report));
    } else {
        status = cli_print_report(report);
        code = status < 0 ? cli_fail(status) : EXIT_DONE;
    }
    sslact_report_free(report);
    return code;
}
