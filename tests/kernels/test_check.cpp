// The value checks: what each rule accepts, which element is named, and how.
#include "kernels/check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kernels/method_problem.h"

namespace
{

template <typename T>
kernel_check make_check(const std::vector<T> &values, kernel_rule rule, size_t columns = 0,
                        int64_t classes = 0)
{
    const size_t rows = columns > 0 ? values.size() / columns : values.size();
    return {"x", values.data(), test::type_of<T>, rule, rows, columns, classes};
}

// The line that refuses the values; "" where they pass.
std::string line_of(const kernel_check &check)
{
    return kernel_check_values(&check, 1) == SSLACT_OK ? "" : sslact_error_get_message();
}

template <typename T> class CheckNumbers : public testing::Test
{
};
using NumberTypes = testing::Types<float, double, test::Float16, test::Bfloat16>;
TYPED_TEST_SUITE(CheckNumbers, NumberTypes);

} // namespace

TYPED_TEST(CheckNumbers, NameTheFirstOneThatIsNotFinite)
{
    for (const size_t place : {0, 1, 255, 256, 257, 999}) {
        for (const double value : std::vector<double>{INFINITY, -INFINITY, NAN}) {
            std::vector<TypeParam> values(1000, TypeParam(-3.0));
            values[place] = TypeParam(value);
            values[999] = TypeParam(NAN);
            const std::string seen = std::isnan(value) || place == 999 ? "nan"
                                     : value > 0                       ? "inf"
                                                                       : "-inf";
            EXPECT_EQ(line_of(make_check(values, KERNEL_RULE_FINITE)),
                      "x[" + std::to_string(place) + "]: " + seen + ", expected a finite number");
        }
    }
}

TYPED_TEST(CheckNumbers, AcceptTheWholeInterval)
{
    EXPECT_EQ(line_of(make_check<TypeParam>({0.0, 1.0, 0.5}, KERNEL_RULE_SHARE)), "");
    EXPECT_EQ(line_of(make_check<TypeParam>({-0.0, 6e4, 0.5}, KERNEL_RULE_NOT_NEGATIVE)), "");
    EXPECT_EQ(line_of(make_check<TypeParam>({-6e4, 6e4}, KERNEL_RULE_FINITE)), "");
    EXPECT_EQ(line_of(make_check<TypeParam>({}, KERNEL_RULE_FINITE)), "");
}

TYPED_TEST(CheckNumbers, RefuseWhatLiesOutside)
{
    EXPECT_EQ(line_of(make_check<TypeParam>({0.0, 1.0, 1.25}, KERNEL_RULE_SHARE)),
              "x[2]: 1.25, expected a number in [0, 1]");
    EXPECT_EQ(line_of(make_check<TypeParam>({0.0, -0.5, 1.25}, KERNEL_RULE_SHARE)),
              "x[1]: -0.5, expected a number in [0, 1]");
    EXPECT_EQ(line_of(make_check<TypeParam>({NAN}, KERNEL_RULE_SHARE)),
              "x[0]: nan, expected a number in [0, 1]");
    EXPECT_EQ(line_of(make_check<TypeParam>({-0.25}, KERNEL_RULE_NOT_NEGATIVE)),
              "x[0]: -0.25, expected a finite number, 0 or more");
    EXPECT_EQ(line_of(make_check<TypeParam>({INFINITY}, KERNEL_RULE_NOT_NEGATIVE)),
              "x[0]: inf, expected a finite number, 0 or more");
}

TEST(Check, NamesRowAndColumnOfAMatrix)
{
    std::vector<float> values(12, 0.0f);
    values[7] = NAN;
    EXPECT_EQ(line_of(make_check(values, KERNEL_RULE_FINITE, 5)),
              "x[1][2]: nan, expected a finite number");
}

TEST(Check, KnowsTheWholeNumbersOfEachRule)
{
    const std::vector<int8_t> labels = {-1, 0, 1}, odd_labels = {0, 2}, odd_negative = {-1, -2};
    const std::vector<uint8_t> marks = {0, 1}, odd_marks = {1, 255};
    const std::vector<int64_t> counts = {0, INT64_MAX}, odd_counts = {3, -4};
    const std::vector<int32_t> classes = {-1, 0, 2}, high = {2, 3}, low = {-2};

    EXPECT_EQ(line_of(make_check(labels, KERNEL_RULE_LABEL)), "");
    EXPECT_EQ(line_of(make_check(odd_labels, KERNEL_RULE_LABEL)), "x[1]: 2, expected -1, 0 or 1");
    EXPECT_EQ(line_of(make_check(odd_negative, KERNEL_RULE_LABEL)),
              "x[1]: -2, expected -1, 0 or 1");
    EXPECT_EQ(line_of(make_check(marks, KERNEL_RULE_BINARY)), "");
    EXPECT_EQ(line_of(make_check(odd_marks, KERNEL_RULE_BINARY)), "x[1]: 255, expected 0 or 1");
    EXPECT_EQ(line_of(make_check(counts, KERNEL_RULE_COUNT)), "");
    EXPECT_EQ(line_of(make_check(odd_counts, KERNEL_RULE_COUNT)), "x[1]: -4, expected 0 or more");
    EXPECT_EQ(line_of(make_check(classes, KERNEL_RULE_CLASS, 0, 3)), "");
    EXPECT_EQ(line_of(make_check(high, KERNEL_RULE_CLASS, 0, 3)), "x[1]: 3, expected -1 to 2");
    EXPECT_EQ(line_of(make_check(low, KERNEL_RULE_CLASS, 0, 3)), "x[0]: -2, expected -1 to 2");
}

TEST(Check, LooksThroughTheArraysInTheirOrder)
{
    const std::vector<double> good = {0.5}, bad = {7.0};
    kernel_check checks[] = {make_check(good, KERNEL_RULE_SHARE),
                             make_check(bad, KERNEL_RULE_SHARE),
                             make_check(bad, KERNEL_RULE_SHARE)};
    checks[1].name = "first";
    checks[2].name = "second";
    EXPECT_EQ(kernel_check_values(checks, 3), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_STREQ(sslact_error_get_message(), "first[0]: 7, expected a number in [0, 1]");
}
