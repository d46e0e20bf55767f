// Class balance from counts alone: the numbers of the labels that they were counted on.
#include "stats/balance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace
{

using Balance = std::unique_ptr<balance, decltype(&balance_free)>;

balance_options paper_options()
{
    return {.beta = 0.9,
            .gamma = 0.05,
            .tau_positive = 0.9,
            .mapping = MAPPING_CONCAVE,
            .exact_cooccurrence = false};
}

Balance fit(const std::vector<int64_t> &count, const std::vector<int64_t> &pairs, int64_t instances,
            const balance_options &options)
{
    balance *out = nullptr;
    EXPECT_EQ(balance_fit_counts(count.data(), pairs.data(), instances,
                                 static_cast<int32_t>(count.size()), &options, &out),
              SSLACT_OK)
        << sslact_error_get_message();
    return {out, &balance_free};
}

} // namespace

// The worked example of method section 3.1: {0} x 6, {0,1} x 2, {0,2} x 1, {1} x 1.
TEST(BalanceFromCounts, GivesTheNumbersOfTheWorkedExample)
{
    // The diagonal is not read.
    const Balance b = fit({9, 3, 1}, {77, 2, 1, 2, -5, 0, 1, 0, 3}, 10, paper_options());

    EXPECT_EQ(b->instance_count, 10);
    EXPECT_NEAR(b->mean_count, 13.0 / 3, 1e-15);
    const double p[] = {0.517990, 1, 1}, s[] = {6.107942, 3, 1};
    const double g[] = {1.409525, 0.692308, 0.230769}, w[] = {0.982984, 1.018556, 1.076071};
    for (size_t j = 0; j < 3; j++) {
        EXPECT_NEAR(b->probability[j], p[j], 5e-7);
        EXPECT_NEAR(b->sampled[j], s[j], 5e-7);
        EXPECT_NEAR(b->gap[j], g[j], 5e-7);
        EXPECT_NEAR(b->weight[j], w[j], 5e-7);
    }
    EXPECT_NEAR(b->threshold[2], 0.9 * std::pow(1.0 / 9, 0.1), 1e-15);
    EXPECT_EQ(b->pair_count[0], 0);
    EXPECT_EQ(b->pair_count[1], 2);
    EXPECT_TRUE(std::isnan(b->expected_kept_share)); // counts do not tell
}

TEST(BalanceFromCounts, IsTheFitOfTheLabelsBitForBit)
{
    const std::vector<uint8_t> labels = {1,      0, 0, 0, /**/ 1, 1, 0, 0,
                                         /**/ 1, 1, 1, 0, /**/ 0, 1, 1, 0};
    const std::vector<int64_t> times = {50, 20, 3, 6};
    const balance_options options = paper_options();
    balance *fitted = nullptr;
    ASSERT_EQ(balance_fit(labels.data(), times.data(), 4, 4, &options, &fitted), SSLACT_OK);
    const Balance expected(fitted, &balance_free);

    const Balance b =
        fit({73, 29, 9, 0}, {0, 23, 3, 0, 23, 0, 9, 0, 3, 9, 0, 0, 0, 0, 0, 0}, 79, options);

    for (size_t j = 0; j < 4; j++) {
        EXPECT_EQ(b->count[j], expected->count[j]);
        EXPECT_EQ(b->imbalance[j], expected->imbalance[j]);
        EXPECT_EQ(b->probability[j], expected->probability[j]);
        EXPECT_EQ(b->weight[j], expected->weight[j]);
        EXPECT_EQ(b->threshold[j], expected->threshold[j]);
    }
}

TEST(BalanceFromCounts, RefusesWhatCannotBeCounts)
{
    struct Case {
        std::vector<int64_t> count, pairs;
        bool exact;
        const char *message;
    };
    const Case cases[] = {
        {{3, -1}, {0, 0, 0, 0}, false, "count[1]: -1, expected 0 to 9, the instances"},
        {{10, 1}, {0, 0, 0, 0}, false, "count[0]: 10, expected 0 to 9, the instances"},
        {{5, 2},
         {0, 1, 3, 0},
         false,
         "pair_count[1][0]: 3, expected 0 to 2, the count of the rarer class"},
        {{5, 2},
         {0, -1, 0, 0},
         false,
         "pair_count[0][1]: -1, expected 0 to 2, the count of the rarer class"},
        {{5, 2},
         {0, 1, 1, 0},
         true,
         "exact_cooccurrence: true, counts alone give the pairwise form only"},
    };
    for (const Case &c : cases) {
        balance_options options = paper_options();
        options.exact_cooccurrence = c.exact;
        balance *out = nullptr;
        EXPECT_EQ(balance_fit_counts(c.count.data(), c.pairs.data(), 9, 2, &options, &out),
                  SSLACT_ERROR_INVALID_ARGUMENT);
        EXPECT_STREQ(sslact_error_get_message(), c.message);
        EXPECT_EQ(out, nullptr);
    }
    const balance_options options = paper_options();
    balance *out = nullptr;
    EXPECT_EQ(balance_fit_counts(nullptr, nullptr, 0, 0, &options, &out),
              SSLACT_ERROR_INVALID_ARGUMENT);
}
