// libsslact_cuda.so as libsslact.so sees it: opened from beside libsslact.so when a CUDA device is
// first asked for, or at load where torch's own CUDA library is in the process already (Python). It
// brings the kernels of cuda/ and registers torch's CUDA key for the sslact ops. Once opened it
// stays; where it cannot be opened, every call says why in one line.
#ifndef PLUGIN_CUDA_LIBRARY_H
#define PLUGIN_CUDA_LIBRARY_H

#include <cstdint>
#include <string>

#include "cuda/functions.h"

namespace sslact
{

// The functions, for device cuda:index; Error(UNSUPPORTED) with the reason where that device
// cannot be used. Any thread.
const cuda_functions &cuda_library_open(int32_t index);

// Opens the library without asking for a device: its ops are registered even where there is none.
// The reason why not, "" when it is open.
std::string cuda_library_try_open() noexcept;

// Devices that cuda_library_open accepts: 0 .. count - 1. 0 in a build or on a machine without.
int32_t cuda_library_count_devices() noexcept;

// The functions if the library is open, nullptr otherwise; opens nothing.
const cuda_functions *cuda_library_get() noexcept;

// Error(OUT_OF_MEMORY) or Error(DEVICE) for a code that is not 0; `device` as in "cuda:0".
void cuda_library_check(cuda_error error, int32_t index);

// The CUDA release that libsslact_cuda.so was built with, nullptr in a build without it.
const char *cuda_library_built_version() noexcept;

// Keeps the calling thread's current CUDA device from being changed by what runs in between. Does
// nothing as long as no device has been opened.
class CudaDeviceKeeper
{
public:
    CudaDeviceKeeper() noexcept;
    ~CudaDeviceKeeper();
    CudaDeviceKeeper(const CudaDeviceKeeper &) = delete;
    CudaDeviceKeeper &operator=(const CudaDeviceKeeper &) = delete;

private:
    int device_ = -1;
};

} // namespace sslact

#endif
