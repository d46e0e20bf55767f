// See emulation.h. One operating system thread. A fiber is started by ucontext and switched by
// _setjmp and _longjmp, which unlike swapcontext make no system call.
#include "emulation.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

emulation_index threadIdx, blockIdx, blockDim, gridDim;

namespace
{

[[noreturn]] void fail(const char *what)
{
    std::fprintf(stderr, "emulated kernel, block %u of %u, thread %u of %u: %s\n", blockIdx.x,
                 gridDim.x, threadIdx.x, blockDim.x, what);
    std::abort();
}

// ---- fibers ----

constexpr size_t stack_bytes = 64 << 10;
constexpr unsigned int most_threads = 1024;
constexpr unsigned int warp_size = 32;

enum class Place { fresh, ready, at_barrier, at_exchange, done };

struct Fiber {
    ucontext_t start;
    jmp_buf resume;
    Place place = Place::done;
    unsigned long long handed = 0;
};

emulation_order chosen_order = EMULATION_FORWARD;
std::vector<Fiber> fibers(most_threads);
jmp_buf scheduler;
const std::function<void()> *current_body;

char *stacks()
{
    static char *memory =
        static_cast<char *>(mmap(nullptr, stack_bytes * most_threads, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    return memory;
}

void run_fiber()
{
    (*current_body)();
    fibers[threadIdx.x].place = Place::done;
    _longjmp(scheduler, 1);
}

void start_fiber(unsigned int number)
{
    Fiber &fiber = fibers[number];
    if (fiber.start.uc_stack.ss_sp == nullptr) {
        getcontext(&fiber.start);
        fiber.start.uc_stack.ss_sp = stacks() + number * stack_bytes;
        fiber.start.uc_stack.ss_size = stack_bytes;
        fiber.start.uc_link = nullptr; // run_fiber does not return
    }
    makecontext(&fiber.start, run_fiber, 0);
    fiber.place = Place::fresh;
}

// Hands the processor back until the scheduler lets this fiber pass.
void wait_at(Place place)
{
    const unsigned int own = threadIdx.x;
    fibers[own].place = place;
    if (_setjmp(fibers[own].resume) == 0) {
        _longjmp(scheduler, 1);
    }
}

// Lets a fiber run until it waits or ends. Only this function's frame is left by a jump.
void enter_fiber(unsigned int number)
{
    Fiber &fiber = fibers[number];
    threadIdx.x = number;
    if (_setjmp(scheduler) == 0) {
        if (fiber.place == Place::fresh) {
            setcontext(&fiber.start);
        }
        _longjmp(fiber.resume, 1);
    }
}

bool can_run(Place place)
{
    return place == Place::fresh || place == Place::ready;
}

std::vector<unsigned int> order_of(unsigned int count)
{
    static std::mt19937 generator(1);
    std::vector<unsigned int> order(count);
    std::iota(order.begin(), order.end(), 0u);
    if (chosen_order == EMULATION_BACKWARD) {
        std::reverse(order.begin(), order.end());
    } else if (chosen_order == EMULATION_SHUFFLED) {
        std::shuffle(order.begin(), order.end(), generator);
    }
    return order;
}

bool all_are(unsigned int begin, unsigned int end, Place place)
{
    return std::all_of(fibers.begin() + begin, fibers.begin() + end,
                       [place](const Fiber &fiber) { return fiber.place == place; });
}

void release(unsigned int begin, unsigned int end)
{
    for (unsigned int number = begin; number < end; number++) {
        fibers[number].place = Place::ready;
    }
}

// Lets warps whose lanes have all handed something over go on; false if there was none.
bool release_warps()
{
    bool released = false;
    for (unsigned int begin = 0; begin < blockDim.x; begin += warp_size) {
        const unsigned int end = std::min(begin + warp_size, blockDim.x);
        if (all_are(begin, end, Place::at_exchange)) {
            release(begin, end);
            released = true;
        }
    }
    return released;
}

void run_block()
{
    for (unsigned int number = 0; number < blockDim.x; number++) {
        start_fiber(number);
    }
    while (!all_are(0, blockDim.x, Place::done)) {
        for (const unsigned int number : order_of(blockDim.x)) {
            if (can_run(fibers[number].place)) {
                enter_fiber(number);
            }
        }
        if (all_are(0, blockDim.x, Place::at_barrier)) {
            release(0, blockDim.x);
        } else if (!release_warps() && !all_are(0, blockDim.x, Place::done)) {
            fail("a barrier that not all threads reach");
        }
    }
}

} // namespace

void emulation_set_order(emulation_order order)
{
    chosen_order = order;
}

void emulation_launch(unsigned int blocks, unsigned int threads, const std::function<void()> &body)
{
    gridDim.x = blocks;
    blockDim.x = threads;
    if (threads == 0 || threads > most_threads || threads % warp_size != 0) {
        fail("threads of a block are not a multiple of 32 up to 1024");
    }
    current_body = &body;
    for (const unsigned int block : order_of(blocks)) {
        blockIdx.x = block;
        run_block();
    }
}

void __syncthreads()
{
    wait_at(Place::at_barrier);
}

unsigned long long emulation_exchange(unsigned long long bits, int distance)
{
    const unsigned int other = threadIdx.x ^ static_cast<unsigned int>(distance);
    if (distance < 0 || distance >= static_cast<int>(warp_size)) {
        fail("an exchange beyond the warp");
    }
    fibers[threadIdx.x].handed = bits;
    wait_at(Place::at_exchange);
    const unsigned long long taken = fibers[other].handed;
    wait_at(Place::at_exchange); // until all have read
    return taken;
}

// ---- memory: ordinary, with a wall on both sides ----

namespace
{

constexpr size_t wall_bytes = 64;
constexpr unsigned char wall = 0xc3;
constexpr unsigned char fresh = 0xa5; // what new memory holds: no kernel may count on zeros

struct Allocation {
    std::unique_ptr<unsigned char[]> memory;
    size_t bytes;
};

std::map<uintptr_t, Allocation> &allocations()
{
    static std::map<uintptr_t, Allocation> all;
    return all;
}

bool is_wall(const unsigned char *bytes)
{
    return std::all_of(bytes, bytes + wall_bytes, [](unsigned char byte) { return byte == wall; });
}

} // namespace

cudaError_t cudaMallocAsync(void **out, size_t bytes, cudaStream_t)
{
    Allocation made = {std::make_unique<unsigned char[]>(bytes + 2 * wall_bytes), bytes};
    std::memset(made.memory.get(), wall, bytes + 2 * wall_bytes);
    unsigned char *data = made.memory.get() + wall_bytes;
    std::memset(data, fresh, bytes);
    *out = data;
    allocations().emplace(reinterpret_cast<uintptr_t>(data), std::move(made));
    return cudaSuccess;
}

cudaError_t cudaFreeAsync(void *memory, cudaStream_t)
{
    const auto found = allocations().find(reinterpret_cast<uintptr_t>(memory));
    if (found == allocations().end()) {
        return cudaErrorInvalidValue;
    }
    const unsigned char *start = found->second.memory.get();
    if (!is_wall(start) || !is_wall(start + wall_bytes + found->second.bytes)) {
        fail("memory beside an allocation was written");
    }
    allocations().erase(found);
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *out, const void *pointer)
{
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    auto after = allocations().upper_bound(address);
    const bool inside = after != allocations().begin() &&
                        address - std::prev(after)->first < std::prev(after)->second.bytes;
    out->type = inside ? cudaMemoryTypeDevice : cudaMemoryTypeUnregistered;
    out->device = inside ? 0 : -2;
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind, cudaStream_t)
{
    std::memcpy(to, from, bytes);
    return cudaSuccess;
}

// ---- the rest: one device, nothing fails ----

const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaErrorInvalidValue ? "invalid argument" : "emulated error";
}
cudaError_t cudaGetLastError()
{
    return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 1;
    return cudaSuccess;
}
cudaError_t cudaGetDevice(int *device)
{
    *device = 0;
    return cudaSuccess;
}
cudaError_t cudaSetDevice(int device)
{
    return device == 0 ? cudaSuccess : cudaErrorInvalidValue;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int)
{
    *out = {"emulation", 0, 0};
    return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes)
{
    *free_bytes = *total_bytes = size_t{1} << 30;
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t)
{
    return cudaSuccess;
}
