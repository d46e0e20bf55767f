// Pickles that were made to hurt, or cut, or changed: refused with one line, nothing is run.

#include "pickle/pickles.h"

#include <cstring>

namespace
{

using namespace test;

void expect_refused(const std::string &bytes, const std::string &words)
{
    const Parsed parsed(bytes);
    EXPECT_EQ(parsed.status, SSLACT_ERROR_FORMAT) << bytes;
    EXPECT_EQ(parsed.message.rfind("some/file.pkl: byte ", 0), 0u) << parsed.message;
    EXPECT_NE(parsed.message.find(words), std::string::npos) << parsed.message;
}

TEST(HostileText, LinesThatAreNoValuesAreRefused)
{
    expect_refused("L12x\n.", "\"12x\" is not a number");
    expect_refused("LL\n.", "is not a number");
    expect_refused("F1,5\n.", "\"1,5\" is not a number");
    expect_refused("Fnan\n.", "is not a number");
    expect_refused("Sabc\n.", "a string without quotes");
    expect_refused("S'\n.", "a string without quotes");
    expect_refused("S'abc\"\n.", "a string without quotes");
    expect_refused("S'\\q'\n.", "an escape that Python does not write");
    expect_refused("S'\\x4'\n.", "an escape that Python does not write");
    expect_refused("S'\\'\n.", "an escape that Python does not write");
    expect_refused("V\\u12g4\n.", "no character");
    expect_refused("V\\ud800\n.", "no character");
    expect_refused("V\\U00110000\n.", "no character");
    expect_refused("Np-1\n.", "\"-1\" is not a number");
    expect_refused("Np99999999\n.", "memo entry 99999999");
    expect_refused("g7\n.", "memo entry 7 was never put");
    expect_refused("(I1\nd.", "a key without a value");
    expect_refused("d.", "there is no mark");
    expect_refused("2.", "the stack is empty");
    expect_refused("S'abc", "a line without end");
}

TEST(HostileText, FunctionsAreRefusedByName)
{
    expect_refused("cos\nsystem\n(S'true'\ntR.", "it names \"os.system\", which is no part of a "
                                                 "table; nothing was run");
    expect_refused("(S'true'\nios\nsystem\n.", "opcode 0x69 is not in a table");
    expect_refused("(cos\nsystem\nS'true'\no.", "it names \"os.system\"");
}

std::string make_scalar(const std::string &type, const std::string &order, const std::string &bytes)
{
    const auto quote = [](const std::string &what) {
        return "U" + std::string(1, char(what.size())) + what;
    };
    return "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(" + quote(type) +
           "K\x01K\x01tR(K\x03" + quote(order) + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK" +
           std::string(1, '\0') + "tb" + quote(bytes) + "tR.";
}

TEST(HostileScalars, BytesThatDoNotFitTheTypeAreRefused)
{
    EXPECT_EQ(Parsed(make_scalar("u2", "<", std::string("\x01\x02", 2))).root->as.integer, 0x201);
    EXPECT_EQ(Parsed(make_scalar("u2", ">", std::string("\x01\x02", 2))).root->as.integer, 0x102);
    expect_refused(make_scalar("u2", "<", "abc"), "a scalar of 3 bytes, its type has 2");
    expect_refused(make_scalar("U2", "<", "abc"), "a text of 3 bytes, a multiple of 4");
    expect_refused(make_scalar("U1", "<", std::string("\0\0\x11\0", 4)), "no character");
    expect_refused(make_scalar("U1", "<", std::string("\0\xd8\0\0", 4)), "no character");
    EXPECT_EQ(Parsed(make_scalar("u8", "<", std::string(8, '\xff'))).root->kind, PICKLE_OPAQUE);
    EXPECT_EQ(Parsed(make_scalar("O8", "|", "x")).root->kind, PICKLE_OPAQUE);
}

TEST(Arrays, WithOtherBytesThanTheirShapeNeedsAreNotComplete)
{
    const std::string head = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x01tU\x01"
                             "btR(K\x01(K\x02K\x02tcnumpy\ndtype\n(U\x02u1K\x01K\x01tR";
    EXPECT_TRUE(pickle_array_is_complete(Parsed(head + "I00\nU\x04"
                                                       "abcdtb.")
                                             .root->as.array));
    EXPECT_FALSE(pickle_array_is_complete(Parsed(head + "I00\nU\x03"
                                                        "abctb.")
                                              .root->as.array));
    EXPECT_FALSE(pickle_array_is_complete(Parsed(head + "I00\nU\x05"
                                                        "abcdetb.")
                                              .root->as.array));
}

// ---- mutations ----

// A generator that needs no library: the test's own.
uint64_t draw(uint64_t &state)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// Reads every number that an array claims to hold.
double sum_arrays(const pickle_value *value, int depth)
{
    double sum = 0;
    if (value->kind == PICKLE_ARRAY && pickle_array_is_complete(value->as.array) &&
        value->as.array->rank == 2) {
        for (int64_t row = 0; row < value->as.array->shape[0]; row++) {
            for (int64_t column = 0; column < value->as.array->shape[1]; column++) {
                sum += pickle_array_get(value->as.array, row, column);
            }
        }
    }
    if (value->kind == PICKLE_DICT || value->kind == PICKLE_LIST || value->kind == PICKLE_TUPLE) {
        for (size_t i = 0; i < value->as.list.count && depth < 8; i++) {
            sum += sum_arrays(value->as.list.items[i], depth + 1);
        }
    }
    return sum;
}

class Mutations : public testing::TestWithParam<const char *>
{
protected:
    std::string good_ = read_pickle(GetParam());
    int refused_ = 0;
    double sum_ = 0;

    void SetUp() override { ASSERT_FALSE(good_.empty()); }
    void read(const std::string &bytes)
    {
        const Parsed parsed(bytes);
        if (parsed.status == SSLACT_OK) {
            sum_ += sum_arrays(parsed.root, 0);
            return;
        }
        refused_++;
        EXPECT_EQ(parsed.status, SSLACT_ERROR_FORMAT) << parsed.message;
        EXPECT_EQ(parsed.message.find('\n'), std::string::npos) << parsed.message;
    }
};

TEST_P(Mutations, CutAnywhereIsRefused)
{
    for (size_t size = 0; size < good_.size(); size++) {
        read(good_.substr(0, size));
    }
    EXPECT_EQ(refused_, static_cast<int>(good_.size()));
}

TEST_P(Mutations, ChangedBytesAreReadOrRefused)
{
    uint64_t state = 88172645463325252u;
    for (int round = 0; round < 4000; round++) {
        std::string bytes = good_;
        const int changes = 1 + static_cast<int>(draw(state) % 4);
        for (int i = 0; i < changes; i++) {
            bytes[draw(state) % bytes.size()] = static_cast<char>(draw(state));
        }
        read(bytes);
    }
    EXPECT_GT(refused_, 500);
}

INSTANTIATE_TEST_SUITE_P(Files, Mutations,
                         testing::Values("python_2_protocol_0.pkl", "python_2_protocol_1.pkl",
                                         "python_2_protocol_2.pkl", "python_3_protocol_0.pkl",
                                         "python_3_protocol_3.pkl", "python_3_protocol_5.pkl"));

} // namespace
