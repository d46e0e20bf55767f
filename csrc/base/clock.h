// Time: durations from the monotonic clock, stamps in UTC.
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Seconds since an arbitrary start; never goes back.
double clock_seconds(void);
// Processor seconds used by this process.
double clock_process_seconds(void);
// "2026-01-31T12:34:56.789Z"; the buffer takes 25 bytes.
void clock_stamp(char *buffer, size_t capacity);
// Processors this process may use: affinity and cgroup quota, at least 1.
int clock_count_processors(void);

#ifdef __cplusplus
}
#endif
#endif
