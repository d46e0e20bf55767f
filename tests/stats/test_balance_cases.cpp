// The stored cases: section 3.1's outputs of the four method cases, and those of real AVA labels.
#include "stats/balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "support/method_case.h"

namespace
{

using Balance = std::unique_ptr<balance, decltype(&balance_free)>;
using Histogram = test::MethodCase::Histogram;

constexpr double tolerance = 1e-10; // of the array's largest magnitude, method.md section 12

const char *const method_cases[] = {"01_fixed_plain", "02_class_related_pairwise",
                                    "03_learnable_default", "04_learnable_soft_exact"};

balance_options options_of(const test::MethodCase &given)
{
    return {.beta = given.option("ucb_beta", 0.9),
            .gamma = given.option("ucb_gamma", 0.05),
            .tau_positive = given.option("mpl_tau_pos", 0.9),
            .mapping = MAPPING_CONCAVE,
            .exact_cooccurrence = given.option("ucb_cooc", "pairwise") == "exact"};
}

Balance fit(const Histogram &histogram, int32_t class_count, const balance_options &options)
{
    balance *out = nullptr;
    EXPECT_EQ(balance_fit(histogram.labels.data(), histogram.counts.data(), histogram.counts.size(),
                          class_count, &options, &out),
              SSLACT_OK)
        << sslact_error_get_message();
    return {out, &balance_free};
}

std::vector<double> values(const double *array, size_t count)
{
    return {array, array + count};
}

std::vector<double> thresholds(const balance &b, balance_mapping mapping, double tau)
{
    std::vector<double> out;
    for (int32_t j = 0; j < b.class_count; j++) {
        out.push_back(balance_threshold(&b, mapping, tau, j));
    }
    return out;
}

void expect_thresholds(const balance &b, const test::MethodCase &given, double tau)
{
    const std::pair<balance_mapping, const char *> mappings[] = {
        {MAPPING_CONCAVE, "concave"}, {MAPPING_LINEAR, "linear"}, {MAPPING_CONVEX, "convex"}};
    for (const auto &[mapping, name] : mappings) {
        const std::string path = std::string("outputs/thresholds/") + name;
        test::expect_close(thresholds(b, mapping, tau), given.array(path), tolerance, path);
    }
}

std::string ava_case_path()
{
    return std::string(SSLACT_TESTS_FOLDER) + "/stats/data/ava_part18_balance.json";
}

Histogram stored_ava_label_sets()
{
    std::ifstream file(std::string(SSLACT_TESTS_FOLDER) + "/stats/data/ava_part18_label_sets.csv");
    EXPECT_TRUE(file.good());
    return test::read_label_sets(file, 60);
}

} // namespace

TEST(BalanceCases, OfTheFourMethodCasesAgree)
{
    for (const char *name : method_cases) {
        SCOPED_TRACE(name);
        const test::MethodCase given(std::string(SSLACT_TESTS_FOLDER) + "/ssl/data/" + name +
                                     ".json");
        const auto c = static_cast<size_t>(given.integer("inputs/C"));

        const Balance b = fit(given.label_sets(), static_cast<int32_t>(c), options_of(given));

        EXPECT_EQ(std::vector<int64_t>(b->count, b->count + c), given.integers("outputs/n"));
        EXPECT_EQ(std::vector<int64_t>(b->pair_count, b->pair_count + c * c),
                  given.integers("outputs/pair_counts"));
        EXPECT_EQ(std::vector<int64_t>(b->assigned, b->assigned + c * c),
                  given.integers("outputs/assigned_counts"));
        test::expect_close({b->mean_count}, given.array("outputs/n_bar"), tolerance, "n_bar");
        test::expect_close(values(b->imbalance, c), given.array("outputs/eta"), tolerance, "eta");
        test::expect_close(values(b->probability, c), given.array("outputs/p"), tolerance, "p");
        test::expect_close(values(b->sampled, c), given.array("outputs/s"), tolerance, "s");
        test::expect_close(values(b->gap, c), given.array("outputs/g"), tolerance, "g");
        test::expect_close(values(b->weight, c), given.array("outputs/w_g"), tolerance, "w_g");
        expect_thresholds(*b, given, given.option("mpl_tau_pos", 0.9));
    }
}

TEST(BalanceCases, OfRealAvaLabelsAgree)
{
    const test::MethodCase given(ava_case_path());
    const Histogram label_sets = stored_ava_label_sets();
    for (const bool exact : {false, true}) {
        balance_options options = options_of(given);
        options.exact_cooccurrence = exact;
        const std::string form = std::string("outputs/") + (exact ? "exact/" : "pairwise/");

        const Balance b = fit(label_sets, 60, options);

        EXPECT_EQ(b->instance_count, given.integer("outputs/instances"));
        EXPECT_EQ(std::vector<int64_t>(b->count, b->count + 60), given.integers("outputs/n"));
        std::vector<int64_t> assigned;
        for (size_t j = 0; j < 60; j++) {
            assigned.push_back(b->assigned[j * 60 + j]);
        }
        EXPECT_EQ(assigned, given.integers("outputs/assigned_total"));
        test::expect_close({b->mean_count}, given.array("outputs/n_bar"), tolerance, "n_bar");
        test::expect_close({b->expected_kept_share}, given.array("outputs/expected_kept_share"),
                           tolerance, "expected_kept_share");
        test::expect_close(values(b->imbalance, 60), given.array("outputs/eta"), tolerance, "eta");
        test::expect_close(values(b->probability, 60), given.array("outputs/p"), tolerance, "p");
        test::expect_close(values(b->sampled, 60), given.array(form + "s"), tolerance, "s");
        test::expect_close(values(b->gap, 60), given.array(form + "g"), tolerance, "g");
        test::expect_close(values(b->weight, 60), given.array(form + "w_g"), tolerance, "w_g");
        expect_thresholds(*b, given, options.tau_positive);
    }
}

TEST(BalanceCases, TheStoredLabelSetsAreThoseOfTheAvaFile)
{
    const std::string path = std::string(SSLACT_TEST_DATA) + "/ava/ava_train_v2.2_part18.csv.xz";
    struct stat info;
    if (stat(path.c_str(), &info) != 0) {
        GTEST_SKIP() << path << " is not here";
    }
    const test::MethodCase given(ava_case_path());
    const std::vector<int64_t> ids = given.integers("inputs/class_ids");
    FILE *pipe = popen(("xz -dc '" + path + "'").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::map<std::string, std::set<size_t>> instances;
    char line[256];
    while (fgets(line, sizeof(line), pipe) != nullptr) {
        // video,timestamp,x1,y1,x2,y2,action,person: the first six fields name the box
        const std::string row = line;
        size_t end = 0;
        for (int field = 0; field < 6; field++) {
            end = row.find(',', end) + 1;
        }
        std::set<size_t> &members = instances[row.substr(0, end)];
        const auto at = std::find(ids.begin(), ids.end(), std::atoll(row.c_str() + end));
        if (at != ids.end()) {
            members.insert(static_cast<size_t>(at - ids.begin()));
        }
    }
    if (pclose(pipe) != 0) {
        GTEST_SKIP() << "xz could not unpack " << path;
    }

    std::map<std::set<size_t>, int64_t> counted;
    for (const auto &[box, members] : instances) {
        counted[members]++;
    }
    std::map<std::set<size_t>, int64_t> stored;
    const Histogram histogram = stored_ava_label_sets();
    for (size_t i = 0; i < histogram.counts.size(); i++) {
        std::set<size_t> members;
        for (size_t j = 0; j < 60; j++) {
            if (histogram.labels[i * 60 + j] != 0) {
                members.insert(j);
            }
        }
        stored[members] = histogram.counts[i];
    }
    EXPECT_EQ(counted, stored);
}
