// Options, config, errors and JSON that the commands share.

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { OPTION_JSON = 0x1000 };

static const struct argp_option common_options[] = {
    {"config", 'c', "FILE", 0,
     "YAML config, laid over the defaults; several: one over the other", 1},
    {"json", OPTION_JSON, NULL, 0, "print one JSON object on stdout, nothing else there", 10},
    {"quiet", 'q', NULL, 0, "errors only on stderr", 10},
    {"verbose", 'v', NULL, 0, "more on stderr; twice: everything", 10},
    {0}};

// ---- wrong words ----

size_t cli_distance(const char *a, const char *b)
{
    size_t row[64]; // row[k]: from the letters of a so far to the first k of b
    const size_t length = strlen(b) < 63 ? strlen(b) : 63;

    for (size_t k = 0; k <= length; k++) {
        row[k] = k;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t k = 1; k <= length; k++) {
            size_t best = corner + (a[i] != b[k - 1]);
            corner = row[k];
            best = best < corner + 1 ? best : corner + 1;
            row[k] = best < row[k - 1] + 1 ? best : row[k - 1] + 1;
        }
    }
    return row[length];
}

void cli_usage_error(const struct argp_state *state, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("sslact_cli: ", stderr);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "; %s --help says more\n", state->name);
    va_end(arguments);
    exit(EXIT_USAGE);
}

// The option whose name is nearest, or that the word is the beginning of.
static void find_option(const struct argp_option *list, const char *word, size_t length,
                        const char **nearest, size_t *distance)
{
    for (size_t i = 0; list != NULL && (list[i].name != NULL || list[i].doc != NULL); i++) {
        char given[64];
        if (list[i].name == NULL) {
            continue;
        }
        snprintf(given, sizeof given, "%.*s", (int)length, word);
        const bool begins = strncmp(list[i].name, given, strlen(given)) == 0;
        const size_t found = begins ? 0 : cli_distance(given, list[i].name);
        if (*nearest == NULL || found < *distance) {
            *nearest = list[i].name;
            *distance = found;
        }
    }
}

// getopt names an unknown option and leaves it at that; here it gets the nearest known one.
static void check_options(const struct argp *own, const char *name, int argc, char **argv)
{
    static const struct argp_option automatic[] = {
        {"help", 0, NULL, 0, NULL, 0}, {"usage", 0, NULL, 0, NULL, 0}, {0}};

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i] + 2;
        const char *nearest = NULL;
        size_t distance = 0;
        if (strncmp(argv[i], "--", 2) != 0) {
            continue;
        }
        find_option(automatic, word, strcspn(word, "="), &nearest, &distance);
        find_option(own->options, word, strcspn(word, "="), &nearest, &distance);
        find_option(common_options, word, strcspn(word, "="), &nearest, &distance);
        if (distance > 0) {
            exit(cli_refuse("unknown option \"%s\", did you mean --%s; %s --help says more",
                            argv[i], nearest, name));
        }
    }
}

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    cli_common *common = state->input;

    switch (key) {
    case 'c':
        common->config_paths[common->config_count++] = argument;
        return 0;
    case OPTION_JSON:
        common->json = true;
        return 0;
    case 'q':
        common->quiet = true;
        return 0;
    case 'v':
        common->verbose++;
        return 0;
    case ARGP_KEY_ARG:
        if (strchr(argument, '=') != NULL) {
            common->pairs[common->pair_count++] = argument;
        } else if (common->word_count < common->word_limit) {
            common->words[common->word_count++] = argument;
        } else {
            cli_usage_error(state, "unexpected word \"%s\", config keys are written key=value",
                            argument);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp common_argp = {common_options, parse_common, "[key=value ...]", NULL, NULL,
                                 NULL,           NULL};

// Hands the command's own input to its parser and the common one to the child.
typedef struct parse_input {
    cli_common *common;
    const struct argp *own;
    void *own_input;
} parse_input;

static error_t parse_own(int key, char *argument, struct argp_state *state)
{
    const parse_input *input = state->input;
    struct argp_state own_state = *state;

    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = input->common;
        return 0;
    }
    if (input->own->parser == NULL || key == ARGP_KEY_ARG) {
        return ARGP_ERR_UNKNOWN;
    }
    own_state.input = input->own_input;
    return input->own->parser(key, argument, &own_state);
}

// On a terminal a message takes the place of the progress line, which is drawn again below it.
static void show_message(sslact_log_level level, const char *room, const char *text, void *user)
{
    static const char *const names[] = {"", "debug", "info", "warning", "error"};

    (void)user;
    fprintf(stderr, "\r\033[K%s: %s: %s\n", names[level], room, text);
}

static void apply_verbosity(const cli_common *common)
{
    const char *wanted = getenv("SSLACT_LOG");
    sslact_log_level level = SSLACT_LOG_WARNING;

    if (common->quiet) {
        level = SSLACT_LOG_ERROR;
    } else if (common->verbose > 1 || (wanted != NULL && strcmp(wanted, "debug") == 0)) {
        level = SSLACT_LOG_DEBUG;
    } else if (common->verbose == 1 || (wanted != NULL && strcmp(wanted, "info") == 0)) {
        level = SSLACT_LOG_INFO;
    }
    if (sslact_runtime_set_log(isatty(STDERR_FILENO) ? show_message : NULL, level, NULL) < 0) {
        exit(cli_fail(sslact_error_get_status()));
    }
}

void cli_parse(const struct argp *own, const char *name, int argc, char **argv, cli_common *common,
               void *input)
{
    static char shown[64];
    const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {0}};
    const struct argp whole = {own->options, parse_own, own->args_doc, own->doc,
                               children,     NULL,      NULL};
    parse_input both = {common, own, input};

    common->pairs = calloc((size_t)argc + 1, sizeof *common->pairs);
    common->words = calloc((size_t)argc + 1, sizeof *common->words);
    common->config_paths = calloc((size_t)argc + 1, sizeof *common->config_paths);
    if (common->pairs == NULL || common->words == NULL || common->config_paths == NULL) {
        exit(cli_refuse("out of memory"));
    }
    snprintf(shown, sizeof shown, "sslact_cli %s", name);
    argv[0] = shown;
    program_invocation_name = shown;
    check_options(own, shown, argc, argv);
    argp_parse(&whole, argc, argv, 0, NULL, &both);
    apply_verbosity(common);
}

int cli_exit_code(sslact_status status)
{
    switch (status) {
    case SSLACT_OK:
    case SSLACT_DONE:
        return EXIT_DONE;
    case SSLACT_ERROR_CONFIG:
    case SSLACT_ERROR_INVALID_ARGUMENT:
        return EXIT_USAGE;
    case SSLACT_ERROR_NOT_FOUND:
    case SSLACT_ERROR_IO:
    case SSLACT_ERROR_FORMAT:
    case SSLACT_ERROR_DECODE:
    case SSLACT_ERROR_MISMATCH:
        return EXIT_INPUT;
    case SSLACT_ERROR_NONFINITE:
        return EXIT_NUMBERS;
    case SSLACT_ERROR_OUT_OF_MEMORY:
    case SSLACT_ERROR_DEVICE:
    case SSLACT_ERROR_UNSUPPORTED:
        return EXIT_RESOURCE;
    case SSLACT_ERROR_CANCELLED:
        return EXIT_STOPPED;
    default:
        return EXIT_UNEXPECTED;
    }
}

int cli_fail(sslact_status status)
{
    fprintf(stderr, "sslact_cli: %s\n", sslact_error_get_message());
    return cli_exit_code(status);
}

int cli_refuse(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("sslact_cli: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return EXIT_USAGE;
}

static bool is_preset(const char *pair)
{
    return strncmp(pair, "model.preset=", 13) == 0 || strncmp(pair, "ssl.preset=", 11) == 0;
}

static sslact_status set_pair(sslact_config *config, const char *pair)
{
    char key[256];
    const char *sign = strchr(pair, '=');

    snprintf(key, sizeof key, "%.*s", (int)(sign - pair), pair);
    return sslact_config_set(config, key, sign + 1);
}

sslact_status cli_make_config(const cli_common *common, sslact_config **out)
{
    sslact_config *config = NULL;
    sslact_status status = sslact_config_create(&config);

    for (int i = 0; status >= 0 && i < common->config_count; i++) {
        status = sslact_config_load(config, common->config_paths[i]);
    }
    // A preset puts its keys back to its own values: it comes before what differs from it.
    for (int presets = 1; presets >= 0; presets--) {
        for (int i = 0; status >= 0 && i < common->pair_count; i++) {
            if (is_preset(common->pairs[i]) == (presets == 1)) {
                status = set_pair(config, common->pairs[i]);
            }
        }
    }
    if (status < 0) {
        sslact_config_free(config);
        return status;
    }
    *out = config;
    return SSLACT_OK;
}

char *cli_get_value(const sslact_config *config, const char *key)
{
    size_t needed = 0;
    char *value = NULL;

    if (sslact_config_get(config, key, NULL, 0, &needed) < 0) {
        return NULL;
    }
    value = malloc(needed);
    if (value != NULL && sslact_config_get(config, key, value, needed, &needed) < 0) {
        free(value);
        return NULL;
    }
    return value;
}

bool cli_value_is(const sslact_config *config, const char *key, const char *expected)
{
    char *value = cli_get_value(config, key);
    const bool same = value != NULL && strcmp(value, expected) == 0;

    free(value);
    return same;
}

long long cli_get_count(const sslact_config *config, const char *key)
{
    char *value = cli_get_value(config, key);
    const long long count = value != NULL ? strtoll(value, NULL, 10) : 0;

    free(value);
    return count;
}

sslact_status cli_set_threads(const sslact_config *config)
{
    int32_t tensor_threads = 1, loader_threads = 1;
    sslact_status status = sslact_config_count_threads(config, &tensor_threads, &loader_threads);

    return status < 0 ? status : sslact_runtime_set_threads(tensor_threads);
}

static bool is_given(const sslact_config *config, const char *key)
{
    char *value = cli_get_value(config, key);
    const bool given = value != NULL && *value != '\0' && strcmp(value, "\"\"") != 0;

    free(value);
    return given;
}

// A person's own data may have one label file, of which a share of the videos is for validation.
static bool has_held_out(const sslact_config *config)
{
    return cli_value_is(config, "data.dataset", "own") && is_given(config, "data.labels") &&
           !is_given(config, "data.train.labels") &&
           !cli_value_is(config, "data.validation_share", "0");
}

// One annotation of UCF101-24 holds both splits.
static bool has_common_annotation(const sslact_config *config)
{
    return cli_value_is(config, "data.dataset", "ucf101_24") && is_given(config, "data.labels");
}

char *cli_describe_cache(const sslact_config *config, const char *split)
{
    size_t needed = 0;
    char *described;

    if (sslact_dataset_describe_cache(config, split, 0, NULL, 0, &needed) < 0 || needed <= 1) {
        return NULL;
    }
    described = malloc(needed);
    if (described != NULL &&
        sslact_dataset_describe_cache(config, split, 0, described, needed, &needed) < 0) {
        free(described);
        return NULL;
    }
    return described;
}

bool cli_has_split(const sslact_config *config, const char *split)
{
    char key[128];
    bool has = strcmp(split, "validation") == 0 &&
               (has_held_out(config) || has_common_annotation(config));
    static const char *const names[] = {"labels", "person_boxes"};

    for (size_t i = 0; i < 2; i++) {
        snprintf(key, sizeof key, "data.%s.%s", split, names[i]);
        has = has || is_given(config, key);
    }
    return has;
}

int cli_print_json(json_t *object)
{
    int failed;

    if (object == NULL) {
        return cli_refuse("out of memory");
    }
    failed = json_dumpf(object, stdout, JSON_INDENT(2)) != 0;
    failed = putchar('\n') == EOF || fflush(stdout) != 0 || failed;
    json_decref(object);
    if (failed) {
        fprintf(stderr, "sslact_cli: the result could not be written to stdout\n");
        return EXIT_INPUT;
    }
    return EXIT_DONE;
}

json_t *cli_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cli_report_json(const sslact_report *report)
{
    size_t needed = 0;
    char *rendered = NULL;
    json_t *object = NULL;
    json_error_t error;

    if (sslact_report_render(report, "json", NULL, 0, &needed) < 0) {
        return NULL;
    }
    rendered = malloc(needed);
    if (rendered != NULL && sslact_report_render(report, "json", rendered, needed, &needed) >= 0) {
        object = json_loads(rendered, 0, &error);
    }
    free(rendered);
    return object;
}

sslact_status cli_print_report(const sslact_report *report)
{
    size_t needed = 0;
    char *rendered = NULL;
    sslact_status status = sslact_report_render(report, "text", NULL, 0, &needed);

    if (status < 0) {
        return status;
    }
    rendered = malloc(needed);
    if (rendered == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    status = sslact_report_render(report, "text", rendered, needed, &needed);
    if (status >= 0) {
        fputs(rendered, stdout);
    }
    free(rendered);
    return status;
}
