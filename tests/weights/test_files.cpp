// Checkpoints that torch and numpy wrote (data/make_checkpoints.py), number for number.

#include "weights/files.h"

#include <fstream>

namespace
{

using namespace test;

const std::string folder = SSLACT_TESTS_FOLDER "/weights/data/";

// number() of make_checkpoints.py.
double number(int tensor, int index)
{
    return ((tensor * 7 + index * 5) % 61 - 30) / 4.0;
}

std::vector<double> numbers(int tensor, int count, double factor = 1, double offset = 0)
{
    std::vector<double> out;
    for (int i = 0; i < count; i++) {
        out.push_back(number(tensor, i) * factor + offset);
    }
    return out;
}

// Number `place(i, j)` of a tensor for every element of a matrix.
template <typename Place> std::vector<double> matrix(int tensor, int rows, int columns, Place place)
{
    std::vector<double> out;
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            out.push_back(number(tensor, place(i, j)));
        }
    }
    return out;
}

std::vector<int64_t> get_shape(const named_array &facts)
{
    return {facts.shape, facts.shape + facts.rank};
}

using Shape = std::vector<int64_t>;

void expect_state(Opened &file, const std::string &prefix)
{
    EXPECT_EQ(checkpoint_count(file.file), 18u);
    EXPECT_EQ(file.read(prefix + "float32"), numbers(0, 6));
    EXPECT_EQ(get_shape(file.describe(prefix + "float32")), (Shape{2, 3}));
    EXPECT_EQ(file.read(prefix + "float64"), numbers(1, 6));
    EXPECT_EQ(file.describe(prefix + "float64").dtype, WEIGHTS_F64);
    EXPECT_EQ(file.read(prefix + "float16"), numbers(2, 5));
    EXPECT_EQ(file.describe(prefix + "float16").dtype, WEIGHTS_F16);
    EXPECT_EQ(file.read(prefix + "bfloat16"), numbers(3, 5));
    EXPECT_EQ(file.describe(prefix + "bfloat16").dtype, WEIGHTS_BF16);
    EXPECT_EQ(file.read(prefix + "int64"), numbers(4, 4, 4));
    EXPECT_EQ(file.read(prefix + "int32"), numbers(5, 4, 4));
    EXPECT_EQ(file.read(prefix + "int16"), numbers(6, 4, 4));
    EXPECT_EQ(file.read(prefix + "int8"), numbers(7, 4, 4));
    EXPECT_EQ(file.read(prefix + "uint8"), numbers(8, 4, 4, 60));
    EXPECT_EQ(file.describe(prefix + "bool").dtype, WEIGHTS_BOOL);
    // Whole numbers 9 * 7 + i * 5 (mod 61) - 30: even, odd, even, ...
    EXPECT_EQ(file.read(prefix + "bool"), (std::vector<double>{1, 0, 1, 0, 1, 0, 1, 0}));
    EXPECT_EQ(file.read(prefix + "transposed"),
              matrix(10, 4, 3, [](int i, int j) { return j * 4 + i; }));
    EXPECT_EQ(get_shape(file.describe(prefix + "transposed")), (Shape{4, 3}));
    EXPECT_EQ(file.read(prefix + "sliced"),
              matrix(11, 2, 3, [](int i, int j) { return (i + 1) * 6 + j * 2; }));
    EXPECT_EQ(file.read(prefix + "shared_a"), numbers(12, 6));
    EXPECT_EQ(file.read(prefix + "shared_b"), matrix(12, 1, 8, [](int, int j) { return j + 4; }));
    EXPECT_EQ(file.read(prefix + "scalar"), std::vector<double>{7});
    EXPECT_EQ(file.describe(prefix + "scalar").rank, 0);
    EXPECT_EQ(file.read(prefix + "empty"), std::vector<double>{});
    EXPECT_EQ(get_shape(file.describe(prefix + "empty")), (Shape{0, 3}));
    EXPECT_EQ(file.read(prefix + "parameter"), numbers(13, 3));
    EXPECT_EQ(file.read(prefix + "expanded"), matrix(14, 3, 2, [](int i, int) { return i; }));
}

} // namespace

TEST(TorchFiles, ZipOfATrainingRunGivesTheWeightsAlone)
{
    Opened file(folder + "training_zip.pyth");

    ASSERT_EQ(file.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(checkpoint_get_container(file.file), CHECKPOINT_TORCH_ZIP);
    EXPECT_STREQ(checkpoint_get_dict(file.file), "model_state");
    expect_state(file, "");
}

TEST(TorchFiles, StreamOfATrainingRunGivesTheSame)
{
    Opened file(folder + "training_stream.pth");

    ASSERT_EQ(file.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(checkpoint_get_container(file.file), CHECKPOINT_TORCH_STREAM);
    expect_state(file, "");
}

TEST(TorchFiles, ABareDictIsRead)
{
    Opened file(folder + "bare_wrapped.pt");

    ASSERT_EQ(file.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_STREQ(checkpoint_get_dict(file.file), "");
    expect_state(file, "module.");
}

TEST(TorchFiles, AZipWithoutChecksumsIsRead)
{
    Opened file(folder + "no_checksums.pt");

    ASSERT_EQ(file.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(file.read("float32"), numbers(0, 6));
}

TEST(TorchFiles, AreToldFromTheirBytesWhateverTheirName)
{
    TemporaryFolder temporary;
    put_file(temporary / "a.pkl", get_file(folder + "training_zip.pyth"));
    put_file(temporary / "b.safetensors", get_file(folder + "training_stream.pth"));
    put_file(temporary / "c.pth", get_file(folder + "caffe2_python_2.pkl"));

    EXPECT_EQ(checkpoint_get_container(Opened(temporary / "a.pkl").file), CHECKPOINT_TORCH_ZIP);
    EXPECT_EQ(checkpoint_get_container(Opened(temporary / "b.safetensors").file),
              CHECKPOINT_TORCH_STREAM);
    EXPECT_EQ(checkpoint_get_container(Opened(temporary / "c.pth").file), CHECKPOINT_PICKLE);
}

TEST(NumpyPickles, OfEveryProtocolGiveTheSameNumbers)
{
    for (int protocol : {2, 3, 4, 5}) {
        Opened file(folder + "numpy_protocol_" + std::to_string(protocol) + ".pkl");

        ASSERT_EQ(file.status, SSLACT_OK) << protocol << ": " << sslact_error_get_message();
        EXPECT_EQ(checkpoint_count(file.file), 7u);
        EXPECT_EQ(file.read("float32"), numbers(0, 6));
        EXPECT_EQ(file.read("big_endian"), numbers(1, 6));
        EXPECT_EQ(file.describe("big_endian").dtype, WEIGHTS_F64);
        EXPECT_EQ(file.read("float16"), numbers(2, 5));
        EXPECT_EQ(file.read("fortran"), numbers(10, 12)) << "in C order";
        EXPECT_EQ(get_shape(file.describe("fortran")), (Shape{4, 3}));
        EXPECT_EQ(file.read("int64"), numbers(4, 4, 4));
        EXPECT_EQ(file.read("bool"), (std::vector<double>{1, 0, 1, 0, 1, 0, 1, 0}));
        EXPECT_EQ(file.read("high"), numbers(8, 4, 4, 200)) << "bytes above 127";
    }
}

TEST(NumpyPickles, OfPythonTwoGiveTheirBlobs)
{
    Opened file(folder + "caffe2_python_2.pkl");

    ASSERT_EQ(file.status, SSLACT_OK) << sslact_error_get_message();
    EXPECT_STREQ(checkpoint_get_dict(file.file), "blobs");
    EXPECT_EQ(checkpoint_count(file.file), 14u);
    EXPECT_EQ(file.read("conv1_w"), numbers(0, 24));
    EXPECT_EQ(get_shape(file.describe("conv1_w")), (Shape{2, 3, 1, 2, 2}));
    EXPECT_EQ(file.read("res_conv1_bn_riv"), numbers(5, 2));
    EXPECT_EQ(file.read("model_iter"), std::vector<double>{5});
}

TEST(CheckpointFiles, SayWhatIsWrongWithWhatIsNone)
{
    TemporaryFolder temporary;
    checkpoint *file = nullptr;
    put_file(temporary / "text", "not a checkpoint, only some words");
    put_file(temporary / "empty", "");
    put_file(temporary / "list", whole_pickle("]"));
    put_file(temporary / "other", whole_pickle("}" + pickle_text("epoch") + "K\x03s"));

    EXPECT_EQ(checkpoint_open((temporary / "text").c_str(), &file), SSLACT_ERROR_FORMAT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("not a checkpoint"), std::string::npos);
    EXPECT_EQ(checkpoint_open((temporary / "empty").c_str(), &file), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(checkpoint_open((temporary / "list").c_str(), &file), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(checkpoint_open((temporary / "other").c_str(), &file), SSLACT_ERROR_FORMAT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("keys: epoch"), std::string::npos)
        << sslact_error_get_message();
    EXPECT_EQ(checkpoint_open((temporary / "absent").c_str(), &file), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(checkpoint_open((temporary / "").c_str(), &file), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(file, nullptr);
}
