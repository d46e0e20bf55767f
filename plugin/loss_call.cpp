// Owns the order of the checks and the way of arrays to the device and back.

#include "loss_call.h"

#include "guard.h"

#include "kernels/access.h"

namespace sslact
{
namespace
{

kernel_type type_of(int32_t type)
{
    switch (type) {
    case SSLACT_FLOAT32:
        return KERNEL_FLOAT32;
    case SSLACT_FLOAT16:
        return KERNEL_FLOAT16;
    case SSLACT_BFLOAT16:
        return KERNEL_BFLOAT16;
    default:
        return KERNEL_FLOAT64;
    }
}

kernel_check make_check(const LossArgument &argument, int64_t classes)
{
    const bool matrix = argument.view.tensor.rank == 2;
    return {argument.view.name.c_str(),
            argument.place,
            type_of(argument.view.tensor.dtype),
            *argument.rule,
            argument.rows(),
            matrix ? argument.columns() : 0,
            classes};
}

} // namespace

kernel_source LossArgument::source() const
{
    return {place, type_of(view.tensor.dtype)};
}

kernel_target LossArgument::target() const
{
    return {place, type_of(view.tensor.dtype)};
}

LossCall::~LossCall()
{
    for (void *memory : memory_) {
        (void)cuda_->release(memory, &queue_); // a failure here was reported by the call before
    }
}

LossArgument &LossCall::read(const sslact_tensor *given, const char *name, TypeSet types,
                             const ExpectedShape &shape, std::optional<kernel_rule> rule)
{
    LossArgument argument;
    argument.view = view_tensor(given, name, types, shape);
    argument.rule = rule;
    inputs_.push_back(std::move(argument));
    return inputs_.back();
}

LossArgument &LossCall::read_matrix(const sslact_tensor *given, const char *name, TypeSet types,
                                    std::optional<kernel_rule> rule)
{
    LossArgument &argument = read(given, name, types, ExpectedShape(n_, c_), rule);
    n_ = argument.view.tensor.shape[0];
    c_ = argument.view.tensor.shape[1];
    return argument;
}

LossArgument &LossCall::read_thresholds(const sslact_tensor *given, const char *name)
{
    LossArgument &argument = read(given, name, float_types, ExpectedShape(c_), KERNEL_RULE_SHARE);
    c_ = argument.view.tensor.shape[0];
    return argument;
}

LossArgument &LossCall::read_rows(const sslact_tensor *given, const char *name, sslact_dtype type,
                                  kernel_rule rule)
{
    LossArgument &argument = read(given, name, type_set(type), ExpectedShape(n_), rule);
    n_ = argument.view.tensor.shape[0];
    return argument;
}

LossArgument &LossCall::write(const sslact_tensor *given, const char *name, TypeSet types,
                              const ExpectedShape &shape)
{
    LossArgument argument;
    if (given != nullptr) {
        argument.view = view_tensor(given, name, types, shape);
        check_packed(argument.view);
        argument.place = argument.view.tensor.data;
    }
    outputs_.push_back(std::move(argument));
    return outputs_.back();
}

LossArgument &LossCall::write_matrix(const sslact_tensor *given, const char *name, TypeSet types)
{
    return write(given, name, types, ExpectedShape(n_, c_));
}

LossArgument &LossCall::write_classes(const sslact_tensor *given, const char *name)
{
    return write(given, name, float_types, ExpectedShape(c_));
}

LossArgument &LossCall::write_rows(const sslact_tensor *given, const char *name, sslact_dtype type)
{
    return write(given, name, type_set(type), ExpectedShape(n_));
}

void LossCall::start(int64_t classes)
{
    check_devices();
    check_memory();
    open_device();
    for (LossArgument &input : inputs_) {
        pack(input);
    }
    check_values(classes);
    if (cuda_ != nullptr) {
        make_workspace(cuda_->method_workspace(n(), c()));
    }
}

// All on the device of the first.
void LossCall::check_devices() const
{
    const TensorView &leader = inputs_.front().view;
    const std::string expected = name_of_device(leader.tensor.device);
    for (const std::deque<LossArgument> *side : {&inputs_, &outputs_}) {
        for (const LossArgument &argument : *side) {
            const std::string found = name_of_device(argument.view.tensor.device);
            if (!argument.view.name.empty() && found != expected) {
                throw Error(SSLACT_ERROR_INVALID_ARGUMENT, argument.view.name + ": on " + found +
                                                               ", expected " + expected + " like " +
                                                               leader.name);
            }
        }
    }
}

void LossCall::check_memory() const
{
    for (size_t k = 0; k < outputs_.size(); ++k) {
        for (const LossArgument &input : inputs_) {
            check_apart(outputs_[k].view, input.view);
        }
        for (size_t other = 0; other < k; ++other) {
            check_apart(outputs_[k].view, outputs_[other].view);
        }
    }
}

void LossCall::check_values(int64_t classes)
{
    std::vector<kernel_check> checks;
    for (const LossArgument &input : inputs_) {
        if (input.rule) {
            checks.push_back(make_check(input, classes));
        }
    }
    if (cuda_ != nullptr) {
        check_device_values(checks);
        checks.clear();
    }
    checks.insert(checks.end(), arrays_.begin(), arrays_.end());
    check(kernel_check_values(checks.data(), checks.size()));
}

void LossCall::check_device_values(const std::vector<kernel_check> &checks)
{
    size_t which = checks.size();
    size_t index = 0;
    double value = 0.0;
    make_workspace(cuda_->check_workspace(checks.size()));
    check_cuda(cuda_->find_bad(checks.data(), checks.size(), &queue_, &which, &index, &value));
    if (which < checks.size()) {
        check(kernel_refuse(&checks[which], index, value));
    }
}

void LossCall::open_device()
{
    const sslact_device &device = inputs_.front().view.tensor.device;
    if (device.type == SSLACT_CUDA) {
        queue_.device = device.index;
        cuda_ = &cuda_library_open(device.index);
        keeper_.emplace();
        mark_tensor_use();
        check_pointers();
    }
}

// A pointer of the host under a CUDA device would end the process's use of the device.
void LossCall::check_pointers() const
{
    for (const std::deque<LossArgument> *side : {&inputs_, &outputs_}) {
        for (const LossArgument &argument : *side) {
            int found = queue_.device;
            if (argument.view.count > 0) {
                check_cuda(cuda_->find_memory(argument.view.tensor.data, &found));
            }
            if (found != queue_.device) {
                throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                            argument.view.name + ": data points to memory of " +
                                (found < 0 ? "the host" : name_of_device({SSLACT_CUDA, found})) +
                                ", expected " + name_of_device(argument.view.tensor.device));
            }
        }
    }
}

void LossCall::pack(LossArgument &argument)
{
    const TensorView &view = argument.view;
    argument.place = view.tensor.data;
    if (view.packed) {
        return;
    }
    if (cuda_ == nullptr) {
        argument.copy.resize(view.bytes());
        gather(view, view.tensor.data, argument.copy.data());
        argument.place = argument.copy.data();
    } else {
        argument.place = allocate(view.bytes());
        check_cuda(cuda_->pack(view.tensor.data, view.element_size, view.tensor.rank,
                               view.tensor.shape, view.tensor.stride, argument.place, &queue_));
    }
}

const void *LossCall::fetch(LossArgument &input)
{
    if (cuda_ == nullptr) {
        return input.place;
    }
    input.copy.resize(input.view.bytes());
    if (!input.copy.empty()) {
        check_cuda(cuda_->copy(input.copy.data(), input.place, input.copy.size(), &queue_));
    }
    return input.copy.data();
}

void LossCall::make_workspace(size_t bytes)
{
    queue_.workspace = allocate(bytes);
    queue_.workspace_size = bytes;
}

void *LossCall::allocate(size_t bytes)
{
    void *memory = nullptr;
    memory_.reserve(memory_.size() + 1); // so that nothing fails between the two
    check_cuda(cuda_->allocate(bytes, &queue_, &memory));
    if (memory != nullptr) {
        memory_.push_back(memory);
    }
    return memory;
}

const void *LossCall::bring_bytes(const void *host, size_t bytes)
{
    if (cuda_ == nullptr || bytes == 0) {
        return host;
    }
    void *memory = allocate(bytes);
    check_cuda(cuda_->copy(memory, host, bytes, &queue_));
    return memory;
}

LossNumbers &LossCall::make_numbers(size_t count)
{
    LossNumbers &made = numbers_.emplace_back();
    made.values.resize(count);
    made.place = cuda_ == nullptr ? made.values.data()
                                  : static_cast<double *>(allocate(count * sizeof(double)));
    return made;
}

void LossCall::finish()
{
    if (cuda_ == nullptr) {
        return;
    }
    for (LossNumbers &made : numbers_) {
        check_cuda(cuda_->copy(made.values.data(), made.place, made.values.size() * sizeof(double),
                               &queue_));
    }
    check_cuda(cuda_->wait(&queue_));
}

void LossCall::store(const std::vector<double> &values, LossArgument &out)
{
    if (out.place == nullptr) {
        return;
    }
    std::vector<std::byte> rounded(out.view.bytes());
    kernel_target target = out.target();
    target.data = cuda_ == nullptr ? out.place : rounded.data();
    for (size_t j = 0; j < values.size(); ++j) {
        target_set(target, j, values[j]);
    }
    if (cuda_ != nullptr) {
        check_cuda(cuda_->copy(out.place, rounded.data(), rounded.size(), &queue_));
        check_cuda(cuda_->wait(&queue_));
    }
}

} // namespace sslact
