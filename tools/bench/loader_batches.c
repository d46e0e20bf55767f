// Times the loader with one and with more threads on the same films: equal batches first, then both
// in turn. See tools/bench/README.md.
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "data/loader.h"
#include "media/encoder.h"

enum { FILMS = 6, SECONDS = 10, RATE = 30, WIDTH = 640, HEIGHT = 360, MOST_REPEATS = 99 };
enum { FIRST_SECOND = 1, LAST_SECOND = 8, LINE = 512 };

typedef struct bench {
    int repeats, iterations, threads;
    const char *json_path;
    char folder[64];
    config *settings;
    dataset *labeled, *unlabeled;
} bench;

typedef struct timing {
    double wall[MOST_REPEATS], processor[MOST_REPEATS];
} timing;

static void fail(const char *what)
{
    fprintf(stderr, "loader: %s: %s\n", what, sslact_error_get_message());
    exit(1);
}

static void check(sslact_status status, const char *what)
{
    if (status < 0) {
        fail(what);
    }
}

// --- films ---

// A picture that moves, with noise on it, so that frames cost what frames of cameras cost.
static void paint(uint8_t *rgb, int film, int frame)
{
    random_stream noise = random_open(1, RANDOM_DEMO, (uint64_t)film, (uint64_t)frame);
    uint32_t words[4];
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *pixel = rgb + 3 * (y * WIDTH + x);
            int shade = (int)(90 + 60 * sin(0.02 * (x + 3 * frame)) * cos(0.03 * (y + film)));
            if (x % 4 == 0) {
                random_block(&noise, (uint32_t)(y * WIDTH + x) / 4, words);
            }
            int grain = (int)(words[x % 4] >> 28);
            pixel[0] = (uint8_t)(shade + grain);
            pixel[1] = (uint8_t)(shade / 2 + 40 + grain);
            pixel[2] = (uint8_t)(200 - shade + grain);
        }
    }
}

static void write_film(const char *path, int film)
{
    const encoder_options options = {.width = WIDTH,
                                     .height = HEIGHT,
                                     .rate_numerator = RATE,
                                     .rate_denominator = 1,
                                     .key_frame_interval = 250};
    encoder *e = NULL;
    uint8_t *rgb = malloc((size_t)WIDTH * HEIGHT * 3);
    check(rgb == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : encoder_open(path, &options, &e), path);
    for (int frame = 0; frame < SECONDS * RATE; frame++) {
        paint(rgb, film, frame);
        check(encoder_write(e, rgb), path);
    }
    check(encoder_finish(e), path);
    free(rgb);
}

static void save(const char *folder, const char *name, const text *content)
{
    char path[LINE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check(file_write(path, text_get(content), content->length), path);
}

static void write_world(const char *folder)
{
    text labels = {0}, boxes = {0}, actions = {0};
    for (int film = 0; film < FILMS; film++) {
        char path[LINE];
        snprintf(path, sizeof path, "%s/film%d.mp4", folder, film);
        write_film(path, film);
        for (int second = FIRST_SECOND; second <= LAST_SECOND; second++) {
            text_append_format(&labels, "film%d,%d,0.1,0.1,0.6,0.9,1,0\n", film, second);
            text_append_format(&boxes, "film%d,%d.5,0.3,0.1,0.8,0.9,,0.95\n", film, second);
        }
    }
    text_append(&actions, "item { name: \"stand\" id: 1 }\n");
    save(folder, "labels.csv", &labels);
    save(folder, "boxes.csv", &boxes);
    save(folder, "actions.pbtxt", &actions);
    text_free(&labels);
    text_free(&boxes);
    text_free(&actions);
}

static void remove_world(const char *folder)
{
    char path[LINE];
    for (int film = 0; film < FILMS; film++) {
        snprintf(path, sizeof path, "%s/film%d.mp4", folder, film);
        unlink(path);
    }
    static const char *const names[] = {"labels.csv", "boxes.csv", "actions.pbtxt"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

// --- batches ---

static void set_path(bench *b, const char *key, const char *name)
{
    char path[LINE];
    snprintf(path, sizeof path, "%s/%s", b->folder, name);
    check(config_set(b->settings, key, path), key);
}

static void open_world(bench *b)
{
    check(config_create(&b->settings), "config");
    set_path(b, "data.video_root", "");
    set_path(b, "data.actions", "actions.pbtxt");
    set_path(b, "data.train.labels", "labels.csv");
    set_path(b, "data.unlabeled.person_boxes", "boxes.csv");
    check(config_set(b->settings, "model.class_count", "1"), "model.class_count");
    check(config_set(b->settings, "solver.batch_labeled", "4"), "solver.batch_labeled");
    check(config_set(b->settings, "solver.batch_unlabeled", "4"), "solver.batch_unlabeled");
    check(dataset_open(b->settings, "train", &b->labeled), "labelled clips");
    check(dataset_open(b->settings, "unlabeled", &b->unlabeled), "unlabelled clips");
}

// FNV-1a over everything that a half holds.
static uint64_t add_half(uint64_t sum, const batch_half *half)
{
    for (size_t i = 0; i < half->count; i++) {
        const clip *c = half->clips[i];
        size_t bytes = (size_t)c->frame_count * (size_t)c->height * (size_t)c->width * 3;
        const uint8_t *box = (const uint8_t *)c->boxes;
        for (size_t n = 0; n < bytes; n++) {
            sum = (sum ^ c->pixels[n]) * UINT64_C(0x100000001b3);
        }
        for (size_t n = 0; n < (size_t)c->box_count * sizeof *c->boxes; n++) {
            sum = (sum ^ box[n]) * UINT64_C(0x100000001b3);
        }
    }
    return sum;
}

// Reads `iterations` batches; their checksum where `sum` is wanted.
static void read_batches(const bench *b, int threads, uint64_t *sum)
{
    char count[16];
    loader *l = NULL;
    snprintf(count, sizeof count, "%d", threads);
    check(config_set(b->settings, "run.loader_threads", count), "run.loader_threads");
    check(loader_create(b->settings, b->labeled, b->unlabeled, 0, &l), "loader");
    for (int k = 0; k < b->iterations; k++) {
        batch *next = NULL;
        check(loader_next(l, &next), "batch");
        if (sum != NULL) {
            *sum = add_half(*sum, &next->labeled);
            *sum = add_half(*sum, &next->unlabeled_weak);
            *sum = add_half(*sum, &next->unlabeled_strong);
        }
        batch_free(next);
    }
    loader_free(l);
}

static void time_batches(const bench *b, int threads, timing *t, int repeat)
{
    double wall = clock_seconds(), processor = clock_process_seconds();
    read_batches(b, threads, NULL);
    t->wall[repeat] = (clock_seconds() - wall) / b->iterations;
    t->processor[repeat] = (clock_process_seconds() - processor) / b->iterations;
}

// --- results ---

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

// Sorts the values.
static double find_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_numbers);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double read_load(void)
{
    double load = 0;
    return getloadavg(&load, 1) == 1 ? load : 0;
}

static void report(const bench *b, bool same, double load, timing *one, timing *many)
{
    int n = b->repeats;
    double first = find_median(one->wall, n), second = find_median(many->wall, n);
    double cost_first = find_median(one->processor, n);
    double cost_second = find_median(many->processor, n);
    double spread = fmax((one->wall[n - 1] - one->wall[0]) / first,
                         (many->wall[n - 1] - many->wall[0]) / second);
    bool noisy = load > 0.3 || spread > 0.05;
    printf("processors %d, load before %.2f, spread %.0f %%%s; %d batches of 8 clips a run, "
           "%d repeats, median [min..max]\n",
           clock_count_processors(), load, 100 * spread, noisy ? " (noisy)" : "", b->iterations, n);
    printf("%-18s %-26s %-26s %-7s %-22s %s\n", "row", "ours, a batch", "1 thread, a batch",
           "ratio", "processor time, ratio", "correct");
    printf("loader/%d-threads   %6.1f ms [%.1f..%.1f]   %6.1f ms [%.1f..%.1f]   %.2f    "
           "%.1f / %.1f ms, %.2f     %s\n",
           b->threads, 1e3 * second, 1e3 * many->wall[0], 1e3 * many->wall[n - 1], 1e3 * first,
           1e3 * one->wall[0], 1e3 * one->wall[n - 1], first / second, 1e3 * cost_second,
           1e3 * cost_first, cost_second / cost_first, same ? "same batches" : "BATCHES DIFFER");
    if (b->json_path != NULL) {
        text json = {0};
        text_append_format(&json,
                           "{\"row\": \"loader/%d-threads\", \"seconds\": %.9g, \"seconds_one\": "
                           "%.9g, \"ratio\": %.6g, \"processor_seconds\": %.9g, "
                           "\"processor_seconds_one\": %.9g, \"load\": %.3g, \"noisy\": %s, "
                           "\"same_batches\": %s}\n",
                           b->threads, second, first, first / second, cost_second, cost_first, load,
                           noisy ? "true" : "false", same ? "true" : "false");
        check(file_write(b->json_path, text_get(&json), json.length), b->json_path);
        text_free(&json);
    }
}

static int run(bench *b)
{
    static timing one, many;
    double load = read_load();
    uint64_t sum_one = UINT64_C(0xcbf29ce484222325), sum_many = sum_one;
    write_world(b->folder);
    open_world(b);
    read_batches(b, 1, &sum_one);
    read_batches(b, b->threads, &sum_many);
    for (int repeat = 0; repeat < b->repeats; repeat++) {
        time_batches(b, 1, &one, repeat);
        time_batches(b, b->threads, &many, repeat);
    }
    report(b, sum_one == sum_many, load, &one, &many);
    dataset_release(b->labeled);
    dataset_release(b->unlabeled);
    config_free(b->settings);
    return sum_one == sum_many ? 0 : 1;
}

int main(int argc, char **argv)
{
    bench b = {.repeats = 7, .iterations = 6, .threads = 2, .folder = "/tmp/sslact-bench-XXXXXX"};
    static const struct option options[] = {{"json", required_argument, NULL, 'j'},
                                            {"repeats", required_argument, NULL, 'r'},
                                            {"iterations", required_argument, NULL, 'i'},
                                            {"threads", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    for (int key; (key = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int64_t count = 0;
        if (key == 'j') {
            b.json_path = optarg;
            continue;
        }
        if (key == '?' || !text_parse_int64(optarg, strlen(optarg), &count) || count < 1 ||
            count > MOST_REPEATS) {
            fprintf(stderr,
                    "usage: loader [--json FILE] [--repeats N] [--iterations N] "
                    "[--threads N]; numbers from 1 to %d\n",
                    MOST_REPEATS);
            return 2;
        }
        *(key == 'r' ? &b.repeats : key == 'i' ? &b.iterations : &b.threads) = (int)count;
    }
    if (mkdtemp(b.folder) == NULL) {
        perror("loader: no temporary folder");
        return 1;
    }
    int code = run(&b);
    remove_world(b.folder);
    return code;
}
