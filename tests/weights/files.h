// What the tests of checkpoints share: files opened, arrays as numbers, pickles and streams of
// torch written byte by byte.
#ifndef TESTS_WEIGHTS_FILES_H
#define TESTS_WEIGHTS_FILES_H

#include "support/temporary.h"
#include "weights/checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

// GCC 12 takes "literal" + std::string for an overlapping copy (its bug 105651).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wrestrict"
#endif

namespace test
{

class Opened
{
public:
    explicit Opened(const std::string &path) { status = checkpoint_open(path.c_str(), &file); }
    ~Opened() { checkpoint_close(file); }
    Opened(const Opened &) = delete;
    Opened &operator=(const Opened &) = delete;

    size_t find(const std::string &name) const
    {
        named_array facts;
        for (size_t i = 0; i < checkpoint_count(file); i++) {
            checkpoint_describe(file, i, &facts);
            if (name == facts.name) {
                return i;
            }
        }
        ADD_FAILURE() << name << " is not there";
        return 0;
    }
    named_array describe(const std::string &name) const
    {
        named_array facts;
        checkpoint_describe(file, find(name), &facts);
        return facts;
    }
    std::vector<char> read_bytes(const std::string &name)
    {
        std::vector<char> bytes(describe(name).size);
        EXPECT_EQ(checkpoint_read(file, find(name), bytes.data(), bytes.size()), SSLACT_OK)
            << sslact_error_get_message();
        return bytes;
    }
    std::vector<double> read(const std::string &name);

    checkpoint *file = nullptr;
    sslact_status status;
};

inline double from_half(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const double fraction = (bits & 1023) / 1024.0;
    const double value =
        exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
    return (bits & 0x8000) != 0 ? -value : value;
}

template <typename T> T take(const char *bytes)
{
    T value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
}

inline double to_number(weights_dtype dtype, const char *bytes)
{
    const uint32_t upper = dtype == WEIGHTS_BF16 ? uint32_t(take<uint16_t>(bytes)) << 16 : 0;
    switch (dtype) {
    case WEIGHTS_F16:
        return from_half(take<uint16_t>(bytes));
    case WEIGHTS_BF16:
        return take<float>(reinterpret_cast<const char *>(&upper));
    case WEIGHTS_F32:
        return take<float>(bytes);
    case WEIGHTS_F64:
        return take<double>(bytes);
    case WEIGHTS_I64:
        return static_cast<double>(take<int64_t>(bytes));
    case WEIGHTS_I32:
        return take<int32_t>(bytes);
    case WEIGHTS_I16:
        return take<int16_t>(bytes);
    case WEIGHTS_I8:
        return take<int8_t>(bytes);
    default: // U8, BOOL
        return take<uint8_t>(bytes);
    }
}

inline std::vector<double> Opened::read(const std::string &name)
{
    const named_array facts = describe(name);
    const std::vector<char> bytes = read_bytes(name);
    const size_t element = weights_dtype_get_size(facts.dtype);
    std::vector<double> numbers;
    for (size_t i = 0; i < bytes.size(); i += element) {
        numbers.push_back(to_number(facts.dtype, bytes.data() + i));
    }
    return numbers;
}

// Opens a file and reads every array: the first status that is not OK.
inline sslact_status read_everything(const std::string &path)
{
    Opened opened(path);
    for (size_t i = 0; opened.status == SSLACT_OK && i < checkpoint_count(opened.file); i++) {
        named_array facts;
        checkpoint_describe(opened.file, i, &facts);
        std::vector<char> bytes(facts.size);
        opened.status = checkpoint_read(opened.file, i, bytes.data(), bytes.size());
    }
    return opened.status;
}

// ---- pickles ----

inline std::string little_endian(uint64_t number, int width)
{
    std::string out;
    for (int i = 0; i < width; i++) {
        out += static_cast<char>(number >> (8 * i) & 255);
    }
    return out;
}

inline std::string pickle_text(const std::string &value)
{
    return "X" + little_endian(value.size(), 4) + value;
}

inline std::string pickle_number(int64_t number)
{
    return "\x8a\x08" + little_endian(static_cast<uint64_t>(number), 8);
}

inline std::string pickle_tuple(const std::vector<int64_t> &numbers)
{
    std::string out = "(";
    for (int64_t number : numbers) {
        out += pickle_number(number);
    }
    return out + "t";
}

// A whole pickle: protocol 2, the value, STOP.
inline std::string whole_pickle(const std::string &value)
{
    return "\x80\x02" + value + ".";
}

// A tensor of torch: a storage of `count` floats under a key.
inline std::string pickle_tensor(int64_t offset, const std::vector<int64_t> &shape,
                                 const std::vector<int64_t> &stride, int64_t count,
                                 const std::string &key = "0",
                                 const std::string &storage = "FloatStorage")
{
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickle_text("storage") + "ctorch\n" + storage +
           "\n" + pickle_text(key) + pickle_text("cpu") + pickle_number(count) + "tQ" +
           pickle_number(offset) + pickle_tuple(shape) + pickle_tuple(stride) +
           "\x89"
           "ccollections\nOrderedDict\n)RtR";
}

// The older stream of torch with one storage of floats "0" of the given numbers.
inline std::string make_stream(const std::string &value, const std::vector<float> &numbers)
{
    std::string out("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e", 15);
    out += whole_pickle("M\xe9\x03");
    out += whole_pickle("}" + pickle_text("little_endian") + "\x88s");
    out += whole_pickle(value);
    out += whole_pickle("]" + pickle_text("0") + "a");
    out += little_endian(numbers.size(), 8);
    return out + std::string(reinterpret_cast<const char *>(numbers.data()), numbers.size() * 4);
}

} // namespace test

#endif
