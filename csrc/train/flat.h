// Flat storage: all parameters of a network in one tensor, all gradients in another, all floating
// statistics in a third; the modules hold views. An update, an average or a copy is then one call.
#ifndef TRAIN_FLAT_H
#define TRAIN_FLAT_H

#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "nn/detector.h"

namespace sslact
{

class FlatStorage
{
  public:
    // Moves the network to the device, its parameters and floating buffers into flat tensors there,
    // values kept. With gradients, every parameter accumulates into a view of one gradient tensor.
    FlatStorage(Detector &network, bool with_gradients, at::Device device = at::kCPU);

    at::Tensor &parameters() { return parameters_; } // [P] float32
    at::Tensor &gradients() { return gradients_; }   // [P]; undefined without gradients
    at::Tensor &statistics() { return statistics_; } // [B] running means and variances

    // One entry a parameter, in the network's order, as a view of another tensor laid out like
    // parameters() (momentum, for example).
    std::vector<std::pair<std::string, at::Tensor>> view_as_parameters(const at::Tensor &flat) const;

  private:
    struct Place {
        std::string name;
        std::vector<int64_t> shape;
        int64_t offset;
        int64_t size;
    };
    std::vector<Place> places_;
    at::Tensor parameters_;
    at::Tensor gradients_;
    at::Tensor statistics_;
};

} // namespace sslact

#endif
