// Flat storage of a network's numbers.

#include "train/flat.h"

#include <ATen/ops/zeros.h>

namespace sslact
{
namespace
{

constexpr int64_t alignment = 16; // floats: 64 bytes, one cache line

int64_t padded(int64_t size)
{
    return (size + alignment - 1) / alignment * alignment;
}

bool is_floating_statistic(const at::Tensor &buffer)
{
    return buffer.defined() && buffer.scalar_type() == at::kFloat;
}

} // namespace

FlatStorage::FlatStorage(Detector &network, bool with_gradients, at::Device device)
{
    const at::TensorOptions floats = at::TensorOptions().dtype(at::kFloat).device(device);
    if (!device.is_cpu()) {
        network.to(device); // whole numbers too; the flat tensors take the rest
    }
    int64_t total = 0;
    for (const auto &item : network.named_parameters()) {
        const at::Tensor &parameter = item.value();
        places_.push_back({item.key(), parameter.sizes().vec(), total, parameter.numel()});
        total += padded(parameter.numel());
    }
    parameters_ = at::zeros({total}, floats);
    if (with_gradients) {
        gradients_ = at::zeros({total}, floats);
    }
    size_t index = 0;
    for (auto &item : network.named_parameters()) {
        const Place &place = places_[index++];
        at::Tensor parameter = item.value();
        at::Tensor view = parameters_.narrow(0, place.offset, place.size).view(place.shape);
        view.copy_(parameter.detach());
        parameter.set_data(view);
        parameter.requires_grad_(with_gradients);
        if (with_gradients) {
            parameter.mutable_grad() =
                gradients_.narrow(0, place.offset, place.size).view(place.shape);
        }
    }

    int64_t statistic_count = 0;
    for (const auto &item : network.named_buffers()) {
        if (is_floating_statistic(item.value())) {
            statistic_count += item.value().numel();
        }
    }
    statistics_ = at::zeros({statistic_count}, floats);
    int64_t offset = 0;
    for (auto &item : network.named_buffers()) {
        at::Tensor buffer = item.value();
        if (!is_floating_statistic(buffer)) {
            continue;
        }
        at::Tensor view = statistics_.narrow(0, offset, buffer.numel()).view(buffer.sizes());
        offset += buffer.numel();
        view.copy_(buffer);
        buffer.set_data(view);
    }
}

std::vector<std::pair<std::string, at::Tensor>>
FlatStorage::view_as_parameters(const at::Tensor &flat) const
{
    std::vector<std::pair<std::string, at::Tensor>> views;
    views.reserve(places_.size());
    for (const Place &place : places_) {
        views.emplace_back(place.name,
                           flat.narrow(0, place.offset, place.size).view(place.shape));
    }
    return views;
}

} // namespace sslact
