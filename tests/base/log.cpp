// The log, and the clock that stamps it.
#include "base/log.h"

#include <gtest/gtest.h>

#include <fnmatch.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace
{

#define D "[0-9]"
#define STAMP D D D D "-" D D "-" D D "T" D D ":" D D ":" D D "." D D D "Z"

struct Record {
    std::vector<std::string> lines;
    std::atomic<int> inside{0};
    bool overlapped = false;
};

void keep(sslact_log_level level, const char *room, const char *line, void *user)
{
    Record *record = static_cast<Record *>(user);
    record->overlapped = record->overlapped || record->inside.fetch_add(1) != 0;
    record->lines.push_back(std::to_string(level) + " " + room + " " + line);
    record->inside.fetch_sub(1);
}

void log_again(sslact_log_level level, const char *room, const char *line, void *user)
{
    keep(level, room, line, user);
    log_write(SSLACT_LOG_ERROR, "test", "from inside the callback");
}

class Log : public testing::Test
{
protected:
    ~Log() override { log_set(nullptr, SSLACT_LOG_WARNING, nullptr); }
    Record record_;
};

TEST_F(Log, GoesToStderrFromWarningUpByDefault)
{
    EXPECT_FALSE(log_is_on(SSLACT_LOG_INFO));
    EXPECT_TRUE(log_is_on(SSLACT_LOG_WARNING));

    testing::internal::CaptureStderr();
    log_write(SSLACT_LOG_INFO, "media", "not shown");
    log_write(SSLACT_LOG_WARNING, "media", "%d frames", 3);
    const std::string shown = testing::internal::GetCapturedStderr();

    EXPECT_EQ(fnmatch(STAMP " warning media: 3 frames\n", shown.c_str(), 0), 0) << shown;
}

TEST_F(Log, GoesToTheCallbackAsOneLineWithItsRoom)
{
    log_set(keep, SSLACT_LOG_DEBUG, &record_);

    testing::internal::CaptureStderr();
    log_write(SSLACT_LOG_DEBUG, "data", "two\nlines %s", "{}%");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");

    EXPECT_EQ(record_.lines, std::vector<std::string>{"1 data two lines {}%"});
}

TEST_F(Log, LevelsBelowTheChosenOneAreNotShown)
{
    log_set(keep, SSLACT_LOG_ERROR, &record_);
    log_write(SSLACT_LOG_WARNING, "data", "a");
    log_write(SSLACT_LOG_ERROR, "data", "b");
    log_set(keep, SSLACT_LOG_OFF, &record_);
    log_write(SSLACT_LOG_ERROR, "data", "c");

    EXPECT_EQ(record_.lines, std::vector<std::string>{"4 data b"});
    EXPECT_FALSE(log_is_on(SSLACT_LOG_OFF));
}

TEST_F(Log, CallsTheCallbackOnceAtATime)
{
    log_set(keep, SSLACT_LOG_INFO, &record_);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([] {
            for (int k = 0; k < 500; k++) {
                log_write(SSLACT_LOG_INFO, "data", "%d", k);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }

    EXPECT_EQ(record_.lines.size(), 2000u);
    EXPECT_FALSE(record_.overlapped);
}

TEST_F(Log, ACallbackThatLogsDoesNotWaitForItself)
{
    log_set(log_again, SSLACT_LOG_INFO, &record_);
    log_write(SSLACT_LOG_INFO, "data", "once");

    EXPECT_EQ(record_.lines, std::vector<std::string>{"2 data once"});
}

TEST_F(Log, CutsAnEndlessLine)
{
    log_set(keep, SSLACT_LOG_INFO, &record_);
    log_write(SSLACT_LOG_INFO, "data", "%s", std::string(1 << 20, 'x').c_str());

    ASSERT_EQ(record_.lines.size(), 1u);
    EXPECT_LT(record_.lines[0].size(), 8192u);
}

TEST(Clock, NeverGoesBackAndStampsInUtc)
{
    double before = clock_seconds();
    for (int k = 0; k < 1000; k++) {
        const double now = clock_seconds();
        ASSERT_GE(now, before);
        before = now;
    }
    EXPECT_GE(clock_process_seconds(), 0.0);
    char stamp[25];
    clock_stamp(stamp, sizeof(stamp));
    EXPECT_EQ(fnmatch(STAMP, stamp, 0), 0) << stamp;
}

TEST(Clock, CountsTheProcessorsThatThisProcessMayUse)
{
    cpu_set_t all;
    ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
    EXPECT_GE(clock_count_processors(), 1);
    EXPECT_LE(clock_count_processors(), CPU_COUNT(&all));

    const pid_t child = fork();
    if (child == 0) {
        cpu_set_t one;
        CPU_ZERO(&one);
        int first = 0;
        while (!CPU_ISSET(first, &all)) {
            first++;
        }
        CPU_SET(first, &one);
        _exit(sched_setaffinity(0, sizeof(one), &one) == 0 ? clock_count_processors() : 99);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 1);
}

} // namespace
