// Checkpoints out: what torch itself finds in our files, and files rewritten with other names.

#include "weights/convert.h"
#include "weights/files.h"
#include "weights/torch_write.h"

#include <array>
#include <cstdio>
#include <sstream>

namespace
{

using namespace test;

// The output of a command, "" where it fails.
std::string run(const std::string &command)
{
    FILE *pipe = popen((command + " 2>/dev/null").c_str(), "r");
    std::string out;
    std::array<char, 4096> buffer;
    for (size_t got = 0; pipe && (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        out.append(buffer.data(), got);
    }
    return pipe != nullptr && pclose(pipe) == 0 ? out : "";
}

// Nothing where python3 cannot import torch.
std::vector<std::string> load_with_torch(const std::string &words)
{
    std::istringstream out(run("PYTHONPATH='" SSLACT_TORCH_PYTHONPATH
                               "' python3 '" SSLACT_TESTS_FOLDER "/weights/load_with_torch.py' " +
                               words));
    std::vector<std::string> lines;
    for (std::string line; std::getline(out, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::string to_digits(const void *data, size_t size)
{
    std::string out;
    for (size_t i = 0; i < size; i++) {
        char digits[3];
        std::snprintf(digits, sizeof(digits), "%02x", static_cast<const uint8_t *>(data)[i]);
        out += digits;
    }
    return out;
}

std::vector<std::string> list_names(const Opened &file)
{
    std::vector<std::string> names;
    for (size_t i = 0; i < checkpoint_count(file.file); i++) {
        named_array facts;
        checkpoint_describe(file.file, i, &facts);
        names.push_back(facts.name);
    }
    return names;
}

// A stem, a lateral norm without counter and a head, under our names.
class Convert : public testing::Test
{
protected:
    void SetUp() override
    {
        named_array arrays[5] = {};
        arrays[0] = {
            "s1.pathway0_stem.conv.weight", WEIGHTS_F32, 5, {2, 1, 1, 1, 3}, 0, 0, floats_};
        arrays[1] = {"s1_fuse.bn.running_var", WEIGHTS_F32, 1, {2}, 0, 0, floats_ + 6};
        arrays[2] = {
            "s4.pathway1_res0.branch1_bn.num_batches_tracked", WEIGHTS_I64, 0, {}, 0, 0, &counter_};
        arrays[3] = {"head.projection.weight", WEIGHTS_F32, 2, {2, 3}, 0, 0, floats_ + 2};
        arrays[4] = {"optimizer.momentum", WEIGHTS_F32, 1, {3}, 0, 0, floats_};
        const metadata_pair pair = {"format", "sslact"};
        ASSERT_EQ(weights_write(in_.c_str(), arrays, 5, &pair, 1), SSLACT_OK);
    }

    TemporaryFolder folder_;
    std::string in_ = folder_ / "in.safetensors";
    const float floats_[8] = {1.5f, -2, 0, 3, 1e-40f, -0.0f, 7, 1e30f};
    const int64_t counter_ = -5;
};

} // namespace

TEST_F(Convert, GivesAcarsNamesThatItsOwnReaderKnows)
{
    const std::string out = folder_ / "out.pth";
    size_t written = 0;
    size_t left_out = 0;

    ASSERT_EQ(weights_convert(in_.c_str(), out.c_str(), WEIGHTS_LAYOUT_ACAR, &written, &left_out),
              SSLACT_OK)
        << sslact_error_get_message();

    Opened file(out);
    ASSERT_EQ(file.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(written, 5u); // and a counter
    EXPECT_EQ(left_out, 1u);
    EXPECT_EQ(list_names(file),
              (std::vector<std::string>{"module.backbone.module.slow_conv1.weight",
                                        "module.backbone.module.Tconv1.1.running_var",
                                        "module.backbone.module.Tconv1.1.num_batches_tracked",
                                        "module.backbone.module.fast_res3.0.downsample_bn."
                                        "num_batches_tracked",
                                        "module.head.module.fc.weight"}));
    EXPECT_EQ(file.read_bytes("module.backbone.module.slow_conv1.weight"),
              std::vector<char>(reinterpret_cast<const char *>(floats_),
                                reinterpret_cast<const char *>(floats_ + 6)));
    EXPECT_EQ(file.read("module.backbone.module.Tconv1.1.num_batches_tracked"),
              std::vector<double>{0});
}

TEST_F(Convert, GivesPySlowFastABiasOfZero)
{
    const std::string out = folder_ / "out.pyth";

    ASSERT_EQ(
        weights_convert(in_.c_str(), out.c_str(), WEIGHTS_LAYOUT_PYSLOWFAST, nullptr, nullptr),
        SSLACT_OK);

    Opened file(out);
    EXPECT_STREQ(checkpoint_get_dict(file.file), "model_state");
    EXPECT_EQ(checkpoint_count(file.file), 6u);
    EXPECT_EQ(file.read("head.projection.bias"), (std::vector<double>{0, 0}));
    EXPECT_EQ(file.read("head.projection.weight"),
              (std::vector<double>{0, 3, 1e-40f, 0, 7, 1e30f}));
}

TEST_F(Convert, ThereAndBackGivesTheSameBits)
{
    const std::string acar = folder_ / "acar.pth";
    const std::string back = folder_ / "back.safetensors";
    ASSERT_EQ(weights_convert(in_.c_str(), acar.c_str(), WEIGHTS_LAYOUT_ACAR, nullptr, nullptr),
              SSLACT_OK);
    ASSERT_EQ(weights_convert(acar.c_str(), back.c_str(), WEIGHTS_LAYOUT_SSLACT, nullptr, nullptr),
              SSLACT_OK);

    Opened first(in_);
    Opened second(back);
    EXPECT_EQ(checkpoint_get_container(second.file), CHECKPOINT_SAFETENSORS);
    for (const char *name :
         {"s1.pathway0_stem.conv.weight", "s1_fuse.bn.running_var",
          "s4.pathway1_res0.branch1_bn.num_batches_tracked", "head.projection.weight"}) {
        EXPECT_EQ(first.read_bytes(name), second.read_bytes(name)) << name;
    }
}

TEST_F(Convert, RefusesWhatItCannotWriteAndLeavesNothingBehind)
{
    const std::string other = folder_ / "other.pth";
    const std::string head = folder_ / "head.safetensors";
    named_array array = {"layer1.weight", WEIGHTS_F32, 1, {3}, 0, 0, floats_};
    ASSERT_EQ(torch_write(other.c_str(), nullptr, &array, 1), SSLACT_OK);
    array.name = "head.fc1.weight";
    ASSERT_EQ(weights_write(head.c_str(), &array, 1, nullptr, 0), SSLACT_OK);
    const auto convert = [&](const std::string &in, const std::string &out, weights_layout names) {
        return weights_convert(in.c_str(), (folder_ / out).c_str(), names, nullptr, nullptr);
    };

    EXPECT_EQ(convert(in_, "out.pkl", WEIGHTS_LAYOUT_SSLACT), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(convert(other, "out.pth", WEIGHTS_LAYOUT_SSLACT), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(convert(head, "out.pth", WEIGHTS_LAYOUT_PYSLOWFAST), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(convert(folder_ / "none", "out.pth", WEIGHTS_LAYOUT_SSLACT), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(convert(in_, "no/folder/out.pth", WEIGHTS_LAYOUT_SSLACT), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(folder_.list().size(), 3u);
}

TEST(TorchWrite, RefusesTypesThatTorchHasNoStorageFor)
{
    TemporaryFolder folder;
    const uint16_t number = 1;
    const named_array array = {"a", WEIGHTS_U16, 0, {}, 0, 0, &number};

    EXPECT_EQ(torch_write((folder / "out").c_str(), nullptr, &array, 1),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_TRUE(folder.list().empty());
}

TEST(TorchWrite, GivesFilesThatTorchLoadsBitForBit)
{
    TemporaryFolder folder;
    std::vector<float> many(1000);
    for (size_t i = 0; i < many.size(); i++) {
        many[i] = static_cast<float>(i) * 0.37f - 11;
    }
    const uint8_t bytes[24] = {0, 60, 1, 128, 255, 127, 3, 64, 9, 10, 11, 12,
                               5, 6,  7, 8,   1,   2,   3, 4,  5, 6,  7,  8};
    const uint8_t truth[3] = {1, 0, 1};
    const std::vector<named_array> arrays = {
        {"f32", WEIGHTS_F32, 3, {10, 1, 100}, 0, 0, many.data()},
        {"f64", WEIGHTS_F64, 2, {3, 1}, 0, 0, bytes},
        {"f16", WEIGHTS_F16, 1, {12}, 0, 0, bytes},
        {"bf16", WEIGHTS_BF16, 1, {12}, 0, 0, bytes},
        {"i64", WEIGHTS_I64, 0, {}, 0, 0, bytes},
        {"i32", WEIGHTS_I32, 2, {2, 3}, 0, 0, bytes},
        {"i16", WEIGHTS_I16, 1, {5}, 0, 0, bytes},
        {"i8", WEIGHTS_I8, 1, {7}, 0, 0, bytes},
        {"u8", WEIGHTS_U8, 1, {7}, 0, 0, bytes},
        {"bool", WEIGHTS_BOOL, 1, {3}, 0, 0, truth},
        {"empty", WEIGHTS_F32, 2, {0, 3}, 0, 0, nullptr}};
    const char *const types[] = {"float32", "float64", "float16", "bfloat16", "int64",  "int32",
                                 "int16",   "int8",    "uint8",   "bool",     "float32"};
    const char *const shapes[] = {"10,1,100", "3,1", "12", "12", "",   "2,3",
                                  "5",        "7",   "7",  "3",  "0,3"};
    const size_t sizes[] = {4000, 24, 24, 24, 8, 24, 10, 7, 7, 3, 0};

    const std::string bare = folder / "bare.pth";
    const std::string inside = folder / "inside.pyth";

    ASSERT_EQ(torch_write(bare.c_str(), nullptr, arrays.data(), arrays.size()), SSLACT_OK);
    ASSERT_EQ(torch_write(inside.c_str(), "model_state", arrays.data(), arrays.size()), SSLACT_OK);
    const std::vector<std::string> lines =
        load_with_torch("'" + bare + "' '' '" + inside + "' model_state");

    if (lines.empty() &&
        run("PYTHONPATH='" SSLACT_TORCH_PYTHONPATH "' python3 -c 'import torch; print(1)'")
            .empty()) {
        GTEST_SKIP() << "python3 cannot import torch from " SSLACT_TORCH_PYTHONPATH;
    }
    ASSERT_EQ(lines.size(), 2 * (arrays.size() + 2));
    for (size_t i = 0; i < lines.size(); i++) {
        const size_t line = i % (arrays.size() + 2);
        if (line < 2) {
            EXPECT_EQ(lines[i], line == 0 ? "sound True stored True aligned True" : "OrderedDict");
            continue;
        }
        const named_array &array = arrays[line - 2];
        EXPECT_EQ(lines[i], std::string(array.name) + " " + types[line - 2] + " [" +
                                shapes[line - 2] + "] " + to_digits(array.data, sizes[line - 2]));
    }
}
