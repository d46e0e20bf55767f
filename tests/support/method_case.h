// Reads the method and balance cases: JSON with nested number lists, as plain vectors.
#ifndef TESTS_SUPPORT_METHOD_CASE_H
#define TESTS_SUPPORT_METHOD_CASE_H

#include <cmath>
#include <cstdint>
#include <istream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <jansson.h>

namespace test
{

// Label sets as rows [sets, C] of 0 and 1, with how many instances have each.
struct Histogram {
    std::vector<uint8_t> labels;
    std::vector<int64_t> counts;
};

// From rows "count,index index ...".
inline Histogram read_label_sets(std::istream &in, size_t columns)
{
    Histogram out;
    std::string line;
    while (std::getline(in, line)) {
        std::istringstream members(line.substr(line.find(',') + 1));
        out.counts.push_back(std::stoll(line));
        out.labels.resize(out.counts.size() * columns);
        size_t j;
        while (members >> j) {
            out.labels[(out.counts.size() - 1) * columns + j] = 1;
        }
    }
    return out;
}

class MethodCase
{
public:
    explicit MethodCase(const std::string &path)
        : root_(json_load_file(path.c_str(), JSON_REJECT_DUPLICATES, nullptr), &json_decref)
    {
        if (!root_) {
            throw std::runtime_error(path + ": not a JSON file");
        }
    }

    // A member by its path, "inputs/C"; nullptr where there is none.
    const json_t *find(const std::string &path) const
    {
        const json_t *at = root_.get();
        size_t begin = 0;
        while (at != nullptr && begin <= path.size()) {
            const size_t end = std::min(path.find('/', begin), path.size());
            at = json_object_get(at, path.substr(begin, end - begin).c_str());
            begin = end + 1;
        }
        return at;
    }

    double number(const std::string &path) const { return json_number_value(get(path)); }
    int64_t integer(const std::string &path) const { return json_integer_value(get(path)); }

    double option(const char *name, double otherwise) const
    {
        const json_t *value = find(std::string("options/") + name);
        return value != nullptr ? json_number_value(value) : otherwise;
    }
    std::string option(const char *name, const char *otherwise) const
    {
        const json_t *value = find(std::string("options/") + name);
        return value != nullptr ? json_string_value(value) : otherwise;
    }

    // All numbers of a nested list in row-major order.
    std::vector<double> array(const std::string &path) const
    {
        std::vector<double> out;
        append(get(path), out);
        return out;
    }
    std::vector<int64_t> integers(const std::string &path) const
    {
        std::vector<int64_t> out;
        for (const double value : array(path)) {
            out.push_back(std::llround(value));
        }
        return out;
    }

    // The labelled instances as rows of 0 and 1 with their counts.
    using Histogram = test::Histogram;
    Histogram label_sets() const
    {
        const auto c = static_cast<size_t>(integer("inputs/C"));
        Histogram out;
        size_t i = 0;
        json_t *set = nullptr;
        json_array_foreach(get("inputs/label_sets"), i, set)
        {
            out.labels.resize((i + 1) * c);
            out.counts.push_back(json_integer_value(json_object_get(set, "count")));
            size_t m = 0;
            json_t *member = nullptr;
            json_array_foreach(json_object_get(set, "labels"), m, member)
            {
                out.labels[i * c + static_cast<size_t>(json_integer_value(member))] = 1;
            }
        }
        return out;
    }

private:
    const json_t *get(const std::string &path) const
    {
        const json_t *value = find(path);
        if (value == nullptr) {
            throw std::runtime_error("the case has no " + path);
        }
        return value;
    }

    static void append(const json_t *value, std::vector<double> &out)
    {
        if (!json_is_array(value)) {
            out.push_back(json_number_value(value));
            return;
        }
        size_t i = 0;
        const json_t *element = nullptr;
        json_array_foreach(value, i, element)
        {
            append(element, out);
        }
    }

    std::unique_ptr<json_t, void (*)(json_t *)> root_;
};

// The comparison of the cases: the largest difference over the largest magnitude of the expected
// array; where that is all zero the difference must be 0.
inline void expect_close(const std::vector<double> &actual, const std::vector<double> &expected,
                         double tolerance, const std::string &what)
{
    ASSERT_EQ(actual.size(), expected.size()) << what;
    double difference = 0.0;
    double magnitude = 0.0;
    for (size_t i = 0; i < expected.size(); i++) {
        // Not std::max, which would drop a NaN.
        const double d = std::fabs(actual[i] - expected[i]);
        difference = d <= difference ? difference : d;
        magnitude = std::max(magnitude, std::fabs(expected[i]));
    }
    EXPECT_LE(difference, tolerance * magnitude) << what;
}

} // namespace test

#endif
