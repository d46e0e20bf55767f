// Devices, their memory and the queue that every launch goes through. Plain C, without a header of
// CUDA's: callers compile where there is no toolkit.
#ifndef CUDA_DEVICE_H
#define CUDA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The CUDA runtime's error code, 0 = success. A launch that was accepted may still fail while it
// runs: cuda_wait reports that.
typedef int cuda_error;

// Where work is put. Work of one queue runs in order; everything it touches lies on `device`.
typedef struct cuda_queue {
    void *stream;          // cudaStream_t; NULL = the default stream
    int device;            // CUDA's index of the device
    void *workspace;       // device memory for partial sums, overwritten by each launch
    size_t workspace_size; // bytes; the headers of the kernels say how many a launch needs
} cuda_queue;

typedef struct cuda_device_facts {
    char name[128];
    size_t memory_total;
    size_t memory_free;
    int compute_major;
    int compute_minor;
} cuda_device_facts;

// ---- devices ----

// 0 devices and an error code where there is no driver.
cuda_error cuda_count_devices(int *count);
cuda_error cuda_describe_device(int device, cuda_device_facts *out);
// The calling thread's current device.
cuda_error cuda_get_current_device(int *device);
cuda_error cuda_set_current_device(int device);

// The device whose memory a pointer points into, -1 for memory of the host.
cuda_error cuda_find_memory(const void *pointer, int *device);

// One line, static, never NULL.
const char *cuda_describe_error(cuda_error error);
bool cuda_is_out_of_memory(cuda_error error);

// ---- memory, in the order of the queue ----

// 0 bytes give NULL.
cuda_error cuda_allocate(size_t bytes, const cuda_queue *queue, void **out);
cuda_error cuda_release(void *memory, const cuda_queue *queue);
// Between host and device in any direction. From or to pageable host memory it has finished when
// it returns.
cuda_error cuda_copy(void *to, const void *from, size_t bytes, const cuda_queue *queue);
// Waits until everything before has run; returns what went wrong meanwhile.
cuda_error cuda_wait(const cuda_queue *queue);

#define CUDA_MAX_RANK 8

// Copies a strided array of the device into packed order. Strides count elements and may be
// negative or 0; element_size is 1, 2, 4 or 8.
cuda_error cuda_pack(const void *from, size_t element_size, int rank, const int64_t *shape,
                     const int64_t *stride, void *to, const cuda_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
