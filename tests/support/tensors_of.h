// The tensors of a safetensors file as bytes, read without the library: 8 bytes of length, a JSON
// object, the data.
#ifndef TESTS_SUPPORT_TENSORS_OF_H
#define TESTS_SUPPORT_TENSORS_OF_H

#include <gtest/gtest.h>
#include <jansson.h>

#include <cstring>
#include <map>
#include <string>

#include "support/temporary.h"

namespace test
{

inline std::map<std::string, std::string> tensors_of(const std::string &path)
{
    const std::string file = get_file(path);
    std::map<std::string, std::string> tensors;
    uint64_t length = 0;
    if (file.size() < sizeof length) {
        ADD_FAILURE() << path << " is too short";
        return tensors;
    }
    std::memcpy(&length, file.data(), sizeof length);
    json_t *header = json_loadb(file.data() + sizeof length, length, 0, nullptr);
    EXPECT_NE(header, nullptr) << path;
    const size_t data = sizeof length + length;
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry)
    {
        const json_t *offsets = json_object_get(entry, "data_offsets");
        if (offsets != nullptr) {
            const auto begin = static_cast<size_t>(json_integer_value(json_array_get(offsets, 0)));
            const auto end = static_cast<size_t>(json_integer_value(json_array_get(offsets, 1)));
            tensors[name] = file.substr(data + begin, end - begin);
        }
    }
    json_decref(header);
    return tensors;
}

} // namespace test

#endif
