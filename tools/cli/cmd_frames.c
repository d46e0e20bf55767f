// sslact_cli frames: exactly the frames a clip would hold.

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

enum { OPTION_STRIDE_SECONDS = 0x2000, OPTION_STRIDE_FRAMES, OPTION_ALL };

typedef struct frames_input {
    double at;
    bool has_at;
    bool all;
    int count;
    double stride_seconds;
    int64_t stride_frames;
    const char *out;
} frames_input;

static const struct argp_option options[] = {
    {"at", 'a', "SECONDS", 0, "centre of the clip, from the first frame's time", 0},
    {"count", 'n', "N", 0, "frames of the clip, default 32", 0},
    {"stride-seconds", OPTION_STRIDE_SECONDS, "S", 0, "distance in time, default 0.0666667", 0},
    {"stride-frames", OPTION_STRIDE_FRAMES, "N", 0, "distance in frames instead", 0},
    {"all", OPTION_ALL, NULL, 0, "every frame of the video", 0},
    {"out", 'o', "DIR", 0, "write the frames as PNG, RGB, as displayed", 0},
    {0}};

static double parse_number(const char *text, struct argp_state *state, const char *option)
{
    char *end = NULL;
    const double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value)) {
        cli_usage_error(state, "%s is \"%s\", a number is accepted", option, text);
    }
    return value;
}

static int64_t parse_count(const char *text, struct argp_state *state, const char *option)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < 1 || value > 1000000) {
        cli_usage_error(state, "%s is \"%s\", a count from 1 is accepted", option, text);
    }
    return value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    frames_input *input = state->input;

    switch (key) {
    case 'a':
        input->at = parse_number(argument, state, "--at");
        input->has_at = true;
        return 0;
    case 'n':
        input->count = (int)parse_count(argument, state, "--count");
        return 0;
    case OPTION_STRIDE_SECONDS:
        input->stride_seconds = parse_number(argument, state, "--stride-seconds");
        if (input->stride_seconds <= 0) {
            cli_usage_error(state, "--stride-seconds is \"%s\", more than 0 is accepted", argument);
        }
        return 0;
    case OPTION_STRIDE_FRAMES:
        input->stride_frames = parse_count(argument, state, "--stride-frames");
        return 0;
    case OPTION_ALL:
        input->all = true;
        return 0;
    case 'o':
        input->out = argument;
        return 0;
    case ARGP_KEY_END:
        if (input->has_at == input->all) {
            cli_usage_error(state, "give --at SECONDS or --all");
        }
        if (input->stride_seconds > 0 && input->stride_frames > 0) {
            cli_usage_error(state, "give --stride-seconds or --stride-frames, not both");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp own = {
    options,
    parse,
    "VIDEO",
    "Exactly the frames of a clip: entry k of COUNT is the frame shown at AT + (k - COUNT/2) * "
    "stride, clamped to the video. Prints index, presentation time and MD5 of each.\v"
    "Example:\n  sslact_cli frames film.mp4 --at 12.5 --count 8 --out frames",
    NULL,
    NULL,
    NULL};

typedef struct frame_printer {
    json_t *list; // NULL: plain lines
    const char *out;
    sslact_status failed; // of a PNG that could not be written
} frame_printer;

static int print_frame(const sslact_frame *frame, void *user)
{
    frame_printer *printer = user;
    char path[4096];

    if (printer->list != NULL) {
        json_array_append_new(printer->list,
                              json_pack("{s:I, s:f, s:s}", "index", (json_int_t)frame->index,
                                        "pts_seconds", frame->pts_seconds, "md5", frame->md5));
    } else {
        printf("%6lld  %12.6f  %s\n", (long long)frame->index, frame->pts_seconds, frame->md5);
    }
    if (printer->out != NULL) {
        snprintf(path, sizeof path, "%s/%06lld.png", printer->out, (long long)frame->index);
        printer->failed = sslact_video_save_png(path, frame->pixels, frame->width, frame->height);
    }
    return printer->failed < 0;
}

// The wanted frames, malloced; NULL and the error set on failure.
static int64_t *find_frames(const sslact_video *video, const frames_input *input, size_t *count)
{
    sslact_video_info info;
    int64_t *frames = NULL;

    SSLACT_INIT(info);
    if (sslact_video_describe(video, &info) < 0) {
        return NULL;
    }
    *count = input->all ? (size_t)info.frame_count : (size_t)input->count;
    frames = malloc((*count + 1) * sizeof *frames);
    if (frames == NULL) {
        return NULL;
    }
    if (input->all) {
        for (size_t i = 0; i < *count; i++) {
            frames[i] = (int64_t)i;
        }
        return frames;
    }
    const double stride = input->stride_frames > 0    ? 0.0
                          : input->stride_seconds > 0 ? input->stride_seconds
                                                      : 0.0666667;
    if (sslact_video_find_frames(video, input->at, input->count, stride, input->stride_frames,
                                 frames, *count, count) < 0) {
        free(frames);
        return NULL;
    }
    return frames;
}

int run_frames(int argc, char **argv)
{
    cli_common common = {.word_limit = 1};
    frames_input input = {.count = 32};
    frame_printer printer = {0};
    sslact_video *video = NULL;
    int64_t *frames = NULL;
    size_t count = 0;
    sslact_status status;
    int code = EXIT_DONE;

    cli_parse(&own, "frames", argc, argv, &common, &input);
    if (common.word_count != 1 || common.pair_count > 0) {
        return cli_refuse("frames takes one video and no config keys");
    }
    status = sslact_video_open(common.words[0], &video);
    if (status < 0) {
        return cli_fail(status);
    }
    if (input.out != NULL && mkdir(input.out, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "sslact_cli: %s: %s\n", input.out, strerror(errno));
        sslact_video_free(video);
        return EXIT_INPUT;
    }
    frames = find_frames(video, &input, &count);
    if (frames == NULL) {
        sslact_video_free(video);
        return cli_fail(sslact_error_get_status());
    }
    printer.list = common.json ? json_array() : NULL;
    printer.out = input.out;
    status =
        sslact_video_read_frames(video, frames, count, input.out != NULL, print_frame, &printer);
    if (status < 0) {
        json_decref(printer.list);
        code = cli_fail(printer.failed < 0 ? printer.failed : status);
    } else if (common.json) {
        code = cli_print_json(json_pack("{s:o}", "frames", printer.list));
    }
    free(frames);
    sslact_video_free(video);
    return code;
}
