// Progress on stderr: redrawn at most ten times a second on a terminal; elsewhere a plain line now
// and then. No colour, no cursor tricks beyond carriage return and erase-line.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static double now_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int find_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return columns != NULL && atoi(columns) > 0 ? atoi(columns) : 80;
}

void progress_start(cli_progress *p, bool quiet)
{
    p->terminal = isatty(STDERR_FILENO) && getenv("CI") == NULL;
    p->quiet = quiet;
    p->drawn = false;
    p->start = now_seconds();
    p->last = p->start - 1e6;
    p->width = find_width();
}

double progress_elapsed(const cli_progress *p)
{
    return now_seconds() - p->start;
}

void progress_show(cli_progress *p, bool plain, const char *format, ...)
{
    char line[512];
    va_list arguments;
    const double now = now_seconds();
    const double pause = p->terminal ? 0.1 : 30.0;

    if (p->quiet || (now - p->last < pause && !(plain && !p->terminal)) ||
        (!p->terminal && !plain)) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (p->terminal) {
        fprintf(stderr, "\r\033[K%.*s", p->width - 1, line);
        p->drawn = true;
    } else {
        fprintf(stderr, "%s\n", line);
    }
    fflush(stderr);
    p->last = now;
}

void progress_clear(cli_progress *p)
{
    if (p->drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        p->drawn = false;
    }
}

void progress_draw_bar(double share, int width, char *out)
{
    const double inside = share > 0 ? share < 1 ? share : 1 : 0;
    const int filled = (int)(inside * width);

    memset(out, '=', (size_t)filled);
    memset(out + filled, ' ', (size_t)(width - filled));
    out[width] = '\0';
}

int progress_callback(const sslact_progress *progress, void *user)
{
    cli_progress *p = user;

    if (progress->total > 0) {
        progress_show(p, progress->done == progress->total, "%s %lld of %lld", progress->phase,
                      (long long)progress->done, (long long)progress->total);
    } else {
        progress_show(p, false, "%s %lld", progress->phase, (long long)progress->done);
    }
    return 0;
}
