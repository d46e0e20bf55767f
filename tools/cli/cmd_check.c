// sslact_cli data check.

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { OPTION_DEEP = 0x4000, OPTION_LIMIT, OPTION_CHECK_THREADS };

// Kinds of problems and of notes; the library has fewer.
#define KINDS 128

typedef struct check_input {
    sslact_check_options options;
    long long limit; // problems of a kind that are listed; -1: the default, 0: all
} check_input;

typedef struct kind_count {
    char *name, *fix;
    long long count;
    bool is_note;
} kind_count;

typedef struct check_list {
    bool json;
    long long limit;
    cli_progress *progress;
    json_t *problems, *notes, *classes, *pairs;
    kind_count kinds[KINDS];
    int kind_count;
} check_list;

static const struct argp_option check_options[] = {
    {"out", 'o', "DIR", 0,
     "write check.html, classes.csv, cooccurrence.csv and pictures into this folder", 0},
    {"deep", OPTION_DEEP, NULL, 0,
     "decode the frames of every clip, which takes about as long as an epoch's decoding", 0},
    {"limit", OPTION_LIMIT, "N", 0,
     "list at most N problems of a kind, 0: all; default 10, with --json 1000", 0},
    {"threads", OPTION_CHECK_THREADS, "N", 0,
     "threads that open videos; default: as many as there are processors", 0},
    {0}};

static long long parse_count(const char *text, struct argp_state *state, const char *option,
                             long long most)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < 0 || value > most) {
        cli_usage_error(state, "%s is \"%s\", a count up to %lld is accepted", option, text, most);
    }
    return value;
}

static error_t parse_check(int key, char *argument, struct argp_state *state)
{
    check_input *input = state->input;

    switch (key) {
    case 'o':
        input->options.out_folder = argument;
        return 0;
    case OPTION_DEEP:
        input->options.deep = 1;
        return 0;
    case OPTION_LIMIT:
        input->limit = parse_count(argument, state, "--limit", 1000000000);
        return 0;
    case OPTION_CHECK_THREADS:
        input->options.threads = (int32_t)parse_count(argument, state, "--threads", 1024);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp check_argp = {
    check_options,
    parse_check,
    "--config FILE",
    "Reads everything a run with this config would read, opens every video, and reports every "
    "problem with its place, how many of each kind there are and what can be done; then the "
    "classes and the share of people that balanced sampling keeps. Trains nothing. Exit code 3 "
    "when there are problems; notes are none.\v"
    "Example:\n  sslact_cli data check --config demo/demo.yaml --out check",
    NULL,
    NULL,
    NULL};

// ---- problems ----

static kind_count *find_kind(check_list *list, const sslact_problem *problem, bool is_note)
{
    kind_count *kind;

    for (int i = 0; i < list->kind_count; i++) {
        if (strcmp(list->kinds[i].name, problem->kind) == 0) {
            return &list->kinds[i];
        }
    }
    if (list->kind_count == KINDS) {
        return &list->kinds[KINDS - 1];
    }
    kind = &list->kinds[list->kind_count++];
    kind->name = strdup(problem->kind);
    kind->fix = strdup(problem->fix);
    kind->is_note = is_note;
    if (kind->name == NULL || kind->fix == NULL) {
        exit(cli_refuse("out of memory"));
    }
    return kind;
}

static int take(check_list *list, const sslact_problem *problem, bool is_note)
{
    kind_count *kind = find_kind(list, problem, is_note);

    kind->count++;
    if (list->limit > 0 && kind->count > list->limit) {
        return 0;
    }
    if (list->json) {
        json_array_append_new(is_note ? list->notes : list->problems,
                              json_pack("{s:s, s:s, s:s, s:s}", "kind", problem->kind, "place",
                                        problem->place, "text", problem->text, "fix",
                                        problem->fix));
        return 0;
    }
    progress_clear(list->progress);
    printf("%s%s%s%s\n", is_note ? "note: " : "", problem->place,
           *problem->place != '\0' ? ": " : "", problem->text);
    return 0;
}

static int take_problem(const sslact_problem *problem, void *user)
{
    return take(user, problem, false);
}

static int take_note(const sslact_problem *note, void *user)
{
    return take(user, note, true);
}

// How many of each kind, how many of them were not listed, and what to do.
static void print_kinds(const check_list *list, bool notes)
{
    for (int i = 0; i < list->kind_count; i++) {
        const kind_count *kind = &list->kinds[i];

        if (kind->is_note != notes) {
            continue;
        }
        printf("  %6lld  %s", kind->count, kind->name);
        if (list->limit > 0 && kind->count > list->limit) {
            printf(" (%lld more than listed: --limit 0 lists all)", kind->count - list->limit);
        }
        printf("\n          %s\n", kind->fix);
    }
}

static json_t *count_kinds(const check_list *list)
{
    json_t *counts = json_object();

    for (int i = 0; i < list->kind_count; i++) {
        json_object_set_new(counts, list->kinds[i].name,
                            json_integer((json_int_t)list->kinds[i].count));
    }
    return counts;
}

// ---- progress ----

static int show_progress(const sslact_progress *progress, void *user)
{
    cli_progress *p = user;
    const double elapsed = progress_elapsed(p);

    if (strcmp(progress->phase, "videos") != 0 || progress->total == 0) {
        progress_show(p, progress->done == 0, "%s: reading annotation", progress->phase);
    } else if (progress->done == 0 || progress->done == progress->total) {
        p->start += elapsed; // the time left is reckoned from the videos alone
        progress_show(p, true, "videos %lld of %lld", (long long)progress->done,
                      (long long)progress->total);
    } else {
        progress_show(p, true, "videos %lld of %lld, about %.0f s left", (long long)progress->done,
                      (long long)progress->total,
                      elapsed * (double)(progress->total - progress->done) /
                          (double)progress->done);
    }
    return 0;
}

// ---- classes ----

static int take_class(const sslact_check_class *c, void *user)
{
    check_list *list = user;
    json_t *row = json_array();

    json_array_append_new(list->classes,
                          json_pack("{s:i, s:s, s:I, s:o, s:o, s:o, s:o}", "id", (int)c->id, "name",
                                    c->name, "instances", (json_int_t)c->instances, "imbalance",
                                    cli_number(c->imbalance), "probability",
                                    cli_number(c->probability), "kept_share",
                                    cli_number(c->kept_share), "weight", cli_number(c->weight)));
    for (int32_t k = 0; k < c->class_count; k++) {
        json_array_append_new(row, json_integer((json_int_t)c->pair_counts[k]));
    }
    json_array_append_new(list->pairs, row);
    return 0;
}

static int compare_classes(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
    const json_int_t count = json_integer_value(json_object_get(left, "instances"));
    const json_int_t other = json_integer_value(json_object_get(right, "instances"));

    if (count != other) {
        return count > other ? -1 : 1;
    }
    return json_integer_value(json_object_get(left, "id")) >
                   json_integer_value(json_object_get(right, "id"))
               ? 1
               : -1;
}

static void print_class(const json_t *c, double mean_count)
{
    const double instances = (double)json_integer_value(json_object_get(c, "instances"));
    const json_t *share = json_object_get(c, "kept_share");
    const char *group = "middle";
    char kept[16] = "-";

    if (instances == 0) {
        group = "absent";
    } else if (instances > mean_count) {
        group = "head";
    } else if (json_number_value(json_object_get(c, "imbalance")) < 0.01) {
        group = "tail";
    }
    if (json_is_number(share)) {
        snprintf(kept, sizeof kept, "%.3f", json_number_value(share));
    }
    printf("  %4lld  %-40.40s %-7s %9.0f  %s\n",
           (long long)json_integer_value(json_object_get(c, "id")),
           json_string_value(json_object_get(c, "name")), group, instances, kept);
}

static void print_classes(const check_list *list, const sslact_check_summary *summary)
{
    const size_t count = json_array_size(list->classes);
    const json_t **sorted;

    if (count == 0) {
        return;
    }
    sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = json_array_get(list->classes, i);
    }
    qsort(sorted, count, sizeof *sorted, compare_classes);
    printf("\n    id  class                                    group      people  kept\n");
    for (size_t i = 0; i < count; i++) {
        print_class(sorted[i], summary->mean_count);
    }
    free(sorted);
    printf("%lld people, %lld labels; labels a person:", (long long)summary->instances,
           (long long)summary->labels);
    for (int n = 0; n < 9; n++) {
        printf(" %d%s: %lld", n, n == 8 ? "+" : "", (long long)summary->labels_per_instance[n]);
    }
    printf("\nbalanced sampling (ssl.ucb_beta) keeps %.1f %% of the people\n",
           100 * summary->kept_share);
}

// ---- results ----

static json_t *list_splits(const sslact_check_summary *summary)
{
    static const char *const names[] = {"train", "validation", "unlabeled"};
    json_t *splits = json_object();

    for (int i = 0; i < 3; i++) {
        json_object_set_new(splits, names[i],
                            json_pack("{s:I, s:I, s:I}", "videos",
                                      (json_int_t)summary->split_videos[i], "key_frames",
                                      (json_int_t)summary->split_key_frames[i], "people",
                                      (json_int_t)summary->split_people[i]));
    }
    return splits;
}

static int print_json(check_list *list, const sslact_check_summary *summary)
{
    json_t *histogram = json_array();

    for (int n = 0; n < 9; n++) {
        json_array_append_new(histogram, json_integer((json_int_t)summary->labels_per_instance[n]));
    }
    return cli_print_json(json_pack(
        "{s:I, s:I, s:I, s:I, s:O, s:O, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:O, s:O}", "videos",
        (json_int_t)summary->videos, "key_frames", (json_int_t)summary->key_frames, "people",
        (json_int_t)summary->people, "problem_count", (json_int_t)summary->problems, "problems",
        list->problems, "notes", list->notes, "counts", count_kinds(list), "splits",
        list_splits(summary), "instances", (json_int_t)summary->instances, "labels",
        (json_int_t)summary->labels, "labels_per_instance", histogram, "mean_count",
        cli_number(summary->mean_count), "kept_share", cli_number(summary->kept_share), "classes",
        list->classes, "cooccurrence", list->pairs));
}

static int print_text(const check_list *list, const sslact_check_summary *summary,
                      const char *out_folder)
{
    print_classes(list, summary);
    printf("%s%lld videos, %lld key frames, %lld people: %lld problems\n",
           list->kind_count > 0 ? "\n" : "", (long long)summary->videos,
           (long long)summary->key_frames, (long long)summary->people,
           (long long)summary->problems);
    print_kinds(list, false);
    if (summary->notes > 0) {
        printf("and %lld notes\n", (long long)summary->notes);
        print_kinds(list, true);
    }
    if (out_folder != NULL) {
        printf("page: %s/check.html\n", out_folder);
    }
    return EXIT_DONE;
}

static int show_result(check_list *list, const sslact_check_summary *summary,
                       const char *out_folder)
{
    const int code = list->json ? print_json(list, summary) : print_text(list, summary, out_folder);

    if (code != EXIT_DONE || summary->problems == 0) {
        return code;
    }
    fflush(stdout);
    fprintf(stderr, "sslact_cli: %lld problems in the data; mend them and check again\n",
            (long long)summary->problems);
    return EXIT_INPUT;
}

static void free_list(check_list *list)
{
    for (int i = 0; i < list->kind_count; i++) {
        free(list->kinds[i].name);
        free(list->kinds[i].fix);
    }
    json_decref(list->problems);
    json_decref(list->notes);
    json_decref(list->classes);
    json_decref(list->pairs);
}

static int check(const sslact_config *config, const cli_common *common, check_input *input)
{
    cli_progress progress;
    sslact_check_summary summary;
    check_list list = {.json = common->json, .progress = &progress};
    sslact_status status;
    int code;

    SSLACT_INIT(summary);
    progress_start(&progress, common->quiet);
    list.limit = input->limit >= 0 ? input->limit : common->json ? 1000 : 10;
    list.problems = json_array();
    list.notes = json_array();
    list.classes = json_array();
    list.pairs = json_array();
    input->options.problem = take_problem;
    input->options.problem_user = &list;
    input->options.note = take_note;
    input->options.note_user = &list;
    input->options.class_statistics = take_class;
    input->options.class_user = &list;
    input->options.progress = show_progress;
    input->options.progress_user = &progress;
    status = sslact_dataset_check(config, &input->options, &summary);
    progress_clear(&progress);
    code = status < 0 ? cli_fail(status) : show_result(&list, &summary, input->options.out_folder);
    free_list(&list);
    return code;
}

int run_data_check(int argc, char **argv)
{
    cli_common common = {0};
    check_input input = {.limit = -1};
    sslact_config *config = NULL;
    sslact_status status;
    int code;

    SSLACT_INIT(input.options);
    cli_parse(&check_argp, "data check", argc, argv, &common, &input);
    status = cli_make_config(&common, &config);
    if (status < 0) {
        return cli_fail(status);
    }
    code = check(config, &common, &input);
    sslact_config_free(config);
    return code;
}
