// The native checkpoint format: round trips, files of other writers, and files made to hurt.

#include "weights/safetensors.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace
{

class Safetensors : public testing::Test
{
protected:
    void SetUp() override
    {
        std::string pattern = testing::TempDir() + "sslact-weights-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        path_ = folder_ + "/file.safetensors";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void write_bytes(const std::string &bytes)
    {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    }
    std::string read_bytes()
    {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // A file as another program would write it: no digests.
    void write_foreign(const std::string &header, const std::string &data)
    {
        std::string bytes;
        for (int i = 0; i < 8; i++) {
            bytes += static_cast<char>((header.size() >> (8 * i)) & 255);
        }
        write_bytes(bytes + header + data);
    }
    void write_sample()
    {
        named_array arrays[3] = {};
        arrays[0] = {"b.weight", WEIGHTS_F32, 2, {2, 3}, 0, 0, floats_};
        arrays[1] = {"a.count", WEIGHTS_I64, 0, {}, 0, 0, &counter_};
        arrays[2] = {"none", WEIGHTS_U8, 2, {0, 4}, 0, 0, nullptr};
        metadata_pair pairs[2] = {{"iteration", "17"}, {"note", "line\n\"quoted\" ü"}};
        ASSERT_EQ(weights_write(path_.c_str(), arrays, 3, pairs, 2), SSLACT_OK)
            << sslact_error_get_message();
    }
    // Opens and reads every array: the first status that is not OK.
    sslact_status read_all()
    {
        weights_file *file = nullptr;
        sslact_status status = weights_file_open(path_.c_str(), &file);
        if (status != SSLACT_OK) {
            return status;
        }
        for (size_t i = 0; i < weights_file_count(file) && status == SSLACT_OK; i++) {
            named_array facts;
            weights_file_describe(file, i, &facts);
            std::vector<char> buffer(facts.size);
            status = weights_file_read(file, i, buffer.data(), buffer.size());
        }
        weights_file_close(file);
        return status;
    }
    void expect_refused(const std::string &header, const std::string &data,
                        const std::string &reason)
    {
        write_foreign(header, data);
        EXPECT_EQ(read_all(), SSLACT_ERROR_FORMAT) << header.substr(0, 200);
        std::string message = sslact_error_get_message();
        EXPECT_EQ(message.rfind(path_ + ": ", 0), 0u) << message;
        EXPECT_NE(message.find(reason), std::string::npos) << message;
    }

    std::string folder_;
    std::string path_;
    float floats_[6] = {1.0f, -2.5f, 3.25f, 0.0f, 1e-30f, 5.0f};
    int64_t counter_ = -7;
};

} // namespace

TEST_F(Safetensors, GivesBackArraysAndMetadataAsWritten)
{
    write_sample();
    weights_file *file = nullptr;
    ASSERT_EQ(weights_file_open(path_.c_str(), &file), SSLACT_OK) << sslact_error_get_message();

    ASSERT_EQ(weights_file_count(file), 3u);
    named_array facts;
    weights_file_describe(file, 0, &facts);
    EXPECT_STREQ(facts.name, "b.weight");
    EXPECT_EQ(facts.dtype, WEIGHTS_F32);
    EXPECT_EQ(facts.rank, 2);
    EXPECT_EQ(facts.shape[1], 3);
    EXPECT_EQ(facts.size, sizeof(floats_));
    float floats[6];
    ASSERT_EQ(weights_file_read(file, 0, floats, sizeof(floats)), SSLACT_OK);
    EXPECT_EQ(memcmp(floats, floats_, sizeof(floats)), 0);
    int64_t counter = 0;
    ASSERT_EQ(weights_file_read(file, weights_file_find(file, "a.count"), &counter, 8), SSLACT_OK);
    EXPECT_EQ(counter, -7);
    EXPECT_EQ(weights_file_find(file, "none"), 2u);
    EXPECT_EQ(weights_file_find(file, "a.coun"), 3u);
    EXPECT_STREQ(weights_file_get_metadata(file, "iteration"), "17");
    EXPECT_STREQ(weights_file_get_metadata(file, "note"), "line\n\"quoted\" ü");
    EXPECT_EQ(weights_file_get_metadata(file, "absent"), nullptr);
    EXPECT_EQ(weights_file_read(file, 0, floats, 8), SSLACT_ERROR_BUFFER_TOO_SMALL);
    weights_file_close(file);
}

TEST_F(Safetensors, WritesTheLayoutThatTheFormatPrescribes)
{
    write_sample();
    std::string bytes = read_bytes();
    uint64_t length = 0;
    memcpy(&length, bytes.data(), 8);

    EXPECT_EQ(length % 8, 0u);
    EXPECT_EQ(bytes.size(), 8 + length + 24 + 8);
    EXPECT_EQ(memcmp(bytes.data() + 8 + length, floats_, 24), 0);
    EXPECT_NE(
        bytes.find("\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"),
        std::string::npos);
    EXPECT_NE(bytes.find("\"a.count\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[24,32]}"),
              std::string::npos);
    // FNV-1a 64 of the eight bytes f9 ff ff ff ff ff ff ff, worked in a loop of its own.
    uint64_t digest = 14695981039346656037u;
    for (unsigned char byte : {0xf9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) {
        digest = (digest ^ byte) * 1099511628211u;
    }
    char digits[17];
    snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(digest));
    EXPECT_NE(bytes.find(digits), std::string::npos);
}

TEST_F(Safetensors, WritesTheSameBytesForTheSameArguments)
{
    write_sample();
    std::string first = read_bytes();
    write_sample();

    EXPECT_EQ(read_bytes(), first);
}

TEST_F(Safetensors, ReadsFilesOfOtherWritersInAnyHeaderOrder)
{
    write_foreign("{\"y\":{\"data_offsets\":[2,4],\"dtype\":\"F16\",\"shape\":[1]},"
                  "\"x\":{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]}}  ",
                  "abcd");
    weights_file *file = nullptr;
    ASSERT_EQ(weights_file_open(path_.c_str(), &file), SSLACT_OK) << sslact_error_get_message();

    char buffer[2];
    EXPECT_EQ(weights_file_find(file, "x"), 0u);
    ASSERT_EQ(weights_file_read(file, weights_file_find(file, "y"), buffer, 2), SSLACT_OK);
    EXPECT_EQ(std::string(buffer, 2), "cd");
    EXPECT_EQ(weights_file_get_metadata(file, "x"), nullptr);
    weights_file_close(file);
}

TEST_F(Safetensors, ReadsAFileWithoutAnyArray)
{
    write_foreign("{}", "");
    EXPECT_EQ(read_all(), SSLACT_OK);
    ASSERT_EQ(weights_write(path_.c_str(), nullptr, 0, nullptr, 0), SSLACT_OK);
    EXPECT_EQ(read_all(), SSLACT_OK);
}

TEST_F(Safetensors, DetectsEverySingleFlippedBit)
{
    write_sample();
    std::string good = read_bytes();
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    auto put = [&](size_t place, int byte) {
        file.seekp(static_cast<std::streamoff>(place));
        file.put(static_cast<char>(byte));
        file.flush();
    };

    for (size_t bit = 0; bit < good.size() * 8; bit++) {
        put(bit / 8, good[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(read_all(), SSLACT_ERROR_FORMAT) << "bit " << bit;
        put(bit / 8, good[bit / 8]);
    }
    EXPECT_EQ(read_all(), SSLACT_OK);
}

TEST_F(Safetensors, DetectsTruncationAtEveryByteAndBytesTooMany)
{
    write_sample();
    std::string good = read_bytes();
    write_bytes(good + "x");
    EXPECT_EQ(read_all(), SSLACT_ERROR_FORMAT);
    for (size_t size = good.size(); size-- > 0;) {
        std::filesystem::resize_file(path_, size);
        EXPECT_EQ(read_all(), SSLACT_ERROR_FORMAT) << "size " << size;
    }
}

TEST_F(Safetensors, NamesTheArrayWhoseBytesAreDamaged)
{
    write_sample();
    std::string bytes = read_bytes();
    bytes[bytes.size() - 9] ^= 1; // the last byte of b.weight
    write_bytes(bytes);

    EXPECT_EQ(read_all(), SSLACT_ERROR_FORMAT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("\"b.weight\""), std::string::npos);
}

TEST_F(Safetensors, NoticesAFileThatShrinksWhileItIsOpen)
{
    write_sample();
    weights_file *file = nullptr;
    ASSERT_EQ(weights_file_open(path_.c_str(), &file), SSLACT_OK);
    std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 9);
    float floats[6];

    EXPECT_EQ(weights_file_read(file, 0, floats, sizeof(floats)), SSLACT_ERROR_FORMAT);
    weights_file_close(file);
}

TEST_F(Safetensors, RefusesLyingHeaderLengths)
{
    for (uint64_t length : {UINT64_MAX, uint64_t{1} << 63, uint64_t{200000000}, uint64_t{0},
                            uint64_t{1}, uint64_t{3}}) {
        std::string bytes(reinterpret_cast<const char *>(&length), 8);
        write_bytes(bytes + "{}");
        EXPECT_EQ(read_all(), SSLACT_ERROR_FORMAT) << length;
    }
}

TEST_F(Safetensors, RefusesRangesThatOverlapLeaveHolesOrLie)
{
    auto entry = [](const std::string &name, const std::string &shape, const std::string &range) {
        return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":" + shape +
               ",\"data_offsets\":" + range + "}";
    };
    expect_refused("{" + entry("a", "[4]", "[0,4]") + "," + entry("b", "[4]", "[2,6]") + "}",
                   "123456", "overlaps");
    expect_refused("{" + entry("a", "[2]", "[0,2]") + "," + entry("b", "[2]", "[4,6]") + "}",
                   "123456", "unused bytes before it");
    expect_refused("{" + entry("a", "[2]", "[1,3]") + "}", "123", "unused bytes before it");
    expect_refused("{" + entry("a", "[2]", "[0,2]") + "}", "123456", "behind the last array");
    expect_refused("{" + entry("a", "[2]", "[0,9]") + "}", "123456", "cut short");
    expect_refused("{" + entry("a", "[2]", "[6,4]") + "}", "123456", "cut short");
    expect_refused("{" + entry("a", "[3]", "[0,6]") + "}", "123456", "what dtype and shape need");
    expect_refused("{" + entry("a", "[4294967296,4294967296]", "[0,0]") + "}", "",
                   "what dtype and shape need");
    expect_refused("{" + entry("a", "[-6]", "[0,6]") + "}", "123456", "integer from 0 on");
    expect_refused("{" + entry("a", "[6.0]", "[0,6]") + "}", "123456", "integer from 0 on");
    expect_refused("{" + entry("a", "[1,1,1,1,1,1,1,1,6]", "[0,6]") + "}", "123456", "at most 8");
    expect_refused("{" + entry("a", "6", "[0,6]") + "}", "123456", "at most 8");
    expect_refused("{" + entry("a", "[6]", "[0,6,6]") + "}", "123456", "two integers");
    expect_refused("{" + entry("a", "[6]", "[-1,5]") + "}", "123456", "two integers");
    expect_refused("{" + entry("a", "[9223372036854775808]", "[0,6]") + "}", "123456", "header");
}

TEST_F(Safetensors, RefusesHeadersThatAreNotWhatTheFormatSays)
{
    std::string good = "{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}";
    expect_refused(" {}", "", "not a safetensors file");
    expect_refused("[]", "", "not a safetensors file");
    expect_refused("{\"a\":" + good + ",\"a\":" + good + "}", "1", "duplicate");
    expect_refused("{\"a\":7}", "", "its entry");
    expect_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "1", "its entry");
    expect_refused("{\"a\":{\"dtype\":\"F7\",\"shape\":[1],\"data_offsets\":[0,1]}}", "1",
                   "dtype is not known");
    expect_refused("{\"\":" + good + "}", "1", "1 to 1024 bytes");
    expect_refused("{\"" + std::string(1025, 'n') + "\":" + good + "}", "1", "1 to 1024 bytes");
    expect_refused("{\"a\\u0000b\":" + good + "}", "1", "header");
    expect_refused("{\"\xff\":" + good + "}", "1", "header");
    expect_refused("{\"a\":" + good + "} x", "1", "header");
    expect_refused("{\"__metadata__\":[]}", "", "not a map");
    expect_refused("{\"__metadata__\":{\"a\":1}}", "", "not a text");
    expect_refused("{\"__metadata__\":{\"digests\":\"{}\"}}", "", "lost its digest");
    expect_refused("{\"__metadata__\":{\"header_digest\":\"0000000000000000\"}}", "",
                   "does not match its digest");
    expect_refused("{\"__metadata__\":{\"x\":\"\",\"header_digest\":\"0000000000000000\"}}", "",
                   "not where it belongs");
    expect_refused("{\"a\":" + std::string(100000, '[') + "}", "", "nested deeper");
    expect_refused("{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", "", "nested deeper");
}

TEST_F(Safetensors, DoesNotCountBracketsInsideNamesAsNesting)
{
    write_foreign("{\"[[[[[[\\\"{{{{\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                  "1");
    EXPECT_EQ(read_all(), SSLACT_OK) << sslact_error_get_message();
}

TEST_F(Safetensors, RefusesFoldersPipesAndMissingFiles)
{
    weights_file *file = nullptr;
    EXPECT_EQ(weights_file_open((folder_ + "/absent").c_str(), &file), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(weights_file_open(folder_.c_str(), &file), SSLACT_ERROR_FORMAT);
    std::string pipe = folder_ + "/pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(weights_file_open(pipe.c_str(), &file), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(file, nullptr);
}

TEST_F(Safetensors, WriterRefusesWhatItCouldNotReadBackAndLeavesTheOldFile)
{
    write_sample();
    std::string kept = read_bytes();
    std::string long_name(1025, 'n');
    std::vector<std::vector<named_array>> bad = {
        {{"a", WEIGHTS_F32, 1, {1}, 0, 0, floats_}, {"a", WEIGHTS_F32, 1, {1}, 0, 0, floats_}},
        {{"", WEIGHTS_F32, 1, {1}, 0, 0, floats_}},
        {{nullptr, WEIGHTS_F32, 1, {1}, 0, 0, floats_}},
        {{long_name.c_str(), WEIGHTS_F32, 1, {1}, 0, 0, floats_}},
        {{"__metadata__", WEIGHTS_F32, 1, {1}, 0, 0, floats_}},
        {{"a", static_cast<weights_dtype>(0), 1, {1}, 0, 0, floats_}},
        {{"a", WEIGHTS_F32, 9, {1}, 0, 0, floats_}},
        {{"a", WEIGHTS_F32, 1, {-1}, 0, 0, floats_}},
        {{"a", WEIGHTS_F32, 2, {INT64_MAX, 4}, 0, 0, floats_}},
        {{"a", WEIGHTS_F32, 1, {1}, 0, 0, nullptr}},
        {{"\xff", WEIGHTS_F32, 1, {1}, 0, 0, floats_}},
    };
    for (const auto &arrays : bad) {
        EXPECT_EQ(weights_write(path_.c_str(), arrays.data(), arrays.size(), nullptr, 0),
                  SSLACT_ERROR_INVALID_ARGUMENT);
    }
    metadata_pair reserved = {"digests", "{}"};
    EXPECT_EQ(weights_write(path_.c_str(), nullptr, 0, &reserved, 1),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(read_bytes(), kept);
    EXPECT_LT(weights_write((folder_ + "/absent/f").c_str(), nullptr, 0, nullptr, 0), 0);
}
