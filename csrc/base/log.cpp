// Log lines through spdlog to stderr, or to the program's callback.
//
// C++ because of spdlog. The logger is our own, not in spdlog's registry, and is never destroyed:
// a thread may log while the process ends.
#include "base/log.h"

#include "base/locale.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <mutex>

namespace
{

constexpr size_t line_capacity = 4096;

struct State {
    std::mutex lock; // one line at a time, callback included
    sslact_log_callback callback = nullptr;
    void *user = nullptr;
    std::unique_ptr<spdlog::logger> logger; // made on the first line that needs it
};

State &get_state()
{
    static State *state = new State; // leaked, see above
    return *state;
}

std::atomic<int> level_least{SSLACT_LOG_WARNING};

// A callback that makes the library log would wait for itself: such lines are left out.
thread_local bool inside_callback = false;

spdlog::level::level_enum translate(sslact_log_level level)
{
    switch (level) {
    case SSLACT_LOG_DEBUG:
        return spdlog::level::debug;
    case SSLACT_LOG_INFO:
        return spdlog::level::info;
    case SSLACT_LOG_WARNING:
        return spdlog::level::warn;
    default:
        return spdlog::level::err;
    }
}

spdlog::logger &get_logger(State &state)
{
    if (!state.logger) {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
        sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
            "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
        state.logger = std::make_unique<spdlog::logger>("sslact", std::move(sink));
        state.logger->set_level(spdlog::level::debug);
        state.logger->flush_on(spdlog::level::debug);
    }
    return *state.logger;
}

void emit(sslact_log_level level, const char *room, const char *line)
{
    State &state = get_state();
    std::lock_guard<std::mutex> hold(state.lock);
    if (state.callback) {
        inside_callback = true;
        state.callback(level, room, line, state.user);
        inside_callback = false;
    } else {
        get_logger(state).log(translate(level), "{}: {}", room, line);
    }
}

} // namespace

void log_write(sslact_log_level level, const char *room, const char *format, ...)
{
    if (!log_is_on(level) || inside_callback) {
        return;
    }
    char line[line_capacity];
    va_list arguments;
    va_start(arguments, format);
    locale_t previous = locale_enter();
    int length = std::vsnprintf(line, sizeof(line), format, arguments);
    locale_leave(previous);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    for (char *at = line; *at; at++) {
        if (static_cast<unsigned char>(*at) < 0x20) {
            *at = ' ';
        }
    }
    try {
        emit(level, room, line);
    } catch (...) {
        // A line that cannot be written must not end the work it reports on.
        inside_callback = false;
    }
}

int log_is_on(sslact_log_level level)
{
    return level < SSLACT_LOG_OFF && static_cast<int>(level) >= level_least.load();
}

void log_set(sslact_log_callback callback, sslact_log_level level, void *user)
{
    if (!inside_callback) { // the callback itself may only change the level
        State &state = get_state();
        std::lock_guard<std::mutex> hold(state.lock);
        state.callback = callback;
        state.user = user;
    }
    level_least.store(level);
}
