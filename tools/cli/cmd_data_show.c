// sslact_cli data show: a contact sheet of what training makes of clips.

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { OPTION_SPLIT = 0x3100, OPTION_CLIP, OPTION_VIDEO, OPTION_AT, OPTION_COLUMNS, OPTION_SIZE };
enum { MOST_CLIPS = 32 };

typedef struct show_input {
    const char *out, *split, *video, *seed;
    double at;       // NAN: the first key frame of the video
    long long clip;  // -1: not given
    long long count; // 0: not given
    sslact_sheet_options options;
} show_input;

static const struct argp_option show_options[] = {
    {"out", 'o', "FILE", 0, "the picture, PNG", 0},
    {"split", OPTION_SPLIT, "NAME", 0, "train (default), unlabeled or validation", 0},
    {"clip", OPTION_CLIP, "N", 0, "clip number N of the split, from 0", 0},
    {"video", OPTION_VIDEO, "ID", 0, "a clip of this video; with --at, the nearest to it", 0},
    {"at", OPTION_AT, "SECONDS", 0, "for --video: key frame's time in the film, or its number", 0},
    {"count", 'n', "N", 0, "clips to show, 1 to 32; default 4, 1 with --clip or --video", 0},
    {"seed", 's', "N", 0, "run.seed: another seed, other clips and other views", 0},
    {"columns", OPTION_COLUMNS, "N", 0, "frames of a clip to show, default 5", 0},
    {"size", OPTION_SIZE, "PIXELS", 0, "longer side of a frame on the sheet, default 240", 0},
    {0}};

static long long parse_whole(const char *text, long long most, const struct argp_state *state,
                             const char *option)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < 0 || value > most) {
        cli_usage_error(state, "%s is \"%s\", a whole number from 0 to %lld is accepted", option,
                        text, most);
    }
    return value;
}

static double parse_seconds(const char *text, const struct argp_state *state)
{
    char *end = NULL;
    const double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value)) {
        cli_usage_error(state, "--at is \"%s\", a number of seconds is accepted", text);
    }
    return value;
}

static void check_input(show_input *input, const struct argp_state *state)
{
    if (input->out == NULL) {
        cli_usage_error(state, "--out is needed");
    }
    if (input->clip >= 0 && input->video != NULL) {
        cli_usage_error(state, "--clip and --video both say which clip, give one of them");
    }
    if (!isnan(input->at) && input->video == NULL) {
        cli_usage_error(state, "--at needs --video");
    }
    if (input->count == 0) {
        input->count = input->clip >= 0 || input->video != NULL ? 1 : 4;
    }
}

static error_t parse_show(int key, char *argument, struct argp_state *state)
{
    show_input *input = state->input;

    switch (key) {
    case 'o':
        input->out = argument;
        return 0;
    case OPTION_SPLIT:
        input->split = argument;
        return 0;
    case OPTION_CLIP:
        input->clip = parse_whole(argument, INT64_MAX, state, "--clip");
        return 0;
    case OPTION_VIDEO:
        input->video = argument;
        return 0;
    case OPTION_AT:
        input->at = parse_seconds(argument, state);
        return 0;
    case 'n':
        input->count = parse_whole(argument, MOST_CLIPS, state, "--count");
        if (input->count == 0) {
            cli_usage_error(state, "--count is \"%s\", 1 to %d is accepted", argument, MOST_CLIPS);
        }
        return 0;
    case 's':
        input->seed = argument;
        return 0;
    case OPTION_COLUMNS:
        input->options.columns = (int32_t)parse_whole(argument, 1000, state, "--columns");
        return 0;
    case OPTION_SIZE:
        input->options.frame_size = (int32_t)parse_whole(argument, 100000, state, "--size");
        return 0;
    case ARGP_KEY_END:
        check_input(input, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp show_argp = {
    show_options,
    parse_show,
    "--config FILE --out FILE",
    "Draws what training makes of clips: for each the frames as they are read, the weak view and "
    "the "
    "strong view, with the boxes that belong to each and the names of the actions. Without --clip "
    "and --video: the clips that a run with this config begins with, exactly as the network gets "
    "them.\v"
    "Examples:\n"
    "  sslact_cli data show --config demo/demo.yaml --out sheet.png\n"
    "  sslact_cli data show --config demo/demo_ssl.yaml --split unlabeled \\\n"
    "      --out sheet.png augment.aug_m=15\n"
    "  sslact_cli data show --config ava.yaml --video 1j20qq1JyX4 --at 903 \\\n"
    "      --out sheet.png",
    NULL,
    NULL,
    NULL};

// ---- the job ----

static int take_view(const sslact_sheet_view *view, void *user)
{
    json_t *clips = user, *clip;

    if (strcmp(view->view, "original") == 0) {
        json_array_append_new(clips,
                              json_pack("{s:I, s:s, s:f, s:[]}", "clip", (json_int_t)view->clip,
                                        "video", view->video, "seconds", view->seconds, "views"));
    }
    clip = json_array_get(clips, json_array_size(clips) - 1);
    json_array_append_new(json_object_get(clip, "views"),
                          json_pack("{s:s, s:s, s:i, s:i, s:i, s:i}", "view", view->view, "changes",
                                    view->changes, "width", (int)view->width, "height",
                                    (int)view->height, "people", (int)view->people, "masked",
                                    (int)view->masked));
    return 0;
}

// Where the clips to show begin; *chosen false: the library's own choice.
static sslact_status find_first(sslact_dataset *dataset, const show_input *input, size_t *first,
                                bool *chosen)
{
    *chosen = input->clip >= 0 || input->video != NULL;
    if (input->video != NULL) {
        const double at = isnan(input->at) ? 0 : input->at;
        return sslact_dataset_find_clip(dataset, input->video, at, first);
    }
    *first = input->clip >= 0 ? (size_t)input->clip : 0;
    return SSLACT_OK;
}

static sslact_status draw(const sslact_config *config, const show_input *input)
{
    sslact_dataset *dataset = NULL;
    size_t clips[MOST_CLIPS], first = 0, total = 0, count = (size_t)input->count;
    bool chosen = false;
    sslact_status status = sslact_dataset_open(config, input->split, &dataset);

    if (status >= 0) {
        status = sslact_dataset_count_clips(dataset, &total);
    }
    if (status >= 0) {
        status = find_first(dataset, input, &first, &chosen);
    }
    if (status >= 0) {
        // What a split has no more of is not asked for; a first clip that is not there is.
        const size_t rest = chosen && first < total ? total - first : total;
        count = count > rest && rest > 0 ? rest : count;
        for (size_t n = 0; n < count; n++) {
            clips[n] = first + n;
        }
        status = sslact_dataset_draw_sheet(dataset, config, chosen ? clips : NULL, count,
                                           &input->options, input->out);
    }
    sslact_dataset_free(dataset);
    return status;
}

static int print_shown(const cli_common *common, const show_input *input, json_t *array)
{
    const size_t count = json_array_size(array);
    json_t *clip;
    size_t n;

    if (common->json) {
        return cli_print_json(json_pack("{s:s, s:s, s:O}", "sheet", input->out, "split",
                                        input->split, "clips", array));
    }
    json_array_foreach(array, n, clip)
    {
        printf("clip %lld: %s at %.10g\n",
               (long long)json_integer_value(json_object_get(clip, "clip")),
               json_string_value(json_object_get(clip, "video")),
               json_real_value(json_object_get(clip, "seconds")));
    }
    printf("%zu clip%s of %s drawn: %s\n", count, count == 1 ? "" : "s", input->split, input->out);
    return EXIT_DONE;
}

int run_data_show(int argc, char **argv)
{
    cli_common common = {0};
    show_input input = {.split = "train", .at = NAN, .clip = -1};
    json_t *clips = json_array(); // each with its views
    sslact_config *config = NULL;
    sslact_status status;
    int code;

    SSLACT_INIT(input.options);
    cli_parse(&show_argp, "data show", argc, argv, &common, &input);
    input.options.view = take_view;
    input.options.view_user = clips;
    status = cli_make_config(&common, &config);
    if (status >= 0 && input.seed != NULL) {
        status = sslact_config_set(config, "run.seed", input.seed);
    }
    if (status >= 0) {
        status = draw(config, &input);
    }
    code = status < 0 ? cli_fail(status) : print_shown(&common, &input, clips);
    sslact_config_free(config);
    json_decref(clips);
    return code;
}
