// Finds, opens and checks libsslact_cuda.so; see the header. Nothing here calls torch.
#include "plugin/cuda_library.h"

#include <atomic>
#include <mutex>

#include <dlfcn.h>
#include <unistd.h>

#include "base/error.hpp"

namespace sslact
{
namespace
{

constexpr const char *library_name = "libsslact_cuda.so";
constexpr char built_version[] = SSLACT_BUILT_WITH_CUDA;

struct Opened {
    std::mutex lock;
    bool tried = false;
    std::string reason; // why it could not be opened
    std::atomic<const cuda_functions *> functions{nullptr};
    std::atomic<bool> in_use{false}; // a device was opened
};

// Never destroyed: handles may outlive static objects.
Opened &opened()
{
    static Opened *state = new Opened;
    return *state;
}

// The folder of the file that holds this code, with a slash at the end.
std::string own_folder()
{
    Dl_info info;
    if (dladdr(reinterpret_cast<void *>(&own_folder), &info) == 0 || info.dli_fname == nullptr) {
        return "";
    }
    const std::string path = info.dli_fname;
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// The functions, or why there are none.
const cuda_functions *find_functions(std::string &reason)
{
    const std::string path = own_folder() + library_name;
    if (path[0] == '/' && access(path.c_str(), F_OK) != 0) {
        reason =
            SSLACT_BUILT_WITH_CUDA ? std::string(library_name) + " is not beside libsslact.so" : "";
        return nullptr;
    }
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        reason = dlerror();
        return nullptr;
    }
    const auto get = reinterpret_cast<decltype(&sslact_cuda_get_functions)>(
        dlsym(handle, "sslact_cuda_get_functions"));
    const cuda_functions *functions = get == nullptr ? nullptr : get();
    if (functions == nullptr || functions->size != sizeof(cuda_functions)) {
        reason = std::string(library_name) + " is not of the same build as libsslact.so";
        return nullptr;
    }
    return functions;
}

void open_once(Opened &state)
{
    const std::lock_guard<std::mutex> hold(state.lock);
    if (!state.tried) {
        state.functions = find_functions(state.reason);
        state.tried = true;
    }
}

std::string device_name(int32_t index)
{
    return "device \"cuda:" + std::to_string(index) + "\"";
}

[[noreturn]] void refuse(int32_t index, const std::string &reason)
{
    throw Error(SSLACT_ERROR_UNSUPPORTED, device_name(index) + " is not available: " + reason);
}

// How many devices there are, or why there are none.
int count_devices(const cuda_functions &functions, std::string &reason)
{
    int count = 0;
    const cuda_error error = functions.count_devices(&count);
    if (error != 0) {
        reason = functions.describe_error(error);
        return 0;
    }
    if (count == 0) {
        reason = "this machine has no CUDA device";
    }
    return count;
}

} // namespace

std::string cuda_library_try_open() noexcept
{
    try {
        Opened &state = opened();
        open_once(state);
        if (state.functions != nullptr) {
            return "";
        }
        return state.reason.empty() ? "built without CUDA" : state.reason;
    } catch (const std::exception &error) {
        return error.what();
    }
}

const cuda_functions *cuda_library_get() noexcept
{
    return opened().functions;
}

const cuda_functions &cuda_library_open(int32_t index)
{
    Opened &state = opened();
    open_once(state);
    const cuda_functions *functions = state.functions;
    if (functions == nullptr && state.reason.empty()) {
        throw Error(SSLACT_ERROR_UNSUPPORTED,
                    "built without CUDA, " + device_name(index) + " is not available");
    }
    if (functions == nullptr) {
        refuse(index, state.reason);
    }
    std::string reason;
    const int count = count_devices(*functions, reason);
    if (count == 0) {
        refuse(index, reason);
    }
    if (index < 0 || index >= count) {
        refuse(index, "this machine has " + std::to_string(count) + ", cuda:0" +
                          (count > 1 ? " to cuda:" + std::to_string(count - 1) : ""));
    }
    state.in_use = true;
    return *functions;
}

const char *cuda_library_built_version() noexcept
{
    return built_version[0] != '\0' ? built_version : nullptr;
}

int32_t cuda_library_count_devices() noexcept
{
    if (!cuda_library_try_open().empty()) {
        return 0;
    }
    try {
        std::string reason;
        return count_devices(*cuda_library_get(), reason);
    } catch (const std::exception &) {
        return 0;
    }
}

void cuda_library_check(cuda_error error, int32_t index)
{
    const cuda_functions *functions = cuda_library_get();
    if (error == 0) {
        return;
    }
    const bool memory = functions != nullptr && functions->is_out_of_memory(error);
    throw Error(memory ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_ERROR_DEVICE,
                device_name(index) + ": " +
                    (functions == nullptr ? "unknown failure" : functions->describe_error(error)));
}

CudaDeviceKeeper::CudaDeviceKeeper() noexcept
{
    if (opened().in_use && cuda_library_get()->get_current_device(&device_) != 0) {
        device_ = -1;
    }
}

CudaDeviceKeeper::~CudaDeviceKeeper()
{
    int now = -1;
    // Setting a device makes a context on it, so it is not set again without need.
    if (device_ >= 0 && cuda_library_get()->get_current_device(&now) == 0 && now != device_) {
        (void)cuda_library_get()->set_current_device(device_);
    }
}

namespace
{

// A Python program has torch's CUDA library from the start: its CUDA tensors, and whoever asks the
// dispatcher what is registered, find the ops from the start as well.
struct OpenAtLoad {
    OpenAtLoad()
    {
        void *torch_cuda = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_NOLOAD);
        if (torch_cuda != nullptr) {
            dlclose(torch_cuda); // gives back the reference, the library stays
            cuda_library_try_open();
        }
    }
} open_at_load;

} // namespace

} // namespace sslact
