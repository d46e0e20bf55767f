// The border: every exported function is one call to a guard. Nothing but a status crosses it.
//
// A guard refuses NULL handles, a second thread in a handle and a forked process, runs the body,
// turns whatever it throws into a status with its message stored for the thread, and puts back
// what the body may have changed for the thread (torch's gradient mode, the current CUDA device).
#ifndef PLUGIN_GUARD_H
#define PLUGIN_GUARD_H

#include <atomic>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include <c10/core/GradMode.h>

#include "base/error.hpp"
#include "plugin/cuda_library.h"

namespace sslact
{

// Who is inside a handle: any number of shared calls (get, count, predict), or one exclusive call.
class Occupancy
{
public:
    bool enter_shared();
    void leave_shared();
    bool enter_exclusive();
    void leave_exclusive();

private:
    std::atomic<int> inside_{0}; // -1: one exclusive call
};

// Marks that this process has used tensors: a child of a later fork is refused from then on.
void mark_tensor_use();

// Whether this is the child of a process that had used tensors.
bool is_forked() noexcept;
// Fails with FORKED there.
sslact_status check_process() noexcept;

// Stores the message of the exception in flight; returns its status. Only inside a catch block.
sslact_status translate_exception() noexcept;

class TorchState
{
public:
    TorchState() : gradients_(c10::GradMode::is_enabled()) {}
    ~TorchState() { c10::GradMode::set_enabled(gradients_); }
    TorchState(const TorchState &) = delete;
    TorchState &operator=(const TorchState &) = delete;

private:
    bool gradients_;
    CudaDeviceKeeper device_;
};

// Runs body() -> sslact_status without a handle.
template <typename Body> sslact_status guard(Body &&body) noexcept
{
    const sslact_status process = check_process();
    if (process < 0) {
        return process;
    }
    const TorchState restore;
    try {
        return body();
    } catch (...) {
        return translate_exception();
    }
}

sslact_status refuse_null(const char *name) noexcept;
sslact_status refuse_busy(const char *name) noexcept;

// Runs body(handle) while this call is the only one inside the handle.
template <typename Handle, typename Body>
sslact_status guard_exclusive(Handle *handle, const char *name, Body &&body) noexcept
{
    if (handle == nullptr) {
        return refuse_null(name);
    }
    const sslact_status process = check_process();
    if (process < 0) {
        return process; // whoever was inside when the process was forked never leaves
    }
    if (!handle->occupancy.enter_exclusive()) {
        return refuse_busy(name);
    }
    const sslact_status status = guard([&] { return body(*handle); });
    handle->occupancy.leave_exclusive();
    return status;
}

// Runs body(handle) beside other shared calls.
template <typename Handle, typename Body>
sslact_status guard_shared(const Handle *handle, const char *name, Body &&body) noexcept
{
    if (handle == nullptr) {
        return refuse_null(name);
    }
    const sslact_status process = check_process();
    if (process < 0) {
        return process;
    }
    if (!handle->occupancy.enter_shared()) {
        return refuse_busy(name);
    }
    const sslact_status status = guard([&] { return body(*handle); });
    handle->occupancy.leave_shared();
    return status;
}

// "name is NULL" as an Error, for arguments that are not the handle.
template <typename T> T *need(T *pointer, const char *name)
{
    if (pointer == nullptr) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, std::string(name) + " is NULL");
    }
    return pointer;
}

// A second handle that a call reads: entered, beside other shared calls, while this lives.
template <typename Handle> class SharedUse
{
public:
    SharedUse(const Handle *handle, const char *name) : handle_(need(handle, name))
    {
        if (!handle_->occupancy.enter_shared()) {
            throw Error(SSLACT_ERROR_BUSY, std::string("another thread is using this ") + name);
        }
    }
    ~SharedUse() { handle_->occupancy.leave_shared(); }
    SharedUse(const SharedUse &) = delete;
    SharedUse &operator=(const SharedUse &) = delete;

private:
    const Handle *handle_;
};

// What every free function does. In a forked child the threads behind a handle are not there to be
// joined: the memory is left to the end of the process.
template <typename Handle> void free_handle(Handle *handle) noexcept
{
    if (!is_forked()) {
        delete handle;
    }
}

// Text and numbers into the caller's buffer under the rule of base.h.
sslact_status hand_out_text(const std::string &value, char *buffer, size_t capacity,
                            size_t *needed);

template <typename T>
sslact_status hand_out_array(const T *values, size_t count, T *buffer, size_t capacity,
                             size_t *needed)
{
    *need(needed, "needed") = count;
    if (capacity == 0 && buffer == nullptr) {
        return SSLACT_OK;
    }
    if (capacity < count) {
        throw Error(SSLACT_ERROR_BUFFER_TOO_SMALL, "buffer holds " + std::to_string(capacity) +
                                                       " values, " + std::to_string(count) +
                                                       " are needed");
    }
    if (count > 0) {
        std::memcpy(need(buffer, "buffer"), values, count * sizeof(T));
    }
    return SSLACT_OK;
}

// ---- growing structs ----

void check_struct_size(const void *data, size_t given, size_t first_version, size_t known,
                       const char *name);

// The caller's struct as this library knows it; members the caller does not have are zero.
template <typename T>
T read_struct(const T *given, const char *name, size_t first_version = sizeof(T))
{
    need(given, name);
    check_struct_size(given, given->struct_size, first_version, sizeof(T), name);
    T local;
    std::memset(&local, 0, sizeof local);
    std::memcpy(&local, given, given->struct_size < sizeof(T) ? given->struct_size : sizeof(T));
    local.struct_size = sizeof(T);
    return local;
}

// The same where NULL means all defaults.
template <typename T>
T read_options(const T *given, const char *name, size_t first_version = sizeof(T))
{
    if (given == nullptr) {
        T local;
        SSLACT_INIT(local);
        return local;
    }
    return read_struct(given, name, first_version);
}

// Writes a filled local into the caller's struct, whose struct_size stays.
template <typename T>
void write_struct(const T &local, T *out, const char *name, size_t first_version = sizeof(T))
{
    need(out, name);
    const size_t size = out->struct_size;
    if (size < first_version) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, std::string(name) + ".struct_size is " +
                                                       std::to_string(size) +
                                                       ", prepare it with SSLACT_INIT");
    }
    std::memcpy(out, &local, size < sizeof(T) ? size : sizeof(T));
    out->struct_size = size;
}

} // namespace sslact

#endif
