// Memory of the device, packing of strided arrays, and the search for bad values.
#include "twins.h"

#include "kernels/check.h"

using namespace test;

TEST_F(Twins, MemoryOfTheDeviceIsToldFromMemoryOfTheHost)
{
    Array<double> array({1.0, 2.0, 3.0});
    int device = 7;

    check(cuda_find_memory(array.device_data() + 2, &device));
    EXPECT_EQ(device, 0);
    check(cuda_find_memory(array.host_data(), &device));
    EXPECT_EQ(device, -1);
}

TEST_F(Twins, ADeviceHasANameAndMemory)
{
    cuda_device_facts facts = {};

    check(cuda_describe_device(0, &facts));

    EXPECT_NE(std::string(facts.name), "");
    EXPECT_GT(facts.memory_total, 0u);
    EXPECT_LE(facts.memory_free, facts.memory_total);
}

TEST_F(Twins, StridedArraysArePacked)
{
    // [3, 2, 4] of an array laid out [4, 3, 2] with gaps of one, the last axis backwards.
    const int64_t shape[] = {3, 2, 4};
    const int64_t stride[] = {4, 2, -12};
    std::vector<uint32_t> values(4 * 12);
    for (size_t i = 0; i < values.size(); i++) {
        values[i] = static_cast<uint32_t>(i);
    }
    std::vector<uint32_t> expected;
    for (int64_t a = 0; a < 3; a++) {
        for (int64_t b = 0; b < 2; b++) {
            for (int64_t d = 0; d < 4; d++) {
                expected.push_back(static_cast<uint32_t>(a * 4 + b * 2 + (3 - d) * 12));
            }
        }
    }
    Array<uint32_t> from(values), to(std::vector<uint32_t>(expected.size(), 99));
    Queue queue;

    check(cuda_pack(from.device_data() + 36, 4, 3, shape, stride, to.device_data(), queue.get()));

    EXPECT_EQ(to.download(), expected);
}

TEST_F(Twins, EveryElementSizeIsPackedAndNoOther)
{
    const int64_t shape[] = {3};
    const int64_t stride[] = {2};
    Array<uint8_t> from({1, 2, 3, 4, 5, 6}), to(std::vector<uint8_t>(3));
    Array<uint16_t> from2({1, 2, 3, 4, 5, 6}), to2(std::vector<uint16_t>(3));
    Array<uint64_t> from8({1, 2, 3, 4, 5, 6}), to8(std::vector<uint64_t>(3));
    Queue queue;

    check(cuda_pack(from.device_data(), 1, 1, shape, stride, to.device_data(), queue.get()));
    check(cuda_pack(from2.device_data(), 2, 1, shape, stride, to2.device_data(), queue.get()));
    check(cuda_pack(from8.device_data(), 8, 1, shape, stride, to8.device_data(), queue.get()));

    EXPECT_EQ(to.download(), (std::vector<uint8_t>{1, 3, 5}));
    EXPECT_EQ(to2.download(), (std::vector<uint16_t>{1, 3, 5}));
    EXPECT_EQ(to8.download(), (std::vector<uint64_t>{1, 3, 5}));
    EXPECT_NE(cuda_pack(from.device_data(), 3, 1, shape, stride, to.device_data(), queue.get()), 0);
}

TEST_F(Twins, AnEmptyArrayIsPackedWithoutALaunch)
{
    const int64_t shape[] = {4, 0};
    const int64_t stride[] = {9, 1};
    Array<uint8_t> to({7});
    Queue queue;

    check(cuda_pack(to.device_data(), 1, 2, shape, stride, to.device_data(), queue.get()));

    EXPECT_EQ(to.download(), std::vector<uint8_t>{7});
}

namespace
{

// The same check on both sides.
template <typename T>
void compare_search(kernel_rule rule, std::vector<T> values, int64_t classes, double bad_value)
{
    Array<T> array(std::move(values));
    kernel_check one = {};
    one.name = "array";
    one.type = sizeof(T) == 4 ? KERNEL_FLOAT32 : KERNEL_FLOAT64;
    one.rule = rule;
    one.rows = array.host().size();
    one.classes = classes;
    one.data = array.host_data();
    const size_t expected = kernel_find_bad(&one);
    ASSERT_LT(expected, one.rows);
    one.data = array.device_data();
    Queue queue(cuda_check_workspace(1));

    size_t which = 99, index = 0;
    double value = 0.0;
    check(cuda_find_bad(&one, 1, queue.get(), &which, &index, &value));

    EXPECT_EQ(which, 0u);
    EXPECT_EQ(index, expected);
    if (std::isnan(bad_value)) {
        EXPECT_TRUE(std::isnan(value));
    } else {
        EXPECT_EQ(value, bad_value);
    }
}

} // namespace

TEST_F(Twins, TheFirstBadValueOfEveryRuleIsFound)
{
    std::vector<double> numbers(70001, 0.5);
    numbers[65000] = -1.0;
    numbers[69999] = NAN;
    compare_search<double>(KERNEL_RULE_SHARE, numbers, 0, -1.0);
    compare_search<double>(KERNEL_RULE_NOT_NEGATIVE, numbers, 0, -1.0);
    compare_search<double>(KERNEL_RULE_FINITE, numbers, 0, NAN);
    compare_search<float>(KERNEL_RULE_FINITE, {0.0f, 3e38f, -INFINITY, NAN}, 0, -INFINITY);
    compare_search<float>(KERNEL_RULE_SHARE, {0.0f, 1.0f, 1.5f}, 0, 1.5);
    compare_search<int8_t>(KERNEL_RULE_LABEL, {0, -1, 1, 2, -2}, 0, 2.0);
    compare_search<uint8_t>(KERNEL_RULE_BINARY, {0, 1, 255}, 0, 255.0);
    compare_search<int64_t>(KERNEL_RULE_COUNT, {0, INT64_MAX, -3}, 0, -3.0);
    compare_search<int32_t>(KERNEL_RULE_CLASS, {-1, 4, 5}, 5, 5.0);
}

TEST_F(Twins, TheFirstBadArrayIsNamedAndGoodOnesAreNot)
{
    Array<int8_t> labels({1, 0, -1});
    Array<uint8_t> mask({1, 0, 3, 1});
    Array<uint8_t> nothing({});
    kernel_check checks[3] = {};
    checks[0] = {"labels", labels.device_data(), KERNEL_FLOAT32, KERNEL_RULE_LABEL, 3, 0, 0};
    checks[1] = {"none", nothing.device_data(), KERNEL_FLOAT32, KERNEL_RULE_BINARY, 0, 4, 0};
    checks[2] = {"mask", mask.device_data(), KERNEL_FLOAT32, KERNEL_RULE_BINARY, 2, 2, 0};
    Queue queue(cuda_check_workspace(3));
    size_t which = 99, index = 99;
    double value = 0.0;

    check(cuda_find_bad(checks, 2, queue.get(), &which, &index, &value));
    EXPECT_EQ(which, 2u) << "none of the two";
    check(cuda_find_bad(checks, 3, queue.get(), &which, &index, &value));
    EXPECT_EQ(which, 2u);
    EXPECT_EQ(index, 2u);
    EXPECT_EQ(value, 3.0);
}
