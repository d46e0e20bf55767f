// sslact_cli prepare: the cache of training videos.

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct argp own = {
    NULL,
    NULL,
    "--config FILE",
    "Makes the cache of training videos in the folder that data.cache names: copies that are "
    "smaller and faster to read, of the videos that training with this config reads. Training then "
    "reads the copies, evaluation goes on reading the videos (data.cache_evaluate). What is there "
    "and still right is kept: stopped at any moment, the same command goes on, and it takes in new "
    "videos. Keys: data.cache, data.cache_codec, data.cache_quality, data.cache_short_side, "
    "run.loader_threads (videos at once).\v"
    "Example:\n  sslact_cli prepare --config my.yaml data.cache=cache\n"
    "  sslact_cli train --config my.yaml data.cache=cache --run runs/first",
    NULL,
    NULL,
    NULL};

static volatile sig_atomic_t stop_requested;

static void handle_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
}

// The first signal stops at the next frame, a second one kills.
static void install_signals(void)
{
    static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action, before;

    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = handle_stop;
    action.sa_flags = (int)SA_RESETHAND;
    for (size_t i = 0; i < sizeof stopping / sizeof stopping[0]; i++) {
        // What is ignored already (nohup) stays ignored.
        if (sigaction(stopping[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(stopping[i], &action, NULL);
        }
    }
}

static int show(const sslact_progress *progress, void *user)
{
    enum { WIDTH = 30 };
    cli_progress *p = user;
    const double total = (double)progress->total;
    const double share = total > 0 ? (double)progress->done / total : 1;
    const double left = share > 0 ? progress_elapsed(p) * (1 - share) / share : 0;
    char bar[WIDTH + 1];

    if (progress->total > 0 && progress->done > 0) {
        progress_draw_bar(share, WIDTH, bar);
        // Elsewhere than on a terminal a line each half minute says the same.
        const bool due = !p->terminal && progress_elapsed(p) - (p->last - p->start) >= 30;
        progress_show(p, due, "prepare %s%s%s%3.0f %% of %.1f MB, left %d:%02d",
                      p->terminal ? "[" : "", p->terminal ? bar : "", p->terminal ? "] " : "",
                      100 * share, total / 1e6, (int)left / 60, (int)left % 60);
    }
    return stop_requested;
}

static int print_results(const sslact_prepare_summary *summary, const char *folder, bool json)
{
    if (json) {
        return cli_print_json(json_pack(
            "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s}", "clips", (json_int_t)summary->clips,
            "videos", (json_int_t)summary->videos, "made", (json_int_t)summary->made, "kept",
            (json_int_t)summary->kept, "left_out", (json_int_t)summary->left_out, "bytes",
            (json_int_t)summary->bytes, "original_bytes", (json_int_t)summary->original_bytes,
            "seconds", summary->seconds, "cache", folder));
    }
    printf("%lld clips in %lld videos: %lld copies made, %lld kept", (long long)summary->clips,
           (long long)summary->videos, (long long)summary->made, (long long)summary->kept);
    if (summary->left_out > 0) {
        printf(", %lld damaged videos left out", (long long)summary->left_out);
    }
    printf("; %.1f MB for %.1f MB of video, %.1f s\ncache: %s\n", (double)summary->bytes / 1e6,
           (double)summary->original_bytes / 1e6, summary->seconds, folder);
    return EXIT_DONE;
}

int run_prepare(int argc, char **argv)
{
    cli_common common = {0};
    cli_progress progress;
    sslact_config *config = NULL;
    sslact_prepare_options options;
    sslact_prepare_summary summary;
    char folder[4096] = "";
    size_t needed = 0;
    sslact_status status;
    int code;

    SSLACT_INIT(options);
    SSLACT_INIT(summary);
    cli_parse(&own, "prepare", argc, argv, &common, NULL);
    install_signals();
    status = cli_make_config(&common, &config);
    progress_start(&progress, common.quiet);
    options.progress = show;
    options.progress_user = &progress;
    if (status >= 0) {
        status = sslact_dataset_prepare(config, &options, &summary);
    }
    if (status >= 0) {
        status = sslact_config_get(config, "data.cache", folder, sizeof folder, &needed);
    }
    progress_clear(&progress);
    code = status < 0 ? cli_fail(status) : print_results(&summary, folder, common.json);
    sslact_config_free(config);
    return code;
}
