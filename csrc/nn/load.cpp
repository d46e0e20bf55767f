// Owns: which array of a file goes into which of the network, and what is said about the rest.

#include "nn/load.h"

#include "base/error.hpp"
#include "base/file.h"
#include "base/log.h"
#include "weights/names.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <set>

namespace sslact
{
namespace
{

constexpr size_t max_pointer_size = 4096;

struct CheckpointCloser {
    void operator()(checkpoint *file) const { checkpoint_close(file); }
};
struct MapFreer {
    void operator()(name_map *map) const { name_map_free(map); }
};

// A holder for C texts of base.
struct Text {
    text value = {};
    ~Text() { text_free(&value); }
};

// An opened checkpoint with its names.
class Source
{
public:
    Source(const std::string &path, const char *prefix)
    {
        checkpoint *file = nullptr;
        check(checkpoint_open(path.c_str(), &file));
        file_.reset(file);
        name_map *map = nullptr;
        check(name_map_create(file, prefix, &map));
        map_.reset(map);
    }
    const checkpoint *file() const { return file_.get(); }
    const name_map *map() const { return map_.get(); }
    weights_layout layout() const { return name_map_get_layout(map_.get()); }

private:
    std::unique_ptr<checkpoint, CheckpointCloser> file_;
    std::unique_ptr<name_map, MapFreer> map_;
};

// What goes where.
struct Pair {
    at::Tensor to;
    const mapped_array *from;
    bool select_rows;
};

struct Plan {
    LoadReport report;
    std::vector<Pair> pairs;
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

std::vector<int64_t> get_shape(const named_array &facts)
{
    return {facts.shape, facts.shape + facts.rank};
}

std::string render_shape(const std::vector<int64_t> &shape)
{
    std::string out = "[";
    for (size_t axis = 0; axis < shape.size(); axis++) {
        out += (axis > 0 ? ", " : "") + std::to_string(shape[axis]);
    }
    return out + "]";
}

// The file's last layer has AVA's 80 classes, the network's the 60 that are evaluated.
bool selects_rows(weights_layout layout, const std::string &name, std::vector<int64_t> shape,
                  const at::Tensor &array)
{
    if (layout == WEIGHTS_LAYOUT_SSLACT || name.rfind("head.projection.", 0) != 0 ||
        shape.empty() || shape[0] != WEIGHTS_AVA_CLASSES || array.dim() == 0 ||
        array.size(0) != WEIGHTS_AVA_EVALUATED) {
        return false;
    }
    shape[0] = WEIGHTS_AVA_EVALUATED;
    return array.sizes() == shape;
}

// Whatever the file has under the prefix and the network has not.
void list_unknown(const Source &source, const NamedArrays &arrays, LoadReport &report)
{
    std::set<std::string> known;

    for (const auto &[name, array] : arrays) {
        known.insert(name);
    }
    for (size_t i = 0; i < name_map_count(source.map()); i++) {
        const mapped_array *array = name_map_get(source.map(), i);
        if (array->ignored) {
            report.ignored++;
        } else if (array->name == nullptr) {
            report.unknown.push_back(array->file_name + report.prefix.size());
        } else if (known.count(array->name) == 0) {
            report.unknown.push_back(array->name);
        }
    }
}

Plan make_plan(const Source &source, const Detector &detector, const std::string &path)
{
    Plan plan;
    LoadReport &report = plan.report;
    const NamedArrays arrays = named_arrays(detector);

    report.path = path;
    report.layout = weights_layout_get_name(source.layout());
    report.container = checkpoint_container_get_name(checkpoint_get_container(source.file()));
    report.prefix = name_map_get_prefix(source.map());
    for (const auto &[name, array] : arrays) {
        const mapped_array *found = name_map_find(source.map(), name.c_str());
        if (found == nullptr) {
            report.missing.push_back(name);
            continue;
        }
        named_array facts;
        name_map_describe(source.map(), found, &facts);
        const std::vector<int64_t> shape = get_shape(facts);
        const bool select = selects_rows(source.layout(), name, shape, array);
        if (array.sizes() != shape && !select) {
            report.mismatched.push_back(name);
            report.shapes.push_back(render_shape(shape) + " in the file, " +
                                    render_shape(array.sizes().vec()) + " in the network");
            continue;
        }
        report.selected_rows |= select;
        report.matched.push_back(name);
        plan.pairs.push_back({array, found, select});
    }
    list_unknown(source, arrays, report);
    return plan;
}

// ---- what is wrong with a file ----

std::vector<std::string> keep_backbone(const std::vector<std::string> &names)
{
    std::vector<std::string> kept;

    std::copy_if(names.begin(), names.end(), std::back_inserter(kept),
                 [](const std::string &name) { return !is_head(name) && !is_counter(name); });
    return kept;
}

// Arrays of the file that are of a backbone, only not of this one; foreign names are not.
std::vector<std::string> list_surplus(const Source &source, const LoadReport &report)
{
    std::vector<std::string> surplus;

    for (const std::string &name : keep_backbone(report.unknown)) {
        if (name_map_find(source.map(), name.c_str()) != nullptr) {
            surplus.push_back(name);
        }
    }
    return surplus;
}

bool has_lateral_norm(const Source &source)
{
    return name_map_find(source.map(), "s1_fuse.bn.weight") != nullptr;
}

std::string get_first_name(const Source &source)
{
    return name_map_count(source.map()) > 0 ? name_map_get(source.map(), 0)->file_name : "";
}

void refuse_nothing_matches(const Source &source, const LoadReport &report)
{
    if (source.layout() == WEIGHTS_LAYOUT_ALPHACTION) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    report.path + ": AlphAction's weights are of another network (lateral "
                                  "convolutions with bias over 5 frames, a stem pooled without "
                                  "padding), accepted are those of PySlowFast, ACAR-Net, "
                                  "PyTorchVideo and mmaction2");
    }
    throw Error(SSLACT_ERROR_MISMATCH, report.path + ": no array behind \"" + report.prefix +
                                           "\" belongs to this network; the file's first is \"" +
                                           get_first_name(source) +
                                           "\", the network's \"s1.pathway0_stem.conv.weight\"");
}

// Why a backbone does not fit, as far as it can be told, and the keys that make it fit.
std::string advise(const Source &source, const NetworkOptions &options)
{
    const std::string keys = weights_layout_get_keys(source.layout());

    if (options.lateral_norm_act && !has_lateral_norm(source)) {
        return "; its lateral connections are bare convolutions, which " +
               std::string(source.layout() == WEIGHTS_LAYOUT_MMACTION2
                               ? "take " + keys
                               : "take model.lateral_norm_act=false");
    }
    if (!options.lateral_norm_act && has_lateral_norm(source)) {
        return "; its lateral connections have batch norm and ReLU, which take "
               "model.lateral_norm_act=true";
    }
    return "";
}

void check_backbone(const Source &source, const LoadReport &report, const NetworkOptions &options)
{
    const size_t found = keep_backbone(report.matched).size();
    const std::vector<std::string> absent = keep_backbone(report.missing);
    const std::vector<std::string> surplus = list_surplus(source, report);
    std::string why;
    size_t different = 0;

    for (size_t i = 0; i < report.mismatched.size(); i++) {
        if (!is_head(report.mismatched[i]) && different++ == 0) {
            why += ", \"" + report.mismatched[i] + "\" is " + report.shapes[i];
        }
    }
    if (absent.empty() && surplus.empty() && different == 0) {
        return;
    }
    if (!absent.empty()) {
        why += ", \"" + absent.front() + "\" is missing";
    }
    if (!surplus.empty()) {
        why += ", \"" + surplus.front() + "\" is not in the network";
    }
    throw Error(SSLACT_ERROR_MISMATCH, report.path + ": only " + std::to_string(found) + " of " +
                                           std::to_string(found + absent.size() + different) +
                                           " backbone arrays match" + why +
                                           advise(source, options));
}

// What the arrays cannot show: mmaction2's detectors do not dilate res5 and take every alpha-th
// frame.
void check_topology(const Source &source, const LoadReport &report, const NetworkOptions &options)
{
    const bool detector = name_map_find(source.map(), "head.projection.weight") != nullptr &&
                          name_map_find(source.map(), "head.projection.weight")->drop_first;

    if (source.layout() != WEIGHTS_LAYOUT_MMACTION2) {
        return;
    }
    if (options.slow_sampling != SlowSampling::stride || (detector && options.res5_dilation != 1)) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    report.path +
                        ": mmaction2's network differs in what its weights do not show, "
                        "set " +
                        weights_layout_get_keys(source.layout()) +
                        ", or model.weights_strict=false to take them as they are");
    }
}

void check_report(const Source &source, const LoadReport &report, const NetworkOptions &options,
                  bool strict_backbone)
{
    if (report.matched.empty() && report.mismatched.empty()) {
        refuse_nothing_matches(source, report);
    }
    if (strict_backbone) {
        check_backbone(source, report, options);
        check_topology(source, report, options);
    }
    if (report.matched.empty()) {
        throw Error(SSLACT_ERROR_MISMATCH, report.path + ": every array has another shape, \"" +
                                               report.mismatched[0] + "\" is " + report.shapes[0]);
    }
}

// ---- numbers ----

at::Tensor read_array(const Source &source, const mapped_array *from)
{
    at::ScalarType type = at::kFloat;
    named_array facts;

    name_map_describe(source.map(), from, &facts);
    if (!find_scalar_type(facts.dtype, type)) {
        throw Error(SSLACT_ERROR_MISMATCH, std::string(checkpoint_get_path(source.file())) +
                                               ": array \"" + from->file_name + "\" is of type " +
                                               weights_dtype_get_name(facts.dtype) +
                                               ", expected F16, BF16, F32, F64, I32 or I64");
    }
    at::Tensor array = at::empty(get_shape(facts), type);
    check(name_map_read(source.map(), from, array.mutable_data_ptr(), array.nbytes()));
    return array;
}

at::Tensor select_rows(const at::Tensor &array)
{
    std::vector<int64_t> rows(weights_ava_rows, weights_ava_rows + WEIGHTS_AVA_EVALUATED);

    return array.index_select(0, at::tensor(rows, at::kLong));
}

// ---- words ----

void log_names(const LoadReport &report, const char *what, const std::vector<std::string> &names)
{
    for (const std::string &name : names) {
        log_write(SSLACT_LOG_DEBUG, "nn", "%s: %s %s", report.path.c_str(), what, name.c_str());
    }
}

void log_report(const LoadReport &report)
{
    log_write(
        SSLACT_LOG_INFO, "nn",
        "%s: %s names, %s: %zu arrays matched, %zu of another shape, %zu missing, %zu unknown%s",
        report.path.c_str(), report.layout.c_str(), report.container.c_str(), report.matched.size(),
        report.mismatched.size(), report.missing.size(), report.unknown.size(),
        report.selected_rows ? "; of AVA's 80 classes the 60 evaluated ones" : "");
    for (size_t i = 0; i < report.mismatched.size(); i++) {
        log_write(SSLACT_LOG_INFO, "nn", "%s: left out \"%s\", %s", report.path.c_str(),
                  report.mismatched[i].c_str(), report.shapes[i].c_str());
    }
    if (log_is_on(SSLACT_LOG_DEBUG)) {
        log_names(report, "matched", report.matched);
        log_names(report, "missing", report.missing);
        log_names(report, "unknown", report.unknown);
    }
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

LoadReport match_weights(const Detector &detector, const std::string &path, const char *prefix)
{
    const std::string followed = follow_latest(path);
    const Source source(followed, prefix);

    return make_plan(source, detector, followed).report;
}

LoadReport load_weights(Detector &detector, const std::string &path, const char *prefix,
                        bool strict_backbone)
{
    at::NoGradGuard no_grad;
    const std::string followed = follow_latest(path);
    const Source source(followed, prefix);
    Plan plan = make_plan(source, detector, followed);
    std::vector<at::Tensor> values;

    check_report(source, plan.report, detector.options(), strict_backbone);
    for (const Pair &pair : plan.pairs) {
        const at::Tensor value = read_array(source, pair.from);
        values.push_back(pair.select_rows ? select_rows(value) : value);
    }
    for (size_t i = 0; i < values.size(); i++) {
        plan.pairs[i].to.copy_(values[i]);
    }
    log_report(plan.report);
    return plan.report;
}

} // namespace sslact
