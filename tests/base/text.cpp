// Growing text, strict numbers, arrays.
#include "base/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/array.h"
#include "support/comma_locale.h"

namespace
{

std::string render(double value)
{
    text out = {};
    text_append_double(&out, value);
    std::string result = text_get(&out);
    text_free(&out);
    return result;
}

bool parse_double(const std::string &field, double *out)
{
    return text_parse_double(field.data(), field.size(), out);
}

bool parse_int(const std::string &field, int64_t *out)
{
    return text_parse_int64(field.data(), field.size(), out);
}

TEST(Text, GrowsAndIsAlwaysTerminated)
{
    text out = {};
    EXPECT_STREQ(text_get(&out), "");
    std::string expected;
    for (int k = 0; k < 1000; k++) {
        text_append_format(&out, "%d,", k);
        expected += std::to_string(k) + ",";
    }
    text_append_bytes(&out, "a\0b", 3);

    EXPECT_EQ(text_status(&out), SSLACT_OK);
    EXPECT_EQ(out.length, expected.size() + 3);
    EXPECT_EQ(std::string(out.data, out.length), expected + std::string("a\0b", 3));
    EXPECT_EQ(out.data[out.length], '\0');
    text_clear(&out);
    EXPECT_STREQ(text_get(&out), "");
    text_free(&out);
}

TEST(Text, ReportsAnAllocationFailureOnceAtTheEnd)
{
    text out = {};
    text_append(&out, "a");
    text_append_bytes(&out, "b", SIZE_MAX / 2);
    text_append(&out, "c");

    EXPECT_EQ(text_status(&out), SSLACT_ERROR_OUT_OF_MEMORY);
    EXPECT_STREQ(text_get(&out), "a");
    text_free(&out);
}

TEST(Text, WritesShortDecimalsThatReadBackToTheSameBits)
{
    EXPECT_EQ(render(0.1), "0.1");
    EXPECT_EQ(render(0.0064), "0.0064");
    EXPECT_EQ(render(35000), "35000");
    EXPECT_EQ(render(1.0 / 3.0), "0.3333333333333333");
    EXPECT_EQ(render(NAN), "nan");
    EXPECT_EQ(render(INFINITY), "inf");
    EXPECT_EQ(render(-INFINITY), "-inf");
    uint64_t state = 1;
    for (int k = 0; k < 20000; k++) { // doubles of every size from random bits
        state = state * 6364136223846793005u + 1442695040888963407u;
        double value = 0.0, back = 0.0;
        std::memcpy(&value, &state, sizeof(value));
        if (std::isfinite(value)) {
            ASSERT_TRUE(parse_double(render(value), &back)) << render(value);
            ASSERT_EQ(std::memcmp(&value, &back, sizeof(value)), 0) << render(value);
        }
    }
}

TEST(Numbers, IntegersAreTakenWholeOrNotAtAll)
{
    int64_t value = 42;
    EXPECT_TRUE(parse_int("9223372036854775807", &value));
    EXPECT_EQ(value, INT64_MAX);
    EXPECT_TRUE(parse_int("-9223372036854775808", &value));
    EXPECT_EQ(value, INT64_MIN);
    EXPECT_TRUE(parse_int("0902", &value));
    EXPECT_EQ(value, 902);
    EXPECT_TRUE(parse_int("+5", &value));
    EXPECT_EQ(value, 5);
    value = 42;
    for (const char *bad :
         {"", "-", "+", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "1a", "٣", "9223372036854775808",
          "-9223372036854775809", "99999999999999999999999999"}) {
        EXPECT_FALSE(parse_int(bad, &value)) << bad;
    }
    EXPECT_FALSE(parse_int(std::string("1\0", 2), &value));
    EXPECT_EQ(value, 42);
}

TEST(Numbers, ShortDecimalsAreRoundedAsTheCLibraryRounds)
{
    uint64_t state = 7;
    for (int k = 0; k < 200000; k++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const int digits = 1 + static_cast<int>((state >> 33) % 17);
        const int point = static_cast<int>((state >> 41) % (digits + 1));
        std::string field = (state >> 50) % 4 == 0 ? "-" : "";
        uint64_t rest = state * 2862933555777941757u;
        for (int i = 0; i < digits; i++, rest = rest * 6364136223846793005u + 1) {
            field += i == point ? "." : "";
            field += static_cast<char>('0' + (rest >> 40) % 10);
        }
        double value = 42.0;
        ASSERT_TRUE(parse_double(field, &value)) << field;
        const double expected = std::strtod(field.c_str(), nullptr);
        ASSERT_EQ(std::memcmp(&value, &expected, sizeof value), 0) << field;
    }
}

TEST(Numbers, DoublesAreTakenWholeOrNotAtAll)
{
    double value = 42.0;
    EXPECT_TRUE(parse_double("1e-3", &value));
    EXPECT_EQ(value, 0.001);
    EXPECT_TRUE(parse_double("-.5", &value));
    EXPECT_EQ(value, -0.5);
    EXPECT_TRUE(parse_double("5.", &value));
    EXPECT_EQ(value, 5.0);
    EXPECT_TRUE(parse_double("4.9406564584124654e-324", &value));
    EXPECT_EQ(value, std::numeric_limits<double>::denorm_min());
    value = 42.0;
    for (const char *bad :
         {"", ".", "-", "e5", "1e", "1e+", "1,5", "0x1p3", "nan", "inf", "infinity", " 1", "1 ",
          "1.2.3", "1e400", "-1e400", "1e-400", "1_000"}) {
        EXPECT_FALSE(parse_double(bad, &value)) << bad;
    }
    EXPECT_FALSE(parse_double(std::string("1\0", 2), &value));
    EXPECT_FALSE(parse_double(std::string(100000, '1'), &value));
    EXPECT_EQ(value, 42.0);
}

TEST(Numbers, ADecimalCommaInTheLocaleChangesNothing)
{
    const test::CommaLocale comma;
    if (!comma.is_on()) {
        GTEST_SKIP() << "no locale with a decimal comma, and localedef cannot make one";
    }
    double value = 0.0;
    text out = {};

    EXPECT_TRUE(parse_double("0.25", &value));
    EXPECT_EQ(value, 0.25);
    EXPECT_FALSE(parse_double("0,25", &value));
    EXPECT_EQ(render(0.25), "0.25");
    text_append_format(&out, "%.2f", 0.25);
    EXPECT_STREQ(text_get(&out), "0.25");
    (void)error_set(SSLACT_ERROR_CONFIG, "%g", 0.25);
    EXPECT_STREQ(sslact_error_get_message(), "0.25");
    EXPECT_STREQ(std::localeconv()->decimal_point, ",") << "the program's own locale was lost";
    text_free(&out);
}

TEST(Numbers, TruthHasFourSpellings)
{
    bool value = false;
    EXPECT_TRUE(text_parse_bool("true", 4, &value) && value);
    EXPECT_TRUE(text_parse_bool("0", 1, &value) && !value);
    EXPECT_TRUE(text_parse_bool("1", 1, &value) && value);
    EXPECT_TRUE(text_parse_bool("false", 5, &value) && !value);
    for (const char *bad : {"", "True", "yes", "on", "truee", "tru", "2"}) {
        EXPECT_FALSE(text_parse_bool(bad, std::strlen(bad), &value)) << bad;
    }
}

TEST(Text, IsHandedOutWholeOrNotAtAll)
{
    char buffer[8] = "1234567";
    size_t needed = 0;

    EXPECT_EQ(text_hand_out("abcde", 5, nullptr, 0, &needed), SSLACT_OK);
    EXPECT_EQ(needed, 6u);
    EXPECT_EQ(text_hand_out("abcde", 5, buffer, 5, &needed), SSLACT_ERROR_BUFFER_TOO_SMALL);
    EXPECT_STREQ(buffer, "1234567");
    EXPECT_STREQ(sslact_error_get_message(), "buffer holds 5 bytes, 6 are needed");
    EXPECT_EQ(text_hand_out("abcde", 5, buffer, 6, &needed), SSLACT_OK);
    EXPECT_STREQ(buffer, "abcde");
    EXPECT_EQ(text_hand_out("a", 1, buffer, 8, nullptr), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(text_hand_out("a", 1, nullptr, 8, &needed), SSLACT_ERROR_INVALID_ARGUMENT);
}

// The textbook recursion, slow and without a table.
size_t slow_distance(const std::string &a, const std::string &b)
{
    if (a.empty() || b.empty()) {
        return a.size() + b.size();
    }
    const std::string a_rest = a.substr(1), b_rest = b.substr(1);
    if (a[0] == b[0]) {
        return slow_distance(a_rest, b_rest);
    }
    return 1 + std::min({slow_distance(a_rest, b), slow_distance(a, b_rest),
                         slow_distance(a_rest, b_rest)});
}

TEST(Text, EditDistanceEqualsTheTextbookRecursion)
{
    const std::vector<std::string> words = {"", "a", "peak", "peek", "keap", "lr", "rl", "peak_l"};
    for (const std::string &a : words) {
        for (const std::string &b : words) {
            EXPECT_EQ(text_distance(a.c_str(), b.c_str()), slow_distance(a, b)) << a << " " << b;
        }
    }
    EXPECT_EQ(text_distance("kitten", "sitting"), 3u);
    EXPECT_LE(text_distance(std::string(1 << 20, 'a').c_str(), "b"), 256u);
}

TEST(Array, RefusesSizesThatDoNotFit)
{
    size_t product = 7;
    EXPECT_FALSE(array_multiply(SIZE_MAX, 2, &product));
    EXPECT_EQ(array_create(SIZE_MAX / 2, 16), nullptr);
    EXPECT_EQ(sslact_error_get_status(), SSLACT_ERROR_OUT_OF_MEMORY);
    void *data = nullptr;
    size_t capacity = 0;
    EXPECT_EQ(array_reserve(&data, &capacity, SIZE_MAX / 4, 16), SSLACT_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(data, nullptr);
    EXPECT_EQ(capacity, 0u);
}

TEST(Array, IsZeroedAndNeverNullOnSuccess)
{
    unsigned char *bytes = static_cast<unsigned char *>(array_create(1000, 1));
    void *none = array_create(0, 8);
    ASSERT_NE(bytes, nullptr);
    EXPECT_NE(none, nullptr);
    for (int k = 0; k < 1000; k++) {
        ASSERT_EQ(bytes[k], 0);
    }
    free(bytes);
    free(none);
}

TEST(Array, ForgetsWholePagesAndNothingBesides)
{
    const size_t bytes = 1 << 20, first = 100, last = bytes - 100;
    unsigned char *data = static_cast<unsigned char *>(array_create(bytes, 1));
    ASSERT_NE(data, nullptr);
    std::memset(data, 7, bytes);

    array_forget(data, first, last);
    array_forget(data, 50, 60); // no whole page

    EXPECT_TRUE(std::all_of(data, data + first, [](unsigned char c) { return c == 7; }));
    EXPECT_TRUE(std::all_of(data + last, data + bytes, [](unsigned char c) { return c == 7; }));
    EXPECT_EQ(data[bytes / 2], 0); // given back
    std::memset(data, 9, bytes);   // and still ours
    EXPECT_EQ(data[bytes / 2], 9);
    free(data);
}

TEST(Array, GrowsAndKeepsItsContent)
{
    void *data = nullptr;
    size_t capacity = 0;
    for (size_t count = 1; count <= 10000; count++) {
        ASSERT_EQ(array_reserve(&data, &capacity, count, sizeof(size_t)), SSLACT_OK);
        ASSERT_GE(capacity, count);
        static_cast<size_t *>(data)[count - 1] = count;
    }
    for (size_t k = 0; k < 10000; k++) {
        ASSERT_EQ(static_cast<size_t *>(data)[k], k + 1);
    }
    EXPECT_LE(capacity, 20000u);
    free(data);
}

} // namespace
