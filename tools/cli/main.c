// sslact_cli: one table of commands.

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_command commands[] = {
    {"train", "train a detector: schedule, checkpoints, evaluation, report", run_train},
    {"evaluate", "frame mAP of a trained model over a split", run_evaluate},
    {"score", "the AVA metric on detection and label files, no model", run_score},
    {"prepare", "make the cache: smaller copies of the training videos", run_prepare},
    {"frames", "exactly the frames a clip of a video would hold", run_frames},
    {"data demo", "generate the demo world: videos and annotation", run_data_demo},
    {"data check", "read everything a run would read, report every problem", run_data_check},
    {"data show", "draw clips and their views as a picture", run_data_show},
    {"data import", "annotation of CVAT or COCO as a sheet of boxes", run_data_import},
    {"config list", "every config key with default, range and help", run_config_list},
    {"config render", "a full config as YAML", run_config_render},
    {"weights inspect", "what a checkpoint holds, whose names it has", run_weights_inspect},
    {"weights convert", "rewrite a checkpoint for another code base", run_weights_convert},
    {"report", "rebuild a run's report, or set several runs side by side", run_report},
    {"info", "versions and devices", run_info},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_usage(FILE *stream)
{
    fprintf(stream, "Usage: sslact_cli COMMAND [options] [key=value ...]\n\n"
                    "Trains video action detectors from few labels.\n\n"
                    "For example:  sslact_cli data demo --out demo\n"
                    "              sslact_cli train --config demo/demo.yaml --run runs/first\n\n"
                    "Commands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(stream, "  %-15s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(stream, "\nsslact_cli COMMAND --help says more. Config keys: sslact_cli config list\n");
}

static void print_version(void)
{
    json_error_t error;
    json_t *info = json_loads(sslact_runtime_get_build_info(), 0, &error);
    const char *key;
    json_t *value;

    json_object_foreach(info, key, value)
    {
        printf("%s %s\n", key, json_is_string(value) ? json_string_value(value) : "none");
    }
    json_decref(info);
}

static const char *find_nearest(const char *word)
{
    const char *nearest = commands[0].name;

    for (size_t i = 1; i < COMMAND_COUNT; i++) {
        if (cli_distance(word, commands[i].name) < cli_distance(word, nearest)) {
            nearest = commands[i].name;
        }
    }
    return nearest;
}

// The words that were meant to name a command: the first, and the second of a pair like "data".
static void join_command(int argc, char **argv, char *words, size_t capacity)
{
    const bool pair = argc > 2 && argv[2][0] != '-' && strchr(argv[2], '=') == NULL;

    snprintf(words, capacity, "%s%s%s", argv[1], pair ? " " : "", pair ? argv[2] : "");
}

// The command that the first word, or the first two words, name; used says how many.
static const cli_command *find_command(int argc, char **argv, int *used)
{
    char both[128];

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, argv[1]) == 0) {
            *used = 1;
            return &commands[i];
        }
        if (argc > 2) {
            snprintf(both, sizeof both, "%s %s", argv[1], argv[2]);
            if (strcmp(commands[i].name, both) == 0) {
                *used = 2;
                return &commands[i];
            }
        }
    }
    return NULL;
}

// A training step frees and takes the same large blocks again and again; given back to the system
// each time, they cost a fifth of the step in page faults (58 against 47 ms, tiny network).
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
}

int main(int argc, char **argv)
{
    const cli_command *command;
    char words[128];
    int used = 0;

    argp_err_exit_status = EXIT_USAGE;
    keep_memory();
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return EXIT_DONE;
    }
    command = find_command(argc, argv, &used);
    if (command == NULL) {
        join_command(argc, argv, words, sizeof words);
        return cli_refuse("unknown command \"%s\", did you mean \"%s\"; sslact_cli --help lists "
                          "them",
                          words, find_nearest(words));
    }
    if (sslact_runtime_check(SSLACT_VERSION_NUMBER) < 0) {
        return cli_fail(sslact_error_get_status());
    }
    return command->run(argc - used, argv + used);
}
