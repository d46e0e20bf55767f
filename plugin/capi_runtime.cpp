// sslact_runtime_*: version, build, devices, threads, log.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <jansson.h>
#include <sys/sysinfo.h>
#include <torch/version.h>

#include "guard.h"
#include "sslact/runtime.h"

#include "base/log.h"
#include "media/video.h"
#include "plugin/cuda_library.h"

using namespace sslact;

namespace
{

// The version of the torch that is loaded, from its own description of itself.
std::string running_torch()
{
    const std::string shown = at::show_config();
    const std::string marker = "TORCH_VERSION=";
    const size_t start = shown.find(marker);
    if (start == std::string::npos) {
        return "unknown";
    }
    const size_t end = shown.find_first_of(", \n", start);
    return shown.substr(start + marker.size(), end - start - marker.size());
}

std::string version_text(int32_t number)
{
    return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
           std::to_string(number % 100);
}

// Lives as long as the process, on purpose.
const std::string &build_info()
{
    static const std::string *info = [] {
        json_t *object =
            json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s}", "sslact",
                      version_text(SSLACT_VERSION_NUMBER).c_str(), "torch_built", TORCH_VERSION,
                      "torch_running", running_torch().c_str(), "ffmpeg", media_get_versions(),
                      "cuda", cuda_library_built_version(), "compiler", __VERSION__);
        char *dumped = object ? json_dumps(object, JSON_INDENT(2)) : nullptr;
        auto *text_out = new std::string(dumped ? dumped : "{}");
        std::free(dumped);
        json_decref(object);
        return text_out;
    }();
    return *info;
}

} // namespace

int32_t sslact_runtime_get_version(void)
{
    return SSLACT_VERSION_NUMBER;
}

sslact_status sslact_runtime_check(int32_t header_version)
{
    return guard([&] {
        if (header_version > SSLACT_VERSION_NUMBER ||
            header_version / 10000 != SSLACT_VERSION_MAJOR) {
            throw Error(SSLACT_ERROR_MISMATCH,
                        "the program was compiled for sslact " + version_text(header_version) +
                            ", this library is " + version_text(SSLACT_VERSION_NUMBER));
        }
        const std::string running = running_torch();
        const std::string built =
            std::string(TORCH_VERSION).substr(0, std::string(TORCH_VERSION).find('+'));
        if (running.compare(0, built.size(), built) != 0) {
            throw Error(SSLACT_ERROR_MISMATCH, "built with torch " + std::string(TORCH_VERSION) +
                                                   ", running with torch " + running);
        }
        return media_check_versions();
    });
}

const char *sslact_runtime_get_build_info(void)
{
    try {
        return build_info().c_str();
    } catch (...) {
        return "{}";
    }
}

sslact_status sslact_runtime_count_devices(sslact_device_type type, int32_t *count)
{
    return guard([&] {
        need(count, "count");
        if (type != SSLACT_CPU && type != SSLACT_CUDA) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "device type " + std::to_string(static_cast<int>(type)) +
                            ", SSLACT_CPU or SSLACT_CUDA is accepted");
        }
        if (type == SSLACT_CUDA) {
            mark_tensor_use(); // CUDA's driver does not survive a fork either
        }
        *count = type == SSLACT_CPU ? 1 : cuda_library_count_devices();
        return SSLACT_OK;
    });
}

namespace
{

sslact_device_info describe_cpu()
{
    sslact_device_info local;
    SSLACT_INIT(local);
    std::snprintf(local.name, sizeof local.name, "cpu");
    struct sysinfo machine;
    if (sysinfo(&machine) == 0) {
        local.memory_total_bytes = static_cast<int64_t>(machine.totalram) * machine.mem_unit;
        local.memory_free_bytes = static_cast<int64_t>(machine.freeram) * machine.mem_unit;
    }
    local.usable_for_training = 1;
    return local;
}

sslact_device_info describe_cuda(int32_t index)
{
    mark_tensor_use();
    cuda_device_facts facts = {};
    cuda_library_check(cuda_library_open(index).describe_device(index, &facts), index);
    sslact_device_info local;
    SSLACT_INIT(local);
    std::memcpy(local.name, facts.name, sizeof local.name);
    local.memory_total_bytes = static_cast<int64_t>(facts.memory_total);
    local.memory_free_bytes = static_cast<int64_t>(facts.memory_free);
    local.compute_major = facts.compute_major;
    local.compute_minor = facts.compute_minor;
    local.usable_for_training = 1; // libsslact_cuda.so is not there without torch's CUDA library
    return local;
}

} // namespace

sslact_status sslact_runtime_describe_device(sslact_device device, sslact_device_info *out)
{
    return guard([&] {
        const bool is_cpu = device.type == SSLACT_CPU && device.index == 0;
        const bool is_cuda = device.type == SSLACT_CUDA && device.index >= 0 &&
                             device.index < cuda_library_count_devices();
        if (!is_cpu && !is_cuda) {
            throw Error(SSLACT_ERROR_NOT_FOUND, "no device of type " + std::to_string(device.type) +
                                                    " with index " + std::to_string(device.index) +
                                                    " in this build and machine");
        }
        write_struct(is_cpu ? describe_cpu() : describe_cuda(device.index), out, "out");
        return SSLACT_OK;
    });
}

sslact_status sslact_runtime_set_threads(int32_t count)
{
    return guard([&] {
        if (count < 1 || count > 1024) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "count is " + std::to_string(count) + ", 1 to 1024 is accepted");
        }
        mark_tensor_use();
        at::set_num_threads(count);
        return SSLACT_OK;
    });
}

sslact_status sslact_runtime_set_log(sslact_log_callback callback, sslact_log_level level,
                                     void *user)
{
    return guard([&] {
        if (level < SSLACT_LOG_DEBUG || level > SSLACT_LOG_OFF) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "level is " + std::to_string(static_cast<int>(level)) +
                            ", SSLACT_LOG_DEBUG to SSLACT_LOG_OFF is accepted");
        }
        log_set(callback, level, user);
        return SSLACT_OK;
    });
}
