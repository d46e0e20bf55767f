// Devices and their memory: what the kernels' callers need of the CUDA runtime, so that nobody else
// links it.
#include "cuda/device.h"
#include "cuda/launch.cuh"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

cuda_error cuda_count_devices(int *count)
{
    const cudaError_t error = cudaGetDeviceCount(count);
    if (error != cudaSuccess) {
        *count = 0;
        (void)cudaGetLastError(); // not the next launch's error
    }
    return error == cudaErrorNoDevice ? cudaSuccess : error;
}

cuda_error cuda_describe_device(int device, cuda_device_facts *out)
{
    cudaDeviceProp properties;
    cudaError_t error = cudaGetDeviceProperties(&properties, device);
    if (error != cudaSuccess) {
        return error;
    }
    cuda_device_facts facts;
    memset(&facts, 0, sizeof(facts));
    snprintf(facts.name, sizeof(facts.name), "%.127s", properties.name);
    facts.compute_major = properties.major;
    facts.compute_minor = properties.minor;
    int before = 0;
    error = cudaGetDevice(&before);
    if (error == cudaSuccess) {
        error = cudaSetDevice(device);
    }
    if (error == cudaSuccess) {
        error = cudaMemGetInfo(&facts.memory_free, &facts.memory_total);
        (void)cudaSetDevice(before);
    }
    if (error == cudaSuccess) {
        *out = facts;
    }
    return error;
}

cuda_error cuda_get_current_device(int *device)
{
    return cudaGetDevice(device);
}

cuda_error cuda_set_current_device(int device)
{
    return cudaSetDevice(device);
}

cuda_error cuda_find_memory(const void *pointer, int *device)
{
    cudaPointerAttributes attributes;
    const cudaError_t error = cudaPointerGetAttributes(&attributes, pointer);
    if (error != cudaSuccess) {
        (void)cudaGetLastError();
        return error;
    }
    const bool there =
        attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged;
    *device = there ? attributes.device : -1;
    return cudaSuccess;
}

// Distinguishes the two causes of one error code.
static bool has_driver(void)
{
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY);
    return driver != NULL && dlclose(driver) == 0;
}

const char *cuda_describe_error(cuda_error error)
{
    switch (error) {
    case cudaErrorInsufficientDriver:
        // Also what the runtime says where there is no driver at all.
        return has_driver() ? "the NVIDIA driver is older than CUDA " SSLACT_CUDA_VERSION
                            : "no NVIDIA driver was found";
    case cudaErrorNoDevice:
        return "this machine has no CUDA device";
    case cudaErrorNoKernelImageForDevice:
        return "this build has code for " SSLACT_CUDA_ARCHITECTURES ", the device is another one";
    default:
        return cudaGetErrorString((cudaError_t)error);
    }
}

bool cuda_is_out_of_memory(cuda_error error)
{
    return error == cudaErrorMemoryAllocation;
}

// ---- memory ----

cuda_error cuda_allocate(size_t bytes, const cuda_queue *queue, void **out)
{
    if (bytes == 0) {
        *out = NULL;
        return cudaSuccess;
    }
    const cudaError_t error = cudaSetDevice(queue->device);
    return error != cudaSuccess ? error : cudaMallocAsync(out, bytes, (cudaStream_t)queue->stream);
}

cuda_error cuda_release(void *memory, const cuda_queue *queue)
{
    if (memory == NULL) {
        return cudaSuccess;
    }
    const cudaError_t error = cudaSetDevice(queue->device);
    return error != cudaSuccess ? error : cudaFreeAsync(memory, (cudaStream_t)queue->stream);
}

cuda_error cuda_copy(void *to, const void *from, size_t bytes, const cuda_queue *queue)
{
    if (bytes == 0) {
        return cudaSuccess;
    }
    const cudaError_t error = cudaSetDevice(queue->device);
    return error != cudaSuccess
               ? error
               : cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, (cudaStream_t)queue->stream);
}

cuda_error cuda_wait(const cuda_queue *queue)
{
    const cudaError_t error = cudaSetDevice(queue->device);
    return error != cudaSuccess ? error : cudaStreamSynchronize((cudaStream_t)queue->stream);
}

struct pack_layout {
    int rank;
    int64_t shape[CUDA_MAX_RANK];
    int64_t stride[CUDA_MAX_RANK]; // in elements
};

template <typename Element>
__global__ void pack_entries(const Element *from, pack_layout layout, size_t count, Element *to)
{
    for (size_t i = cuda_first_entry(); i < count; i += cuda_entry_step()) {
        size_t rest = i;
        int64_t place = 0;
        for (int axis = layout.rank - 1; axis >= 0; axis--) {
            const size_t size = (size_t)layout.shape[axis];
            place += (int64_t)(rest % size) * layout.stride[axis];
            rest /= size;
        }
        to[i] = from[place];
    }
}

template <typename Element>
static cuda_error pack_as(const void *from, const pack_layout &layout, size_t count, void *to,
                          const cuda_queue *queue)
{
    return cuda_launch(pack_entries<Element>, cuda_count_blocks(count), CUDA_BLOCK, queue,
                       (const Element *)from, layout, count, (Element *)to);
}

cuda_error cuda_pack(const void *from, size_t element_size, int rank, const int64_t *shape,
                     const int64_t *stride, void *to, const cuda_queue *queue)
{
    if (rank < 0 || rank > CUDA_MAX_RANK) {
        return cudaErrorInvalidValue;
    }
    pack_layout layout;
    memset(&layout, 0, sizeof(layout));
    layout.rank = rank;
    size_t count = 1;
    for (int axis = 0; axis < rank; axis++) {
        layout.shape[axis] = shape[axis];
        layout.stride[axis] = stride[axis];
        count *= (size_t)shape[axis];
    }
    switch (element_size) {
    case 1:
        return pack_as<uint8_t>(from, layout, count, to, queue);
    case 2:
        return pack_as<uint16_t>(from, layout, count, to, queue);
    case 4:
        return pack_as<uint32_t>(from, layout, count, to, queue);
    case 8:
        return pack_as<uint64_t>(from, layout, count, to, queue);
    default:
        return cudaErrorInvalidValue;
    }
}
