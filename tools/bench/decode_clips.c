// The library's side of tools/bench/decode: reads clips of one video as it is told line by line.
//
//   sslact_bench_decode VIDEO INDEX_FOLDER OUTPUT [slow]
//
// Commands on stdin, answers on stdout, frames as numbers:
//   sums FRAMES   md5 of each decoded picture
//   rgb FRAMES    writes the pictures as RGB to OUTPUT
//   fresh FRAMES  seconds and processor seconds to open the video and read the clip as RGB
//   kept FRAMES   the same with the video left open
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "media/video.h"

enum { FRAME_LIMIT = 64, LINE_LIMIT = 1 << 16 };

typedef struct bench {
    const char *path, *output;
    video_options options;
    video *open;
    int64_t frames[FRAME_LIMIT];
    size_t count;
    int32_t width, height;
} bench;

static void require(sslact_status status)
{
    if (status < 0) {
        fprintf(stderr, "sslact_bench_decode: %s\n", sslact_error_get_message());
        exit(EXIT_FAILURE);
    }
}

static sslact_status print_sum(const picture *p, size_t position, void *user)
{
    (void)user;
    char sum[33];
    sslact_status status = picture_md5(p, sum);
    if (status >= 0) {
        printf(position == 0 ? "%s" : " %s", sum);
    }
    return status;
}

// Into the same memory for every clip, as a loader does.
static const uint8_t *read_clip(const bench *b, video *v)
{
    static uint8_t *pixels;
    size_t bytes = (size_t)FRAME_LIMIT * (size_t)b->width * (size_t)b->height * 3;
    if (pixels == NULL && (pixels = malloc(bytes)) == NULL) {
        fputs("sslact_bench_decode: no memory for a clip\n", stderr);
        exit(EXIT_FAILURE);
    }
    require(video_read_rgb(v, b->frames, b->count, b->width, b->height, pixels));
    return pixels;
}

static void write_clip(bench *b)
{
    size_t bytes = b->count * (size_t)b->width * (size_t)b->height * 3;
    const uint8_t *pixels = read_clip(b, b->open);
    FILE *file = fopen(b->output, "wb");
    if (file == NULL || fwrite(pixels, 1, bytes, file) != bytes || fclose(file) != 0) {
        perror(b->output);
        exit(EXIT_FAILURE);
    }
    fputs("written", stdout);
}

static void time_clip(bench *b, bool fresh)
{
    double start = clock_seconds(), work = clock_process_seconds();
    video *v = b->open;
    if (fresh) {
        require(video_open(b->path, &b->options, &v));
    }
    (void)read_clip(b, v);
    if (fresh) {
        video_close(v);
    }
    printf("%.9f %.9f", clock_seconds() - start, clock_process_seconds() - work);
}

static void parse_frames(bench *b, char *text)
{
    b->count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \n", &rest); word != NULL && b->count < FRAME_LIMIT;
         word = strtok_r(NULL, " \n", &rest)) {
        b->frames[b->count++] = strtoll(word, NULL, 10);
    }
}

static void answer(bench *b, char *line)
{
    char *frames = strchr(line, ' ');
    if (frames == NULL) {
        fputs("sslact_bench_decode: a command and frames are expected\n", stderr);
        exit(EXIT_FAILURE);
    }
    *frames = '\0';
    parse_frames(b, frames + 1);
    if (strcmp(line, "sums") == 0) {
        require(video_read(b->open, b->frames, b->count, print_sum, NULL));
    } else if (strcmp(line, "rgb") == 0) {
        write_clip(b);
    } else {
        time_clip(b, strcmp(line, "fresh") == 0);
    }
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: sslact_bench_decode VIDEO INDEX_FOLDER OUTPUT [slow]\n", stderr);
        return EXIT_FAILURE;
    }
    static bench b;
    b.path = argv[1];
    b.options.index_folder = argv[2];
    b.output = argv[3];
    b.options.no_frame_skipping = argc > 4 && strcmp(argv[4], "slow") == 0;
    require(video_open(b.path, &b.options, &b.open));
    video_fit(b.open, 0, &b.width, &b.height);
    printf("%lld %d %d\n", (long long)video_count_frames(b.open), b.width, b.height);
    fflush(stdout);
    static char line[LINE_LIMIT];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        answer(&b, line);
    }
    video_close(b.open);
    return EXIT_SUCCESS;
}
