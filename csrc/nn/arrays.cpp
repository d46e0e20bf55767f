// Named tensors to and from checkpoint files.

#include "nn/arrays.h"

#include <cstring>

#include <ATen/ops/empty.h>

#include "base/error.hpp"
#include "base/log.h"
#include "base/text.h"
#include "nn/load.h"

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
    case at::kLong:
        return WEIGHTS_I64;
    case at::kByte:
        return WEIGHTS_U8;
    default:
        throw Error(SSLACT_ERROR_INTERNAL, "array " + name + " has a type that is not stored");
    }
}

std::string shape_text(const int64_t *shape, int64_t rank)
{
    std::string out = "[";
    for (int64_t i = 0; i < rank; ++i) {
        out += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    }
    return out + "]";
}

} // namespace

std::string render_config(const config *settings)
{
    text rendered = {};
    const sslact_status status = config_render(settings, &rendered);
    const std::string out = text_get(&rendered);
    text_free(&rendered);
    check(status);
    return out;
}

void write_arrays(const std::string &path, const NamedArrays &arrays, const Metadata &metadata)
{
    std::vector<at::Tensor> packed; // keeps copies of strided arrays alive
    std::vector<named_array> entries;
    for (const auto &[name, array] : arrays) {
        packed.push_back(array.detach().cpu().contiguous());
        named_array entry = {};
        entry.name = name.c_str();
        entry.dtype = find_dtype(name, array.scalar_type());
        entry.rank = static_cast<int32_t>(array.dim());
        std::copy(array.sizes().begin(), array.sizes().end(), entry.shape);
        entry.data = packed.back().const_data_ptr();
        entries.push_back(entry);
    }
    std::vector<metadata_pair> pairs;
    for (const auto &[key, value] : metadata) {
        pairs.push_back({key.c_str(), value.c_str()});
    }
    check(weights_write(path.c_str(), entries.data(), entries.size(), pairs.data(), pairs.size()));
}

ArrayFile::ArrayFile(const std::string &path) : path_(follow_latest(path)), file_(nullptr)
{
    check(weights_file_open(path_.c_str(), &file_));
}

ArrayFile::~ArrayFile()
{
    weights_file_close(file_);
}

bool ArrayFile::has_prefix(const std::string &prefix) const
{
    for (size_t i = 0; i < weights_file_count(file_); ++i) {
        named_array facts;
        weights_file_describe(file_, i, &facts);
        if (std::strncmp(facts.name, prefix.c_str(), prefix.size()) == 0) {
            return true;
        }
    }
    return false;
}

std::string ArrayFile::metadata(const std::string &key) const
{
    const char *value = weights_file_get_metadata(file_, key.c_str());
    return value != nullptr ? value : "";
}

size_t ArrayFile::find(const std::string &name) const
{
    const size_t index = weights_file_find(file_, name.c_str());
    if (index == weights_file_count(file_)) {
        throw Error(SSLACT_ERROR_MISMATCH, path_ + ": array \"" + name +
                                               "\" is missing; the file is of another network or "
                                               "method");
    }
    return index;
}

at::Tensor ArrayFile::read_rows_like(const std::string &name, const at::Tensor &example) const
{
    named_array facts;
    weights_file_describe(file_, find(name), &facts);
    std::vector<int64_t> shape = example.sizes().vec();
    if (facts.rank > 0 && !shape.empty()) {
        shape[0] = facts.shape[0];
    }
    return read_like(name, example.new_empty(shape));
}

at::Tensor ArrayFile::read_like(const std::string &name, const at::Tensor &example) const
{
    const size_t index = find(name);
    named_array facts;
    weights_file_describe(file_, index, &facts);
    const bool same_shape = facts.rank == example.dim() &&
                            std::equal(example.sizes().begin(), example.sizes().end(), facts.shape);
    if (!same_shape || facts.dtype != find_dtype(name, example.scalar_type())) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    path_ + ": array \"" + name + "\" is " + weights_dtype_get_name(facts.dtype) +
                        " " + shape_text(facts.shape, facts.rank) + ", " +
                        weights_dtype_get_name(find_dtype(name, example.scalar_type())) + " " +
                        shape_text(example.sizes().data(), example.dim()) + " is needed");
    }
    at::Tensor array = at::empty(example.sizes(), example.options().device(at::kCPU));
    check(weights_file_read(file_, index, array.mutable_data_ptr(), array.nbytes()));
    return array;
}

namespace
{

bool is_batch_counter(const std::string &name)
{
    const std::string ending = "num_batches_tracked";
    return name.size() >= ending.size() &&
           name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

// The first array that did not get its values from the file, "" if all did.
std::string find_unloaded(const LoadReport &report)
{
    for (const auto *names : {&report.mismatched, &report.missing}) {
        for (const std::string &name : *names) {
            if (!is_batch_counter(name)) {
                return name;
            }
        }
    }
    return "";
}

// Head arrays of the file that the network has no place for: its scores would be others.
std::string find_surplus_head(const LoadReport &report)
{
    for (const std::string &name : report.unknown) {
        if (name.rfind("head.", 0) == 0) {
            return name;
        }
    }
    return "";
}

// The first array of another shape, "" if all fit.
std::string find_other_shape(const LoadReport &report)
{
    return report.mismatched.empty()
               ? ""
               : "array \"" + report.mismatched[0] + "\" is " + report.shapes[0];
}

} // namespace

void load_best_weights(Detector &network, const std::string &path, bool strict_backbone)
{
    const LoadReport report = load_weights(network, path, nullptr, strict_backbone);
    const std::string fresh = find_unloaded(report);
    if (!fresh.empty()) {
        const std::string shapes = find_other_shape(report);
        log_write(SSLACT_LOG_WARNING, "nn", "%s: \"%s\" starts from fresh weights%s%s",
                  report.path.c_str(), fresh.c_str(), shapes.empty() ? "" : ": ", shapes.c_str());
    }
    const std::string surplus = find_surplus_head(report);
    if (fresh.empty() && !surplus.empty()) {
        log_write(SSLACT_LOG_WARNING, "nn", "%s: \"%s\" has no place in this network's head",
                  report.path.c_str(), surplus.c_str());
    }
}

void load_all_weights(Detector &network, const std::string &path)
{
    const LoadReport report = load_weights(network, path, nullptr, true);
    const std::string shapes = find_other_shape(report);
    const std::string unloaded = find_unloaded(report);
    const std::string surplus = find_surplus_head(report);
    if (!shapes.empty()) {
        throw Error(SSLACT_ERROR_MISMATCH, report.path + ": " + shapes);
    }
    if (!unloaded.empty()) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    report.path + ": array \"" + unloaded +
                        "\" is missing; the file is of another network or method" +
                        (unloaded == "head.projection.bias" ? " (model.head_bias=false?)" : ""));
    }
    if (!surplus.empty()) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    report.path + ": array \"" + surplus + "\" has no place in this network" +
                        (surplus == "head.projection.bias" ? " (model.head_bias=true?)" : ""));
    }
}

void save_weights(const Detector &network, const config *settings, const std::string &path)
{
    write_arrays(path, named_arrays(network),
                 {{"format", "sslact"}, {"kind", "model"}, {"config", render_config(settings)}});
}

} // namespace sslact
