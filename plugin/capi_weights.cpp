// sslact_weights_*: checkpoint files.

#include <algorithm>
#include <memory>
#include <set>

#include <jansson.h>

#include "handles.h"
#include "sslact/weights.h"

#include "base/log.h"
#include "nn/load.h"
#include "weights/convert.h"

using namespace sslact;

namespace
{

struct JsonReleaser {
    void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonReleaser>;

struct CheckpointCloser {
    void operator()(checkpoint *file) const { checkpoint_close(file); }
};
struct MapFreer {
    void operator()(name_map *map) const { name_map_free(map); }
};

json_t *list_names(const std::vector<std::string> &names)
{
    json_t *list = json_array();
    for (const std::string &name : names) {
        json_array_append_new(list, json_string(name.c_str()));
    }
    return list;
}

json_t *list_skipped(const LoadReport &report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report.mismatched.size(); ++i) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", report.mismatched[i].c_str(),
                                              "shapes", report.shapes[i].c_str()));
    }
    return list;
}

json_t *describe_tensor(const checkpoint *file, size_t index, const char *canonical)
{
    named_array facts;
    checkpoint_describe(file, index, &facts);
    json_t *shape = json_array();
    for (int32_t axis = 0; axis < facts.rank; ++axis) {
        json_array_append_new(shape, json_integer(facts.shape[axis]));
    }
    return json_pack("{s:s, s:s, s:o, s:s?}", "name", facts.name, "dtype",
                     weights_dtype_get_name(facts.dtype), "shape", shape, "canonical", canonical);
}

// Every array of the file; those under the prefix with our name.
json_t *list_tensors(const checkpoint *file, const name_map *map)
{
    std::vector<const char *> canonical(checkpoint_count(file), nullptr);
    for (size_t i = 0; i < name_map_count(map); ++i) {
        canonical[name_map_get(map, i)->index] = name_map_get(map, i)->name;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < canonical.size(); ++i) {
        json_array_append_new(list, describe_tensor(file, i, canonical[i]));
    }
    return list;
}

// Splits the file's names by whether the network takes them.
void add_matches(json_t *out, const checkpoint *file, const name_map *map, const LoadReport *report)
{
    std::set<size_t> taken;
    for (size_t i = 0; i < name_map_count(map); ++i) {
        const mapped_array *array = name_map_get(map, i);
        if (array->name != nullptr &&
            (report == nullptr || std::find(report->matched.begin(), report->matched.end(),
                                            array->name) != report->matched.end())) {
            taken.insert(array->index);
        }
    }
    std::vector<std::string> matched, unmatched;
    for (size_t i = 0; i < checkpoint_count(file); ++i) {
        named_array facts;
        checkpoint_describe(file, i, &facts);
        (taken.count(i) > 0 ? matched : unmatched).push_back(facts.name);
    }
    json_object_set_new(out, "matched", list_names(matched));
    json_object_set_new(out, "unmatched", list_names(unmatched));
}

LoadReport compare(const config *settings, const std::string &path)
{
    check(config_validate(settings));
    mark_tensor_use();
    return match_weights(Detector(read_network_options(settings)), path, nullptr);
}

std::string inspect(const std::string &path, const config *settings)
{
    checkpoint *opened = nullptr;
    check(checkpoint_open(path.c_str(), &opened));
    const std::unique_ptr<checkpoint, CheckpointCloser> file(opened);
    name_map *named = nullptr;
    check(name_map_create(file.get(), nullptr, &named));
    const std::unique_ptr<name_map, MapFreer> map(named);
    const weights_layout layout = name_map_get_layout(map.get());
    const Json out(
        json_pack("{s:s, s:s, s:s, s:s, s:o}", "layout", weights_layout_get_name(layout),
                  "container", checkpoint_container_get_name(checkpoint_get_container(file.get())),
                  "prefix", name_map_get_prefix(map.get()), "keys", weights_layout_get_keys(layout),
                  "tensors", list_tensors(file.get(), map.get())));
    if (settings != nullptr) {
        const LoadReport report = compare(settings, path);
        add_matches(out.get(), file.get(), map.get(), &report);
        json_object_set_new(out.get(), "missing", list_names(report.missing));
        json_object_set_new(out.get(), "skipped", list_skipped(report));
    } else {
        add_matches(out.get(), file.get(), map.get(), nullptr);
    }
    const std::unique_ptr<char, decltype(&free)> rendered(
        json_dumps(out.get(), JSON_COMPACT | JSON_PRESERVE_ORDER), &free);
    if (rendered == nullptr) {
        throw Error(SSLACT_ERROR_OUT_OF_MEMORY, path + ": no memory for its description");
    }
    return rendered.get();
}

weights_layout find_layout(const char *names)
{
    const std::string word = names != nullptr ? names : "sslact";
    for (weights_layout layout :
         {WEIGHTS_LAYOUT_SSLACT, WEIGHTS_LAYOUT_PYSLOWFAST, WEIGHTS_LAYOUT_ACAR}) {
        if (word == weights_layout_get_name(layout)) {
            return layout;
        }
    }
    throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                "names is \"" + word + "\", \"sslact\", \"pyslowfast\" or \"acar\" is accepted");
}

} // namespace

sslact_status sslact_weights_inspect(const char *path, const sslact_config *config_handle,
                                     char *buffer, size_t capacity, size_t *needed)
{
    return guard([&] {
        const std::string followed = follow_latest(need(path, "path"));
        need(needed, "needed");
        std::string description;
        if (config_handle != nullptr) {
            const SharedUse use(config_handle, "config");
            description = inspect(followed, config_handle->inner.get());
        } else {
            description = inspect(followed, nullptr);
        }
        return hand_out_text(description, buffer, capacity, needed);
    });
}

sslact_status sslact_weights_convert(const char *in, const char *out, const char *names)
{
    return guard([&] {
        const std::string followed = follow_latest(need(in, "in"));
        need(out, "out");
        size_t written = 0, left_out = 0;
        check(weights_convert(followed.c_str(), out, find_layout(names), &written, &left_out));
        log_write(SSLACT_LOG_INFO, "weights", "%s: %zu arrays written, %zu of %s left out", out,
                  written, left_out, followed.c_str());
        return SSLACT_OK;
    });
}
