// The inner networks as torch ops, so that a benchmark in Python can run them beside its peer in
// one process: torch.ops.sslact_bench. Networks are numbered in the order they were made.

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <torch/library.h>

#include "base/error.hpp"
#include "nn/detector.h"

namespace
{

using sslact::Detector;

std::vector<std::shared_ptr<Detector>> &networks()
{
    static std::vector<std::shared_ptr<Detector>> made;
    return made;
}

Detector &get(int64_t number)
{
    return *networks().at(static_cast<size_t>(number));
}

// Settings are "key=value" of the config; batch norm is frozen.
int64_t create(const std::vector<std::string> &settings)
{
    config *c = nullptr;
    sslact::check(config_create(&c));
    const std::unique_ptr<config, decltype(&config_free)> holder(c, &config_free);
    for (const std::string &setting : settings) {
        const size_t place = setting.find('=');
        TORCH_CHECK(place != std::string::npos, setting, ": expected key=value");
        sslact::check(
            config_set(c, setting.substr(0, place).c_str(), setting.substr(place + 1).c_str()));
    }
    networks().push_back(std::make_shared<Detector>(sslact::read_network_options(c)));
    networks().back()->freeze_batch_norm(true);
    return static_cast<int64_t>(networks().size()) - 1;
}

void set_array(int64_t number, const std::string &wanted, const at::Tensor &value)
{
    const at::NoGradGuard no_gradient;
    for (const auto &[name, array] : sslact::named_arrays(get(number))) {
        if (name == wanted) {
            array.copy_(value);
            return;
        }
    }
    TORCH_CHECK(false, wanted, " is not an array of the network");
}

std::vector<at::Tensor> list_parameters(int64_t number)
{
    return get(number).parameters();
}

std::vector<std::string> list_names(int64_t number)
{
    std::vector<std::string> names;
    for (const auto &item : get(number).named_parameters()) {
        names.push_back(item.key());
    }
    return names;
}

// For inference: evaluation mode, folded weights kept from call to call.
void hold(int64_t number)
{
    get(number).eval();
    get(number).hold_folded_weights();
}

at::Tensor forward(int64_t number, const at::Tensor &clips, const at::Tensor &rois)
{
    return get(number).forward(clips, rois);
}

} // namespace

TORCH_LIBRARY(sslact_bench, m)
{
    m.def("create(str[] settings) -> int", create);
    m.def("set_array(int network, str name, Tensor value) -> ()", set_array);
    m.def("list_parameters(int network) -> Tensor[]", list_parameters);
    m.def("list_names(int network) -> str[]", list_names);
    m.def("hold(int network) -> ()", hold);
    m.def("forward(int network, Tensor clips, Tensor rois) -> Tensor", forward);
}
