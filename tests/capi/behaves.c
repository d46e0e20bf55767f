/* behaves LIBRARY: loads the library, trains a few steps, evaluates, fails on purpose, and looks at
 * what a guest must leave alone: signal handlers, stdout, the locale, the rounding of floats, the
 * process itself. Every function comes through dlsym, so that "before" is before loading. */
#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sslact/sslact.h"

#define SIGNALS 65

typedef struct state {
    void (*handlers[SIGNALS])(int);
    int flags[SIGNALS];
    char locale[512];
    int rounding;
    mode_t mask;
} state;

static void look(state *out)
{
    struct sigaction action;
    int k;

    memset(out, 0, sizeof(*out));
    for (k = 1; k < SIGNALS; k++) {
        if (sigaction(k, NULL, &action) == 0) {
            out->handlers[k] = action.sa_handler;
            out->flags[k] = action.sa_flags;
        }
    }
    snprintf(out->locale, sizeof(out->locale), "%s", setlocale(LC_ALL, NULL));
    out->rounding = fegetround();
    out->mask = umask(022);
    umask(out->mask);
}

static int compare(const state *before, const state *after)
{
    int k;
    int changes = 0;

    for (k = 1; k < SIGNALS; k++) {
        if (before->handlers[k] != after->handlers[k] || before->flags[k] != after->flags[k]) {
            fprintf(stderr, "behaves: the handler of signal %d changed\n", k);
            changes++;
        }
    }
    if (strcmp(before->locale, after->locale) != 0) {
        fprintf(stderr, "behaves: the locale became %s\n", after->locale);
        changes++;
    }
    if (before->rounding != after->rounding || before->mask != after->mask) {
        fprintf(stderr, "behaves: rounding or umask changed\n");
        changes++;
    }
    return changes;
}

/* ---- the library's functions under their own names ---- */

static void *library;

/* ISO C has no conversion from void * to a function pointer; copying the bytes is POSIX's way. */
static void find(const char *name, void *function)
{
    void *found = dlsym(library, name);

    if (found == NULL) {
        fprintf(stderr, "behaves: %s\n", dlerror());
        exit(1);
    }
    memcpy(function, &found, sizeof(found));
}

static sslact_status (*config_create)(sslact_config **);
static sslact_status (*config_set)(sslact_config *, const char *, const char *);
static void (*config_free)(sslact_config *);
static sslact_status (*dataset_create)(int32_t, const char *const *, sslact_dataset **);
static sslact_status (*dataset_append)(sslact_dataset *, const sslact_clip *);
static void (*dataset_free)(sslact_dataset *);
static sslact_status (*trainer_create)(const sslact_config *, sslact_dataset *, sslact_dataset *,
                                       sslact_trainer **);
static sslact_status (*trainer_step)(sslact_trainer *, sslact_step_report *);
static sslact_status (*trainer_evaluate)(sslact_trainer *, sslact_role, sslact_dataset *,
                                         const sslact_evaluate_options *, sslact_report **);
static sslact_status (*trainer_save)(const sslact_trainer *, const char *);
static void (*trainer_free)(sslact_trainer *);
static void (*report_free)(sslact_report *);
static const char *(*build_info)(void);
static const char *(*message)(void);

static void find_all(void)
{
    find("sslact_config_create", &config_create);
    find("sslact_config_set", &config_set);
    find("sslact_config_free", &config_free);
    find("sslact_dataset_create", &dataset_create);
    find("sslact_dataset_append", &dataset_append);
    find("sslact_dataset_free", &dataset_free);
    find("sslact_trainer_create", &trainer_create);
    find("sslact_trainer_step", &trainer_step);
    find("sslact_trainer_evaluate", &trainer_evaluate);
    find("sslact_trainer_save", &trainer_save);
    find("sslact_trainer_free", &trainer_free);
    find("sslact_report_free", &report_free);
    find("sslact_runtime_get_build_info", &build_info);
    find("sslact_error_get_message", &message);
}

static int fail(void)
{
    fprintf(stderr, "behaves: %s\n", message());
    return 1;
}

static int train(sslact_config *config, sslact_dataset *dataset)
{
    sslact_trainer *trainer = NULL;
    sslact_report *report = NULL;
    sslact_status status = trainer_create(config, dataset, dataset, &trainer);

    while (status == SSLACT_OK) {
        status = trainer_step(trainer, NULL);
    }
    if (status == SSLACT_DONE) {
        status = trainer_evaluate(trainer, SSLACT_TEACHER, dataset, NULL, &report);
    }
    /* Failures on the way out, one of them with a torch stack behind it in the log. */
    if (status >= 0 && trainer_save(trainer, "/nowhere/at/all") >= 0) {
        fprintf(stderr, "behaves: saved to a folder that is not there\n");
        status = SSLACT_ERROR_INTERNAL;
    }
    report_free(report);
    trainer_free(trainer);
    return status < 0 ? fail() : 0;
}

static int use(void)
{
    static const char *const settings[][2] = {{"model.preset", "slowfast_tiny"},
                                              {"model.class_count", "2"},
                                              {"data.frame_count", "8"},
                                              {"solver.iterations", "3"},
                                              {"solver.batch_labeled", "2"},
                                              {"solver.batch_unlabeled", "2"},
                                              {"run.threads", "2"}};
    static const sslact_box person = {0.25f, 0.25f, 0.75f, 0.75f};
    static const uint8_t labels[2] = {1, 0};
    static uint8_t pixels[8 * 32 * 48 * 3];
    sslact_config *config = NULL;
    sslact_dataset *dataset = NULL;
    sslact_clip clip;
    size_t k;
    int failed;

    if (config_create(&config) < 0 || dataset_create(2, NULL, &dataset) < 0)
        return fail();
    for (k = 0; k < sizeof(settings) / sizeof(settings[0]); k++) {
        if (config_set(config, settings[k][0], settings[k][1]) < 0)
            return fail();
    }
    if (config_set(config, "no.such_key", "1") >= 0)
        return 1;
    for (k = 0; k < sizeof(pixels); k++)
        pixels[k] = (uint8_t)(k * 37 % 251);
    SSLACT_INIT(clip);
    clip.pixels = pixels;
    clip.frame_count = 8;
    clip.height = 32;
    clip.width = 48;
    clip.boxes = &person;
    clip.box_count = 1;
    clip.labels = labels;
    if (dataset_append(dataset, &clip) < 0)
        return fail();
    failed = train(config, dataset);
    dataset_free(dataset);
    config_free(config);
    return failed || build_info()[0] != '{';
}

int main(int argc, char **argv)
{
    char template[] = "/tmp/sslact-behaves-XXXXXX";
    const int caught = mkstemp(template);
    struct stat written;
    state before, after;
    int failed;

    if (argc != 2 || caught < 0)
        return 2;
    unlink(template);
    /* Whatever goes to stdout from here on is caught. */
    if (dup2(caught, STDOUT_FILENO) < 0)
        return 2;
    look(&before);
    library = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "behaves: %s\n", dlerror());
        return 2;
    }
    find_all();
    failed = use();
    look(&after);
    failed += compare(&before, &after);
    fflush(stdout);
    if (fstat(caught, &written) != 0 || written.st_size != 0) {
        fprintf(stderr, "behaves: %ld bytes went to stdout\n", (long)written.st_size);
        failed++;
    }
    /* Stays loaded: threads of torch's run in it (the library is linked with -z nodelete). */
    dlclose(library);
    return failed != 0;
}
