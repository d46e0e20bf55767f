#include "nn/save.h"

#include "base/error.hpp"

namespace sslact
{
namespace
{

weights_dtype find_dtype(const std::string &name, at::ScalarType type)
{
    switch (type) {
    case at::kFloat:
        return WEIGHTS_F32;
    case at::kDouble:
        return WEIGHTS_F64;
    case at::kHalf:
        return WEIGHTS_F16;
    case at::kBFloat16:
        return WEIGHTS_BF16;
    case at::kLong:
        return WEIGHTS_I64;
    case at::kInt:
        return WEIGHTS_I32;
    case at::kByte:
        return WEIGHTS_U8;
    case at::kBool:
        return WEIGHTS_BOOL;
    default:
        throw Error(SSLACT_ERROR_UNSUPPORTED, "array \"" + name + "\" is of type " +
                                                  c10::toString(type) +
                                                  ", which a checkpoint cannot hold");
    }
}

} // namespace

named_array describe_array(const std::string &name, const at::Tensor &array)
{
    named_array out = {};

    if (array.dim() > SSLACT_MAX_RANK || !array.is_cpu() || !array.is_contiguous()) {
        throw Error(SSLACT_ERROR_INTERNAL,
                    "array \"" + name + "\" is not packed CPU memory of at most 8 axes");
    }
    out.name = name.c_str();
    out.dtype = find_dtype(name, array.scalar_type());
    out.rank = static_cast<int32_t>(array.dim());
    for (int64_t axis = 0; axis < array.dim(); axis++) {
        out.shape[axis] = array.size(axis);
    }
    out.data = array.const_data_ptr();
    return out;
}

void save_weights(const Detector &detector, const std::string &path, const std::string &prefix,
                  const std::vector<std::pair<std::string, std::string>> &metadata)
{
    NamedArrays arrays = named_arrays(detector);
    std::vector<named_array> described;
    std::vector<metadata_pair> pairs;

    for (auto &[name, array] : arrays) {
        name = prefix + name;
        array = array.detach().cpu().contiguous();
        described.push_back(describe_array(name, array));
    }
    for (const auto &[key, value] : metadata) {
        pairs.push_back({key.c_str(), value.c_str()});
    }
    check(weights_write(path.c_str(), described.data(), described.size(), pairs.data(),
                        pairs.size()));
}

} // namespace sslact
