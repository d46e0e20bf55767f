// The one-cycle rate against the tables of method.md section 5.1, to every digit printed there.
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "base/error.hpp"

namespace
{

using sslact::Anneal;
using sslact::one_cycle_momentum;
using sslact::one_cycle_rate;
using sslact::ScheduleOptions;

struct Row {
    int64_t k;
    double rate;
    double digit; // half a unit in the last printed place; exact values have none
};

ScheduleOptions make_options(int64_t iterations, double peak)
{
    ScheduleOptions out;
    out.iterations = iterations;
    out.peak_lr = peak;
    return out;
}

void expect_rows(const ScheduleOptions &options, std::initializer_list<Row> rows)
{
    for (const Row &row : rows) {
        EXPECT_NEAR(one_cycle_rate(options, row.k), row.rate, row.digit + 1e-14 * row.rate)
            << "iteration " << row.k;
    }
}

} // namespace

TEST(OneCycle, FollowsTheTableOfTheAvaRun)
{
    expect_rows(make_options(35000, 0.0064), {{0, 2.56e-4, 0},
                                              {2500, 1.076213521e-3, 5e-13},
                                              {5000, 3.098865658e-3, 5e-13},
                                              {10499, 6.4e-3, 0},
                                              {15000, 5.881660137e-3, 5e-13},
                                              {20000, 4.304791464e-3, 5e-13},
                                              {30000, 6.352540672e-4, 5e-14},
                                              {34999, 2.56e-8, 0}});
}

TEST(OneCycle, FollowsTheTableOfTheUcfRun)
{
    expect_rows(make_options(5400, 0.0008), {{0, 3.2e-5, 0},
                                             {810, 4.163725668e-4, 5e-14},
                                             {1619, 8e-4, 0},
                                             {3000, 5.642127033e-4, 5e-14},
                                             {5399, 3.2e-9, 0}});
}

TEST(OneCycle, AnnealsOnStraightLinesWhenAsked)
{
    ScheduleOptions options = make_options(1000, 1.0); // up = 299
    options.anneal = Anneal::linear;

    EXPECT_DOUBLE_EQ(one_cycle_rate(options, 0), 0.04);
    EXPECT_DOUBLE_EQ(one_cycle_rate(options, 299), 1.0);
    EXPECT_NEAR(one_cycle_rate(options, 100), 0.04 + 0.96 * 100 / 299, 1e-15);
    EXPECT_NEAR(one_cycle_rate(options, 649), 1.0 + (4e-6 - 1.0) * 350 / 700, 1e-15);
    EXPECT_NEAR(one_cycle_rate(options, 999), 4e-6, 1e-16);
}

TEST(OneCycle, RisesToThePeakAndFallsFromThere)
{
    for (const int64_t iterations : {4, 5, 10, 40, 333}) {
        const ScheduleOptions options = make_options(iterations, 0.1);
        const double up = 0.3 * static_cast<double>(iterations) - 1.0;
        for (int64_t k = 1; k < iterations; k++) {
            const double before = one_cycle_rate(options, k - 1);
            const double after = one_cycle_rate(options, k);
            EXPECT_GT(after, 0.0);
            EXPECT_LE(after, 0.1);
            if (static_cast<double>(k) <= up) {
                EXPECT_GT(after, before) << k << " of " << iterations;
            } else if (static_cast<double>(k - 1) >= up) {
                EXPECT_LT(after, before) << k << " of " << iterations;
            }
        }
    }
}

TEST(OneCycle, OfOneIterationIsTheEndRate)
{
    // up is negative, so even the first iteration lies on the way down: at its very end.
    EXPECT_NEAR(one_cycle_rate(make_options(1, 0.25), 0), 0.25 / 25 / 10000, 1e-18);
}

TEST(OneCycle, KeepsTheMomentumUnlessAskedToCycleIt)
{
    ScheduleOptions options = make_options(1000, 1.0);
    options.momentum = 0.7;
    for (const int64_t k : {0, 299, 999}) {
        EXPECT_EQ(one_cycle_momentum(options, k), 0.7);
    }

    options.cycle_momentum = true;

    EXPECT_DOUBLE_EQ(one_cycle_momentum(options, 0), 0.95);
    EXPECT_DOUBLE_EQ(one_cycle_momentum(options, 299), 0.85);
    EXPECT_DOUBLE_EQ(one_cycle_momentum(options, 649), 0.90); // half way down the cosine
    EXPECT_DOUBLE_EQ(one_cycle_momentum(options, 999), 0.95);
}

TEST(OneCycle, RefusesAnIterationOutsideTheSchedule)
{
    const ScheduleOptions options = make_options(10, 1.0);
    for (const int64_t k : {-1, 10}) {
        try {
            one_cycle_rate(options, k);
            FAIL() << "nothing was thrown";
        } catch (const sslact::Error &error) {
            EXPECT_EQ(error.status(), SSLACT_ERROR_INVALID_ARGUMENT);
            EXPECT_EQ(error.what(),
                      "iteration " + std::to_string(k) + " is outside a schedule of 10 iterations");
        }
    }
}
