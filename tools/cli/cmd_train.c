// sslact_cli train: a loop over sslact_trainer_step that keeps a run folder.

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// ---- signals: the first stops at a step boundary, a second one kills ----

static sslact_trainer *volatile signalled_trainer;
static volatile sig_atomic_t stop_requested;
static volatile sig_atomic_t checkpoint_requested;

static void handle_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
    if (signalled_trainer != NULL) {
        sslact_trainer_request_stop(signalled_trainer);
    }
}

static void handle_checkpoint(int signal_number)
{
    (void)signal_number;
    checkpoint_requested = 1;
}

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
    action.sa_handler = handle_checkpoint;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

// ---- options ----

typedef struct train_input {
    const char *run;
    bool resume;
} train_input;

enum { OPTION_RESUME = 0x4000 };

static const struct argp_option options[] = {
    {"run", 'r', "DIR", 0, "run folder: config, metrics, checkpoints, report", 0},
    {"resume", OPTION_RESUME, "auto", 0, "go on where the folder stands, if it holds a run", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    train_input *input = state->input;

    switch (key) {
    case 'r':
        input->run = argument;
        return 0;
    case OPTION_RESUME:
        if (strcmp(argument, "auto") != 0) {
            cli_usage_error(state, "--resume is \"%s\", auto is accepted", argument);
        }
        input->resume = true;
        return 0;
    case ARGP_KEY_END:
        if (input->run == NULL) {
            cli_usage_error(state, "--run is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp own = {
    options,
    parse,
    "--config FILE --run DIR",
    "Trains by the schedule of the config, from video files to checkpoints, evaluation and an HTML "
    "report. Ctrl-C finishes the step, writes a checkpoint and says how to go on (exit code "
    "75).\v"
    "Examples:\n"
    "  sslact_cli train --config demo/demo.yaml --run runs/baseline\n"
    "  sslact_cli train --config demo/demo_ssl.yaml --run runs/ours \\\n"
    "      model.weights=runs/baseline/checkpoints/latest",
    NULL,
    NULL,
    NULL};

// ---- the job ----

typedef struct training {
    cli_common common;
    train_input input;
    cli_progress progress;
    sslact_config *config;
    sslact_dataset *labeled, *unlabeled, *validation;
    sslact_trainer *trainer;
    sslact_run *run;
    long long batch_clips, checkpoint_every, evaluate_every, log_every, max_nonfinite, rounds;
    int64_t done, planned, skipped, saved, taken; // taken: steps of this process
    double wait_seconds, step_seconds;
    json_t *results; // {"student": report, "teacher": report or null}
} training;

static bool needs_unlabeled(const sslact_config *config)
{
    return !cli_value_is(config, "ssl.teacher", "none") &&
           cli_value_is(config, "ssl.unlabeled_source", "unlabeled");
}

// Whether the initial weights look at every unlabelled clip before the first step.
static bool needs_pass(const sslact_config *config)
{
    const bool resamples = cli_value_is(config, "ssl.ucb_mode", "resample") &&
                           (cli_value_is(config, "ssl.ucb", "both") ||
                            cli_value_is(config, "ssl.ucb", "unlabeled"));

    return !cli_value_is(config, "ssl.teacher", "none") &&
           (resamples || cli_value_is(config, "ssl.freq_source", "unlabeled"));
}

static sslact_status open_datasets(training *t)
{
    sslact_status status = sslact_dataset_open(t->config, "train", &t->labeled);

    if (status >= 0 && needs_unlabeled(t->config)) {
        status = sslact_dataset_open(t->config, "unlabeled", &t->unlabeled);
    }
    if (status >= 0 && cli_has_split(t->config, "validation")) {
        status = sslact_dataset_open(t->config, "validation", &t->validation);
    }
    return status;
}

static void read_intervals(training *t)
{
    t->batch_clips = cli_get_count(t->config, "solver.batch_labeled");
    if (!cli_value_is(t->config, "ssl.teacher", "none")) {
        t->batch_clips += cli_get_count(t->config, "solver.batch_unlabeled");
    }
    t->checkpoint_every = cli_get_count(t->config, "checkpoint.every_iterations");
    t->evaluate_every = cli_get_count(t->config, "evaluate.every_iterations");
    t->log_every = cli_get_count(t->config, "log.every_iterations");
    t->max_nonfinite = cli_get_count(t->config, "solver.max_nonfinite");
    t->rounds = cli_get_count(t->config, "ssl.rounds");
}

static sslact_status open_run(training *t, const char *command_line)
{
    sslact_run_options run_options;
    sslact_status status;

    SSLACT_INIT(run_options);
    run_options.resume = t->input.resume;
    run_options.command_line = command_line;
    status = sslact_run_open(t->config, t->input.run, &run_options, &t->run);
    if (status < 0 || !t->input.resume) {
        return status;
    }
    status = sslact_run_load_checkpoint(t->run, t->trainer);
    if (status == SSLACT_OK) {
        status = sslact_trainer_count_iterations(t->trainer, &t->done, &t->planned);
        if (!t->common.quiet) {
            fprintf(stderr, "going on after iteration %lld of %lld\n", (long long)t->done,
                    (long long)t->planned);
        }
        t->saved = t->done;
    }
    return status < 0 ? status : SSLACT_OK;
}

static sslact_status prepare(training *t, const char *command_line)
{
    sslact_status status = cli_make_config(&t->common, &t->config);

    if (status >= 0) {
        status = sslact_config_validate(t->config);
    }
    if (status >= 0) {
        status = cli_set_threads(t->config);
    }
    if (status >= 0) {
        read_intervals(t);
        status = open_datasets(t);
    }
    if (status >= 0) {
        status = sslact_trainer_create(t->config, t->labeled, t->unlabeled, &t->trainer);
    }
    if (status >= 0) {
        signalled_trainer = t->trainer;
        status = sslact_trainer_count_iterations(t->trainer, &t->done, &t->planned);
    }
    return status < 0 ? status : open_run(t, command_line);
}

static void show_step(training *t, const sslact_step_report *step)
{
    const bool edge = step->iteration == 1 || step->iteration == t->planned;
    const double elapsed = t->wait_seconds + t->step_seconds;
    const double per_step = elapsed / (double)(t->taken > 0 ? t->taken : 1);
    const double left = per_step * (double)(t->planned - step->iteration);
    char what[32] = "iteration";

    if (t->rounds > 1) {
        snprintf(what, sizeof what, "round %lld/%lld ", (long long)step->round, t->rounds);
    }

    progress_show(&t->progress, edge || step->iteration % t->log_every == 0,
                  "%s %lld/%lld  loss %.4f  lr %.2g  %.0f clips/s  wait %.0f %%  "
                  "left %d:%02d",
                  what, (long long)step->iteration, (long long)t->planned, step->loss_total,
                  step->learning_rate, (double)t->batch_clips / per_step,
                  100.0 * t->wait_seconds / elapsed, (int)left / 60, (int)left % 60);
}

static sslact_status save(training *t)
{
    sslact_status status;

    if (t->saved == t->done) {
        return SSLACT_OK;
    }
    status = sslact_run_save_checkpoint(t->run, t->trainer);
    if (status >= 0) {
        t->saved = t->done;
    }
    return status;
}

// Evaluates one role on the validation split, keeps the result in the run folder and in *out.
static sslact_status evaluate_role(training *t, sslact_role role, json_t **out)
{
    char detections[4096];
    size_t needed = 0;
    sslact_evaluate_options wanted;
    sslact_report *report = NULL;
    sslact_status status = sslact_run_get_detections_path(t->run, "validation", role, detections,
                                                          sizeof detections, &needed);

    SSLACT_INIT(wanted);
    wanted.detections_path = detections;
    wanted.progress = progress_callback;
    wanted.progress_user = &t->progress;
    if (status >= 0) {
        status = sslact_trainer_evaluate(t->trainer, role, t->validation, &wanted, &report);
    }
    if (status >= 0) {
        status = sslact_run_write_report(t->run, report);
    }
    if (status >= 0) {
        *out = cli_report_json(report);
    }
    sslact_report_free(report);
    return status;
}

static sslact_status evaluate(training *t)
{
    json_t *student = NULL, *teacher = NULL;
    int32_t has_teacher = 0;
    sslact_status status;

    if (t->validation == NULL) {
        return SSLACT_OK;
    }
    status = evaluate_role(t, SSLACT_STUDENT, &student);
    if (status >= 0) {
        status = sslact_trainer_get_role(t->trainer, SSLACT_TEACHER, &has_teacher);
    }
    if (status >= 0 && has_teacher) {
        status = evaluate_role(t, SSLACT_TEACHER, &teacher);
    }
    progress_clear(&t->progress);
    if (status < 0) {
        json_decref(student);
        json_decref(teacher);
        return status;
    }
    json_decref(t->results);
    t->results = json_pack("{s:o, s:o}", "student", student, "teacher",
                           teacher != NULL ? teacher : json_null());
    return SSLACT_OK;
}

// What is due between two steps.
static sslact_status keep_records(training *t, const sslact_step_report *step)
{
    sslact_status status = sslact_run_write_step(t->run, t->trainer, step);
    // What a round ends with is kept and measured before the next one begins.
    const bool round_ends = t->done % (t->planned / t->rounds) == 0;
    const bool due =
        round_ends || (t->checkpoint_every > 0 && t->done % t->checkpoint_every == 0);

    show_step(t, step);
    if (status >= 0 && (due || checkpoint_requested)) {
        checkpoint_requested = 0;
        status = save(t);
    }
    const bool measured =
        round_ends || (t->evaluate_every > 0 && t->done % t->evaluate_every == 0);
    if (status >= 0 && measured && t->done < t->planned) {
        status = evaluate(t);
    }
    return status;
}

static sslact_status train(training *t)
{
    sslact_step_report step;
    sslact_status status = SSLACT_OK;

    SSLACT_INIT(step);
    if (t->done == 0 && needs_pass(t->config) && !t->common.quiet) {
        fprintf(stderr, "one pass over the unlabelled clips comes first (ssl.freq_source, "
                        "ssl.ucb_mode); -v shows how far it is\n");
    }
    while (t->done < t->planned) {
        if (stop_requested) {
            sslact_trainer_request_stop(t->trainer);
        }
        status = sslact_trainer_step(t->trainer, &step);
        if (status == SSLACT_ERROR_NONFINITE && t->skipped < t->max_nonfinite) {
            t->skipped++;
            t->done++;
            fprintf(stderr, "sslact_cli: %s; going on (%lld of at most %lld)\n",
                    sslact_error_get_message(), (long long)t->skipped, t->max_nonfinite);
            continue;
        }
        if (status < 0) {
            return status;
        }
        t->done = step.iteration;
        t->wait_seconds += step.seconds_data;
        t->step_seconds += step.seconds_compute;
        t->taken++;
        status = keep_records(t, &step);
        if (status < 0) {
            return status;
        }
    }
    return SSLACT_OK;
}

static sslact_status finish(training *t)
{
    sslact_status status = save(t);

    if (status >= 0) {
        status = evaluate(t);
    }
    if (status >= 0) {
        status = sslact_run_write_end(t->run, t->trainer);
    }
    return status < 0 ? status : sslact_run_render(t->run);
}

// ---- results and last words ----

static double get_map(const json_t *results, const char *role)
{
    const json_t *report = json_object_get(results, role);

    return json_real_value(json_object_get(report, "frame_map@0.5"));
}

// What the clips were read from, for everybody who reads the result.
static void add_cache(const training *t, json_t *object)
{
    char *cache = cli_describe_cache(t->config, "train");

    json_object_set_new(object, "cache", cache != NULL ? json_string(cache) : json_null());
    free(cache);
}

static void print_cache(const training *t)
{
    char *cache = cli_describe_cache(t->config, "train");

    if (cache != NULL) {
        printf("trained on copies of the videos: %s\n", cache);
    }
    free(cache);
}

static int print_results(training *t)
{
    char checkpoint[4096], report[4096];
    size_t needed = 0;

    if (sslact_run_get_path(t->run, "checkpoint", checkpoint, sizeof checkpoint, &needed) < 0 ||
        sslact_run_get_path(t->run, "report", report, sizeof report, &needed) < 0) {
        return cli_fail(sslact_error_get_status());
    }
    if (t->common.json) {
        json_t *object = t->results != NULL ? json_incref(t->results)
                                            : json_pack("{s:n, s:n}", "student", "teacher");
        json_object_set_new(object, "iterations", json_integer(t->done));
        json_object_set_new(object, "skipped", json_integer(t->skipped));
        json_object_set_new(object, "checkpoint", json_string(checkpoint));
        json_object_set_new(object, "report", json_string(report));
        add_cache(t, object);
        return cli_print_json(object);
    }
    if (t->results != NULL) {
        const json_t *student = json_object_get(t->results, "student");
        printf("student frame mAP@0.5 %.4f\n", get_map(t->results, "student"));
        if (!json_is_null(json_object_get(t->results, "teacher"))) {
            printf("teacher frame mAP@0.5 %.4f\n", get_map(t->results, "teacher"));
        }
        printf("chance  frame mAP@0.5 %.4f\n",
               json_real_value(json_object_get(student, "chance_frame_map@0.5")));
    } else {
        printf("no validation split is configured: nothing was evaluated\n");
    }
    print_cache(t);
    printf("checkpoint: %s\nreport: %s\n", checkpoint, report);
    return EXIT_DONE;
}

// A run that did not come to its end: a checkpoint where that helps, and how to go on.
static int explain_failure(training *t, sslact_status status)
{
    progress_clear(&t->progress);
    if (status == SSLACT_ERROR_CANCELLED && t->run != NULL) {
        if (t->done == 0) {
            t->saved = -1; // a pass before the first step may have come further
        }
        if (save(t) < 0) {
            return cli_fail(sslact_error_get_status());
        }
        if (sslact_run_render(t->run) < 0) {
            cli_fail(sslact_error_get_status());
        }
        fprintf(stderr,
                "sslact_cli: stopped after iteration %lld of %lld, a checkpoint is written; go on "
                "with the same command and --resume=auto\n",
                (long long)t->done, (long long)t->planned);
        return EXIT_STOPPED;
    }
    const int code = cli_fail(status);
    if (t->run != NULL && sslact_run_write_failure(t->run, t->done) < 0) {
        cli_fail(sslact_error_get_status());
    }
    return code;
}

static void release(training *t)
{
    signalled_trainer = NULL;
    sslact_run_free(t->run);
    sslact_trainer_free(t->trainer);
    sslact_dataset_free(t->validation);
    sslact_dataset_free(t->unlabeled);
    sslact_dataset_free(t->labeled);
    sslact_config_free(t->config);
    json_decref(t->results);
}

static void join_words(int argc, char **argv, char *line, size_t capacity)
{
    size_t used = (size_t)snprintf(line, capacity, "sslact_cli");

    for (int i = 0; i < argc && used < capacity; i++) {
        used += (size_t)snprintf(line + used, capacity - used, " %s", argv[i]);
    }
}

int run_train(int argc, char **argv)
{
    training t;
    char command_line[2048];
    sslact_status status;
    int code;

    memset(&t, 0, sizeof t);
    join_words(argc, argv, command_line, sizeof command_line);
    cli_parse(&own, "train", argc, argv, &t.common, &t.input);
    progress_start(&t.progress, t.common.quiet);
    install_signals();
    status = prepare(&t, command_line);
    if (status >= 0) {
        status = train(&t);
    }
    if (status >= 0) {
        status = finish(&t);
    }
    progress_clear(&t.progress);
    code = status < 0 ? explain_failure(&t, status) : print_results(&t);
    release(&t);
    return code;
}
