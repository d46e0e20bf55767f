// sslact_cli weights: look into checkpoints and translate them.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct argp_option inspect_options[] = {
    {"all", 'a', NULL, 0, "every tensor, not only a summary", 0}, {0}};

static const struct argp_option convert_options[] = {
    {"names", 'n', "NAMES", 0, "sslact (default), pyslowfast or acar", 0}, {0}};

static error_t parse_inspect(int key, char *argument, struct argp_state *state)
{
    bool *all = state->input;

    (void)argument;
    if (key != 'a') {
        return ARGP_ERR_UNKNOWN;
    }
    *all = true;
    return 0;
}

static error_t parse_convert(int key, char *argument, struct argp_state *state)
{
    const char **names = state->input;

    if (key != 'n') {
        return ARGP_ERR_UNKNOWN;
    }
    if (strcmp(argument, "sslact") != 0 && strcmp(argument, "pyslowfast") != 0 &&
        strcmp(argument, "acar") != 0) {
        cli_usage_error(state, "--names is \"%s\", sslact, pyslowfast or acar is accepted",
                        argument);
    }
    *names = argument;
    return 0;
}

static const struct argp inspect_parser = {
    inspect_options,
    parse_inspect,
    "FILE [key=value ...]",
    "What a checkpoint holds and whose names its tensors have. With --config or key=value words "
    "it is matched against the network of those keys, else against any SlowFast network.\v"
    "Read are safetensors, torch.save's files of every age and pickles of numpy arrays, with the "
    "names of sslact, PySlowFast (also Caffe2), ACAR-Net, PyTorchVideo and mmaction2. Nothing in "
    "a file is run.\n"
    "Example:\n  sslact_cli weights inspect SLOWFAST_8x8_R50.pyth model.class_count=80 "
    "model.head_bias=true",
    NULL,
    NULL,
    NULL};

static const struct argp convert_parser = {
    convert_options,
    parse_convert,
    "IN OUT",
    "Rewrite a checkpoint with other names. The ending of OUT says what is written: .safetensors, "
    "or .pyth, .pth, .pt, .tar for torch.load(weights_only=True).\v"
    "Example:\n  sslact_cli weights convert runs/first/checkpoints/latest first.pyth "
    "--names pyslowfast",
    NULL,
    NULL,
    NULL};

// ---- inspect ----

static sslact_status inspect(const char *path, const sslact_config *config, json_t **out)
{
    size_t needed = 0;
    char *text = NULL;
    sslact_status status = sslact_weights_inspect(path, config, NULL, 0, &needed);

    if (status < 0) {
        return status;
    }
    text = malloc(needed);
    if (text == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    status = sslact_weights_inspect(path, config, text, needed, &needed);
    if (status >= 0) {
        *out = json_loads(text, 0, NULL);
    }
    free(text);
    return status;
}

static const char *get_text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL ? value : "";
}

static void print_tensor(const json_t *tensor)
{
    const json_t *shape = json_object_get(tensor, "shape");
    const char *canonical = json_string_value(json_object_get(tensor, "canonical"));
    const char *name = get_text(tensor, "name");

    printf("  %-4s [", get_text(tensor, "dtype"));
    for (size_t axis = 0; axis < json_array_size(shape); axis++) {
        printf("%s%lld", axis > 0 ? ", " : "",
               (long long)json_integer_value(json_array_get(shape, axis)));
    }
    printf("] %s", name);
    if (canonical == NULL) {
        printf("  (not of the network)");
    } else if (strcmp(canonical, name) != 0) {
        printf("  = %s", canonical);
    }
    printf("\n");
}

// A few names of a list, with their number.
static void print_names(const json_t *result, const char *key, const char *what, bool all)
{
    const json_t *list = json_object_get(result, key);
    const size_t count = json_array_size(list);
    const size_t shown = all || count <= 5 ? count : 4;

    if (list == NULL || count == 0) {
        return;
    }
    printf("%zu %s:\n", count, what);
    for (size_t i = 0; i < shown; i++) {
        const json_t *entry = json_array_get(list, i);

        if (json_is_string(entry)) {
            printf("  %s\n", json_string_value(entry));
        } else {
            printf("  %s: %s\n", get_text(entry, "name"), get_text(entry, "shapes"));
        }
    }
    if (shown < count) {
        printf("  and %zu more (--all lists them)\n", count - shown);
    }
}

static void print_result(const char *path, const json_t *result, bool all)
{
    const json_t *tensors = json_object_get(result, "tensors");
    const char *keys = get_text(result, "keys");
    const char *prefix = get_text(result, "prefix");

    printf("%s: %s, names of %s", path, get_text(result, "container"), get_text(result, "layout"));
    printf(prefix[0] != '\0' ? " behind \"%s\"\n" : "%s\n", prefix);
    printf("%zu tensors, %zu matched\n", json_array_size(tensors),
           json_array_size(json_object_get(result, "matched")));
    if (keys[0] != '\0') {
        printf("such networks take: %s\n", keys);
    }
    for (size_t i = 0; all && i < json_array_size(tensors); i++) {
        print_tensor(json_array_get(tensors, i));
    }
    print_names(result, "skipped", "of another shape than the network's", all);
    print_names(result, "missing", "that the network has and the file has not", all);
    print_names(result, "unmatched", "not matched", all);
}

int run_weights_inspect(int argc, char **argv)
{
    cli_common common = {.word_limit = 1};
    sslact_config *config = NULL;
    json_t *result = NULL;
    bool all = false;
    sslact_status status = SSLACT_OK;
    int code = EXIT_DONE;

    cli_parse(&inspect_parser, "weights inspect", argc, argv, &common, &all);
    if (common.word_count != 1) {
        return cli_refuse("weights inspect takes one FILE, got %d", common.word_count);
    }
    if (common.config_count > 0 || common.pair_count > 0) {
        status = cli_make_config(&common, &config);
    }
    if (status >= 0) {
        status = inspect(common.words[0], config, &result);
    }
    sslact_config_free(config);
    if (status < 0) {
        return cli_fail(status);
    }
    if (common.json) {
        return cli_print_json(result);
    }
    print_result(common.words[0], result, all);
    json_decref(result);
    return code;
}

// ---- convert ----

int run_weights_convert(int argc, char **argv)
{
    cli_common common = {.word_limit = 2};
    const char *names = "sslact";
    sslact_status status = SSLACT_OK;

    cli_parse(&convert_parser, "weights convert", argc, argv, &common, &names);
    if (common.word_count != 2 || common.pair_count > 0) {
        return cli_refuse("weights convert takes IN and OUT and no config keys");
    }
    status = sslact_weights_convert(common.words[0], common.words[1], names);
    if (status < 0) {
        return cli_fail(status);
    }
    if (common.json) {
        return cli_print_json(json_pack("{s:s, s:s}", "written", common.words[1], "names", names));
    }
    if (!common.quiet) {
        printf("%s: written with the names of %s\n", common.words[1], names);
    }
    return EXIT_DONE;
}
