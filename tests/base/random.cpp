// Random numbers: the published vectors of Philox, and what must hold of everything drawn.
#include "base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace
{

std::vector<uint32_t> block(const random_stream &stream, uint32_t number)
{
    uint32_t words[4];
    random_block(&stream, number, words);
    return std::vector<uint32_t>(words, words + 4);
}

using Words = std::vector<uint32_t>;

// kat_vectors of Random123 1.09, "philox4x32 10". Counter words: block, index, iteration, and
// purpose | iteration >> 32 | index >> 32 (8, 12 and 12 bits); key words: seed, low first.
TEST(Random, AgreesWithThePublishedKnownAnswersOfPhilox)
{
    EXPECT_EQ(block(random_open(0, 0, 0, 0), 0),
              (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(block(random_open(~0ull, 0xff, 0xfffffffffff, 0xfffffffffff), 0xffffffff),
              (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(
        block(random_open(0x299f31d0a4093822, 0x03, 0x70713198a2e, 0x34485a308d3), 0x243f6a88),
        (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, UniformIsThe53HighBitsOfTwoWords)
{
    random_stream stream = random_open(7, RANDOM_DEMO, 3, 5);
    for (uint32_t which = 0; which < 100; which++) {
        const Words words = block(stream, which / 2);
        const uint32_t low = words[2 * (which % 2)], high = words[2 * (which % 2) + 1];
        const double expected =
            (static_cast<double>(high) * 4294967296.0 + static_cast<double>(low & ~2047u)) /
            18446744073709551616.0;
        EXPECT_EQ(random_at(&stream, which), expected);
        EXPECT_EQ(random_uniform(&stream), expected);
    }
    EXPECT_EQ(stream.next, 100u);
}

TEST(Random, NoTwoStreamsShareNumbers)
{
    std::set<Words> seen;
    size_t made = 0;
    const uint64_t places[] = {0, 1, 2, 0xffffffff, 1ull << 32, 1ull << 43, 1ull << 44, 1ull << 63};
    for (uint64_t seed : {0ull, 1ull, ~0ull}) {
        for (uint32_t purpose : {1u, 2u, 255u, 256u, 0x80000000u}) {
            for (uint64_t iteration : places) {
                for (uint64_t index : places) {
                    seen.insert(block(random_open(seed, purpose, iteration, index), 0));
                    seen.insert(block(random_open(seed, purpose, iteration, index), 1));
                    made += 2;
                }
            }
        }
    }
    EXPECT_EQ(seen.size(), made);
}

TEST(Random, IsUniformToFourStandardErrors)
{
    random_stream stream = random_open(1, RANDOM_MASK_LABELED, 0, 0);
    const int count = 200000;
    double sum = 0.0, squares = 0.0;
    for (int k = 0; k < count; k++) {
        const double u = random_uniform(&stream);
        ASSERT_GE(u, 0.0);
        ASSERT_LT(u, 1.0);
        sum += u;
        squares += u * u;
    }
    EXPECT_NEAR(sum / count, 0.5, 4.0 * std::sqrt(1.0 / 12.0 / count));
    EXPECT_NEAR(squares / count, 1.0 / 3.0, 4.0 * std::sqrt(4.0 / 45.0 / count));
}

TEST(Random, NormalHasTheMomentsOfTheNormalDistribution)
{
    random_stream stream = random_open(2, RANDOM_INITIALISATION, 0, 0);
    const int count = 200000;
    double sum = 0.0, squares = 0.0, fourth = 0.0;
    for (int k = 0; k < count; k++) {
        const double x = random_normal(&stream);
        ASSERT_TRUE(std::isfinite(x));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    EXPECT_EQ(stream.next, static_cast<uint32_t>(count));
    EXPECT_NEAR(sum / count, 0.0, 4.0 * std::sqrt(1.0 / count));
    EXPECT_NEAR(squares / count, 1.0, 4.0 * std::sqrt(2.0 / count));
    EXPECT_NEAR(fourth / count, 3.0, 4.0 * std::sqrt(96.0 / count));
}

TEST(Random, IntegersStayInRangeAndReachEveryValue)
{
    random_stream stream = random_open(3, RANDOM_STRONG_LABELED, 0, 0);
    std::vector<int> hits(15, 0);
    for (int k = 0; k < 15000; k++) {
        const uint64_t value = random_integer(&stream, 15);
        ASSERT_LT(value, 15u);
        hits[value]++;
    }
    for (int hit : hits) { // 1000 expected, deviation 31
        EXPECT_NEAR(hit, 1000, 5 * 31);
    }
    EXPECT_EQ(random_integer(&stream, 1), 0u);
    EXPECT_EQ(random_integer(&stream, 0), 0u);
    EXPECT_LT(random_integer(&stream, ~0ull), ~0ull);
}

TEST(Random, RangeIsHalfOpenAndSignsAreEven)
{
    random_stream stream = random_open(4, RANDOM_WEAK_LABELED, 0, 0);
    int sum = 0;
    for (int k = 0; k < 10000; k++) {
        const double x = random_range(&stream, 1.0, std::nextafter(1.0, 2.0));
        ASSERT_EQ(x, 1.0);
        const int sign = random_sign(&stream);
        ASSERT_TRUE(sign == 1 || sign == -1);
        sum += sign;
    }
    EXPECT_LT(std::abs(sum), 400); // four standard errors
    EXPECT_EQ(random_range(&stream, 2.0, 2.0), 2.0);
}

TEST(Random, PermutationIsABijectionForEveryCountAndKey)
{
    for (uint64_t count : {1, 2, 3, 4, 5, 7, 16, 17, 64, 65, 100, 1000, 4097}) {
        for (uint64_t key : {0ull, 1ull, 0xdeadbeefull, ~0ull}) {
            std::vector<bool> seen(count, false);
            for (uint64_t position = 0; position < count; position++) {
                const uint64_t place = random_permute(key, count, position);
                ASSERT_LT(place, count);
                ASSERT_FALSE(seen[place]) << "count " << count << " key " << key;
                seen[place] = true;
            }
        }
    }
}

TEST(Random, PermutationDependsOnItsKeyAndSpreadsNeighbours)
{
    int same = 0, near = 0;
    for (uint64_t position = 0; position + 1 < 10000; position++) {
        same += random_permute(1, 10000, position) == random_permute(2, 10000, position);
        const int64_t step = static_cast<int64_t>(random_permute(1, 10000, position)) -
                             static_cast<int64_t>(random_permute(1, 10000, position + 1));
        near += std::llabs(step) < 100;
    }
    EXPECT_LT(same, 10); // 1 expected
    EXPECT_NEAR(near, 199, 70);
}

TEST(Random, PermutationWorksAtTheEndsOf64Bits)
{
    for (uint64_t count : {1ull << 32, (1ull << 32) + 1, 1ull << 62, (1ull << 62) + 1, ~0ull}) {
        EXPECT_LT(random_permute(5, count, count - 1), count);
        EXPECT_LT(random_permute(5, count, 0), count);
        EXPECT_NE(random_permute(5, count, 0), random_permute(5, count, 1));
    }
}

// Datasets and evaluation, section 6: the rank of a key frame is splitmix64 of an FNV-1a hash.
TEST(Random, MixGivesTheCheckValuesOfTheSubsetRank)
{
    const auto rank = [](const std::string &name) {
        uint64_t hash = 0xcbf29ce484222325u;
        for (unsigned char byte : name) {
            hash = (hash ^ byte) * 0x100000001b3u;
        }
        return random_mix(hash, 0x9e3779b97f4a7c15u);
    };
    EXPECT_EQ(rank("0|-5KQ66BBWC4|0902"), 0x1650eb486ce8dd9bu);
    EXPECT_EQ(rank("0|-5KQ66BBWC4|0903"), 0xa76e1a5f6c488e9fu);
    EXPECT_EQ(rank("1|-5KQ66BBWC4|0902"), 0x39334721a18df014u);
    EXPECT_EQ(rank("0|_-Z6wFjXtGQ|1798"), 0xd94fb61f4bb5998cu);
}

} // namespace
