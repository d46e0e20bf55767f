// Class balance: the numbers printed in method.md, properties that must hold for any labels, and
// what is refused.
#include "stats/balance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"

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

struct Instances {
    int32_t class_count = 0;
    std::vector<uint8_t> labels;
    std::vector<int64_t> counts;

    void add(const std::vector<int> &members, int64_t count)
    {
        const size_t first = labels.size();
        labels.resize(first + static_cast<size_t>(class_count));
        for (const int j : members) {
            labels[first + static_cast<size_t>(j)] = 1;
        }
        counts.push_back(count);
    }
};

Instances make_instances(int32_t class_count)
{
    Instances out;
    out.class_count = class_count;
    return out;
}

Balance fit(const Instances &instances, const balance_options &options)
{
    balance *out = nullptr;
    EXPECT_EQ(balance_fit(instances.labels.data(), instances.counts.data(), instances.counts.size(),
                          instances.class_count, &options, &out),
              SSLACT_OK)
        << sslact_error_get_message();
    return {out, &balance_free};
}

// The worked example of method.md section 3.1.
Instances worked_example()
{
    Instances out = make_instances(3);
    out.add({0}, 6);
    out.add({0, 1}, 2);
    out.add({0, 2}, 1);
    out.add({1}, 1);
    return out;
}

// Single instances with frequent and rare classes together.
Instances random_instances(uint64_t seed, int32_t class_count, int n)
{
    Instances out = make_instances(class_count);
    for (int i = 0; i < n; i++) {
        std::vector<int> members;
        random_stream stream = random_open(seed, RANDOM_CHANCE, 0, static_cast<uint64_t>(i));
        for (int j = 0; j < class_count; j++) {
            if (random_uniform(&stream) < 0.9 / (1.0 + 2.0 * j)) {
                members.push_back(j);
            }
        }
        out.add(members, 1);
    }
    return out;
}

void expect_array(const double *actual, const std::vector<double> &expected, double tolerance)
{
    for (size_t j = 0; j < expected.size(); j++) {
        EXPECT_NEAR(actual[j], expected[j], tolerance) << "class " << j;
    }
}

// The message of a refused call.
std::string refuse(const Instances &instances, const balance_options &options)
{
    balance *out = nullptr;
    EXPECT_EQ(balance_fit(instances.labels.data(), instances.counts.data(), instances.counts.size(),
                          instances.class_count, &options, &out),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(out, nullptr);
    return sslact_error_get_message();
}

} // namespace

TEST(Balance, GivesTheNumbersOfTheWorkedExample)
{
    const Balance b = fit(worked_example(), paper_options());

    EXPECT_EQ(std::vector<int64_t>(b->count, b->count + 3), (std::vector<int64_t>{9, 3, 1}));
    EXPECT_EQ(b->instance_count, 10);
    EXPECT_DOUBLE_EQ(b->mean_count, 13.0 / 3.0);
    // Printed with six decimals.
    expect_array(b->probability, {0.517990, 1, 1}, 5e-7);
    expect_array(b->sampled, {6.107942, 3, 1}, 5e-7);
    expect_array(b->gap, {1.409525, 0.692308, 0.230769}, 5e-7);
    expect_array(b->weight, {0.982984, 1.018556, 1.076071}, 5e-7);
}

TEST(Balance, CountsPairsAndAssignmentsOfTheWorkedExample)
{
    const Balance b = fit(worked_example(), paper_options());

    EXPECT_EQ(std::vector<int64_t>(b->pair_count, b->pair_count + 9),
              (std::vector<int64_t>{0, 2, 1, 2, 0, 0, 1, 0, 0}));
    EXPECT_EQ(std::vector<int64_t>(b->assigned, b->assigned + 9),
              (std::vector<int64_t>{6, 2, 1, 0, 3, 0, 0, 0, 1}));
    // 6 instances keep their place with p_0, the other 4 always.
    EXPECT_NEAR(b->expected_kept_share, (6 * std::pow(13.0 / 27.0, 0.9) + 4) / 10, 1e-12);
}

TEST(Balance, MapsImbalanceToTheThresholdsOfTheTable)
{
    const double etas[] = {1, 0.1, 0.01, 0.001, 0.0001};
    // The table of method.md section 2.1, to its printed digits.
    const double concave[] = {0.9, 0.71490, 0.56786, 0.45107, 0.35830};
    const double linear[] = {0.9, 0.09, 0.009, 0.0009, 0.00009};
    const double convex[] = {0.9, 0.047368, 0.0045226, 0.00045023, 0.000045002};
    const double convex_digit[] = {1e-12, 5e-7, 5e-8, 5e-9, 5e-10};
    for (int i = 0; i < 5; i++) {
        EXPECT_NEAR(0.9 * balance_map(MAPPING_CONCAVE, etas[i]), concave[i], 5e-6);
        EXPECT_NEAR(0.9 * balance_map(MAPPING_LINEAR, etas[i]), linear[i], 1e-15);
        EXPECT_NEAR(0.9 * balance_map(MAPPING_CONVEX, etas[i]), convex[i], convex_digit[i]);
    }
}

TEST(Balance, StartsEveryClassAtItsMappedThreshold)
{
    balance_options options = paper_options();
    options.mapping = MAPPING_CONVEX;
    options.tau_positive = 0.8;

    const Balance b = fit(worked_example(), options);

    // eta = 1, 1/3, 1/9; eta / (2 - eta) = 1, 1/5, 1/17
    expect_array(b->threshold, {0.8, 0.16, 0.8 / 17}, 1e-15);
}

TEST(Balance, LeavesAClassWithoutInstancesUncorrected)
{
    Instances instances = make_instances(3);
    instances.add({0}, 5);
    instances.add({2}, 1);

    for (const bool exact : {false, true}) {
        balance_options options = paper_options();
        options.exact_cooccurrence = exact;
        const Balance b = fit(instances, options);

        EXPECT_EQ(b->imbalance[1], 0.0);
        EXPECT_EQ(b->probability[1], 1.0);
        EXPECT_EQ(b->sampled[1], 0.0);
        EXPECT_EQ(b->gap[1], 0.0);
        EXPECT_EQ(b->weight[1], 1.0);
        EXPECT_EQ(b->threshold[1], 0.9);
    }
}

TEST(Balance, PairwiseCountsAnInstanceOncePerRarerClassAndExactOnce)
{
    // One {0,1,2} and seven {0}: n = (8, 1, 1), nbar = 10/3, beta = 1: p_0 = 5/12.
    Instances instances = make_instances(3);
    instances.add({0}, 7);
    instances.add({0, 1, 2}, 1);
    balance_options options = paper_options();
    options.beta = 1.0;

    const Balance pairwise = fit(instances, options);
    options.exact_cooccurrence = true;
    const Balance exact = fit(instances, options);

    EXPECT_NEAR(pairwise->sampled[0], 8 * 5.0 / 12 + 2 * 7.0 / 12, 1e-12);
    EXPECT_NEAR(exact->sampled[0], 7 * 5.0 / 12 + 1, 1e-12);
}

TEST(Balance, ExactWithFullCorrectionBringsEverySeenClassToTheMean)
{
    balance_options options = paper_options();
    options.beta = 1.0;
    options.gamma = 1.0;
    options.exact_cooccurrence = true;
    for (uint64_t seed = 0; seed < 5; seed++) {
        const Balance b = fit(random_instances(seed, 9, 400), options);
        for (int j = 0; j < 9; j++) {
            if (b->count[j] > 0) {
                EXPECT_NEAR(b->sampled[j] * b->weight[j] / b->mean_count, 1.0, 1e-12);
            }
        }
    }
}

TEST(Balance, ExactCountIsTheSumOfTheKeepingChancesOfItsInstances)
{
    balance_options options = paper_options();
    options.exact_cooccurrence = true;
    const Instances instances = random_instances(7, 8, 300);
    const Balance b = fit(instances, options);

    std::vector<double> expected(8, 0.0);
    double kept = 0.0;
    for (size_t i = 0; i < instances.counts.size(); i++) {
        const uint8_t *row = &instances.labels[i * 8];
        int k = -1;
        for (int j = 7; j >= 0; j--) { // downwards with <=: the lowest index wins a tie
            if (row[j] != 0 && (k < 0 || b->count[j] <= b->count[k])) {
                k = j;
            }
        }
        const double p = k < 0 ? 1.0 : b->probability[k];
        kept += p;
        for (int j = 0; j < 8; j++) {
            expected[static_cast<size_t>(j)] += row[j] != 0 ? p : 0.0;
        }
    }
    expect_array(b->sampled, expected, 1e-10);
    EXPECT_NEAR(b->expected_kept_share, kept / 300, 1e-12);
}

TEST(Balance, StaysInsideItsBounds)
{
    for (const bool exact : {false, true}) {
        balance_options options = paper_options();
        options.exact_cooccurrence = exact;
        const Balance b = fit(random_instances(3, 10, 500), options);
        for (int j = 0; j < 10; j++) {
            if (b->count[j] == 0) {
                continue;
            }
            const double n = static_cast<double>(b->count[j]);
            EXPECT_GE(b->sampled[j], n * b->probability[j] * (1 - 1e-12));
            EXPECT_GT(b->weight[j], 0.0);
            if (exact) {
                EXPECT_LE(b->sampled[j], n * (1 + 1e-12));
            }
            if (n <= b->mean_count) {
                EXPECT_EQ(b->probability[j], 1.0);
                EXPECT_DOUBLE_EQ(b->sampled[j], n);
                EXPECT_GE(b->weight[j], 1.0);
            }
        }
    }
}

TEST(Balance, OfSingleLabelDataHasNoPairs)
{
    Instances instances = make_instances(2);
    instances.add({0}, 9);
    instances.add({1}, 1);

    const Balance b = fit(instances, paper_options());

    EXPECT_DOUBLE_EQ(b->sampled[0], 9 * b->probability[0]);
    EXPECT_DOUBLE_EQ(b->sampled[1], 1.0);
}

TEST(Balance, WithoutBetaAndGammaChangesNothing)
{
    balance_options options = paper_options();
    options.beta = 0.0;
    options.gamma = 0.0;

    const Balance b = fit(worked_example(), options);

    expect_array(b->probability, {1, 1, 1}, 0.0);
    expect_array(b->weight, {1, 1, 1}, 0.0);
    EXPECT_EQ(b->expected_kept_share, 1.0);
}

TEST(Balance, FollowsAPermutationOfTheClasses)
{
    const Instances instances = random_instances(11, 6, 200);
    const int order[] = {4, 2, 0, 5, 1, 3};
    Instances permuted = instances;
    for (size_t i = 0; i < instances.counts.size(); i++) {
        for (size_t j = 0; j < 6; j++) {
            permuted.labels[i * 6 + j] = instances.labels[i * 6 + static_cast<size_t>(order[j])];
        }
    }

    const Balance a = fit(instances, paper_options());
    const Balance b = fit(permuted, paper_options());

    for (int j = 0; j < 6; j++) {
        EXPECT_EQ(b->count[j], a->count[order[j]]);
        EXPECT_NEAR(b->weight[j], a->weight[order[j]], 1e-14);
        EXPECT_EQ(b->threshold[j], a->threshold[order[j]]);
        for (int k = 0; k < 6; k++) {
            EXPECT_EQ(b->pair_count[j * 6 + k], a->pair_count[order[j] * 6 + order[k]]);
        }
    }
}

TEST(Balance, TakesRowsWithoutCountsAsSingleInstances)
{
    const Instances instances = random_instances(5, 4, 50);
    const balance_options options = paper_options();
    balance *out = nullptr;

    ASSERT_EQ(balance_fit(instances.labels.data(), nullptr, 50, 4, &options, &out), SSLACT_OK);

    const Balance plain(out, &balance_free);
    const Balance counted = fit(instances, options);
    EXPECT_EQ(plain->instance_count, 50);
    for (int j = 0; j < 4; j++) {
        EXPECT_EQ(plain->weight[j], counted->weight[j]);
    }
}

TEST(Balance, OfNoInstanceIsNeutral)
{
    const Balance b = fit(make_instances(2), paper_options());

    EXPECT_EQ(b->mean_count, 0.0);
    expect_array(b->probability, {1, 1}, 0.0);
    expect_array(b->weight, {1, 1}, 0.0);
    expect_array(b->threshold, {0.9, 0.9}, 0.0);
    EXPECT_EQ(b->expected_kept_share, 1.0);
}

TEST(Balance, RefusesLabelsAndCountsThatAreNone)
{
    Instances bad_label = worked_example();
    bad_label.labels[4] = 2;
    EXPECT_EQ(refuse(bad_label, paper_options()), "labels[1][1]: 2, expected 0 or 1");

    Instances bad_count = worked_example();
    bad_count.counts[2] = -1;
    EXPECT_EQ(refuse(bad_count, paper_options()), "instance_weight[2]: -1, expected 0 or more");

    Instances too_many = worked_example();
    too_many.counts[0] = std::numeric_limits<int64_t>::max();
    EXPECT_EQ(refuse(too_many, paper_options()),
              "instance_weight[1]: the sum does not fit into 64 bits");

    EXPECT_EQ(refuse(make_instances(0), paper_options()), "class_count: 0, expected 1 to 4096");
}

TEST(Balance, RefusesOptionsOutOfRange)
{
    balance_options options = paper_options();
    options.beta = std::nan("");
    EXPECT_EQ(refuse(worked_example(), options), "beta: nan, expected 0 or more");
    options = paper_options();
    options.gamma = -1.0;
    EXPECT_EQ(refuse(worked_example(), options), "gamma: -1, expected 0 or more");
    options = paper_options();
    options.tau_positive = 1.0;
    EXPECT_EQ(refuse(worked_example(), options),
              "tau_positive: 1, expected a value between 0 and 1");
    options = paper_options();
    options.mapping = static_cast<balance_mapping>(3);
    EXPECT_EQ(refuse(worked_example(), options),
              "mapping: 3, expected 0 (concave), 1 (linear) or 2 (convex)");
}
