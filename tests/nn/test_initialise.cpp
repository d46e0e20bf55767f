// Fresh weights against the recipes of models.md section 3.6.

#include "nn/detector.h"
#include "nn/network.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

namespace
{

using namespace test;
using sslact::NetworkOptions;

NetworkOptions make_wide_options()
{
    NetworkOptions options = make_tiny_options();
    options.width = 64;
    options.beta_inverse = 8;
    options.class_count = 60;
    options.head_bias = true;
    return options;
}

std::map<std::string, at::Tensor> list(const sslact::Detector &detector)
{
    std::map<std::string, at::Tensor> out;
    for (const auto &[name, array] : sslact::named_arrays(detector)) {
        out[name] = array;
    }
    return out;
}

void expect_normal(const at::Tensor &array, double deviation)
{
    double count = static_cast<double>(array.numel());
    // Five standard errors of mean and deviation of a normal sample.
    EXPECT_NEAR(array.mean().item<double>(), 0.0, 5 * deviation / std::sqrt(count));
    EXPECT_NEAR(array.std().item<double>(), deviation, 5 * deviation / std::sqrt(2 * count));
    EXPECT_GT(array.abs().max().item<double>(), 3 * deviation);
}

} // namespace

TEST(Initialise, FollowsPySlowFast)
{
    auto arrays = list(*make_network(make_wide_options()));

    expect_normal(arrays["s2.pathway0_res0.branch2.b.weight"], std::sqrt(2.0 / (64 * 9)));
    expect_normal(arrays["s2.pathway0_res0.branch2.a.weight"], std::sqrt(2.0 / 64));
    expect_normal(arrays["s3.pathway1_res0.branch2.a.weight"], std::sqrt(2.0 / (16 * 3)));
    expect_normal(arrays["head.projection.weight"], 0.01);
    EXPECT_EQ(arrays["head.projection.bias"].abs().sum().item<double>(), 0.0);
    for (const auto &[name, array] : arrays) {
        bool zero = ends_with(name, "bias") || ends_with(name, "running_mean") ||
                    ends_with(name, "num_batches_tracked") ||
                    ends_with(name, "branch2.c_bn.weight");
        if (array.dim() < 2) {
            EXPECT_TRUE(array.eq(zero ? 0 : 1).all().item<bool>()) << name;
        }
    }
}

TEST(Initialise, FollowsAcar)
{
    NetworkOptions options = make_wide_options();
    options.initialisation = sslact::Initialisation::acar;
    auto arrays = list(*make_network(options));

    at::Tensor weight = arrays["s2.pathway0_res0.branch2.b.weight"]; // fan_in 64 * 9
    EXPECT_LE(weight.abs().max().item<double>(), 1.0 / 24);
    EXPECT_GT(weight.abs().max().item<double>(), 0.99 / 24);
    EXPECT_NEAR(weight.std().item<double>(), 1.0 / 24 / std::sqrt(3.0), 0.0005);
    EXPECT_GT(arrays["head.projection.bias"].abs().sum().item<double>(), 0.0);
    EXPECT_TRUE(arrays["s2.pathway0_res0.branch2.c_bn.weight"].eq(1).all().item<bool>());
}

TEST(Initialise, DependsOnTheSeedAloneAndLeavesTorchsGeneratorAlone)
{
    at::Tensor state = at::detail::getDefaultCPUGenerator().get_state();
    auto first = list(*make_network(make_tiny_options(), 5));
    auto again = list(*make_network(make_tiny_options(), 5));
    auto other = list(*make_network(make_tiny_options(), 6));

    for (const auto &[name, array] : first) {
        EXPECT_TRUE(array.equal(again[name])) << name;
        if (array.dim() > 1) {
            EXPECT_FALSE(array.equal(other[name])) << name;
        }
    }
    EXPECT_TRUE(at::detail::getDefaultCPUGenerator().get_state().equal(state));
    EXPECT_FALSE(first["s1.pathway0_stem.conv.weight"].flatten().slice(0, 0, 8).equal(
        first["s1.pathway1_stem.conv.weight"].flatten().slice(0, 0, 8)));
}

TEST(Initialise, GivesTheBackboneTheSameNumbersWhateverTheHead)
{
    NetworkOptions other = make_tiny_options();
    other.class_count = 80;
    other.head_bias = true;
    auto first = list(*make_network(make_tiny_options()));
    auto second = list(*make_network(other));

    for (const auto &[name, array] : first) {
        if (name.rfind("head.", 0) != 0) {
            EXPECT_TRUE(array.equal(second[name])) << name;
        }
    }
}
