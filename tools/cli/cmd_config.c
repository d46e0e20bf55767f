// sslact_cli config list, config render; info; report.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// ---- config list ----

static const struct argp list_argp = {
    NULL,
    NULL,
    "[PREFIX]",
    "Every config key with its default, accepted values and help; those that begin with PREFIX "
    "where one is given.\v"
    "Example:\n  sslact_cli config list ssl.",
    NULL,
    NULL,
    NULL};

static json_t *key_to_json(const sslact_config_key *key)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", key->name, "type", key->type, "default",
                     key->default_value, "accepted", key->accepted, "help", key->help);
}

int run_config_list(int argc, char **argv)
{
    cli_common common = {.word_limit = 1};
    sslact_config_key key;
    json_t *array;
    const char *prefix;
    sslact_status status = SSLACT_OK;

    cli_parse(&list_argp, "config list", argc, argv, &common, NULL);
    prefix = common.word_count > 0 ? common.words[0] : "";
    array = common.json ? json_array() : NULL;
    SSLACT_INIT(key);
    for (size_t i = 0; (status = sslact_config_describe(i, &key)) == SSLACT_OK; i++) {
        if (strncmp(key.name, prefix, strlen(prefix)) != 0) {
            continue;
        }
        if (array != NULL) {
            json_array_append_new(array, key_to_json(&key));
        } else {
            printf("%s: %s\n    %s; %s\n    %s\n", key.name,
                   *key.default_value != '\0' ? key.default_value : "(empty)", key.type,
                   key.accepted, key.help);
        }
    }
    if (status < 0) {
        json_decref(array);
        return cli_fail(status);
    }
    return array != NULL ? cli_print_json(array) : EXIT_DONE;
}

// ---- config render ----

static const struct argp render_argp = {
    NULL,
    NULL,
    "[--config FILE]",
    "The full config as YAML: defaults, the file, the key=value words. The output is a config.\v"
    "Example:\n  sslact_cli config render model.preset=slowfast_tiny > my.yaml",
    NULL,
    NULL,
    NULL};

int run_config_render(int argc, char **argv)
{
    cli_common common = {0};
    sslact_config *config = NULL;
    char *rendered = NULL;
    size_t needed = 0;
    sslact_status status;
    int code = EXIT_DONE;

    cli_parse(&render_argp, "config render", argc, argv, &common, NULL);
    status = cli_make_config(&common, &config);
    if (status < 0) {
        return cli_fail(status);
    }
    status = sslact_config_validate(config);
    if (status >= 0) {
        status = sslact_config_render(config, NULL, 0, &needed);
    }
    rendered = status >= 0 ? malloc(needed) : NULL;
    if (rendered != NULL) {
        status = sslact_config_render(config, rendered, needed, &needed);
    }
    if (status < 0 || rendered == NULL) {
        code = cli_fail(status < 0 ? status : SSLACT_ERROR_OUT_OF_MEMORY);
    } else if (common.json) {
        code = cli_print_json(json_pack("{s:s}", "yaml", rendered));
    } else {
        fputs(rendered, stdout);
    }
    free(rendered);
    sslact_config_free(config);
    return code;
}

// ---- info ----

static const struct argp info_argp = {
    NULL,
    NULL,
    "",
    "Versions of the library and what it stands on, and the devices.\v"
    "Example:\n  sslact_cli info --json",
    NULL,
    NULL,
    NULL};

static json_t *list_devices(void)
{
    json_t *devices = json_array();
    static const sslact_device_type types[] = {SSLACT_CPU, SSLACT_CUDA};

    for (size_t t = 0; t < 2; t++) {
        int32_t count = 0;
        if (sslact_runtime_count_devices(types[t], &count) < 0) {
            continue;
        }
        for (int32_t i = 0; i < count; i++) {
            const sslact_device device = {(int32_t)types[t], i};
            sslact_device_info info;
            SSLACT_INIT(info);
            if (sslact_runtime_describe_device(device, &info) >= 0) {
                json_array_append_new(
                    devices, json_pack("{s:s, s:I, s:b}", "name", info.name, "memory_total_bytes",
                                       (json_int_t)info.memory_total_bytes, "usable_for_training",
                                       info.usable_for_training));
            }
        }
    }
    return devices;
}

int run_info(int argc, char **argv)
{
    cli_common common = {0};
    json_error_t error;
    json_t *info;
    json_t *value;
    const char *key;

    cli_parse(&info_argp, "info", argc, argv, &common, NULL);
    info = json_loads(sslact_runtime_get_build_info(), 0, &error);
    if (info == NULL) {
        return cli_refuse("the library's build information is not JSON: %s", error.text);
    }
    if (common.json) {
        json_object_set_new(info, "devices", list_devices());
        return cli_print_json(info);
    }
    json_object_foreach(info, key, value)
    {
        printf("%s %s\n", key, json_is_string(value) ? json_string_value(value) : "none");
    }
    json_decref(info);
    info = list_devices();
    for (size_t i = 0; i < json_array_size(info); i++) {
        printf("device %s\n", json_string_value(json_object_get(json_array_get(info, i), "name")));
    }
    json_decref(info);
    return EXIT_DONE;
}

// ---- report ----

static const struct argp_option report_options[] = {
    {"out", 'o', "FILE", 0, "where the page goes, default report.html", 0}, {0}};

static error_t parse_report(int key, char *argument, struct argp_state *state)
{
    const char **out = state->input;

    if (key == 'o') {
        *out = argument;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static const struct argp report_argp = {
    report_options,
    parse_report,
    "RUN [RUN ...]",
    "One HTML page that sets run folders side by side: mAP, per-class AP and differences.\v"
    "Example:\n  sslact_cli report runs/baseline runs/continued runs/ours --out compare.html",
    NULL,
    NULL,
    NULL};

int run_report(int argc, char **argv)
{
    cli_common common = {.word_limit = 64};
    const char *out = "report.html";
    sslact_status status;

    cli_parse(&report_argp, "report", argc, argv, &common, &out);
    if (common.word_count < 1) {
        return cli_refuse("report needs at least one run folder");
    }
    status = sslact_run_compare(common.words, NULL, (size_t)common.word_count, out);
    if (status < 0) {
        return cli_fail(status);
    }
    if (common.json) {
        return cli_print_json(json_pack("{s:s}", "report", out));
    }
    printf("report: %s\n", out);
    return EXIT_DONE;
}
