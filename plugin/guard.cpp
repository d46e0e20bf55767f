// Exceptions to statuses, process and thread checks.

#include "guard.h"

#include <new>
#include <unistd.h>

#include <c10/util/Exception.h>

#include "base/log.h"
#include "base/text.h"

namespace sslact
{
namespace
{

std::atomic<pid_t> tensor_process{0};

const char *first_line_end(const char *text)
{
    const char *end = text;
    while (*end != '\0' && *end != '\n') {
        ++end;
    }
    return end;
}

sslact_status store(sslact_status status, const char *text)
{
    const int length = static_cast<int>(first_line_end(text) - text);
    return error_set(status, "%.*s", length, text);
}

} // namespace

bool Occupancy::enter_shared()
{
    int now = inside_.load(std::memory_order_relaxed);
    while (now >= 0) {
        if (inside_.compare_exchange_weak(now, now + 1, std::memory_order_acquire)) {
            return true;
        }
    }
    return false;
}

void Occupancy::leave_shared()
{
    inside_.fetch_sub(1, std::memory_order_release);
}

bool Occupancy::enter_exclusive()
{
    int empty = 0;
    return inside_.compare_exchange_strong(empty, -1, std::memory_order_acquire);
}

void Occupancy::leave_exclusive()
{
    inside_.store(0, std::memory_order_release);
}

void mark_tensor_use()
{
    pid_t nobody = 0;
    tensor_process.compare_exchange_strong(nobody, getpid());
}

bool is_forked() noexcept
{
    const pid_t process = tensor_process.load(std::memory_order_relaxed);
    return process != 0 && process != getpid();
}

sslact_status check_process() noexcept
{
    if (!is_forked()) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_FORKED,
                     "this process was forked from one that had used sslact (process %ld); "
                     "start a fresh process instead, by exec",
                     static_cast<long>(tensor_process.load(std::memory_order_relaxed)));
}

// The order matters: our own errors carry a status, torch's text comes without its backtrace,
// which goes to the debug log.
sslact_status translate_exception() noexcept
{
    try {
        throw;
    } catch (const Error &error) {
        return store(error.status(), error.what());
    } catch (const std::bad_alloc &) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "out of memory");
    } catch (const c10::OutOfMemoryError &error) {
        return store(SSLACT_ERROR_OUT_OF_MEMORY, error.what_without_backtrace());
    } catch (const c10::AcceleratorError &error) {
        log_write(SSLACT_LOG_DEBUG, "plugin", "%s", error.what());
        return store(SSLACT_ERROR_DEVICE, error.what_without_backtrace());
    } catch (const c10::Error &error) {
        log_write(SSLACT_LOG_DEBUG, "plugin", "%s", error.what());
        return store(SSLACT_ERROR_INTERNAL, error.what_without_backtrace());
    } catch (const std::exception &error) {
        return store(SSLACT_ERROR_INTERNAL, error.what());
    } catch (...) {
        return error_set(SSLACT_ERROR_INTERNAL, "unknown failure");
    }
}

sslact_status refuse_null(const char *name) noexcept
{
    return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
}

sslact_status refuse_busy(const char *name) noexcept
{
    return error_set(SSLACT_ERROR_BUSY, "another thread is using this %s", name);
}

sslact_status hand_out_text(const std::string &value, char *buffer, size_t capacity, size_t *needed)
{
    return text_hand_out(value.data(), value.size(), buffer, capacity, need(needed, "needed"));
}

void check_struct_size(const void *data, size_t given, size_t first_version, size_t known,
                       const char *name)
{
    if (given < first_version) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, std::string(name) + ".struct_size is " +
                                                       std::to_string(given) +
                                                       ", prepare it with SSLACT_INIT");
    }
    const unsigned char *bytes = static_cast<const unsigned char *>(data);
    for (size_t i = known; i < given; ++i) {
        if (bytes[i] != 0) {
            throw Error(SSLACT_ERROR_MISMATCH,
                        std::string(name) + " uses members that this library, version " +
                            std::to_string(SSLACT_VERSION_NUMBER) + ", does not know");
        }
    }
}

} // namespace sslact
