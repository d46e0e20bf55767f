// Owns the messages about a tensor's form: name first, then what was seen, then what is accepted.

#include "tensor_view.h"

#include <algorithm>
#include <cstring>

#include "guard.h"

namespace sslact
{
namespace
{

struct TypeFacts {
    sslact_dtype type;
    const char *name;
    size_t size;
};

constexpr TypeFacts type_facts[] = {
    {SSLACT_UINT8, "uint8", 1},     {SSLACT_INT8, "int8", 1},        {SSLACT_INT32, "int32", 4},
    {SSLACT_INT64, "int64", 8},     {SSLACT_FLOAT32, "float32", 4},  {SSLACT_FLOAT64, "float64", 8},
    {SSLACT_FLOAT16, "float16", 2}, {SSLACT_BFLOAT16, "bfloat16", 2}};

[[noreturn]] void refuse(const std::string &text)
{
    throw Error(SSLACT_ERROR_INVALID_ARGUMENT, text);
}

const TypeFacts *find_type(int32_t type)
{
    const auto *found = std::find_if(std::begin(type_facts), std::end(type_facts),
                                     [&](const TypeFacts &facts) { return facts.type == type; });
    return found != std::end(type_facts) ? found : nullptr;
}

// "float32, float64 or int8"
std::string name_types(TypeSet types)
{
    std::string words;
    for (const TypeFacts &facts : type_facts) {
        if ((types & type_set(facts.type)) != 0) {
            types &= ~type_set(facts.type);
            words += (words.empty() ? "" : types == 0 ? " or " : ", ") + std::string(facts.name);
        }
    }
    return words;
}

std::string name_place(int64_t count)
{
    return count == any_rows ? "N" : count == any_classes ? "C" : std::to_string(count);
}

std::string list_numbers(const int64_t *numbers, int32_t count, bool open)
{
    std::string words;
    for (int32_t d = 0; d < count; ++d) {
        words += (d > 0 ? ", " : "") + (open ? name_place(numbers[d]) : std::to_string(numbers[d]));
    }
    return "[" + words + "]";
}

void check_type(const TensorView &view, TypeSet types)
{
    const TypeFacts *facts = find_type(view.tensor.dtype);
    if (facts == nullptr || (types & type_set(facts->type)) == 0) {
        refuse(view.name + ": type " +
               (facts != nullptr ? facts->name : std::to_string(view.tensor.dtype)) +
               ", expected " + name_types(types));
    }
}

bool fits(int64_t count, int64_t expected)
{
    return expected == any_rows      ? count >= 0
           : expected == any_classes ? count >= 1
                                     : count == expected;
}

void check_shape(const TensorView &view, const ExpectedShape &expected)
{
    const sslact_tensor &tensor = view.tensor;
    const std::string wanted = list_numbers(expected.places.data(), expected.rank, true);
    if (tensor.rank != expected.rank) {
        refuse(view.name + ": rank " + std::to_string(tensor.rank) + ", expected " +
               std::to_string(expected.rank) + ": " + wanted);
    }
    for (int32_t d = 0; d < tensor.rank; ++d) {
        if (!fits(tensor.shape[d], expected.places[static_cast<size_t>(d)])) {
            refuse(view.name + ": shape " + list_numbers(tensor.shape, tensor.rank, false) +
                   ", expected " + wanted +
                   (tensor.shape[d] == 0 ? " with at least one class" : ""));
        }
    }
}

void check_device(const TensorView &view)
{
    const sslact_device &device = view.tensor.device;
    const bool known = device.type == SSLACT_CPU || device.type == SSLACT_CUDA;
    if (!known || device.index < 0 || (device.type == SSLACT_CPU && device.index != 0)) {
        refuse(view.name + ": device type " + std::to_string(device.type) + " with index " +
               std::to_string(device.index) + ", expected SSLACT_CPU with 0 or SSLACT_CUDA");
    }
}

[[noreturn]] void refuse_size(const TensorView &view)
{
    refuse(view.name + ": shape " + list_numbers(view.tensor.shape, view.tensor.rank, false) +
           " with strides " + list_numbers(view.tensor.stride, view.tensor.rank, false) +
           " does not fit into memory");
}

// Fills in packed strides where the caller left all zero; finds out whether the view is packed.
void fill_strides(TensorView &view)
{
    sslact_tensor &tensor = view.tensor;
    const bool none = std::all_of(tensor.stride, tensor.stride + tensor.rank,
                                  [](int64_t stride) { return stride == 0; });
    int64_t packed = 1;
    for (int32_t d = tensor.rank - 1; d >= 0; --d) {
        if (none) {
            tensor.stride[d] = packed;
        }
        view.packed = view.packed && (tensor.stride[d] == packed || tensor.shape[d] <= 1);
        if (__builtin_mul_overflow(packed, std::max<int64_t>(tensor.shape[d], 1), &packed)) {
            refuse_size(view);
        }
    }
    const bool empty = std::any_of(tensor.shape, tensor.shape + tensor.rank,
                                   [](int64_t count) { return count == 0; });
    view.count = empty ? 0 : static_cast<size_t>(packed);
    view.packed = view.packed || view.count == 0;
}

// Where the elements lie relative to the data pointer, in bytes.
void measure(TensorView &view)
{
    int64_t first = 0;
    int64_t last = 0;
    const auto size = static_cast<int64_t>(view.element_size);
    for (int32_t d = 0; d < view.tensor.rank && view.count > 0; ++d) {
        int64_t reach = 0;
        int64_t &side = view.tensor.stride[d] < 0 ? first : last;
        if (__builtin_mul_overflow(view.tensor.shape[d] - 1, view.tensor.stride[d], &reach) ||
            __builtin_mul_overflow(reach, size, &reach) ||
            __builtin_add_overflow(side, reach, &side)) {
            refuse_size(view);
        }
    }
    view.begin = first;
    if (view.count > 0 && __builtin_add_overflow(last, size, &view.end)) {
        refuse_size(view);
    }
    if (static_cast<int64_t>(view.count) > INT64_MAX / size) {
        refuse_size(view);
    }
}

void check_memory(const TensorView &view)
{
    if (view.count == 0) {
        return;
    }
    if (view.tensor.data == nullptr) {
        refuse(view.name + ": data is NULL, expected memory of " + std::to_string(view.count) +
               " elements");
    }
    if (reinterpret_cast<uintptr_t>(view.tensor.data) % view.element_size != 0) {
        refuse(view.name + ": data is not aligned, expected a multiple of " +
               std::to_string(view.element_size) + " bytes");
    }
}

template <size_t Size>
std::byte *gather_from(const sslact_tensor &tensor, int32_t d, const std::byte *at, std::byte *out)
{
    const auto step = static_cast<ptrdiff_t>(tensor.stride[d]) * static_cast<ptrdiff_t>(Size);
    for (int64_t i = 0; i < tensor.shape[d]; ++i, at += step) {
        if (d + 1 < tensor.rank) {
            out = gather_from<Size>(tensor, d + 1, at, out);
        } else {
            std::memcpy(out, at, Size);
            out += Size;
        }
    }
    return out;
}

} // namespace

TensorView view_tensor(const sslact_tensor *given, const char *name, TypeSet types,
                       const ExpectedShape &shape)
{
    TensorView view;
    view.name = name;
    view.tensor = *need(given, name);
    check_type(view, types);
    check_shape(view, shape);
    check_device(view);
    view.element_size = find_type(view.tensor.dtype)->size;
    fill_strides(view);
    measure(view);
    check_memory(view);
    return view;
}

void check_packed(const TensorView &view)
{
    if (!view.packed) {
        refuse(view.name + ": strides " +
               list_numbers(view.tensor.stride, view.tensor.rank, false) +
               ", expected a packed tensor for an output");
    }
}

void check_apart(const TensorView &output, const TensorView &other)
{
    const auto begin = reinterpret_cast<uintptr_t>(output.tensor.data);
    const auto other_at = reinterpret_cast<uintptr_t>(other.tensor.data);
    const uintptr_t end = begin + output.bytes();
    const uintptr_t other_begin = other_at + static_cast<uintptr_t>(other.begin);
    const uintptr_t other_end = other_at + static_cast<uintptr_t>(other.end);
    if (output.count > 0 && other.count > 0 && begin < other_end && other_begin < end) {
        refuse(output.name + ": shares memory with " + other.name + ", expected memory of its own");
    }
}

void gather(const TensorView &view, const void *data, void *out)
{
    const auto *from = static_cast<const std::byte *>(data);
    auto *to = static_cast<std::byte *>(out);
    if (view.count == 0) {
        return;
    }
    switch (view.element_size) {
    case 1:
        gather_from<1>(view.tensor, 0, from, to);
        break;
    case 2:
        gather_from<2>(view.tensor, 0, from, to);
        break;
    case 4:
        gather_from<4>(view.tensor, 0, from, to);
        break;
    default:
        gather_from<8>(view.tensor, 0, from, to);
        break;
    }
}

std::string name_of_device(const sslact_device &device)
{
    return device.type == SSLACT_CUDA ? "cuda:" + std::to_string(device.index) : "cpu";
}

} // namespace sslact
