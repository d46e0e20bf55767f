// Clocks and the number of processors; see clock.h.
#include "base/clock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

static double read_clock(clockid_t id)
{
    struct timespec now = {0, 0};
    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double clock_seconds(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double clock_process_seconds(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_stamp(char *buffer, size_t capacity)
{
    struct timespec now = {0, 0};
    struct tm utc;
    char date[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(buffer, capacity, "%s.%03ldZ", date, now.tv_nsec / 1000000);
}

static int count_affinity(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        return CPU_COUNT(&set);
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN); // more processors than cpu_set_t has bits
    return online > 0 ? (int)online : 1;
}

// "QUOTA PERIOD" in microseconds as processors, rounded up; 0 when there is no limit.
static int parse_quota(const char *line)
{
    char *end = NULL;
    long quota = strtol(line, &end, 10); // "max" leaves 0
    long period = quota > 0 ? strtol(end, NULL, 10) : 0;
    if (quota <= 0 || period <= 0 || quota / period >= 4096) {
        return 0;
    }
    return (int)((quota + period - 1) / period);
}

static int read_quota(const char *path)
{
    char *content = NULL;
    size_t size = 0;
    int count = 0;
    if (file_exists(path) && file_read(path, 4096, &content, &size) == SSLACT_OK) {
        count = parse_quota(content);
    }
    free(content);
    return count;
}

static int least_limit(int a, int b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

// The least quota on the way from this process's group to the root (cgroup version 2).
static int count_quota_unified(void)
{
    char *content = NULL;
    size_t size = 0;
    int count = 0;
    char group[1024] = "";
    if (file_exists("/proc/self/cgroup") &&
        file_read("/proc/self/cgroup", 1 << 16, &content, &size) == SSLACT_OK) {
        const char *line = strncmp(content, "0::", 3) == 0 ? content : strstr(content, "\n0::");
        if (line) {
            line = strstr(line, "0::") + 3;
            snprintf(group, sizeof(group), "%.*s", (int)strcspn(line, "\n"), line);
        }
    }
    free(content);
    for (int depth = 0; depth < 64; depth++) {
        char path[1200];
        snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", group);
        count = least_limit(count, read_quota(path));
        char *slash = strrchr(group, '/');
        if (!slash) {
            break;
        }
        *slash = '\0';
    }
    return count;
}

static int count_quota_legacy(void)
{
    char *quota = NULL, *period = NULL;
    size_t size = 0;
    int count = 0;
    const char *quota_path = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us";
    const char *period_path = "/sys/fs/cgroup/cpu/cpu.cfs_period_us";
    if (file_exists(quota_path) && file_exists(period_path) &&
        file_read(quota_path, 64, &quota, &size) == SSLACT_OK &&
        file_read(period_path, 64, &period, &size) == SSLACT_OK) {
        char both[160];
        quota[strcspn(quota, "\n")] = '\0';
        snprintf(both, sizeof(both), "%s %s", quota, period);
        count = parse_quota(both);
    }
    free(quota);
    free(period);
    return count;
}

int clock_count_processors(void)
{
    int count = count_affinity();
    int quota = least_limit(count_quota_unified(), count_quota_legacy());
    count = quota > 0 && quota < count ? quota : count;
    return count > 0 ? count : 1;
}
