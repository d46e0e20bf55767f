// Weights from and to checkpoint files.

#include "nn/arrays.h"
#include "nn/load.h"
#include "nn/network.h"

#include "base/error.hpp"
#include "support/temporary.h"

#include <gtest/gtest.h>

namespace
{

using namespace test;
using sslact::load_weights;
using sslact::LoadReport;
using sslact::NamedArrays;
using sslact::NetworkOptions;

void save(const sslact::Detector &detector, const std::string &path, const std::string &prefix)
{
    NamedArrays arrays = sslact::named_arrays(detector);
    for (auto &[name, array] : arrays) {
        name = prefix + name;
    }
    sslact::write_arrays(path, arrays, {});
}

void expect_equal(const sslact::Detector &a, const sslact::Detector &b, bool equal)
{
    NamedArrays first = sslact::named_arrays(a);
    NamedArrays second = sslact::named_arrays(b);
    ASSERT_EQ(first.size(), second.size());
    for (size_t i = 0; i < first.size(); i++) {
        EXPECT_EQ(first[i].first, second[i].first);
        if (equal || first[i].second.dim() > 1) {
            EXPECT_EQ(first[i].second.equal(second[i].second), equal) << first[i].first;
        }
    }
}

sslact::Error catch_error(const std::function<void()> &call)
{
    try {
        call();
    } catch (const sslact::Error &error) {
        return error;
    }
    return {SSLACT_OK, "nothing was thrown"};
}

} // namespace

TEST(LoadWeights, GivesBackEveryBitOfWhatWasSaved)
{
    TemporaryFolder folder;
    auto written = make_network(make_tiny_options(), 1);
    auto read = make_network(make_tiny_options(), 2);
    written->forward(make_clips(2, 8, 16, 16), make_rois({{0, 0, 0, 1, 1}})); // statistics
    save(*written, folder / "a.safetensors", "student.");

    LoadReport report = load_weights(*read, folder / "a.safetensors", "student.", true);

    expect_equal(*written, *read, true);
    EXPECT_EQ(report.matched.size(), sslact::named_arrays(*read).size());
    EXPECT_TRUE(report.missing.empty() && report.mismatched.empty() && report.unknown.empty());
}

TEST(LoadWeights, FollowsAFileNamedLatestWithinItsFolderOnly)
{
    TemporaryFolder folder;
    auto written = make_network(make_tiny_options(), 1);
    auto read = make_network(make_tiny_options(), 2);
    save(*written, folder / "000017.safetensors", "");
    put_file(folder / "latest", "000017.safetensors\n");

    LoadReport report = load_weights(*read, folder / "latest", "", true);

    EXPECT_EQ(report.path, folder / "000017.safetensors");
    expect_equal(*written, *read, true);
    for (const char *bad : {"", "..", "../000017.safetensors", "/etc/passwd", "latest"}) {
        put_file(folder / "latest", bad);
        EXPECT_EQ(catch_error([&] { load_weights(*read, folder / "latest", "", true); }).status(),
                  SSLACT_ERROR_FORMAT)
            << bad;
    }
}

TEST(LoadWeights, KeepsAFreshHeadWhenTheFileHasOtherClasses)
{
    TemporaryFolder folder;
    NetworkOptions other = make_tiny_options();
    other.class_count = 400;
    other.head_bias = true;
    save(*make_network(other, 1), folder / "a", "");
    auto read = make_network(make_tiny_options(), 2);
    at::Tensor head = read->named_parameters()["head.projection.weight"].detach().clone();

    LoadReport report = load_weights(*read, folder / "a", "", true);

    EXPECT_EQ(report.mismatched, std::vector<std::string>{"head.projection.weight"});
    EXPECT_EQ(report.unknown, std::vector<std::string>{"head.projection.bias"});
    EXPECT_TRUE(report.missing.empty());
    EXPECT_TRUE(read->named_parameters()["head.projection.weight"].equal(head));
}

TEST(LoadWeights, RefusesAFileThatLacksPartOfTheBackboneAndChangesNothing)
{
    TemporaryFolder folder;
    NetworkOptions bare = make_tiny_options();
    bare.lateral_norm_act = false;
    save(*make_network(bare, 1), folder / "a", "");
    auto read = make_network(make_tiny_options(), 2);

    sslact::Error error = catch_error([&] { load_weights(*read, folder / "a", "", true); });

    EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
    EXPECT_NE(std::string(error.what()).find("s1_fuse.bn.weight"), std::string::npos)
        << error.what();
    expect_equal(*read, *make_network(make_tiny_options(), 2), true);
    LoadReport report = load_weights(*read, folder / "a", "", false);
    EXPECT_EQ(report.missing.size(), 10u); // two lateral norms of five arrays
}

TEST(LoadWeights, RefusesAWrongPrefixAndSaysWhatIsThere)
{
    TemporaryFolder folder;
    auto network = make_network(make_tiny_options(), 1);
    save(*network, folder / "a", "student.");

    sslact::Error error = catch_error([&] { load_weights(*network, folder / "a", "", false); });

    EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
    EXPECT_NE(std::string(error.what()).find("student.s1.pathway0_stem.conv.weight"),
              std::string::npos)
        << error.what();
}

TEST(LoadWeights, ConvertsBetweenFloatTypes)
{
    TemporaryFolder folder;
    auto network = make_network(make_tiny_options(), 1);
    auto wide = make_network(make_tiny_options(), 2);
    wide->to(at::kDouble);
    save(*network, folder / "a", "");

    load_weights(*wide, folder / "a", "", true);

    at::Tensor value = wide->named_parameters()["s1.pathway0_stem.conv.weight"];
    EXPECT_EQ(value.scalar_type(), at::kDouble);
    EXPECT_TRUE(
        value.to(at::kFloat).equal(network->named_parameters()["s1.pathway0_stem.conv.weight"]));
}

TEST(LoadWeights, ReportsMissingAndDamagedFiles)
{
    TemporaryFolder folder;
    auto network = make_network(make_tiny_options(), 1);
    save(*network, folder / "a", "");
    std::string bytes = get_file(folder / "a");
    bytes.back() ^= 1;
    put_file(folder / "b", bytes);
    auto read = make_network(make_tiny_options(), 2);

    EXPECT_EQ(catch_error([&] { load_weights(*read, folder / "none", "", true); }).status(),
              SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(catch_error([&] { load_weights(*read, folder / "b", "", true); }).status(),
              SSLACT_ERROR_FORMAT);
    expect_equal(*read, *make_network(make_tiny_options(), 2), true);
}
