#include "nn/load.h"

#include "base/error.hpp"
#include "base/file.h"
#include "weights/safetensors.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <set>

namespace sslact
{
namespace
{

constexpr size_t max_pointer_size = 4096;

struct FileCloser {
    void operator()(weights_file *file) const { weights_file_close(file); }
};
using File = std::unique_ptr<weights_file, FileCloser>;

// A holder for C texts of base.
struct Text {
    text value = {};
    ~Text() { text_free(&value); }
};

// The types a network's array may be stored as.
bool find_scalar_type(weights_dtype dtype, at::ScalarType &out)
{
    switch (dtype) {
    case WEIGHTS_F16:
        out = at::kHalf;
        return true;
    case WEIGHTS_BF16:
        out = at::kBFloat16;
        return true;
    case WEIGHTS_F32:
        out = at::kFloat;
        return true;
    case WEIGHTS_F64:
        out = at::kDouble;
        return true;
    case WEIGHTS_I32:
        out = at::kInt;
        return true;
    case WEIGHTS_I64:
        out = at::kLong;
        return true;
    default:
        return false;
    }
}

bool is_head(const std::string &name)
{
    return name.rfind("head.", 0) == 0;
}

// Absent in many files, and only counted: nothing is computed from it.
bool is_counter(const std::string &name)
{
    static const std::string end = "num_batches_tracked";

    return name.size() >= end.size() &&
           name.compare(name.size() - end.size(), end.size(), end) == 0;
}

bool has_shape(const named_array &facts, const at::Tensor &array)
{
    if (facts.rank != array.dim()) {
        return false;
    }
    for (int32_t axis = 0; axis < facts.rank; axis++) {
        if (facts.shape[axis] != array.size(axis)) {
            return false;
        }
    }
    return true;
}

at::Tensor read_array(const weights_file *file, size_t index, const named_array &facts)
{
    at::ScalarType type = at::kFloat;
    std::vector<int64_t> shape(facts.shape, facts.shape + facts.rank);

    if (!find_scalar_type(facts.dtype, type)) {
        throw Error(SSLACT_ERROR_MISMATCH, std::string("array \"") + facts.name + "\" is of type " +
                                               weights_dtype_get_name(facts.dtype) +
                                               ", expected F16, BF16, F32, F64, I32 or I64");
    }
    at::Tensor array = at::empty(shape, type);
    check(weights_file_read(file, index, array.mutable_data_ptr(), array.nbytes()));
    return array;
}

std::string list_first(const std::vector<std::string> &names)
{
    return names.empty() ? "none" : "\"" + names.front() + "\"";
}

size_t count_backbone(const std::vector<std::string> &names)
{
    size_t count = 0;

    for (const std::string &name : names) {
        count += !is_head(name) && !is_counter(name);
    }
    return count;
}

void check_report(const LoadReport &report, const std::string &prefix, bool strict_backbone,
                  const std::string &first_in_file)
{
    size_t found = count_backbone(report.matched);
    size_t absent = count_backbone(report.missing);
    size_t different = count_backbone(report.mismatched);

    if (report.matched.empty()) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    report.path + ": no array behind \"" + prefix +
                        "\" belongs to this network; the file's first is \"" + first_in_file +
                        "\", the network's \"s1.pathway0_stem.conv.weight\"");
    }
    if (strict_backbone && absent + different > 0) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    report.path + ": only " + std::to_string(found) + " of " +
                        std::to_string(found + absent + different) +
                        " backbone arrays match, first missing " + list_first(report.missing) +
                        ", first of another shape " + list_first(report.mismatched));
    }
}

void list_unknown(const weights_file *file, const std::string &prefix, const NamedArrays &arrays,
                  LoadReport &report)
{
    std::set<std::string> known;

    for (const auto &[name, array] : arrays) {
        known.insert(name);
    }
    for (size_t i = 0; i < weights_file_count(file); i++) {
        named_array facts;
        weights_file_describe(file, i, &facts);
        std::string name = facts.name;
        if (name.rfind(prefix, 0) == 0 && known.count(name.substr(prefix.size())) == 0) {
            report.unknown.push_back(name.substr(prefix.size()));
        }
    }
}

std::string get_first_name(const weights_file *file)
{
    named_array facts = {};

    if (weights_file_count(file) == 0) {
        return "";
    }
    weights_file_describe(file, 0, &facts);
    return facts.name;
}

} // namespace

std::string follow_latest(const std::string &path)
{
    if (std::string(path_get_name(path.c_str())) != "latest") {
        return path;
    }
    char *data = nullptr;
    size_t size = 0;
    check(file_read(path.c_str(), max_pointer_size, &data, &size));
    std::string name(data, size);
    free(data);
    while (!name.empty() && (name.back() == '\n' || name.back() == '\r')) {
        name.pop_back();
    }
    if (name.empty() || name.find('/') != std::string::npos || name == "." || name == ".." ||
        name == "latest" || name.find('\0') != std::string::npos) {
        throw Error(SSLACT_ERROR_FORMAT,
                    path + ": expected the name of a checkpoint in the same folder");
    }
    Text folder, joined;
    check(path_get_folder(path.c_str(), &folder.value));
    check(path_join(text_get(&folder.value), name.c_str(), &joined.value));
    return text_get(&joined.value);
}

LoadReport load_weights(Detector &detector, const std::string &path, const std::string &prefix,
                        bool strict_backbone)
{
    at::NoGradGuard no_grad;
    LoadReport report;
    report.path = follow_latest(path);
    weights_file *opened = nullptr;
    check(weights_file_open(report.path.c_str(), &opened));
    File file(opened);
    NamedArrays arrays = named_arrays(detector);
    std::vector<std::pair<at::Tensor, at::Tensor>> copies; // to, from

    for (const auto &[name, array] : arrays) {
        named_array facts;
        size_t index = weights_file_find(file.get(), (prefix + name).c_str());
        if (index == weights_file_count(file.get())) {
            report.missing.push_back(name);
            continue;
        }
        weights_file_describe(file.get(), index, &facts);
        if (!has_shape(facts, array)) {
            report.mismatched.push_back(name);
            continue;
        }
        copies.emplace_back(array, read_array(file.get(), index, facts));
        report.matched.push_back(name);
    }
    list_unknown(file.get(), prefix, arrays, report);
    check_report(report, prefix, strict_backbone, get_first_name(file.get()));
    for (auto &[to, from] : copies) {
        to.copy_(from);
    }
    return report;
}

} // namespace sslact
