// Dropout whose mask is a function of named numbers: the same on every device and in every run.
#ifndef NN_DROPOUT_H
#define NN_DROPOUT_H

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sslact
{

// Names the numbers dropout draws.
struct DropoutStream {
    uint64_t seed = 0;
    uint64_t iteration = 0;
    uint32_t part = 0;  // which forward of the iteration
    uint32_t layer = 0; // which dropout of the forward, less than 256
};

// What at::dropout does, with a mask [K, ...] that depends on the stream, the row and the place
// within the row alone.
at::Tensor drop_out(const at::Tensor &x, double probability, const DropoutStream &stream);

} // namespace sslact

#endif
