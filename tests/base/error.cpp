// The stored error, and the public functions over it.
#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <thread>

namespace
{

std::string message()
{
    return sslact_error_get_message();
}

TEST(Error, KeepsTheMessageAndReturnsTheStatus)
{
    EXPECT_EQ(error_set(SSLACT_ERROR_FORMAT, "%s:%d: %d columns", "a.csv", 7, 6),
              SSLACT_ERROR_FORMAT);

    EXPECT_EQ(message(), "a.csv:7: 6 columns");
    EXPECT_EQ(sslact_error_get_status(), SSLACT_ERROR_FORMAT);
}

TEST(Error, PrefixKeepsTheStatusAndPutsContextInFront)
{
    (void)error_set(SSLACT_ERROR_MISMATCH, "two numbers differ");

    EXPECT_EQ(error_prefix("class %d: ", 17), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(message(), "class 17: two numbers differ");
}

TEST(Error, MayQuoteItsOwnStoredMessage)
{
    (void)error_set(SSLACT_ERROR_IO, "inner");
    (void)error_set(SSLACT_ERROR_IO, "outer: %s", sslact_error_get_message());

    EXPECT_EQ(message(), "outer: inner");
}

TEST(Error, StaysOneLineWhateverWasPutIntoIt)
{
    (void)error_set(SSLACT_ERROR_CONFIG, "unknown key \"%s\"", "a\nb\tc\x1b[0m");

    EXPECT_EQ(message(), "unknown key \"a?b?c?[0m\"");
}

TEST(Error, CutsALongMessageBetweenCharactersAndSaysSo)
{
    std::string text = "x";
    for (int k = 0; k < 3000; k++) {
        text += "\xc3\xa4"; // two bytes
    }

    (void)error_set(SSLACT_ERROR_IO, "%s", text.c_str());

    EXPECT_LT(message().size(), 2048u);
    EXPECT_GT(message().size(), 2000u);
    EXPECT_EQ(message().substr(message().size() - 3), "...");
    EXPECT_EQ((message().size() - 4) % 2, 0u) << "a character was cut in half";
}

TEST(Error, BelongsToOneThread)
{
    (void)error_set(SSLACT_ERROR_IO, "mine");
    std::thread other([] {
        EXPECT_EQ(message(), "");
        EXPECT_EQ(sslact_error_get_status(), SSLACT_OK);
        (void)error_set(SSLACT_ERROR_DEVICE, "theirs");
    });
    other.join();

    EXPECT_EQ(message(), "mine");
}

TEST(Error, TurnsErrnoIntoAStatus)
{
    errno = ENOENT;
    EXPECT_EQ(error_set_errno("a/b.csv", "cannot be opened"), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(message(), "a/b.csv: cannot be opened: No such file or directory");
    errno = ENOMEM;
    EXPECT_EQ(error_set_errno("a", nullptr), SSLACT_ERROR_OUT_OF_MEMORY);
    errno = EACCES;
    EXPECT_EQ(error_set_errno("a", nullptr), SSLACT_ERROR_IO);
    EXPECT_EQ(message(), "a: Permission denied");
}

TEST(ErrorApi, CopyTellsTheSizeFirstAndLeavesTheMessageAlone)
{
    char buffer[16] = "untouched";
    size_t needed = 0;
    (void)error_set(SSLACT_ERROR_IO, "0123456789");

    EXPECT_EQ(sslact_error_copy(nullptr, 0, &needed), SSLACT_OK);
    EXPECT_EQ(needed, 11u);
    EXPECT_EQ(sslact_error_copy(buffer, 10, &needed), SSLACT_ERROR_BUFFER_TOO_SMALL);
    EXPECT_STREQ(buffer, "untouched");
    EXPECT_EQ(sslact_error_copy(buffer, 11, &needed), SSLACT_OK);
    EXPECT_STREQ(buffer, "0123456789");
}

TEST(ErrorApi, CopyRefusesNullPointers)
{
    char buffer[8];
    size_t needed = 0;
    EXPECT_EQ(sslact_error_copy(buffer, sizeof(buffer), nullptr), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_error_copy(nullptr, 8, &needed), SSLACT_ERROR_INVALID_ARGUMENT);
}

TEST(ErrorApi, EveryStatusHasItsName)
{
    EXPECT_STREQ(sslact_status_get_name(SSLACT_OK), "SSLACT_OK");
    EXPECT_STREQ(sslact_status_get_name(SSLACT_DONE), "SSLACT_DONE");
    EXPECT_STREQ(sslact_status_get_name(SSLACT_ERROR_IO), "SSLACT_ERROR_IO");
    for (int value = -16; value <= 1; value++) {
        const std::string name = sslact_status_get_name(static_cast<sslact_status>(value));
        EXPECT_NE(name, "SSLACT_UNKNOWN_STATUS") << value;
    }
    EXPECT_STREQ(sslact_status_get_name(static_cast<sslact_status>(-99)), "SSLACT_UNKNOWN_STATUS");
}

TEST(TensorApi, DescribesPackedMemory)
{
    float data[6];
    const int64_t shape[] = {2, 3};
    sslact_tensor view;

    ASSERT_EQ(sslact_tensor_describe(data, SSLACT_FLOAT32, 2, shape, &view), SSLACT_OK);

    EXPECT_EQ(view.data, data);
    EXPECT_EQ(view.dtype, SSLACT_FLOAT32);
    EXPECT_EQ(view.rank, 2);
    EXPECT_EQ(view.device.type, SSLACT_CPU);
    EXPECT_EQ(view.shape[0], 2);
    EXPECT_EQ(view.shape[1], 3);
    EXPECT_EQ(view.shape[2], 0);
    EXPECT_EQ(view.stride[0], 0);
}

TEST(TensorApi, AcceptsAnEmptyTensorWithoutMemoryAndAScalar)
{
    const int64_t empty[] = {0, 60};
    double value = 1.0;
    sslact_tensor view;
    EXPECT_EQ(sslact_tensor_describe(nullptr, SSLACT_INT8, 2, empty, &view), SSLACT_OK);
    EXPECT_EQ(sslact_tensor_describe(&value, SSLACT_FLOAT64, 0, nullptr, &view), SSLACT_OK);
}

TEST(TensorApi, RefusesWhatItCannotDescribeAndLeavesTheOutputAlone)
{
    float data[4];
    const int64_t shape[] = {2, 2};
    const int64_t negative[] = {2, -1};
    const int64_t huge[] = {INT64_MAX, 2};
    sslact_tensor view = {};
    view.rank = 77;
    const sslact_status bad = SSLACT_ERROR_INVALID_ARGUMENT;

    EXPECT_EQ(sslact_tensor_describe(data, SSLACT_FLOAT32, 2, shape, nullptr), bad);
    EXPECT_EQ(sslact_tensor_describe(data, SSLACT_FLOAT32, 2, nullptr, &view), bad);
    EXPECT_EQ(sslact_tensor_describe(nullptr, SSLACT_FLOAT32, 2, shape, &view), bad);
    EXPECT_EQ(sslact_tensor_describe(data, static_cast<sslact_dtype>(9), 2, shape, &view), bad);
    EXPECT_EQ(message(), "dtype is 9, expected 1 to 8");
    EXPECT_EQ(sslact_tensor_describe(data, SSLACT_FLOAT32, 9, shape, &view), bad);
    EXPECT_EQ(sslact_tensor_describe(data, SSLACT_FLOAT32, -1, shape, &view), bad);
    EXPECT_EQ(sslact_tensor_describe(data, SSLACT_FLOAT32, 2, negative, &view), bad);
    EXPECT_EQ(message(), "shape[1]: -1 is negative, expected 0 or more");
    EXPECT_EQ(sslact_tensor_describe(data, SSLACT_FLOAT32, 2, huge, &view), bad);
    EXPECT_EQ(view.rank, 77);
}

} // namespace
