// Owns the memory of `flex`: one bit a class for every unlabelled instance seen.
#include "ssl/flex.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "base/error.hpp"

namespace sslact
{

FlexThresholds::FlexThresholds(double tau, balance_mapping mapping, int32_t class_count)
    : tau_(tau), mapping_(mapping), confident_(static_cast<size_t>(class_count))
{
}

// Adds (sign 1) or takes away (-1) one instance.
void FlexThresholds::count_row(const uint8_t *sure_i, int64_t sign)
{
    bool any = false;
    for (size_t j = 0; j < confident_.size(); j++) {
        if ((sure_i[j / 8] >> (j % 8) & 1) != 0) {
            confident_[j] += sign;
            any = true;
        }
    }
    unused_ += any ? 0 : sign;
}

void FlexThresholds::observe(const at::Tensor &probabilities,
                             const std::vector<InstanceKey> &instances)
{
    // Compared in the type of t, as the thresholds are.
    const at::Tensor above = probabilities.gt(tau_).to(at::kByte).contiguous();
    const auto *above_rows = above.const_data_ptr<uint8_t>();
    for (size_t i = 0; i < instances.size(); i++) {
        const auto [place, fresh] = rows_.try_emplace(instances[i], rows_.size());
        if (fresh) {
            sure_.resize(sure_.size() + width());
        }
        uint8_t *sure_i = sure_.data() + place->second * width();
        if (!fresh) {
            count_row(sure_i, -1);
        }
        std::fill(sure_i, sure_i + width(), uint8_t{0});
        const uint8_t *above_i = above_rows + i * confident_.size();
        for (size_t j = 0; j < confident_.size(); j++) {
            sure_i[j / 8] = static_cast<uint8_t>(sure_i[j / 8] | above_i[j] << (j % 8));
        }
        count_row(sure_i, 1);
    }
}

std::vector<double> FlexThresholds::thresholds() const
{
    const int64_t most = *std::max_element(confident_.begin(), confident_.end());
    const auto whole = static_cast<double>(std::max(most, unused_));
    std::vector<double> out;
    for (const int64_t h_j : confident_) {
        const double share = h_j > 0 ? static_cast<double>(h_j) / whole : 1.0;
        out.push_back(balance_map(mapping_, share) * tau_);
    }
    return out;
}

std::pair<at::Tensor, at::Tensor> FlexThresholds::state() const
{
    const auto count = static_cast<int64_t>(rows_.size());
    at::Tensor instances = at::empty({count, 2}, at::kLong);
    at::Tensor sure = at::empty({count, static_cast<int64_t>(width())}, at::kByte);
    auto *key = instances.mutable_data_ptr<int64_t>();
    auto *bits = sure.mutable_data_ptr<uint8_t>();
    for (const auto &[instance, row] : rows_) {
        *key++ = instance.first;
        *key++ = instance.second;
        bits = std::copy_n(sure_.data() + row * width(), width(), bits);
    }
    return {instances, sure};
}

void FlexThresholds::restore(const at::Tensor &instances, const at::Tensor &sure)
{
    FlexThresholds fresh(tau_, mapping_, static_cast<int32_t>(confident_.size()));
    const at::Tensor keys = instances.contiguous(), bits = sure.contiguous();
    const int64_t count = keys.size(0);
    if (bits.size(0) != count) {
        throw Error(SSLACT_ERROR_FORMAT, "ssl.flex_sure has " + std::to_string(bits.size(0)) +
                                             " rows, ssl.flex_instances " + std::to_string(count));
    }
    const auto *key = keys.const_data_ptr<int64_t>();
    fresh.sure_.assign(bits.const_data_ptr<uint8_t>(),
                       bits.const_data_ptr<uint8_t>() + bits.numel());
    for (int64_t i = 0; i < count; i++) {
        const auto row = static_cast<size_t>(i);
        if (!fresh.rows_.try_emplace({key[2 * i], key[2 * i + 1]}, row).second) {
            throw Error(SSLACT_ERROR_FORMAT,
                        "ssl.flex_instances[" + std::to_string(i) + "]: occurs twice");
        }
        fresh.count_row(fresh.sure_.data() + row * width(), 1);
    }
    *this = std::move(fresh);
}

} // namespace sslact
