// What the tests of the pickle reader share: pickles parsed from files and from bytes.
#ifndef TESTS_PICKLE_PICKLES_H
#define TESTS_PICKLE_PICKLES_H

#include "pickle/pickle.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace test
{

inline std::string read_pickle(const std::string &name)
{
    std::ifstream file(SSLACT_TESTS_FOLDER "/pickle/data/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const pickle_options everything = {"a table", true, true};

// Owns the bytes and the values.
class Parsed
{
public:
    explicit Parsed(std::string bytes, const pickle_options &options = everything)
        : bytes_(std::move(bytes))
    {
        EXPECT_EQ(pickle_create("some/file.pkl", &options, &values_), SSLACT_OK);
        status = pickle_parse(values_, bytes_.data(), bytes_.size(), 0, &root, &end);
        message = status < 0 ? sslact_error_get_message() : "";
    }
    ~Parsed() { pickle_free(values_); }
    Parsed(const Parsed &) = delete;
    Parsed &operator=(const Parsed &) = delete;

    const pickle_value *find(const char *key) const
    {
        const pickle_value *found = pickle_find(root, key);
        EXPECT_NE(found, nullptr) << key;
        static const pickle_value nothing = {};
        return found != nullptr ? found : &nothing;
    }

    const pickle_value *root = nullptr;
    size_t end = 0;
    sslact_status status;
    std::string message;

private:
    std::string bytes_;
    pickle *values_ = nullptr;
};

inline std::string get_text(const pickle_value *value)
{
    EXPECT_TRUE(value->kind == PICKLE_TEXT || value->kind == PICKLE_BYTES) << value->kind;
    return value->kind == PICKLE_TEXT || value->kind == PICKLE_BYTES
               ? std::string(value->as.text.data, value->as.text.size)
               : "";
}

} // namespace test

#endif
