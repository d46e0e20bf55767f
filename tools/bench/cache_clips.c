// The library's side of tools/bench/cache: reads clips of one video and of its copy in a cache.
//
//   sslact_bench_cache VIDEO COPY_WITHOUT_EXTENSION
//
// Commands on stdin, answers on stdout, frames as numbers; pictures have the size of the copy's:
//   fresh FRAMES    seconds and processor seconds to open the copy and read the clip as RGB
//   kept FRAMES     the same with the copy left open
//   video FRAMES    the same from the video left open, reduced to that size
//   compare FRAMES  PSNR in dB and SSIM of the copy's brightness against the video's
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "data/cache_entry.h"

enum { FRAME_LIMIT = 64, LINE_LIMIT = 1 << 16, WINDOW = 8, WINDOW_STEP = 4 };

typedef struct bench {
    text entry_path, copy_path;
    video *video, *copy;
    int32_t width, height;
    int64_t frames[FRAME_LIMIT];
    size_t count;
    uint8_t *of_copy, *of_video; // [FRAME_LIMIT][height][width][3]
} bench;

static void require(sslact_status status)
{
    if (status < 0) {
        fprintf(stderr, "sslact_bench_cache: %s\n", sslact_error_get_message());
        exit(EXIT_FAILURE);
    }
}

// As a training run opens it: facts first.
static video *open_copy(const bench *b)
{
    video *v = NULL;
    cache_entry entry = {0};
    require(cache_entry_read(text_get(&b->entry_path), &entry));
    require(video_open_copy(text_get(&b->copy_path), NULL, &entry.original, &v));
    cache_entry_clear(&entry);
    return v;
}

static void read_clip(const bench *b, video *v, uint8_t *out)
{
    require(video_read_rgb(v, b->frames, b->count, b->width, b->height, out));
}

static void time_clip(bench *b, const char *how)
{
    double start = clock_seconds(), work = clock_process_seconds();
    bool fresh = strcmp(how, "fresh") == 0;
    video *v = fresh ? open_copy(b) : strcmp(how, "video") == 0 ? b->video : b->copy;
    read_clip(b, v, b->of_copy);
    if (fresh) {
        video_close(v);
    }
    printf("%.9f %.9f\n", clock_seconds() - start, clock_process_seconds() - work);
}

static double find_brightness(const uint8_t *rgb)
{
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

// SSIM of one window, constants of Wang et al. (2004), even weights.
static double compare_window(const uint8_t *a, const uint8_t *b, size_t row)
{
    double sums[5] = {0};
    const double n = WINDOW * WINDOW, c1 = 6.5025, c2 = 58.5225;
    for (int y = 0; y < WINDOW; y++) {
        for (int x = 0; x < WINDOW; x++) {
            size_t at = (size_t)y * row + (size_t)x * 3;
            double p = find_brightness(a + at), q = find_brightness(b + at);
            sums[0] += p;
            sums[1] += q;
            sums[2] += p * p;
            sums[3] += q * q;
            sums[4] += p * q;
        }
    }
    double p = sums[0] / n, q = sums[1] / n;
    double variances = sums[2] / n - p * p + sums[3] / n - q * q, shared = sums[4] / n - p * q;
    return (2 * p * q + c1) * (2 * shared + c2) / ((p * p + q * q + c1) * (variances + c2));
}

static double compare_structure(const bench *b, const uint8_t *p, const uint8_t *q)
{
    size_t row = (size_t)b->width * 3, windows = 0;
    double sum = 0;
    for (int32_t y = 0; y + WINDOW <= b->height; y += WINDOW_STEP) {
        for (int32_t x = 0; x + WINDOW <= b->width; x += WINDOW_STEP, windows++) {
            size_t at = (size_t)y * row + (size_t)x * 3;
            sum += compare_window(p + at, q + at, row);
        }
    }
    return windows > 0 ? sum / (double)windows : NAN;
}

static void compare_clip(bench *b)
{
    size_t pixels = (size_t)b->width * (size_t)b->height;
    double squares = 0, structure = 0;
    read_clip(b, b->copy, b->of_copy);
    read_clip(b, b->video, b->of_video);
    for (size_t i = 0; i < b->count * pixels; i++) {
        double d = find_brightness(b->of_copy + 3 * i) - find_brightness(b->of_video + 3 * i);
        squares += d * d;
    }
    for (size_t n = 0; n < b->count; n++) {
        structure +=
            compare_structure(b, b->of_copy + 3 * n * pixels, b->of_video + 3 * n * pixels);
    }
    double mean = squares / (double)(b->count * pixels);
    printf("%.4f %.6f\n", 10 * log10(255.0 * 255.0 / (mean > 1e-9 ? mean : 1e-9)),
           structure / (double)b->count);
}

static void parse_frames(bench *b, char *line)
{
    b->count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \n", &rest); word != NULL && b->count < FRAME_LIMIT;
         word = strtok_r(NULL, " \n", &rest)) {
        b->frames[b->count++] = strtoll(word, NULL, 10);
    }
}

static void answer(bench *b, char *line)
{
    char *frames = strchr(line, ' ');
    if (frames == NULL) {
        fputs("sslact_bench_cache: a command and frames are expected\n", stderr);
        exit(EXIT_FAILURE);
    }
    *frames = '\0';
    parse_frames(b, frames + 1);
    if (strcmp(line, "compare") == 0) {
        compare_clip(b);
    } else {
        time_clip(b, line);
    }
    fflush(stdout);
}

static void open_all(bench *b, const char *path, const char *stem)
{
    cache_entry entry = {0};
    text_append_format(&b->entry_path, "%s" CACHE_ENTRY_EXTENSION, stem);
    text_append_format(&b->copy_path, "%s" CACHE_COPY_EXTENSION, stem);
    require(text_status(&b->entry_path));
    require(text_status(&b->copy_path));
    require(video_open(path, NULL, &b->video));
    require(cache_entry_read(text_get(&b->entry_path), &entry));
    b->width = entry.original.picture_width;
    b->height = entry.original.picture_height;
    cache_entry_clear(&entry);
    b->copy = open_copy(b);
    size_t bytes = (size_t)b->width * (size_t)b->height * 3;
    b->of_copy = array_create(FRAME_LIMIT, bytes);
    b->of_video = array_create(FRAME_LIMIT, bytes);
    require(b->of_copy == NULL || b->of_video == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK);
}

int main(int argc, char **argv)
{
    static bench b;
    static char line[LINE_LIMIT];
    if (argc != 3) {
        fputs("usage: sslact_bench_cache VIDEO COPY_WITHOUT_EXTENSION\n", stderr);
        return EXIT_FAILURE;
    }
    open_all(&b, argv[1], argv[2]);
    printf("%lld %d %d\n", (long long)video_count_frames(b.video), b.width, b.height);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        answer(&b, line);
    }
    video_close(b.video);
    video_close(b.copy);
    free(b.of_copy);
    free(b.of_video);
    text_free(&b.entry_path);
    text_free(&b.copy_path);
    return EXIT_SUCCESS;
}
