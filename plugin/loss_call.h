// The arguments of one function of loss.h: checked in two rounds (form, then values), packed, and
// brought to where the kernels read them. Nothing is written for the caller before start() has
// come back; from then on only a device can fail.
//
// On the CPU the kernels read the caller's memory, or a packed copy. On a CUDA device strided
// inputs are packed and values are checked there, and host arrays are copied there.
#ifndef PLUGIN_LOSS_CALL_H
#define PLUGIN_LOSS_CALL_H

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "cuda_library.h"
#include "tensor_view.h"

#include "kernels/check.h"
#include "kernels/kernels.h"

namespace sslact
{

// A tensor of the call. `place` is packed memory where the kernels run, NULL for an output that is
// not wanted.
struct LossArgument {
    TensorView view;
    std::optional<kernel_rule> rule;
    void *place = nullptr;
    std::vector<std::byte> copy; // on the host

    size_t rows() const { return static_cast<size_t>(view.tensor.shape[0]); }
    size_t columns() const { return static_cast<size_t>(view.tensor.shape[1]); }
    kernel_source source() const;
    kernel_target target() const;
};

// Doubles that a kernel writes for the function itself.
struct LossNumbers {
    std::vector<double> values; // after finish()
    double *place = nullptr;

    kernel_target target() const { return {place, KERNEL_FLOAT64}; }
};

class LossCall
{
public:
    explicit LossCall(void *stream) { queue_.stream = stream; }
    ~LossCall();
    LossCall(const LossCall &) = delete;
    LossCall &operator=(const LossCall &) = delete;

    // ---- the arguments; each of these checks the form of one ----

    // The first matrix decides N and C, every other tensor agrees with it.
    LossArgument &read_matrix(const sslact_tensor *given, const char *name, TypeSet types,
                              std::optional<kernel_rule> rule);                  // [N, C]
    LossArgument &read_thresholds(const sslact_tensor *given, const char *name); // [C]
    LossArgument &read_rows(const sslact_tensor *given, const char *name, sslact_dtype type,
                            kernel_rule rule); // [N]
    // NULL is an output that is not wanted.
    LossArgument &write_matrix(const sslact_tensor *given, const char *name, TypeSet types);
    LossArgument &write_classes(const sslact_tensor *given, const char *name); // floats [C]
    LossArgument &write_rows(const sslact_tensor *given, const char *name, sslact_dtype type);
    // A host array of the caller; its values are checked with those of the tensors.
    template <typename Number>
    void read_array(const Number *values, size_t count, const char *name, kernel_rule rule)
    {
        arrays_.push_back({name, values, KERNEL_FLOAT64, rule, count, 0, 0});
    }

    // Known once a tensor has decided them; 1 where none has.
    size_t n() const { return n_ == any_rows ? 1 : static_cast<size_t>(n_); }
    size_t c() const { return c_ == any_classes ? 1 : static_cast<size_t>(c_); }

    // Checks memory and values, packs. classes: the bound of KERNEL_RULE_CLASS.
    void start(int64_t classes = 0);

    // ---- the work ----

    // The packed values of an input on the host.
    const void *fetch(LossArgument &input);
    // A host array where the kernels can read it; the caller keeps it alive.
    template <typename Number> const Number *bring(const std::vector<Number> &values)
    {
        return static_cast<const Number *>(
            bring_bytes(values.data(), values.size() * sizeof(Number)));
    }
    LossNumbers &make_numbers(size_t count);

    // Runs the C kernel or its CUDA twin on the same arguments.
    template <typename Kernel, typename Twin, typename... Arguments>
    void run(Kernel kernel, Twin cuda_functions::*twin, Arguments... arguments)
    {
        if (cuda_ == nullptr) {
            kernel(arguments...);
        } else {
            check_cuda((cuda_->*twin)(arguments..., &queue_));
        }
    }

    // Waits for the work and fetches the numbers.
    void finish();
    // Rounds values into an output, if it is wanted; after finish().
    void store(const std::vector<double> &values, LossArgument &out);

private:
    LossArgument &read(const sslact_tensor *given, const char *name, TypeSet types,
                       const ExpectedShape &shape, std::optional<kernel_rule> rule);
    LossArgument &write(const sslact_tensor *given, const char *name, TypeSet types,
                        const ExpectedShape &shape);
    void check_devices() const;
    void check_memory() const;
    void check_values(int64_t classes);
    void check_device_values(const std::vector<kernel_check> &checks);
    void open_device();
    void check_pointers() const;
    void make_workspace(size_t bytes);
    void pack(LossArgument &argument);
    void *allocate(size_t bytes);
    const void *bring_bytes(const void *host, size_t bytes);
    void check_cuda(cuda_error error) const { cuda_library_check(error, queue_.device); }

    int64_t n_ = any_rows;
    int64_t c_ = any_classes;
    std::deque<LossArgument> inputs_, outputs_; // references to elements stay valid
    std::vector<kernel_check> arrays_;
    std::deque<LossNumbers> numbers_;
    const cuda_functions *cuda_ = nullptr; // on a CUDA device
    cuda_queue queue_ = {};
    std::optional<CudaDeviceKeeper> keeper_; // the caller's current device stays
    std::vector<void *> memory_;             // of the device, released at the end
};

} // namespace sslact

#endif
