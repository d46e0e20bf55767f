// `flex`: who is counted, the thresholds that follow, and what is saved.
#include "ssl/flex.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "base/error.hpp"
#include "base/random.h"

namespace
{

using sslact::FlexThresholds;
using sslact::InstanceKey;

at::Tensor rows(const std::vector<float> &values, int64_t classes)
{
    return at::tensor(values).view({-1, classes});
}

} // namespace

TEST(Flex, CountsTheLatestScoreOfEachInstance)
{
    FlexThresholds flex(0.8, MAPPING_LINEAR, 3);
    flex.observe(rows({0.9f, 0.1f, 0.85f, /**/ 0.8f, 0.2f, 0.3f, /**/ 0.95f, 0.1f, 0.1f}, 3),
                 {{4, 0}, {4, 1}, {9, 0}});
    EXPECT_EQ(flex.confident(), (std::vector<int64_t>{2, 0, 1})); // 0.8 does not exceed 0.8
    EXPECT_EQ(flex.unused(), 1);
    // The commonest class keeps tau, a class half as sure half of it; nobody is sure of class 1.
    EXPECT_EQ(flex.thresholds(), (std::vector<double>{0.8, 0.8, 0.4}));

    flex.observe(rows({0.1f, 0.99f, 0.1f, /**/ 0.1f, 0.1f, 0.1f}, 3), {{4, 0}, {9, 0}});
    EXPECT_EQ(flex.confident(), (std::vector<int64_t>{0, 1, 0}));
    EXPECT_EQ(flex.unused(), 2);
    EXPECT_EQ(flex.thresholds(), (std::vector<double>{0.8, 0.4, 0.8})); // unused are the most
}

TEST(Flex, BeginsWithTheThresholdOfTheSurest)
{
    EXPECT_EQ(FlexThresholds(0.7, MAPPING_CONCAVE, 2).thresholds(),
              (std::vector<double>{0.7, 0.7}));
}

TEST(Flex, LetsTheLaterRowOfAnInstanceCount)
{
    FlexThresholds flex(0.5, MAPPING_LINEAR, 1);
    flex.observe(rows({0.9f, 0.1f}, 1), {{1, 0}, {1, 0}});
    EXPECT_EQ(flex.confident()[0], 0);
    EXPECT_EQ(flex.unused(), 1);
}

TEST(Flex, FollowsASlowCountOverManyBatches)
{
    constexpr int64_t classes = 11; // more than one byte of bits
    FlexThresholds flex(0.9, MAPPING_CONCAVE, classes);
    FlexThresholds resumed(0.9, MAPPING_CONCAVE, classes);
    std::map<InstanceKey, std::vector<float>> latest;
    random_stream stream = random_open(8, RANDOM_CHANCE, 0, 0);
    for (int k = 0; k < 60; k++) {
        std::vector<float> scores;
        std::vector<InstanceKey> keys;
        for (int i = 0; i < 5; i++) {
            keys.emplace_back(random_integer(&stream, 20), random_integer(&stream, 3));
            std::vector<float> row;
            for (int64_t j = 0; j < classes; j++) {
                row.push_back(static_cast<float>(
                    std::pow(random_uniform(&stream), 0.1 * static_cast<double>(j + 1))));
            }
            latest[keys.back()] = row;
            scores.insert(scores.end(), row.begin(), row.end());
        }
        flex.observe(rows(scores, classes), keys);
        resumed.observe(rows(scores, classes), keys);
        if (k == 30) { // put back what was saved, over something else
            const auto [instances, sure] = flex.state();
            resumed.observe(rows(std::vector<float>(classes, 1.0f), classes), {{77, 7}});
            resumed.restore(instances, sure);
        }
    }

    std::vector<int64_t> sure(classes, 0);
    int64_t unused = 0;
    for (const auto &[key, row] : latest) {
        bool any = false;
        for (size_t j = 0; j < row.size(); j++) {
            sure[j] += row[j] > 0.9f ? 1 : 0;
            any = any || row[j] > 0.9f;
        }
        unused += any ? 0 : 1;
    }
    EXPECT_EQ(flex.confident(), sure);
    EXPECT_EQ(flex.unused(), unused);
    EXPECT_EQ(resumed.confident(), sure);
    EXPECT_EQ(resumed.unused(), unused);
    const double whole =
        static_cast<double>(std::max(unused, *std::max_element(sure.begin(), sure.end())));
    for (size_t j = 0; j < sure.size(); j++) {
        const double expected =
            sure[j] > 0 ? 0.9 * std::pow(static_cast<double>(sure[j]) / whole, 0.1) : 0.9;
        EXPECT_NEAR(flex.thresholds()[j], expected, 1e-15);
    }
    EXPECT_EQ(flex.state().first.size(0), static_cast<int64_t>(latest.size()));
}

TEST(Flex, RefusesASavedStateThatContradictsItselfAndKeepsItsOwn)
{
    FlexThresholds flex(0.5, MAPPING_LINEAR, 2);
    flex.observe(rows({0.9f, 0.1f}, 2), {{1, 0}});
    const at::Tensor twice = at::tensor(std::vector<int64_t>{3, 0, 3, 0}).view({2, 2});
    const at::Tensor two = at::tensor(std::vector<int64_t>{1, 2}).view({2, 1}).to(at::kByte);
    for (const auto &[keys, bits] :
         {std::pair(twice, two), std::pair(twice, two.narrow(0, 0, 1))}) {
        try {
            flex.restore(keys, bits);
            ADD_FAILURE() << "nothing thrown";
        } catch (const sslact::Error &error) {
            EXPECT_EQ(error.status(), SSLACT_ERROR_FORMAT);
        }
        EXPECT_EQ(flex.confident(), (std::vector<int64_t>{1, 0}));
    }
}
