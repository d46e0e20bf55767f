// Checkpoints made to hurt: each is refused with one line that says what and where.

#include "weights/files.h"

#include <zip.h>

namespace
{

using namespace test;

class Hostile : public testing::Test
{
protected:
    // Refused, with these words in the message.
    void expect_refused(const std::string &bytes, const std::string &words)
    {
        put_file(path_, bytes);
        checkpoint *file = nullptr;

        EXPECT_EQ(checkpoint_open(path_.c_str(), &file), SSLACT_ERROR_FORMAT) << words;
        EXPECT_EQ(file, nullptr);
        const std::string message = sslact_error_get_message();
        EXPECT_NE(message.find(words), std::string::npos) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        EXPECT_EQ(message.rfind(path_ + ": ", 0), 0u) << message;
        checkpoint_close(file);
    }
    void expect_pickle_refused(const std::string &value, const std::string &words)
    {
        expect_refused(whole_pickle(value), words);
    }
    // A stream whose state dict has one tensor over a storage of four floats.
    void expect_tensor_refused(const std::string &tensor, const std::string &words)
    {
        expect_refused(make_stream("}" + pickle_text("x") + tensor + "s", {1, 2, 3, 4}), words);
    }
    sslact_status read(const std::string &bytes)
    {
        put_file(path_, bytes);
        return read_everything(path_);
    }

    TemporaryFolder folder_;
    std::string path_ = folder_ / "hostile";
};

std::string repeat(const std::string &piece, size_t count)
{
    std::string out;
    for (size_t i = 0; i < count; i++) {
        out += piece;
    }
    return out;
}

struct Member {
    std::string name;
    std::string bytes;
    bool packed = false;
};

void write_zip(const std::string &path, const std::vector<Member> &members)
{
    int code = 0;
    zip_t *archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    ASSERT_NE(archive, nullptr);
    for (const Member &member : members) {
        zip_source_t *source =
            zip_source_buffer(archive, member.bytes.data(), member.bytes.size(), 0);
        const zip_int64_t index = zip_file_add(archive, member.name.c_str(), source, 0);
        ASSERT_GE(index, 0);
        zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                                 member.packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    }
    ASSERT_EQ(zip_close(archive), 0);
}

std::string make_zip(const std::vector<Member> &members)
{
    TemporaryFolder folder;
    write_zip(folder / "zip", members);
    return get_file(folder / "zip");
}

std::string good_state()
{
    return whole_pickle("}" + pickle_text("x") + pickle_tensor(0, {4}, {1}, 4) + "s");
}

void replace_all(std::string &bytes, const std::string &from, const std::string &to)
{
    for (size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1)) {
        bytes.replace(at, from.size(), to);
    }
}

} // namespace

TEST_F(Hostile, TheHelpersThemselvesMakeFilesThatAreRead)
{
    put_file(path_, make_stream("}" + pickle_text("x") + pickle_tensor(1, {2}, {2}, 4) + "s",
                                {1, 2, 3, 4}));
    EXPECT_EQ(Opened(path_).read("x"), (std::vector<double>{2, 4}));
    put_file(path_, make_zip({{"a/data.pkl", good_state()}, {"a/data/0", std::string(16, '\0')}}));
    EXPECT_EQ(Opened(path_).read("x"), (std::vector<double>{0, 0, 0, 0}));
}

// ---- pickles ----

TEST_F(Hostile, FunctionsOfTheSystemAreNamedWithTheirPlace)
{
    expect_pickle_refused("cos\nsystem\n(" + pickle_text("true") + "tR",
                          "byte 2 of the pickle: it names \"os.system\"");
    expect_pickle_refused("cposix\nsystem\n", "posix.system");
    expect_pickle_refused("csubprocess\nPopen\n)\x81", "subprocess.Popen");
    expect_pickle_refused("cbuiltins\neval\n(" + pickle_text("1") + "tR", "builtins.eval");
    expect_pickle_refused("c__builtin__\n__import__\n", "__builtin__.__import__");
    expect_pickle_refused("cos.path\nexists\n", "os.path.exists");
    // The same through the other opcode for globals, and inside of a good file.
    expect_refused("\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system");
    expect_refused(make_stream("}" + pickle_text("x") + pickle_tensor(0, {4}, {1}, 4) + "s" +
                                   pickle_text("y") + "cos\nsystem\n(" + pickle_text("true") +
                                   "tRs",
                               {1, 2, 3, 4}),
                   "os.system");
}

TEST_F(Hostile, FunctionsNobodyKnowsAreNotCalled)
{
    expect_pickle_refused("csome.package\nfunction\n)R", "nothing was run");
    expect_pickle_refused("ctorch.hub\nload\n(" + pickle_text("x") + "tR", "nothing was run");
    expect_pickle_refused("ctorch._tensor\n_rebuild_from_type_v2\n)R", "nothing was run");
}

TEST_F(Hostile, ObjectsOfUnknownClassesAreCarriedWithoutBeingMade)
{
    const std::string object = pickle_text("hub") + "cmmengine.logging\nHistoryBuffer\n)\x81}" +
                               pickle_text("length") + "K\x05sbs";
    put_file(path_, make_stream("}" + object + pickle_text("state_dict") + "}" + pickle_text("x") +
                                    pickle_tensor(0, {4}, {1}, 4) + "ss",
                                {1, 2, 3, 4}));

    EXPECT_EQ(Opened(path_).read("x"), (std::vector<double>{1, 2, 3, 4}));
}

TEST_F(Hostile, ValuesOfTheWrongTypeAreRefused)
{
    expect_pickle_refused("]" + pickle_text("a") + "K\x01s", "no dict");
    expect_pickle_refused("]" + ("(" + pickle_text("a")) + "K\x01u", "no dict");
    expect_pickle_refused("}K\x01"
                          "a",
                          "no list");
    expect_pickle_refused(pickle_text("a") + "}b", "a state for a value that has none");
    expect_pickle_refused("K\x01)R", "no global");
    expect_pickle_refused("ccollections\nOrderedDict\n]R", "without a tuple");
    expect_pickle_refused("K\x01Q", "no storage");
    expect_pickle_refused("(" + pickle_text("storage") + "ccollections\nOrderedDict\n" +
                              pickle_text("0") + pickle_text("cpu") + "K\x04tQ",
                          "unknown type");
    expect_pickle_refused("}(" + pickle_text("a") + "u", "a key without a value");
    expect_pickle_refused("ccollections\nOrderedDict\n(K\x01tR", "list of pairs");
    expect_pickle_refused("c_codecs\nencode\n(" + pickle_text("a") + pickle_text("rot13") + "tR",
                          "latin1");
}

TEST_F(Hostile, TheStackTheMemoAndTheDepthAreBounded)
{
    expect_pickle_refused("0", "the stack is empty");
    expect_pickle_refused("", "0 values on the stack");
    expect_pickle_refused("NN", "2 values on the stack");
    expect_pickle_refused("t", "there is no mark");
    expect_pickle_refused("(N", "ends with");
    expect_pickle_refused("Nr\xff\xff\xff\xff", "memo entry 4294967295");
    expect_pickle_refused("j\xff\xff\xff\xff", "memo entry 4294967295 was never put");
    expect_pickle_refused("h\x05", "memo entry 5 was never put");
    expect_pickle_refused(repeat("(", 1000001), "more than 1000000 marks");
    expect_pickle_refused("N" + repeat("\x94", 1000001), "memo entry 1000000");
    expect_pickle_refused(repeat("N", 1000001), "more than 1000000 values");
    expect_pickle_refused(repeat("]", 100) + repeat("a", 99), "nested deeper than 64");
    expect_pickle_refused("N" + repeat("\x85", 100), "nested deeper than 64");
    expect_pickle_refused("]q" + std::string(1, '\0') +
                              repeat("h" + std::string(1, '\0') + "a", 99),
                          "nested deeper than 64");
}

// Each tuple holds the one before twice: 2^64 leaves, 65 values.
TEST_F(Hostile, ABombOfReferencesStaysSmall)
{
    std::string bomb = "N";
    for (int i = 0; i < 60; i++) {
        bomb += "q" + std::string(1, static_cast<char>(i)) + "h" +
                std::string(1, static_cast<char>(i)) + "\x86";
    }
    expect_pickle_refused(bomb, "holds no dict of arrays");
}

TEST_F(Hostile, MemoryIsBoundedWhateverIsAsked)
{
    // Lists that are made and dropped: stack and memo stay small.
    std::string pickle = "N";
    for (int i = 0; i < 5000000; i++) {
        pickle += "]0";
    }
    expect_pickle_refused(pickle, "bytes of memory");
}

TEST_F(Hostile, LengthsBeyondTheEndAreRefused)
{
    expect_pickle_refused("X\xff\xff\xff\xff"
                          "abc",
                          "4294967295 bytes are announced");
    expect_pickle_refused("\x8d" + little_endian(UINT64_MAX, 8) + "abc", "are announced");
    expect_pickle_refused("\x8e" + little_endian(uint64_t(1) << 62, 8), "are announced");
    expect_pickle_refused("\x8b\xff\xff\xff\x7f", "are announced");
    expect_pickle_refused("cos", "a line without end");
    expect_refused("\x80\x02}", "1 bytes are announced, 0 are left");
    expect_refused("\x80\x06}.", "not a checkpoint");
    expect_pickle_refused("\x80\x07}", "protocol 7");
    expect_refused(whole_pickle("}" + pickle_text("a") + "K\x01s") + "PK", "behind the pickle");
}

TEST_F(Hostile, OpcodesThatNoCheckpointHasAreNamed)
{
    expect_pickle_refused("ios\nsystem\n", "opcode 0x69 is not in a checkpoint");
    expect_pickle_refused("(cos2\nsystem\no", "opcode 0x6f");
    expect_pickle_refused("\x82\x01", "opcode 0x82");
    expect_pickle_refused("P1\n", "opcode 0x50");
    expect_pickle_refused("\x97", "opcode 0x97");
}

// ---- tensors ----

TEST_F(Hostile, TensorsThatReachBeyondTheirStorageAreRefused)
{
    expect_tensor_refused(pickle_tensor(0, {5}, {1}, 4), "reach beyond its storage");
    expect_tensor_refused(pickle_tensor(1, {4}, {1}, 4), "reach beyond its storage");
    expect_tensor_refused(pickle_tensor(0, {2, 2}, {3, 1}, 4), "reach beyond its storage");
    expect_tensor_refused(pickle_tensor(INT64_MAX, {1}, {1}, 4), "reach beyond its storage");
    expect_tensor_refused(pickle_tensor(0, {2}, {INT64_MAX}, 4), "reach beyond its storage");
    expect_tensor_refused(pickle_tensor(0, {4}, {1}, 5), "declared longer than it is");
    expect_tensor_refused(pickle_tensor(0, {4}, {1}, INT64_MAX), "declared longer than it is");
    expect_tensor_refused(pickle_tensor(0, {4}, {1}, 4, "1"), "storage 0 is of no tensor");
    expect_tensor_refused(pickle_tensor(0, {2}, {1}, 4, "0", "DoubleStorage"),
                          "reaches beyond the file's end");
}

TEST_F(Hostile, TensorsWithImpossibleNumbersAreRefused)
{
    expect_tensor_refused(pickle_tensor(-1, {4}, {1}, 4), "a tensor that is not");
    expect_tensor_refused(pickle_tensor(0, {-4}, {1}, 4), "no integer from 0 on");
    expect_tensor_refused(pickle_tensor(3, {4}, {-1}, 4), "no integer from 0 on");
    expect_tensor_refused(pickle_tensor(0, {4}, {1}, -4), "no storage");
    expect_tensor_refused(pickle_tensor(0, {2, 2}, {1}, 4), "2 lengths and 1 strides");
    expect_tensor_refused(pickle_tensor(0, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1}, 4), "at most 8");
    expect_tensor_refused(pickle_tensor(0, {INT64_MAX, INT64_MAX}, {0, 0}, 4),
                          "more elements than the file has bytes for");
}

// One number repeated: a small file must not become a large array.
TEST_F(Hostile, ARepeatedNumberIsNoWayToFillMemory)
{
    expect_tensor_refused(pickle_tensor(0, {1000000000}, {0}, 4),
                          "more elements than the file has bytes for");
    std::string state = "}";
    for (int i = 0; i < 1000; i++) {
        state += pickle_text("x" + std::to_string(i)) + pickle_tensor(0, {200}, {0}, 4) + "s";
    }
    EXPECT_EQ(read(make_stream(state, {1, 2, 3, 4})), SSLACT_OK) << sslact_error_get_message();
    replace_all(state, pickle_number(200), pickle_number(2000));
    expect_refused(make_stream(state, {1, 2, 3, 4}), "more than 8 times as large as the file");
}

TEST_F(Hostile, AStreamWhoseStoragesLieIsRefused)
{
    const std::string good =
        make_stream(good_state().substr(2, good_state().size() - 3), {1, 2, 3, 4});
    ASSERT_EQ(read(good), SSLACT_OK) << sslact_error_get_message();

    std::string long_count = good;
    long_count.replace(long_count.size() - 24, 8, little_endian(5, 8));
    expect_refused(long_count, "reaches beyond the file's end");
    std::string huge_count = good;
    huge_count.replace(huge_count.size() - 24, 8, little_endian(UINT64_MAX / 2, 8));
    expect_refused(huge_count, "reaches beyond the file's end");
    std::string other_protocol = good;
    replace_all(other_protocol, "M\xe9\x03.", "M\xe8\x03.");
    expect_refused(other_protocol, "protocol");
    std::string big_endian = good;
    replace_all(big_endian, "\x88s.", "\x89s.");
    expect_refused(big_endian, "not little-endian");
}

TEST_F(Hostile, NamesThatAreNoneAreRefused)
{
    const std::string tensor = pickle_tensor(0, {4}, {1}, 4);
    expect_refused(make_stream("}" + pickle_text("x\ny") + tensor + "s", {1, 2, 3, 4}),
                   "printable");
    expect_refused(make_stream("}" + pickle_text("") + tensor + "s", {1, 2, 3, 4}), "printable");
    expect_refused(
        make_stream("}" + pickle_text(std::string(1025, 'a')) + tensor + "s", {1, 2, 3, 4}),
        "printable");
    expect_refused(
        make_stream("}" + pickle_text("x") + tensor + "s" + pickle_text("x") + tensor + "s",
                    {1, 2, 3, 4}),
        "\"x\" is there twice");
}

// ---- numpy ----

TEST_F(Hostile, ArraysWhoseBytesAreNotTheirShapeAreRefused)
{
    const std::string start = "}" + pickle_text("x") +
                              "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK" +
                              std::string(1, '\0') +
                              "\x85U\x01"
                              "b\x87R(K\x01";
    const std::string type = "cnumpy\ndtype\nU\x02"
                             "f4K" +
                             std::string(1, '\0') + "K\x01\x87R(K\x03U\x01<NNNtb";
    const auto with = [&](const std::string &shape, const std::string &bytes) {
        return start + shape + type + "\x89" + bytes + "tbs";
    };
    const std::string eight = "U\x08"
                              "abcdefgh";

    EXPECT_EQ(read(whole_pickle(with("K\x02\x85", eight))), SSLACT_OK)
        << sslact_error_get_message();
    expect_pickle_refused(with("K\x03\x85", eight), "not what dtype and shape need");
    expect_pickle_refused(with("K\x01\x85", eight), "not what dtype and shape need");
    expect_pickle_refused(with(pickle_tuple({-2}), eight), "no integer from 0 on");
    expect_pickle_refused(with(pickle_tuple({INT64_MAX, 4}), eight), "does not fit");
    expect_pickle_refused(with("K\x02\x85", "K\x05"), "without its bytes");
}

// ---- zips ----

TEST_F(Hostile, ZipsThatTorchDoesNotWriteAreRefused)
{
    const Member state{"a/data.pkl", good_state()};
    const Member numbers{"a/data/0", std::string(16, '\0')};

    expect_refused(make_zip({{"a/other", "x"}}), "without FOLDER/data.pkl");
    expect_refused(make_zip({state, {"b/data.pkl", "x"}, numbers}), "a second pickle");
    expect_refused(make_zip({state}), "the pickle names it and it is not there");
    expect_refused(make_zip({state, {"a/data/0", std::string(12, '\0')}}),
                   "declared longer than it is");
    expect_refused(make_zip({{"a/data.pkl", std::string(100000, 'N'), true}}), "it is packed");
    expect_refused(make_zip({state, numbers, {"a/constants.pkl", "x"}}), "TorchScript");
    expect_refused(make_zip({state, numbers, {"a/byteorder", "big"}}), "not little-endian");
    expect_refused(make_zip({state, numbers, {"../x", "x"}}), "leaves its folder");
    expect_refused(make_zip({state, numbers, {"/etc/x", "x"}}), "leaves its folder");
    expect_refused(make_zip({state, numbers, {"a/../../x", "x"}}), "leaves its folder");
}

TEST_F(Hostile, AZipWithANameTwiceIsRefused)
{
    std::string zip = make_zip({{"a/data.pkl", good_state()},
                                {"a/data/0", std::string(16, '\0')},
                                {"a/data/1", std::string(16, 'x')}});
    replace_all(zip, "a/data/1", "a/data/0");

    expect_refused(zip, "the name is there twice");
}

TEST_F(Hostile, AZipWhoseSizesLieIsRefused)
{
    const std::string good =
        make_zip({{"a/data.pkl", good_state()}, {"a/data/0", std::string(16, '\0')}});
    const size_t directory = good.find("PK\x01\x02", good.find("PK\x01\x02") + 1);
    std::string large = good;
    large.replace(directory + 20, 8, little_endian(0x7fffffff7fffffff, 8));
    std::string beyond = good;
    beyond.replace(directory + 42, 4, little_endian(good.size(), 4));

    ASSERT_EQ(read(good), SSLACT_OK);
    expect_refused(large, "larger than the file");
    EXPECT_EQ(read(beyond), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(read(good.substr(0, good.size() - 1)), SSLACT_ERROR_FORMAT);
}

TEST_F(Hostile, AZipWithAFlippedNumberIsRefusedByItsChecksum)
{
    std::string zip = make_zip({{"a/data.pkl", good_state()}, {"a/data/0", "0123456789abcdef"}});
    zip[zip.find("456789")] ^= 1;

    EXPECT_EQ(read(zip), SSLACT_ERROR_FORMAT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("checksum"), std::string::npos);
}
