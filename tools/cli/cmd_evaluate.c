// sslact_cli evaluate: a trained model over a split.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

typedef struct evaluate_input {
    const char *run;
    const char *weights;
    const char *split;
    const char *detections;
} evaluate_input;

static const struct argp_option options[] = {
    {"run", 'r', "DIR", 0, "run folder: its config and newest checkpoint", 0},
    {"weights", 'w', "FILE", 0, "checkpoint, with --config", 0},
    {"split", 's', "NAME", 0, "validation (default), train or unlabeled", 0},
    {"detections", 'd', "OUT.csv", 0, "write every score, in AVA's form", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    evaluate_input *input = state->input;

    switch (key) {
    case 'r':
        input->run = argument;
        return 0;
    case 'w':
        input->weights = argument;
        return 0;
    case 's':
        input->split = argument;
        return 0;
    case 'd':
        input->detections = argument;
        return 0;
    case ARGP_KEY_END:
        if ((input->run == NULL) == (input->weights == NULL)) {
            cli_usage_error(state, "give --run DIR, or --config FILE with --weights FILE");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp own = {
    options,
    parse,
    "(--run DIR | --config FILE --weights FILE)",
    "Frame mAP at overlap 0.5 of a trained model over a split: the teacher where the checkpoint "
    "has one, else the student.\v"
    "Example:\n  sslact_cli evaluate --run runs/baseline --detections out.csv",
    NULL,
    NULL,
    NULL};

// The newest checkpoint of a run folder: what `latest` names.
static int find_newest(const char *run, char *path, size_t capacity)
{
    char name[256] = "";
    FILE *file;

    snprintf(path, capacity, "%s/checkpoints/latest", run);
    file = fopen(path, "r");
    if (file == NULL || fgets(name, sizeof name, file) == NULL) {
        if (file != NULL) {
            fclose(file);
        }
        fprintf(stderr, "sslact_cli: %s: there is no checkpoint in this run folder yet\n", path);
        return EXIT_INPUT;
    }
    fclose(file);
    name[strcspn(name, "\n")] = '\0';
    snprintf(path, capacity, "%s/checkpoints/%s", run, name);
    return EXIT_DONE;
}

// Evaluation that reads the videos does not need a cache to be there.
static sslact_status forget_cache(sslact_config *config)
{
    return cli_value_is(config, "data.cache_evaluate", "true")
               ? SSLACT_OK
               : sslact_config_set(config, "data.cache", "");
}

static sslact_status evaluate(const cli_common *common, const evaluate_input *input,
                              const char *weights, cli_progress *progress, sslact_report **report,
                              char **training_cache)
{
    sslact_config *config = NULL;
    sslact_dataset *dataset = NULL;
    sslact_model *model = NULL;
    sslact_evaluate_options wanted;
    sslact_status status = cli_make_config(common, &config);

    SSLACT_INIT(wanted);
    wanted.detections_path = input->detections;
    wanted.progress = progress_callback;
    wanted.progress_user = progress;
    if (status >= 0) {
        status = cli_set_threads(config);
    }
    if (status >= 0) {
        status = sslact_config_set(config, "model.weights", "");
    }
    if (status >= 0) {
        *training_cache = cli_describe_cache(config, "train");
        status = forget_cache(config);
    }
    if (status >= 0) {
        status = sslact_dataset_open(config, input->split, &dataset);
    }
    if (status >= 0) {
        status = sslact_model_create(config, &model);
    }
    if (status >= 0) {
        status = sslact_model_load(model, weights);
    }
    if (status >= 0) {
        status = sslact_model_evaluate(model, dataset, &wanted, report);
    }
    sslact_model_free(model);
    sslact_dataset_free(dataset);
    sslact_config_free(config);
    return status;
}

// training_cache: what the config says that training read in place of the videos, or NULL.
static int print_results(const sslact_report *report, const char *training_cache, bool json)
{
    json_t *object = NULL;
    sslact_status status;

    if (json) {
        object = cli_report_json(report);
        json_object_set_new(object, "training_cache",
                            training_cache != NULL ? json_string(training_cache) : json_null());
        return cli_print_json(object);
    }
    status = cli_print_report(report);
    if (status >= 0 && training_cache != NULL) {
        printf("trained on copies of the videos: %s\n", training_cache);
    }
    return status < 0 ? cli_fail(status) : EXIT_DONE;
}

int run_evaluate(int argc, char **argv)
{
    cli_common common = {0};
    evaluate_input input = {.split = "validation"};
    cli_progress progress;
    sslact_report *report = NULL;
    char *training_cache = NULL;
    char weights[4096], config[4096];
    sslact_status status;
    int code;

    cli_parse(&own, "evaluate", argc, argv, &common, &input);
    if (input.run != NULL) {
        code = find_newest(input.run, weights, sizeof weights);
        if (code != EXIT_DONE) {
            return code;
        }
        snprintf(config, sizeof config, "%s/config.yaml", input.run);
        if (common.config_count == 0) {
            common.config_paths[common.config_count++] = config;
        }
    } else {
        snprintf(weights, sizeof weights, "%s", input.weights);
    }
    progress_start(&progress, common.quiet);
    status = evaluate(&common, &input, weights, &progress, &report, &training_cache);
    progress_clear(&progress);
    code = status < 0 ? cli_fail(status) : print_results(report, training_cache, common.json);
    sslact_report_free(report);
    free(training_cache);
    return code;
}
