// Named arrays of a network into a checkpoint file.
#ifndef NN_SAVE_H
#define NN_SAVE_H

#include "nn/detector.h"
#include "weights/safetensors.h"

#include <string>
#include <utility>
#include <vector>

namespace sslact
{

// What weights_write() takes of one array. `array` must be packed and on the CPU; name and data
// stay the caller's. Throws UNSUPPORTED for a type the format has no name for.
named_array describe_array(const std::string &name, const at::Tensor &array);

// Writes the network's arrays behind `prefix`, whole or not at all, in the order of the network.
void save_weights(const Detector &detector, const std::string &path, const std::string &prefix,
                  const std::vector<std::pair<std::string, std::string>> &metadata = {});

} // namespace sslact

#endif
