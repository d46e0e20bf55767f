// What the tests of the CUDA kernels share: arrays that travel to the device and back, a queue, and
// the comparison with the C kernel. The same sources make two programs: test_cuda runs on a GPU and
// skips where there is none, test_cuda_emulated runs the kernels on the CPU (emulation.h).
#ifndef TESTS_CUDA_TWINS_H
#define TESTS_CUDA_TWINS_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "cuda/kernels.h"
#include "kernels/access.h"

#ifdef SSLACT_TEST_EMULATED
#include "emulation.h"
#endif

namespace test
{

inline void check(cuda_error error)
{
    ASSERT_EQ(error, 0) << cuda_describe_error(error);
}

// Memory of the device for as long as this lives. One byte at least: kernels get pointers, not
// NULL.
class DeviceMemory
{
public:
    explicit DeviceMemory(size_t bytes)
    {
        check(cuda_allocate(bytes > 0 ? bytes : 1, &plain_, &data_));
    }
    ~DeviceMemory() { check(cuda_release(data_, &plain_)); }
    DeviceMemory(const DeviceMemory &) = delete;
    DeviceMemory &operator=(const DeviceMemory &) = delete;
    void *data() const { return data_; }

private:
    cuda_queue plain_ = {};
    void *data_ = nullptr;
};

// A queue on the default stream of device 0 with so much workspace.
class Queue
{
public:
    explicit Queue(size_t workspace_bytes = 0) : workspace_(workspace_bytes)
    {
        queue_.workspace = workspace_.data();
        queue_.workspace_size = workspace_bytes;
    }
    const cuda_queue *get() const { return &queue_; }

private:
    DeviceMemory workspace_;
    cuda_queue queue_ = {};
};

// An array that exists on both sides.
template <typename T> class Array
{
public:
    explicit Array(std::vector<T> host) : host_(std::move(host)), device_(host_.size() * sizeof(T))
    {
        const cuda_queue queue = {};
        check(cuda_copy(device_.data(), host_.data(), host_.size() * sizeof(T), &queue));
        check(cuda_wait(&queue));
    }
    const std::vector<T> &host() const { return host_; }
    T *host_data() { return host_.data(); }
    T *device_data() const { return static_cast<T *>(device_.data()); }
    std::vector<T> download() const
    {
        std::vector<T> out(host_.size());
        const cuda_queue queue = {};
        check(cuda_copy(out.data(), device_.data(), out.size() * sizeof(T), &queue));
        check(cuda_wait(&queue));
        return out;
    }

private:
    std::vector<T> host_;
    DeviceMemory device_;
};

inline size_t size_of(kernel_type type)
{
    return type == KERNEL_FLOAT64 ? 8 : type == KERNEL_FLOAT32 ? 4 : 2;
}

// A floating array of any of the four types, on both sides.
class Floats
{
public:
    Floats(kernel_type type, const std::vector<double> &values)
        : type_(type), count_(values.size()), bytes_(pack(type, values))
    {
    }
    // For results: holds a value that no kernel writes.
    Floats(kernel_type type, size_t count) : Floats(type, std::vector<double>(count, -777.0)) {}

    kernel_source host() { return {bytes_.host_data(), type_}; }
    kernel_source device() const { return {bytes_.device_data(), type_}; }
    kernel_target host_out() { return {bytes_.host_data(), type_}; }
    kernel_target device_out() const { return {bytes_.device_data(), type_}; }
    std::vector<unsigned char> device_bytes() const { return bytes_.download(); }

    std::vector<double> host_values() { return unpack(host()); }
    std::vector<double> device_values() const
    {
        const std::vector<unsigned char> bytes = bytes_.download();
        return unpack({bytes.data(), type_});
    }
    kernel_type type() const { return type_; }

private:
    static std::vector<unsigned char> pack(kernel_type type, const std::vector<double> &values)
    {
        std::vector<unsigned char> bytes(values.size() * size_of(type));
        for (size_t i = 0; i < values.size(); i++) {
            target_set({bytes.data(), type}, i, values[i]);
        }
        return bytes;
    }
    std::vector<double> unpack(kernel_source source) const
    {
        std::vector<double> out(count_);
        for (size_t i = 0; i < count_; i++) {
            out[i] = source_get(source, i);
        }
        return out;
    }

    kernel_type type_;
    size_t count_;
    Array<unsigned char> bytes_;
};

// How far a result may lie from the C kernel's, as a share of the array's largest magnitude: both
// compute in double or, the C kernels for narrower types, in float32; then comes one rounding.
inline double tolerance_of(kernel_type type)
{
    switch (type) {
    case KERNEL_FLOAT64:
        return 1e-10;
    case KERNEL_FLOAT32:
        return 1e-5;
    case KERNEL_FLOAT16:
        return 1.1e-3; // 11 bits
    case KERNEL_BFLOAT16:
        break;
    }
    return 8.8e-3; // 8 bits
}

inline void expect_close(Floats &array, const std::string &what)
{
    const std::vector<double> expected = array.host_values();
    const std::vector<double> seen = array.device_values();
    double largest = 0.0;
    for (const double value : expected) {
        largest = std::isfinite(value) ? std::max(largest, std::fabs(value)) : largest;
    }
    for (size_t i = 0; i < expected.size(); i++) {
        if (std::isnan(expected[i])) {
            ASSERT_TRUE(std::isnan(seen[i])) << what << "[" << i << "]";
        } else {
            ASSERT_NEAR(seen[i], expected[i], tolerance_of(array.type()) * largest)
                << what << "[" << i << "]";
        }
    }
}

// ---- cases ----

constexpr kernel_type all_types[] = {KERNEL_FLOAT32, KERNEL_FLOAT64, KERNEL_FLOAT16,
                                     KERNEL_BFLOAT16};
constexpr kernel_label_mode all_modes[] = {KERNEL_LABEL_HARD, KERNEL_LABEL_SOFT,
                                           KERNEL_LABEL_FIXED};
constexpr kernel_penalty_scope all_scopes[] = {KERNEL_PENALTY_ALL, KERNEL_PENALTY_POSITIVES,
                                               KERNEL_PENALTY_PER_CLASS};

struct Size {
    size_t n, c;
};
// Empty, one, odd, the paper's, one over a block either way, more rows than blocks of 8 rows, more
// classes than threads of a block.
constexpr Size all_sizes[] = {{0, 5},   {1, 1},   {3, 7},    {48, 60}, {9, 33},
                              {257, 1}, {65, 32}, {4200, 2}, {5, 1300}};

inline std::vector<double> draw(size_t count, double low, double high, uint64_t seed)
{
    random_stream stream = random_open(seed, RANDOM_CHANCE, 0, count);
    std::vector<double> out(count);
    for (double &value : out) {
        value = random_range(&stream, low, high);
    }
    return out;
}

template <typename T> std::vector<T> draw_words(size_t count, std::vector<T> words, uint64_t seed)
{
    random_stream stream = random_open(seed, RANDOM_CHANCE, 1, count);
    std::vector<T> out(count);
    for (T &value : out) {
        value = words[random_integer(&stream, words.size())];
    }
    return out;
}

// Every test of the kernels: skips without a device; runs a body again, in another order of threads
// where they are emulated, and compares the bits.
class Twins : public testing::Test
{
protected:
    void SetUp() override
    {
        int count = 0;
        const cuda_error error = cuda_count_devices(&count);
        if (count == 0) {
            GTEST_SKIP() << "no GPU: "
                         << (error != 0 ? cuda_describe_error(error) : "no CUDA device");
        }
    }

    // body() launches and returns the bytes of its results.
    template <typename Body> void expect_repeats(Body body)
    {
        const auto first = body();
#ifdef SSLACT_TEST_EMULATED
        for (const emulation_order order : {EMULATION_BACKWARD, EMULATION_SHUFFLED}) {
            emulation_set_order(order);
            EXPECT_TRUE(body() == first) << "another order of threads, other bits";
        }
        emulation_set_order(EMULATION_FORWARD);
#else
        for (int run = 0; run < 3; run++) {
            EXPECT_TRUE(body() == first) << "another run, other bits";
        }
#endif
    }
};

} // namespace test

#endif
