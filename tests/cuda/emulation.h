// Enough of CUDA to run the kernels of cuda/ on the CPU, compiled by g++ from the same sources: a
// launch is a loop over blocks, a thread is a fiber, a barrier a switch to the next fiber, shared
// memory a static array, since blocks run one after the other. The order of the fibers is chosen by
// the test: a kernel that lacks a barrier gives other results in another order. A barrier that not
// all threads of a block reach, and a write beyond the end of an allocation, end the program.
#ifndef TESTS_CUDA_EMULATION_H
#define TESTS_CUDA_EMULATION_H

#include <cstddef>
#include <cstring>
#include <functional>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)

// ---- threads ----

struct emulation_index {
    unsigned int x;
};
extern emulation_index threadIdx, blockIdx, blockDim, gridDim;

enum emulation_order { EMULATION_FORWARD, EMULATION_BACKWARD, EMULATION_SHUFFLED };
void emulation_set_order(emulation_order order);

void emulation_launch(unsigned int blocks, unsigned int threads, const std::function<void()> &body);
void __syncthreads();
// The 8 bytes that the thread with this lane's number xor `distance` hands over.
unsigned long long emulation_exchange(unsigned long long bits, int distance);

template <typename T> T __shfl_xor_sync(unsigned int, T value, int distance)
{
    static_assert(sizeof(T) <= sizeof(unsigned long long));
    unsigned long long bits = 0;
    std::memcpy(&bits, &value, sizeof(value));
    bits = emulation_exchange(bits, distance);
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

// ---- the runtime, under CUDA's names and numbers ----

typedef int cudaError_t;
typedef void *cudaStream_t;
enum {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorNoKernelImageForDevice = 209,
};
enum cudaMemoryType { cudaMemoryTypeUnregistered, cudaMemoryTypeDevice, cudaMemoryTypeManaged };
enum cudaMemcpyKind { cudaMemcpyDefault };

struct cudaDeviceProp {
    char name[256];
    int major;
    int minor;
};
struct cudaPointerAttributes {
    cudaMemoryType type;
    int device;
};

const char *cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int *count); // one device
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int device);
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes);
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *out, const void *pointer);
cudaError_t cudaMallocAsync(void **out, size_t bytes, cudaStream_t stream);
cudaError_t cudaFreeAsync(void *memory, cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);

#endif
