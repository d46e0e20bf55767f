// Reads the stored evaluation cases: plain comma separated rows, label map ids, expected numbers.
// A small reader of its own, so that the metrics are not tested through csrc/data.
#ifndef TESTS_SUPPORT_EVAL_CASE_H
#define TESTS_SUPPORT_EVAL_CASE_H

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <jansson.h>

namespace test
{

inline std::vector<std::vector<std::string>> read_rows(const std::string &path)
{
    std::vector<std::vector<std::string>> rows;
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) {
            line.pop_back();
        }
        if (line.empty()) {
            continue;
        }
        std::vector<std::string> fields(1);
        for (char c : line) {
            if (c == ',') {
                fields.emplace_back();
            } else {
                fields.back() += c;
            }
        }
        rows.push_back(fields);
    }
    return rows;
}

inline double number(const std::string &field)
{
    return std::strtod(field.c_str(), nullptr);
}

// The ids of a label map in file order.
inline std::vector<int64_t> read_class_ids(const std::string &path)
{
    std::vector<int64_t> ids;
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        size_t at = line.find("id:");
        if (at != std::string::npos) {
            ids.push_back(std::atoll(line.c_str() + at + 3));
        }
    }
    return ids;
}

// Numbers key frames: equal for equal video and time, "902" and "0902" are one.
class Keys
{
public:
    int64_t get(const std::string &video, const std::string &time)
    {
        auto added = numbers_.emplace(std::make_pair(video, number(time)), numbers_.size());
        return static_cast<int64_t>(added.first->second);
    }

private:
    std::map<std::pair<std::string, double>, size_t> numbers_;
};

struct Expected {
    double map = 0.0;
    std::map<int64_t, double> ap; // NaN where the file says null
};

inline double json_or_nan(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value)
                                 : std::numeric_limits<double>::quiet_NaN();
}

// One rule of an expected.json; false when the file or the rule is missing.
inline bool read_expected(const std::string &path, const char *rule, Expected *out)
{
    json_t *root = json_load_file(path.c_str(), JSON_REJECT_DUPLICATES, nullptr);
    json_t *entry = json_object_get(root, rule);
    const char *id;
    json_t *value;
    out->map = json_or_nan(json_object_get(entry, "mAP"));
    json_object_foreach(json_object_get(entry, "ap"), id, value)
    {
        out->ap[std::atoll(id)] = json_or_nan(value);
    }
    bool found = entry != nullptr;
    json_decref(root);
    return found;
}

inline std::map<int64_t, int64_t> read_counts(const std::string &path, const char *what)
{
    std::map<int64_t, int64_t> counts;
    json_t *root = json_load_file(path.c_str(), JSON_REJECT_DUPLICATES, nullptr);
    const char *id;
    json_t *value;
    json_object_foreach(json_object_get(root, what), id, value)
    {
        counts[std::atoll(id)] = json_integer_value(value);
    }
    json_decref(root);
    return counts;
}

} // namespace test

#endif
