// The float32 functions of the vector loops against long double, over their whole range.
#include "kernels/lanes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/method_problem.h"

namespace
{

using test::real;

// Below 1e-37 the results leave the normal numbers and become 0.
void expect_close(float actual, real expected, double tolerance, float x)
{
    ASSERT_NEAR(actual, static_cast<double>(expected),
                tolerance * static_cast<double>(expected) + 2e-38)
        << x;
}

} // namespace

TEST(Lanes, ExponentialIsGoodToSevenDigits)
{
    for (double y = 0; y < 110; y += 0.00037) {
        const auto x = static_cast<float>(y);
        expect_close(lane_exp_minus(x), expl(-static_cast<real>(x)), 2e-7, x);
    }
}

TEST(Lanes, LogarithmIsGoodToSixDigitsDownToTheSmallestNumbers)
{
    for (double y = 1e-37; y <= 1; y *= 1.0007) {
        const auto x = static_cast<float>(y);
        expect_close(lane_log1p(x), log1pl(x), 4e-7, x);
    }
    EXPECT_EQ(lane_log1p(0.0f), 0.0f);
    EXPECT_NEAR(lane_log1p(1.0f), std::log(2.0), 1e-7);
}

TEST(Lanes, BothSidesOfTheCrossEntropyAreGoodToSixDigits)
{
    for (double y = -100; y <= 100; y += 0.0013) {
        const auto x = static_cast<float>(y);
        const lane_logit z = lane_expand(x);
        const lane_pair pair = lane_sigmoid(x);
        expect_close(z.sigmoid, test::slow_sigmoid(x), 1e-6, x);
        expect_close(z.complement, test::slow_sigmoid(-static_cast<real>(x)), 1e-6, x);
        expect_close(z.softplus, test::slow_softplus(x), 1e-6, x);
        expect_close(z.softplus_of_minus, test::slow_softplus(-static_cast<real>(x)), 1e-6, x);
        ASSERT_EQ(pair.sigmoid, z.sigmoid);
        ASSERT_EQ(pair.complement, z.complement);
    }
}

TEST(Lanes, DoNotOverflowAndKeepNan)
{
    const float infinite = std::numeric_limits<float>::infinity();
    for (const float x : {1e4f, 3e38f, infinite}) {
        EXPECT_EQ(lane_sigmoid(x).sigmoid, 1.0f);
        EXPECT_EQ(lane_sigmoid(x).complement, 0.0f);
        EXPECT_EQ(lane_sigmoid(-x).sigmoid, 0.0f);
        EXPECT_EQ(lane_expand(x).softplus, x);
        EXPECT_EQ(lane_expand(-x).softplus, 0.0f);
    }
    const lane_logit z = lane_expand(NAN);
    EXPECT_TRUE(std::isnan(z.sigmoid) && std::isnan(z.complement));
    EXPECT_TRUE(std::isnan(z.softplus) && std::isnan(z.softplus_of_minus));
}
