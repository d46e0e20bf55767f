#include "nn/dropout.h"

#include "base/random.h"

#include <ATen/ops/empty.h>

#include <cmath>

namespace sslact
{
namespace
{

// Rows of one iteration are numbered by (part, layer, row), columns by the words of the stream.
void draw_mask_row(const DropoutStream &stream, int64_t row, uint32_t threshold, float scale,
                   float *mask, int64_t columns)
{
    uint64_t index = (static_cast<uint64_t>(stream.part) << 32) |
                     (static_cast<uint64_t>(stream.layer) << 24) | static_cast<uint64_t>(row);
    random_stream numbers = random_open(stream.seed, RANDOM_DROPOUT, stream.iteration, index);

    for (int64_t column = 0; column < columns; column += 4) {
        uint32_t words[4];

        random_block(&numbers, static_cast<uint32_t>(column / 4), words);
        for (int64_t i = 0; i < 4 && column + i < columns; i++) {
            mask[column + i] = words[i] >= threshold ? scale : 0.0f;
        }
    }
}

} // namespace

at::Tensor drop_out(const at::Tensor &x, double probability, const DropoutStream &stream)
{
    at::Tensor mask = at::empty(x.sizes(), at::kFloat);
    int64_t columns = x.size(0) > 0 ? x.numel() / x.size(0) : 0;
    uint32_t threshold = static_cast<uint32_t>(std::floor(probability * 4294967296.0));
    float scale = static_cast<float>(1.0 / (1.0 - probability));

    for (int64_t row = 0; row < x.size(0); row++) {
        draw_mask_row(stream, row, threshold, scale, mask.mutable_data_ptr<float>() + row * columns,
                      columns);
    }
    return x * mask.to(x.device(), x.scalar_type());
}

} // namespace sslact
